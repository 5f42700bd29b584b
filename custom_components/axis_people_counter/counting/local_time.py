"""Instants of a local time of day, and local periods, also where summer time makes days shorter or longer.

An instant is a number of seconds since 1970 UTC.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import cache, lru_cache
from io import BytesIO
import re
import struct
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

# Seconds since 1970 UTC.
type Timestamp = int

HOUR: Final = 60 * 60
DAY: Final = 24 * HOUR
MIDNIGHT: Final = time()


class Period(StrEnum):
    """Stretches of local time that counts are summed up in; weeks begin on Mondays."""

    FIVE_MINUTES = "5minute"
    QUARTER_HOUR = "15minute"
    HALF_HOUR = "30minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


# What the clock divides; the others are made of days.
_SECONDS: Final = {
    Period.FIVE_MINUTES: 5 * 60,
    Period.QUARTER_HOUR: 15 * 60,
    Period.HALF_HOUR: 30 * 60,
    Period.HOUR: HOUR,
}


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones; this reads many files."""
    # These two are what somebody has set up on this computer, or nothing.
    return frozenset(available_timezones() - {"Factory", "localtime"})


# A name, then what has to be added to its time to get UTC: 14 hours at most, in whole minutes.
_STANDARD: Final = "(?:[A-Za-z]{3,30}|<[A-Za-z0-9+-]{3,30}>)"
_TO_UTC: Final = "[+-]?(?:0?[0-9]|1[0-4])(?::[0-5][0-9](?::00)?)?"
# Python is a day off where a rule is the bare number of a day.
_RULE: Final = "[JM][0-9.]+(?:/[0-9:+-]+)?"
_POSIX: Final = re.compile(f"{_STANDARD}{_TO_UTC}(?:{_STANDARD}(?:{_TO_UTC})?,{_RULE},{_RULE})?")


@lru_cache(maxsize=256)
def posix_zone(text: str) -> tzinfo | None:
    """Return the time zone of a POSIX text, as "EST5EDT,M3.2.0,M11.1.0"; None where it isn't one.

    Summer time without rules isn't known: every system has its own rules then.
    """
    if not _POSIX.fullmatch(text):
        return None
    # Python reads such texts at the end of the files that time zones come in. This is one with nothing else in it.
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block = b"TZif2" + bytes(15) + counts + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    try:
        return ZoneInfo.from_file(BytesIO(block + block + f"\n{text}\n".encode()), text)
    except ValueError:
        return None


def fixed_zone(utc_offset: int) -> tzinfo:
    """Return a time zone that is always so many seconds ahead of UTC; its name is the offset, as "+05:30"."""
    hours, minutes = divmod(abs(utc_offset) // 60, 60)
    return timezone(timedelta(seconds=utc_offset), f"{'-' if utc_offset < 0 else '+'}{hours:02}:{minutes:02}")


def latest(now: int, at: time, zone: tzinfo) -> int:
    """Return the last instant, not after now, at which the clock in the zone came to show the time."""
    today = datetime.fromtimestamp(now, zone).date()
    return max(instant for days in (-2, -1, 0, 1) if (instant := _instant(today + timedelta(days), at, zone)) <= now)


def following(now: int, at: time, zone: tzinfo) -> int:
    """Return the first instant after now at which the clock in the zone comes to show the time."""
    today = datetime.fromtimestamp(now, zone).date()
    return min(instant for days in (0, 1, 2) if (instant := _instant(today + timedelta(days), at, zone)) > now)


def between(start: int, end: int, at: time, zone: tzinfo) -> Iterator[int]:
    """Yield all instants in [start, end) at which the clock in the zone comes to show the time."""
    instant = following(start - 1, at, zone)
    while instant < end:
        yield instant
        instant = following(instant, at, zone)


def instant_of(local: datetime, zone: tzinfo) -> int:
    """Return the instant of a date and time; one without an offset is what the clock in the zone shows."""
    if local.tzinfo:
        return int(local.timestamp())
    return _instant(local.date(), local.time(), zone)


def period_bounds(start: int, end: int, period: Period, zone: tzinfo) -> Iterator[int]:
    """Yield where each period begins that has a part in [start, end), and where the last one ends.

    The one that has start in it is always among them. An hour and its parts end as well where the clock is changed.
    """
    bound = _period_start(start, period, zone)
    yield bound
    while True:
        bound = _period_end(bound, period, zone)
        yield bound
        if bound >= end:
            return


def _period_start(at: int, period: Period, zone: tzinfo) -> int:
    if seconds := _SECONDS.get(period):
        start = at - (at + _offset(at, zone)) % seconds
        return _change(start, at, zone) if _offset(start, zone) != _offset(at, zone) else start
    today = datetime.fromtimestamp(at, zone).date()
    first_days = {_first_day(today + timedelta(days), period) for days in (-2, -1, 0, 1)}
    return max(instant for day in first_days if (instant := _instant(day, MIDNIGHT, zone)) <= at)


def _period_end(start: int, period: Period, zone: tzinfo) -> int:
    """Return where the period ends that starts at an instant."""
    if seconds := _SECONDS.get(period):
        end = start + seconds - (start + _offset(start, zone)) % seconds
        return _change(start, end - 1, zone) if _offset(end - 1, zone) != _offset(start, zone) else end
    day = _first_day(datetime.fromtimestamp(start, zone).date(), period)
    end = start
    # Where a POSIX text has clocks changed at the end of a year, an instant may be taken for one of the day before.
    while end <= start:
        day = _next_first_day(day, period)
        end = _instant(day, MIDNIGHT, zone)
    return end


def _first_day(day: date, period: Period) -> date:
    match period:
        case Period.WEEK:
            return day - timedelta(day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case _:
            return day


def _next_first_day(first_day: date, period: Period) -> date:
    match period:
        case Period.WEEK:
            return first_day + timedelta(7)
        case Period.MONTH:
            return _first_day(first_day + timedelta(31), period)
        case _:
            return first_day + timedelta(1)


def _instant(day: date, at: time, zone: tzinfo) -> int:
    """Return the first instant of the day at which its clock shows the time or, where that is left out, a later one."""
    local = datetime.combine(day, at, zone)
    instant = int(local.timestamp())
    if datetime.fromtimestamp(instant, zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        # Where the time comes twice, fold=0 means the first.
        return instant
    # The clock jumps over this time: read with the offset after the jump it lies before it, with the one before after.
    return _change(int(local.replace(fold=1).timestamp()), instant, zone)


def _change(before: int, after: int, zone: tzinfo) -> int:
    """Return the first instant that has the offset of a later one, where an earlier one has another."""
    offset = _offset(after, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == offset:
            after = middle
        else:
            before = middle
    return after


def _offset(at: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())

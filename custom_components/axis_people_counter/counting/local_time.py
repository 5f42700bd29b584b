"""Timestamps of local times and periods, correct also where summer time makes a day shorter or longer.

Knows only time zones. Called by schedule.py, schedules.py, history and place_flow.
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

# Before and after every possible interval.
EARLIEST: Final[Timestamp] = 0
LATEST: Final[Timestamp] = 2**62
HOUR: Final = 60 * 60
DAY: Final = 24 * HOUR
MIDNIGHT: Final = time()


class Period(StrEnum):
    """The periods of local time that counts are summed up in; weeks begin on Mondays."""

    FIVE_MINUTES = "5minute"
    QUARTER_HOUR = "15minute"
    HALF_HOUR = "30minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


# Parts of a day. Longer periods consist of days.
_SECONDS: Final = {
    Period.FIVE_MINUTES: 5 * 60,
    Period.QUARTER_HOUR: 15 * 60,
    Period.HALF_HOUR: 30 * 60,
    Period.HOUR: HOUR,
}


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones; this reads many files."""
    # These two names stand for this computer's own zone, or for none.
    return frozenset(available_timezones() - {"Factory", "localtime"})


# A name, and what has to be added to its time to get UTC: at most 14 hours, in whole minutes.
_STANDARD: Final = "(?:[A-Za-z]{3,30}|<[A-Za-z0-9+-]{3,30}>)"
_TO_UTC: Final = "[+-]?(?:0?[0-9]|1[0-4])(?::[0-5][0-9](?::00)?)?"
# Rules that are a bare day number are left out: Python is a day off for them.
_RULE: Final = "[JM][0-9.]+(?:/[0-9:+-]+)?"
_POSIX: Final = re.compile(f"{_STANDARD}{_TO_UTC}(?:{_STANDARD}(?:{_TO_UTC})?,{_RULE},{_RULE})?")
# "UTC+2" is west of Greenwich for POSIX, but east of it for most people who write it.
_AMBIGUOUS: Final = re.compile("(?:UTC|GMT)[+-]?[0-9:]*[1-9][0-9:]*", re.IGNORECASE)


@lru_cache(maxsize=256)
def posix_zone(text: str) -> tzinfo | None:
    """Return the time zone of a POSIX text such as "EST5EDT,M3.2.0,M11.1.0", None if it isn't one.

    Summer time without rules is not supported: each system has rules of its own for it.
    """
    if not _POSIX.fullmatch(text) or _AMBIGUOUS.fullmatch(text):
        return None
    # Python reads such a text only at the end of a time zone file, so this makes a file with nothing else in it.
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block = b"TZif2" + bytes(15) + counts + struct.pack(">lbb", 0, 0, 0) + b"UTC\0"
    try:
        return ZoneInfo.from_file(BytesIO(block + block + f"\n{text}\n".encode()), text)
    except ValueError:
        return None


def fixed_zone(utc_offset: int) -> tzinfo:
    """Return the time zone with a constant offset in seconds; its name is the offset, such as "+05:30"."""
    hours, minutes = divmod(abs(utc_offset) // 60, 60)
    return timezone(timedelta(seconds=utc_offset), f"{'-' if utc_offset < 0 else '+'}{hours:02}:{minutes:02}")


def last_occurrence(at: time, zone: tzinfo, now: Timestamp) -> Timestamp:
    """Return when the clock in the zone last began to show the time, now at the latest."""
    candidates = _near(now, at, zone)[:4]
    return max(candidate for candidate in candidates if candidate <= now)


def next_occurrence(at: time, zone: tzinfo, now: Timestamp) -> Timestamp:
    """Return when, after now, the clock in the zone will first begin to show the time."""
    candidates = _near(now, at, zone)[2:]
    return min(candidate for candidate in candidates if candidate > now)


def _near(now: Timestamp, at: time, zone: tzinfo) -> tuple[Timestamp, ...]:
    """Return when the clock first shows the time on each of five days, of which today is the middle one."""
    # Times that differ only in their fold are equal.
    return _cached_near(datetime.fromtimestamp(now, zone).date(), at, at.fold, zone)


@lru_cache(maxsize=1024)
def _cached_near(today: date, at: time, fold: int, zone: tzinfo) -> tuple[Timestamp, ...]:
    """Return them; they are kept, because each push that is shown asks for the beginning and the end of the day."""
    return tuple(_timestamp_on(today + timedelta(days), at.replace(fold=fold), zone) for days in range(-2, 3))


def occurrences(at: time, zone: tzinfo, start: Timestamp, end: Timestamp) -> Iterator[Timestamp]:
    """Yield when, in [start, end), the clock in the zone begins to show the time."""
    occurrence = next_occurrence(at, zone, start - 1)
    while occurrence < end:
        yield occurrence
        occurrence = next_occurrence(at, zone, occurrence)


def to_timestamp(local: datetime, zone: tzinfo) -> Timestamp:
    """Return the timestamp of a date and time, which is local time in the zone if it has no offset of its own."""
    if local.tzinfo:
        return int(local.timestamp())
    return _timestamp_on(local.date(), local.time(), zone)


def period_bounds(start: Timestamp, end: Timestamp, period: Period, zone: tzinfo) -> Iterator[Timestamp]:
    """Yield the start of each period that overlaps [start, end), and the end of the last one.

    The period that contains start is always included. Hours and their parts also end where the clock is changed.
    """
    bound = _period_start(start, period, zone)
    yield bound
    while True:
        bound = _period_end(bound, period, zone)
        yield bound
        if bound >= end:
            return


def _period_start(at: Timestamp, period: Period, zone: tzinfo) -> Timestamp:
    """Return the start of the period that contains a timestamp."""
    if seconds := _SECONDS.get(period):
        start = at - (at + _offset(at, zone)) % seconds
        return _offset_change(start, at, zone) if _offset(start, zone) != _offset(at, zone) else start
    today = datetime.fromtimestamp(at, zone).date()
    first_days = {_first_day(today + timedelta(days), period) for days in (-2, -1, 0, 1)}
    return max(start for day in first_days if (start := _timestamp_on(day, MIDNIGHT, zone)) <= at)


def _period_end(start: Timestamp, period: Period, zone: tzinfo) -> Timestamp:
    """Return the end of the period that begins at a timestamp."""
    if seconds := _SECONDS.get(period):
        offset = _offset(start, zone)
        end = start + seconds - (start + offset) % seconds
        if offset == _offset(end, zone) or offset == _offset(end - 1, zone):
            return end
        return _offset_change(start, end - 1, zone)
    day = _first_day(datetime.fromtimestamp(start, zone).date(), period)
    end = start
    # If a POSIX text changes clocks at the end of a year, Python may take the start of a day for the day before.
    while end <= start:
        day = _next_first_day(day, period)
        end = _timestamp_on(day, MIDNIGHT, zone)
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


def _timestamp_on(day: date, at: time, zone: tzinfo) -> Timestamp:
    """Return when on that day the clock first shows the time, or a later time where the clock jumps over it."""
    # Times that differ only in their fold are equal.
    return _cached_timestamp_on(day, at, at.fold, zone)


@lru_cache(maxsize=1024)
def _cached_timestamp_on(day: date, at: time, fold: int, zone: tzinfo) -> Timestamp:
    local = datetime.combine(day, at.replace(fold=fold), zone)
    timestamp = int(local.timestamp())
    if datetime.fromtimestamp(timestamp, zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        # If the time occurs twice, fold=0 means the first.
        return timestamp
    # The clock jumps over this time. With the offset after the jump the time lies before it, and the other way round.
    return _offset_change(int(local.replace(fold=1).timestamp()), timestamp, zone)


def _offset_change(before: Timestamp, after: Timestamp, zone: tzinfo) -> Timestamp:
    """Return when, between two timestamps with different offsets, the later offset begins."""
    offset = _offset(after, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == offset:
            after = middle
        else:
            before = middle
    return after


# The next period begins where this one ends.
@lru_cache(maxsize=2)
def _offset(at: Timestamp, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())

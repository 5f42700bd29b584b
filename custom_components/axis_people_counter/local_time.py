"""Instants of a local time of day, also on days that summer time makes shorter or longer.

An instant is a number of seconds since 1970 UTC.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo


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


def _instant(day: date, at: time, zone: tzinfo) -> int:
    """Return the first instant of the day at which its clock shows the time or, where that is left out, a later one."""
    local = datetime.combine(day, at, zone)
    instant = int(local.timestamp())
    if datetime.fromtimestamp(instant, zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        # Where the time comes twice, fold=0 means the first.
        return instant
    # The clock jumps over this time: read with the offset after the jump it lies before it, with the one before after.
    before, after = int(local.replace(fold=1).timestamp()), instant
    offset = datetime.fromtimestamp(after, zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after

"""Counts as a camera exports them: between two local times, which have no offset to UTC.

Knows neither requests nor answers; connecting/counting_answers.py makes the rows. Used to fill gaps and to compare.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import NamedTuple

from .interval import Interval
from .local_time import Timestamp


class LocalCounts(NamedTuple):
    """The counts between two local times; adults are None where they aren't known."""

    start: datetime
    end: datetime
    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None


def intervals_of(rows: Iterable[LocalCounts], zone: tzinfo, width: int) -> Iterator[Interval]:
    """Yield the rows that are so many seconds wide as intervals in UTC.

    Rows of an hour that comes twice are left out: nothing tells the first from the second.
    """
    for row in rows:
        start = row.start.replace(tzinfo=zone)
        if start.utcoffset() != start.replace(fold=1).utcoffset():
            continue
        begin = int(start.timestamp())
        if wall_time(begin, zone) == row.start and wall_time(begin + width, zone) == row.end:
            yield Interval(begin, begin + width, row.entered, row.exited, row.adults_entered, row.adults_exited)


def wall_time(instant: Timestamp, zone: tzinfo) -> datetime:
    """Return the local time of an instant, without its offset."""
    return datetime.fromtimestamp(instant, zone).replace(tzinfo=None, fold=0)

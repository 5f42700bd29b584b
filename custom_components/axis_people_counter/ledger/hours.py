"""Sums of a camera's intervals by the hour (UTC). Knows neither directions nor recorder. Called by series.py."""

from bisect import bisect_left
from operator import add
import sqlite3
from typing import NamedTuple

from ..counting import HOUR, Columns, Timestamp, sum_known
from . import intervals


class CountedHour(NamedTuple):
    """The sums of the intervals that begin in an hour, and how many of its seconds these cover.

    Adults are 0 where they are unknown.
    """

    # When the first interval begins.
    start: Timestamp
    entered: int
    exited: int
    adults_entered: int
    adults_exited: int
    covered: int

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """The people alone."""
        return self[1:5]


class HourlySums(NamedTuple):
    """The sums of each hour in which an interval begins, and all hours of which an interval covers a part."""

    by_hour: dict[Timestamp, CountedHour]
    covered_hours: set[Timestamp]


def sums(db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp) -> HourlySums:
    """Return the sums of the hours in [start, end), which are full hours; each hour is known by its start."""
    by_hour: dict[Timestamp, CountedHour] = {}
    covered_hours: set[Timestamp] = set()
    # The interval that begins before and ends after the start.
    for interval in intervals.overlapping(db, camera, start, start):
        covered_hours.update(range(start, interval.end, HOUR))
    for columns in intervals.each_columns(db, camera, start, end):
        first, count = 0, len(columns.starts)
        while first < count:
            hour = columns.starts[first] // HOUR * HOUR
            last = bisect_left(columns.starts, hour + HOUR, first)
            counted = _sums(columns, first, last, hour)
            # Two pages may meet within an hour.
            by_hour[hour] = _plus(by_hour[hour], counted) if hour in by_hour else counted
            covered_hours.update(range(hour, columns.ends[last - 1], HOUR))
            first = last
    return HourlySums(by_hour, covered_hours)


def _sums(columns: Columns, first: int, last: int, hour: Timestamp) -> CountedHour:
    return CountedHour(
        columns.starts[first],
        sum(columns.entered[first:last]),
        sum(columns.exited[first:last]),
        sum_known(columns.adults_entered[first:last]) or 0,
        sum_known(columns.adults_exited[first:last]) or 0,
        columns.covered(first, last, hour, hour + HOUR),
    )


def _plus(earlier: CountedHour, later: CountedHour) -> CountedHour:
    return CountedHour(earlier.start, *map(add, earlier[1:], later[1:], strict=True))

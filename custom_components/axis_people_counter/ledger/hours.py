"""Counts by the hour (UTC), from columns of intervals. Knows no tables. Called by series.py.

Hours of years are columns of numbers: Python's garbage collector looks at each object that is kept, and through all of
Home Assistant once there are many.
"""

from array import array
from collections.abc import Iterable, Iterator
from operator import add
from typing import NamedTuple, Self

from ..counting import HOUR, Columns, Timestamp, sum_known
from .hour_counts import HourCounts


class CountedHour(NamedTuple):
    """The sums of the intervals that begin in an hour, and how many of its seconds these cover.

    Adults are 0 where they are unknown.
    """

    hour: Timestamp
    # When the first interval begins, and the last one ends.
    start: Timestamp
    end: Timestamp
    entered: int
    exited: int
    adults_entered: int
    adults_exited: int
    covered: int

    @property
    def counts(self) -> HourCounts:
        """The people alone."""
        return HourCounts(*self[3:7])


def counted_hours(found: Iterable[Columns]) -> Iterator[CountedHour]:
    """Yield the sums of each hour in which an interval begins, in the order of time."""
    before: CountedHour | None = None
    for columns in found:
        first, count = 0, len(columns.starts)
        while first < count:
            hour = columns.starts[first] // HOUR * HOUR
            last = columns.position(hour + HOUR, first)
            counted = _sums(columns, first, last, hour)
            first = last
            if before is None or before.hour < hour:
                if before is not None:
                    yield before
                before = counted
            else:
                # Two pages meet within an hour.
                before = _plus(before, counted)
    if before is not None:
        yield before


def _sums(columns: Columns, first: int, last: int, hour: Timestamp) -> CountedHour:
    return CountedHour(
        hour,
        columns.starts[first],
        columns.ends[last - 1],
        sum(columns.entered[first:last]),
        sum(columns.exited[first:last]),
        sum_known(columns.adults_entered[first:last]) or 0,
        sum_known(columns.adults_exited[first:last]) or 0,
        columns.covered(first, last, hour, hour + HOUR),
    )


def _plus(earlier: CountedHour, later: CountedHour) -> CountedHour:
    return CountedHour(*earlier[:2], later.end, *map(add, earlier[3:], later[3:], strict=True))


class HourColumns(NamedTuple):
    """The counts of hours that follow each other, and which of them have an interval in this ledger."""

    # The starts of all hours, and the end of the last one.
    bounds: range
    entered: array[int]
    exited: array[int]
    adults_entered: array[int]
    adults_exited: array[int]
    is_counted: bytearray

    @classmethod
    def without_counts(cls, start: Timestamp, end: Timestamp) -> Self:
        """Return the hours of [start, end), in which nobody passed."""
        bounds = range(start, end + 1, HOUR)
        count = len(bounds) - 1
        zeros = array("q", [0]) * count
        return cls(bounds, zeros[:], zeros[:], zeros[:], zeros, bytearray(count))

    def cover(self, start: Timestamp, end: Timestamp) -> None:
        """Mark the hours from the start of one to an instant as counted."""
        for hour in range(start, min(end, self.bounds[-1]), HOUR):
            self.is_counted[self._position(hour)] = True

    def add(self, hour: Timestamp, counts: HourCounts) -> None:
        """Add counts to those of an hour."""
        position = self._position(hour)
        for column, people in zip(self[1:5], counts, strict=True):
            column[position] += people

    def add_hours(self, other: HourColumns) -> None:
        """Add the counts of the same hours."""
        for column, more in zip(self[1:5], other[1:5], strict=True):
            column[:] = array("q", map(add, column, more, strict=True))
        self.is_counted[:] = bytes(map(max, self.is_counted, other.is_counted, strict=True))

    def reversed(self) -> HourColumns:
        """Return the hours with the two directions exchanged."""
        bounds, entered, exited, adults_entered, adults_exited, is_counted = self
        return HourColumns(bounds, exited, entered, adults_exited, adults_entered, is_counted)

    def total(self) -> HourCounts:
        """Return the sums of all hours."""
        return HourCounts(*map(sum, self[1:5]))

    def counts(self) -> Iterator[HourCounts]:
        """Yield the counts of each hour."""
        return map(HourCounts, *self[1:5], strict=True)

    def _position(self, at: Timestamp) -> int:
        return (at - self.bounds[0]) // HOUR

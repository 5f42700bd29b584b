"""Many intervals as columns of numbers, for questions about years: an object for each interval would take seconds.

Pure; knows nothing of where intervals are stored. Made by the ledger; called by rows and history.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from .interval import Interval
from .local_time import Timestamp

# In a column of adults, where the camera doesn't distinguish them: counts are never negative.
UNKNOWN: Final = -1


class Columns(NamedTuple):
    """Intervals of one camera in the order of time; none overlap. Adults may be UNKNOWN."""

    starts: Sequence[Timestamp]
    ends: Sequence[Timestamp]
    entered: Sequence[int]
    exited: Sequence[int]
    adults_entered: Sequence[int]
    adults_exited: Sequence[int]
    # True if each interval begins where the one before it ends.
    is_contiguous: bool

    def intervals(self) -> Iterator[Interval]:
        """Yield an object for each interval."""
        for start, end, entered, exited, adults_entered, adults_exited in zip(*self[:6], strict=True):
            yield Interval(
                start,
                end,
                entered,
                exited,
                None if adults_entered == UNKNOWN else adults_entered,
                None if adults_exited == UNKNOWN else adults_exited,
            )

    def beginning_within(self, start: Timestamp, end: Timestamp) -> Columns:
        """Return the intervals that begin in [start, end)."""
        return self.part(self.position(start), self.position(end))

    def position(self, at: Timestamp, first: int = 0) -> int:
        """Return the position, from `first` on, of the first interval that begins at an instant or later."""
        return position(self.starts, at, first)

    def ending_after(self, at: Timestamp) -> Columns:
        """Return the intervals that end after an instant."""
        return self.part(bisect_right(self.ends, at), len(self.ends))

    def part(self, first: int, last: int) -> Columns:
        """Return the intervals at the positions [first, last)."""
        if (first, last) == (0, len(self.starts)):
            return self
        return Columns(
            self.starts[first:last],
            self.ends[first:last],
            self.entered[first:last],
            self.exited[first:last],
            self.adults_entered[first:last],
            self.adults_exited[first:last],
            self.is_contiguous,
        )

    def reversed(self) -> Columns:
        """Return the intervals with the two directions exchanged."""
        starts, ends, entered, exited, adults_entered, adults_exited, is_contiguous = self
        return Columns(starts, ends, exited, entered, adults_exited, adults_entered, is_contiguous)

    def covered(self, first: int, last: int, start: Timestamp, end: Timestamp) -> int:
        """Return how many seconds of [start, end) the intervals at the positions [first, last) cover.

        There is at least one, and all begin before `end`.
        """
        if self.is_contiguous:
            return max(0, min(self.ends[last - 1], end) - max(self.starts[first], start))
        first = bisect_right(self.ends, start, first, last)
        if first == last:
            return 0
        covered = sum(self.ends[first:last]) - sum(self.starts[first:last])
        return covered - max(0, start - self.starts[first]) - max(0, self.ends[last - 1] - end)


def gaps_between(parts: Iterable[Columns]) -> Iterator[tuple[Timestamp, Timestamp]]:
    """Yield the stretches of time between two intervals that no interval covers, in the order of time."""
    end: Timestamp | None = None
    for columns in parts:
        if end is not None and end < columns.starts[0]:
            yield end, columns.starts[0]
        if not columns.is_contiguous:
            between = zip(columns.ends, columns.starts[1:], strict=False)
            yield from ((end, start) for end, start in between if end < start)
        end = columns.ends[-1]


def position(times: Sequence[Timestamp], at: Timestamp, first: int = 0) -> int:
    """Return the position, from `first` on, of the first of some ascending times that is an instant or later."""
    if type(times) is range:
        # Faster than a search.
        return min(max(first, (at - times.start + times.step - 1) // times.step), len(times))
    return bisect_left(times, at, first)


def columns_of(intervals: Sequence[Sequence[Any]]) -> Columns:
    """Return the columns of intervals: each is an Interval, or a row that begins with its numbers."""
    # zip would make an object for each interval, which the garbage collector looks at.
    starts, ends, entered, exited, adults_entered, adults_exited = (
        tuple(map(itemgetter(field), intervals)) for field in range(6)
    )
    return Columns(
        starts,
        ends,
        entered,
        exited,
        with_unknown(adults_entered),
        with_unknown(adults_exited),
        starts[1:] == ends[:-1],
    )


def with_unknown(adults: Iterable[int | None]) -> list[int]:
    """Return a column of adults with UNKNOWN in place of None."""
    return [UNKNOWN if people is None else people for people in adults]


def sum_known(column: Sequence[int]) -> int | None:
    """Return the sum of the numbers that aren't UNKNOWN, None where all are."""
    # An array of unsigned numbers has none that is UNKNOWN.
    unknown = 0 if isinstance(column, array) and column.typecode.isupper() else column.count(UNKNOWN)
    return None if unknown == len(column) else sum(column) - unknown * UNKNOWN

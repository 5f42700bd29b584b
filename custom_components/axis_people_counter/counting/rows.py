"""The rows of an answer: the counts of each of some periods, and the highest occupancy in it.

Pure functions of columns of intervals. Called by history.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .columns import Columns, sum_known
from .interval import Interval
from .local_time import Timestamp
from .occupancy import AppliedCorrection, Passage
from .occupancy_columns import Peak


class Row(NamedTuple):
    """The counts of the period [start, end) at all doors of a camera or a place.

    Adults are None where no interval distinguishes them. A row is complete if intervals of every door cover all of it.
    """

    start: Timestamp
    end: Timestamp
    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None
    occupancy_peak: int
    covered: int
    complete: bool
    corrections: tuple[AppliedCorrection, ...] = ()
    # Only in rows that count the open time of a place; None there if the opening hours aren't known.
    open_seconds: int | None = None


class _DoorCounts(NamedTuple):
    """The sums of one door's intervals that begin in a period, and how many of its seconds any interval covers."""

    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None
    covered: int


def count_rows(
    bounds: Sequence[Timestamp], doors: Sequence[Iterable[Columns]], peaks: Iterable[Peak], now: Timestamp
) -> Iterator[Row]:
    """Yield a row for the period between each two bounds.

    The intervals of each door begin with one that reaches over the first bound, or before it. `peaks` are those of all
    doors together. All are read lazily.
    """
    counts = zip(*(_door_counts(bounds, columns) for columns in doors), strict=True)
    for (start, end), of_doors, peak in zip(pairwise(bounds), counts, peaks, strict=True):
        # Most questions are about one door.
        of_all = of_doors[0] if len(of_doors) == 1 else _together(of_doors)
        entered, exited, adults_entered, adults_exited, covered = of_all
        yield Row(
            start,
            end,
            entered,
            exited,
            adults_entered,
            adults_exited,
            peak.highest,
            covered,
            covered == end - start and end <= now,
            peak.corrections,
        )


def _together(of_doors: Iterable[_DoorCounts]) -> _DoorCounts:
    entered, exited, adults_entered, adults_exited, covered = zip(*of_doors, strict=True)
    return _DoorCounts(sum(entered), sum(exited), _sum_known(adults_entered), _sum_known(adults_exited), min(covered))


def passages(intervals: Iterable[Interval], reset: Timestamp) -> Iterator[Passage]:
    """Yield the passages of one door: those of its intervals that end after a reset."""
    return (Passage(interval.end, interval.entered, interval.exited) for interval in intervals if interval.end > reset)


def _door_counts(bounds: Sequence[Timestamp], found: Iterable[Columns]) -> Iterator[_DoorCounts]:
    coming = iter(found)
    columns = next(coming, None)
    position = 0
    # The end of the last interval that began in an earlier period.
    covered_until = bounds[0]
    for start, end in pairwise(bounds):
        covered = max(0, min(covered_until, end) - start)
        entered = exited = 0
        adults_entered: list[int | None] = []
        adults_exited: list[int | None] = []
        while columns is not None:
            last = columns.position(end, position)
            if position < last:
                covered += columns.covered(position, last, start, end)
                covered_until = columns.ends[last - 1]
            # Only in the first period, some intervals begin before it.
            first = position if start > bounds[0] else min(columns.position(start, position), last)
            if first < last:
                entered += sum(columns.entered[first:last])
                exited += sum(columns.exited[first:last])
                adults_entered.append(sum_known(columns.adults_entered[first:last]))
                adults_exited.append(sum_known(columns.adults_exited[first:last]))
            if last < len(columns.starts):
                position = last
                break
            columns, position = next(coming, None), 0
        yield _DoorCounts(entered, exited, _sum_known(adults_entered), _sum_known(adults_exited), covered)


def _sum_known(values: Sequence[int | None]) -> int | None:
    """Return the sum of the known values: zero if there are no values, None if none of them is known."""
    known = [value for value in values if value is not None]
    return sum(known) if known or not values else None

"""The rows of an answer: the counts of each of some periods, and the highest occupancy in it.

Pure functions of intervals and levels. Called by history.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .interval import Interval
from .local_time import Timestamp
from .occupancy import AppliedCorrection, Level, Passage, occupancy_by_period


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


class _DoorCounts(NamedTuple):
    """The sums of one door's intervals that begin in a period, and how many of its seconds any interval covers."""

    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None
    covered: int


def count_rows(
    bounds: Sequence[Timestamp],
    doors: Sequence[Iterable[Interval]],
    levels: Iterable[Level],
    now: Timestamp,
    inside: int = 0,
) -> Iterator[Row]:
    """Yield a row for the period between each two bounds.

    The intervals of each door are in the order of time, from one that reaches over the first bound on. `levels` are
    those of all doors together, and `inside` is the occupancy before. All are read lazily.
    """
    counts = zip(*(_door_counts(bounds, intervals) for intervals in doors), strict=True)
    peaks = occupancy_by_period(bounds, levels, now, inside)
    for (start, end), of_doors, occupancy in zip(pairwise(bounds), counts, peaks, strict=True):
        covered = min(door.covered for door in of_doors)
        yield Row(
            start,
            end,
            sum(door.entered for door in of_doors),
            sum(door.exited for door in of_doors),
            _sum_known([door.adults_entered for door in of_doors]),
            _sum_known([door.adults_exited for door in of_doors]),
            occupancy.highest,
            covered,
            covered == end - start and end <= now,
            occupancy.corrections,
        )


def passages(intervals: Iterable[Interval], reset: Timestamp) -> Iterator[Passage]:
    """Yield the passages of one door: those of its intervals that end after a reset."""
    return (Passage(interval.end, interval.entered, interval.exited) for interval in intervals if interval.end > reset)


def _door_counts(bounds: Sequence[Timestamp], intervals: Iterable[Interval]) -> Iterator[_DoorCounts]:
    coming = iter(intervals)
    interval = next(coming, None)
    # The end of the last interval that began in an earlier period.
    covered_until = bounds[0]
    for start, end in pairwise(bounds):
        covered = max(0, min(covered_until, end) - start)
        entered = exited = 0
        adults_entered: list[int | None] = []
        adults_exited: list[int | None] = []
        while interval is not None and interval.start < end:
            covered += max(0, min(interval.end, end) - max(interval.start, start))
            covered_until = interval.end
            if interval.start >= start:
                entered += interval.entered
                exited += interval.exited
                adults_entered.append(interval.adults_entered)
                adults_exited.append(interval.adults_exited)
            interval = next(coming, None)
        yield _DoorCounts(entered, exited, _sum_known(adults_entered), _sum_known(adults_exited), covered)


def _sum_known(values: list[int | None]) -> int | None:
    """Return the sum of the known values: zero if there are no values, None if none of them is known."""
    known = [value for value in values if value is not None]
    return sum(known) if known or not values else None

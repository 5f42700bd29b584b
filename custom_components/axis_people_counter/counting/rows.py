"""Rows of counts: what passed in each of some periods, from intervals and corrections, as one pure function."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .interval import Interval
from .occupancy import Level, Passage, occupancies


class Sums(NamedTuple):
    """People who passed in the intervals that begin in a period, and how much of it any interval covers.

    Adults are None where there are intervals that tell none.
    """

    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None
    covered: int


class Row(NamedTuple):
    """What passed in the period [start, end); complete where nothing of it is missing or still to come at any door."""

    start: int
    end: int
    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None
    occupancy_peak: int
    covered: int
    complete: bool


def count_rows(
    bounds: Sequence[int], doors: Sequence[Iterable[Interval]], following: Iterator[Level], now: int, inside: int = 0
) -> Iterator[Row]:
    """Yield a row for the time between each two bounds.

    The intervals of each door are in the order of time, and one that reaches over the first bound is among them; so are
    the levels of occupancy that follow from all of them, before which so many are inside. They are read no further than
    needed.
    """
    of_doors = zip(*(_sums(bounds, intervals) for intervals in doors), strict=True)
    of_levels = occupancies(bounds, following, now, inside)
    for (start, end), sums, occupancy in zip(pairwise(bounds), of_doors, of_levels, strict=True):
        covered = min(one.covered for one in sums)
        yield Row(
            start,
            end,
            sum(one.entered for one in sums),
            sum(one.exited for one in sums),
            _total([one.adults_entered for one in sums]),
            _total([one.adults_exited for one in sums]),
            occupancy.highest,
            covered,
            covered == end - start and end <= now,
        )


def passages(intervals: Iterable[Interval], reset: int) -> Iterator[Passage]:
    """Yield who passed in intervals that end after a reset."""
    return (Passage(interval.end, interval.entered, interval.exited) for interval in intervals if interval.end > reset)


def _sums(bounds: Sequence[int], intervals: Iterable[Interval]) -> Iterator[Sums]:
    following = iter(intervals)
    interval = next(following, None)
    # Where the last interval ended that began before.
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
            interval = next(following, None)
        yield Sums(entered, exited, _total(adults_entered), _total(adults_exited), covered)


def _total(values: list[int | None]) -> int | None:
    """Return the sum of what is known; of nothing it is zero."""
    known = [value for value in values if value is not None]
    return sum(known) if known or not values else None

"""The people who came in during a stretch of time, and how much of it wasn't counted; the occupancy at any instant.

Pure functions of columns of intervals. Called by weekdays.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

from .columns import Columns
from .local_time import Timestamp
from .occupancy import Correction, levels
from .occupancy_columns import PassageColumns, each_passage
from .tally import DoorTally, Stretch, intersection, union


class Visitors(NamedTuple):
    """People who came in, and for how many seconds all doors were counted, or any wasn't; only open time counts."""

    people: int = 0
    counted: int = 0
    missing: int = 0

    @property
    def is_known(self) -> bool:
        """Return True if anything was counted, or if there was nothing to count."""
        return bool(self.counted or self.people or not self.missing)

    @property
    def is_complete(self) -> bool:
        """Return True if nothing is missing."""
        return not self.missing

    def plus(self, later: Self) -> Self:
        """Return the sum with what came later."""
        return type(self)(*map(sum, zip(self, later, strict=True)))


def visitors(doors: Iterable[Iterable[Columns]], open_time: Sequence[Stretch]) -> Visitors:
    """Return who came in by some doors in intervals that begin in open time: disjoint spans in the order of time."""
    if not open_time:
        return Visitors()
    start, end = open_time[0].start, open_time[-1].end
    bounds = [start, *(at for span in open_time for at in span if start < at < end), end]
    # Spans that touch have no time between them.
    bounds = sorted({*bounds})
    is_open = [any(span.start <= at < span.end for span in open_time) for at in bounds[:-1]]
    people = 0
    gaps: list[list[Stretch]] = []
    for columns_of_door in doors:
        tally = DoorTally(bounds)
        for columns in columns_of_door:
            tally.add(columns)
        people += sum(entered for entered, is_counted in zip(tally.entered, is_open, strict=True) if is_counted)
        gaps.append(list(tally.gaps(start, end)))
    whole = sum(end - start for (start, end), is_counted in zip(pairwise(bounds), is_open, strict=True) if is_counted)
    missing = sum(end - start for start, end in intersection(union(gaps), list(open_time)))
    return Visitors(people, whole - missing, missing)


class OccupancyCourse(NamedTuple):
    """How many people were inside, from each of some ascending instants on; nobody before the first one."""

    at: Sequence[Timestamp]
    inside: Sequence[int]

    def inside_at(self, instant: Timestamp) -> int:
        """Return how many people were inside at an instant."""
        position = bisect_right(self.at, instant)
        return self.inside[position - 1] if position else 0


def occupancy_course(
    passages: Iterable[PassageColumns], corrections: Iterable[Correction], since: Timestamp, running: int = 0
) -> OccupancyCourse:
    """Return how many people were inside since an instant, at which counting starts at `running`."""
    at, inside = [since], [max(0, running)]
    for level in levels(each_passage(passages), corrections, running):
        at.append(level.at)
        inside.append(level.inside)
    return OccupancyCourse(at, inside)

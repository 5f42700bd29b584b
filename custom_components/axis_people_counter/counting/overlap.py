"""Which of the intervals that overlap each other count: one pure function of what was sent."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .interval import Interval


class SentInterval(NamedTuple):
    """An interval with the instant at which the camera sent it."""

    start: int
    end: int
    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None
    sent: int

    @property
    def interval(self) -> Interval:
        """What was counted, without when it was sent."""
        return Interval(*self[:6])


def overlapping_groups[T: (SentInterval, Interval)](rows: Iterable[T], gap: int = 0) -> Iterator[list[T]]:
    """Yield rows in the order of time, those together that overlap or lie closer than a gap, if only through others."""
    group: list[T] = []
    reach = 0
    for row in sorted(rows, key=by_time):
        if group and row.start >= reach + gap:
            yield group
            group = []
        reach = max(reach, row.end) if group else row.end
        group.append(row)
    if group:
        yield group


def by_time(row: SentInterval | Interval) -> tuple[int, int]:
    """Order of time."""
    return row.start, row.end


def rank(row: SentInterval) -> tuple[int, ...]:
    """Order of belief: what was sent later counts; in one push the finer; the rest only makes the order total."""
    return row.sent, row.start - row.end, *(-1 if value is None else value for value in row.interval)


def resolve(group: list[SentInterval]) -> tuple[list[SentInterval], list[SentInterval]]:
    """Say which of overlapping rows count, and which have to wait.

    The result depends on the rows alone, never on the order in which they came. A row that later sent ones wholly
    cover is replaced by them. One that cuts into an earlier sent one, which isn't wholly covered, has to wait: to take
    it would lose the rest of the earlier one, to take both would count people twice.
    """
    if len(group) == 1:
        return group, []
    later = Coverage()
    standing = []
    for row in sorted(group, key=rank, reverse=True):
        if not later.covers(row.start, row.end):
            standing.append(row)
        later.add(row.start, row.end)
    taken = Coverage()
    accepted = []
    waiting = []
    for row in reversed(standing):
        if taken.touches(row.start, row.end):
            waiting.append(row)
        else:
            taken.add(row.start, row.end)
            accepted.append(row)
    return sorted(accepted, key=by_time), waiting


class Coverage:
    """A set of instants, as the sorted and disjoint stretches it is made of."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Take a stretch in."""
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def covers(self, start: int, end: int) -> bool:
        """Say whether all of a stretch is in it."""
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and self._ends[index] >= end

    def touches(self, start: int, end: int) -> bool:
        """Say whether any of a stretch is in it."""
        index = bisect_right(self._ends, start)
        return index < len(self._starts) and self._starts[index] < end

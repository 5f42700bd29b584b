"""Decides which of overlapping intervals are accepted.

Pure functions of the intervals and of when they were sent. Called by the ledger.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from .interval import MAX_WIDTH, Interval
from .local_time import Timestamp

# When an interval was sent that no camera has pushed: it was read from the camera later. Imported intervals have
# numbers below this one: see `sent_of_import`.
NEVER_SENT: Final[Timestamp] = 0


def sent_of_import(import_id: int) -> Timestamp:
    """Return when the intervals of an import were sent: never, by a number that names the import."""
    return NEVER_SENT - import_id


def import_of(sent: Timestamp) -> int | None:
    """Return the import that an interval comes from, None where a camera sent it or it was read from one."""
    return NEVER_SENT - sent if sent < NEVER_SENT else None


class SentInterval(NamedTuple):
    """An interval with the time at which the camera sent it."""

    start: Timestamp
    end: Timestamp
    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None
    sent: Timestamp

    @property
    def interval(self) -> Interval:
        """The interval alone."""
        return Interval(*self[:6])


def overlapping_groups[T: (SentInterval, Interval)](intervals: Iterable[T], gap: int = 0) -> Iterator[list[T]]:
    """Yield groups of intervals in the order of time; two that overlap, or lie closer than `gap`, share a group."""
    group: list[T] = []
    reach = 0
    for interval in sorted(intervals, key=by_time):
        if group and interval.start >= reach + gap:
            yield group
            group = []
        reach = max(reach, interval.end) if group else interval.end
        group.append(interval)
    if group:
        yield group


def by_time(interval: SentInterval | Interval) -> int:
    """Sort key: the order of time, by start and then by end.

    No other thread runs while Python sorts, and it sorts numbers several times faster than tuples.
    """
    return interval.start * 2 * MAX_WIDTH + interval.end - interval.start


def rank(interval: SentInterval) -> tuple[int, ...]:
    """Sort key: the interval sent later wins; within one push the shorter one. Other fields break ties."""
    values = (-1 if value is None else value for value in interval.interval)
    return interval.sent, interval.start - interval.end, *values


def resolve(group: list[SentInterval]) -> tuple[list[SentInterval], list[SentInterval]]:
    """Return which of overlapping intervals are accepted, and which have to wait.

    The result depends on the intervals alone, never on the order in which they came. Intervals that were sent later
    replace one that they cover wholly. An interval that only cuts into one sent earlier has to wait: accepting it alone
    would lose the rest of the earlier one, and accepting both would count people twice. Intervals that were read from
    the camera, or imported, give way to all that were pushed.
    """
    if len(group) == 1:
        return group, []
    pushed = [interval for interval in group if interval.sent > NEVER_SENT]
    accepted, waiting = _resolve_alike(pushed)
    if len(pushed) < len(group):
        pushed_time = Coverage()
        for interval in pushed:
            pushed_time.add(interval.start, interval.end)
        beside = [interval for interval in group if not pushed_time.touches(interval.start, interval.end)]
        accepted = sorted(accepted + _resolve_alike(beside)[0], key=by_time)
    return accepted, waiting


def _resolve_alike(group: list[SentInterval]) -> tuple[list[SentInterval], list[SentInterval]]:
    later = Coverage()
    candidates = []
    for interval in sorted(group, key=rank, reverse=True):
        if not later.covers(interval.start, interval.end):
            candidates.append(interval)
        later.add(interval.start, interval.end)
    accepted_time = Coverage()
    accepted = []
    waiting = []
    for interval in reversed(candidates):
        if accepted_time.touches(interval.start, interval.end):
            waiting.append(interval)
        else:
            accepted_time.add(interval.start, interval.end)
            accepted.append(interval)
    return sorted(accepted, key=by_time), waiting


class Coverage:
    """A set of seconds, kept as sorted ranges that don't overlap."""

    def __init__(self) -> None:
        self._starts: list[Timestamp] = []
        self._ends: list[Timestamp] = []

    def add(self, start: Timestamp, end: Timestamp) -> None:
        """Add [start, end)."""
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def covers(self, start: Timestamp, end: Timestamp) -> bool:
        """Return True if all of [start, end) is in the set."""
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and self._ends[index] >= end

    def touches(self, start: Timestamp, end: Timestamp) -> bool:
        """Return True if any of [start, end) is in the set."""
        index = bisect_right(self._ends, start)
        return index < len(self._starts) and self._starts[index] < end

"""People in and uncounted time of a door, by pieces of time: for questions about many hours and days at once.

Pure. Pieces are the stretches between ascending bounds, such as hours, or the parts of hours that a shop is open.
Called by the reports.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from typing import NamedTuple

from .columns import Columns
from .local_time import EARLIEST, Timestamp


class Stretch(NamedTuple):
    """The time [start, end)."""

    start: Timestamp
    end: Timestamp


class DoorTally:
    """Adds up who came in at a door by piece, while its columns are read once in the order of time.

    An interval belongs to the piece in which it begins.
    """

    def __init__(self, bounds: Sequence[Timestamp]) -> None:
        """Begin with nobody."""
        self._bounds = bounds
        self.entered = _zeros(len(bounds) - 1)
        # The stretches that intervals cover. There may be many, so they are numbers instead of objects.
        self._starts, self._ends = array("q"), array("q")
        self._next_start = EARLIEST

    def reading(self, found: Iterable[Columns]) -> Iterator[Columns]:
        """Add each part of the columns, and yield it."""
        for columns in found:
            self.add(columns)
            yield columns

    def add(self, columns: Columns) -> None:
        """Add columns; intervals that were added before are passed over."""
        starts, entered, bounds = columns.starts, columns.entered, self._bounds
        position = columns.position(self._next_start)
        if position == len(starts):
            return
        self._next_start = starts[-1] + 1
        self._cover(columns, position)
        position = columns.position(bounds[0], position)
        if position == len(starts):
            return
        first_piece = bisect_right(bounds, starts[position]) - 1
        for piece in range(first_piece, len(self.entered)):
            last = columns.position(bounds[piece + 1], position)
            self.entered[piece] += sum(entered[position:last])
            position = last
            if position == len(starts):
                return

    def _cover(self, columns: Columns, first: int) -> None:
        if columns.is_contiguous:
            stretches: Iterable[tuple[Timestamp, Timestamp]] = ((columns.starts[first], columns.ends[-1]),)
        else:
            stretches = zip(columns.starts[first:], columns.ends[first:], strict=True)
        ends = self._ends
        for start, end in stretches:
            if ends and start <= ends[-1]:
                ends[-1] = max(end, ends[-1])
            else:
                self._starts.append(start)
                ends.append(end)

    def gaps(self, start: Timestamp, end: Timestamp) -> Iterator[Stretch]:
        """Yield the stretches of [start, end) that no interval covers."""
        for position in range(bisect_right(self._ends, start), len(self._ends)):
            if self._starts[position] >= end:
                break
            if self._starts[position] > start:
                yield Stretch(start, self._starts[position])
            start = self._ends[position]
        if start < end:
            yield Stretch(start, end)


def union(lists: Iterable[Iterable[Stretch]]) -> list[Stretch]:
    """Return the time that is in any of some lists of spans; each list is in the order of time."""
    found: list[Stretch] = []
    for span in merge(*lists):
        if found and span.start <= found[-1].end:
            found[-1] = Stretch(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def intersection(spans: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """Return the time that is in both of two lists of spans, each disjoint and in the order of time."""
    found: list[Stretch] = []
    first = second = 0
    while first < len(spans) and second < len(others):
        start = max(spans[first].start, others[second].start)
        end = min(spans[first].end, others[second].end)
        if start < end:
            found.append(Stretch(start, end))
        if spans[first].end < others[second].end:
            first += 1
        else:
            second += 1
    return found


def seconds_by_piece(bounds: Sequence[Timestamp], spans: Iterable[Stretch]) -> Sequence[int]:
    """Return how many seconds of the spans, which are disjoint, each piece has."""
    found = _zeros(len(bounds) - 1)
    for start, end in spans:
        piece = max(0, bisect_right(bounds, start) - 1)
        while piece < len(found) and bounds[piece] < end:
            found[piece] += max(0, min(end, bounds[piece + 1]) - max(start, bounds[piece]))
            piece += 1
    return found


def _zeros(count: int) -> array[int]:
    return array("q", bytes(8 * count))

"""The highest occupancy of each period, from columns of passages: the fold of occupancy.py, for years of counts.

Pure functions. `levels` and `occupancy_by_period` define what is returned here; tests compare them. Called by history.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, pairwise
from operator import or_, sub
from typing import NamedTuple

from .columns import Columns, position
from .local_time import DAY, LATEST, Timestamp
from .occupancy import AppliedCorrection, Correction, Passage


class PassageColumns(NamedTuple):
    """Passages in the order of time: see `Passage`. Without pending people, `pending` is None."""

    at: Sequence[Timestamp]
    entered: Sequence[int]
    exited: Sequence[int]
    pending: Sequence[int] | None


class Peak(NamedTuple):
    """The highest occupancy during a period, and the corrections in it."""

    highest: int
    corrections: tuple[AppliedCorrection, ...]


def peaks(
    bounds: Sequence[Timestamp],
    passages: Iterable[PassageColumns],
    corrections: Iterable[Correction],
    running: int = 0,
) -> Iterator[Peak]:
    """Yield the peak between each two bounds; counting starts at `running`."""
    fold = _Fold(passages, running)
    coming = iter(corrections)
    correction = next(coming, None)
    while correction is not None and correction.at < bounds[0]:
        fold.advance(correction.at)
        fold.running = correction.value
        correction = next(coming, None)
    fold.advance(bounds[0])
    for start, end in pairwise(bounds):
        applied: list[AppliedCorrection] = []
        highest = 0
        while correction is not None and correction.at < end:
            before = fold.advance(correction.at)
            # A correction at the start ends what was before the period.
            highest = 0 if correction.at == start else max(highest, before)
            applied.append(AppliedCorrection(correction, fold.inside))
            fold.running = correction.value
            correction = next(coming, None)
        yield Peak(max(highest, fold.advance(end)), tuple(applied))


class _Fold:
    """The running count after the passages up to an instant, which only moves on."""

    def __init__(self, passages: Iterable[PassageColumns], running: int) -> None:
        self._coming = iter(passages)
        self._columns = next(self._coming, None)
        self._position = 0
        self.running = running

    @property
    def inside(self) -> int:
        """How many people are inside: never less than nobody."""
        return max(0, self.running)

    def advance(self, until: Timestamp) -> int:
        """Add the passages up to an instant; return the highest occupancy from before them on."""
        highest = self.inside
        while self._columns is not None:
            at, entered, exited, pending = self._columns
            first, last = self._position, position(at, until + 1, self._position)
            highest = self._add(entered[first:last], exited[first:last], pending and pending[first:last], highest)
            self._position = last
            if last < len(at):
                break
            self._columns, self._position = next(self._coming, None), 0
        return highest

    def _add(self, entered: Sequence[int], exited: Sequence[int], pending: Sequence[int] | None, highest: int) -> int:
        # These loops run for each minute of years, so they use nothing but local variables.
        running = self.running
        if pending is None:
            changes = map(sub, entered, exited, strict=True)
            if running < 0 and (first := next(changes, None)) is not None:
                # Nobody is pending any more, also where as many came as went.
                running = max(0, running + first)
                highest = max(highest, running)
            # In many intervals nobody passes, or as many in as out.
            for change in filter(None, changes):
                running += change
                if running < 0:
                    running = 0
                elif running > highest:
                    highest = running
        else:
            for coming, going, may_have_gone in zip(entered, exited, pending, strict=True):
                running += coming - going
                if running < -may_have_gone:
                    running = -may_have_gone
                elif running > highest:
                    highest = running
        self.running = running
        return highest


def each_passage(found: Iterable[PassageColumns]) -> Iterator[Passage]:
    """Yield an object for each passage."""
    for at, entered, exited, pending in found:
        yield from map(Passage, at, entered, exited, pending or bytes(len(at)), strict=True)


def passages_of_door(columns: Iterable[Columns], since: Timestamp) -> Iterator[PassageColumns]:
    """Yield the passages of one door, from intervals that end after an instant."""
    for found in columns:
        first = bisect_right(found.ends, since)
        if first < len(found.ends):
            yield PassageColumns(found.ends[first:], found.entered[first:], found.exited[first:], None)


def passages_of_place(doors: Sequence[Iterable[Columns]], since: Timestamp) -> Iterator[PassageColumns]:
    """Yield the passages at several doors, from intervals that end after an instant, a day at a time.

    Intervals that end at the same instant are one passage, because their order is unknown. People who entered in an
    interval that is still open may already have exited: they are pending.
    """
    readers = [_Reader(columns) for columns in doors]
    # The intervals of each door that end after the day.
    still_open: list[list[Columns]] = [[] for _ in doors]
    while True:
        starts = [start for reader in readers if (start := reader.start) is not None]
        if not starts and not any(still_open):
            return
        # Days on which no interval begins are skipped.
        until = (min(starts) // DAY + 1) * DAY if starts else LATEST
        of_doors = [before + list(reader.read(until)) for before, reader in zip(still_open, readers, strict=True)]
        still_open = [
            [rest for columns in of_door if (rest := columns.ending_after(until)).starts] for of_door in of_doors
        ]
        at, entered, exited, pending = _added_up(of_doors, until) or _merged(chain(*of_doors), until)
        first = bisect_right(at, since)
        if first < len(at):
            yield PassageColumns(at[first:], entered[first:], exited[first:], pending and pending[first:])


def _added_up(of_doors: Sequence[Sequence[Columns]], until: Timestamp) -> PassageColumns | None:
    """Return the passages at doors that count the same minutes, or the like; None where they don't.

    Nobody is pending: intervals that are open at the same time end at the same time.
    """
    found = [columns.starts for of_door in of_doors for columns in of_door]
    ranges = [starts for starts in found if isinstance(starts, range)]
    if len(ranges) < len(found):
        return None
    width = ranges[0].step
    first, last = min(starts[0] for starts in ranges), max(starts[-1] for starts in ranges)
    if last - first > 2 * DAY or any(starts.step != width or (starts[0] - first) % width for starts in ranges):
        return None
    starts = range(first, last + 1, width)
    busy_doors = [of_door for of_door in of_doors if of_door]
    entered = _sums(starts, [[(columns.starts, columns.entered) for columns in of_door] for of_door in busy_doors])
    exited = _sums(starts, [[(columns.starts, columns.exited) for columns in of_door] for of_door in busy_doors])
    # Intervals in which nobody passed are no passages.
    busy = list(map(or_, entered, exited, strict=True))
    ends = range(first + width, min(last + width, until) + 1, width)
    at = list(compress(ends, busy))
    return PassageColumns(at, list(compress(entered, busy))[: len(at)], list(compress(exited, busy))[: len(at)], None)


def _sums(starts: range, of_doors: Iterable[Sequence[tuple[Sequence[Timestamp], Sequence[int]]]]) -> list[int]:
    """Return the people at all doors by the start of the interval; each door has some parts of all starts."""
    columns: list[Sequence[int]] = []
    for parts in of_doors:
        if len(parts) == 1 and len(parts[0][1]) == len(starts):
            columns.append(parts[0][1])
            continue
        column = [0] * len(starts)
        for starts_of_part, people in parts:
            first_of_part = starts.index(starts_of_part[0])
            column[first_of_part : first_of_part + len(people)] = people
        columns.append(column)
    return list(map(sum, zip(*columns, strict=True)))


def _merged(doors: Iterable[Columns], until: Timestamp) -> PassageColumns:
    """Return the passages at doors with any intervals, up to an instant."""
    # People who entered, by the start of their intervals.
    begun: defaultdict[Timestamp, int] = defaultdict(int)
    entered: defaultdict[Timestamp, int] = defaultdict(int)
    exited: defaultdict[Timestamp, int] = defaultdict(int)
    for columns in doors:
        for start, end, coming, going in zip(*columns[:4], strict=True):
            if coming or going:
                begun[start] += coming
                entered[end] += coming
                exited[end] += going
    starts = sorted(begun, reverse=True)
    at = sorted(end for end in entered if end <= until)
    pending: list[int] = []
    pending_now = 0
    for end in at:
        while starts and starts[-1] < end:
            pending_now += begun[starts.pop()]
        pending_now -= entered[end]
        pending.append(pending_now)
    return PassageColumns(at, [entered[end] for end in at], [exited[end] for end in at], pending)


class _Reader:
    """Reads the columns of a door, in steps."""

    def __init__(self, columns: Iterable[Columns]) -> None:
        self._coming = iter(columns)
        self._columns = next(self._coming, None)

    @property
    def start(self) -> Timestamp | None:
        """When the next interval begins, None where there is none."""
        return None if self._columns is None else self._columns.starts[0]

    def read(self, until: Timestamp) -> Iterator[Columns]:
        """Yield the intervals that begin before an instant and weren't read yet."""
        while self._columns is not None and self._columns.starts[0] < until:
            last = bisect_left(self._columns.starts, until)
            yield self._columns.part(0, last)
            rest = self._columns.part(last, len(self._columns.starts))
            self._columns = rest if rest.starts else next(self._coming, None)

"""The highest occupancy of each period, from columns of passages: the fold of occupancy.py, for years of counts.

Pure functions. `levels` and `occupancy_by_period` define what is returned here; tests compare them. Called by history.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, pairwise
from operator import or_
from typing import NamedTuple

from .columns import Columns
from .local_time import DAY, LATEST, Timestamp
from .occupancy import AppliedCorrection, Correction


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
    for start, end in pairwise(bounds):
        applied: list[AppliedCorrection] = []
        while correction is not None and correction.at <= start:
            fold.advance(correction.at)
            if correction.at == start:
                applied.append(AppliedCorrection(correction, fold.inside))
            fold.running = correction.value
            correction = next(coming, None)
        fold.advance(start)
        highest = fold.inside
        while correction is not None and correction.at < end:
            highest = max(highest, fold.advance(correction.at))
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
            first, last = self._position, bisect_right(self._columns.at, until, self._position)
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
            for coming, going in zip(entered, exited, strict=True):
                running += coming - going
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
    # Intervals that end after the day.
    still_open: list[Columns] = []
    while True:
        starts = [start for reader in readers if (start := reader.start) is not None]
        if not starts and not still_open:
            return
        # Days on which no interval begins are skipped.
        until = (min(starts) // DAY + 1) * DAY if starts else LATEST
        of_day = still_open + [columns for reader in readers for columns in reader.read(until)]
        still_open = [rest for columns in of_day if (rest := columns.ending_after(until)).starts]
        if not still_open and all(columns[:2] == of_day[0][:2] for columns in of_day):
            passages = _added_up(of_day)
        else:
            passages = _merged(of_day, until)
        first = bisect_right(passages.at, since)
        if first < len(passages.at):
            at, entered, exited, pending = passages
            yield PassageColumns(at[first:], entered[first:], exited[first:], pending and pending[first:])


def _added_up(doors: Sequence[Columns]) -> PassageColumns:
    """Return the passages at doors whose intervals begin and end at the same instants: nobody is pending."""
    entered = list(map(sum, zip(*(columns.entered for columns in doors), strict=True)))
    exited = list(map(sum, zip(*(columns.exited for columns in doors), strict=True)))
    # Intervals in which nobody passed are no passages.
    busy = list(map(or_, entered, exited, strict=True))
    at = list(compress(doors[0].ends, busy))
    return PassageColumns(at, list(compress(entered, busy)), list(compress(exited, busy)), None)


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

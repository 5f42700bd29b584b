"""How many people were inside during each of some periods: the peak and when, drift, and the time above a capacity.

Pure functions. `levels` in occupancy.py defines what is returned here; tests compare them. Called by the reports.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .local_time import Timestamp
from .occupancy import Correction
from .occupancy_columns import PassageColumns
from .tally import Stretch


class Crowd(NamedTuple):
    """The occupancy of a period: its peak, when that was first reached, and how many entries the doors missed.

    `over` are the stretches of the period with more people inside than the capacity.
    """

    highest: int
    at: Timestamp
    drift: int
    over: tuple[Stretch, ...]


def crowds(
    bounds: Sequence[Timestamp],
    passages: Iterable[PassageColumns],
    corrections: Iterable[Correction],
    running: int = 0,
    capacity: int | None = None,
) -> Iterator[Crowd]:
    """Yield the crowd between each two bounds; counting starts at `running`.

    A passage belongs to the period in which its interval ends, even if both end together. A correction belongs to the
    period that begins with it, and replaces what was before.
    """
    fold = _Fold(bounds[0], running, capacity)
    events = _in_order(passages, corrections)
    event = next(events, None)
    while event is not None and _is_before(event, bounds[0]):
        fold.apply(*event)
        event = next(events, None)
    for start, end in pairwise(bounds):
        fold.begin(start)
        while event is not None and _is_before(event, end):
            fold.apply(*event)
            event = next(events, None)
        yield fold.end(end)


# The instant, the change, the people pending then, and the value of a correction.
type _Event = tuple[Timestamp, int, int, int | None]


def _is_before(event: _Event, bound: Timestamp) -> bool:
    """Return True if an event belongs to the period before a bound."""
    return event[0] < bound or (event[0] == bound and event[3] is None)


def _in_order(passages: Iterable[PassageColumns], corrections: Iterable[Correction]) -> Iterator[_Event]:
    """Yield passages and corrections in the order of time; a passage comes before a correction of the same time."""
    coming = iter(corrections)
    correction = next(coming, None)
    for columns in passages:
        pending = columns.pending or bytes(len(columns.at))
        for at, entered, exited, may_have_left in zip(
            columns.at, columns.entered, columns.exited, pending, strict=True
        ):
            while correction is not None and correction.at < at:
                yield correction.at, 0, 0, correction.value
                correction = next(coming, None)
            yield at, entered - exited, may_have_left, None
    while correction is not None:
        yield correction.at, 0, 0, correction.value
        correction = next(coming, None)


class _Fold:
    """The running count, and what is known so far of the period."""

    def __init__(self, start: Timestamp, running: int, capacity: int | None) -> None:
        self._running = running
        self._capacity = capacity
        self._over_since: Timestamp | None = None
        self.begin(start)

    def begin(self, start: Timestamp) -> None:
        """Begin a period with the people who are inside."""
        self._start = self._at = start
        self._highest = max(0, self._running)
        self._drift = 0
        self._over: list[Stretch] = []
        self._over_since = start if self._is_over else None

    @property
    def _is_over(self) -> bool:
        return self._capacity is not None and self._running > self._capacity

    def apply(self, at: Timestamp, change: int, pending: int, correction: int | None) -> None:
        """Add a passage, or set the count to a correction's value."""
        if correction is None:
            self._running += change
            if self._running < -pending:
                self._drift += -pending - self._running
                self._running = -pending
        else:
            self._running = correction
            if at == self._start:
                self._highest, self._at = correction, at
        if self._running > self._highest:
            self._highest, self._at = self._running, at
        if self._is_over != (self._over_since is not None):
            if self._over_since is None:
                self._over_since = at
            else:
                self._close(at)

    def _close(self, at: Timestamp) -> None:
        if self._over_since is not None and self._over_since < at:
            self._over.append(Stretch(self._over_since, at))
        self._over_since = None

    def end(self, at: Timestamp) -> Crowd:
        """Return the crowd of the period, which ends at an instant."""
        self._close(at)
        return Crowd(self._highest, self._at, self._drift, tuple(self._over))

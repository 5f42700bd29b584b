"""A door's history by the hour: what was counted, and for how much of each hour the door was seen while it was open.

Pure; kept by checks/counting_check.py, and read by the rules in nobody.py and drift.py.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

from .local_time import HOUR, LATEST, Timestamp

HOURS_A_DAY: Final = 24
HOURS_A_WEEK: Final = 7 * HOURS_A_DAY

# From and until when a door is open, in the order of time. None for a door without opening hours.
type OpenSpans = Sequence[tuple[Timestamp, Timestamp]] | None


class DoorHour(NamedTuple):
    """An hour of a door that has counts."""

    start: Timestamp
    # The number of the local day, and of the local hour in its week.
    day: int
    hour_of_week: int
    entered: int
    exited: int
    # Which part of the hour has counts, and in which part the door was open: from 0 to 1.
    covered: float
    opened: float = 1.0

    @property
    def people(self) -> int:
        """All who passed."""
        return self.entered + self.exited

    @property
    def seen(self) -> float:
        """The part of the hour in which people could pass and be counted."""
        return self.covered * self.opened


class DoorHistory:
    """The hours of a door that have counts, as columns: the garbage collector would look at each object."""

    def __init__(self) -> None:
        """Begin without any hour."""
        self._starts, self._entered, self._exited, self._covered = (array("q") for _ in range(4))

    @property
    def last_people(self) -> Timestamp | None:
        """The last hour in which anybody passed."""
        for position in range(len(self._starts) - 1, -1, -1):
            if self._entered[position] or self._exited[position]:
                return self._starts[position]
        return None

    @property
    def start(self) -> Timestamp | None:
        """The first hour."""
        return self._starts[0] if self._starts else None

    @property
    def end(self) -> Timestamp | None:
        """The last hour."""
        return self._starts[-1] if self._starts else None

    def replace(self, since: Timestamp, hours: Iterable[tuple[Timestamp, int, int, int]]) -> None:
        """Replace the hours since an instant: by start, entered, exited, and how many seconds have counts."""
        kept = bisect_left(self._starts, since)
        columns = self._starts, self._entered, self._exited, self._covered
        for column in columns:
            del column[kept:]
        for hour in hours:
            for column, number in zip(columns, hour, strict=True):
                column.append(number)

    def hours(
        self, zone: tzinfo, since: Timestamp, spans: OpenSpans = None, *, until: Timestamp = LATEST
    ) -> list[DoorHour]:
        """Return the hours that begin since an instant, and until before another one."""
        first, last = bisect_left(self._starts, since), bisect_left(self._starts, until)
        found: list[DoorHour] = []
        next_span = 0
        for position in range(first, last):
            start = self._starts[position]
            opened = 1.0
            if spans is not None:
                while next_span < len(spans) and spans[next_span][1] <= start:
                    next_span += 1
                opened = _overlap(spans, next_span, start, start + HOUR) / HOUR
            local = datetime.fromtimestamp(start, zone)
            found.append(
                DoorHour(
                    start,
                    local.toordinal(),
                    local.weekday() * HOURS_A_DAY + local.hour,
                    self._entered[position],
                    self._exited[position],
                    min(1.0, self._covered[position] / HOUR),
                    opened,
                )
            )
        return found


def _overlap(spans: Sequence[tuple[Timestamp, Timestamp]], first: int, start: Timestamp, end: Timestamp) -> int:
    """Return how many seconds of [start, end) are in some spans, which are disjoint."""
    seconds = 0
    for position in range(first, len(spans)):
        begin, stop = spans[position]
        if begin >= end:
            break
        seconds += min(stop, end) - max(begin, start)
    return seconds

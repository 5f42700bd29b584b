"""Some days in pieces: their hours, cut where a place opens or closes.

Pure. Built by reports and by the dashboards' charts, which ask it which pieces belong to a day, an hour or a period.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from typing import Final, NamedTuple

from .local_time import Period, Timestamp, period_bounds
from .opening import OpenDay

# Time between days that don't follow each other.
_BETWEEN: Final = -1


class TimelineDay(NamedTuple):
    """A local day with its opening hours; `end` is earlier where the timeline ends within the day."""

    date: date
    hours: OpenDay
    end: Timestamp
    # The positions of its pieces.
    pieces: range

    @property
    def start(self) -> Timestamp:
        """Return the beginning of the day."""
        return self.hours.start


class Timeline:
    """Pieces of time: each lies within one hour of one day, and the place is either open or closed in all of it."""

    def __init__(self, days: Sequence[OpenDay], cuts: Iterable[Timestamp], until: Timestamp, zone: tzinfo) -> None:
        """Cut the days, which are in the order of time, at their hours, their spans and `cuts`; they end at `until`."""
        self.zone = zone
        self.bounds: list[Timestamp] = []
        # For each piece: None where the opening hours aren't known.
        self.is_open: list[bool | None] = []
        # The hour of the day on the clock.
        self.hours: list[int] = []
        # The beginning of its hour. An hour that comes twice on a day has two of them.
        self.hour_starts: list[Timestamp] = []
        self.days: list[TimelineDay] = []
        self._cuts = sorted(cuts)
        for day in days:
            if (end := min(day.end, until)) > day.start:
                self._add(day, end, zone)

    def _add(self, day: OpenDay, end: Timestamp, zone: tzinfo) -> None:
        hour_bounds = [max(day.start, bound) for bound in period_bounds(day.start, end, Period.HOUR, zone)]
        points = {day.start, end, *hour_bounds, *self._cuts_within(day.start, end)}
        for span in day.spans or ():
            points |= {span.start, span.end}
        # Nothing lies outside of the day, whatever its hours are.
        *starts, end = sorted(point for point in points if day.start <= point <= end)
        if self.bounds and self.bounds[-1] < day.start:
            self._add_piece(False, _BETWEEN, self.bounds[-1])
        elif self.bounds:
            self.bounds.pop()
        first = len(self.is_open)
        for start in starts:
            self.bounds.append(start)
            hour_start = hour_bounds[bisect_right(hour_bounds, start) - 1]
            self._add_piece(day.is_open(start), datetime.fromtimestamp(start, zone).hour, hour_start)
        self.bounds.append(end)
        # A zone may take the first moments of a day for the day before.
        name = datetime.fromtimestamp((day.start + day.end) // 2, zone).date()
        self.days.append(TimelineDay(name, day, end, range(first, len(self.is_open))))

    def _add_piece(self, is_open: bool | None, hour: int, hour_start: Timestamp) -> None:
        self.is_open.append(is_open)
        self.hours.append(hour)
        self.hour_starts.append(hour_start)

    def _cuts_within(self, start: Timestamp, end: Timestamp) -> Sequence[Timestamp]:
        return self._cuts[bisect_right(self._cuts, start) : bisect_left(self._cuts, end)]

    def pieces(self, start: Timestamp, end: Timestamp) -> range:
        """Return the pieces that begin in [start, end)."""
        return range(bisect_left(self.bounds, start), min(bisect_left(self.bounds, end), len(self.is_open)))

    def days_within(self, start: Timestamp, end: Timestamp) -> list[TimelineDay]:
        """Return the days that begin in [start, end)."""
        return [day for day in self.days if start <= day.start < end]

    def seconds(self, piece: int) -> int:
        """Return how long a piece is."""
        return self.bounds[piece + 1] - self.bounds[piece]

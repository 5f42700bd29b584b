"""How many visitors were expected in time that wasn't counted: by the same hours of the weeks before.

Nothing of this is ever stored. Called by figures.py.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from ..counting import TimelineDay
from .counted import Counted, CountedDoor
from .periods import ESTIMATE_WEEKS

# With fewer weeks, an estimate would be a guess.
MIN_WEEKS: Final = 3


class Expectation:
    """The people whom the open hours of a place usually bring at each of its doors."""

    def __init__(self, counted: Counted) -> None:
        """Find the days; most reports need no estimate."""
        self._counted = counted
        self._days = {day.date: day for day in counted.timeline.days}

    def missed(self, day: TimelineDay) -> float | None:
        """Return the visitors expected in the open time of a day that doors missed; None with too little history."""
        timeline = self._counted.timeline
        expected = 0.0
        for door in self._counted.doors:
            missing: defaultdict[int, int] = defaultdict(int)
            for piece in day.pieces:
                if door.missing[piece] and timeline.is_open[piece] is not False:
                    if timeline.is_open[piece] is None:
                        return None
                    missing[timeline.hours[piece]] += door.missing[piece]
            for hour, seconds in missing.items():
                if (rate := self._rate(door, day.date, hour)) is None:
                    return None
                expected += rate * seconds
        return expected

    def _open_pieces(self, day: date, hour: int) -> list[int]:
        """Return the pieces of an hour of a day in which the place was open."""
        if (found := self._days.get(day)) is None:
            return []
        timeline = self._counted.timeline
        return [piece for piece in found.pieces if timeline.hours[piece] == hour and timeline.is_open[piece]]

    def _rate(self, door: CountedDoor, day: date, hour: int) -> float | None:
        """Return the visitors a second at a door in an hour of the weekday, from the weeks before with all counts."""
        people = seconds = weeks = 0
        for number in range(1, ESTIMATE_WEEKS + 1):
            pieces = self._open_pieces(day - timedelta(weeks=number), hour)
            if pieces and not any(door.missing[piece] for piece in pieces):
                people += sum(door.entered[piece] for piece in pieces)
                seconds += sum(map(self._counted.timeline.seconds, pieces))
                weeks += 1
        return people / seconds if weeks >= MIN_WEEKS else None

"""How many visitors were expected in time that wasn't counted: by the same hours of the weeks before.

Nothing of this is ever stored. Called by figures.py.
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from .counted import Counted, CountedDoor
from .periods import ESTIMATE_WEEKS
from .timeline import TimelineDay

# With fewer weeks, an estimate would be a guess.
MIN_WEEKS: Final = 3


class Expectation:
    """What the open hours of a place usually bring at each of its doors."""

    def __init__(self, counted: Counted) -> None:
        """Find the open pieces of each hour."""
        self._counted = counted
        timeline = counted.timeline
        self._pieces: defaultdict[tuple[date, int], list[int]] = defaultdict(list)
        for day in timeline.days:
            for piece in day.pieces:
                if timeline.is_open[piece]:
                    self._pieces[day.date, timeline.hours[piece]].append(piece)

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

    def _rate(self, door: CountedDoor, day: date, hour: int) -> float | None:
        """Return the visitors a second at a door in an hour of the weekday, from the weeks before with all counts."""
        people = seconds = weeks = 0
        for number in range(1, ESTIMATE_WEEKS + 1):
            pieces = self._pieces.get((day - timedelta(weeks=number), hour))
            if pieces and not any(door.missing[piece] for piece in pieces):
                people += sum(door.entered[piece] for piece in pieces)
                seconds += sum(map(self._counted.timeline.seconds, pieces))
                weeks += 1
        return people / seconds if weeks >= MIN_WEEKS else None

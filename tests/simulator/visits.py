"""Visits to a shop, generated from a seed."""

from __future__ import annotations

from datetime import date
from random import Random
from zoneinfo import ZoneInfo

from .counts import Counts
from .hours import Hours
from .source import Days


class Visits(Days):
    """Counts of a shop's door by minute. The same seed and minute always give the same counts."""

    def __init__(self, seed: int | str, zone: ZoneInfo, hours: Hours | None = None) -> None:
        """Take the seed; nothing is generated yet."""
        super().__init__(zone, self._make_day)
        self._seed = seed
        self._hours = hours or Hours()

    def _make_day(self, day: date) -> dict[int, Counts]:
        """Return the counts of a local day by minute; everybody leaves by closing time."""
        last = self._hours.minutes(day, self.zone).stop - 1
        random = Random(f"{self._seed} {day}")
        counts: dict[int, Counts] = {}
        for arrival in self._hours.arrivals(self._seed, random, day, self.zone):
            adults = random.choices((1, 2, 3), (65, 30, 5))[0]
            people = adults + (random.choice((1, 1, 2)) if random.random() < 0.15 else 0)
            leaving = min(arrival + 1 + int(random.expovariate(1 / 25)), last)
            counts[arrival] = counts.get(arrival, Counts()) + Counts(in_=people, adults_in=adults)
            counts[leaving] = counts.get(leaving, Counts()) + Counts(out=people, adults_out=adults)
        return counts

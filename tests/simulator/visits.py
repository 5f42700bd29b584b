"""Who comes and goes: days of a shop, made up from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import exp
from random import Random
from zoneinfo import ZoneInfo

from .counts import Counts, minute_of, moment_of


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours, local, and how many parties come on a day; closing at 24 is midnight."""

    opens: int = 9
    closes: int = 20
    weekday_parties: int = 220
    weekend_parties: int = 320


class Visits:
    """The truth, minute by minute. The same seed and minute always give the same counts."""

    def __init__(self, seed: int | str, zone: ZoneInfo, hours: Hours | None = None) -> None:
        """Make up nothing yet: a day comes into being when somebody asks for it."""
        self.zone = zone
        self._seed = seed
        self._hours = hours or Hours()
        # A day is kept: pushes ask for the same minutes again and again.
        self._day: Callable[[date], dict[int, Counts]] = lru_cache(maxsize=200)(self._make_day)

    def minute(self, minute: int) -> Counts:
        """Return what is counted in that minute since 1970."""
        return self._day(moment_of(minute).astimezone(self.zone).date()).get(minute, _NOBODY)

    def between(self, first: int, after: int) -> Counts:
        """Return what is counted from one minute since 1970 up to, not including, another."""
        in_ = out = adults_in = adults_out = 0
        for minute in range(first, after):
            counts = self.minute(minute)
            in_ += counts.in_
            out += counts.out
            adults_in += counts.adults_in
            adults_out += counts.adults_out
        return Counts(in_, out, adults_in, adults_out)

    def _make_day(self, day: date) -> dict[int, Counts]:
        """Make up all minutes of a local day in which somebody passes; whoever comes in leaves by closing time."""
        hours = self._hours
        opening, closing = (_local_minute(day, hour, self.zone) for hour in (hours.opens, hours.closes))
        if closing <= opening:
            return {}
        random = Random(f"{self._seed} {day}")
        weekend = day.weekday() >= 5
        # Days of a week have its weather in common, so that weeks differ, too.
        week = Random(f"{self._seed} {day.isocalendar()[:2]}").uniform(0.75, 1.25)
        parties = (hours.weekend_parties if weekend else hours.weekday_parties) * random.uniform(0.8, 1.2) * week
        noon = _local_minute(day, 12, self.zone)
        weights = [_attraction((minute - noon) / 60, weekend) for minute in range(opening, closing)]
        counts: dict[int, Counts] = {}
        for arrival in random.choices(range(opening, closing), weights, k=round(parties)):
            adults = random.choices((1, 2, 3), (65, 30, 5))[0]
            people = adults + (random.choice((1, 1, 2)) if random.random() < 0.15 else 0)
            leaving = min(arrival + 1 + int(random.expovariate(1 / 25)), closing - 1)
            counts[arrival] = counts.get(arrival, _NOBODY) + Counts(in_=people, adults_in=adults)
            counts[leaving] = counts.get(leaving, _NOBODY) + Counts(out=people, adults_out=adults)
        return counts


_NOBODY = Counts()


def _local_minute(day: date, hour: int, zone: ZoneInfo) -> int:
    """Return the minute since 1970 at which the day's hour strikes in the zone."""
    struck = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), zone)
    return minute_of(struck.astimezone(UTC))


def _attraction(hours_after_noon: float, weekend: bool) -> float:
    """Return how many come at this time: a peak at lunch and one in the late afternoon, one long one at weekends.

    Where doors don't close, some come at night as well.
    """

    def peak(at: float, width: float) -> float:
        return exp(-(((hours_after_noon - at) / width) ** 2))

    always = 0.15 if -5 <= hours_after_noon < 9 else 0.05
    return always + (peak(2.5, 2.5) if weekend else peak(0.5, 1) + 1.3 * peak(5, 1.2))

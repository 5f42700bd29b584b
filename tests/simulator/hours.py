"""When doors are open, and when people come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import exp
from random import Random
from zoneinfo import ZoneInfo

from .counts import minute_of


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours, local, and how many parties come on a day; closing at 24 is midnight."""

    opens: int = 9
    closes: int = 20
    weekday_parties: int = 220
    weekend_parties: int = 320

    def __post_init__(self) -> None:
        """Refuse what would last into the next day, on which nobody looks for it."""
        if not 0 <= self.opens <= self.closes <= 24:
            raise ValueError(f"Doors can't be open from {self.opens} to {self.closes}.")

    def minutes(self, day: date, zone: ZoneInfo) -> range:
        """Return the minutes since 1970 of a local day in which doors are open."""
        return range(_local_minute(day, self.opens, zone), _local_minute(day, self.closes, zone))

    def arrivals(self, seed: int | str, random: Random, day: date, zone: ZoneInfo) -> list[int]:
        """Return the minute at which each party comes on a local day; `random` is the day's, `seed` all days'."""
        minutes = self.minutes(day, zone)
        if not minutes:
            return []
        weekend = day.weekday() >= 5
        # Days of a week have its weather in common, so that weeks differ, too.
        week = Random(f"{seed} {day.isocalendar()[:2]}").uniform(0.75, 1.25)
        parties = (self.weekend_parties if weekend else self.weekday_parties) * random.uniform(0.8, 1.2) * week
        noon = _local_minute(day, 12, zone)
        weights = [_attraction((minute - noon) / 60, weekend) for minute in minutes]
        return random.choices(minutes, weights, k=round(parties))


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

"""Opening hours, and the minutes at which people arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import exp
from random import Random
from zoneinfo import ZoneInfo

from .counts import minute_of


@dataclass(frozen=True, slots=True)
class Hours:
    """Local opening hours and the number of parties on a day; closing at 24 is midnight."""

    opens: int = 9
    closes: int = 20
    weekday_parties: int = 220
    weekend_parties: int = 320

    def __post_init__(self) -> None:
        """Raise ValueError for hours beyond the day: counts of the next day would be lost."""
        if not 0 <= self.opens <= self.closes <= 24:
            raise ValueError(f"Doors can't be open from {self.opens} to {self.closes}.")

    def minutes(self, day: date, zone: ZoneInfo) -> range:
        """Return the open minutes of a local day, as minutes since 1970."""
        return range(_local_minute(day, self.opens, zone), _local_minute(day, self.closes, zone))

    def arrivals(self, seed: int | str, random: Random, day: date, zone: ZoneInfo) -> list[int]:
        """Return the minute at which each party comes on a local day; `random` is the day's, `seed` all days'."""
        minutes = self.minutes(day, zone)
        if not minutes:
            return []
        weekend = day.weekday() >= 5
        # All days of a week share a factor, so that weeks differ as well.
        week = Random(f"{seed} {day.isocalendar()[:2]}").uniform(0.75, 1.25)
        parties = (self.weekend_parties if weekend else self.weekday_parties) * random.uniform(0.8, 1.2) * week
        noon = _local_minute(day, 12, zone)
        weights = [_attraction((minute - noon) / 60, weekend) for minute in minutes]
        return random.choices(minutes, weights, k=round(parties))


def _local_minute(day: date, hour: int, zone: ZoneInfo) -> int:
    """Return the minute since 1970 of a local hour."""
    instant = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), zone)
    return minute_of(instant.astimezone(UTC))


def _attraction(hours_after_noon: float, weekend: bool) -> float:
    """Return the weight of a time: peaks at lunch and in the late afternoon, one long peak at weekends.

    The weight of the night is small, but not 0.
    """

    def peak(at: float, width: float) -> float:
        return exp(-(((hours_after_noon - at) / width) ** 2))

    always = 0.15 if -5 <= hours_after_noon < 9 else 0.05
    return always + (peak(2.5, 2.5) if weekend else peak(0.5, 1) + 1.3 * peak(5, 1.2))

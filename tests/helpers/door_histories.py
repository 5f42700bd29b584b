"""Random histories of a door by the hour: people come in groups, and more on some days than on others.

Knows nothing of the rules that look at them.
"""

from dataclasses import dataclass, field
from math import exp, pi, sin, sqrt
from random import Random
from typing import Final

from custom_components.axis_people_counter.counting.door_hours import DoorHour

HOUR: Final = 3600
# A Monday, by the number of its day; the zone is UTC.
FIRST_DAY: Final = 739_252
FIRST_START: Final = 1_704_067_200
MANY: Final = 30


@dataclass
class SimulatedDoor:
    """A door, and how people use it."""

    chance: Random
    people_a_day: float
    opens: int = 8
    closes: int = 20
    # How many people come on Saturdays and Sundays, of those of other days.
    weekend: tuple[float, float] = (1, 1)
    # How much days differ: by the weather, or so that on many of them hardly anybody comes.
    weather: float = 0.35
    is_irregular: bool = False
    group: float = 2
    # Holidays that no calendar knows, and days on which it closes three hours earlier, in a year.
    holidays: int = 10
    early_days: int = 6
    # The part of the people who pass inwards, and how much it differs by days.
    part_in: float = 0.5
    wobble: float = 0.03
    closed_days: set[int] = field(default_factory=set)

    def hours(self, days: int = 365) -> list[DoorHour]:
        """Return the hours of some days."""
        chance = self.chance
        self.closed_days = {chance.randrange(days) for _ in range(self.holidays * days // 365)}
        early_days = {chance.randrange(days) for _ in range(self.early_days * days // 365)}
        return [
            hour
            for day in range(days)
            for hour in self._day(day, self.closes - 3 if day in early_days else self.closes)
        ]

    def _day(self, day: int, closes: int) -> list[DoorHour]:
        chance, weekday = self.chance, day % 7
        people = self.people_a_day
        if self.is_irregular:
            people *= chance.gammavariate(1.2, 1 / 1.2)
        else:
            people *= exp(chance.gauss(0, self.weather) - self.weather**2 / 2)
        if weekday >= 5:
            people *= self.weekend[weekday - 5]
        if day in self.closed_days:
            people = 0
        part_in = min(1.0, max(0.0, chance.gauss(self.part_in, self.wobble)))
        length = self.closes - self.opens
        hours = []
        for hour in range(24):
            passed = 0
            if self.opens <= hour < closes:
                # More at noon.
                mean = people / length * (0.5 + pi / 4 * sin(pi * (hour - self.opens + 0.5) / length))
                passed = self._people(mean)
            entered = binomial(passed, part_in, chance)
            start = FIRST_START + (day * 24 + hour) * HOUR
            hours.append(DoorHour(start, FIRST_DAY + day, weekday * 24 + hour, entered, passed - entered, 1.0))
        return hours

    def _people(self, mean: float) -> int:
        groups = poisson(mean / self.group, self.chance)
        if groups > MANY:
            return round(groups * self.group + self.chance.gauss(0, sqrt(groups * self.group * (self.group - 1))))
        return sum(self._one_group() for _ in range(groups))

    def _one_group(self) -> int:
        people = 1
        while self.chance.random() < 1 - 1 / self.group:
            people += 1
        return people

    def with_opening_hours(self, hours: list[DoorHour]) -> list[DoorHour]:
        """Return hours as they are where opening hours are known, holidays among them."""

        def opened(hour: DoorHour) -> float:
            day, weekday = hour.day - FIRST_DAY, hour.hour_of_week // 24
            is_closed = day in self.closed_days or (weekday >= 5 and not self.weekend[weekday - 5])
            return float(self.opens <= hour.hour_of_week % 24 < self.closes and not is_closed)

        return [hour._replace(opened=opened(hour)) for hour in hours]


def poisson(mean: float, chance: Random) -> int:
    """Return how often something happens that happens so often on average."""
    if mean > MANY:
        return max(0, round(chance.gauss(mean, sqrt(mean))))
    count, product, end = 0, chance.random(), exp(-mean)
    while product > end:
        count += 1
        product *= chance.random()
    return count


def binomial(count: int, part: float, chance: Random) -> int:
    """Return how many of some people there are if each is one by chance."""
    if count > MANY:
        return min(count, max(0, round(chance.gauss(count * part, sqrt(count * part * (1 - part))))))
    return sum(chance.random() < part for _ in range(count))

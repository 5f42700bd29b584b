"""Finds a door that nobody has passed for longer than its own history makes likely.

The rule: the eight weeks before the last passage show how many people pass in each hour of the week. A time without
anybody is as long as the number of people who usually pass in it. So a night has no length where nobody passes then.
Only time that has counts is measured, and only open time where the door has opening hours. Without them, the longest of
its days is left out, because it may be a holiday. The time is too long if the rest is at least

- MIN_PEOPLE, because fewer may stay away by chance,
- FACTOR times as long as the longest such time in the eight weeks: people come together, and some days nobody comes,
- and PART of a usual day: the door may be closed early or opened late.

Less than three weeks of history, or few people in it, allow no judgement. Simulated doors with 2 to 2,000 people a day
show less than one false alarm in a year. Pure functions; called by checks/counting_check.py.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final, NamedTuple

from .door_hours import HOURS_A_WEEK, DoorHour
from .local_time import DAY, Timestamp

HISTORY: Final = 56 * DAY
MIN_HISTORY: Final = 21 * DAY
# With counts, also where a place opens on Sundays only; and people who passed.
MIN_DAYS: Final = 14
MIN_PASSED: Final = 50

MIN_PEOPLE: Final = 12
FACTOR: Final = 2.5
PART: Final = 1 / 3


class Usual(NamedTuple):
    """The usual people at a door."""

    # In each hour of the week.
    rates: tuple[float, ...]
    # On the median of the days on which anybody passed.
    day: float
    # As many as usually pass in the longest time without anybody.
    longest: float
    has_opening_hours: bool

    @property
    def limit(self) -> float:
        """A time without anybody is too long if so many people usually pass in it."""
        return max(MIN_PEOPLE, FACTOR * self.longest, PART * self.day)

    def missed(self, empty: Iterable[DoorHour]) -> float:
        """Return how many people usually pass in hours without anybody."""
        missed = _Missed(self.rates, self.has_opening_hours)
        return max((missed.add(hour) for hour in empty), default=0.0)


class _Missed:
    """The people who usually pass in hours that follow each other, without the best day if that may be a holiday."""

    def __init__(self, rates: Sequence[float], has_opening_hours: bool) -> None:
        self._rates = rates
        self._has_opening_hours = has_opening_hours
        self._day = 0
        self._of_day = self._best = self._total = 0.0

    def add(self, hour: DoorHour) -> float:
        """Add the next hour, and return the people until its end."""
        people = self._rates[hour.hour_of_week] * hour.seen
        self._of_day = people + (self._of_day if hour.day == self._day else 0.0)
        self._day = hour.day
        self._total += people
        self._best = max(self._best, self._of_day)
        return self._total if self._has_opening_hours else self._total - self._best


def usual_of(hours: Sequence[DoorHour], *, has_opening_hours: bool) -> Usual | None:
    """Return the usual people at a door, from the hours until its last passage; None if there aren't enough."""
    if not hours:
        return None
    since: Timestamp = hours[-1].start - HISTORY
    of_days: dict[int, int] = {}
    counted_days = {hour.day for hour in hours if hour.start >= since and hour.covered}
    people, seen = [0.0] * HOURS_A_WEEK, [0.0] * HOURS_A_WEEK
    hours = [hour for hour in hours if hour.start >= since and (hour.seen or hour.people)]
    for hour in hours:
        # A cleaner who comes while it is closed is no visitor.
        if hour.seen:
            of_days[hour.day] = of_days.get(hour.day, 0) + hour.people
            people[hour.hour_of_week] += hour.people
            seen[hour.hour_of_week] += hour.seen
    if hours[-1].start - hours[0].start < MIN_HISTORY or len(counted_days) < MIN_DAYS or sum(people) < MIN_PASSED:
        return None
    rates = tuple(count / part if part else 0.0 for count, part in zip(people, seen, strict=True))
    longest = 0.0
    missed = _Missed(rates, has_opening_hours)
    for hour in hours:
        if hour.people:
            missed = _Missed(rates, has_opening_hours)
        else:
            longest = max(longest, missed.add(hour))
    return Usual(rates, median(filter(None, of_days.values())), longest, has_opening_hours)

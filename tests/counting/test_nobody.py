"""Doors that nobody passes for too long: single cases, and simulated years.

A false alarm may come once in three months a door, and a covered camera is to be noticed soon.
"""

from collections.abc import Callable, Iterator
from random import Random
from statistics import median, quantiles
from typing import Any, Final

import pytest

from custom_components.axis_people_counter.counting import DAY, HISTORY, Usual, usual_of
from custom_components.axis_people_counter.counting.door_hours import DoorHour

from ..helpers.door_histories import FIRST_DAY, SimulatedDoor

DAY_HOURS: Final = 24
WEEKS_HOURS: Final = HISTORY // DAY * DAY_HOURS

QUIET: Final = {"people_a_day": 5}
IRREGULAR: Final = {"people_a_day": 5, "is_irregular": True}
WEEKDAYS: Final = {"people_a_day": 7, "weekend": (0, 0)}
NEVER_CLOSED: Final = {"people_a_day": 5, "opens": 0, "closes": 24, "early_days": 0}
SHOP: Final = {"people_a_day": 100, "weekend": (1.3, 0), "weather": 0.4}
BUSY: Final = {"people_a_day": 2000}
BUSY_WEEKDAYS: Final = {"people_a_day": 2000, "weekend": (0, 0)}
DOORS: Final = {
    "quiet": QUIET,
    "quiet and irregular": IRREGULAR,
    "quiet, on weekdays": WEEKDAYS,
    "quiet, never closed": NEVER_CLOSED,
    "shop": SHOP,
    "busy": BUSY,
    "busy, on weekdays": BUSY_WEEKDAYS,
}


def regular(days: int, people: int = 12) -> list[DoorHour]:
    """Return a door that as many people pass in each hour from 8 to 20."""
    door = SimulatedDoor(Random(0), 0)
    return [
        hour._replace(entered=people if 8 <= hour.hour_of_week % DAY_HOURS < 20 else 0) for hour in door.hours(days)
    ]


def usual(hours: list[DoorHour], *, has_opening_hours: bool = False) -> Usual:
    """Return the usual people at a door of which enough is known."""
    found = usual_of(hours, has_opening_hours=has_opening_hours)
    assert found
    return found


def empty(hours: list[DoorHour]) -> list[DoorHour]:
    """Return hours as a covered camera counts them."""
    return [hour._replace(entered=0, exited=0) for hour in hours]


def hours_until_noticed(found: Usual, hours: list[DoorHour]) -> int | None:
    """Return after how many hours without anybody it is too long."""
    for count in range(1, len(hours) + 1):
        if found.missed(empty(hours[:count])) >= found.limit:
            return count
    return None


def test_usual_people() -> None:
    """The history shows the people of each hour of the week, of a day, and the longest time without anybody."""
    found = usual(regular(28))
    assert found.day == 144
    assert [found.rates[hour] for hour in (7, 8, 19, 20)] == [0, 12, 12, 0]
    assert (found.longest, found.limit) == (0, 48)


def test_few_people_may_stay_away() -> None:
    """At a quiet door, it takes twelve people, so more than one more usual day."""
    found = usual(regular(28, people=1))
    assert (found.day, found.longest, found.limit) == (12, 0, 12)


@pytest.mark.parametrize("days", [0, 20])
def test_too_little_history(days: int) -> None:
    """Less than three weeks allow no judgement."""
    assert usual_of(regular(days), has_opening_hours=False) is None


def test_too_few_people() -> None:
    """A door that hardly anybody passes allows no judgement."""
    hours = empty(regular(56))
    hours[::40] = [hour._replace(entered=1) for hour in hours[::40]]
    assert usual_of(hours, has_opening_hours=False) is None


def test_too_few_days() -> None:
    """Days without counts are no history."""
    hours = [hour for hour in regular(40) if hour.day % 3 == 0]
    assert usual_of(hours, has_opening_hours=False) is None


def test_only_eight_weeks_count() -> None:
    """People of half a year ago aren't usual any more."""
    before = regular(126, people=100)
    hours = [*before[: 63 * DAY_HOURS], *regular(126)[63 * DAY_HOURS :]]
    assert usual(hours) == usual(regular(126))


def test_holiday_is_no_alarm() -> None:
    """Without opening hours, a day without anybody may be a holiday; two aren't."""
    hours = regular(60)
    found = usual(hours[: 50 * DAY_HOURS])
    nights_and_day = hours[50 * DAY_HOURS : 51 * DAY_HOURS + 8]
    assert hours_until_noticed(found, nights_and_day) is None
    # Noon of the second day.
    assert hours_until_noticed(found, hours[50 * DAY_HOURS :]) == DAY_HOURS + 12


def test_covered_at_noon() -> None:
    """People who came on the day don't make it an ordinary one: a shop may close early before a holiday."""
    hours = regular(60)
    found = usual(hours[: 50 * DAY_HOURS + 14])
    assert hours_until_noticed(found, hours[50 * DAY_HOURS + 14 :]) == 10 + 12


def test_only_open_time_counts() -> None:
    """With opening hours, four of twelve open hours are too long; a closed day has no length."""
    hours = [
        hour._replace(opened=float(8 <= hour.hour_of_week % DAY_HOURS < 20 and hour.day != FIRST_DAY + 50))
        for hour in regular(60)
    ]
    found = usual(hours[: 50 * DAY_HOURS], has_opening_hours=True)
    assert hours_until_noticed(found, hours[50 * DAY_HOURS :]) == DAY_HOURS + 12
    assert found.missed(empty(hours[50 * DAY_HOURS : 51 * DAY_HOURS])) == 0


def test_open_on_sundays_only() -> None:
    """A church that opens once a week is judged, too: a Sunday without anybody isn't likely."""
    hours = [
        hour._replace(entered=hour.entered * is_sunday, opened=float(is_sunday and 8 <= hour.hour_of_week % 24 < 20))
        for hour in regular(63)
        for is_sunday in (hour.hour_of_week // DAY_HOURS == 6,)
    ]
    found = usual(hours[: 56 * DAY_HOURS], has_opening_hours=True)
    assert hours_until_noticed(found, hours[56 * DAY_HOURS :]) == 6 * DAY_HOURS + 12


def test_cleaner_is_no_visitor() -> None:
    """People who pass while the door is closed are expected in no open hour."""
    hours = [hour._replace(entered=5, opened=float(hour.hour_of_week % DAY_HOURS > 5)) for hour in regular(30)]
    found = usual(hours, has_opening_hours=True)
    assert [found.rates[hour] for hour in (5, 6)] == [0, 5]


def test_hours_without_counts_have_no_length() -> None:
    """An hour that is covered for a quarter is a quarter as long, so silence is no time without anybody."""
    hours = regular(60)
    found = usual(hours[: 50 * DAY_HOURS])
    part = [hour._replace(covered=0.25) for hour in hours[50 * DAY_HOURS : 54 * DAY_HOURS]]
    assert found.missed(empty(part)) == 3 * 144 / 4


def test_longest_time_before() -> None:
    """After three days without anybody in the history, it takes longer."""
    hours = regular(60)
    hours[30 * DAY_HOURS : 33 * DAY_HOURS] = empty(hours[30 * DAY_HOURS : 33 * DAY_HOURS])
    found = usual(hours)
    assert found.longest == pytest.approx(2 * 144 * 7 / 8, rel=0.02)
    assert found.limit == 2.5 * found.longest


# Simulated years


def false_alarms(hours: list[DoorHour], *, has_opening_hours: bool) -> int:
    """Return how many times without anybody would have been too long before the next person came."""
    return sum(
        (found := usual_before(hours, first, has_opening_hours=has_opening_hours)) is not None
        and found.missed(hours[first:last]) >= found.limit
        for first, last in times_without_anybody(hours)
    )


def times_without_anybody(hours: list[DoorHour]) -> Iterator[tuple[int, int]]:
    """Yield the positions of the first hour of each such time, and of the one after its last."""
    first: int | None = None
    for position, hour in enumerate(hours):
        if not hour.people:
            first = position if first is None else first
        elif first is not None:
            # A single night is never too long, and there are many.
            if first and position - first > 1:
                yield first, position
            first = None


def usual_before(hours: list[DoorHour], first: int, *, has_opening_hours: bool) -> Usual | None:
    """Return the usual people before a time without anybody."""
    return usual_of(hours[max(0, first - WEEKS_HOURS) : first], has_opening_hours=has_opening_hours)


def noticed_after(hours: list[DoorHour], chance: Random, *, has_opening_hours: bool) -> int:
    """Return after how many hours a camera is noticed that is covered while people pass."""
    covered = chance.choice([position for position, hour in enumerate(hours[:7000]) if position > 2000 and hour.people])
    first = next(position for position in range(covered, 0, -1) if hours[position - 1].people)
    found = usual_before(hours, first, has_opening_hours=has_opening_hours)
    assert found
    after = hours_until_noticed(found, hours[first : first + 40 * DAY_HOURS])
    return 40 * DAY_HOURS if after is None else first + after - covered


class Figures:
    """The figures that simulated years give."""

    def __init__(self, door: dict[str, Any], years: int, *, has_opening_hours: bool) -> None:
        """Simulate years of a door, each with some covered cameras."""
        chance = Random(16)
        alarms, self.delays = 0, list[int]()
        for _ in range(years):
            simulated = SimulatedDoor(chance, **door)
            hours = simulated.hours()
            if has_opening_hours:
                hours = simulated.with_opening_hours(hours)
            alarms += false_alarms(hours, has_opening_hours=has_opening_hours)
            self.delays += [noticed_after(hours, chance, has_opening_hours=has_opening_hours) for _ in range(5)]
        self.false_alarms = alarms / (years * 4)

    @property
    def median_delay(self) -> float:
        """The hours after which half of the covered cameras are noticed."""
        return median(self.delays)

    @property
    def long_delay(self) -> float:
        """The hours after which nearly all are."""
        return quantiles(self.delays, n=20)[-1]


@pytest.mark.parametrize(
    ("door", "has_opening_hours", "median_delay", "long_delay"),
    [
        pytest.param(QUIET, False, 5 * 24, 8 * 24, id="quiet"),
        pytest.param(BUSY, False, 36, 3 * 24, id="busy"),
        pytest.param(BUSY, True, 14, 30, id="busy, with opening hours"),
    ],
)
def test_two_years(door: dict[str, Any], has_opening_hours: bool, median_delay: float, long_delay: float) -> None:
    """There is at most one false alarm in three months, and a covered camera is noticed soon."""
    figures = Figures(door, 2, has_opening_hours=has_opening_hours)
    assert figures.false_alarms <= 1
    assert figures.median_delay <= median_delay
    assert figures.long_delay <= long_delay


@pytest.mark.slow
@pytest.mark.parametrize("has_opening_hours", [False, True], ids=["without hours", "with hours"])
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_many_years(
    door: dict[str, Any], has_opening_hours: bool, record_property: Callable[[str, object], None]
) -> None:
    """There are far fewer false alarms than one in three months."""
    figures = Figures(door, 20, has_opening_hours=has_opening_hours)
    record_property("false alarms in three months", figures.false_alarms)
    record_property("hours until a covered camera is noticed: median", figures.median_delay)
    record_property("hours until a covered camera is noticed: 95 %", figures.long_delay)
    assert figures.false_alarms <= 1 / 3

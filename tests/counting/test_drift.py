"""Doors whose in and out drift apart: single cases, and simulated years."""

from collections.abc import Callable
from itertools import pairwise
from random import Random
from statistics import median, quantiles
from typing import Any, Final

import pytest

from custom_components.axis_people_counter.counting import Drift, days_of, drift_of
from custom_components.axis_people_counter.counting.door_hours import DoorHour
from custom_components.axis_people_counter.counting.drift import Days

from ..helpers.door_histories import FIRST_DAY, FIRST_START, HOUR, SimulatedDoor

DAY_HOURS: Final = 24

DOORS: Final[dict[str, dict[str, Any]]] = {
    "quiet": {"people_a_day": 5},
    "quiet and irregular": {"people_a_day": 5, "is_irregular": True},
    "20 people": {"people_a_day": 20, "group": 3},
    "shop": {"people_a_day": 100, "weekend": (1.3, 0)},
    "entrance": {"people_a_day": 100, "part_in": 0.8},
    "busy": {"people_a_day": 2000},
}


def days(*counts: tuple[int, int], first: int = 0) -> list[Days]:
    """Return days with so many people in and out."""
    return [
        Days(FIRST_START + day * DAY_HOURS * HOUR, FIRST_DAY + day, entered, exited, DAY_HOURS)
        for day, (entered, exited) in enumerate(counts, first)
    ]


def test_direction_is_lost() -> None:
    """The third day without anybody out shows the drift."""
    before = [(50, 50)] * 30
    assert drift_of(days(*before, (50, 0), (50, 0))) is None
    assert drift_of(days(*before, (50, 0), (50, 1), (50, 0))) == Drift(FIRST_START + 30 * DAY_HOURS * HOUR, 150, 1, 0.5)
    assert drift_of(days(*before, (0, 50), (0, 50), (0, 50), (0, 50))) is not None


def test_one_normal_day_ends_it() -> None:
    """A door that is normal again on the last day has not drifted."""
    assert drift_of(days(*[(50, 50)] * 30, *[(50, 0)] * 5, (50, 48))) is None


@pytest.mark.parametrize("length", [3, 4, 9, 30])
@pytest.mark.parametrize("after", [(50, 0), (70, 30)])
def test_since_its_first_day(length: int, after: tuple[int, int]) -> None:
    """A drift begins on its first day, however long it has lasted, and all its people are counted."""
    entered, exited = after
    start = FIRST_START + 60 * DAY_HOURS * HOUR
    found = drift_of(days(*[(50, 50), (52, 48), (48, 52)] * 20, *[after] * length))
    assert found == Drift(start, length * entered, length * exited, 0.5)


def test_both_sides() -> None:
    """Days that differ now to one side and now to the other are no drift."""
    assert drift_of(days(*[(50, 50)] * 30, (80, 20), (20, 80), (80, 20))) is None


def test_small_difference() -> None:
    """A part that is off by little is none, and neither is one that is usual at this door."""
    assert drift_of(days(*[(50, 50)] * 30, *[(60, 40)] * 5)) is None
    assert drift_of(days(*[(50, 50), (50, 50), (66, 34)] * 10, *[(70, 30)] * 3)) is None
    assert drift_of(days(*[(50, 50)] * 30, *[(70, 30)] * 3)) is not None


@pytest.mark.parametrize(
    ("weekday", "weekend", "lost"), [((30, 70), (80, 20), (100, 0)), ((70, 30), (20, 80), (0, 100))]
)
def test_weekly_direction(weekday: tuple[int, int], weekend: tuple[int, int], lost: tuple[int, int]) -> None:
    """At a ferry, people may come each weekend and go on the other days. That is usual, and a lost direction isn't."""
    year = days(*[*[weekday] * 4, *[weekend] * 3] * 52)
    assert not [day for day in range(364) if drift_of(year[max(0, day - 112) : day])]
    assert drift_of([*year[:111], *days(*[lost] * 4, first=111)])


@pytest.mark.parametrize("count", [0, 2, 20])
def test_too_little_history(count: int) -> None:
    """Less than three weeks allow no judgement."""
    assert drift_of(days(*[(50, 50)] * count, *[(50, 0)] * 3)) is None


def test_too_few_groups() -> None:
    """Neither do few people."""
    assert drift_of(days(*[(1, 1)] * 40, *[(50, 0)] * 3)) is None


def test_new_history() -> None:
    """A drift goes on for weeks; after twelve, it is the door's history."""
    before = [(50, 50)] * 60
    assert drift_of(days(*before, *[(50, 0)] * 80)) is not None
    assert drift_of(days(*before, *[(50, 0)] * 90)) is None


def test_gap_in_history() -> None:
    """Groups from before a long gap aren't compared with."""
    assert drift_of([*days(*[(50, 50)] * 10), *days(*[(50, 50)] * 3, *[(50, 0)] * 3, first=100)]) is None


def test_quiet_days_are_taken_together() -> None:
    """At a quiet door, a group is some days, up to the last one."""
    before = [(3, 3)] * 45
    assert drift_of(days(*before, *[(3, 0)] * 20)) is None
    found = drift_of(days(*before, *[(3, 0)] * 27))
    assert found
    assert (found.entered, found.exited) == (81, 0)


def hour(day: int, at: int, entered: int) -> DoorHour:
    """Return an hour of a day."""
    return DoorHour(FIRST_START + (day * DAY_HOURS + at) * HOUR, FIRST_DAY + day, at, entered, 1, 1.0)


def test_days_with_enough_counts() -> None:
    """Today isn't over, and of a day with half of its counts, it isn't known who left in the evening."""
    whole = [hour(day, at, 2) for day in (0, 1, 3) for at in range(DAY_HOURS)]
    half = [hour(2, at, 2) for at in range(DAY_HOURS // 2)]
    found = days_of(sorted([*whole, *half]), FIRST_DAY + 3)
    assert [(day.day - FIRST_DAY, day.start, day.entered, day.exited) for day in found] == [
        (0, FIRST_START, 48, 24),
        (1, FIRST_START + DAY_HOURS * HOUR, 48, 24),
    ]
    assert days_of([], FIRST_DAY) == []


# Simulated years


def figures(door: dict[str, Any], years: int) -> tuple[float, list[int]]:
    """Return the false alarms in three months, and after how many days a lost direction is noticed."""
    chance = Random(16)
    alarms, delays = 0, list[int]()
    for _ in range(years):
        year = days_of(SimulatedDoor(chance, **door).hours(), FIRST_DAY + 365)
        is_drifted = [drift_of(year[max(0, day - 112) : day]) is not None for day in range(len(year))]
        alarms += sum(now and not before for before, now in pairwise(is_drifted))
        for _ in range(4):
            lost, direction = chance.randrange(100, 240), chance.choice(["entered", "exited"])
            broken = [*year[:lost], *(day._replace(**{direction: 0}) for day in year[lost:])]
            noticed = (day for day in range(lost, lost + 100) if drift_of(broken[max(0, day - 112) : day]))
            delays.append(next(noticed, lost + 100) - lost)
    return alarms / (years * 4), delays


@pytest.mark.parametrize("door", [DOORS["shop"], DOORS["busy"]], ids=["shop", "busy"])
def test_year(door: dict[str, Any]) -> None:
    """There is no false alarm, and a lost direction is noticed within a week."""
    false_alarms, delays = figures(door, 1)
    assert false_alarms == 0
    assert max(delays) <= 7


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_many_years(door: dict[str, Any], record_property: Callable[[str, object], None]) -> None:
    """There are far fewer false alarms than one in three months."""
    false_alarms, delays = figures(door, 10)
    record_property("false alarms in three months", false_alarms)
    record_property("days until a lost direction is noticed: median", median(delays))
    record_property("days until a lost direction is noticed: 95 %", quantiles(delays, n=20)[-1])
    assert false_alarms <= 1 / 3

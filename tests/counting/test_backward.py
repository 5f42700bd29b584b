"""Doors that seem to count backwards, from one day of a place."""

from collections.abc import Sequence
from typing import Final

import pytest

from custom_components.axis_people_counter.counting import (
    HOUR,
    DoorDay,
    Interval,
    backward_doors,
    columns_of,
    door_day,
    has_many_people,
)

type Hours = Sequence[tuple[int, int]]

# People in and out in some hours of a day.
BOTH_WAYS: Final[Hours] = [(40, 0), (40, 10), (20, 20), (0, 30), (0, 40)]
ENTRANCE: Final[Hours] = [(40, 0), (40, 1), (20, 0), (0, 0), (0, 0)]
EXIT: Final[Hours] = [(0, 0), (0, 10), (1, 20), (0, 30), (0, 40)]
# Nobody stays for long.
PASSAGE: Final[Hours] = [(50, 48), (50, 50), (50, 50), (50, 51), (50, 51)]
QUIET: Final[Hours] = [(0, 9), (0, 8)]
LIBRARY: Final[Hours] = [(60, 0), (70, 60), (80, 70), (60, 80), (0, 60)]
CHURCH: Final[Hours] = [(0, 0), (90, 1), (2, 92)]


def interval(start: int, end: int, entered: int, exited: int) -> Interval:
    """Return an interval, from hour to hour."""
    return Interval(start * HOUR, end * HOUR, entered, exited, None, None)


def day(hours: Hours, *, is_backward: bool = False) -> DoorDay:
    """Return the day of a door, which begins at midnight."""
    intervals = [
        interval(hour, hour + 1, *(reversed(people) if is_backward else people))
        for hour, people in enumerate([*hours, *[(0, 0)] * (24 - len(hours))])
    ]
    found = door_day([columns_of(intervals[:12]), columns_of(intervals[12:])], 0, 24 * HOUR)
    assert found
    return found


@pytest.mark.parametrize(
    ("doors", "backward"),
    [
        pytest.param([(BOTH_WAYS, False)], [], id="right"),
        pytest.param([(BOTH_WAYS, True)], [0], id="backward, but as many in as out"),
        pytest.param([(CHURCH, True)], [0], id="all come and go together"),
        pytest.param([(LIBRARY, True)], [0], id="most come when others have left"),
        pytest.param([(ENTRANCE, False)], [], id="only an entrance"),
        pytest.param([(EXIT, False)], [0], id="many more out than in"),
        pytest.param([(PASSAGE, False)], [], id="passage"),
        pytest.param([(PASSAGE, True)], [], id="backward passage, which nobody can tell"),
        pytest.param([(QUIET, False)], [], id="too few people"),
        pytest.param([(ENTRANCE, False), (EXIT, False)], [], id="museum"),
        pytest.param([(ENTRANCE, True), (EXIT, False)], [0], id="entrance of a museum"),
        pytest.param([(ENTRANCE, False), (EXIT, True)], [1], id="exit as door into a neighbouring room"),
        pytest.param([(BOTH_WAYS, False), (BOTH_WAYS, True)], [1], id="one of two that hide each other"),
        pytest.param([(BOTH_WAYS, False), (ENTRANCE, True)], [1], id="side entrance"),
        pytest.param([(BOTH_WAYS, False), (BOTH_WAYS, False), (EXIT[:3], False)], [], id="small exit"),
    ],
)
def test_backward_doors(doors: list[tuple[Hours, bool]], backward: list[int]) -> None:
    """The doors that are mounted the other way round are found, and no others."""
    assert backward_doors([day(hours, is_backward=is_backward) for hours, is_backward in doors]) == backward


def test_doors_that_are_both_backward() -> None:
    """Of two backward doors, each shows once the other one is turned."""
    both = [day(BOTH_WAYS, is_backward=True), day(BOTH_WAYS, is_backward=True)]
    (first,) = backward_doors(both)
    both[first] = both[first].turned()
    (second,) = backward_doors(both)
    assert {first, second} == {0, 1}
    both[second] = both[second].turned()
    assert backward_doors(both) == []


def test_people_inside_at_first() -> None:
    """Residents who leave in the morning and return in the evening are no sign of a backward door."""
    home = [(0, 50), (0, 30), (20, 0), (60, 0)]
    assert backward_doors([day(home)], inside=80) == []
    assert backward_doors([day(home)]) == [0]


def test_day_that_was_not_seen() -> None:
    """A day with more than an hour missing is no day; a few minutes don't matter."""
    intervals = [interval(hour, hour + 1, 1, 0) for hour in range(24)]
    assert door_day([columns_of(intervals[1:])], 0, 24 * HOUR) is not None
    assert door_day([columns_of(intervals[2:])], 0, 24 * HOUR) is None
    assert door_day([], 0, 24 * HOUR) is None


def test_interval_of_the_day_before() -> None:
    """People of an interval over the beginning belong to the day before."""
    found = door_day([columns_of([interval(-1, 1, 5, 0), interval(1, 24, 0, 3)])], 0, 24 * HOUR)
    assert found
    assert (found.entered, found.exited) == (0, 3)


def test_many_people() -> None:
    """Twenty people are enough."""
    assert not has_many_people([day([(9, 0)]), day([(0, 10)])])
    assert has_many_people([day([(9, 0)]), day([(1, 10)])])

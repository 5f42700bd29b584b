"""Days of many intervals, as from a camera that counts each second: no job reads or writes all of them."""

from pathlib import Path
from typing import Final

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.ledger import intervals as stored_intervals
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    DAY,
    HOUR,
    START,
    TIMEOUT,
    camera_row,
    counted_steps,
    interval,
    pack_all,
    packed_days,
    record,
    stored,
)

MIDNIGHT: Final = START // DAY * DAY


def minutes(day: int, number: int) -> list[Interval]:
    """Return the first minutes of a day after START."""
    return [interval(day * 24 * 60 + minute, 1) for minute in range(number)]


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a packed day have no more than twenty intervals."""
    monkeypatch.setattr(stored_intervals, "MAX_PACKED", 20)


@pytest.mark.usefixtures("_few")
def test_large_days_stay_in_rows(path: Path, ledger: Ledger) -> None:
    """A day with more intervals than a camera really counts isn't packed, but the days before and after it are."""
    record(ledger, 9 * DAY, *minutes(0, 21), *minutes(1, 20), *minutes(2, 21), *minutes(3, 1), *minutes(9, 1))
    assert pack_all(ledger, MIDNIGHT + 5 * DAY) == 4
    assert packed_days(path) == [1, 3]
    assert len(stored(path)) == 64
    # They aren't looked at again.
    with counted_steps(ledger) as counter:
        assert not ledger.pack(MIDNIGHT + 5 * DAY).result(TIMEOUT)
    assert counter["steps"] < 60
    assert pack_all(ledger, MIDNIGHT + 10 * DAY) == 1


@pytest.mark.usefixtures("_few")
def test_large_day_that_becomes_smaller(path: Path, ledger: Ledger) -> None:
    """A day is packed once a longer interval has replaced the many."""
    record(ledger, 9 * DAY, *minutes(0, 21), *minutes(1, 1), *minutes(9, 1))
    pack_all(ledger, MIDNIGHT + 5 * DAY)
    assert packed_days(path) == [1]
    record(ledger, 9 * DAY + 1, interval(0, 21, minutes=21))
    assert pack_all(ledger, MIDNIGHT + 5 * DAY) == 1
    assert packed_days(path) == [0, 1]


@pytest.mark.usefixtures("_few")
@pytest.mark.parametrize("is_packed", [False, True])
def test_large_days_are_deleted_in_parts(path: Path, ledger: Ledger, is_packed: bool) -> None:
    """Each step deletes no more intervals than a packed day may have."""
    record(ledger, 20 * DAY, *minutes(0, 70), *minutes(1, 20), *minutes(20, 1))
    if is_packed:
        pack_all(ledger, MIDNIGHT + 5 * DAY)
    numbers = []
    while ledger.delete_oldest_day(START + 21 * DAY, 3, [], has_recorder=False).result(TIMEOUT):
        numbers.append(len(stored(path)))
    assert [number for number in dict.fromkeys(numbers) if number > 21] == [91, 71, 51, 31]
    assert stored(path) == minutes(20, 1)
    assert camera_row(path, "total_entered, deleted_entered") == (91, 90)


def test_late_push_into_a_day_of_seconds(ledger: Ledger) -> None:
    """A late count of a day that a camera counted by the second costs no more than one of a day by the minute."""

    def cost_of_late_push(day: int) -> int:
        with counted_steps(ledger) as counter:
            record(ledger, 9 * DAY + 1, interval(day * 24 * 60 - 300, 5))
        return counter["steps"]

    seconds = (Interval(at, at + 1, 1, 0, None, None) for at in range(START, START + 2 * HOUR))
    record(ledger, 9 * DAY, *seconds, *minutes(1, 600), *minutes(9, 1))
    pack_all(ledger, MIDNIGHT + 5 * DAY)
    assert cost_of_late_push(0) <= cost_of_late_push(1)

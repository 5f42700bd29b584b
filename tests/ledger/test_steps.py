"""A day of many intervals is added up in steps, between which other jobs run."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.occupancy import Correction
from custom_components.axis_people_counter.ledger import folds
from custom_components.axis_people_counter.ledger.file import Answer
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.place_today import PlaceToday
from custom_components.axis_people_counter.ledger.places import Door, Place

from ..helpers.bare_ledger import DAY, HOUR, MINUTE, START, TIMEOUT, held_up, pack_all, push, sensor

MIDNIGHT: Final = START // DAY * DAY
SERIALS: Final = [sensor(number).serial for number in range(3)]
DOORS: Final = tuple(Door(serial, False) for serial in SERIALS)
DAILY: Final = Place("shop", DOORS, "midnight")
ENDLESS: Final = Place("hall", DOORS, "none")

type Read = Callable[[Ledger], Answer[Any]]


@pytest.fixture
def ledger(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Return a ledger with two places that adds up ten intervals at once."""
    monkeypatch.setattr(folds, "INTERVALS_AT_ONCE", 10)
    ledger.set_places([DAILY, ENDLESS]).result(TIMEOUT)
    return ledger


def send(ledger: Ledger, number: int, *starts: int, width: int = MINUTE, people: int = 1) -> None:
    """Push intervals in each of which people came in."""
    intervals = [Interval(start, start + width, people, 0, None, None) for start in starts]
    # More people are sent later.
    end = MIDNIGHT + DAY + people
    ledger.record(push(end, *intervals, sender=sensor(number), at=0), end).result(TIMEOUT)


def place_today(ledger: Ledger, key: str = DAILY.key) -> Answer[PlaceToday | None]:
    """Read a place."""
    resets = [Correction(MIDNIGHT, 0)] if key == DAILY.key else []
    return ledger.place_today(key, MIDNIGHT, MIDNIGHT + DAY, resets)


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda ledger: ledger.today(SERIALS[0], MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT), id="a camera"),
        pytest.param(place_today, id="a place"),
        pytest.param(lambda ledger: place_today(ledger, ENDLESS.key), id="a place without resets"),
    ],
)
def test_other_jobs_run_in_between(ledger: Ledger, read: Read) -> None:
    """A short read that comes after a long one is done before it; a day by the second would take a second otherwise."""
    for number in range(2):
        send(ledger, number, *range(MIDNIGHT, MIDNIGHT + 10 * HOUR, MINUTE))
    assert read(ledger).result(TIMEOUT)
    # The first minute changes: all later ones have to be added up again.
    send(ledger, 0, MIDNIGHT, people=2)
    order = []
    go_on = held_up(ledger)
    long, short = read(ledger), ledger.camera(SERIALS[1])
    long.add_done_callback(lambda _: order.append("long"))
    short.add_done_callback(lambda _: order.append("short"))
    go_on.set()
    assert long.result(TIMEOUT) == read(ledger).result(TIMEOUT)
    assert order == ["short", "long"]


def test_closing_finishes_all_steps(ledger: Ledger) -> None:
    """A read that has begun gets its result when the ledger is closed meanwhile."""
    send(ledger, 0, *range(MIDNIGHT, MIDNIGHT + 10 * HOUR, MINUTE))
    go_on = held_up(ledger)
    answer = place_today(ledger)
    closed = ledger.close()
    go_on.set()
    closed.result(TIMEOUT)
    found = answer.result(TIMEOUT)
    assert found
    assert found.entered == 600


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("key", [DAILY.key, ENDLESS.key])
@pytest.mark.parametrize("at_once", [1, 10, 10_000])
def test_doors_that_count_at_different_times(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, is_packed: bool, key: str, at_once: int
) -> None:
    """Doors that count seldom, over midnight or at other times are right, however many intervals a step has."""
    monkeypatch.setattr(folds, "INTERVALS_AT_ONCE", at_once)
    send(ledger, 0, MIDNIGHT - 5 * DAY)
    send(ledger, 1, MIDNIGHT - 3 * HOUR, MIDNIGHT - HOUR, width=2 * HOUR)
    send(ledger, 2, *range(MIDNIGHT, MIDNIGHT + 5 * HOUR, MINUTE))
    if is_packed:
        pack_all(ledger, MIDNIGHT)
    if key == ENDLESS.key:
        while ledger.advance_place(ENDLESS, MIDNIGHT).result(TIMEOUT):
            pass
    found = place_today(ledger, key).result(TIMEOUT)
    assert found
    assert found.entered == 300
    assert found.occupancy == {DAILY.key: 301, ENDLESS.key: 303}[key]
    assert found.counted_until == {
        SERIALS[0]: MIDNIGHT - 5 * DAY + MINUTE,
        SERIALS[1]: MIDNIGHT + HOUR,
        SERIALS[2]: MIDNIGHT + 5 * HOUR,
    }

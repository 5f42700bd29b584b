"""The cost of a push that is shown doesn't grow with the day: its fold is carried on."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
import sqlite3
from typing import Final

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.occupancy import Correction, Source
from custom_components.axis_people_counter.counting.replacements import Route
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.place_today import PlaceToday
from custom_components.axis_people_counter.ledger.places import Door, Place
from custom_components.axis_people_counter.ledger.today import Today

from ..helpers.bare_ledger import DAY, HOUR, MINUTE, START, TIMEOUT, counted_steps, pack_all, push, sender

MIDNIGHT: Final = START // DAY * DAY
DOORS: Final = range(10)
PLACE: Final = Place("shop", tuple(Door(sender(number).serial, False) for number in DOORS), "midnight")
ENDLESS: Final = Place("hall", PLACE.doors, "none")


@pytest.fixture
def ledger(ledger: Ledger) -> Ledger:
    """Return a ledger with a place of ten doors that is emptied at midnight, and one that never is."""
    ledger.set_places([PLACE, ENDLESS]).result(TIMEOUT)
    return ledger


def send(ledger: Ledger, number: int, start: int, *, minutes: int = 1, people: int = 1) -> None:
    """Push consecutive minutes from a door."""
    minute = range(start, start + minutes * MINUTE, MINUTE)
    intervals = [Interval(at, at + MINUTE, people, 0, None, None) for at in minute]
    end = start + minutes * MINUTE
    ledger.record(push(end, *intervals, sender=sender(number), at=0), end).result(TIMEOUT)


def camera(ledger: Ledger, number: int = 0) -> Today:
    """Read a camera."""
    return ledger.today(sender(number).serial, MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT).result(TIMEOUT)


def place(ledger: Ledger, key: str = PLACE.key) -> PlaceToday:
    """Read a place."""
    resets = [Correction(MIDNIGHT, 0)] if key == PLACE.key else []
    found = ledger.place_today(key, MIDNIGHT, MIDNIGHT + DAY, resets).result(TIMEOUT)
    assert found
    return found


def show(ledger: Ledger, start: int) -> None:
    """Push a minute from each door, and read the camera and both places after each push."""
    for number in DOORS:
        send(ledger, number, start)
        camera(ledger, number)
        place(ledger)
        place(ledger, ENDLESS.key)


def cost_at(ledger: Ledger, hour: int) -> int:
    """Return what it costs to show a minute of all doors at an hour."""
    start = MIDNIGHT + hour * HOUR
    begin = max((camera(ledger, number).newest or Interval(0, MIDNIGHT, 0, 0, None, None)).end for number in DOORS)
    for number in DOORS:
        send(ledger, number, begin, minutes=(start - begin) // MINUTE)
    show(ledger, start)
    with counted_steps(ledger) as counter:
        show(ledger, start + MINUTE)
    return counter["steps"]


def test_cost_does_not_grow_with_the_day(ledger: Ledger) -> None:
    """At ten in the evening, showing a push takes as many steps as at one in the morning."""
    send(ledger, 0, MIDNIGHT)
    for number in DOORS[1:]:
        send(ledger, number, MIDNIGHT)
    early, late = cost_at(ledger, 1), cost_at(ledger, 22)
    assert place(ledger).occupancy == 10 * (22 * 60 + 2)
    assert late <= 1.1 * early


def test_silent_door_does_not_hold_it_up(ledger: Ledger) -> None:
    """A door that stopped sending in the morning makes no read longer."""
    for number in DOORS:
        send(ledger, number, MIDNIGHT, minutes=60)
    for number in DOORS[1:]:
        send(ledger, number, MIDNIGHT + HOUR, minutes=60)
    place(ledger)
    with counted_steps(ledger) as few:
        send(ledger, 1, MIDNIGHT + 2 * HOUR)
        place(ledger)
    for number in DOORS[1:]:
        send(ledger, number, MIDNIGHT + 2 * HOUR + MINUTE, minutes=600)
    place(ledger)
    with counted_steps(ledger) as counter:
        send(ledger, 1, MIDNIGHT + 12 * HOUR + MINUTE)
        place(ledger)
    assert counter["steps"] <= 1.1 * few["steps"]
    # When it does send what it counted, everything is right.
    send(ledger, 0, MIDNIGHT + HOUR, minutes=60)
    assert place(ledger).occupancy == 120 + 9 * 720 + 2


def replace_first_minute(ledger: Ledger) -> None:
    """Replace the first minute of a door."""
    ledger.record(push(DAY, Interval(MIDNIGHT, MIDNIGHT + MINUTE, 5, 0, None, None), sender=sender(0)), 0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(replace_first_minute, 4 + 60, id="a replaced interval"),
        pytest.param(
            lambda ledger: ledger.correct(sender(0).serial, MIDNIGHT + 30 * MINUTE, 0, Source.ACTION),
            30,
            id="a correction in the past",
        ),
        pytest.param(
            lambda ledger: ledger.correct(sender(0).serial, MIDNIGHT + HOUR, 7, Source.ACTION),
            7,
            id="a correction at the end",
        ),
        pytest.param(lambda ledger: ledger.set_reversed(sender(0).serial, True), 0, id="another direction"),
    ],
)
def test_change_of_a_camera(ledger: Ledger, change: Callable[[Ledger], object], expected: int) -> None:
    """A change before the end of the fold is read again."""
    send(ledger, 0, MIDNIGHT, minutes=60)
    assert camera(ledger).occupancy == 60
    change(ledger)
    assert camera(ledger).occupancy == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(replace_first_minute, 4 + 60, id="a replaced interval"),
        pytest.param(
            lambda ledger: ledger.correct_place(PLACE, MIDNIGHT + 30 * MINUTE, 0, Source.ACTION),
            30,
            id="a correction in the past",
        ),
        pytest.param(
            lambda ledger: ledger.correct_place(PLACE, MIDNIGHT + HOUR, 7, Source.ACTION),
            7,
            id="a correction at the end",
        ),
        pytest.param(lambda ledger: ledger.set_reversed(sender(0).serial, True), 0, id="another direction"),
        pytest.param(
            lambda ledger: ledger.set_places([Place("shop", (Door(sender(0).serial, True),), "midnight")]),
            0,
            id="another direction of a door",
        ),
    ],
)
def test_change_of_a_place(ledger: Ledger, change: Callable[[Ledger], object], expected: int) -> None:
    """A change before the end of the fold is read again."""
    send(ledger, 0, MIDNIGHT, minutes=60)
    assert place(ledger).occupancy == 60
    change(ledger)
    assert place(ledger).occupancy == expected


def test_place_that_is_replaced(ledger: Ledger) -> None:
    """A new place that gets the id of a removed one begins anew."""
    send(ledger, 0, MIDNIGHT, minutes=60)
    assert place(ledger, ENDLESS.key).occupancy == 60
    ledger.set_places([PLACE]).result(TIMEOUT)
    ledger.set_places([PLACE, Place("cellar", (Door(sender(0).serial, True),), "none")]).result(TIMEOUT)
    assert place(ledger, "cellar").occupancy == 0


def test_interval_that_moves_to_another_key(ledger: Ledger) -> None:
    """The end of a door's counts is right after those that aren't carried on yet have moved to another key."""
    for number in DOORS:
        send(ledger, number, MIDNIGHT, minutes=60)
    send(ledger, 1, MIDNIGHT + HOUR)
    serial = sender(1).serial
    assert place(ledger).counted_until[serial] == MIDNIGHT + HOUR + MINUTE
    ledger.set_routes({serial: [Route(MIDNIGHT + HOUR, "another")]}, MIDNIGHT + 2 * HOUR).result(TIMEOUT)
    assert place(ledger).counted_until[serial] == MIDNIGHT + HOUR
    assert place(ledger).occupancy == 600


def test_door_that_begins_later(ledger: Ledger) -> None:
    """A door whose first counts of the day aren't carried on yet may lose them again."""
    send(ledger, 0, MIDNIGHT - HOUR)
    for number in DOORS[1:]:
        send(ledger, number, MIDNIGHT, minutes=60)
    serial = sender(0).serial
    send(ledger, 0, MIDNIGHT + HOUR)
    assert place(ledger).counted_until[serial] == MIDNIGHT + HOUR + MINUTE
    ledger.set_routes({serial: [Route(MIDNIGHT + HOUR, "another")]}, MIDNIGHT + 2 * HOUR).result(TIMEOUT)
    assert place(ledger).counted_until[serial] == MIDNIGHT - HOUR + MINUTE


def test_change_by_another_program(ledger: Ledger, path: Path) -> None:
    """Counts that another program has changed are read again."""
    send(ledger, 0, MIDNIGHT, minutes=60)
    assert (camera(ledger).counts.entered, place(ledger).entered) == (60, 60)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE intervals SET entered = 2")
        db.execute("UPDATE cameras SET total_entered = 120")
    assert (camera(ledger).counts.entered, place(ledger).entered) == (120, 120)


def test_statements_are_compiled_once(ledger: Ledger) -> None:
    """SQLite keeps each statement of a push that is shown: compiling one takes longer than running it."""
    compiled: list[tuple[object, ...]] = []

    def authorize(*action: object) -> int:
        # SQLite asks while it compiles a statement, and never while it runs one.
        compiled.append(action)
        return sqlite3.SQLITE_OK

    ledger.submit(lambda db: db.set_authorizer(authorize)).result(TIMEOUT)
    show(ledger, MIDNIGHT)
    show(ledger, MIDNIGHT + MINUTE)
    assert compiled
    compiled.clear()
    for minute in range(2, 5):
        show(ledger, MIDNIGHT + minute * MINUTE)
    assert compiled == []


def test_packed_day(ledger: Ledger) -> None:
    """A day that was packed is read again if a place changes."""
    for number in DOORS:
        send(ledger, number, MIDNIGHT, minutes=60)
    before = place(ledger)
    assert pack_all(ledger, MIDNIGHT + DAY)
    assert place(ledger) == before
    ledger.set_places([]).result(TIMEOUT)
    ledger.set_places([PLACE]).result(TIMEOUT)
    assert place(ledger) == before

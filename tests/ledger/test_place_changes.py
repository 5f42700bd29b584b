"""Since when the counts of a place have changed, for what keeps parts of its history."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
import sqlite3
from typing import Final

import pytest

from custom_components.axis_people_counter.counting.local_time import LATEST
from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.ledger import Door, Ledger, Place

from ..helpers.bare_ledger import MINUTE, SERIAL, START, TIMEOUT, interval, record, sender

OTHER: Final = sender(1)
PLACE: Final = Place("shop", (Door(SERIAL, False), Door("later", False)), "midnight")


@pytest.fixture
def ledger(ledger: Ledger) -> Ledger:
    """Return a ledger with a place and two cameras, of which one isn't a door."""
    ledger.set_places([PLACE]).result(TIMEOUT)
    record(ledger, 600, *(interval(minute, 1) for minute in range(10)))
    record(ledger, 600, interval(0, 1), sender=OTHER)
    return ledger


def taken(ledger: Ledger) -> int | None:
    """Return since which minute the place has changed, None where it hasn't."""
    since = ledger.take_place_changes(PLACE.key).result(TIMEOUT)
    return None if since == LATEST else (since - START) // MINUTE


def test_first_question(ledger: Ledger) -> None:
    """At first everything is new, and then nothing; a place that doesn't exist is always new."""
    assert ledger.take_place_changes(PLACE.key).result(TIMEOUT) == -LATEST
    assert taken(ledger) is None
    for _ in range(2):
        assert ledger.take_place_changes("nowhere").result(TIMEOUT) == -LATEST


@pytest.mark.parametrize(
    ("change", "minute"),
    [
        pytest.param(lambda ledger: record(ledger, 700, interval(10, 1)), 10, id="new counts"),
        pytest.param(lambda ledger: record(ledger, 700, interval(3, 5), interval(10, 1)), 3, id="corrected counts"),
        pytest.param(lambda ledger: record(ledger, 700, interval(3, 1)), None, id="the same counts again"),
        pytest.param(lambda ledger: record(ledger, 700, interval(3, 7), sender=OTHER), None, id="another camera"),
        pytest.param(
            lambda ledger: ledger.correct_place(PLACE, START + 4 * MINUTE, 7, Source.ACTION), 4, id="a correction"
        ),
        pytest.param(lambda ledger: ledger.set_places([PLACE]), None, id="the same place"),
    ],
)
def test_changes(ledger: Ledger, change: Callable[[Ledger], object], minute: int | None) -> None:
    """Each change of a door's counts or of the place's occupancy is noted, once."""
    taken(ledger)
    change(ledger)
    assert taken(ledger) == minute
    assert taken(ledger) is None


def test_earliest_of_several(ledger: Ledger) -> None:
    """Of several changes, the earliest counts."""
    taken(ledger)
    for minute in (8, 2, 5):
        record(ledger, 700 + minute, interval(minute, 9))
    assert taken(ledger) == 2


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda ledger: ledger.set_reversed(SERIAL, True), id="another direction"),
        pytest.param(
            lambda ledger: ledger.set_places([Place(PLACE.key, (Door(OTHER.serial, False),), "midnight")]),
            id="other doors",
        ),
    ],
)
def test_everything_is_new(ledger: Ledger, change: Callable[[Ledger], object]) -> None:
    """A change of direction or doors changes all counts of the place."""
    taken(ledger)
    change(ledger)
    assert ledger.take_place_changes(PLACE.key).result(TIMEOUT) <= 0


def test_change_by_another_program(ledger: Ledger, path: Path) -> None:
    """If another program has changed the file, everything is new."""
    taken(ledger)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE cameras SET name = 'Back'")
    assert ledger.take_place_changes(PLACE.key).result(TIMEOUT) == -LATEST

"""The opening hours that the ledger remembers by day."""

from pathlib import Path
from typing import Final

import pytest

from custom_components.axis_people_counter.counting import OpenHours, OpenSpan
from custom_components.axis_people_counter.ledger import schema
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Door, Place

from ..helpers.bare_ledger import DAY, HOUR, SERIAL, START, TIMEOUT, interval, opened, query, record, stored

SHOP: Final = Place("shop", (Door(SERIAL, False),), "")


def hours(day: int, end: int = DAY, name: str | None = None) -> OpenHours:
    """Return the hours of a day, or of its first part: days begin with START, and are open from their second hour."""
    start = START + day * DAY
    span = OpenSpan(start + HOUR, start + end)
    return OpenHours(start, start + end, (span,), (span._replace(name=name),) if name else ())


def fixed(ledger: Ledger, place: str = "shop", start: int = 0, end: int = 2**40) -> list[OpenHours]:
    """Return the fixed hours of a place."""
    return ledger.opening_days(place, start, end).result(TIMEOUT)


def fix(ledger: Ledger, *found: OpenHours, place: str = "shop") -> None:
    """Fix hours of a place."""
    ledger.fix_opening_days(place, found).result(TIMEOUT)


def test_hours_are_kept(path: Path) -> None:
    """Hours of a place are there again after a restart; a day that goes on replaces its first part."""
    with opened(path) as ledger:
        fix(ledger, hours(1, 10 * HOUR), hours(0, name="Fête <b> 🎉"))
        fix(ledger, hours(1, 12 * HOUR))
        fix(ledger, hours(0, 5 * HOUR), place="hall")
    with opened(path) as ledger:
        assert fixed(ledger) == [hours(0, name="Fête <b> 🎉"), hours(1, 12 * HOUR)]
        assert fixed(ledger, "hall") == [hours(0, 5 * HOUR)]
        assert fixed(ledger, "office") == []


def test_hours_of_a_stretch(ledger: Ledger) -> None:
    """Only the hours that overlap a stretch of time are returned."""
    fix(ledger, *(hours(day) for day in range(5)))
    assert fixed(ledger, start=START + DAY, end=START + 3 * DAY) == [hours(1), hours(2)]
    assert fixed(ledger, start=START + 2 * DAY - 1, end=START + 2 * DAY + 1) == [hours(1), hours(2)]


def test_places_without_hours(ledger: Ledger) -> None:
    """The hours of all places but those with opening hours are deleted."""
    for place in ("shop", "hall", "office"):
        fix(ledger, hours(0), place=place)
    ledger.keep_opening_days(["hall", "new"]).result(TIMEOUT)
    assert [fixed(ledger, place) for place in ("shop", "hall", "office")] == [[], [hours(0)], []]


def test_deleted_with_old_counts(ledger: Ledger) -> None:
    """Hours are deleted with the counts of their day, and aren't stored again."""
    days = 40
    for day in range(days):
        record(ledger, START + (day + 1) * DAY, interval(day * 24 * 60, 1, minutes=24 * 60))
    fix(ledger, *(hours(day) for day in range(days)))
    now = START + days * DAY
    while ledger.delete_oldest_day(now, 10, [], has_recorder=False).result(TIMEOUT):
        pass
    left = fixed(ledger)
    assert left == [hours(day) for day in range(days - len(left), days)]
    assert 10 <= len(left) <= 13
    fix(ledger, *(hours(day) for day in range(days)))
    assert fixed(ledger) == left


def test_ledger_of_an_earlier_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger from before there were opening hours keeps its counts and places, and remembers hours from now on."""
    number = next(number for number, sql in enumerate(schema.MIGRATIONS) if "TABLE opening_days" in sql)
    with monkeypatch.context() as earlier:
        earlier.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:number])
        with opened(path) as ledger:
            record(ledger, 1, interval(0, 3))
            ledger.set_places([SHOP]).result(TIMEOUT)
        assert query(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'opening_days'") == [(0,)]
    with opened(path) as ledger:
        assert fixed(ledger) == []
        fix(ledger, hours(0))
        assert fixed(ledger) == [hours(0)]
    assert stored(path) == [interval(0, 3)]
    assert query(path, "SELECT key FROM places") == [("shop",)]
    assert query(path, "PRAGMA user_version") == [(len(schema.MIGRATIONS),)]

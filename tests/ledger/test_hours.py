"""Hourly sums of rows and packed days."""

import pytest

from custom_components.axis_people_counter.ledger import hours, intervals
from custom_components.axis_people_counter.ledger.hours import CountedHour, HourlySums
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import DAY, HOUR, SERIAL, START, TIMEOUT, interval, pack_all, record


def sums(ledger: Ledger, start: int, end: int) -> HourlySums:
    """Return the sums of some hours after START."""
    camera = ledger.camera(SERIAL).result(TIMEOUT)
    assert camera
    return ledger.submit(lambda db: hours.sums(db, camera.id, START + start * HOUR, START + end * HOUR)).result(TIMEOUT)


def test_sums(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums belong to the hour in which an interval begins; every hour that it reaches into is covered."""
    monkeypatch.setattr(intervals, "ROWS_AT_ONCE", 2)
    record(
        ledger,
        1,
        interval(5, 1, 2, adults=(1, 0)),
        interval(6, 10),
        interval(20, 100, adults=(50, 1)),
        interval(50, 3, minutes=150),
        interval(230, 4, minutes=10),
    )
    first = CountedHour(START + 5 * 60, 114, 2, 51, 1, 13 * 60)
    last = CountedHour(START + 230 * 60, 4, 0, 0, 0, 600)
    for before in (0, START + 2 * DAY):
        pack_all(ledger, before)
        found = sums(ledger, 0, 9)
        assert found.by_hour == {START: first, START + 3 * HOUR: last}
        assert found.covered_hours == {START + hour * HOUR for hour in (0, 1, 2, 3)}
        # An interval that began before reaches into the first hours.
        found = sums(ledger, 2, 9)
        assert found.by_hour == {START + 3 * HOUR: last}
        assert found.covered_hours == {START + 2 * HOUR, START + 3 * HOUR}
        assert sums(ledger, 1, 2) == ({}, {START + HOUR, START + 2 * HOUR, START + 3 * HOUR})

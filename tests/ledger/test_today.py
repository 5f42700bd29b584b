"""The counts of a day, and all that its occupancy depends on."""

import pytest

from custom_components.axis_people_counter.counting.occupancy import Correction, Passage, Source
from custom_components.axis_people_counter.ledger.errors import LedgerError
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.today import Counts

from ..helpers.bare_ledger import DAY, SERIAL, START, TIMEOUT, interval, record


def test_today(ledger: Ledger) -> None:
    """Counts of the day, passages that end after the reset, and corrections since the reset."""
    record(
        ledger,
        3600,
        interval(-1, 100, 100, adults=(50, 50)),
        interval(0, 5, 2, adults=(4, 1)),
        interval(1, 1, 0),
        interval(1440, 70, 70),
    )
    for at, value in ((60, 3), (30, 9), (29, 1)):
        ledger.correct(SERIAL, START + at, value, Source.ACTION).result(TIMEOUT)
    today = ledger.today(SERIAL, START, START + DAY, START + 30).result(TIMEOUT)
    assert today.counts == Counts(6, 2, 4, 1)
    assert today.newest == interval(1440, 70, 70)
    assert today.passages == [
        Passage(START + 60, 5, 2),
        Passage(START + 120, 1, 0),
        Passage(START + DAY + 60, 70, 70),
    ]
    assert today.corrections == [Correction(START + 30, 9), Correction(START + 60, 3)]
    assert today.quarantined == 0


def test_interval_that_ends_at_the_reset(ledger: Ledger) -> None:
    """An interval that ends at the reset lies before it; one that continues lies after it."""
    record(ledger, 600, interval(-1, 1), interval(0, 2, minutes=5))
    at_the_start = ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert at_the_start.passages == [Passage(START + 300, 2, 0)]
    assert ledger.today(SERIAL, START, START + DAY, START + 299).result(TIMEOUT).passages == at_the_start.passages


def test_today_without_counts(ledger: Ledger) -> None:
    """Counts are 0, and adults are unknown."""
    record(ledger, 60)
    today = ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert today.counts == Counts(0, 0, None, None)
    assert (today.newest, today.passages, today.corrections) == (None, [], [])


def test_corrections_at_the_same_instant(ledger: Ledger) -> None:
    """Corrections at the same instant keep their order."""
    record(ledger, 60)
    for value in (3, 1, 2):
        ledger.correct(SERIAL, START, value, Source.ACTION).result(TIMEOUT)
    today = ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert [correction.value for correction in today.corrections] == [3, 1, 2]


def test_today_of_an_unknown_camera(ledger: Ledger) -> None:
    """A ledger that was begun anew doesn't know the camera until it pushes."""
    with pytest.raises(LedgerError, match=SERIAL):
        ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert ledger.quarantined(SERIAL, 10).result(TIMEOUT) == []

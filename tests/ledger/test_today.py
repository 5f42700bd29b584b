"""The counts and the occupancy of a camera's day."""

import pytest

from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.ledger.errors import LedgerError
from custom_components.axis_people_counter.ledger.folds import Counts
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import DAY, SERIAL, START, TIMEOUT, interval, record


def test_today(ledger: Ledger) -> None:
    """Counts of the day; occupancy of passages that end after the reset, and of corrections since the reset."""
    record(
        ledger,
        3600,
        interval(-1, 100, 100, adults=(50, 50)),
        interval(0, 5, 2, adults=(4, 1)),
        interval(1, 1, 0),
        interval(1440, 70, 69),
    )
    for at, value in ((60, 3), (30, 9), (29, 1)):
        ledger.correct(SERIAL, START + at, value, Source.ACTION).result(TIMEOUT)
    today = ledger.today(SERIAL, START, START + DAY, START + 30).result(TIMEOUT)
    assert today.counts == Counts(6, 2, 4, 1)
    assert today.total == Counts(176, 171, 54, 51)
    assert today.newest == interval(1440, 70, 69)
    assert today.occupancy == 3 + 1 + 70 - 69
    assert today.quarantined == 0


def test_today_of_a_reversed_camera(ledger: Ledger) -> None:
    """Everything is in the direction that the user set."""
    record(ledger, 60, interval(0, 1, 5, adults=(0, 4)))
    ledger.set_reversed(SERIAL, True).result(TIMEOUT)
    today = ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert (today.counts, today.total, today.occupancy) == (Counts(5, 1, 4, 0), Counts(5, 1, 4, 0), 4)


def test_interval_that_ends_at_the_reset(ledger: Ledger) -> None:
    """An interval that ends at the reset lies before it; one that continues lies after it."""
    record(ledger, 600, interval(-1, 1), interval(0, 2, minutes=5))
    for reset, inside in ((START - 1, 3), (START, 2), (START + 299, 2), (START + 300, 0)):
        assert ledger.today(SERIAL, START, START + DAY, reset).result(TIMEOUT).occupancy == inside


def test_today_without_counts(ledger: Ledger) -> None:
    """Counts are 0, and adults are unknown; the occupancy can be set all the same."""
    record(ledger, 60)
    today = ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert today.counts == Counts(0, 0, None, None)
    assert (today.newest, today.occupancy, today.missing_seconds) == (None, 0, 0)
    ledger.correct(SERIAL, START, 4, Source.ACTION).result(TIMEOUT)
    assert ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT).occupancy == 4


def test_corrections_at_the_same_instant(ledger: Ledger) -> None:
    """The last of several corrections at the same instant counts."""
    record(ledger, 60)
    for value in (3, 1, 2):
        ledger.correct(SERIAL, START, value, Source.ACTION).result(TIMEOUT)
    assert ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT).occupancy == 2


def test_today_of_an_unknown_camera(ledger: Ledger) -> None:
    """A ledger that was begun anew doesn't know the camera until it pushes."""
    with pytest.raises(LedgerError, match=SERIAL):
        ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert ledger.quarantined(SERIAL, 10).result(TIMEOUT) == []

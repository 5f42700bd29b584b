"""Hourly sums of rows and packed days."""

import pytest

from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.ledger import intervals
from custom_components.axis_people_counter.ledger.hour_counts import HourCounts
from custom_components.axis_people_counter.ledger.hours import CountedHour, HourColumns, counted_hours
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    DAY,
    HOUR,
    MINUTE,
    SERIAL,
    START,
    TIMEOUT,
    interval,
    pack_all,
    record,
    series_of_camera,
)


@pytest.fixture(params=[False, True], ids=["rows", "packed days"])
def ledger(ledger: Ledger, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Return a ledger with some intervals, in rows or packed."""
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
    if request.param:
        pack_all(ledger, START + 2 * DAY)
    return ledger


def test_sums(ledger: Ledger) -> None:
    """Sums belong to the hour in which an interval begins, also where two pages meet within it."""
    first = CountedHour(START, START + 5 * MINUTE, START + 200 * MINUTE, 114, 2, 51, 1, 13 * MINUTE)
    hour = START + 3 * HOUR
    last = CountedHour(hour, START + 230 * MINUTE, START + 4 * HOUR, 4, 0, 0, 0, 10 * MINUTE)
    found = ledger.each_columns(SERIAL, START, START + 9 * HOUR)
    assert list(counted_hours(found)) == [first, last]
    assert list(counted_hours(ledger.each_columns(SERIAL, START + 2 * HOUR, START + 9 * HOUR))) == [last]
    assert last.counts == HourCounts(4, 0, 0, 0)


def test_covered_hours(ledger: Ledger) -> None:
    """There is an interval in each hour that one reaches into."""
    series = series_of_camera(ledger)
    assert series
    assert list(series.hours.entered) == [114, 0, 0, 4]
    assert list(series.hours.is_counted) == [1, 1, 1, 1]
    ledger.confirm_series(SERIAL).result(TIMEOUT)
    ledger.correct(SERIAL, START + 130 * MINUTE, 5, Source.ACTION).result(TIMEOUT)
    series = series_of_camera(ledger)
    assert series
    # The first of these hours has nothing but a part of an earlier interval.
    assert (series.start, series.before) == (START + 2 * HOUR, HourCounts(114, 2, 51, 1))
    assert list(series.hours.entered) == [0, 4]
    assert list(series.hours.is_counted) == [1, 1]


def test_hours_of_two_doors() -> None:
    """Each hour has the counts of both, and is counted if one of them has an interval in it."""
    one, other = (HourColumns.without_counts(START, START + 3 * HOUR) for _ in range(2))
    one.add(START, HourCounts(1, 2, 3, 4))
    one.cover(START, START + 1)
    other.add(START, HourCounts(10, 20, 30, 40))
    other.cover(START + HOUR, START + DAY)
    one.add_hours(other)
    assert list(one.counts()) == [HourCounts(11, 22, 33, 44), HourCounts(0, 0, 0, 0), HourCounts(0, 0, 0, 0)]
    assert list(one.is_counted) == [1, 1, 1]
    assert one.total() == HourCounts(11, 22, 33, 44)
    assert one.reversed().total() == HourCounts(22, 11, 44, 33)

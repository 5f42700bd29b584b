"""Intervals of different widths replace each other, or wait for the rest of what they replace."""

from pathlib import Path
from time import perf_counter

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.quarantine import OVERLAP

from ..helpers.ledgers import (
    MINUTE,
    SERIAL,
    START,
    TIMEOUT,
    interval,
    opened,
    quarantined,
    quarter,
    query,
    record,
    stored,
    waiting,
)


def test_a_quarter_is_replaced_by_its_minutes(path: Path, ledger: Ledger) -> None:
    """Fifteen minutes in one push stand for the quarter; nobody passed just now."""
    record(ledger, 900, interval(0, 20, minutes=15))
    changes = record(ledger, 960, *quarter(2))
    assert stored(path) == quarter(2)
    assert (changes.new_intervals, changes.since, quarantined(ledger)) == ((), START, 0)


def test_in_one_push_the_finer_counts(path: Path, ledger: Ledger) -> None:
    """Minutes that are all of a quarter, beside that quarter."""
    record(ledger, 900, interval(0, 20, minutes=15), *quarter(2))
    assert stored(path) == quarter(2)
    assert waiting(path) == []


def test_minutes_of_a_quarter_wait_for_the_others(path: Path, ledger: Ledger) -> None:
    """Part of them can't be taken without losing or doubling people; when the rest comes all are."""
    record(ledger, 900, interval(0, 20, minutes=15))
    changes = record(ledger, 960, *quarter(2)[:8])
    assert quarantined(ledger) == 8
    assert (changes.new_intervals, changes.since) == ((), None)
    assert stored(path) == [interval(0, 20, minutes=15)]
    changes = record(ledger, 1020, *quarter(2)[8:])
    assert (changes.since, quarantined(ledger)) == (START, 0)
    assert stored(path) == quarter(2)


def test_what_waits_is_there_once(path: Path, ledger: Ledger) -> None:
    """Re-delivered it waits once, told anew it waits as it was told last."""
    record(ledger, 900, interval(0, 20, minutes=15))
    for sent in (960, 960, 1020):
        record(ledger, sent, interval(3, sent))
        assert quarantined(ledger) == 1
    ((taken,),) = query(path, "SELECT entered FROM quarantine")
    assert taken == 1020


def test_a_quarter_replaces_its_minutes(path: Path, ledger: Ledger) -> None:
    """Also where some of them were never heard of."""
    record(ledger, 600, *quarter(2)[:9])
    changes = record(ledger, 960, interval(0, 20, minutes=15))
    assert stored(path) == [interval(0, 20, minutes=15)]
    assert (changes.new_intervals, changes.since) == ((), START)


def test_a_quarter_that_was_sent_earlier_waits_no_longer_than_needed(path: Path, ledger: Ledger) -> None:
    """Minutes that were told later stand where it comes late: it is as if it had come in time."""
    record(ledger, 960, *quarter(2))
    changes = record(ledger, 900, interval(0, 20, minutes=15))
    assert stored(path) == quarter(2)
    assert (changes.since, quarantined(ledger)) == (None, 0)


def test_what_cuts_into_a_stored_one_waits(path: Path, ledger: Ledger) -> None:
    """Neither people who were counted are lost, nor anybody doubled."""
    record(ledger, 900, interval(0, 20, minutes=15))
    changes = record(ledger, 1800, interval(10, 7, minutes=10), interval(20, 1))
    assert changes.new_intervals == (interval(20, 1),)
    assert stored(path) == [interval(0, 20, minutes=15), interval(20, 1)]
    assert waiting(path) == [(10, 20)]
    (held,) = ledger.quarantined(SERIAL, 5).result(TIMEOUT)
    assert held.interval == interval(10, 7, minutes=10)
    assert held.reason == OVERLAP


def test_what_waits_far_around_is_found(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """A long chain of intervals of which each cuts the next is settled alike from any end of it."""
    chain = [interval(20 * number, 1, minutes=20) for number in range(200)]
    links = [interval(20 * number + 10, 1, minutes=15) for number in range(199)]
    gaps = [interval(20 * number + 5, 1, minutes=5) for number in range(199)]
    record(ledger, 1, *chain)
    record(ledger, 2, *links)
    assert len(waiting(path)) == 199
    # With the last of these, nothing of the chain is left that links and gaps don't cover.
    for gap in reversed(gaps):
        record(ledger, 3, gap)
    record(ledger, 3, interval(0, 1, minutes=5))
    with opened(tmp_path / "turned.db") as turned:
        record(turned, 3, interval(0, 1, minutes=5), *gaps)
        record(turned, 2, *links)
        record(turned, 1, *chain)
    assert stored(turned.path) == stored(path)
    assert waiting(turned.path) == waiting(path)
    assert set(links[:198]) <= set(stored(path))


def seconds_for(ledger: Ledger, sent: int, *intervals: Interval) -> float:
    """Record a push and return how long that took."""
    begin = perf_counter()
    record(ledger, sent, *intervals)
    return perf_counter() - begin


def test_one_amid_thousands_that_cut_each_other_costs_no_more_than_they_did(ledger: Ledger) -> None:
    """What hangs together is read once, not again for each of it."""
    chain = [Interval(START + 20 * n, START + 20 * n + 20, 1, 0, None, None) for n in range(4000)]
    links = [Interval(START + 20 * n + 10, START + 20 * n + 25, 1, 0, None, None) for n in range(4000)]
    all_of_it = seconds_for(ledger, 1, *chain) + seconds_for(ledger, 2, *links)
    one = Interval(START + 40_005, START + 40_006, 1, 0, None, None)
    assert seconds_for(ledger, 3, one) < 5 * all_of_it


def test_the_history_between_two_intervals_costs_nothing(ledger: Ledger) -> None:
    """A camera whose clock began in 1970 tells of then and of now in one push."""
    history = seconds_for(ledger, 0, *[interval(minute, 1) for minute in range(100_000)])
    then, now = Interval(0, MINUTE, 1, 0, None, None), interval(100_000, 1)
    assert seconds_for(ledger, 100_001 * MINUTE, then, now) < history / 5

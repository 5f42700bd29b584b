"""Intervals of different widths replace each other, or wait for the rest of what they replace."""

from pathlib import Path
from time import perf_counter

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.rejected import Reason
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
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


def test_minutes_replace_their_quarter(path: Path, ledger: Ledger) -> None:
    """Fifteen minutes in one push replace their quarter; none of them is new."""
    record(ledger, 900, interval(0, 20, minutes=15))
    changes = record(ledger, 960, *quarter(2))
    assert stored(path) == quarter(2)
    assert (changes.new_intervals, changes.since, quarantined(ledger)) == ((), START, 0)


def test_minutes_and_their_quarter_in_one_push(path: Path, ledger: Ledger) -> None:
    """The shorter intervals of a push are accepted."""
    record(ledger, 900, interval(0, 20, minutes=15), *quarter(2))
    assert stored(path) == quarter(2)
    assert waiting(path) == []


def test_some_minutes_wait_for_the_others(path: Path, ledger: Ledger) -> None:
    """Storing some of them would lose people or count them twice."""
    record(ledger, 900, interval(0, 20, minutes=15))
    changes = record(ledger, 960, *quarter(2)[:8])
    assert quarantined(ledger) == 8
    assert (changes.new_intervals, changes.since) == ((), None)
    assert stored(path) == [interval(0, 20, minutes=15)]
    changes = record(ledger, 1020, *quarter(2)[8:])
    assert (changes.since, quarantined(ledger)) == (START, 0)
    assert stored(path) == quarter(2)


def test_waiting_interval_sent_again(path: Path, ledger: Ledger) -> None:
    """A waiting interval is stored once, with its newest counts."""
    record(ledger, 900, interval(0, 20, minutes=15))
    for sent in (960, 960, 1020):
        record(ledger, sent, interval(3, sent))
        assert quarantined(ledger) == 1
    assert query(path, "SELECT entered FROM quarantine") == [(1020,)]


def test_quarter_replaces_its_minutes(path: Path, ledger: Ledger) -> None:
    """A later quarter replaces its minutes, also if some of them never came."""
    record(ledger, 600, *quarter(2)[:9])
    changes = record(ledger, 960, interval(0, 20, minutes=15))
    assert stored(path) == [interval(0, 20, minutes=15)]
    assert (changes.new_intervals, changes.since) == ((), START)


def test_late_quarter_sent_before_its_minutes(path: Path, ledger: Ledger) -> None:
    """The minutes stay, as if the quarter had come in time."""
    record(ledger, 960, *quarter(2))
    changes = record(ledger, 900, interval(0, 20, minutes=15))
    assert stored(path) == quarter(2)
    assert (changes.since, quarantined(ledger)) == (None, 0)


def test_interval_that_cuts_into_a_stored_one_waits(path: Path, ledger: Ledger) -> None:
    """No people are lost or counted twice."""
    record(ledger, 900, interval(0, 20, minutes=15))
    changes = record(ledger, 1800, interval(10, 7, minutes=10), interval(20, 1))
    assert changes.new_intervals == (interval(20, 1),)
    assert stored(path) == [interval(0, 20, minutes=15), interval(20, 1)]
    assert waiting(path) == [(10, 20)]
    (held,) = ledger.quarantined(SERIAL, 5).result(TIMEOUT)
    assert held.interval == interval(10, 7, minutes=10)
    assert held.reason == Reason.OVERLAP


def test_chain_of_intervals_that_cut_each_other(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """A chain of intervals has the same result from both ends."""
    chain = [interval(20 * number, 1, minutes=20) for number in range(200)]
    links = [interval(20 * number + 10, 1, minutes=15) for number in range(199)]
    gaps = [interval(20 * number + 5, 1, minutes=5) for number in range(199)]
    record(ledger, 1, *chain)
    record(ledger, 2, *links)
    assert len(waiting(path)) == 199
    # With the last gap, links and gaps cover the whole chain.
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


def test_cost_of_one_interval_in_a_long_chain(ledger: Ledger) -> None:
    """A push reads the chain once."""
    chain = [Interval(START + 20 * n, START + 20 * n + 20, 1, 0, None, None) for n in range(4000)]
    links = [Interval(START + 20 * n + 10, START + 20 * n + 25, 1, 0, None, None) for n in range(4000)]
    all_of_it = seconds_for(ledger, 1, *chain) + seconds_for(ledger, 2, *links)
    last = Interval(START + 40_005, START + 40_006, 1, 0, None, None)
    assert seconds_for(ledger, 3, last) < 5 * all_of_it


def test_cost_of_two_intervals_far_apart(ledger: Ledger) -> None:
    """Intervals between two distant ones aren't read, as with a camera whose clock began in 1970."""
    history = seconds_for(ledger, 0, *[interval(minute, 1) for minute in range(30_000)])
    then, now = Interval(0, MINUTE, 1, 0, None, None), interval(30_000, 1)
    assert seconds_for(ledger, 30_001 * MINUTE, then, now) < history / 5

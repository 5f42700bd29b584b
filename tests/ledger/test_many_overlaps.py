"""The cost of a push doesn't grow with the intervals that its camera has sent before, however these overlap."""

from collections.abc import Callable

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.ledger import quarantine, retry
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import SERIAL, START, TIMEOUT, bad, contents, counted_steps, interval, quarantined, record


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each interval be compared with no more than 140 others."""
    monkeypatch.setattr(quarantine, "MAX_COMPARED", 20)


def chain(ledger: Ledger, length: int) -> None:
    """Record intervals each of which overlaps the next one, so that half of them wait."""
    record(ledger, 1000 * 60, *(interval(3 * number, 1, minutes=4) for number in range(length)))


def wide(ledger: Ledger, length: int) -> None:
    """Record minutes that wait for the rest of a longer interval, which was sent earlier."""
    record(ledger, 999 * 60, interval(1, 1, minutes=length + 1))
    record(ledger, 1000 * 60, *(interval(minute, 1) for minute in range(2, length)))


@pytest.mark.parametrize("before", [chain, wide])
def test_many_waiting_intervals(ledger: Ledger, before: Callable[[Ledger, int], None]) -> None:
    """An interval that would have to be compared with very many waits uncompared, until a person deletes these."""
    before(ledger, 300)
    waiting = quarantined(ledger)
    assert waiting >= 150
    late = interval(100, 5, minutes=2)
    # A camera may repeat it.
    for again in range(2):
        assert record(ledger, (1001 + again) * 60, late).not_stored == 0
        assert quarantined(ledger) == waiting + 1
    # An interval at another time is stored.
    assert record(ledger, 1001 * 60, interval(950, 5)).not_stored == 0
    ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last).result(TIMEOUT)
    assert record(ledger, 1004 * 60, late).not_stored == 0
    assert quarantined(ledger) <= 1


def test_full_quarantine(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such an interval stays in the camera if there is no room for it; one that is stored already needs none."""
    chain(ledger, 300)
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", quarantined(ledger) + 1)
    late = [interval(minute, 5, minutes=2) for minute in (100, 200)]
    assert record(ledger, 1001 * 60, *late).not_stored == 1
    assert record(ledger, 1001 * 60, interval(0, 1, minutes=4)).not_stored == 0


@pytest.mark.parametrize("before", [chain, wide])
def test_cost_of_many_waiting_intervals(ledger: Ledger, before: Callable[[Ledger, int], None]) -> None:
    """Each of them adds no more than a look at the index to the cost of a push."""

    def cost() -> int:
        with counted_steps(ledger) as counter:
            record(ledger, 1001 * 60, interval(500, 5, minutes=2))
        return counter["steps"]

    before(ledger, 400)
    some = cost()
    before(ledger, 1200)
    assert cost() - some < 20 * 800


@pytest.mark.parametrize("before", [chain, wide])
def test_retry_of_many_waiting_intervals(
    ledger: Ledger, before: Callable[[Ledger, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry compares an interval with no more others than a push does, and what isn't compared goes on waiting."""
    monkeypatch.setattr(retry, "RETRY_PAGE", 1)

    def cost(minute: int) -> int:
        """Return the steps of a page, after a rejected interval has come that is readable now."""
        readable = [interval(minute, 5, minutes=2)]
        record(ledger, 1001 * 60, rejected=[bad(minute)])
        expected = quarantined(ledger)
        with counted_steps(ledger) as counter:
            last: int | None = 0
            while last is not None:
                last = ledger.retry(SERIAL, lambda *_: readable, START, last).result(TIMEOUT).last
        assert quarantined(ledger) == expected
        return counter["steps"] // expected

    before(ledger, 300)
    some = cost(100)
    before(ledger, 600)
    # As for a push, each of the others adds no more than a look at the index.
    assert cost(200) - some < 20 * 300


def test_intervals_that_are_far_apart(ledger: Ledger) -> None:
    """Stored intervals between those of a push aren't read."""
    both = [interval(0, 1), interval(700, 1)]

    def cost(sent: int) -> int:
        with counted_steps(ledger) as counter:
            assert record(ledger, sent, *both).not_stored == 0
        return counter["steps"]

    record(ledger, 800 * 60, *both)
    few = cost(801 * 60)
    record(ledger, 800 * 60, *(interval(minute, 1) for minute in range(1, 700)))
    assert cost(802 * 60) < 1.5 * few


@pytest.mark.parametrize(("number", "left"), [(20, 0), (21, 21)])
def test_many_rejected_intervals(ledger: Ledger, number: int, left: int) -> None:
    """Rejected intervals that are covered go, unless there are very many."""
    record(ledger, 0, rejected=[bad(0, content=str(each)) for each in range(number)])
    assert record(ledger, 60, interval(0, 1)).not_stored == 0
    assert len(contents(ledger)) == left


@pytest.mark.parametrize(("number", "left"), [(20, 0), (21, 1)])
def test_rejected_interval_over_many(ledger: Ledger, number: int, left: int) -> None:
    """A rejected interval is kept if very many cover it."""
    record(ledger, 1000, *(Interval(*each[:2], 1, 0, None, None) for each in map(interval, range(number))))
    record(ledger, 0, rejected=[bad(0, minutes=number)])
    assert len(contents(ledger)) == left

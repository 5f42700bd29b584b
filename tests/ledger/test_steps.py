"""A day of many intervals is added up in steps, between which other jobs run."""

from collections.abc import Callable
from itertools import count, pairwise
from typing import Any, Final

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.occupancy import (
    Correction,
    Passage,
    Source,
    has_reached,
    thresholds,
)
from custom_components.axis_people_counter.ledger import folds, places
from custom_components.axis_people_counter.ledger.answers import Answer
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.place_today import PlaceToday
from custom_components.axis_people_counter.ledger.places import Door, Place
from custom_components.axis_people_counter.ledger.today import Today

from ..helpers.bare_ledger import DAY, HOUR, MINUTE, START, TIMEOUT, counted_steps, held_up, pack_all, push, sender

MIDNIGHT: Final = START // DAY * DAY
SERIALS: Final = [sender(number).serial for number in range(3)]
DOORS: Final = tuple(Door(serial, False) for serial in SERIALS)
DAILY: Final = Place("shop", DOORS, "midnight")
ENDLESS: Final = Place("hall", DOORS, "none")

type Read = Callable[[Ledger], Answer[Any]]


@pytest.fixture
def ledger(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Return a ledger with two places that adds up ten intervals at once."""
    monkeypatch.setattr(folds, "INTERVALS_AT_ONCE", 10)
    ledger.set_places([DAILY, ENDLESS]).result(TIMEOUT)
    return ledger


def send(ledger: Ledger, number: int, *starts: int, width: int = MINUTE, people: int = 1) -> None:
    """Push intervals in each of which people came in."""
    intervals = [Interval(start, start + width, people, 0, None, None) for start in starts]
    # More people are sent later.
    end = MIDNIGHT + DAY + people
    ledger.record(push(end, *intervals, sender=sender(number), at=0), end).result(TIMEOUT)


def place_today(ledger: Ledger, key: str = DAILY.key) -> Answer[PlaceToday | None]:
    """Read a place."""
    resets = [Correction(MIDNIGHT, 0)] if key == DAILY.key else []
    return ledger.place_today(key, MIDNIGHT, MIDNIGHT + DAY, resets)


READS: Final = pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda ledger: ledger.today(SERIALS[0], MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT), id="a camera"),
        pytest.param(place_today, id="a place"),
        pytest.param(lambda ledger: place_today(ledger, ENDLESS.key), id="a place without resets"),
    ],
)


@READS
def test_other_jobs_run_in_between(ledger: Ledger, read: Read) -> None:
    """A short read that comes after a long one is done before it; a day by the second would take a second otherwise."""
    for number in range(2):
        send(ledger, number, *range(MIDNIGHT, MIDNIGHT + 10 * HOUR, MINUTE))
    assert read(ledger).result(TIMEOUT)
    # The first minute changes: all later ones have to be added up again.
    send(ledger, 0, MIDNIGHT, people=2)
    order = []
    go_on = held_up(ledger)
    long, short = read(ledger), ledger.camera(SERIALS[1])
    long.add_done_callback(lambda _: order.append("long"))
    short.add_done_callback(lambda _: order.append("short"))
    go_on.set()
    assert long.result(TIMEOUT) == read(ledger).result(TIMEOUT)
    assert order == ["short", "long"]


@READS
def test_changes_in_between(ledger: Ledger, read: Read) -> None:
    """A read ends although its steps are followed by changes of the first minute, with an answer of one instant."""
    for number in range(2):
        send(ledger, number, *range(MIDNIGHT, MIDNIGHT + 10 * HOUR, MINUTE))
    answer = read(ledger)
    changes = 0
    while not answer.done():
        changes += 1
        send(ledger, 0, MIDNIGHT, people=1 + changes)
        assert changes < 50
    assert changes
    found = read(ledger).result(TIMEOUT)
    entered = found.counts.entered if isinstance(found, Today) else found.entered
    assert entered == (600 if isinstance(found, Today) else 1200) + changes


@READS
def test_answers_of_one_instant(ledger: Ledger, read: Read) -> None:
    """A change between two steps counts wholly or not at all."""
    for number in range(2):
        send(ledger, number, *range(MIDNIGHT, MIDNIGHT + 10 * HOUR, MINUTE))
    right = [read(ledger).result(TIMEOUT)]
    ledger.set_reversed(SERIALS[0], True).result(TIMEOUT)
    right.append(read(ledger).result(TIMEOUT))
    assert right[0] != right[1]
    for number in range(20):
        answer = read(ledger)
        ledger.set_reversed(SERIALS[0], bool(number % 2)).result(TIMEOUT)
        found = answer.result(TIMEOUT)
        if isinstance(found, Today):
            assert (found.counts, found.occupancy) in [(each.counts, each.occupancy) for each in right]
        else:
            assert found in right


def test_two_days_at_once(ledger: Ledger) -> None:
    """Reads of two days, as around midnight, both end."""
    send(ledger, 0, *range(MIDNIGHT - DAY, MIDNIGHT + 10 * HOUR, MINUTE))
    go_on = held_up(ledger)
    answers = [ledger.today(SERIALS[0], day, day + DAY, day) for day in (MIDNIGHT - DAY, MIDNIGHT)]
    go_on.set()
    assert [answer.result(TIMEOUT).counts.entered for answer in answers] == [24 * 60, 10 * 60]


def test_closing_finishes_all_steps(ledger: Ledger) -> None:
    """A read that has begun gets its result when the ledger is closed meanwhile."""
    send(ledger, 0, *range(MIDNIGHT, MIDNIGHT + 10 * HOUR, MINUTE))
    go_on = held_up(ledger)
    answer = place_today(ledger)
    closed = ledger.close()
    go_on.set()
    closed.result(TIMEOUT)
    found = answer.result(TIMEOUT)
    assert found
    assert found.entered == 600


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("key", [DAILY.key, ENDLESS.key])
@pytest.mark.parametrize("at_once", [1, 10, 10_000])
def test_doors_that_count_at_different_times(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, is_packed: bool, key: str, at_once: int
) -> None:
    """Doors that count seldom, over midnight or at other times are right, however many intervals a step has."""
    monkeypatch.setattr(folds, "INTERVALS_AT_ONCE", at_once)
    send(ledger, 0, MIDNIGHT - 5 * DAY)
    send(ledger, 1, MIDNIGHT - 3 * HOUR, MIDNIGHT - HOUR, width=2 * HOUR)
    send(ledger, 2, *range(MIDNIGHT, MIDNIGHT + 5 * HOUR, MINUTE))
    if is_packed:
        pack_all(ledger, MIDNIGHT)
    if key == ENDLESS.key:
        while ledger.advance_place(ENDLESS, MIDNIGHT).result(TIMEOUT):
            pass
    found = place_today(ledger, key).result(TIMEOUT)
    assert found
    assert found.entered == 300
    assert found.occupancy == {DAILY.key: 301, ENDLESS.key: 303}[key]
    assert found.counted_until == {
        SERIALS[0]: MIDNIGHT - 5 * DAY + MINUTE,
        SERIALS[1]: MIDNIGHT + HOUR,
        SERIALS[2]: MIDNIGHT + 5 * HOUR,
    }


def test_limits_of_a_place_without_resets(ledger: Ledger) -> None:
    """However much the occupancy goes up and down, no more of it is kept than its limits depend on."""

    def reached(*limits: int) -> list[bool]:
        place = Place(ENDLESS.key, DOORS, "none", thresholds(limits, hysteresis=5))
        ledger.set_places([place]).result(TIMEOUT)
        while (found := place_today(ledger, place.key).result(TIMEOUT)) is None:
            ledger.advance_place(place, MIDNIGHT).result(TIMEOUT)
        assert found.occupancy == 30
        assert len(found.occupancies) <= 1 + 2 * len(limits)
        return [has_reached(limit, found.occupancies, hysteresis=5) for limit in limits]

    # Each swing is smaller than the one before. The last numbers are of the next day.
    inside = [32 + swing * (-1) ** swing for swing in range(32, 2, -1)] + [31, 30]
    for number, (before, after) in enumerate(pairwise([0, *inside])):
        start = MIDNIGHT + (number - 30) * MINUTE
        counts = Interval(start, start + MINUTE, max(0, after - before), max(0, before - after), None, None)
        ledger.record(push(start + HOUR, counts, sender=sender(0), at=0), start).result(TIMEOUT)
    assert reached(20, 60) == [True, False]
    # After a change, it is found that another limit was reached the day before.
    assert reached(35) == [False]
    assert reached(34) == [True]
    assert reached(60, 20) == [False, True]


@pytest.mark.parametrize("is_packed", [False, True])
def test_day_of_many_intervals_in_a_place_without_resets(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, is_packed: bool
) -> None:
    """The running count of a place is the same if a day is added up in parts, while other jobs run."""
    place = Place(ENDLESS.key, DOORS, "none", (3, 50, 100))
    send(ledger, 0, *range(MIDNIGHT - 2 * DAY, MIDNIGHT - DAY, 2 * MINUTE))
    send(ledger, 1, *range(MIDNIGHT - 2 * DAY - HOUR, MIDNIGHT - DAY, HOUR), width=HOUR)
    send(ledger, 2, MIDNIGHT - 3 * DAY)
    ledger.set_reversed(SERIALS[1], True).result(TIMEOUT)
    if is_packed:
        pack_all(ledger, MIDNIGHT - 2 * DAY)
    ledger.correct_place(place, MIDNIGHT - DAY - 5 * HOUR, 7, Source.ACTION).result(TIMEOUT)

    def answers() -> list[object]:
        # With other doors, and with these ones again, all is added up anew.
        ledger.set_places([Place(place.key, (), place.schedule)]).result(TIMEOUT)
        ledger.set_places([place]).result(TIMEOUT)
        found: list[object] = [ledger.running_before(place, MIDNIGHT - day * DAY) for day in range(4)]
        return [*found, place_today(ledger, place.key).result(TIMEOUT)]

    at_once = answers()
    assert at_once[0] == (MIDNIGHT, 7 + 150 - 5)
    monkeypatch.setattr(places, "INTERVALS_AT_ONCE", 10)
    assert answers() == at_once
    # A correction in the middle of the day is followed by less than half of its steps.
    ledger.correct_place(place, MIDNIGHT - DAY - 4 * HOUR, 7, Source.ACTION).result(TIMEOUT)
    monkeypatch.setattr(places, "SECONDS_AT_ONCE", 0)
    steps = 1
    while ledger.advance_place(place, MIDNIGHT).result(TIMEOUT):
        steps += 1
    assert 20 < steps < 40
    assert ledger.running_before(place, MIDNIGHT) == (MIDNIGHT, 7 + 120 - 4)


def test_passages_are_read_in_parts(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passages of a day of many intervals are read in parts, as statistics of a place need them."""
    send(ledger, 0, *range(MIDNIGHT, MIDNIGHT + 10 * HOUR, 2 * MINUTE))
    send(ledger, 1, *range(MIDNIGHT, MIDNIGHT + 12 * HOUR, HOUR), width=HOUR)

    def read() -> list[Passage]:
        return list(ledger.each_passage(DAILY.key, MIDNIGHT, MIDNIGHT + DAY))

    at_once = read()
    assert len(at_once) == 300 + 12
    monkeypatch.setattr(places, "INTERVALS_AT_ONCE", 20)
    assert read() == at_once
    with counted_steps(ledger) as all_parts:
        read()
    with counted_steps(ledger) as first_part:
        next(ledger.each_passage(DAILY.key, MIDNIGHT, MIDNIGHT + DAY))
    assert first_part["steps"] < all_parts["steps"] / 10
    assert list(ledger.each_passage("nowhere", MIDNIGHT, MIDNIGHT + DAY)) == []


def test_earlier_counts_that_come_meanwhile(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The running count begins with the first count where changes keep it from getting further; nobody waits for it."""
    monkeypatch.setattr(places, "DAYS_AT_ONCE", 1)
    send(ledger, 0, *range(MIDNIGHT - 9 * DAY, MIDNIGHT, DAY))
    advance = Ledger.advance_place

    def changed_meanwhile(ledger: Ledger, place: Place, at: int) -> Answer[bool]:
        answer = advance(ledger, place, at)
        # An earlier day each time.
        earlier = MIDNIGHT - (10 + next(days)) * DAY
        send(ledger, 1, earlier)
        return answer

    days = count()
    monkeypatch.setattr(Ledger, "advance_place", changed_meanwhile)
    assert ledger.running_before(ENDLESS, MIDNIGHT) == (MIDNIGHT - (9 + next(days)) * DAY, 0)

"""The cost of a push with many rejected intervals."""

import tracemalloc

import pytest

from custom_components.axis_people_counter.counting.interval import Interval, Intervals
from custom_components.axis_people_counter.counting.protocol import Push
from custom_components.axis_people_counter.counting.rejected import Reason, Rejected
from custom_components.axis_people_counter.counting.replacements import Route
from custom_components.axis_people_counter.ledger import quarantine
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    DAY,
    MINUTE,
    SENDER,
    SERIAL,
    START,
    TIMEOUT,
    bad,
    contents,
    counted_steps,
    interval,
    push,
    record,
    rejected_texts,
)

DAYS = 5
EACH = 600


def cost(ledger: Ledger, rejected: list[Rejected], sent: int = 1) -> tuple[int, int]:
    """Return the steps of a push and how many of its intervals found no room."""
    with counted_steps(ledger) as counter:
        changes = ledger.record(push(sent, rejected=rejected), START).result(TIMEOUT)
    return counter["steps"], changes.not_stored


def minutes(first: int) -> list[list[Rejected]]:
    """Return a list of rejected minutes for each day."""
    return [[bad(first + minute - 1440 * day) for minute in range(EACH)] for day in range(DAYS)]


def count_days(ledger: Ledger) -> None:
    """Record the minutes that come before the rejected ones of each day, later than these are sent."""
    counted = [interval(minute - 1440 * day, 1) for day in range(DAYS) for minute in range(EACH)]
    record(ledger, 10, *counted)


def test_each_day_is_read_once(ledger: Ledger) -> None:
    """However the rejected intervals of some days are mixed, each day is read once."""
    count_days(ledger)
    by_day = [rejected for of_day in minutes(700) for rejected in of_day]
    mixed = [rejected for of_minute in zip(*minutes(700), strict=True) for rejected in of_minute]
    assert sorted(by_day, key=repr) == sorted(mixed, key=repr)
    in_order, _ = cost(ledger, by_day)
    ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last).result(TIMEOUT)
    assert cost(ledger, mixed)[0] < 1.05 * in_order
    assert contents(ledger) == [rejected.content for rejected in mixed]


def test_days_that_were_never_counted(ledger: Ledger) -> None:
    """Days without readable intervals cost no more than the minutes of a day, however many they are."""
    record(ledger, 10, interval(0, 1))
    near, _ = cost(ledger, [bad(10 + minute) for minute in range(EACH)])
    assert cost(ledger, [bad(1440 * (100 + day)) for day in range(EACH)])[0] < 1.2 * near
    assert cost(ledger, [bad(-1440 * (100 + day)) for day in range(EACH)])[0] < 1.2 * near


@pytest.mark.parametrize("room", [0, 7])
def test_little_room(ledger: Ledger, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room, covered intervals aren't reported as left out, and stored ones need no look at a day."""
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", room)
    count_days(ledger)
    # Covered, stored while there is room, and one of these for a second time.
    covered = [bad(minute) for minute in range(EACH)]
    new = [bad(700 + minute) for minute in range(EACH)]
    expensive, not_stored = cost(ledger, [*covered, *new, new[0]])
    assert not_stored == EACH - room + (room == 0)
    assert contents(ledger) == [rejected.content for rejected in new[:room]]
    again, not_stored = cost(ledger, new[:room], 2)
    assert not_stored == 0
    assert again < expensive / 20
    assert cost(ledger, covered)[1] == 0


def test_short_interval_after_one_that_found_no_room(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interval that is too long for what remains doesn't keep a shorter one out."""
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED_BYTES", 1000)
    changes = record(
        ledger, 1, rejected=[Rejected(Reason.COUNT_IMPOSSIBLE, "é" * 451), Rejected(Reason.COUNT_IMPOSSIBLE, "é" * 450)]
    )
    assert changes.not_stored == 1
    assert contents(ledger) == ["é" * 450]


def test_wide_intervals_of_a_day(ledger: Ledger) -> None:
    """Rejected intervals of many widths are compared with the intervals around them, as one by one."""
    record(ledger, 10, *(Interval(START + at, START + at + 7, 1, 0, None, None) for at in range(0, 7000, 7)))
    rejected = [
        Rejected(Reason.COUNT_IMPOSSIBLE, f"{at} {width}", (START + at, START + at + width))
        for at in range(-50, 7000, 331)
        for width in (1, 50, 3600, DAY)
    ]
    expected = [
        some.content for some in rejected if some.time and not START <= some.time[0] < some.time[1] <= START + 7000
    ]
    record(ledger, 1, rejected=rejected)
    assert contents(ledger) == expected


@pytest.mark.parametrize("routed", [False, True])
def test_memory_of_texts(ledger: Ledger, routed: bool) -> None:
    """The texts of rejected intervals aren't all in memory at once, also if the camera replaced another one."""
    texts = rejected_texts(
        Rejected(
            Reason.COUNT_IMPOSSIBLE,
            f"{number} {'x' * 100_000} \N{DOOR}",
            (START + number * MINUTE, START + (number + 1) * MINUTE),
        )
        for number in range(-100, 0)
    )
    if routed:
        ledger.set_routes({SERIAL: [Route(START - 50 * MINUTE, "accc00000001")]}, START).result(TIMEOUT)
    tracemalloc.start()
    try:
        changes = ledger.record(Push(SENDER, START, Intervals(), texts), START).result(TIMEOUT)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
    assert changes.not_stored == 0
    assert len(contents(ledger)) == (50 if routed else 100)


@pytest.mark.parametrize("order", [1, -1])
def test_widths_within_a_push(ledger: Ledger, order: int) -> None:
    """Readable intervals of the same push cover wider rejected ones, and no shorter ones, in any order."""
    quarters = [interval(0, 1, minutes=15), interval(15, 1, minutes=15)]
    record(ledger, 1800, *quarters, rejected=[bad(0, minutes=20), bad(3)][::order])
    assert contents(ledger) == ["3 1"]

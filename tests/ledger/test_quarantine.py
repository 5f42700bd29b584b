"""Intervals that cannot be stored are set aside, within limits."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.rejected import Reason, Rejected
from custom_components.axis_people_counter.ledger import quarantine
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    DAY,
    MINUTE,
    SERIAL,
    START,
    TIMEOUT,
    assert_sound,
    bad,
    contents,
    interval,
    keep,
    memory_folder,
    opened,
    push,
    quarantined,
    quarter,
    query,
    record,
    sender,
    stored,
    waiting,
)
from ..helpers.histories import Report, aligned, cutting, examples, history


def test_rejected_intervals_are_set_aside(ledger: Ledger) -> None:
    """Rejected intervals are stored as they were sent, with the reason; the rest of the push is stored."""
    rejected = [Rejected(Reason.ENDS_BEFORE_START, '{"a": 1}'), Rejected(Reason.ITEMS_MISSING, '{"b": 2}')]
    changes = record(ledger, 60, interval(0, 5), rejected=rejected)
    assert changes.new_intervals == (interval(0, 5),)
    assert quarantined(ledger) == 2
    held = ledger.quarantined(SERIAL, 10).result(TIMEOUT)
    assert [(kept.reason, kept.content, kept.interval) for kept in held] == [
        (Reason.ITEMS_MISSING, '{"b": 2}', None),
        (Reason.ENDS_BEFORE_START, '{"a": 1}', None),
    ]
    assert [kept.content for kept in ledger.quarantined(SERIAL, 1).result(TIMEOUT)] == ['{"b": 2}']


def test_rejected_interval_sent_again(ledger: Ledger) -> None:
    """A rejected interval is stored once, with the time when it came first."""
    for sent in (60, 60, 120):
        record(ledger, sent, rejected=[Rejected(Reason.COUNT_IMPOSSIBLE, "x"), Rejected(Reason.COUNT_IMPOSSIBLE, "y")])
        assert quarantined(ledger) == 2
    assert {kept.received for kept in ledger.quarantined(SERIAL, 10).result(TIMEOUT)} == {START + 60}
    record(ledger, 120, sender=sender(1), rejected=[Rejected(Reason.COUNT_IMPOSSIBLE, "x")])
    assert quarantined(ledger, sender(1).serial) == 1


@pytest.mark.parametrize("days", [2, pytest.param(90, marks=pytest.mark.slow)])
def test_all_intervals_a_camera_keeps_fit_in(ledger: Ledger, days: int) -> None:
    """A camera keeps 90 days by the minute. Sent again, they take no more room; valid intervals are stored."""
    assert quarantine.MAX_QUARANTINED > 90 * 24 * 60
    whole = [bad(minute) for minute in range(days * 24 * 60)]
    for sent in (1, 2):
        changes = ledger.record(push(sent, interval(-5, 3), rejected=whole), START).result(10 * TIMEOUT)
        assert (changes.not_stored, changes.camera.total_entered) == (0, 3)
        assert ledger.quarantine(SERIAL, 0).result(TIMEOUT).count == len(whole)


@pytest.fixture
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the quarantine of a camera hold twenty."""
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", 20)


@pytest.mark.usefixtures("_little_room")
def test_full_quarantine(path: Path, ledger: Ledger) -> None:
    """Quarantined intervals stay, new ones aren't stored, valid ones are; other cameras have room of their own."""
    whole = [bad(minute) for minute in range(25)]
    for sent in (1, 2):
        changes = record(ledger, sent, interval(-1, sent), rejected=whole)
        assert changes.not_stored == 5
        assert contents(ledger) == [rejected.content for rejected in whole[:20]]
        assert stored(path) == [interval(-1, sent)]
    assert record(ledger, 3, rejected=whole[:20]).not_stored == 0
    assert record(ledger, 3, sender=sender(1), rejected=whole[:20]).not_stored == 0
    # Intervals that are stored already take no room, wherever they stand in the push.
    ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last - 2).result(TIMEOUT)
    assert record(ledger, 4, rejected=[whole[19], *whole[:18], whole[18], whole[20]]).not_stored == 1
    assert len(contents(ledger)) == 20
    assert whole[20].content not in contents(ledger)


@pytest.mark.usefixtures("_little_room")
def test_room_is_free_again(ledger: Ledger) -> None:
    """Counted or dropped intervals make room for others."""
    whole = [bad(minute) for minute in range(22)]
    assert record(ledger, 1, rejected=whole).not_stored == 2
    record(ledger, 2, interval(0, 1))
    assert record(ledger, 3, rejected=whole[1:]).not_stored == 1
    ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last).result(TIMEOUT)
    assert record(ledger, 4, rejected=whole[1:]).not_stored == 1
    assert record(ledger, 5, rejected=whole[2:]).not_stored == 1


def test_limit_of_all_cameras_together(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invented cameras can't fill the disk, neither with rejected nor with waiting intervals."""
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED_BYTES", 10_100)
    long = [Rejected(Reason.COUNT_IMPOSSIBLE, f"{number} {'é' * 400}") for number in range(6)]
    assert record(ledger, 1, sender=sender(1), rejected=long).not_stored == 0
    changes = record(ledger, 1, interval(0, 7), sender=sender(2), rejected=long)
    assert (changes.not_stored, changes.camera.total_entered) == (1, 7)
    # A short one still fits in.
    record(ledger, 2, interval(0, 20, minutes=15), sender=sender(3))
    assert record(ledger, 3, *quarter(1)[:9], sender=sender(3)).not_stored == 8
    ((size,),) = query(ledger.path, "SELECT sum(quarantined_bytes) FROM cameras")
    assert size == 11 * 902 + 100
    # An invented camera is removed.
    ledger.set_removed(sender(1).serial).result(TIMEOUT)
    assert record(ledger, 4, sender=sender(2), rejected=long).not_stored == 0


@pytest.mark.usefixtures("_little_room")
def test_limit_of_waiting_intervals(path: Path, ledger: Ledger) -> None:
    """Waiting intervals beyond the limit aren't stored, and valid ones are."""
    record(ledger, 1, interval(0, 1, minutes=600))
    minutes = [interval(minute, 1) for minute in range(100)]
    for sent in (2, 3):
        changes = record(ledger, sent, *minutes, interval(700 + sent, 1))
        assert changes.not_stored == 80
        assert changes.new_intervals == (interval(700 + sent, 1),)
        assert len(waiting(path)) == quarantined(ledger) == 20
    assert stored(path)[0] == interval(0, 1, minutes=600)
    # All of them together replace the long one, so that none has to wait.
    assert record(ledger, 4, *(interval(minute, 1) for minute in range(600))).not_stored == 0
    assert quarantined(ledger) == 0
    assert len(stored(path)) == 602


@pytest.mark.usefixtures("_little_room")
def test_waiting_interval_is_replaced_in_a_full_quarantine(path: Path, ledger: Ledger) -> None:
    """A newer interval of the same minutes takes the room of the older one."""
    record(ledger, 900, interval(0, 20, minutes=15))
    record(ledger, 960, *quarter(2)[:8], rejected=[bad(100 + number) for number in range(12)])
    assert record(ledger, 1020, *quarter(3)[:8]).not_stored == 0
    assert query(path, "SELECT DISTINCT entered FROM quarantine WHERE content IS NULL") == [(3,)]
    assert record(ledger, 1080, *quarter(3)[:9]).not_stored == 1
    assert len(waiting(path)) == 8


@pytest.mark.usefixtures("_little_room")
def test_late_interval_without_room(path: Path, ledger: Ledger) -> None:
    """If a stored interval would have to wait and there is no room, the late one isn't stored instead."""
    keep(ledger, 1, *(f"x{number}" for number in range(20)))
    record(ledger, 960, interval(10, 7, minutes=10))
    changes = record(ledger, 900, interval(0, 20, minutes=15), interval(30, 1))
    assert changes.not_stored == 1
    assert stored(path) == [interval(10, 7, minutes=10), interval(30, 1)]
    ledger.drop(SERIAL, 1).result(TIMEOUT)
    assert record(ledger, 900, interval(0, 20, minutes=15)).not_stored == 0
    assert stored(path) == [interval(0, 20, minutes=15), interval(30, 1)]
    assert waiting(path) == [(10, 20)]


def steps(ledger: Ledger, sent: int, *intervals: Interval, rejected: Iterable[Rejected] = ()) -> int:
    """Record a push and return how many steps SQLite took for that; today's counts are read as well."""
    number = [0]

    def step() -> None:
        number[0] += 1

    ledger.submit(lambda db: db.set_progress_handler(step, 1)).result(TIMEOUT)
    record(ledger, sent, *intervals, rejected=rejected)
    ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    ledger.submit(lambda db: db.set_progress_handler(None, 1)).result(TIMEOUT)
    return number[0]


def test_cost_with_a_full_quarantine(ledger: Ledger) -> None:
    """A full quarantine makes neither a push nor the counts of today slower."""
    record(ledger, 1, interval(-1, 1), interval(2000, 1, minutes=1000))
    cost = [
        steps(ledger, 60 * minute, interval(minute, 1), rejected=[bad(minute + 1)]) for minute in (5000, 5001, 5002)
    ]
    record(ledger, 2, rejected=[bad(minute) for minute in range(2000)])
    record(ledger, 3, *(interval(minute, 1) for minute in range(2000, 2999)))
    assert quarantined(ledger) > 2999
    assert steps(ledger, 60 * 5003, interval(5003, 1), rejected=[bad(5004)]) < 1.2 * cost[-1]


def test_rejected_interval_is_counted_after_all(path: Path, ledger: Ledger) -> None:
    """A rejected interval leaves the quarantine when its time has been counted."""
    record(ledger, 60, interval(0, 1), rejected=[bad(1), bad(2), bad(3)])
    record(ledger, 120, interval(1, 5))
    assert contents(ledger) == ["2 1", "3 1"]
    # A readable interval that was sent at the same instant is enough.
    record(ledger, 60, interval(2, 5))
    assert contents(ledger) == ["3 1"]
    record(ledger, 120, interval(3, 5), sender=sender(1))
    assert contents(ledger) == ["3 1"]


def test_rejected_interval_sent_before_the_stored_one(ledger: Ledger) -> None:
    """A rejected interval isn't set aside if newer counts of its time exist."""
    record(ledger, 120, interval(1, 5), rejected=[bad(1), bad(2)])
    assert contents(ledger) == ["2 1"]
    record(ledger, 60, rejected=[bad(1, content="another text")])
    assert contents(ledger) == ["2 1"]


def test_rejected_interval_sent_after_the_stored_one(path: Path, ledger: Ledger) -> None:
    """A rejected interval is set aside until its time is counted anew."""
    record(ledger, 60, interval(1, 5))
    record(ledger, 120, rejected=[bad(1)])
    assert contents(ledger) == ["1 1"]
    record(ledger, 180, rejected=[bad(1)])
    record(ledger, 150, interval(1, 6))
    assert (stored(path), contents(ledger)) == ([interval(1, 6)], ["1 1"])
    record(ledger, 180, interval(1, 7))
    assert (stored(path), contents(ledger)) == ([interval(1, 7)], [])


@pytest.mark.parametrize("late", [False, True], ids=["set aside before", "set aside after"])
def test_rejected_interval_covered_by_others(path: Path, ledger: Ledger, late: bool) -> None:
    """Wider intervals and complete sets of parts release a rejected interval, some parts don't."""
    pushes = [
        push(60, rejected=[bad(3), bad(20, minutes=15), bad(40, minutes=5)]),
        push(3000, interval(0, 9, minutes=15), *quarter(1, first=20), interval(41, 3, minutes=15)),
    ]
    for some in reversed(pushes) if late else pushes:
        ledger.record(some, START).result(TIMEOUT)
    assert contents(ledger) == ["40 5"]
    record(ledger, 3060, interval(39, 4, minutes=3))
    assert waiting(path) == [(39, 42)]
    assert [content for content in contents(ledger) if content] == []


def test_rejected_interval_within_a_wider_one_of_the_same_push(ledger: Ledger) -> None:
    """A shorter rejected interval of a push is kept, and so is one without a time."""
    record(ledger, 900, interval(0, 9, minutes=15), rejected=[bad(3), Rejected(Reason.COUNT_IMPOSSIBLE, "no time")])
    assert contents(ledger) == ["3 1", "no time"]
    record(ledger, 960, interval(0, 9, minutes=15))
    assert contents(ledger) == ["no time"]


@pytest.mark.slow
@given(data=st.data(), reports=history(aligned() | cutting()))
@examples
def test_order_makes_no_difference_to_the_quarantine(data: st.DataObject, reports: list[Report]) -> None:
    """An interval stays in quarantine unless all its time was sent later, in any order and with any room."""
    unread = data.draw(st.lists(st.booleans(), min_size=len(reports), max_size=len(reports)))
    pushes = [
        push(sent, rejected=[Rejected(Reason.COUNT_IMPOSSIBLE, repr(counted), counted[:2])])
        if bad
        else push(sent, counted)
        for (sent, counted), bad in zip(reports, unread, strict=True)
    ]

    def content(ledger: Ledger) -> list[list[tuple[Any, ...]]]:
        counted = "SELECT quarantined, (SELECT count(*) FROM quarantine), quarantined_bytes,"
        counted += " (SELECT coalesce(sum(100 + coalesce(length(content), 0)), 0) FROM quarantine) FROM cameras"
        ((count, rows, size, sizes),) = query(ledger.path, counted)
        assert (count, size) == (rows, sizes)
        columns = "start, stop, entered, exited, coalesce(adults_entered, 0), coalesce(adults_exited, 0), sent"
        return [
            query(ledger.path, f"SELECT {columns} FROM intervals ORDER BY start"),
            query(ledger.path, f"SELECT {columns} FROM quarantine WHERE content IS NULL ORDER BY 1, 2, 7"),
            query(ledger.path, "SELECT content, sent FROM quarantine WHERE content IS NOT NULL ORDER BY 1"),
        ]

    with memory_folder() as folder, opened(folder / "a") as orderly, opened(folder / "b") as chaotic:
        for answer in [orderly.record(some, START) for some in pushes]:
            answer.result(TIMEOUT)
        shuffled = data.draw(st.permutations(pushes))
        with pytest.MonkeyPatch.context() as little:
            little.setattr(quarantine, "MAX_QUARANTINED", data.draw(st.integers(0, 3)))
            answers = [chaotic.record(some, START) for some in shuffled]
            without_room = [
                some for some, answer in zip(shuffled, answers, strict=True) if answer.result(TIMEOUT).not_stored
            ]
            ((most,),) = query(chaotic.path, "SELECT count(*) FROM quarantine")
            assert most <= quarantine.MAX_QUARANTINED
        again = [chaotic.record(some, START) for some in without_room]
        assert all(answer.result(TIMEOUT).not_stored == 0 for answer in again)
        result = content(chaotic)
        assert result == content(orderly)
        assert_sound(chaotic.path)

    newest = {repr(counted): (sent, *counted[:2]) for (sent, counted), bad in zip(reports, unread, strict=True) if bad}
    readable = [(sent, *counted[:2]) for (sent, counted), bad in zip(reports, unread, strict=True) if not bad]
    set_aside = []
    for text, (sent, start, end) in newest.items():
        later = {
            second // MINUTE
            for at, begin, finish in readable
            if (at, begin - finish) >= (sent, start - end)
            for second in range(begin, finish, MINUTE)
        }
        if not later.issuperset(range(start // MINUTE, end // MINUTE)):
            set_aside.append((text, START + sent))
    assert result[2] == sorted(set_aside)


def test_id_is_never_used_again(ledger: Ledger) -> None:
    """A new interval is never dropped in place of one that was shown."""
    record(ledger, 60, rejected=[bad(1), bad(2)])
    shown = ledger.quarantine(SERIAL, 0).result(TIMEOUT).last
    record(ledger, 120, interval(2, 1))
    record(ledger, 180, rejected=[bad(3)])
    assert ledger.drop(SERIAL, shown).result(TIMEOUT) == 1
    assert contents(ledger) == ["3 1"]

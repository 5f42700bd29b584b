"""Intervals that cannot be stored are set aside, within limits."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.protocol import Rejected
from custom_components.axis_people_counter.ledger import quarantine
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.histories import Told, aligned, cutting, examples, history
from ..helpers.ledgers import (
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
    opened,
    push,
    quarantined,
    quarter,
    query,
    record,
    sensor,
    stored,
    waiting,
)


def test_what_cannot_be_taken_is_kept_as_it_came(ledger: Ledger) -> None:
    """With the reason, newest first, and the rest of the push is stored."""
    rejected = [Rejected("it ends before it begins", '{"a": 1}'), Rejected("items is missing", '{"b": 2}')]
    changes = record(ledger, 60, interval(0, 5), rejected=rejected)
    assert changes.new_intervals == (interval(0, 5),)
    assert quarantined(ledger) == 2
    held = ledger.quarantined(SERIAL, 10).result(TIMEOUT)
    assert [(one.reason, one.content, one.interval) for one in held] == [
        ("items is missing", '{"b": 2}', None),
        ("it ends before it begins", '{"a": 1}', None),
    ]
    assert [one.content for one in ledger.quarantined(SERIAL, 1).result(TIMEOUT)] == ['{"b": 2}']


def test_what_cannot_be_taken_is_there_once(ledger: Ledger) -> None:
    """The camera sends it again with every push; it is as old as when it came first."""
    for sent in (60, 60, 120):
        record(ledger, sent, rejected=[Rejected("bad", "x"), Rejected("bad", "y")])
        assert quarantined(ledger) == 2
    assert {one.received for one in ledger.quarantined(SERIAL, 10).result(TIMEOUT)} == {START + 60}
    record(ledger, 120, sender=sensor(1), rejected=[Rejected("bad", "x")])
    assert quarantined(ledger, sensor(1).serial) == 1


def test_quarantine_holds_all_a_camera_can_send(ledger: Ledger) -> None:
    """90 days by the minute are set aside, what counts then counts beside them; sent again, they are no more."""
    whole = [bad(minute) for minute in range(90 * 24 * 60)]
    for sent in (1, 2):
        changes = ledger.record(push(sent, interval(-5, 3), rejected=whole), START).result(10 * TIMEOUT)
        assert (changes.not_stored, changes.camera.total_entered) == (0, 3)
        assert ledger.quarantine(SERIAL, 0).result(TIMEOUT).count == len(whole)


@pytest.fixture
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the quarantine of a camera hold twenty."""
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", 20)


@pytest.mark.usefixtures("_little_room")
def test_nothing_makes_room_in_quarantine(path: Path, ledger: Ledger) -> None:
    """What is there stays, what is beyond is refused, good intervals count; another camera has room of its own."""
    whole = [bad(minute) for minute in range(25)]
    for sent in (1, 2):
        changes = record(ledger, sent, interval(-1, sent), rejected=whole)
        assert changes.not_stored == 5
        assert contents(ledger) == [one.content for one in whole[:20]]
        assert stored(path) == [interval(-1, sent)]
    assert record(ledger, 3, rejected=whole[:20]).not_stored == 0
    assert record(ledger, 3, sender=sensor(1), rejected=whole[:20]).not_stored == 0
    # What is there already, before and behind new ones, takes no room.
    ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last - 2).result(TIMEOUT)
    assert record(ledger, 4, rejected=[whole[19], *whole[:18], whole[18], whole[20]]).not_stored == 1
    assert len(contents(ledger)) == 20
    assert whole[20].content not in contents(ledger)


@pytest.mark.usefixtures("_little_room")
def test_there_is_room_again(ledger: Ledger) -> None:
    """What has been counted or dropped makes room for what the camera goes on to send."""
    whole = [bad(minute) for minute in range(22)]
    assert record(ledger, 1, rejected=whole).not_stored == 2
    record(ledger, 2, interval(0, 1))
    assert record(ledger, 3, rejected=whole[1:]).not_stored == 1
    ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last).result(TIMEOUT)
    assert record(ledger, 4, rejected=whole[1:]).not_stored == 1
    assert record(ledger, 5, rejected=whole[2:]).not_stored == 1


def test_all_quarantines_together_are_bounded(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever invents cameras can't fill the disk, with what can't be taken nor with what has to wait."""
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED_BYTES", 10_100)
    long = [Rejected("bad", f"{number} {'é' * 400}") for number in range(6)]
    assert record(ledger, 1, sender=sensor(1), rejected=long).not_stored == 0
    changes = record(ledger, 1, interval(0, 7), sender=sensor(2), rejected=long)
    assert (changes.not_stored, changes.camera.total_entered) == (1, 7)
    # There is room for one that is short.
    record(ledger, 2, interval(0, 20, minutes=15), sender=sensor(3))
    assert record(ledger, 3, *quarter(1)[:9], sender=sensor(3)).not_stored == 8
    ((size,),) = query(ledger.path, "SELECT sum(quarantined_bytes) FROM cameras")
    assert size == 11 * 902 + 100
    # Somebody deletes a camera that was invented.
    ledger.set_removed(sensor(1).serial).result(TIMEOUT)
    assert record(ledger, 4, sender=sensor(2), rejected=long).not_stored == 0


@pytest.mark.usefixtures("_little_room")
def test_what_waits_is_bounded(path: Path, ledger: Ledger) -> None:
    """Intervals of which each cuts into another can't fill the disk either; those that count do so beside them."""
    record(ledger, 1, interval(0, 1, minutes=600))
    minutes = [interval(minute, 1) for minute in range(100)]
    for sent in (2, 3):
        changes = record(ledger, sent, *minutes, interval(700 + sent, 1))
        assert changes.not_stored == 80
        assert changes.new_intervals == (interval(700 + sent, 1),)
        assert len(waiting(path)) == quarantined(ledger) == 20
    assert stored(path)[0] == interval(0, 1, minutes=600)
    # All of them together need no room: nothing of them has to wait.
    assert record(ledger, 4, *(interval(minute, 1) for minute in range(600))).not_stored == 0
    assert quarantined(ledger) == 0
    assert len(stored(path)) == 602


@pytest.mark.usefixtures("_little_room")
def test_what_waits_is_replaced_where_there_is_no_room(path: Path, ledger: Ledger) -> None:
    """What the camera tells of the same minutes takes their room, however full it is."""
    record(ledger, 900, interval(0, 20, minutes=15))
    record(ledger, 960, *quarter(2)[:8], rejected=[bad(100 + number) for number in range(12)])
    assert record(ledger, 1020, *quarter(3)[:8]).not_stored == 0
    assert query(path, "SELECT DISTINCT entered FROM quarantine WHERE content IS NULL") == [(3,)]
    assert record(ledger, 1080, *quarter(3)[:9]).not_stored == 1
    assert len(waiting(path)) == 8


@pytest.mark.usefixtures("_little_room")
def test_what_was_stored_does_not_lose_its_place(path: Path, ledger: Ledger) -> None:
    """A late interval would have a stored one wait: where there is no room, it is the late one that isn't taken."""
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
    taken = [0]

    def step() -> None:
        taken[0] += 1

    ledger.submit(lambda db: db.set_progress_handler(step, 1)).result(TIMEOUT)
    record(ledger, sent, *intervals, rejected=rejected)
    ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    ledger.submit(lambda db: db.set_progress_handler(None, 1)).result(TIMEOUT)
    return taken[0]


def test_a_full_quarantine_costs_nothing(ledger: Ledger) -> None:
    """Neither a push nor looking at today takes longer, whatever of the past is set aside or waits."""
    record(ledger, 1, interval(-1, 1), interval(2000, 1, minutes=1000))
    cost = [
        steps(ledger, 60 * minute, interval(minute, 1), rejected=[bad(minute + 1)]) for minute in (5000, 5001, 5002)
    ]
    record(ledger, 2, rejected=[bad(minute) for minute in range(2000)])
    record(ledger, 3, *(interval(minute, 1) for minute in range(2000, 2999)))
    assert quarantined(ledger) > 2999
    assert steps(ledger, 60 * 5003, interval(5003, 1), rejected=[bad(5004)]) < 1.2 * cost[-1]


def test_what_is_counted_after_all_leaves_quarantine(path: Path, ledger: Ledger) -> None:
    """It came again and was taken, with whatever counts: who was counted isn't missing."""
    record(ledger, 60, interval(0, 1), rejected=[bad(1), bad(2), bad(3)])
    record(ledger, 120, interval(1, 5))
    assert contents(ledger) == ["2 1", "3 1"]
    # Not sent later, but the same time at the same moment.
    record(ledger, 60, interval(2, 5))
    assert contents(ledger) == ["3 1"]
    record(ledger, 120, interval(3, 5), sender=sensor(1))
    assert contents(ledger) == ["3 1"]


def test_what_is_counted_already_is_not_set_aside(ledger: Ledger) -> None:
    """The same the other way round: what was sent earlier than what counts says nothing any more."""
    record(ledger, 120, interval(1, 5), rejected=[bad(1), bad(2)])
    assert contents(ledger) == ["2 1"]
    record(ledger, 60, rejected=[bad(1, content="in other words")])
    assert contents(ledger) == ["2 1"]


def test_what_is_told_anew_and_cannot_be_taken_is_kept(path: Path, ledger: Ledger) -> None:
    """A correction of what counts is kept until it can be read, or the camera tells it anew."""
    record(ledger, 60, interval(1, 5))
    record(ledger, 120, rejected=[bad(1)])
    assert contents(ledger) == ["1 1"]
    record(ledger, 180, rejected=[bad(1)])
    record(ledger, 150, interval(1, 6))
    assert (stored(path), contents(ledger)) == ([interval(1, 6)], ["1 1"])
    record(ledger, 180, interval(1, 7))
    assert (stored(path), contents(ledger)) == ([interval(1, 7)], [])


@pytest.mark.parametrize("late", [False, True], ids=["set aside before", "set aside after"])
def test_what_others_cover_leaves_quarantine(path: Path, ledger: Ledger, late: bool) -> None:
    """Wider intervals, and all the parts of one, are as good, also while they wait themselves; a part isn't enough."""
    pushes = [
        push(60, rejected=[bad(3), bad(20, minutes=15), bad(40, minutes=5)]),
        push(3000, interval(0, 9, minutes=15), *quarter(1, first=20), interval(41, 3, minutes=15)),
    ]
    for one in reversed(pushes) if late else pushes:
        ledger.record(one, START).result(TIMEOUT)
    assert contents(ledger) == ["40 5"]
    record(ledger, 3060, interval(39, 4, minutes=3))
    assert waiting(path) == [(39, 42)]
    assert [one for one in contents(ledger) if one] == []


def test_the_finer_is_not_replaced_by_what_came_with_it(ledger: Ledger) -> None:
    """In one push the finer counts, and that can't be read; nor can what is about no time that is known."""
    record(ledger, 900, interval(0, 9, minutes=15), rejected=[bad(3), Rejected("bad", "no time")])
    assert contents(ledger) == ["3 1", "no time"]
    record(ledger, 960, interval(0, 9, minutes=15))
    assert contents(ledger) == ["no time"]


@given(data=st.data(), told=history(aligned() | cutting()))
@examples
def test_order_makes_no_difference_to_quarantine(data: st.DataObject, told: list[Told]) -> None:
    """Whatever can't be read of what a camera told, in whatever order it came, and whenever there was room for it.

    In the end that is set aside of which not all of its time was told later in a way that can be read.
    """
    unread = data.draw(st.lists(st.booleans(), min_size=len(told), max_size=len(told)))
    pushes = [
        push(sent, rejected=[Rejected("bad", repr(one), one[:2])]) if bad else push(sent, one)
        for (sent, one), bad in zip(told, unread, strict=True)
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

    with TemporaryDirectory() as folder, opened(Path(folder, "a")) as orderly, opened(Path(folder, "b")) as chaotic:
        for one in pushes:
            orderly.record(one, START).result(TIMEOUT)
        shuffled = data.draw(st.permutations(pushes))
        with pytest.MonkeyPatch.context() as little:
            little.setattr(quarantine, "MAX_QUARANTINED", data.draw(st.integers(0, 3)))
            refused = [one for one in shuffled if chaotic.record(one, START).result(TIMEOUT).not_stored]
            ((most,),) = query(chaotic.path, "SELECT count(*) FROM quarantine")
            assert most <= quarantine.MAX_QUARANTINED
        for one in refused:
            assert chaotic.record(one, START).result(TIMEOUT).not_stored == 0
        result = content(chaotic)
        assert result == content(orderly)
        assert_sound(chaotic.path)

    newest = {repr(one): (sent, *one[:2]) for (sent, one), bad in zip(told, unread, strict=True) if bad}
    readable = [(sent, *one[:2]) for (sent, one), bad in zip(told, unread, strict=True) if not bad]
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


def test_an_id_never_comes_twice(ledger: Ledger) -> None:
    """What was shown last may leave quarantine; what comes then must not be dropped in its place."""
    record(ledger, 60, rejected=[bad(1), bad(2)])
    shown = ledger.quarantine(SERIAL, 0).result(TIMEOUT).last
    record(ledger, 120, interval(2, 1))
    record(ledger, 180, rejected=[bad(3)])
    assert ledger.drop(SERIAL, shown).result(TIMEOUT) == 1
    assert contents(ledger) == ["3 1"]

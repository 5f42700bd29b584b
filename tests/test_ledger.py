"""The ledger: what is recorded is there once, and stays, whatever happens to the file."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from itertools import count
import os
from pathlib import Path
import resource
import shutil
import sqlite3
import subprocess
import sys
from tempfile import TemporaryDirectory
import threading
from time import perf_counter
from types import FrameType
from typing import Any, Final

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.occupancy import Correction, Passage, Source
from custom_components.axis_people_counter.counting.protocol import Interval, Rejected, Sensor
from custom_components.axis_people_counter.ledger import file as ledger_file, ledger as ledger_module, schema
from custom_components.axis_people_counter.ledger.file import BackupHold, LedgerError
from custom_components.axis_people_counter.ledger.ledger import (
    MAX_CAMERAS,
    MAX_QUARANTINED,
    MAX_SEND_INTERVAL,
    OVERLAP,
    Counts,
    Ledger,
    Retried,
    TooManyCamerasError,
)
from custom_components.axis_people_counter.ledger.schema import APPLICATION_ID, LedgerTooNewError

from .helpers.ledgers import (
    HOUR,
    MINUTE,
    SENSOR,
    SERIAL,
    START,
    TIMEOUT,
    assert_sound,
    interval,
    opened,
    push,
    query,
    record,
    sensor,
    stored,
)
from .test_ledger_properties import Told, aligned, cutting, examples, history

DAY: Final = 24 * HOUR
NOBODY: Final = 65534
NUMBERS: Final = count()


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """Leave Home Assistant out: the ledger doesn't know it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the ledger of this test is."""
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """Open a ledger that must not be taken for a damaged one, and see that it is sound in the end."""
    moved: list[Path] = []
    with opened(path, moved.append) as ledger:
        yield ledger
    assert moved == []
    assert_sound(path)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for locks only for a moment."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others from writing to the file."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=TIMEOUT)) as db:
        # Where it is the last one to close the file, it leaves it as it is.
        db.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE)
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


def quarter(count: int, *, first: int = 0) -> list[Interval]:
    """Return a quarter of an hour as fifteen minutes."""
    return [interval(minute, count) for minute in range(first, first + 15)]


def camera_row(path: Path, columns: str, serial: str = SERIAL) -> tuple[Any, ...]:
    """Return what the file says of a camera."""
    (row,) = query(path, f"SELECT {columns} FROM cameras WHERE key = ?", serial)
    return row


def waiting(path: Path) -> list[tuple[int, int]]:
    """Return start and end, in minutes, of what waits for the rest of what it would replace."""
    rows = query(path, "SELECT start, stop FROM quarantine WHERE reason = ? ORDER BY start", OVERLAP)
    return [((start - START) // MINUTE, (end - START) // MINUTE) for start, end in rows]


def quarantined(ledger: Ledger, serial: str = SERIAL) -> int:
    """Return how many intervals of a camera weren't taken."""
    return len(ledger.quarantined(serial, 2 * MAX_QUARANTINED).result(TIMEOUT))


def as_after_a_power_cut(path: Path, folder: Path) -> Path:
    """Return a copy of what is on the disk now, as it would be found when all went dark at once."""
    folder.mkdir()
    for suffix in ("", "-wal"):
        if (file := Path(f"{path}{suffix}")).exists():
            shutil.copy(file, folder)
    return folder / path.name


# Recording


def test_a_push_is_in_the_file_when_it_is_acknowledged(path: Path, ledger: Ledger) -> None:
    """Another connection sees all of it at once."""
    intervals = [interval(0, 5, 2, adults=(4, 2)), interval(1, 1, 0, adults=(0, 0))]
    changes = record(ledger, 120, *intervals)
    assert stored(path) == intervals
    assert changes.appeared == tuple(intervals)
    assert changes.since == START
    assert quarantined(ledger) == 0
    camera = changes.camera
    assert (camera.serial, camera.name, camera.sent, camera.received) == (SERIAL, SENSOR.name, START + 120, START + 120)
    assert (camera.total_entered, camera.total_exited, camera.total_adults_entered, camera.total_adults_exited) == (
        6,
        2,
        4,
        2,
    )


def test_a_camera_without_intervals_is_known(path: Path, ledger: Ledger) -> None:
    """A push can be empty."""
    changes = record(ledger, 0)
    assert (changes.appeared, changes.since) == ((), None)
    assert [camera.serial for camera in ledger.cameras().result(TIMEOUT)] == [SERIAL]
    assert stored(path) == []


@pytest.mark.parametrize("sent_again", [60, 300], ids=["the same push", "sent again later"])
def test_what_comes_again_adds_nothing(path: Path, ledger: Ledger, sent_again: int) -> None:
    """Nothing appears and nothing changes."""
    record(ledger, 60, interval(0, 5, 2))
    changes = record(ledger, sent_again, interval(0, 5, 2))
    assert (changes.appeared, changes.since) == ((), None)
    assert stored(path) == [interval(0, 5, 2)]


def test_what_was_sent_later_replaces(path: Path, ledger: Ledger) -> None:
    """A correction by the camera is no new passage, but changes the counts from there on."""
    record(ledger, 120, interval(0, 5, 2), interval(1, 1, 1))
    changes = record(ledger, 180, interval(1, 3, 0), interval(2, 1, 0))
    assert changes.appeared == (interval(2, 1, 0),)
    assert changes.since == START + MINUTE
    assert stored(path) == [interval(0, 5, 2), interval(1, 3, 0), interval(2, 1, 0)]


def test_what_was_sent_earlier_is_ignored(path: Path, ledger: Ledger) -> None:
    """A push that was held up on its way doesn't undo a later one."""
    record(ledger, 180, interval(0, 5, 2))
    assert record(ledger, 60, interval(0, 9, 9)).since is None
    assert stored(path) == [interval(0, 5, 2)]


def test_of_two_sent_at_once_always_the_same_one_counts(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """Whichever comes first, and also in one push."""
    one, other = interval(0, 5, 2), interval(0, 4, 7, adults=(1, 1))
    record(ledger, 60, one)
    record(ledger, 60, other)
    for name, pushes in {"turned": [[other], [one]], "together": [[one, other]]}.items():
        with opened(tmp_path / name) as another:
            for intervals in pushes:
                record(another, 60, *intervals)
        assert stored(tmp_path / name) == stored(path)


def test_cameras_do_not_meet(path: Path, ledger: Ledger) -> None:
    """The same minutes of two cameras are two things."""
    record(ledger, 60, interval(0, 5))
    record(ledger, 60, interval(0, 3), sender=sensor(1))
    assert stored(path) == [interval(0, 5)]
    assert stored(path, sensor(1).serial) == [interval(0, 3)]


def test_adults_are_unknown_until_told(path: Path, ledger: Ledger) -> None:
    """They are NULL, not 0, and a number from the first one on."""
    columns = "total_adults_entered, total_adults_exited"
    record(ledger, 60, interval(0, 5, 2))
    assert camera_row(path, columns) == (None, None)
    record(ledger, 120, interval(1, 5, 2, adults=(0, 0)))
    assert camera_row(path, columns) == (0, 0)
    record(ledger, 180, interval(2, 5, 2, adults=(3, 1)))
    assert camera_row(path, columns) == (3, 1)
    record(ledger, 240, interval(2, 5, 2))
    assert camera_row(path, columns) == (0, 0)
    assert_sound(path)


def test_a_push_of_several_days_is_one(path: Path, ledger: Ledger) -> None:
    """All days are stored in whatever order they stand in the push; only the last one's intervals appeared just now."""
    minutes = [interval(minute, 1) for minute in range(3 * 24 * 60)]
    record(ledger, 60, minutes[300])
    changes = record(ledger, 60 * len(minutes), *reversed(minutes))
    assert stored(path) == minutes
    assert changes.appeared == tuple(minutes[-24 * 60 :])
    assert changes.since == START


def test_an_interval_over_midnight_is_brought_together_with_both_days(path: Path, ledger: Ledger) -> None:
    """One that covers the end of a day and the beginning of the next is replaced by the parts of both, and only so."""
    midnight = 14 * 60
    over = interval(midnight - 30, 20, minutes=60)
    record(ledger, 60 * midnight, over)
    record(ledger, 60 * midnight + 1, *(interval(minute, 1) for minute in range(midnight - 30, midnight)))
    assert stored(path) == [over]
    record(ledger, 60 * midnight + 2, *(interval(minute, 1) for minute in range(midnight - 30, midnight + 30)))
    assert stored(path) == [interval(minute, 1) for minute in range(midnight - 30, midnight + 30)]
    assert waiting(path) == []


# Widths


def test_a_quarter_is_replaced_by_its_minutes(path: Path, ledger: Ledger) -> None:
    """Fifteen minutes in one push stand for the quarter; nobody passed just now."""
    record(ledger, 900, interval(0, 20, minutes=15))
    changes = record(ledger, 960, *quarter(2))
    assert stored(path) == quarter(2)
    assert (changes.appeared, changes.since, quarantined(ledger)) == ((), START, 0)


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
    assert (changes.appeared, changes.since) == ((), None)
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
    assert (changes.appeared, changes.since) == ((), START)


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
    assert changes.appeared == (interval(20, 1),)
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


# What it costs


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


# Quarantine of what can't be taken


def test_what_cannot_be_taken_is_kept_as_it_came(ledger: Ledger) -> None:
    """With the reason, newest first, and the rest of the push is stored."""
    rejected = [Rejected("it ends before it begins", '{"a": 1}'), Rejected("items is missing", '{"b": 2}')]
    changes = record(ledger, 60, interval(0, 5), rejected=rejected)
    assert changes.appeared == (interval(0, 5),)
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


def bad(minute: int, *, minutes: int = 1, content: str | None = None) -> Rejected:
    """Return an interval that can't be taken, of which is known what time it is about."""
    start = START + minute * MINUTE
    return Rejected("bad", content or f"{minute} {minutes}", (start, start + minutes * MINUTE))


def contents(ledger: Ledger, serial: str = SERIAL) -> list[str | None]:
    """Return what of a camera can't be taken, in the order in which it came."""
    return [one.content for one in reversed(ledger.quarantined(serial, 2 * MAX_QUARANTINED).result(TIMEOUT))]


def test_quarantine_holds_all_a_camera_can_send(ledger: Ledger) -> None:
    """90 days by the minute are set aside, what counts then counts beside them; sent again, they are no more."""
    whole = [bad(minute) for minute in range(90 * 24 * 60)]
    for sent in (1, 2):
        changes = ledger.record(push(sent, interval(-5, 3), rejected=whole), START).result(10 * TIMEOUT)
        assert (changes.refused, changes.camera.total_entered) == (0, 3)
        assert ledger.quarantine(SERIAL, 0).result(TIMEOUT).count == len(whole)


@pytest.fixture
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the quarantine of a camera hold twenty."""
    monkeypatch.setattr(ledger_module, "MAX_QUARANTINED", 20)


@pytest.mark.usefixtures("_little_room")
def test_nothing_makes_room_in_quarantine(path: Path, ledger: Ledger) -> None:
    """What is there stays, what is beyond is refused, good intervals count; another camera has room of its own."""
    whole = [bad(minute) for minute in range(25)]
    for sent in (1, 2):
        changes = record(ledger, sent, interval(-1, sent), rejected=whole)
        assert changes.refused == 5
        assert contents(ledger) == [one.content for one in whole[:20]]
        assert stored(path) == [interval(-1, sent)]
    assert record(ledger, 3, rejected=whole[:20]).refused == 0
    assert record(ledger, 3, sender=sensor(1), rejected=whole[:20]).refused == 0
    # What is there already, before and behind new ones, takes no room.
    ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last - 2).result(TIMEOUT)
    assert record(ledger, 4, rejected=[whole[19], *whole[:18], whole[18], whole[20]]).refused == 1
    assert len(contents(ledger)) == 20
    assert whole[20].content not in contents(ledger)


@pytest.mark.usefixtures("_little_room")
def test_there_is_room_again(ledger: Ledger) -> None:
    """What has been counted or dropped makes room for what the camera goes on to send."""
    whole = [bad(minute) for minute in range(22)]
    assert record(ledger, 1, rejected=whole).refused == 2
    record(ledger, 2, interval(0, 1))
    assert record(ledger, 3, rejected=whole[1:]).refused == 1
    ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last).result(TIMEOUT)
    assert record(ledger, 4, rejected=whole[1:]).refused == 1
    assert record(ledger, 5, rejected=whole[2:]).refused == 1


def test_all_quarantines_together_are_bounded(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever invents cameras can't fill the disk, with what can't be taken nor with what has to wait."""
    monkeypatch.setattr(ledger_module, "MAX_QUARANTINED_BYTES", 10_100)
    long = [Rejected("bad", f"{number} {'é' * 400}") for number in range(6)]
    assert record(ledger, 1, sender=sensor(1), rejected=long).refused == 0
    changes = record(ledger, 1, interval(0, 7), sender=sensor(2), rejected=long)
    assert (changes.refused, changes.camera.total_entered) == (1, 7)
    # There is room for one that is short.
    record(ledger, 2, interval(0, 20, minutes=15), sender=sensor(3))
    assert record(ledger, 3, *quarter(1)[:9], sender=sensor(3)).refused == 8
    ((size,),) = query(ledger.path, "SELECT sum(quarantined_bytes) FROM cameras")
    assert size == 11 * 902 + 100
    # Somebody deletes a camera that was invented.
    ledger.set_removed(sensor(1).serial).result(TIMEOUT)
    assert record(ledger, 4, sender=sensor(2), rejected=long).refused == 0


@pytest.mark.usefixtures("_little_room")
def test_what_waits_is_bounded(path: Path, ledger: Ledger) -> None:
    """Intervals of which each cuts into another can't fill the disk either; those that count do so beside them."""
    record(ledger, 1, interval(0, 1, minutes=600))
    minutes = [interval(minute, 1) for minute in range(100)]
    for sent in (2, 3):
        changes = record(ledger, sent, *minutes, interval(700 + sent, 1))
        assert changes.refused == 80
        assert changes.appeared == (interval(700 + sent, 1),)
        assert len(waiting(path)) == quarantined(ledger) == 20
    assert stored(path)[0] == interval(0, 1, minutes=600)
    # All of them together need no room: nothing of them has to wait.
    assert record(ledger, 4, *(interval(minute, 1) for minute in range(600))).refused == 0
    assert quarantined(ledger) == 0
    assert len(stored(path)) == 602


@pytest.mark.usefixtures("_little_room")
def test_what_waits_is_replaced_where_there_is_no_room(path: Path, ledger: Ledger) -> None:
    """What the camera tells of the same minutes takes their room, however full it is."""
    record(ledger, 900, interval(0, 20, minutes=15))
    record(ledger, 960, *quarter(2)[:8], rejected=[bad(100 + number) for number in range(12)])
    assert record(ledger, 1020, *quarter(3)[:8]).refused == 0
    assert query(path, "SELECT DISTINCT entered FROM quarantine WHERE content IS NULL") == [(3,)]
    assert record(ledger, 1080, *quarter(3)[:9]).refused == 1
    assert len(waiting(path)) == 8


@pytest.mark.usefixtures("_little_room")
def test_what_was_stored_does_not_lose_its_place(path: Path, ledger: Ledger) -> None:
    """A late interval would have a stored one wait: where there is no room, it is the late one that isn't taken."""
    keep(ledger, 1, *(f"x{number}" for number in range(20)))
    record(ledger, 960, interval(10, 7, minutes=10))
    changes = record(ledger, 900, interval(0, 20, minutes=15), interval(30, 1))
    assert changes.refused == 1
    assert stored(path) == [interval(10, 7, minutes=10), interval(30, 1)]
    ledger.drop(SERIAL, 1).result(TIMEOUT)
    assert record(ledger, 900, interval(0, 20, minutes=15)).refused == 0
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


# What couldn't be taken and is known now


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
            little.setattr(ledger_module, "MAX_QUARANTINED", data.draw(st.integers(0, 3)))
            refused = [one for one in shuffled if chaotic.record(one, START).result(TIMEOUT).refused]
            ((most,),) = query(chaotic.path, "SELECT count(*) FROM quarantine")
            assert most <= ledger_module.MAX_QUARANTINED
        for one in refused:
            assert chaotic.record(one, START).result(TIMEOUT).refused == 0
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


# Taking again what wasn't taken, and forgetting it


def keep(ledger: Ledger, sent: int, *contents: str) -> None:
    """Have a push stored of which nothing can be taken."""
    record(ledger, sent, rejected=[Rejected("bad", content) for content in contents])


def retry(ledger: Ledger, at: int, **known: list[Interval]) -> Retried:
    """Take again what wasn't taken, when some contents are known to say something."""
    return ledger.retry(SERIAL, lambda content, _: known.get(content), START + at).result(TIMEOUT)


def test_what_can_be_taken_now_counts_once(path: Path, ledger: Ledger) -> None:
    """It leaves quarantine, and all that hangs on a push hangs on it; what still can't be taken stays."""
    record(ledger, 60, interval(0, 1))
    keep(ledger, 120, "taken", "not taken", "nothing for us")
    ledger.take_series(SERIAL, "basis").result(TIMEOUT)
    ledger.confirm_series(SERIAL).result(TIMEOUT)
    taken = interval(1, 5, 2, adults=(3, 0))
    retried = retry(ledger, 600, **{"taken": [taken], "nothing for us": []})
    assert (retried.settled, retried.left) == (2, 1)
    assert (retried.changes.appeared, retried.changes.since) == ((taken,), START + 60)
    assert stored(path) == [interval(0, 1), taken]
    assert camera_row(path, "total_entered, total_exited, total_adults_entered, total_adults_exited") == (6, 2, 3, 0)
    assert camera_row(path, "changed_since") == (START + 60,)
    # The camera has said nothing by that.
    assert camera_row(path, "sent, received") == (START + 120, START + 120)
    assert (retried.changes.camera.total_entered, retried.changes.camera.received) == (6, START + 120)
    (held,) = ledger.quarantined(SERIAL, 10).result(TIMEOUT)
    assert held.content == "not taken"

    retried = retry(ledger, 660, taken=[taken])
    assert (retried.settled, retried.left, retried.changes.since) == (0, 1, None)
    changes = record(ledger, 720, taken)
    assert (changes.since, stored(path)) == (None, [interval(0, 1), taken])


def test_what_is_taken_again_is_as_old_as_when_it_was_sent(path: Path, ledger: Ledger) -> None:
    """What the camera has told of the same time since then counts, whenever the other one is taken."""
    keep(ledger, 60, "old")
    record(ledger, 120, interval(0, 7))
    retried = retry(ledger, 180, old=[interval(0, 5)])
    assert (retried.settled, retried.left, retried.changes.since) == (1, 0, None)
    assert stored(path) == [interval(0, 7)]

    keep(ledger, 240, "new")
    assert retry(ledger, 300, new=[interval(0, 9)]).settled == 1
    record(ledger, 180, interval(0, 8))
    assert stored(path) == [interval(0, 9)]


def test_what_is_read_is_told_when_it_was_sent(ledger: Ledger) -> None:
    """Whether it can be taken depends on that."""
    keep(ledger, 60, "a")
    keep(ledger, 120, "b")
    asked: list[tuple[str, int]] = []
    ledger.retry(SERIAL, lambda content, sent: asked.append((content, sent)), START).result(TIMEOUT)
    assert sorted(asked) == [("a", START + 60), ("b", START + 120)]
    assert quarantined(ledger) == 2


def test_what_is_taken_again_may_have_to_wait(path: Path, ledger: Ledger) -> None:
    """A minute of a stored quarter waits for the others as any other does."""
    record(ledger, 900, interval(0, 20, minutes=15))
    keep(ledger, 960, "first")
    retried = retry(ledger, 1000, first=quarter(2)[:1])
    assert (retried.settled, retried.left, retried.changes.since) == (0, 1, None)
    assert waiting(path) == [(0, 1)]
    record(ledger, 1020, *quarter(2)[1:])
    assert stored(path) == quarter(2)
    assert quarantined(ledger) == 0


def test_what_is_taken_again_may_let_others_wait(path: Path, ledger: Ledger) -> None:
    """As it would have if it had been taken in time."""
    keep(ledger, 900, "quarter")
    record(ledger, 960, *quarter(2)[:3])
    retried = retry(ledger, 1000, quarter=[interval(0, 20, minutes=15)])
    assert (retried.settled, retried.left) == (0, 3)
    assert stored(path) == [interval(0, 20, minutes=15)]
    assert waiting(path) == [(0, 1), (1, 2), (2, 3)]


def test_what_waits_is_judged_again(path: Path, ledger: Ledger) -> None:
    """What had to wait in an earlier version may not have to in this one."""
    record(ledger, 60, interval(0, 1))
    query(
        path,
        "INSERT INTO quarantine (camera, received, reason, start, stop, entered, exited, sent)"
        " VALUES (1, 0, ?, ?, ?, 4, 0, ?)",
        *(OVERLAP, START + 60, START + 120, START + 60),
    )
    assert waiting(path) == [(1, 2)]
    retried = retry(ledger, 120)
    assert (retried.settled, retried.left, retried.changes.since) == (1, 0, START + 60)
    assert stored(path) == [interval(0, 1), interval(1, 4)]


def test_a_retry_that_fails_changes_nothing(path: Path, ledger: Ledger) -> None:
    """Half of it would be lost."""
    keep(ledger, 60, "a", "b")

    def read(content: str, _: int) -> list[Interval]:
        if content == "b":
            raise ZeroDivisionError
        return [interval(0, 1)]

    with pytest.raises(ZeroDivisionError):
        ledger.retry(SERIAL, read, START).result(TIMEOUT)
    assert quarantined(ledger) == 2
    assert stored(path) == []


def test_a_retry_goes_on_page_by_page(path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pushes come in between; each page says where the next one begins, and nothing is left out or read twice."""
    monkeypatch.setattr(ledger_module, "RETRY_PAGE", 3)
    monkeypatch.setattr(ledger_module, "RETRY_BYTES", 50)
    record(ledger, 900, interval(0, 20, minutes=15))
    record(ledger, 960, *quarter(2)[:4])
    keep(ledger, 961, *"abcde", "f" * 60, "g", "h")
    asked: list[str] = []

    def read(content: str, _: int) -> list[Interval] | None:
        asked.append(content[0])
        return [interval(100 + len(asked), 1)] if content in "bg" else None

    pages: list[str] = []
    after: int | None = 0
    while after is not None:
        retried = ledger.retry(SERIAL, read, START + 1000, after).result(TIMEOUT)
        pages.append("".join(asked[len("".join(pages)) :]))
        after = retried.last
    assert pages == ["", "ab", "cde", "f", "gh", ""]
    assert (retried.settled, retried.left) == (0, 10)
    assert len(stored(path)) == 3


def test_a_retry_settles_what_is_known_meanwhile(path: Path, ledger: Ledger) -> None:
    """Earlier versions left in quarantine what was counted after all."""
    record(ledger, 120, interval(1, 5))
    query(
        path,
        "INSERT INTO quarantine (camera, received, reason, content, start, stop, sent)"
        " VALUES (1, 0, 'bad', 'x', ?, ?, ?), (1, 0, 'bad', 'y', ?, ?, ?), (1, 0, 'bad', 'z', NULL, NULL, 0)",
        *(START + 60, START + 120, START + 60, START + 60, START + 120, START + 180),
    )
    retried = retry(ledger, 240)
    assert (retried.settled, retried.left) == (1, 2)
    assert contents(ledger) == ["y", "z"]


def test_a_retry_of_a_camera_that_is_not_there(ledger: Ledger) -> None:
    """A new ledger was begun, say."""
    with pytest.raises(LedgerError, match=SERIAL):
        retry(ledger, 0)


@given(data=st.data(), told=history(aligned() | cutting()))
@examples
def test_taken_later_is_as_good_as_taken_at_once(data: st.DataObject, told: list[Told]) -> None:
    """Whatever is taken only at a second try: in the end the ledger holds the same."""

    def content(ledger: Ledger) -> list[list[tuple[Any, ...]]]:
        columns = "start, stop, entered, exited, coalesce(adults_entered, 0), coalesce(adults_exited, 0), sent"
        return [
            query(ledger.path, f"SELECT {columns} FROM intervals ORDER BY start"),
            query(ledger.path, f"SELECT {columns} FROM quarantine ORDER BY 1, 2, 7"),
            query(ledger.path, "SELECT total_entered, total_exited, coalesce(total_adults_entered, 0) FROM cameras"),
        ]

    with TemporaryDirectory() as folder, opened(Path(folder, "a")) as at_once, opened(Path(folder, "b")) as later:
        kept: dict[str, list[Interval]] = {}
        for number, (sent, one) in enumerate(told):
            record(at_once, sent, one)
            if data.draw(st.booleans()):
                kept[str(number)] = [one]
                keep(later, sent, str(number))
            else:
                record(later, sent, one)
            if data.draw(st.integers(0, 5)) == 0:
                retry(later, 0, **kept)
        retry(later, 0, **kept)
        assert content(later) == content(at_once)
        assert_sound(later.path)


def test_quarantine_at_a_glance(ledger: Ledger) -> None:
    """How many there are, and the newest; nothing of a camera nobody knows."""
    keep(ledger, 60, "a", "b", "c")
    quarantine = ledger.quarantine(SERIAL, 2).result(TIMEOUT)
    assert (quarantine.count, [one.content for one in quarantine.newest]) == (3, ["c", "b"])
    nothing = ledger.quarantine(sensor(1).serial, 2).result(TIMEOUT)
    assert (nothing.count, nothing.newest) == (0, [])


def test_what_is_shown_is_bounded(ledger: Ledger) -> None:
    """What is long is kept whole, to be read again; to be looked at, its beginning is enough."""
    keep(ledger, 60, "x" * 200_000)
    assert contents(ledger) == ["x" * 4096]
    assert retry(ledger, 120, **{"x" * 200_000: [interval(0, 1)]}).settled == 1


def test_what_is_dropped_is_what_was_shown(path: Path, ledger: Ledger) -> None:
    """What comes after that stays, and so does another camera's; stored ones aren't touched."""
    record(ledger, 1, sender=sensor(1), rejected=[Rejected("bad", "of another")])
    record(ledger, 900, interval(0, 20, minutes=15))
    keep(ledger, 960, "shown")
    record(ledger, 960, interval(3, 1))
    last = ledger.quarantine(SERIAL, 1).result(TIMEOUT).last
    keep(ledger, 1020, "later")
    assert ledger.drop(SERIAL, last).result(TIMEOUT) == 2
    assert [one.content for one in ledger.quarantined(SERIAL, 10).result(TIMEOUT)] == ["later"]
    assert quarantined(ledger, sensor(1).serial) == 1
    assert stored(path) == [interval(0, 20, minutes=15)]
    assert ledger.drop(SERIAL, last).result(TIMEOUT) == 0


def test_what_was_dropped_may_come_again(path: Path, ledger: Ledger) -> None:
    """Nobody remembers what was dropped: it is looked at as if it came for the first time."""
    record(ledger, 900, interval(0, 20, minutes=15))
    for _ in range(2):
        record(ledger, 960, interval(3, 1), rejected=[Rejected("bad", "x")])
        assert quarantined(ledger) == 2
        assert waiting(path) == [(3, 4)]
        ledger.drop(SERIAL, ledger.quarantine(SERIAL, 0).result(TIMEOUT).last).result(TIMEOUT)
        assert quarantined(ledger) == 0


# Cameras


def test_there_is_a_limit_to_cameras(path: Path, ledger: Ledger) -> None:
    """One too many is refused and leaves nothing; those that are known go on."""
    for future in [ledger.record(push(60, sender=sensor(number)), START) for number in range(MAX_CAMERAS)]:
        future.result(TIMEOUT)
    with pytest.raises(TooManyCamerasError):
        record(ledger, 60, interval(0, 5))
    assert query(path, "SELECT count(*) FROM cameras") == [(MAX_CAMERAS,)]
    assert record(ledger, 60, interval(0, 5), sender=sensor(7)).appeared == (interval(0, 5),)
    # One that was removed makes room, and needs room to come back.
    ledger.set_removed(sensor(7).serial).result(TIMEOUT)
    record(ledger, 60, interval(0, 5))
    with pytest.raises(TooManyCamerasError):
        record(ledger, 61, interval(1, 5), sender=sensor(7))


def test_one_camera_too_many_does_not_harm_those_beside_it(path: Path, ledger: Ledger) -> None:
    """Pushes that are committed together fail alone."""
    for future in [ledger.record(push(60, sender=sensor(number)), START) for number in range(MAX_CAMERAS)]:
        future.result(TIMEOUT)
    with locked(path):
        before = ledger.record(push(60, interval(0, 1), sender=sensor(1)), START)
        refused = ledger.record(push(60, interval(0, 1)), START)
        after = ledger.record(push(60, interval(0, 1), sender=sensor(2)), START)
    with pytest.raises(TooManyCamerasError):
        refused.result(TIMEOUT)
    assert before.result(TIMEOUT).appeared == after.result(TIMEOUT).appeared == (interval(0, 1),)
    assert stored(path, sensor(1).serial) == stored(path, sensor(2).serial) == [interval(0, 1)]


def test_a_camera_is_what_it_last_said_of_itself(ledger: Ledger) -> None:
    """A push that was held up doesn't bring an old name back."""
    new = Sensor(SERIAL, "New", "B", "2", "Europe/Oslo", "192.168.1.2")
    record(ledger, 120, sender=new)
    camera = record(ledger, 60, sender=Sensor(SERIAL, "Old", "A", "1", None, None)).camera
    assert (camera.name, camera.application, camera.version) == (new.name, new.application, new.version)
    assert (camera.time_zone, camera.ip_address, camera.sent) == (new.time_zone, new.ip_address, START + 120)
    assert record(ledger, 180, sender=Sensor(SERIAL, "Newest", None, None, None, None)).camera.application is None


def test_the_offset_of_a_camera_stays_known(ledger: Ledger) -> None:
    """A push that doesn't tell how far local time is ahead of UTC leaves it as it was, and so does one held up."""

    def offset(sent: int, told: int | None) -> int | None:
        sender = Sensor(SERIAL, "Door", None, None, None, None, told)
        return record(ledger, sent, sender=sender).camera.utc_offset

    assert [offset(60, None), offset(120, 7200), offset(180, None), offset(90, 3600), offset(240, -18000)] == [
        None,
        7200,
        7200,
        7200,
        -18000,
    ]


def test_the_time_of_the_last_push_never_goes_back(ledger: Ledger) -> None:
    """Our own clock may be put back."""
    record(ledger, 120)
    assert ledger.record(push(180), START).result(TIMEOUT).camera.received == START + 120


def test_a_removed_camera_comes_back_with_its_counts(ledger: Ledger) -> None:
    """It is hidden until it pushes again."""
    record(ledger, 60, interval(0, 5))
    ledger.set_removed(SERIAL).result(TIMEOUT)
    assert ledger.cameras().result(TIMEOUT) == []
    assert record(ledger, 120, interval(1, 2)).camera.total_entered == 7
    assert [camera.total_entered for camera in ledger.cameras().result(TIMEOUT)] == [7]


def test_the_direction_is_remembered(path: Path) -> None:
    """It outlives the process, and doesn't change what is stored."""
    with opened(path) as ledger:
        record(ledger, 60, interval(0, 5, 2))
        ledger.set_reversed(SERIAL, True).result(TIMEOUT)
    with opened(path) as ledger:
        (camera,) = ledger.cameras().result(TIMEOUT)
        assert (camera.reversed, camera.total_entered, camera.total_exited) == (1, 5, 2)
        ledger.set_reversed(SERIAL, False).result(TIMEOUT)
        assert ledger.cameras().result(TIMEOUT)[0].reversed == 0


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        pytest.param(interval(0), interval(1), MINUTE, id="every minute"),
        pytest.param(interval(0, minutes=5), interval(5, minutes=5), 5 * MINUTE, id="every five minutes"),
        pytest.param(interval(0, minutes=15), interval(15, minutes=15), 15 * MINUTE, id="every quarter"),
        pytest.param(Interval(START, START + 10, 0, 0, None, None), interval(0), MINUTE, id="never below a minute"),
        pytest.param(interval(0), interval(5000), MAX_SEND_INTERVAL, id="an outage isn't an interval"),
        pytest.param(interval(5, minutes=5), interval(0, minutes=5), 5 * MINUTE, id="late counts tell nothing"),
    ],
)
def test_the_send_interval_is_learned(ledger: Ledger, first: Interval, then: Interval, expected: int) -> None:
    """It is the time by which a push takes the newest count further."""
    record(ledger, 60, first)
    assert record(ledger, 120, then).camera.send_interval == expected


def test_minutes_sent_five_at_a_time_are_a_send_interval_of_five(ledger: Ledger) -> None:
    """What counts is how often it pushes, not the width of its intervals."""
    record(ledger, 300, *quarter(1)[:5])
    assert record(ledger, 600, *quarter(1)[5:10]).camera.send_interval == 5 * MINUTE


# Today


def test_today_tells_the_day_and_what_matters_for_occupancy(ledger: Ledger) -> None:
    """Counts from midnight on, passages that end after the reset, corrections since it."""
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


def test_an_interval_that_ends_at_the_reset_lies_before_it(ledger: Ledger) -> None:
    """Its people were inside before; those of one that goes over the reset came after it as far as anybody knows."""
    record(ledger, 600, interval(-1, 1), interval(0, 2, minutes=5))
    at_the_start = ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert at_the_start.passages == [Passage(START + 300, 2, 0)]
    assert ledger.today(SERIAL, START, START + DAY, START + 299).result(TIMEOUT).passages == at_the_start.passages


def test_today_of_a_camera_without_counts(ledger: Ledger) -> None:
    """Nobody passed, and adults aren't known."""
    record(ledger, 60)
    today = ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert today.counts == Counts(0, 0, None, None)
    assert (today.newest, today.passages, today.corrections) == (None, [], [])


def test_thread_survives_anything(ledger: Ledger) -> None:
    """Whoever waits is told, whatever went wrong, and the next push is stored."""

    def broken(_: sqlite3.Connection) -> None:
        raise SystemExit

    for writes in (True, False):
        with pytest.raises(LedgerError, match="SystemExit"):
            ledger.submit(broken, writes=writes).result(TIMEOUT)
    assert record(ledger, 60, interval(0, 5)).appeared == (interval(0, 5),)


def test_a_clock_that_was_ahead_does_no_lasting_harm(path: Path, ledger: Ledger) -> None:
    """After both clocks were put right, the camera's description is believed again."""
    year = 365 * DAY
    ledger.record(push(year, interval(0)), START + year).result(TIMEOUT)
    renamed = Sensor(SERIAL, "Portal", None, None, None, None)
    record(ledger, 60, interval(1), sender=renamed)
    assert camera_row(path, "name, received") == ("Portal", START + 60)


def test_nothing_is_kept_of_a_camera_nobody_knows(ledger: Ledger) -> None:
    """What can't be stored is said, as after a ledger was begun anew."""
    for future in (
        ledger.correct(SERIAL, START, 3, Source.ACTION),
        ledger.set_reversed(SERIAL, True),
        ledger.set_removed(SERIAL),
    ):
        with pytest.raises(LedgerError, match="isn't in the ledger"):
            future.result(TIMEOUT)


def test_corrections_at_one_instant_keep_their_order(ledger: Ledger) -> None:
    """The last one said comes last."""
    record(ledger, 60)
    for value in (3, 1, 2):
        ledger.correct(SERIAL, START, value, Source.ACTION).result(TIMEOUT)
    today = ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert [correction.value for correction in today.corrections] == [3, 1, 2]


def test_a_camera_that_is_not_there_cannot_be_asked(ledger: Ledger) -> None:
    """A new ledger was begun, say, and it hasn't pushed since."""
    with pytest.raises(LedgerError, match=SERIAL):
        ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT)
    assert ledger.quarantined(SERIAL, 10).result(TIMEOUT) == []


# The thread


def commits(path: Path) -> int:
    """Return how many transactions stand in the write-ahead log: the last frame of each tells the file's size."""
    log = Path(f"{path}-wal").read_bytes()
    page = int.from_bytes(log[8:12])
    sizes = [log[at + 4 : at + 8] for at in range(32, len(log), 24 + page)]
    return sum(1 for size in sizes if size != bytes(4))


def test_pushes_that_wait_are_committed_together(path: Path, ledger: Ledger) -> None:
    """Fifty cameras that push at once cost one commit, or two where the first got ahead."""
    record(ledger, 0)
    before = commits(path)
    with locked(path):
        futures = [ledger.record(push(60, interval(0, 1), sender=sensor(number)), START) for number in range(50)]
        question = ledger.cameras()
    assert [future.result(TIMEOUT).camera.serial for future in futures] == [sensor(n).serial for n in range(50)]
    assert len(question.result(TIMEOUT)) in (1, 2, 51)
    assert 1 <= commits(path) - before <= 2


def held_up(ledger: Ledger) -> threading.Event:
    """Keep the ledger's thread busy with a question until the event is set, so that what comes meanwhile waits."""
    started, go_on = threading.Event(), threading.Event()

    def hold(db: sqlite3.Connection) -> None:
        started.set()
        go_on.wait(TIMEOUT)

    ledger.submit(hold)
    assert started.wait(TIMEOUT)
    return go_on


def test_a_batch_waits_for_a_lock_once(path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty pushes are told that somebody else has the file as soon as one would be."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.3)
    record(ledger, 0)
    ledger.close().result(TIMEOUT)
    with opened(path) as again:
        again.cameras().result(TIMEOUT)
        go_on = held_up(again)
        futures = [again.record(push(60, interval(number, 1)), START) for number in range(60)]
        with locked(path):
            begin = perf_counter()
            go_on.set()
            for future in futures:
                assert "locked" in str(outcome(future))
            # Sixty times as long would be eighteen seconds.
            assert perf_counter() - begin < 10


def test_a_question_sees_what_was_pushed_before_it(ledger: Ledger) -> None:
    """Also where both were waiting: they are answered in another order than they came."""
    go_on = held_up(ledger)
    ledger.record(push(60, interval(0, 1)), START)
    question = ledger.cameras()
    go_on.set()
    assert len(question.result(TIMEOUT)) == 1


def synchronous(ledger: Ledger) -> int:
    """Return how the ledger's own connection syncs: 2 is FULL, each commit is on the disk before it returns."""
    (value,) = ledger.submit(lambda db: db.execute("PRAGMA synchronous").fetchone()).result(TIMEOUT)
    return int(value)


def test_each_commit_is_synced_to_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a new file, during a backup and after it, in a file that was opened again, and after a failure."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
    found: list[int] = []
    hold = BackupHold()
    with opened(path, hold=hold) as ledger:
        found.append(synchronous(ledger))
        wait_for(hold.begin())
        found.append(synchronous(ledger))
    with opened(path, hold=hold) as ledger:
        found.append(synchronous(ledger))
        wait_for(hold.end())
        found.append(synchronous(ledger))
        with locked(path):
            assert outcome(ledger.record(push(60, interval(0, 1)), START))
        found.append(synchronous(ledger))
        path.unlink()
        found.append(synchronous(ledger))
    assert found == [2] * 6


async def test_a_caller_that_gives_up_does_not_stop_the_commit(path: Path, ledger: Ledger) -> None:
    """A client that hangs up can't interrupt what is being stored."""
    record(ledger, 0)
    with locked(path):
        future = ledger.record(push(60, interval(0, 5)), START)
        caller = asyncio.ensure_future(asyncio.wrap_future(future))
        caller.cancel()
        # Until then the cancellation hasn't got through.
        await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await caller
    assert future.result(TIMEOUT).appeared == (interval(0, 5),)
    assert stored(path) == [interval(0, 5)]


async def test_a_caller_that_gives_up_does_not_stop_the_closing(path: Path, ledger: Ledger) -> None:
    """Whoever asks next hears when it is closed."""
    record(ledger, 0)
    with locked(path):
        ledger.record(push(60, interval(0, 5)), START)
        caller = asyncio.ensure_future(asyncio.wrap_future(ledger.close()))
        caller.cancel()
        # Until then the cancellation hasn't got through.
        await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await caller
    ledger.close().result(TIMEOUT)
    assert stored(path) == [interval(0, 5)]


def test_closing_finishes_what_waits(path: Path, tmp_path: Path) -> None:
    """What was handed over before is stored, and the log is written into the file."""
    with opened(path) as ledger:
        futures = [ledger.record(push(60 * n, interval(n, 1)), START) for n in range(20)]
        ledger.close().result(TIMEOUT)
        assert all(future.done() for future in futures)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert len(stored(path)) == 20


def test_a_closed_ledger_takes_nothing(path: Path) -> None:
    """It says so at once; closing it again is no error."""
    with opened(path) as ledger:
        record(ledger, 60, interval(0, 5))
        ledger.close().result(TIMEOUT)
        ledger.close().result(TIMEOUT)
        asked: list[Future[Any]] = [ledger.record(push(120), START), ledger.cameras(), ledger.set_removed(SERIAL)]
        for future in asked:
            with pytest.raises(LedgerError, match="closed"):
                future.result(0)
    assert stored(path) == [interval(0, 5)]


QUESTIONS: Final[dict[str, Callable[[Ledger], Future[Any]]]] = {
    "a question": Ledger.cameras,
    "a push": lambda ledger: ledger.record(push(120, interval(1, 1)), START),
    "its size": Ledger.size,
    "a backup": Ledger.begin_backup,
    "the end of a backup": Ledger.end_backup,
}


class Stopped:
    """Stops a thread at one line of the ledger's file, as the system may do with any thread at any time."""

    def __init__(self, number: int) -> None:
        """Choose the line: it is one of those that the thread comes to, counted from 0."""
        self.is_there = threading.Event()
        self.go_on = threading.Event()
        self._number = number

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Be told of all that the thread does."""
        if frame.f_code.co_filename == ledger_file.__file__ and event == "line":
            self._number -= 1
            if self._number == -1:
                self.is_there.set()
                self.go_on.wait(TIMEOUT)
        return self


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_question_put_while_the_ledger_closes_is_answered(tmp_path: Path, what: str) -> None:
    """Wherever the thread that puts it is stopped meanwhile: it is done, or it raises LedgerError."""
    for line in range(50):
        stopped = Stopped(line)
        answers: list[Future[Any]] = []

        def ask(ledger: Ledger, stopped: Stopped = stopped, answers: list[Future[Any]] = answers) -> None:
            sys.settrace(stopped)
            try:
                answers.append(QUESTIONS[what](ledger))
            finally:
                sys.settrace(None)
                stopped.is_there.set()

        with opened(tmp_path / f"{line}.db") as ledger:
            record(ledger, 60, interval(0, 1))
            asking = threading.Thread(target=ask, args=(ledger,))
            asking.start()
            stopped.is_there.wait(TIMEOUT)
            closing_it = threading.Thread(target=lambda ledger: ledger.close().result(TIMEOUT), args=(ledger,))
            closing_it.start()
            # It is closed by then, unless it waits for the other thread.
            closing_it.join(0.05)
            was_asked = not asking.is_alive()
            stopped.go_on.set()
            asking.join(TIMEOUT)
            closing_it.join(TIMEOUT)
            outcome(answers[0])
        if was_asked:
            # There are no more lines than that.
            assert line > 3
            return
    raise AssertionError("It takes that many lines to ask?")


def test_closing_answers_all_questions_that_wait(path: Path) -> None:
    """However many there are: somebody waits for each of them."""
    go_on = threading.Event()
    with opened(path) as ledger:
        record(ledger, 60, interval(0, 5))
        ledger.submit(lambda _: go_on.wait(TIMEOUT))
        questions = [ledger.cameras() for _ in range(20)]
        recorded = ledger.record(push(120, interval(1, 5)), START)
        closed = ledger.close()
        go_on.set()
        closed.result(TIMEOUT)
        assert recorded.done()
        for question in questions:
            assert len(question.result(0)) == 1


def test_the_size_is_that_of_the_file_and_its_log(path: Path, ledger: Ledger) -> None:
    """What it takes on the disk."""
    record(ledger, 60, *[interval(minute, 1) for minute in range(1000)])
    assert ledger.size().result(TIMEOUT) == path.stat().st_size + Path(f"{path}-wal").stat().st_size


# Merging


def merge_all(ledger: Ledger, before: int) -> int:
    """Merge until there is nothing more; return in how many steps."""
    steps = 0
    while ledger.merge(before).result(TIMEOUT):
        steps += 1
        assert steps < 1000
    return steps


def test_old_minutes_become_hours(path: Path, ledger: Ledger) -> None:
    """Sums, adults and totals stay; what is younger stays as it is."""
    minutes = [interval(minute, 1, 2, adults=(1, 0)) for minute in range(180)]
    record(ledger, 1, *minutes)
    merge_all(ledger, START + 2 * HOUR)
    assert stored(path) == [
        interval(0, 60, 120, minutes=60, adults=(60, 0)),
        interval(60, 60, 120, minutes=60, adults=(60, 0)),
        *minutes[120:],
    ]
    assert camera_row(path, "total_entered, total_exited, total_adults_entered, total_adults_exited") == (
        180,
        360,
        180,
        0,
    )


def test_only_whole_hours_are_merged(path: Path, ledger: Ledger) -> None:
    """An hour that the boundary divides waits for the next time."""
    record(ledger, 1, *[interval(minute, 1) for minute in range(60)])
    assert merge_all(ledger, START + HOUR - 1) == 0
    assert len(stored(path)) == 60
    merge_all(ledger, START + HOUR)
    assert stored(path) == [interval(0, 60, minutes=60)]


def test_gaps_are_kept(path: Path, ledger: Ledger) -> None:
    """What was never counted isn't told to be counted, and finds its place when it comes late."""
    known = [interval(minute, 1) for minute in range(60) if minute not in (20, 21, 40)]
    record(ledger, 1, *known)
    merge_all(ledger, START + HOUR)
    assert stored(path) == [
        interval(0, 20, minutes=20),
        interval(22, 18, minutes=18),
        interval(41, 19, minutes=19),
    ]
    assert record(ledger, 2, interval(20, 7)).appeared == (interval(20, 7),)


def test_an_interval_over_the_full_hour_stays(path: Path, ledger: Ledger) -> None:
    """It belongs to neither; what lies before and after is merged."""
    over = interval(55, 9, minutes=10)
    day = interval(200, 5, minutes=1440)
    record(ledger, 1, interval(53, 1), interval(54, 1), over, interval(65, 1), interval(66, 1), day)
    merge_all(ledger, START + 3 * DAY)
    assert stored(path) == [interval(53, 2, minutes=2), over, interval(65, 2, minutes=2), day]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_adults_once_told_are_known_in_any_order(path: Path, ledger: Ledger, order: tuple[int, int]) -> None:
    """A camera that told adults can tell them, also where a later copy of the interval leaves them out."""
    copies = (interval(0, 3, adults=(2, 0)), interval(0, 3))
    for number in order:
        record(ledger, 100 + number, copies[number])
    assert camera_row(path, "total_entered, total_adults_entered, total_adults_exited") == (3, 0, 0)


def test_adults_that_only_some_intervals_tell_are_summed(path: Path, ledger: Ledger) -> None:
    """None where none of them does."""
    record(ledger, 1, interval(0, 2, adults=(1, 0)), interval(1, 2), interval(60, 1), interval(61, 1))
    merge_all(ledger, START + 2 * HOUR)
    assert stored(path) == [interval(0, 4, minutes=2, adults=(1, 0)), interval(60, 2, minutes=2)]


def test_merging_goes_a_day_of_a_camera_at_a_time(path: Path, ledger: Ledger) -> None:
    """Each step is short, empty years cost nothing, and it ends."""
    old = Interval(START - 3000 * DAY, START - 3000 * DAY + MINUTE, 1, 0, None, None)
    for number in range(2):
        hours = [interval(60 * hour + minute, 1) for hour in range(49) for minute in (0, 1)]
        record(ledger, 1, old, *hours, sender=sensor(number))
    assert merge_all(ledger, START + 3 * DAY) == 2 * (1 + 3)
    assert merge_all(ledger, START + 3 * DAY) == 0
    for number in range(2):
        expected = [old, *(interval(60 * hour, 2, minutes=2) for hour in range(49))]
        assert stored(path, sensor(number).serial) == expected


def test_merging_goes_on_where_it_ended(path: Path, ledger: Ledger) -> None:
    """Day after day, and when somebody wants full detail for longer or shorter than before."""
    record(ledger, 1, *[interval(minute, 1) for minute in range(240)])
    merge_all(ledger, START + 2 * HOUR)
    assert merge_all(ledger, START + HOUR) == 0
    assert len(stored(path)) == 2 + 120
    merge_all(ledger, START + 4 * HOUR)
    assert stored(path) == [interval(60 * hour, 60, minutes=60) for hour in range(4)]


def test_what_was_merged_and_comes_again_adds_nothing(path: Path, ledger: Ledger) -> None:
    """The minutes of one push, later ones and all of them: each time they count once."""
    for minute in range(60):
        record(ledger, 60 * (minute + 1), interval(minute, 1))
    merge_all(ledger, START + HOUR)
    record(ledger, 600, interval(9, 1))
    assert stored(path) == [interval(0, 60, minutes=60)]
    assert waiting(path) == []
    record(ledger, 9000, *[interval(minute, 1) for minute in range(60)])
    assert stored(path) == [interval(minute, 1) for minute in range(60)]


# Files that are no sound ledger


def write_garbage(path: Path) -> None:
    """Leave bytes that are nothing at all."""
    path.write_bytes(b"these are no counts\n" * 1000)


def write_zeros(path: Path) -> None:
    """Leave what a file system leaves of a file that was never written."""
    path.write_bytes(bytes(32768))


def write_foreign(path: Path) -> None:
    """Leave another program's database."""
    query(path, "CREATE TABLE somebody_elses (a)")


def write_foreign_version(path: Path) -> None:
    """Leave another program's database that has no tables yet."""
    query(path, "PRAGMA user_version = 3")


def write_truncated(path: Path) -> None:
    """Leave the first part of a ledger."""
    with opened(path) as ledger:
        record(ledger, 1, *[interval(minute, 1) for minute in range(5000)])
    os.truncate(path, 12288)


def write_damaged(path: Path) -> None:
    """Leave a ledger in which the page of the cameras is overwritten."""
    with opened(path) as ledger:
        record(ledger, 1, interval(0, 1))
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)


@pytest.mark.parametrize(
    "write", [write_garbage, write_zeros, write_foreign, write_foreign_version, write_truncated, write_damaged]
)
def test_a_file_that_is_no_sound_ledger_is_moved_aside(
    path: Path, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    """Not a byte of it is lost, it is told where it is, and a new one is begun within the first two pushes."""
    write(path)
    content = path.read_bytes()
    moved: list[Path] = []
    with opened(path, moved.append) as ledger:
        try:
            record(ledger, 60, interval(0, 5))
        except LedgerError:
            record(ledger, 60, interval(0, 5))
        assert stored(path) == [interval(0, 5)]
    (aside,) = moved
    assert aside.parent == tmp_path
    assert aside.name.startswith("ledger.db.corrupt-")
    assert aside.read_bytes() == content
    assert_sound(path)
    with opened(path, moved.append) as ledger:
        assert len(ledger.cameras().result(TIMEOUT)) == 1
    assert len(moved) == 1


def test_the_log_of_a_damaged_file_is_not_taken_over(path: Path, tmp_path: Path) -> None:
    """It must not be played into the new one."""
    other = tmp_path / "other.db"
    with opened(other) as ledger:
        record(ledger, 1, interval(0, 1))
        ledger.begin_backup().result(TIMEOUT)
        record(ledger, 2, interval(1, 1))
        shutil.copy(f"{other}-wal", f"{path}-wal")
    write_garbage(path)
    moved: list[Path] = []
    with opened(path, moved.append) as ledger:
        assert ledger.cameras().result(TIMEOUT) == []
    assert len(moved) == 1
    assert_sound(path)


def test_an_empty_file_is_taken(path: Path, ledger: Ledger) -> None:
    """A file without a byte is one that nobody has written to."""
    path.touch()
    record(ledger, 60, interval(0, 5))
    assert query(path, "PRAGMA application_id") == [(APPLICATION_ID,)]


@pytest.mark.parametrize("part", [0.0, 0.5], ids=["all but the first page", "the intervals alone"])
def test_damage_while_running_costs_one_answer(path: Path, part: float) -> None:
    """The camera is told to send again, and the next push begins a new ledger."""
    moved: list[Path] = []
    with opened(path, moved.append) as ledger:
        record(ledger, 1, *[interval(minute, 1) for minute in range(5000)])
        # Everything into the file, then another writer, so that its pages are read again.
        ledger.begin_backup().result(TIMEOUT)
        ledger.end_backup().result(TIMEOUT)
        query(path, "UPDATE cameras SET name = 'Other'")
        query(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        size = path.stat().st_size
        # The intervals are by far the most, and stand behind all else.
        intact = max(1, int(size // 4096 * part)) * 4096
        with path.open("r+b") as file:
            file.seek(intact)
            file.write(b"\xff" * (size - intact))
        with pytest.raises(LedgerError, match="malformed"):
            record(ledger, 2, interval(5000, 1))
        assert moved == []
        assert record(ledger, 2, interval(5000, 1)).camera.total_entered == 1
        assert len(moved) == 1
    assert_sound(path)


def test_an_alarm_that_was_false_moves_nothing(path: Path, ledger: Ledger) -> None:
    """A file that is found sound after a failure is kept: the damage was in what was read of it."""
    record(ledger, 1, interval(0, 1))
    intact = as_after_a_power_cut(path, path.parent / "intact")
    query(path, "UPDATE cameras SET name = 'Other'")
    query(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    good = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (len(good) - 4096))
    with pytest.raises(LedgerError, match="malformed"):
        record(ledger, 2, interval(1, 1))
    path.write_bytes(good)
    record(ledger, 2, interval(1, 1))
    assert stored(path) == [interval(0, 1), interval(1, 1)]
    assert stored(intact) == [interval(0, 1)]


def test_a_later_version_keeps_its_file(path: Path) -> None:
    """It is refused as it is, and can be taken when the integration is up to date again."""
    with opened(path) as ledger:
        record(ledger, 1, interval(0, 1))
    query(path, "PRAGMA user_version = 99")
    content = path.read_bytes()
    moved: list[Path] = []
    with opened(path, moved.append) as ledger:
        with pytest.raises(LedgerTooNewError):
            ledger.cameras().result(TIMEOUT)
        with pytest.raises(LedgerTooNewError):
            record(ledger, 2, interval(1, 1))
    assert path.read_bytes() == content
    assert moved == []


# Migrations


MIGRATIONS: Final[tuple[str, ...]] = vars(schema)["_MIGRATIONS"]
NEWEST: Final = len(MIGRATIONS)


def with_migration(monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    """Let there be another schema version."""
    monkeypatch.setattr(schema, "_MIGRATIONS", (*MIGRATIONS, sql))


def test_a_ledger_of_an_earlier_version_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, with all it holds."""
    with opened(path) as ledger:
        record(ledger, 1, interval(0, 1))
    with_migration(monkeypatch, "CREATE TABLE notes (text TEXT) STRICT; INSERT INTO notes VALUES ('made')")
    for _ in range(2):
        with opened(path) as ledger:
            record(ledger, 2, interval(1, 1))
    assert query(path, "SELECT text FROM notes") == [("made",)]
    assert query(path, "PRAGMA user_version") == [(NEWEST + 1,)]
    assert stored(path) == [interval(0, 1), interval(1, 1)]


def test_an_id_never_comes_twice(ledger: Ledger) -> None:
    """What was shown last may leave quarantine; what comes then must not be dropped in its place."""
    record(ledger, 60, rejected=[bad(1), bad(2)])
    shown = ledger.quarantine(SERIAL, 0).result(TIMEOUT).last
    record(ledger, 120, interval(2, 1))
    record(ledger, 180, rejected=[bad(3)])
    assert ledger.drop(SERIAL, shown).result(TIMEOUT) == 1
    assert contents(ledger) == ["3 1"]


def test_a_migration_is_made_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that fails half-way leaves the version before, and is made when it can be."""
    with opened(path) as ledger:
        record(ledger, 1, interval(0, 1))
    with_migration(monkeypatch, "CREATE TABLE notes (text TEXT) STRICT; INSERT INTO nowhere VALUES (1)")
    with opened(path) as ledger:
        with pytest.raises(LedgerError, match="nowhere"):
            record(ledger, 2, interval(1, 1))
        assert query(path, "PRAGMA user_version") == [(NEWEST,)]
        assert query(path, "SELECT name FROM sqlite_schema WHERE name = 'notes'") == []
        with_migration(monkeypatch, "CREATE TABLE notes (text TEXT) STRICT")
        record(ledger, 2, interval(1, 1))
    assert query(path, "PRAGMA user_version") == [(NEWEST + 1,)]


# A disk that doesn't take anything, or others who have the file


@pytest.mark.usefixtures("_impatient")
def test_a_locked_file_is_an_error_that_passes(path: Path, ledger: Ledger) -> None:
    """All that wait are told so, nothing is half stored, and it works when the lock is gone."""
    record(ledger, 0)
    ledger.close().result(TIMEOUT)
    with opened(path) as again:
        with locked(path):
            futures = [again.record(push(60, interval(number, 1)), START) for number in range(5)]
            for future in futures:
                with pytest.raises(LedgerError, match="locked"):
                    future.result(TIMEOUT)
        assert stored(path) == []
        record(again, 60, interval(0, 5))
    assert stored(path) == [interval(0, 5)]


@contextmanager
def full_disk(free: int, *files: Path) -> Iterator[None]:
    """Let no file of this process become longer than these are, and so many bytes."""
    longest = max((file.stat().st_size for file in files if file.exists()), default=0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest + free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def outcome(future: Future[Any]) -> Exception | None:
    """Wait, and return what went wrong."""
    error = future.exception(TIMEOUT)
    assert error is None or isinstance(error, LedgerError)
    return error


@pytest.mark.parametrize("free", [0, 24, 1000, 4000, 4120, 5000, 8240, 12_360, 20_000, 33_000, 60_000])
def test_a_full_disk_takes_a_push_wholly_or_not_at_all(path: Path, ledger: Ledger, free: int) -> None:
    """Wherever it ends; what was there stays, and it goes on when there is room."""
    first = [interval(minute, 1) for minute in range(100)]
    second = [interval(minute, 1) for minute in range(100, 600)]
    record(ledger, 1, *first)
    with full_disk(free, path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        errors = [outcome(ledger.record(push(2, *second), START)) for _ in range(3)]
    assert stored(path) == (first if all(errors) else first + second)
    assert any(errors) == (free < 33_000)
    assert record(ledger, 2, *second).camera.total_entered == 600
    assert stored(path) == first + second


@pytest.mark.parametrize("free", [0, 4096, 20_000])
def test_a_full_disk_takes_no_new_ledger(path: Path, ledger: Ledger, free: int) -> None:
    """Nor does what is left of the attempt keep one from being made later."""
    with full_disk(free):
        assert outcome(ledger.cameras())
        assert outcome(ledger.record(push(1, interval(0, 1)), START))
    record(ledger, 1, interval(0, 1))
    assert stored(path) == [interval(0, 1)]


@contextmanager
def unprivileged() -> Iterator[Path]:
    """Give up the rights of root, to whom nothing is read-only, and return a folder of one's own."""
    with TemporaryDirectory() as folder:
        user = os.geteuid()
        if user == 0:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            Path(folder).chmod(0o700)
            os.seteuid(user)


@pytest.mark.parametrize("what", ["file", "folder", "both"])
def test_what_is_read_only_is_an_error_that_passes(what: str) -> None:
    """It says so, loses nothing and works when it may write again."""
    with unprivileged() as folder:
        path = folder / "ledger.db"
        moved: list[Path] = []
        with opened(path) as ledger:
            record(ledger, 1, interval(0, 1))
        with opened(path, moved.append) as ledger:
            if what in ("file", "both"):
                path.chmod(0o400)
            if what in ("folder", "both"):
                folder.chmod(0o500)
            assert outcome(ledger.record(push(2, interval(1, 1)), START))
            folder.chmod(0o700)
            path.chmod(0o600)
            record(ledger, 2, interval(1, 1))
            assert stored(path) == [interval(0, 1), interval(1, 1)]
        assert moved == []


def test_a_folder_one_may_not_enter_is_an_error_that_passes() -> None:
    """Not even whether the file is there can be told."""
    with unprivileged() as folder, opened(folder / "inner" / "ledger.db") as ledger:
        assert outcome(ledger.cameras())
        (folder / "inner").mkdir()
        record(ledger, 1, interval(0, 1))
        (folder / "inner").chmod(0)
        try:
            assert outcome(ledger.record(push(2, interval(1, 1)), START))
        finally:
            (folder / "inner").chmod(0o700)
        assert record(ledger, 2, interval(1, 1)).camera.total_entered == 2


def test_a_file_that_cannot_be_moved_aside_is_an_error_that_passes() -> None:
    """The garbage stays where it is until it can be moved."""
    with unprivileged() as folder:
        path = folder / "ledger.db"
        write_garbage(path)
        moved: list[Path] = []
        with opened(path, moved.append) as ledger:
            folder.chmod(0o500)
            assert outcome(ledger.record(push(1, interval(0, 1)), START))
            assert moved == []
            folder.chmod(0o700)
            record(ledger, 1, interval(0, 1))
            assert len(moved) == 1


# Somebody changes the files while it runs


def test_a_file_that_was_deleted_is_begun_anew(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """A push never goes into a file that has no name any more."""
    record(ledger, 1, interval(0, 1))
    path.unlink()
    record(ledger, 2, interval(1, 1))
    assert stored(path) == [interval(1, 1)]
    copy = as_after_a_power_cut(path, tmp_path / "copy")
    assert stored(copy) == [interval(1, 1)]


def test_a_file_that_was_moved_away_has_all_that_was_stored(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """Also what was still in the log."""
    record(ledger, 1, interval(0, 1))
    path.rename(tmp_path / "kept.db")
    record(ledger, 2, interval(1, 1))
    assert stored(path) == [interval(1, 1)]
    assert stored(tmp_path / "kept.db") == [interval(0, 1)]


def test_a_file_that_was_replaced_is_taken_as_it_is(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """The log of the one before isn't played into it; totals are right and nothing is doubled."""
    record(ledger, 1, *[interval(minute, 1) for minute in range(100)])
    ledger.begin_backup().result(TIMEOUT)
    shutil.copy(path, tmp_path / "copy.db")
    ledger.end_backup().result(TIMEOUT)
    record(ledger, 2, *[interval(minute, 2) for minute in range(100, 30_000)])
    ledger.begin_backup().result(TIMEOUT)
    ledger.end_backup().result(TIMEOUT)
    record(ledger, 3, *[interval(minute, 3) for minute in range(30_000, 30_050)])
    (tmp_path / "copy.db").replace(path)
    record(ledger, 4, interval(40_000, 4))
    assert stored(path) == [*(interval(minute, 1) for minute in range(100)), interval(40_000, 4)]
    assert_sound(path)


def test_a_log_that_was_deleted_takes_nothing_with_it(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """What was in it and what comes is in the files that remain, should all go dark now."""
    record(ledger, 1, interval(0, 1))
    Path(f"{path}-wal").unlink()
    record(ledger, 2, interval(1, 1))
    copy = as_after_a_power_cut(path, tmp_path / "copy")
    assert stored(copy) == [interval(0, 1), interval(1, 1)]


def test_a_program_that_looks_into_the_file_takes_nothing_with_it(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """Reading the file, as a backup does, drops our lock on it: the next one who closes it may think it is the last."""
    record(ledger, 1, interval(0, 1))
    path.read_bytes()
    look = f"import sqlite3; db = sqlite3.connect({str(path)!r}); db.execute('SELECT * FROM cameras').fetchall()"
    subprocess.run([sys.executable, "-c", f"{look}; db.close()"], check=True, timeout=TIMEOUT)  # noqa: S603 - our own
    record(ledger, 2, interval(1, 1))
    copy = as_after_a_power_cut(path, tmp_path / "copy")
    assert stored(copy) == [interval(0, 1), interval(1, 1)]


# Backups


@pytest.mark.parametrize("reopened", [False, True], ids=["", "with a failure meanwhile"])
def test_a_backup_holds_all_that_was_stored_before_it(
    path: Path, tmp_path: Path, ledger: Ledger, reopened: bool
) -> None:
    """The file is copied first, the log later and torn anywhere; each copy is sound and has the beginning."""
    before = [interval(minute, 1) for minute in range(500)]
    meanwhile = [[interval(500 + 40 * n + minute, 1) for minute in range(40)] for n in range(30)]
    record(ledger, 1, *before)
    ledger.begin_backup().result(TIMEOUT)
    content = path.read_bytes()
    for n in range(15):
        record(ledger, 2 + n, *meanwhile[n])
    if reopened:
        with full_disk(0):
            assert outcome(ledger.record(push(20, *meanwhile[15]), START))
    assert path.read_bytes() == content
    for n in range(15, 30):
        record(ledger, 2 + n, *meanwhile[n])
    log = Path(f"{path}-wal").read_bytes()
    assert path.read_bytes() == content
    ledger.end_backup().result(TIMEOUT)

    seen = set()
    whole = len(log)
    for length in [0, 20, 32, *range(100, whole, whole // 25), whole - 1, whole]:
        copy = tmp_path / f"copy{length}.db"
        copy.write_bytes(content)
        Path(f"{copy}-wal").write_bytes(log[:length])
        with opened(copy) as taken:
            assert taken.cameras().result(TIMEOUT)
        assert_sound(copy)
        assert stored(copy)[:500] == before
        # A push is in it or isn't, but never in part.
        assert (len(stored(copy)) - 500) % 40 == 0
        seen.add(len(stored(copy)))
    assert min(seen) == 500
    assert max(seen) == 500 + 30 * 40
    assert len(seen) > 5


def test_a_long_backup_does_not_end_by_itself(path: Path, ledger: Ledger) -> None:
    """However much is pushed meanwhile, it stays in the log; afterwards it gets into the file."""
    record(ledger, 1, interval(0, 1))
    ledger.begin_backup().result(TIMEOUT)
    content = path.read_bytes()
    for n in range(4):
        record(ledger, 2 + n, *[interval(minute, 1) for minute in range(40_000 * n, 40_000 * (n + 1))])
    assert Path(f"{path}-wal").stat().st_size > 1000 * 4096
    assert path.read_bytes() == content
    ledger.end_backup().result(TIMEOUT)
    record(ledger, 9, interval(-1, 1))
    assert path.stat().st_size > len(content)
    assert len(stored(path)) == 160_001


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("failure", [False, True], ids=["", "after a failure"])
def test_a_ledger_that_is_closed_in_a_backup_leaves_the_file_alone(path: Path, failure: bool) -> None:
    """The log stays beside it, and is taken at the next start."""
    with opened(path) as ledger:
        record(ledger, 1, interval(0, 1))
        ledger.begin_backup().result(TIMEOUT)
        content = path.read_bytes()
        if failure:
            with locked(path):
                assert outcome(ledger.record(push(2, interval(1, 1)), START))
        record(ledger, 2, interval(1, 1))
    assert path.read_bytes() == content
    with opened(path) as ledger:
        record(ledger, 3, interval(2, 1))
    assert stored(path) == [interval(0, 1), interval(1, 1), interval(2, 1)]


def wait_for(futures: Sequence[Future[None]]) -> None:
    """Wait until a backup has begun or ended for all that have the file open."""
    for future in futures:
        future.result(TIMEOUT)


def log_of(path: Path) -> Path:
    """Return the write-ahead log of a file."""
    return Path(f"{path}-wal")


def push_until_the_log_is_long(path: Path, ledger: Ledger) -> None:
    """Push until SQLite would write the log into the file by itself; the log has to be short."""
    for number in range(50):
        # In some fifty pages; one that is there already would be left out.
        long = Rejected("count out of range", f"{next(NUMBERS)}{' ' * 200_000}")
        record(ledger, 60 * number, interval(number, 1), rejected=[long])
        if log_of(path).stat().st_size > 1200 * 4096:
            return
    raise AssertionError("SQLite has written the log into the file.")


@contextmanager
def left_by_a_backup(path: Path) -> Iterator[BackupHold]:
    """Leave a file with its log beside it: the ledger was closed during a backup, which goes on."""
    hold = BackupHold()
    with opened(path, hold=hold) as ledger:
        record(ledger, 1, interval(0, 1))
        wait_for(hold.begin())
        record(ledger, 2, interval(1, 1))
    assert log_of(path).stat().st_size
    content = path.read_bytes()
    yield hold
    assert path.read_bytes() == content


def test_a_ledger_that_is_opened_during_a_backup_leaves_the_file_alone(path: Path) -> None:
    """From the first access on, however much is pushed, and when it is closed again."""
    with left_by_a_backup(path) as hold:
        for _ in range(2):
            with opened(path, hold=hold) as ledger:
                assert len(ledger.cameras().result(TIMEOUT)) == 1
        with opened(path, hold=hold) as ledger:
            push_until_the_log_is_long(path, ledger)
    expected = len(stored(path))
    hold.end()
    with opened(path, hold=hold) as ledger:
        ledger.cameras().result(TIMEOUT)
    assert not log_of(path).exists(), "the log is in the file"
    assert len(stored(path)) == expected > 2


def test_a_migration_during_a_backup_leaves_the_file_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is made at once or fails because somebody else has the file."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
    with left_by_a_backup(path) as hold:
        with_migration(monkeypatch, "CREATE TABLE notes (text TEXT) STRICT")
        with opened(path, hold=hold) as ledger:
            with locked(path):
                assert outcome(ledger.cameras())
            assert len(ledger.cameras().result(TIMEOUT)) == 1
    assert query(path, "SELECT * FROM notes") == []


def test_a_later_version_is_left_alone_during_a_backup(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed again as soon as its version is known: that doesn't write the log into it."""
    with left_by_a_backup(path) as hold:
        with monkeypatch.context() as later:
            with_migration(later, "CREATE TABLE notes (text TEXT) STRICT")
            with opened(path, hold=hold) as ledger:
                ledger.cameras().result(TIMEOUT)
        with opened(path, hold=hold) as ledger, pytest.raises(LedgerTooNewError):
            ledger.cameras().result(TIMEOUT)


def test_a_damaged_file_is_moved_aside_as_it_is_during_a_backup(path: Path) -> None:
    """What is copied at the moment doesn't change: it only gets another name, and so does its log."""
    with opened(path) as ledger:
        record(ledger, 1, interval(0, 1))
    query(path, "PRAGMA application_id = 1")
    hold = BackupHold()
    hold.begin()
    content = path.read_bytes()
    moved: list[Path] = []
    with opened(path, moved.append, hold) as ledger:
        record(ledger, 2, interval(1, 1))
        begun = path.read_bytes()
        push_until_the_log_is_long(path, ledger)
    (aside,) = moved
    assert aside.read_bytes() == content
    assert path.read_bytes() == begun


def test_a_backup_waits_for_a_ledger_that_is_being_closed(path: Path) -> None:
    """Until then the file may be written; afterwards nobody does."""
    go_on = threading.Event()
    hold = BackupHold()
    with opened(path, hold=hold) as ledger:
        record(ledger, 1, interval(0, 1))
        ledger.submit(lambda _: go_on.wait(TIMEOUT))
        recorded = ledger.record(push(2, interval(1, 1)), START)
        ledger.close()
        begun = hold.begin()
        assert [future.done() for future in begun] == [False]
        go_on.set()
        wait_for(begun)
        content = path.read_bytes()
        assert recorded.done()
    assert path.read_bytes() == content
    with opened(path, hold=hold) as ledger:
        record(ledger, 3, interval(2, 1))
    assert path.read_bytes() == content
    assert hold.files == set()


def test_a_second_backup_leaves_the_file_alone_for_the_first(path: Path, ledger: Ledger) -> None:
    """It has the file and the log, and in these everything; the end of either of them ends the hold."""
    record(ledger, 1, interval(0, 1))
    ledger.begin_backup().result(TIMEOUT)
    content = path.read_bytes()
    record(ledger, 2, interval(1, 1))
    ledger.begin_backup().result(TIMEOUT)
    assert path.read_bytes() == content
    ledger.end_backup().result(TIMEOUT)
    assert path.read_bytes() != content
    ledger.end_backup().result(TIMEOUT)


@pytest.mark.usefixtures("_impatient")
def test_a_backup_says_that_somebody_reads_the_file(path: Path, ledger: Ledger) -> None:
    """The log can't be emptied then, and might be begun anew while it is copied."""
    record(ledger, 1, interval(0, 1))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM cameras").fetchall()
        with pytest.raises(LedgerError, match="reading"):
            ledger.begin_backup().result(TIMEOUT)
    ledger.end_backup().result(TIMEOUT)
    ledger.begin_backup().result(TIMEOUT)
    assert log_of(path).stat().st_size == 0


@pytest.mark.usefixtures("_impatient")
def test_after_a_backup_nothing_is_held(path: Path) -> None:
    """Neither in the connection that was open, nor in the next one: the log is written into the file by itself."""
    with opened(path) as ledger:
        record(ledger, 1, interval(0, 1))
        ledger.begin_backup().result(TIMEOUT)
        record(ledger, 2, interval(1, 1))
        ledger.end_backup().result(TIMEOUT)
        assert log_of(path).stat().st_size == 0
        for _ in range(2):
            with pytest.raises(AssertionError, match="written the log"):
                push_until_the_log_is_long(path, ledger)
            with locked(path):
                assert outcome(ledger.record(push(3, interval(2, 1)), START))
            assert len(ledger.cameras().result(TIMEOUT)) == 1
    assert not log_of(path).exists()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log warns of."""
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_a_backup_that_never_ends_does_not_let_the_log_grow_without_bound(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At some size the hold ends, for all who open the file, and the log says so once; pushes go on."""
    monkeypatch.setattr(ledger_file, "MAX_HELD_LOG", 1024 * 1024)
    hold = BackupHold()
    with opened(path, hold=hold) as ledger:
        record(ledger, 1, interval(0, 1))
        wait_for(hold.begin())
        content = path.read_bytes()
        longest = 0
        for number in range(1, 1000):
            if path.read_bytes() != content:
                break
            assert warnings(caplog) == []
            record(ledger, 60 * number, interval(number, 1))
            longest = max(longest, log_of(path).stat().st_size)
            # The first answer comes after the push is done with, the second after what that has put into the queue.
            for _ in range(2):
                ledger.cameras().result(TIMEOUT)
        assert 1024 * 1024 - 100_000 < longest < 1024 * 1024 + 100_000
        (warning,) = warnings(caplog)
        assert "The backup that is being made may lack people counts" in warning
        assert log_of(path).stat().st_size == 0, "its room is free again"
        with pytest.raises(AssertionError, match="written the log"):
            push_until_the_log_is_long(path, ledger)
        expected = len(stored(path))
    # What is opened now is held no more, the end that comes after all does no harm, and the next backup is a good one.
    with opened(path, hold=hold) as ledger:
        record(ledger, 1, interval(-1, 1))
        assert len(stored(path)) == expected + 1
    assert not log_of(path).exists()
    with opened(path, hold=hold) as ledger:
        wait_for(hold.end())
        wait_for(hold.begin())
        content = path.read_bytes()
        record(ledger, 1, interval(-2, 1))
        assert path.read_bytes() == content
        wait_for(hold.end())
    assert len(warnings(caplog)) == 1


def test_a_log_that_reaches_its_bound_while_the_ledger_is_closed_is_no_trouble(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was pushed is there, and the log is taken at the next start."""
    monkeypatch.setattr(ledger_file, "MAX_HELD_LOG", 0)
    go_on = threading.Event()
    hold = BackupHold()
    with opened(path, hold=hold) as ledger:
        record(ledger, 1, interval(0, 1))
        wait_for(hold.begin())
        ledger.submit(lambda _: go_on.wait(TIMEOUT))
        recorded = ledger.record(push(2, interval(1, 1)), START)
        ledger.close()
        go_on.set()
        assert recorded.result(TIMEOUT).camera.total_entered == 2
    assert len(warnings(caplog)) == 1
    with opened(path, hold=hold) as ledger:
        record(ledger, 3, interval(2, 1))
    assert stored(path) == [interval(0, 1), interval(1, 1), interval(2, 1)]


def test_counts_are_saved_rather_than_a_backup(
    path: Path, tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody deletes the log during a backup: what was in it gets into the file, and the log says so."""
    record(ledger, 1, interval(0, 1))
    ledger.begin_backup().result(TIMEOUT)
    record(ledger, 2, interval(1, 1))
    log_of(path).unlink()
    record(ledger, 3, interval(2, 1))
    copy = as_after_a_power_cut(path, tmp_path / "copy")
    assert stored(copy) == [interval(0, 1), interval(1, 1), interval(2, 1)]
    (warning,) = warnings(caplog)
    assert "changed by another program" in warning


# Many who ask


def test_a_push_waits_for_one_answer_at_most(ledger: Ledger) -> None:
    """However many questions are waiting, they all get their answers too."""
    started, go_on = threading.Event(), threading.Event()
    answered: list[int] = []

    def first(_: sqlite3.Connection) -> None:
        started.set()
        go_on.wait(TIMEOUT)

    waiting = ledger.submit(first)
    started.wait(TIMEOUT)
    questions: list[Future[None]] = []
    for number in range(50):

        def question(_: sqlite3.Connection, number: int = number) -> None:
            answered.append(number)

        questions.append(ledger.submit(question))
    recorded = ledger.record(push(60, interval(0, 1)), START)
    recorded.add_done_callback(lambda _: answered.append(-1))
    go_on.set()
    waiting.result(TIMEOUT)
    recorded.result(TIMEOUT)
    for asked in questions:
        asked.result(TIMEOUT)
    assert answered.index(-1) <= 1
    assert [number for number in answered if number >= 0] == list(range(50))

"""The file stays as it is while a backup copies it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
import sqlite3
import threading
from typing import Final

import pytest

from custom_components.axis_people_counter.counting.rejected import Reason, Rejected
from custom_components.axis_people_counter.ledger import file as ledger_file
from custom_components.axis_people_counter.ledger.errors import LedgerError, LedgerTooNewError
from custom_components.axis_people_counter.ledger.file import BackupHold
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    START,
    TIMEOUT,
    as_after_a_power_cut,
    assert_sound,
    full_disk,
    interval,
    locked,
    log_of,
    opened,
    outcome,
    push,
    query,
    record,
    stored,
    wait_for,
    with_migration,
)

NUMBERS: Final = count()


@pytest.mark.parametrize("reopened", [False, True], ids=["", "with a failure meanwhile"])
def test_copy_has_all_pushes_before_the_backup(path: Path, tmp_path: Path, ledger: Ledger, reopened: bool) -> None:
    """Any copy of the file with a torn copy of the log is a valid ledger, and has all that was stored before."""
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
        with opened(copy) as restored:
            assert restored.cameras().result(TIMEOUT)
        assert_sound(copy)
        assert stored(copy)[:500] == before
        # No push is there in part.
        assert (len(stored(copy)) - 500) % 40 == 0
        seen.add(len(stored(copy)))
    assert min(seen) == 500
    assert max(seen) == 500 + 30 * 40
    assert len(seen) > 5


def test_file_is_unchanged_during_a_long_backup(path: Path, ledger: Ledger) -> None:
    """New pushes stay in the log, and get into the file when the backup ends."""
    record(ledger, 1, interval(0, 1))
    ledger.begin_backup().result(TIMEOUT)
    content = path.read_bytes()
    push_until_the_log_is_long(path, ledger)
    assert path.read_bytes() == content
    expected = len(stored(path))
    ledger.end_backup().result(TIMEOUT)
    assert path.stat().st_size > 1000 * 4096
    record(ledger, 9, interval(-1, 1))
    assert len(stored(path)) == expected + 1 > 2


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("failure", [False, True], ids=["", "after a failure"])
def test_file_is_unchanged_when_closed_during_a_backup(path: Path, failure: bool) -> None:
    """The log stays beside the file, and is read at the next start."""
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


def push_until_the_log_is_long(path: Path, ledger: Ledger) -> None:
    """Push until SQLite would write the log into the file by itself; the log has to be short."""
    for number in range(50):
        # Each takes some hundred pages. An equal one would not be stored again.
        long = Rejected(Reason.COUNT_IMPOSSIBLE, f"{next(NUMBERS)}{' ' * 200_000}")
        record(ledger, 60 * number, interval(number, 1), rejected=[long])
        if log_of(path).stat().st_size > 1500 * 4096:
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


def test_file_is_unchanged_when_opened_during_a_backup(path: Path) -> None:
    """Opening, many pushes and closing all leave the file unchanged."""
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


def test_file_is_unchanged_when_migrated_during_a_backup(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The migration goes to the log, also after a first attempt failed because the file was locked."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
    with left_by_a_backup(path) as hold:
        with_migration(monkeypatch, "CREATE TABLE notes (text TEXT) STRICT")
        with opened(path, hold=hold) as ledger:
            with locked(path):
                assert outcome(ledger.cameras())
            assert len(ledger.cameras().result(TIMEOUT)) == 1
    assert query(path, "SELECT * FROM notes") == []


def test_file_of_a_later_version_is_unchanged_during_a_backup(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is closed without writing its log into it."""
    with left_by_a_backup(path) as hold:
        with monkeypatch.context() as later:
            with_migration(later, "CREATE TABLE notes (text TEXT) STRICT")
            with opened(path, hold=hold) as ledger:
                ledger.cameras().result(TIMEOUT)
        with opened(path, hold=hold) as ledger, pytest.raises(LedgerTooNewError):
            ledger.cameras().result(TIMEOUT)


def test_damaged_file_is_moved_aside_during_a_backup(path: Path) -> None:
    """The file and its log are only renamed; the new ledger obeys the hold."""
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


def test_backup_waits_for_closing(path: Path) -> None:
    """The file may be written until the ledger is closed, and not afterwards."""
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


def test_second_backup_during_the_first(path: Path, ledger: Ledger) -> None:
    """The second backup leaves the file unchanged. The end of either backup ends the hold."""
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
def test_backup_fails_while_another_program_reads(path: Path, ledger: Ledger) -> None:
    """The log can't be emptied while another program reads, so the backup fails."""
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
def test_hold_ends_with_the_backup(path: Path) -> None:
    """SQLite writes the log into the file by itself again, also after the file was opened anew."""
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
    """Return the warnings in Home Assistant's log."""
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_hold_ends_when_the_log_is_too_long(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning is logged once, pushes go on, and the next backup works."""
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
            # The end of the hold is a job of its own, which the push puts into the queue.
            for _ in range(2):
                ledger.cameras().result(TIMEOUT)
        assert 1024 * 1024 - 100_000 < longest < 1024 * 1024 + 100_000
        (warning,) = warnings(caplog)
        assert "The backup in progress may lack people counts" in warning
        assert log_of(path).stat().st_size == 0, "the log is emptied"
        with pytest.raises(AssertionError, match="written the log"):
            push_until_the_log_is_long(path, ledger)
        expected = len(stored(path))
    # The hold is over for files opened later. Its late end changes nothing, and the next backup works.
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


def test_log_gets_too_long_while_the_ledger_closes(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """All pushes are stored, and the log is read at the next start."""
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


def test_log_is_deleted_during_a_backup(
    path: Path, tmp_path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """Counts of the deleted log are written into the file, and a warning is logged."""
    record(ledger, 1, interval(0, 1))
    ledger.begin_backup().result(TIMEOUT)
    record(ledger, 2, interval(1, 1))
    log_of(path).unlink()
    record(ledger, 3, interval(2, 1))
    copy = as_after_a_power_cut(path, tmp_path / "copy")
    assert stored(copy) == [interval(0, 1), interval(1, 1), interval(2, 1)]
    (warning,) = warnings(caplog)
    assert "another program changed the ledger's files" in warning

"""Files that are damaged, of another program or of another version."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
import os
from pathlib import Path
import shutil
import sqlite3
from threading import Barrier
from typing import Final

import pytest

from custom_components.axis_people_counter.ledger import schema
from custom_components.axis_people_counter.ledger.errors import LedgerError, LedgerTooNewError
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.schema import APPLICATION_ID

from ..helpers.bare_ledger import (
    TIMEOUT,
    as_after_a_power_cut,
    assert_sound,
    interval,
    opened,
    query,
    record,
    stored,
    with_migration,
    write_garbage,
)

NEWEST: Final = len(schema.MIGRATIONS)


def write_zeros(path: Path) -> None:
    """Leave zeros, as file systems do where a file was never written."""
    path.write_bytes(bytes(32768))


def write_foreign(path: Path) -> None:
    """Leave another program's database."""
    query(path, "CREATE TABLE foreign_table (a)")


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
    ((number,),) = query(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'cameras'")
    with path.open("r+b") as file:
        file.seek((number - 1) * 4096)
        file.write(b"\xff" * 4096)


@pytest.mark.parametrize(
    "write", [write_garbage, write_zeros, write_foreign, write_foreign_version, write_truncated, write_damaged]
)
def test_bad_file_is_moved_aside(path: Path, tmp_path: Path, write: Callable[[Path], None]) -> None:
    """The file is kept byte for byte, its new path is reported, and two pushes later a new ledger is in use."""
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


def test_log_of_a_damaged_file_is_moved_aside(path: Path, tmp_path: Path) -> None:
    """The log of a damaged file doesn't get into the new file."""
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


def test_empty_file_becomes_a_ledger(path: Path, ledger: Ledger) -> None:
    """An empty file holds nothing that could be lost."""
    path.touch()
    record(ledger, 60, interval(0, 5))
    assert query(path, "PRAGMA application_id") == [(APPLICATION_ID,)]


@pytest.mark.parametrize("part", [0.0, 0.75], ids=["all but the first page", "the intervals alone"])
def test_damage_while_running(path: Path, part: float) -> None:
    """One push fails, so that the camera sends it again; the next one begins a new ledger."""
    moved: list[Path] = []
    with opened(path, moved.append) as ledger:
        record(ledger, 1, *[interval(minute, 1) for minute in range(5000)])
        # All is in the file. Another writer makes the ledger read its pages again.
        ledger.begin_backup().result(TIMEOUT)
        ledger.end_backup().result(TIMEOUT)
        query(path, "UPDATE cameras SET name = 'Other'")
        query(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        size = path.stat().st_size
        # The intervals take most of the file, behind all other tables.
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


def test_migrated_by_several_at_once(path: Path) -> None:
    """A file that several connections open at once is migrated once."""

    def migrate(file: Path, together: Barrier) -> None:
        with closing(sqlite3.connect(file, timeout=TIMEOUT, isolation_level=None)) as db:
            together.wait(TIMEOUT)
            schema.migrate(db)

    for number in range(20):
        file, together = path.with_name(f"{number}.db"), Barrier(4)
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(migrate, [file] * 4, [together] * 4)) == [None] * 4
        assert query(file, "PRAGMA user_version") == [(NEWEST,)]


def test_false_alarm(path: Path, ledger: Ledger) -> None:
    """A file that is found sound after a failure is kept."""
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


def test_file_of_a_later_version(path: Path) -> None:
    """The file of a later version is left unchanged, for when the integration is updated again."""
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


def test_migration(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of an earlier version is migrated once, and keeps all its counts."""
    with opened(path) as ledger:
        record(ledger, 1, interval(0, 1))
    with_migration(monkeypatch, "CREATE TABLE notes (text TEXT) STRICT; INSERT INTO notes VALUES ('made')")
    for _ in range(2):
        with opened(path) as ledger:
            record(ledger, 2, interval(1, 1))
    assert query(path, "SELECT text FROM notes") == [("made",)]
    assert query(path, "PRAGMA user_version") == [(NEWEST + 1,)]
    assert stored(path) == [interval(0, 1), interval(1, 1)]


def test_migration_that_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file keeps its version, and is migrated when that is possible."""
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

"""A full or read-only disk, and other programs that use the file."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import shutil
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from custom_components.axis_people_counter.ledger.errors import LedgerError
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    START,
    TIMEOUT,
    as_after_a_power_cut,
    assert_sound,
    full_disk,
    interval,
    locked,
    opened,
    outcome,
    push,
    record,
    stored,
    write_garbage,
)

NOBODY: Final = 65534


@pytest.mark.usefixtures("_impatient")
def test_locked_file(path: Path, ledger: Ledger) -> None:
    """All waiting pushes fail, nothing is stored in part, and pushes are stored again without the lock."""
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


@pytest.mark.parametrize("free", [0, 24, 1000, 4000, 4120, 5000, 8240, 12_360, 20_000, 33_000, 60_000])
def test_full_disk(path: Path, ledger: Ledger, free: int) -> None:
    """A push is stored as a whole or not at all, wherever the disk ends; older pushes are kept."""
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
def test_new_file_on_a_full_disk(path: Path, ledger: Ledger, free: int) -> None:
    """Remains of a failed attempt don't prevent a new file later."""
    with full_disk(free):
        assert outcome(ledger.cameras())
        assert outcome(ledger.record(push(1, interval(0, 1)), START))
    record(ledger, 1, interval(0, 1))
    assert stored(path) == [interval(0, 1)]


@contextmanager
def unprivileged() -> Iterator[Path]:
    """Give up the rights of root, for whom nothing is read-only, and return a new folder."""
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
def test_read_only(what: str) -> None:
    """Pushes fail, nothing is lost, and pushes are stored again once the file or folder is writable."""
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


def test_folder_without_access() -> None:
    """Pushes fail until the folder is accessible."""
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


def test_bad_file_that_cannot_be_moved() -> None:
    """The file stays where it is until it can be moved."""
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


def test_deleted_file(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """A push never goes into a file that has no name any more."""
    record(ledger, 1, interval(0, 1))
    path.unlink()
    record(ledger, 2, interval(1, 1))
    assert stored(path) == [interval(1, 1)]
    copy = as_after_a_power_cut(path, tmp_path / "copy")
    assert stored(copy) == [interval(1, 1)]


def test_moved_file(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """The moved file has all that was stored, also what was still in the log."""
    record(ledger, 1, interval(0, 1))
    path.rename(tmp_path / "kept.db")
    record(ledger, 2, interval(1, 1))
    assert stored(path) == [interval(1, 1)]
    assert stored(tmp_path / "kept.db") == [interval(0, 1)]


def test_replaced_file(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """The log of the previous file isn't applied to the new one, whose totals are right."""
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


def test_deleted_log(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """Counts of the deleted log and new ones are in the remaining files, also after a power cut."""
    record(ledger, 1, interval(0, 1))
    Path(f"{path}-wal").unlink()
    record(ledger, 2, interval(1, 1))
    copy = as_after_a_power_cut(path, tmp_path / "copy")
    assert stored(copy) == [interval(0, 1), interval(1, 1)]


def test_another_program_reads_the_file(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """Reading drops our lock, so another program may delete the log; nothing is lost."""
    record(ledger, 1, interval(0, 1))
    path.read_bytes()
    look = f"import sqlite3; db = sqlite3.connect({str(path)!r}); db.execute('SELECT * FROM cameras').fetchall()"
    subprocess.run([sys.executable, "-c", f"{look}; db.close()"], check=True, timeout=TIMEOUT)  # noqa: S603 - our own
    record(ledger, 2, interval(1, 1))
    copy = as_after_a_power_cut(path, tmp_path / "copy")
    assert stored(copy) == [interval(0, 1), interval(1, 1)]

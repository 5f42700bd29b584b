"""A ledger without Home Assistant: pushes for it, and queries on its file."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import pairwise
import os
from pathlib import Path
import resource
import shutil
import sqlite3
from tempfile import TemporaryDirectory
import threading
from typing import Any, Final

import pytest

from custom_components.axis_people_counter.counting.interval import Interval, Intervals
from custom_components.axis_people_counter.counting.overlap import SentInterval
from custom_components.axis_people_counter.counting.protocol import Push, Sender
from custom_components.axis_people_counter.counting.rejected import Reason, Rejected, RejectedTexts
from custom_components.axis_people_counter.ledger import day_format, schema
from custom_components.axis_people_counter.ledger.errors import LedgerError
from custom_components.axis_people_counter.ledger.file import BackupHold
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Place
from custom_components.axis_people_counter.ledger.quarantine import MAX_QUARANTINED
from custom_components.axis_people_counter.ledger.series import Series
from custom_components.axis_people_counter.ledger.storing import Changes

SERIAL: Final = "accc8ef3d92e"
SENDER: Final = Sender(
    SERIAL, "Main entrance", "AXIS 3D People Counter", "11.11.148", "Europe/Stockholm", "192.168.1.5"
)
# Seconds; longer than anything here takes.
TIMEOUT: Final = 30
MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
MIGRATIONS: Final = schema.MIGRATIONS
START: Final = int(datetime(2026, 9, 16, 10, tzinfo=UTC).timestamp())


def interval(
    minute: int, entered: int = 0, exited: int = 0, *, minutes: int = 1, adults: tuple[int, int] | None = None
) -> Interval:
    """Return the counts of an interval that begins so many minutes after START."""
    start = START + minute * MINUTE
    return Interval(start, start + minutes * MINUTE, entered, exited, *(adults or (None, None)))


def sender(number: int) -> Sender:
    """Return one of many cameras."""
    return Sender(f"{number:012x}", f"Door {number}", None, None, None, None)


def push(
    sent: int, *intervals: Interval, sender: Sender = SENDER, rejected: Iterable[Rejected] = (), at: int = START
) -> Push:
    """Return a push that was sent so many seconds after START."""
    return Push(sender, at + sent, Intervals(intervals), rejected_texts(rejected))


def rejected_texts(rejected: Iterable[Rejected]) -> RejectedTexts:
    """Return rejected intervals as a push has them."""
    body = bytearray()
    texts = RejectedTexts(body)
    for some in rejected:
        start = len(body)
        body += some.content.encode()
        texts.append(some.reason, start, len(body), some.time)
    return texts


def record(
    ledger: Ledger, sent: int, *intervals: Interval, sender: Sender = SENDER, rejected: Iterable[Rejected] = ()
) -> Changes:
    """Record a push, and wait until it is stored."""
    return ledger.record(push(sent, *intervals, sender=sender, rejected=rejected), START + sent).result(TIMEOUT)


@contextmanager
def memory_folder() -> Iterator[Path]:
    """Return a folder in memory if the system has one, because random histories sync thousands of commits."""
    in_memory = Path("/dev/shm")  # noqa: S108 - only the parent of a folder with a random name
    with TemporaryDirectory(dir=in_memory if os.access(in_memory, os.W_OK) else None) as folder:
        yield Path(folder)


@contextmanager
def opened(
    path: Path, on_moved_aside: Callable[[Path], None] = lambda _: None, hold: BackupHold | None = None
) -> Iterator[Ledger]:
    """Open a ledger; close it in the end, and wait for its thread."""
    before = set(threading.enumerate())
    ledger = Ledger(path, on_moved_aside, lambda: None, hold)
    threads = set(threading.enumerate()) - before
    try:
        yield ledger
    finally:
        ledger.close().result(TIMEOUT)
        for thread in threads:
            thread.join(TIMEOUT)


def query(path: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Query the file over another connection."""
    with closing(sqlite3.connect(path, timeout=TIMEOUT)) as db, db:
        return db.execute(sql, parameters).fetchall()


def stored_as_sent(path: Path, serial: str = SERIAL) -> list[SentInterval]:
    """Return the stored intervals of a camera, also those of packed days."""
    columns = "start, stop, entered, exited, adults_entered, adults_exited, intervals.sent"
    rows = query(path, f"SELECT {columns} FROM intervals JOIN cameras ON cameras.id = camera WHERE key = ?", serial)
    contents = query(path, "SELECT content FROM packed_days JOIN cameras ON cameras.id = camera WHERE key = ?", serial)
    packed = [interval for (content,) in contents for interval in day_format.unpack(content)]
    return sorted([SentInterval(*row) for row in rows] + packed)


def stored(path: Path, serial: str = SERIAL) -> list[Interval]:
    """Return the stored intervals of a camera, without the times at which they were sent."""
    return [sent.interval for sent in stored_as_sent(path, serial)]


def packed_days(path: Path, serial: str = SERIAL) -> list[int]:
    """Return the packed days of a camera, counted from the day of START."""
    sql = "SELECT day FROM packed_days JOIN cameras ON cameras.id = camera WHERE key = ? ORDER BY day"
    return [day - START // DAY for (day,) in query(path, sql, serial)]


def pack_all(ledger: Ledger, before: int) -> int:
    """Pack all days that end before an instant; return in how many steps."""
    steps = 0
    while ledger.pack(before).result(TIMEOUT):
        steps += 1
        assert steps < 1000
    return steps


def assert_sound(path: Path) -> None:
    """Assert that no intervals of a camera overlap, that totals are their sums, and that no day is stored twice.

    Totals also contain the sums of intervals that were deleted.
    """
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "PRAGMA foreign_key_check") == []
    kinds = ("entered", "exited", "adults_entered", "adults_exited")
    kept = ", ".join(f"coalesce(total_{kind}, 0) - deleted_{kind}" for kind in kinds)
    for key, *totals in query(path, f"SELECT key, {kept} FROM cameras"):
        found = stored(path, key)
        assert all(earlier.end <= later.start for earlier, later in pairwise(found)), key
        sums = [sum(interval[column] or 0 for interval in found) for column in range(2, 6)]
        assert totals == sums, key
        assert_imports_sound(path, key)
    in_both = "SELECT camera, start / 86400 FROM intervals INTERSECT SELECT camera, day FROM packed_days"
    assert query(path, in_both) == []
    for day, content in query(path, "SELECT day, content FROM packed_days"):
        assert {interval.start // DAY for interval in day_format.unpack(content)} == {day}


def assert_imports_sound(path: Path, key: str) -> None:
    """Assert that the imported days of a camera are the sums of its imported intervals, and so are their totals.

    Totals also contain the sums of intervals that were deleted.
    """
    days: dict[tuple[int, int], list[int]] = {}
    for start, _, entered, exited, adults_entered, adults_exited, sent in stored_as_sent(path, key):
        if sent < 0:
            sums = days.setdefault((-sent, start // DAY), [0] * 5)
            counts = (1, entered, exited, adults_entered or 0, adults_exited or 0)
            sums[:] = map(sum, zip(sums, counts, strict=True))
    kinds = ("entered", "exited", "adults_entered", "adults_exited")
    columns = ", ".join(f"imported_days.{column}" for column in ("import", "day", "intervals", *kinds))
    rows = query(path, f"SELECT {columns} FROM imported_days JOIN cameras ON id = camera WHERE key = ?", key)
    assert {(row[0], row[1]): list(row[2:]) for row in rows} == days
    deleted_until, *totals = camera_row(
        path, ", ".join(["deleted_until", *(f"imported_{kind}" for kind in kinds)]), key
    )
    imported = [sum(sums[column] for sums in days.values()) for column in range(1, 5)]
    assert all(map(int.__ge__, totals, imported, strict=True)) if deleted_until else totals == imported


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock the file against other writers."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=TIMEOUT)) as db:
        # The last connection to close must not write the log into the file.
        db.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE)
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


def quarter(count: int, *, first: int = 0) -> list[Interval]:
    """Return the fifteen minutes of a quarter of an hour."""
    return [interval(minute, count) for minute in range(first, first + 15)]


def camera_row(path: Path, columns: str, serial: str = SERIAL) -> tuple[Any, ...]:
    """Return columns of a camera."""
    (row,) = query(path, f"SELECT {columns} FROM cameras WHERE key = ?", serial)
    return row


def waiting(path: Path) -> list[tuple[int, int]]:
    """Return start and end of the waiting intervals, in minutes."""
    rows = query(path, "SELECT start, stop FROM quarantine WHERE reason = ? ORDER BY start", Reason.OVERLAP)
    return [((start - START) // MINUTE, (end - START) // MINUTE) for start, end in rows]


def quarantined(ledger: Ledger, serial: str = SERIAL) -> int:
    """Return the number of a camera's quarantined intervals."""
    return len(ledger.quarantined(serial, 2 * MAX_QUARANTINED).result(TIMEOUT))


def as_after_a_power_cut(path: Path, folder: Path) -> Path:
    """Return a copy of the file and its log, as they would be found after a power cut."""
    folder.mkdir()
    for suffix in ("", "-wal"):
        if (file := Path(f"{path}{suffix}")).exists():
            shutil.copy(file, folder)
    return folder / path.name


def bad(minute: int, *, minutes: int = 1, content: str | None = None) -> Rejected:
    """Return a rejected interval whose time is readable."""
    start = START + minute * MINUTE
    return Rejected(Reason.COUNT_IMPOSSIBLE, content or f"{minute} {minutes}", (start, start + minutes * MINUTE))


def contents(ledger: Ledger, serial: str = SERIAL) -> list[str | None]:
    """Return the contents of a camera's quarantined intervals, in the order in which they came."""
    return [kept.content for kept in reversed(ledger.quarantined(serial, 2 * MAX_QUARANTINED).result(TIMEOUT))]


def keep(ledger: Ledger, sent: int, *contents: str) -> None:
    """Record a push in which all intervals are rejected."""
    record(ledger, sent, rejected=[Rejected(Reason.COUNT_IMPOSSIBLE, content) for content in contents])


def held_up(ledger: Ledger) -> threading.Event:
    """Keep the ledger's thread busy until the event is set, so that other jobs wait."""
    started, go_on = threading.Event(), threading.Event()

    def hold(db: sqlite3.Connection) -> None:
        started.set()
        go_on.wait(TIMEOUT)

    ledger.submit(hold)
    assert started.wait(TIMEOUT)
    return go_on


def write_garbage(path: Path) -> None:
    """Write bytes that are no database."""
    path.write_bytes(b"these are no counts\n" * 1000)


def with_migration(monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    """Add a migration, and with it a schema version."""
    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, sql))


@contextmanager
def full_disk(free: int, *files: Path) -> Iterator[None]:
    """Limit all files of this process to the length of the longest of these, and so many bytes more."""
    longest = max((file.stat().st_size for file in files if file.exists()), default=0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest + free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def outcome(future: Future[Any]) -> Exception | None:
    """Wait, and return the error if there is one."""
    error = future.exception(TIMEOUT)
    assert error is None or isinstance(error, LedgerError)
    return error


def wait_for(futures: Sequence[Future[None]]) -> None:
    """Wait until a backup has begun, or ended, for all ledgers that have the file open."""
    for future in futures:
        future.result(TIMEOUT)


def log_of(path: Path) -> Path:
    """Return the write-ahead log of a file."""
    return Path(f"{path}-wal")


@contextmanager
def counted_steps(ledger: Ledger) -> Iterator[Counter[str]]:
    """Count the steps of SQLite's virtual machine, a measure of cost that is the same each time."""
    counter: Counter[str] = Counter()

    def step() -> int:
        counter["steps"] += 1
        return 0

    ledger.submit(lambda db: db.set_progress_handler(step, 1)).result(TIMEOUT)
    yield counter
    ledger.submit(lambda db: db.set_progress_handler(None, 1)).result(TIMEOUT)


def series_of_camera(ledger: Ledger, key: str = SERIAL, basis: str = "", *, everything: bool = False) -> Series | None:
    """Return the hours of a camera that recorder may lack."""
    begun = ledger.begin_writing_camera(key, basis, everything=everything).result(TIMEOUT)
    return begun and ledger.camera_series(key, begun)


def series_of_place(ledger: Ledger, place: Place, *, everything: bool = False) -> Series | None:
    """Return the hours of a place that recorder may lack."""
    begun = ledger.begin_writing_place(place.key, everything=everything).result(TIMEOUT)
    return begun and ledger.place_series(place.doors, begun)

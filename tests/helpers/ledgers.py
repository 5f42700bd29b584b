"""Pushes for a ledger without Home Assistant, and looks into its file from outside."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
import sqlite3
import threading
from typing import Any, Final

from custom_components.axis_people_counter.counting.protocol import Interval, Push, Rejected, Sensor
from custom_components.axis_people_counter.ledger.file import BackupHold
from custom_components.axis_people_counter.ledger.ledger import Changes, Ledger

SERIAL: Final = "accc8ef3d92e"
SENSOR: Final = Sensor(
    SERIAL, "Main entrance", "AXIS 3D People Counter", "11.11.148", "Europe/Stockholm", "192.168.1.5"
)
# Longer than anything here takes.
TIMEOUT: Final = 30
MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
START: Final = int(datetime(2026, 9, 16, 10, tzinfo=UTC).timestamp())


def interval(
    minute: int, entered: int = 0, exited: int = 0, *, minutes: int = 1, adults: tuple[int, int] | None = None
) -> Interval:
    """Return the counts of an interval that begins so many minutes after START."""
    start = START + minute * MINUTE
    return Interval(start, start + minutes * MINUTE, entered, exited, *(adults or (None, None)))


def sensor(number: int) -> Sensor:
    """Return one of many cameras."""
    return Sensor(f"{number:012x}", f"Door {number}", None, None, None, None)


def push(
    sent: int, *intervals: Interval, sender: Sensor = SENSOR, rejected: Iterable[Rejected] = (), at: int = START
) -> Push:
    """Return a push that was sent so many seconds after START."""
    return Push(sender, at + sent, list(intervals), list(rejected))


def record(
    ledger: Ledger, sent: int, *intervals: Interval, sender: Sensor = SENSOR, rejected: Iterable[Rejected] = ()
) -> Changes:
    """Have a push stored, and wait until it is."""
    return ledger.record(push(sent, *intervals, sender=sender, rejected=rejected), START + sent).result(TIMEOUT)


@contextmanager
def opened(
    path: Path, on_moved_aside: Callable[[Path], None] = lambda _: None, hold: BackupHold | None = None
) -> Iterator[Ledger]:
    """Open a ledger, and wait for its thread to end in the end."""
    before = set(threading.enumerate())
    ledger = Ledger(path, on_moved_aside, hold)
    threads = set(threading.enumerate()) - before
    try:
        yield ledger
    finally:
        ledger.close().result(TIMEOUT)
        for thread in threads:
            thread.join(TIMEOUT)


def query(path: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Ask the file over a connection of one's own."""
    with closing(sqlite3.connect(path, timeout=TIMEOUT)) as db, db:
        return db.execute(sql, parameters).fetchall()


def stored(path: Path, serial: str = SERIAL) -> list[Interval]:
    """Return the intervals that count."""
    sql = (
        "SELECT start, stop, entered, exited, adults_entered, adults_exited FROM intervals"
        " JOIN cameras ON cameras.id = camera WHERE key = ? ORDER BY start"
    )
    return [Interval(*row) for row in query(path, sql, serial)]


def assert_sound(path: Path) -> None:
    """See that no two intervals of a camera overlap and that the totals are the sums of what is stored."""
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    assert query(path, "PRAGMA foreign_key_check") == []
    overlapping = (
        "SELECT * FROM (SELECT camera, stop, lead(start) OVER (PARTITION BY camera ORDER BY start) AS next"
        " FROM intervals) WHERE stop > next"
    )
    assert query(path, overlapping) == []
    wrong = (
        "SELECT key FROM cameras WHERE (total_entered, total_exited, coalesce(total_adults_entered, 0),"
        " coalesce(total_adults_exited, 0)) != (SELECT coalesce(sum(entered), 0), coalesce(sum(exited), 0),"
        " coalesce(sum(adults_entered), 0), coalesce(sum(adults_exited), 0) FROM intervals WHERE camera = id)"
    )
    assert query(path, wrong) == []

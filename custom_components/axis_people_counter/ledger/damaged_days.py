"""The table of damaged packed days: they count no more, and a person is shown a repair issue while they are here.

They leave it when their counts are there again, when they are older than the counts kept, or when a person has read the
issue. Called by file, for whatever job has come upon such a day, and by ledger, packing, retention, routes and today.
"""

from collections.abc import Iterable
import sqlite3
from typing import Any, Final

from ..counting import DAY, EARLIEST, LATEST, Timestamp, import_of
from . import intervals, places
from .cameras import each_camera, note_counts_changed

_COLUMNS: Final = "day, content, found"


def set_aside(db: sqlite3.Connection, camera_id: int, day: int) -> None:
    """Set a day aside, and note that the counts of its camera have changed since then."""
    intervals.set_aside(db, camera_id, day)
    # The number of the day may be what is damaged.
    since = min(max(day * DAY, EARLIEST), LATEST)
    for camera in each_camera(db, "id = ?", camera_id):
        note_counts_changed(db, camera.id, since)
        places.note_change(db, camera.key, since)


def count(db: sqlite3.Connection, camera: int) -> int:
    """Return the number of damaged days of a camera."""
    number: int
    (number,) = db.execute("SELECT count(*) FROM damaged_days WHERE camera = ?", (camera,)).fetchone()
    return number


def of_key(db: sqlite3.Connection, key: str) -> list[int]:
    """Return the damaged days of a camera, the newest first; days are numbered from 1970 on."""
    rows = db.execute(
        "SELECT day FROM damaged_days JOIN cameras ON id = camera WHERE key = ? ORDER BY day DESC", (key,)
    )
    return [day for (day,) in rows]


def delete(db: sqlite3.Connection, key: str, days: Iterable[int]) -> None:
    """Delete damaged days of a camera, because a person knows of them."""
    db.executemany(
        "DELETE FROM damaged_days WHERE camera = (SELECT id FROM cameras WHERE key = ?) AND day = ?",
        ((key, day) for day in days),
    )


def delete_recounted(db: sqlite3.Connection, camera: int, day: int) -> None:
    """Delete a damaged day if all of its counts are there again: it is counted without a gap.

    Imported counts aren't enough: after they were undone, nobody would know of the day.
    """
    where = "WHERE camera = ? AND day = ?"
    if db.execute(f"SELECT * FROM damaged_days {where}", (camera, day)).fetchone() is None:
        return
    start, end = day * DAY, (day + 1) * DAY
    found = [interval for interval in intervals.overlapping(db, camera, start, end) if import_of(interval.sent) is None]
    if sum(min(interval.end, end) - max(interval.start, start) for interval in found) == DAY:
        db.execute(f"DELETE FROM damaged_days {where}", (camera, day))


def delete_until(db: sqlite3.Connection, until: Timestamp) -> None:
    """Delete the damaged days of all cameras that end by an instant."""
    db.execute("DELETE FROM damaged_days WHERE (day + 1) * ? <= ?", (DAY, until))


def take_out(db: sqlite3.Connection, camera: int, low: Timestamp, high: Timestamp) -> list[tuple[Any, ...]]:
    """Delete and return the damaged days of a camera that end in (low, high], to be put in at another camera."""
    return db.execute(
        f"DELETE FROM damaged_days WHERE camera = ? AND (day + 1) * ? > ? AND (day + 1) * ? <= ? RETURNING {_COLUMNS}",
        (camera, DAY, low, DAY, high),
    ).fetchall()


def put_in(db: sqlite3.Connection, camera: int, damaged: Iterable[tuple[Any, ...]]) -> None:
    """Store damaged days that were taken out of another camera."""
    db.executemany(
        f"INSERT OR IGNORE INTO damaged_days (camera, {_COLUMNS}) VALUES (?, ?, ?, ?)",
        ((camera, *row) for row in damaged),
    )

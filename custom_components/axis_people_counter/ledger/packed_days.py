"""The table of packed days: the intervals of a camera that begin on one day (UTC) are one row.

Knows no other table. Called by intervals, which decides what is packed.
"""

from collections.abc import Iterable, Sequence
import json
import sqlite3
from typing import NamedTuple

from ..counting import DAY, SentInterval, Timestamp
from . import day_format


class PackedDay(NamedTuple):
    """The intervals of a camera that begin on a day, as stored; days are numbered from 1970 on."""

    day: int
    content: bytes


def read(db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp, limit: int = -1) -> list[PackedDay]:
    """Return the first packed days of a camera that intersect [start, end), in the order of time."""
    rows = db.execute(
        """
        SELECT day, content
        FROM packed_days
        WHERE camera = ? AND day >= ? AND day <= ?
        ORDER BY day
        LIMIT ?
        """,
        (camera, start // DAY, (end - 1) // DAY, limit),
    )
    return [PackedDay(*row) for row in rows]


def cameras_with(db: sqlite3.Connection, cameras: Sequence[int], start: Timestamp, end: Timestamp) -> list[int]:
    """Return those of some cameras that have packed days which intersect [start, end)."""
    rows = db.execute(
        """
        SELECT value
        FROM json_each(?)
        WHERE EXISTS (SELECT * FROM packed_days WHERE camera = value AND day >= ? AND day <= ?)
        """,
        (json.dumps(cameras), start // DAY, (end - 1) // DAY),
    )
    return [camera for (camera,) in rows]


def first(db: sqlite3.Connection, camera: int) -> PackedDay | None:
    """Return the first packed day of a camera."""
    row = db.execute("SELECT day, content FROM packed_days WHERE camera = ? ORDER BY day LIMIT 1", (camera,)).fetchone()
    return PackedDay(*row) if row else None


def last(db: sqlite3.Connection, camera: int) -> PackedDay | None:
    """Return the last packed day of a camera."""
    row = db.execute(
        "SELECT day, content FROM packed_days WHERE camera = ? ORDER BY day DESC LIMIT 1", (camera,)
    ).fetchone()
    return PackedDay(*row) if row else None


def add(db: sqlite3.Connection, camera: int, intervals: list[SentInterval]) -> None:
    """Store the intervals of a day that isn't packed yet, in the order of time."""
    db.execute(
        "INSERT INTO packed_days (camera, day, content) VALUES (?, ?, ?)",
        (camera, intervals[0].start // DAY, day_format.pack(intervals)),
    )


def edit(
    db: sqlite3.Connection,
    camera: int,
    packed: PackedDay,
    removed: Iterable[SentInterval],
    added: Iterable[SentInterval],
) -> None:
    """Remove and add intervals of a packed day."""
    by_start = {interval.start: interval for interval in day_format.unpack(packed.content)}
    for interval in removed:
        del by_start[interval.start]
    for interval in added:
        by_start[interval.start] = interval
    where = (camera, packed.day)
    if by_start:
        content = day_format.pack([by_start[start] for start in sorted(by_start)])
        db.execute("UPDATE packed_days SET content = ? WHERE camera = ? AND day = ?", (content, *where))
    else:
        db.execute("DELETE FROM packed_days WHERE camera = ? AND day = ?", where)

"""The table of packed days: the intervals of a camera that begin on one day (UTC) are one row with a checksum.

Knows no other counts. Called by intervals, which decides what is packed.
"""

from collections.abc import Sequence
import json
import sqlite3
from typing import Any, Final, NamedTuple
import zlib

from ..counting import DAY, SentInterval, Timestamp
from . import day_format
from .errors import DamagedDayError
from .hour_counts import HourCounts

_COLUMNS: Final = "day, entered, exited, adults_entered, adults_exited, checksum, content"


class PackedDay(NamedTuple):
    """The intervals of a camera that begin on a day, as stored; days are numbered from 1970 on."""

    day: int
    content: bytes


def read(db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp, limit: int = -1) -> list[PackedDay]:
    """Return the first packed days of a camera that intersect [start, end), in the order of time."""
    # SQLite compiles a statement anew whenever a variable alone is its LIMIT. With the plus, it is an expression.
    rows = db.execute(
        f"""
        SELECT {_COLUMNS}
        FROM packed_days
        WHERE camera = ? AND day >= ? AND day <= ?
        ORDER BY day
        LIMIT +?
        """,
        (camera, start // DAY, (end - 1) // DAY, limit),
    )
    return [_checked(camera, *row) for row in rows]


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
    return _at_end(db, camera, "ASC")


def last(db: sqlite3.Connection, camera: int) -> PackedDay | None:
    """Return the last packed day of a camera."""
    return _at_end(db, camera, "DESC")


def last_before(db: sqlite3.Connection, camera: int, before: Timestamp, limit: int) -> list[PackedDay]:
    """Return the last packed days of a camera that begin before an instant."""
    rows = db.execute(
        f"""
        SELECT {_COLUMNS}
        FROM packed_days
        WHERE camera = ? AND day <= ?
        ORDER BY day DESC
        LIMIT +?
        """,
        (camera, (before - 1) // DAY, limit),
    )
    return [_checked(camera, *row) for row in rows]


def _at_end(db: sqlite3.Connection, camera: int, order: str) -> PackedDay | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM packed_days WHERE camera = ? ORDER BY day {order} LIMIT 1", (camera,)
    ).fetchone()
    return _checked(camera, *row) if row else None


def _checked(camera: int, day: int, *columns: Any) -> PackedDay:
    """Return a day that was read; raise DamagedDayError if it isn't what was stored."""
    *of_day, stored, content = columns
    # A page of the file that is damaged inside a content is a sound page for SQLite.
    if (
        not isinstance(content, bytes)
        or stored != checksum(content, camera, day, *of_day)
        or not day_format.begins_on(content, day)
    ):
        raise DamagedDayError(camera, day)
    return PackedDay(day, content)


def checksum(content: bytes, *numbers: int) -> int:
    """Return the checksum of a packed day: of its content, its camera, its day, and the sums of its intervals."""
    return zlib.crc32(content, zlib.crc32(repr(numbers).encode()))


def add(db: sqlite3.Connection, camera: int, intervals: list[SentInterval]) -> None:
    """Store the intervals of a day that isn't packed yet, in the order of time."""
    packed = PackedDay(intervals[0].start // DAY, day_format.pack(intervals))
    store(db, camera, packed, sums(intervals))


def sums(intervals: list[SentInterval]) -> HourCounts:
    """Return the sums of some intervals."""
    return HourCounts(
        sum(interval.entered for interval in intervals),
        sum(interval.exited for interval in intervals),
        sum(interval.adults_entered or 0 for interval in intervals),
        sum(interval.adults_exited or 0 for interval in intervals),
    )


def store(db: sqlite3.Connection, camera: int, packed: PackedDay, of_day: HourCounts) -> None:
    """Store a day that isn't packed yet, and the sums of its intervals."""
    day, content = packed
    db.execute(
        f"INSERT INTO packed_days (camera, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (camera, day, *of_day, checksum(content, camera, day, *of_day), content),
    )


def delete(db: sqlite3.Connection, camera: int, day: int) -> None:
    """Delete a packed day."""
    # Whoever deletes a damaged day reads on after it, which must not go round in circles.
    assert db.execute("DELETE FROM packed_days WHERE camera = ? AND day = ?", (camera, day)).rowcount == 1

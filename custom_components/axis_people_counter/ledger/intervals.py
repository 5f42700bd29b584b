"""The table of intervals that count. Those of one camera never overlap.

Rows are only read, added and removed here; settling.py decides which. Called by the other modules of the ledger.
"""

from collections.abc import Callable, Iterable
import sqlite3
from typing import Final

from ..counting import Interval, SentInterval, Timestamp

INTERVAL_COLUMNS: Final = "start, stop, entered, exited, adults_entered, adults_exited"
SENT_INTERVAL_COLUMNS: Final = f"{INTERVAL_COLUMNS}, sent"

# Stored intervals don't overlap, so only the last one that begins before :low can reach beyond it.
OVERLAPPING: Final = """
    camera = :camera
    AND start < :high
    AND stop > :low
    AND start >= coalesce(
        (SELECT max(start) FROM intervals WHERE camera = :camera AND start <= :low),
        :low
    )
"""


def newest(db: sqlite3.Connection, camera: int) -> Interval | None:
    """Return the last interval of a camera."""
    row = db.execute(
        f"""
        SELECT {INTERVAL_COLUMNS}
        FROM intervals
        WHERE camera = ?
        ORDER BY start DESC
        LIMIT 1
        """,
        (camera,),
    ).fetchone()
    return Interval(*row) if row else None


def first(db: sqlite3.Connection, camera: int) -> Timestamp | None:
    """Return when the first interval of a camera begins, None where there is none."""
    start: Timestamp | None
    (start,) = db.execute("SELECT min(start) FROM intervals WHERE camera = ?", (camera,)).fetchone()
    return start


def page(db: sqlite3.Connection, key: str, start: Timestamp, end: Timestamp, limit: int) -> list[Interval]:
    """Return the first intervals of a camera that begin in [start, end)."""
    rows = db.execute(
        f"""
        SELECT {INTERVAL_COLUMNS}
        FROM intervals
        WHERE camera = (SELECT id FROM cameras WHERE key = ?)
            AND start >= ?
            AND start < ?
        ORDER BY start
        LIMIT ?
        """,
        (key, start, end, limit),
    )
    return [Interval(*row) for row in rows]


def beginning_within(db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp) -> list[SentInterval]:
    """Return the intervals of a camera that begin in [start, end)."""
    rows = db.execute(
        f"""
        SELECT {SENT_INTERVAL_COLUMNS}
        FROM intervals
        WHERE camera = ? AND start >= ? AND start < ?
        ORDER BY start
        """,
        (camera, start, end),
    )
    return [SentInterval(*row) for row in rows]


def overlapping(db: sqlite3.Connection, camera: int, low: Timestamp, high: Timestamp) -> list[SentInterval]:
    """Return the intervals of a camera that overlap [low, high), in the order of time."""
    rows = db.execute(
        f"SELECT {SENT_INTERVAL_COLUMNS} FROM intervals WHERE {OVERLAPPING} ORDER BY start",
        {"camera": camera, "low": low, "high": high},
    )
    return [SentInterval(*row) for row in rows]


def gaps(db: sqlite3.Connection, key: str, since: Timestamp, limit: int) -> list[tuple[Timestamp, Timestamp]]:
    """Return the newest stretches of time, since an instant, that lie between two intervals of a camera."""
    return db.execute(
        """
        SELECT begin, finish
        FROM (
            SELECT stop AS begin, lead(start) OVER (ORDER BY start) AS finish
            FROM intervals
            WHERE camera = (SELECT id FROM cameras WHERE key = ?) AND start >= ?
        )
        WHERE begin < finish
        ORDER BY begin DESC
        LIMIT ?
        """,
        (key, since, limit),
    ).fetchall()


def replace(
    db: sqlite3.Connection, camera: int, removed: Iterable[SentInterval], added: Iterable[SentInterval]
) -> None:
    """Remove and add intervals. Nowhere else do counts change, so the camera's totals change here with them."""
    removed, added = list(removed), list(added)
    if not removed and not added:
        return
    if removed:
        db.executemany(
            "DELETE FROM intervals WHERE camera = ? AND start = ?",
            ((camera, interval.start) for interval in removed),
        )
    db.executemany(
        "INSERT INTO intervals VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((camera, *interval) for interval in added),
    )

    def gain(people: Callable[[SentInterval], int | None]) -> int:
        return sum(people(interval) or 0 for interval in added) - sum(people(interval) or 0 for interval in removed)

    # Adults stay NULL where the camera doesn't count them.
    db.execute(
        """
        UPDATE cameras
        SET total_entered = total_entered + ?,
            total_exited = total_exited + ?,
            total_adults_entered = total_adults_entered + ?,
            total_adults_exited = total_adults_exited + ?
        WHERE id = ?
        """,
        (
            gain(lambda interval: interval.entered),
            gain(lambda interval: interval.exited),
            gain(lambda interval: interval.adults_entered),
            gain(lambda interval: interval.adults_exited),
            camera,
        ),
    )

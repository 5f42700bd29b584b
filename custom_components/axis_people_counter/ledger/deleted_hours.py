"""The sums of the hours whose counts may have been deleted, as recorder has them.

Statistics go on from these sums. Knows neither intervals nor places. Called by ledger, places, retention and
series.
"""

import sqlite3
from typing import Final

from ..counting import DAY, Timestamp
from .hour_counts import NO_COUNTS, HourCounts

# How long before `kept_since` counts are kept as well. The first hours after it depend on them: the last reset may be
# 25 hours before, and an interval may begin a day before the reset.
MARGIN: Final = 2 * DAY


def kept_since(db: sqlite3.Connection) -> Timestamp:
    """Return the instant before which recorder's hours stay as they are, 0 where nothing has been deleted."""
    since: Timestamp
    (since,) = db.execute("SELECT kept_since FROM retention").fetchone()
    return since


def set_kept_since(db: sqlite3.Connection, since: Timestamp) -> None:
    """Store the instant."""
    db.execute("UPDATE retention SET kept_since = ?", (since,))


def sums(db: sqlite3.Connection, key: str) -> HourCounts:
    """Return the sums of a camera or a place at `kept_since`."""
    row = db.execute(
        """
        SELECT entered, exited, adults_entered, adults_exited
        FROM deleted_hours
        WHERE key = ?
        """,
        (key,),
    ).fetchone()
    return HourCounts(*row) if row else NO_COUNTS


def is_known(db: sqlite3.Connection, key: str) -> bool:
    """Return True if hours of a camera or a place have been added to its sums."""
    return db.execute("SELECT * FROM deleted_hours WHERE key = ?", (key,)).fetchone() is not None


def add(db: sqlite3.Connection, key: str, counts: HourCounts) -> None:
    """Add the hours until the next `kept_since` to the sums."""
    db.execute(
        """
        INSERT INTO deleted_hours
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE
        SET entered = entered + excluded.entered,
            exited = exited + excluded.exited,
            adults_entered = adults_entered + excluded.adults_entered,
            adults_exited = adults_exited + excluded.adults_exited
        """,
        (key, *counts),
    )


def forget(db: sqlite3.Connection, key: str) -> None:
    """Delete the sums: recorder has nothing of a camera or a place any more."""
    db.execute("DELETE FROM deleted_hours WHERE key = ?", (key,))

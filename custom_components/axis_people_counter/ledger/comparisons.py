"""How a camera's own counts of a day differ from the stored ones, and gaps that nothing can fill.

Only keeps what others have found, so that nobody is asked again after a restart. Called by ledger.py.
"""

from collections.abc import Iterable
from itertools import starmap
import json
import sqlite3
from typing import NamedTuple

from ..counting import HourDifference, Timestamp
from .cameras import get_camera


class Comparison(NamedTuple):
    """The last day of a camera that was compared: how many hours were, and which of them differ."""

    # The camera's local date, as in 2026-09-15.
    date: str
    hours: int
    differing: tuple[HourDifference, ...]
    # Why no hour could be compared.
    reason: str | None = None
    # A person knows of the difference.
    confirmed: bool = False

    @property
    def people(self) -> int | None:
        """By how many people the day differs, None if it couldn't be compared."""
        return None if self.reason else sum(hour.people for hour in self.differing)


def set_comparison(db: sqlite3.Connection, key: str, comparison: Comparison) -> None:
    """Store the last comparison of a camera, in place of the one before."""
    date, hours, differing, reason, confirmed = comparison
    db.execute(
        "INSERT OR REPLACE INTO comparisons VALUES (?, ?, ?, ?, ?, ?)",
        (get_camera(db, key).id, date, hours, json.dumps(differing), reason, confirmed),
    )


def by_key(db: sqlite3.Connection) -> dict[str, Comparison]:
    """Return the last comparison of each camera by its key."""
    rows = db.execute(
        "SELECT key, date, hours, differing, reason, confirmed FROM comparisons JOIN cameras ON id = camera"
    )
    return {
        key: Comparison(date, hours, tuple(starmap(HourDifference, json.loads(differing))), reason, bool(confirmed))
        for key, date, hours, differing, reason, confirmed in rows
    }


def leave_gaps(
    db: sqlite3.Connection, key: str, gaps: Iterable[tuple[Timestamp, Timestamp]], forget: Timestamp
) -> None:
    """Store gaps that nothing can fill or that a person wants to leave, and delete those that end before an instant."""
    camera = get_camera(db, key).id
    db.execute("DELETE FROM left_gaps WHERE camera = ? AND stop < ?", (camera, forget))
    db.executemany("INSERT OR REPLACE INTO left_gaps VALUES (?, ?, ?)", ((camera, *gap) for gap in gaps))


def left_gaps(db: sqlite3.Connection, key: str) -> list[tuple[Timestamp, Timestamp]]:
    """Return the gaps of a camera that are left as they are."""
    rows = db.execute("SELECT start, stop FROM left_gaps JOIN cameras ON id = camera WHERE key = ?", (key,))
    return [(start, stop) for start, stop in rows]

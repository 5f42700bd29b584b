"""Packs days that are over, which changes no answer, and makes the file smaller afterwards.

Knows no counts. Called by ledger.py.
"""

import sqlite3
from typing import Final

from ..counting import Timestamp
from . import damaged_days, intervals

# Unused pages (4 KiB) that stay in the file for the rows of the next days.
SPARE_PAGES: Final = 256
# The most pages that are moved at once, within some ten milliseconds, during which pushes wait.
PAGES_AT_ONCE: Final = 128


def pack_step(db: sqlite3.Connection, before: Timestamp) -> bool:
    """Pack one day of a camera that ends before an instant, or free some space; return True if more is left to do."""
    if packed := intervals.pack_oldest_day(db, before):
        # By now, a day that is sent again has arrived as a whole.
        damaged_days.delete_recounted(db, *packed)
        return True
    return _shrink(db)


def _shrink(db: sqlite3.Connection) -> bool:
    """Return unused pages to the file system, some at a time; return True if more are left."""
    unused = _unused_pages(db)
    if unused <= SPARE_PAGES:
        return False
    # SQLite moves one page for each row that is fetched.
    db.execute(f"PRAGMA incremental_vacuum({min(PAGES_AT_ONCE, unused - SPARE_PAGES)})").fetchall()
    return SPARE_PAGES < _unused_pages(db) < unused


def _unused_pages(db: sqlite3.Connection) -> int:
    count: int
    (count,) = db.execute("PRAGMA freelist_count").fetchone()
    return count

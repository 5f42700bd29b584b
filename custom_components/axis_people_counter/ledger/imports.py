"""Imports: old counts from a file, stored step by step where nothing was counted, and undone as a whole.

A push that comes later replaces what was imported. Knows no files. Called by ledger.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
import sqlite3
from typing import Final, NamedTuple

from ..counting import DAY, Interval, SentInterval, Timestamp, sent_of_import
from . import deleted_hours, filling, folds, imported_days, intervals, places
from .cameras import Camera, get_camera, note_counts_changed
from .errors import LedgerError
from .imported_days import ImportedDay
from .settling import by_day, settle

# The most intervals that a step may add or remove: pushes wait for it.
INTERVALS_AT_ONCE: Final = 1000
# The most imports that are listed.
MAX_LISTED: Final = 100

# The column `finished`.
_IN_PROGRESS: Final = 0
_FINISHED: Final = 1
_BEING_UNDONE: Final = 2


@dataclass(frozen=True, slots=True)
class Import:
    """An import, its cameras, and how much of it still counts; in and out are as the cameras count."""

    id: int
    name: str
    made: Timestamp
    keys: tuple[str, ...]
    intervals: int
    entered: int
    exited: int


class Importable(NamedTuple):
    """Those of some intervals that can be imported, and how many of the others were counted, or deleted, before."""

    intervals: tuple[Interval, ...]
    counted: int
    deleted: int


class Undone(NamedTuple):
    """The camera that a step of undoing an import has changed, since when, and how many intervals were removed."""

    key: str
    since: Timestamp
    intervals: int
    entered: int
    exited: int


def importable(db: sqlite3.Connection, key: str, found: Iterable[Interval]) -> Importable:
    """Return which of some intervals, all of about a day, begin and end where a camera has no counts."""
    camera = get_camera(db, key)
    found = sorted(found)
    kept = [interval for interval in found if interval.start >= _kept_since(db, camera)]
    free = filling.without_counts(db, camera.id, kept)
    return Importable(tuple(free), len(kept) - len(free), len(found) - len(kept))


def begin(db: sqlite3.Connection, name: str, now: Timestamp) -> int:
    """Begin an import, and return its id."""
    import_id = db.execute("INSERT INTO imports (name, made) VALUES (?, ?)", (name, now)).lastrowid
    assert import_id
    return import_id


def store(
    db: sqlite3.Connection, import_id: int, key: str, found: Iterable[Interval], received: Timestamp
) -> Importable:
    """Store those of some intervals, all of about a day, that can be imported; return which these are."""
    if import_id not in unfinished(db):
        # Another file has taken the place of the ledger.
        raise LedgerError(f"Import {import_id} isn't in progress.")
    free = importable(db, key, found)
    camera = get_camera(db, key)
    added: Iterable[Interval] = free.intervals
    if camera.total_adults_entered is None:
        # Undoing couldn't take it back that a camera counts adults.
        added = (interval._replace(adults_entered=None, adults_exited=None) for interval in added)
    sent = sent_of_import(import_id)
    settle(db, camera, by_day(SentInterval(*interval, sent) for interval in added), received)
    return free


def finish(db: sqlite3.Connection, import_id: int) -> None:
    """Record that all of an import is stored."""
    db.execute("UPDATE imports SET finished = ? WHERE id = ?", (_FINISHED, import_id))


def unfinished(db: sqlite3.Connection) -> list[int]:
    """Return the ids of the imports that were begun, but not finished."""
    return _in_state(db, _IN_PROGRESS)


def half_undone(db: sqlite3.Connection) -> list[int]:
    """Return the ids of the imports of which something may be left, though undoing them was begun."""
    return _in_state(db, _BEING_UNDONE)


def _in_state(db: sqlite3.Connection, finished: int) -> list[int]:
    found = db.execute("SELECT id FROM imports WHERE finished = ? ORDER BY id", (finished,))
    return [import_id for (import_id,) in found]


def newest(db: sqlite3.Connection) -> list[Import]:
    """Return the newest imports, the last one first."""
    rows = db.execute(
        "SELECT id, name, made FROM imports WHERE finished != ? ORDER BY id DESC LIMIT ?", (_IN_PROGRESS, MAX_LISTED)
    ).fetchall()
    return [_described(db, *row) for row in rows]


def find(db: sqlite3.Connection, import_id: int) -> Import | None:
    """Return an import, None where there is none with this id."""
    row = db.execute("SELECT id, name, made FROM imports WHERE id = ?", (import_id,)).fetchone()
    return _described(db, *row) if row else None


def undo_step(db: sqlite3.Connection, import_id: int) -> Undone | None:
    """Remove some of what still counts because of an import, and the import when nothing is left; then return None."""
    imported = imported_days.first_of_import(db, import_id)
    if imported is None:
        db.execute("DELETE FROM imports WHERE id = ?", (import_id,))
        return None
    # If this is cut off between two steps, the next start goes on.
    db.execute("UPDATE imports SET finished = ? WHERE id = ? AND finished = ?", (_BEING_UNDONE, import_id, _FINISHED))
    start, sent = imported.day * DAY, sent_of_import(import_id)
    of_import = intervals.sent_within(db, imported.camera, start, start + DAY, sent, INTERVALS_AT_ONCE)
    (key,) = db.execute("SELECT key FROM cameras WHERE id = ?", (imported.camera,)).fetchone()
    if of_import:
        _remove(db, imported, key, of_import)
    else:
        # Another program has changed the file. Undoing must not go round in circles.
        imported_days.forget_day(db, *imported, import_id)
    return Undone(
        key,
        start,
        len(of_import),
        sum(interval.entered for interval in of_import),
        sum(interval.exited for interval in of_import),
    )


def _remove(db: sqlite3.Connection, imported: ImportedDay, key: str, removed: list[SentInterval]) -> None:
    since = removed[0].start
    intervals.replace(db, imported.camera, removed, [])
    note_counts_changed(db, imported.camera, since)
    folds.of_cameras(db).drop(imported.camera, since)
    places.note_change(db, key, since)


def _described(db: sqlite3.Connection, import_id: int, name: str, made: Timestamp) -> Import:
    rows = db.execute(
        """
        SELECT key, sum(intervals), sum(imported_days.entered), sum(imported_days.exited)
        FROM imported_days
        JOIN cameras ON cameras.id = camera
        WHERE import = ?
        GROUP BY key
        ORDER BY key
        """,
        (import_id,),
    ).fetchall()
    keys, *columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Import(import_id, name, made, keys, *map(sum, columns))


def _kept_since(db: sqlite3.Connection, camera: Camera) -> Timestamp:
    """Return the instant before which counts were deleted because of their age."""
    return max(deleted_hours.kept_since(db), camera.deleted_until)

"""The table of imported days: how much of each import still counts, by camera and day (UTC).

`intervals` keeps it whenever counts change, so that an import can be undone also after pushes have replaced a part of
it. Beside it, a camera's `imported_…` are the part of its totals that was imported, deleted counts included.
"""

from collections.abc import Iterable, Iterator
import sqlite3
from typing import Final, NamedTuple

from ..counting import DAY, HOUR, SentInterval, Timestamp, import_of
from .cameras import add_imported
from .hour_counts import NO_COUNTS, HourCounts, minus, plus


class ImportedDay(NamedTuple):
    """A camera and a day that have intervals of an import."""

    camera: int
    day: int


def note_changes(
    db: sqlite3.Connection, camera: int, removed: Iterable[SentInterval], added: Iterable[SentInterval]
) -> None:
    """Record which imported intervals a camera has lost and got; others are left alone."""
    changes: dict[tuple[int, int], tuple[int, HourCounts]] = {}
    for sign, import_id, interval in (*_imported(removed, -1), *_imported(added, 1)):
        key = import_id, interval.start // DAY
        number, counts = changes.get(key, (0, NO_COUNTS))
        change = _counts(interval)
        changes[key] = number + sign, plus(counts, change) if sign > 0 else minus(counts, change)
    for (import_id, day), (number, counts) in changes.items():
        db.execute(
            """
            INSERT INTO imported_days
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (import, camera, day) DO UPDATE
            SET intervals = intervals + excluded.intervals,
                entered = entered + excluded.entered,
                exited = exited + excluded.exited,
                adults_entered = adults_entered + excluded.adults_entered,
                adults_exited = adults_exited + excluded.adults_exited
            """,
            (import_id, camera, day, number, *counts),
        )
        delete_if_empty(db, import_id, ImportedDay(camera, day))
        add_imported(db, camera, counts)
        if number < 0:
            _wake_carried(db, camera, day)


def _imported(intervals: Iterable[SentInterval], sign: int) -> Iterator[tuple[int, int, SentInterval]]:
    for interval in intervals:
        if (import_id := import_of(interval.sent)) is not None:
            yield sign, import_id, interval


def _counts(interval: SentInterval) -> HourCounts:
    return HourCounts(interval.entered, interval.exited, interval.adults_entered or 0, interval.adults_exited or 0)


def delete_if_empty(db: sqlite3.Connection, import_id: int, imported: ImportedDay) -> None:
    """Delete a day of an import that has no intervals any more."""
    db.execute(
        "DELETE FROM imported_days WHERE import = ? AND camera = ? AND day = ? AND intervals = 0",
        (import_id, *imported),
    )


def forget_day(db: sqlite3.Connection, camera: int, day: int, import_id: int | None = None) -> None:
    """Take a damaged day of a camera out of all imports, or of one, because its intervals count no more."""
    lost = db.execute(
        """
        DELETE FROM imported_days
        WHERE camera = :camera AND day = :day AND (:import IS NULL OR import = :import)
        RETURNING entered, exited, adults_entered, adults_exited
        """,
        {"camera": camera, "day": day, "import": import_id},
    ).fetchall()
    for counts in lost:
        add_imported(db, camera, minus(NO_COUNTS, HourCounts(*counts)))
        _wake_carried(db, camera, day)


def has_some(db: sqlite3.Connection, camera: int, day: int) -> bool:
    """Return True if a day of a camera has intervals of any import; they may begin on the day before."""
    found = db.execute("SELECT * FROM imported_days WHERE camera = ? AND day IN (?, ?)", (camera, day - 1, day))
    return found.fetchone() is not None


# A carried hour that rests ends before it begins: see series.py. It adds nothing while the imported counts of this hour
# are there, but comes back when they are removed.
_REST: Final = 2 * HOUR


def rest_carried(db: sqlite3.Connection, camera: int, hour: Timestamp) -> None:
    """Let a carried hour of a camera rest, because imported counts stand in for it."""
    db.execute("UPDATE carried SET stop = stop - ? WHERE camera = ? AND start = ?", (_REST, camera, hour))


def _wake_carried(db: sqlite3.Connection, camera: int, day: int) -> None:
    """Let the carried hours count again for which intervals that begin on a day may have stood in."""
    db.execute(
        "UPDATE carried SET stop = stop + ? WHERE camera = ? AND start >= ? AND start < ? AND stop < start",
        (_REST, camera, day * DAY, (day + 2) * DAY),
    )


def first_of_import(db: sqlite3.Connection, import_id: int) -> ImportedDay | None:
    """Return a day that has intervals of an import, None where there is none any more."""
    row = db.execute(
        "SELECT camera, day FROM imported_days WHERE import = ? ORDER BY camera, day LIMIT 1", (import_id,)
    ).fetchone()
    return ImportedDay(*row) if row else None

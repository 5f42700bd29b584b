"""The tables of corrections: occupancies that a person or an automation has set.

Knows no counts. Called by ledger, today, place_today, places and retention.
"""

import sqlite3

from ..counting import LATEST, Correction, Source, Timestamp


def add_to_camera(db: sqlite3.Connection, camera: int, at: Timestamp, value: int, source: Source) -> None:
    """Store the occupancy that a camera is set to."""
    db.execute(
        "INSERT INTO corrections (camera, at, value, source) VALUES (?, ?, ?, ?)",
        (camera, at, value, source),
    )


def add_to_place(db: sqlite3.Connection, place: int, at: Timestamp, value: int, source: Source) -> None:
    """Store the occupancy that a place is set to."""
    db.execute(
        "INSERT INTO place_corrections (place, at, value, source) VALUES (?, ?, ?, ?)",
        (place, at, value, source),
    )


def of_camera(db: sqlite3.Connection, camera: int, start: Timestamp) -> list[Correction]:
    """Return the corrections of a camera from an instant on, in the order of time."""
    rows = db.execute(
        """
        SELECT at, value
        FROM corrections
        WHERE camera = ? AND at >= ?
        ORDER BY at, id
        """,
        (camera, start),
    )
    return [Correction(*row) for row in rows]


def of_place(db: sqlite3.Connection, place: int, start: Timestamp, end: Timestamp = LATEST) -> list[Correction]:
    """Return the corrections of a place in [start, end), in the order of time."""
    rows = db.execute(
        """
        SELECT at, value
        FROM place_corrections
        WHERE place = ? AND at >= ? AND at < ?
        ORDER BY at, id
        """,
        (place, start, end),
    )
    return [Correction(*row) for row in rows]


def first_of_place(db: sqlite3.Connection, place: int) -> Timestamp | None:
    """Return the instant of the first correction of a place."""
    at: Timestamp | None
    (at,) = db.execute("SELECT min(at) FROM place_corrections WHERE place = ?", (place,)).fetchone()
    return at


def last_of_camera(db: sqlite3.Connection, camera: int) -> Timestamp | None:
    """Return the instant of the last correction of a camera."""
    at: Timestamp | None
    (at,) = db.execute("SELECT max(at) FROM corrections WHERE camera = ?", (camera,)).fetchone()
    return at


def last_of_place(db: sqlite3.Connection, place: int) -> Timestamp | None:
    """Return the instant of the last correction of a place."""
    at: Timestamp | None
    (at,) = db.execute("SELECT max(at) FROM place_corrections WHERE place = ?", (place,)).fetchone()
    return at


def of_key(db: sqlite3.Connection, key: str, start: Timestamp, end: Timestamp) -> list[Correction]:
    """Return the corrections of a camera or a place in [start, end), with their sources."""
    rows = db.execute(
        """
        SELECT at, value, source
        FROM (
            SELECT at, value, source, corrections.id
            FROM corrections
            JOIN cameras ON cameras.id = camera
            WHERE key = :key
            UNION ALL
            SELECT at, value, source, place_corrections.id
            FROM place_corrections
            JOIN places ON places.id = place
            WHERE key = :key
        )
        WHERE at >= :start AND at < :end
        ORDER BY at, id
        """,
        {"key": key, "start": start, "end": end},
    )
    return [Correction(*row) for row in rows]


def delete_until(db: sqlite3.Connection, until: Timestamp) -> None:
    """Delete all corrections before an instant."""
    db.execute("DELETE FROM corrections WHERE at < ?", (until,))
    db.execute("DELETE FROM place_corrections WHERE at < ?", (until,))

"""The table of cameras: what each camera last reported about itself, and what a person has set for it.

Knows nothing of intervals. Called by the other modules of the ledger.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import sqlite3
from typing import Any, Final

from ..counting import Timestamp
from . import folds
from .errors import LedgerError
from .hour_counts import HourCounts

# A leaked token must not be enough to fill the registries.
MAX_CAMERAS: Final = 256


@dataclass(frozen=True, slots=True)
class Camera:
    """A row of the table; all but the key describes the camera that counts for this key now."""

    id: int
    key: str
    serial: str
    name: str
    application: str | None
    version: str | None
    time_zone: str | None
    utc_offset: int | None
    ip_address: str | None
    sent: Timestamp
    received: Timestamp
    # When the first push came; 0 where none has come under this key.
    appeared: Timestamp
    send_interval: int
    reversed: int
    removed: int
    # Until when intervals have been deleted because of their age; 0 where none has.
    deleted_until: Timestamp
    total_entered: int
    total_exited: int
    total_adults_entered: int | None
    total_adults_exited: int | None
    # The part of these sums that was imported.
    imported_entered: int
    imported_exited: int
    imported_adults_entered: int
    imported_adults_exited: int
    quarantined: int


CAMERA_COLUMNS: Final = ", ".join(Camera.__slots__)


def each_camera(db: sqlite3.Connection, where: str = "TRUE", *parameters: Any) -> Iterator[Camera]:
    """Yield the cameras for which a condition is true."""
    for row in db.execute(f"SELECT {CAMERA_COLUMNS} FROM cameras WHERE {where} ORDER BY id", parameters):
        yield Camera(*row)


def find_camera(db: sqlite3.Connection, key: str) -> Camera | None:
    """Return the camera with a key, None where there is none."""
    return next(each_camera(db, "key = ?", key), None)


def get_camera(db: sqlite3.Connection, key: str) -> Camera:
    """Return the camera with a key; raise LedgerError where there is none, as in a new ledger."""
    camera = find_camera(db, key)
    if camera is None:
        raise LedgerError(f"{key} isn't in the ledger.")
    return camera


def is_full(db: sqlite3.Connection) -> bool:
    """Return True if there are as many cameras as there may be; removed ones don't count."""
    (count,) = db.execute("SELECT count(*) FROM cameras WHERE removed = 0").fetchone()
    return bool(count >= MAX_CAMERAS)


def find_or_add(db: sqlite3.Connection, key: str, serial: str, name: str, received: Timestamp) -> Camera:
    """Return the camera with a key; a new one is marked as removed, so that it is hidden until it pushes itself."""
    db.execute(
        """
        INSERT OR IGNORE INTO cameras (key, serial, name, sent, received, appeared, removed, reversed)
        VALUES (:key, :serial, :name, 0, 0, :appeared, 1, EXISTS (SELECT * FROM reversed_cameras WHERE key = :key))
        """,
        {"key": key, "serial": serial, "name": name, "appeared": received},
    )
    return get_camera(db, key)


def set_removed(db: sqlite3.Connection, key: str) -> None:
    """Hide a camera until it pushes again."""
    camera = get_camera(db, key)
    db.execute("UPDATE cameras SET removed = 1 WHERE id = ?", (camera.id,))


def note_counts_changed(db: sqlite3.Connection, camera: int, since: Timestamp) -> None:
    """Store since when a camera's counts have changed: recorder's statistics are written again from there."""
    db.execute(
        "UPDATE cameras SET changed_since = min(coalesce(changed_since, :since), :since) WHERE id = :camera",
        {"camera": camera, "since": since},
    )
    folds.of_cameras(db).drop(camera, since)


def note_counts_adults(db: sqlite3.Connection, camera: int) -> None:
    """Record that a camera counts adults: the sums of adults are NULL before."""
    db.execute(
        """
        UPDATE cameras
        SET total_adults_entered = coalesce(total_adults_entered, 0),
            total_adults_exited = coalesce(total_adults_exited, 0)
        WHERE id = ?
        """,
        (camera,),
    )


def add_deleted(
    db: sqlite3.Connection, camera: int, until: Timestamp, counts: HourCounts, imported: HourCounts
) -> None:
    """Record sums of intervals that were deleted because of their age: totals contain them still.

    `imported` is the part of them that was imported.
    """
    db.execute(
        """
        UPDATE cameras
        SET deleted_until = :until,
            total_entered = total_entered + :entered,
            total_exited = total_exited + :exited,
            total_adults_entered = total_adults_entered + :adults_entered,
            total_adults_exited = total_adults_exited + :adults_exited,
            deleted_entered = deleted_entered + :entered,
            deleted_exited = deleted_exited + :exited,
            deleted_adults_entered = deleted_adults_entered + :adults_entered,
            deleted_adults_exited = deleted_adults_exited + :adults_exited
        WHERE id = :camera
        """,
        {"camera": camera, "until": until, **counts._asdict()},
    )
    if any(imported):
        add_imported(db, camera, imported)


def add_imported(db: sqlite3.Connection, camera: int, counts: HourCounts) -> None:
    """Add counts to the part of the totals that was imported; negative ones are taken away."""
    db.execute(
        """
        UPDATE cameras
        SET imported_entered = imported_entered + :entered,
            imported_exited = imported_exited + :exited,
            imported_adults_entered = imported_adults_entered + :adults_entered,
            imported_adults_exited = imported_adults_exited + :adults_exited
        WHERE id = :camera
        """,
        {"camera": camera, **counts._asdict()},
    )

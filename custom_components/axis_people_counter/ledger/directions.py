"""The cameras whose direction is reversed: a copy for queries. The option of the config entry is the truth.

The table `reversed_cameras` has keys, also of cameras that haven't pushed yet; queries use the column
`cameras.reversed`. A door's own direction is in places.py. Called by ledger.py.
"""

import sqlite3

from . import places
from .cameras import each_camera, get_camera, note_counts_changed


def reversed_keys(db: sqlite3.Connection) -> list[str]:
    """Return the keys of the reversed cameras that are in the ledger."""
    return [camera.key for camera in each_camera(db, "reversed")]


def set_reversed(db: sqlite3.Connection, key: str, *, value: bool) -> None:
    """Reverse a camera, or no longer reverse it."""
    get_camera(db, key)
    reversed_now = _stored(db)
    set_all(db, reversed_now | {key} if value else reversed_now - {key})


def set_all(db: sqlite3.Connection, wanted: frozenset[str]) -> None:
    """Reverse these cameras and no others."""
    reversed_now = _stored(db)
    # Write only if needed: so a file that another program has locked can still be opened and read.
    if no_longer := reversed_now - wanted:
        db.executemany("DELETE FROM reversed_cameras WHERE key = ?", ((key,) for key in no_longer))
    if new := wanted - reversed_now:
        db.executemany("INSERT INTO reversed_cameras VALUES (?)", ((key,) for key in new))
    for camera in list(each_camera(db)):
        if bool(camera.reversed) != (camera.key in wanted):
            db.execute("UPDATE cameras SET reversed = 1 - reversed WHERE id = ?", (camera.id,))
            note_counts_changed(db, camera.id, 0)
            places.note_change(db, camera.key, 0)


def _stored(db: sqlite3.Connection) -> frozenset[str]:
    return frozenset(key for (key,) in db.execute("SELECT key FROM reversed_cameras"))

"""Sets a damaged packed day aside: it counts no more, so that the camera can send it again.

Knows no intervals. Called by file.py, for whatever job has come upon it.
"""

import sqlite3

from ..counting import DAY, EARLIEST, LATEST
from . import intervals, places
from .cameras import each_camera, note_counts_changed


def set_aside(db: sqlite3.Connection, camera_id: int, day: int) -> None:
    """Set a day aside, and note that the counts of its camera have changed since then."""
    intervals.set_aside(db, camera_id, day)
    # The number of the day may be what is damaged.
    since = min(max(day * DAY, EARLIEST), LATEST)
    for camera in each_camera(db, "id = ?", camera_id):
        note_counts_changed(db, camera.id, since)
        places.note_change(db, camera.key, since)

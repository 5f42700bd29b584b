"""One camera as it stands: the counts of a day, and all that its occupancy depends on.

Only reads, and computes no occupancy. Called by ledger.py.
"""

from dataclasses import dataclass
import sqlite3

from ..counting import Correction, Interval, Passage, Timestamp
from . import corrections, intervals, quarantine
from .cameras import Camera, get_camera


@dataclass(frozen=True, slots=True)
class Counts:
    """People who entered and exited, and adults among them where the camera counts them."""

    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None


@dataclass(frozen=True, slots=True)
class Today:
    """The counts of a camera's day, and what happened since the reset of its occupancy."""

    camera: Camera
    newest: Interval | None
    counts: Counts
    # Seconds of the day without an interval, between the first interval of all and the newest one.
    missing_seconds: int
    passages: list[Passage]
    corrections: list[Correction]
    quarantined: int


def today(db: sqlite3.Connection, key: str, day: Timestamp, next_day: Timestamp, reset: Timestamp) -> Today:
    """Return a camera with the counts of [day, next_day), and what happened since the reset."""
    camera = get_camera(db, key)
    newest = intervals.newest(db, camera.id)
    counts, covered, first = _day(db, camera.id, day, next_day)
    return Today(
        camera,
        newest,
        counts,
        max(0, min(newest.end, next_day) - max(first, day) - covered) if newest else 0,
        intervals.passages_since(db, camera.id, reset),
        corrections.of_camera(db, camera.id, reset),
        quarantine.count(db, camera.id),
    )


def _day(db: sqlite3.Connection, camera: int, day: Timestamp, next_day: Timestamp) -> tuple[Counts, int, Timestamp]:
    """Return the counts of a day, how many seconds of it have an interval, and when the first interval of all began."""
    # An interval over midnight covers a part of the day; its people count on the day before.
    *counts, covered, first = db.execute(
        f"""
        SELECT
            coalesce(sum(entered) FILTER (WHERE start >= :low), 0),
            coalesce(sum(exited) FILTER (WHERE start >= :low), 0),
            sum(adults_entered) FILTER (WHERE start >= :low),
            sum(adults_exited) FILTER (WHERE start >= :low),
            coalesce(sum(min(stop, :high) - max(start, :low)), 0),
            (SELECT min(start) FROM intervals WHERE camera = :camera)
        FROM intervals
        WHERE {intervals.OVERLAPPING}
        """,
        {"camera": camera, "low": day, "high": next_day},
    ).fetchone()
    return Counts(*counts), covered, first

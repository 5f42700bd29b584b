"""Stores intervals that were read from a camera, where nothing was pushed. A push that comes later replaces them.

Knows no cameras' answers. Called by ledger.py and imports.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
import sqlite3

from ..counting import NEVER_SENT, Coverage, Interval, SentInterval, Timestamp, key_at
from . import intervals, quarantine, routes
from .cameras import get_camera
from .settling import by_day, settle
from .storing import Changes


@dataclass(frozen=True, slots=True)
class Filled:
    """The changes, and the intervals that were added."""

    changes: Changes
    added: tuple[Interval, ...]


def fill(db: sqlite3.Connection, key: str, serial: str, found: Iterable[Interval], received: Timestamp) -> Filled:
    """Store those of some intervals, all of about a day, whose time has no counts; nothing is counted twice."""
    camera = get_camera(db, key)
    of_serial = routes.of_serial(db, serial)
    candidates = [
        interval
        for interval in sorted(found)
        if interval.end > camera.deleted_until and key_at(of_serial, serial, interval.start) == key
    ]
    added = without_counts(db, camera.id, candidates)
    settled = settle(db, camera, by_day(SentInterval(*interval, NEVER_SENT) for interval in added), received)
    return Filled(Changes(get_camera(db, key), (), settled.changed_since), tuple(added))


def without_counts(db: sqlite3.Connection, camera: int, candidates: Sequence[Interval]) -> list[Interval]:
    """Return those of some intervals, in the order of time, that touch neither stored ones nor each other."""
    counted = _counted_time(db, camera, candidates)
    free = []
    for interval in candidates:
        if not counted.touches(interval.start, interval.end):
            # A camera may return the same time twice.
            counted.add(interval.start, interval.end)
            free.append(interval)
    return free


def counted_seconds(db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp) -> int:
    """Return for how many seconds of [start, end) there are counts of a camera."""
    seconds = 0
    for columns in intervals.columns_overlapping(db, camera, start, end):
        seconds += sum(columns.ends) - sum(columns.starts)
        # Only the first may begin before `start`, and only the last may end after `end`.
        seconds -= max(0, start - columns.starts[0]) + max(0, columns.ends[-1] - end)
    return seconds


def _counted_time(db: sqlite3.Connection, camera: int, candidates: Sequence[Interval]) -> Coverage:
    counted = Coverage()
    if candidates:
        low, high = candidates[0].start, max(interval.end for interval in candidates)
        if known := quarantine.readable(db, camera, low, high, quarantine.MAX_COMPARED):
            # Waiting intervals were pushed, too: what they say of their time may count later.
            for interval in known.stored | known.waiting:
                counted.add(interval.start, interval.end)
        else:
            # No real camera sends so many. Other pushes wait while they are read, so all the time is left alone.
            counted.add(low, high)
    return counted

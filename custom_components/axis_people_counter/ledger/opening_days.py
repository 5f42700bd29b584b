"""When places were open: the hours that were in force at their time, by place and local day.

A later change of a schedule or calendar doesn't change them. If the ledger is lost, they are calculated again. Called
by ledger.py and retention.py.
"""

from collections.abc import Collection, Iterable
from itertools import starmap
import json
import sqlite3

from ..counting import LONGEST_DAY, OpenHours, OpenSpan, Timestamp
from . import cameras, intervals
from .deleted_hours import kept_since


def of_place(db: sqlite3.Connection, place: str, start: Timestamp, end: Timestamp) -> list[OpenHours]:
    """Return the fixed hours of a place that overlap [start, end), in the order of time."""
    rows = db.execute(
        """
        SELECT start, stop, spans, events
        FROM opening_days
        WHERE place = :place
            AND start > :start - :longest
            AND start < :end
            AND stop > :start
        ORDER BY start
        """,
        {"place": place, "start": start, "end": end, "longest": LONGEST_DAY},
    )
    return [OpenHours(start, stop, _spans(spans), _spans(events)) for start, stop, spans, events in rows]


def _spans(text: str) -> tuple[OpenSpan, ...]:
    return tuple(starmap(OpenSpan, json.loads(text)))


def fix(db: sqlite3.Connection, place: str, found: Iterable[OpenHours]) -> None:
    """Store the hours of a place; each replaces those that begin at the same instant. Deleted days aren't stored."""
    since = kept_since(db)
    db.executemany(
        "INSERT OR REPLACE INTO opening_days VALUES (?, ?, ?, ?, ?)",
        (
            (place, hours.start, hours.end, json.dumps([span[:2] for span in hours.spans]), json.dumps(hours.events))
            for hours in found
            if hours.end > since
        ),
    )


def forget_after(db: sqlite3.Connection, place: str, at: Timestamp) -> None:
    """Forget the hours of a place after an instant, but none of a time that cameras have counted.

    The clock was ahead when they were fixed, or it is behind now, which must not delete anything.
    """
    newest = (intervals.newest(db, camera.id) for camera in list(cameras.each_camera(db)))
    until = max([at, *(interval.end for interval in newest if interval)])
    db.execute("DELETE FROM opening_days WHERE place = ? AND start >= ?", (place, until))
    db.execute(
        "UPDATE opening_days SET stop = :until WHERE place = :place AND stop > :until", {"place": place, "until": until}
    )


def keep_only(db: sqlite3.Connection, places: Collection[str]) -> None:
    """Delete the hours of all other places."""
    known = {place for (place,) in db.execute("SELECT DISTINCT place FROM opening_days")}
    db.executemany("DELETE FROM opening_days WHERE place = ?", ((place,) for place in known.difference(places)))


def delete_until(db: sqlite3.Connection, until: Timestamp) -> None:
    """Delete the days that ended by an instant."""
    db.execute("DELETE FROM opening_days WHERE stop <= ?", (until,))

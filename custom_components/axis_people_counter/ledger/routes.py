"""Routes: for which key a camera counts, and from when on. They change when a person replaces a camera.

The rules are in counting/replacements.py; here, stored counts are moved accordingly. Called by ledger and
storing.
"""

from collections.abc import Iterable
import sqlite3
from typing import Any, NamedTuple

from ..counting import LATEST, Route, Routes, SentInterval, Timestamp, first_serial, key_at, moves
from . import damaged_days, intervals, places, quarantine
from .cameras import Camera, each_camera, find_camera, find_or_add, get_camera, note_counts_changed
from .settling import by_day, settle


def of_serial(db: sqlite3.Connection, serial: str) -> list[Route]:
    """Return the routes of the camera with a serial number, in the order of time."""
    rows = db.execute("SELECT since, key FROM routes WHERE serial = ? ORDER BY number", (serial,))
    return [Route(*row) for row in rows]


def removed_cameras(db: sqlite3.Connection) -> list[Camera]:
    """Return the removed cameras that have counts, without keys for which no camera counts any more."""
    return [
        camera
        for camera in each_camera(db, "removed = 1")
        if intervals.first(db, camera.id) is not None and _is_in_use(db, camera.key)
    ]


def obsolete_series(db: sqlite3.Connection) -> list[str]:
    """Return the keys for which no camera counts any more, and of which recorder has statistics."""
    written = "removed = 1 AND written_last IS NOT NULL"
    return [camera.key for camera in each_camera(db, written) if not _is_in_use(db, camera.key)]


def _is_in_use(db: sqlite3.Connection, key: str) -> bool:
    """Return True if a camera counts for a key now, or may do so when it pushes."""
    present = dict(db.execute("SELECT serial, key FROM routes ORDER BY serial, number"))
    first = first_serial(key)
    return key in present.values() or present.get(first, first) == key


class _Moved(NamedTuple):
    """The intervals taken out of one key, to be put in at another."""

    source: str
    key: str
    serial: str
    name: str
    sent_intervals: list[SentInterval]
    rejected: list[tuple[Any, ...]]
    damaged: list[tuple[Any, ...]]


def set_all(db: sqlite3.Connection, wanted: Routes, received: Timestamp) -> None:
    """Store these routes and no others, and move stored counts to where they belong now."""
    serials = {serial for (serial,) in db.execute("SELECT serial FROM routes")} | wanted.keys()
    before = {serial: of_serial(db, serial) for serial in serials}
    changed = sorted(serial for serial in serials if before[serial] != wanted.get(serial, []))
    _move_counts(db, before, wanted, changed, received)
    for serial in changed:
        db.execute("DELETE FROM routes WHERE serial = ?", (serial,))
        db.executemany(
            "INSERT INTO routes VALUES (?, ?, ?, ?)",
            ((serial, number, *route) for number, route in enumerate(wanted.get(serial, []))),
        )
    _move_descriptions(db, before, wanted, changed)


def _move_counts(
    db: sqlite3.Connection, before: Routes, wanted: Routes, changed: Iterable[str], received: Timestamp
) -> None:
    # All keys are emptied before any is filled, so that the counts of two cameras never meet under one key.
    moved = [
        _Moved(
            source,
            to,
            serial,
            camera.name,
            _take_out(db, camera, low, high),
            quarantine.take_out_rejected(db, camera.id, (low, high)),
            damaged_days.take_out(db, camera.id, low, high),
        )
        for serial in changed
        for low, high, source, to in moves(before[serial], wanted.get(serial, []), serial)
        if (camera := find_camera(db, source))
    ]
    # Move rejected intervals first: settling the others deletes those that they cover.
    for _, key, serial, name, _, rejected, damaged in moved:
        if rejected:
            quarantine.put_in_rejected(db, find_or_add(db, key, serial, name, received).id, rejected)
        if damaged:
            damaged_days.put_in(db, find_or_add(db, key, serial, name, received).id, damaged)
    for _, key, serial, name, sent_intervals, *_ in moved:
        if sent_intervals:
            settle(db, find_or_add(db, key, serial, name, received), by_day(sent_intervals), received)
    for source in sorted({found.source for found in moved}):
        # Intervals that waited for those that were taken out may count now.
        camera = get_camera(db, source)
        waiting = quarantine.waiting_beginning_within(db, camera.id, -LATEST, LATEST)
        settle(db, camera, by_day(waiting), received)


def _take_out(db: sqlite3.Connection, camera: Camera, low: Timestamp, high: Timestamp) -> list[SentInterval]:
    """Delete and return the stored and the waiting intervals of a camera that begin in [low, high)."""
    stored = intervals.beginning_within(db, camera.id, low, high)
    waiting = quarantine.waiting_beginning_within(db, camera.id, low, high)
    intervals.replace(db, camera.id, stored, [])
    quarantine.replace_waiting(db, camera.id, 0, waiting, [])
    if stored:
        note_counts_changed(db, camera.id, stored[0].start)
        places.note_change(db, camera.key, stored[0].start)
    return stored + waiting


def _move_descriptions(db: sqlite3.Connection, before: Routes, wanted: Routes, changed: Iterable[str]) -> None:
    """Move the descriptions of cameras that count for another key now."""
    now = {serial: key_at(wanted.get(serial, []), serial) for serial in changed}
    in_use = set(now.values())
    moving = [
        (source not in in_use, serial, source, to)
        for serial, to in now.items()
        if (source := key_at(before[serial], serial)) != to
    ]
    # Keys that another camera takes over come first, before the new description overwrites the old one.
    for is_vacant, serial, source, to in sorted(moving):
        _move_description(db, serial, source, to, is_vacant=is_vacant)


def _move_description(db: sqlite3.Connection, serial: str, source: str, to: str, *, is_vacant: bool) -> None:
    """Describe a camera under another key; the old key is vacant where no other camera counts for it."""
    before, after = find_camera(db, source), find_camera(db, to)
    if after:
        db.execute("UPDATE cameras SET serial = ? WHERE id = ?", (serial, after.id))
    if before is None:
        return
    if is_vacant:
        db.execute("UPDATE cameras SET removed = 1, serial = ? WHERE id = ?", (serial, before.id))
    elif before.serial != serial:
        # The camera has never pushed under its old key, whose row describes another one.
        return
    elif after is None:
        # A hidden row keeps the description, in case the camera comes back.
        after = find_or_add(db, to, serial, before.name, 0)
    if after is None:
        return
    # Where another camera goes on under the old key, this one stays hidden until it pushes.
    columns = "name, application, version, time_zone, utc_offset, ip_address, sent, received, send_interval"
    db.execute(
        f"""
        UPDATE cameras
        SET ({columns}) = (SELECT {columns} FROM cameras WHERE id = :before),
            removed = min(removed, :removed)
        WHERE id = :after
        """,
        {"before": before.id, "removed": before.removed if is_vacant else 1, "after": after.id},
    )
    if is_vacant:
        # Rejected intervals without a time move to the key that the camera counts for now.
        without_time = quarantine.take_out_rejected(db, before.id, None)
        quarantine.put_in_rejected(db, after.id, without_time)

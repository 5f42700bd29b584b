"""Stores a push: its camera, the intervals that are accepted, those that are quarantined, the camera's description.

The rules for overlapping intervals are in settling.py. Called by ledger.py.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
import sqlite3
from typing import Final

from ..counting import HOUR, Interval, Intervals, Push, Route, SentInterval, Timestamp, first_serial, key_at
from . import quarantine, routes
from .cameras import CAMERA_COLUMNS, Camera, find_camera, find_or_add, is_full
from .errors import TooManyCamerasError
from .quarantine import QuarantineSpace
from .settling import Settled, settle

# The send interval follows from how much time each push adds. These are the shortest and the longest that a camera
# can be set to; after an outage a push adds more.
MIN_SEND_INTERVAL: Final = 60
MAX_SEND_INTERVAL: Final = 15 * 60


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes that a push made."""

    camera: Camera
    # Intervals of the last day whose time had no counts before.
    new_intervals: tuple[Interval, ...]
    # The earliest instant whose counts changed.
    since: Timestamp | None
    # Other keys that this camera counted for in the time of the push, and since when their counts changed.
    other_keys: tuple[tuple[str, Timestamp], ...] = ()
    # The number of intervals that have to stay in the camera, because they don't fit into the quarantine.
    not_stored: int = 0


def record(db: sqlite3.Connection, push: Push, received: Timestamp) -> Changes:
    """Store a push."""
    of_serial = routes.of_serial(db, push.sender.serial)
    camera = _pushing_camera(db, push, of_serial, received)
    by_key = _divide_by_key(push, of_serial)
    own_part = by_key.pop(camera.key, None) or _without_intervals(push)
    other_keys, not_stored_elsewhere = _record_for_other_keys(db, by_key, received)

    settled, not_stored = _store(db, camera, own_part, received)
    send_interval = _send_interval(camera, settled.newest_before, settled.newest)
    camera = _describe(db, camera, push, received, send_interval)
    return Changes(camera, settled.new, settled.changed_since, other_keys, not_stored + not_stored_elsewhere)


def _pushing_camera(db: sqlite3.Connection, push: Push, of_serial: list[Route], received: Timestamp) -> Camera:
    """Return the row of the camera that pushes, a new one where it is the first time."""
    key = key_at(of_serial, push.sender.serial)
    camera = find_camera(db, key)
    if (camera is None or camera.removed) and is_full(db):
        raise TooManyCamerasError
    return camera or find_or_add(db, key, push.sender.serial, push.sender.name, received)


def _divide_by_key(push: Push, of_serial: list[Route]) -> dict[str, Push]:
    """Divide a push by the keys its camera counted for; rejected intervals without a time go to the present key."""
    serial = push.sender.serial
    if not of_serial:
        return {serial: push}
    intervals_of: defaultdict[str, Intervals] = defaultdict(Intervals)
    for interval in push.intervals:
        intervals_of[key_at(of_serial, serial, interval.start)].append(interval)
    rejected_of = (
        push.rejected.divided(
            lambda time: key_at(of_serial, serial, time[0]) if time else key_at(of_serial, serial),
        )
        if push.rejected
        else {}
    )
    return {
        key: replace(push, intervals=intervals_of[key], rejected=rejected_of.get(key, ()))
        for key in (*intervals_of, *rejected_of)
    }


def _without_intervals(push: Push) -> Push:
    return replace(push, intervals=Intervals(), rejected=())


def _record_for_other_keys(
    db: sqlite3.Connection, by_key: dict[str, Push], received: Timestamp
) -> tuple[tuple[tuple[str, Timestamp], ...], int]:
    """Store what the camera counted before it replaced another one, or was replaced.

    Return since when the counts of each key changed, and how many intervals found no room in quarantine.
    """
    changed: list[tuple[str, Timestamp]] = []
    not_stored = 0
    for key, part in by_key.items():
        camera = find_or_add(db, key, first_serial(key), part.sender.name, received)
        settled, not_stored_of_key = _store(db, camera, part, received)
        if settled.changed_since is not None:
            changed.append((key, settled.changed_since))
        not_stored += not_stored_of_key
    return tuple(changed), not_stored


def _store(db: sqlite3.Connection, camera: Camera, push: Push, received: Timestamp) -> tuple[Settled, int]:
    """Store the intervals of a push and set the rejected ones aside; return how many found no room in quarantine."""
    room = QuarantineSpace(db, camera.id)
    settled = settle(db, camera, _sent_by_day(push, camera.deleted_until), received, room)
    quarantine.set_aside_rejected(db, camera.id, push, received, room)
    return settled, room.not_stored


def _sent_by_day(push: Push, deleted_until: Timestamp) -> Iterator[set[SentInterval]]:
    """Yield the intervals of each day; of a time whose intervals were deleted, they were counted before."""
    for intervals_of_day in push.intervals.by_day():
        if found := {
            SentInterval(*interval, push.sent) for interval in intervals_of_day if interval.end > deleted_until
        }:
            yield found


def _send_interval(camera: Camera, before: Interval | None, newest: Interval | None) -> int:
    """Return how often the camera pushes: by how much this push has moved its newest interval on."""
    if newest is None or (before and newest.end <= before.end):
        return camera.send_interval
    progress = newest.end - (before.end if before else newest.start)
    return min(max(progress, MIN_SEND_INTERVAL), max(newest.end - newest.start, MAX_SEND_INTERVAL))


def _describe(db: sqlite3.Connection, camera: Camera, push: Push, received: Timestamp, send_interval: int) -> Camera:
    """Store how the camera describes itself, and show it where it was removed; return it as it is now."""
    # A push that was held up must not bring an old name back. A `sent` far in the future was a wrong clock.
    is_latest = push.sent >= camera.sent or camera.sent > received + HOUR
    description = push.sender if is_latest else camera
    # The clock of this computer may have been put back by a little.
    if camera.received <= received + HOUR:
        received = max(received, camera.received)
    # After more than a day of silence, the offset to UTC may be another one.
    (row,) = db.execute(
        f"""
        UPDATE cameras
        SET serial = :serial,
            name = :name,
            application = :application,
            version = :version,
            time_zone = :time_zone,
            utc_offset = coalesce(:utc_offset, iif(:sent - sent > 86400, NULL, utc_offset)),
            ip_address = :ip_address,
            sent = :sent,
            received = :received,
            send_interval = :send_interval,
            removed = 0,
            appeared = iif(appeared = 0 AND removed, :received, appeared)
        WHERE id = :id
        RETURNING {CAMERA_COLUMNS}
        """,
        {
            "serial": push.sender.serial,
            "name": description.name,
            "application": description.application,
            "version": description.version,
            "time_zone": description.time_zone,
            "utc_offset": description.utc_offset,
            "ip_address": description.ip_address,
            "sent": push.sent if is_latest else camera.sent,
            "received": received,
            "send_interval": send_interval,
            "id": camera.id,
        },
    ).fetchall()
    return Camera(*row)

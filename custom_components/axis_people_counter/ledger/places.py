"""The tables of places: their doors, and checkpoints of their occupancy.

Without a daily reset, occupancy depends on all passages ever. So a checkpoint stores the running count at each midnight
(UTC), and within a day of very many intervals, until an earlier count changes. Knows no time zones. Called by ledger,
place_today, settling, routes, directions, series, retention, damaged_days.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
import json
import sqlite3
from time import monotonic
from typing import Final, NamedTuple

from ..counting import (
    DAY,
    LATEST,
    Columns,
    Interval,
    Passage,
    SentInterval,
    Source,
    Timestamp,
    levels,
    passages_of_place,
    reverse,
    turning_points,
)
from . import corrections, deleted_hours, folds, intervals

# After this time, `advance` goes on in another step: pushes wait that long.
SECONDS_AT_ONCE: Final = 0.02
DAYS_AT_ONCE: Final = 100
# About the most intervals that are read at once, unless they are packed.
INTERVALS_AT_ONCE: Final = 10_000


class Door(NamedTuple):
    """A camera of a place, by its key. If it is reversed, people who enter there exit from the place."""

    key: str
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A place: its doors, its schedule as a text (`Schedule.basis`), and the thresholds of its limits."""

    key: str
    doors: tuple[Door, ...]
    schedule: str
    thresholds: tuple[int, ...] = ()

    @property
    def basis(self) -> str:
        """Return doors and schedule as a text: if it changes, everything computed from them is obsolete."""
        return json.dumps([sorted(self.doors), self.schedule])


class CountedDoor(NamedTuple):
    """A door whose camera is in the ledger. It is reversed if either the camera or the door is, but not if both are."""

    key: str
    # The id of the camera.
    camera: int
    is_reversed: bool
    send_interval: int


class Checkpoint(NamedTuple):
    """The running count at an instant, and the turning points of the occupancy before, on which limits depend."""

    at: Timestamp
    running: int
    # Stored as JSON in the column `insides`.
    occupancies: list[int]


# The checkpoint before the first count: nobody is inside.
_BEGINNING: Final = (0, 0, "[0]")


# Places and their doors


def set_places(db: sqlite3.Connection, places: Sequence[Place]) -> None:
    """Store these places and no others."""
    known = dict(db.execute("SELECT key, id FROM places").fetchall())
    for key in known.keys() - {place.key for place in places}:
        for table in ("doors", "place_corrections", "checkpoints"):
            db.execute(f"DELETE FROM {table} WHERE place = ?", (known[key],))
        db.execute("DELETE FROM places WHERE key = ?", (key,))
        deleted_hours.forget(db, key)
    for place in places:
        _store_place(db, place)


def _store_place(db: sqlite3.Connection, place: Place) -> None:
    """Store a place; if its basis has changed, delete its checkpoints, and have all its statistics written again.

    Checkpoints depend on the thresholds too. If these change, the first one that is kept stays as it is, because the
    counts before it have been deleted.
    """
    stored = db.execute("SELECT basis, thresholds FROM places WHERE key = ?", (place.key,)).fetchone()
    thresholds = json.dumps(place.thresholds)
    if stored == (place.basis, thresholds):
        return
    (place_id,) = db.execute(
        """
        INSERT INTO places (key, basis, thresholds)
        VALUES (:key, :basis, :thresholds)
        ON CONFLICT (key) DO UPDATE
        SET basis = :basis,
            thresholds = :thresholds,
            changed_since = iif(basis = :basis, changed_since, 0)
        RETURNING id
        """,
        {"key": place.key, "basis": place.basis, "thresholds": thresholds},
    ).fetchone()
    db.execute("DELETE FROM doors WHERE place = ?", (place_id,))
    db.executemany(
        "INSERT INTO doors VALUES (?, ?, ?)",
        ((door.key, place_id, door.is_reversed) for door in place.doors),
    )
    _delete_checkpoints_after(db, place_id, 0)
    # A new place may have the id of a removed one.
    folds.of_places(db).drop(place_id)
    folds.changes_of_places(db).forget(place_id)


def _find_or_add(db: sqlite3.Connection, place: Place) -> int:
    """Return the id of a place; a ledger that was begun anew doesn't have it yet, so add it."""
    _store_place(db, place)
    place_id = find(db, place.key)
    assert place_id is not None
    return place_id


def find(db: sqlite3.Connection, key: str) -> int | None:
    """Return the id of a place, None where the ledger doesn't have it."""
    row = db.execute("SELECT id FROM places WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def thresholds_of(db: sqlite3.Connection, place_id: int) -> list[int]:
    """Return the occupancies at which the limits of a place are reached or left."""
    (thresholds,) = db.execute("SELECT thresholds FROM places WHERE id = ?", (place_id,)).fetchone()
    found: list[int] = json.loads(thresholds)
    return found


def with_door(db: sqlite3.Connection, key: str) -> list[tuple[str, bool]]:
    """Return the keys of the places that have a camera as a door, and if the door is reversed there."""
    rows = db.execute(
        """
        SELECT places.key, doors.reversed
        FROM doors
        JOIN places ON places.id = place
        WHERE doors.key = ?
        """,
        (key,),
    )
    return [(place, bool(is_reversed)) for place, is_reversed in rows]


# Changes


def note_change(db: sqlite3.Connection, key: str, since: Timestamp) -> None:
    """Note for all places with this camera that its counts have changed since an instant."""
    _note_change(db, "id IN (SELECT place FROM doors WHERE key = :which)", key, since)


def _note_change(db: sqlite3.Connection, condition: str, which: object, since: Timestamp) -> None:
    """Note the change for the places of which a condition about `:which` is true."""
    changed = db.execute(
        f"""
        UPDATE places
        SET changed_since = min(coalesce(changed_since, :since), :since)
        WHERE {condition}
        RETURNING id
        """,
        {"since": since, "which": which},
    ).fetchall()
    for (place_id,) in changed:
        _delete_checkpoints_after(db, place_id, since)
        folds.of_places(db).drop(place_id, since)
        folds.changes_of_places(db).note(place_id, since)


def correct(db: sqlite3.Connection, place: Place, at: Timestamp, value: int, source: Source) -> None:
    """Store the occupancy that a place is set to."""
    place_id = _find_or_add(db, place)
    corrections.add_to_place(db, place_id, at, value, source)
    _note_change(db, "id = :which", place_id, at)


def take_changes(db: sqlite3.Connection, key: str) -> Timestamp:
    """Return since when the counts of a place have changed after the last call, LATEST if they haven't."""
    place_id = find(db, key)
    return -LATEST if place_id is None else folds.changes_of_places(db).take(place_id)


# Doors and passages


def counted_doors(db: sqlite3.Connection, place_id: int) -> list[CountedDoor]:
    """Return the doors of a place whose cameras are in the ledger."""
    rows = db.execute(
        """
        SELECT key, cameras.id, doors.reversed != cameras.reversed, send_interval
        FROM doors
        CROSS JOIN cameras USING (key)
        WHERE place = ?
        """,
        (place_id,),
    )
    return [CountedDoor(*row) for row in rows]


def intervals_of_doors(
    db: sqlite3.Connection, doors: Iterable[CountedDoor], low: Timestamp, limit: int
) -> tuple[dict[CountedDoor, Sequence[Interval | SentInterval]], Timestamp]:
    """Return the intervals of each door that end after an instant, in the direction of the place.

    If there are more than about `limit`, only those that begin before the instant that is returned with them.
    """
    by_camera, until = intervals.ending_after(db, [door.camera for door in doors], low, limit)
    by_door: dict[CountedDoor, Sequence[Interval | SentInterval]] = {
        door: [reverse(sent.interval) for sent in by_camera[door.camera]]
        if door.is_reversed
        else by_camera[door.camera]
        for door in doors
    }
    return by_door, until


def first(db: sqlite3.Connection, place_id: int) -> Timestamp | None:
    """Return the instant of the first interval or correction of a place."""
    instants = [intervals.first(db, door.camera) for door in counted_doors(db, place_id)]
    instants.append(corrections.first_of_place(db, place_id))
    return min((at for at in instants if at is not None), default=None)


class PassagesPart(NamedTuple):
    """The passages of a place up to an instant."""

    passages: list[Passage]
    until: Timestamp


def passages(db: sqlite3.Connection, key: str, low: Timestamp, high: Timestamp) -> PassagesPart:
    """Return the passages of all doors of a place, or the first part: those of intervals that end in (low, high]."""
    if (place_id := find(db, key)) is None:
        return PassagesPart([], high)
    until = _end_of_part(db, place_id, low, high)
    return PassagesPart(list(_passages(db, place_id, low, until)), until)


def _end_of_part(db: sqlite3.Connection, place_id: int, low: Timestamp, high: Timestamp) -> Timestamp:
    """Return `high`, or an earlier instant if there are more intervals than are read at once."""
    cameras = [door.camera for door in counted_doors(db, place_id)]
    return intervals.limited(db, cameras, low, high, INTERVALS_AT_ONCE // max(1, len(cameras)) + 1)


def _passages(db: sqlite3.Connection, place_id: int, low: Timestamp, high: Timestamp) -> Iterator[Passage]:
    doors = [_columns_of_door(db, door, low, high) for door in counted_doors(db, place_id)]
    for found in passages_of_place(doors, low):
        for at, entered, exited, pending in zip(
            found.at, found.entered, found.exited, found.pending or repeat(0), strict=False
        ):
            if at <= high:
                yield Passage(at, entered, exited, pending)


def _columns_of_door(db: sqlite3.Connection, door: CountedDoor, low: Timestamp, high: Timestamp) -> Iterator[Columns]:
    found = intervals.columns_overlapping(db, door.camera, low, high)
    return (columns.reversed() for columns in found) if door.is_reversed else found


# Checkpoints


def advance(db: sqlite3.Connection, place: Place, at: Timestamp) -> bool:
    """Store the next checkpoints up to an instant, some at a time; return True if more are missing."""
    place_id = _find_or_add(db, place)
    last, running, occupancies = checkpoint_at(db, place_id, at)
    if not last:
        begin = first(db, place_id)
        if begin is None or begin >= at:
            return False
        last = begin // DAY * DAY
    end = at // DAY * DAY
    steps = 0
    # At least one day, however slow the machine is, or a part of one with very many intervals.
    until = monotonic() + SECONDS_AT_ONCE
    while last < end and steps < DAYS_AT_ONCE and (not steps or monotonic() < until):
        next_stop = _end_of_part(db, place_id, last, (last // DAY + 1) * DAY)
        found = _passages(db, place_id, last, next_stop)
        for level in levels(found, corrections.of_place(db, place_id, last, next_stop), running):
            running = level.running
            occupancies.append(level.inside)
        occupancies = turning_points(occupancies, place.thresholds)
        last = next_stop
        db.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)",
            (place_id, last, running, json.dumps(occupancies)),
        )
        steps += 1
    return last < end


def _delete_checkpoints_after(db: sqlite3.Connection, place_id: int, since: Timestamp) -> None:
    """Delete the checkpoints of a place after an instant, but not those whose counts have been deleted."""
    db.execute(
        "DELETE FROM checkpoints WHERE place = ? AND at > max(?, (SELECT kept_since FROM retention))",
        (place_id, since),
    )


def delete_checkpoints(db: sqlite3.Connection, before: Timestamp) -> None:
    """Delete the checkpoints of all places before an instant, because nothing is kept of that time."""
    db.execute("DELETE FROM checkpoints WHERE at < ?", (before,))


def last_checkpoint(db: sqlite3.Connection, key: str, at: Timestamp) -> Checkpoint:
    """Return the last checkpoint of the place with a key that isn't after an instant.

    Where the counts of that time have been deleted, return the first checkpoint that is kept. Without a checkpoint,
    nobody is inside before the first count.
    """
    # No place has the id 0.
    place_id = find(db, key) or 0
    at = max(at, deleted_hours.kept_since(db) - deleted_hours.MARGIN)
    found = checkpoint_at(db, place_id, at)
    begin = None if found.at else first(db, place_id)
    return found if begin is None or begin >= at else Checkpoint(begin, 0, [])


def checkpoint_at(db: sqlite3.Connection, place_id: int, at: Timestamp) -> Checkpoint:
    """Return the last checkpoint of a place that isn't after an instant."""
    at, running, occupancies = (
        db.execute(
            """
            SELECT at, running, insides
            FROM checkpoints
            WHERE place = ? AND at <= ?
            ORDER BY at DESC
            LIMIT 1
            """,
            (place_id, at),
        ).fetchone()
        or _BEGINNING
    )
    return Checkpoint(at, running, json.loads(occupancies))

"""The tables of places: their doors, and checkpoints of their occupancy.

Without a daily reset, occupancy depends on all passages ever. So a checkpoint stores the running count at each midnight
(UTC), until an earlier count changes. Knows no time zones. Called by ledger, settling, routes and directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
import json
from operator import itemgetter
import sqlite3
from typing import Final, NamedTuple

from ..counting import DAY, LATEST, Correction, Level, Passage, Source, Timestamp, levels, turning_points
from . import corrections

# The most that `advance` reads at once, within some ten milliseconds: pushes wait that long.
INTERVALS_AT_ONCE: Final = 5_000
DAYS_AT_ONCE: Final = 100


class Door(NamedTuple):
    """A camera of a place, by its key. If it is reversed, people who enter there exit from the place."""

    key: str
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A place: its doors, and its schedule as a text (`Schedule.basis`)."""

    key: str
    doors: tuple[Door, ...]
    schedule: str

    @property
    def basis(self) -> str:
        """Return doors and schedule as a text: if it changes, everything computed from them is obsolete."""
        return json.dumps([sorted(self.doors), self.schedule])


@dataclass(frozen=True, slots=True)
class PlaceToday:
    """A place as it stands: its levels with the running count before them, and the counts of the day."""

    running: int
    levels: list[Level]
    # Occupancies since the last reset, for `has_reached`; of those before the checkpoint only the turning points.
    occupancies: list[int]
    entered: int
    exited: int
    # The end of each door's newest interval, by key; doors without intervals are missing.
    counted_until: dict[str, Timestamp]


class Checkpoint(NamedTuple):
    """The running count at an instant, and the turning points of the occupancy before, on which limits depend."""

    at: Timestamp
    running: int
    # Stored as JSON in the column `insides`.
    occupancies: list[int]


# The checkpoint before the first count: nobody is inside.
_BEGINNING: Final = (0, 0, "[0]")

# Reversed = camera reversed XOR door reversed.
_DOORS: Final = "doors CROSS JOIN cameras USING (key)"
_ENTERED: Final = "iif(doors.reversed = cameras.reversed, entered, exited)"
_EXITED: Final = "iif(doors.reversed = cameras.reversed, exited, entered)"


# Places and their doors


def set_places(db: sqlite3.Connection, places: Sequence[Place]) -> None:
    """Store these places and no others."""
    known = {key for (key,) in db.execute("SELECT key FROM places").fetchall()}
    for key in known - {place.key for place in places}:
        for table in ("doors", "place_corrections", "checkpoints"):
            db.execute(f"DELETE FROM {table} WHERE place = (SELECT id FROM places WHERE key = ?)", (key,))
        db.execute("DELETE FROM places WHERE key = ?", (key,))
    for place in places:
        _store_place(db, place)


def _store_place(db: sqlite3.Connection, place: Place) -> None:
    """Store a place; if its basis has changed, delete its checkpoints, and have all its statistics written again."""
    if db.execute("SELECT basis FROM places WHERE key = ?", (place.key,)).fetchone() == (place.basis,):
        return
    (place_id,) = db.execute(
        """
        INSERT INTO places (key, basis)
        VALUES (:key, :basis)
        ON CONFLICT (key) DO UPDATE SET basis = :basis, changed_since = 0
        RETURNING id
        """,
        {"key": place.key, "basis": place.basis},
    ).fetchone()
    db.execute("DELETE FROM doors WHERE place = ?", (place_id,))
    db.executemany(
        "INSERT INTO doors VALUES (?, ?, ?)",
        ((door.key, place_id, door.is_reversed) for door in place.doors),
    )
    db.execute("DELETE FROM checkpoints WHERE place = ?", (place_id,))


def _find_or_add(db: sqlite3.Connection, place: Place) -> int:
    """Return the id of a place; a ledger that was begun anew doesn't have it yet, so add it."""
    _store_place(db, place)
    place_id = _find(db, place.key)
    assert place_id is not None
    return place_id


def _find(db: sqlite3.Connection, key: str) -> int | None:
    row = db.execute("SELECT id FROM places WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


# Changes


def note_change(db: sqlite3.Connection, key: str, since: Timestamp) -> None:
    """Note for all places with this camera that its counts have changed since an instant."""
    for (place_id,) in db.execute("SELECT place FROM doors WHERE key = ?", (key,)).fetchall():
        _note_change(db, place_id, since)


def _note_change(db: sqlite3.Connection, place_id: int, since: Timestamp) -> None:
    db.execute(
        "UPDATE places SET changed_since = min(coalesce(changed_since, :since), :since) WHERE id = :place",
        {"place": place_id, "since": since},
    )
    db.execute("DELETE FROM checkpoints WHERE place = ? AND at > ?", (place_id, since))


def correct(db: sqlite3.Connection, place: Place, at: Timestamp, value: int, source: Source) -> None:
    """Store the occupancy that a place is set to."""
    place_id = _find_or_add(db, place)
    corrections.add_to_place(db, place_id, at, value, source)
    _note_change(db, place_id, at)


# Today


def today(
    db: sqlite3.Connection, key: str, day: Timestamp, next_day: Timestamp, resets: list[Correction]
) -> PlaceToday | None:
    """Return a place with the counts of [day, next_day); None where `advance` has to be called first.

    The resets are those from the last one before the day on; there are none where occupancy is never reset.
    """
    if (place_id := _find(db, key)) is None:
        return None
    if resets:
        since, running, occupancies = Checkpoint(resets[0].at, 0, [])
    else:
        since, running, occupancies = _last_checkpoint(db, place_id, day)
        if _has_unread_days(db, place_id, since, day):
            return None
    set_values = sorted(resets + corrections.of_place(db, place_id, since), key=lambda correction: correction.at)
    passages, _ = _passages(db, place_id, since)
    today_levels = list(levels(passages, set_values, running))
    # A reset clears the limits. An interval that ends at the instant of a reset belongs before it.
    last_reset = (resets[-1].at, True) if resets else (since, False)
    occupancies += [level.inside for level in today_levels if (level.at, level.correction is not None) >= last_reset]
    entered, exited = _counts(db, place_id, day, next_day)
    return PlaceToday(running, today_levels, occupancies, entered, exited, _counted_until(db, place_id))


def _has_unread_days(db: sqlite3.Connection, place_id: int, since: Timestamp, day: Timestamp) -> bool:
    """Return True if anything happened between the last checkpoint and the midnight (UTC) before a day."""
    midnight = day // DAY * DAY
    return since < midnight and (first := _first(db, place_id)) is not None and first < midnight


def _counts(db: sqlite3.Connection, place_id: int, day: Timestamp, next_day: Timestamp) -> tuple[int, int]:
    entered, exited = db.execute(
        f"""
        SELECT total({_ENTERED}), total({_EXITED})
        FROM {_DOORS}
        JOIN intervals ON camera = cameras.id AND start >= :day AND start < :next_day
        WHERE place = :place
        """,
        {"place": place_id, "day": day, "next_day": next_day},
    ).fetchone()
    return int(entered), int(exited)


def _counted_until(db: sqlite3.Connection, place_id: int) -> dict[str, Timestamp]:
    rows = db.execute(
        """
        SELECT key, (SELECT stop FROM intervals WHERE camera = cameras.id ORDER BY start DESC LIMIT 1) AS until
        FROM doors
        JOIN cameras USING (key)
        WHERE place = ? AND until IS NOT NULL
        """,
        (place_id,),
    )
    return dict(rows.fetchall())


def _first(db: sqlite3.Connection, place_id: int) -> Timestamp | None:
    """Return the instant of the first interval or correction of a place."""
    first: Timestamp | None
    (first,) = db.execute(
        """
        SELECT min(at)
        FROM (
            SELECT (SELECT min(start) FROM intervals WHERE camera = cameras.id) AS at
            FROM doors
            JOIN cameras USING (key)
            WHERE place = :place
            UNION ALL
            SELECT min(at) FROM place_corrections WHERE place = :place
        )
        """,
        {"place": place_id},
    ).fetchone()
    return first


# Passages


def passages(db: sqlite3.Connection, key: str, low: Timestamp, high: Timestamp) -> list[Passage]:
    """Return the passages of all doors of a place, from intervals that end in (low, high]."""
    place_id = _find(db, key)
    return [] if place_id is None else _passages(db, place_id, low, high)[0]


def _passages(
    db: sqlite3.Connection, place_id: int, low: Timestamp, high: Timestamp = LATEST
) -> tuple[list[Passage], int]:
    """Return the passages from intervals that end in (low, high], and the number of intervals read for that.

    Intervals that end at the same instant are one passage, because their order is unknown. People who entered in an
    interval that is still open may already have exited: they are pending.
    """
    rows = db.execute(
        f"""
        SELECT stop, start, sum({_ENTERED}), sum({_EXITED}), count(*)
        FROM {_DOORS}
        CROSS JOIN intervals
            ON camera = cameras.id
            AND start < :high
            AND stop > :low
            AND (entered OR exited)
            AND start >= coalesce(
                (SELECT max(start) FROM intervals WHERE camera = cameras.id AND start <= :low),
                :low
            )
        WHERE place = :place
        GROUP BY stop, start
        ORDER BY stop DESC
        """,
        {"place": place_id, "low": low, "high": high},
    )
    found: list[Passage] = []
    # Start and entered people of the intervals that are still open when the current ones end.
    overlapping: list[tuple[Timestamp, int]] = []
    number_read = 0
    # Backwards in time, so that intervals that end later have been read already.
    for stop, group in groupby(rows, key=itemgetter(0)):
        overlapping = [(start, entered) for start, entered in overlapping if start < stop]
        ending = [(start, entered, exited, count) for _, start, entered, exited, count in group]
        if stop <= high:
            entered = sum(entered for _, entered, _, _ in ending)
            exited = sum(exited for _, _, exited, _ in ending)
            found.append(Passage(stop, entered, exited, sum(pending for _, pending in overlapping)))
        overlapping += [(start, entered) for start, entered, _, _ in ending]
        number_read += sum(count for *_, count in ending)
    found.reverse()
    return found, number_read


# Checkpoints


def advance(db: sqlite3.Connection, place: Place, at: Timestamp) -> bool:
    """Store the next checkpoints up to an instant, some at a time; return True if more are missing."""
    place_id = _find_or_add(db, place)
    last, running, occupancies = _last_checkpoint(db, place_id, at)
    if not last:
        first = _first(db, place_id)
        if first is None or first >= at:
            return False
        last = first // DAY * DAY
    end = at // DAY * DAY
    days = intervals_read = 0
    while last < end and intervals_read < INTERVALS_AT_ONCE and days < DAYS_AT_ONCE:
        passages_of_day, number_read = _passages(db, place_id, last, last + DAY)
        for level in levels(passages_of_day, corrections.of_place(db, place_id, last, last + DAY), running):
            running = level.running
            occupancies.append(level.inside)
        occupancies = turning_points(occupancies)
        last += DAY
        db.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)",
            (place_id, last, running, json.dumps(occupancies)),
        )
        intervals_read += number_read
        days += 1
    return last < end


def last_checkpoint(db: sqlite3.Connection, key: str, at: Timestamp) -> Checkpoint:
    """Return the last checkpoint that isn't after an instant."""
    place_id = _find(db, key)
    return Checkpoint(0, 0, []) if place_id is None else _last_checkpoint(db, place_id, at)


def _last_checkpoint(db: sqlite3.Connection, place_id: int, at: Timestamp) -> Checkpoint:
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

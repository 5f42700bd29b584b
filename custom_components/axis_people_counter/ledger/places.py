"""The tables of places: their doors, and checkpoints of their occupancy.

The occupancy of a place without a daily reset depends on all that ever passed its doors. So that its cost doesn't grow
with that, the running count at each midnight (UTC) is kept, until something before it changes.
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

# So many intervals are read and folded within some ten milliseconds.
INTERVALS_AT_ONCE: Final = 5_000
DAYS_AT_ONCE: Final = 100


class Door(NamedTuple):
    """A camera of a place, by its key; reversed where people who enter there leave the place."""

    key: str
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Some doors, and the schedule of the resets as a text."""

    key: str
    doors: tuple[Door, ...]
    schedule: str

    @property
    def basis(self) -> str:
        """Return all that the counts of a place depend on, as a text to compare."""
        return json.dumps([sorted(self.doors), self.schedule])


@dataclass(frozen=True, slots=True)
class PlaceToday:
    """A place as it stands: its levels with the running count before them, and the counts of the day."""

    running: int
    levels: list[Level]
    # The numbers of people inside, in the order of time, on which it depends whether a limit is reached.
    occupancies: list[int]
    entered: int
    exited: int
    # The end of each door's newest interval, by key; doors without intervals are missing.
    counted_until: dict[str, Timestamp]


class Checkpoint(NamedTuple):
    """The running count at an instant, and the numbers of people inside on which limits depend."""

    at: Timestamp
    running: int
    occupancies: list[int]


# No people are inside before the first count.
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
    """Store a place; where its basis has changed, all that was computed from it is void."""
    if db.execute("SELECT basis FROM places WHERE key = ?", (place.key,)).fetchone() == (place.basis,):
        return
    (number,) = db.execute(
        """
        INSERT INTO places (key, basis)
        VALUES (:key, :basis)
        ON CONFLICT (key) DO UPDATE SET basis = :basis, changed_since = 0
        RETURNING id
        """,
        {"key": place.key, "basis": place.basis},
    ).fetchone()
    db.execute("DELETE FROM doors WHERE place = ?", (number,))
    db.executemany(
        "INSERT INTO doors VALUES (?, ?, ?)",
        ((door.key, number, door.is_reversed) for door in place.doors),
    )
    db.execute("DELETE FROM checkpoints WHERE place = ?", (number,))


def _find_or_add(db: sqlite3.Connection, place: Place) -> int:
    """Return the id of a place, which is new to a ledger that was begun anew."""
    _store_place(db, place)
    number = _find(db, place.key)
    assert number is not None
    return number


def _find(db: sqlite3.Connection, key: str) -> int | None:
    row = db.execute("SELECT id FROM places WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


# Changes


def note_change(db: sqlite3.Connection, key: str, since: Timestamp) -> None:
    """Note for all places with this camera that its counts have changed since an instant."""
    for (place,) in db.execute("SELECT place FROM doors WHERE key = ?", (key,)).fetchall():
        _note_change(db, place, since)


def _note_change(db: sqlite3.Connection, place: int, since: Timestamp) -> None:
    db.execute(
        "UPDATE places SET changed_since = min(coalesce(changed_since, :since), :since) WHERE id = :place",
        {"place": place, "since": since},
    )
    db.execute("DELETE FROM checkpoints WHERE place = ? AND at > ?", (place, since))


def correct(db: sqlite3.Connection, place: Place, at: Timestamp, value: int, source: Source) -> None:
    """Store the occupancy that a place is set to."""
    number = _find_or_add(db, place)
    corrections.add_to_place(db, number, at, value, source)
    _note_change(db, number, at)


# Today


def today(
    db: sqlite3.Connection, key: str, day: Timestamp, next_day: Timestamp, resets: list[Correction]
) -> PlaceToday | None:
    """Return a place with the counts of [day, next_day); None where `advance` has to be called first.

    The resets are those from the last one before the day on; there are none where occupancy is never reset.
    """
    if (place := _find(db, key)) is None:
        return None
    if resets:
        since, running, occupancies = Checkpoint(resets[0].at, 0, [])
    else:
        since, running, occupancies = _last_checkpoint(db, place, day)
        if _has_unread_days(db, place, since, day):
            return None
    set_values = sorted(resets + corrections.of_place(db, place, since), key=lambda correction: correction.at)
    passages, _ = _passages(db, place, since)
    today_levels = list(levels(passages, set_values, running))
    # Limits start afresh at a reset. People counted at its very instant passed before it.
    last_reset = (resets[-1].at, True) if resets else (since, False)
    occupancies += [level.inside for level in today_levels if (level.at, level.correction is not None) >= last_reset]
    entered, exited = _counts(db, place, day, next_day)
    return PlaceToday(running, today_levels, occupancies, entered, exited, _counted_until(db, place))


def _has_unread_days(db: sqlite3.Connection, place: int, since: Timestamp, day: Timestamp) -> bool:
    """Return True if anything happened between the last checkpoint and the midnight (UTC) before a day."""
    midnight = day // DAY * DAY
    return since < midnight and (first := _first(db, place)) is not None and first < midnight


def _counts(db: sqlite3.Connection, place: int, day: Timestamp, next_day: Timestamp) -> tuple[int, int]:
    entered, exited = db.execute(
        f"""
        SELECT total({_ENTERED}), total({_EXITED})
        FROM {_DOORS}
        JOIN intervals ON camera = cameras.id AND start >= :day AND start < :next_day
        WHERE place = :place
        """,
        {"place": place, "day": day, "next_day": next_day},
    ).fetchone()
    return int(entered), int(exited)


def _counted_until(db: sqlite3.Connection, place: int) -> dict[str, Timestamp]:
    rows = db.execute(
        """
        SELECT key, (SELECT stop FROM intervals WHERE camera = cameras.id ORDER BY start DESC LIMIT 1) AS until
        FROM doors
        JOIN cameras USING (key)
        WHERE place = ? AND until IS NOT NULL
        """,
        (place,),
    )
    return dict(rows.fetchall())


def _first(db: sqlite3.Connection, place: int) -> Timestamp | None:
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
        {"place": place},
    ).fetchone()
    return first


# Passages


def passages(db: sqlite3.Connection, key: str, low: Timestamp, high: Timestamp) -> list[Passage]:
    """Return the people who passed any door of a place in intervals that end in (low, high]."""
    place = _find(db, key)
    return [] if place is None else _passages(db, place, low, high)[0]


def _passages(
    db: sqlite3.Connection, place: int, low: Timestamp, high: Timestamp = LATEST
) -> tuple[list[Passage], int]:
    """Return the people who passed in intervals that end in (low, high], and the number of intervals read for that.

    Intervals that end at the same instant are one passage, as nobody knows who came first. Where another interval is
    still running at that instant, people may have entered in it who have exited in this one: they are pending.
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
        {"place": place, "low": low, "high": high},
    )
    found: list[Passage] = []
    # Start and people who entered of the intervals that end later and began before the one in hand ends.
    running: list[tuple[Timestamp, int]] = []
    number_read = 0
    # From the last to the first, so that intervals that end later are known.
    for stop, group in groupby(rows, key=itemgetter(0)):
        running = [(start, entered) for start, entered in running if start < stop]
        ending = [(start, entered, exited, number) for _, start, entered, exited, number in group]
        if stop <= high:
            entered = sum(entered for _, entered, _, _ in ending)
            exited = sum(exited for _, _, exited, _ in ending)
            found.append(Passage(stop, entered, exited, sum(pending for _, pending in running)))
        running += [(start, entered) for start, entered, _, _ in ending]
        number_read += sum(number for *_, number in ending)
    found.reverse()
    return found, number_read


# Checkpoints


def advance(db: sqlite3.Connection, place: Place, at: Timestamp) -> bool:
    """Store the next checkpoints up to an instant, as many as take a moment; return True if more are missing."""
    number = _find_or_add(db, place)
    last, running, occupancies = _last_checkpoint(db, number, at)
    if not last:
        first = _first(db, number)
        if first is None or first >= at:
            return False
        last = first // DAY * DAY
    end = at // DAY * DAY
    days = intervals_read = 0
    while last < end and intervals_read < INTERVALS_AT_ONCE and days < DAYS_AT_ONCE:
        passages_of_day, number_read = _passages(db, number, last, last + DAY)
        for level in levels(passages_of_day, corrections.of_place(db, number, last, last + DAY), running):
            running = level.running
            occupancies.append(level.inside)
        occupancies = turning_points(occupancies)
        last += DAY
        db.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)",
            (number, last, running, json.dumps(occupancies)),
        )
        intervals_read += number_read
        days += 1
    return last < end


def last_checkpoint(db: sqlite3.Connection, key: str, at: Timestamp) -> Checkpoint:
    """Return the last checkpoint that isn't after an instant."""
    place = _find(db, key)
    return Checkpoint(0, 0, []) if place is None else _last_checkpoint(db, place, at)


def _last_checkpoint(db: sqlite3.Connection, place: int, at: Timestamp) -> Checkpoint:
    at, running, occupancies = (
        db.execute(
            """
            SELECT at, running, insides
            FROM checkpoints
            WHERE place = ? AND at <= ?
            ORDER BY at DESC
            LIMIT 1
            """,
            (place, at),
        ).fetchone()
        or _BEGINNING
    )
    return Checkpoint(at, running, json.loads(occupancies))

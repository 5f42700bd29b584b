"""What the ledger knows of places: their doors, what somebody said their occupancy is, and checkpoints of it.

The occupancy of a place without a daily reset depends on all that ever passed its doors. So that its cost doesn't grow
with that, the running count at each midnight (UTC) is kept once they have been worked out, until something before
them changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
import json
from operator import itemgetter
import sqlite3
from typing import Final, NamedTuple

from ..counting import DAY, LATEST, Correction, Level, Passage, Source, levels, turning_points

# So many intervals are read and folded within some ten milliseconds.
INTERVALS_AT_ONCE: Final = 5_000
DAYS_AT_ONCE: Final = 100


class Door(NamedTuple):
    """A camera of a place, by its key; reversed where those who come in there leave the place."""

    key: str
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Some doors, and what the people behind them depend on besides counts: `basis` is all of that as a text."""

    key: str
    doors: tuple[Door, ...]
    schedule: str

    @property
    def basis(self) -> str:
        """Return what tells whether anything has changed."""
        return json.dumps([sorted(self.doors), self.schedule])


@dataclass(frozen=True, slots=True)
class PlaceToday:
    """A place as it stands: the running count before its levels, the day's counts, and how far each door reports."""

    running: int
    levels: list[Level]
    # The people inside, one number after the other, from which follows whether a limit is reached.
    insides: list[int]
    entered: int
    exited: int
    # By the key of the camera; doors that have never reported aren't in it.
    counted_until: dict[str, int]


def set_places(db: sqlite3.Connection, places: Sequence[Place]) -> None:
    """Take over which places there are; what has changed is worked out anew."""
    known = {key for (key,) in db.execute("SELECT key FROM places").fetchall()}
    for key in known - {place.key for place in places}:
        for table in ("doors", "place_corrections", "checkpoints"):
            db.execute(f"DELETE FROM {table} WHERE place = (SELECT id FROM places WHERE key = ?)", (key,))
        db.execute("DELETE FROM places WHERE key = ?", (key,))
    for place in places:
        _set_place(db, place)


def _set_place(db: sqlite3.Connection, place: Place) -> None:
    if db.execute("SELECT basis FROM places WHERE key = ?", (place.key,)).fetchone() == (place.basis,):
        return
    (identity,) = db.execute(
        "INSERT INTO places (key, basis) VALUES (:key, :basis) ON CONFLICT (key)"
        " DO UPDATE SET basis = :basis, changed_since = 0 RETURNING id",
        {"key": place.key, "basis": place.basis},
    ).fetchone()
    db.execute("DELETE FROM doors WHERE place = ?", (identity,))
    db.executemany("INSERT INTO doors VALUES (?, ?, ?)", ((key, identity, way) for key, way in place.doors))
    db.execute("DELETE FROM checkpoints WHERE place = ?", (identity,))


def note_change(db: sqlite3.Connection, key: str, since: int) -> None:
    """Note for all places with this camera that its counts have changed since an instant."""
    for (place,) in db.execute("SELECT place FROM doors WHERE key = ?", (key,)).fetchall():
        _note_change(db, place, since)


def _note_change(db: sqlite3.Connection, place: int, since: int) -> None:
    db.execute(
        "UPDATE places SET changed_since = min(coalesce(changed_since, :since), :since) WHERE id = :place",
        {"place": place, "since": since},
    )
    db.execute("DELETE FROM checkpoints WHERE place = ? AND at > ?", (place, since))


def correct(db: sqlite3.Connection, wanted: Place, at: int, value: int, source: Source) -> None:
    """Store what somebody says the occupancy is."""
    place = _known(db, wanted)
    db.execute(
        "INSERT INTO place_corrections (place, at, value, source) VALUES (?, ?, ?, ?)", (place, at, value, source)
    )
    _note_change(db, place, at)


def advance(db: sqlite3.Connection, wanted: Place, at: int) -> bool:
    """Work out checkpoints up to an instant, as many as come in a moment; return whether there are more to come."""
    place = _known(db, wanted)
    last, running, insides = _checkpoint(db, place, at)
    if not last:
        first = _first(db, place)
        if first is None or first >= at:
            return False
        # At its midnight nobody had been counted yet.
        last = first // DAY * DAY
    end = at // DAY * DAY
    passed = days = 0
    while last < end and passed < INTERVALS_AT_ONCE and days < DAYS_AT_ONCE:
        passages, read = _passages(db, place, last, last + DAY)
        said = _corrections(db, place, last, last + DAY)
        for level in levels(passages, said, running):
            running = level.running
            insides.append(level.inside)
        insides = turning_points(insides)
        last += DAY
        db.execute(
            "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", (place, last, running, json.dumps(insides))
        )
        passed += read
        days += 1
    return last < end


def today(db: sqlite3.Connection, key: str, day: int, next_day: int, resets: list[Correction]) -> PlaceToday | None:
    """Return a place, with its day from day to next_day; None where `advance` has to be called first.

    The resets are those from the last one before the day on; there are none where occupancy is never reset.
    """
    if (place := _place(db, key)) is None:
        return None
    since, running, insides = (resets[0].at, 0, []) if resets else _checkpoint(db, place, day)
    midnight = day // DAY * DAY
    if not resets and since < midnight and (first := _first(db, place)) is not None and first < midnight:
        return None
    said = sorted(resets + _corrections(db, place, since), key=lambda correction: correction.at)
    entered, exited = db.execute(
        f"SELECT total({_ENTERED}), total({_LEFT}) FROM {_DOORS}"
        " JOIN intervals ON camera = cameras.id AND start >= :day AND start < :next_day WHERE place = :place",
        {"place": place, "day": day, "next_day": next_day},
    ).fetchone()
    counted_until = db.execute(
        "SELECT key, (SELECT stop FROM intervals WHERE camera = cameras.id ORDER BY start DESC LIMIT 1) AS until"
        " FROM doors JOIN cameras USING (key) WHERE place = ? AND until IS NOT NULL",
        (place,),
    ).fetchall()
    following = list(levels(_passages(db, place, since)[0], said, running))
    # What was true before the last reset decides nothing; what was counted at its very instant lies before it.
    since_reset = (resets[-1].at, True) if resets else (since, False)
    insides += [level.inside for level in following if (level.at, level.correction is not None) >= since_reset]
    return PlaceToday(
        running,
        following,
        insides,
        int(entered),
        int(exited),
        dict(counted_until),
    )


def checkpoint(db: sqlite3.Connection, key: str, at: int) -> tuple[int, int]:
    """Return the last instant, not after `at`, of which the running count is known, and that count."""
    place = _place(db, key)
    return (0, 0) if place is None else _checkpoint(db, place, at)[:2]


def passages(db: sqlite3.Connection, key: str, low: int, high: int) -> list[Passage]:
    """Return who passed the doors in intervals that end in (low, high]."""
    place = _place(db, key)
    return [] if place is None else _passages(db, place, low, high)[0]


# A door leads the other way where the user said so of the camera, or of the camera at this place, but not of both.
_DOORS: Final = "doors CROSS JOIN cameras USING (key)"
_ENTERED: Final = "iif(doors.reversed = cameras.reversed, entered, exited)"
_LEFT: Final = "iif(doors.reversed = cameras.reversed, exited, entered)"


def _known(db: sqlite3.Connection, wanted: Place) -> int:
    """Return a place that may be unknown in a ledger that was begun anew."""
    _set_place(db, wanted)
    place = _place(db, wanted.key)
    assert place is not None
    return place


def _place(db: sqlite3.Connection, key: str) -> int | None:
    row = db.execute("SELECT id FROM places WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def _checkpoint(db: sqlite3.Connection, place: int, at: int) -> tuple[int, int, list[int]]:
    """Return the last instant, not after `at`, of which the running count is known: it is zero before all counts.

    With it comes what limits depend on.
    """
    row = db.execute(
        "SELECT at, running, insides FROM checkpoints WHERE place = ? AND at <= ? ORDER BY at DESC LIMIT 1", (place, at)
    ).fetchone()
    return (row[0], row[1], json.loads(row[2])) if row else (0, 0, [0])


def _first(db: sqlite3.Connection, place: int) -> int | None:
    """Return the first instant of which anything is known."""
    first: int | None
    (first,) = db.execute(
        "SELECT min(at) FROM (SELECT (SELECT min(start) FROM intervals WHERE camera = cameras.id) AS at"
        " FROM doors JOIN cameras USING (key) WHERE place = :place"
        " UNION ALL SELECT min(at) FROM place_corrections WHERE place = :place)",
        {"place": place},
    ).fetchone()
    return first


def _passages(db: sqlite3.Connection, place: int, low: int, high: int = LATEST) -> tuple[list[Passage], int]:
    """Return who passed any door in intervals that end in (low, high], and how many intervals were read for that.

    Those that end at the same instant are one: nobody knows who of them came first. Where one is still running at
    another's end, people may have come in it who have left in the other.
    """
    rows = db.execute(
        f"SELECT stop, start, sum({_ENTERED}), sum({_LEFT}), count(*) FROM {_DOORS} CROSS JOIN intervals"
        " ON camera = cameras.id AND start < :high AND stop > :low AND (entered OR exited)"
        " AND start >= coalesce((SELECT max(start) FROM intervals WHERE camera = cameras.id AND start <= :low), :low)"
        " WHERE place = :place GROUP BY stop, start ORDER BY stop DESC",
        {"place": place, "low": low, "high": high},
    )
    passages: list[Passage] = []
    # Those that end later, and began earlier than what comes next: when they began, and who came.
    running: list[tuple[int, int]] = []
    read = 0
    for at, ending in groupby(rows, key=itemgetter(0)):
        running = [one for one in running if one[0] < at]
        came = [(start, entered, exited, number) for _, start, entered, exited, number in ending]
        if at <= high:
            entered, exited = (sum(one[column] for one in came) for column in (1, 2))
            passages.append(Passage(at, entered, exited, sum(pending for _, pending in running)))
        running += [(start, entered) for start, entered, _, _ in came]
        read += sum(number for *_, number in came)
    passages.reverse()
    return passages, read


def _corrections(db: sqlite3.Connection, place: int, start: int, end: int = LATEST) -> list[Correction]:
    rows = db.execute(
        "SELECT at, value FROM place_corrections WHERE place = ? AND at >= ? AND at < ? ORDER BY at, id",
        (place, start, end),
    )
    return [Correction(*row) for row in rows]

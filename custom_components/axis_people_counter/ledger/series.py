"""What the hourly long-term statistics of a camera or a place are, and how far recorder has been given them.

Recorder's database and the ledger can't be written in one transaction. So the ledger remembers from which instant on
recorder may lack something: `changed_since` for what hasn't been taken to it yet, `writing_since` for what is on the
way, `written_first` and `written_until` for the first and the last hour that may ever have got there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
import sqlite3
from typing import Final, NamedTuple

from ..counting import HOUR, MAX_WIDTH


class Sums(NamedTuple):
    """People in and out, and adults among them, in the direction the user gave the camera."""

    entered: int
    exited: int
    adults_entered: int
    adults_exited: int


NOBODY: Final = Sums(0, 0, 0, 0)


def plus(one: Sums, other: Sums) -> Sums:
    """Return what was counted in both."""
    return Sums(*map(int.__add__, one, other, strict=True))


def minus(one: Sums, other: Sums) -> Sums:
    """Return what was counted here and not there."""
    return Sums(*map(int.__sub__, one, other, strict=True))


@dataclass(frozen=True, slots=True)
class Series:
    """All hours from one on without a gap, and what was counted before; instants are seconds since 1970 UTC."""

    first: int
    start: int
    before: Sums
    hours: list[Sums]
    has_adults: bool
    is_reversed: bool
    counted_until: int
    # Those of the hours of which anything is known.
    known: frozenset[int]


def written_until(db: sqlite3.Connection, key: str) -> int | None:
    """Return the last hour that recorder may have from this ledger, of the camera or the place with this key."""
    row = db.execute(
        "SELECT written_until FROM cameras WHERE key = :key UNION ALL"
        " SELECT written_until FROM places WHERE key = :key",
        {"key": key},
    ).fetchone()
    return None if row is None else row[0]


def take(db: sqlite3.Connection, key: str, basis: str, *, everything: bool) -> Series | None:
    """Return the hours of a camera that recorder may lack, None if there are none; from now on they are on the way.

    The basis says what else than counts these hours depend on: where it has changed, all of them do.
    """
    camera = db.execute(
        "SELECT id, changed_since, writing_since, written_first, written_until, written_as,"
        " total_adults_entered IS NOT NULL"
        " FROM cameras WHERE key = ?",
        (key,),
    ).fetchone()
    if camera is None:
        return None
    identity, *state, written_as, has_adults = camera
    doors = [_Door(db, identity)]
    if (span := _span(doors, *state, everything=everything or written_as != basis)) is None:
        return None
    db.execute(
        "UPDATE cameras SET changed_since = NULL, writing_since = ?, written_first = ?, written_until = ?,"
        " written_as = ? WHERE id = ?",
        (span.start, span.first, span.last, basis, identity),
    )
    _forget_covered(db, identity, span.start)
    series = series_of(span, [doors[0].hours(span.start)])
    total = reduce(plus, series.hours, series.before)
    return replace(
        series,
        has_adults=bool(has_adults) or total.adults_entered > 0 or total.adults_exited > 0,
        is_reversed=doors[0].is_reversed,
    )


def take_place(db: sqlite3.Connection, key: str, *, everything: bool) -> Span | None:
    """Say which hours of a place recorder may lack, as `take` does; each door is read by itself with `door_hours`."""
    place = db.execute(
        "SELECT id, changed_since, writing_since, written_first, written_until FROM places WHERE key = ?", (key,)
    ).fetchone()
    if place is None:
        return None
    identity, *state = place
    doors = [
        _Door(db, camera)
        for (camera,) in db.execute(
            "SELECT cameras.id FROM doors JOIN cameras USING (key) WHERE place = ?", (identity,)
        ).fetchall()
    ]
    if (span := _span(doors, *state, everything=everything)) is None:
        return None
    db.execute(
        "UPDATE places SET changed_since = NULL, writing_since = ?, written_first = ?, written_until = ?,"
        " written_as = basis WHERE id = ?",
        (span.start, span.first, span.last, identity),
    )
    return span


def has_other_basis(db: sqlite3.Connection, key: str) -> bool:
    """Say whether recorder has hours of a place as it was before somebody changed its doors or its reset."""
    row = db.execute("SELECT written_as != basis FROM places WHERE key = ?", (key,)).fetchone()
    return bool(row and row[0])


def door_hours(db: sqlite3.Connection, key: str, span: Span, *, swapped: bool) -> Hours:
    """Return what was counted at one door of a place; adults aren't told apart there."""
    row = db.execute("SELECT id FROM cameras WHERE key = ?", (key,)).fetchone()
    if row is None:
        return Hours({}, NOBODY, frozenset())
    hours = _Door(db, row[0]).hours(span.start)

    def people(sums: Sums) -> Sums:
        return Sums(sums.exited, sums.entered, 0, 0) if swapped else Sums(sums.entered, sums.exited, 0, 0)

    return Hours({hour: people(sums) for hour, sums in hours.found.items()}, people(hours.before), hours.known)


def series_of(span: Span, doors: Iterable[Hours]) -> Series:
    """Return what all doors counted together."""
    found: dict[int, Sums] = {}
    known: set[int] = set()
    before = NOBODY
    for door in doors:
        for hour, sums in door.found.items():
            found[hour] = plus(found.get(hour, NOBODY), sums)
        before = plus(before, door.before)
        known |= door.known
    return Series(
        first=span.first,
        start=span.start,
        before=before,
        hours=[found.get(hour, NOBODY) for hour in range(span.start, span.last + HOUR, HOUR)],
        has_adults=False,
        is_reversed=False,
        counted_until=span.counted_until,
        known=frozenset(known),
    )


class Span(NamedTuple):
    """The first hour there is, the first and the last one to be written, and up to when people have been counted."""

    first: int
    start: int
    last: int
    counted_until: int


class Hours(NamedTuple):
    """What was counted in each hour and before, and of which hours anything is known in this ledger."""

    found: dict[int, Sums]
    before: Sums
    known: frozenset[int]


class _Door:
    """One camera, in the direction the user gave it."""

    def __init__(self, db: sqlite3.Connection, identity: int) -> None:
        """Read what is cheap to read."""
        self._db = db
        self._identity = identity
        reverse, *totals = db.execute(
            "SELECT reversed, total_entered, total_exited,"
            " coalesce(total_adults_entered, 0), coalesce(total_adults_exited, 0)"
            " FROM cameras WHERE id = ?",
            (identity,),
        ).fetchone()
        self.is_reversed = bool(reverse)
        self._total = _directed(totals, is_reversed=self.is_reversed)
        self.newest: tuple[int, int] | None = db.execute(
            "SELECT start, stop FROM intervals WHERE camera = ? ORDER BY start DESC LIMIT 1", (identity,)
        ).fetchone()

    @property
    def first(self) -> int:
        """The first instant of which anything is known."""
        first: int
        (first,) = self._db.execute(
            "SELECT min(start) FROM (SELECT min(start) AS start FROM intervals WHERE camera = :id"
            " UNION ALL SELECT min(start) FROM carried WHERE camera = :id)",
            {"id": self._identity},
        ).fetchone()
        return first

    def hours(self, start: int) -> Hours:
        """Return what was counted in the hours from one on."""
        found = dict(_counted(self._db, self._identity, start, is_reversed=self.is_reversed))
        known = {*found, *_reached(self._db, self._identity, start)}
        carried = dict(_carried(self._db, self._identity, is_reversed=self.is_reversed))
        for hour, sums in carried.items():
            if hour >= start:
                found[hour] = plus(found.get(hour, NOBODY), sums)
        total = reduce(plus, carried.values(), self._total)
        return Hours(found, minus(total, reduce(plus, found.values(), NOBODY)), frozenset(known))


def _span(
    doors: Iterable[_Door],
    changed: int | None,
    writing: int | None,
    written_first: int | None,
    written: int | None,
    *,
    everything: bool,
) -> Span | None:
    """Return what recorder may lack, None if nothing."""
    since = 0 if everything else min((at for at in (changed, writing) if at is not None), default=None)
    heard = [door for door in doors if door.newest]
    if since is None or not heard:
        return None
    newest = [door.newest for door in heard if door.newest]
    first = min(door.first for door in heard)
    # A replaced interval can have been the only one of an hour that recorder has, at either end.
    first = _hour(first if written_first is None else min(first, written_first))
    last = max(_hour(max(start for start, _ in newest)), written or 0)
    # Of the hour that was the last one more is known as soon as there is a later interval, wherever that begins.
    start = min(_hour(max(since, first)), last if written is None else written)
    return Span(first, start, last, max(end for _, end in newest))


def confirm(db: sqlite3.Connection, key: str) -> None:
    """Remember that recorder has got what was on the way of a camera or a place."""
    db.execute("UPDATE cameras SET writing_since = NULL WHERE key = ?", (key,))
    db.execute("UPDATE places SET writing_since = NULL WHERE key = ?", (key,))


def forget(db: sqlite3.Connection, key: str) -> None:
    """Remember that recorder has nothing of a camera or a place; what was carried over is no longer asked for."""
    db.execute("DELETE FROM carried WHERE camera = (SELECT id FROM cameras WHERE key = ?)", (key,))
    for table in ("cameras", "places"):
        db.execute(
            f"UPDATE {table} SET changed_since = 0, writing_since = NULL, written_first = NULL, written_until = NULL"
            " WHERE key = ?",
            (key,),
        )


def carry(db: sqlite3.Connection, key: str, hours: Iterable[tuple[int, Sums]], until: int) -> None:
    """Carry over hours that only recorder knows: this ledger is new, or older than the series beside it."""
    (identity,) = db.execute("SELECT id FROM cameras WHERE key = ?", (key,)).fetchone()
    db.executemany(
        "INSERT OR REPLACE INTO carried VALUES (?, ?, ?, ?, ?, ?, ?)",
        # The last hour wasn't over: nobody knows up to where it holds.
        ((identity, hour, hour if hour == until else hour + HOUR, *sums) for hour, sums in hours if any(sums)),
    )
    db.execute("UPDATE cameras SET changed_since = 0, written_until = ? WHERE id = ?", (until, identity))


def _counted(db: sqlite3.Connection, camera: int, since: int, *, is_reversed: bool) -> Iterable[tuple[int, Sums]]:
    for hour, *counts in db.execute(
        "SELECT start / 3600 * 3600 AS hour, sum(entered), sum(exited), total(adults_entered), total(adults_exited)"
        " FROM intervals WHERE camera = ? AND start >= ? GROUP BY hour",
        (camera, since),
    ):
        yield hour, _directed(counts, is_reversed=is_reversed)


def _reached(db: sqlite3.Connection, camera: int, since: int) -> Iterator[int]:
    """Yield the hours into which an interval reaches that began in an earlier one."""
    for begin, end in db.execute(
        "SELECT start, stop FROM intervals WHERE camera = ? AND start >= ? AND stop > (start / 3600 + 1) * 3600",
        (camera, since - MAX_WIDTH),
    ):
        yield from range(_hour(begin) + HOUR, end, HOUR)


def _carried(db: sqlite3.Connection, camera: int, *, is_reversed: bool) -> Iterable[tuple[int, Sums]]:
    """Yield the part of each carried hour that comes to what is counted in it."""
    for hour, end, entered, exited, adults_entered, adults_exited, begin, *counts in db.execute(
        "SELECT carried.start, carried.stop, carried.entered, carried.exited,"
        " carried.adults_entered, carried.adults_exited,"
        " min(intervals.start), total(intervals.entered), total(intervals.exited), total(intervals.adults_entered),"
        " total(intervals.adults_exited)"
        " FROM carried LEFT JOIN intervals ON intervals.camera = carried.camera"
        " AND intervals.start >= carried.start AND intervals.start < carried.start + 3600"
        " WHERE carried.camera = ? GROUP BY carried.start",
        (camera,),
    ):
        known = Sums(entered, exited, adults_entered, adults_exited)
        # Of an hour that wasn't over the camera goes on to tell the rest. All else it tells once more.
        if begin is not None and (begin == hour or end > hour):
            counted = _directed(counts, is_reversed=is_reversed)
            known = Sums(*(max(0, count) for count in minus(known, counted)))
        yield hour, known


def _forget_covered(db: sqlite3.Connection, camera: int, since: int) -> None:
    """Let the camera's own word stand alone in each hour of which it has told all."""
    db.execute(
        "DELETE FROM carried WHERE camera = ? AND start >= ? AND 3600 = (SELECT"
        " total(min(stop, carried.start + 3600) - start) FROM intervals WHERE intervals.camera = carried.camera"
        " AND intervals.start >= carried.start AND intervals.start < carried.start + 3600)",
        (camera, since),
    )


def _directed(counts: Iterable[float], *, is_reversed: bool) -> Sums:
    entered, exited, adults_entered, adults_exited = map(int, counts)
    return (
        Sums(exited, entered, adults_exited, adults_entered)
        if is_reversed
        else Sums(entered, exited, adults_entered, adults_exited)
    )


def _hour(instant: int) -> int:
    return instant // HOUR * HOUR

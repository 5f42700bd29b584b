"""What the hourly long-term statistics of a camera are, and how far recorder has been given them.

Recorder's database and the ledger can't be written in one transaction. So the ledger remembers from which instant on
recorder may lack something: `changed_since` for what hasn't been taken to it yet, `writing_since` for what is on the
way, `written_first` and `written_until` for the first and the last hour that may ever have got there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
import sqlite3
from typing import Final, NamedTuple

HOUR: Final = 60 * 60


class Sums(NamedTuple):
    """People in and out, and adults among them, in the direction the user gave the camera."""

    entered: int
    left: int
    adults_entered: int
    adults_left: int


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


def written_until(db: sqlite3.Connection, serial: str) -> int | None:
    """Return the last hour that recorder may have from this ledger."""
    row = db.execute("SELECT written_until FROM cameras WHERE serial = ?", (serial,)).fetchone()
    return None if row is None else row[0]


def take(db: sqlite3.Connection, serial: str, basis: str, *, everything: bool) -> Series | None:
    """Return the hours that recorder may lack, None if there are none; they count as on the way from now on.

    The basis says what else than counts these hours depend on: where it has changed, all of them do.
    """
    camera = db.execute(
        "SELECT id, reversed, changed_since, writing_since, written_first, written_until, written_as,"
        " total_in, total_out, coalesce(total_adults_in, 0), coalesce(total_adults_out, 0), total_adults_in IS NOT NULL"
        " FROM cameras WHERE serial = ?",
        (serial,),
    ).fetchone()
    if camera is None:
        return None
    identity, is_reversed, changed, writing, written_first, written, written_as, *totals, has_adults = camera
    since = (
        0
        if everything or written_as != basis
        else min((at for at in (changed, writing) if at is not None), default=None)
    )
    newest = db.execute(
        'SELECT start, "end" FROM intervals WHERE camera = ? ORDER BY start DESC LIMIT 1', (identity,)
    ).fetchone()
    if since is None or newest is None:
        return None
    (first,) = db.execute(
        "SELECT min(start) FROM (SELECT min(start) AS start FROM intervals WHERE camera = :id"
        " UNION ALL SELECT min(start) FROM carried WHERE camera = :id)",
        {"id": identity},
    ).fetchone()
    # A replaced interval can have been the only one of an hour that recorder has, at either end.
    first = _hour(first if written_first is None else min(first, written_first))
    last = max(_hour(newest[0]), written or 0)
    # Of the hour that was the last one more is known as soon as there is a later interval, wherever that begins.
    start = min(_hour(max(since, first)), last if written is None else written)
    db.execute(
        "UPDATE cameras SET changed_since = NULL, writing_since = ?, written_first = ?, written_until = ?,"
        " written_as = ? WHERE id = ?",
        (start, first, last, basis, identity),
    )
    _forget_covered(db, identity, start)

    found = dict(_counted(db, identity, start, is_reversed=is_reversed))
    carried = dict(_carried(db, identity, is_reversed=is_reversed))
    for hour, sums in carried.items():
        if hour >= start:
            found[hour] = plus(found.get(hour, NOBODY), sums)
    total = reduce(plus, carried.values(), _directed(totals, is_reversed=is_reversed))
    return Series(
        first=first,
        start=start,
        before=minus(total, reduce(plus, found.values(), NOBODY)),
        hours=[found.get(hour, NOBODY) for hour in range(start, last + HOUR, HOUR)],
        has_adults=bool(has_adults) or total.adults_entered > 0 or total.adults_left > 0,
        is_reversed=bool(is_reversed),
        counted_until=newest[1],
    )


def confirm(db: sqlite3.Connection, serial: str) -> None:
    """Remember that recorder has got what was on the way."""
    db.execute("UPDATE cameras SET writing_since = NULL WHERE serial = ?", (serial,))


def forget(db: sqlite3.Connection, serial: str) -> None:
    """Remember that recorder has nothing; what was carried over from it is no longer asked for."""
    db.execute("DELETE FROM carried WHERE camera = (SELECT id FROM cameras WHERE serial = ?)", (serial,))
    db.execute(
        "UPDATE cameras SET changed_since = 0, writing_since = NULL, written_first = NULL, written_until = NULL"
        " WHERE serial = ?",
        (serial,),
    )


def carry(db: sqlite3.Connection, serial: str, hours: Iterable[tuple[int, Sums]], until: int) -> None:
    """Carry over hours that only recorder knows: this ledger is new, or older than the series beside it."""
    (identity,) = db.execute("SELECT id FROM cameras WHERE serial = ?", (serial,)).fetchone()
    db.executemany(
        "INSERT OR REPLACE INTO carried VALUES (?, ?, ?, ?, ?, ?, ?)",
        # The last hour wasn't over: nobody knows up to where it holds.
        ((identity, hour, hour if hour == until else hour + HOUR, *sums) for hour, sums in hours if any(sums)),
    )
    db.execute("UPDATE cameras SET changed_since = 0, written_until = ? WHERE id = ?", (until, identity))


def _counted(db: sqlite3.Connection, camera: int, since: int, *, is_reversed: bool) -> Iterable[tuple[int, Sums]]:
    for hour, *counts in db.execute(
        'SELECT start / 3600 * 3600 AS hour, sum("in"), sum("out"), total(adults_in), total(adults_out)'
        " FROM intervals WHERE camera = ? AND start >= ? GROUP BY hour",
        (camera, since),
    ):
        yield hour, _directed(counts, is_reversed=is_reversed)


def _carried(db: sqlite3.Connection, camera: int, *, is_reversed: bool) -> Iterable[tuple[int, Sums]]:
    """Yield the part of each carried hour that comes to what is counted in it."""
    for hour, end, entered, left, adults_entered, adults_left, begin, *counts in db.execute(
        'SELECT carried.start, carried."end", carried."in", carried."out", carried.adults_in, carried.adults_out,'
        ' min(intervals.start), total(intervals."in"), total(intervals."out"), total(intervals.adults_in),'
        " total(intervals.adults_out)"
        " FROM carried LEFT JOIN intervals ON intervals.camera = carried.camera"
        " AND intervals.start >= carried.start AND intervals.start < carried.start + 3600"
        " WHERE carried.camera = ? GROUP BY carried.start",
        (camera,),
    ):
        known = Sums(entered, left, adults_entered, adults_left)
        # Of an hour that wasn't over the camera goes on to tell the rest. All else it tells once more.
        if begin is not None and (begin == hour or end > hour):
            counted = _directed(counts, is_reversed=is_reversed)
            known = Sums(*(max(0, count) for count in minus(known, counted)))
        yield hour, known


def _forget_covered(db: sqlite3.Connection, camera: int, since: int) -> None:
    """Let the camera's own word stand alone in each hour of which it has told all."""
    db.execute(
        "DELETE FROM carried WHERE camera = ? AND start >= ? AND 3600 = (SELECT"
        ' total(min("end", carried.start + 3600) - start) FROM intervals WHERE intervals.camera = carried.camera'
        " AND intervals.start >= carried.start AND intervals.start < carried.start + 3600)",
        (camera, since),
    )


def _directed(counts: Iterable[float], *, is_reversed: bool) -> Sums:
    entered, left, adults_entered, adults_left = map(int, counts)
    return (
        Sums(left, entered, adults_left, adults_entered)
        if is_reversed
        else Sums(entered, left, adults_entered, adults_left)
    )


def _hour(instant: int) -> int:
    return instant // HOUR * HOUR

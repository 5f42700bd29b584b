"""The hours of a camera or a place that recorder's long-term statistics may lack, and the counts of these hours.

Recorder's database and the ledger can't be written in one transaction. So the ledger keeps `changed_since`, from when
on hours have changed; `writing_since`, from when on they are being written; and `written_first` and `written_until`,
the first and the last hour that may ever have been written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
import sqlite3
from typing import Final, NamedTuple

from ..counting import HOUR, MAX_WIDTH, Timestamp


class HourCounts(NamedTuple):
    """People who entered and exited, and adults among them, in the direction the user gave the camera."""

    entered: int
    exited: int
    adults_entered: int
    adults_exited: int


NO_COUNTS: Final = HourCounts(0, 0, 0, 0)


def plus(people: HourCounts, more: HourCounts) -> HourCounts:
    """Return the sum of both."""
    return HourCounts(*map(int.__add__, people, more, strict=True))


def minus(people: HourCounts, fewer: HourCounts) -> HourCounts:
    """Return the difference of both."""
    return HourCounts(*map(int.__sub__, people, fewer, strict=True))


class HourRange(NamedTuple):
    """The hours to be written, from `start` to `last`, the first hour of all, and the end of the newest interval."""

    first: Timestamp
    start: Timestamp
    last: Timestamp
    counted_until: Timestamp


class CountsByHour(NamedTuple):
    """The counts of each hour from one on, the sum of those before, and the hours with an interval in this ledger."""

    by_hour: dict[Timestamp, HourCounts]
    before: HourCounts
    counted_hours: frozenset[Timestamp]


@dataclass(frozen=True, slots=True)
class Series:
    """All hours from `start` on without a gap, and the sum of the counts before."""

    first: Timestamp
    start: Timestamp
    before: HourCounts
    hours: list[HourCounts]
    has_adults: bool
    is_reversed: bool
    counted_until: Timestamp
    # The hours with an interval in this ledger.
    counted_hours: frozenset[Timestamp]


class _Written(NamedTuple):
    """The columns of a camera or a place that say what recorder has."""

    changed_since: Timestamp | None
    writing_since: Timestamp | None
    written_first: Timestamp | None
    written_until: Timestamp | None


# Writing to recorder: take, write, confirm


def begin_writing_camera(db: sqlite3.Connection, key: str, basis: str, *, everything: bool) -> Series | None:
    """Return the hours of a camera that recorder may lack, None if there are none. They are being written from now on.

    The basis is all else that these hours depend on: where it has changed, all hours are returned.
    """
    row = db.execute(
        """
        SELECT id, total_adults_entered IS NOT NULL, written_as,
            changed_since, writing_since, written_first, written_until
        FROM cameras
        WHERE key = ?
        """,
        (key,),
    ).fetchone()
    if row is None:
        return None
    number, has_adults, written_as, *written = row
    camera = _Camera(db, number)
    hour_range = _missing_hours([camera], _Written(*written), everything=everything or written_as != basis)
    if hour_range is None:
        return None
    _note_writing(db, "cameras", number, hour_range, basis)
    _delete_recounted(db, number, hour_range.start)
    series = add_up(hour_range, [camera.counts_from(hour_range.start)])
    total = reduce(plus, series.hours, series.before)
    return replace(
        series,
        has_adults=bool(has_adults) or total.adults_entered > 0 or total.adults_exited > 0,
        is_reversed=camera.is_reversed,
    )


def begin_writing_place(db: sqlite3.Connection, key: str, *, everything: bool) -> HourRange | None:
    """Return which hours of a place recorder may lack, None if there are none. They are being written from now on.

    Their counts are read door by door, with `door_counts`.
    """
    row = db.execute(
        """
        SELECT id, basis, changed_since, writing_since, written_first, written_until
        FROM places
        WHERE key = ?
        """,
        (key,),
    ).fetchone()
    if row is None:
        return None
    number, basis, *written = row
    doors = db.execute("SELECT cameras.id FROM doors JOIN cameras USING (key) WHERE place = ?", (number,)).fetchall()
    cameras = [_Camera(db, camera) for (camera,) in doors]
    hour_range = _missing_hours(cameras, _Written(*written), everything=everything)
    if hour_range is not None:
        _note_writing(db, "places", number, hour_range, basis)
    return hour_range


def _missing_hours(cameras: Iterable[_Camera], written: _Written, *, everything: bool) -> HourRange | None:
    """Return the hours that recorder may lack, None if it lacks none."""
    changes = [at for at in (written.changed_since, written.writing_since) if at is not None]
    since = 0 if everything else min(changes, default=None)
    with_counts = [(camera, camera.newest) for camera in cameras if camera.newest]
    if since is None or not with_counts:
        return None
    first = min(camera.first for camera, _ in with_counts)
    # Recorder may have hours, at either end, whose only interval was replaced since.
    if written.written_first is not None:
        first = min(first, written.written_first)
    first = _hour(first)
    last = max(_hour(max(start for _, (start, _) in with_counts)), written.written_until or 0)
    # The last hour that was written is always written again: it may have been incomplete.
    start = min(_hour(max(since, first)), last if written.written_until is None else written.written_until)
    return HourRange(first, start, last, max(stop for _, (_, stop) in with_counts))


def _note_writing(db: sqlite3.Connection, table: str, number: int, hour_range: HourRange, basis: str) -> None:
    db.execute(
        f"""
        UPDATE {table}
        SET changed_since = NULL,
            writing_since = ?,
            written_first = ?,
            written_until = ?,
            written_as = ?
        WHERE id = ?
        """,
        (hour_range.start, hour_range.first, hour_range.last, basis, number),
    )


def confirm(db: sqlite3.Connection, key: str) -> None:
    """Note that recorder has the hours of a camera or a place that were being written."""
    db.execute("UPDATE cameras SET writing_since = NULL WHERE key = ?", (key,))
    db.execute("UPDATE places SET writing_since = NULL WHERE key = ?", (key,))


def forget(db: sqlite3.Connection, key: str) -> None:
    """Note that recorder has nothing of a camera or a place any more, nor what was carried over from it."""
    db.execute("DELETE FROM carried WHERE camera = (SELECT id FROM cameras WHERE key = ?)", (key,))
    for table in ("cameras", "places"):
        db.execute(
            f"""
            UPDATE {table}
            SET changed_since = 0,
                writing_since = NULL,
                written_first = NULL,
                written_until = NULL
            WHERE key = ?
            """,
            (key,),
        )


def written_until(db: sqlite3.Connection, key: str) -> Timestamp | None:
    """Return the last hour of a camera or a place that recorder may have from this ledger."""
    row = db.execute(
        """
        SELECT written_until FROM cameras WHERE key = :key
        UNION ALL
        SELECT written_until FROM places WHERE key = :key
        """,
        {"key": key},
    ).fetchone()
    return None if row is None else row[0]


def has_other_basis(db: sqlite3.Connection, key: str) -> bool:
    """Return True if recorder has hours of a place from before its doors or its schedule changed."""
    row = db.execute("SELECT written_as != basis FROM places WHERE key = ?", (key,)).fetchone()
    return bool(row and row[0])


# Counts by the hour


def door_counts(db: sqlite3.Connection, key: str, hour_range: HourRange, *, is_reversed: bool) -> CountsByHour:
    """Return the counts of one door of a place, without adults."""
    row = db.execute("SELECT id FROM cameras WHERE key = ?", (key,)).fetchone()
    if row is None:
        return CountsByHour({}, NO_COUNTS, frozenset())
    counts = _Camera(db, row[0]).counts_from(hour_range.start)

    def at_door(people: HourCounts) -> HourCounts:
        if is_reversed:
            return HourCounts(people.exited, people.entered, 0, 0)
        return HourCounts(people.entered, people.exited, 0, 0)

    by_hour = {hour: at_door(people) for hour, people in counts.by_hour.items()}
    return CountsByHour(by_hour, at_door(counts.before), counts.counted_hours)


def add_up(hour_range: HourRange, doors: Iterable[CountsByHour]) -> Series:
    """Return the counts of all doors together."""
    by_hour: dict[Timestamp, HourCounts] = {}
    counted_hours: set[Timestamp] = set()
    before = NO_COUNTS
    for door in doors:
        for hour, people in door.by_hour.items():
            by_hour[hour] = plus(by_hour.get(hour, NO_COUNTS), people)
        before = plus(before, door.before)
        counted_hours |= door.counted_hours
    return Series(
        first=hour_range.first,
        start=hour_range.start,
        before=before,
        hours=[by_hour.get(hour, NO_COUNTS) for hour in range(hour_range.start, hour_range.last + HOUR, HOUR)],
        has_adults=False,
        is_reversed=False,
        counted_until=hour_range.counted_until,
        counted_hours=frozenset(counted_hours),
    )


class _Camera:
    """The counts of one camera, in the direction the user gave it."""

    def __init__(self, db: sqlite3.Connection, number: int) -> None:
        """Read the sums of the camera, and start and end of its newest interval."""
        self._db = db
        self._number = number
        is_reversed, *totals = db.execute(
            """
            SELECT reversed, total_entered, total_exited,
                coalesce(total_adults_entered, 0), coalesce(total_adults_exited, 0)
            FROM cameras
            WHERE id = ?
            """,
            (number,),
        ).fetchone()
        self.is_reversed = bool(is_reversed)
        self._total = self._directed(totals)
        self.newest: tuple[Timestamp, Timestamp] | None = db.execute(
            "SELECT start, stop FROM intervals WHERE camera = ? ORDER BY start DESC LIMIT 1",
            (number,),
        ).fetchone()

    @property
    def first(self) -> Timestamp:
        """The start of the first interval or carried hour."""
        first: Timestamp
        (first,) = self._db.execute(
            """
            SELECT min(start)
            FROM (
                SELECT min(start) AS start FROM intervals WHERE camera = :camera
                UNION ALL
                SELECT min(start) FROM carried WHERE camera = :camera
            )
            """,
            {"camera": self._number},
        ).fetchone()
        return first

    def counts_from(self, start: Timestamp) -> CountsByHour:
        """Return the counts of all hours from one on."""
        by_hour = dict(self._counted(start))
        counted_hours = {*by_hour, *self._reached_from_before(start)}
        total = self._total
        for hour, people in self._carried():
            total = plus(total, people)
            if hour >= start:
                by_hour[hour] = plus(by_hour.get(hour, NO_COUNTS), people)
        before = minus(total, reduce(plus, by_hour.values(), NO_COUNTS))
        return CountsByHour(by_hour, before, frozenset(counted_hours))

    def _counted(self, start: Timestamp) -> Iterator[tuple[Timestamp, HourCounts]]:
        for hour, *counts in self._db.execute(
            """
            SELECT start / 3600 * 3600 AS hour,
                sum(entered), sum(exited), total(adults_entered), total(adults_exited)
            FROM intervals
            WHERE camera = ? AND start >= ?
            GROUP BY hour
            """,
            (self._number, start),
        ):
            yield hour, self._directed(counts)

    def _reached_from_before(self, start: Timestamp) -> Iterator[Timestamp]:
        """Yield the hours into which an interval reaches that began in an earlier hour."""
        for begin, stop in self._db.execute(
            """
            SELECT start, stop
            FROM intervals
            WHERE camera = ?
                AND start >= ?
                AND stop > (start / 3600 + 1) * 3600
            """,
            (self._number, start - MAX_WIDTH),
        ):
            yield from range(_hour(begin) + HOUR, stop, HOUR)

    def _carried(self) -> Iterator[tuple[Timestamp, HourCounts]]:
        """Yield what each carried hour adds to the counts of this ledger."""
        for hour, stop, entered, exited, adults_entered, adults_exited, first, *counts in self._db.execute(
            """
            SELECT carried.start, carried.stop,
                carried.entered, carried.exited, carried.adults_entered, carried.adults_exited,
                min(intervals.start),
                total(intervals.entered), total(intervals.exited),
                total(intervals.adults_entered), total(intervals.adults_exited)
            FROM carried
            LEFT JOIN intervals
                ON intervals.camera = carried.camera
                AND intervals.start >= carried.start
                AND intervals.start < carried.start + 3600
            WHERE carried.camera = ?
            GROUP BY carried.start
            """,
            (self._number,),
        ):
            people = HourCounts(entered, exited, adults_entered, adults_exited)
            # For an unfinished hour the camera sends only the rest, which adds to it. Finished hours it sends again in
            # full, so that only what recorder has beyond that is added.
            is_unfinished = stop == hour
            if first is not None and (first == hour or not is_unfinished):
                people = HourCounts(*(max(0, count) for count in minus(people, self._directed(counts))))
            yield hour, people

    def _directed(self, counts: Iterable[float]) -> HourCounts:
        entered, exited, adults_entered, adults_exited = map(int, counts)
        if self.is_reversed:
            return HourCounts(exited, entered, adults_exited, adults_entered)
        return HourCounts(entered, exited, adults_entered, adults_exited)


# Carried hours: recorder has them, and this ledger, which is new or from an old backup, has not. They are kept one by
# one. A single sum would count people twice, because a camera sends its last 90 days again to a new ledger.


def carry(db: sqlite3.Connection, key: str, hours: Iterable[tuple[Timestamp, HourCounts]], until: Timestamp) -> None:
    """Store the hours that recorder has of a camera, up to the last one, which wasn't finished."""
    (camera,) = db.execute("SELECT id FROM cameras WHERE key = ?", (key,)).fetchone()
    db.executemany(
        "INSERT OR REPLACE INTO carried VALUES (?, ?, ?, ?, ?, ?, ?)",
        # The stop of an unfinished hour is its start, as nobody knows how far it was counted.
        ((camera, hour, hour if hour == until else hour + HOUR, *people) for hour, people in hours if any(people)),
    )
    db.execute("UPDATE cameras SET changed_since = 0, written_until = ? WHERE id = ?", (until, camera))


def _delete_recounted(db: sqlite3.Connection, camera: int, start: Timestamp) -> None:
    """Delete carried hours that the camera has sent again in full."""
    db.execute(
        """
        DELETE FROM carried
        WHERE camera = ?
            AND start >= ?
            AND 3600 = (
                SELECT total(min(intervals.stop, carried.start + 3600) - intervals.start)
                FROM intervals
                WHERE intervals.camera = carried.camera
                    AND intervals.start >= carried.start
                    AND intervals.start < carried.start + 3600
            )
        """,
        (camera, start),
    )


def _hour(instant: Timestamp) -> Timestamp:
    return instant // HOUR * HOUR

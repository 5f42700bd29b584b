"""The hours of a camera or a place that recorder's long-term statistics may lack, and the counts of these hours.

Recorder's database and the ledger can't be written in one transaction. So the ledger keeps `changed_since`, from when
on hours have changed; `writing_since`, from when on they are being written; and `written_first` and `written_last`,
the first and the last hour that may ever have been written, and `written_as`, on which basis. Called by ledger.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import chain
import sqlite3
from typing import NamedTuple

from ..counting import DAY, HOUR, Columns, Timestamp
from . import deleted_hours, imported_days, intervals, places
from .hour_counts import NO_COUNTS, HourCounts, minus, plus
from .hours import CountedHour, HourColumns, counted_hours


class HourRange(NamedTuple):
    """The hours to be written: from `start` to `last`, both included.

    The series begins at `first`, and its newest interval ends at `counted_until`. `deleted` are the sums of hours whose
    counts were deleted.
    """

    first: Timestamp
    start: Timestamp
    last: Timestamp
    counted_until: Timestamp
    deleted: HourCounts

    @property
    def end(self) -> Timestamp:
        """The end of the last hour."""
        return self.last + HOUR


class CountsBefore(NamedTuple):
    """A camera at the start of the hours that are to be read, with counts in the direction the user gave it.

    `counts` are those of the hours before, as far as they aren't deleted hours.
    """

    counts: HourCounts
    # The interval that begins before the first hour ends at this instant.
    counted_until: Timestamp
    # Recorder has these counts of the hours to be read, and this ledger lacks them.
    carried: list[tuple[Timestamp, HourCounts]]
    has_adults: bool
    is_reversed: bool


class CameraHours(NamedTuple):
    """The hours of a camera to be written, and what counts before them."""

    hour_range: HourRange
    before: CountsBefore


@dataclass(frozen=True, slots=True)
class Series:
    """All hours from some start on without a gap, and the sum of the counts before."""

    first: Timestamp
    before: HourCounts
    hours: HourColumns
    has_adults: bool
    is_reversed: bool
    counted_until: Timestamp

    @property
    def start(self) -> Timestamp:
        """When the first of the hours begins."""
        return self.hours.bounds[0]


class _Written(NamedTuple):
    """The columns of a camera or a place on what recorder may have."""

    changed_since: Timestamp | None
    writing_since: Timestamp | None
    written_first: Timestamp | None
    written_last: Timestamp | None


# Writing to recorder: begin_writing_…, write, confirm


def begin_writing_camera(db: sqlite3.Connection, key: str, basis: str, *, everything: bool) -> CameraHours | None:
    """Return which hours of a camera recorder may lack, None if there are none. They are being written from now on.

    Their counts are read in pages and added up by `camera_series`. Those that change meanwhile are written again later.
    The basis is a text of all else that these hours depend on: if it has changed, all hours are returned.
    """
    row = db.execute(
        """
        SELECT id, written_as, changed_since, writing_since, written_first, written_last
        FROM cameras
        WHERE key = ?
        """,
        (key,),
    ).fetchone()
    if row is None:
        return None
    camera_id, written_as, *written = row
    camera = _Camera(db, camera_id)
    hour_range = _missing_hours(db, key, [camera], _Written(*written), everything=everything or written_as != basis)
    if hour_range is None:
        return None
    _note_writing(db, "cameras", camera_id, hour_range, basis)
    _delete_recounted(db, camera_id, hour_range.start)
    return CameraHours(hour_range, camera.counts_before(hour_range))


def begin_writing_place(db: sqlite3.Connection, key: str, *, everything: bool) -> HourRange | None:
    """Return which hours of a place recorder may lack, None if there are none. They are being written from now on.

    Their counts are read door by door, and added up by `place_series`.
    """
    row = db.execute(
        """
        SELECT id, basis, changed_since, writing_since, written_first, written_last
        FROM places
        WHERE key = ?
        """,
        (key,),
    ).fetchone()
    if row is None:
        return None
    place_id, basis, *written = row
    doors = db.execute("SELECT cameras.id FROM doors JOIN cameras USING (key) WHERE place = ?", (place_id,)).fetchall()
    cameras = [_Camera(db, camera) for (camera,) in doors]
    hour_range = _missing_hours(db, key, cameras, _Written(*written), everything=everything)
    if hour_range is not None:
        _note_writing(db, "places", place_id, hour_range, basis)
    return hour_range


def _missing_hours(
    db: sqlite3.Connection, key: str, cameras: Iterable[_Camera], written: _Written, *, everything: bool
) -> HourRange | None:
    """Return the hours that recorder may lack, None if it lacks none."""
    changes = [at for at in (written.changed_since, written.writing_since) if at is not None]
    since = 0 if everything else min(changes, default=None)
    with_counts = [(camera, camera.newest) for camera in cameras if camera.newest]
    # Recorder may have hours, at either end, whose only interval was replaced since, or moved to another key.
    firsts = [*(camera.first for camera, _ in with_counts), written.written_first]
    lasts = [*(newest.start for _, newest in with_counts), written.written_last]
    first = min((first for first in firsts if first is not None), default=None)
    if since is None or first is None:
        return None
    # Hours before this instant are incomplete here, and stay in recorder as they are.
    first = max(_hour(first), deleted_hours.kept_since(db))
    last = _hour(max(last for last in lasts if last is not None))
    if last < first:
        # These hours stay in recorder as they are.
        for table in ("cameras", "places"):
            db.execute(f"UPDATE {table} SET changed_since = NULL, writing_since = NULL WHERE key = ?", (key,))
        return None
    # The last hour that was written is always written again: it may have been incomplete.
    start = max(first, min(_hour(since), last if written.written_last is None else written.written_last))
    counted_until = max((newest.end for _, newest in with_counts), default=first)
    return HourRange(first, start, last, counted_until, deleted_hours.sums(db, key))


def _note_writing(db: sqlite3.Connection, table: str, row_id: int, hour_range: HourRange, basis: str) -> None:
    db.execute(
        f"""
        UPDATE {table}
        SET changed_since = NULL,
            writing_since = :start,
            written_first = min(coalesce(written_first, :first), :first),
            written_last = :last,
            written_as = :basis
        WHERE id = :row
        """,
        {
            "start": hour_range.start,
            "first": hour_range.first,
            "last": hour_range.last,
            "basis": basis,
            "row": row_id,
        },
    )


def confirm(db: sqlite3.Connection, key: str) -> None:
    """Record that recorder has the hours of a camera or a place that were being written."""
    db.execute("UPDATE cameras SET writing_since = NULL WHERE key = ?", (key,))
    db.execute("UPDATE places SET writing_since = NULL WHERE key = ?", (key,))


def forget(db: sqlite3.Connection, key: str) -> None:
    """Record that recorder has nothing of a camera or a place any more, and delete what was carried over from it."""
    db.execute("DELETE FROM carried WHERE camera = (SELECT id FROM cameras WHERE key = ?)", (key,))
    deleted_hours.forget(db, key)
    for table in ("cameras", "places"):
        db.execute(
            f"""
            UPDATE {table}
            SET changed_since = 0,
                writing_since = NULL,
                written_first = NULL,
                written_last = NULL
            WHERE key = ?
            """,
            (key,),
        )


def last_written_hour(db: sqlite3.Connection, key: str) -> Timestamp | None:
    """Return the last hour of a camera or a place that recorder may have from this ledger."""
    row = db.execute(
        """
        SELECT written_last FROM cameras WHERE key = :key
        UNION ALL
        SELECT written_last FROM places WHERE key = :key
        """,
        {"key": key},
    ).fetchone()
    return None if row is None else row[0]


def has_other_basis(db: sqlite3.Connection, key: str) -> bool:
    """Return True if recorder has hours of a place from before its doors or its schedule changed."""
    row = db.execute("SELECT written_as != basis FROM places WHERE key = ?", (key,)).fetchone()
    return bool(row and row[0])


def rewrite(db: sqlite3.Connection, key: str) -> None:
    """Record that all hours of a camera or a place have to be written again, as far as their counts are kept."""
    for table in ("cameras", "places"):
        db.execute(f"UPDATE {table} SET changed_since = 0 WHERE key = ?", (key,))


def has_deleted_hours(db: sqlite3.Connection, key: str) -> bool:
    """Return True if recorder has hours of a camera or a place whose counts were deleted here."""
    first_rows = db.execute(
        """
        SELECT written_first FROM cameras WHERE key = :key
        UNION ALL
        SELECT written_first FROM places WHERE key = :key
        """,
        {"key": key},
    )
    kept_since = deleted_hours.kept_since(db)
    return any(first is not None and first < kept_since for (first,) in first_rows)


def waits_for_recorder(db: sqlite3.Connection, key: str, before: Timestamp) -> bool:
    """Return True if hours before an instant have changed, and recorder is still to be given them.

    These are hours of a camera, or of a place that has it as a door. Nothing is written of a removed camera. A place
    may wait for a door whose camera has never pushed, but not once it has been written.
    """
    (waits,) = db.execute(
        """
        SELECT EXISTS (
            SELECT *
            FROM cameras
            WHERE key = :key AND removed = 0 AND (changed_since < :before OR writing_since < :before)
        ) OR EXISTS (
            SELECT *
            FROM places
            JOIN doors ON place = places.id
            WHERE doors.key = :key
                AND (changed_since < :before OR writing_since < :before)
                AND (
                    written_last IS NOT NULL
                    OR NOT EXISTS (
                        SELECT *
                        FROM doors AS other
                        WHERE other.place = places.id AND other.key NOT IN (SELECT key FROM cameras)
                    )
                )
        )
        """,
        {"key": key, "before": before},
    ).fetchone()
    return bool(waits)


# Counts by the hour


def counts_before(db: sqlite3.Connection, key: str, hour_range: HourRange) -> CountsBefore | None:
    """Return what counts before the hours of one door of a place, None where its camera has never pushed."""
    row = db.execute("SELECT id FROM cameras WHERE key = ?", (key,)).fetchone()
    return None if row is None else _Camera(db, row[0]).counts_before(hour_range)


def camera_series(begun: CameraHours, found: Iterable[Columns]) -> Series:
    """Return the hours of a camera, from its intervals that begin in them."""
    hour_range, before = begun
    hours = _hours(hour_range, before, found)
    sum_before = plus(hour_range.deleted, before.counts)
    total = plus(sum_before, hours.total())
    return Series(
        first=hour_range.first,
        before=sum_before,
        hours=hours,
        has_adults=before.has_adults or total.adults_entered > 0 or total.adults_exited > 0,
        is_reversed=before.is_reversed,
        counted_until=hour_range.counted_until,
    )


class CountsOfDoor(NamedTuple):
    """The counts of a door of a place, before the hours to be read and in them."""

    before: CountsBefore
    found: Iterable[Columns]
    is_reversed: bool


def place_series(hour_range: HourRange, doors: Iterable[CountsOfDoor]) -> Series:
    """Return the hours of all doors together, without adults."""
    sum_before = hour_range.deleted
    hours = _no_hours(hour_range)
    for before, found, is_reversed in doors:
        of_door = _hours(hour_range, before, found)
        hours.add_hours(of_door.reversed() if is_reversed else of_door)
        sum_before = plus(sum_before, at_door(before.counts, is_reversed=is_reversed))
    none = _no_hours(hour_range)
    return Series(
        first=hour_range.first,
        before=sum_before,
        hours=hours._replace(adults_entered=none.adults_entered, adults_exited=none.adults_exited),
        has_adults=False,
        is_reversed=False,
        counted_until=hour_range.counted_until,
    )


def _hours(hour_range: HourRange, before: CountsBefore, found: Iterable[Columns]) -> HourColumns:
    hours = _no_hours(hour_range)
    hours.cover(hour_range.start, before.counted_until)
    for counted in counted_hours(found):
        hours.add(counted.hour, counted.counts)
        hours.cover(counted.hour, counted.end)
    if before.is_reversed:
        hours = hours.reversed()
    for hour, carried in before.carried:
        hours.add(hour, carried)
    return hours


def _no_hours(hour_range: HourRange) -> HourColumns:
    return HourColumns.without_counts(hour_range.start, hour_range.end)


def at_door(counts: HourCounts, *, is_reversed: bool) -> HourCounts:
    """Return the counts of a camera as those of a door of a place, which has no adults."""
    if is_reversed:
        return HourCounts(counts.exited, counts.entered, 0, 0)
    return HourCounts(counts.entered, counts.exited, 0, 0)


class FirstCounts(NamedTuple):
    """The start and the end of the first interval of a camera, or of the first hour carried over."""

    start: Timestamp
    end: Timestamp


def first_counts(db: sqlite3.Connection, camera_id: int) -> FirstCounts | None:
    """Return when the first counts of a camera begin and end, None where there are none."""
    start = intervals.first(db, camera_id)
    found = [] if start is None else [FirstCounts(*intervals.overlapping(db, camera_id, start, start + 1)[0][:2])]
    (hour,) = db.execute("SELECT min(start) FROM carried WHERE camera = ?", (camera_id,)).fetchone()
    if hour is not None:
        found.append(FirstCounts(hour, hour + HOUR))
    return min(found, default=None)


def counts_between(db: sqlite3.Connection, camera_id: int, low: Timestamp, high: Timestamp) -> HourCounts:
    """Return the counts of a camera in the hours in [low, high)."""
    return _Camera(db, camera_id).counts_between(low, high)


class _Camera:
    """The counts of one camera, in the direction the user gave it."""

    def __init__(self, db: sqlite3.Connection, camera_id: int) -> None:
        """Read the sums of the camera, and start and end of its newest interval."""
        self._db = db
        self._camera_id = camera_id
        is_reversed, has_adults, *totals = db.execute(
            """
            SELECT reversed, total_adults_entered IS NOT NULL,
                total_entered - deleted_entered,
                total_exited - deleted_exited,
                coalesce(total_adults_entered, 0) - deleted_adults_entered,
                coalesce(total_adults_exited, 0) - deleted_adults_exited
            FROM cameras
            WHERE id = ?
            """,
            (camera_id,),
        ).fetchone()
        self.is_reversed = bool(is_reversed)
        self._has_adults = bool(has_adults)
        self._total = self._directed(totals)
        self.newest = intervals.newest(db, camera_id)

    @property
    def first(self) -> Timestamp:
        """The start of the first interval or carried hour."""
        (carried,) = self._db.execute("SELECT min(start) FROM carried WHERE camera = ?", (self._camera_id,)).fetchone()
        return min(first for first in (intervals.first(self._db, self._camera_id), carried) if first is not None)

    def counts_before(self, hour_range: HourRange) -> CountsBefore:
        """Return what counts before some hours, which contain the newest interval."""
        start = hour_range.start
        carried = list(self._carried())
        # Before the first of all hours, there are only deleted ones.
        counts = NO_COUNTS
        if start != hour_range.first:
            later = intervals.sums_from(self._db, self._camera_id, start)
            before_kept_since = self.counts_between(0, deleted_hours.kept_since(self._db))
            counts = minus(minus(self._total, self._directed(later)), before_kept_since)
            counts = reduce(plus, (more for hour, more in carried if hour < start), counts)
        reaching = intervals.overlapping(self._db, self._camera_id, start, start)
        return CountsBefore(
            counts,
            reaching[0].end if reaching else start,
            [(hour, more) for hour, more in carried if start <= hour < hour_range.end],
            self._has_adults,
            self.is_reversed,
        )

    def counts_between(self, low: Timestamp, high: Timestamp) -> HourCounts:
        """Return the sum of the hours in [low, high)."""
        found = counted_hours(intervals.each_columns(self._db, self._camera_id, low, high))
        counts = reduce(plus, (self._directed(counted.counts) for counted in found), NO_COUNTS)
        return reduce(plus, (carried for hour, carried in self._carried() if low <= hour < high), counts)

    def _carried(self) -> Iterator[tuple[Timestamp, HourCounts]]:
        """Yield what each carried hour adds to the counts of this ledger."""
        rows = self._db.execute(
            """
            SELECT start, stop, entered, exited, adults_entered, adults_exited
            FROM carried
            WHERE camera = ? AND stop >= start
            ORDER BY start
            """,
            (self._camera_id,),
        ).fetchall()
        counted_here = _sums_of_carried(self._db, self._camera_id, [start for start, *_ in rows])
        for hour, stop, *counts in rows:
            carried = HourCounts(*counts)
            counted = counted_here.get(hour)
            # The camera sends a finished hour again in full, so add only what recorder has more. Of an unfinished hour
            # it sends the rest, so add both; unless its first interval begins with the hour.
            is_unfinished = stop == hour
            if counted is not None and (counted.start == hour or not is_unfinished):
                carried = HourCounts(*(max(0, count) for count in minus(carried, self._directed(counted.counts))))
            yield hour, carried

    def _directed(self, counts: Iterable[int]) -> HourCounts:
        entered, exited, adults_entered, adults_exited = counts
        if self.is_reversed:
            return HourCounts(exited, entered, adults_exited, adults_entered)
        return HourCounts(entered, exited, adults_entered, adults_exited)


# Carried hours: recorder has them, but this ledger, which is new or from an old backup, doesn't. They are stored one
# by one. A single sum would count people twice, because a camera sends its last 90 days again to a new ledger.


def carry(db: sqlite3.Connection, key: str, hours: Iterable[tuple[Timestamp, HourCounts]], last: Timestamp) -> None:
    """Store the hours that recorder has of a camera; the last one wasn't finished.

    Hours before `kept_since` are stored as a sum, unless it is known already.
    """
    kept_since = deleted_hours.kept_since(db)
    (camera,) = db.execute("SELECT id FROM cameras WHERE key = ?", (key,)).fetchone()
    hours = list(hours)
    if earlier := [counts for hour, counts in hours if hour < kept_since]:
        _add_unknown_sum(db, key, reduce(plus, earlier))
    db.executemany(
        "INSERT OR REPLACE INTO carried VALUES (?, ?, ?, ?, ?, ?, ?)",
        # The stop of an unfinished hour is its start, as its end is unknown.
        (
            (camera, hour, hour if hour == last else hour + HOUR, *counts)
            for hour, counts in hours
            if any(counts) and hour >= kept_since
        ),
    )
    db.execute("UPDATE cameras SET changed_since = 0, written_last = ? WHERE id = ?", (last, camera))


def _add_unknown_sum(db: sqlite3.Connection, key: str, counts: HourCounts) -> None:
    """Add the sum of a camera's deleted hours, if it isn't known, also to that of its places."""
    if not deleted_hours.is_known(db, key):
        deleted_hours.add(db, key, counts)
        for place, is_reversed in places.with_door(db, key):
            deleted_hours.add(db, place, at_door(counts, is_reversed=is_reversed))


def has_carried_hours(db: sqlite3.Connection, key: str) -> bool:
    """Return True if hours of a camera were carried over from recorder."""
    (has_hours,) = db.execute(
        "SELECT EXISTS (SELECT * FROM carried JOIN cameras ON id = camera WHERE key = ?)", (key,)
    ).fetchone()
    return bool(has_hours)


def delete_carried(db: sqlite3.Connection, camera: int, until: Timestamp) -> None:
    """Delete the carried hours of a camera before an instant."""
    db.execute("DELETE FROM carried WHERE camera = ? AND start < ?", (camera, until))


def _delete_recounted(db: sqlite3.Connection, camera: int, start: Timestamp) -> None:
    """Delete carried hours that the camera has sent again in full.

    Imported counts may be undone: hours that have at least as many of them only rest meanwhile.
    """
    rows = db.execute(
        """
        SELECT start, entered, exited, adults_entered, adults_exited
        FROM carried
        WHERE camera = ? AND start >= ? AND stop >= start
        ORDER BY start
        """,
        (camera, start),
    ).fetchall()
    counted_here = _sums_of_carried(db, camera, [hour for hour, *_ in rows])
    (is_reversed,) = db.execute("SELECT reversed FROM cameras WHERE id = ?", (camera,)).fetchone()
    for hour, *carried in rows:
        counted = counted_here.get(hour)
        if counted is None or counted.covered < HOUR:
            continue
        if not imported_days.has_some(db, camera, hour // DAY):
            db.execute("DELETE FROM carried WHERE camera = ? AND start = ?", (camera, hour))
            continue
        entered, exited, adults_entered, adults_exited = counted.counts
        shown = (exited, entered, adults_exited, adults_entered) if is_reversed else counted.counts
        if all(here >= there for here, there in zip(shown, carried, strict=True)):
            imported_days.rest_carried(db, camera, hour)


def _sums_of_carried(db: sqlite3.Connection, camera: int, carried: list[Timestamp]) -> dict[Timestamp, CountedHour]:
    """Return the sums of this ledger's intervals in the time of the carried hours."""
    if not carried:
        return {}
    wanted = frozenset(carried)
    # Years may lie between two carried hours: they aren't read. Only intervals that begin in an hour are part of it.
    ranges: list[tuple[Timestamp, Timestamp]] = []
    for hour in carried:
        if ranges and hour - ranges[-1][1] <= DAY:
            ranges[-1] = ranges[-1][0], hour + HOUR
        else:
            ranges.append((hour, hour + HOUR))
    found = chain.from_iterable(intervals.each_columns(db, camera, *time_range) for time_range in ranges)
    return {counted.hour: counted for counted in counted_hours(found) if counted.hour in wanted}


def _hour(instant: Timestamp) -> Timestamp:
    return instant // HOUR * HOUR

"""The intervals that count. Those of one camera never overlap; a day of them is either packed or in rows, never both.

They are only read, added, removed and packed here; settling.py decides which. No other module reads the two tables.
Called by the other modules of the ledger.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
import json
import sqlite3
from typing import Any, Final, NamedTuple

from ..counting import DAY, LATEST, Columns, Interval, SentInterval, Timestamp, columns_of, gaps_between
from . import day_format, imported_days, packed_days
from .hour_counts import HourCounts, plus
from .packed_days import PackedDay

INTERVAL_COLUMNS: Final = "start, stop, entered, exited, adults_entered, adults_exited"
SENT_INTERVAL_COLUMNS: Final = f"{INTERVAL_COLUMNS}, sent"

# The most that is read at once, within a few milliseconds, during which pushes wait. Python begins to look for garbage
# after 2,000 new objects.
ROWS_AT_ONCE: Final = 1000
PACKED_DAYS_AT_ONCE: Final = 64
# A day with more intervals stays in rows: each change of a packed day puts all of it back into rows, for which pushes
# wait. A camera that counts by the minute has 1,440 a day.
MAX_PACKED: Final = 5000


# Single intervals


def newest(db: sqlite3.Connection, camera: int) -> Interval | None:
    """Return the last interval of a camera."""
    row = db.execute(
        f"""
        SELECT (SELECT max(day) FROM packed_days WHERE camera = :camera), {INTERVAL_COLUMNS}
        FROM intervals
        WHERE camera = :camera
        ORDER BY start DESC
        LIMIT 1
        """,
        {"camera": camera},
    ).fetchone()
    if row is not None:
        last_packed_day, *columns = row
        interval = Interval(*columns)
        if last_packed_day is None or last_packed_day < interval.start // DAY:
            return interval
    packed = packed_days.last(db, camera)
    return None if packed is None else day_format.unpack(packed.content)[-1].interval


def last_end(db: sqlite3.Connection, camera: int, until: Timestamp) -> Timestamp | None:
    """Return when the last interval of a camera ends that ends up to an instant, None where there is none."""
    # Only the last one that begins before an instant can reach beyond it.
    last_two = db.execute(
        "SELECT stop FROM intervals WHERE camera = ? AND start < ? ORDER BY start DESC LIMIT 2", (camera, until)
    ).fetchall()
    ends = [end for (end,) in last_two]
    for packed in packed_days.last_before(db, camera, until, 2):
        end_of_day = day_format.extent(packed.content).end
        ends += [end_of_day] if end_of_day <= until else [sent.end for sent in day_format.unpack(packed.content)]
    return max((end for end in ends if end <= until), default=None)


def first(db: sqlite3.Connection, camera: int) -> Timestamp | None:
    """Return when the first interval of a camera begins, None where there is none."""
    (start,) = db.execute("SELECT min(start) FROM intervals WHERE camera = ?", (camera,)).fetchone()
    packed = packed_days.first(db, camera)
    starts = [start] if packed is None else [start, day_format.extent(packed.content).start]
    return min((start for start in starts if start is not None), default=None)


# Short stretches of time


def overlapping(
    db: sqlite3.Connection, camera: int, low: Timestamp, high: Timestamp, limit: int | None = None
) -> list[SentInterval]:
    """Return the intervals of a camera that overlap [low, high), in the order of time, or the first of them.

    Where both are the same, that is the interval that begins before and ends after this instant.
    """
    # Stored intervals don't overlap, so only the last one that begins before :low can reach beyond it. The plus before
    # :limit is explained in packed_days.py.
    rows = db.execute(
        f"""
        SELECT {SENT_INTERVAL_COLUMNS}
        FROM intervals
        WHERE camera = :camera
            AND start < :high
            AND stop > :low
            AND start >= coalesce(
                (SELECT max(start) FROM intervals WHERE camera = :camera AND start <= :low),
                :low
            )
        ORDER BY start
        LIMIT +:limit
        """,
        {"camera": camera, "low": low, "high": high, "limit": -1 if limit is None else limit},
    )
    found = [SentInterval(*row) for row in rows]
    # No interval is longer than a day.
    if days := packed_days.read(db, camera, low - DAY, high):
        found += (interval for interval in _unpacked(days, low, high) if interval.end > low)
        found.sort()
    return found[:limit]


def ending_after(
    db: sqlite3.Connection, cameras: Sequence[int], low: Timestamp, limit: int
) -> tuple[dict[int, list[SentInterval]], Timestamp]:
    """Return the intervals of some cameras that end after an instant, in the order of time, by camera.

    If there are more than about `limit`, only those that begin before the instant that is returned with them.
    """
    # Each camera may have one interval that begins before :low.
    of_camera = limit // max(1, len(cameras)) + 1
    at_once = len(cameras) * (of_camera + 1)
    rows = _rows_of_each(db, cameras, low, LATEST, at_once + 1)
    until = LATEST
    if len(rows) > at_once:
        until = limited(db, cameras, low, LATEST, of_camera)
        rows = _rows_of_each(db, cameras, low, until)
    found: dict[int, list[SentInterval]] = {camera: [] for camera in cameras}
    for camera, *columns in rows:
        found[camera].append(SentInterval(*columns))
    for of_each in found.values():
        of_each.sort()
    for camera in packed_days.cameras_with(db, cameras, low - DAY, until):
        found[camera] = overlapping(db, camera, low, until)
    return found, until


def limited(db: sqlite3.Connection, cameras: Sequence[int], low: Timestamp, high: Timestamp, limit: int) -> Timestamp:
    """Return `high`, or an earlier instant if any camera has more than so many rows that begin in [low, high)."""
    (until,) = db.execute(
        """
        SELECT min((
            SELECT start
            FROM intervals
            WHERE camera = value AND start >= :low AND start < :high
            ORDER BY start
            LIMIT 1 OFFSET +:limit
        ))
        FROM json_each(:cameras)
        """,
        {"cameras": json.dumps(cameras), "low": low, "high": high, "limit": limit},
    ).fetchone()
    return high if until is None else until


def _rows_of_each(
    db: sqlite3.Connection, cameras: Sequence[int], low: Timestamp, high: Timestamp, limit: int = -1
) -> list[tuple[Any, ...]]:
    """Return rows of some cameras that overlap [low, high), in any order, each after the id of its camera."""
    # As in `overlapping`, in one statement for all cameras. Sorting would read all rows before the first one.
    return db.execute(
        f"""
        SELECT value, {SENT_INTERVAL_COLUMNS}
        FROM json_each(:cameras)
        CROSS JOIN intervals
            ON camera = value
            AND start < :high
            AND stop > :low
            AND start >= coalesce(
                (SELECT max(start) FROM intervals WHERE camera = value AND start <= :low),
                :low
            )
        LIMIT +:limit
        """,
        {"cameras": json.dumps(cameras), "low": low, "high": high, "limit": limit},
    ).fetchall()


def beginning_within(
    db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp, limit: int | None = None
) -> list[SentInterval]:
    """Return the intervals of a camera that begin in [start, end), in the order of time, or the first of them."""
    found = [SentInterval(*row) for row in _rows(db, camera, start, end, -1 if limit is None else limit)]
    if days := packed_days.read(db, camera, start, end):
        found += (interval for interval in _unpacked(days, start, end) if interval.start >= start)
        found.sort()
    return found[:limit]


def sent_within(
    db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp, sent: Timestamp, limit: int
) -> list[SentInterval]:
    """Return the first intervals of a camera that begin in [start, end) and were sent at an instant."""
    rows = db.execute(
        f"""
        SELECT {SENT_INTERVAL_COLUMNS}
        FROM intervals
        WHERE camera = ? AND start >= ? AND start < ? AND sent = ?
        ORDER BY start
        LIMIT +?
        """,
        (camera, start, end, sent, limit),
    )
    found = [SentInterval(*row) for row in rows]
    days = packed_days.read(db, camera, start, end)
    found += (one for one in _unpacked(days, start, end) if one.sent == sent and one.start >= start)
    return sorted(found)[:limit]


def _unpacked(days: Iterable[PackedDay], low: Timestamp, high: Timestamp) -> Iterator[SentInterval]:
    """Yield the intervals of packed days that begin before `high`, without days that end before `low`."""
    for _, content in days:
        if day_format.extent(content).end > low:
            yield from (interval for interval in day_format.unpack(content) if interval.start < high)


def _rows(
    db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp, limit: int = -1
) -> list[tuple[Any, ...]]:
    """Return the first rows of a camera's days that aren't packed, of those that begin in [start, end)."""
    return db.execute(
        f"""
        SELECT {SENT_INTERVAL_COLUMNS}
        FROM intervals
        WHERE camera = ? AND start >= ? AND start < ?
        ORDER BY start
        LIMIT +?
        """,
        (camera, start, end, limit),
    ).fetchall()


# Long stretches of time


class Page(NamedTuple):
    """Stored intervals of a time range up to an instant, None for all of it.

    Reading them is all that the ledger's thread has to do: another thread can unpack them.
    """

    days: list[PackedDay]
    rows: list[tuple[Any, ...]]
    start: Timestamp
    end: Timestamp
    until: Timestamp | None

    def columns(self) -> Iterator[Columns]:
        """Yield the intervals, some at a time, in the order of time."""
        position = 0
        for day, content in self.days:
            rows_before = bisect_left(self.rows, day * DAY, position, key=lambda row: row[0])
            if rows_before > position:
                yield columns_of(self.rows[position:rows_before])
            position = rows_before
            for columns in day_format.unpack_columns(content):
                if (found := columns.beginning_within(self.start, self.end)).starts:
                    yield found
        if position < len(self.rows):
            yield columns_of(self.rows[position:])


def page(db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp, limit: int | None = None) -> Page:
    """Return the first intervals of a camera that begin in [start, end); the next page begins at `until`."""
    limit = limit or ROWS_AT_ONCE
    days = packed_days.read(db, camera, start, end, PACKED_DAYS_AT_ONCE)
    rows = _rows(db, camera, start, end, limit)
    until = end
    if len(days) == PACKED_DAYS_AT_ONCE:
        until = min(until, (days[-1].day + 1) * DAY)
    if len(rows) == limit:
        # Go on from its end: by then, a push may have replaced this interval by shorter ones.
        until = min(until, rows[-1][1])
    if until == end:
        return Page(days, rows, start, end, None)
    days = [packed for packed in days if packed.day * DAY < until]
    return Page(days, [row for row in rows if row[0] < until], start, until, until)


def each_columns(
    db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp, limit: int | None = None
) -> Iterator[Columns]:
    """Yield the intervals of a camera that begin in [start, end), some at a time, in the order of time."""
    next_start: Timestamp | None = start
    while next_start is not None:
        found = page(db, camera, next_start, end, limit)
        yield from found.columns()
        next_start = found.until


def columns_overlapping(db: sqlite3.Connection, camera: int, low: Timestamp, high: Timestamp) -> Iterator[Columns]:
    """Yield the intervals of a camera that overlap [low, high), some at a time, in the order of time."""
    # The interval that begins before and ends after `low`.
    if reaching := overlapping(db, camera, low, low):
        yield columns_of(reaching)
    yield from each_columns(db, camera, low, high)


def sums_from(db: sqlite3.Connection, camera: int, start: Timestamp) -> HourCounts:
    """Return the sums of all intervals of a camera that begin at an instant or later."""
    # Only the first packed day has to be unpacked, unless it begins at the instant.
    day = -(-start // DAY)
    first_days = packed_days.read(db, camera, start, day * DAY)
    of_first_days = [interval for interval in _unpacked(first_days, start, day * DAY) if interval.start >= start]
    row = db.execute(
        """
        SELECT coalesce(sum(entered), 0),
            coalesce(sum(exited), 0),
            coalesce(sum(adults_entered), 0),
            coalesce(sum(adults_exited), 0)
        FROM (
            SELECT entered, exited, adults_entered, adults_exited
            FROM packed_days
            WHERE camera = :camera AND day >= :day
            UNION ALL
            SELECT entered, exited, adults_entered, adults_exited
            FROM intervals
            WHERE camera = :camera AND start >= :start
        )
        """,
        {"camera": camera, "day": day, "start": start},
    ).fetchone()
    return plus(HourCounts(*row), packed_days.sums(of_first_days))


def first_intervals(
    db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp, limit: int
) -> list[Interval]:
    """Return the first intervals of a camera that begin in [start, end), in the order of time."""
    found: list[Interval] = []
    for columns in each_columns(db, camera, start, end, min(limit, ROWS_AT_ONCE)):
        found += islice(columns.intervals(), limit - len(found))
        if len(found) == limit:
            break
    return found


def gaps(db: sqlite3.Connection, camera: int, since: Timestamp, limit: int) -> list[tuple[Timestamp, Timestamp]]:
    """Return the newest stretches of time, since an instant, that lie between two intervals of a camera."""
    newest = deque(gaps_between(each_columns(db, camera, since, LATEST)), maxlen=limit)
    newest.reverse()
    return list(newest)


# Changes


def replace(
    db: sqlite3.Connection,
    camera: int,
    removed: Iterable[SentInterval],
    added: Iterable[SentInterval],
    changed_since: Timestamp | None = None,
) -> None:
    """Remove and add intervals. Nowhere else do counts change, so the camera's totals change here with them.

    Recorder's statistics are written again from `changed_since` on, None where no counts change that it has.
    """
    removed, added = list(removed), list(added)
    if not removed and not added:
        return

    def gain(people: Callable[[SentInterval], int | None]) -> int:
        return sum(people(interval) or 0 for interval in added) - sum(people(interval) or 0 for interval in removed)

    starts = [interval.start for interval in (*removed, *added)]
    # Adults stay NULL where the camera doesn't count them.
    ((has_packed_days,),) = db.execute(
        """
        UPDATE cameras
        SET total_entered = total_entered + :entered,
            total_exited = total_exited + :exited,
            total_adults_entered = total_adults_entered + :adults_entered,
            total_adults_exited = total_adults_exited + :adults_exited,
            packed_until = min(packed_until, :first_day * 86400),
            changed_since = coalesce(min(coalesce(changed_since, :since), :since), changed_since)
        WHERE id = :camera
        RETURNING EXISTS (SELECT * FROM packed_days WHERE camera = :camera AND day >= :first_day AND day <= :last_day)
        """,
        {
            "entered": gain(lambda interval: interval.entered),
            "exited": gain(lambda interval: interval.exited),
            "adults_entered": gain(lambda interval: interval.adults_entered),
            "adults_exited": gain(lambda interval: interval.adults_exited),
            "camera": camera,
            "since": changed_since,
            "first_day": min(starts) // DAY,
            "last_day": max(starts) // DAY,
        },
    ).fetchall()
    in_rows = _put_back(db, camera, removed, {start // DAY for start in starts}) if has_packed_days else removed
    if in_rows:
        db.executemany(
            "DELETE FROM intervals WHERE camera = ? AND start = ?",
            ((camera, interval.start) for interval in in_rows),
        )
    _insert(db, camera, added)
    imported_days.note_changes(db, camera, removed, added)


def _put_back(db: sqlite3.Connection, camera: int, removed: list[SentInterval], days: set[int]) -> list[SentInterval]:
    """Put packed days back into rows, without the intervals to be removed; return those of other days."""
    # A day of one-second intervals takes long to pack, so it is only packed again when it is over.
    starts = {interval.start for interval in removed}
    unpacked: set[int] = set()
    for packed in packed_days.read(db, camera, min(days) * DAY, (max(days) + 1) * DAY):
        if packed.day in days:
            unpacked.add(packed.day)
            packed_days.delete(db, camera, packed.day)
            staying = (interval for interval in day_format.unpack(packed.content) if interval.start not in starts)
            _insert(db, camera, staying)
    return [interval for interval in removed if interval.start // DAY not in unpacked]


def _insert(db: sqlite3.Connection, camera: int, added: Iterable[SentInterval]) -> None:
    db.executemany(
        "INSERT INTO intervals VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        ((camera, *interval) for interval in added),
    )


def pack_oldest_day(db: sqlite3.Connection, before: Timestamp) -> tuple[int, int] | None:
    """Pack a day in rows that ends before an instant; return its camera and its number, None if there is none.

    A day with too many intervals is passed over. A later change puts a day back into rows, and it is packed again.
    """
    found = db.execute(
        """
        SELECT id, (SELECT min(start) FROM intervals WHERE camera = id AND start >= packed_until) AS oldest
        FROM cameras
        WHERE oldest < ?
        LIMIT 1
        """,
        (before // DAY * DAY,),
    ).fetchone()
    if found is None:
        return None
    camera, oldest = found
    start = oldest // DAY * DAY
    rows = _rows(db, camera, start, start + DAY, MAX_PACKED + 1)
    if len(rows) <= MAX_PACKED:
        packed_days.add(db, camera, [SentInterval(*row) for row in rows])
        db.execute(
            "DELETE FROM intervals WHERE camera = ? AND start >= ? AND start < ?",
            (camera, start, start + DAY),
        )
    db.execute("UPDATE cameras SET packed_until = ? WHERE id = ?", (start + DAY, camera))
    return camera, start // DAY


def set_aside(db: sqlite3.Connection, camera: int, day: int) -> None:
    """Move a damaged packed day to where it counts no more; the camera's totals become those of all other days."""
    db.execute(
        """
        INSERT OR IGNORE INTO damaged_days (camera, day, content, found)
        SELECT camera, day, content, unixepoch()
        FROM packed_days
        WHERE camera = ? AND day = ?
        """,
        (camera, day),
    )
    packed_days.delete(db, camera, day)
    imported_days.forget_day(db, camera, day)
    # The sums of the day may be what is damaged, so they can't be subtracted. Adults stay NULL where none are counted.
    columns = "entered, exited, adults_entered, adults_exited"
    db.execute(
        f"""
        UPDATE cameras
        SET total_entered = deleted_entered + sums.entered,
            total_exited = deleted_exited + sums.exited,
            total_adults_entered = total_adults_entered * 0 + deleted_adults_entered + sums.adults_entered,
            total_adults_exited = total_adults_exited * 0 + deleted_adults_exited + sums.adults_exited
        FROM (
            SELECT coalesce(sum(entered), 0) AS entered,
                coalesce(sum(exited), 0) AS exited,
                coalesce(sum(adults_entered), 0) AS adults_entered,
                coalesce(sum(adults_exited), 0) AS adults_exited
            FROM (
                SELECT {columns} FROM packed_days WHERE camera = :camera
                UNION ALL
                SELECT {columns} FROM intervals WHERE camera = :camera
            )
        ) AS sums
        WHERE id = :camera
        """,
        {"camera": camera},
    )

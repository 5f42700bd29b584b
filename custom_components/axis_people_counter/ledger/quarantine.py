"""The table of intervals that can't be stored.

Rejected intervals are unreadable or absurd, and stored as they were sent. Waiting ones overlap a part of an interval
sent earlier, and wait until later ones cover the rest of it.
Called by ledger, storing, settling, retry, routes, today and retention.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
import sqlite3
from typing import Any, Final, NamedTuple

from ..counting import (
    DAY,
    MAX_WIDTH,
    Coverage,
    Interval,
    Push,
    Reason,
    Rejected,
    RejectedTexts,
    SentInterval,
    Timestamp,
    rank,
)
from . import intervals
from .intervals import SENT_INTERVAL_COLUMNS

# The limit of each camera. It keeps its counts for 90 days, which have 129,600 minutes.
MAX_QUARANTINED: Final = 150_000
# The limit of all cameras together, as a leaked token is enough to invent cameras. Eleven full ones fit in.
MAX_QUARANTINED_BYTES: Final = 512 * 1024 * 1024
# Bytes of a quarantined interval beside its content; the triggers in schema.py count the same.
QUARANTINED_BYTES: Final = 100
# Characters shown of a quarantined interval: a real one has 260, an invented one may have a thousand times as many.
MAX_SHOWN_TEXT: Final = 4096

# The most intervals that are compared with sent ones, beside those between them; four days by the minute have fewer.
# Other pushes wait for that, so it mustn't depend on what one camera has sent before.
MAX_COMPARED: Final = 6000

# How many old ones are deleted in a step, within some hundredths of a second, during which pushes wait.
DELETED_AT_ONCE: Final = 2000

_REJECTED_COLUMNS: Final = "received, reason, content, start, stop, sent"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An interval in quarantine: a rejected one has a content, a waiting one an interval."""

    received: Timestamp
    # A Reason; an older version stored an English sentence.
    reason: str
    content: str | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The number of a camera's quarantined intervals, the newest of them, and the highest id."""

    count: int
    newest: list[Quarantined]
    last: int


class RejectedTime[T](NamedTuple):
    """The time of a rejected interval, and the caller's handle for it."""

    start: Timestamp
    end: Timestamp
    sent: Timestamp
    handle: T


class QuarantineSpace:
    """The space that remains in the quarantine of a camera; `not_stored` counts intervals that didn't fit.

    The ledger is read only when needed: most pushes have no intervals to set aside.
    """

    def __init__(self, db: sqlite3.Connection, camera: int) -> None:
        self._db = db
        self._camera = camera
        self._intervals: int | None = None
        self._bytes = 0
        self.not_stored = 0

    def read(self) -> None:
        """Read how much space remains now."""
        # Removed cameras don't count, so removing invented ones frees space. The pushing camera counts even if it is
        # still marked as removed.
        self._intervals, self._bytes = self._db.execute(
            """
            SELECT
                :max_intervals - quarantined,
                :max_bytes - (SELECT sum(quarantined_bytes) FROM cameras WHERE removed = 0 OR id = :camera)
            FROM cameras
            WHERE id = :camera
            """,
            {"max_intervals": MAX_QUARANTINED, "max_bytes": MAX_QUARANTINED_BYTES, "camera": self._camera},
        ).fetchone()

    def free(self, bytes_each: int = 0) -> int:
        """Return how many intervals fit in, if the content of each has so many bytes."""
        if self._intervals is None:
            self.read()
        assert self._intervals is not None
        return max(0, min(self._intervals, self._bytes // (QUARANTINED_BYTES + bytes_each)))

    def take(self, count: int, total_bytes: int = 0) -> None:
        """Use the space of some intervals, whose contents have so many bytes in total."""
        assert self._intervals is not None
        self._intervals -= count
        self._bytes -= count * QUARANTINED_BYTES + total_bytes


# Waiting intervals


class Readable(NamedTuple):
    """The stored and the waiting intervals of some time."""

    stored: set[SentInterval]
    waiting: set[SentInterval]


def readable(db: sqlite3.Connection, camera: int, low: Timestamp, high: Timestamp, limit: int) -> Readable | None:
    """Return the readable intervals of a camera that overlap [low, high), None if there are more than `limit`."""
    stored = set(intervals.overlapping(db, camera, low, high, limit + 1))
    waiting = _waiting(db, camera, low, high, limit + 1 - len(stored))
    return None if len(stored) + len(waiting) > limit else Readable(stored, waiting)


def _waiting(db: sqlite3.Connection, camera: int, low: Timestamp, high: Timestamp, limit: int) -> set[SentInterval]:
    """Return some of the waiting intervals of a camera that overlap [low, high)."""
    # No interval is longer than MAX_WIDTH, so the upper bound of stop only lets the index skip later intervals.
    rows = db.execute(
        f"""
        SELECT {SENT_INTERVAL_COLUMNS}
        FROM quarantine
        WHERE camera = ?
            AND content IS NULL
            AND stop > ?
            AND stop < ?
            AND start < ?
        LIMIT ?
        """,
        (camera, low, high + MAX_WIDTH, high, limit),
    )
    return {SentInterval(*row) for row in rows}


def waiting_beginning_within(
    db: sqlite3.Connection, camera: int, start: Timestamp, end: Timestamp
) -> list[SentInterval]:
    """Return the waiting intervals of a camera that begin in [start, end)."""
    rows = db.execute(
        f"""
        SELECT {SENT_INTERVAL_COLUMNS}
        FROM quarantine
        WHERE camera = ? AND content IS NULL AND start >= ? AND start < ?
        """,
        (camera, start, end),
    )
    return [SentInterval(*row) for row in rows]


def replace_waiting(
    db: sqlite3.Connection,
    camera: int,
    received: Timestamp,
    removed: Iterable[SentInterval],
    added: Iterable[SentInterval],
) -> None:
    """Remove waiting intervals and add others."""
    removed, added = list(removed), sorted(added, key=rank)
    if removed:
        db.executemany(
            "DELETE FROM quarantine WHERE camera = ? AND content IS NULL AND start = ? AND stop = ? AND sent = ?",
            ((camera, interval.start, interval.end, interval.sent) for interval in removed),
        )
    if added:
        db.executemany(
            f"""
            INSERT INTO quarantine (camera, received, reason, {SENT_INTERVAL_COLUMNS})
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            ((camera, received, Reason.OVERLAP, *interval) for interval in added),
        )


def let_wait(
    db: sqlite3.Connection,
    camera: int,
    received: Timestamp,
    sent_intervals: Iterable[SentInterval],
    room: QuarantineSpace | None,
) -> None:
    """Add waiting intervals that haven't been compared with any others, as far as there is room."""
    new = [interval for interval in sorted(sent_intervals, key=rank) if not _is_known(db, camera, interval.interval)]
    if room:
        fitting = new[: room.free()]
        room.take(len(fitting))
        room.not_stored += len(new) - len(fitting)
        new = fitting
    replace_waiting(db, camera, received, (), new)


def _is_known(db: sqlite3.Connection, camera: int, interval: Interval) -> bool:
    """Return True if an interval is stored or waits, so that it was sent before."""
    # Stored intervals don't overlap: if it is one of them, no other overlaps it.
    stored = intervals.overlapping(db, camera, interval.start, interval.end, 1)
    if stored and stored[0].interval == interval:
        return True
    (is_waiting,) = db.execute(
        """
        SELECT EXISTS (
            SELECT *
            FROM quarantine INDEXED BY quarantine_waiting
            WHERE camera = ?
                AND content IS NULL
                AND stop = ?
                AND start = ?
                AND entered = ?
                AND exited = ?
                AND adults_entered IS ?
                AND adults_exited IS ?
        )
        """,
        (camera, interval.end, interval.start, *interval[2:]),
    ).fetchone()
    return bool(is_waiting)


# Rejected intervals


def set_aside_rejected(
    db: sqlite3.Connection, camera: int, push: Push, received: Timestamp, room: QuarantineSpace
) -> None:
    """Store a push's rejected intervals as far as there is room; stored ones are never deleted for them."""
    if not push.rejected:
        return
    # Texts are read one by one, since all together may take as much memory as the body.
    new = push.rejected.part(_not_stored_yet(db, camera, push.rejected, push.sent))
    covered = set(_covered_by_stored(db, camera, new, push.sent)) if new else set()
    room.read()
    for position, (rejected, size) in enumerate(zip(new, new.sizes(), strict=True)):
        if position in covered:
            continue
        if room.free(size):
            is_added = db.execute(
                """
                INSERT INTO quarantine (camera, received, reason, content, start, stop, sent)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (camera, content) WHERE content IS NOT NULL DO NOTHING
                """,
                (camera, received, rejected.reason, rejected.content, *(rejected.time or (None, None)), push.sent),
            ).rowcount
            if is_added:
                room.take(1, size)
        # The same text may stand in the push a second time.
        elif not _is_stored(db, camera, rejected, push.sent):
            room.not_stored += 1


def _not_stored_yet(db: sqlite3.Connection, camera: int, texts: RejectedTexts, sent: Timestamp) -> array[int]:
    """Return the positions of rejected intervals that aren't stored; store when the others were sent last."""
    positions = array("I")
    for position, rejected in enumerate(texts):
        if not _is_stored(db, camera, rejected, sent):
            positions.append(position)
    return positions


def _is_stored(db: sqlite3.Connection, camera: int, rejected: Rejected, sent: Timestamp) -> bool:
    """Return True if a rejected interval is stored, and store when it was sent last."""
    found = db.execute(
        "UPDATE quarantine SET sent = max(sent, ?) WHERE camera = ? AND content = ?",
        (sent, camera, rejected.content),
    )
    return found.rowcount > 0


def _covered_by_stored(db: sqlite3.Connection, camera: int, texts: RejectedTexts, sent: Timestamp) -> Iterator[int]:
    """Yield the positions of rejected intervals of a push whose time is covered by readable ones sent later."""

    def width(position: int) -> int:
        start, end = texts.bounds(position)
        return end - start

    for positions in texts.by_day(*_readable_time(db, camera)):
        # Only positions are sorted, and each day is read once: a day may have as many as the push.
        low = min(texts.bounds(position)[0] for position in positions)
        high = max(texts.bounds(position)[1] for position in positions)
        of_day = (RejectedTime(*texts.bounds(position), sent, position) for position in sorted(positions, key=width))
        yield from _covered_within(db, camera, low, high, of_day)


def _readable_time(db: sqlite3.Connection, camera: int) -> tuple[Timestamp, Timestamp]:
    """Return bounds of the time of a camera's readable intervals; rejected ones may have any time."""
    first, last = intervals.first(db, camera), intervals.newest(db, camera)
    first_stop, last_stop = db.execute(
        """
        SELECT
            (SELECT min(stop) FROM quarantine WHERE camera = :camera AND content IS NULL),
            (SELECT max(stop) FROM quarantine WHERE camera = :camera AND content IS NULL)
        """,
        {"camera": camera},
    ).fetchone()
    starts = [at for at in (first, first_stop and first_stop - MAX_WIDTH) if at is not None]
    ends = [at for at in (last and last.end, last_stop) if at is not None]
    return min(starts, default=0), max(ends, default=0)


def release_rejected(db: sqlite3.Connection, camera: int, low: Timestamp, high: Timestamp) -> None:
    """Delete rejected intervals that overlap [low, high) and whose time is covered by readable ones sent later.

    Where there are very many, they stay until a person deletes them.
    """
    rows = db.execute(
        """
        SELECT start, stop, sent, id
        FROM quarantine
        WHERE camera = ?
            AND content IS NOT NULL
            AND stop > ?
            AND stop < ?
            AND start < ?
        LIMIT ?
        """,
        (camera, low, high + MAX_WIDTH, high, MAX_COMPARED + 1),
    ).fetchall()
    if 0 < len(rows) <= MAX_COMPARED:
        delete(db, covered_later(db, camera, (RejectedTime(*row) for row in rows)))


def covered_later[T](db: sqlite3.Connection, camera: int, rejected: Iterable[RejectedTime[T]]) -> Iterator[T]:
    """Yield the handles of the rejected intervals whose time is covered by readable ones that were sent later.

    These would replace a rejected one even if it could be read. Within one push, the shorter interval counts as sent
    later, as in overlap.py.
    """

    def day_of(interval: RejectedTime[T]) -> int:
        return interval.start // DAY

    for _, group in groupby(sorted(rejected, key=day_of), key=day_of):
        of_day = sorted(group, key=_precedence, reverse=True)
        low = min(interval.start for interval in of_day)
        high = max(interval.end for interval in of_day)
        yield from _covered_within(db, camera, low, high, of_day)


def _covered_within[T](
    db: sqlite3.Connection, camera: int, low: Timestamp, high: Timestamp, rejected: Iterable[RejectedTime[T]]
) -> Iterator[T]:
    """Yield the handles of the covered ones among rejected intervals within [low, high), the one sent last first.

    Where there are very many readable ones, yield none.
    """
    found = readable(db, camera, low, high, MAX_COMPARED)
    by_rank = sorted(found.stored | found.waiting, key=rank) if found else []
    later = Coverage()
    for interval in rejected:
        while by_rank and rank(by_rank[-1]) >= _precedence(interval):
            newest = by_rank.pop()
            later.add(newest.start, newest.end)
        if later.covers(interval.start, interval.end):
            yield interval.handle


def _precedence(interval: RejectedTime[Any]) -> tuple[int, int]:
    """Sort key: the interval sent later wins; within one push the shorter one."""
    return interval.sent, interval.start - interval.end


def take_out_rejected(
    db: sqlite3.Connection, camera: int, within: tuple[Timestamp, Timestamp] | None
) -> list[tuple[Any, ...]]:
    """Delete and return the rejected intervals that begin within [start, end), or those without a time."""
    time = "start >= ? AND start < ?" if within else "start IS NULL"
    where = f"camera = ? AND content IS NOT NULL AND {time}"
    values = (camera, *(within or ()))
    rows = db.execute(f"SELECT {_REJECTED_COLUMNS} FROM quarantine WHERE {where}", values).fetchall()
    if rows:
        db.execute(f"DELETE FROM quarantine WHERE {where}", values)
    return rows


def put_in_rejected(db: sqlite3.Connection, camera: int, rows: Iterable[tuple[Any, ...]]) -> None:
    """Store rejected intervals that were taken out of another camera's quarantine."""
    db.executemany(
        f"""
        INSERT OR IGNORE INTO quarantine (camera, {_REJECTED_COLUMNS})
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        ((camera, *row) for row in rows),
    )


# Both kinds


def newest(db: sqlite3.Connection, key: str, limit: int) -> list[Quarantined]:
    """Return the newest quarantined intervals of a camera."""
    rows = db.execute(
        f"""
        SELECT received, reason, substr(content, 1, {MAX_SHOWN_TEXT}), {intervals.INTERVAL_COLUMNS}
        FROM quarantine
        WHERE camera = (SELECT id FROM cameras WHERE key = ?)
        ORDER BY id DESC
        LIMIT +?
        """,
        (key, limit),
    )
    return [
        Quarantined(received, Reason.OVERLAP, None, Interval(*interval))
        if content is None
        else Quarantined(received, reason, content, None)
        for received, reason, content, *interval in rows
    ]


def overview(db: sqlite3.Connection, key: str, limit: int) -> Quarantine:
    """Return the number of a camera's quarantined intervals, and the newest of them."""
    number, last = db.execute(
        """
        SELECT
            coalesce(max(quarantined), 0),
            coalesce(max((SELECT id FROM quarantine WHERE camera = cameras.id ORDER BY id DESC LIMIT 1)), 0)
        FROM cameras
        WHERE key = ?
        """,
        (key,),
    ).fetchone()
    return Quarantine(number, newest(db, key, limit), last)


def drop(db: sqlite3.Connection, key: str, last: int) -> int:
    """Delete the quarantined intervals of a camera up to an id; return their number."""
    return db.execute(
        "DELETE FROM quarantine WHERE camera = (SELECT id FROM cameras WHERE key = ?) AND id <= ?",
        (key, last),
    ).rowcount


def delete(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Delete quarantined intervals."""
    db.executemany("DELETE FROM quarantine WHERE id = ?", [(row_id,) for row_id in ids])


def delete_some_until(db: sqlite3.Connection, camera: int, until: Timestamp) -> int:
    """Delete some of a camera's quarantined intervals that ended by an instant, and return their number.

    Those without a time are deleted by when they came.
    """
    # Each part of the condition has an index.
    return db.execute(
        """
        DELETE FROM quarantine
        WHERE id IN (
            SELECT id FROM quarantine WHERE camera = :camera AND content IS NULL AND stop <= :until
            UNION ALL
            SELECT id FROM quarantine WHERE camera = :camera AND content IS NOT NULL AND stop <= :until
            UNION ALL
            SELECT id
            FROM quarantine
            WHERE camera = :camera AND content IS NOT NULL AND stop IS NULL AND received <= :until
            LIMIT +:limit
        )
        """,
        {"camera": camera, "until": until, "limit": DELETED_AT_ONCE},
    ).rowcount

"""The ledger: every counted interval of every camera, once, in one SQLite file.

A push is safe when the future of `record` has a result: it is committed and synced to disk then. One thread owns the
file; it commits the pushes that wait together in one transaction, and runs questions between transactions.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
import sqlite3
from threading import Thread
from typing import Any, Final, NamedTuple

from .occupancy import Correction, Passage
from .protocol import MAX_WIDTH, Interval, Push

# "AXPC", in the header of the file: tells ours from other SQLite files.
APPLICATION_ID: Final = 0x41585043
MAX_CAMERAS: Final = 256
MAX_QUARANTINED: Final = 10_000
# A camera tells its send interval through how much time each push adds. These are the shortest and the longest that
# can be chosen; after an outage a push adds more.
MIN_SEND_INTERVAL: Final = 60
MAX_SEND_INTERVAL: Final = 15 * 60
BUSY_SECONDS: Final = 5
HOUR: Final = 60 * 60
# Intervals of a push that are brought together with the stored ones at a time.
MAX_PART: Final = 2000

# Each makes the next schema version out of the one before; never change one that has been released.
_MIGRATIONS: Final = (
    """
    CREATE TABLE cameras (
        id INTEGER PRIMARY KEY,
        serial TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        application TEXT,
        version TEXT,
        time_zone TEXT,
        ip_address TEXT,
        sent INTEGER NOT NULL,
        received INTEGER NOT NULL,
        send_interval INTEGER NOT NULL DEFAULT 60,
        reversed INTEGER NOT NULL DEFAULT 0,
        removed INTEGER NOT NULL DEFAULT 0,
        merged_until INTEGER NOT NULL DEFAULT 0,
        total_in INTEGER NOT NULL DEFAULT 0,
        total_out INTEGER NOT NULL DEFAULT 0,
        total_adults_in INTEGER,
        total_adults_out INTEGER
    ) STRICT;
    CREATE TABLE intervals (
        camera INTEGER NOT NULL REFERENCES cameras,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        "in" INTEGER NOT NULL,
        "out" INTEGER NOT NULL,
        adults_in INTEGER,
        adults_out INTEGER,
        sent INTEGER NOT NULL,
        PRIMARY KEY (camera, start)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE corrections (
        id INTEGER PRIMARY KEY,
        camera INTEGER NOT NULL REFERENCES cameras,
        at INTEGER NOT NULL,
        value INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX corrections_of_camera ON corrections (camera, at);
    CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY,
        camera INTEGER NOT NULL REFERENCES cameras,
        received INTEGER NOT NULL,
        reason TEXT NOT NULL,
        content TEXT,
        start INTEGER,
        "end" INTEGER,
        "in" INTEGER,
        "out" INTEGER,
        adults_in INTEGER,
        adults_out INTEGER,
        sent INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX quarantine_of_camera ON quarantine (camera, start);
    CREATE UNIQUE INDEX quarantine_content ON quarantine (camera, content);
    """,
)

# The reason of those that wait in quarantine, whole, for the other parts of what they would replace.
OVERLAP: Final = "it overlaps an interval of another width that is already stored"


class LedgerError(Exception):
    """The ledger can't be written or read now: disk full, read-only, locked or gone."""


class LedgerTooNewError(Exception):
    """A later version of the integration made this file."""


class TooManyCamerasError(Exception):
    """A camera nobody knows yet, and there are as many as there may be."""


class _CorruptError(Exception):
    """The file isn't a ledger, or is damaged."""


class Row(NamedTuple):
    """An interval with the instant at which the camera sent it."""

    start: int
    end: int
    entered: int
    left: int
    adults_entered: int | None
    adults_left: int | None
    sent: int

    @property
    def interval(self) -> Interval:
        """What was counted, without when it was sent."""
        return Interval(*self[:6])


@dataclass(frozen=True, slots=True)
class Camera:
    """What the ledger knows of one camera; instants are seconds since 1970 UTC."""

    id: int
    serial: str
    name: str
    application: str | None
    version: str | None
    time_zone: str | None
    ip_address: str | None
    sent: int
    received: int
    send_interval: int
    reversed: int
    removed: int
    merged_until: int
    total_in: int
    total_out: int
    total_adults_in: int | None
    total_adults_out: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """People in and out, and adults among them where the camera tells them."""

    entered: int
    left: int
    adults_entered: int | None
    adults_left: int | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a push changed: intervals that weren't there, the earliest instant whose counts are others now."""

    camera: Camera
    appeared: tuple[Interval, ...]
    since: int | None
    quarantined: int


@dataclass(frozen=True, slots=True)
class Today:
    """One camera as it stands: its newest interval, today's counts, what happened since the reset of occupancy."""

    camera: Camera
    newest: Interval | None
    counts: Counts
    passages: list[Passage]
    corrections: list[Correction]
    quarantined: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An interval that wasn't taken."""

    received: int
    reason: str
    content: str | None
    interval: Interval | None


class _Job(NamedTuple):
    function: Callable[[sqlite3.Connection], Any]
    writes: bool
    future: Future[Any]


class Ledger:
    """The file and the thread that owns it. All methods return futures; none of them blocks.

    Futures raise LedgerError, and LedgerTooNewError where the file can't be opened for that reason.
    """

    def __init__(self, path: Path, on_moved_aside: Callable[[Path], None]) -> None:
        """Start the thread; on_moved_aside is called in it with the new place of a file that was no sound ledger."""
        self.path = path
        self._on_moved_aside = on_moved_aside
        self._db: sqlite3.Connection | None = None
        self._identity: _Identity | None = None
        self._suspect = False
        self._in_backup = False
        self._closed: Future[None] | None = None
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=f"{path.name} writer", daemon=True)
        self._thread.start()

    # What can be asked of it

    def record(self, push: Push, received: int) -> Future[Changes]:
        """Store a push. Raises TooManyCamerasError for a camera too many."""
        return self._submit(lambda db: _record(db, push, received), writes=True)

    def correct(self, serial: str, at: int, value: int) -> Future[None]:
        """Store what somebody says the occupancy is."""
        sql = "INSERT INTO corrections (camera, at, value) SELECT id, ?, ? FROM cameras WHERE serial = ?"
        return self._execute(sql, (at, value, serial))

    def set_reversed(self, serial: str, value: bool) -> Future[None]:
        """Store whether in means out at this camera."""
        return self._execute("UPDATE cameras SET reversed = ? WHERE serial = ?", (value, serial))

    def set_removed(self, serial: str) -> Future[None]:
        """Hide a camera until it pushes again; its counts stay."""
        return self._execute("UPDATE cameras SET removed = 1 WHERE serial = ?", (serial,))

    def cameras(self) -> Future[list[Camera]]:
        """Return the cameras that nobody removed."""
        return self._submit(lambda db: list(_cameras(db, "removed = 0")))

    def today(self, serial: str, day: int, next_day: int, reset: int) -> Future[Today]:
        """Return one camera, with its day from day to next_day and all that matters for occupancy since reset."""
        return self._submit(lambda db: _today(db, serial, day, next_day, reset))

    def quarantined(self, serial: str, limit: int) -> Future[list[Quarantined]]:
        """Return the newest intervals of a camera that weren't taken."""
        return self._submit(lambda db: _quarantined(db, serial, limit))

    def size(self) -> Future[int]:
        """Return the bytes the ledger takes on the disk."""

        def measure(db: sqlite3.Connection) -> int:
            paths = (self.path, Path(f"{self.path}-wal"))
            return sum(path.stat().st_size for path in paths if path.exists())

        return self._submit(measure)

    def merge(self, before: int) -> Future[bool]:
        """Merge a piece of what is older than before into intervals of one hour; the result says if there is more."""
        return self._submit(lambda db: _merge(db, before), writes=True)

    def begin_backup(self) -> Future[None]:
        """Bring the file up to date and leave it as it is until end_backup.

        Pushes go on meanwhile: they only append to the write-ahead log, any beginning of which is a valid one.
        """

        def begin(db: sqlite3.Connection) -> None:
            self._in_backup = True
            _leave_file_alone(db, True)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        return self._submit(begin)

    def end_backup(self) -> Future[None]:
        """Let the log be written into the file again."""

        def end(db: sqlite3.Connection) -> None:
            self._in_backup = False
            _leave_file_alone(db, False)

        return self._submit(end)

    def close(self) -> Future[None]:
        """Finish what waits, then close the file. Later calls raise LedgerError."""
        if self._closed is None:
            self._closed = Future()
            self._closed.set_running_or_notify_cancel()
            self._jobs.put(None)
        return self._closed

    # The thread

    def _execute(self, sql: str, parameters: Sequence[Any]) -> Future[None]:
        def execute(db: sqlite3.Connection) -> None:
            if not db.execute(sql, parameters).rowcount:
                raise LedgerError("This camera isn't in the ledger.")

        return self._submit(execute, writes=True)

    def _submit[T](self, function: Callable[[sqlite3.Connection], T], *, writes: bool = False) -> Future[T]:
        future: Future[T] = Future()
        # From here on nobody can cancel it: a commit is never interrupted.
        future.set_running_or_notify_cancel()
        if self._closed is None:
            self._jobs.put(_Job(function, writes, future))
        else:
            future.set_exception(LedgerError("The ledger is closed."))
        return future

    def _run(self) -> None:
        closing = False
        while not closing:
            jobs = [self._jobs.get()]
            with suppress(Empty):
                while True:
                    jobs.append(self._jobs.get_nowait())
            closing = None in jobs
            # Questions see only what is committed.
            self._write([job for job in jobs if job and job.writes])
            for job in jobs:
                if job and not job.writes:
                    self._read(job)
        self._disconnect()
        assert self._closed
        self._closed.set_result(None)

    def _write(self, jobs: list[_Job]) -> None:
        """Run all in one transaction; what isn't committed raises in its future."""
        if not jobs:
            return
        try:
            with self._transaction() as db:
                results = [job.function(db) for job in jobs]
        except Exception as err:  # noqa: BLE001 - whatever it was, the one who waits has to know
            if len(jobs) == 1 or _is_busy(err):
                for job in jobs:
                    job.future.set_exception(_explained(err))
            else:
                # One of them may be the reason: the others shall not suffer.
                for job in jobs:
                    self._write([job])
        else:
            for job, result in zip(jobs, results, strict=True):
                job.future.set_result(result)

    def _read(self, job: _Job) -> None:
        try:
            result = job.function(self._connect())
        except Exception as err:  # noqa: BLE001 - as above
            self._reconsider(err)
            job.future.set_exception(_explained(err))
        else:
            job.future.set_result(result)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._connect()
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except Exception as err:
            self._reconsider(err)
            raise

    def _reconsider(self, err: Exception) -> None:
        """After a failure: undo, and open the file anew where the failure came from it."""
        if isinstance(err, sqlite3.Error):
            self._suspect = self._suspect or _is_corrupt(err)
            self._disconnect()
        elif self._db is not None and self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _connect(self) -> sqlite3.Connection:
        if self._db is not None:
            # Somebody may have deleted or replaced the file or its write-ahead log: a commit into one that has no name
            # any more would be lost.
            if self._identity == _identity(self.path):
                return self._db
            # Nor may the log be played into another file than its own.
            with suppress(sqlite3.Error):
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._disconnect()
        try:
            self._db = self._open()
        except _CorruptError:
            self._move_aside()
            self._db = self._open()
        self._suspect = False
        self._identity = _identity(self.path)
        return self._db

    def _open(self) -> sqlite3.Connection:
        # SQLite would take a read-only file as such, and leave a log that stays read-only when the file doesn't.
        with suppress(FileNotFoundError):
            self.path.open("r+b").close()
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            self._prepare(db)
        except Exception as err:
            db.close()
            if isinstance(err, sqlite3.Error) and _is_corrupt(err):
                raise _CorruptError from err
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if (version or tables) and application != APPLICATION_ID:
            raise _CorruptError
        if version > len(_MIGRATIONS):
            raise LedgerTooNewError(f"{self.path.name} was made by a later version of the integration.")
        # A full check reads the whole file: only where there is a reason to.
        if self._suspect and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise _CorruptError
        db.execute("PRAGMA journal_mode = WAL")
        # Each commit is on the disk before it returns.
        db.execute("PRAGMA synchronous = FULL")
        if self._in_backup:
            _leave_file_alone(db, True)
        for number, migration in enumerate(_MIGRATIONS[version:], version + 1):
            db.executescript(
                f"BEGIN IMMEDIATE; {migration}; PRAGMA application_id = {APPLICATION_ID};"
                f" PRAGMA user_version = {number}; COMMIT"
            )
        list(_cameras(db))

    def _disconnect(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _move_aside(self) -> None:
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        aside = self.path.with_name(f"{self.path.name}.corrupt-{moment}")
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").replace(f"{aside}{suffix}")
        self._on_moved_aside(aside)


type _Identity = tuple[tuple[int, int] | None, ...]


def _identity(path: Path) -> _Identity:
    """Return what tells the file and its write-ahead log from others of the same names."""

    def identity(path: Path) -> tuple[int, int] | None:
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    return identity(path), identity(Path(f"{path}-wal"))


def _code(err: Exception) -> int:
    # The lower byte is the kind of error, the upper ones are details of it.
    return getattr(err, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF


def _is_busy(err: Exception) -> bool:
    return _code(err) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _is_corrupt(err: Exception) -> bool:
    return _code(err) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _explained(err: Exception) -> Exception:
    if isinstance(err, sqlite3.Error | OSError):
        return LedgerError(str(err))
    return err


def _leave_file_alone(db: sqlite3.Connection, alone: bool) -> None:
    """Keep commits in the write-ahead log, or let SQLite write them into the file as usual."""
    db.execute(f"PRAGMA wal_autocheckpoint = {0 if alone else 1000}")
    db.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, alone)


# Cameras

_CAMERA_COLUMNS: Final = ", ".join(Camera.__slots__)


def _cameras(db: sqlite3.Connection, where: str = "TRUE", *parameters: Any) -> Iterator[Camera]:
    for row in db.execute(f"SELECT {_CAMERA_COLUMNS} FROM cameras WHERE {where} ORDER BY id", parameters):
        yield Camera(*row)


def _camera(db: sqlite3.Connection, serial: str) -> Camera | None:
    return next(_cameras(db, "serial = ?", serial), None)


def _record(db: sqlite3.Connection, push: Push, received: int) -> Changes:
    sensor = push.sensor
    camera = _camera(db, sensor.serial)
    if camera is None:
        if db.execute("SELECT count(*) FROM cameras").fetchone() >= (MAX_CAMERAS,):
            raise TooManyCamerasError
        db.execute(
            "INSERT INTO cameras (serial, name, sent, received) VALUES (?, ?, 0, 0)", (sensor.serial, sensor.name)
        )
        camera = _camera(db, sensor.serial)
        assert camera

    if camera.total_adults_in is None and any(
        interval.adults_entered is not None or interval.adults_left is not None for interval in push.intervals
    ):
        # Whatever becomes of these intervals, this camera can tell adults.
        db.execute("UPDATE cameras SET total_adults_in = 0, total_adults_out = 0 WHERE id = ?", (camera.id,))
    newest_before = _newest(db, camera.id)
    appeared, since = _settle(db, camera.id, push, received)
    _quarantine_rejected(db, camera.id, push, received)
    newest = _newest(db, camera.id)
    if newest and (newest_before is None or newest.end > newest_before.end):
        progress = newest.end - (newest_before.end if newest_before else newest.start)
        interval = min(max(progress, MIN_SEND_INTERVAL), max(newest.end - newest.start, MAX_SEND_INTERVAL))
        db.execute("UPDATE cameras SET send_interval = ? WHERE id = ?", (interval, camera.id))
    if push.sent >= camera.sent:
        db.execute(
            "UPDATE cameras SET name = ?, application = ?, version = ?, time_zone = ?, ip_address = ?, sent = ?"
            " WHERE id = ?",
            (
                sensor.name,
                sensor.application,
                sensor.version,
                sensor.time_zone,
                sensor.ip_address,
                push.sent,
                camera.id,
            ),
        )
    db.execute("UPDATE cameras SET received = max(received, ?), removed = 0 WHERE id = ?", (received, camera.id))
    camera = _camera(db, sensor.serial)
    assert camera
    return Changes(camera, appeared, since, _count_quarantined(db, camera.id))


# Intervals

_ROW_COLUMNS: Final = 'start, "end", "in", "out", adults_in, adults_out, sent'


def _newest(db: sqlite3.Connection, camera: int) -> Interval | None:
    sql = f"SELECT {_ROW_COLUMNS} FROM intervals WHERE camera = ? ORDER BY start DESC LIMIT 1"
    row = db.execute(sql, (camera,)).fetchone()
    return Interval(*row[:-1]) if row else None


def _settle(db: sqlite3.Connection, camera: int, push: Push, received: int) -> tuple[tuple[Interval, ...], int | None]:
    """Bring what the push says together with what is stored.

    Return the intervals that were in no way there before, and the earliest instant whose counts changed.
    """
    appeared: list[Interval] = []
    changed: list[int] = []
    for part in _parts(push):
        part_appeared, part_changed = _settle_part(db, camera, part, received)
        appeared += part_appeared
        changed += part_changed
    return tuple(appeared), min(changed, default=None)


def _parts(push: Push) -> Iterator[set[Row]]:
    """Divide a long push; batching makes no difference, but one step through 90 days would hold up other threads."""
    part: set[Row] = set()
    for group in _overlapping_groups(push.intervals):
        part.update(Row(*interval, push.sent) for interval in group)
        if len(part) >= MAX_PART:
            yield part
            part = set()
    if part:
        yield part


def _settle_part(
    db: sqlite3.Connection, camera: int, fresh: set[Row], received: int
) -> tuple[list[Interval], list[int]]:
    stored, waiting = _touched(db, camera, fresh)
    added: list[Row] = []
    removed: list[Row] = []
    overlapping: set[Row] = set()
    appeared: list[Interval] = []
    changed: list[int] = []
    for group in _overlapping_groups(stored | waiting | fresh):
        accepted, refused = _resolve(group)
        overlapping.update(refused)
        before = [row for row in group if row in stored]
        if accepted == before:
            continue
        added += [row for row in accepted if row not in stored]
        staying = set(accepted)
        removed += [row for row in before if row not in staying]
        if [row.interval for row in accepted] != [row.interval for row in before]:
            changed.append(group[0].start)
            if not before:
                appeared += [row.interval for row in accepted]
    _replace(db, camera, removed, added)
    _replace_waiting(db, camera, received, waiting - overlapping, overlapping - waiting)
    return appeared, changed


def _touched(db: sqlite3.Connection, camera: int, fresh: set[Row]) -> tuple[set[Row], set[Row]]:
    """Return what is stored, and what waits in quarantine, that overlaps fresh rows directly or through others."""
    stored: set[Row] = set()
    waiting: set[Row] = set()
    # Rows far from each other may have a whole history between them: each neighbourhood is read by itself.
    for cluster in _overlapping_groups(fresh, MAX_WIDTH):
        members = set(cluster)
        low, high = cluster[0].start, max(row.end for row in cluster)
        margin = 0
        while True:
            near_stored, near_waiting = _overlapping(db, camera, low - margin, high + margin)
            near = near_stored | near_waiting
            if not _reaches_over(near, low - margin, high + margin):
                break
            groups = _overlapping_groups(near | members)
            near = {row for group in groups if not members.isdisjoint(group) for row in group}
            if not _reaches_over(near, low - margin, high + margin):
                break
            margin = max(2 * margin, HOUR)
        stored |= near_stored & near
        waiting |= near_waiting & near
    return stored, waiting


def _reaches_over(rows: Iterable[Row], low: int, high: int) -> bool:
    return any(row.start < low or row.end > high for row in rows)


def _overlapping(db: sqlite3.Connection, camera: int, low: int, high: int) -> tuple[set[Row], set[Row]]:
    """Return what is stored, and what waits in quarantine, that overlaps a stretch of time."""
    # Stored intervals don't overlap, so only the last one before low can reach over it.
    stored = db.execute(
        f"SELECT {_ROW_COLUMNS} FROM intervals WHERE camera = :camera AND start < :high AND start >= coalesce("
        "(SELECT max(start) FROM intervals WHERE camera = :camera AND start <= :low), :low)"
        ' AND "end" > :low',
        {"camera": camera, "low": low, "high": high},
    )
    waiting = db.execute(
        f"SELECT {_ROW_COLUMNS} FROM quarantine WHERE camera = ? AND start > ? AND start < ?"
        ' AND "end" > ? AND reason = ?',
        (camera, low - MAX_WIDTH, high, low, OVERLAP),
    )
    return {Row(*row) for row in stored}, {Row(*row) for row in waiting}


def _overlapping_groups[T: (Row, Interval)](rows: Iterable[T], gap: int = 0) -> Iterator[list[T]]:
    """Yield rows in the order of time, those together that overlap or lie closer than a gap, if only through others."""
    group: list[T] = []
    reach = 0
    for row in sorted(rows, key=_time):
        if group and row.start >= reach + gap:
            yield group
            group = []
        reach = max(reach, row.end) if group else row.end
        group.append(row)
    if group:
        yield group


def _time(row: Row | Interval) -> tuple[int, int]:
    return row.start, row.end


def _rank(row: Row) -> tuple[int, ...]:
    """Order of belief: what was sent later counts; in one push the finer; the rest only makes the order total."""
    return row.sent, row.start - row.end, *(-1 if value is None else value for value in row.interval)


def _resolve(group: list[Row]) -> tuple[list[Row], list[Row]]:
    """Say which of overlapping rows count, and which have to wait.

    The result depends on the rows alone, never on the order in which they came. A row that later sent ones wholly
    cover is replaced by them. One that cuts into an earlier sent one, which isn't wholly covered, has to wait: to take
    it would lose the rest of the earlier one, to take both would count people twice.
    """
    if len(group) == 1:
        return group, []
    later = _Span()
    standing = []
    for row in sorted(group, key=_rank, reverse=True):
        if not later.covers(row.start, row.end):
            standing.append(row)
        later.add(row.start, row.end)
    taken = _Span()
    accepted = []
    waiting = []
    for row in reversed(standing):
        if taken.touches(row.start, row.end):
            waiting.append(row)
        else:
            taken.add(row.start, row.end)
            accepted.append(row)
    return sorted(accepted, key=_time), waiting


class _Span:
    """A set of instants, as the sorted and disjoint stretches it is made of."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def covers(self, start: int, end: int) -> bool:
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and self._ends[index] >= end

    def touches(self, start: int, end: int) -> bool:
        index = bisect_right(self._ends, start)
        return index < len(self._starts) and self._starts[index] < end


def _replace(db: sqlite3.Connection, camera: int, removed: list[Row], added: list[Row]) -> None:
    """Take intervals out and put others in; nowhere else do counts change, so the totals change here with them."""
    if not removed and not added:
        return
    db.executemany("DELETE FROM intervals WHERE camera = ? AND start = ?", ((camera, row.start) for row in removed))
    db.executemany("INSERT INTO intervals VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ((camera, *row) for row in added))
    gains = (
        _sum(row.entered for row in added) - _sum(row.entered for row in removed),
        _sum(row.left for row in added) - _sum(row.left for row in removed),
        _sum(row.adults_entered for row in added) - _sum(row.adults_entered for row in removed),
        _sum(row.adults_left for row in added) - _sum(row.adults_left for row in removed),
    )
    # Where a camera tells no adults, NULL stays NULL.
    db.execute(
        "UPDATE cameras SET total_in = total_in + ?, total_out = total_out + ?,"
        " total_adults_in = total_adults_in + ?, total_adults_out = total_adults_out + ? WHERE id = ?",
        (*gains, camera),
    )


def _sum(values: Iterable[int | None]) -> int:
    return sum(value or 0 for value in values)


def _total(values: Iterable[int | None]) -> int | None:
    """Return the sum of what is known, None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


# Today


def _today(db: sqlite3.Connection, serial: str, day: int, next_day: int, reset: int) -> Today:
    camera = _camera(db, serial)
    if camera is None:
        # A new ledger was begun; the camera's next push enters it.
        raise LedgerError(f"{serial} isn't in the ledger.")
    counts = db.execute(
        'SELECT coalesce(sum("in"), 0), coalesce(sum("out"), 0), sum(adults_in), sum(adults_out)'
        " FROM intervals WHERE camera = ? AND start >= ? AND start < ?",
        (camera.id, day, next_day),
    ).fetchone()
    passages = db.execute(
        'SELECT "end", "in", "out" FROM intervals WHERE camera = ? AND start > ? AND "end" > ? ORDER BY start',
        (camera.id, reset - MAX_WIDTH, reset),
    )
    corrections = db.execute(
        "SELECT at, value FROM corrections WHERE camera = ? AND at >= ? ORDER BY at, id", (camera.id, reset)
    )
    return Today(
        camera,
        _newest(db, camera.id),
        Counts(*counts),
        [Passage(*row) for row in passages],
        [Correction(*row) for row in corrections],
        _count_quarantined(db, camera.id),
    )


# Quarantine


def _quarantine_rejected(db: sqlite3.Connection, camera: int, push: Push, received: int) -> None:
    if not push.rejected:
        return
    # A re-sent one is there already.
    db.executemany(
        "INSERT OR IGNORE INTO quarantine (camera, received, reason, content, sent) VALUES (?, ?, ?, ?, ?)",
        (
            (camera, received, rejected.reason, rejected.content, push.sent)
            for rejected in push.rejected[-MAX_QUARANTINED:]
        ),
    )
    _bound_quarantine(db, camera)


def _replace_waiting(db: sqlite3.Connection, camera: int, received: int, removed: set[Row], added: set[Row]) -> None:
    if not removed and not added:
        return
    db.executemany(
        'DELETE FROM quarantine WHERE camera = ? AND reason = ? AND start = ? AND "end" = ? AND sent = ?',
        ((camera, OVERLAP, row.start, row.end, row.sent) for row in removed),
    )
    db.executemany(
        f"INSERT INTO quarantine (camera, received, reason, {_ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((camera, received, OVERLAP, *row) for row in sorted(added, key=_rank)),
    )
    _bound_quarantine(db, camera)


def _bound_quarantine(db: sqlite3.Connection, camera: int) -> None:
    """Forget the oldest of a camera that never stops sending what can't be taken."""
    db.execute(
        "DELETE FROM quarantine WHERE camera = :camera AND id <= "
        "(SELECT id FROM quarantine WHERE camera = :camera ORDER BY id DESC LIMIT 1 OFFSET :most)",
        {"camera": camera, "most": MAX_QUARANTINED},
    )


def _count_quarantined(db: sqlite3.Connection, camera: int) -> int:
    count: int
    (count,) = db.execute("SELECT count(*) FROM quarantine WHERE camera = ?", (camera,)).fetchone()
    return count


def _quarantined(db: sqlite3.Connection, serial: str, limit: int) -> list[Quarantined]:
    rows = db.execute(
        f"SELECT quarantine.received, reason, content, {_ROW_COLUMNS.replace('sent', 'quarantine.sent')}"
        " FROM quarantine JOIN cameras ON cameras.id = camera WHERE serial = ? ORDER BY quarantine.id DESC LIMIT ?",
        (serial, limit),
    )
    return [
        Quarantined(received, reason, content, None if row[0] is None else Interval(*row[:-1]))
        for received, reason, content, *row in rows
    ]


# Merging


def _merge(db: sqlite3.Connection, before: int) -> bool:
    """Merge at most one day of one camera; hours with gaps keep them."""
    limit = before // HOUR * HOUR
    found = db.execute(
        "SELECT id, (SELECT min(start) FROM intervals WHERE camera = id AND start >= merged_until) AS oldest"
        " FROM cameras WHERE oldest < ? LIMIT 1",
        (limit,),
    ).fetchone()
    if found is None:
        return False
    camera, oldest = found
    begin = oldest // HOUR * HOUR
    end = min(begin + 24 * HOUR, limit)
    rows = [
        Row(*row)
        for row in db.execute(
            f"SELECT {_ROW_COLUMNS} FROM intervals WHERE camera = ? AND start >= ? AND start < ? ORDER BY start",
            (camera, begin, end),
        )
    ]
    removed: list[Row] = []
    added: list[Row] = []
    for run in _runs_within_hours(rows):
        if len(run) > 1:
            removed += run
            added.append(_merged(run))
    _replace(db, camera, removed, added)
    db.execute("UPDATE cameras SET merged_until = ? WHERE id = ?", (end, camera))
    return True


def _runs_within_hours(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows that follow each other without a gap and lie in one hour."""
    for _, hour in groupby(rows, key=lambda row: row.start // HOUR):
        run: list[Row] = []
        for row in hour:
            if run and run[-1].end != row.start:
                yield run
                run = []
            if row.end <= (row.start // HOUR + 1) * HOUR:
                run.append(row)
        yield run


def _merged(rows: list[Row]) -> Row:
    return Row(
        rows[0].start,
        rows[-1].end,
        sum(row.entered for row in rows),
        sum(row.left for row in rows),
        _total(row.adults_entered for row in rows),
        _total(row.adults_left for row in rows),
        max(row.sent for row in rows),
    )

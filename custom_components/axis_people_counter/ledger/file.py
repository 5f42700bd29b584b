"""The file of the ledger: SQLite, synced at every commit, and the one thread that owns it.

The thread commits the jobs that wait together in one transaction, and runs questions between transactions.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
import logging
import os
from pathlib import Path
from queue import Empty, SimpleQueue
import sqlite3
from threading import Lock, Thread
from typing import Any, Final, NamedTuple

from . import schema
from .schema import NotALedgerError

_LOGGER = logging.getLogger(__name__)

BUSY_SECONDS: Final = 5
# The size at which the write-ahead log no longer waits for the end of a backup. A push appends 10 to 20 KB, so ten
# cameras that push each minute take a day to get there. Opening the file still takes less than a second.
MAX_HELD_LOG: Final = 256 * 1024 * 1024


class LedgerError(Exception):
    """The ledger can't be written or read now: disk full, read-only, locked or gone."""


class _CorruptError(Exception):
    """The file isn't a ledger, or is damaged."""


class Answer[T](Future[T]):
    """The result of a job in the ledger's thread: await it in an event loop, or call `result` in another thread."""

    def __await__(self) -> Generator[Any, None, T]:
        """Wait in an event loop; a job goes on when whoever waits for it is cancelled."""
        return asyncio.wrap_future(self).__await__()


class _Job(NamedTuple):
    function: Callable[[sqlite3.Connection], Any]
    writes: bool
    future: Answer[Any]


class BackupHold:
    """Keeps the file as it is while a backup copies it, whoever opens it meanwhile: all who do share one hold.

    Pushes go on: they only append to the write-ahead log, any beginning of which is a valid one.
    """

    def __init__(self) -> None:
        """Start without a backup."""
        self.is_on = False
        self.files: set[LedgerFile] = set()

    def begin(self) -> list[Answer[None]]:
        """Begin in all that have the file open; it stays as it is when all futures are done."""
        begun = [file.begin_backup() for file in tuple(self.files)]
        self.is_on = True
        return begun

    def end(self) -> list[Answer[None]]:
        """End in all that have the file open; without a backup nothing changes."""
        ended = [file.end_backup() for file in tuple(self.files)]
        self.is_on = False
        return ended


class LedgerFile:
    """The file and its thread. All methods return futures; none of them blocks.

    Futures raise LedgerError, and LedgerTooNewError where the file can't be opened for that reason.
    """

    def __init__(
        self, path: Path, on_moved_aside: Callable[[Path], None], backup_hold: BackupHold | None = None
    ) -> None:
        """Start the thread; on_moved_aside is called in it with the new place of a file that was no sound ledger."""
        self.path = path
        self._name = str(path)
        self._on_moved_aside = on_moved_aside
        self._db: sqlite3.Connection | None = None
        self._identity: _Identity | None = None
        self._suspect = False
        # By what they are about: settings that a file is given when it is opened, for it may be new or an older one.
        self.settings: dict[str, Callable[[sqlite3.Connection], None]] = {}
        self._backup_hold = backup_hold or BackupHold()
        self._backup_hold.files.add(self)
        # Nothing is put into the queue after the None that ends it.
        self._closing = Lock()
        self._closed: Answer[None] | None = None
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=f"{path.name} writer", daemon=True)
        self._thread.start()

    def submit[T](self, function: Callable[[sqlite3.Connection], T], *, writes: bool = False) -> Answer[T]:
        """Have a function run in the thread; one that writes is part of a transaction."""
        future: Answer[T] = Answer()
        # From here on nobody can cancel it: a commit is never interrupted.
        future.set_running_or_notify_cancel()
        with self._closing:
            if self._closed is None:
                self._jobs.put(_Job(function, writes, future))
                return future
        future.set_exception(LedgerError("The ledger is closed."))
        return future

    def size(self) -> Answer[int]:
        """Return the bytes the ledger takes on the disk."""

        def measure(db: sqlite3.Connection) -> int:
            paths = (self.path, Path(f"{self.path}-wal"))
            return sum(path.stat().st_size for path in paths if path.exists())

        return self.submit(measure)

    def begin_backup(self) -> Answer[None]:
        """Bring the file up to date and leave it as it is until end_backup."""
        if self._closed is not None:
            # Until then it may be written.
            return self._closed
        # Another backup may be copying the file already.
        is_held, self._backup_hold.is_on = self._backup_hold.is_on, True

        def begin(db: sqlite3.Connection) -> None:
            self._obey_hold(db)
            # SQLite would begin a log anew that it has written into the file. An empty one can't be begun anew.
            if not is_held and not _empty_log(db):
                raise LedgerError("Another program is reading the ledger.")

        return self.submit(begin)

    def end_backup(self) -> Answer[None]:
        """Write the log into the file again."""
        # Also when the file is out of reach now: it is opened as usual later.
        self._backup_hold.is_on = False

        def end(db: sqlite3.Connection) -> None:
            self._obey_hold(db)
            _empty_log(db)

        return self.submit(end)

    def close(self) -> Answer[None]:
        """Finish what waits, then close the file. Later calls raise LedgerError."""
        with self._closing:
            if self._closed is None:
                self._closed = Answer()
                self._closed.set_running_or_notify_cancel()
                self._jobs.put(None)
            return self._closed

    # The thread

    def _run(self) -> None:
        closing = False
        questions: deque[_Job] = deque()
        while not closing or questions:
            jobs = [] if questions else [self._jobs.get()]
            with suppress(Empty):
                while True:
                    jobs.append(self._jobs.get_nowait())
            closing = closing or None in jobs
            # Questions see only what is committed.
            self._write([job for job in jobs if job and job.writes])
            questions.extend(job for job in jobs if job and not job.writes)
            if questions:
                # One at a time: however many ask, a push waits for one answer at most.
                self._read(questions.popleft())
        self._disconnect()
        self._backup_hold.files.discard(self)
        assert self._closed
        self._closed.set_result(None)

    def _write(self, jobs: list[_Job]) -> None:
        """Run all in one transaction; what isn't committed raises in its future."""
        if not jobs:
            return
        try:
            with self._transaction() as db:
                results = [job.function(db) for job in jobs]
        except BaseException as err:  # noqa: BLE001 - whatever it was, the one who waits has to know
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
            self._bound_log()

    def _read(self, job: _Job) -> None:
        try:
            result = job.function(self._connect())
        except BaseException as err:  # noqa: BLE001 - as above
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
        except BaseException as err:
            self._reconsider(err)
            raise

    def _reconsider(self, err: BaseException) -> None:
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
            if self._identity == _identity(self._name):
                return self._db
            # Nor may the log be played into another file than its own.
            self._give_up_hold("its files were changed by another program")
            with suppress(sqlite3.Error):
                _empty_log(self._db)
            self._disconnect()
        try:
            self._db = self._open()
        except _CorruptError:
            self._move_aside()
            self._db = self._open()
        self._suspect = False
        self._identity = _identity(self._name)
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
            if isinstance(err, NotALedgerError) or _is_corrupt(err):
                raise _CorruptError from err
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        # Before the first access: closing alone may write into the file.
        self._obey_hold(db)
        schema.check_version(db)
        # A full check reads the whole file: only where there is a reason to.
        if self._suspect and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise _CorruptError
        db.execute("PRAGMA journal_mode = WAL")
        # Each commit is on the disk before it returns.
        db.execute("PRAGMA synchronous = FULL")
        schema.migrate(db)
        # What can be damaged and is always read: better found now than at the first push.
        db.execute("SELECT * FROM cameras").fetchall()
        if self.settings:
            db.execute("BEGIN")
            for give in tuple(self.settings.values()):
                give(db)
            db.execute("COMMIT")

    def _obey_hold(self, db: sqlite3.Connection) -> None:
        """Keep commits in the write-ahead log during a backup, otherwise let SQLite write them into the file."""
        is_on = self._backup_hold.is_on
        db.execute(f"PRAGMA wal_autocheckpoint = {0 if is_on else 1000}")
        db.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_on)

    def _bound_log(self) -> None:
        """End the hold of a backup that never ends, before the log fills the disk."""
        # A log that is out of reach is noticed when the file is used next.
        with suppress(OSError):
            if self._backup_hold.is_on and Path(f"{self._name}-wal").stat().st_size > MAX_HELD_LOG:
                self._give_up_hold(f"{MAX_HELD_LOG // 1024 // 1024} MiB of counts have come since it began")
                self.end_backup()

    def _give_up_hold(self, reason: str) -> None:
        if self._backup_hold.is_on:
            self._backup_hold.is_on = False
            _LOGGER.warning("The backup that is being made may lack people counts, make another one: %s", reason)

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


def _identity(path: str) -> _Identity:
    """Return what tells the file and its write-ahead log from others of the same names."""

    def identity(path: str) -> tuple[int, int] | None:
        try:
            status = os.stat(path)  # noqa: PTH116 - before each commit, and much faster
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    return identity(path), identity(f"{path}-wal")


def _code(err: BaseException) -> int:
    # The lower byte is the kind of error, the upper ones are details of it.
    return getattr(err, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF


def _is_busy(err: BaseException) -> bool:
    return _code(err) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _is_corrupt(err: BaseException) -> bool:
    return _code(err) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _explained(err: BaseException) -> Exception:
    if isinstance(err, sqlite3.Error | OSError):
        return LedgerError(str(err))
    return err if isinstance(err, Exception) else LedgerError(repr(err))


def _empty_log(db: sqlite3.Connection) -> bool:
    """Write the whole log into the file; return False where somebody who reads it prevents that."""
    (is_prevented, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_prevented

"""The file of the ledger: SQLite, synced at every commit, and the one thread that owns it.

The thread commits all waiting changes in one transaction, and runs reads between transactions. Knows nothing of what is
stored, but that a damaged day is set aside. Called by ledger.py.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import InvalidStateError
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
import logging
import os
from pathlib import Path
from queue import Empty, SimpleQueue
import sqlite3
from threading import Lock, Thread
from typing import Any, Final, NamedTuple

from . import damaged_days, schema
from .answers import Answer, wake_waiters
from .errors import DamagedDayError, LedgerError, TooManyCamerasError
from .folds import UNFINISHED, LedgerConnection, Unfinished

_LOGGER = logging.getLogger(__name__)

BUSY_SECONDS: Final = 5
# The size at which the write-ahead log no longer waits for the end of a backup. A push appends 10 to 20 KB, so ten
# cameras that push each minute take a day to get there. Opening the file still takes less than a second.
MAX_HELD_LOG: Final = 256 * 1024 * 1024


class _CorruptError(Exception):
    """The file isn't a ledger, or is damaged."""


class _Job(NamedTuple):
    function: Callable[[sqlite3.Connection], Any]
    writes: bool
    answer: Answer[Any]


class BackupHold:
    """Keeps the file unchanged while a backup copies it; all ledgers that open this file share one hold.

    Pushes are still stored: they are only appended to the write-ahead log. SQLite can read any beginning of a log.
    """

    def __init__(self) -> None:
        """Start without a backup."""
        self.over: Answer[None] = Answer()
        self.is_on = False
        self.files: set[LedgerFile] = set()

    @property
    def is_on(self) -> bool:
        """Return True during a backup."""
        return not self.over.done()

    @is_on.setter
    def is_on(self, value: bool) -> None:
        if value:
            if not self.is_on:
                self.over = Answer()
        else:
            # Another thread may have ended it at this moment.
            with suppress(InvalidStateError):
                self.over.set_result(None)
            wake_waiters([self.over])

    def begin(self) -> list[Answer[None]]:
        """Hold the file for all ledgers that have it open. It stays unchanged once all answers have come."""
        begun = [file.begin_backup() for file in tuple(self.files)]
        self.is_on = True
        return begun

    def end(self) -> list[Answer[None]]:
        """Release the file for all ledgers that have it open. Without a backup, this changes nothing."""
        ended = [file.end_backup() for file in tuple(self.files)]
        self.is_on = False
        return ended


class LedgerFile:
    """The file and its thread. No method blocks: all return an Answer.

    Answers raise LedgerError, or LedgerTooNewError where a later version has made the file.
    """

    def __init__(
        self,
        path: Path,
        on_moved_aside: Callable[[Path], None],
        on_damaged_day: Callable[[], None],
        backup_hold: BackupHold | None = None,
    ) -> None:
        """Start the thread.

        It calls on_moved_aside with the new path of a file that was damaged, and on_damaged_day after it has set a day
        aside.
        """
        self.path = path
        self._name = str(path)
        self._on_moved_aside = on_moved_aside
        self._on_damaged_day = on_damaged_day
        self._db: LedgerConnection | None = None
        self._identity: _Identity | None = None
        self._suspect = False
        # Functions that store settings, by subject. They run for each file that is opened, as it may be a new one.
        self.settings: dict[str, Callable[[sqlite3.Connection], None]] = {}
        self._backup_hold = backup_hold or BackupHold()
        self._backup_hold.files.add(self)
        # Nothing is put into the queue after the None that ends it.
        self._closing = Lock()
        self._closed: Answer[None] | None = None
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._reads: deque[_Job] = deque()
        self._thread = Thread(target=self._run, name=f"{path.name} writer", daemon=True)
        self._thread.start()

    def submit[T](self, function: Callable[[sqlite3.Connection], T | Unfinished], *, writes: bool = False) -> Answer[T]:
        """Run a function in the thread; one that writes is part of a transaction.

        A read that returns UNFINISHED is called again after the jobs that wait.
        """
        answer: Answer[T] = Answer()
        # A running answer can't be cancelled: a commit is never interrupted.
        answer.set_running_or_notify_cancel()
        with self._closing:
            if self._closed is None:
                self._jobs.put(_Job(function, writes, answer))
                return answer
        answer.set_exception(LedgerError("The ledger is closed."))
        return answer

    def size(self) -> Answer[int]:
        """Return the bytes that the file and its log take on the disk."""

        def measure(db: sqlite3.Connection) -> int:
            paths = (self.path, Path(f"{self.path}-wal"))
            return sum(path.stat().st_size for path in paths if path.exists())

        return self.submit(measure)

    def backup_over(self) -> Answer[None]:
        """Return at the end of a backup, at once where there is none: until then, all that is written is in the log."""
        return self._backup_hold.over

    def begin_backup(self) -> Answer[None]:
        """Write the log into the file, and keep the file unchanged until end_backup."""
        if self._closed is not None:
            # The thread may still write before it ends.
            return self._closed
        # Another backup may be copying the file already.
        is_held, self._backup_hold.is_on = self._backup_hold.is_on, True

        def begin(db: sqlite3.Connection) -> None:
            self._apply_backup_hold(db)
            # Empty the log first: SQLite overwrites a log that it has already copied into the file.
            if not is_held and not _empty_log(db):
                raise LedgerError("Another program is reading the ledger.")

        return self.submit(begin)

    def end_backup(self) -> Answer[None]:
        """End the hold, and write the log into the file."""
        # End the hold at once, so that it ends even if the file can't be opened now.
        self._backup_hold.is_on = False

        def end(db: sqlite3.Connection) -> None:
            self._apply_backup_hold(db)
            _empty_log(db)

        return self.submit(end)

    def close(self) -> Answer[None]:
        """Finish all jobs that wait, then close the file. Later calls raise LedgerError."""
        with self._closing:
            if self._closed is None:
                self._closed = Answer()
                self._closed.set_running_or_notify_cancel()
                self._jobs.put(None)
            return self._closed

    # The thread

    def _run(self) -> None:
        """Run jobs until the ledger is closed and no read is left."""
        is_closing = False
        while not is_closing or self._reads:
            jobs = self._waiting_jobs(wait=not self._reads)
            is_closing = is_closing or None in jobs
            # Writes come first, so that a read sees what was stored before it was submitted.
            self._write([job for job in jobs if job and job.writes])
            self._reads.extend(job for job in jobs if job and not job.writes)
            if self._reads:
                # Run one read at a time: however many wait, a push waits for one of them at most.
                self._read(self._reads.popleft())
        self._disconnect()
        self._backup_hold.files.discard(self)
        assert self._closed
        self._closed.set_result(None)
        wake_waiters([self._closed])

    def _waiting_jobs(self, *, wait: bool) -> list[_Job | None]:
        """Return all jobs in the queue; if `wait` is True, wait for the first one."""
        jobs = [self._jobs.get()] if wait else []
        with suppress(Empty):
            while True:
                jobs.append(self._jobs.get_nowait())
        return jobs

    def _write(self, jobs: list[_Job]) -> None:
        """Run all jobs in one transaction, and answer them when it is committed."""
        if not jobs:
            return
        try:
            results = self._despite_damage(partial(self._commit, jobs))
        except BaseException as err:  # noqa: BLE001 - the caller gets any error
            self._write_failed(jobs, err)
            # The traceback of the error has this frame: with jobs in it, an answer would keep itself in memory.
            jobs.clear()
        else:
            for job, result in zip(jobs, results, strict=True):
                if isinstance(result, TooManyCamerasError):
                    job.answer.set_exception(result)
                else:
                    job.answer.set_result(result)
            wake_waiters(job.answer for job in jobs)
            self._limit_held_log()

    def _commit(self, jobs: list[_Job]) -> list[Any]:
        with self._transaction() as db:
            return [_run_write(db, job.function) for job in jobs]

    def _write_failed(self, jobs: list[_Job], err: BaseException) -> None:
        """Answer with the error, or run each job alone where only one of them may have caused it."""
        if len(jobs) == 1 or _is_busy(err):
            for job in jobs:
                job.answer.set_exception(_for_caller(err))
            wake_waiters(job.answer for job in jobs)
        else:
            for job in jobs:
                self._write([job])

    def _read(self, job: _Job) -> None:
        try:
            result = self._despite_damage(partial(self._run_read, job.function))
        except BaseException as err:  # noqa: BLE001 - as above
            self._clean_up(err)
            job.answer.set_exception(_for_caller(err))
            wake_waiters([job.answer])
            # As above.
            del job
        else:
            if result is UNFINISHED:
                self._reads.append(job)
            else:
                job.answer.set_result(result)
                wake_waiters([job.answer])

    def _run_read[T](self, function: Callable[[sqlite3.Connection], T]) -> T:
        db = self._connect()
        db.drop_if_foreign()
        return function(db)

    def _despite_damage[T](self, run: Callable[[], T]) -> T:
        """Run something; set aside each damaged day that it comes upon, and run it again."""
        while True:
            try:
                return run()
            except DamagedDayError as err:
                camera, day = err.camera, err.day
            with self._transaction() as db:
                damaged_days.set_aside(db, camera, day)
            self._report_damaged(camera, day)

    def _report_damaged(self, camera: int, day: int) -> None:
        self._on_damaged_day()
        _LOGGER.error(
            "The counts of a day of a camera are damaged in %s. They no longer count, and are kept in the table"
            " damaged_days (camera %s, day %s). If the camera doesn't send them again, they are only in a backup",
            self.path,
            camera,
            day,
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            db = self._connect()
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except BaseException as err:
            self._clean_up(err)
            raise

    def _clean_up(self, err: BaseException) -> None:
        """Roll back after an error; after one of SQLite's, close the file, so that it is checked and opened anew."""
        if isinstance(err, sqlite3.Error):
            self._suspect = self._suspect or _is_corrupt(err)
            self._disconnect()
        elif self._db is not None and self._db.in_transaction:
            self._db.execute("ROLLBACK")

    # The connection

    def _connect(self) -> LedgerConnection:
        """Return the connection; open the file first if it is closed, or was replaced by another one."""
        if self._db is not None:
            if self._identity == _identity(self._name):
                return self._db
            self._leave_foreign_file()
        try:
            self._db = self._open()
        except _CorruptError:
            self._move_aside()
            self._db = self._open()
        self._suspect = False
        self._identity = _identity(self._name)
        return self._db

    def _leave_foreign_file(self) -> None:
        """Close the connection to a file that was deleted or replaced, or whose write-ahead log was.

        A commit into a file without a name would be lost, and a log must not get into another file than its own.
        """
        assert self._db is not None
        self._give_up_hold("another program changed the ledger's files")
        with suppress(sqlite3.Error):
            _empty_log(self._db)
        self._disconnect()

    def _open(self) -> LedgerConnection:
        # SQLite opens a read-only file without an error, but its log stays read-only when the file becomes writable.
        with suppress(FileNotFoundError):
            self.path.open("r+b").close()
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, factory=LedgerConnection)
        try:
            self._prepare(db)
        except Exception as err:
            db.close()
            if isinstance(err, schema.NotALedgerError) or _is_corrupt(err):
                raise _CorruptError from err
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Check the file, bring its tables up to date and apply the settings."""
        # Apply the hold before the first access: even closing may write into the file.
        self._apply_backup_hold(db)
        schema.check_version(db)
        # A full check reads the whole file, so it waits for a reason.
        if self._suspect and db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise _CorruptError
        schema.prepare_new(db)
        db.execute("PRAGMA journal_mode = WAL")
        # Each commit is on the disk before it returns.
        db.execute("PRAGMA synchronous = FULL")
        schema.migrate(db)
        # Each push reads the cameras, so damage there has to be found now.
        db.execute("SELECT * FROM cameras").fetchall()
        if self.settings:
            self._apply_settings(db)

    def _apply_settings(self, db: sqlite3.Connection) -> None:
        while True:
            # Settings that are as they should be write nothing, so that a locked file can still be read.
            db.execute("BEGIN")
            try:
                for apply in tuple(self.settings.values()):
                    apply(db)
            except DamagedDayError as err:
                # As in `_despite_damage`, which needs the file to be open.
                db.execute("ROLLBACK")
                db.execute("BEGIN IMMEDIATE")
                damaged_days.set_aside(db, err.camera, err.day)
                db.execute("COMMIT")
                self._report_damaged(err.camera, err.day)
            else:
                db.execute("COMMIT")
                return

    def _disconnect(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _move_aside(self) -> None:
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        aside = self.path.with_name(f"{self.path.name}.corrupt-{now}")
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").replace(f"{aside}{suffix}")
        self._on_moved_aside(aside)

    # Backups

    def _apply_backup_hold(self, db: sqlite3.Connection) -> None:
        """Keep commits in the write-ahead log during a backup, otherwise let SQLite write them into the file."""
        is_on = self._backup_hold.is_on
        db.execute(f"PRAGMA wal_autocheckpoint = {0 if is_on else 1000}")
        db.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_on)

    def _limit_held_log(self) -> None:
        """End the hold of a backup that never ends, before the log fills the disk."""
        # If the log is missing, the next job finds that out.
        with suppress(OSError):
            if self._backup_hold.is_on and Path(f"{self._name}-wal").stat().st_size > MAX_HELD_LOG:
                self._give_up_hold(f"{MAX_HELD_LOG // 1024 // 1024} MiB of counts have come since it began")
                self.end_backup()

    def _give_up_hold(self, reason: str) -> None:
        if self._backup_hold.is_on:
            self._backup_hold.is_on = False
            _LOGGER.warning("The backup in progress may lack people counts, please make another one: %s", reason)


def _run_write(db: sqlite3.Connection, function: Callable[[sqlite3.Connection], Any]) -> Any:
    """Return the result of a job, or its error if it has changed nothing: the other jobs are stored all the same."""
    try:
        return function(db)
    except TooManyCamerasError as err:
        # Its traceback would keep the job in memory.
        return err.with_traceback(None)


type _Identity = tuple[tuple[int, int] | None, ...]


def _identity(path: str) -> _Identity:
    """Return device and inode of the file and of its write-ahead log, by which they differ from replaced ones."""

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


def _for_caller(err: BaseException) -> Exception:
    """Return the error as the caller gets it: what comes from SQLite or the disk is a LedgerError."""
    if isinstance(err, sqlite3.Error | OSError):
        return LedgerError(str(err))
    return err if isinstance(err, Exception) else LedgerError(repr(err))


def _empty_log(db: sqlite3.Connection) -> bool:
    """Write the whole log into the file; return False where a reader prevents that."""
    (is_prevented, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_prevented

"""The thread that owns the file: batches, reads, callers that give up, closing."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
import sqlite3
import sys
import threading
from time import perf_counter
from types import FrameType
from typing import Any, Final

import pytest

from custom_components.axis_people_counter.ledger import file as ledger_file
from custom_components.axis_people_counter.ledger.cameras import MAX_CAMERAS
from custom_components.axis_people_counter.ledger.errors import LedgerError, TooManyCamerasError
from custom_components.axis_people_counter.ledger.file import BackupHold
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    SERIAL,
    START,
    TIMEOUT,
    held_up,
    interval,
    locked,
    opened,
    outcome,
    push,
    record,
    sender,
    stored,
    wait_for,
)


def test_thread_survives_any_error(ledger: Ledger) -> None:
    """The caller gets the error, and the next push is stored."""

    def broken(_: sqlite3.Connection) -> None:
        raise SystemExit

    for writes in (True, False):
        with pytest.raises(LedgerError, match="SystemExit"):
            ledger.submit(broken, writes=writes).result(TIMEOUT)
    assert record(ledger, 60, interval(0, 5)).new_intervals == (interval(0, 5),)


def commits(path: Path) -> int:
    """Return the number of transactions in the log: only the last frame of each has the size of the file."""
    log = Path(f"{path}-wal").read_bytes()
    page = int.from_bytes(log[8:12])
    sizes = [log[at + 4 : at + 8] for at in range(32, len(log), 24 + page)]
    return sum(1 for size in sizes if size != bytes(4))


def test_waiting_pushes_are_committed_together(path: Path, ledger: Ledger) -> None:
    """Fifty pushes take one commit, or two if the first one was ahead."""
    record(ledger, 0)
    before = commits(path)
    with locked(path):
        futures = [ledger.record(push(60, interval(0, 1), sender=sender(number)), START) for number in range(50)]
        read = ledger.cameras()
    assert [future.result(TIMEOUT).camera.serial for future in futures] == [sender(n).serial for n in range(50)]
    assert len(read.result(TIMEOUT)) in (1, 2, 51)
    assert 1 <= commits(path) - before <= 2


def test_refused_pushes_take_no_commit(path: Path, ledger: Ledger) -> None:
    """However many cameras are beyond the limit, the pushes of the others are committed together."""
    record(ledger, 0, sender=sender(0))
    for future in [ledger.record(push(0, sender=sender(number)), START) for number in range(1, MAX_CAMERAS)]:
        future.result(TIMEOUT)
    before = commits(path)
    numbers = [*range(20), *range(MAX_CAMERAS, MAX_CAMERAS + 20)]
    go_on = held_up(ledger)
    futures = [ledger.record(push(60, interval(0, 1), sender=sender(number)), START) for number in numbers]
    go_on.set()
    refused = [future.exception(TIMEOUT) for future in futures]
    assert [isinstance(error, TooManyCamerasError) for error in refused] == [False] * 20 + [True] * 20
    assert commits(path) - before == 1


def test_batch_waits_once_for_a_lock(path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty pushes fail as soon as one would."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.3)
    record(ledger, 0)
    ledger.close().result(TIMEOUT)
    with opened(path) as again:
        again.cameras().result(TIMEOUT)
        go_on = held_up(again)
        futures = [again.record(push(60, interval(number, 1)), START) for number in range(60)]
        with locked(path):
            begin = perf_counter()
            go_on.set()
            for future in futures:
                assert "locked" in str(outcome(future))
            # Waiting for each alone would take eighteen seconds.
            assert perf_counter() - begin < 10


def test_read_sees_earlier_pushes(ledger: Ledger) -> None:
    """A read sees earlier pushes, also if both were waiting."""
    go_on = held_up(ledger)
    ledger.record(push(60, interval(0, 1)), START)
    read = ledger.cameras()
    go_on.set()
    assert len(read.result(TIMEOUT)) == 1


def synchronous(ledger: Ledger) -> int:
    """Return how the ledger's own connection syncs: 2 is FULL."""
    (value,) = ledger.submit(lambda db: db.execute("PRAGMA synchronous").fetchone()).result(TIMEOUT)
    return int(value)


def test_commits_are_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits are synced in new and reopened files, during and after a backup, and after a failure."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.05)
    found: list[int] = []
    hold = BackupHold()
    with opened(path, hold=hold) as ledger:
        found.append(synchronous(ledger))
        wait_for(hold.begin())
        found.append(synchronous(ledger))
    with opened(path, hold=hold) as ledger:
        found.append(synchronous(ledger))
        wait_for(hold.end())
        found.append(synchronous(ledger))
        with locked(path):
            assert outcome(ledger.record(push(60, interval(0, 1)), START))
        found.append(synchronous(ledger))
        path.unlink()
        found.append(synchronous(ledger))
    assert found == [2] * 6


async def test_cancelled_caller_does_not_stop_the_commit(path: Path, ledger: Ledger) -> None:
    """A camera that hangs up can't interrupt the commit."""
    record(ledger, 0)
    with locked(path):
        future = ledger.record(push(60, interval(0, 5)), START)
        caller = asyncio.ensure_future(asyncio.wrap_future(future))
        caller.cancel()
        # The cancellation takes effect in the next step of the loop.
        await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await caller
    assert future.result(TIMEOUT).new_intervals == (interval(0, 5),)
    assert stored(path) == [interval(0, 5)]


async def test_cancelled_caller_does_not_stop_the_closing(path: Path, ledger: Ledger) -> None:
    """The next caller is answered when the ledger is closed."""
    record(ledger, 0)
    with locked(path):
        ledger.record(push(60, interval(0, 5)), START)
        caller = asyncio.ensure_future(asyncio.wrap_future(ledger.close()))
        caller.cancel()
        # The cancellation takes effect in the next step of the loop.
        await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await caller
    ledger.close().result(TIMEOUT)
    assert stored(path) == [interval(0, 5)]


def test_closing_finishes_waiting_pushes(path: Path, tmp_path: Path) -> None:
    """Waiting pushes are stored, and the log is written into the file."""
    with opened(path) as ledger:
        futures = [ledger.record(push(60 * n, interval(n, 1)), START) for n in range(20)]
        ledger.close().result(TIMEOUT)
        assert all(future.done() for future in futures)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert len(stored(path)) == 20


def test_closed_ledger(path: Path) -> None:
    """All calls fail at once, and closing it again is no error."""
    with opened(path) as ledger:
        record(ledger, 60, interval(0, 5))
        ledger.close().result(TIMEOUT)
        ledger.close().result(TIMEOUT)
        asked: list[Future[Any]] = [ledger.record(push(120), START), ledger.cameras(), ledger.set_removed(SERIAL)]
        for future in asked:
            with pytest.raises(LedgerError, match="closed"):
                future.result(0)
    assert stored(path) == [interval(0, 5)]


QUESTIONS: Final[dict[str, Callable[[Ledger], Future[Any]]]] = {
    "a read": Ledger.cameras,
    "a push": lambda ledger: ledger.record(push(120, interval(1, 1)), START),
    "its size": Ledger.size,
    "a backup": Ledger.begin_backup,
    "the end of a backup": Ledger.end_backup,
}


class Stopped:
    """Stops a thread at one line of file.py, as the system may do at any time."""

    def __init__(self, number: int) -> None:
        """Choose the line by its number among those that the thread runs, from 0."""
        self.is_there = threading.Event()
        self.go_on = threading.Event()
        self._number = number

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Trace the thread, and stop it at its line."""
        if frame.f_code.co_filename == ledger_file.__file__ and event == "line":
            self._number -= 1
            if self._number == -1:
                self.is_there.set()
                self.go_on.wait(TIMEOUT)
        return self


@pytest.mark.parametrize("what", QUESTIONS)
def test_call_while_the_ledger_closes(tmp_path: Path, what: str) -> None:
    """At whatever line the calling thread is stopped, it gets a result or a LedgerError."""
    for line in range(50):
        stopped = Stopped(line)
        answers: list[Future[Any]] = []

        def ask(ledger: Ledger, stopped: Stopped = stopped, answers: list[Future[Any]] = answers) -> None:
            sys.settrace(stopped)
            try:
                answers.append(QUESTIONS[what](ledger))
            finally:
                sys.settrace(None)
                stopped.is_there.set()

        with opened(tmp_path / f"{line}.db") as ledger:
            record(ledger, 60, interval(0, 1))
            asking = threading.Thread(target=ask, args=(ledger,))
            asking.start()
            stopped.is_there.wait(TIMEOUT)
            closing_it = threading.Thread(target=lambda ledger: ledger.close().result(TIMEOUT), args=(ledger,))
            closing_it.start()
            # Closing takes no longer, unless it waits for the other thread.
            closing_it.join(0.05)
            was_asked = not asking.is_alive()
            stopped.go_on.set()
            asking.join(TIMEOUT)
            closing_it.join(TIMEOUT)
            outcome(answers[0])
        if was_asked:
            # The call was over before it came to this line.
            assert line > 3
            return
    raise AssertionError("It takes that many lines to ask?")


def test_closing_runs_waiting_reads(path: Path) -> None:
    """Reads that wait when the ledger is closed get a result."""
    go_on = threading.Event()
    with opened(path) as ledger:
        record(ledger, 60, interval(0, 5))
        ledger.submit(lambda _: go_on.wait(TIMEOUT))
        reads = [ledger.cameras() for _ in range(20)]
        recorded = ledger.record(push(120, interval(1, 5)), START)
        closed = ledger.close()
        go_on.set()
        closed.result(TIMEOUT)
        assert recorded.done()
        for read in reads:
            assert len(read.result(0)) == 1


def test_size(path: Path, ledger: Ledger) -> None:
    """The size is that of the file and its log."""
    record(ledger, 60, *[interval(minute, 1) for minute in range(1000)])
    assert ledger.size().result(TIMEOUT) == path.stat().st_size + Path(f"{path}-wal").stat().st_size


def test_push_waits_for_one_read_at_most(ledger: Ledger) -> None:
    """A push waits for one read at most, however many wait, and all reads are answered."""
    started, go_on = threading.Event(), threading.Event()
    answered: list[int] = []

    def first(_: sqlite3.Connection) -> None:
        started.set()
        go_on.wait(TIMEOUT)

    waiting = ledger.submit(first)
    started.wait(TIMEOUT)
    reads: list[Future[None]] = []
    for number in range(50):

        def read(_: sqlite3.Connection, number: int = number) -> None:
            answered.append(number)

        reads.append(ledger.submit(read))
    recorded = ledger.record(push(60, interval(0, 1)), START)
    recorded.add_done_callback(lambda _: answered.append(-1))
    go_on.set()
    waiting.result(TIMEOUT)
    recorded.result(TIMEOUT)
    for answer in reads:
        answer.result(TIMEOUT)
    assert answered.index(-1) <= 1
    assert [number for number in answered if number >= 0] == list(range(50))

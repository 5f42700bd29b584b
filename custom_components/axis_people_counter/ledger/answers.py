"""The results of jobs in the ledger's thread, for tasks that wait in event loops. Set by file.py."""

import asyncio
from collections import defaultdict
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any


class Answer[T](Future[T]):
    """The result of a job in the ledger's thread: await it in an event loop, or call `result` in another thread."""

    def __init__(self) -> None:
        """Start without a result."""
        super().__init__()
        # Each task that waits has its own.
        self.waiters: list[asyncio.Future[None]] = []

    def __await__(self) -> Generator[Any, None, T]:
        """Wait in an event loop; the job goes on when the waiting task is cancelled."""
        try:
            if not self.done():
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                # The ledger's thread sets the result before it looks for waiters, so it finds each one that goes on to
                # wait.
                self.waiters.append(waiter)
                if not self.done():
                    yield from waiter
            return self.result()
        finally:
            # An error keeps this frame: with the answer in it, it would keep itself, and the push in memory.
            del self


def wake_waiters(answers: Iterable[Answer[Any]]) -> None:
    """Wake the tasks that wait for answers which have come: once for all of an event loop, as waking it takes long."""
    waiters_of: defaultdict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = defaultdict(list)
    for answer in answers:
        for waiter in tuple(answer.waiters):
            waiters_of[waiter.get_loop()].append(waiter)
    for loop, waiters in waiters_of.items():
        # A loop that was closed meanwhile raises RuntimeError; no task is waiting in it any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_wake, waiters)


def _wake(waiters: Iterable[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)

"""Results of the ledger's thread for the event loop, which is woken once for all that are ready."""

import asyncio
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any


class Results:
    """What asyncio.wrap_future does, for many futures at once.

    Each waking takes both threads a system call, and the interpreter from one to the other and back. Pushes that are
    committed together are answered together.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start with nothing ready."""
        self._loop = loop
        self._ready: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._is_woken = False

    def of[T](self, future: Future[T]) -> asyncio.Future[T]:
        """Return a future of the event loop with the result of another thread's."""
        waiting: asyncio.Future[T] = self._loop.create_future()
        future.add_done_callback(partial(self._add, waiting))
        return waiting

    def _add(self, waiting: asyncio.Future[Any], done: Future[Any]) -> None:
        """Note a result; in the thread that has it."""
        self._ready.append((waiting, done))
        if not self._is_woken:
            self._is_woken = True
            # Where the loop is closed, nobody waits.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # What becomes ready from here on wakes the loop again.
        self._is_woken = False
        while self._ready:
            waiting, done = self._ready.popleft()
            if waiting.done():
                continue
            if error := done.exception():
                waiting.set_exception(error)
            else:
                waiting.set_result(done.result())

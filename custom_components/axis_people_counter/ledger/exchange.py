"""The way from the event loop to the ledger's thread and back, for all that goes there at the same time."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any


class Exchange:
    """What asyncio.wrap_future does, but once for many.

    Each waking of a thread takes a system call, and the interpreter from one thread to the other. What comes in one
    turn of the event loop is handed over together, so that it is committed together, and answered together.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start with nothing on the way."""
        self._loop = loop
        self._asked: list[tuple[Callable[[], Future[Any]], asyncio.Future[Any]]] = []
        self._answered: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._is_woken = False

    def ask[T](self, question: Callable[[], Future[T]]) -> asyncio.Future[T]:
        """Call a function of the ledger at the end of this turn of the loop, and return a future of the loop."""
        waiting: asyncio.Future[T] = self._loop.create_future()
        if not self._asked:
            self._loop.call_soon(self._hand_over)
        self._asked.append((question, waiting))
        return waiting

    def _hand_over(self) -> None:
        asked, self._asked = self._asked, []
        for question, waiting in asked:
            question().add_done_callback(partial(self._note, waiting))

    def _note(self, waiting: asyncio.Future[Any], done: Future[Any]) -> None:
        """Note an answer; in the thread that has it."""
        self._answered.append((waiting, done))
        if not self._is_woken:
            self._is_woken = True
            # Where the loop is closed, nobody waits.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # What is answered from here on wakes the loop again.
        self._is_woken = False
        while self._answered:
            waiting, done = self._answered.popleft()
            if waiting.done():
                continue
            if error := done.exception():
                waiting.set_exception(error)
            else:
                waiting.set_result(done.result())

"""Answers of the ledger are awaited in an event loop, by any number of tasks."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import gc
import logging
from pathlib import Path
import sqlite3
from typing import Any
import weakref

import pytest

from custom_components.axis_people_counter.ledger.answers import Answer
from custom_components.axis_people_counter.ledger.errors import LedgerError, TooManyCamerasError
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import SERIAL, START, TIMEOUT, held_up, interval, opened, push, record, sender, stored


async def test_cancelled_waiter(path: Path, ledger: Ledger) -> None:
    """The job of a cancelled task is done all the same, and others of its batch are answered."""
    go_on = held_up(ledger)
    cancelled = ledger.record(push(60, interval(0, 5)), START)
    waiting = [asyncio.ensure_future(cancelled) for _ in range(2)]
    beside = asyncio.ensure_future(ledger.record(push(60, interval(0, 3), sender=sender(1)), START))
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    # A task that isn't woken would wait for ever.
    async with asyncio.timeout(TIMEOUT):
        assert (await beside).new_intervals == (interval(0, 3),)
        assert (await waiting[1]).new_intervals == (interval(0, 5),)
    assert cancelled.result(TIMEOUT) is await cancelled
    assert stored(path) == [interval(0, 5)]


async def test_error_reaches_only_its_own_waiter(path: Path, ledger: Ledger) -> None:
    """The jobs of a batch that fails are run one by one, and only the bad one fails."""

    def fail(_: sqlite3.Connection) -> None:
        raise ZeroDivisionError

    go_on = held_up(ledger)
    answers: list[Answer[Any]] = [
        ledger.record(push(60, interval(0, 5)), START),
        ledger.submit(fail, writes=True),
        ledger.record(push(120, interval(1, 3)), START),
        ledger.submit(fail),
        ledger.cameras(),
    ]
    go_on.set()
    results = await asyncio.gather(*answers, return_exceptions=True)
    assert [isinstance(result, ZeroDivisionError) for result in results] == [False, True, False, True, False]
    assert stored(path) == [interval(0, 5), interval(1, 3)]


async def test_one_commit_wakes_the_event_loop_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waking it takes about as long as storing a push, so the answers of a commit come together."""
    loop = asyncio.get_running_loop()
    woken: list[object] = []
    wake = loop.call_soon_threadsafe

    def note(*arguments: Any) -> asyncio.Handle:
        woken.append(arguments)
        return wake(*arguments)

    monkeypatch.setattr(loop, "call_soon_threadsafe", note)
    go_on = held_up(ledger)
    answers = [ledger.record(push(60, interval(0, 1), sender=sender(number)), START) for number in range(5)]
    waiting = [asyncio.ensure_future(answer) for answer in answers]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*waiting)
    assert len(woken) == 1


async def test_closed_ledger(path: Path) -> None:
    """All callers get an error, at once and each time they await."""
    with opened(path) as ledger:
        record(ledger, 60, interval(0, 5))
        await ledger.close()
        for answer in (ledger.record(push(120), START), ledger.cameras(), ledger.set_removed(SERIAL)):
            for _ in range(2):
                with pytest.raises(LedgerError, match="closed"):
                    await answer
        await ledger.close()


def test_closed_event_loop(path: Path, ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    """An answer that comes after the event loop was closed raises nothing, and logs nothing."""
    go_on = held_up(ledger)
    answer = ledger.record(push(60, interval(0, 5)), START)

    async def wait() -> None:
        await answer

    loop = asyncio.new_event_loop()
    coroutine = wait()
    # A pending task would log its destruction, so the coroutine is stepped by hand.
    loop.run_until_complete(_step(coroutine))
    loop.close()
    go_on.set()
    answer.result(TIMEOUT)
    # The callbacks of an answer have run before the next one comes.
    assert len(ledger.cameras().result(TIMEOUT)) == 1
    coroutine.close()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert stored(path) == [interval(0, 5)]


async def _step(coroutine: object) -> None:
    """Run a coroutine up to where it waits."""
    assert asyncio.iscoroutine(coroutine)
    coroutine.send(None)


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("error", [TooManyCamerasError, LedgerError, sqlite3.Error])
async def test_failed_answer_is_freed(ledger: Ledger, error: type[Exception], writes: bool) -> None:
    """A job that failed is freed at once, with the push in it, without Python's search for garbage."""

    class Content:
        """Something large that a job works on."""

    content = Content()
    freed = weakref.ref(content)

    def fail(_: sqlite3.Connection, content: Content = content) -> None:
        raise error

    async def run(job: Callable[[sqlite3.Connection], None]) -> None:
        with suppress(Exception):
            await ledger.submit(job, writes=writes)

    gc.disable()
    try:
        await run(fail)
        del fail, content
        # The ledger's thread drops the job when it begins the next one.
        await ledger.cameras()
        assert freed() is None
    finally:
        gc.enable()

"""What is handed to the ledger in one turn of the event loop is answered together, but each caller by itself."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
import threading

import pytest

from custom_components.axis_people_counter.ledger.exchange import Exchange
from custom_components.axis_people_counter.ledger.file import LedgerError
from custom_components.axis_people_counter.ledger.ledger import Changes, Ledger

from .helpers.ledgers import START, TIMEOUT, interval, opened, push, record, sensor

# Much less than anybody would wait for another push.
AT_ONCE = 5


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """Leave Home Assistant out: the exchange doesn't know it."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger."""
    with opened(tmp_path / "ledger.db") as ledger:
        yield ledger


async def ask_together(exchange: Exchange, ledger: Ledger) -> tuple[list[asyncio.Future[Changes]], threading.Event]:
    """Hand over five pushes in one turn, of which none is answered before the event is set."""
    go_on = threading.Event()
    ledger.submit(lambda _: go_on.wait(TIMEOUT))

    def pushing(number: int) -> Callable[[], Future[Changes]]:
        return lambda: ledger.record(push(60, interval(0, number), sender=sensor(number)), START)

    asked = [exchange.ask(pushing(number)) for number in range(5)]
    await asyncio.sleep(0.05)
    return asked, go_on


@pytest.mark.parametrize("gone", [0, 2, 4])
async def test_a_caller_that_is_gone_keeps_no_answers_of_its_batch(ledger: Ledger, gone: int) -> None:
    """The others are answered at once, and its counts are stored as well."""
    asked, go_on = await ask_together(Exchange(asyncio.get_running_loop()), ledger)
    asked.pop(gone).cancel()
    go_on.set()
    answers = await asyncio.wait_for(asyncio.gather(*asked), AT_ONCE)
    assert [changes.camera.total_in for changes in answers] == [number for number in range(5) if number != gone]
    cameras = await asyncio.wrap_future(ledger.cameras())
    assert len(cameras) == 5


async def test_an_error_concerns_its_own_caller(ledger: Ledger) -> None:
    """What comes after it in the batch is answered, and so is what comes later."""
    exchange = Exchange(asyncio.get_running_loop())
    go_on = threading.Event()
    ledger.submit(lambda _: go_on.wait(TIMEOUT))
    wrong = exchange.ask(lambda: ledger.set_removed("000000000000"))
    right = exchange.ask(ledger.cameras)
    await asyncio.sleep(0.05)
    go_on.set()
    with pytest.raises(LedgerError):
        await asyncio.wait_for(wrong, AT_ONCE)
    assert await asyncio.wait_for(right, AT_ONCE) == []
    assert await asyncio.wait_for(exchange.ask(ledger.cameras), AT_ONCE) == []


async def test_a_closed_ledger_answers_those_who_ask_together(ledger: Ledger) -> None:
    """All of them, although it does so before it returns."""
    exchange = Exchange(asyncio.get_running_loop())
    await asyncio.wrap_future(ledger.close())
    asked = [exchange.ask(ledger.cameras) for _ in range(3)]
    for question in asked:
        with pytest.raises(LedgerError, match="closed"):
            await asyncio.wait_for(question, AT_ONCE)


def test_an_answer_to_a_loop_that_is_closed_is_no_trouble(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    """Home Assistant may have ended meanwhile: the counts are stored, and nobody is told."""
    events: list[threading.Event] = []

    async def leave() -> None:
        events.append((await ask_together(Exchange(asyncio.get_running_loop()), ledger))[1])

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave())
    loop.close()
    events[0].set()
    record(ledger, 60, interval(0, 1))
    assert len(ledger.cameras().result(TIMEOUT)) == 6
    assert [record.getMessage() for record in caplog.records if record.name != "asyncio"] == []

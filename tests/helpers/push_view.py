"""Sends pushes whole or byte by byte, and reads what is stored and shown."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from http import HTTPStatus
import json
import logging
import sqlite3
from typing import Any, cast

from aiohttp import ClientResponse
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.axis_people_counter.const import LEDGER_FILE
from custom_components.axis_people_counter.http import bodies
from homeassistant.core import HomeAssistant

from .issues import active_issues
from .pusher import PATH, TOKEN, Document, Pusher, document, measurement, state_of

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
HERE = "127.0.0.1"
# Part of bodies; must not be logged.
CANARY = "text-of-a-body"
TOTAL = "sensor.main_entrance_in_total"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: ha\r\nAuthorization: Bearer {TOKEN}\r\n"
# Seconds in which everything has to happen.
SOON = 10


@pytest.fixture
def ticking_noon(request: pytest.FixtureRequest) -> Iterator[FrozenDateTimeFactory]:
    """Set the clock to noon; it goes on, as connections need it to, unless the test uses `stopped`."""
    with freeze_time(NOON, tick="stopped" not in request.fixturenames) as clock:
        yield cast(FrozenDateTimeFactory, clock)


@pytest.fixture
def stopped(ticking_noon: FrozenDateTimeFactory) -> FrozenDateTimeFactory:
    """Stop the clock; a test can then wait only for answers."""
    return ticking_noon


@pytest.fixture
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Close connections of silent cameras soon."""
    monkeypatch.setattr(bodies, "SECONDS_WITHOUT_A_BYTE", 0.3)


@pytest.fixture
def sound_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Assert that no token, no body and no exception was logged."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        message = record.getMessage()
        assert TOKEN not in message
        assert CANARY not in message
        assert record.exc_info is None
        assert record.levelno < logging.ERROR or message.startswith("Counts can't be stored in ")


def push(*measurements: Any, **members: Any) -> Document:
    """Return a push of one person, or of these measurements, sent at noon."""
    return document(*(measurements or [measurement(NOON - MINUTE, 1)]), **{"sent": NOON, "more": CANARY, **members})


def connection_test(**members: Any) -> Document:
    """Return the test message of a camera."""
    return document(data=None, more=CANARY, **members)


def encoded(whole: Document) -> bytes:
    """Return a document as bytes."""
    return json.dumps(whole).encode()


def issues(hass: HomeAssistant) -> dict[str, dict[str, str] | None]:
    """Return the placeholders of each repair."""
    return {name: issue.translation_placeholders for name, issue in active_issues(hass).items()}


def stored(hass: HomeAssistant) -> int | None:
    """Return the number of people who entered from the ledger, None before the first push."""
    with closing(sqlite3.connect(f"file:{hass.config.path(LEDGER_FILE)}?mode=ro", uri=True)) as db:
        (cameras,) = db.execute("SELECT count(*) FROM cameras").fetchone()
        (total,) = db.execute("SELECT coalesce(sum(entered), 0) FROM intervals").fetchone()
    return int(total) if cameras else None


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings of the integration."""
    return [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING and record.name.startswith("custom_components.")
    ]


async def sentence(response: ClientResponse) -> str:
    """Return the message of an answer."""
    text: str = (await response.json())["message"]
    return text


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for a condition that raises no event."""
    async with asyncio.timeout(SOON):
        while not condition():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.01)


class Wire:
    """A connection that sends raw bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep both directions of a connection."""
        self.reader = reader
        self.writer = writer

    async def send(self, data: str | bytes) -> None:
        """Send some bytes."""
        self.writer.write(data.encode() if isinstance(data, str) else data)
        await self.writer.drain()

    async def status(self) -> int:
        """Return the status of the answer, 0 if the connection closes without one."""
        async with asyncio.timeout(SOON):
            try:
                line = await self.reader.readline()
            except ConnectionResetError:
                return 0
        return int(line.split()[1]) if line else 0


@asynccontextmanager
async def wire(pusher: Pusher) -> AsyncIterator[Wire]:
    """Connect to the instance."""
    reader, writer = await asyncio.open_connection(HERE, pusher.client.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


async def again(pusher: Pusher, people: int = 1) -> None:
    """Send the same counts twice, as a camera does after a refusal, and assert that they are stored once."""
    for _ in range(2):
        response = await pusher.post(push())
        assert response.status == HTTPStatus.OK
        assert stored(pusher.hass) == people
    assert state_of(pusher.hass, TOTAL) == str(people)


# Clocks

APART = timedelta(minutes=10)


async def arriving(pusher: Pusher, connection: Wire, sent: datetime = NOON) -> bytes:
    """Send a push except for its last byte, and return that."""
    body = encoded(push(sent=sent))
    await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    await asyncio.sleep(0.1)
    return body[-1:]


# The ledger


def locked(hass: HomeAssistant) -> closing[sqlite3.Connection]:
    """Hold the ledger's lock, as another program may."""
    db = sqlite3.connect(hass.config.path(LEDGER_FILE), isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    return closing(db)

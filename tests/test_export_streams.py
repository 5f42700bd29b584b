"""Long exports: they are written while they are sent, and end with the client or the ledger."""

import asyncio
from concurrent.futures import Future
from http import HTTPStatus
from pathlib import Path
import socket
from threading import Event
import tracemalloc
from typing import Any, Final

from aiohttp import ClientPayloadError
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import LEDGER_FILE
from custom_components.axis_people_counter.exports import export
from custom_components.axis_people_counter.ledger.intervals import ROWS_AT_ONCE, Page
from custom_components.axis_people_counter.ledger.ledger import Ledger
from homeassistant.core import HomeAssistant

from .helpers.bare_ledger import query
from .helpers.exports import MINUTE, NOON, at, cells, download, link
from .helpers.pusher import Pusher, measurement

# The minutes of a camera: an export of them is many times what the small buffers hold.
COUNT: Final = 60_000


@pytest.fixture(autouse=True)
def small_buffers(pusher: Pusher) -> None:
    """Make the buffers of the server's connections small, so that few rows fill them."""
    runner = pusher.client.server.runner
    assert runner
    for site in runner.sites:
        server = site._server  # noqa: SLF001
        assert isinstance(server, asyncio.Server)
        for listening in server.sockets:
            # Connections take it over.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)


async def fill(hass: HomeAssistant, pusher: Pusher, count: int) -> None:
    """Store this many minutes of a camera, up to an hour ago, in the ledger's file."""
    await pusher.push(measurement(NOON - 30 * MINUTE, 1))
    path = Path(hass.config.path(LEDGER_FILE))
    end = int((NOON - 60 * MINUTE).timestamp())
    sql = (
        "INSERT INTO intervals (camera, start, stop, entered, exited, sent)"
        " WITH RECURSIVE minute(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM minute WHERE number < ?)"
        " SELECT id, ? - 60 * number, ? - 60 * number + 60, number % 3, number % 4, ? FROM cameras, minute"
    )
    await hass.async_add_executor_job(query, path, sql, count, end, end, end)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of the pages that are read from the ledger, as they are read."""
    sizes: list[int] = []
    ask = Ledger.page

    def listening(ledger: Ledger, serial: str, start: int, end: int) -> Any:
        future = ask(ledger, serial, start, end)

        def note(done: Future[Page | None]) -> None:
            page = None if done.exception() else done.result()
            sizes.append(len(page.rows) if page else 0)

        future.add_done_callback(note)
        return future

    monkeypatch.setattr(Ledger, "page", listening)
    return sizes


async def until_quiet(pages: list[int]) -> None:
    """Wait until nothing has been read for a while."""
    before = -1
    while before != len(pages):
        before = len(pages)
        # For the event loop time stands still, but not for a lock.
        await asyncio.to_thread(Event().wait, 0.5)


@pytest.mark.slow
async def test_long_file(hass: HomeAssistant, pusher: Pusher, noon: FrozenDateTimeFactory, pages: list[int]) -> None:
    """Send all intervals once, without the whole file in memory."""
    count = 100_000
    await fill(hass, pusher, count)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    tracemalloc.start()
    try:
        response = await pusher.client.get(path)
        assert response.status == HTTPStatus.OK
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        length = lines = people = 0
        rest = b""
        async for chunk in response.content.iter_any():
            length += len(chunk)
            *whole, rest = (rest + chunk).split(b"\r\n")
            lines += len(whole)
            people += sum(int(line.split(b",")[4]) for line in whole if b"T" in line)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rest == b""
    assert lines == count + 2
    assert people == sum(number % 3 for number in range(1, count + 1)) + 1
    assert length > 9_000_000
    assert peak - before < 5_000_000
    assert max(pages) == ROWS_AT_ONCE
    assert len(pages) == count // ROWS_AT_ONCE + 1


async def test_slow_client(hass: HomeAssistant, pusher: Pusher, noon: FrozenDateTimeFactory, pages: list[int]) -> None:
    """Read no more from the ledger than the client receives."""
    await fill(hass, pusher, COUNT)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    response = await pusher.client.get(path)
    await response.content.readany()
    await until_quiet(pages)
    assert len(pages) < COUNT // ROWS_AT_ONCE // 2
    response.close()
    # The reads for the download end before the test does.
    await until_quiet(pages)


async def test_downloads_are_bounded(hass: HomeAssistant, pusher: Pusher, pages: list[int]) -> None:
    """Limit the number of downloads, also of stalled ones."""
    await fill(hass, pusher, COUNT)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    idle = [await pusher.client.get(path) for _ in range(export.MAX_DOWNLOADS)]
    refused = await pusher.client.get(path)
    assert refused.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert refused.headers["Retry-After"] == str(export.RETRY_SECONDS)
    for response in idle:
        response.close()
    await until_quiet(pages)
    response = await pusher.client.get(path)
    assert response.ok
    response.close()
    await until_quiet(pages)


async def test_download_that_nobody_reads(
    hass: HomeAssistant, pusher: Pusher, pages: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """End a download whose client reads nothing for a while."""
    monkeypatch.setattr(export, "SECONDS_WITHOUT_READING", 1)
    monkeypatch.setattr(export, "MAX_DOWNLOADS", 1)
    await fill(hass, pusher, COUNT)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    idle = await pusher.client.get(path)
    for _ in range(300):
        if (response := await pusher.client.get(path)).ok:
            break
        await asyncio.sleep(0.1)
    assert response.ok
    idle.close()
    response.close()
    await until_quiet(pages)


async def test_client_that_hangs_up(
    hass: HomeAssistant, pusher: Pusher, noon: FrozenDateTimeFactory, pages: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    """Stop reading when the client disconnects, without an error."""
    await fill(hass, pusher, COUNT)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    response = await pusher.client.get(path)
    await response.content.readany()
    response.close()
    await until_quiet(pages)
    assert len(pages) < COUNT // ROWS_AT_ONCE // 2
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
    # And others are served.
    await download(hass, pusher.client, period="day")


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
async def test_ledger_fails_in_mid_stream(
    hass: HomeAssistant,
    pusher: Pusher,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    file_format: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Abort the connection if the ledger fails."""
    await fill(hass, pusher, COUNT)
    path = (await link(hass, "2000-01-01", period="interval", format=file_format))["path"]
    response = await pusher.client.get(path)
    assert response.status == HTTPStatus.OK
    await entry.runtime_data.async_stop()
    with pytest.raises(ClientPayloadError):
        await response.read()
    assert "An export ended before its time: The ledger is closed." in caplog.text


async def test_pushes_between_pages(
    hass: HomeAssistant, pusher: Pusher, noon: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Count nobody twice if short intervals replace a long one between pages."""
    monkeypatch.setattr("custom_components.axis_people_counter.ledger.intervals.ROWS_AT_ONCE", 1)
    await pusher.push(at("2026-09-16T09:00:00Z", 15, minutes=15), at("2026-09-16T09:15:00Z", 1, minutes=15))
    asked = Ledger.intervals
    pushed: list[Any] = []

    def pushing(ledger: Ledger, *arguments: Any) -> Any:
        future = asked(ledger, *arguments)
        if not pushed:
            future.result()
            short = [at(f"2026-09-16T09:{minute:02}:00Z", 1) for minute in range(15)]
            pushed.append(asyncio.run_coroutine_threadsafe(pusher.push(*short), hass.loop))
            pushed[0].result()
        return future

    monkeypatch.setattr(Ledger, "intervals", pushing)
    rows = cells(await download(hass, pusher.client, period="interval"))[1:]
    assert [(row[2][11:16], row[4]) for row in rows] == [("11:00", "15"), ("11:15", "1")]

"""Months of one-minute intervals in one body or in several: all are stored, and the event loop doesn't stall."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
import gc
import gzip
from http import HTTPStatus
from http.client import HTTPConnection
import json
import sqlite3
from time import perf_counter

import pytest

from custom_components.axis_people_counter.const import LEDGER_FILE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .helpers.pusher import PATH, SERIAL, TOKEN, Pusher, document, state_of

DAY_MINUTES = 24 * 60
# The longest that anything else may wait, in seconds.
LONGEST_STALL = 0.1
# Other work of the machine stalls the loop too, but not each time.
ATTEMPTS = 3

type Row = tuple[int, int, int, int, int, int]


@dataclass
class Loop:
    """The longest stall of the event loop, and whether Python's garbage collection was on all the time."""

    stall: float = 0
    gc_enabled: bool = True


@asynccontextmanager
async def watched() -> AsyncIterator[Loop]:
    """Measure by how much the loop is late for something that is due every few milliseconds."""
    loop = Loop()

    async def watch() -> None:
        while True:
            # Nothing may turn off the garbage collection of all of Home Assistant, however long it takes.
            loop.gc_enabled = loop.gc_enabled and gc.isenabled()
            begin = perf_counter()
            await asyncio.sleep(0.005)
            loop.stall = max(loop.stall, perf_counter() - begin - 0.005)

    task = asyncio.create_task(watch())
    await asyncio.sleep(0.05)
    try:
        yield loop
    finally:
        task.cancel()


def history(days: int) -> list[Row]:
    """Return an interval for each minute of the last days: start, end, in, out, adults in, adults out."""
    last = int(dt_util.utcnow().timestamp()) // 60
    return [
        (60 * minute, 60 * minute + 60, minute % 7, minute % 5, minute % 4, minute % 3)
        for minute in range(last - days * DAY_MINUTES, last)
    ]


def body_of(rows: Sequence[Row], name: str, serial: str = SERIAL) -> bytes:
    """Return a push of these intervals with all members that cameras send."""
    text = {start: datetime.fromtimestamp(start, UTC).isoformat()[:19] for row in rows for start in row[:2]}
    measurements = ", ".join(
        f'{{"kind": "people-counts", "utcFrom": "{text[start]}Z", "utcTo": "{text[end]}Z", '
        f'"localFrom": "{text[start]}", "localTo": "{text[end]}", '
        f'"items": [{{"direction": "in", "count": {entered}, "adults": {adults_entered}}}, '
        f'{{"direction": "out", "count": {exited}, "adults": {adults_exited}}}]}}'
        for start, end, entered, exited, adults_entered, adults_exited in rows
    )
    whole = json.dumps(document("?", sensor={"name": name, "serial": serial}), ensure_ascii=False)
    return whole.replace('"?"', measurements).encode()


async def post(pusher: Pusher, body: bytes, **headers: str) -> float:
    """Post from another thread, and return how long the event loop stalled until everything was shown."""

    def send() -> int:
        with closing(HTTPConnection("127.0.0.1", pusher.client.port, timeout=60)) as connection:
            connection.request("POST", PATH, body, {"Authorization": f"Bearer {TOKEN}", **headers})
            return connection.getresponse().status

    async with watched() as loop:
        assert await asyncio.to_thread(send) == HTTPStatus.OK
        await pusher.hass.async_block_till_done()
    assert loop.gc_enabled
    return loop.stall


def stored(hass: HomeAssistant, serial: str) -> list[Row]:
    """Return the intervals of a camera in the ledger."""
    with closing(sqlite3.connect(f"file:{hass.config.path(LEDGER_FILE)}?mode=ro", uri=True)) as db:
        rows: list[Row] = db.execute(
            "SELECT start, stop, entered, exited, adults_entered, adults_exited FROM intervals"
            " JOIN cameras ON cameras.id = camera WHERE key = ? ORDER BY start",
            (serial,),
        ).fetchall()
        return rows


def check(hass: HomeAssistant, rows: Sequence[Row], entity: str, serial: str = SERIAL) -> None:
    """Compare each interval in the ledger, and today's sum in the state."""
    assert stored(hass, serial) == rows
    today = hass.states.get(f"sensor.{entity}_in_today")
    assert today
    midnight = datetime.fromisoformat(today.attributes["last_reset"]).timestamp()
    assert int(today.state) == sum(row[2] for row in rows if row[0] >= midnight)


def check_totals(hass: HomeAssistant, rows: Sequence[Row], entity: str) -> None:
    """Compare the totals, which appear with the first push without history."""
    assert int(state_of(hass, f"sensor.{entity}_in_total")) == sum(row[2] for row in rows)
    assert int(state_of(hass, f"sensor.{entity}_out_total")) == sum(row[3] for row in rows)


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize(
    ("encode", "headers"), [(bytes, {}), (gzip.compress, {"Content-Encoding": "gzip"})], ids=["plain", "gzip"]
)
async def test_one_body(
    hass: HomeAssistant, pusher: Pusher, encode: Callable[[bytes], bytes], headers: dict[str, str]
) -> None:
    """Store 90 days in one body without a stall of the event loop; the same body again changes nothing."""
    rows = history(90)
    stalls: list[float] = []
    while not stalls or (stalls[-1] >= LONGEST_STALL and len(stalls) < ATTEMPTS):
        number = len(stalls)
        serial = f"{SERIAL[:-1]}{number}"
        # The last letter of the name takes four bytes: then Python stores the whole document with four bytes a letter.
        body = body_of(rows, f"Door {number} \N{DOOR}", serial)
        assert len(body) > 30_000_000
        stalls.append(await post(pusher, encode(body), **headers))
        check(hass, rows, f"door_{number}", serial)
    assert stalls[-1] < LONGEST_STALL, f"The event loop stalled for {stalls} s"

    await post(pusher, encode(body), **headers)
    check(hass, rows, f"door_{number}", serial)
    check_totals(hass, rows, f"door_{number}")


async def test_many_bodies(hass: HomeAssistant, pusher: Pusher) -> None:
    """Store the same from several bodies, which overlap and arrive in any order, as from one."""
    rows = history(12)
    size = len(rows) // 6
    for number in (3, 0, 5, 1, 4, 2, 3):
        await post(pusher, body_of(rows[max(0, number * size - 1000) : (number + 1) * size], "Door"))
    check(hass, rows, "door")
    check_totals(hass, rows, "door")

"""When long-term statistics are written: recent changes, history, errors, and during an unload."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
import logging
import sqlite3
from time import perf_counter, thread_time
from typing import Any, Final

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_block_recorder
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .helpers.pusher import PATH, SERIAL, TOKEN, Pusher, document, measurement
from .helpers.recorder_statistics import ExpectedStatistics, go_on, recorded, rows, rows_now, settle, sums

NOON: Final = datetime(2026, 9, 16, 10, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
# Days of history; more would prove the same.
DAYS: Final = 30
OTHER: Final = {"serial": "accc8e000001", "name": "Back door"}

pytestmark = pytest.mark.usefixtures("recorder_mock")


async def test_recent_counts_are_written_every_five_minutes(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Each camera's current hour is written every five minutes, its history at once."""
    seen: dict[str, list[tuple[int, int]]] = {SERIAL: [], OTHER["serial"]: []}
    for minute in range(1, 21):
        noon.move_to(NOON + minute * MINUTE)
        await pusher.push(measurement(NOON + (minute - 1) * MINUTE, 1))
        if minute > 2:
            await pusher.push(measurement(NOON + (minute - 1) * MINUTE, 1), sensor=OTHER)
        await go_on(hass, noon, 0)
        for serial, sums_seen in seen.items():
            if found := await rows_now(hass, "in", serial):
                counted = int(found[-1]["sum"])
                if not sums_seen or sums_seen[-1][1] != counted:
                    sums_seen.append((minute, counted))
    assert [minute for minute, _ in seen[SERIAL]] == list(range(1, 21, 5))
    assert [minute for minute, _ in seen[OTHER["serial"]]] == list(range(3, 21, 5))
    # A count that is pushed at the time of the write may be contained already.
    assert all(minute - 1 <= counted <= minute for minute, counted in seen[SERIAL])
    # The last counts are written too, although no push follows.
    await go_on(hass, noon)
    assert await sums(hass) == [20]
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON + 20 * MINUTE, 1))
    assert await sums(hass) == [20]
    await pusher.push(measurement(NOON - timedelta(days=1), 5))
    assert (await sums(hass))[-1] == 26


@pytest.mark.slow
async def test_slow_recorder_delays_no_push(hass: HomeAssistant, pusher: Pusher) -> None:
    """Pushes are answered at once while recorder is busy, and written to it later."""
    truth = ExpectedStatistics()
    now = dt_util.utcnow().replace(second=0, microsecond=0)
    # The real clock runs in this test and in the next ones.
    await async_block_recorder(hass, 5)
    begin = perf_counter()
    for minute in range(8, 1, -1):
        assert (await pusher.post(document(truth.measure(now - minute * MINUTE, 2, 1)))).status == HTTPStatus.OK
    assert perf_counter() - begin < 4
    assert not await rows_now(hass, "in")
    await settle(hass)
    # The first write may have begun more than a minute after `now`.
    with freeze_time(now + 8 * MINUTE) as frozen:
        await go_on(hass, frozen, 0)
        assert await recorded(hass) == truth.series()


async def test_camera_with_history_delays_no_other(hass: HomeAssistant, pusher: Pusher) -> None:
    """Other cameras are written while one sends a long history piece by piece."""
    serials = [f"accc8e00000{number}" for number in range(3)]
    now = dt_util.utcnow().replace(second=0, microsecond=0)
    pieces = 0

    async def send(serial: str, start: datetime) -> None:
        # The pusher would wait for all tasks, so the client is used.
        body = document(measurement(start, 1), sensor={"serial": serial})
        async with pusher.client.post(PATH, json=body, headers={"Authorization": f"Bearer {TOKEN}"}) as response:
            assert response.status == HTTPStatus.OK

    async def send_history() -> None:
        nonlocal pieces
        while True:
            pieces += 1
            await send(serials[0], now - pieces * timedelta(minutes=20))

    sending = asyncio.create_task(send_history())
    try:
        await asyncio.sleep(0.3)
        for serial in serials[1:]:
            await send(serial, now - 2 * MINUTE)
        for _ in range(200):
            await asyncio.sleep(0.05)
            if written := all([await rows_now(hass, "in", serial) for serial in serials[1:]]):
                break
        assert written
    finally:
        sending.cancel()
    await settle(hass)
    assert (await sums(hass, "in", serials[0]))[-1] >= pieces - 1


@pytest.mark.slow
async def test_the_event_loop_is_free_while_history_is_written(hass: HomeAssistant, pusher: Pusher) -> None:
    """Writing a month of a camera blocks the event loop for less than 0.1 s."""
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    body = document(
        *(measurement(start + hour * timedelta(hours=1), 3, 2, minutes=60, adults=(1, 1)) for hour in range(DAYS * 24))
    )
    gaps = [0.0]

    async def watch() -> None:
        # Measure the time of this thread only, not that of other programs.
        last = thread_time()
        while True:
            await asyncio.sleep(0.005)
            gaps.append(thread_time() - last)
            last = thread_time()

    watching = asyncio.create_task(watch())
    await pusher.post(body)
    found = await rows(hass, "adults_in")
    watching.cancel()
    assert len(found) == DAYS * 24
    assert found[-1]["sum"] == DAYS * 24
    assert max(gaps) < 0.1


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return a function that lists the warnings and errors of all loggers but asyncio."""
    return lambda: [
        record.getMessage()
        for record in caplog.records
        # Where the clock jumps, asyncio logs slow tasks.
        if record.levelno >= logging.WARNING and record.name != "asyncio"
    ]


@pytest.mark.parametrize("which", [0, *(pytest.param(which, marks=pytest.mark.slow) for which in (1, 2, 3))])
async def test_recorder_fails_once(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, which: int, caplog: pytest.LogCaptureFixture
) -> None:
    """If the database rejects a row, all rows are written five minutes later."""
    truth = ExpectedStatistics()
    await pusher.push(truth.measure(NOON - timedelta(days=8), 5, 1, adults=(1, 1)))
    # A row of the first hours, one in the middle, one of occupancy, one of the last hours.
    fail_at = (2, 150, 430, 800)[which]
    inserted = 0

    def refuse(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal inserted
        if statement.startswith(("INSERT INTO statistics ", "UPDATE statistics ")):
            inserted += 1
            if inserted == fail_at:
                raise OperationalError(statement, {}, sqlite3.OperationalError("database is locked"))

    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", refuse)
    await pusher.push(
        *(truth.measure(NOON - number * timedelta(hours=1) - 2 * MINUTE, 2, 1, adults=(1, 0)) for number in range(190))
    )
    await settle(hass)
    assert inserted >= fail_at
    assert await recorded(hass) != truth.series()
    assert "Long-term statistics can't be written" in caplog.text
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()
    assert "Long-term statistics are written again" in caplog.text
    event.remove(engine, "before_cursor_execute", refuse)


async def test_unload_during_a_write(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    errors: Callable[[], list[str]],
) -> None:
    """Unloading stops the writing without a warning; the next set-up writes the rest."""
    truth = ExpectedStatistics()
    await async_block_recorder(hass, 0.3)
    body = document(*(truth.measure(NOON - hour * timedelta(hours=1), 1, 2) for hour in range(1, 500)))
    assert (await pusher.post(body)).status == HTTPStatus.OK
    assert await hass.config_entries.async_unload(entry.entry_id)
    await go_on(hass, noon, 60)
    assert await recorded(hass) != truth.series()
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await recorded(hass) == truth.series()
    assert errors() == []


async def test_change_after_the_unload(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    errors: Callable[[], list[str]],
) -> None:
    """A change reported after the unload starts no task and no timer."""
    await pusher.push(measurement(NOON - 5 * MINUTE, 1))
    statistics = entry.runtime_data.statistics
    await settle(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    statistics.async_changed(SERIAL, 0)
    noon.tick(MINUTE)
    statistics.async_changed(SERIAL, int(NOON.timestamp()))
    await go_on(hass, noon, 60)
    assert errors() == []

"""Set-up, reload and unload; removed cameras."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from http import HTTPStatus
import logging
from pathlib import Path
import sqlite3
import threading

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.counting import Push
from custom_components.axis_people_counter.ledger import Changes, file as ledger_file
from custom_components.axis_people_counter.ledger.answers import Answer
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .helpers.bare_ledger import query, stored
from .helpers.devices import remove_device
from .helpers.instance import set_up, set_up_pages
from .helpers.issues import active_issues
from .helpers.pusher import PATH, SERIAL, TOKEN, Pusher, document, measurement, state_of

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
IN_TOTAL = "sensor.main_entrance_in_total"


@pytest.fixture(autouse=True)
async def _pages(hass: HomeAssistant) -> None:
    await set_up_pages(hass)


async def test_counts_survive_the_integration(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    ledger_path: Path,
    issue_registry: ir.IssueRegistry,
) -> None:
    """Removing the integration keeps the ledger and ends all issues; a new entry goes on with its counts."""
    await pusher.push(measurement(NOON - MINUTE, 7), measurement(NOON - 2 * MINUTE, -1))
    assert issue_registry.issues
    await hass.config_entries.async_remove(entry.entry_id)
    assert ledger_path.exists()
    assert not issue_registry.issues
    assert not ledger_path.with_name(f"{ledger_path.name}-wal").exists()

    again = MockConfigEntry(domain=DOMAIN, data=dict(entry.data))
    again.add_to_hass(hass)
    assert await set_up(hass, again) is ConfigEntryState.LOADED
    assert state_of(hass, IN_TOTAL) == "7"


async def test_reload_while_a_new_camera_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, caplog: pytest.LogCaptureFixture
) -> None:
    """Cameras whose first push arrives during a reload work afterwards."""
    start = dt_util.utcnow().replace(second=0, microsecond=0) - timedelta(minutes=5)
    serials = [f"accc8e{number:06x}" for number in range(12)]

    async def camera(serial: str) -> None:
        for minute in range(4):
            body = document(measurement(start + minute * MINUTE, 1), sensor={"serial": serial, "name": serial})
            for _ in range(100):
                if (await pusher.client.post(PATH, json=body, headers=AUTHORIZED)).ok:
                    break
                await asyncio.sleep(0.02)

    async def reload() -> None:
        for _ in range(4):
            await asyncio.sleep(0.03)
            await hass.config_entries.async_reload(entry.entry_id)

    await asyncio.gather(reload(), *(camera(serial) for serial in serials))
    await hass.async_block_till_done()
    for serial in serials:
        # The day of a camera may have begun meanwhile.
        assert state_of(hass, f"sensor.{serial}_in_total") == "4", serial
    assert "does not generate unique IDs" not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_unload_while_a_camera_catches_up(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pusher: Pusher,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No entity is added while the entry unloads: it would stay, and block the entity of the next set-up."""
    now = dt_util.utcnow().replace(second=0, microsecond=0)
    await pusher.push(measurement(now - timedelta(days=3), 1))
    assert hass.states.get("sensor.main_entrance_in_today") is None
    ledger = entry.runtime_data.ledger
    go_on = threading.Event()
    record: Callable[[Push, int], Answer[Changes]] = ledger.record

    def record_and_hold(push: Push, received: int) -> Answer[Changes]:
        """Store a push, then block the ledger's thread until `go_on` is set."""
        answer = record(push, received)
        ledger.submit(lambda _: go_on.wait(10))
        return answer

    monkeypatch.setattr(ledger, "record", record_and_hold)
    body = document(measurement(now - 2 * MINUTE, 1))
    assert (await pusher.client.post(PATH, json=body, headers=AUTHORIZED)).ok
    hass.loop.call_later(0.2, go_on.set)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert go_on.is_set()
    await hass.async_block_till_done()
    assert not [state for state in hass.states.async_all("sensor") if state.state != "unavailable"]
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, "sensor.main_entrance_in_total") == "2"
    assert "does not generate unique IDs" not in caplog.text


async def test_home_assistant_stops(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, ledger_path: Path
) -> None:
    """The ledger is closed at Home Assistant's final write; later pushes get 503."""
    await pusher.push(measurement(NOON - MINUTE, 7))
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert not ledger_path.with_name(f"{ledger_path.name}-wal").exists()
    response = await pusher.post(document(measurement(NOON - 2 * MINUTE, 1)))
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE


async def test_remove_a_camera(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """A connected camera can't be removed; a silent one can, and comes back with all its counts."""
    await pusher.push(measurement(NOON - MINUTE, 7))
    assert not await remove_device(hass, hass_ws_client, entry, SERIAL)
    assert state_of(hass, IN_TOTAL) == "7"

    noon.tick(timedelta(minutes=6))
    await hass.config_entries.async_unload(entry.entry_id)
    assert not await remove_device(hass, hass_ws_client, entry, SERIAL), "nothing can be stored while it isn't loaded"
    await hass.config_entries.async_setup(entry.entry_id)
    noon.tick(timedelta(minutes=6))
    assert await remove_device(hass, hass_ws_client, entry, SERIAL)
    assert not hass.states.async_all()
    await hass.config_entries.async_reload(entry.entry_id)
    assert not hass.states.async_all()

    await pusher.push(measurement(NOON + 11 * MINUTE, 1))
    assert state_of(hass, IN_TOTAL) == "8"


async def test_remove_a_camera_while_the_ledger_is_locked(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    ledger_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """A removal that can't be stored changes nothing."""
    await pusher.push(measurement(NOON - MINUTE, 7))
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.1)
    await hass.config_entries.async_reload(entry.entry_id)
    noon.tick(timedelta(minutes=6))
    other = sqlite3.connect(ledger_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not await remove_device(hass, hass_ws_client, entry, SERIAL)
    other.close()
    assert await remove_device(hass, hass_ws_client, entry, SERIAL)


def packed_days(path: Path) -> int:
    """Return how many days are packed."""
    count: int
    ((count,),) = query(path, "SELECT count(*) FROM packed_days")
    return count


async def test_old_days_are_packed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, ledger_path: Path
) -> None:
    """Days that are over for two days are packed at the start and once a day; nothing else changes."""
    measurements = [measurement(NOON - timedelta(days=days), 1) for days in (150, 3, 2)]
    await pusher.push(*measurements, measurement(NOON - MINUTE, 1))
    before = stored(ledger_path)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert packed_days(ledger_path) == 2
    assert stored(ledger_path) == before
    noon.tick(timedelta(days=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert packed_days(ledger_path) == 3
    assert stored(ledger_path) == before


async def test_clock_that_is_years_ahead(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, ledger_path: Path
) -> None:
    """A clock that is years ahead at the start packs even today, which does no harm."""
    minutes = [NOON - number * MINUTE for number in range(600, 0, -1)]
    await pusher.push(*(measurement(minute, 1) for minute in minutes))
    before = stored(ledger_path)
    noon.move_to(NOON + timedelta(days=500))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert packed_days(ledger_path) == 1
    assert stored(ledger_path) == before
    noon.move_to(NOON + 5 * MINUTE)
    # The answers to the last ten minutes were lost, and some of them have changed.
    await pusher.push(*(measurement(minute, 2) for minute in minutes[-10:]), measurement(NOON, 3))
    assert [interval.entered for interval in stored(ledger_path)] == [1] * 590 + [2] * 10 + [3]
    assert state_of(hass, IN_TOTAL) == str(590 + 20 + 3)
    assert not await entry.runtime_data.ledger.quarantined(SERIAL, 1)


async def test_packing_waits_for_a_locked_ledger(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    ledger_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Packing is tried again a day later, without a message to the user."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.1)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await pusher.push(measurement(NOON - timedelta(days=101)))
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        noon.tick(timedelta(days=1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert packed_days(ledger_path) == 0
    noon.tick(timedelta(days=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert packed_days(ledger_path) == 1
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_quarantine(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, issue_registry: ir.IssueRegistry
) -> None:
    """Minutes that overlap a stored quarter of an hour wait in quarantine until they cover all of it."""
    issue_id = f"quarantined_{SERIAL}"
    await pusher.push(measurement(NOON - 15 * MINUTE, 20, minutes=15))
    noon.tick(MINUTE)
    await pusher.push(*(measurement(NOON - minute * MINUTE, 1) for minute in range(15, 10, -1)))
    assert active_issues(hass)[issue_id].translation_placeholders == {
        "name": "Main entrance",
        "camera": "Main entrance",
        "count": "5",
    }
    assert state_of(hass, IN_TOTAL) == "20"
    noon.tick(MINUTE)
    await pusher.push(*(measurement(NOON - minute * MINUTE, 2) for minute in range(10, 0, -1)))
    assert state_of(hass, IN_TOTAL) == "25"
    assert issue_id not in active_issues(hass)

"""A byte of a packed day has changed on the disk: pushes go on, and so does all background work."""

from datetime import datetime, timedelta
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.axis_people_counter.const import CONF_KEEP_DAYS
from custom_components.axis_people_counter.statistics.write_queue import RETRY_AFTER, WriteQueue
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .helpers.bare_ledger import assert_sound, query, stored
from .helpers.instance import set_up, set_up_pages
from .helpers.ledger_files import damage_packed_days
from .helpers.pusher import Pusher, measurement, state_of

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
MINUTES = [measurement(NOON - number * MINUTE, 1) for number in range(90, 0, -1)]
OTHER = {"serial": "accc8e000001", "name": "Other"}
TOTAL = "sensor.main_entrance_in_total"


@pytest.fixture(autouse=True)
async def _pages(hass: HomeAssistant) -> None:
    await set_up_pages(hass)


@pytest.mark.parametrize("position", [0, 1, 3, 12, 17, 30, -1])
async def test_silent_camera(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    ledger_path: Path,
    caplog: pytest.LogCaptureFixture,
    position: int,
) -> None:
    """The damaged day of a camera that was silent counts once when it is sent again; the other camera is unaffected."""
    await pusher.push(*MINUTES)
    await pusher.push(*MINUTES, sensor=OTHER)
    noon.move_to(NOON + timedelta(days=3))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert query(ledger_path, "SELECT count(*) FROM packed_days") == [(2,)]
    await hass.config_entries.async_unload(entry.entry_id)
    damage_packed_days(ledger_path, position)

    assert await set_up(hass, entry) is ConfigEntryState.LOADED
    await pusher.push(measurement(NOON + timedelta(days=3) - MINUTE, 5))
    assert state_of(hass, TOTAL) == "5"
    await pusher.push(*MINUTES)
    await pusher.push(*MINUTES)
    assert state_of(hass, TOTAL) == "95"
    await pusher.push(measurement(NOON + timedelta(days=3) - MINUTE, 5), sensor=OTHER)
    assert state_of(hass, "sensor.other_in_total") == "95"

    noon.tick(timedelta(days=4))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert query(ledger_path, "SELECT count(*) FROM packed_days") == [(4,)]
    assert len(stored(ledger_path)) == 91
    assert_sound(ledger_path)
    assert query(ledger_path, "SELECT count(*) FROM damaged_days") == [(1,)]
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert caplog.text.count("damaged_days") == 1


async def test_deletion_that_fails(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    ledger_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An unexpected error of the deletion is logged once, and doesn't prevent packing."""
    await pusher.push(*MINUTES)
    # The storage was edited by hand.
    hass.config_entries.async_update_entry(entry, options={CONF_KEEP_DAYS: "many"})
    await hass.async_block_till_done(wait_background_tasks=True)
    noon.tick(timedelta(days=3))
    for _ in range(2):
        noon.tick(timedelta(days=1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert query(ledger_path, "SELECT count(*) FROM packed_days") == [(1,)]
    assert caplog.text.count("Deleting old counts isn't possible") == 1


async def test_queue_goes_on(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """After an unexpected error, the other keys are written, and this one is an hour later."""
    written: list[str] = []
    failing = {"a"}

    async def write(key: str) -> None:
        written.append(key)
        if key in failing:
            raise KeyError(key)

    queue = WriteQueue(hass, entry, "test", write)
    queue.async_add("a", NOON - MINUTE)
    queue.async_add("b", NOON)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert written == ["a", "b"]
    for expected in (["a", "b", "a"], ["a", "b", "a", "a"], ["a", "b", "a", "a"]):
        noon.tick(RETRY_AFTER)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert written == expected
        if len(written) == 3:
            failing.clear()
    assert caplog.text.count("Unexpected error in test") == 1
    queue.async_stop()

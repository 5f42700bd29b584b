"""Settings outlive the ledger and the entry: directions, replaced cameras, options and places."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN, NAME
from custom_components.axis_people_counter.settings import STORAGE_KEY, days_kept
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .helpers.clock import wait
from .helpers.ledger_files import copy_ledger, delete_ledger
from .helpers.places import BACK, BACK_DOOR, add_place, entity_of, shown
from .helpers.pusher import SERIAL, TOKEN, Pusher, measurement, state_of
from .helpers.recorder_statistics import sums
from .helpers.replacing import NEW_SENSOR, device_of, replace

NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE: Final = timedelta(minutes=1)
SWITCH: Final = "switch.main_entrance_reverse_direction"
IN_TODAY: Final = "sensor.main_entrance_in_today"
OUT_TODAY: Final = "sensor.main_entrance_out_today"


async def turn(hass: HomeAssistant, *entity_ids: str, on: bool = True) -> None:
    """Turn switches on or off, all at once."""
    await hass.services.async_call("switch", f"turn_{'on' if on else 'off'}", {"entity_id": entity_ids}, blocking=True)
    await hass.async_block_till_done()


async def restart(hass: HomeAssistant, entry: MockConfigEntry, meanwhile: Callable[[], Any]) -> None:
    """Unload the entry, call `meanwhile`, and set it up again."""
    await hass.config_entries.async_unload(entry.entry_id)
    meanwhile()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def add_again(hass: HomeAssistant, **options: Any) -> MockConfigEntry:
    """Add the integration again."""
    data = {CONF_URL: "https://ha.example.com", CONF_TOKEN: TOKEN}
    entry = MockConfigEntry(domain=DOMAIN, title=NAME, data=data, options=options)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


# Directions


@pytest.mark.parametrize(
    "damage", [delete_ledger, lambda path: (path / "axis_people_counter.db").write_bytes(b"x" * 9999)]
)
async def test_a_direction_outlives_the_ledger(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    tmp_path: Path,
    damage: Callable[[Path], Any],
) -> None:
    """With a new ledger, the camera counts in its direction from the first push on, also at its places."""
    await pusher.push(measurement(NOON - 2 * MINUTE, 0, 7))
    key = await add_place(hass, entry, (SERIAL,))
    await turn(hass, SWITCH)
    assert state_of(hass, IN_TODAY) == "7"
    await restart(hass, entry, lambda: damage(tmp_path))
    await pusher.push(measurement(NOON - MINUTE, 0, 5))
    assert state_of(hass, SWITCH) == "on"
    assert (state_of(hass, IN_TODAY), state_of(hass, OUT_TODAY)) == ("5", "0")
    assert shown(hass, key, "in_today") == "5"
    await turn(hass, SWITCH, on=False)
    await restart(hass, entry, lambda: delete_ledger(tmp_path))
    await pusher.push(measurement(NOON - MINUTE, 0, 5))
    assert (state_of(hass, IN_TODAY), state_of(hass, OUT_TODAY)) == ("0", "5")


async def test_a_direction_outlives_a_ledger_that_is_lost_meanwhile(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """A ledger lost while running gets the directions without a restart."""
    await pusher.push(measurement(NOON - 2 * MINUTE, 0, 7))
    await turn(hass, SWITCH)
    delete_ledger(tmp_path)
    await pusher.push(measurement(NOON - MINUTE, 0, 5))
    assert (state_of(hass, SWITCH), state_of(hass, IN_TODAY)) == ("on", "5")


async def test_a_restored_ledger_gets_the_present_direction(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """The entry's direction replaces the one in a restored ledger."""
    await pusher.push(measurement(NOON - MINUTE, 0, 7))
    await hass.config_entries.async_unload(entry.entry_id)
    put_back = copy_ledger(tmp_path)
    await hass.config_entries.async_setup(entry.entry_id)
    await turn(hass, SWITCH)
    await restart(hass, entry, put_back)
    assert (state_of(hass, SWITCH), state_of(hass, IN_TODAY)) == ("on", "7")


@pytest.mark.usefixtures("recorder_mock")
async def test_statistics_follow_the_direction_of_a_restored_ledger(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """Statistics are written again in the direction of the entry."""
    await pusher.push(measurement(NOON - MINUTE, 0, 7))
    await hass.config_entries.async_unload(entry.entry_id)
    put_back = copy_ledger(tmp_path)
    await hass.config_entries.async_setup(entry.entry_id)
    await turn(hass, SWITCH)
    await restart(hass, entry, put_back)
    assert (await sums(hass, "in"), await sums(hass, "out")) == ([7], [0])


@pytest.mark.usefixtures("recorder_mock")
async def test_statistics_go_on_in_their_direction(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """With a new ledger, the series goes on from recorder's sums in the same direction."""
    await pusher.push(*(measurement(NOON - number * MINUTE, 1) for number in range(90, 0, -1)))
    await turn(hass, SWITCH)
    assert (await sums(hass, "in"))[-1] == 0
    assert (await sums(hass, "out"))[-1] == 90
    await restart(hass, entry, lambda: delete_ledger(tmp_path))
    noon.tick(timedelta(hours=1))
    await pusher.push(*(measurement(NOON + number * MINUTE, 1) for number in range(60)))
    assert ((await sums(hass, "in"))[-1], (await sums(hass, "out"))[-1]) == (0, 150)


async def test_directions_of_an_earlier_version_are_taken_over(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """Directions that are only in the ledger go to the entry."""
    await pusher.push(measurement(NOON - MINUTE, 0, 7))
    await turn(hass, SWITCH)
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, options={})
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.options["reversed_cameras"] == [SERIAL]
    assert state_of(hass, IN_TODAY) == "7"


async def test_switches_that_are_turned_together(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Directions that change together are all stored, without a reload."""
    await pusher.push(measurement(NOON - MINUTE))
    await pusher.push(measurement(NOON - MINUTE), sensor=BACK_DOOR)
    receiver = entry.runtime_data
    await turn(hass, SWITCH, "switch.back_door_reverse_direction")
    assert entry.options["reversed_cameras"] == [BACK, SERIAL]
    assert entry.runtime_data is receiver


async def test_a_direction_that_cannot_be_stored(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The switch raises an error and stays as it was, also later."""
    await pusher.push(measurement(NOON - MINUTE, 0, 7))
    delete_ledger(tmp_path)
    with pytest.raises(HomeAssistantError, match="isn't in the ledger"):
        await turn(hass, SWITCH)
    assert entry.options["reversed_cameras"] == []
    await pusher.push(measurement(NOON - MINUTE, 0, 7))
    assert (state_of(hass, SWITCH), state_of(hass, IN_TODAY)) == ("off", "0")


# The entry is deleted, and added again


async def test_places_come_back(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Places return with their ids and settings, and their entities with their ids."""
    await pusher.push(measurement(NOON - 2 * MINUTE, 3))
    await pusher.push(measurement(NOON - 2 * MINUTE, 0, 1), sensor=BACK_DOOR)
    await turn(hass, "switch.back_door_reverse_direction")
    key = await add_place(hass, entry, limits={"capacity": 5}, daily_reset=False, reset_time=None)
    entity_id = entity_of(hass, key, "occupancy")
    er.async_get(hass).async_update_entity(entity_id, new_entity_id="sensor.people_in_the_shop")
    er.async_get(hass).async_update_entity(IN_TODAY, new_entity_id="sensor.front_in")
    device = device_of(hass, entry, key)
    assert device
    dr.async_get(hass).async_update_device(device.id, name_by_user="Our shop")
    await hass.services.async_call(
        "number", "set_value", {"entity_id": entity_of(hass, key, "occupancy_correction"), "value": 9}, blocking=True
    )
    hass.config_entries.async_update_entry(entry, options={**entry.options, "reset_time": "04:00:00"})
    await hass.async_block_till_done()
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not hass.states.async_all()

    again = await add_again(hass)
    assert list(again.subentries) == [key]
    assert again.options["reset_time"] == "04:00:00"
    assert state_of(hass, "sensor.people_in_the_shop") == "9"
    assert state_of(hass, "sensor.front_in") == "3"
    assert state_of(hass, "switch.back_door_reverse_direction") == "on"
    device = device_of(hass, again, key)
    assert device
    assert (device.name, device.name_by_user) == ("Shop", "Our shop")


async def test_a_place_that_is_deleted_after_it_came_back(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_storage: dict[str, Any],
) -> None:
    """A deleted place isn't restored again: saved settings go to one entry, once."""
    await pusher.push(measurement(NOON - MINUTE, 3))
    key = await add_place(hass, entry, (SERIAL,))
    await hass.config_entries.async_remove(entry.entry_id)
    again = await add_again(hass)
    assert hass.config_entries.async_remove_subentry(again, key)
    await hass.async_block_till_done()
    assert not again.subentries
    assert STORAGE_KEY not in hass_storage
    await hass.config_entries.async_reload(again.entry_id)
    assert not again.subentries


async def test_power_fails_before_the_entry_is_stored(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_storage: dict[str, Any],
) -> None:
    """If Home Assistant lost the new entry, the next one gets the saved settings."""
    await pusher.push(measurement(NOON - MINUTE, 3))
    key = await add_place(hass, entry, (SERIAL,))
    await hass.config_entries.async_remove(entry.entry_id)
    lost = await add_again(hass)
    saved = hass_storage[STORAGE_KEY]
    await hass.config_entries.async_remove(lost.entry_id)
    hass_storage[STORAGE_KEY] = saved
    assert list((await add_again(hass)).subentries) == [key]


async def test_places_come_back_without_the_ledger(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """Without the ledger, cameras return to their places with their first push."""
    await pusher.push(measurement(NOON - 2 * MINUTE, 0, 3))
    await turn(hass, SWITCH)
    key = await add_place(hass, entry, (SERIAL,))
    await hass.config_entries.async_remove(entry.entry_id)
    delete_ledger(tmp_path)
    await add_again(hass)
    assert shown(hass, key, "occupancy") == "unavailable"
    await pusher.push(measurement(NOON - MINUTE, 0, 5))
    assert shown(hass, key, "occupancy") == "5"


async def test_replaced_cameras_come_back(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """Replacements and declined ones return."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    await wait(hass, noon, 10 * MINUTE)
    await pusher.push(measurement(NOON + 9 * MINUTE, 2), sensor=NEW_SENSOR)
    await replace(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    again = await add_again(hass)
    await pusher.push(measurement(NOON + 9 * MINUTE, 2), sensor=NEW_SENSOR)
    assert state_of(hass, IN_TODAY) == "3"
    assert list(again.runtime_data.cameras) == [SERIAL]


@pytest.mark.parametrize("is_lost", [False, True], ids=["", "without the ledger"])
async def test_cameras_replaced_in_turn_come_back(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    tmp_path: Path,
    is_lost: bool,
) -> None:
    """The third camera of a reversed door counts there, once, with all three cameras' counts if they are known."""
    await pusher.push(measurement(NOON - MINUTE, 1, 4))
    await turn(hass, SWITCH)
    for number, sensor in enumerate((NEW_SENSOR, BACK_DOOR), 1):
        await wait(hass, noon, 10 * MINUTE)
        last = measurement(NOON + (10 * number - 1) * MINUTE, 0, 10**number)
        await pusher.push(last, sensor=sensor)
        await replace(hass, entry, new=sensor["serial"])
    assert state_of(hass, IN_TODAY) == "114"
    await hass.config_entries.async_remove(entry.entry_id)
    if is_lost:
        delete_ledger(tmp_path)
    again = await add_again(hass)
    for _ in range(2):
        await pusher.push(last, sensor=BACK_DOOR)
    assert state_of(hass, IN_TODAY) == ("100" if is_lost else "114")
    assert list(again.runtime_data.cameras) == [SERIAL]


async def test_a_new_entry_has_nothing_to_bring_back(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, hass_storage: dict[str, Any]
) -> None:
    """Without saved settings, nothing is restored or written."""
    assert STORAGE_KEY not in hass_storage
    assert not entry.subentries


@pytest.mark.parametrize(
    ("options", "days"),
    [
        ({}, 1100),
        ({"keep_days": 100}, 100),
        ({"delete_old_counts": True, "keep_days": 3650}, 3650),
        ({"delete_old_counts": False, "keep_days": 100}, None),
    ],
)
def test_days_kept(options: dict[str, Any], days: int | None) -> None:
    """Counts are kept for three years and some days, for the days that the user chose, or for ever."""
    assert days_kept(MockConfigEntry(options=options)) == days

"""When places are read and shown: after their cameras, once for all of them, and without false events."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.axis_people_counter.ledger import places as stored_places
from custom_components.axis_people_counter.ledger.ledger import Ledger
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .helpers.clock import move_to
from .helpers.places import BACK, BACK_DOOR, NOON, add_place, entity_of, shown
from .helpers.pusher import SERIAL, Pusher, measurement

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
DOORS: Final = tuple(f"accc8e0001{number:02}" for number in range(8))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the keys of places, one for each time that a place is read."""
    keys: list[str] = []
    read: Callable[..., Any] = Ledger.place_today

    def counting(ledger: Ledger, key: str, *arguments: Any) -> Any:
        keys.append(key)
        return read(ledger, key, *arguments)

    monkeypatch.setattr(Ledger, "place_today", counting)
    return keys


def sensor(door: str) -> dict[str, str]:
    """Return what a camera says of itself."""
    return {"serial": door, "name": f"Door {door[-2:]}"}


async def test_read_once_for_all_doors(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, reads: list[str]
) -> None:
    """A place is read a few times for many doors that push in the same minute, not once for each of them."""
    for door in DOORS:
        await pusher.push(measurement(NOON - MINUTE, 0), sensor=sensor(door))
    await add_place(hass, entry, DOORS, ())
    await move_to(hass, noon, NOON + MINUTE)
    reads.clear()
    await asyncio.gather(*(pusher.push(measurement(NOON, 1, 1), sensor=sensor(door)) for door in DOORS))
    await hass.async_block_till_done()
    assert 1 <= len(reads) <= 2


async def test_read_once_for_one_push(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, reads: list[str]
) -> None:
    """A push of one door reads its place once."""
    await pusher.push(measurement(NOON - MINUTE, 0), sensor=sensor(DOORS[0]))
    await add_place(hass, entry, DOORS[:1], ())
    await move_to(hass, noon, NOON + MINUTE)
    reads.clear()
    await pusher.push(measurement(NOON, 1, 1), sensor=sensor(DOORS[0]))
    await hass.async_block_till_done()
    assert len(reads) == 1


@pytest.mark.parametrize("late", [0, 3, 7])
async def test_no_events_from_history(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, late: int
) -> None:
    """History of one door isn't an event of now, when all doors push at the same time."""
    begin = NOON - timedelta(hours=3)
    noon.move_to(begin)
    for door in DOORS:
        await pusher.push(measurement(begin - MINUTE, 0), sensor=sensor(door))
    place = await add_place(hass, entry, DOORS, (), limits={"capacity": 10, "hysteresis": 0}, daily_reset=False)
    await move_to(hass, noon, NOON)
    silent = DOORS[late]
    for door in DOORS:
        if door != silent:
            await pusher.push(measurement(NOON - MINUTE, 0), sensor=sensor(door))
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    await move_to(hass, noon, NOON + MINUTE)

    # The silent door sends the beginning of its history, in which the place was full for a while.
    pushes = [
        pusher.push(measurement(begin if door == silent else NOON, 50 if door == silent else 0), sensor=sensor(door))
        for door in DOORS
    ]
    await asyncio.gather(*pushes)
    await hass.async_block_till_done()
    await pusher.push(measurement(begin + MINUTE, 0, 50), measurement(NOON, 0), sensor=sensor(silent))
    await hass.async_block_till_done()
    threshold = entity_of(hass, place, "threshold")
    assert [event.data["new_state"] for event in events if event.data["entity_id"] == threshold] == []


async def test_unshown_counts_are_not_current(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A place isn't current while counts of a door are stored that aren't shown yet: they may be history."""
    for door in DOORS[:2]:
        await pusher.push(measurement(NOON - MINUTE, 0), sensor=sensor(door))
    key = await add_place(hass, entry, DOORS[:2], ())
    receiver = entry.runtime_data
    assert receiver.places[key].is_current
    receiver.async_stop_showing()
    await move_to(hass, noon, NOON + MINUTE)
    await pusher.push(measurement(NOON, 1), sensor=sensor(DOORS[1]))
    assert not receiver.places[key].is_current
    receiver.async_resume_showing()
    await hass.async_block_till_done()
    assert receiver.places[key].is_current


async def test_earlier_counts_that_change_again_and_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pusher: Pusher,
    noon: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The place stays as it is shown, and is read again each second; nobody waits until its history is counted."""
    await pusher.push(measurement(NOON - MINUTE, 1), sensor=sensor(DOORS[0]))
    key = await add_place(hass, entry, DOORS[:1], (), daily_reset=False)
    receiver = entry.runtime_data
    receiver.async_stop_showing()
    monkeypatch.setattr(stored_places, "DAYS_AT_ONCE", 1)
    await pusher.push(*(measurement(NOON - day * DAY, 1) for day in range(5, 0, -1)), sensor=sensor(DOORS[0]))
    shown = []
    for second in range(1, 9):
        if second == 1:
            await receiver.places[key].async_refresh()
        else:
            await move_to(hass, noon, NOON + second * SECOND)
        shown.append(receiver.places[key].data.occupancy)
    assert shown[0] == 1
    assert shown[-1] == 6
    assert set(shown) == {1, 6}


@pytest.mark.usefixtures("noon")
async def test_ledger_that_fails_while_history_is_counted(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The place is read all the same, which shows the error and sets the time of the next attempt."""
    await pusher.push(measurement(NOON - MINUTE, 0), sensor=sensor(DOORS[0]))
    key = await add_place(hass, entry, DOORS[:1], (), daily_reset=False)
    receiver = entry.runtime_data
    await receiver.ledger.close()
    assert not await receiver.places[key].async_count_history()


async def test_camera_of_a_place(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A camera of a place calls its occupancy a difference; only a camera that comes later has it disabled."""
    await pusher.push(measurement(NOON - MINUTE, 5, 2))
    registry = er.async_get(hass)

    def names(serial: str) -> dict[str, tuple[str | None, bool]]:
        """Return the name of some entities of a camera, and whether they are disabled."""
        found = {entity.unique_id: entity for entity in er.async_entries_for_config_entry(registry, entry.entry_id)}
        keys = ("occupancy", "occupied", "reset_occupancy")
        entities = [found[f"{serial}_{key}"] for key in keys]
        return {key: (entity.original_name, entity.disabled) for key, entity in zip(keys, entities, strict=True)}

    alone = {
        "occupancy": ("Occupancy", False),
        "occupied": ("Occupied", False),
        "reset_occupancy": ("Reset occupancy", False),
    }
    assert names(SERIAL) == alone
    key = await add_place(hass, entry, (SERIAL,))
    at_door = {
        "occupancy": "Difference at this door",
        "occupied": "More in than out",
        "reset_occupancy": "Reset difference",
    }
    assert names(SERIAL) == {key: (name, False) for key, name in at_door.items()}
    assert hass.states.get("sensor.main_entrance_occupancy")
    both_doors = {**entry.subentries[key].data, "doors": [SERIAL, BACK]}
    hass.config_entries.async_update_subentry(entry, entry.subentries[key], data=both_doors)
    await hass.async_block_till_done()
    await pusher.push(measurement(NOON - MINUTE, 1, 0), sensor=BACK_DOOR)
    assert names(BACK) == {key: (name, True) for key, name in at_door.items()}
    assert shown(hass, key, "occupancy") == "4"
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.async_block_till_done()
    assert names(SERIAL) == alone

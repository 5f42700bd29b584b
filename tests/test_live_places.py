"""Live counts of doors are part of their places, whose limits are reached once."""

from datetime import timedelta
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.axis_people_counter.counting import parse
from homeassistant.core import HomeAssistant

from .helpers.asked_cameras import asked_camera
from .helpers.live import MINUTE, Door, now, open_door
from .helpers.places import BACK, add_place, entity_of, shown
from .helpers.pusher import SERIAL, Pusher, document, measurement, state_of
from .simulator import Device, Reply

pytestmark = pytest.mark.usefixtures("socket_enabled")

COUNTS = ("in_today", "out_today", "occupancy", "occupied")


class Shop:
    """A place with a front door and a back door."""

    def __init__(self, hass: HomeAssistant, front: Door, back: Door, key: str) -> None:
        """Take the doors and the key of the place."""
        self.hass = hass
        self.front = front
        self.back = back
        self.key = key

    async def go_on(self, seconds: int = 5) -> None:
        """Let time pass until both cameras are asked next."""
        self.back.clock.tick(seconds)
        self.back.show()
        await self.front.go_on(0)

    def shown(self, *names: str) -> list[str]:
        """Return the states of entities of the place."""
        return [shown(self.hass, self.key, name) for name in names]

    @property
    def is_live(self) -> bool | None:
        """The attribute of the occupancy."""
        state = self.hass.states.get(entity_of(self.hass, self.key, "occupancy"))
        assert state
        found: bool | None = state.attributes.get("live")
        return found


async def shop(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    devices: tuple[Device, Device],
    **fields: Any,
) -> Shop:
    """Return a shop that is open."""
    front, back = [await open_door(hass, clock, entry, pusher, device) for device in devices]
    key = await add_place(hass, entry, **fields)
    found = Shop(hass, front, back, key)
    for _ in range(2):
        await found.go_on()
    return found


async def test_two_doors(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Add the people of both doors, one of which leads out; pushes of one after the other change nothing."""
    async with asked_camera() as front, asked_camera(serial=BACK) as back:
        fields = {"doors": (SERIAL,), "reversed_doors": (BACK,)}
        found = await shop(hass, noon, entry, pusher, (front, back), **fields)
        assert found.shown(*COUNTS) == ["0", "0", "0", "off"]
        assert found.is_live is True
        found.front.enter(4, 1)
        found.back.enter(1, 2)
        await found.go_on()
        expected = ["6", "2", "4", "on"]
        assert found.shown(*COUNTS) == expected
        seen = async_capture_events(hass, "state_changed")
        entity_ids = {entity_of(hass, found.key, name) for name in COUNTS}
        await found.front.push()
        await found.go_on()
        await found.back.push()
        assert found.shown(*COUNTS) == expected
        # Not even for a moment.
        assert not [event for event in seen if event.data["entity_id"] in entity_ids]
        assert found.shown("peak_today", "drift_today") == ["4", "0"]
        # A door that doesn't answer keeps its counts; the place isn't live any more.
        found.back.fault = Reply(503)
        await found.go_on()
        assert found.is_live is False
        assert found.shown(*COUNTS) == expected


async def test_push_that_is_not_shown_yet(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Take no step down when a place is read after a push was stored, and before its camera is read."""
    async with asked_camera() as front, asked_camera(serial=BACK) as back:
        found = await shop(hass, noon, entry, pusher, (front, back))
        begin, end = found.front.pushed_until, now() + timedelta(seconds=1)
        found.front.enter(2)
        await found.go_on()
        body = document(measurement(begin, 0, minutes=(end - begin) / MINUTE))
        receiver = entry.runtime_data
        await receiver.ledger.record(parse(json.dumps(body).encode()), int(now().timestamp()))
        await receiver.places[found.key].async_refresh()
        await hass.async_block_till_done()
        assert found.shown("in_today", "occupancy") == ["2", "2"]
        assert state_of(hass, "sensor.main_entrance_in_today") == "2"


async def test_limits(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Reach limits within a poll, and not again with the push; the distance keeps them until enough have left."""
    async with asked_camera() as front, asked_camera(serial=BACK) as back:
        limits = {"capacity": 10, "warning_level": 8, "hysteresis": 2}
        found = await shop(hass, noon, entry, pusher, (front, back), limits=limits)
        fired = async_capture_events(hass, "state_changed")

        def events() -> list[str]:
            entity_id = entity_of(hass, found.key, "threshold")
            states = [event.data["new_state"] for event in fired if event.data["entity_id"] == entity_id]
            fired.clear()
            return [state.attributes["event_type"] for state in states]

        found.front.enter(8)
        await found.go_on()
        assert found.shown("full", "nearly_full", "free_places", "occupancy_percentage") == ["off", "on", "2", "80.0"]
        assert events() == ["nearly_full"]
        found.back.enter(2)
        await found.go_on()
        assert found.shown("full", "free_places") == ["on", "0"]
        assert events() == ["full"]
        # The interval of the push ends with fewer people than the limit.
        found.front.enter(0, 1)
        await found.go_on()
        await found.front.push()
        await found.back.push()
        assert found.shown("full", "occupancy") == ["on", "9"]
        assert events() == []
        found.front.enter(0, 2)
        await found.go_on()
        assert found.shown("full", "occupancy") == ["off", "7"]
        assert events() == ["free_again"]


async def test_in_by_one_door_and_out_by_another(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Nobody is inside, not even for a moment, if the door by which people left pushes first."""
    async with asked_camera() as front, asked_camera(serial=BACK) as back:
        found = await shop(hass, noon, entry, pusher, (front, back), limits={"capacity": 3})
        found.back.enter(3)
        await found.go_on()
        assert found.shown("occupancy", "full") == ["3", "on"]
        found.front.enter(0, 3)
        await found.go_on(45)
        assert found.shown("occupancy", "full", "in_today", "out_today") == ["0", "off", "3", "3"]
        seen = async_capture_events(hass, "state_changed")
        await found.front.push()
        await found.back.push()
        assert found.shown("occupancy", "drift_today") == ["0", "0"]
        changed = {event.data["entity_id"] for event in seen}
        assert not changed & {entity_of(hass, found.key, name) for name in ("occupancy", "full", "threshold")}


async def test_door_that_pushes_no_more(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Whoever entered by a door that pushes no more, but answers, and left by another one, is no longer inside."""
    async with asked_camera() as front, asked_camera(serial=BACK) as back:
        found = await shop(hass, noon, entry, pusher, (front, back))
        found.back.enter(3)
        await found.go_on()
        found.front.enter(0, 2)
        await found.go_on(45)
        await found.go_on(30 * 60)
        await found.front.push()
        assert found.shown("occupancy", "in_today", "out_today") == ["1", "3", "2"]
        await found.back.push()
        assert found.shown("occupancy", "in_today", "out_today") == ["1", "3", "2"]
        # Later, it doesn't even answer.
        await found.go_on()
        found.back.enter(1)
        await found.go_on()
        found.back.fault = Reply(503)
        await found.go_on(7 * 60 * 60)
        await found.front.push()
        assert found.shown("occupancy", "in_today", "out_today") == ["2", "4", "2"]


async def test_correction(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Show what a person has set, and later who has passed since."""
    async with asked_camera() as front, asked_camera(serial=BACK) as back:
        found = await shop(hass, noon, entry, pusher, (front, back))
        found.front.enter(5)
        await found.go_on()
        data = {"entity_id": entity_of(hass, found.key, "occupancy"), "value": 2}
        await hass.services.async_call("axis_people_counter", "set_occupancy", data, blocking=True)
        assert found.shown("occupancy") == ["2"]
        await found.go_on()
        found.back.enter(1)
        await found.go_on()
        assert found.shown("occupancy", "in_today") == ["3", "6"]


async def test_reset(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A reset at night ends limits that were reached live, even if more people stay than the distance."""
    noon.move_to("2026-09-16T21:59:00Z")
    async with asked_camera() as front, asked_camera(serial=BACK) as back:
        limits = {"capacity": 3, "hysteresis": 2}
        found = await shop(
            hass, noon, entry, pusher, (front, back), limits=limits, reset_value=2, time_zone="Europe/Stockholm"
        )
        found.front.enter(3)
        await found.go_on()
        assert found.shown("full", "in_today") == ["on", "3"]
        await found.go_on(60)
        assert found.shown("full", "occupancy", "in_today") == ["off", "2", "0"]


async def test_camera_without_access(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A place with access to one of two cameras shows the live counts of that one, and isn't live."""
    async with asked_camera() as front, asked_camera(serial=BACK) as back:
        door = Door(hass, noon, pusher, back)
        await door.push()
        front_door = await open_door(hass, noon, entry, pusher, front)
        found = Shop(hass, front_door, door, await add_place(hass, entry))
        await found.go_on()
        await found.go_on()
        found.front.enter(2)
        await found.go_on()
        assert found.shown("in_today", "occupancy") == ["2", "2"]
        assert found.is_live is False

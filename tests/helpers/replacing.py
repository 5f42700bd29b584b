"""A camera that breaks and a new one that takes its place, through the dialogs as a user does."""

from datetime import datetime, timedelta
from typing import Final

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .clock import wait
from .flows import choose, enter
from .pusher import SERIAL, Pusher, measurement

NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE: Final = timedelta(minutes=1)
NEW: Final = "b8a44f090004"
NEW_SENSOR: Final = {
    "serial": NEW,
    "name": "New camera",
    "application": "AXIS People Counter",
    "applicationVersion": "12.1",
    "ipAddress": "192.168.1.107",
}


async def break_camera(hass: HomeAssistant, clock: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Have the first camera count until noon, and a new one report from ten minutes later on."""
    await pusher.push(
        measurement(NOON - 24 * 60 * MINUTE, 20),
        *(measurement(NOON - number * MINUTE, 1) for number in range(10, 0, -1)),
        sent=NOON,
    )
    await pusher.push(measurement(NOON - MINUTE, 1))
    await wait(hass, clock, 10 * MINUTE)
    await pusher.push(
        # Counted before the camera hung at the door.
        measurement(NOON - 5 * MINUTE, 7),
        measurement(NOON + 8 * MINUTE, 2, 1),
        measurement(NOON + 9 * MINUTE, 3),
        sensor=NEW_SENSOR,
    )
    await pusher.push(measurement(NOON + 9 * MINUTE, 3), sensor=NEW_SENSOR)


async def replace(hass: HomeAssistant, entry: MockConfigEntry, old: str = SERIAL, new: str = NEW) -> ConfigFlowResult:
    """Replace a camera in the dialog, and wait until the entry is reloaded."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    result = await enter(hass, result, old_camera=old, new_camera=new)
    result = await enter(hass, result)
    await hass.async_block_till_done()
    return result


async def undo(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Undo the replacement in the dialog, and wait until the entry is reloaded."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "undo")
    await enter(hass, result, old_camera=SERIAL)
    await hass.async_block_till_done()


def device_of(hass: HomeAssistant, entry: MockConfigEntry, key: str = SERIAL) -> dr.DeviceEntry | None:
    """Return the device with a key."""
    return dr.async_get(hass).async_get_device_by_identifier((DOMAIN, key), entry.entry_id)

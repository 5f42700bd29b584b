"""Calls of the action get_counts, and what cameras push before them."""

from datetime import datetime, timedelta
import json
from typing import Any

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .pusher import SERIAL, Document, measurement

# Wednesday, 12:00 in Stockholm.
NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MAIN = "sensor.main_entrance_occupancy"
SIDE = "sensor.side_door_occupancy"
SIDE_DOOR = {"serial": "accc8e000002", "name": "Side door", "timeZone": "Asia/Kolkata"}

type Rows = list[dict[str, Any]]


async def ask(
    hass: HomeAssistant, start: Any, target: dict[str, Any] | str = MAIN, **data: Any
) -> list[dict[str, Any]]:
    """Call get_counts, and return the cameras of its response."""
    if isinstance(target, str):
        target = {"entity_id": target}
    answer = await hass.services.async_call(
        DOMAIN, "get_counts", {"start": start, **data}, target=target, blocking=True, return_response=True
    )
    # Scripts, the REST API and the websocket receive the response as JSON.
    cameras: list[dict[str, Any]] = json.loads(json.dumps(answer))["cameras"]
    return cameras


async def rows(hass: HomeAssistant, start: Any, **data: Any) -> Rows:
    """Call get_counts for one camera, and return its rows."""
    (camera,) = await ask(hass, start, **data)
    found: Rows = camera["rows"]
    return found


def at(text: str, *counts: int, minutes: int = 1, **more: Any) -> Document:
    """Return a measurement that begins at a time with an offset."""
    return measurement(datetime.fromisoformat(text), *counts, minutes=minutes, **more)


def minutes(start: str, count: int) -> list[Document]:
    """Return measurements of so many minutes, in each of which one person entered."""
    begin = datetime.fromisoformat(start)
    return [measurement(begin + number * MINUTE, 1) for number in range(count)]


def hours(start: datetime | str, entered: list[int], exited: list[int] | None = None) -> list[Document]:
    """Return measurements of whole hours from a time with an offset on."""
    begin = datetime.fromisoformat(start) if isinstance(start, str) else start
    passed = zip(entered, exited or [0] * len(entered), strict=True)
    return [measurement(begin + number * HOUR, *people, minutes=60) for number, people in enumerate(passed)]


def device_of(hass: HomeAssistant, serial: str = SERIAL) -> dr.DeviceEntry:
    """Return the device of a camera."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, serial), entry.entry_id)
    assert device
    return device

"""Devices of cameras, as users remove them."""

from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr


async def remove_device(hass: HomeAssistant, client: WebSocketGenerator, entry: MockConfigEntry, key: str) -> bool:
    """Delete the device of a camera as the UI does; return True if it was deleted."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, key), entry.entry_id)
    assert device
    websocket = await client(hass)
    await websocket.send_json_auto_id({"type": "config/device_registry/remove", "device_id": device.id})
    response = await websocket.receive_json()
    if not response["success"] and response["error"]["code"] == "unknown_command":
        # The name of the command before 2026.9.
        command = {"type": "config/device_registry/remove_config_entry", "config_entry_id": entry.entry_id}
        await websocket.send_json_auto_id({**command, "device_id": device.id})
        response = await websocket.receive_json()
    await hass.async_block_till_done()
    return bool(response["success"])

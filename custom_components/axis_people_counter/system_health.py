"""The integration's lines on the page System information. Home Assistant calls it."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .receiver import PeopleCounterConfigEntry


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register the lines."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if not entries:
        return {}
    receiver = entries[0].runtime_data
    cameras = receiver.cameras.values()
    size = await receiver.ledger.size()
    return {
        "cameras": len(cameras),
        "cameras_connected": sum(camera.connected for camera in cameras),
        "last_message": max((camera.last_message for camera in cameras), default=None),
        "ledger_writable": receiver.writable,
        "ledger_size": f"{size / 1024 / 1024:.1f} MiB",
    }

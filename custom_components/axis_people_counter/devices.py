"""The devices of cameras and places in the device registry: added, updated, linked, found by key.

The receiver keeps them up to date; coordinators, statistics and actions look them up.
"""

from collections.abc import Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN, MANUFACTURER
from .ledger import Camera
from .settings import PlaceSettings
from .texts import url_host


@callback
def async_device(hass: HomeAssistant, entry: ConfigEntry, key: str) -> dr.DeviceEntry | None:
    """Return the device of a camera or a place, None if there is none."""
    return dr.async_get(hass).async_get_device_by_identifier((DOMAIN, key), entry.entry_id)


@callback
def async_device_name(hass: HomeAssistant, entry: ConfigEntry, key: str) -> str | None:
    """Return the name of a device in Home Assistant."""
    if device := async_device(hass, entry, key):
        return device.name_by_user or device.name
    return None


@callback
def async_update_camera_device(hass: HomeAssistant, entry: ConfigEntry, camera: Camera) -> None:
    """Add the device of a camera, or update its description."""
    registry = dr.async_get(hass)
    device = registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, camera.key)},
        manufacturer=MANUFACTURER,
        model=camera.application,
        name=camera.name,
        serial_number=camera.serial,
        sw_version=camera.version,
        configuration_url=f"http://{url_host(camera.ip_address)}" if camera.ip_address else None,
    )
    connections = {(dr.CONNECTION_NETWORK_MAC, dr.format_mac(camera.serial))}
    if device.connections != connections:
        # The device of a replaced camera still has the old MAC address.
        registry.async_update_device(device.id, new_connections=connections)


@callback
def async_add_place_device(hass: HomeAssistant, entry: ConfigEntry, place: PlaceSettings) -> None:
    """Add the device of a place."""
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        config_subentry_id=place.key,
        identifiers={(DOMAIN, place.key)},
        name=place.name,
        entry_type=dr.DeviceEntryType.SERVICE,
    )


@callback
def async_link_camera(hass: HomeAssistant, entry: ConfigEntry, key: str, places: Iterable[str]) -> None:
    """Link a camera's device to that of its first place; a device can be linked to one only."""
    if camera := async_device(hass, entry, key):
        first = next(iter(places), None)
        place = first and async_device(hass, entry, first)
        dr.async_get(hass).async_update_device(camera.id, via_device_id=place.id if place else None)


@callback
def async_remove_device(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Remove the device of a camera, if there is one."""
    if device := async_device(hass, entry, key):
        dr.async_get(hass).async_remove_device(device.id)


@callback
def async_device_keys(hass: HomeAssistant, entry: ConfigEntry) -> set[str]:
    """Return the keys of all devices of an entry."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {key for device in devices for domain, key in device.identifiers if domain == DOMAIN}

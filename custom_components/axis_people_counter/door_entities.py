"""Hides those entities of a camera that a place has for all its doors, once the camera becomes a door.

A hidden entity keeps its history, and works in automations and on dashboards that a person has made. The place flow
hides entities; the set-up shows them again when their camera is no door any more.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .settings import is_door

# The ends of unique ids.
HIDDEN_AT_DOORS: Final = frozenset({"occupancy", "occupied", "reset_occupancy"})


@callback
def async_hide_at_doors(hass: HomeAssistant, entry: ConfigEntry, keys: Iterable[str]) -> None:
    """Hide entities of cameras that become doors, by the keys of the cameras."""
    doors = set(keys)
    for key, entity in _entities(hass, entry):
        if key in doors and entity.hidden_by is None:
            er.async_get(hass).async_update_entity(entity.entity_id, hidden_by=er.RegistryEntryHider.INTEGRATION)


@callback
def async_show_without_door(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Show the entities of cameras that aren't doors any more."""
    for key, entity in _entities(hass, entry):
        if entity.hidden_by is er.RegistryEntryHider.INTEGRATION and not is_door(entry, key):
            er.async_get(hass).async_update_entity(entity.entity_id, hidden_by=None)


def _entities(hass: HomeAssistant, entry: ConfigEntry) -> Iterator[tuple[str, er.RegistryEntry]]:
    """Yield the entities of cameras and places that are hidden at doors, with the keys of their devices."""
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        key, _, name = entity.unique_id.partition("_")
        if name in HIDDEN_AT_DOORS:
            yield key, entity

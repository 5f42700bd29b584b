"""Keeps the options of places that name an entity, when a person changes its entity ID.

The set-up of the integration starts it.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import CONF_OPENING_HOURS, CONF_SALES, DOMAIN, SUBENTRY_PLACE

ENTITY_OPTIONS: Final = (CONF_OPENING_HOURS, CONF_SALES)


@callback
def async_follow_renames(hass: HomeAssistant) -> None:
    """Store the new id of an entity in all places that use it, also while they are reloaded or disabled."""

    @callback
    def is_renamed(data: Mapping[str, Any]) -> bool:
        return "old_entity_id" in data

    @callback
    def renamed(event: Event[Any]) -> None:
        old, new = event.data["old_entity_id"], event.data["entity_id"]
        for entry in hass.config_entries.async_entries(DOMAIN):
            for place in entry.get_subentries_of_type(SUBENTRY_PLACE):
                if changed := {option: new for option in ENTITY_OPTIONS if place.data.get(option) == old}:
                    hass.config_entries.async_update_subentry(entry, place, data={**place.data, **changed})

    hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, renamed, is_renamed)

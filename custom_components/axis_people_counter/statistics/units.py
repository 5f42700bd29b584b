"""Keeps Home Assistant's own statistics of the sensors when an update changes the word that is their unit.

Recorder stops the statistics of a sensor whose unit has changed. Called when the entry is set up.
"""

from functools import partial
from typing import Final

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN, get_instance
from homeassistant.components.recorder.statistics import async_update_statistics_metadata, get_metadata
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

# The words of versions before 0.2.
OLD_UNITS: Final = ("people", "places")


async def async_follow_units(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Give recorder the units that the sensors have now."""
    if RECORDER_DOMAIN not in hass.config.components:
        return
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    units = {entity.entity_id: entity.unit_of_measurement for entity in entities}
    known = await get_instance(hass).async_add_executor_job(partial(get_metadata, hass, statistic_ids=set(units)))
    for statistic_id, (_, metadata) in known.items():
        unit = units[statistic_id]
        if metadata["unit_of_measurement"] in OLD_UNITS and unit not in (None, metadata["unit_of_measurement"]):
            async_update_statistics_metadata(hass, statistic_id, new_unit_class=None, new_unit_of_measurement=unit)

"""Keeps Home Assistant's own statistics of the sensors when the words that are their units change.

They change with an update, and where a camera becomes a door of a place. In every language, Home Assistant stores the
English ones. Recorder stops the statistics of a sensor whose unit has changed. Called when the entry is set up.
"""

from functools import partial

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN, get_instance
from homeassistant.components.recorder.statistics import async_update_statistics_metadata, get_metadata
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er


async def async_follow_units(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Give recorder the units that the sensors have now."""
    if RECORDER_DOMAIN not in hass.config.components:
        return
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    states = {entity.entity_id: hass.states.get(entity.entity_id) for entity in entities}
    units = {key: state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) for key, state in states.items() if state}
    known = await get_instance(hass).async_add_executor_job(partial(get_metadata, hass, statistic_ids=set(units)))
    for statistic_id, (_, metadata) in known.items():
        unit = units[statistic_id]
        if unit not in (None, metadata["unit_of_measurement"]):
            async_update_statistics_metadata(hass, statistic_id, new_unit_class=None, new_unit_of_measurement=unit)

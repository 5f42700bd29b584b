"""Home Assistant's own statistics of a sensor go on when the word that is its unit changes."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import async_import_statistics, get_metadata
from homeassistant.core import HomeAssistant

from .helpers.places import add_place
from .helpers.pusher import SERIAL, Pusher, measurement
from .helpers.recorder_statistics import settle

NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
# Units that recorder has stored, and those that it has after the set-up.
UNITS: Final = {
    "sensor.main_entrance_in_total": ("counted", "counted"),
    "sensor.shop_free_places": ("places", "free"),
    "sensor.shop_occupancy": ("people", "inside"),
    # The words were others, and the camera wasn't a door of the place yet.
    "sensor.main_entrance_out_total": ("people", "counted"),
    "sensor.main_entrance_occupancy": ("drinnen", "net"),
    "sensor.of_another_integration": ("people", "people"),
}


@pytest.mark.usefixtures("recorder_mock")
async def test_units_follow(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Recorder gets the present units of the sensors when the entry is set up."""
    await pusher.push(measurement(NOON - timedelta(minutes=1), 1))
    await add_place(hass, entry, (SERIAL,), (), limits={"capacity": 9})
    for statistic_id, (unit, _) in UNITS.items():
        metadata = StatisticMetaData(
            statistic_id=statistic_id,
            source="recorder",
            name=None,
            unit_of_measurement=unit,
            unit_class=None,
            has_sum=False,
            mean_type=StatisticMeanType.ARITHMETIC,
        )
        async_import_statistics(hass, metadata, [{"start": NOON - timedelta(hours=1), "mean": 1.0}])
    await settle(hass)
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    read = partial(get_metadata, hass, statistic_ids=set(UNITS))
    known = await get_instance(hass).async_add_executor_job(read)
    found = {statistic_id: metadata["unit_of_measurement"] for statistic_id, (_, metadata) in known.items()}
    assert found == {statistic_id: unit for statistic_id, (_, unit) in UNITS.items()}

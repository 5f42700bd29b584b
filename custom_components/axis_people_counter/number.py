"""Set how many people are inside a place, after somebody has counted them."""

from typing import Final, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .counting import MAX_COUNT, Source
from .entity import PlaceEntity
from .receiver import PeopleCounterConfigEntry

PARALLEL_UPDATES = 0

OCCUPANCY_CORRECTION: Final = NumberEntityDescription(
    key="occupancy_correction",
    mode=NumberMode.BOX,
    native_min_value=0,
    native_max_value=MAX_COUNT,
    native_step=1,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the number of each place."""
    for place in entry.runtime_data.places.values():
        async_add_entities([OccupancyNumber(place, OCCUPANCY_CORRECTION)], config_subentry_id=place.settings.key)


class OccupancyNumber(PlaceEntity, NumberEntity):
    """The people inside a place, to be set to what they are; also while its cameras are silent."""

    @property
    @override
    def native_value(self) -> float:
        return self.coordinator.data.occupancy

    @override
    async def async_set_native_value(self, value: float) -> None:
        await self.coordinator.async_correct(round(value), Source.NUMBER)

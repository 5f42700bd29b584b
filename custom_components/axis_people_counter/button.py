"""Start counting the people inside from nobody."""

from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .counting import Source
from .entity import CameraEntity, PlaceEntity, async_for_each_camera
from .receiver import PeopleCounterConfigEntry

PARALLEL_UPDATES = 0

RESET_OCCUPANCY: Final = ButtonEntityDescription(key="reset_occupancy")


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the button of each place and of each camera."""
    for place in entry.runtime_data.places.values():
        async_add_entities([ResetPlaceButton(place, RESET_OCCUPANCY)], config_subentry_id=place.settings.key)
    async_for_each_camera(
        entry, lambda coordinator: async_add_entities([ResetOccupancyButton(coordinator, RESET_OCCUPANCY)])
    )


class ResetOccupancyButton(CameraEntity, ButtonEntity):
    """Says that nobody is inside now."""

    @override
    async def async_press(self) -> None:
        await self.coordinator.async_correct(0, Source.BUTTON)


class ResetPlaceButton(PlaceEntity, ButtonEntity):
    """Says that nobody is inside a place now."""

    @override
    async def async_press(self) -> None:
        await self.coordinator.async_correct(0, Source.BUTTON)

"""The number that sets how many people are inside a place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription, NumberMode
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .counting import MAX_COUNT, Source
from .entity import PeopleCounterEntity, PeopleCounterEntityDescription, async_add_described
from .place_coordinator import PlaceCoordinator
from .receiver import PeopleCounterConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PeopleCounterNumberDescription(PeopleCounterEntityDescription[PlaceCoordinator], NumberEntityDescription):
    """Describes a number, the value that it sets, and its action."""

    value_fn: Callable[[PlaceCoordinator], int]
    set_fn: Callable[[PlaceCoordinator, int], Awaitable[None]]


PLACE_NUMBERS: Final = (
    # The number can be set also while the cameras are silent.
    PeopleCounterNumberDescription(
        key="occupancy_correction",
        mode=NumberMode.BOX,
        native_min_value=0,
        native_max_value=MAX_COUNT,
        native_step=1,
        value_fn=lambda place: place.data.occupancy,
        set_fn=lambda place, value: place.async_correct(value, Source.NUMBER),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the numbers of each place."""
    async_add_described(entry, async_add_entities, PeopleCounterNumber, places=PLACE_NUMBERS)


class PeopleCounterNumber(PeopleCounterEntity[PlaceCoordinator], NumberEntity):
    """A number that a person enters. It is unknown again, and its field empty, as soon as the value has changed.

    A number that always shows the value would write a state, and a line in Activity, for each passage. One that goes on
    showing what was entered would look like the value, and the frontend doesn't send the same number twice.
    """

    entity_description: PeopleCounterNumberDescription

    @property
    @override
    def shown(self) -> object:
        return self.native_value

    @override
    async def async_set_native_value(self, value: float) -> None:
        await self.entity_description.set_fn(self.coordinator, round(value))
        self._attr_native_value = round(value)
        # People may have passed while the number was being stored.
        self._handle_coordinator_update()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        if self.available and self.native_value != self.entity_description.value_fn(self.coordinator):
            self._attr_native_value = None
        super()._handle_coordinator_update()

"""The buttons that set the occupancy of a camera or of a place to 0."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CameraCoordinator
from .counting import Source
from .entity import PeopleCounterEntity, PeopleCounterEntityDescription, async_add_described
from .place_coordinator import PlaceCoordinator
from .receiver import PeopleCounterConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PeopleCounterButtonDescription(
    PeopleCounterEntityDescription[CameraCoordinator | PlaceCoordinator], ButtonEntityDescription
):
    """Describes a button and its action."""

    press_fn: Callable[[CameraCoordinator | PlaceCoordinator], Awaitable[None]]


BUTTONS: Final = (
    PeopleCounterButtonDescription(
        key="reset_occupancy",
        key_at_door="reset_occupancy_at_door",
        press_fn=lambda coordinator: coordinator.async_correct(0, Source.BUTTON),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of each camera and of each place."""
    async_add_described(entry, async_add_entities, PeopleCounterButton, cameras=BUTTONS, places=BUTTONS)


class PeopleCounterButton(PeopleCounterEntity[CameraCoordinator | PlaceCoordinator], ButtonEntity):
    """A button of a camera or of a place."""

    entity_description: PeopleCounterButtonDescription

    @override
    async def async_press(self) -> None:
        await self.entity_description.press_fn(self.coordinator)

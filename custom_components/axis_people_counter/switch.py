"""The switch that reverses the direction of a camera."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CameraCoordinator
from .entity import PeopleCounterEntity, PeopleCounterEntityDescription, async_add_described
from .receiver import PeopleCounterConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PeopleCounterSwitchDescription(PeopleCounterEntityDescription[CameraCoordinator], SwitchEntityDescription):
    """Describes a switch, its value and its actions."""

    value_fn: Callable[[CameraCoordinator], bool]
    set_fn: Callable[[CameraCoordinator, bool], Awaitable[None]]


CAMERA_SWITCHES: Final = (
    PeopleCounterSwitchDescription(
        key="reverse_direction",
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda camera: bool(camera.camera.reversed),
        set_fn=lambda camera, value: camera.async_set_reversed(value),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of each camera."""
    async_add_described(entry, async_add_entities, PeopleCounterSwitch, cameras=CAMERA_SWITCHES)


class PeopleCounterSwitch(PeopleCounterEntity[CameraCoordinator], SwitchEntity):
    """A switch of a camera."""

    entity_description: PeopleCounterSwitchDescription

    @property
    @override
    def is_on(self) -> bool:
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def shown(self) -> object:
        return self.is_on

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.entity_description.set_fn(self.coordinator, True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.entity_description.set_fn(self.coordinator, False)

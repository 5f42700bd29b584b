"""The direction of a camera that hangs the other way round."""

from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import CameraEntity, async_for_each_camera
from .receiver import PeopleCounterConfigEntry

PARALLEL_UPDATES = 0

REVERSE_DIRECTION: Final = SwitchEntityDescription(key="reverse_direction", entity_category=EntityCategory.CONFIG)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switch of each camera."""
    async_for_each_camera(
        entry, lambda coordinator: async_add_entities([ReverseDirectionSwitch(coordinator, REVERSE_DIRECTION)])
    )


class ReverseDirectionSwitch(CameraEntity, SwitchEntity):
    """Whether the camera's in means out here; holds for all that was counted."""

    @property
    @override
    def is_on(self) -> bool:
        return bool(self.coordinator.camera.reversed)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.coordinator.async_set_reversed(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.coordinator.async_set_reversed(False)

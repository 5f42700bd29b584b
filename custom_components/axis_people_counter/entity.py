"""What all entities of a camera share, and what all of a place do."""

from collections.abc import Callable
from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import CameraCoordinator
from .counting import Source
from .place_coordinator import PlaceCoordinator, PlaceData
from .receiver import PeopleCounterConfigEntry


class CameraEntity(CoordinatorEntity[CameraCoordinator]):
    """An entity of one camera."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: CameraCoordinator, description: EntityDescription) -> None:
        """Name the entity after its key."""
        super().__init__(coordinator)
        self.entity_description = description
        key = coordinator.key
        self._attr_translation_key = description.key
        self._attr_unique_id = f"{key}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, key)})


class CountingEntity(CameraEntity):
    """An entity that knows nothing while its camera is silent."""

    @property
    @override
    def available(self) -> bool:
        return super().available and self.coordinator.connected


class PlaceEntity(CoordinatorEntity[PlaceCoordinator]):
    """An entity of one place."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: PlaceCoordinator, description: EntityDescription) -> None:
        """Name the entity after its key."""
        super().__init__(coordinator)
        self.entity_description = description
        key = coordinator.settings.key
        self._attr_translation_key = description.key
        self._attr_unique_id = f"{key}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, key)})

    @property
    @override
    def available(self) -> bool:
        """Whether it has been read; a long history takes a while at first."""
        return super().available and self._data is not None

    @property
    def _data(self) -> PlaceData | None:
        return self.coordinator.data


class CountingPlaceEntity(PlaceEntity):
    """An entity that knows nothing while all cameras of its place are silent."""

    @property
    @override
    def available(self) -> bool:
        return super().available and self.coordinator.is_connected


class OccupancyEntity(CoordinatorEntity[Any]):
    """An entity whose value the action `set_occupancy` corrects."""

    async def async_set_occupancy(self, value: int) -> None:
        """Correct what was counted."""
        await self.coordinator.async_correct(value, Source.ACTION)


@callback
def async_for_each_camera(entry: PeopleCounterConfigEntry, add: Callable[[CameraCoordinator], None]) -> None:
    """Call for all cameras there are, and for each that comes."""
    receiver = entry.runtime_data
    for coordinator in receiver.cameras.values():
        add(coordinator)
    receiver.camera_callbacks.append(add)

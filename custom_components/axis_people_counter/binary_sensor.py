"""Whether somebody is inside, and whether the camera is heard."""

from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PeopleCounterConfigEntry
from .entity import CameraEntity, CountingEntity, async_for_each_camera

PARALLEL_UPDATES = 0

OCCUPIED: Final = BinarySensorEntityDescription(key="occupied", device_class=BinarySensorDeviceClass.OCCUPANCY)
CONNECTIVITY: Final = BinarySensorEntityDescription(
    key="connectivity",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of each camera."""
    async_for_each_camera(
        entry,
        lambda coordinator: async_add_entities(
            [OccupiedSensor(coordinator, OCCUPIED), ConnectivitySensor(coordinator, CONNECTIVITY)]
        ),
    )


class OccupiedSensor(CountingEntity, BinarySensorEntity):
    """Whether anybody is inside."""

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.data.occupancy > 0


class ConnectivitySensor(CameraEntity, BinarySensorEntity):
    """Whether the camera reports."""

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.connected

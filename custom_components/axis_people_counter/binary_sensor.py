"""Whether somebody is inside, whether a place is full, and whether cameras are heard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .entity import CameraEntity, CountingEntity, CountingPlaceEntity, PlaceEntity, async_for_each_camera
from .place_coordinator import PlaceData
from .receiver import PeopleCounterConfigEntry
from .settings import PlaceSettings

PARALLEL_UPDATES = 0

OCCUPIED: Final = BinarySensorEntityDescription(key="occupied", device_class=BinarySensorDeviceClass.OCCUPANCY)
CONNECTIVITY: Final = BinarySensorEntityDescription(
    key="connectivity",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


INCOMPLETE: Final = BinarySensorEntityDescription(
    key="incomplete",
    device_class=BinarySensorDeviceClass.PROBLEM,
    entity_category=EntityCategory.DIAGNOSTIC,
)


@dataclass(frozen=True, kw_only=True)
class PlaceBinarySensorDescription(BinarySensorEntityDescription):
    """Something that is true or not of the people inside a place."""

    value_fn: Callable[[PlaceData], bool]
    exists_fn: Callable[[PlaceSettings], bool] = lambda _: True


PLACE_BINARY_SENSORS: Final = (
    PlaceBinarySensorDescription(
        key="occupied",
        device_class=BinarySensorDeviceClass.OCCUPANCY,
        value_fn=lambda data: data.occupancy > 0,
    ),
    PlaceBinarySensorDescription(
        key="nearly_full",
        value_fn=lambda data: data.is_nearly_full,
        exists_fn=lambda settings: settings.warning_level is not None,
    ),
    PlaceBinarySensorDescription(
        key="full",
        value_fn=lambda data: data.is_full,
        exists_fn=lambda settings: settings.capacity is not None,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of each place and of each camera."""
    for place in entry.runtime_data.places.values():
        async_add_entities(
            [
                *(
                    PlaceBinarySensor(place, description)
                    for description in PLACE_BINARY_SENSORS
                    if description.exists_fn(place.settings)
                ),
                IncompleteSensor(place, INCOMPLETE),
            ],
            config_subentry_id=place.settings.key,
        )
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


class PlaceBinarySensor(CountingPlaceEntity, BinarySensorEntity):
    """Something about the people inside a place."""

    entity_description: PlaceBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool:
        return self.entity_description.value_fn(self.coordinator.data)


class IncompleteSensor(PlaceEntity, BinarySensorEntity):
    """Whether a camera of a place isn't heard, so that its numbers are only a part of the whole."""

    @property
    @override
    def is_on(self) -> bool:
        return bool(self.coordinator.missing or self.coordinator.silent)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"silent": self.coordinator.silent, "missing": self.coordinator.missing}

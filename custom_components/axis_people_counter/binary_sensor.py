"""The binary sensors of cameras and places: occupied, nearly full, full, connected, incomplete, a problem."""

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

from .coordinator import CameraCoordinator
from .entity import PeopleCounterEntity, PeopleCounterEntityDescription, async_add_described
from .place_coordinator import PlaceCoordinator
from .receiver import PeopleCounterConfigEntry

PARALLEL_UPDATES = 0

INCOMPLETE: Final = "incomplete"
COUNTING_PROBLEM: Final = "counting_problem"
# Their entity ids say what "on" means; their names say it of "off".
NAMED_BY_OFF: Final = (COUNTING_PROBLEM, INCOMPLETE)


@dataclass(frozen=True, kw_only=True)
class PeopleCounterBinarySensorDescription[C: CameraCoordinator | PlaceCoordinator](
    PeopleCounterEntityDescription[C], BinarySensorEntityDescription
):
    """Describes a binary sensor and its value."""

    value_fn: Callable[[C], bool | None]
    attributes_fn: Callable[[C], dict[str, Any] | None] = lambda _: None


CAMERA_BINARY_SENSORS: Final[tuple[PeopleCounterBinarySensorDescription[CameraCoordinator], ...]] = (
    PeopleCounterBinarySensorDescription(
        key="occupied",
        key_at_door="occupied_at_door",
        shows_live_counts=True,
        device_class=BinarySensorDeviceClass.OCCUPANCY,
        only_while_connected=True,
        value_fn=lambda camera: camera.data.occupancy > 0,
    ),
    PeopleCounterBinarySensorDescription(
        key="connectivity",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda camera: camera.connected,
    ),
    PeopleCounterBinarySensorDescription(
        key=COUNTING_PROBLEM,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda camera: camera.has_counting_problem,
    ),
)
PLACE_BINARY_SENSORS: Final[tuple[PeopleCounterBinarySensorDescription[PlaceCoordinator], ...]] = (
    PeopleCounterBinarySensorDescription(
        key="occupied",
        shows_live_counts=True,
        device_class=BinarySensorDeviceClass.OCCUPANCY,
        only_while_connected=True,
        value_fn=lambda place: place.data.occupancy > 0,
    ),
    PeopleCounterBinarySensorDescription(
        key="nearly_full",
        shows_live_counts=True,
        exists_fn=lambda place: place.settings.warning_level is not None,
        only_while_connected=True,
        value_fn=lambda place: place.data.is_nearly_full,
    ),
    PeopleCounterBinarySensorDescription(
        key="full",
        shows_live_counts=True,
        exists_fn=lambda place: place.settings.capacity is not None,
        only_while_connected=True,
        value_fn=lambda place: place.data.is_full,
    ),
    PeopleCounterBinarySensorDescription(
        key=INCOMPLETE,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda place: bool(place.missing_keys or place.silent),
        attributes_fn=lambda place: {"silent": place.silent, "missing": place.missing_keys},
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of each camera and of each place."""
    async_add_described(
        entry,
        async_add_entities,
        PeopleCounterBinarySensor,
        cameras=CAMERA_BINARY_SENSORS,
        places=PLACE_BINARY_SENSORS,
    )


class PeopleCounterBinarySensor[C: CameraCoordinator | PlaceCoordinator](PeopleCounterEntity[C], BinarySensorEntity):
    """A binary sensor of a camera or of a place."""

    entity_description: PeopleCounterBinarySensorDescription[C]

    @property
    @override
    def suggested_object_id(self) -> str | None:
        key = self.entity_description.key
        return key if key in NAMED_BY_OFF else super().suggested_object_id

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        return self.entity_description.attributes_fn(self.coordinator) or super().extra_state_attributes

    @property
    @override
    def shown(self) -> object:
        return self.is_on

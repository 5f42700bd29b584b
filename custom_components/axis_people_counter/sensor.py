"""The sensors of cameras and places: counts, occupancy, and how far the counts reach."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CameraCoordinator
from .entity import PeopleCounterEntity, PeopleCounterEntityDescription, async_add_described, async_for_each_camera
from .place_coordinator import PlaceCoordinator
from .receiver import PeopleCounterConfigEntry
from .sensors import (
    ATTR_DAYS,
    ConversionSensor,
    ConversionSensorDescription,
    DifferenceSensor,
    DifferenceSensorDescription,
    SummedSensorDescription,
    WeekdaySensorDescription,
    async_add_summed_sensors,
    async_add_weekday_sensors,
    people_compared,
    typical_occupancy,
)

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PeopleCounterSensorDescription[C: CameraCoordinator | PlaceCoordinator](
    PeopleCounterEntityDescription[C], SensorEntityDescription
):
    """A sensor and the function that returns its value."""

    value_fn: Callable[[C], float | datetime | None]


# Timestamps change with each push, so they are disabled at first: a push in which nobody passed writes no state.
CAMERA_SENSORS: Final[tuple[PeopleCounterSensorDescription[CameraCoordinator], ...]] = (
    PeopleCounterSensorDescription(
        key="occupancy",
        key_at_door="occupancy_at_door",
        shows_live_counts=True,
        state_class=SensorStateClass.MEASUREMENT,
        only_while_connected=True,
        is_occupancy=True,
        value_fn=lambda camera: camera.data.occupancy,
    ),
    PeopleCounterSensorDescription(
        key="missing_minutes",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        only_while_connected=True,
        value_fn=lambda camera: camera.data.missing_minutes,
    ),
    PeopleCounterSensorDescription(
        key="counted_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda camera: camera.data.counted_until,
    ),
    PeopleCounterSensorDescription(
        key="last_message",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda camera: camera.last_message,
    ),
)

SUMMED_SENSORS: Final = (
    SummedSensorDescription(
        key="in_today",
        shows_live_counts=True,
        state_class=SensorStateClass.TOTAL,
        of_today=True,
        value_fn=lambda data: data.today.entered,
    ),
    SummedSensorDescription(
        key="out_today",
        shows_live_counts=True,
        state_class=SensorStateClass.TOTAL,
        of_today=True,
        value_fn=lambda data: data.today.exited,
    ),
    SummedSensorDescription(
        key="adults_in_today",
        state_class=SensorStateClass.TOTAL,
        of_today=True,
        of_adults=True,
        value_fn=lambda data: data.today.adults_entered or 0,
    ),
    SummedSensorDescription(
        key="adults_out_today",
        state_class=SensorStateClass.TOTAL,
        of_today=True,
        of_adults=True,
        value_fn=lambda data: data.today.adults_exited or 0,
    ),
    SummedSensorDescription(
        key="in_total",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.total.entered,
    ),
    SummedSensorDescription(
        key="out_total",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.total.exited,
    ),
    SummedSensorDescription(
        key="adults_in_total",
        state_class=SensorStateClass.TOTAL,
        entity_registry_enabled_default=False,
        of_adults=True,
        value_fn=lambda data: data.total.adults_entered or 0,
    ),
    SummedSensorDescription(
        key="adults_out_total",
        state_class=SensorStateClass.TOTAL,
        entity_registry_enabled_default=False,
        of_adults=True,
        value_fn=lambda data: data.total.adults_exited or 0,
    ),
)

DIFFERENCE_YESTERDAY: Final = DifferenceSensorDescription(
    key="difference_yesterday",
    entity_category=EntityCategory.DIAGNOSTIC,
    exists_fn=lambda camera: camera.camera.serial in camera.config_entry.runtime_data.accesses,
)


def goal_reached(place: PlaceCoordinator) -> float | None:
    """Return the visitors of today in percent of the goal, None while they aren't known."""
    visitors, goal = place.data.visitors, place.settings.goal
    return None if visitors is None or not goal else round(100 * visitors / goal, 1)


# The counts of a place have no state class: a door that is added to it would be a spike in statistics.
PLACE_SENSORS: Final[tuple[PeopleCounterSensorDescription[PlaceCoordinator], ...]] = (
    PeopleCounterSensorDescription(
        key="occupancy",
        shows_live_counts=True,
        state_class=SensorStateClass.MEASUREMENT,
        only_while_connected=True,
        is_occupancy=True,
        value_fn=lambda place: place.data.occupancy,
    ),
    PeopleCounterSensorDescription(
        key="in_today",
        shows_live_counts=True,
        only_while_connected=True,
        value_fn=lambda place: place.data.entered,
    ),
    PeopleCounterSensorDescription(
        key="out_today",
        shows_live_counts=True,
        only_while_connected=True,
        value_fn=lambda place: place.data.exited,
    ),
    PeopleCounterSensorDescription(
        key="visitors_today",
        shows_live_counts=True,
        only_while_connected=True,
        value_fn=lambda place: place.data.visitors,
    ),
    PeopleCounterSensorDescription(
        key="visitors_outside_today",
        shows_live_counts=True,
        entity_registry_enabled_default=False,
        exists_fn=lambda place: place.settings.opening_hours is not None,
        only_while_connected=True,
        value_fn=lambda place: None if place.data.visitors is None else place.data.entered - place.data.visitors,
    ),
    PeopleCounterSensorDescription(
        key="peak_today",
        only_while_connected=True,
        value_fn=lambda place: place.data.peak,
    ),
    PeopleCounterSensorDescription(
        key="free_places",
        shows_live_counts=True,
        state_class=SensorStateClass.MEASUREMENT,
        exists_fn=lambda place: place.settings.capacity is not None,
        only_while_connected=True,
        value_fn=lambda place: max(0, (place.settings.capacity or 0) - place.data.occupancy),
    ),
    PeopleCounterSensorDescription(
        key="occupancy_percentage",
        shows_live_counts=True,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        exists_fn=lambda place: place.settings.capacity is not None,
        only_while_connected=True,
        value_fn=lambda place: round(100 * place.data.occupancy / (place.settings.capacity or 1), 1),
    ),
    PeopleCounterSensorDescription(
        key="goal_reached",
        shows_live_counts=True,
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        exists_fn=lambda place: place.settings.goal is not None,
        only_while_connected=True,
        value_fn=goal_reached,
    ),
    PeopleCounterSensorDescription(
        key="drift_today",
        entity_category=EntityCategory.DIAGNOSTIC,
        only_while_connected=True,
        value_fn=lambda place: place.data.drift,
    ),
    PeopleCounterSensorDescription(
        key="complete_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda place: place.data.complete_until,
    ),
)

CONVERSION_RATE: Final = ConversionSensorDescription(
    key="conversion_rate",
    shows_live_counts=True,
    native_unit_of_measurement=PERCENTAGE,
    state_class=SensorStateClass.MEASUREMENT,
    suggested_display_precision=1,
    exists_fn=lambda place: place.settings.sales is not None,
    only_while_connected=True,
)

# Sensors of places that look back at the same weekday of earlier weeks.
WEEKDAY_SENSORS: Final = (
    WeekdaySensorDescription(
        key="compared_to_last_week",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        only_while_connected=True,
        needs_all_doors=True,
        value_fn=lambda reader: reader.comparison and reader.comparison.change_percent,
        attributes_fn=people_compared,
    ),
    WeekdaySensorDescription(
        key="typical_now",
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,
        needs_weeks=True,
        value_fn=typical_occupancy,
        attributes_fn=lambda reader: {ATTR_DAYS: len(reader.occupancies)},
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of each camera and of each place."""
    async_add_described(entry, async_add_entities, PeopleCounterSensor, cameras=CAMERA_SENSORS, places=PLACE_SENSORS)
    async_add_described(entry, async_add_entities, ConversionSensor, places=[CONVERSION_RATE])
    async_add_described(entry, async_add_entities, DifferenceSensor, cameras=[DIFFERENCE_YESTERDAY])
    async_add_weekday_sensors(hass, entry, async_add_entities, WEEKDAY_SENSORS)
    async_for_each_camera(
        entry, lambda camera: async_add_summed_sensors(entry, async_add_entities, camera, SUMMED_SENSORS)
    )


class PeopleCounterSensor[C: CameraCoordinator | PlaceCoordinator](PeopleCounterEntity[C], SensorEntity):
    """A sensor of a camera or of a place."""

    entity_description: PeopleCounterSensorDescription[C]

    @property
    @override
    def native_value(self) -> float | datetime | None:
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def shown(self) -> object:
        return self.native_value

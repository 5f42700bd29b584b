"""Counts and occupancy of each camera and of each place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import (
    ATTR_LAST_RESET,
    ATTR_STATE_CLASS,
    DOMAIN as SENSOR_DOMAIN,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import CameraCoordinator, CameraData, Progress
from .entity import (
    CameraEntity,
    CountingEntity,
    CountingPlaceEntity,
    OccupancyEntity,
    PlaceEntity,
    async_for_each_camera,
)
from .place_coordinator import PlaceData
from .receiver import PeopleCounterConfigEntry
from .settings import PlaceSettings

PARALLEL_UPDATES = 0

# So long history may take until it has come.
NEW: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class CountSensorDescription(SensorEntityDescription):
    """A number of people, or of minutes."""

    value_fn: Callable[[CameraData], int]
    # The sensor is added when the camera has got this far, and stays.
    progress: Progress = Progress.BEHIND
    of_adults: bool = False
    of_today: bool = False

    def applies_to(self, data: CameraData) -> bool:
        """Return True if a camera has this sensor."""
        return data.progress >= self.progress and (data.has_adults or not self.of_adults)


@dataclass(frozen=True, kw_only=True)
class InstantSensorDescription(SensorEntityDescription):
    """An instant that tells how far the counts reach."""

    value_fn: Callable[[CameraCoordinator], datetime | None]


COUNT_SENSORS: Final = (
    CountSensorDescription(
        key="in_today",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.today.entered,
        progress=Progress.CURRENT,
        of_today=True,
    ),
    CountSensorDescription(
        key="out_today",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.today.exited,
        progress=Progress.CURRENT,
        of_today=True,
    ),
    CountSensorDescription(
        key="adults_in_today",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.today.adults_entered or 0,
        progress=Progress.CURRENT,
        of_adults=True,
        of_today=True,
    ),
    CountSensorDescription(
        key="adults_out_today",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.today.adults_exited or 0,
        progress=Progress.CURRENT,
        of_adults=True,
        of_today=True,
    ),
    CountSensorDescription(
        key="in_total",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.total.entered,
        progress=Progress.CAUGHT_UP,
    ),
    CountSensorDescription(
        key="out_total",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.total.exited,
        progress=Progress.CAUGHT_UP,
    ),
    CountSensorDescription(
        key="adults_in_total",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.total.adults_entered or 0,
        progress=Progress.CAUGHT_UP,
        of_adults=True,
        entity_registry_enabled_default=False,
    ),
    CountSensorDescription(
        key="adults_out_total",
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda data: data.total.adults_exited or 0,
        progress=Progress.CAUGHT_UP,
        of_adults=True,
        entity_registry_enabled_default=False,
    ),
)

OCCUPANCY_SENSOR: Final = CountSensorDescription(
    key="occupancy",
    state_class=SensorStateClass.MEASUREMENT,
    value_fn=lambda data: data.occupancy,
)

MISSING_MINUTES_SENSOR: Final = CountSensorDescription(
    key="missing_minutes",
    device_class=SensorDeviceClass.DURATION,
    native_unit_of_measurement=UnitOfTime.MINUTES,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
    value_fn=lambda data: data.missing_minutes,
)

INSTANT_SENSORS: Final = (
    InstantSensorDescription(
        key="counted_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda coordinator: coordinator.data.counted_until,
    ),
    InstantSensorDescription(
        key="last_message",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda coordinator: coordinator.last_message,
    ),
)


def _has_capacity(settings: PlaceSettings) -> bool:
    return settings.capacity is not None


@dataclass(frozen=True, kw_only=True)
class PlaceSensorDescription(SensorEntityDescription):
    """A number of people, or of what follows from it."""

    value_fn: Callable[[PlaceData, PlaceSettings], float]
    exists_fn: Callable[[PlaceSettings], bool] = lambda _: True


PLACE_OCCUPANCY_SENSOR: Final = PlaceSensorDescription(
    key="occupancy",
    state_class=SensorStateClass.MEASUREMENT,
    value_fn=lambda data, _: data.occupancy,
)

# What was counted has no state class: a door that brings the counts of today so far would be a spike in statistics.
PLACE_SENSORS: Final = (
    PlaceSensorDescription(
        key="in_today",
        value_fn=lambda data, _: data.entered,
    ),
    PlaceSensorDescription(
        key="out_today",
        value_fn=lambda data, _: data.exited,
    ),
    PlaceSensorDescription(
        key="peak_today",
        value_fn=lambda data, _: data.peak,
    ),
    PlaceSensorDescription(
        key="free_places",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda data, settings: max(0, (settings.capacity or 0) - data.occupancy),
        exists_fn=_has_capacity,
    ),
    PlaceSensorDescription(
        key="occupancy_percentage",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda data, settings: round(100 * data.occupancy / (settings.capacity or 1), 1),
        exists_fn=_has_capacity,
    ),
    PlaceSensorDescription(
        key="drift_today",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda data, _: data.drift,
    ),
)

COMPLETE_UNTIL_SENSOR: Final = SensorEntityDescription(
    key="complete_until",
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of each place, and of each camera, some of these only once there is something to show."""
    receiver = entry.runtime_data
    for place in receiver.places.values():
        async_add_entities(
            [
                PlaceOccupancySensor(place, PLACE_OCCUPANCY_SENSOR),
                *(
                    PlaceSensor(place, description)
                    for description in PLACE_SENSORS
                    if description.exists_fn(place.settings)
                ),
                CompleteUntilSensor(place, COMPLETE_UNTIL_SENSOR),
            ],
            config_subentry_id=place.settings.key,
        )

    @callback
    def add(coordinator: CameraCoordinator) -> None:
        async_add_entities(
            [
                OccupancySensor(coordinator, OCCUPANCY_SENSOR),
                CountSensor(coordinator, MISSING_MINUTES_SENSOR),
                *(InstantSensor(coordinator, description) for description in INSTANT_SENSORS),
            ]
        )
        missing = list(COUNT_SENSORS)
        unsettled: list[SummedSensor] = []

        @callback
        def add_counts() -> None:
            # What is added while the entry is unloaded would stay, and keep the place of the next sensor.
            if receiver.stopped or not coordinator.last_update_success:
                return
            found = [description for description in missing if description.applies_to(coordinator.data)]
            if found:
                missing[:] = [description for description in missing if description not in found]
                sensors = [SummedSensor(coordinator, description) for description in found]
                unsettled.extend(sensors)
                async_add_entities(sensors)
            settled = [sensor for sensor in unsettled if sensor.async_settle()]
            unsettled[:] = [sensor for sensor in unsettled if sensor.state_class is None]
            _async_forget_states(hass, settled)

        # It lives as long as the coordinator, and comes before the sensors write their states.
        coordinator.async_add_listener(add_counts)
        add_counts()

    async_for_each_camera(entry, add)


class CountSensor(CountingEntity, SensorEntity):
    """What was counted at one camera, or wasn't."""

    entity_description: CountSensorDescription

    @property
    @override
    def native_value(self) -> int:
        return self.entity_description.value_fn(self.coordinator.data)


class SummedSensor(CountSensor):
    """A count of which recorder makes sums: not before the history has come, which would be a spike in them."""

    def __init__(self, coordinator: CameraCoordinator, description: CountSensorDescription) -> None:
        """Go on with the sums that recorder may have already, whatever has become of the ledger since."""
        super().__init__(coordinator, description)
        self._added_at = dt_util.utcnow()
        registry = er.async_get(coordinator.hass)
        entity_id = registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, f"{coordinator.key}_{description.key}")
        entry = registry.async_get(entity_id) if entity_id else None
        has_sums = bool(entry and entry.capabilities and entry.capabilities.get(ATTR_STATE_CLASS))
        self._attr_state_class = description.state_class if has_sums else None

    @callback
    def async_settle(self) -> bool:
        """Let recorder make sums once the camera has brought no history for a while; return whether they begin now."""
        if self.state_class is None and self.coordinator.is_quiet(self._added_at):
            self._attr_state_class = self.entity_description.state_class
            return True
        return False

    @property
    def _day_start(self) -> datetime | None:
        return self.coordinator.data.day_start if self.entity_description.of_today else None

    @property
    @override
    def last_reset(self) -> datetime | None:
        return self._day_start if self.state_class else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return when the day began also before there are sums: else these would begin with all of that day."""
        if self.state_class or self._day_start is None:
            return None
        return {ATTR_LAST_RESET: self._day_start.isoformat()}


@callback
def _async_forget_states(hass: HomeAssistant, sensors: Iterable[SummedSensor]) -> None:
    """Have recorder forget what sensors showed while history came: it may be late, and make sums of that time yet."""
    since = dt_util.utcnow() - NEW
    # A sensor that was deleted and came back has a past that is worth something.
    entries = [sensor.registry_entry for sensor in sensors]
    entity_ids = [entry.entity_id for entry in entries if entry and not entry.disabled and entry.created_at >= since]
    if entity_ids and hass.services.has_service("recorder", "purge_entities"):
        data = {"entity_id": entity_ids, "keep_days": 0}
        hass.async_create_task(hass.services.async_call("recorder", "purge_entities", data))


class OccupancySensor(OccupancyEntity, CountSensor):
    """People inside, as far as this camera alone can tell."""


class InstantSensor(CameraEntity, SensorEntity):
    """How far the counts of one camera reach; known also while it is silent."""

    entity_description: InstantSensorDescription

    @property
    @override
    def native_value(self) -> datetime | None:
        return self.entity_description.value_fn(self.coordinator)


class PlaceSensor(CountingPlaceEntity, SensorEntity):
    """What was counted at all doors of a place, and what follows from it."""

    entity_description: PlaceSensorDescription

    @property
    @override
    def native_value(self) -> float:
        return self.entity_description.value_fn(self.coordinator.data, self.coordinator.settings)


class PlaceOccupancySensor(OccupancyEntity, PlaceSensor):
    """People inside."""


class CompleteUntilSensor(PlaceEntity, SensorEntity):
    """Up to when all doors of a place have reported; known also while they are silent."""

    @property
    @override
    def native_value(self) -> datetime | None:
        return self.coordinator.data.complete_until

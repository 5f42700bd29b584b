"""The counts of a camera, which recorder sums up into statistics. Called by sensor.py.

Months of history that arrive at once would be a spike in these statistics. So each sensor is added when its history has
arrived, and gets its state class when the camera has sent no history for ten minutes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import (
    ATTR_LAST_RESET,
    ATTR_STATE_CLASS,
    DOMAIN as SENSOR_DOMAIN,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator import CameraCoordinator, CameraData, Progress
from ..entity import PeopleCounterEntity, PeopleCounterEntityDescription
from ..receiver import PeopleCounterConfigEntry

# A new camera has sent all its history after this time.
MAX_CATCH_UP: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class SummedSensorDescription(PeopleCounterEntityDescription[CameraCoordinator], SensorEntityDescription):
    """A count of people: of today or in total, of everybody or of adults."""

    value_fn: Callable[[CameraData], int]
    only_while_connected: bool = True
    of_today: bool = False
    of_adults: bool = False

    def has_arrived(self, data: CameraData) -> bool:
        """Return True if the count contains all history."""
        needed = Progress.CURRENT if self.of_today else Progress.CAUGHT_UP
        return data.progress >= needed and (data.has_adults or not self.of_adults)


class SummedSensor(PeopleCounterEntity[CameraCoordinator], SensorEntity):
    """A count of people at one camera."""

    entity_description: SummedSensorDescription

    def __init__(self, coordinator: CameraCoordinator, description: SummedSensorDescription) -> None:
        """Restore the state class from the entity registry: recorder already has sums, even if the ledger is new."""
        super().__init__(coordinator, description)
        self._added_at = dt_util.utcnow()
        registry = er.async_get(coordinator.hass)
        entity_id = registry.async_get_entity_id(SENSOR_DOMAIN, DOMAIN, f"{coordinator.key}_{description.key}")
        entry = registry.async_get(entity_id) if entity_id else None
        has_sums = bool(entry and entry.capabilities and entry.capabilities.get(ATTR_STATE_CLASS))
        self._attr_state_class = description.state_class if has_sums else None

    @callback
    def async_set_state_class(self) -> bool:
        """Set the state class once the camera has sent no history for a while; return True if it is set now."""
        if self.state_class is None and self.coordinator.is_quiet(self._added_at):
            self._attr_state_class = self.entity_description.state_class
            return True
        return False

    @property
    @override
    def native_value(self) -> int:
        return self.entity_description.value_fn(self.coordinator.data)

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
        """Return the start of the day also while there is no state class.

        Otherwise recorder would take all of today's count as new when the state class is set.
        """
        attributes = super().extra_state_attributes
        if self.state_class or self._day_start is None:
            return attributes
        return {ATTR_LAST_RESET: self._day_start.isoformat(), **(attributes or {})}

    @property
    @override
    def shown(self) -> object:
        return self.native_value, self._day_start, self.state_class


@callback
def async_add_summed_sensors(
    entry: PeopleCounterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    coordinator: CameraCoordinator,
    descriptions: Iterable[SummedSensorDescription],
) -> None:
    """Add each sensor of a camera when its history has arrived, and set its state class later."""
    receiver = entry.runtime_data
    not_added = list(descriptions)
    without_state_class: list[SummedSensor] = []

    @callback
    def update() -> None:
        # An entity added while the entry is unloaded would stay, and block the id of the next one.
        if receiver.is_unloading or not coordinator.last_update_success:
            return
        arrived = [description for description in not_added if description.has_arrived(coordinator.data)]
        if arrived:
            not_added[:] = [description for description in not_added if description not in arrived]
            sensors = [SummedSensor(coordinator, description) for description in arrived]
            without_state_class.extend(sensors)
            async_add_entities(sensors)
        with_new_state_class = [sensor for sensor in without_state_class if sensor.async_set_state_class()]
        without_state_class[:] = [sensor for sensor in without_state_class if sensor.state_class is None]
        _async_purge_states(coordinator.hass, with_new_state_class)

    # The listener lives as long as the coordinator, and runs before the sensors write their states.
    coordinator.async_add_listener(update)
    update()


@callback
def _async_purge_states(hass: HomeAssistant, sensors: Iterable[SummedSensor]) -> None:
    """Purge the states from before the state class: recorder may compile them later, and would sum them up too."""
    since = dt_util.utcnow() - MAX_CATCH_UP
    # An older sensor was deleted and is back: its states from before that are kept.
    entries = [sensor.registry_entry for sensor in sensors]
    entity_ids = [entry.entity_id for entry in entries if entry and not entry.disabled and entry.created_at >= since]
    if entity_ids and hass.services.has_service("recorder", "purge_entities"):
        data = {"entity_id": entity_ids, "keep_days": 0}
        hass.async_create_task(hass.services.async_call("recorder", "purge_entities", data))

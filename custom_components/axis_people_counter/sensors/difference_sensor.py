"""The sensor of a camera with access that shows how yesterday's counts differ from the camera's own.

What it shows is found in checks/agreement.py. The sensor is removed together with the access.
"""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription

from ..coordinator import CameraCoordinator
from ..entity import PeopleCounterEntity, PeopleCounterEntityDescription
from ..ledger import Comparison


@dataclass(frozen=True, kw_only=True)
class DifferenceSensorDescription(PeopleCounterEntityDescription[CameraCoordinator], SensorEntityDescription):
    """The description of the sensor."""


class DifferenceSensor(PeopleCounterEntity[CameraCoordinator], SensorEntity):
    """By how many people the counts of yesterday differ, unknown if they couldn't be compared."""

    entity_description: DifferenceSensorDescription

    @property
    def _comparison(self) -> Comparison | None:
        comparison: Comparison | None = self.coordinator.config_entry.runtime_data.agreement.comparison(
            self.coordinator.key
        )
        return comparison

    @property
    @override
    def native_value(self) -> int | None:
        return self._comparison.people if self._comparison else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        if (comparison := self._comparison) is None:
            return None
        if comparison.reason:
            return {"date": comparison.date, "reason": comparison.reason}
        entered = sum(hour.camera_entered - hour.entered for hour in comparison.differing)
        exited = sum(hour.camera_exited - hour.exited for hour in comparison.differing)
        if self.coordinator.camera.reversed:
            entered, exited = exited, entered
        return {"date": comparison.date, "in": entered, "out": exited, "hours_compared": comparison.hours}

    @property
    @override
    def shown(self) -> object:
        return self._comparison, self.coordinator.camera.reversed

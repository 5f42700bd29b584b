"""The conversion rate of a place: its sales of today in percent of the visitors. Added by sensor.py."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, override

from homeassistant.components.sensor import ATTR_LAST_RESET, SensorEntity, SensorEntityDescription
from homeassistant.core import Event, EventStateChangedData, State, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.restore_state import RestoredExtraData, RestoreEntity
from homeassistant.util import dt as dt_util

from ..counting import Sales, Timestamp, parse_sales
from ..entity import PeopleCounterEntity, PeopleCounterEntityDescription
from ..place_coordinator import PlaceCoordinator


@dataclass(frozen=True, kw_only=True)
class ConversionSensorDescription(PeopleCounterEntityDescription[PlaceCoordinator], SensorEntityDescription):
    """The description of the conversion rate."""


class ConversionSensor(PeopleCounterEntity[PlaceCoordinator], SensorEntity, RestoreEntity):
    """The sales of today in percent of the visitors, unknown while there are none."""

    entity_description: ConversionSensorDescription

    def __init__(self, coordinator: PlaceCoordinator, description: ConversionSensorDescription) -> None:
        """Read nothing yet."""
        super().__init__(coordinator, description)
        self._source = coordinator.settings.sales or ""
        self._sales = Sales()
        self._is_known = False

    @override
    async def async_added_to_hass(self) -> None:
        """Go on with what was known before a restart, and follow the sensor with the sales."""
        await super().async_added_to_hass()
        if stored := await self.async_get_last_extra_data():
            self._restore(stored.as_dict())
        self._read(self.hass.states.get(self._source))
        self.async_on_remove(async_track_state_change_event(self.hass, self._source, self._sales_changed))

    def _restore(self, stored: Mapping[str, Any]) -> None:
        match stored:
            case {
                "source": self._source,
                "number": float() | int() as number,
                "read_at": int() as read_at,
                "began_at": int() as began_at,
            }:
                self._sales = Sales(number, read_at, began_at)

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        """Store when the sales began again: after a restart, nobody else knows whether they are today's."""
        return RestoredExtraData({"source": self._source, **asdict(self._sales)})

    @callback
    def _sales_changed(self, event: Event[EventStateChangedData]) -> None:
        self._read(event.data["new_state"])
        self._handle_coordinator_update()

    def _read(self, state: State | None) -> None:
        number = parse_sales(state.state) if state else None
        self._is_known = number is not None
        if state and number is not None:
            self._sales.update(number, _now(), _last_reset(state))

    @property
    @override
    def native_value(self) -> float | None:
        visitors = self.coordinator.data.visitors
        day, _ = self.coordinator.settings.schedule.day(_now())
        sales = self._sales.of_day(day) if self._is_known else None
        return None if not visitors or sales is None else round(100 * sales / visitors, 1)

    @property
    @override
    def shown(self) -> object:
        return self.native_value


def _now() -> Timestamp:
    return int(dt_util.utcnow().timestamp())


def _last_reset(state: State) -> Timestamp | None:
    """Return when a sensor says that it began again, None if it doesn't."""
    text = state.attributes.get(ATTR_LAST_RESET)
    # The time may be one that no calendar or time zone has.
    with suppress(ValueError, OverflowError):
        if isinstance(text, str) and (instant := dt_util.parse_datetime(text)):
            return int(dt_util.as_utc(instant).timestamp())
    return None

"""People passing just now, and limits of places being reached."""

from datetime import UTC, datetime
from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .counting import Interval
from .entity import CameraEntity, PlaceEntity, async_for_each_camera
from .place_coordinator import PlaceCoordinator, Threshold, crossed
from .receiver import PeopleCounterConfigEntry

PARALLEL_UPDATES = 0

PASSAGE: Final = EventEntityDescription(key="passage", event_types=["entered", "left"])


THRESHOLD: Final = EventEntityDescription(key="threshold", event_types=[threshold.value for threshold in Threshold])


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the event of each place and of each camera."""
    for place in entry.runtime_data.places.values():
        async_add_entities([ThresholdEvent(place, THRESHOLD)], config_subentry_id=place.settings.key)
    async_for_each_camera(entry, lambda coordinator: async_add_entities([PassageEvent(coordinator, PASSAGE)]))


class PassageEvent(CameraEntity, EventEntity):
    """People who came or went in intervals that have just been reported."""

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        callbacks = self.coordinator.passage_callbacks
        callbacks.append(self._async_passed)
        self.async_on_remove(lambda: callbacks.remove(self._async_passed))

    @callback
    def _async_passed(self, intervals: list[Interval]) -> None:
        self._async_tell("entered", [(one.entered, one.adults_entered, one) for one in intervals if one.entered])
        self._async_tell("left", [(one.exited, one.adults_exited, one) for one in intervals if one.exited])

    @callback
    def _async_tell(self, event_type: str, counted: list[tuple[int, int | None, Interval]]) -> None:
        if not counted:
            return
        adults = [number for _, number, _ in counted if number is not None]
        attributes = {
            "count": sum(number for number, _, _ in counted),
            "adults": sum(adults) if adults else None,
            "from": datetime.fromtimestamp(counted[0][2].start, UTC).isoformat(),
            "to": datetime.fromtimestamp(counted[-1][2].end, UTC).isoformat(),
        }
        self._trigger_event(event_type, attributes)
        self.async_write_ha_state()


class ThresholdEvent(PlaceEntity, EventEntity):
    """A place that becomes full, nearly full, free again or empty."""

    def __init__(self, coordinator: PlaceCoordinator, description: EventEntityDescription) -> None:
        """Begin with what is true already, which is no event."""
        super().__init__(coordinator, description)
        self._seen = coordinator.data

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        # While a camera tells its history, it isn't what happens now.
        if self.coordinator.last_update_success and self.coordinator.is_current:
            before, self._seen = self._seen, self.coordinator.data
            for threshold in crossed(before, self._seen) if before and self._seen else ():
                self._trigger_event(threshold, {"occupancy": self._seen.occupancy})
                self.async_write_ha_state()
        super()._handle_coordinator_update()

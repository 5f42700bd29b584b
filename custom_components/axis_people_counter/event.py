"""The events of cameras and places: people passing now, and limits being reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import EVENT_PASSAGE
from .coordinator import CameraCoordinator
from .counting import Interval
from .entity import PeopleCounterEntity, PeopleCounterEntityDescription, async_add_described
from .place_coordinator import PlaceCoordinator, Threshold, crossed
from .receiver import PeopleCounterConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PeopleCounterEventDescription[C: CameraCoordinator | PlaceCoordinator](
    PeopleCounterEntityDescription[C], EventEntityDescription
):
    """The event types of an event entity."""


CAMERA_EVENTS: Final[tuple[PeopleCounterEventDescription[CameraCoordinator], ...]] = (
    PeopleCounterEventDescription(key="passage", event_types=["entered", "left"]),
)
PLACE_EVENTS: Final[tuple[PeopleCounterEventDescription[PlaceCoordinator], ...]] = (
    PeopleCounterEventDescription(key="threshold", event_types=[threshold.value for threshold in Threshold]),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PeopleCounterConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the events of each camera and of each place."""
    async_add_described(entry, async_add_entities, PassageEvent, cameras=CAMERA_EVENTS)
    async_add_described(entry, async_add_entities, ThresholdEvent, places=PLACE_EVENTS)


class PassageEvent(PeopleCounterEntity[CameraCoordinator], EventEntity):
    """Triggers when a camera reports that people have just entered or left."""

    entity_description: PeopleCounterEventDescription[CameraCoordinator]
    # They differ in each event: recorder would store all its attributes anew. The ledger has the same intervals.
    _unrecorded_attributes = frozenset({"from", "to"})

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        callbacks = self.coordinator.interval_callbacks
        callbacks.append(self._async_passed)
        self.async_on_remove(lambda: callbacks.remove(self._async_passed))

    @callback
    def _async_passed(self, intervals: list[Interval]) -> None:
        """Trigger one event for each direction; a report may hold several intervals."""
        if entered := [interval for interval in intervals if interval.entered]:
            self._async_trigger(
                "entered",
                entered,
                count=sum(interval.entered for interval in entered),
                adults=[interval.adults_entered for interval in entered],
            )
        if exited := [interval for interval in intervals if interval.exited]:
            self._async_trigger(
                "left",
                exited,
                count=sum(interval.exited for interval in exited),
                adults=[interval.adults_exited for interval in exited],
            )

    @callback
    def _async_trigger(
        self, event_type: str, intervals: Sequence[Interval], *, count: int, adults: Sequence[int | None]
    ) -> None:
        known_adults = [number for number in adults if number is not None]
        attributes = {
            "count": count,
            "adults": sum(known_adults) if known_adults else None,
            "from": datetime.fromtimestamp(intervals[0].start, UTC).isoformat(),
            "to": datetime.fromtimestamp(intervals[-1].end, UTC).isoformat(),
        }
        self._trigger_event(event_type, attributes)
        self.async_write_ha_state()
        # For Activity, which shows no attribute of an event entity but its type: see logbook.py.
        self.hass.bus.async_fire(
            EVENT_PASSAGE, {ATTR_ENTITY_ID: self.entity_id, "event_type": event_type, "count": count}
        )


class ThresholdEvent(PeopleCounterEntity[PlaceCoordinator], EventEntity):
    """Triggers when a place becomes full, nearly full, free again or empty."""

    entity_description: PeopleCounterEventDescription[PlaceCoordinator]

    def __init__(
        self, coordinator: PlaceCoordinator, description: PeopleCounterEventDescription[PlaceCoordinator]
    ) -> None:
        """Remember the present data: only later changes are events."""
        super().__init__(coordinator, description)
        self._seen = coordinator.data

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        # Changes that come from a camera's history are not events.
        if self.coordinator.last_update_success and self.coordinator.is_current:
            before, self._seen = self._seen, self.coordinator.data
            for threshold in crossed(before, self._seen) if before and self._seen else ():
                self._trigger_event(threshold, {"occupancy": self._seen.occupancy})
                self.async_write_ha_state()
        super()._handle_coordinator_update()

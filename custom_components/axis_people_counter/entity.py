"""The base of all entities: identity, device and availability.

A platform describes its entities in tables and adds them with `async_add_described`. This module knows no platform.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback, async_get_current_platform
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import CameraCoordinator
from .place_coordinator import PlaceCoordinator
from .receiver import PeopleCounterConfigEntry
from .settings import is_door

ATTR_LIVE: Final = "live"


@dataclass(frozen=True, kw_only=True)
class PeopleCounterEntityDescription[C: CameraCoordinator | PlaceCoordinator](EntityDescription):
    """The description of an entity of a camera or of a place."""

    exists_fn: Callable[[C], bool] = lambda _: True
    # The entity is unavailable while its camera, or every camera of its place, is silent.
    only_while_connected: bool = False
    # Live counts are part of the state.
    shows_live_counts: bool = False
    # The action `set_occupancy` can set the entity.
    is_occupancy: bool = False
    # The translation key at a camera that is a door of a place: only the place knows how many people are inside.
    # There, the entity is disabled at first.
    key_at_door: str | None = None


class PeopleCounterEntity[C: CameraCoordinator | PlaceCoordinator](CoordinatorEntity[C]):
    """An entity of a camera or of a place."""

    entity_description: PeopleCounterEntityDescription[C]
    _attr_has_entity_name = True
    _unrecorded_attributes = frozenset({ATTR_LIVE})

    def __init__(self, coordinator: C, description: PeopleCounterEntityDescription[C]) -> None:
        """Derive name and unique id from the description's key."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_translation_key = description.key
        if description.key_at_door and is_door(coordinator.config_entry, coordinator.key):
            self._attr_translation_key = description.key_at_door
            self._attr_entity_registry_enabled_default = False
        self._attr_unique_id = unique_id_of(coordinator, description)
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, coordinator.key)})
        # Availability and `shown` as they were when a state was written last.
        self._written: tuple[bool, object] | None = None

    @property
    @override
    def available(self) -> bool:
        # A place with a long history has no data until that has been read.
        if not super().available or self.coordinator.data is None:
            return False
        return not self.entity_description.only_while_connected or self.coordinator.connected

    @property
    def shown(self) -> object:
        """All that the state depends on while the entity is available, apart from the registries."""
        return None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return whether the state is live, where a person has given access to a camera."""
        if not self.entity_description.shows_live_counts or (is_live := self.coordinator.is_live) is None:
            return None
        return {ATTR_LIVE: is_live}

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state only if it has changed: a push changes few entities, and writing all takes milliseconds."""
        if self._written != self._available_and_shown():
            super()._handle_coordinator_update()

    @callback
    @override
    def _async_write_ha_state(self) -> None:
        self._written = self._available_and_shown()
        super()._async_write_ha_state()

    def _available_and_shown(self) -> tuple[bool, object]:
        available = self.available
        return available, (self.shown, self.extra_state_attributes) if available else None


def unique_id_of(
    coordinator: CameraCoordinator | PlaceCoordinator, description: PeopleCounterEntityDescription[Any]
) -> str:
    """Return the unique id of an entity."""
    return f"{coordinator.key}_{description.key}"


@callback
def async_add_described(
    entry: PeopleCounterConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entity_class: Callable[[Any, Any], Entity],
    *,
    cameras: Iterable[PeopleCounterEntityDescription[Any]] = (),
    places: Iterable[PeopleCounterEntityDescription[Any]] = (),
) -> None:
    """Add the described entities to each place, and to each camera, now or when it first reports.

    Those that don't exist any more, because an option was cleared, are removed from the entity registry.
    """
    registry, domain = er.async_get(entry.runtime_data.hass), async_get_current_platform().domain

    @callback
    def add(
        coordinator: CameraCoordinator | PlaceCoordinator,
        descriptions: Iterable[PeopleCounterEntityDescription[Any]],
        subentry_id: str | None = None,
    ) -> None:
        found: list[Entity] = []
        for description in descriptions:
            unique_id = unique_id_of(coordinator, description)
            if description.exists_fn(coordinator):
                found.append(entity_class(coordinator, description))
            elif entity_id := registry.async_get_entity_id(domain, DOMAIN, unique_id):
                registry.async_remove(entity_id)
        async_add_entities(found, config_subentry_id=subentry_id)

    for place in entry.runtime_data.places.values():
        add(place, places, place.key)
    if cameras:
        async_for_each_camera(entry, lambda camera: add(camera, cameras))


@callback
def async_for_each_camera(entry: PeopleCounterConfigEntry, add: Callable[[CameraCoordinator], None]) -> None:
    """Call `add` for each camera, now or when it first reports."""
    receiver = entry.runtime_data
    for coordinator in receiver.cameras.values():
        add(coordinator)
    receiver.camera_callbacks.append(add)

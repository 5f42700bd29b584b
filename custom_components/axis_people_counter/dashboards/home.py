"""The cameras and places that dashboards show, with the ids of their entities and statistics. Read by the command.

Everything comes from the registries and the config entry, so it is known before the entry is loaded.
"""

from collections import defaultdict
from dataclasses import KW_ONLY, dataclass
from typing import Self

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import CONF_CAPACITY, CONF_OPENING_HOURS, DOMAIN, SUBENTRY_PLACE
from ..devices import async_device, async_device_keys
from ..settings import doors_of
from ..statistics import statistic_ids
from ..texts import name_order


@dataclass(frozen=True, slots=True)
class Counted:
    """A camera or a place."""

    key: str
    name: str
    # The ids of entities by their keys, such as "in_today"; disabled and hidden ones aren't shown.
    entities: dict[str, str]
    _: KW_ONLY
    # Only a place has any.
    has_opening_hours: bool = False

    @property
    def statistics(self) -> dict[str, str]:
        """The ids of statistics, by kind."""
        return statistic_ids(self.key)


@dataclass(frozen=True, slots=True)
class Place(Counted):
    """A place, and the cameras at its doors."""

    doors: tuple[Counted, ...]
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Home:
    """All places in the order in which they were added, and all cameras by name."""

    places: tuple[Place, ...]
    cameras: tuple[Counted, ...]
    is_disabled: bool = False

    @classmethod
    @callback
    def async_of(cls, hass: HomeAssistant) -> Self:
        """Return what the registries know."""
        entries = hass.config_entries.async_entries(DOMAIN)
        if not entries:
            return cls((), ())
        entry = entries[0]
        if entry.disabled_by:
            return cls((), (), is_disabled=True)
        entities = _async_entities(hass, entry)
        names = _async_names(hass, entry)

        def counted(key: str) -> tuple[str, str, dict[str, str]]:
            return key, names[key], entities[key]

        subentries = {place.subentry_id: place for place in entry.get_subentries_of_type(SUBENTRY_PLACE)}
        cameras = {key: Counted(*counted(key)) for key in names.keys() - subentries.keys()}
        places = tuple(
            Place(
                *counted(key),
                tuple(cameras[door.key] for door in doors_of(subentry) if door.key in cameras),
                subentry.data.get(CONF_CAPACITY),
                has_opening_hours=CONF_OPENING_HOURS in subentry.data,
            )
            for key, subentry in subentries.items()
            if key in names
        )
        return cls(places, tuple(sorted(cameras.values(), key=lambda camera: (name_order(camera.name), camera.key))))

    def reason(self, reason: str) -> str:
        """Return the key of the text that tells why nothing is shown."""
        return "disabled" if self.is_disabled else reason

    @property
    def without_place(self) -> tuple[Counted, ...]:
        """The cameras that belong to no place."""
        at_doors = {door.key for place in self.places for door in place.doors}
        return tuple(camera for camera in self.cameras if camera.key not in at_doors)


@callback
def _async_names(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """Return the names of cameras and places by their keys; disabled ones aren't shown."""
    devices = {key: async_device(hass, entry, key) for key in async_device_keys(hass, entry)}
    return {
        key: device.name_by_user or device.name or key
        for key, device in devices.items()
        if device and device.disabled_by is None
    }


@callback
def _async_entities(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, dict[str, str]]:
    """Return the ids of shown entities, by camera or place and by their keys."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if entity.disabled_by is None and entity.hidden_by is None:
            key, _, name = entity.unique_id.partition("_")
            found[key][name] = entity.entity_id
    return found

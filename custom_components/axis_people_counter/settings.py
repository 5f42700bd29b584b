"""Settings that a person made, in the config entry: directions, replaced cameras, options and places.

They are copied into the ledger, but outlive it. When the entry is deleted, a file keeps them for the next entry.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Self

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_TIME_ZONE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import (
    CONF_CAPACITY,
    CONF_CONFIRMED_DIRECTIONS,
    CONF_CONFIRMED_PARTS,
    CONF_DECLINED,
    CONF_DELETE_OLD_COUNTS,
    CONF_DOORS,
    CONF_GOAL,
    CONF_HYSTERESIS,
    CONF_KEEP_DAYS,
    CONF_OPENING_HOURS,
    CONF_REPLACEMENTS,
    CONF_RESET_TIME,
    CONF_RESET_VALUE,
    CONF_REVERSED_CAMERAS,
    CONF_REVERSED_DOORS,
    CONF_SALES,
    CONF_WARNING_LEVEL,
    DEFAULT_KEEP_DAYS,
    DOMAIN,
    SUBENTRY_PLACE,
)
from .counting import Replacement, Schedule, Timestamp, thresholds, without_last
from .ledger import Door, Place
from .schedules import async_schedule

# A file beside the folder with the certificate authority.
STORAGE_KEY: Final = f"{DOMAIN}.settings"
STORAGE_VERSION: Final = 1


def replacements_of(entry: ConfigEntry) -> list[Replacement]:
    """Return which cameras replace others, oldest replacement first."""
    return [Replacement(**stored) for stored in entry.options.get(CONF_REPLACEMENTS, ())]


@callback
def async_keep_replacement(hass: HomeAssistant, entry: ConfigEntry, replacement: Replacement) -> None:
    """Store that a camera replaces another."""
    replacements = [*replacements_of(entry), replacement]
    _async_keep(hass, entry, CONF_REPLACEMENTS, [stored._asdict() for stored in replacements])


@callback
def async_forget_replacement(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Remove the last replacement at a key."""
    replacements = without_last(replacements_of(entry), key)
    _async_keep(hass, entry, CONF_REPLACEMENTS, [stored._asdict() for stored in replacements])


@callback
def async_keep_direction(hass: HomeAssistant, entry: ConfigEntry, key: str, is_reversed: bool) -> None:
    """Store whether in and out of a camera are swapped; a direction confirmed before was another one."""
    if key in (confirmed := set(entry.options.get(CONF_CONFIRMED_DIRECTIONS, ()))):
        _async_keep(hass, entry, CONF_CONFIRMED_DIRECTIONS, sorted(confirmed - {key}))
    others = set(entry.options.get(CONF_REVERSED_CAMERAS, ())) - {key}
    async_keep_directions(hass, entry, others | {key} if is_reversed else others)


@callback
def async_keep_directions(hass: HomeAssistant, entry: ConfigEntry, reversed_cameras: Iterable[str]) -> None:
    """Store the keys of all cameras whose in and out are swapped."""
    _async_keep(hass, entry, CONF_REVERSED_CAMERAS, sorted(reversed_cameras))


@callback
def async_confirm_direction(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Store that the direction of a camera is right, so that no issue asks again."""
    confirmed = {*entry.options.get(CONF_CONFIRMED_DIRECTIONS, ()), key}
    _async_keep(hass, entry, CONF_CONFIRMED_DIRECTIONS, sorted(confirmed))


@callback
def async_confirm_part(hass: HomeAssistant, entry: ConfigEntry, key: str, since: Timestamp) -> None:
    """Store since when the part of the people who come in at a door is right, so that no issue asks again."""
    confirmed = {**entry.options.get(CONF_CONFIRMED_PARTS, {}), key: since}
    _async_keep(hass, entry, CONF_CONFIRMED_PARTS, confirmed)


@callback
def async_turn_door(hass: HomeAssistant, entry: ConfigEntry, place: str, key: str) -> None:
    """Exchange in and out of a door at a place, unless the place was removed."""
    if subentry := entry.subentries.get(place):
        doors = [door._replace(is_reversed=door.is_reversed != (door.key == key)) for door in doors_of(subentry)]
        data = {
            **subentry.data,
            CONF_DOORS: [door.key for door in doors if not door.is_reversed],
            CONF_REVERSED_DOORS: [door.key for door in doors if door.is_reversed],
        }
        hass.config_entries.async_update_subentry(entry, subentry, data=data)


@callback
def async_decline(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Store that a camera replaces no other, so that no issue asks again."""
    _async_keep(hass, entry, CONF_DECLINED, sorted({*entry.options.get(CONF_DECLINED, ()), key}))


def days_kept(entry: ConfigEntry) -> int | None:
    """Return for how many days counts are kept, None if for ever."""
    if not entry.options.get(CONF_DELETE_OLD_COUNTS, True):
        return None
    days: int = entry.options.get(CONF_KEEP_DAYS, DEFAULT_KEEP_DAYS)
    return days


def options_of_a_reload(entry: ConfigEntry) -> dict[str, Any]:
    """Return the options that need a reload when they change."""
    without = (CONF_CONFIRMED_DIRECTIONS, CONF_CONFIRMED_PARTS, CONF_DECLINED, CONF_REVERSED_CAMERAS)
    return {key: value for key, value in entry.options.items() if key not in without}


async def async_save(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Save the options and places of an entry that is deleted."""
    # Passwords of cameras aren't kept.
    places = [subentry.as_dict() for subentry in entry.get_subentries_of_type(SUBENTRY_PLACE)]
    await _store(hass).async_save({"options": dict(entry.options), "places": places, "restored_to": None})


async def async_restore(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Restore the options and places of a deleted entry into a new one; places keep their ids."""
    store = _store(hass)
    if (saved := await store.async_load()) is None:
        return
    if saved["restored_to"] == entry.entry_id:
        # This is a later start, so Home Assistant has stored the entry with these settings.
        await store.async_remove()
        return
    for place in saved["places"]:
        if place["subentry_id"] not in entry.subentries:
            subentry = ConfigSubentry(**{**place, "data": MappingProxyType(place["data"])})
            hass.config_entries.async_add_subentry(entry, subentry)
    hass.config_entries.async_update_entry(entry, options={**saved["options"], **entry.options})
    await store.async_save({**saved, "restored_to": entry.entry_id})


def _store(hass: HomeAssistant) -> Store[dict[str, Any]]:
    return Store(hass, STORAGE_VERSION, STORAGE_KEY)


@callback
def _async_keep(hass: HomeAssistant, entry: ConfigEntry, key: str, value: list[Any] | dict[str, Any]) -> None:
    hass.config_entries.async_update_entry(entry, options={**entry.options, key: value})


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """The settings of a place."""

    key: str
    name: str
    doors: tuple[Door, ...]
    capacity: int | None
    warning_level: int | None
    hysteresis: int
    time_zone: str | None
    schedule: Schedule
    # Entities: a schedule or a calendar, and a sensor with the number of sales or loans of today.
    opening_hours: str | None = None
    sales: str | None = None
    # Visitors a day.
    goal: int | None = None

    @classmethod
    async def async_of(cls, subentry: ConfigSubentry) -> Self:
        """Return the settings in a subentry."""
        data = subentry.data
        return cls(
            key=subentry.subentry_id,
            name=subentry.title,
            doors=doors_of(subentry),
            capacity=data.get(CONF_CAPACITY),
            warning_level=data.get(CONF_WARNING_LEVEL),
            hysteresis=data[CONF_HYSTERESIS],
            time_zone=data.get(CONF_TIME_ZONE),
            schedule=await async_schedule(data.get(CONF_TIME_ZONE), data.get(CONF_RESET_TIME), data[CONF_RESET_VALUE]),
            opening_hours=data.get(CONF_OPENING_HOURS),
            sales=data.get(CONF_SALES),
            goal=data.get(CONF_GOAL),
        )

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the cameras at its doors."""
        return frozenset(door.key for door in self.doors)

    @property
    def place(self) -> Place:
        """The place as the ledger stores it."""
        limits = thresholds((self.capacity, self.warning_level), hysteresis=self.hysteresis)
        return Place(self.key, self.doors, self.schedule.basis, limits)


def is_door(entry: ConfigEntry, key: str) -> bool:
    """Return True if a camera is a door of a place."""
    places = entry.get_subentries_of_type(SUBENTRY_PLACE)
    return any(key in place.data[way] for place in places for way in (CONF_DOORS, CONF_REVERSED_DOORS))


def doors_of(subentry: ConfigSubentry) -> tuple[Door, ...]:
    """Return the doors of a place: those that lead into it first, then those that lead out."""
    return (
        *(Door(key, False) for key in subentry.data[CONF_DOORS]),
        *(Door(key, True) for key in subentry.data[CONF_REVERSED_DOORS]),
    )

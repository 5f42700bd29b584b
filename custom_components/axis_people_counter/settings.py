"""What a person set that outlives the ledger: directions, and which cameras replace others.

It is kept in the entry's options. The ledger is told when it is opened, and when something changes.
"""

from collections.abc import Iterable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .const import CONF_DECLINED, CONF_REPLACEMENTS, CONF_REVERSED_CAMERAS
from .replacements import Replacement


def replacements_of(entry: ConfigEntry) -> list[Replacement]:
    """Return which cameras replace others, in the order in which it was chosen."""
    return [Replacement(**stored) for stored in entry.options.get(CONF_REPLACEMENTS, ())]


@callback
def async_keep_replacement(hass: HomeAssistant, entry: ConfigEntry, replacement: Replacement) -> None:
    """Keep that a camera replaces another."""
    replacements = [*replacements_of(entry), replacement]
    _async_keep(hass, entry, CONF_REPLACEMENTS, [stored._asdict() for stored in replacements])


@callback
def async_keep_direction(hass: HomeAssistant, entry: ConfigEntry, key: str, is_reversed: bool) -> None:
    """Keep whether in means out at a camera."""
    others = set(entry.options.get(CONF_REVERSED_CAMERAS, ())) - {key}
    async_keep_directions(hass, entry, others | {key} if is_reversed else others)


@callback
def async_keep_directions(hass: HomeAssistant, entry: ConfigEntry, reversed_cameras: Iterable[str]) -> None:
    """Keep at which cameras in means out, and at no others."""
    _async_keep(hass, entry, CONF_REVERSED_CAMERAS, sorted(reversed_cameras))


@callback
def async_decline(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Keep that a camera replaces none."""
    _async_keep(hass, entry, CONF_DECLINED, sorted({*entry.options.get(CONF_DECLINED, ()), key}))


def options_of_a_reload(entry: ConfigEntry) -> dict[str, Any]:
    """Return the options that hold for as long as the entry is loaded."""
    return {key: value for key, value in entry.options.items() if key not in (CONF_DECLINED, CONF_REVERSED_CAMERAS)}


@callback
def _async_keep(hass: HomeAssistant, entry: ConfigEntry, key: str, value: list[Any]) -> None:
    hass.config_entries.async_update_entry(entry, options={**entry.options, key: value})

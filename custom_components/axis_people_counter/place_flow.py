"""The subentry flow that adds or changes a place: its doors, its limits, its daily reset."""

from typing import Any, Final

import voluptuous as vol

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME, CONF_TIME_ZONE
from homeassistant.data_entry_flow import section
from homeassistant.helpers import selector

from .const import (
    CONF_CAPACITY,
    CONF_DOORS,
    CONF_HYSTERESIS,
    CONF_RESET_TIME,
    CONF_RESET_VALUE,
    CONF_REVERSED_DOORS,
    CONF_WARNING_LEVEL,
    DEFAULT_RESET_TIME,
)
from .counting import MAX_COUNT, zone_names
from .receiver import PeopleCounterConfigEntry

SECTION_LIMITS: Final = "limits"
SECTION_COUNTING: Final = "counting"
# Only in the form: a place without a daily reset has no reset time.
CONF_DAILY_RESET: Final = "daily_reset"


def _people(least: int) -> vol.All:
    """Return a field for a number of people."""
    number = selector.NumberSelector(
        selector.NumberSelectorConfig(min=least, max=MAX_COUNT, step=1, mode=selector.NumberSelectorMode.BOX)
    )
    return vol.All(number, vol.Coerce(int))


class PlaceFlow(ConfigSubentryFlow):
    """Adds a place, or changes one."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new place."""
        return await self._async_step("user", {}, user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for changes of a place."""
        subentry = self._get_reconfigure_subentry()
        return await self._async_step("reconfigure", _form(subentry.title, subentry.data), user_input)

    async def _async_step(
        self, step_id: str, stored: dict[str, Any], user_input: dict[str, Any] | None
    ) -> SubentryFlowResult:
        entry: PeopleCounterConfigEntry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="entry_not_loaded")
        names = {key: camera.device_name for key, camera in entry.runtime_data.cameras.items()}
        if not names and not stored:
            return self.async_abort(reason="no_cameras")
        # Removed cameras have no name; by their keys the user can take them out.
        for key in (*stored.get(CONF_DOORS, ()), *stored.get(CONF_REVERSED_DOORS, ())):
            names.setdefault(key, key)

        errors: dict[str, str] = {}
        if user_input is not None and not (errors := _errors(user_input)):
            title, data = user_input[CONF_NAME].strip(), _data(user_input)
            if self.source == SOURCE_RECONFIGURE:
                return self.async_update_and_abort(entry, self._get_reconfigure_subentry(), title=title, data=data)
            return self.async_create_entry(title=title, data=data)
        zones = await self.hass.async_add_executor_job(zone_names)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(_schema(names, sorted(zones)), user_input or stored),
            errors=errors,
        )


def _schema(names: dict[str, str], zones: list[str]) -> vol.Schema:
    cameras = selector.SelectSelector(
        selector.SelectSelectorConfig(
            options=[selector.SelectOptionDict(value=key, label=name) for key, name in names.items()],
            multiple=True,
            mode=selector.SelectSelectorMode.DROPDOWN,
        )
    )
    return vol.Schema(
        {
            vol.Required(CONF_NAME): selector.TextSelector(),
            vol.Optional(CONF_DOORS, default=[]): cameras,
            vol.Optional(CONF_REVERSED_DOORS, default=[]): cameras,
            vol.Required(SECTION_LIMITS): section(
                vol.Schema(
                    {
                        vol.Optional(CONF_CAPACITY): _people(1),
                        vol.Optional(CONF_WARNING_LEVEL): _people(1),
                        vol.Required(CONF_HYSTERESIS, default=0): _people(0),
                    }
                )
            ),
            vol.Required(SECTION_COUNTING): section(
                vol.Schema(
                    {
                        vol.Required(CONF_DAILY_RESET, default=True): selector.BooleanSelector(),
                        vol.Required(CONF_RESET_TIME, default=DEFAULT_RESET_TIME): selector.TimeSelector(),
                        vol.Required(CONF_RESET_VALUE, default=0): _people(0),
                        vol.Optional(CONF_TIME_ZONE): selector.SelectSelector(
                            selector.SelectSelectorConfig(options=zones, mode=selector.SelectSelectorMode.DROPDOWN)
                        ),
                    }
                ),
                {"collapsed": True},
            ),
        }
    )


def _errors(user_input: dict[str, Any]) -> dict[str, str]:
    """Return an error by field, empty if all is valid."""
    doors, reversed_doors = set(user_input[CONF_DOORS]), set(user_input[CONF_REVERSED_DOORS])
    limits = user_input[SECTION_LIMITS]
    capacity, warning_level = limits.get(CONF_CAPACITY), limits.get(CONF_WARNING_LEVEL)
    if not user_input[CONF_NAME].strip():
        return {CONF_NAME: "no_name"}
    if not doors and not reversed_doors:
        return {CONF_DOORS: "no_doors"}
    if doors & reversed_doors:
        return {CONF_REVERSED_DOORS: "door_twice"}
    # The frontend shows no errors beside fields of a section, so these are of the form.
    if capacity is not None and warning_level is not None and warning_level > capacity:
        return {"base": "warning_above_capacity"}
    least = min((limit for limit in (capacity, warning_level) if limit is not None), default=None)
    if least is not None and limits[CONF_HYSTERESIS] >= least:
        return {"base": "hysteresis_too_large"}
    return {}


def _data(user_input: dict[str, Any]) -> dict[str, Any]:
    """Return the data to store for a filled form."""
    counting = dict(user_input[SECTION_COUNTING])
    if not counting.pop(CONF_DAILY_RESET):
        del counting[CONF_RESET_TIME]
    return {
        CONF_DOORS: list(dict.fromkeys(user_input[CONF_DOORS])),
        CONF_REVERSED_DOORS: list(dict.fromkeys(user_input[CONF_REVERSED_DOORS])),
        **user_input[SECTION_LIMITS],
        **counting,
    }


def _form(title: str, data: Any) -> dict[str, Any]:
    """Return the filled form for stored data."""
    return {
        CONF_NAME: title,
        CONF_DOORS: data[CONF_DOORS],
        CONF_REVERSED_DOORS: data[CONF_REVERSED_DOORS],
        SECTION_LIMITS: data,
        SECTION_COUNTING: {**data, CONF_DAILY_RESET: CONF_RESET_TIME in data},
    }

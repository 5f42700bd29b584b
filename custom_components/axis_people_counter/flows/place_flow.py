"""The subentry flow that adds or changes a place: its doors, its limits, its opening hours, its daily reset."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import voluptuous as vol

from homeassistant.components.calendar import DOMAIN as CALENDAR_DOMAIN
from homeassistant.components.schedule.const import DOMAIN as SCHEDULE_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME, CONF_TIME_ZONE
from homeassistant.data_entry_flow import section
from homeassistant.helpers import selector

from ..const import (
    CONF_CAPACITY,
    CONF_DOORS,
    CONF_GOAL,
    CONF_HYSTERESIS,
    CONF_OPENING_HOURS,
    CONF_RESET_TIME,
    CONF_RESET_VALUE,
    CONF_REVERSED_DOORS,
    CONF_SALES,
    CONF_WARNING_LEVEL,
    DEFAULT_RESET_TIME,
    SUBENTRY_PLACE,
)
from ..counting import MAX_COUNT, zone_names
from ..door_entities import async_hide_at_doors
from ..receiver import PeopleCounterConfigEntry
from ..settings import doors_of
from ..texts import Message, abort_on_ledger_errors, async_translate, name_order

SECTION_NEIGHBOURS: Final = "neighbours"
SECTION_HOURS: Final = "hours"
SECTION_MORE: Final = "more"
# Only in the form: a place without a daily reset has no reset time.
CONF_DAILY_RESET: Final = "daily_reset"
# A person searches for a few of more cameras: these aren't all selected at first, nor shown as check boxes.
MAX_CHECK_BOXES: Final = 24
# A till is a sensor. People who enter their sales by hand use one of the two helpers, Number or Counter.
SALES_DOMAINS: Final = (SENSOR_DOMAIN, "input_number", "counter")


def _people(least: int) -> vol.All:
    """Return a field for a number of people."""
    number = selector.NumberSelector(
        selector.NumberSelectorConfig(min=least, max=MAX_COUNT, step=1, mode=selector.NumberSelectorMode.BOX)
    )
    return vol.All(number, vol.Coerce(int))


def _entity(*domains: str) -> selector.EntitySelector:
    """Return a field for an entity."""
    return selector.EntitySelector(selector.EntitySelectorConfig(domain=list(domains)))


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
        # A door whose camera was removed stays selected, and can be taken out.
        doors_before = set(stored.get(CONF_DOORS, ()))
        for key in doors_before:
            if key not in names:
                names[key] = await self._async_missing_name(entry, key)

        errors: dict[str, str] = {}
        if user_input is not None:
            title = user_input[CONF_NAME].strip()
            data = _data(user_input, stored.get(SECTION_NEIGHBOURS, {}).get(CONF_REVERSED_DOORS, ()))
            errors = _errors(title, data)
            if not errors:
                async_hide_at_doors(self.hass, entry, {*data[CONF_DOORS], *data[CONF_REVERSED_DOORS]} - doors_before)
            if not errors and self.source == SOURCE_RECONFIGURE:
                # `async_update_and_abort` shows a text of Home Assistant's own, about a reconfiguration.
                subentry = self._get_reconfigure_subentry()
                self.hass.config_entries.async_update_subentry(entry, subentry, title=title, data=data)
                return self.async_abort(reason="place_changed")
            if not errors:
                return self.async_create_entry(title=title, data=data)
        zones = await self.hass.async_add_executor_job(zone_names)
        shown = user_input or stored or {CONF_DOORS: _first_doors(entry)}
        schema = _schema(names, sorted(zones), shown, is_more_open=SECTION_MORE in errors)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
        )

    async def _async_missing_name(self, entry: PeopleCounterConfigEntry, key: str) -> str:
        """Return the name of a camera that was removed, or of one that has never pushed. Raises AbortFlow."""
        with abort_on_ledger_errors():
            camera = await entry.runtime_data.ledger.camera(key)
        return await async_translate(self.hass, Message("missing_camera", {"camera": camera.name if camera else key}))


def _first_doors(entry: PeopleCounterConfigEntry) -> list[str]:
    """Return the doors that are selected at first: the cameras that are at no door of another place."""
    places = entry.get_subentries_of_type(SUBENTRY_PLACE)
    used = {door.key for place in places for door in doors_of(place)}
    unused = [key for key in entry.runtime_data.cameras if key not in used]
    return unused if len(unused) <= MAX_CHECK_BOXES else []


def _schema(names: dict[str, str], zones: list[str], shown: dict[str, Any], *, is_more_open: bool) -> vol.Schema:
    options = [selector.SelectOptionDict(value=key, label=name) for key, name in names.items()]
    options.sort(key=lambda option: name_order(option["label"]))
    is_short = len(options) <= MAX_CHECK_BOXES
    mode = selector.SelectSelectorMode.LIST if is_short else selector.SelectSelectorMode.DROPDOWN
    cameras = selector.SelectSelector(selector.SelectSelectorConfig(options=options, multiple=True, mode=mode))
    has_hours = any(shown.get(SECTION_HOURS, {}).get(key) for key in (CONF_OPENING_HOURS, CONF_SALES, CONF_GOAL))
    has_neighbours = bool(shown.get(SECTION_NEIGHBOURS, {}).get(CONF_REVERSED_DOORS))
    return vol.Schema(
        {
            vol.Required(CONF_NAME): selector.TextSelector(),
            vol.Required(CONF_DOORS, default=[]): cameras,
            vol.Optional(CONF_CAPACITY): _people(1),
            vol.Required(SECTION_NEIGHBOURS): section(
                vol.Schema({vol.Optional(CONF_REVERSED_DOORS, default=[]): cameras}), {"collapsed": not has_neighbours}
            ),
            vol.Optional(SECTION_HOURS): section(
                vol.Schema(
                    {
                        vol.Optional(CONF_OPENING_HOURS): _entity(SCHEDULE_DOMAIN, CALENDAR_DOMAIN),
                        vol.Optional(CONF_SALES): _entity(*SALES_DOMAINS),
                        vol.Optional(CONF_GOAL): _people(1),
                    }
                ),
                {"collapsed": not has_hours},
            ),
            vol.Required(SECTION_MORE): section(
                vol.Schema(
                    {
                        vol.Optional(CONF_WARNING_LEVEL): _people(1),
                        vol.Required(CONF_HYSTERESIS, default=0): _people(0),
                        vol.Required(CONF_DAILY_RESET, default=True): selector.BooleanSelector(),
                        vol.Required(CONF_RESET_TIME, default=DEFAULT_RESET_TIME): selector.TimeSelector(),
                        vol.Required(CONF_RESET_VALUE, default=0): _people(0),
                        vol.Optional(CONF_TIME_ZONE): selector.SelectSelector(
                            selector.SelectSelectorConfig(options=zones, mode=selector.SelectSelectorMode.DROPDOWN)
                        ),
                    }
                ),
                {"collapsed": not is_more_open},
            ),
        }
    )


def _data(user_input: dict[str, Any], reversed_before: Iterable[str]) -> dict[str, Any]:
    """Return the data to store for a filled form.

    A door into a neighbouring room is one of the doors. If it is selected in the section only, it was either put there
    now, or was there before and has been taken out of the doors.
    """
    more = dict(user_input[SECTION_MORE])
    if not more.pop(CONF_DAILY_RESET):
        del more[CONF_RESET_TIME]
    if CONF_CAPACITY in user_input:
        more[CONF_CAPACITY] = user_input[CONF_CAPACITY]
    doors = list(dict.fromkeys(user_input[CONF_DOORS]))
    taken_out = set(reversed_before) - set(doors)
    reversed_doors = list(dict.fromkeys(user_input[SECTION_NEIGHBOURS][CONF_REVERSED_DOORS]))
    return {
        CONF_DOORS: [key for key in doors if key not in reversed_doors],
        CONF_REVERSED_DOORS: [key for key in reversed_doors if key not in taken_out],
        **user_input.get(SECTION_HOURS, {}),
        **more,
    }


def _errors(title: str, data: dict[str, Any]) -> dict[str, str]:
    """Return an error by field, empty if all is valid."""
    capacity, warning_level = data.get(CONF_CAPACITY), data.get(CONF_WARNING_LEVEL)
    if not title:
        return {CONF_NAME: "no_name"}
    if not data[CONF_DOORS] and not data[CONF_REVERSED_DOORS]:
        return {CONF_DOORS: "no_doors"}
    # The frontend shows no errors beside fields of a section, so these are above it.
    if capacity is not None and warning_level is not None and warning_level > capacity:
        return {SECTION_MORE: "warning_above_capacity"}
    least = min((limit for limit in (capacity, warning_level) if limit is not None), default=None)
    if least is not None and data[CONF_HYSTERESIS] >= least:
        return {SECTION_MORE: "hysteresis_too_large"}
    return {}


def _form(title: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filled form for stored data."""
    return {
        **data,
        CONF_NAME: title,
        CONF_DOORS: [*data[CONF_DOORS], *data[CONF_REVERSED_DOORS]],
        SECTION_NEIGHBOURS: data,
        SECTION_HOURS: data,
        SECTION_MORE: {**data, CONF_DAILY_RESET: CONF_RESET_TIME in data},
    }

"""The weather of each day of a report, from the states of a weather entity that recorder still has.

Called by figures.py, in the event loop.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
import logging
from typing import Final

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN, get_instance
from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.components.weather import ATTR_WEATHER_TEMPERATURE, ATTR_WEATHER_TEMPERATURE_UNIT
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State

from ..counting import OpenDay, OpenSpan
from .model import DayWeather

_LOGGER = logging.getLogger(__name__)

# Recorder keeps ten days, unless a person has changed that. A weather entity changes some times an hour.
MAX_DAYS: Final = 100
MAX_STATES_A_DAY: Final = 1500
# Any weather entity may be asked for, and its attributes may be anything.
MAX_TEMPERATURE: Final = 500
MAX_UNIT: Final = 4
NO_WEATHER: Final = (STATE_UNKNOWN, STATE_UNAVAILABLE)
# Every night is one, so it only counts where there is nothing else.
CLEAR_NIGHT: Final = "clear-night"


async def async_weather(hass: HomeAssistant, entity_id: str, days: Mapping[date, OpenDay]) -> dict[date, DayWeather]:
    """Return the weather of the last days of some; those of which recorder knows nothing are left out."""
    if RECORDER_DOMAIN not in hass.config.components:
        return {}
    found: dict[date, DayWeather] = {}
    for day, hours in list(days.items())[-MAX_DAYS:]:
        try:
            weather = await get_instance(hass).async_add_executor_job(_weather, hass, entity_id, hours)
        except Exception:
            # A database that can't be read must not cost a shop its report.
            _LOGGER.warning("The weather can't be read from recorder", exc_info=True)
            break
        if weather:
            found[day] = weather
    return found


def _weather(hass: HomeAssistant, entity_id: str, hours: OpenDay) -> DayWeather | None:
    """Return the weather of a day, for a thread of recorder: a day may have many states."""
    start, end = (datetime.fromtimestamp(at, UTC) for at in (hours.start, hours.end))
    changes = state_changes_during_period(hass, start, end, entity_id, limit=MAX_STATES_A_DAY)
    return day_weather(changes.get(entity_id, []), hours)


def day_weather(states: Sequence[State], hours: OpenDay) -> DayWeather | None:
    """Return the condition of most of the open time, else of the day, and the highest temperature of the day."""
    known = [state for state in states if state.state not in NO_WEATHER]
    if not known:
        return None
    times = [state.last_updated_timestamp for state in states]
    spans = hours.spans or (OpenSpan(hours.start, hours.end),)
    seconds: defaultdict[str, float] = defaultdict(float)
    for state, (start, end) in zip(states, pairwise([*times, hours.end]), strict=True):
        if state.state not in NO_WEATHER:
            seconds[state.state] += sum(max(0, min(end, span.end) - max(start, span.start)) for span in spans)
    by_day = {condition: of_it for condition, of_it in seconds.items() if condition != CLEAR_NIGHT and of_it > 0}
    condition = max(by_day or seconds, key=lambda condition: seconds[condition])
    readings = [reading for state in known if (reading := _reading(state))]
    temperature, unit = max(readings, key=lambda reading: reading[0], default=(None, None))
    return DayWeather(condition, temperature, unit)


def _reading(state: State) -> tuple[float, str | None] | None:
    """Return a temperature with its unit, None if it is no temperature that anybody could measure."""
    temperature = state.attributes.get(ATTR_WEATHER_TEMPERATURE)
    if not isinstance(temperature, int | float) or not -MAX_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
        return None
    unit = state.attributes.get(ATTR_WEATHER_TEMPERATURE_UNIT)
    return float(temperature), unit[:MAX_UNIT] if isinstance(unit, str) else None

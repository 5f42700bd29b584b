"""The command of the websocket API that answers with figures of one camera or place, for the module's own cards."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, Final

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..comparison import async_day
from ..const import DOMAIN
from ..coordinator import CameraCoordinator
from ..counting import Timestamp
from ..history import EARLIEST_YEAR, PlaceHistory, async_history, async_open_only
from ..ledger import LedgerError
from ..opening import async_open_days
from ..place_coordinator import PlaceCoordinator
from ..receiver import PeopleCounterConfigEntry
from .figures import AnyHistory, Figures, bounds_of_day, comparison, hours_of_day, usual_week, usual_weeks
from .inside import inside, last_days

KINDS: Final = ("comparison", "usual_week", "day", "inside")
# The days of the chart of people inside.
MAX_DAYS: Final = 7
# No key is longer.
MAX_KEY: Final = 64
ERR_NOT_READY: Final = "not_ready"


def _day(value: Any) -> date:
    """Return a day for which there may be counts. Raises vol.Invalid."""
    day: date = cv.date(value)
    if not EARLIEST_YEAR <= day.year <= dt_util.utcnow().year + 1:
        raise vol.Invalid("There are no counts of this year.")
    return day


@websocket_api.websocket_command(
    {
        vol.Required("type"): f"{DOMAIN}/figures",
        vol.Required("key"): vol.All(str, vol.Length(max=MAX_KEY)),
        vol.Required("kind"): vol.In(KINDS),
        vol.Optional("day"): _day,
        vol.Optional("days", default=1): vol.All(int, vol.Range(1, MAX_DAYS)),
    }
)
@websocket_api.async_response
async def websocket_figures(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Answer with figures of a camera or place; each person who is signed in may see them."""
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if not entries:
        connection.send_error(msg["id"], ERR_NOT_READY, "AXIS People Counter isn't ready.")
        return
    receiver = entries[0].runtime_data
    key = msg["key"]
    coordinator = receiver.places.get(key) or receiver.cameras.get(key)
    if coordinator is None or (msg["kind"] == "inside" and key not in receiver.places):
        connection.send_error(msg["id"], websocket_api.ERR_NOT_FOUND, "There is no such camera or place.")
        return
    now = int(dt_util.utcnow().timestamp())
    try:
        history = await async_history(coordinator)
        # Others don't wait for a slow calendar.
        figures = await _async_figures(coordinator, history, msg, now)
        async with receiver.parallel_actions:
            found = await hass.async_add_executor_job(figures)
    except LedgerError:
        connection.send_error(msg["id"], ERR_NOT_READY, "The counts can't be read at the moment.")
        return
    connection.send_result(msg["id"], found)


def _counted_until(coordinator: CameraCoordinator | PlaceCoordinator) -> Timestamp:
    if coordinator.data is None:
        return 0
    if isinstance(coordinator, CameraCoordinator):
        until = coordinator.data.counted_until
    else:
        until = coordinator.data.complete_until
    return int(until.timestamp()) if until else 0


async def _async_figures(
    coordinator: CameraCoordinator | PlaceCoordinator, history: AnyHistory, msg: dict[str, Any], now: Timestamp
) -> Callable[[], Figures]:
    """Return what to run in an executor for the figures of a kind. Raises LedgerError."""
    match msg["kind"]:
        case "comparison":
            today, last_week = [await async_day(coordinator, history.schedule, now, weeks) for weeks in (0, 1)]
            return partial(comparison, history, today, last_week, _counted_until(coordinator), now)
        case "usual_week":
            if isinstance(coordinator, PlaceCoordinator) and isinstance(history, PlaceHistory):
                history = await async_open_only(coordinator, history, [usual_weeks(history.schedule, now)])
            return partial(usual_week, history, now)
        case "inside":
            assert isinstance(coordinator, PlaceCoordinator)
            assert isinstance(history, PlaceHistory)
            days = await async_open_days(coordinator, *last_days(history.schedule, msg["days"], now))
            return partial(inside, history, days, now)
        case _:
            start, end = bounds_of_day(history.schedule, msg.get("day"), now)
            open_day = None
            if isinstance(coordinator, PlaceCoordinator) and start < now:
                (open_day,) = await async_open_days(coordinator, start, end)
            return partial(hours_of_day, history, start, end, open_day, now)

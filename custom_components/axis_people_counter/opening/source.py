"""Reads when a place is open from a schedule or a calendar of Home Assistant.

Asks other integrations; their errors and delays end here. Called by opening_hours.
"""

import asyncio
from contextlib import suppress
from datetime import datetime, time, timedelta, tzinfo
import logging
from typing import Any, Final

from homeassistant.components.calendar import DOMAIN as CALENDAR_DOMAIN, SERVICE_GET_EVENTS
from homeassistant.components.schedule.const import CONF_FROM, CONF_TO, DOMAIN as SCHEDULE_DOMAIN, WEEKDAY_TO_CONF
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..counting import DAY, MIDNIGHT, OpenHours, OpenSpan, Timestamp, open_hours, to_timestamp, weekly_hours

_LOGGER = logging.getLogger(__name__)

# Home Assistant's constant for this action has moved between releases.
SERVICE_GET_SCHEDULE: Final = "get_schedule"
SECONDS_TO_WAIT: Final = 10
# A calendar may ask a server for this time, and answers with all of its events at once.
CALENDAR_TIME_AT_ONCE: Final = 62 * DAY
MAX_EVENTS: Final = 5_000


async def async_opening_hours(
    hass: HomeAssistant, entity_id: str, start: Timestamp, end: Timestamp, zone: tzinfo
) -> OpenHours | None:
    """Return the open time in [start, end), or in the last part of it that can be read; None if none can be read.

    An all-day event of a calendar is a day in the zone of the place.
    """
    if entity_id.startswith(f"{SCHEDULE_DOMAIN}."):
        return await _async_schedule(hass, entity_id, start, end)
    begin = end
    events: list[OpenSpan] = []
    while begin > start:
        earlier = max(start, begin - CALENDAR_TIME_AT_ONCE)
        if (found := await _async_events(hass, entity_id, earlier, begin, zone)) is None:
            break
        events += found
        begin = earlier
    return await hass.async_add_executor_job(open_hours, begin, end, events) if begin < end else None


async def _async_schedule(hass: HomeAssistant, entity_id: str, start: Timestamp, end: Timestamp) -> OpenHours | None:
    """Return the open time of a schedule in [start, end), None if it can't be read."""
    if (found := await _async_ask(hass, SCHEDULE_DOMAIN, SERVICE_GET_SCHEDULE, entity_id)) is None:
        return None
    week = [
        [(_to_the_second(block[CONF_FROM]), _closing(block[CONF_TO])) for block in found[day]]
        for day in WEEKDAY_TO_CONF.values()
    ]
    # A schedule is on and off by Home Assistant's clock.
    zone = dt_util.get_default_time_zone()
    return await hass.async_add_executor_job(weekly_hours, start, end, week, zone)


def _to_the_second(at: time) -> time:
    return at.replace(microsecond=0)


def _closing(at: time) -> time | None:
    """Return the end of a block, None for midnight."""
    return None if at == time.max else _to_the_second(at)


async def _async_events(
    hass: HomeAssistant, entity_id: str, start: Timestamp, end: Timestamp, zone: tzinfo
) -> list[OpenSpan] | None:
    """Return the events of a calendar in [start, end), None if they can't be read or are too many."""
    # An all-day event may be another stretch of time in Home Assistant's zone than in that of the place.
    found = await _async_ask(
        hass,
        CALENDAR_DOMAIN,
        SERVICE_GET_EVENTS,
        entity_id,
        start_date_time=dt_util.utc_from_timestamp(start - DAY),
        end_date_time=dt_util.utc_from_timestamp(end + DAY),
    )
    if found is None or len(events := found["events"]) > MAX_EVENTS:
        return None

    def spans() -> list[OpenSpan]:
        first, last = (datetime.fromtimestamp(at, zone).date() for at in (start, end))

        def instant(text: str) -> Timestamp:
            at = datetime.fromisoformat(text)
            if at.tzinfo:
                return int(at.timestamp())
            # The first and last possible dates have no timestamps in some zones.
            day = min(max(at.date(), first - timedelta(1)), last + timedelta(1))
            return to_timestamp(datetime.combine(day, MIDNIGHT), zone)

        return [
            OpenSpan(max(instant(event["start"]), start), min(instant(event["end"]), end), event.get("summary"))
            for event in events
        ]

    try:
        return await hass.async_add_executor_job(spans)
    except (LookupError, TypeError, ValueError, OverflowError) as err:
        # Home Assistant checks events only when they are made.
        _LOGGER.debug("%s has an event that can't be read: %r", entity_id, err)
        return None


async def _async_ask(hass: HomeAssistant, domain: str, action: str, entity_id: str, **data: Any) -> Any:
    """Return the answer of an action about an entity, None if there is none."""
    state = hass.states.get(entity_id)
    if state is None or state.state == STATE_UNAVAILABLE:
        return None
    data[ATTR_ENTITY_ID] = entity_id
    # The integration of a calendar may raise any error, be cancelled itself, or ignore that. In a task of its own, that
    # is nobody else's.
    asking = hass.async_create_background_task(
        hass.services.async_call(domain, action, data, blocking=True, return_response=True), f"Ask {entity_id}"
    )
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_TO_WAIT):
                await asyncio.wait([asking])
    finally:
        asking.cancel()
    is_answered = asking.done() and not asking.cancelled()
    if not is_answered or asking.exception():
        _LOGGER.debug("%s can't be read: %r", entity_id, asking.exception() if is_answered else "no answer")
        return None
    answer = asking.result()
    return answer and answer.get(entity_id)

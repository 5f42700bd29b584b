"""Makes the schedule of a camera or place from its time zone and its daily reset.

Called by settings, coordinators, history and statistics. `Schedule` itself is in counting/schedule.py.
"""

import asyncio
from datetime import datetime, tzinfo
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.util import dt as dt_util

from .const import CONF_RESET_TIME, DEFAULT_RESET_TIME
from .counting import DAY, MIDNIGHT, Schedule, Timestamp, fixed_zone, posix_zone, zone_names
from .ledger import Camera

# Loading a zone takes another thread, so zones are cached by name. There are only some hundreds.
_ZONES: Final[dict[str, tzinfo]] = {}


async def async_camera_schedule(entry: ConfigEntry, camera: Camera) -> Schedule:
    """Return the schedule of a camera: in its zone, else at its offset to UTC, else in Home Assistant's zone.

    A camera that names no zone, but has the offset of Home Assistant's zone, is assumed to be in that one.
    """
    reset_time = entry.options.get(CONF_RESET_TIME, DEFAULT_RESET_TIME)
    schedule = await async_schedule(camera.time_zone, reset_time)
    if (offset := camera.utc_offset) is None or (camera.time_zone is not None and schedule.is_zone_known):
        return schedule
    # The offset may be from before a change of clocks.
    if camera.time_zone is None and offset in {
        _utc_offset(at, schedule.zone) for at in (camera.sent, camera.sent - DAY)
    }:
        return schedule
    return schedule._replace(zone=fixed_zone(offset), is_zone_known=False)


async def async_schedule(zone: str | None, reset_time: str | None, reset_value: int = 0) -> Schedule:
    """Return the schedule in a zone, or in Home Assistant's if none is given or it is unknown."""
    at = None if reset_time is None else dt_util.parse_time(reset_time) or MIDNIGHT
    known = await _async_time_zone(zone) if zone else None
    return Schedule(known or dt_util.get_default_time_zone(), at, reset_value, not zone or known is not None)


async def _async_time_zone(text: str) -> tzinfo | None:
    """Return the time zone with this name or POSIX text; None if it is neither."""
    if text not in _ZONES:
        # zone_names leaves out "localtime", which would be this computer's own zone.
        names = await asyncio.get_running_loop().run_in_executor(None, zone_names)
        if text not in names or (zone := await dt_util.async_get_time_zone(text)) is None:
            return posix_zone(text)
        _ZONES[text] = zone
    return _ZONES[text]


def _utc_offset(at: Timestamp, zone: tzinfo) -> float:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    assert offset is not None
    return offset.total_seconds()

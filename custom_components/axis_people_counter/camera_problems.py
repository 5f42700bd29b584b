"""Repair issues about a camera that its coordinator finds when it reads the ledger.

Knows neither the ledger nor entities. Problems of a push are in receiver/sender_problems.py.
"""

from datetime import datetime

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from . import issues
from .counting import Schedule
from .ledger import Camera
from .texts import name_placeholders, plain


@callback
def async_show_silence(hass: HomeAssistant, camera: Camera, last_message: datetime) -> None:
    """Show that a camera has been silent for a long time."""
    issues.async_begin(
        hass,
        issues.CAMERA_SILENT,
        camera.key,
        **name_placeholders(camera.name, camera.ip_address),
        since=dt_util.as_local(last_message).strftime("%Y-%m-%d %H:%M"),
    )


@callback
def async_end_silence(hass: HomeAssistant, camera: Camera) -> None:
    """End the issue of a camera that was silent."""
    issues.async_end(hass, issues.CAMERA_SILENT, camera.key)


@callback
def async_show_quarantined(hass: HomeAssistant, camera: Camera, count: int) -> None:
    """Show an issue while a camera has quarantined intervals."""
    issues.async_show_while(
        hass, count > 0, issues.QUARANTINED, camera.key, **name_placeholders(camera.name), count=str(count)
    )


@callback
def async_show_damaged_days(hass: HomeAssistant, camera: Camera, count: int) -> None:
    """Show an issue while days of a camera are damaged."""
    issues.async_show_while(
        hass, count > 0, issues.DAMAGED_DAYS, camera.key, **name_placeholders(camera.name), count=str(count)
    )


@callback
def async_show_time_zone(hass: HomeAssistant, camera: Camera, schedule: Schedule) -> None:
    """Show an issue while the time zone of a camera is unknown."""
    issues.async_show_while(
        hass,
        not schedule.is_zone_known,
        issues.TIME_ZONE_UNKNOWN,
        camera.key,
        **name_placeholders(camera.name, camera.ip_address),
        time_zone=plain(camera.time_zone or "?"),
        used=plain(str(schedule.zone)),
    )

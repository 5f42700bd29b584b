"""What helps to find out what is wrong, without secrets."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import CONF_CERTIFICATE, CONF_DECLINED, CONF_PREVIOUS_TOKEN, CONF_PRIVATE_KEY, CONF_REVERSED_CAMERAS
from .coordinator import CameraCoordinator
from .history import Corrected, async_history
from .ledger_file import LedgerError
from .listener import Listener, own_certificates
from .place import PlaceCoordinator
from .receiver import PeopleCounterConfigEntry, Receiver

TO_REDACT: Final = {
    CONF_CERTIFICATE,
    CONF_DECLINED,
    CONF_PRIVATE_KEY,
    CONF_REVERSED_CAMERAS,
    CONF_TOKEN,
    CONF_PREVIOUS_TOKEN,
    CONF_URL,
    "ip_address",
    "key",
    "name",
    "serial",
}
MAX_QUARANTINED: Final = 20
# A camera remembers what it counted for so long.
GAPS_SINCE: Final = timedelta(days=90)
MAX_GAPS: Final = 50
CORRECTIONS_SINCE: Final = timedelta(days=7)
MAX_CORRECTIONS: Final = 50


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> dict[str, Any]:
    """Return the settings, and each camera and each place as it stands."""
    receiver = entry.runtime_data
    diagnostics: dict[str, Any] = async_redact_data(
        {
            "data": dict(entry.data),
            "options": dict(entry.options),
            "listener": await _listener(receiver.listener) if receiver.listener else None,
            "ledger_writable": receiver.writable,
            "cameras": [await _camera(receiver, camera) for camera in receiver.cameras.values()],
            "places": [await _place(place) for place in receiver.places.values()],
        },
        TO_REDACT,
    )
    return diagnostics


async def _listener(listener: Listener) -> dict[str, Any]:
    """Return what is wrong with the listener, and how long cameras can trust us; never a key, a path or a name."""
    own = own_certificates(listener.hass)
    authority = await listener.hass.async_add_executor_job(own.authority)
    return {
        "port": listener.settings.port,
        "files_of_the_user": listener.settings.certificate is not None,
        "problems": listener.problems,
        "authority_ends": authority and authority.not_valid_after_utc,
    }


async def _camera(receiver: Receiver, coordinator: CameraCoordinator) -> dict[str, Any]:
    key = coordinator.key
    since = dt_util.utcnow() - GAPS_SINCE
    try:
        quarantined = await asyncio.wrap_future(receiver.ledger.quarantined(key, MAX_QUARANTINED))
        gaps = await asyncio.wrap_future(receiver.ledger.gaps(key, int(since.timestamp()), MAX_GAPS))
    except LedgerError:
        quarantined, gaps = [], []
    return {
        # There are none when the ledger couldn't be read at the start.
        **(asdict(coordinator.data) if coordinator.data else {"camera": asdict(coordinator.camera)}),
        "connected": coordinator.connected,
        "last_message": coordinator.last_message,
        "gaps": [{"from": _instant(begin), "to": _instant(end)} for begin, end in gaps],
        "quarantined": [asdict(one) for one in quarantined],
        "corrections": await _corrections(coordinator),
    }


async def _place(coordinator: PlaceCoordinator) -> dict[str, Any]:
    settings = coordinator.settings
    return {
        "doors": [door._asdict() for door in settings.doors],
        "capacity": settings.capacity,
        "warning_level": settings.warning_level,
        "hysteresis": settings.hysteresis,
        "below_zero": settings.below_zero,
        "schedule": settings.schedule.basis,
        "data": asdict(coordinator.data) if coordinator.data else None,
        "silent_cameras": len(coordinator.silent),
        "missing_cameras": len(coordinator.missing),
        "corrections": await _corrections(coordinator),
    }


async def _corrections(coordinator: CameraCoordinator | PlaceCoordinator) -> list[dict[str, Any]]:
    """Return the newest corrections and resets of occupancy."""
    now = dt_util.utcnow()
    bounds = [int((now - CORRECTIONS_SINCE).timestamp()), int(now.timestamp())]
    corrected: list[Corrected] = []
    try:
        history = await async_history(coordinator)
        rows = history.rows(bounds, bounds[-1], corrected)
        await coordinator.hass.async_add_executor_job(list, rows)
    except LedgerError:
        return []
    return [history.corrected_fields(one) for one in corrected[-MAX_CORRECTIONS:]]


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()

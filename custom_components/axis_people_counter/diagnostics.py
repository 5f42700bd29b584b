"""What helps to find out what is wrong, without secrets."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import CONF_PREVIOUS_TOKEN
from .coordinator import CameraCoordinator, PeopleCounterConfigEntry, Receiver
from .ledger_file import LedgerError

TO_REDACT: Final = {CONF_TOKEN, CONF_PREVIOUS_TOKEN, CONF_URL, "ip_address", "name", "serial"}
MAX_QUARANTINED: Final = 20
# A camera remembers what it counted for so long.
GAPS_SINCE: Final = timedelta(days=90)
MAX_GAPS: Final = 50


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> dict[str, Any]:
    """Return the settings and each camera as it stands, with the newest intervals that weren't taken."""
    receiver = entry.runtime_data
    diagnostics: dict[str, Any] = async_redact_data(
        {
            "data": dict(entry.data),
            "options": dict(entry.options),
            "ledger_writable": receiver.writable,
            "cameras": [await _camera(receiver, camera) for camera in receiver.cameras.values()],
        },
        TO_REDACT,
    )
    return diagnostics


async def _camera(receiver: Receiver, coordinator: CameraCoordinator) -> dict[str, Any]:
    serial = coordinator.camera.serial
    since = dt_util.utcnow() - GAPS_SINCE
    try:
        quarantined = await asyncio.wrap_future(receiver.ledger.quarantined(serial, MAX_QUARANTINED))
        gaps = await asyncio.wrap_future(receiver.ledger.gaps(serial, int(since.timestamp()), MAX_GAPS))
    except LedgerError:
        quarantined, gaps = [], []
    return {
        # There are none when the ledger couldn't be read at the start.
        **(asdict(coordinator.data) if coordinator.data else {"camera": asdict(coordinator.camera)}),
        "connected": coordinator.connected,
        "last_message": coordinator.last_message,
        "gaps": [{"from": _instant(begin), "to": _instant(end)} for begin, end in gaps],
        "quarantined": [asdict(one) for one in quarantined],
    }


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()

"""Background work: packs old days, retries quarantined intervals, ends the issues of senders that have become quiet.

Started by the receiver when its cameras have been added.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .. import issues
from ..const import DOMAIN
from ..coordinator import CameraCoordinator
from ..ledger import Ledger, LedgerError

_LOGGER = logging.getLogger(__name__)

PACK_EVERY: Final = timedelta(days=1)
# Late counts of the last two days are common, and rows are cheaper to change than a packed day.
PACK_AFTER: Final = timedelta(days=2)
END_QUIET_EVERY: Final = timedelta(minutes=5)


@callback
def async_start_housekeeping(
    hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger, cameras: Mapping[str, CameraCoordinator]
) -> None:
    """Start the background work; it ends when the entry is unloaded."""

    async def pack(_: datetime) -> None:
        await _async_pack(ledger)

    @callback
    def end_quiet(_: datetime) -> None:
        issues.async_end_quiet(hass, {camera.camera.serial for camera in cameras.values()})

    entry.async_create_background_task(hass, _async_pack(ledger), f"{DOMAIN} pack old days")
    entry.async_on_unload(async_track_time_interval(hass, pack, PACK_EVERY))
    entry.async_create_background_task(
        hass, _async_retry_quarantined(ledger, cameras), f"{DOMAIN} retry quarantined intervals"
    )
    entry.async_on_unload(async_track_time_interval(hass, end_quiet, END_QUIET_EVERY))


async def _async_pack(ledger: Ledger) -> None:
    """Pack the days that are over, one day of one camera after the other: pushes are stored in between."""
    before = int((dt_util.utcnow() - PACK_AFTER).timestamp())
    try:
        while await ledger.pack(before):
            pass
    except LedgerError as err:
        _LOGGER.debug("Old days can't be packed now: %s", err)


async def _async_retry_quarantined(ledger: Ledger, cameras: Mapping[str, CameraCoordinator]) -> None:
    """Store quarantined intervals that an earlier version couldn't read and this one can."""
    for camera in list(cameras.values()):
        try:
            quarantine = await ledger.quarantine(camera.key, 0)
            if quarantine.count:
                await camera.async_retry_quarantined()
        except LedgerError as err:
            _LOGGER.debug("Quarantined intervals of %s can't be retried now: %s", camera.name, err)

"""Background work: merges old intervals, retries quarantined ones, ends the issues of senders that have become quiet.

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
from ..const import CONF_KEEP_DAYS, DEFAULT_KEEP_DAYS, DOMAIN
from ..coordinator import CameraCoordinator
from ..ledger import Ledger, LedgerError

_LOGGER = logging.getLogger(__name__)

MERGE_EVERY: Final = timedelta(days=1)
END_QUIET_EVERY: Final = timedelta(minutes=5)


@callback
def async_start_housekeeping(
    hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger, cameras: Mapping[str, CameraCoordinator]
) -> None:
    """Start the background work; it ends when the entry is unloaded."""

    async def merge(_: datetime) -> None:
        await _async_merge(entry, ledger)

    @callback
    def end_quiet(_: datetime) -> None:
        issues.async_end_quiet(hass, {camera.camera.serial for camera in cameras.values()})

    entry.async_create_background_task(hass, _async_merge(entry, ledger), f"{DOMAIN} merge old intervals")
    entry.async_on_unload(async_track_time_interval(hass, merge, MERGE_EVERY))
    entry.async_create_background_task(
        hass, _async_retry_quarantined(ledger, cameras), f"{DOMAIN} retry quarantined intervals"
    )
    entry.async_on_unload(async_track_time_interval(hass, end_quiet, END_QUIET_EVERY))


async def _async_merge(entry: ConfigEntry, ledger: Ledger) -> None:
    """Merge intervals older than the days of full detail, one day of one camera after the other."""
    keep = timedelta(days=entry.options.get(CONF_KEEP_DAYS, DEFAULT_KEEP_DAYS))
    try:
        while await ledger.merge(int((dt_util.utcnow() - keep).timestamp())):
            pass
    except LedgerError as err:
        _LOGGER.debug("Old intervals can't be merged now: %s", err)


async def _async_retry_quarantined(ledger: Ledger, cameras: Mapping[str, CameraCoordinator]) -> None:
    """Store quarantined intervals that an earlier version couldn't read and this one can."""
    for camera in list(cameras.values()):
        try:
            quarantine = await ledger.quarantine(camera.key, 0)
            if quarantine.count:
                await camera.async_retry_quarantined()
        except LedgerError as err:
            _LOGGER.debug("Quarantined intervals of %s can't be retried now: %s", camera.name, err)

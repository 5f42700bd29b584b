"""Background work: deletes and packs old days, retries quarantined intervals, undoes what was cut off.

Loads the entry again when the clock was set back.

Started by the receiver when its cameras have been added.
"""

from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
import logging
from typing import Final

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .. import issues
from ..const import DOMAIN
from ..coordinator import CameraCoordinator
from ..imports import Imports
from ..ledger import Ledger, LedgerError
from ..place_coordinator import PlaceCoordinator
from ..settings import days_kept

_LOGGER = logging.getLogger(__name__)

TIDY_EVERY: Final = timedelta(days=1)
# Late counts of the last two days are common, and rows are cheaper to change than a packed day.
PACK_AFTER: Final = timedelta(days=2)
END_QUIET_EVERY: Final = timedelta(minutes=5)
LOOK_AT_CLOCK_EVERY: Final = timedelta(minutes=1)
# Cameras are refused if the clocks differ by more, so nobody has counted by a clock that was further ahead.
MAX_SET_BACK: Final = timedelta(minutes=10)


@callback
def async_start_housekeeping(
    hass: HomeAssistant,
    entry: ConfigEntry,
    ledger: Ledger,
    cameras: Mapping[str, CameraCoordinator],
    places: Mapping[str, PlaceCoordinator],
    imports: Imports,
) -> None:
    """Start the background work; it ends when the entry is unloaded."""
    failed: set[str] = set()

    async def attempt(what: str, work: Awaitable[None]) -> None:
        """Wait for a part of the work; if it fails, the other parts go on."""
        try:
            await work
        except LedgerError as err:
            _LOGGER.debug("%s isn't possible now: %s", what, err)
        except Exception:
            if what not in failed:
                failed.add(what)
                _LOGGER.exception("%s isn't possible", what)

    async def tidy() -> None:
        await attempt("Deleting old counts", _async_delete(hass, entry, ledger, places))
        await attempt("Packing old days", _async_pack(ledger))

    @callback
    def start_to_tidy(_: datetime | None = None) -> None:
        # During a backup this takes as long as the backup, which nothing may wait for.
        entry.async_create_background_task(hass, tidy(), f"{DOMAIN} old days")

    @callback
    def end_quiet(_: datetime) -> None:
        issues.async_end_quiet(hass, {camera.camera.serial for camera in cameras.values()})

    latest = dt_util.utcnow()

    @callback
    def look_at_clock(_: datetime) -> None:
        nonlocal latest
        now = dt_util.utcnow()
        if now < latest - MAX_SET_BACK:
            _LOGGER.info("The clock was set back from %s", latest)
            # Whatever remembers a time that lies ahead now would wait until then.
            hass.config_entries.async_schedule_reload(entry.entry_id)
            latest = now
        latest = max(latest, now)

    start_to_tidy()
    entry.async_create_background_task(
        hass, attempt("Undoing an import", imports.async_undo_unfinished()), f"{DOMAIN} unfinished imports"
    )
    entry.async_on_unload(async_track_time_interval(hass, start_to_tidy, TIDY_EVERY))
    entry.async_create_background_task(
        hass, _async_retry_quarantined(ledger, cameras), f"{DOMAIN} retry quarantined intervals"
    )
    entry.async_on_unload(async_track_time_interval(hass, end_quiet, END_QUIET_EVERY))
    entry.async_on_unload(async_track_time_interval(hass, look_at_clock, LOOK_AT_CLOCK_EVERY))


async def _async_delete(
    hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger, places: Mapping[str, PlaceCoordinator]
) -> None:
    """Delete counts older than the days that the user chose, one day after the other."""
    days = days_kept(entry)
    if days is None:
        return
    now = int(dt_util.utcnow().timestamp())
    without_reset = [place.settings.place for place in places.values() if place.settings.schedule.reset_time is None]
    has_recorder = RECORDER_DOMAIN in hass.config.components
    await ledger.backup_over()
    while await ledger.delete_oldest_day(now, days, without_reset, has_recorder=has_recorder):
        await ledger.backup_over()


async def _async_pack(ledger: Ledger) -> None:
    """Pack the days that are over, one day of one camera after the other: pushes are stored in between."""
    before = int((dt_util.utcnow() - PACK_AFTER).timestamp())
    await ledger.backup_over()
    while await ledger.pack(before):
        # During a backup, everything that is written stays in the log, which pushes have to fit in.
        await ledger.backup_over()


async def _async_retry_quarantined(ledger: Ledger, cameras: Mapping[str, CameraCoordinator]) -> None:
    """Store quarantined intervals that an earlier version couldn't read and this one can."""
    for camera in list(cameras.values()):
        try:
            quarantine = await ledger.quarantine(camera.key, 0)
            if quarantine.count:
                await camera.async_retry_quarantined()
        except LedgerError as err:
            _LOGGER.debug("Quarantined intervals of %s can't be retried now: %s", camera.name, err)

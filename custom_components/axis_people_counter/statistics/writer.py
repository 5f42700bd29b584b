"""Decides when hourly long-term statistics of cameras and places are written into recorder.

Coordinators and the receiver report each change here. The rows are written by series_writer.py.
"""

import asyncio
from datetime import datetime, timedelta
import logging
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from homeassistant.components.recorder import DOMAIN as RECORDER_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..counting import HOUR, Timestamp
from ..ledger import Ledger, LedgerError
from ..settings import PlaceSettings
from ..texts import translated_ledger_errors
from .series_writer import NotStoredError, SeriesWriter
from .write_queue import WriteQueue

_LOGGER = logging.getLogger(__name__)

WRITE_EVERY: Final = timedelta(minutes=5)


class StatisticsWriter:
    """Writes the statistics of one camera or place after the other, so that recorder isn't overloaded."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger) -> None:
        """Store the ledger; nothing is written yet."""
        self.hass = hass
        self._entry = entry
        self._ledger = ledger
        self._series = SeriesWriter(hass, entry, ledger)
        self._queue = WriteQueue(hass, entry, f"{DOMAIN} statistics", self._async_write)
        # A rebuild must not clear a series while it is being written.
        self._lock = asyncio.Lock()
        # The places of each camera, by keys.
        self._places_of: dict[str, list[str]] = {}
        self._last_written: dict[str, datetime] = {}
        self._works = True

    @callback
    def async_start(self, cameras: list[str], places: list[PlaceSettings], obsolete: list[str]) -> None:
        """Write all hours that recorder lacks, and from now on rename series when devices are renamed.

        The series of obsolete keys are cleared, except hours of deleted counts.
        """
        self._series.async_start(places, obsolete)
        for place in places:
            for camera in place.keys:
                self._places_of.setdefault(camera, []).append(place.key)

        @callback
        def started(_: HomeAssistant) -> None:
            for key in (*cameras, *(place.key for place in places), *obsolete):
                self.async_changed(key, 0)

        @callback
        def renamed(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
            if event.data["action"] != "update" or not {"name", "name_by_user"} & event.data["changes"].keys():
                return
            device = dr.async_get(self.hass).async_get(event.data["device_id"])
            if device and device.config_entry_id == self._entry.entry_id:
                for identifier in device.identifiers:
                    if identifier[0] == DOMAIN:
                        self.async_changed(identifier[1], 0)

        @callback
        def stop(_: Event | None = None) -> None:
            self._queue.async_stop()

        for unload in (
            async_at_started(self.hass, started),
            self.hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, renamed),
            self.hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, stop),
            stop,
        ):
            self._entry.async_on_unload(unload)

    @callback
    def async_changed(self, key: str, since: Timestamp) -> None:
        """Queue a camera and its places, or one place, after a change.

        A change before the previous hour is written at once, a later one at most every five minutes.
        """
        if RECORDER_DOMAIN not in self.hass.config.components:
            # The ledger keeps which hours have to be written, in case recorder is set up later.
            return
        now = dt_util.utcnow()
        is_recent = since >= now.timestamp() // HOUR * HOUR - HOUR
        for changed in (key, *self._places_of.get(key, ())):
            written = self._last_written.get(changed)
            self._queue.async_add(changed, max(now, written + WRITE_EVERY) if is_recent and written else now)

    async def async_rebuild(self, key: str) -> None:
        """Write the series of a camera or place again from the ledger; hours of deleted counts stay as they are.

        Raises HomeAssistantError.
        """
        if RECORDER_DOMAIN not in self.hass.config.components:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_recorder")
        async with self._lock:
            with translated_ledger_errors():
                await self._series.async_rebuild(key)
        self._queue.async_add(key, dt_util.utcnow())

    async def async_write_anew(self, key: str) -> None:
        """Write the series of a camera and its places from the beginning, without the hours of an undone import.

        Written as changes, these hours would stay, as hours in which nobody passed. Raises LedgerError.
        """
        if RECORDER_DOMAIN not in self.hass.config.components:
            return
        for changed in (key, *self._places_of.get(key, ())):
            async with self._lock:
                # Counts carried over from recorder are nowhere else. Without a written hour, all that recorder has is
                # from a lost ledger.
                if await self._ledger.last_written_hour(
                    changed
                ) is not None and not await self._ledger.has_carried_hours(changed):
                    await self._series.async_rebuild(changed)
            self._queue.async_add(changed, dt_util.utcnow())

    async def _async_write(self, key: str) -> None:
        """Write a camera or place; retry five minutes later if that fails."""
        self._last_written[key] = dt_util.utcnow()
        try:
            async with self._lock:
                await self._series.async_write(key)
        # While Home Assistant stops, recorder's threads raise RuntimeError, or an AssertionError without a database.
        except (LedgerError, SQLAlchemyError, NotStoredError, HomeAssistantError, RuntimeError, AssertionError) as err:
            if self._queue.is_stopped:
                return
            if self._works:
                self._works = False
                _LOGGER.warning("Long-term statistics can't be written, will retry in 5 minutes: %s", err)
            self._queue.async_postpone(key, dt_util.utcnow() + WRITE_EVERY)
        else:
            if not self._works:
                self._works = True
                _LOGGER.info("Long-term statistics are written again")

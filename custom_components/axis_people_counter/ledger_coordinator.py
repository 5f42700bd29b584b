"""The base of the coordinators of cameras and places: they read the ledger when it has changed, and at set times.

Knows what neither of them reads. Called by coordinator.py and place_coordinator.py.
"""

from abc import abstractmethod
import asyncio
from datetime import datetime, timedelta
import logging
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .ledger import Ledger, LedgerError
from .texts import error_text

_LOGGER = logging.getLogger(__name__)

LEDGER_RETRY: Final = timedelta(minutes=1)


class LedgerCoordinator[T](DataUpdateCoordinator[T]):
    """Reads the ledger when it has changed, and when the result changes with time."""

    config_entry: ConfigEntry
    # The key of the camera or place.
    key: str

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, ledger: Ledger, name: str) -> None:
        """Store the ledger; nothing is read yet."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=name)
        self.ledger = ledger
        # A read that has begun later must not be overtaken: it may be of another day.
        self._reading = asyncio.Lock()
        # When to read again, and when the timer for that comes.
        self._tick_at = dt_util.utcnow()
        self._timer_at: datetime | None = None
        self._cancel_timer: CALLBACK_TYPE | None = None

    @override
    async def async_shutdown(self) -> None:
        """Read nothing any more. Called when the entry is unloaded or the camera is removed."""
        await super().async_shutdown()
        self._async_cancel_tick()

    @abstractmethod
    async def _async_read(self, now: datetime) -> T:
        """Return the data at an instant. Raises LedgerError."""

    @override
    async def _async_update_data(self) -> T:
        async with self._reading:
            return await self._async_read_now()

    async def _async_read_now(self) -> T:
        now = dt_util.utcnow()
        try:
            return await self._async_read(now)
        except LedgerError as err:
            if self._shutdown_requested:
                # The ledger was closed meanwhile, and the entities are gone.
                return self.data
            self._async_tick_at(now + LEDGER_RETRY)
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="ledger_error",
                translation_placeholders={"error": error_text(self.hass, err)},
            ) from err

    @callback
    def _async_tick_at(self, at: datetime) -> None:
        """Read again at this instant, and no longer at the one set before."""
        self._tick_at = at
        # Most ticks are postponed with each push. A timer that comes too early is set again then.
        if self._timer_at is None or at < self._timer_at:
            self._async_set_timer()

    @callback
    def _async_set_timer(self) -> None:
        self._async_cancel_tick()
        if not self._shutdown_requested:
            self._timer_at = self._tick_at
            self._cancel_timer = async_track_point_in_utc_time(self.hass, self._async_tick, self._tick_at)

    async def _async_tick(self, _: datetime) -> None:
        self._timer_at = self._cancel_timer = None
        if dt_util.utcnow() < self._tick_at:
            self._async_set_timer()
        else:
            await self.async_refresh()

    @callback
    def _async_cancel_tick(self) -> None:
        if self._cancel_timer:
            self._cancel_timer()
        self._timer_at = self._cancel_timer = None

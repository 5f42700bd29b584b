"""The base of the coordinators of cameras and places: they read the ledger when it has changed, and at set times.

Knows what neither of them reads. Called by coordinator.py and place_coordinator.py.
"""

from abc import abstractmethod
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
        self._cancel_tick: CALLBACK_TYPE | None = None

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
        now = dt_util.utcnow()
        try:
            return await self._async_read(now)
        except LedgerError as err:
            if self._shutdown_requested:
                # The ledger was closed meanwhile, and the entities are gone.
                return self.data
            self._async_tick_at(now + LEDGER_RETRY)
            raise UpdateFailed(
                translation_domain=DOMAIN, translation_key="ledger_error", translation_placeholders={"error": str(err)}
            ) from err

    @callback
    def _async_tick_at(self, at: datetime) -> None:
        """Read again at this instant, and no longer at the one set before."""

        async def tick(_: datetime) -> None:
            self._cancel_tick = None
            await self.async_refresh()

        self._async_cancel_tick()
        if self._shutdown_requested:
            return
        self._cancel_tick = async_track_point_in_utc_time(self.hass, tick, at)

    @callback
    def _async_cancel_tick(self) -> None:
        if self._cancel_tick:
            self._cancel_tick()
            self._cancel_tick = None

"""A queue of cameras or places whose entities have to be updated, by key.

The receiver fills it, and updates the entities of each key. The queue knows neither coordinators nor entities.
"""

import asyncio
from collections.abc import Awaitable, Callable
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..ledger import Changes

_LOGGER = logging.getLogger(__name__)

# Sleep ten times as long as writing states took, 0.2 s at most: recorder has to store them as well.
REST: Final = 10
MAX_REST: Final = 0.2


class ShowQueue:
    """Shows one key after the other, once for all pushes that have arrived meanwhile."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, show: Callable[[str, list[Changes]], Awaitable[None]]
    ) -> None:
        """Start empty; `show` is awaited with a key and the pushes of that key."""
        self._hass = hass
        self._entry = entry
        self._show = show
        self._pushes: dict[str, list[Changes]] = {}
        self._is_running = False
        self._is_stopped = False

    @callback
    def async_add(self, key: str, *pushes: Changes) -> None:
        """Queue a key with the pushes to show; without a push, its data is only read again."""
        self._pushes.setdefault(key, []).extend(pushes)
        self._async_run()

    def has_pushes(self, key: str) -> bool:
        """Return True if pushes of a key are stored, but not shown yet."""
        return bool(self._pushes.get(key))

    @property
    def is_stopped(self) -> bool:
        """Return True if nothing may be shown, because the entities are being removed."""
        return self._is_stopped

    @callback
    def async_stop(self) -> None:
        """Show no further keys; the key that is being shown is finished."""
        self._is_stopped = True

    @callback
    def async_resume(self) -> None:
        """Show keys again, because the entities could not be removed."""
        self._is_stopped = False
        self._async_run()

    @callback
    def _async_run(self) -> None:
        if self._pushes and not self._is_running and not self._is_stopped:
            self._is_running = True
            self._entry.async_create_task(self._hass, self._async_show_all())

    async def _async_show_all(self) -> None:
        loop = self._hass.loop
        try:
            # Entities added while the entry is unloaded would stay, and block the ids of the next ones.
            while self._pushes and not self._is_stopped:
                began = loop.time()
                key = next(iter(self._pushes))
                pushes = self._pushes.pop(key)
                try:
                    await self._show(key, pushes)
                except Exception:  # an error of one key must not stop the queue
                    _LOGGER.exception("Counts of %s are stored, but can't be shown", key)
                await asyncio.sleep(min(REST * (loop.time() - began), MAX_REST))
        finally:
            self._is_running = False

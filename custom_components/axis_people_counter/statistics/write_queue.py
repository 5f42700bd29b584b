"""A queue of keys to be written later. Knows nothing of statistics; writer.py fills it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

_LOGGER = logging.getLogger(__name__)

# A key whose write has failed for an unknown reason is written again after this time.
RETRY_AFTER: Final = timedelta(hours=1)


class WriteQueue:
    """Writes one key after the other in one background task, each when it is due, the longest overdue first."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, name: str, write: Callable[[str], Awaitable[None]]
    ) -> None:
        """Start empty; `write` is awaited with each key."""
        self._hass = hass
        self._entry = entry
        self._name = name
        self._write = write
        self._due: dict[str, datetime] = {}
        self._timer_at: datetime | None = None
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._is_running = False
        self._is_stopped = False
        self._has_failed = False

    @property
    def is_stopped(self) -> bool:
        """Return True if no further keys are written."""
        return self._is_stopped

    @callback
    def async_add(self, key: str, due: datetime) -> None:
        """Write a key when it is due, or earlier if it is already queued for an earlier time."""
        if key not in self._due or due < self._due[key]:
            self._due[key] = due
            self._async_continue()

    @callback
    def async_postpone(self, key: str, due: datetime) -> None:
        """Write a key when it is due, even if it is already queued for an earlier time."""
        self._due[key] = due
        self._async_continue()

    @callback
    def async_stop(self) -> None:
        """Write no further keys."""
        self._is_stopped = True
        self._async_cancel_timer()

    @callback
    def _async_continue(self) -> None:
        """Start the task if a key is due, otherwise a timer for the next key."""
        if self._is_stopped or self._is_running or not self._due:
            self._async_cancel_timer()
            return
        next_due = min(self._due.values())
        if next_due <= dt_util.utcnow():
            self._async_cancel_timer()
            self._is_running = True
            self._entry.async_create_background_task(self._hass, self._async_write_due(), self._name)
        elif next_due != self._timer_at:
            self._async_cancel_timer()
            self._timer_at = next_due
            self._cancel_timer = async_track_point_in_utc_time(self._hass, self._async_timer, next_due)

    @callback
    def _async_timer(self, _: datetime) -> None:
        self._timer_at = self._cancel_timer = None
        self._async_continue()

    @callback
    def _async_cancel_timer(self) -> None:
        if self._cancel_timer:
            self._cancel_timer()
        self._timer_at = self._cancel_timer = None

    async def _async_write_due(self) -> None:
        try:
            while not self._is_stopped and self._due:
                key = min(self._due, key=self._due.__getitem__)
                if self._due[key] > dt_util.utcnow():
                    break
                del self._due[key]
                await self._async_write(key)
        finally:
            self._is_running = False
        self._async_continue()

    async def _async_write(self, key: str) -> None:
        """Write a key; an unexpected error is logged once, and must not hold up the others."""
        try:
            await self._write(key)
        except Exception:
            if not self._has_failed:
                self._has_failed = True
                _LOGGER.exception("Unexpected error in %s", self._name)
            if key not in self._due:
                self._due[key] = dt_util.utcnow() + RETRY_AFTER

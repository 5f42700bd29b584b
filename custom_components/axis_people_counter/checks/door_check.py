"""The base of checks that look at the counts of all doors now and then, and show an issue for each door with a problem.

A problem is derived from the ledger at the start, every few hours, and when a person changes a setting that it depends
on. direction_check.py and counting_check.py derive from it.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
import logging
from typing import ClassVar, Final, NamedTuple

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval

from ..const import DOMAIN
from ..coordinator import CameraCoordinator
from ..ledger import Ledger, LedgerError
from ..place_coordinator import PlaceCoordinator

_LOGGER = logging.getLogger(__name__)

# Cameras push what they kept when Home Assistant has started, and people look at it then.
FIRST_CHECK: Final = timedelta(minutes=1)


class Doors(NamedTuple):
    """Where a check finds doors and their counts; cameras and places change."""

    hass: HomeAssistant
    entry: ConfigEntry
    ledger: Ledger
    cameras: Mapping[str, CameraCoordinator]
    places: Mapping[str, PlaceCoordinator]


class DoorCheck[P](ABC):
    """The problems that were found last, by the key of the camera."""

    # Names the check in logs.
    subject: ClassVar[str]
    every: ClassVar[timedelta]

    def __init__(self, doors: Doors) -> None:
        """Use the cameras and places as they are at each time."""
        self._hass, self._entry, self._ledger, self._cameras, self._places = doors
        self._lock = asyncio.Lock()
        self._known_settings = self._settings()
        self.found: dict[str, P] = {}
        self._has_checked = False

    @callback
    def async_start(self) -> None:
        """Check at the times that are set, and when a setting is changed."""
        entry = self._entry

        @callback
        def check(_: datetime | None = None) -> None:
            entry.async_create_background_task(self._hass, self._async_check(), f"{DOMAIN} {self.subject}")

        async def updated(_hass: HomeAssistant, _entry: ConfigEntry) -> None:
            if self._known_settings != (settings := self._settings()):
                self._known_settings = settings
                # A second window must not change again what was changed in the first.
                self.found = {}
                check()

        entry.async_on_unload(entry.add_update_listener(updated))
        entry.async_on_unload(async_call_later(self._hass, FIRST_CHECK, check))
        entry.async_on_unload(async_track_time_interval(self._hass, check, self.every))

    async def async_problem_of(self, key: str) -> P | None:
        """Return the problem of a camera as it was found last.

        Issues outlive a restart, and a person may open one before the first check.
        """
        if not self._has_checked:
            await self._async_check()
        return self.found.get(key)

    async def _async_check(self) -> None:
        async with self._lock:
            settings = self._settings()
            try:
                found = await self._async_find()
            except LedgerError as err:
                _LOGGER.debug("The %s can't be checked now: %s", self.subject, err)
                return
            if self._settings() != settings:
                # A person has just settled a problem, which has started the next check.
                return
            self.found = found
            self._has_checked = True
        for key, camera in self._cameras.items():
            self._async_show(camera, self.found.get(key))

    @abstractmethod
    def _settings(self) -> object:
        """Return the settings that the problems depend on, to compare."""

    @abstractmethod
    async def _async_find(self) -> dict[str, P]:
        """Return the problems by the key of the camera. Raises LedgerError."""

    @abstractmethod
    @callback
    def _async_show(self, camera: CameraCoordinator, problem: P | None) -> None:
        """Show the problem of a camera, or that it has none."""

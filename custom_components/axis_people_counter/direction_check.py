"""Finds doors that seem to count backwards, from the last full day of each place, and shows an issue for each.

The rule is in counting/backward.py, the flow of the issue in direction_repairs.py. What was found is derived from the
ledger at the start, every few hours, and when a direction changes. Started by the receiver.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
import logging
from typing import Final, NamedTuple

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util import dt as dt_util

from . import issues
from .const import CONF_CONFIRMED_DIRECTIONS, CONF_REVERSED_CAMERAS, DOMAIN
from .coordinator import CameraCoordinator
from .counting import DoorDay, Schedule, Timestamp, backward_doors, door_day, has_many_people, wall_time
from .ledger import Door, Ledger, LedgerError
from .messages import name_placeholders, plain
from .place_coordinator import PlaceCoordinator
from .schedules import async_camera_schedule

_LOGGER = logging.getLogger(__name__)

# Cameras push what they kept when Home Assistant has started, and people look at it then.
FIRST_CHECK: Final = timedelta(minutes=1)
# So that a day is looked at soon after its reset, whenever that is.
CHECK_EVERY: Final = timedelta(hours=6)
# On days off, nobody passes.
MAX_DAYS: Final = 7


class BackwardDoor(NamedTuple):
    """A door that seems to count backwards, with what it counted on a day."""

    date: str
    entered: int
    exited: int
    # The keys of the places to turn it at; none if its camera is to be turned.
    places: tuple[str, ...] = ()


class DirectionCheck:
    """The doors that seem to count backwards, by the key of the camera."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        cameras: Mapping[str, CameraCoordinator],
        places: Mapping[str, PlaceCoordinator],
    ) -> None:
        """Use the cameras and places as they are at each time."""
        self._hass = hass
        self._entry = entry
        self._ledger = ledger
        self._cameras = cameras
        self._places = places
        self._lock = asyncio.Lock()
        self._directions = self._settings()
        self.found: dict[str, BackwardDoor] = {}

    @callback
    def async_start(self) -> None:
        """Check at the times that are set, and when a direction is changed or confirmed."""
        entry = self._entry

        @callback
        def check(_: datetime | None = None) -> None:
            entry.async_create_background_task(self._hass, self._async_check(), f"{DOMAIN} directions")

        async def updated(_hass: HomeAssistant, _entry: ConfigEntry) -> None:
            if self._directions != (directions := self._settings()):
                self._directions = directions
                # A second window must not turn a door back that was turned in the first.
                self.found = {}
                check()

        entry.async_on_unload(entry.add_update_listener(updated))
        entry.async_on_unload(async_call_later(self._hass, FIRST_CHECK, check))
        entry.async_on_unload(async_track_time_interval(self._hass, check, CHECK_EVERY))

    def _settings(self) -> tuple[Sequence[str], Sequence[str]]:
        """Return the keys of the reversed cameras, and of those whose direction a person has confirmed."""
        options = self._entry.options
        return options.get(CONF_REVERSED_CAMERAS, ()), options.get(CONF_CONFIRMED_DIRECTIONS, ())

    async def _async_check(self) -> None:
        async with self._lock:
            try:
                self.found = await self._async_backward_doors()
            except LedgerError as err:
                _LOGGER.debug("Directions can't be checked now: %s", err)
                return
        for key, camera in self._cameras.items():
            if door := self.found.get(key):
                self._async_show(camera, door)
            else:
                issues.async_end(self._hass, issues.DIRECTION_WRONG, key)

    @callback
    def _async_show(self, camera: CameraCoordinator, door: BackwardDoor) -> None:
        issues.async_begin(
            self._hass,
            issues.DIRECTION_WRONG,
            camera.key,
            **name_placeholders(camera.camera.name),
            date=door.date,
            entered=str(door.entered),
            exited=str(door.exited),
            places=plain(", ".join(self._places[key].settings.name for key in door.places)),
        )

    async def _async_backward_doors(self) -> dict[str, BackwardDoor]:
        """Return the doors that seem to count backwards, without confirmed ones. Raises LedgerError."""
        places_of: dict[str, list[tuple[str, Door]]] = {}
        at_places: dict[str, dict[str, BackwardDoor]] = {}
        for place in self._places.values():
            settings = place.settings
            for door in settings.doors:
                places_of.setdefault(door.key, []).append((place.key, door))
            for key, backward in (await self._async_of_doors(settings.doors, settings.schedule)).items():
                at_places.setdefault(key, {})[place.key] = backward
        found = {key: _where_to_turn(places_of[key], backward) for key, backward in at_places.items()}
        for key, camera in list(self._cameras.items()):
            if key not in places_of:
                schedule = await async_camera_schedule(self._entry, camera.camera)
                found |= await self._async_of_doors([Door(key, False)], schedule)
        confirmed = self._settings()[1]
        return {key: door for key, door in found.items() if key not in confirmed}

    async def _async_of_doors(self, doors: Sequence[Door], schedule: Schedule) -> dict[str, BackwardDoor]:
        """Return which of the doors of a place seem to count backwards. Raises LedgerError."""
        if schedule.reset_time is None:
            # Such a place is never empty, so people may leave it before others come.
            return {}
        end, _ = schedule.reset(int(dt_util.utcnow().timestamp()))
        for _ in range(MAX_DAYS):
            start, _ = schedule.reset(end - 1)
            days = await self._hass.async_add_executor_job(self._days, doors, start, end)
            if has_many_people(days):
                date = str(wall_time(start, schedule.zone).date())
                return {
                    doors[position].key: BackwardDoor(date, days[position].entered, days[position].exited)
                    for position in backward_doors(days, schedule.reset_value)
                }
            end = start
        return {}

    def _days(self, doors: Iterable[Door], start: Timestamp, end: Timestamp) -> list[DoorDay]:
        """Return a day at some doors, for a thread; nothing if a camera was off. Raises LedgerError."""
        reversed_cameras, days = self._settings()[0], list[DoorDay]()
        for door in doors:
            day = door_day(self._ledger.columns_overlapping(door.key, start, end), start, end)
            if day is None:
                return []
            # Reversed = camera reversed XOR door reversed.
            days.append(day.turned() if (door.key in reversed_cameras) != door.is_reversed else day)
        return days


def _where_to_turn(places: Sequence[tuple[str, Door]], backward: Mapping[str, BackwardDoor]) -> BackwardDoor:
    """Return where to turn a door.

    If it is wrong at all of its places, its camera is mounted the other way round. If it is wrong at some only, or was
    only chosen as a door into a neighbouring room, the place is wrong.
    """
    found = next(iter(backward.values()))
    is_camera = len(backward) == len(places) and not all(door.is_reversed for _, door in places)
    return found if is_camera else found._replace(places=tuple(backward))

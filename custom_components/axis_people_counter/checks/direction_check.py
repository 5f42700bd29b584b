"""Finds doors that seem to count backwards, from the last full day of each place, and shows an issue for each.

The rule is in counting/backward.py, the flow of the issue in flows/direction_repairs.py. What was found is derived from
the ledger at the start, every few hours, and when a direction changes. Started by the receiver.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Final, NamedTuple, override

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .. import issues
from ..const import CONF_CONFIRMED_DIRECTIONS, CONF_REVERSED_CAMERAS
from ..coordinator import CameraCoordinator
from ..counting import DoorDay, Schedule, Timestamp, backward_doors, door_day, has_many_people, wall_time
from ..ledger import Door
from ..schedules import async_camera_schedule
from ..texts import name_placeholders, plain
from .door_check import DoorCheck

# On days off, nobody passes.
MAX_DAYS: Final = 7


class BackwardDoor(NamedTuple):
    """A door that seems to count backwards, with what it counted on a day."""

    date: str
    entered: int
    exited: int
    # The keys of the places to turn it at; none if its camera is to be turned.
    places: tuple[str, ...] = ()


class DirectionCheck(DoorCheck[BackwardDoor]):
    """The doors that seem to count backwards, by the key of the camera."""

    subject: ClassVar = "directions"
    # So that a day is looked at soon after its reset, whenever that is.
    every: ClassVar = timedelta(hours=6)

    @override
    def _settings(self) -> tuple[Sequence[str], Sequence[str]]:
        """Return the keys of the reversed cameras, and of those whose direction a person has confirmed."""
        options = self._entry.options
        return options.get(CONF_REVERSED_CAMERAS, ()), options.get(CONF_CONFIRMED_DIRECTIONS, ())

    @callback
    @override
    def _async_show(self, camera: CameraCoordinator, problem: BackwardDoor | None) -> None:
        if problem is None:
            issues.async_end(self._hass, issues.DIRECTION_WRONG, camera.key)
            return
        issues.async_begin(
            self._hass,
            issues.DIRECTION_WRONG,
            camera.key,
            **name_placeholders(camera.camera.name),
            date=problem.date,
            entered=str(problem.entered),
            exited=str(problem.exited),
            places=plain(", ".join(self._places[key].settings.name for key in problem.places)),
        )

    @override
    async def _async_find(self) -> dict[str, BackwardDoor]:
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

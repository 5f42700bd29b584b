"""Finds doors that nobody has passed for too long, and doors whose in and out have drifted apart.

A camera that is covered or moved, or that has another scene, still sends its counts. The rules are in
counting/nobody.py and counting/drift.py, the flow of the issue about drift in flows/drift_repairs.py. The binary sensor
counting_problem of each camera shows the same. Started by the receiver.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
import logging
from typing import Any, ClassVar, Final, NamedTuple, override

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .. import issues
from ..const import CONF_CONFIRMED_PARTS, CONF_REVERSED_CAMERAS, DOMAIN
from ..coordinator import CameraCoordinator
from ..counting import (
    DAY,
    HISTORY,
    HOUR,
    DoorHistory,
    Drift,
    OpenSpans,
    Stretch,
    Timestamp,
    Usual,
    days_of,
    drift_of,
    union,
    usual_of,
    wall_time,
)
from ..ledger import LedgerError
from ..opening import async_open_days
from ..schedules import async_camera_schedule
from ..texts import name_placeholders
from .door_check import DoorCheck, Doors

_LOGGER = logging.getLogger(__name__)

# How much history is read. Usually the first is enough; if nobody has passed since, more.
READ_AT_ONCE: Final = (2 * HISTORY, 4 * HISTORY, 8 * HISTORY, 16 * HISTORY)


class Nobody(NamedTuple):
    """Since when nobody has passed a door, and how many people usually do on a day."""

    since: Timestamp
    usual_day: int


class CountingProblem(NamedTuple):
    """The problems of a door; at least one of them."""

    nobody: Nobody | None
    drift: Drift | None
    # The zone of the door's days.
    zone: tzinfo


@dataclass
class _Door:
    """The state of a door that is kept between two checks."""

    # The day (UTC) on which the whole history was read: late counts may have changed it since.
    read_on: int
    history: DoorHistory
    # By the hour of the last passage, and whether opening hours are known.
    usual: tuple[tuple[Timestamp, bool], Usual | None] | None = None
    # By the last local day with counts, and since when counts are compared.
    drift: tuple[tuple[int, Timestamp], Drift | None] | None = None
    # How many people usually pass in the time since the last passage.
    missed: float = 0.0


class CountingCheck(DoorCheck[CountingProblem]):
    """The doors that count nobody for too long, or whose in and out have drifted apart, by the key of the camera."""

    subject: ClassVar = "counts"
    every: ClassVar = timedelta(hours=1)

    def __init__(self, doors: Doors) -> None:
        """Begin without any history."""
        super().__init__(doors)
        self._doors: dict[str, _Door] = {}
        # The next person may end a problem. So for each camera that has one: all people who have passed, and what
        # ends watching.
        self._watched: dict[str, tuple[int, Callable[[], None]]] = {}

    @override
    def _settings(self) -> tuple[Mapping[str, Timestamp], Sequence[str]]:
        """Return since when the part of the people who come in is right, by key, and the keys of reversed cameras."""
        options = self._entry.options
        return options.get(CONF_CONFIRMED_PARTS, {}), options.get(CONF_REVERSED_CAMERAS, ())

    @override
    async def _async_find(self) -> dict[str, CountingProblem]:
        """Return the doors with a problem. Raises LedgerError."""
        found: dict[str, CountingProblem] = {}
        for key, camera in list(self._cameras.items()):
            if problem := await self._async_problem(camera):
                found[key] = problem
        self._doors = {key: door for key, door in self._doors.items() if key in self._cameras}
        return found

    async def _async_problem(self, camera: CameraCoordinator) -> CountingProblem | None:
        """Return the problem of a door, None if it has none. Raises LedgerError."""
        key, run = camera.key, self._hass.async_add_executor_job
        now = int(dt_util.utcnow().timestamp())
        zone = (await async_camera_schedule(self._entry, camera.camera)).zone
        door = self._doors[key] = await run(self._read, key, now)
        drift = await run(self._drift, key, door, zone)
        nobody = None
        door.missed = 0.0
        last, end = door.history.last_people, door.history.end
        if last is not None and end is not None and last < end:
            spans = await self._async_open_spans(key, last - HISTORY, end + HOUR)
            nobody = await run(self._nobody, key, door, zone, spans)
        return CountingProblem(nobody, drift, zone) if nobody or drift else None

    def _read(self, key: str, now: Timestamp) -> _Door:
        """Return a door with its counts up to now, for a thread. Raises LedgerError."""
        door = self._doors.get(key)
        if door and door.read_on == now // DAY and (last := door.history.last_people) is not None:
            # Late counts may be in a time without anybody.
            door.history.replace(last, self._hours(key, last, now))
            return door
        door = _Door(now // DAY, DoorHistory())
        for seconds in READ_AT_ONCE:
            since = (now - seconds) // HOUR * HOUR
            door.history.replace(0, self._hours(key, since, now))
            last, start = door.history.last_people, door.history.start
            if start is None or start > since + DAY or (last is not None and last - since >= HISTORY):
                break
        return door

    def _hours(self, key: str, since: Timestamp, now: Timestamp) -> list[tuple[Timestamp, int, int, int]]:
        return [
            (hour.hour, hour.entered, hour.exited, hour.covered)
            # The camera's clock may be ahead.
            for hour in self._ledger.each_hour(key, since, now + HOUR)
        ]

    def _drift(self, key: str, door: _Door, zone: tzinfo) -> Drift | None:
        """Return how a door has drifted up to its last full day, for a thread."""
        if (end := door.history.end) is None:
            return None
        # The counts of yesterday are complete once there are some of today.
        day, since = datetime.fromtimestamp(end, zone).toordinal(), self._settings()[0].get(key, 0)
        if door.drift is None or door.drift[0] != (day, since):
            door.drift = ((day, since), drift_of(days_of(door.history.hours(zone, since), day)))
        return door.drift[1]

    def _nobody(self, key: str, door: _Door, zone: tzinfo, spans: OpenSpans) -> Nobody | None:
        """Return since when nobody has passed a door, if it is too long, for a thread. Raises LedgerError."""
        last = door.history.last_people
        assert last is not None, "somebody has passed"
        has_opening_hours = spans is not None
        if door.usual is None or door.usual[0] != (last, has_opening_hours):
            before = door.history.hours(zone, last - HISTORY, spans, until=last + HOUR)
            door.usual = ((last, has_opening_hours), usual_of(before, has_opening_hours=has_opening_hours))
        if (usual := door.usual[1]) is None:
            return None
        door.missed = usual.missed(door.history.hours(zone, last + HOUR, spans))
        if door.missed < usual.limit:
            return None
        passages = (
            interval.end for interval in self._ledger.each_interval(key, last, last + HOUR) if any(interval[2:4])
        )
        return Nobody(max(passages, default=last), round(usual.day))

    async def _async_open_spans(self, key: str, start: Timestamp, end: Timestamp) -> OpenSpans:
        """Return when any place of a door is open, None if one has no known opening hours. Raises LedgerError."""
        lists: list[list[Stretch]] = []
        for place in list(self._places.values()):
            if key not in place.settings.keys:
                continue
            days = await async_open_days(place, start, end)
            known = [day.spans for day in days if day.spans is not None]
            if place.settings.opening_hours is None or not known:
                return None
            # People aren't expected on a day whose hours aren't known.
            lists.append([Stretch(span.start, span.end) for spans in known for span in spans])
        return union(lists) if lists else None

    @callback
    @override
    def _async_show(self, camera: CameraCoordinator, problem: CountingProblem | None) -> None:
        if problem and (nobody := problem.nobody):
            issues.async_begin(
                self._hass,
                issues.NOBODY_COUNTED,
                camera.key,
                **name_placeholders(camera.camera.name, camera.camera.ip_address),
                since=dt_util.as_local(datetime.fromtimestamp(nobody.since, UTC)).strftime("%Y-%m-%d %H:%M"),
                people=str(nobody.usual_day),
            )
        else:
            issues.async_end(self._hass, issues.NOBODY_COUNTED, camera.key)
        if problem and (drift := problem.drift):
            issues.async_begin(
                self._hass,
                issues.DRIFTED,
                camera.key,
                **name_placeholders(camera.camera.name, camera.camera.ip_address),
                **self._numbers(camera.key, drift, problem.zone),
            )
        else:
            issues.async_end(self._hass, issues.DRIFTED, camera.key)
        self._async_watch(camera, problem is not None)
        if camera.has_counting_problem != (has_problem := problem is not None):
            camera.has_counting_problem = has_problem
            camera.async_update_listeners()

    def _numbers(self, key: str, drift: Drift, zone: tzinfo) -> dict[str, str]:
        """Return the numbers of a drift in the direction that is set, as a person reads them."""
        entered, exited, part_before = drift.entered, drift.exited, drift.part_before
        if key in self._settings()[1]:
            entered, exited, part_before = exited, entered, 1 - part_before
        return {
            "date": str(wall_time(drift.since, zone).date()),
            "entered": str(entered),
            "exited": str(exited),
            "part": str(round(100 * entered / (entered + exited))),
            "part_before": str(round(100 * part_before)),
        }

    @callback
    def _async_watch(self, camera: CameraCoordinator, has_problem: bool) -> None:
        """Look at a camera with a problem again when anybody passes, and not only at the next check."""
        key = camera.key
        if key in self._watched:
            self._watched.pop(key)[1]()
        if has_problem:
            changed = partial(self._async_camera_changed, camera)
            self._watched[key] = (_people(camera), camera.async_add_listener(changed))

    @callback
    def _async_camera_changed(self, camera: CameraCoordinator) -> None:
        people, unsubscribe = self._watched[camera.key]
        if people != (now := _people(camera)):
            self._watched[camera.key] = (now, unsubscribe)
            self._entry.async_create_background_task(
                self._hass, self._async_check_again(camera), f"{DOMAIN} {self.subject} of {camera.key}"
            )

    async def _async_check_again(self, camera: CameraCoordinator) -> None:
        async with self._lock:
            settings = self._settings()
            try:
                problem = await self._async_problem(camera)
            except LedgerError as err:
                _LOGGER.debug("The counts of %s can't be checked now: %s", camera.name, err)
                return
            if self._cameras.get(camera.key) is not camera or self._settings() != settings:
                return
            self.found.pop(camera.key, None)
            if problem:
                self.found[camera.key] = problem
        self._async_show(camera, problem)

    def figures(self, key: str) -> dict[str, Any] | None:
        """Return what the last check has found of a camera, for diagnostics."""
        if (door := self._doors.get(key)) is None:
            return None
        problem, usual = self.found.get(key), door.usual and door.usual[1]
        last = door.history.last_people
        return {
            "last_hour_with_people": None if last is None else datetime.fromtimestamp(last, UTC),
            "usual_people_a_day": usual and usual.day,
            "longest_without_people": usual and round(usual.longest, 1),
            "has_opening_hours": usual and usual.has_opening_hours,
            "limit": usual and round(usual.limit, 1),
            "missed_people": round(door.missed, 1),
            "nobody": bool(problem and problem.nobody),
            "drift": problem and problem.drift and problem.drift._asdict(),
        }


def _people(camera: CameraCoordinator) -> int:
    """Return how many people have passed a camera."""
    # There are no data if the ledger couldn't be read at the start.
    total = camera.data and camera.data.total
    return total.entered + total.exited if total else 0

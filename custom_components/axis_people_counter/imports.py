"""Imports files with old counts, and undoes imports. The receiver keeps one of this; called by import_actions.py.

A file is read twice: first to check it, then to store its counts, a day of a camera at a time, so that pushes are
stored in between. It is read in a thread, and neither time is it in memory as a whole.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from io import BytesIO
import logging
import os
from pathlib import Path
import stat
from typing import BinaryIO, Final, NamedTuple

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .checks import Agreement
from .coordinator import CameraCoordinator
from .counting import (
    DAY,
    EARLIEST,
    Coverage,
    Interval,
    Intervals,
    Period,
    Routes,
    Timestamp,
    first_serial,
    key_at,
    reverse,
)
from .ledger import Ledger, LedgerError
from .old_counts import Fault, FileError, Kind, Known, Lines, OldCounts, Skipped, read
from .place_coordinator import PlaceCoordinator
from .schedules import async_camera_schedule
from .settings import days_kept
from .statistics import StatisticsWriter
from .texts import Message

_LOGGER = logging.getLogger(__name__)

MAX_FILE: Final = 256 * 1024 * 1024
MAX_FAULTS: Final = 100
# The most intervals that are stored at once: pushes wait for it. With more objects at a time, Python would look through
# all of Home Assistant's for garbage again and again.
INTERVALS_AT_ONCE: Final = 300
_MAX_NAME: Final = 100


class ImportFailedError(Exception):
    """An import isn't possible. The message says why."""

    def __init__(self, message: Message) -> None:
        """Store the message."""
        super().__init__(message.key)
        self.message = message


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """The import that a person asks for: a file by its path, or a text."""

    path: str | None
    content: str | None
    target: CameraCoordinator | PlaceCoordinator | None
    # None is that of each camera.
    zone: tzinfo | None
    period: Period | None
    is_dry_run: bool
    skips_faults: bool


class Door(NamedTuple):
    """The key that counts are stored for, and if in and out of the file are out and in of the camera."""

    key: str
    is_reversed: bool


@dataclass(slots=True)
class Imported:
    """The contents of a file, and how much of it was stored or would be; in and out are as in the file."""

    zone: tzinfo
    import_id: int | None = None
    rows: int = 0
    intervals: int = 0
    entered: int = 0
    exited: int = 0
    first: Timestamp | None = None
    last: Timestamp | None = None
    counted: int = 0
    # Rows that are too old, and what a person can do about them.
    deleted: int = 0
    advice: Message | None = None
    skipped: Counter[Skipped] = field(default_factory=Counter)
    number_of_faults: int = 0
    # The first ones.
    faults: list[Fault] = field(default_factory=list)
    checksum: int = 0
    # By the key of a camera, since when its counts have changed.
    changed: dict[str, Timestamp] = field(default_factory=dict)

    def add(self, key: str, intervals: tuple[Interval, ...], *, is_reversed: bool) -> None:
        """Add intervals that are stored, or can be."""
        for interval in map(reverse, intervals) if is_reversed else intervals:
            self.intervals += 1
            self.entered += interval.entered
            self.exited += interval.exited
        if intervals:
            start, end = intervals[0].start, max(interval.end for interval in intervals)
            self.first = start if self.first is None else min(self.first, start)
            self.last = end if self.last is None else max(self.last, end)
            self.changed[key] = min(self.changed.get(key, start), start)


@dataclass(frozen=True, slots=True)
class Plan:
    """An import as the threads need it, without coordinators."""

    open: Callable[[], BinaryIO]
    name: str
    known: Known
    # By the name of a place, as rows name it; None where they name nothing.
    doors: Mapping[str | None, Door]
    # The camera of each key, the key for which each camera counts now, and for which it counted when.
    cameras: Mapping[str, Door]
    keys: Mapping[str, str]
    routes: Routes
    # Only counts for this key are wanted.
    only: str | None
    zone: tzinfo
    # Older counts would be deleted within a day. In statistics they would stay, also when the import is undone.
    kept_since: Timestamp
    advice_on_older: Message

    def door(self, row: OldCounts, kind: Kind) -> Door | None:
        """Return the door whose counts a row has, None if these aren't wanted."""
        if row.serial is None:
            return self.doors[row.place]
        key = key_at(self.routes.get(row.serial, ()), row.serial, row.interval.start)
        if kind is Kind.OWN and key not in self.cameras:
            # An export names the last camera of a door also for the time of those before it.
            key = self.keys.get(row.serial, key)
        return self.cameras.get(key) if self.only in (None, key) else None


@dataclass(frozen=True, slots=True)
class UndoneImport:
    """How much an undone import had left; in and out are as they are shown."""

    intervals: int
    entered: int
    exited: int


class Imports:
    """Imports one file after the other."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        statistics: StatisticsWriter,
        agreement: Agreement,
        cameras: Mapping[str, CameraCoordinator],
        places: Mapping[str, PlaceCoordinator],
        routes: Routes,
    ) -> None:
        """Start without an import."""
        self._hass = hass
        self._entry = entry
        self._ledger = ledger
        self._statistics = statistics
        self._agreement = agreement
        self._cameras = cameras
        self._places = places
        self._routes = routes
        self._lock = asyncio.Lock()

    async def async_import(self, request: ImportRequest) -> Imported:
        """Check a file, and import it unless that is only a dry run. Raises ImportFailedError and LedgerError."""
        async with self._lock:
            # Otherwise, the next start would remove what this import finds counted already.
            await self._async_undo_unfinished()
            plan = await self._async_plan(request)
            found = await self._async_run(self._check, plan)
            has_faults = found.number_of_faults > 0 and not request.skips_faults
            if request.is_dry_run or has_faults or not found.intervals:
                return found
            # Whoever stops the action must not stop it between the ledger and the statistics.
            return await asyncio.shield(self._hass.async_create_task(self._async_store(plan, found.checksum)))

    async def async_undo(self, import_id: int) -> UndoneImport:
        """Remove all that still counts because of an import. Raises LedgerError."""
        async with self._lock:
            return await asyncio.shield(self._hass.async_create_task(self._async_undo(import_id)))

    async def async_undo_unfinished(self) -> None:
        """Undo imports that were cut off when Home Assistant stopped, or that were being undone. Raises LedgerError."""
        async with self._lock:
            await self._async_undo_unfinished()

    async def _async_undo_unfinished(self) -> None:
        for import_id in await self._ledger.half_undone_imports():
            await self._async_undo(import_id)
        for import_id in await self._ledger.unfinished_imports():
            undone = await self._async_undo(import_id)
            _LOGGER.warning(
                "Import %s was cut off, so its %s intervals were removed. Import the file again",
                import_id,
                undone.intervals,
            )

    async def _async_plan(self, request: ImportRequest) -> Plan:
        target = None if request.target is None else self._door_of(request.target)
        doors: dict[str | None, Door] = {}
        zones = {
            key: request.zone or (await async_camera_schedule(self._entry, camera.camera)).zone
            for key, camera in self._cameras.items()
        }
        # The keys for which each camera counts, or has counted.
        keys_of = {camera.camera.serial: {key} for key, camera in self._cameras.items()}
        for serial in (*self._routes, *map(first_serial, self._cameras)):
            held = {serial, *(route.key for route in self._routes.get(serial, ()))} & self._cameras.keys()
            keys_of.setdefault(serial, set()).update(held)
        zone = request.zone or dt_util.get_default_time_zone()
        if target:
            zone = zones[target.key]
            doors[None] = target
        places: dict[str, tuple[str, ...]] = {}
        for place in self._places.values():
            name = place.device_name.removeprefix("'")
            places[name] = (*places.get(name, ()), *self._door_names(place))
            if (door := self._only_door(place)) and (target is None or target.key == door.key):
                doors[name] = door
        now = int(dt_util.utcnow().timestamp())
        known = Known(
            now=now,
            zones={None: zone, **{serial: zones[min(keys)] for serial, keys in keys_of.items() if keys}},
            places={name: names for name, names in places.items() if len(names) != 1 or name in doors},
            has_target=target is not None,
            only=target and frozenset(serial for serial, keys in keys_of.items() if target.key in keys),
            period=request.period,
            is_file=request.content is None,
        )
        if request.content is not None:
            content = request.content.encode(errors="replace")
            source: tuple[Callable[[], BinaryIO], str] = (lambda: BytesIO(content), "")
        else:
            path = Path(request.path or "")
            source = (lambda: _opened(self._hass, path), _clean(path.name))
        return Plan(
            *source,
            known,
            doors,
            {key: Door(key, bool(camera.camera.reversed)) for key, camera in self._cameras.items()},
            {camera.camera.serial: key for key, camera in self._cameras.items()},
            self._routes,
            target.key if target else None,
            zone,
            *await self._async_kept_since(now, zone),
        )

    async def _async_kept_since(self, now: Timestamp, zone: tzinfo) -> tuple[Timestamp, Message]:
        """Return the instant before which nothing is imported, and what a person can do about older counts."""
        days = days_kept(self._entry)
        deleted_until = await self._ledger.kept_since()
        since = max(deleted_until, EARLIEST if days is None else now - days * DAY)
        time = f"{datetime.fromtimestamp(since, zone):%Y-%m-%d %H:%M}"
        if since == deleted_until:
            return since, Message("import_deleted", {"time": time})
        return since, Message("import_too_old", {"time": time, "days": str(days)})

    def _door_of(self, target: CameraCoordinator | PlaceCoordinator) -> Door:
        if isinstance(target, CameraCoordinator):
            return Door(target.key, bool(target.camera.reversed))
        if door := self._only_door(target):
            return door
        names = ", ".join(self._door_names(target))
        raise ImportFailedError(Message("import_place_with_doors", {"place": target.device_name, "doors": names}))

    def _only_door(self, place: PlaceCoordinator) -> Door | None:
        """Return the door of a place, None if it has several, or one whose camera has never reported."""
        doors = place.settings.doors
        camera = self._cameras.get(doors[0].key) if len(doors) == 1 else None
        return Door(camera.key, bool(camera.camera.reversed) != doors[0].is_reversed) if camera else None

    def _door_names(self, place: PlaceCoordinator) -> list[str]:
        keys = [door.key for door in place.settings.doors]
        return [self._cameras[key].device_name if key in self._cameras else key for key in keys]

    async def _async_run[T](self, work: Callable[[Plan], T], plan: Plan) -> T:
        try:
            return await self._hass.async_add_executor_job(work, plan)
        except FileError as err:
            raise ImportFailedError(Message(err.key, err.placeholders)) from err
        except OSError as err:
            raise ImportFailedError(Message("import_unreadable", {"error": err.strerror or str(err)})) from err

    def _check(self, plan: Plan) -> Imported:
        """Read a file, and return what would be stored."""
        found = Imported(plan.zone)
        with closing(plan.open()) as file:
            for door, intervals in _batches(file, plan, found):
                free, counted, deleted = self._ledger.importable(door.key, intervals).result()
                found.add(door.key, free, is_reversed=door.is_reversed)
                found.counted += counted
                found.deleted += deleted
        return found

    async def _async_store(self, plan: Plan, checksum: int) -> Imported:
        now = int(dt_util.utcnow().timestamp())
        import_id = await self._ledger.begin_import(plan.name, now)

        def store(plan: Plan) -> Imported:
            found = Imported(plan.zone, import_id)
            with closing(plan.open()) as file:
                for door, intervals in _batches(file, plan, found):
                    free, counted, deleted = self._ledger.store_imported(import_id, door.key, intervals, now).result()
                    found.add(door.key, free, is_reversed=door.is_reversed)
                    found.counted += counted
                    found.deleted += deleted
            if found.checksum != checksum:
                raise FileError("import_file_changed")
            return found

        try:
            found = await self._async_run(store, plan)
            await self._ledger.finish_import(import_id)
        except BaseException:
            # If this fails as well, the next import or start undoes it.
            with suppress(LedgerError):
                await self._async_undo(import_id)
            raise
        _LOGGER.info("%s intervals were imported from %s as import %s", found.intervals, plan.name or "text", import_id)
        for key, since in found.changed.items():
            self._agreement.async_changed(key, since)
            if camera := self._cameras.get(key):
                await camera.async_show_changed(since)
        return found

    async def _async_undo(self, import_id: int) -> UndoneImport:
        intervals, entered, exited = 0, 0, 0
        changed: dict[str, Timestamp] = {}
        try:
            while step := await self._ledger.undo_import_step(import_id):
                camera = self._cameras.get(step.key)
                is_reversed = camera is not None and bool(camera.camera.reversed)
                intervals += step.intervals
                entered += step.exited if is_reversed else step.entered
                exited += step.entered if is_reversed else step.exited
                changed[step.key] = min(changed.get(step.key, step.since), step.since)
        finally:
            for key, since in changed.items():
                self._agreement.async_changed(key, since)
                if camera := self._cameras.get(key):
                    await camera.async_show_changed(since)
                await self._statistics.async_write_anew(key)
        return UndoneImport(intervals, entered, exited)


def _opened(hass: HomeAssistant, path: Path) -> BinaryIO:
    """Open a file that Home Assistant may read. Raises FileError and OSError."""
    if not path.is_absolute():
        raise FileError("import_path_not_allowed")
    try:
        # Later, another file may be behind a link.
        path = path.resolve(strict=True)
    except ValueError as err:
        # No path has a zero byte, or half a character.
        raise FileError("import_path_not_allowed") from err
    if not hass.config.is_allowed_path(str(path)):
        raise FileError("import_path_not_allowed")
    # Opening a pipe would wait for somebody who writes into it.
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise FileError("import_no_file")
        if status.st_size > MAX_FILE:
            raise FileError("import_too_large", {"limit": str(MAX_FILE // 1024 // 1024)})
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def _batches(file: BinaryIO, plan: Plan, found: Imported) -> Iterator[tuple[Door, Intervals]]:
    """Yield the intervals of a file, some of a camera that begin on one day at a time.

    Count all else in `found`, and at last its checksum.
    """
    lines = Lines(file)
    kind, rows = read(lines, plan.known)
    # Files of cameras have the directions of the camera.
    is_as_shown = kind in (Kind.OWN, Kind.TABLE)
    # Rows of several doors may be in the order of time: each step waits for the disk, so doors wait side by side.
    batches: dict[Door, tuple[int, Intervals]] = {}
    owners = _Owners()
    faulty = None
    for row in rows:
        match row:
            case Fault():
                # Several cells of a row may be faults.
                found.rows += row.row != faulty
                faulty = row.row
                found.number_of_faults += 1
                if len(found.faults) < MAX_FAULTS:
                    found.faults.append(row)
            case Skipped():
                found.rows += 1
                found.skipped[row] += 1
            case OldCounts():
                found.rows += 1
                interval = row.interval
                if (door := plan.door(row, kind)) is None:
                    found.skipped[Skipped.OTHER_CAMERA] += 1
                elif interval.start < plan.kept_since:
                    found.deleted += 1
                    found.advice = plan.advice_on_older
                elif not owners.add(door.key, row):
                    found.counted += 1
                else:
                    door = door if is_as_shown else door._replace(is_reversed=False)
                    day = interval.start // DAY
                    day_before, batch = batches.get(door, (day, Intervals()))
                    if day != day_before or len(batch) == INTERVALS_AT_ONCE:
                        yield door, batch
                        batch = Intervals()
                    batch.append(reverse(interval) if door.is_reversed else interval)
                    batches[door] = day, batch
    for door, (_, batch) in batches.items():
        yield door, batch
    found.checksum = lines.checksum


class _Owners:
    """The times for which each camera and place in a file has counts, by the key that these are stored for.

    Several may have the people of the same door: two places with this door, or the camera before and the one after it
    was replaced. Each of them has its rows in the order of time, so they overlap none of its own.
    """

    def __init__(self) -> None:
        self._times: dict[str, dict[tuple[str | None, str | None], Coverage]] = {}

    def add(self, key: str, row: OldCounts) -> bool:
        """Return True if nobody else has counts of the time of a row; its own time is added then."""
        owner = row.serial, row.place
        if owner == (None, None):
            # The file names nobody.
            return True
        start, end, *_ = row.interval
        times = self._times.setdefault(key, {})
        if any(time.touches(start, end) for other, time in times.items() if other != owner):
            return False
        times.setdefault(owner, Coverage()).add(start, end)
        return True


def _clean(name: str) -> str:
    """Return the name of a file as it is shown."""
    return "".join(character if character.isprintable() else " " for character in name)[:_MAX_NAME]

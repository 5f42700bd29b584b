"""The coordinator of a place: reads the counts of its doors from the ledger; each door is a camera.

The receiver creates one for each place and refreshes it when a door has changed; entities read its data.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from . import issues
from .coordinator import CameraCoordinator, Progress
from .counting import EARLIEST, LATEST, Interval, OpenSpan, Source, Timestamp, has_reached, people_of, reverse
from .devices import async_device_name
from .ledger import Door, Ledger, LedgerError
from .ledger_coordinator import LedgerCoordinator
from .opening import OpeningHours
from .settings import PlaceSettings
from .statistics import StatisticsWriter
from .texts import plain, translated_ledger_errors

# After this time, counts of a long history are added up further.
NEXT_STEP: Final = timedelta(seconds=1)


class Threshold(StrEnum):
    """The events of a place when its occupancy crosses a limit."""

    FULL = "full"
    NEARLY_FULL = "nearly_full"
    FREE_AGAIN = "free_again"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class PlaceData:
    """The data of one place; the peak and the drift are without live counts."""

    occupancy: int
    entered: int
    exited: int
    # People who entered in the opening hours; None while these aren't known.
    visitors: int | None
    peak: int
    drift: int
    # Every door has reported up to this instant; None if one never has.
    complete_until: datetime | None
    is_full: bool
    is_nearly_full: bool


class PlaceCoordinator(LedgerCoordinator[PlaceData]):
    """Reads one place when a door has changed, when its day ends, and when its occupancy is reset."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        statistics: StatisticsWriter,
        settings: PlaceSettings,
        cameras: Mapping[str, CameraCoordinator],
        is_unshown: Callable[[str], bool],
    ) -> None:
        """Share the receiver's mapping: cameras are added and removed later.

        `is_unshown` tells whether the ledger has counts that the coordinator of a camera doesn't know yet.
        """
        super().__init__(hass, entry, ledger, settings.name)
        self.settings = settings
        self.key = settings.key
        self.opening = OpeningHours(hass, entry, ledger, settings, self.async_refresh)
        self._statistics = statistics
        self._cameras = cameras
        self._is_unshown = is_unshown
        # The last reset of the data.
        self._reset_at = 0

    @property
    def device_name(self) -> str:
        """The name of the place in Home Assistant."""
        return async_device_name(self.hass, self.config_entry, self.key) or self.settings.name

    @property
    def cameras(self) -> list[CameraCoordinator]:
        """The coordinators of the doors whose cameras are known."""
        found = (self._cameras.get(door.key) for door in self.settings.doors)
        return [camera for camera in found if camera]

    @property
    def missing_keys(self) -> list[str]:
        """The keys of cameras that were removed or have never pushed."""
        return [door.key for door in self.settings.doors if door.key not in self._cameras]

    @property
    def silent(self) -> list[str]:
        """The names of the silent cameras."""
        return [camera.camera.name for camera in self.cameras if not camera.connected]

    @property
    def is_live(self) -> bool | None:
        """Return True if the live counts of all cameras are read and shown, None without access to any of them."""
        found = [camera.is_live for camera in self.cameras]
        return all(found) if any(is_live is not None for is_live in found) else None

    @property
    def is_current(self) -> bool:
        """Return True if all connected cameras are current: changes of the data are no history."""
        # A camera whose push isn't shown yet may still count as silent, while its history is in the data already.
        return not any(self._is_unshown(door.key) for door in self.settings.doors) and all(
            camera.data is not None and camera.data.progress >= Progress.CURRENT
            for camera in self.cameras
            if camera.connected
        )

    @property
    def connected(self) -> bool:
        """Return True if any of its cameras is connected."""
        # Each entity asks for this with each push, so the doors after the first connected one aren't looked at.
        found = (self._cameras.get(door.key) for door in self.settings.doors)
        return any(camera is not None and camera.connected for camera in found)

    @override
    async def async_shutdown(self) -> None:
        """Read nothing any more, and end the issues of a removed place."""
        await super().async_shutdown()
        if self.key not in self.config_entry.subentries:
            issues.async_end_about(self.hass, issues.About.PLACE, self.key)

    async def async_count_history(self) -> bool:
        """Count the next part of all that was counted before today; return True if more remains.

        Only the occupancy of a place without a daily reset depends on it. An error is left to the next reading.
        """
        schedule = self.settings.schedule
        if schedule.reset_time is not None:
            return False
        day, _ = schedule.day(int(dt_util.utcnow().timestamp()))
        with suppress(LedgerError):
            return await self.ledger.advance_place(self.settings.place, day)
        return False

    @override
    async def _async_read(self, now: datetime) -> PlaceData:
        settings, instant = self.settings, int(now.timestamp())
        schedule = settings.schedule
        day, next_day = schedule.day(instant)
        # Occupancy is counted from the last reset before the day on.
        resets = schedule.resets(schedule.reset(day)[0], instant + 1)

        live = frozenset(camera.key for camera in self.cameras if camera.live)
        open_spans = self.opening.day(day, next_day).spans
        read_today = partial(self.ledger.place_today, settings.key, day, next_day, resets, live, open_spans or ())
        today = await read_today()
        if today is None:
            # With resets, only the place itself is missing in the ledger, and is added. Without them, earlier counts
            # are added up step by step.
            await self.ledger.advance_place(settings.place, EARLIEST if resets else day)
            today = await read_today()
        if today is None:
            # While a door sends old counts, each of them begins these steps anew. Others must not wait for that.
            self._async_tick_at(now + NEXT_STEP)
            return self.data

        _, next_reset = schedule.reset(instant)
        self._async_tick_at(datetime.fromtimestamp(min(next_day, next_reset), UTC))
        if not self._shutdown_requested:
            self._async_update_issues()

        reset_at = resets[-1].at if resets else 0
        await self._async_catch_up(today.counted_until)
        passed = people_of(self._live_intervals(today.counted_until, day, next_day))
        occupancies = today.occupancies_with(
            list(self._live_intervals(today.counted_until, max(reset_at, today.corrected_at or 0)))
        )
        occupancy = occupancies[-1]
        # Live counts may have reached a limit for a moment only, which no push will show.
        before = self.data if self.is_live is not None and self._reset_at == reset_at else None
        self._reset_at = reset_at

        def is_reached(limit: int | None, *, was_reached: bool) -> bool:
            if limit is None:
                return False
            lasts = was_reached and occupancy >= limit - settings.hysteresis
            return lasts or has_reached(limit, occupancies, hysteresis=settings.hysteresis)

        return PlaceData(
            occupancy=occupancy,
            entered=today.entered + passed.entered,
            exited=today.exited + passed.exited,
            visitors=None
            if open_spans is None
            else today.visitors + self._live_visitors(today.counted_until, open_spans),
            peak=today.peak,
            drift=today.drift,
            complete_until=_complete_until(settings.doors, today.counted_until),
            is_full=is_reached(settings.capacity, was_reached=before is not None and before.is_full),
            is_nearly_full=is_reached(settings.warning_level, was_reached=before is not None and before.is_nearly_full),
        )

    async def _async_catch_up(self, counted_until: Mapping[str, Timestamp]) -> None:
        """Let no live counts have people of intervals that were read. Raises LedgerError."""
        for camera in self.cameras:
            if camera.live and camera.key in counted_until:
                await camera.live.async_catch_up(counted_until[camera.key])

    def _live_intervals(
        self, counted_until: Mapping[str, Timestamp], since: Timestamp, before: Timestamp = LATEST
    ) -> Iterator[Interval]:
        """Yield who has passed each door after the intervals that were read, in the direction of the place."""
        for door in self.settings.doors:
            camera = self._cameras.get(door.key)
            if (
                camera
                and camera.live
                and door.key in counted_until
                and (start := max(counted_until[door.key], since)) < before
            ):
                interval = camera.live.interval(start, before)
                yield reverse(interval) if camera.camera.reversed != door.is_reversed else interval

    def _live_visitors(self, counted_until: Mapping[str, Timestamp], open_spans: Iterable[OpenSpan]) -> int:
        """Return who has entered, after the intervals that were read, while the place was open."""
        return sum(
            interval.entered
            for start, end, _ in open_spans
            for interval in self._live_intervals(counted_until, start, end)
        )

    @callback
    def _async_update_issues(self) -> None:
        """Show an issue for each thing that a place needs and that is missing or unknown, or end it."""
        settings, schedule = self.settings, self.settings.schedule
        issues.async_show_while(
            self.hass,
            bool(self.missing_keys),
            issues.DOOR_MISSING,
            settings.key,
            name=settings.name,
            place=plain(settings.name),
            cameras=", ".join(self.missing_keys),
        )
        issues.async_show_while(
            self.hass,
            not schedule.is_zone_known,
            issues.PLACE_TIME_ZONE_UNKNOWN,
            settings.key,
            name=settings.name,
            place=plain(settings.name),
            time_zone=plain(settings.time_zone or ""),
            used=plain(str(schedule.zone)),
        )
        if self.hass.state is not CoreState.running:
            # At the start, entities of other integrations come later.
            return
        issues.async_show_while(
            self.hass,
            self._is_gone(settings.opening_hours),
            issues.OPENING_HOURS_GONE,
            settings.key,
            name=settings.name,
            place=plain(settings.name),
            entity=settings.opening_hours or "",
        )
        issues.async_show_while(
            self.hass,
            self._is_gone(settings.sales),
            issues.SALES_GONE,
            settings.key,
            name=settings.name,
            place=plain(settings.name),
            entity=settings.sales or "",
        )

    def _is_gone(self, entity_id: str | None) -> bool:
        """Return True if an entity was deleted or disabled; one that is only unavailable still has a state."""
        if entity_id is None or self.hass.states.get(entity_id):
            return False
        registered = er.async_get(self.hass).async_get(entity_id)
        return registered is None or registered.disabled

    async def async_correct(self, value: int, source: Source) -> None:
        """Set the occupancy. Raises HomeAssistantError if it can't be stored."""
        now = int(dt_util.utcnow().timestamp())
        with translated_ledger_errors():
            await self.ledger.correct_place(self.settings.place, now, value, source)
        self._statistics.async_changed(self.key, now)
        await self.async_refresh()


def crossed(before: PlaceData, now: PlaceData) -> Iterator[Threshold]:
    """Yield the events between two readings of a place."""
    if now.is_full and not before.is_full:
        yield Threshold.FULL
    elif now.is_nearly_full and not before.is_nearly_full:
        yield Threshold.NEARLY_FULL
    if before.is_full and not now.is_full:
        yield Threshold.FREE_AGAIN
    if before.occupancy > 0 >= now.occupancy:
        yield Threshold.EMPTY


def _complete_until(doors: Iterable[Door], counted_until: Mapping[str, Timestamp]) -> datetime | None:
    instants = [counted_until.get(door.key) for door in doors]
    known = [instant for instant in instants if instant is not None]
    return datetime.fromtimestamp(min(known), UTC) if known and len(known) == len(instants) else None

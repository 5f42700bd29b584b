"""A place: some doors, and the people behind them, who may be many."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from . import issues
from .coordinator import CameraCoordinator, LedgerCoordinator
from .counting import EARLIEST, Source, has_reached, standing
from .ledger import Door, Ledger
from .ledger_errors import translated_ledger_errors
from .messages import plain
from .settings import PlaceSettings
from .statistics import StatisticsWriter


class Threshold(StrEnum):
    """What happens to the occupancy of a place."""

    FULL = "full"
    NEARLY_FULL = "nearly_full"
    FREE_AGAIN = "free_again"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class PlaceData:
    """One place as it stands."""

    occupancy: int
    entered: int
    exited: int
    peak: int
    drift: int
    # Up to then every door has reported; None where one never has.
    complete_until: datetime | None
    is_full: bool
    is_nearly_full: bool


class PlaceCoordinator(LedgerCoordinator[PlaceData]):
    """Reads one place whenever one of its doors has changed, and when its day ends or its occupancy is reset."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        ledger: Ledger,
        statistics: StatisticsWriter,
        settings: PlaceSettings,
        cameras: Mapping[str, CameraCoordinator],
        show_again: Callable[[str], None],
    ) -> None:
        """Take the settings, the cameras there are, of which some come and go, and what has it read again."""
        super().__init__(hass, entry, ledger, settings.name)
        self.settings = settings
        self.key = settings.key
        self._statistics = statistics
        self._cameras = cameras
        self._show_again = show_again

    @property
    def cameras(self) -> list[CameraCoordinator]:
        """The cameras of its doors that are there."""
        found = (self._cameras.get(door.key) for door in self.settings.doors)
        return [camera for camera in found if camera]

    @property
    def missing(self) -> list[str]:
        """The keys of cameras that were removed, or never came."""
        return [door.key for door in self.settings.doors if door.key not in self._cameras]

    @property
    def silent(self) -> list[str]:
        """The cameras that aren't heard, by their names."""
        return [camera.camera.name for camera in self.cameras if not camera.connected]

    @property
    def is_current(self) -> bool:
        """Whether all cameras that are heard have told all up to now, so that what it shows is no history."""
        return all(camera.data is not None and camera.data.is_current for camera in self.cameras if camera.connected)

    @property
    def is_heard(self) -> bool:
        """Whether any of its cameras is."""
        return any(camera.connected for camera in self.cameras)

    @override
    async def async_shutdown(self) -> None:
        """Read nothing any more; the place may have been removed."""
        await super().async_shutdown()
        if self.key not in self.config_entry.subentries:
            issues.async_end(self.hass, issues.DOOR_MISSING, self.key)
            issues.async_end(self.hass, issues.PLACE_TIME_ZONE_UNKNOWN, self.key)

    @override
    async def _async_read(self, now: datetime) -> PlaceData:
        settings, instant = self.settings, int(now.timestamp())
        schedule = settings.schedule
        day, next_day = schedule.day(instant)
        # What is true now follows from the last reset before the day on.
        resets = schedule.resets(schedule.reset(day)[0], instant + 1)

        today = await self.ledger.place_today(settings.key, day, next_day, resets)
        if today is None:
            # A step at a time: what else is to be shown doesn't wait for a long history.
            await self.ledger.advance_place(settings.place, EARLIEST if resets else day)
            self._show_again(settings.key)
            return self.data
        _, next_reset = schedule.reset(instant)
        self._async_tick_at(datetime.fromtimestamp(min(next_day, next_reset), UTC))
        inside = max(0, today.running)
        stands = standing(today.levels, day, inside)

        def is_reached(limit: int | None) -> bool:
            return limit is not None and has_reached(limit, today.insides, hysteresis=settings.hysteresis)

        if self.missing:
            issues.async_begin(
                self.hass,
                issues.DOOR_MISSING,
                settings.key,
                name=settings.name,
                place=plain(settings.name),
                cameras=", ".join(self.missing),
            )
        else:
            issues.async_end(self.hass, issues.DOOR_MISSING, settings.key)
        if schedule.is_zone_known:
            issues.async_end(self.hass, issues.PLACE_TIME_ZONE_UNKNOWN, settings.key)
        else:
            issues.async_begin(
                self.hass,
                issues.PLACE_TIME_ZONE_UNKNOWN,
                settings.key,
                name=settings.name,
                place=plain(settings.name),
                time_zone=plain(settings.time_zone or ""),
                used=plain(str(schedule.zone)),
            )
        return PlaceData(
            occupancy=stands.inside,
            entered=today.entered,
            exited=today.exited,
            peak=stands.peak,
            drift=stands.drift,
            complete_until=_complete_until(settings.doors, today.counted_until),
            is_full=is_reached(settings.capacity),
            is_nearly_full=is_reached(settings.warning_level),
        )

    async def async_correct(self, value: int, source: Source) -> None:
        """Set the occupancy, by some means. Raises HomeAssistantError where it can't be stored."""
        now = int(dt_util.utcnow().timestamp())
        with translated_ledger_errors():
            await self.ledger.correct_place(self.settings.place, now, value, source)
        self._statistics.async_changed(self.key, now)
        await self.async_refresh()


def crossed(before: PlaceData, now: PlaceData) -> Iterator[Threshold]:
    """Yield what has happened between two times of looking."""
    if now.is_full and not before.is_full:
        yield Threshold.FULL
    elif now.is_nearly_full and not before.is_nearly_full:
        yield Threshold.NEARLY_FULL
    if before.is_full and not now.is_full:
        yield Threshold.FREE_AGAIN
    if before.occupancy > 0 >= now.occupancy:
        yield Threshold.EMPTY


def _complete_until(doors: Iterable[Door], counted_until: dict[str, int]) -> datetime | None:
    instants = [counted_until.get(door.key) for door in doors]
    known = [instant for instant in instants if instant is not None]
    return datetime.fromtimestamp(min(known), UTC) if known and len(known) == len(instants) else None

"""What was counted over a stretch of time: read from the ledger page by page, written as rows."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import tee
from operator import attrgetter
from typing import Any, Final, Self, override

from homeassistant.core import callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import CameraCoordinator
from .counting import (
    DAY,
    MAX_WIDTH,
    Correction,
    Interval,
    Level,
    Passage,
    Period,
    Row,
    Schedule,
    count_rows,
    instant_of,
    levels,
    passages,
    period_bounds,
    reverse,
)
from .ledger import Camera, Door, Ledger
from .place_coordinator import PlaceCoordinator
from .settings import PlaceSettings
from .time_zones import async_camera_schedule

CORRECTIONS_PAGE: Final = 7 * DAY
# There was no camera that could report here.
EARLIEST_YEAR: Final = 2000


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time somebody asks for: moments without an offset are local times of each camera."""

    start: datetime
    end: datetime
    now: int

    @classmethod
    def between(cls, start: datetime, end: datetime | None) -> Self:
        """Return the time from start to end, or to now. Raises ServiceValidationError."""
        now = dt_util.utcnow()
        if start.year < EARLIEST_YEAR:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="start_too_early",
                translation_placeholders={"year": str(EARLIEST_YEAR)},
            )
        # What lies further ahead, or further back, may have no instant at all.
        if start.year > now.year + 1:
            raise _start_in_future()
        if end is None or end.year > now.year + 1:
            end = now
        elif end.year < EARLIEST_YEAR:
            raise _end_before_start()
        return cls(start, end, int(now.timestamp()))

    def of(self, schedule: Schedule) -> tuple[int, int]:
        """Return the seconds since 1970 UTC at one camera, up to now at most. Raises ServiceValidationError."""
        start, end = instant_of(self.start, schedule.zone), instant_of(self.end, schedule.zone)
        if start > self.now:
            raise _start_in_future()
        if end <= start and end < self.now:
            raise _end_before_start()
        return start, min(end, self.now)


def _start_in_future() -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key="start_in_future")


def _end_before_start() -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key="end_before_start")


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction or reset of occupancy, and what it was before."""

    correction: Correction
    before: int


@dataclass(frozen=True, slots=True)
class BaseHistory:
    """What was counted, in its own days and in the direction the user gave it.

    What reads waits for the ledger, so that it has to run in the executor. It raises LedgerError.
    """

    ledger: Ledger
    key: str
    name: str
    time: Schedule

    def bounds(self, stretch: Stretch, period: Period) -> Iterator[int]:
        """Return the bounds of all periods that have a part in the time. Raises ServiceValidationError."""
        return period_bounds(*stretch.of(self.time), period, self.time.zone)

    def row_fields(self, row: Row) -> dict[str, Any]:
        """Return a row under the names its values have outside."""
        return {**self.interval_fields(row), "occupancy_peak": row.occupancy_peak, "complete": row.complete}

    def interval_fields(self, interval: Row | Interval) -> dict[str, Any]:
        """Return counts under the names they have outside."""
        return {
            "start": self._local(interval.start),
            "end": self._local(interval.end),
            "in": interval.entered,
            "out": interval.exited,
        }

    def corrected_fields(self, corrected: Corrected) -> dict[str, Any]:
        """Return a correction under the names its values have outside."""
        at, value, source = corrected.correction
        return {"at": self._local(at), "by": source, "from": corrected.before, "to": value}

    def _corrections(self, start: int, end: int) -> Iterator[Correction]:
        """Yield resets, and what somebody said the occupancy is: after a reset that is at the same instant."""
        for page_start in range(start, end, CORRECTIONS_PAGE):
            page_end = min(page_start + CORRECTIONS_PAGE, end)
            corrections = self.ledger.corrections(self.key, page_start, page_end).result()
            yield from merge(self.time.resets(page_start, page_end), corrections, key=attrgetter("at"))

    def _local(self, at: int) -> str:
        return datetime.fromtimestamp(at, self.time.zone).isoformat()


def _noting(
    passed: Iterable[Passage],
    corrections: Iterable[Correction],
    corrected: list[Corrected] | None,
    since: int,
    running: int = 0,
) -> Iterator[Level]:
    """Yield levels, and note the corrections among them from an instant on."""
    if corrected is None:
        yield from levels(passed, corrections, running)
        return
    following, given = tee(corrections)
    inside = max(0, running)
    for level in levels(passed, following, running):
        if not level.is_counted:
            correction = next(given)
            if correction.at >= since:
                corrected.append(Corrected(correction, inside))
        inside = level.inside
        yield level


@dataclass(frozen=True, slots=True)
class History(BaseHistory):
    """What one camera counted."""

    camera: Camera

    @classmethod
    async def async_of(cls, coordinator: CameraCoordinator) -> Self:
        """Return the history of a camera under the name its device has."""
        entry, camera = coordinator.config_entry, coordinator.camera
        return cls(
            coordinator.ledger,
            camera.key,
            async_camera_name(coordinator),
            await async_camera_schedule(entry, camera),
            camera,
        )

    @property
    def has_adults(self) -> bool:
        """Whether the camera ever told adults from children."""
        return self.camera.total_adults_entered is not None or self.camera.total_adults_exited is not None

    @property
    def doors(self) -> int:
        """How many cameras have to be read."""
        return 1

    def bounds_of_counts(self, stretch: Stretch, period: Period) -> Sequence[int]:
        """Return the bounds without those before the first count. Raises ServiceValidationError."""
        start, end = stretch.of(self.time)
        first_bound = next(period_bounds(start, end, period, self.time.zone))
        first = self.ledger.intervals(self.key, first_bound, end, 1).result()
        if not first:
            return ()
        # As numbers in a list, those of some years would take megabytes.
        return array("q", period_bounds(max(start, first[0].start), end, period, self.time.zone))

    def intervals(self, start: int, end: int) -> Iterator[Interval]:
        """Return the intervals that begin in [start, end), page by page."""
        found = self.ledger.each_interval(self.key, start, end)
        return map(reverse, found) if self.camera.reversed else found

    def rows(self, bounds: Sequence[int], now: int, corrected: list[Corrected] | None = None) -> Iterator[Row]:
        """Yield a row for the time between each two bounds, of which there are some; note what was corrected then."""
        # One at the very first bound is told with what was before it.
        reset, _ = self.time.reset(bounds[0] - 1)
        # What began before and ends after the reset counts for occupancy, and covers a part of the first row.
        counted, passing = tee(self.intervals(reset - MAX_WIDTH, bounds[-1]))
        corrections = self._corrections(reset, min(bounds[-1], now))
        return count_rows(bounds, [counted], _noting(passages(passing, reset), corrections, corrected, bounds[0]), now)

    @override
    def interval_fields(self, interval: Row | Interval) -> dict[str, Any]:
        return {
            **BaseHistory.interval_fields(self, interval),
            "adults_in": interval.adults_entered if self.has_adults else None,
            "adults_out": interval.adults_exited if self.has_adults else None,
        }


@dataclass(frozen=True, slots=True)
class PlaceHistory(BaseHistory):
    """What was counted at all doors of a place; its cameras are those that ever reported."""

    settings: PlaceSettings
    cameras: dict[str, Camera]

    @classmethod
    async def async_of(cls, coordinator: PlaceCoordinator) -> Self:
        """Return the history of a place under the name its device has."""
        ledger, settings = coordinator.ledger, coordinator.settings
        found = [await ledger.camera(door.key) for door in settings.doors]
        device = async_device(coordinator)
        return cls(
            ledger,
            settings.key,
            (device and (device.name_by_user or device.name)) or settings.name,
            settings.schedule,
            settings,
            {camera.key: camera for camera in found if camera},
        )

    @property
    def doors(self) -> int:
        """How many cameras have to be read."""
        return len(self.settings.doors)

    def rows(self, bounds: Sequence[int], now: int, corrected: list[Corrected] | None = None) -> Iterator[Row]:
        """Yield a row for the time between each two bounds, of which there are some; note what was corrected then."""
        start, end, settings = bounds[0], min(bounds[-1], now), self.settings
        since, running = self.time.reset(start - 1)[0], 0
        if self.time.reset_time is None:
            since, running = self.ledger.running_before(settings.place, start)
            # Nobody was counted before that.
            since = since or max(0, start - MAX_WIDTH)
        following = _noting(
            self.ledger.each_passage(self.key, since, bounds[-1]),
            self._corrections(since, end),
            corrected,
            start,
            running,
        )
        doors = [self._intervals(door, start - MAX_WIDTH, bounds[-1]) for door in settings.doors]
        return count_rows(bounds, doors, following, now, max(0, running))

    def _intervals(self, door: Door, start: int, end: int) -> Iterator[Interval]:
        found = self.ledger.each_interval(door.key, start, end)
        camera = self.cameras.get(door.key)
        return map(reverse, found) if camera and bool(camera.reversed) != door.is_reversed else found


async def async_history(coordinator: CameraCoordinator | PlaceCoordinator) -> History | PlaceHistory:
    """Return the history of a camera or a place. Raises LedgerError."""
    if isinstance(coordinator, CameraCoordinator):
        return await History.async_of(coordinator)
    return await PlaceHistory.async_of(coordinator)


@callback
def async_device(coordinator: CameraCoordinator | PlaceCoordinator) -> dr.DeviceEntry | None:
    """Return the device of a camera or a place; somebody may just have deleted it."""
    identifier = (DOMAIN, coordinator.key)
    return dr.async_get(coordinator.hass).async_get_device_by_identifier(identifier, coordinator.config_entry.entry_id)


@callback
def async_camera_name(coordinator: CameraCoordinator) -> str:
    """Return what a camera is called in Home Assistant."""
    device = async_device(coordinator)
    return (device and (device.name_by_user or device.name)) or coordinator.camera.name


def utc_moment(moment: datetime) -> str:
    """Return a moment as text that is as good in a URL: one with an offset in UTC, another as it is."""
    text = (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{text}Z" if moment.tzinfo else text

"""Reads the counts of a camera or a place over a time range from the ledger, page by page, as rows.

Knows the field names of exports and actions, but no file format. Called by services, export and diagnostics.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from heapq import merge
from itertools import tee
from operator import attrgetter
from typing import Any, Final, Self, override

from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import CameraCoordinator
from .counting import (
    DAY,
    MAX_WIDTH,
    AppliedCorrection,
    Columns,
    Correction,
    Interval,
    OpenDay,
    Period,
    Row,
    Schedule,
    Timestamp,
    count_rows,
    open_rows,
    passages_of_door,
    passages_of_place,
    peaks,
    period_bounds,
    piece_bounds,
    reverse,
    to_timestamp,
)
from .ledger import Camera, Door, Ledger
from .opening import async_open_days
from .place_coordinator import PlaceCoordinator
from .schedules import async_camera_schedule
from .settings import PlaceSettings

CORRECTIONS_PAGE: Final = 7 * DAY
# No camera could push before this year.
EARLIEST_YEAR: Final = 2000


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The time range of a request; a start or end without an offset is local time at each camera."""

    start: datetime
    end: datetime
    now: Timestamp

    @classmethod
    def between(cls, start: datetime, end: datetime | None) -> Self:
        """Return the range from start to end, or to now. Raises ServiceValidationError."""
        now = dt_util.utcnow()
        if start.year < EARLIEST_YEAR:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="start_too_early",
                translation_placeholders={"year": str(EARLIEST_YEAR)},
            )
        # A year much further ahead or back may have no timestamp.
        if start.year > now.year + 1:
            raise _start_in_future()
        if end is None or end.year > now.year + 1:
            end = now
        elif end.year < EARLIEST_YEAR:
            raise _end_before_start()
        return cls(start, end, int(now.timestamp()))

    def timestamps(self, schedule: Schedule) -> tuple[Timestamp, Timestamp]:
        """Return start and end at one camera, no later than now. Raises ServiceValidationError."""
        start, end = to_timestamp(self.start, schedule.zone), to_timestamp(self.end, schedule.zone)
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
class BaseHistory:
    """The counts of a camera or a place, in its time zone and with the direction that the user chose.

    Iterators block while they read the ledger, so consume them in an executor. They raise LedgerError.
    """

    ledger: Ledger
    key: str
    name: str
    schedule: Schedule

    def bounds(self, time_range: TimeRange, period: Period) -> Iterator[Timestamp]:
        """Return the bounds of all periods that overlap the range. Raises ServiceValidationError."""
        return period_bounds(*time_range.timestamps(self.schedule), period, self.schedule.zone)

    def bounds_from_first_count(self, time_range: TimeRange, period: Period) -> Sequence[Timestamp]:
        """Return the bounds without the periods before the first count. Raises ServiceValidationError."""
        start, end = time_range.timestamps(self.schedule)
        first_bound = next(period_bounds(start, end, period, self.schedule.zone))
        found = [self.ledger.intervals(key, first_bound, end, 1).result() for key in self.camera_keys]
        starts = [first[0].start for first in found if first]
        if not starts:
            return ()
        # The bounds of some years would take megabytes as a list.
        return array("q", period_bounds(max(start, min(starts)), end, period, self.schedule.zone))

    @property
    def camera_keys(self) -> Sequence[str]:
        """The keys of the cameras that have to be read."""
        return (self.key,)

    def row_fields(self, row: Row) -> dict[str, Any]:
        """Return a row with the field names of exports and actions."""
        fields = self.interval_fields(row)
        fields["occupancy_peak"] = row.occupancy_peak
        fields["complete"] = row.complete
        return fields

    def interval_fields(self, interval: Row | Interval) -> dict[str, Any]:
        """Return counts with the field names of exports and actions; adults only where the camera counts them."""
        return {
            "start": _local(interval.start, self.schedule.zone),
            "end": _local(interval.end, self.schedule.zone),
            "in": interval.entered,
            "out": interval.exited,
        }

    def correction_fields(self, correction: AppliedCorrection) -> dict[str, Any]:
        """Return a correction with the field names of exports and actions."""
        (at, value, source), before = correction
        return {"at": _local(at, self.schedule.zone), "by": source, "from": before, "to": value}

    def corrections(self, start: Timestamp, end: Timestamp) -> Iterator[Correction]:
        """Yield resets and corrections in the order of time; at the same time the reset comes first."""
        for page_start in range(start, end, CORRECTIONS_PAGE):
            page_end = min(page_start + CORRECTIONS_PAGE, end)
            corrections = self.ledger.corrections(self.key, page_start, page_end).result()
            yield from merge(self.schedule.resets(page_start, page_end), corrections, key=attrgetter("at"))


@dataclass(frozen=True, slots=True)
class History(BaseHistory):
    """The counts of one camera."""

    camera: Camera

    @classmethod
    async def async_of(cls, coordinator: CameraCoordinator) -> Self:
        """Return the history of a camera, with the name of its device."""
        entry, camera = coordinator.config_entry, coordinator.camera
        return cls(
            coordinator.ledger,
            camera.key,
            coordinator.device_name,
            await async_camera_schedule(entry, camera),
            camera,
        )

    @property
    def has_adults(self) -> bool:
        """Return True if the camera ever distinguished adults."""
        return self.camera.total_adults_entered is not None or self.camera.total_adults_exited is not None

    def intervals(self, start: Timestamp, end: Timestamp) -> Iterator[Interval]:
        """Return the intervals that begin in [start, end)."""
        found = self.ledger.each_interval(self.key, start, end)
        return map(reverse, found) if self.camera.reversed else found

    def rows(self, bounds: Sequence[Timestamp], now: Timestamp) -> Iterator[Row]:
        """Yield a row for the period between each two bounds."""
        # If a reset is at the first bound, its correction contains how many people were inside before.
        reset, _ = self.schedule.reset(bounds[0] - 1)
        # An interval over the reset counts for occupancy, and one over the first bound covers a part of the first row.
        found = self.ledger.columns_overlapping(self.key, reset, bounds[-1])
        counted, passing = tee(_directed(found, is_reversed=bool(self.camera.reversed)))
        corrections = self.corrections(reset, min(bounds[-1], now))
        return count_rows(bounds, [counted], peaks(bounds, passages_of_door(passing, reset), corrections), now)

    @override
    def interval_fields(self, interval: Row | Interval) -> dict[str, Any]:
        fields = BaseHistory.interval_fields(self, interval)
        if self.has_adults:
            fields["adults_in"] = interval.adults_entered
            fields["adults_out"] = interval.adults_exited
        return fields


@dataclass(frozen=True, slots=True)
class PlaceHistory(BaseHistory):
    """The counts of all doors of a place; `cameras` has those that have pushed."""

    settings: PlaceSettings
    cameras: dict[str, Camera]
    # If there are any, rows count only the time when the place is open on these days, and what isn't among them is not
    # known.
    open_days: Sequence[OpenDay] | None = None

    @classmethod
    async def async_of(cls, coordinator: PlaceCoordinator) -> Self:
        """Return the history of a place, with the name of its device."""
        ledger, settings = coordinator.ledger, coordinator.settings
        found = [await ledger.camera(door.key) for door in settings.doors]
        return cls(
            ledger,
            settings.key,
            coordinator.device_name,
            settings.schedule,
            settings,
            {camera.key: camera for camera in found if camera},
        )

    @property
    @override
    def camera_keys(self) -> Sequence[str]:
        return tuple(door.key for door in self.settings.doors)

    def rows(self, bounds: Sequence[Timestamp], now: Timestamp) -> Iterator[Row]:
        """Yield a row for the period between each two bounds."""
        if self.open_days is None:
            return self._rows(bounds, now)
        pieces = self._rows(piece_bounds(bounds, self.open_days), now)
        return open_rows(bounds, pieces, self.open_days, now)

    @override
    def row_fields(self, row: Row) -> dict[str, Any]:
        fields = BaseHistory.row_fields(self, row)
        if self.open_days is not None:
            if (seconds := row.open_seconds) is None:
                fields |= dict.fromkeys(("in", "out", "occupancy_peak"))
            fields["open"] = None if seconds is None else seconds > 0
            fields["open_minutes"] = None if seconds is None else round(seconds / 60)
        return fields

    def _rows(self, bounds: Sequence[Timestamp], now: Timestamp) -> Iterator[Row]:
        end = min(bounds[-1], now)
        since, running = self.occupancy_before(bounds[0])
        doors = [tee(self.columns(door, since, bounds[-1])) for door in self.settings.doors]
        passed = passages_of_place([passing for _, passing in doors], since)
        corrections = self.corrections(since, end)
        return count_rows(bounds, [counted for counted, _ in doors], peaks(bounds, passed, corrections, running), now)

    def occupancy_before(self, start: Timestamp) -> tuple[Timestamp, int]:
        """Return from when on passages have to be known for the occupancy at an instant, and the count until then."""
        if self.schedule.reset_time is not None:
            return self.schedule.reset(start - 1)[0], 0
        since, running = self.ledger.running_before(self.settings.place, start)
        # Without a checkpoint, nobody was counted before this time.
        return since or max(0, start - MAX_WIDTH), running

    def columns(self, door: Door, start: Timestamp, end: Timestamp) -> Iterator[Columns]:
        """Yield the intervals of a door that overlap [start, end), in the direction of the place."""
        camera = self.cameras.get(door.key)
        # Reversed = camera reversed XOR door reversed.
        is_reversed = camera is not None and bool(camera.reversed) != door.is_reversed
        return _directed(self.ledger.columns_overlapping(door.key, start, end), is_reversed=is_reversed)


# The end of a row is the start of the next one.
@lru_cache(maxsize=2)
def _local(at: Timestamp, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat()


def _directed(found: Iterator[Columns], *, is_reversed: bool) -> Iterator[Columns]:
    return (columns.reversed() for columns in found) if is_reversed else found


async def async_open_only(
    coordinator: PlaceCoordinator, history: PlaceHistory, stretches: Iterable[tuple[Timestamp, Timestamp]]
) -> PlaceHistory:
    """Return the history of a place whose rows in these stretches of time count its open time. Raises LedgerError."""
    days = {
        day.start: day
        for start, end in stretches
        if start < end
        for day in await async_open_days(coordinator, start, end)
    }
    return replace(history, open_days=[days[start] for start in sorted(days)])


async def async_history(coordinator: CameraCoordinator | PlaceCoordinator) -> History | PlaceHistory:
    """Return the history of a camera or a place. Raises LedgerError."""
    if isinstance(coordinator, CameraCoordinator):
        return await History.async_of(coordinator)
    return await PlaceHistory.async_of(coordinator)


def url_time(time: datetime) -> str:
    """Return a date and time as text for a URL: in UTC if it has an offset, else as it is."""
    text = (time.astimezone(UTC) if time.tzinfo else time).replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{text}Z" if time.tzinfo else text

"""What cameras counted over a stretch of time: read from the ledger page by page, written as rows."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from operator import attrgetter
from typing import Any, Final, Self

from homeassistant.core import callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from .camera_time import CameraTime
from .const import DOMAIN
from .coordinator import CameraCoordinator
from .ledger import Camera, Ledger
from .local_time import Period, instant_of, period_bounds
from .occupancy import Correction
from .periods import Row, reverse, rows
from .protocol import MAX_WIDTH, Interval

CORRECTIONS_PAGE: Final = 7 * 24 * 60 * 60
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

    def of(self, camera_time: CameraTime) -> tuple[int, int]:
        """Return the seconds since 1970 UTC at one camera, up to now at most. Raises ServiceValidationError."""
        start, end = instant_of(self.start, camera_time.zone), instant_of(self.end, camera_time.zone)
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
class History:
    """The counts of one camera, as its entities show them: in its own days and in the direction the user gave it.

    What reads waits for the ledger, so that it has to run in the executor. It raises LedgerError.
    """

    ledger: Ledger
    camera: Camera
    name: str
    time: CameraTime

    @classmethod
    async def async_of(cls, coordinator: CameraCoordinator) -> Self:
        """Return the history of a camera under the name its device has."""
        entry, camera = coordinator.config_entry, coordinator.camera
        device = async_device(coordinator)
        name = (device and (device.name_by_user or device.name)) or camera.name
        return cls(entry.runtime_data.ledger, camera, name, await CameraTime.async_of(entry, camera.time_zone))

    @property
    def has_adults(self) -> bool:
        """Whether the camera ever told adults from children."""
        return self.camera.total_adults_in is not None or self.camera.total_adults_out is not None

    def bounds(self, stretch: Stretch, period: Period) -> Iterator[int]:
        """Return the bounds of all periods that have a part in the time. Raises ServiceValidationError."""
        return period_bounds(*stretch.of(self.time), period, self.time.zone)

    def bounds_of_counts(self, stretch: Stretch, period: Period) -> Sequence[int]:
        """Return the bounds without those before the first count. Raises ServiceValidationError."""
        start, end = stretch.of(self.time)
        first_bound = next(period_bounds(start, end, period, self.time.zone))
        first = self.ledger.intervals(self.camera.serial, first_bound, end, 1).result()
        if not first:
            return ()
        # As numbers in a list, those of some years would take megabytes.
        return array("q", period_bounds(max(start, first[0].start), end, period, self.time.zone))

    def intervals(self, start: int, end: int) -> Iterator[Interval]:
        """Return the intervals that begin in [start, end), page by page."""
        found = self.ledger.each_interval(self.camera.serial, start, end)
        return map(reverse, found) if self.camera.reversed else found

    def rows(self, bounds: Sequence[int], now: int) -> Iterator[Row]:
        """Yield a row for the time between each two bounds, of which there are some."""
        reset, _ = self.time.reset(bounds[0])
        # What began before and ends after the reset counts for occupancy, and covers a part of the first row.
        intervals = self.intervals(reset - MAX_WIDTH, bounds[-1])
        return rows(bounds, intervals, self._corrections(reset, bounds[-1]), reset, now)

    def _corrections(self, start: int, end: int) -> Iterator[Correction]:
        """Yield resets, and what somebody said the occupancy is: after a reset that is at the same instant."""
        for page_start in range(start, end, CORRECTIONS_PAGE):
            page_end = min(page_start + CORRECTIONS_PAGE, end)
            corrections = self.ledger.corrections(self.camera.serial, page_start, page_end).result()
            yield from merge(self.time.resets(page_start, page_end), corrections, key=attrgetter("at"))

    def row_fields(self, row: Row) -> dict[str, Any]:
        """Return a row under the names its values have outside."""
        return {**self.interval_fields(row), "occupancy_peak": row.occupancy_peak, "complete": row.complete}

    def interval_fields(self, interval: Row | Interval) -> dict[str, Any]:
        """Return counts under the names they have outside."""
        return {
            "start": self._local(interval.start),
            "end": self._local(interval.end),
            "in": interval.entered,
            "out": interval.left,
            "adults_in": interval.adults_entered if self.has_adults else None,
            "adults_out": interval.adults_left if self.has_adults else None,
        }

    def _local(self, at: int) -> str:
        return datetime.fromtimestamp(at, self.time.zone).isoformat()


@callback
def async_device(coordinator: CameraCoordinator) -> dr.DeviceEntry | None:
    """Return the device of a camera; somebody may just have deleted it."""
    identifier = (DOMAIN, coordinator.camera.serial)
    return dr.async_get(coordinator.hass).async_get_device_by_identifier(identifier, coordinator.config_entry.entry_id)


def utc_moment(moment: datetime) -> str:
    """Return a moment as text that is as good in a URL: one with an offset in UTC, another as it is."""
    text = (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{text}Z" if moment.tzinfo else text

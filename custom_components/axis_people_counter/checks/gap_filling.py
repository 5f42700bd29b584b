"""Fills the gaps in a camera's counts with what the camera still has, one day after the other.

Each day is stored when it has been read, so that the next call goes on where one has stopped. Called by services.py and
flows/fill_repairs.py, and by agreement.py for the gaps that a person is asked about.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta, tzinfo
import logging
from typing import Final

from homeassistant.util import dt as dt_util

from ..connecting import CameraAccess, CameraError, NoCountsError
from ..coordinator import CameraCoordinator
from ..counting import DAY, Interval, Schedule, Timestamp, gaps_between, intervals_of, uncovered, wall_time
from ..schedules import async_camera_schedule
from ..texts import Message

_LOGGER = logging.getLogger(__name__)

# A camera stores its counts for this long.
CAMERA_MEMORY: Final = timedelta(days=90)
# Before the first count that is stored, so many days in a row are asked for that turn out to be empty: the camera may
# have been switched off for some days, but needn't have been installed any earlier.
MAX_EMPTY_DAYS: Final = 7
# Nobody is asked about shorter gaps, such as while a camera restarts.
MIN_GAP: Final = 15 * 60

type Gap = tuple[Timestamp, Timestamp]


@dataclass(slots=True)
class FilledGaps:
    """How many seconds and people were added, how many seconds between two counts are missing, and what went wrong."""

    filled: int = 0
    entered: int = 0
    exited: int = 0
    missing: int = 0
    error: Message | None = None

    def add(self, intervals: Iterable[Interval]) -> None:
        """Add intervals that were stored."""
        for interval in intervals:
            self.filled += interval.end - interval.start
            self.entered += interval.entered
            self.exited += interval.exited


async def async_local_schedule(camera: CameraCoordinator) -> Schedule | None:
    """Return the schedule of a camera in the time zone that it has named, None if it has named none.

    A camera's answers have local times, so a zone that is only likely isn't enough.
    """
    schedule = await async_camera_schedule(camera.config_entry, camera.camera)
    return schedule if camera.camera.time_zone is not None and schedule.is_zone_known else None


def counts_since(camera: CameraCoordinator) -> Timestamp:
    """Return the instant since when a camera may have counts that can be filled in."""
    # Counts that were deleted stay so.
    return max(int((dt_util.utcnow() - CAMERA_MEMORY).timestamp()), camera.camera.deleted_until)


async def async_fill_gaps(
    camera: CameraCoordinator,
    schedule: Schedule,
    access: CameraAccess,
    on_progress: Callable[[float], None] = lambda _: None,
) -> FilledGaps:
    """Fill all gaps of a camera that has this schedule. Raises LedgerError.

    If the camera fails, what was filled until then stays.
    """
    filled = FilledGaps()
    since = counts_since(camera)
    # The camera will push what is later than its newest push.
    until = await camera.ledger.counted_until(camera.key) or since
    try:
        await _async_fill_days(camera, schedule, access, (since, until), filled, on_progress)
    except CameraError as err:
        filled.error = err.message
    gaps = await _async_gaps(camera, since, until)
    filled.missing = sum(end - start for start, end in gaps)
    if filled.error is None:
        await async_leave_gaps(camera, gaps)
    minutes = [round(seconds / 60) for seconds in (filled.filled, filled.missing)]
    _LOGGER.info("%s minutes of %s were read from the camera, %s are missing", minutes[0], camera.name, minutes[1])
    return filled


async def _async_fill_days(
    camera: CameraCoordinator,
    schedule: Schedule,
    access: CameraAccess,
    time_range: Gap,
    filled: FilledGaps,
    on_progress: Callable[[float], None],
) -> None:
    """Fill the days of a time range that aren't complete, the newest first. Raises CameraError and LedgerError."""
    first = await camera.ledger.intervals(camera.key, *time_range, 1)
    begin = first[0].start if first else time_range[1]
    days = list(_days(*time_range, schedule))
    empty_days = 0
    for number, (start, end) in enumerate(reversed(days)):
        on_progress(number / len(days))
        if empty_days == MAX_EMPTY_DAYS:
            break
        if await _async_is_complete(camera, start, end):
            continue
        has_counts = await _async_fill_day(camera, schedule.zone, access, (start, end), filled)
        if end <= begin:
            empty_days = 0 if has_counts else empty_days + 1


async def _async_fill_day(
    camera: CameraCoordinator, zone: tzinfo, access: CameraAccess, day: Gap, filled: FilledGaps
) -> bool:
    """Fill a local day, and return True if the camera has counts of it. Raises CameraError and LedgerError.

    A day that can't be read isn't an exception: it doesn't stop the others.
    """
    start, end = day
    # Live counts are asked for between two days.
    async with access.async_api() as api:
        # Another call may have filled the day meanwhile.
        if await _async_is_complete(camera, start, end):
            return True
        width = api.width
        try:
            rows = await api.export(wall_time(start, zone).date())
        except NoCountsError as err:
            filled.error = err.message
            return False

        def read() -> list[Interval]:
            return [interval for interval in intervals_of(rows, zone, width) if interval.end <= end]

        found = await camera.hass.async_add_executor_job(read)
        # Whoever stops this must not stop it between the ledger and the statistics.
        filled.add(await asyncio.shield(camera.hass.async_create_task(camera.async_fill(found))))
    return bool(found)


async def _async_is_complete(camera: CameraCoordinator, start: Timestamp, end: Timestamp) -> bool:
    """Return True if a camera has counts for all of a stretch of time. Raises LedgerError."""
    return await camera.ledger.counted_seconds(camera.key, start, end) == end - start


async def async_open_gaps(camera: CameraCoordinator) -> list[Gap]:
    """Return the gaps older than a day that may be filled, the newest first. Raises LedgerError."""
    left = await camera.ledger.left_gaps(camera.key)
    gaps = await _async_gaps(camera, counts_since(camera), int(dt_util.utcnow().timestamp()) - DAY)

    def remaining() -> list[Gap]:
        parts = [part for gap in _long(gaps) for part in uncovered(left, *gap)]
        return _long(reversed(parts))

    return await camera.hass.async_add_executor_job(remaining)


async def async_leave_gaps(camera: CameraCoordinator, gaps: Iterable[Gap]) -> None:
    """Store gaps about which nobody is asked again: the camera has no counts of them, or a person knows of them.

    Raises LedgerError.
    """
    await camera.ledger.leave_gaps(camera.key, _long(gaps), counts_since(camera))


def _long(gaps: Iterable[Gap]) -> list[Gap]:
    return [(start, end) for start, end in gaps if end - start >= MIN_GAP]


async def _async_gaps(camera: CameraCoordinator, since: Timestamp, until: Timestamp) -> list[Gap]:
    """Return the gaps between two counts of a camera in a time range. Raises LedgerError."""

    def read() -> list[Gap]:
        # Page by page: pushes are stored in between.
        return list(gaps_between(camera.ledger.each_columns(camera.key, since, until)))

    return await camera.hass.async_add_executor_job(read)


def _days(since: Timestamp, until: Timestamp, schedule: Schedule) -> Iterator[tuple[Timestamp, Timestamp]]:
    """Yield the parts of local days that lie between two instants, in the order of time."""
    while since < until:
        _, next_day = schedule.day(since)
        yield since, min(next_day, until)
        since = next_day

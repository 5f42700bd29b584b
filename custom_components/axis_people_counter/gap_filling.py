"""Fills the gaps in a camera's counts with what the camera still has, one day after the other.

Each day is stored when it has been read, so that the next call goes on where one has stopped. Called by services.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from .connecting import CameraAccess
from .coordinator import CameraCoordinator
from .counting import Interval, Schedule, Timestamp, intervals_of

# A camera stores its counts for this long.
CAMERA_MEMORY: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class FilledGaps:
    """How many seconds and people were added, and how many seconds between two counts are still missing."""

    filled: int
    entered: int
    exited: int
    missing: int


async def async_fill_gaps(camera: CameraCoordinator, schedule: Schedule, access: CameraAccess) -> FilledGaps:
    """Fill all gaps of a camera that has this schedule. Raises CameraError and LedgerError."""
    # Counts that were deleted stay so.
    since = max(int((dt_util.utcnow() - CAMERA_MEMORY).timestamp()), camera.camera.deleted_until)
    # The camera will push what is later than its newest push.
    counted_until = await camera.ledger.counted_until(camera.key) or since
    added: list[Interval] = []
    async with access.async_api() as api:
        for start, end in _days(since, counted_until, schedule):
            if await camera.ledger.counted_seconds(camera.key, start, end) < end - start:
                day = datetime.fromtimestamp(start, schedule.zone).date()
                found = intervals_of(await api.export(day), schedule.zone, api.width)
                added += await camera.async_fill([interval for interval in found if interval.end <= counted_until])
    # The camera may have counted before it was connected, but needn't.
    first = await camera.ledger.intervals(camera.key, since, counted_until, 1)
    start = first[0].start if first else counted_until
    counted = await camera.ledger.counted_seconds(camera.key, start, counted_until)
    return FilledGaps(
        sum(interval.end - interval.start for interval in added),
        sum(interval.entered for interval in added),
        sum(interval.exited for interval in added),
        counted_until - start - counted,
    )


def _days(since: Timestamp, until: Timestamp, schedule: Schedule) -> Iterator[tuple[Timestamp, Timestamp]]:
    """Yield the parts of local days that lie between two instants, in the order of time."""
    while since < until:
        _, next_day = schedule.day(since)
        yield since, min(next_day, until)
        since = next_day

"""Deletes the oldest counts, a day (UTC) of all cameras at a time.

Totals, and the occupancy of places without a reset, stay as they are. So does what recorder has: its hours before
`kept_since` are never written again. Knows no clock. Called by ledger.py.
"""

from collections.abc import Iterable, Sequence
import sqlite3
from typing import NamedTuple

from ..counting import DAY, EARLIEST, Timestamp, import_of
from . import (
    cameras,
    corrections,
    damaged_days,
    deleted_hours,
    intervals,
    opening_days,
    packed_days,
    places,
    quarantine,
    series,
)
from .cameras import Camera
from .places import Place
from .series import FirstCounts


def delete_oldest_day(
    db: sqlite3.Connection, now: Timestamp, days: int, places_without_reset: Sequence[Place], *, has_recorder: bool
) -> bool:
    """Do a step of deleting the oldest day of counts; return True if more steps are left.

    The last `days` days are kept, with all that their answers depend on. Where there is a recorder, nothing is deleted
    before it has been given the hours. Each step is short, because pushes wait for it.
    """
    found = [_extent(db, camera) for camera in list(cameras.each_camera(db))]
    with_counts = [extent for extent in found if extent]
    oldest = min(
        (extent for extent in with_counts if extent.first.end < extent.newest_end), key=_first_end, default=None
    )
    if oldest is None:
        return False
    kept_since = deleted_hours.kept_since(db)
    if oldest.first.end <= kept_since - deleted_hours.MARGIN:
        _delete_intervals(db, oldest, kept_since - deleted_hours.MARGIN)
        return True
    deleted_until = -(-oldest.first.end // DAY) * DAY
    since = deleted_until + deleted_hours.MARGIN
    if since > min(now, _present(with_counts)) - days * DAY:
        return False
    concerned = [extent.camera for extent in with_counts if extent.first.start < since]
    if has_recorder and any(series.waits_for_recorder(db, camera.key, since) for camera in concerned):
        return False
    for place in places_without_reset:
        if places.advance(db, place, since):
            # Its occupancy is added up some days at a time.
            return True
    for camera in list(cameras.each_camera(db)):
        if quarantine.delete_some_until(db, camera.id, deleted_until):
            return True
    _move_kept_since(db, since)
    corrections.delete_until(db, deleted_until)
    damaged_days.delete_until(db, deleted_until)
    opening_days.delete_until(db, deleted_until)
    places.delete_checkpoints(db, deleted_until)
    return True


class _Extent(NamedTuple):
    """A camera, its first counts, and the end of its newest interval."""

    camera: Camera
    first: FirstCounts
    newest_end: Timestamp


def _first_end(extent: _Extent) -> Timestamp:
    return extent.first.end


def _extent(db: sqlite3.Connection, camera: Camera) -> _Extent | None:
    first, newest = series.first_counts(db, camera.id), intervals.newest(db, camera.id)
    return _Extent(camera, first, newest.end) if first and newest else None


def _present(extents: Iterable[_Extent]) -> Timestamp:
    """Return the instant up to which more than half of the cameras have counted, without the removed ones.

    So neither a wrong clock of this computer alone deletes anything, nor together with a camera that has it too.
    """
    newest = sorted(extent.newest_end for extent in extents if not extent.camera.removed)
    return newest[(len(newest) - 1) // 2] if newest else EARLIEST


def _move_kept_since(db: sqlite3.Connection, since: Timestamp) -> None:
    """Add the hours up to an instant to the sums that statistics go on from."""
    before = deleted_hours.kept_since(db)
    # A camera that has pushed nothing since the ledger was lost may still have hours from recorder.
    for camera in list(cameras.each_camera(db)):
        if (first := series.first_counts(db, camera.id)) is None or first.start >= since:
            continue
        counts = series.counts_between(db, camera.id, before, since)
        deleted_hours.add(db, camera.key, counts)
        for place, is_reversed in places.with_door(db, camera.key):
            deleted_hours.add(db, place, series.at_door(counts, is_reversed=is_reversed))
        series.delete_carried(db, camera.id, since)
    deleted_hours.set_kept_since(db, max(before, since))


def _delete_intervals(db: sqlite3.Connection, extent: _Extent, until: Timestamp) -> None:
    """Delete some of the intervals that ended by an instant, no more than a packed day has; totals stay."""
    camera = extent.camera
    # The newest interval stays, so that it is still known when the camera counted last.
    ended = [
        interval
        for interval in intervals.beginning_within(db, camera.id, EARLIEST, until, intervals.MAX_PACKED)
        if interval.end <= until and interval.end < extent.newest_end
    ]
    intervals.replace(db, camera.id, ended, [])
    imported = [interval for interval in ended if import_of(interval.sent) is not None]
    cameras.add_deleted(db, camera.id, until, packed_days.sums(ended), packed_days.sums(imported))

"""One camera as it stands: the counts of a day, its occupancy, and what it reported about itself.

Only reads. What was added up before is in folds.py, so that only later intervals are read, some at a time. Called by
ledger.py.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
import sqlite3

from ..counting import LATEST, Correction, Interval, SentInterval, Timestamp, final_occupancy, passages, reverse
from . import corrections, damaged_days, folds, intervals
from .cameras import Camera, get_camera
from .folds import UNFINISHED, CameraFold, Counts, ReadInSteps, Unfinished


@dataclass(frozen=True, slots=True)
class Today:
    """A camera's counts and occupancy, in the direction that the user set."""

    camera: Camera
    newest: Interval | None
    counts: Counts
    total: Counts
    occupancy: int
    # Seconds of the day without an interval, between the first interval of all and the newest one.
    missing_seconds: int
    quarantined: int
    damaged_days: int
    # The instant of the last correction; people who pass later aren't part of it.
    corrected_at: Timestamp | None


def today(
    db: sqlite3.Connection,
    key: str,
    day: Timestamp,
    next_day: Timestamp,
    reset: Timestamp,
    steps: ReadInSteps[CameraFold],
) -> Today | Unfinished:
    """Return a camera with the counts of [day, next_day), and its occupancy since the reset."""
    camera = get_camera(db, key)
    known = folds.of_cameras(db)
    basis = (day, next_day, reset)
    fold = steps.fold(known, camera.id, basis) or _beginning(db, camera, basis)
    set_values = corrections.of_camera(db, camera.id, max(reset, fold.until))
    if unread := intervals.overlapping(db, camera.id, fold.until, LATEST, steps.intervals_at_once):
        fold = _carried_on(fold, camera, unread, set_values)
        steps.keep(known, camera.id, fold)
    if len(unread) == steps.intervals_at_once:
        return UNFINISHED
    # Later corrections aren't carried on: intervals that end before them, or with them, may still come.
    later = [correction for correction in set_values if correction.at >= fold.until]
    return Today(
        camera,
        fold.newest,
        fold.counts,
        _total(camera),
        final_occupancy([], later, fold.occupancy),
        _missing_seconds(fold, camera),
        camera.quarantined,
        damaged_days.count(db, camera.id),
        corrections.last_of_camera(db, camera.id),
    )


def _beginning(db: sqlite3.Connection, camera: Camera, basis: tuple[Timestamp, Timestamp, Timestamp]) -> CameraFold:
    """Return a fold that begins with the day or at the reset, whichever is earlier."""
    day, _, reset = basis
    first, newest = intervals.first(db, camera.id), intervals.newest(db, camera.id)
    return CameraFold(basis, min(day, reset), Counts(0, 0, None, None), 0, 0, first, newest)


def _carried_on(
    fold: CameraFold, camera: Camera, sent_intervals: Sequence[SentInterval], set_values: Iterable[Correction]
) -> CameraFold:
    """Return a fold with the intervals that come after it, and with the corrections before the end of the last one."""
    day, next_day, reset = fold.basis
    found = [reverse(sent.interval) if camera.reversed else sent.interval for sent in sent_intervals]
    until = found[-1].end
    earlier = (correction for correction in set_values if correction.at < until)
    return replace(
        fold,
        until=until,
        # An interval over midnight covers a part of the day; its people count on the day before.
        counts=_plus(fold.counts, [interval for interval in found if day <= interval.start < next_day]),
        covered=fold.covered
        + sum(max(0, min(interval.end, next_day) - max(interval.start, day)) for interval in found),
        occupancy=final_occupancy(passages(found, reset), earlier, fold.occupancy),
        newest=sent_intervals[-1].interval,
    )


def _plus(counts: Counts, added: list[Interval]) -> Counts:
    def adults(before: int | None, people: Callable[[Interval], int | None]) -> int | None:
        known = [number for interval in added if (number := people(interval)) is not None]
        return before if not known else (before or 0) + sum(known)

    return Counts(
        counts.entered + sum(interval.entered for interval in added),
        counts.exited + sum(interval.exited for interval in added),
        adults(counts.adults_entered, lambda interval: interval.adults_entered),
        adults(counts.adults_exited, lambda interval: interval.adults_exited),
    )


def _total(camera: Camera) -> Counts:
    """Return the total without what was imported.

    Recorder adds each rise of a total to the hour in which it sees it, and years of old counts would be a spike there.
    """
    entered, exited = camera.total_entered - camera.imported_entered, camera.total_exited - camera.imported_exited
    adults_entered, adults_exited = camera.total_adults_entered, camera.total_adults_exited
    if adults_entered is not None:
        adults_entered -= camera.imported_adults_entered
    if adults_exited is not None:
        adults_exited -= camera.imported_adults_exited
    if camera.reversed:
        return Counts(exited, entered, adults_exited, adults_entered)
    return Counts(entered, exited, adults_entered, adults_exited)


def _missing_seconds(fold: CameraFold, camera: Camera) -> int:
    if fold.first is None or fold.newest is None:
        return 0
    day, next_day, _ = fold.basis
    # If intervals were deleted, the first one is no beginning.
    begin = max(camera.deleted_until or fold.first, day)
    return max(0, min(fold.newest.end, next_day) - begin - fold.covered)

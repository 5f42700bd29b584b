"""One place as it stands: the counts of a day at all its doors, and its occupancy.

Only reads. What was added up before is in folds.py, so that only later intervals are read, some at a time. Called by
ledger.py.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
import sqlite3
from typing import Final

from ..counting import (
    DAY,
    HOUR,
    LATEST,
    Correction,
    Interval,
    OccupancySummary,
    OpenSpan,
    Passage,
    SentInterval,
    Timestamp,
    is_open,
    levels,
    passages_of_doors,
    summarize,
    turning_points,
)
from . import corrections, folds, intervals, places
from .folds import UNFINISHED, PlaceBasis, PlaceFold, ReadInSteps, Unfinished
from .places import CountedDoor

# A door is silent if it is behind the newest one by more than this many of its send intervals.
MISSED_INTERVALS: Final = 3
# The clocks of two cameras may differ by twenty minutes; a longer wait would make each read longer.
MIN_WAIT: Final = 20 * 60
MAX_WAIT: Final = HOUR
# People at a door with live counts are known before it pushes, and counted in the order of time for so long.
MAX_LIVE_WAIT: Final = 6 * HOUR


@dataclass(frozen=True, slots=True)
class PlaceToday:
    """A place's counts and occupancy."""

    occupancy: int
    # Since the start of the day.
    peak: int
    drift: int
    # The turning points of the occupancy since the last reset, for `has_reached`.
    occupancies: list[int]
    entered: int
    exited: int
    # People in intervals that begin while the place is open.
    visitors: int
    # The end of each door's newest interval, by key; doors without intervals are missing.
    counted_until: dict[str, Timestamp]
    # The instant of the last correction; people who pass later aren't part of it.
    corrected_at: Timestamp | None
    # How the occupancy was added up: a sum, and what came after that. Both depend on earlier reads.
    settled: PlaceFold = field(compare=False)
    unsettled: list[Interval | SentInterval] = field(compare=False)
    set_values: list[Correction] = field(compare=False)

    def occupancies_with(self, later: Sequence[Interval]) -> list[int]:
        """Return the occupancies since the last reset up to now, with later intervals that aren't stored."""
        if not later:
            return self.occupancies or [self.occupancy]
        # Whoever enters by one door may exit by another one that pushes first. So all are counted in the order of time.
        # A door may have been silent for so long that its people can only be added at the end.
        first_end = self.settled.until + 1
        later = [interval._replace(end=max(interval.end, first_end)) for interval in later]
        intervals = [*self.unsettled, *later]
        now = _carried_on(self.settled, intervals, passages_of_doors(intervals), self.set_values, LATEST)
        return now.occupancies or [now.summary.inside]


def today(
    db: sqlite3.Connection,
    key: str,
    day: Timestamp,
    next_day: Timestamp,
    resets: list[Correction],
    steps: ReadInSteps[PlaceFold],
    live: Collection[str] = (),
    open_spans: tuple[OpenSpan, ...] = (),
) -> PlaceToday | Unfinished | None:
    """Return a place with the counts of [day, next_day); None if `places.advance` has to be called first.

    The resets are those from the last one before the day on; there are none where occupancy is never reset. `live` has
    the keys of the doors whose later people are added by `PlaceToday.occupancies_with`. Those who enter in the spans
    are visitors.
    """
    if (place_id := places.find(db, key)) is None:
        return None
    known = folds.of_places(db)
    basis = PlaceBasis(day, next_day, tuple(resets), open_spans)
    fold = steps.fold(known, place_id, basis) or _beginning(db, place_id, basis)
    if fold is None:
        return None
    doors = places.counted_doors(db, place_id)
    by_door, read_until = places.intervals_of_doors(db, doors, fold.until, steps.intervals_at_once)
    unread = [interval for of_door in by_door.values() for interval in of_door]
    counted_until = fold.counted_until | {door.key: of_door[-1].end for door, of_door in by_door.items() if of_door}
    passages = passages_of_doors(unread)
    set_values = sorted(resets + corrections.of_place(db, place_id, fold.until), key=lambda correction: correction.at)
    until = _settled_until(doors, counted_until, live) if read_until == LATEST else read_until
    if until > fold.until:
        fold = replace(
            _carried_on(fold, unread, passages, set_values, until),
            counted_until=fold.counted_until
            | {
                door.key: interval.end
                for door, of_door in by_door.items()
                for interval in of_door
                if interval.end <= until
            },
        )
        steps.keep(known, place_id, fold)
    if read_until < LATEST:
        return UNFINISHED
    # Later intervals aren't kept: other doors may still send intervals that belong before it.
    now = _carried_on(fold, unread, passages, set_values, LATEST)
    return PlaceToday(
        now.summary.inside,
        now.summary.peak,
        now.summary.drift,
        now.occupancies,
        now.entered,
        now.exited,
        now.visitors,
        counted_until,
        corrections.last_of_place(db, place_id),
        fold,
        unread,
        set_values,
    )


def _beginning(db: sqlite3.Connection, place_id: int, basis: PlaceBasis) -> PlaceFold | None:
    """Return a fold that begins at the first reset, else at a checkpoint; None if the checkpoint is missing."""
    day = basis.day
    if resets := basis.resets:
        since, running, occupancies = places.Checkpoint(resets[0].at, 0, [])
    else:
        since, running, occupancies = places.checkpoint_at(db, place_id, day)
        midnight = day // DAY * DAY
        if since < midnight and (first := places.first(db, place_id)) is not None and first < midnight:
            return None
    inside = max(0, running)
    counted_until = {
        door.key: end
        for door in places.counted_doors(db, place_id)
        if (end := intervals.last_end(db, door.camera, since)) is not None
    }
    summary = OccupancySummary(inside, inside, 0)
    thresholds = places.thresholds_of(db, place_id)
    return PlaceFold(basis, since, running, summary, thresholds, occupancies, 0, 0, 0, counted_until)


def _settled_until(
    doors: Iterable[CountedDoor], counted_until: Mapping[str, Timestamp], live: Collection[str]
) -> Timestamp:
    """Return the instant that every door which isn't silent has reached, so that its next interval begins later.

    If a door does send an earlier one, the fold is dropped. That is right as well, but the day has to be read again.
    """
    newest = max(counted_until.values(), default=0)

    def is_silent(door: CountedDoor, end: Timestamp) -> bool:
        wait = min(max(MISSED_INTERVALS * door.send_interval, MIN_WAIT), MAX_WAIT)
        return newest - end > (MAX_LIVE_WAIT if door.key in live else wait)

    ends = [(door, counted_until[door.key]) for door in doors if door.key in counted_until]
    return min((end for door, end in ends if not is_silent(door, end)), default=newest)


def _carried_on(
    fold: PlaceFold,
    unread: Iterable[Interval | SentInterval],
    passages: Iterable[Passage],
    set_values: Iterable[Correction],
    until: Timestamp,
) -> PlaceFold:
    """Return a fold with the intervals that end up to an instant, and with the corrections before it."""
    day, next_day, resets, open_spans = fold.basis
    steps = list(
        levels(
            [passage for passage in passages if fold.until < passage.at <= until],
            [correction for correction in set_values if fold.until <= correction.at < until],
            fold.running,
        )
    )
    # A reset clears the limits. An interval that ends at the instant of a reset belongs before it.
    last_reset = (resets[-1].at, True) if resets else (fold.until, False)
    occupancies = fold.occupancies + [
        level.inside for level in steps if (level.at, level.correction is not None) >= last_reset
    ]
    of_day = [
        interval for interval in unread if fold.until < interval.end <= until and day <= interval.start < next_day
    ]
    return replace(
        fold,
        until=until,
        running=steps[-1].running if steps else fold.running,
        summary=summarize(steps, day, fold.summary),
        occupancies=turning_points(occupancies, fold.thresholds) if occupancies else [],
        entered=fold.entered + sum(interval.entered for interval in of_day),
        exited=fold.exited + sum(interval.exited for interval in of_day),
        visitors=fold.visitors
        + sum(interval.entered for interval in of_day if interval.entered and is_open(open_spans, interval.start)),
    )

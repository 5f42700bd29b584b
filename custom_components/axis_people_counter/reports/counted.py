"""Reads what a report needs from the ledger: who came in and what wasn't counted, by piece, and the crowd of each day.

Each door's columns are read once. This blocks, so it runs in an executor. Called by figures.py.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from ..counting import (
    EARLIEST,
    LATEST,
    Crowd,
    DoorTally,
    Stretch,
    Timeline,
    Timestamp,
    crowds,
    intersection,
    passages_of_place,
    seconds_by_piece,
    union,
)
from ..history import PlaceHistory
from ..ledger import Door
from .model import Figure


class Known(NamedTuple):
    """Since when counts are kept, and for each door the start of its first and the end of its newest interval."""

    kept_since: Timestamp
    first_starts: Sequence[Timestamp | None]
    newest_ends: Sequence[Timestamp | None]


@dataclass(frozen=True, slots=True)
class CountedDoor:
    """The people in at a door by piece, its gaps, and how many seconds of each piece these have."""

    door: Door
    entered: Sequence[int]
    gaps: Sequence[Stretch]
    missing: Sequence[int]


class Counted:
    """The counts of all doors of a place, by the pieces of a timeline.

    `missing` are the seconds in which any door has no counts, and `dark` those in which no door has any.
    """

    def __init__(self, timeline: Timeline, doors: Sequence[CountedDoor], crowds: dict[Timestamp, Crowd]) -> None:
        """Add up the doors; `crowds` has the crowd of each day by the start of the day."""
        self.timeline = timeline
        self.doors = doors
        self.crowds = crowds
        bounds = timeline.bounds
        nobody = [0] * len(timeline.is_open)
        self.entered = list(map(sum, zip(nobody, *(door.entered for door in doors), strict=True)))
        self.missing = seconds_by_piece(bounds, union(door.gaps for door in doors))
        self.all_dark: Sequence[Stretch] = reduce(
            intersection, (door.gaps for door in doors), [Stretch(bounds[0], bounds[-1])]
        )
        self.dark = seconds_by_piece(bounds, self.all_dark)

    def figure(self, pieces: Iterable[int], *, is_open: bool = True) -> Figure:
        """Return the visitors of the open pieces of some, or of the closed ones."""
        timeline = self.timeline
        people = seconds = missing = dark = 0
        hours_known, any_known = True, False
        for piece in pieces:
            known = timeline.is_open[piece]
            if known is None:
                hours_known = False
                continue
            any_known = True
            if known == is_open:
                people += self.entered[piece]
                seconds += timeline.seconds(piece)
                missing += self.missing[piece]
                dark += self.dark[piece]
        is_unknown = not any_known or (seconds > 0 and dark == seconds and not people)
        return Figure(None if is_unknown else people, minutes(missing), hours_known)


def minutes(seconds: int) -> int:
    """Return how many minutes a missing time is: at least one, if it is any."""
    return -(-seconds // 60)


def known(history: PlaceHistory) -> Known:
    """Return since when there are counts, and until when. Raises LedgerError."""
    ledger, keys = history.ledger, history.camera_keys
    first = [ledger.intervals(key, EARLIEST, LATEST, 1) for key in keys]
    newest = [ledger.counted_until(key) for key in keys]
    return Known(
        ledger.kept_since().result(),
        [found[0].start if (found := answer.result()) else None for answer in first],
        [answer.result() for answer in newest],
    )


def read(
    history: PlaceHistory, timeline: Timeline, start: Timestamp, until: Timestamp, kept_since: Timestamp
) -> Counted:
    """Read all days of a timeline, and the crowds of those in [start, until). Raises LedgerError."""
    doors = history.settings.doors
    tallies = [DoorTally(timeline.bounds) for _ in doors]
    # Counts that were deleted in part aren't used. The occupancy after them is known from counts that are still kept.
    start = max(start, kept_since)
    since = min(start, until)
    of_days: dict[Timestamp, Crowd] = {}
    if start < until:
        since, running = history.occupancy_before(start)
    for door, tally in zip(doors, tallies, strict=True):
        for first, last in _stretches(timeline, kept_since, since):
            for columns in history.columns(door, first, last):
                tally.add(columns)
    if start < until:
        found = [tally.reading(history.columns(door, since, until)) for door, tally in zip(doors, tallies, strict=True)]
        days = [day for day in timeline.days if start < day.end <= until]
        bounds = [max(start, days[0].start), *(day.end for day in days)]
        passages = passages_of_place(found, since)
        corrections = history.corrections(since, until)
        capacity = history.settings.capacity
        crowded = crowds(bounds, passages, corrections, running, capacity)
        of_days = {day.start: crowd for day, crowd in zip(days, crowded, strict=True)}
    counted = [_counted(door, tally, timeline, kept_since) for door, tally in zip(doors, tallies, strict=True)]
    return Counted(timeline, counted, of_days)


def _stretches(timeline: Timeline, kept_since: Timestamp, until: Timestamp) -> Iterator[tuple[Timestamp, Timestamp]]:
    """Yield the time of the days up to an instant, days in a row together."""
    start = end = None
    for day in timeline.days:
        if end is not None and start is not None and day.start > end:
            yield start, end
            start = None
        if max(day.start, kept_since) < min(day.end, until):
            start = max(day.start, kept_since) if start is None else start
            end = min(day.end, until)
    if start is not None and end is not None:
        yield start, end


def _counted(door: Door, tally: DoorTally, timeline: Timeline, kept_since: Timestamp) -> CountedDoor:
    bounds = timeline.bounds
    deleted = [Stretch(bounds[0], min(kept_since, bounds[-1]))] if kept_since > bounds[0] else []
    gaps = union([deleted, tally.gaps(bounds[0], bounds[-1])])
    entered = tally.entered
    of_deleted = len(timeline.pieces(EARLIEST, kept_since))
    entered[:of_deleted] = array("q", bytes(8 * of_deleted))
    return CountedDoor(door, entered, gaps, seconds_by_piece(bounds, gaps))

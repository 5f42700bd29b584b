"""How many people are inside: folds passages and corrections, in the order of time, into levels of occupancy.

Pure functions; knows neither cameras nor places. Called by rows, the ledger, the coordinators and statistics.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from .local_time import Timestamp


class Source(StrEnum):
    """How an occupancy was set."""

    ACTION = "action"
    BUTTON = "button"
    NUMBER = "number"
    DAILY_RESET = "daily_reset"


class Passage(NamedTuple):
    """People who passed in an interval that ended at this time.

    `pending` are the people who entered through other doors in intervals that began before this time and end after it:
    some of those who left now may have been among them.
    """

    at: Timestamp
    entered: int
    exited: int
    pending: int = 0


class Correction(NamedTuple):
    """The occupancy that a person or a reset set at this time."""

    at: Timestamp
    value: int
    source: str | None = None


class Level(NamedTuple):
    """How many people are inside from this time on, after a passage or a correction.

    `running` is the sum that counting goes on with, below zero while pending people may explain it. `drift` is by how
    many the doors have counted too few who entered.
    """

    at: Timestamp
    inside: int
    drift: int
    running: int
    # None after a passage.
    correction: Correction | None = None


class AppliedCorrection(NamedTuple):
    """A correction, and how many people were inside before it."""

    correction: Correction
    before: int


class Occupancy(NamedTuple):
    """How many people were inside during a period, and the corrections in it; the mean is weighted by time."""

    lowest: int
    mean: float
    highest: int
    corrections: tuple[AppliedCorrection, ...] = ()


class OccupancySummary(NamedTuple):
    """How many people are inside, the peak since some time, and the drift since then."""

    inside: int
    peak: int
    drift: int


def levels(passages: Iterable[Passage], corrections: Iterable[Correction], running: int = 0) -> Iterator[Level]:
    """Yield the level after each passage and correction; both are in the order of time, and start at `running`.

    No more people can leave than are inside: if more do, the doors missed some who entered. The level stays at zero
    then, and the running value keeps only as many below zero as may still be pending at other doors. An interval that
    ends at the time of a correction lies before it.
    """
    coming = iter(corrections)
    correction = next(coming, None)
    for at, entered, exited, pending in passages:
        while correction is not None and correction.at < at:
            running = correction.value
            yield Level(correction.at, running, 0, running, correction)
            correction = next(coming, None)
        running += entered - exited
        drift = max(0, -running - pending)
        running += drift
        yield Level(at, max(0, running), drift, running)
    while correction is not None:
        yield Level(correction.at, correction.value, 0, correction.value, correction)
        correction = next(coming, None)


def final_occupancy(passages: Iterable[Passage], corrections: Iterable[Correction]) -> int:
    """Return how many people are inside after all passages and corrections since a reset."""
    inside = 0
    for level in levels(passages, corrections):
        inside = level.inside
    return inside


def summarize(changes: Iterable[Level], since: Timestamp, inside: int) -> OccupancySummary:
    """Return the summary after all levels since a time; `inside` is the level before the first of them.

    A level that was counted at the very time `since` belongs to the time before.
    """
    peak, drift = inside, 0
    for level in changes:
        inside = level.inside
        if level.at <= since:
            peak = inside
        else:
            peak = max(peak, inside)
            drift += level.drift
    return OccupancySummary(inside, peak, drift)


def has_reached(limit: int, occupancies: Iterable[int], *, hysteresis: int) -> bool:
    """Return True if a limit is reached after these numbers of people were inside, one after the other.

    The limit stays reached until more than `hysteresis` people fewer are inside.
    """
    reached = False
    for inside in occupancies:
        reached = inside >= limit or (reached and inside >= limit - hysteresis)
    return reached


def turning_points(occupancies: Sequence[int]) -> list[int]:
    """Return the few numbers of people inside for which `has_reached` returns the same, for any limit and hysteresis.

    Looking back from the last number, only those matter that are above or below all later ones. Of several such numbers
    in a row that are above, only the highest matters, and only the lowest of those below.
    """
    kept = [occupancies[-1]]
    lowest = highest = occupancies[-1]
    for inside in reversed(occupancies):
        if lowest <= inside <= highest:
            continue
        if len(kept) > 1 and (inside > highest) == (kept[-1] == highest):
            kept.pop()
        kept.append(inside)
        lowest, highest = min(lowest, inside), max(highest, inside)
    kept.reverse()
    return kept


def occupancy_by_period(
    bounds: Sequence[Timestamp], changes: Iterable[Level], until: Timestamp, inside: int = 0
) -> Iterator[Occupancy]:
    """Yield the occupancy between each two bounds; `until` is the end of what is known.

    A counted level belongs to the period in which its people passed, even if the interval ends with the period; a
    correction belongs to the period that begins with it.
    """
    coming = iter(changes)
    level = next(coming, None)
    for start, end in pairwise(bounds):
        corrections: list[AppliedCorrection] = []
        while level is not None and level.at <= start:
            if level.correction is not None and level.at == start:
                corrections.append(AppliedCorrection(level.correction, inside))
            inside = level.inside
            level = next(coming, None)
        lowest = highest = inside
        people_seconds = 0
        since = start
        while level is not None and (level.at < end or (level.at == end and level.correction is None)):
            if level.correction is not None:
                corrections.append(AppliedCorrection(level.correction, inside))
            people_seconds += inside * (level.at - since)
            since, inside = level.at, level.inside
            lowest, highest = min(lowest, inside), max(highest, inside)
            level = next(coming, None)
        stop = max(since, min(end, until))
        people_seconds += inside * (stop - since)
        mean = people_seconds / (stop - start) if stop > start else inside
        yield Occupancy(lowest, mean, highest, tuple(corrections))

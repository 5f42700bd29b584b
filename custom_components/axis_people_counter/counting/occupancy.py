"""How many people are inside: folds passages and corrections, in the order of time, into levels of occupancy.

Pure functions; knows neither cameras nor places. Called by rows, the ledger, the coordinators and statistics.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from .interval import Interval
from .local_time import Timestamp
from .overlap import SentInterval


class Source(StrEnum):
    """How an occupancy was set."""

    ACTION = "action"
    BUTTON = "button"
    NUMBER = "number"
    DAILY_RESET = "daily_reset"


class Passage(NamedTuple):
    """People who passed in an interval that ended at this time.

    `pending` is how many people entered at other doors in intervals that are still open at this time: some of those
    who exited now may be among them.
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

    `inside` is never below zero. `running` is the same count without that limit: it is negative while pending people
    may explain that. `drift` is the number of entries that the doors missed.
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
    """Yield the level after each passage and correction. Both are in the order of time; counting starts at `running`.

    More people can't exit than are inside. If more do, the doors missed entries: these are added as drift, except for
    as many as may still be pending. An interval that ends at the time of a correction belongs before it.
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


def passages_of_doors(intervals: Iterable[Interval | SentInterval]) -> list[Passage]:
    """Return the passages at several doors, in the order of time.

    Intervals that end at the same instant are one passage, because their order is unknown. People who entered in an
    interval that is still open may already have exited: they are pending.
    """
    entered: defaultdict[Timestamp, int] = defaultdict(int)
    exited: defaultdict[Timestamp, int] = defaultdict(int)
    # People who entered, by the start of their intervals.
    begun: defaultdict[Timestamp, int] = defaultdict(int)
    for interval in intervals:
        if interval.entered or interval.exited:
            begun[interval.start] += interval.entered
            entered[interval.end] += interval.entered
            exited[interval.end] += interval.exited
    starts = sorted(begun, reverse=True)
    pending = 0
    found: list[Passage] = []
    for at in sorted(entered):
        while starts and starts[-1] < at:
            pending += begun[starts.pop()]
        pending -= entered[at]
        found.append(Passage(at, entered[at], exited[at], pending))
    return found


def final_occupancy(passages: Iterable[Passage], corrections: Iterable[Correction], inside: int = 0) -> int:
    """Return how many people are inside after all passages and corrections; `inside` is the occupancy before them."""
    for level in levels(passages, corrections, inside):
        inside = level.inside
    return inside


def summarize(levels: Iterable[Level], since: Timestamp, before: OccupancySummary) -> OccupancySummary:
    """Return the summary of the time since an instant; `before` is the summary before the first level.

    The peak starts at the last level up to `since`, itself included. Drift up to then isn't part of it.
    """
    inside, peak, drift = before
    for level in levels:
        inside = level.inside
        if level.at <= since:
            peak = inside
        else:
            peak = max(peak, inside)
            drift += level.drift
    return OccupancySummary(inside, peak, drift)


def has_reached(limit: int, occupancies: Iterable[int], *, hysteresis: int) -> bool:
    """Return True if a limit is reached after these occupancies, which are in the order of time.

    Once reached, it stays reached until the occupancy is more than `hysteresis` below it.
    """
    reached = False
    for inside in occupancies:
        reached = inside >= limit or (reached and inside >= limit - hysteresis)
    return reached


def thresholds(limits: Iterable[int | None], *, hysteresis: int) -> tuple[int, ...]:
    """Return the occupancies from which on `has_reached` may return something else, for some limits."""
    known = [limit for limit in limits if limit is not None]
    return tuple(sorted({*known, *(limit - hysteresis for limit in known)}))


def turning_points(occupancies: Sequence[int], thresholds: Sequence[int]) -> list[int]:
    """Return a few of the occupancies, for which `has_reached` returns the same as for all.

    That is true of the limits with these thresholds. Seen from the last one backwards, only occupancies matter that are
    beyond another threshold than all later ones. Of several new maxima in a row only the highest matters, and of
    several new minima only the lowest. So there is no more than one for each threshold, and the last one.
    """

    def level(inside: int) -> int:
        return bisect_right(thresholds, inside)

    kept = [occupancies[-1]]
    lowest = highest = level(occupancies[-1])
    for inside in reversed(occupancies):
        now = level(inside)
        if lowest <= now <= highest:
            continue
        if len(kept) > 1 and (now > highest) == (level(kept[-1]) == highest):
            kept.pop()
        kept.append(inside)
        lowest, highest = min(lowest, now), max(highest, now)
    kept.reverse()
    return kept


def occupancy_by_period(
    bounds: Sequence[Timestamp], levels: Iterable[Level], until: Timestamp, inside: int = 0
) -> Iterator[Occupancy]:
    """Yield the occupancy between each two bounds; time after `until` isn't part of the mean.

    A passage belongs to the period in which its interval ends, even if both end together. A correction belongs to the
    period that begins with it.
    """
    coming = iter(levels)
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

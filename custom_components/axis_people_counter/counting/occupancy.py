"""How many people are inside: one pure function over time."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

# After all that can have been counted.
MAX_INSTANT: Final = 2**62


class Source(StrEnum):
    """By what means an occupancy is set."""

    ACTION = "action"
    BUTTON = "button"
    NUMBER = "number"
    DAILY_RESET = "daily_reset"


class Passage(NamedTuple):
    """People who passed in an interval that ended at this instant (seconds since 1970 UTC).

    Pending are those who came through other doors in intervals that began before it and end after it: some of them may
    be among those who have left.
    """

    at: int
    entered: int
    exited: int
    pending: int = 0


class Correction(NamedTuple):
    """What somebody said the occupancy is at this instant (seconds since 1970 UTC), or a reset, and by what means."""

    at: int
    value: int
    source: str | None = None


class Level(NamedTuple):
    """How many people are inside from this instant on, because people passed before it or somebody said so at it.

    The drift is how many of them left without having come; running is the plain sum that counting goes on with.
    """

    at: int
    inside: int
    is_counted: bool
    drift: int
    running: int


class Occupancy(NamedTuple):
    """How many people were inside during a stretch of time; the mean is weighted by time."""

    lowest: int
    mean: float
    highest: int


def levels(passages: Iterable[Passage], corrections: Iterable[Correction], running: int = 0) -> Iterator[Level]:
    """Yield the people inside after each thing that happened, from an instant on at which it is known how many are.

    Both are in the order of time. More people can't leave than are inside: where more do, the doors missed
    some who came. The shown value stays at zero then; the running value keeps as many below zero as may still be
    pending at other doors. An interval that ends at the instant of a correction lies before it.
    """
    following = iter(corrections)
    correction = next(following, None)
    for at, entered, exited, pending in passages:
        while correction is not None and correction.at < at:
            running = correction.value
            yield Level(correction.at, running, False, 0, running)
            correction = next(following, None)
        running += entered - exited
        drift = max(0, -running - pending)
        running += drift
        yield Level(at, max(0, running), True, drift, running)
    while correction is not None:
        yield Level(correction.at, correction.value, False, 0, correction.value)
        correction = next(following, None)


def final_occupancy(passages: Iterable[Passage], corrections: Iterable[Correction]) -> int:
    """Return the people inside after all that happened since a reset."""
    inside = 0
    for level in levels(passages, corrections):
        inside = level.inside
    return inside


class Standing(NamedTuple):
    """How many are inside, how many were at most since an instant, and how many left since without having come."""

    inside: int
    peak: int
    drift: int


def standing(following: Iterable[Level], since: int, inside: int) -> Standing:
    """Return how it stands after all levels, the first of which may lie before the instant `since`.

    As below, a level that was counted at that very instant belongs to the time before.
    """
    peak, drift = inside, 0
    for level in following:
        inside = level.inside
        if level.at <= since:
            peak = inside
        else:
            peak = max(peak, inside)
            drift += level.drift
    return Standing(inside, peak, drift)


def has_reached(limit: int, insides: Iterable[int], *, hysteresis: int) -> bool:
    """Return whether a limit is reached after so many people were inside, one number after the other.

    It stays reached until there are fewer by more than hysteresis.
    """
    reached = False
    for inside in insides:
        reached = inside >= limit or (reached and inside >= limit - hysteresis)
    return reached


def decisive(insides: Sequence[int]) -> list[int]:
    """Return the numbers of people inside that `has_reached` depends on, whatever the limit and the hysteresis.

    Looking back from the last one, each is above or below all that came after it. Of several in a row that are above,
    the highest decides for all of them, and the lowest of those below.
    """
    kept = [insides[-1]]
    lowest = highest = insides[-1]
    for inside in reversed(insides):
        if lowest <= inside <= highest:
            continue
        if len(kept) > 1 and (inside > highest) == (kept[-1] == highest):
            kept.pop()
        kept.append(inside)
        lowest, highest = min(lowest, inside), max(highest, inside)
    kept.reverse()
    return kept


def occupancies(bounds: Sequence[int], following: Iterator[Level], until: int, inside: int = 0) -> Iterator[Occupancy]:
    """Yield the occupancy between each two bounds; nothing is known from the instant `until` on.

    A level that was counted belongs to the stretch in which it was counted, also where it is reached at its very end.
    """
    level = next(following, None)
    for start, end in pairwise(bounds):
        while level is not None and level.at <= start:
            inside = level.inside
            level = next(following, None)
        lowest = highest = inside
        people_seconds = 0
        since = start
        while level is not None and (level.at < end or (level.at == end and level.is_counted)):
            people_seconds += inside * (level.at - since)
            since, inside = level.at, level.inside
            lowest, highest = min(lowest, inside), max(highest, inside)
            level = next(following, None)
        stop = max(since, min(end, until))
        people_seconds += inside * (stop - since)
        yield Occupancy(lowest, people_seconds / (stop - start) if stop > start else inside, highest)

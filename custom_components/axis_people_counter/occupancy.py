"""How many people are inside: one pure function over time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple


class Passage(NamedTuple):
    """People who passed in an interval that ended at this instant (seconds since 1970 UTC)."""

    at: int
    entered: int
    left: int


class Correction(NamedTuple):
    """What somebody said the occupancy is at this instant (seconds since 1970 UTC); a reset says zero."""

    at: int
    value: int


class Level(NamedTuple):
    """How many people are inside from this instant on, because people passed before it or somebody said so at it."""

    at: int
    inside: int
    is_counted: bool


class Occupancy(NamedTuple):
    """How many people were inside during a stretch of time; the mean is weighted by time."""

    lowest: int
    mean: float
    highest: int


def levels(passages: Iterable[Passage], corrections: Iterable[Correction]) -> Iterator[Level]:
    """Yield the people inside after each thing that happened since a reset, at which nobody was inside.

    Both are in the order of time. More people can't leave than are inside: a count below zero is one that missed
    people coming, so it stays at zero. An interval that ends at the instant of a correction lies before it.
    """
    inside = 0
    following = iter(corrections)
    correction = next(following, None)
    for at, entered, left in passages:
        while correction is not None and correction.at < at:
            inside = correction.value
            yield Level(correction.at, inside, False)
            correction = next(following, None)
        inside = max(0, inside + entered - left)
        yield Level(at, inside, True)
    while correction is not None:
        yield Level(correction.at, correction.value, False)
        correction = next(following, None)


def occupancy(passages: Iterable[Passage], corrections: Iterable[Correction]) -> int:
    """Return the people inside after all that happened since a reset."""
    inside = 0
    for level in levels(passages, corrections):
        inside = level.inside
    return inside


def occupancies(bounds: Sequence[int], following: Iterator[Level], until: int) -> Iterator[Occupancy]:
    """Yield the occupancy between each two bounds; nothing is known from the instant `until` on.

    A level that was counted belongs to the stretch in which it was counted, also where it is reached at its very end.
    """
    inside = 0
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
            since, inside, _ = level
            lowest, highest = min(lowest, inside), max(highest, inside)
            level = next(following, None)
        stop = max(since, min(end, until))
        people_seconds += inside * (stop - since)
        yield Occupancy(lowest, people_seconds / (stop - start) if stop > start else inside, highest)

"""How many people are inside: one pure function over time."""

from collections.abc import Iterable
from typing import NamedTuple


class Passage(NamedTuple):
    """People who passed in an interval that ended at this instant (seconds since 1970 UTC)."""

    at: int
    entered: int
    left: int


class Correction(NamedTuple):
    """What somebody said the occupancy is at this instant (seconds since 1970 UTC)."""

    at: int
    value: int


def occupancy(passages: Iterable[Passage], corrections: Iterable[Correction]) -> int:
    """Return the people inside after all that happened since a reset, at which nobody was inside.

    Both are in the order of time. More people can't leave than are inside: a count below zero is one that missed
    people coming, so it stays at zero. An interval that ends at the instant of a correction lies before it.
    """
    inside = 0
    following = iter(corrections)
    correction = next(following, None)
    for passage in passages:
        while correction is not None and correction.at < passage.at:
            inside = correction.value
            correction = next(following, None)
        inside = max(0, inside + passage.entered - passage.left)
    while correction is not None:
        inside = correction.value
        correction = next(following, None)
    return inside

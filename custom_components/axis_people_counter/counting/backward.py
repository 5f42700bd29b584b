"""Finds doors that seem to count backwards, from what all doors of a place counted between two resets.

A place is as empty after a day as before it, and nobody leaves who hasn't come. Pure functions; called by
checks/direction_check.py.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import sqrt
from typing import Final, NamedTuple

from .columns import Columns
from .local_time import HOUR, Timestamp

# Fewer people than this, or a smaller part of all who passed, may just have been missed.
MIN_PEOPLE: Final = 20
MIN_PART: Final = 1 / 5
# A camera that was off for longer hasn't seen the day.
MAX_MISSING: Final = HOUR
STEP: Final = HOUR // 4


class DoorDay(NamedTuple):
    """A day at one door, in the direction that is set."""

    entered: int
    exited: int
    # How many more people entered than exited, in each quarter of an hour.
    balance: Sequence[int]

    def turned(self) -> DoorDay:
        """Return the day with the two directions exchanged."""
        return DoorDay(self.exited, self.entered, [-people for people in self.balance])


class Misfit(NamedTuple):
    """The people of a day at a place who can't be explained."""

    # They left without having come.
    exited: int
    # They came and were still there at the end.
    stayed: int

    @property
    def weight(self) -> int:
        """A number to compare: exits without a camera are more common than entrances without one."""
        return 3 * self.exited + self.stayed


def door_day(found: Iterable[Columns], start: Timestamp, end: Timestamp) -> DoorDay | None:
    """Return the day [start, end) at a door, None if the camera was off for too much of it."""
    balance = [0] * -(-(end - start) // STEP)
    entered = exited = covered = 0
    for columns in found:
        covered += columns.covered(0, len(columns.starts), start, end)
        for at, came, left in zip(columns.starts, columns.entered, columns.exited, strict=True):
            if start <= at < end:
                balance[(at - start) // STEP] += came - left
                entered += came
                exited += left
    return DoorDay(entered, exited, balance) if covered >= end - start - MAX_MISSING else None


def has_many_people(doors: Iterable[DoorDay]) -> bool:
    """Return True if enough people passed for a judgement."""
    return _people(doors) >= MIN_PEOPLE


def backward_doors(doors: Sequence[DoorDay], inside: int = 0) -> list[int]:
    """Return the positions of the doors that seem to count backwards; `inside` is the number of people at first.

    If the day is impossible, that is the door with which turned it fits best. Else a door that people use both ways
    shows it alone: until the evening, more people have left than come. That is true of a door that is only an exit as
    well, which is right if the day fits, and so turned isn't much better.
    """
    fits_now = _misfit(doors, inside)
    turned = {position: _misfit(_with_turned(doors, position), inside) for position in range(len(doors))}
    if _is_impossible(fits_now, doors):
        best = min(turned, key=lambda position: turned[position].weight)
        return [best] if 2 * turned[best].weight <= fits_now.weight else []
    return [
        position
        for position, misfit in turned.items()
        if _is_backward_alone(doors[position], inside) and not _is_impossible(misfit, doors)
    ]


def _is_backward_alone(door: DoorDay, inside: int) -> bool:
    now, turned = _misfit([door], inside), _misfit([door.turned()], inside)
    # If people only walk through, as many come as go, but at random.
    by_chance = 2 * sqrt(_people([door]))
    return now.exited >= max(MIN_PEOPLE, by_chance) and 4 * turned.weight <= now.weight


def _is_impossible(misfit: Misfit, doors: Iterable[DoorDay]) -> bool:
    return max(misfit) >= max(MIN_PEOPLE, MIN_PART * _people(doors))


def _misfit(doors: Sequence[DoorDay], inside: int) -> Misfit:
    levels = list(accumulate(map(sum, zip(*(door.balance for door in doors), strict=True))))
    exited = max(0, -(inside + min(levels)))
    return Misfit(exited, max(0, levels[-1] + exited))


def _with_turned(doors: Sequence[DoorDay], position: int) -> list[DoorDay]:
    return [door.turned() if place == position else door for place, door in enumerate(doors)]


def _people(doors: Iterable[DoorDay]) -> int:
    return sum(door.entered + door.exited for door in doors)

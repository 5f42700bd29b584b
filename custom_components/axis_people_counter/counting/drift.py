"""Finds a door whose in and out have drifted apart: another part of its people comes in than before, for days.

The rule: days are taken together, from the last one back, until MIN_PEOPLE people have passed in each group. In each
group, the part of the people who came in is compared with its median in the eight weeks before the drift. The door has
drifted if at least RUN groups, up to the last one, are off to the same side by more than the limit. The limit is FACTOR
times as much as nine of ten groups were off before, but between MIN_OFF and MAX_OFF. And they are off by more than any
RUN groups in a row were before: at a ferry, people may come each weekend, and go on the other days. So the door is
normal again with the first group that is, and after twelve weeks at most, because the drift is its history by then.

Pure functions; called by checks/counting_check.py.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final, NamedTuple

from .door_hours import DoorHour
from .local_time import Timestamp

MIN_PEOPLE: Final = 25
RUN: Final = 3
# Days before the drift, and groups of days in them.
MIN_HISTORY: Final = 21
HISTORY: Final = 56
MIN_GROUPS: Final = 5

NINE_OF_TEN: Final = 0.9
FACTOR: Final = 2
MIN_OFF: Final = 0.12
MAX_OFF: Final = 0.35

# A day of which less has counts than this part of a usual day may lack the hours in which people come, or go.
MIN_COVERED: Final = 0.8


class Days(NamedTuple):
    """Some days of a door that follow each other."""

    start: Timestamp
    # The number of the first day.
    day: int
    entered: int
    exited: int
    covered: float

    @property
    def people(self) -> int:
        """All who passed."""
        return self.entered + self.exited

    @property
    def part_in(self) -> float:
        """The part of the people who came in."""
        return self.entered / self.people


class Drift(NamedTuple):
    """The counts of a door since it drifted, and the part of the people who came in before, of 1."""

    since: Timestamp
    entered: int
    exited: int
    part_before: float


def days_of(hours: Iterable[DoorHour], today: int) -> list[Days]:
    """Return the days before today that have enough counts, in the order of time."""
    days: list[Days] = []
    for hour in hours:
        if hour.day >= today:
            break
        counted = Days(hour.start, hour.day, hour.entered, hour.exited, hour.covered)
        if days and days[-1].day == hour.day:
            days[-1] = _plus(days[-1], counted)
        else:
            days.append(counted)
    usual = median(day.covered for day in days) if days else 0.0
    return [day for day in days if day.covered >= MIN_COVERED * usual]


def drift_of(days: Sequence[Days]) -> Drift | None:
    """Return how a door has drifted since the first day of it, None if it hasn't, or too little is known."""
    groups = _groups(days)
    found: Drift | None = None
    for first in range(len(groups) - RUN, MIN_GROUPS - 1, -1):
        day = groups[first].day
        if day - groups[0].day < MIN_HISTORY or groups[-1].day - day > HISTORY:
            break
        before = [group.part_in for group in groups[:first] if group.day >= day - HISTORY]
        if len(before) < MIN_GROUPS:
            continue
        usual = median(before)
        off = sorted(abs(part - usual) for part in before)[int(NINE_OF_TEN * len(before))]
        limit = min(MAX_OFF, max(MIN_OFF, FACTOR * off))
        drifted = groups[first:]
        parts = [group.part_in for group in drifted]
        # Parts out are judged like parts in: from the other end.
        if _is_off(parts, before, usual, limit) or _is_off(
            [1 - part for part in parts], [1 - part for part in before], 1 - usual, limit
        ):
            # Its last days alone would do, but then the drift would seem to begin anew on each day.
            found = Drift(
                drifted[0].start,
                sum(group.entered for group in drifted),
                sum(group.exited for group in drifted),
                usual,
            )
    return found


def _is_off(parts: Sequence[float], before: Sequence[float], usual: float, limit: float) -> bool:
    """Return True if all parts are larger than usual by more than the limit, and than those of any run before."""
    # The groups just before may belong to the same drift.
    end = len(before)
    while end and before[end - 1] > usual + limit:
        end -= 1
    highest = max((min(before[first : first + RUN]) for first in range(end - RUN + 1)), default=0.0)
    # A door that people only leave by on some days may still lose the other direction.
    return min(parts) > max(usual + limit, highest + min(MIN_OFF, (1 - highest) / 2))


def _groups(days: Sequence[Days]) -> list[Days]:
    """Return groups of enough people, in the order of time. The first days may be too few for one."""
    groups: list[Days] = []
    later: Days | None = None
    for day in reversed(days):
        group = _plus(day, later) if later else day
        later = group if group.people < MIN_PEOPLE else None
        if later is None:
            groups.append(group)
    groups.reverse()
    return groups


def _plus(earlier: Days, later: Days) -> Days:
    start, day, entered, exited, covered = earlier
    return Days(start, day, entered + later.entered, exited + later.exited, covered + later.covered)

"""Compares the counts of a day that a camera exports with those that are stored, by the hour of local time.

Pure; knows neither cameras nor the ledger. An hour that comes twice is compared as a whole: nothing in what a camera
exports tells the first from the second.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

from .interval import Interval
from .local_counts import LocalCounts, wall_time
from .local_time import Timestamp

# Clocks are put forward and back by whole quarters of an hour.
_QUARTER: Final = 15 * 60


class HourDifference(NamedTuple):
    """The people of an hour of local time, as a camera exports them and as they are stored."""

    hour: str
    camera_entered: int
    camera_exited: int
    entered: int
    exited: int

    @property
    def people(self) -> int:
        """The number of people by which the two differ, 0 if they agree."""
        return abs(self.camera_entered - self.entered) + abs(self.camera_exited - self.exited)


def compared_hours(
    rows: Iterable[LocalCounts], stored: Iterable[Interval], day: tuple[Timestamp, Timestamp], zone: tzinfo, width: int
) -> list[HourDifference]:
    """Return the hours of a day of which a camera exports all counts, in rows of so many seconds.

    What isn't stored of such an hour counts as nobody. Hours that a stored interval begins or ends within another hour
    of can't be compared.
    """
    quarters = Counter(_hour(wall_time(at, zone)) for at in range(*day, _QUARTER))
    exported: Counter[datetime] = Counter()
    camera_entered: Counter[datetime] = Counter()
    camera_exited: Counter[datetime] = Counter()
    for row in rows:
        hour = _hour(row.start)
        # A row of another width leaves its hour incomplete.
        exported[hour] += width if _is_wide(row, zone, width) else 0
        camera_entered[hour] += row.entered
        camera_exited[hour] += row.exited
    entered: Counter[datetime] = Counter()
    exited: Counter[datetime] = Counter()
    ambiguous: set[datetime] = set()
    for interval in stored:
        first, last = (_hour(wall_time(at, zone)) for at in (interval.start, interval.end - 1))
        if first != last:
            ambiguous |= {first, last}
        entered[first] += interval.entered
        exited[first] += interval.exited
    return [
        HourDifference(f"{hour:%Y-%m-%d %H:%M}", camera_entered[hour], camera_exited[hour], entered[hour], exited[hour])
        for hour in sorted(quarters.keys() - ambiguous)
        if exported[hour] == quarters[hour] * _QUARTER
    ]


def uncovered(
    spans: Iterable[tuple[Timestamp, Timestamp]], low: Timestamp, high: Timestamp
) -> Iterator[tuple[Timestamp, Timestamp]]:
    """Yield the parts of [low, high) that none of some spans covers, in the order of time."""
    for start, end in sorted(spans):
        if low < min(start, high):
            yield low, min(start, high)
        low = max(low, end)
    if low < high:
        yield low, high


def _hour(local: datetime) -> datetime:
    return local.replace(minute=0, second=0, microsecond=0)


def _is_wide(row: LocalCounts, zone: tzinfo, width: int) -> bool:
    """Return True if a row is so many seconds wide, whichever pass of its hour it is of."""
    starts = (int(row.start.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    return any(wall_time(start + width, zone) == row.end for start in starts)

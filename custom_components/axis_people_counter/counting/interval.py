"""The interval: how many people a camera counted from one instant to another. Knows nothing else."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import Final, NamedTuple, override

from .local_time import DAY, Timestamp

# No door lets more people through in one interval.
MAX_COUNT: Final = 100_000
MAX_WIDTH: Final = DAY


class Interval(NamedTuple):
    """People counted in [start, end); adults are None where the camera doesn't distinguish them."""

    start: Timestamp
    end: Timestamp
    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None


def reverse(interval: Interval) -> Interval:
    """Return the interval with the two directions exchanged, for a camera that is mounted the other way round."""
    start, end, entered, exited, adults_entered, adults_exited = interval
    return Interval(start, end, exited, entered, adults_exited, adults_entered)


class Intervals:  # noqa: PLW1641 - it can be appended to, so it has no lasting hash
    """A list of intervals that keeps their numbers in arrays, one for each field.

    Python's garbage collector looks at each tuple of a plain list: with 90 days of them it would look through all of
    Home Assistant, and block the event loop meanwhile.
    """

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self._columns = [array("q") for _ in Interval._fields]
        for interval in intervals:
            self.append(interval)

    def append(self, interval: Interval) -> None:
        """Add an interval."""
        for column, number in zip(self._columns, interval, strict=True):
            column.append(_UNKNOWN if number is None else number)

    def are_within(self, start: Timestamp, end: Timestamp) -> bool:
        """Return True if all intervals begin and end between two instants."""
        starts, ends, *_ = self._columns
        return not starts or (min(starts) >= start and max(ends) <= end)

    def bounds(self) -> Iterator[tuple[Timestamp, Timestamp]]:
        """Yield start and end of each interval."""
        starts, ends, *_ = self._columns
        return zip(starts, ends, strict=True)

    def by_day(self) -> Iterator[Iterator[Interval]]:
        """Yield the intervals that begin on the same day (UTC), one day after the other."""
        # Only positions are kept in between, so that no more than a day's intervals are objects at a time.
        days: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
        for position, start in enumerate(self._columns[0]):
            days[start // DAY].append(position)
        for day in sorted(days):
            columns = [map(column.__getitem__, days[day]) for column in self._columns]
            yield starmap(_interval, zip(*columns, strict=True))

    def __len__(self) -> int:
        return len(self._columns[0])

    def __iter__(self) -> Iterator[Interval]:
        return starmap(_interval, zip(*self._columns, strict=True))

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Intervals) and self._columns == other._columns

    @override
    def __repr__(self) -> str:
        return f"Intervals({list(self)})"


# In place of None: counts are never negative.
_UNKNOWN: Final = -1


def _interval(
    start: Timestamp, end: Timestamp, entered: int, exited: int, adults_entered: int, adults_exited: int
) -> Interval:
    """Return the interval with these numbers."""
    return Interval(
        start,
        end,
        entered,
        exited,
        None if adults_entered == _UNKNOWN else adults_entered,
        None if adults_exited == _UNKNOWN else adults_exited,
    )

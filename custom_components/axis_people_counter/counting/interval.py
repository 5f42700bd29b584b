"""The interval: how many people a camera counted from one instant to another. Knows nothing else."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import batched
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


class Intervals:
    """A list of intervals that keeps their numbers in an array.

    Python's garbage collector looks at each tuple of a plain list: with 90 days of them it would look through all of
    Home Assistant, and block the event loop meanwhile.
    """

    def __init__(self, intervals: Iterable[Interval] = ()) -> None:
        self._numbers = array("q")
        for interval in intervals:
            self.append(interval)

    def append(self, interval: Interval) -> None:
        """Add an interval."""
        self._numbers.extend([_UNKNOWN if number is None else number for number in interval])

    def by_day(self) -> Iterator[Iterator[Interval]]:
        """Yield the intervals that begin on the same day (UTC), one day after the other."""
        # Only positions are kept in between, so that no more than a day's intervals are objects at a time.
        positions: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
        for position in range(0, len(self._numbers), _WIDTH):
            positions[self._numbers[position] // DAY].append(position)
        for day in sorted(positions):
            yield (_interval(*self._numbers[position : position + _WIDTH]) for position in positions[day])

    def __len__(self) -> int:
        return len(self._numbers) // _WIDTH

    def __iter__(self) -> Iterator[Interval]:
        for numbers in batched(self._numbers, _WIDTH, strict=True):
            yield _interval(*numbers)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Intervals) and self._numbers == other._numbers

    __hash__ = None  # type: ignore[assignment]

    @override
    def __repr__(self) -> str:
        return f"Intervals({list(self)})"


_WIDTH: Final = len(Interval._fields)
# Counts are never negative.
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

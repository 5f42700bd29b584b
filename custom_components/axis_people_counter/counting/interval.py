"""The interval: how many people a camera counted from one instant to another. Knows nothing else."""

from typing import Final, NamedTuple

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

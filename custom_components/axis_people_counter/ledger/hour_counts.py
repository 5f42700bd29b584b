"""The counts of an hour, and sums of them. Knows no tables. Called by the ledger, and through it by statistics."""

from typing import Final, NamedTuple


class HourCounts(NamedTuple):
    """Counts of an hour, or sums of such counts, in the direction the user gave the camera."""

    entered: int
    exited: int
    adults_entered: int
    adults_exited: int


NO_COUNTS: Final = HourCounts(0, 0, 0, 0)


def plus(counts: HourCounts, more: HourCounts) -> HourCounts:
    """Return the sum of both."""
    return HourCounts(*map(int.__add__, counts, more, strict=True))


def minus(counts: HourCounts, fewer: HourCounts) -> HourCounts:
    """Return the difference of both."""
    return HourCounts(*map(int.__sub__, counts, fewer, strict=True))

"""What is counted, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """People who passed, by direction."""

    in_: int = 0
    out: int = 0
    adults_in: int = 0
    adults_out: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Add both."""
        return Counts(
            self.in_ + other.in_,
            self.out + other.out,
            self.adults_in + other.adults_in,
            self.adults_out + other.adults_out,
        )


@dataclass(frozen=True, slots=True)
class Interval:
    """The counts of one stretch of time; the end does not belong to it."""

    start: datetime
    end: datetime
    counts: Counts


def minute_of(moment: datetime) -> int:
    """Return the whole minutes since 1970 that had passed at that moment."""
    return int(moment.timestamp() // 60)


def moment_of(minute: int) -> datetime:
    """Return the beginning of that minute since 1970."""
    return datetime.fromtimestamp(minute * 60, UTC)

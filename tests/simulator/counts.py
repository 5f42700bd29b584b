"""Counts, and the intervals they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """People by direction."""

    in_: int = 0
    out: int = 0
    adults_in: int = 0
    adults_out: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Return the sum."""
        return Counts(
            self.in_ + other.in_,
            self.out + other.out,
            self.adults_in + other.adults_in,
            self.adults_out + other.adults_out,
        )

    def __sub__(self, other: Counts) -> Counts:
        """Return the difference."""
        return Counts(
            self.in_ - other.in_,
            self.out - other.out,
            self.adults_in - other.adults_in,
            self.adults_out - other.adults_out,
        )


@dataclass(frozen=True, slots=True)
class Interval:
    """The counts of an interval, which doesn't include its end."""

    start: datetime
    end: datetime
    counts: Counts


def minute_of(moment: datetime) -> int:
    """Return the minute since 1970 of an instant."""
    return int(moment.timestamp() // 60)


def moment_of(minute: int) -> datetime:
    """Return the start of a minute since 1970."""
    return datetime.fromtimestamp(minute * 60, UTC)

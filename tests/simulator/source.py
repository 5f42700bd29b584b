"""Sources of a camera's counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Protocol
from zoneinfo import ZoneInfo

from .counts import Counts, moment_of


class Source(Protocol):
    """The people below a camera; the same minutes always have the same counts."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the door."""

    def between(self, first: int, after: int) -> Counts:
        """Return the counts from one minute since 1970 up to, not including, another."""


class Days:
    """A source that generates a day when it is needed."""

    def __init__(self, zone: ZoneInfo, make: Callable[[date], Mapping[int, Counts]]) -> None:
        """Take a function that returns the counts of a local day by minute since 1970."""
        self.zone = zone
        # Pushes need the same minutes again and again.
        self._day: Callable[[date], Mapping[int, Counts]] = lru_cache(maxsize=200)(make)
        # The sums of quarters of an hour: live counts need weeks again and again.
        self._quarter: Callable[[int], Counts] = lru_cache(maxsize=None)(self._make_quarter)
        self._date: Callable[[int], date] = lru_cache(maxsize=None)(self._date_of_quarter)

    def minute(self, minute: int) -> Counts:
        """Return the counts of a minute since 1970."""
        return self._day(self._date(minute // 15)).get(minute, _NOBODY)

    def _date_of_quarter(self, quarter: int) -> date:
        """Return the local day of a quarter of an hour since 1970; days begin with one in all time zones of today."""
        return moment_of(quarter * 15).astimezone(self.zone).date()

    def between(self, first: int, after: int) -> Counts:
        """Return the counts from one minute since 1970 up to, not including, another."""
        quarters = range(-(-first // 15), after // 15)
        if not quarters:
            return self._sum(self.minute(minute) for minute in range(first, after))
        return self._sum(
            chain(
                (self.minute(minute) for minute in range(first, quarters.start * 15)),
                (self._quarter(quarter) for quarter in quarters),
                (self.minute(minute) for minute in range(quarters.stop * 15, after)),
            )
        )

    def _make_quarter(self, quarter: int) -> Counts:
        """Return the counts of a quarter of an hour since 1970."""
        return self._sum(self.minute(minute) for minute in range(quarter * 15, quarter * 15 + 15))

    @staticmethod
    def _sum(found: Iterable[Counts]) -> Counts:
        in_ = out = adults_in = adults_out = 0
        for counts in found:
            in_ += counts.in_
            out += counts.out
            adults_in += counts.adults_in
            adults_out += counts.adults_out
        return Counts(in_, out, adults_in, adults_out)


_NOBODY = Counts()

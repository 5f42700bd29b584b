"""Where a camera's counts come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from .counts import Counts, moment_of


class Source(Protocol):
    """What passes below a camera; the same minutes always have the same counts."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the door."""

    def between(self, first: int, after: int) -> Counts:
        """Return what is counted from one minute since 1970 up to, not including, another."""


class Days:
    """A source that is made up day by day: each when somebody asks for it."""

    def __init__(self, zone: ZoneInfo, make: Callable[[date], Mapping[int, Counts]]) -> None:
        """`make` returns the minutes since 1970 of a local day in which somebody passes."""
        self.zone = zone
        # A day is kept: pushes ask for the same minutes again and again.
        self._day: Callable[[date], Mapping[int, Counts]] = lru_cache(maxsize=200)(make)

    def minute(self, minute: int) -> Counts:
        """Return what is counted in that minute since 1970."""
        return self._day(moment_of(minute).astimezone(self.zone).date()).get(minute, _NOBODY)

    def between(self, first: int, after: int) -> Counts:
        """Return what is counted from one minute since 1970 up to, not including, another."""
        in_ = out = adults_in = adults_out = 0
        for minute in range(first, after):
            counts = self.minute(minute)
            in_ += counts.in_
            out += counts.out
            adults_in += counts.adults_in
            adults_out += counts.adults_out
        return Counts(in_, out, adults_in, adults_out)


_NOBODY = Counts()

"""The days of a camera or a place: its time zone, and when its occupancy starts anew."""

from datetime import time, tzinfo
from typing import Final, NamedTuple

from .local_time import MIDNIGHT, between, following, latest
from .occupancy import MAX_INSTANT, Correction, Source

# Before all that can have been counted.
EARLIEST: Final = 0


class Schedule(NamedTuple):
    """Turns instants (seconds since 1970 UTC) into days, and into resets of occupancy if there is a time for them."""

    zone: tzinfo
    reset_time: time | None
    reset_value: int = 0
    # Else it is the best that can be said, and a person has to be told.
    is_zone_known: bool = True

    @property
    def basis(self) -> str:
        """What else than counts the occupancy depends on."""
        value = f" {self.reset_value}" if self.reset_value else ""
        return f"{self.reset_time and self.reset_time.isoformat()} {self.zone}{value}"

    def day(self, now: int) -> tuple[int, int]:
        """Return when the day began, and when it ends."""
        return latest(now, MIDNIGHT, self.zone), following(now, MIDNIGHT, self.zone)

    def reset(self, now: int) -> tuple[int, int]:
        """Return when occupancy last started anew, and when it will again."""
        if self.reset_time is None:
            return EARLIEST, MAX_INSTANT
        return latest(now, self.reset_time, self.zone), following(now, self.reset_time, self.zone)

    def resets(self, start: int, end: int) -> list[Correction]:
        """Return the instants in [start, end) at which occupancy starts anew."""
        if self.reset_time is None:
            return []
        return [
            Correction(at, self.reset_value, Source.DAILY_RESET)
            for at in between(start, end, self.reset_time, self.zone)
        ]

    def with_resets(self, start: int, end: int, corrections: list[Correction]) -> list[Correction]:
        """Return corrections in the order of time, with the resets in [start, end) among them."""
        # What somebody said at the very instant of a reset counts.
        return sorted(self.resets(start, end) + corrections, key=lambda correction: correction.at)

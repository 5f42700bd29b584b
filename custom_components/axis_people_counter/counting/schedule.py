"""When the days of a camera or a place begin, and when its occupancy is reset.

Pure functions of a time zone and a reset time. Made by schedules.py; used by coordinators, history and statistics.
"""

from datetime import time, tzinfo
from typing import NamedTuple

from .local_time import EARLIEST, LATEST, MIDNIGHT, Timestamp, last_occurrence, next_occurrence, occurrences
from .occupancy import Correction, Source


class Schedule(NamedTuple):
    """The days in a time zone, and the daily reset of occupancy, if there is one."""

    zone: tzinfo
    reset_time: time | None
    reset_value: int = 0
    # If False, the zone is only the best guess, and a repair asks for the right one.
    is_zone_known: bool = True

    @property
    def basis(self) -> str:
        """All that occupancy depends on beside the counts, as a text to compare."""
        value = f" {self.reset_value}" if self.reset_value else ""
        return f"{self.reset_time and self.reset_time.isoformat()} {self.zone}{value}"

    def day(self, now: Timestamp) -> tuple[Timestamp, Timestamp]:
        """Return start and end of the current day."""
        return last_occurrence(MIDNIGHT, self.zone, now), next_occurrence(MIDNIGHT, self.zone, now)

    def reset(self, now: Timestamp) -> tuple[Timestamp, Timestamp]:
        """Return the last and the next reset."""
        if self.reset_time is None:
            return EARLIEST, LATEST
        return last_occurrence(self.reset_time, self.zone, now), next_occurrence(self.reset_time, self.zone, now)

    def resets(self, start: Timestamp, end: Timestamp) -> list[Correction]:
        """Return the resets in [start, end)."""
        if self.reset_time is None:
            return []
        return [
            Correction(at, self.reset_value, Source.DAILY_RESET)
            for at in occurrences(self.reset_time, self.zone, start, end)
        ]

    def with_resets(self, start: Timestamp, end: Timestamp, corrections: list[Correction]) -> list[Correction]:
        """Return corrections and the resets in [start, end), in the order of time."""
        # A person's correction at the time of a reset comes after it, and so prevails.
        return sorted(self.resets(start, end) + corrections, key=lambda correction: correction.at)

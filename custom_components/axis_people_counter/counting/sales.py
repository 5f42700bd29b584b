"""The sales of today, from a number that begins again at 0 each day: at midnight, or some time before or after it.

After midnight, a number that hasn't begun again is still yesterday's.
"""

from dataclasses import dataclass
import math
from typing import Final

from .local_time import HOUR, Timestamp

# A number that began again so long before midnight is that of the next day: the till may close its day at 23:00.
_EARLY: Final = 6 * HOUR
# More sales a day are a mistake.
_MAX: Final = 1_000_000_000


def parse_sales(text: str) -> float | None:
    """Return a number of sales, None if the text is none: no number, negative, not finite, or absurd."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 <= number <= _MAX else None


@dataclass(slots=True)
class Sales:
    """The last number that was read, when it was read, and when it began again at 0."""

    number: float | None = None
    read_at: Timestamp = 0
    began_at: Timestamp = 0

    def update(self, number: float, at: Timestamp, last_reset: Timestamp | None = None) -> None:
        """Take a number that was read at an instant, and when it began again if its source knows that."""
        if last_reset is not None:
            self.began_at = last_reset
        elif self.number is None:
            # Nobody can tell whether the first number is today's. It isn't tomorrow's.
            self.began_at = at - _EARLY
        elif self._begins_again(self.number, number, at - self.read_at):
            self.began_at = at
        self.number, self.read_at = number, at

    def _begins_again(self, before: float, number: float, seconds: int) -> bool:
        # A number that falls a little is a cancelled sale, unless nobody has looked for long.
        return 0 in (before, number) or number <= before / 2 or (number < before and seconds >= HOUR)

    def of_day(self, start: Timestamp) -> float | None:
        """Return the number of sales of the day that starts at an instant, None if the number is an earlier day's."""
        return self.number if self.number == 0 or self.began_at >= start - _EARLY else None

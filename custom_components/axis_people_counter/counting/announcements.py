"""How reliably a camera announces that its live counts change, so that it needn't be asked all the time.

Knows neither requests nor what an announcement contains. Called by live_polling.py.
"""

from math import inf
from typing import Final

from .live import LAG, People, Reading
from .local_time import Timestamp

# A camera is reliable after this many changes in a row that it announced.
PROOFS: Final = 5
# A reliable camera is asked after this many seconds anyway.
LONGEST: Final = 60
# Announcements are ignored after this many in a row without a change, until counts change again.
MAX_IN_VAIN: Final = 20


class Announcements:
    """Compares the announcements of a camera with its live counts. All instants are seconds of a steady clock."""

    def __init__(self) -> None:
        """Begin with a camera that has announced nothing."""
        self._announced_at = -inf
        self._read_at = -inf
        self._reading: Reading | None = None
        self._proofs = 0
        self._in_vain = 0

    @property
    def are_useless(self) -> bool:
        """Return True if the camera announces again and again what isn't a change."""
        return self._in_vain >= MAX_IN_VAIN

    @property
    def _is_recent(self) -> bool:
        """Return True if the last announcement may be about people who aren't in the last reading."""
        return self._announced_at >= self._read_at - LAG

    def announce(self, at: float) -> None:
        """Take an announcement of the camera into account."""
        self._announced_at = at

    def read(self, reading: Reading, at: float) -> None:
        """Note the live counts at an instant."""
        before: People | None = self._reading.counts if self._reading else None
        if before is not None and before != reading.counts:
            self._proofs = self._proofs + 1 if self._is_recent else 0
            self._in_vain = 0
        elif self._announced_at > self._read_at:
            self._in_vain += 1
        self._reading, self._read_at = reading, at

    def replace_a_reading(self, pushed_until: Timestamp, at: float) -> bool:
        """Return True if the last reading is still right, and later than the end of the last push.

        Only people between two readings after a push are certainly missing in it.
        """
        return (
            self._proofs >= PROOFS
            and not self._is_recent
            and at - self._read_at < LONGEST
            and self._reading is not None
            and self._reading.at >= pushed_until + LAG
        )

"""The live counts of one camera, in step with the pushes in the ledger.

Asks neither the camera nor stores anything. The coordinators of the camera and of its places read it, and
live_counts.py adds readings.
"""

import asyncio
import logging
from typing import Final

from .counting import LATEST, NOBODY, Interval, LiveCounts, People, Timestamp, people_of
from .ledger import Camera, Ledger

_LOGGER = logging.getLogger(__name__)

# A push with more intervals than a day has minutes is history.
MAX_INTERVALS: Final = 1500


class LiveCamera:
    """What a camera has counted after an interval of the ledger, in the camera's own direction."""

    def __init__(self, ledger: Ledger, camera: Camera, until: Timestamp) -> None:
        """Begin with the end of the newest interval in the ledger."""
        self.serial = camera.serial
        self.counts = LiveCounts(until)
        self.is_answering = False
        self._ledger = ledger
        self._camera = camera
        # People of pushes who had been counted live before.
        self._pushed_late = NOBODY
        self._catching_up = asyncio.Lock()

    @property
    def is_used(self) -> bool:
        """Return True if live counts are read, and added to what is shown."""
        return self.is_answering and not self.counts.is_wrong

    async def async_catch_up(self, until: Timestamp) -> None:
        """Subtract the people of intervals that end later than the last one, up to an instant. Raises LedgerError."""
        async with self._catching_up:
            counts = self.counts
            if until <= counts.until:
                return
            found = await self._ledger.intervals(self._camera.key, counts.until, until, MAX_INTERVALS)
            # Otherwise an interval may have replaced one that has been subtracted already.
            is_complete = bool(found) and found[0].start == counts.until and len(found) < MAX_INTERVALS
            was_wrong = counts.is_wrong
            late = counts.pushed(until, people_of(found) if is_complete else None)
            self._pushed_late = self._pushed_late.plus(late)
            if counts.is_wrong and not was_wrong:
                _LOGGER.warning(
                    "The live counts of %s include more than its pushes, so they aren't used", self._camera.name
                )

    def passed(self, since: Timestamp, before: Timestamp = LATEST) -> People:
        """Return the people who have certainly passed between two instants."""
        return NOBODY if self.counts.is_wrong else self.counts.passed(since, before)

    def interval(self, since: Timestamp, before: Timestamp = LATEST) -> Interval:
        """Return the people who have certainly passed between two instants as an interval, which may have nobody."""
        return Interval(since, max(since, self.counts.newest), *self.passed(since, before), None, None)

    def take_pushed_late(self) -> People:
        """Return the people of pushes since the last call who had been counted live before."""
        late, self._pushed_late = self._pushed_late, NOBODY
        return late

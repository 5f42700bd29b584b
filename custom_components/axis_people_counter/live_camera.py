"""The live counts of one camera, in step with the pushes in the ledger.

Asks neither the camera nor stores anything. The coordinators of the camera and of its places read it, and
live_polling.py adds readings.
"""

import asyncio
from collections.abc import Iterable
import logging
from typing import Final

from .counting import LATEST, NOBODY, Interval, LiveCounts, People, Timestamp, people_of, without_people
from .ledger import Camera, Ledger

_LOGGER = logging.getLogger(__name__)

# A push with more intervals than a day has minutes is history.
MAX_INTERVALS: Final = 1500


class LiveCamera:
    """The counts of a camera after an interval of the ledger, in the camera's own direction."""

    def __init__(self, ledger: Ledger, camera: Camera, until: Timestamp) -> None:
        """Begin with the end of the newest interval in the ledger."""
        self.key = camera.key
        self.serial = camera.serial
        self.counts = LiveCounts(until)
        self.is_answering = False
        self._ledger = ledger
        self._name = camera.name
        # People of pushes who had been counted live before, with the ends of the pushes' last intervals.
        self._announced: list[tuple[Timestamp, People]] = []
        self._catching_up = asyncio.Lock()

    @property
    def is_used(self) -> bool:
        """Return True if live counts are read, and added to what is shown."""
        return self.is_answering and not self.counts.is_doubtful

    def go_on(self, ledger: Ledger) -> None:
        """Go on with the ledger of another set-up of the entry; the camera hasn't answered yet."""
        self._ledger = ledger
        self.is_answering = False

    async def async_catch_up(self, until: Timestamp) -> None:
        """Subtract the people of intervals that end later than the last one, up to an instant. Raises LedgerError."""
        async with self._catching_up:
            counts = self.counts
            if until <= counts.until:
                return
            found = await self._ledger.intervals(self.key, counts.until, until, MAX_INTERVALS)
            # Otherwise one may have replaced another that has been subtracted already, or may be pushed later.
            is_complete = [counts.until, *(interval.end for interval in found)] == [
                *(interval.start for interval in found),
                until,
            ]
            was_wrong = counts.is_wrong
            self._announced.append((until, counts.pushed(until, people_of(found) if is_complete else None)))
            if counts.is_wrong and not was_wrong:
                _LOGGER.warning("The live counts of %s include more than its pushes, so they aren't used", self._name)

    def pushed_again(self, since: Timestamp) -> None:
        """Count nobody twice whose time comes again, because the camera's clock was put back behind its last push."""
        if self.counts.is_behind and since < self.counts.until:
            self._announced.append((self.counts.until, self.counts.forget()))

    def passed(self, since: Timestamp, before: Timestamp = LATEST) -> People:
        """Return the people who have certainly passed between two instants."""
        return self.counts.passed(since, before)

    def interval(self, since: Timestamp, before: Timestamp = LATEST) -> Interval:
        """Return the people who have certainly passed between two instants as an interval, which may have nobody."""
        return Interval(since, max(since, self.counts.newest), *self.passed(since, before), None, None)

    def without_announced(self, pushed: Iterable[Interval], since: Timestamp) -> list[Interval]:
        """Return pushed intervals without the people who had been counted live before.

        Those whose intervals haven't come yet are kept for the next call, unless they passed before an instant.
        """
        intervals, remaining = list(pushed), []
        for until, people in self._announced:
            intervals, others = without_people(intervals, people)
            if others != NOBODY and until >= since:
                remaining.append((until, others))
        self._announced = remaining
        return intervals

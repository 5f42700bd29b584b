"""How many people a camera has certainly counted after an instant, from readings of its live counts. Never too many.

Knows neither requests nor the ledger. Called by live_camera.py.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

from .interval import Interval
from .local_time import LATEST, Timestamp

# Live counts may follow a passage after this many seconds, so an earlier reading may lack people of the last push.
LAG: Final = 2
# More people can't pass in a second, in one direction: the counts are others now.
MAX_PER_SECOND: Final = 5
# Counts that fall may be wrong for a moment. After this many seconds they have begun again.
LASTING: Final = 60
# Between two pushes there are seldom more readings with people.
MAX_STEPS: Final = 1000
# Places may have read older pushes than the newest one.
MAX_PUSHES: Final = 100
# Live counts are wrong after this many pushes that have fewer people, with none between them that agrees.
MAX_EXCESSES: Final = 3


class People(NamedTuple):
    """Numbers of people in each direction."""

    entered: int
    exited: int

    def plus(self, other: People) -> People:
        """Return the sum."""
        return People(self.entered + other.entered, self.exited + other.exited)

    def minus(self, other: People) -> People:
        """Return the difference in each direction, which is never negative."""
        return People(max(0, self.entered - other.entered), max(0, self.exited - other.exited))

    def less(self, other: People) -> People:
        """Return the difference in each direction, which may be negative."""
        return People(self.entered - other.entered, self.exited - other.exited)

    def highest(self, other: People) -> People:
        """Return the higher number of each direction."""
        return People(max(self.entered, other.entered), max(self.exited, other.exited))

    def lowest(self, other: People) -> People:
        """Return the lower number of each direction."""
        return People(min(self.entered, other.entered), min(self.exited, other.exited))

    def reversed_if(self, is_reversed: bool) -> People:
        """Return the numbers in the other direction if the camera is mounted the other way round."""
        return People(self.exited, self.entered) if is_reversed else self


NOBODY: Final = People(0, 0)


class Reading(NamedTuple):
    """The live counts of a camera, which may begin again at any time, and the second at which they were read there."""

    at: Timestamp
    counts: People


class LiveCounts:
    """Adds up what a camera has counted after its last pushed interval."""

    def __init__(self, until: Timestamp) -> None:
        """Begin with the end of the last pushed interval; nobody is known to have passed since."""
        # The end of the last pushed interval.
        self.until = until
        # The readings minus the pushes: people who certainly passed after the last push. Fewer than nobody as long as
        # people of the push aren't in any reading; None until a reading that certainly has all people of the push.
        self._balance: People | None = None
        # The people between two readings that may have passed later than the last push, and those between two pushes.
        self._steps: deque[Interval] = deque()
        self._pushes: deque[Interval] = deque(maxlen=MAX_PUSHES)
        # The last reading whose counts can be right, and the time of the last reading of all.
        self._last: Reading | None = None
        self._read_at = until
        # The camera's clock was put back behind the last push.
        self.is_behind = False
        self._lower_since: Timestamp | None = None
        self._excesses = 0

    @property
    def is_wrong(self) -> bool:
        """Return True if the readings have counted more people than the pushes, again and again."""
        return self._excesses >= MAX_EXCESSES

    @property
    def is_doubtful(self) -> bool:
        """Return True if the readings have counted more people than the last push with people."""
        return self._excesses > 0

    @property
    def newest(self) -> Timestamp:
        """The end of the last pushed interval, or the time of a later reading."""
        return max(self.until, self._read_at)

    def read(self, reading: Reading) -> Interval | None:
        """Add what was counted since an earlier reading, and return it; None if nobody was added."""
        last, read_at = self._last, self._read_at
        self._read_at = reading.at
        self.is_behind = reading.at < self.until and (self.is_behind or reading.at < read_at)
        before = self._passed
        if last is None or reading.at < max(read_at, self.until) or self._has_begun_again(last, reading):
            self._lower_since = None
        elif self._lower_since is not None:
            return None
        elif (people := reading.counts.minus(last.counts)) != NOBODY:
            self._add(_interval(last.at, reading.at, people))
            if self._balance is not None:
                self._balance = self._balance.plus(people)
        self._last = reading
        if reading.at >= self.until + LAG:
            self._balance = self._passed
        added = self._passed.minus(before)
        return None if last is None or added == NOBODY else _interval(last.at, reading.at, added)

    @property
    def _passed(self) -> People:
        """The people who certainly passed after the last push."""
        return NOBODY if self._balance is None or self.is_doubtful else self._balance.highest(NOBODY)

    def _has_begun_again(self, last: Reading, reading: Reading) -> bool:
        """Return True if the counts have begun again; note since when they are lower than the last ones."""
        if max(reading.counts.minus(last.counts)) > MAX_PER_SECOND * (reading.at - last.at + LAG):
            return True
        if last.counts.minus(reading.counts) == NOBODY:
            self._lower_since = None
            return False
        if self._lower_since is None:
            self._lower_since = reading.at
        return reading.at - self._lower_since >= LASTING

    def _add(self, step: Interval) -> None:
        if len(self._steps) == MAX_STEPS:
            first, second = self._steps.popleft(), self._steps.popleft()
            self._steps.appendleft(_interval(first.start, second.end, people_of((first, second))))
        self._steps.append(step)

    def pushed(self, until: Timestamp, people: People | None) -> People:
        """Subtract the people of new pushed intervals, which begin with the last one's end; None if they aren't known.

        Returns how many people no longer count as passed after the push: they were added by readings before.
        """
        before, was_doubtful = self._passed, self.is_doubtful
        if people is not None:
            self._compare(until, people)
            self._pushes.append(_interval(self.until, until, people))
        self.until = until
        while self._steps and self._steps[0].end < until:
            self._steps.popleft()
        if was_doubtful:
            # Nobody who was read meanwhile was shown, so the next push shows them.
            self._balance = None
            if not self.is_doubtful:
                self._steps.clear()
            return NOBODY
        if people is None or self._balance is None:
            self._balance = None
        else:
            # A push may lack people who were counted: they mustn't stay for ever.
            self._balance = self._balance.less(people).lowest(people_of(self._steps))
        if self._last is not None and self._last.at >= until + LAG:
            # People who were counted after the first reading later than the push passed after the push.
            self._balance = self._passed.highest(self._counted_after(until))
        return before.minus(self._passed)

    def forget(self) -> People:
        """Count nobody any more who was read up to now, and return how many no longer count."""
        before, self._balance = self._passed, None
        self._steps.clear()
        return before

    def _compare(self, until: Timestamp, people: People) -> None:
        """Count the pushes in a row that have fewer people than were read in their time."""
        certain = people_of(step for step in self._steps if step.start >= self.until + LAG and step.end < until)
        if certain.minus(people) != NOBODY:
            self._excesses += 1
        # Wrong live counts aren't read any more, so nothing can prove them right.
        elif certain != NOBODY and not self.is_wrong:
            self._excesses = 0

    def passed(self, since: Timestamp, before: Timestamp = LATEST) -> People:
        """Return the people who have certainly passed between two instants."""
        if since > self.until:
            people = NOBODY if self.is_doubtful else self._counted_after(since)
        else:
            people = self._passed.plus(people_of(push for push in self._pushes if push.start >= since))
        # People who may have passed later.
        later = [push for push in self._pushes if push.end > before] + [
            step for step in self._steps if step.end >= before
        ]
        return people.minus(people_of(later))

    def _counted_after(self, instant: Timestamp) -> People:
        return people_of(step for step in self._steps if step.start >= instant + LAG)


def _interval(start: Timestamp, end: Timestamp, people: People) -> Interval:
    return Interval(start, end, *people, None, None)


def people_of(intervals: Iterable[Interval]) -> People:
    """Return the people of all intervals."""
    counted = list(intervals)
    return People(sum(interval.entered for interval in counted), sum(interval.exited for interval in counted))


def without_people(intervals: Iterable[Interval], people: People) -> tuple[list[Interval], People]:
    """Return intervals without so many of their people, and those who weren't in them.

    The first intervals lose people first. Adults among the others aren't known.
    """
    found = []
    for interval in intervals:
        counted = People(interval.entered, interval.exited)
        remaining = counted.minus(people)
        people = people.minus(counted)
        is_whole = remaining == counted
        found.append(interval if is_whole else _interval(interval.start, interval.end, remaining))
    return found, people

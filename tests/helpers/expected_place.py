"""Calculates slowly and simply, minute by minute, what a place must show."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
# Longer than any test here.
LIFE: Final = 7 * DAY
# In and out.
type People = tuple[int, int]


def instant_of(text: str) -> int:
    """Return an instant in seconds since 1970 UTC."""
    return int(datetime.fromisoformat(text).timestamp())


def clock(zone: str, instant: int) -> datetime:
    """Return the local time in a zone."""
    return datetime.fromtimestamp(instant, ZoneInfo(zone))


@cache
def day_of(zone: str, now: int) -> range:
    """Return the minutes of the local date in a zone."""
    today = clock(zone, now).date()
    around = range(now // MINUTE * MINUTE - 26 * HOUR, now + 26 * HOUR, MINUTE)
    minutes = [minute for minute in around if clock(zone, minute).date() == today]
    return range(minutes[0], minutes[-1] + MINUTE, MINUTE)


@cache
def turns(zone: str, at: time, begin: int, end: int) -> list[int]:
    """Return the first minute of each local date, except the first date, at or after a local time."""
    found = []
    date = clock(zone, begin).date()
    for minute in range(begin, end, MINUTE):
        local = clock(zone, minute)
        if local.date() > date and local.time() >= at:
            date = local.date()
            found.append(minute)
    return found


class Layout(NamedTuple):
    """The intervals of a camera: their widths in even and odd hours, and the start of its hours, in minutes."""

    widths: tuple[int, int]
    shift: int

    def intervals(self, instant: int, counted: list[People]) -> Iterator[tuple[int, int, int, int]]:
        """Yield start, end, in and out of consecutive intervals, the first of which contains the instant."""
        for entered, exited in counted:
            start, end = self._interval_at(instant)
            yield start, end, entered, exited
            instant = end

    def _interval_at(self, instant: int) -> tuple[int, int]:
        hour = (instant - self.shift * MINUTE) // HOUR
        begin = hour * HOUR + self.shift * MINUTE
        width = self.widths[hour % 2] * MINUTE
        start = begin + (instant - begin) // width * width
        return start, start + width


class Counts:
    """The counts of all cameras, and which of them are reversed."""

    def __init__(self) -> None:
        # By camera, start and end of an interval, the counts that were sent last: sent, in, out.
        self.latest: dict[tuple[str, int, int], tuple[int, int, int]] = {}
        self.reversed: set[str] = set()

    def measure(self, serial: str, sent: int, start: int, end: int, entered: int, exited: int) -> None:
        """Store the counts of an interval."""
        key, counts = (serial, start, end), (sent, entered, exited)
        self.latest[key] = max(counts, self.latest.get(key, counts))


class Step(NamedTuple):
    """All numbers of people inside at an instant, the last of which stays, and how many left without having entered."""

    at: int
    levels: list[int]
    drift: int


@dataclass
class ExpectedPlace:
    """The settings and corrections of a place; with the counts, its occupancy follows minute by minute."""

    # Long before the first count.
    begin: int
    counts: Counts
    zone: str
    # Whether each door leads out of the place, by serial number.
    doors: dict[str, bool]
    reset: time | None
    reset_value: int = 0
    corrections: list[tuple[int, int]] = field(default_factory=list)

    def passages(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield start, end, in and out of all intervals, in the direction of the place."""
        for (serial, start, end), (_, entered, exited) in self.counts.latest.items():
            if serial in self.doors:
                is_reversed = self.doors[serial] != (serial in self.counts.reversed)
                yield (start, end, exited, entered) if is_reversed else (start, end, entered, exited)

    @property
    def resets(self) -> list[int]:
        """Return the instants at which the occupancy is reset."""
        return [] if self.reset is None else turns(self.zone, self.reset, self.begin, self.begin + LIFE)

    def day(self, now: int) -> range:
        """Return the minutes of the day."""
        return day_of(self.zone, now)

    def steps(self, now: int, end: int) -> Iterator[Step]:
        """Yield a step for every minute and every correction; resets later than `now` are left out.

        Somebody who left without having entered may be counted in a longer interval that ends later.
        """
        passages = [one for one in self.passages() if any(one[2:])]
        net: Counter[int] = Counter()
        for _, finish, entered, exited in passages:
            net[finish] += entered - exited
        resets = {reset for reset in self.resets if reset <= now}
        corrected: dict[int, list[int]] = {}
        for at, value in self.corrections:
            corrected.setdefault(at, []).append(value)
        running = 0
        for instant in sorted([*range(self.begin, end + 1, MINUTE), *(at for at in corrected if at % MINUTE)]):
            drift = 0
            if instant in net:
                running += net[instant]
                pending = sum(entered for start, finish, entered, _ in passages if start < instant < finish)
                drift = max(0, -running - pending)
                running += drift
            levels = [running]
            if instant in resets:
                levels.append(self.reset_value)
            levels += corrected.get(instant, [])
            running = levels[-1]
            yield Step(instant, [self.shown(level) for level in levels], drift)

    def since_reset(self, steps: list[Step], now: int) -> Iterator[int]:
        """Yield all numbers of people inside since the last reset, on which limits depend."""
        last = max((reset for reset in self.resets if reset <= now), default=None)
        for step in steps:
            if last is None or step.at >= last:
                # A passage at the instant of a reset belongs before it.
                yield from step.levels[1:] if step.at == last else step.levels

    def shown(self, running: int) -> int:
        """Return the number that is shown for a running sum."""
        return max(0, running)

    def counted(self, day: range) -> tuple[int, int]:
        """Return how many entered and exited in the intervals that start in a day."""
        of_day = [(entered, exited) for start, _, entered, exited in self.passages() if start in day]
        return sum(entered for entered, _ in of_day), sum(exited for _, exited in of_day)

    def counted_until(self) -> dict[str, int]:
        """Return the end of the newest interval of each door that has reported."""
        return {serial: end for serial, _, end in sorted(self.counts.latest) if serial in self.doors}


people: Final[st.SearchStrategy[People]] = st.tuples(st.integers(0, 3), st.integers(0, 3))
layouts: Final = st.builds(
    Layout, st.sampled_from([(1, 1), (1, 1), (5, 1), (15, 5), (15, 15)]), st.sampled_from([0, 0, 2, 7])
)

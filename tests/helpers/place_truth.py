"""A slow and simple calculation of how a place stands, minute by minute, from the same counts."""

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
# Longer than any story here.
LIFE: Final = 7 * DAY
# In and out.
type People = tuple[int, int]


def instant_of(text: str) -> int:
    """Return an instant in seconds since 1970 UTC."""
    return int(datetime.fromisoformat(text).timestamp())


def clock(zone: str, instant: int) -> datetime:
    """Return what the clock shows in a zone."""
    return datetime.fromtimestamp(instant, ZoneInfo(zone))


@cache
def day_of(zone: str, now: int) -> range:
    """Return the minutes of the date that the clock shows in a zone."""
    today = clock(zone, now).date()
    around = range(now // MINUTE * MINUTE - 26 * HOUR, now + 26 * HOUR, MINUTE)
    minutes = [minute for minute in around if clock(zone, minute).date() == today]
    return range(minutes[0], minutes[-1] + MINUTE, MINUTE)


@cache
def turns(zone: str, at: time, begin: int, end: int) -> list[int]:
    """Return the first minute of each date, but the first, at which the clock shows a time or a later one.

    Where the clock is set, that is to another hour of the same date.
    """
    found = []
    date = clock(zone, begin).date()
    for minute in range(begin, end, MINUTE):
        local = clock(zone, minute)
        if local.date() > date and local.time() >= at:
            date = local.date()
            found.append(minute)
    return found


class Layout(NamedTuple):
    """How a camera divides time: its widths in even and in odd hours, and how late its hours begin, in minutes."""

    widths: tuple[int, int]
    shift: int

    def intervals(self, instant: int, counted: list[People]) -> Iterator[tuple[int, int, int, int]]:
        """Yield start, end, in and out of intervals, the first of which has an instant in it."""
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
    """What cameras said, and which of them the user reversed."""

    def __init__(self) -> None:
        # Of each interval of each camera what was sent last: when, in, out.
        self.told: dict[tuple[str, int, int], tuple[int, int, int]] = {}
        self.reversed: set[str] = set()

    def tell(self, serial: str, sent: int, start: int, end: int, entered: int, exited: int) -> None:
        """Note an interval."""
        key, told = (serial, start, end), (sent, entered, exited)
        self.told[key] = max(told, self.told.get(key, told))


class Step(NamedTuple):
    """All levels at an instant, the last of which stays, and how many left without having come."""

    at: int
    levels: list[int]
    drift: int


@dataclass
class Truth:
    """What was said of a place, and what follows from it and from the counts, worked out minute by minute."""

    # Long before anything is known.
    begin: int
    counts: Counts
    zone: str
    # By serial, and whether they lead out of it.
    doors: dict[str, bool]
    reset: time | None
    reset_value: int = 0
    corrections: list[tuple[int, int]] = field(default_factory=list)

    def passages(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield start, end, in and out of all intervals, in the direction of the place."""
        for (serial, start, end), (_, entered, exited) in self.counts.told.items():
            if serial in self.doors:
                is_reversed = self.doors[serial] != (serial in self.counts.reversed)
                yield (start, end, exited, entered) if is_reversed else (start, end, entered, exited)

    @property
    def resets(self) -> list[int]:
        """Return when it starts anew."""
        return [] if self.reset is None else turns(self.zone, self.reset, self.begin, self.begin + LIFE)

    def day(self, now: int) -> range:
        """Return the minutes of the day."""
        return day_of(self.zone, now)

    def steps(self, now: int, end: int) -> Iterator[Step]:
        """Go through every minute, and every instant at which somebody said something; it is reset up to now.

        Who left without having come may be one of those who came in an interval that isn't over.
        """
        passages = [one for one in self.passages() if any(one[2:])]
        net: Counter[int] = Counter()
        for _, finish, entered, exited in passages:
            net[finish] += entered - exited
        resets = {reset for reset in self.resets if reset <= now}
        said: dict[int, list[int]] = {}
        for at, value in self.corrections:
            said.setdefault(at, []).append(value)
        running = 0
        for instant in sorted([*range(self.begin, end + 1, MINUTE), *(at for at in said if at % MINUTE)]):
            drift = 0
            if instant in net:
                running += net[instant]
                pending = sum(entered for start, finish, entered, _ in passages if start < instant < finish)
                drift = max(0, -running - pending)
                running += drift
            levels = [running]
            if instant in resets:
                levels.append(self.reset_value)
            levels += said.get(instant, [])
            running = levels[-1]
            yield Step(instant, [self.shown(level) for level in levels], drift)

    def shown(self, running: int) -> int:
        """Return what is shown of a plain sum."""
        return max(0, running)

    def counted(self, day: range) -> tuple[int, int]:
        """Return who came and who left in the intervals that begin in a day."""
        of_day = [(entered, exited) for start, _, entered, exited in self.passages() if start in day]
        return sum(entered for entered, _ in of_day), sum(exited for _, exited in of_day)

    def counted_until(self) -> dict[str, int]:
        """Return up to when each door has reported, as far as it ever has."""
        return {serial: end for serial, _, end in sorted(self.counts.told) if serial in self.doors}


people: Final[st.SearchStrategy[People]] = st.tuples(st.integers(0, 3), st.integers(0, 3))
layouts: Final = st.builds(
    Layout, st.sampled_from([(1, 1), (1, 1), (5, 1), (15, 5), (15, 15)]), st.sampled_from([0, 0, 2, 7])
)

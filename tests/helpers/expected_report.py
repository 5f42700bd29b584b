"""Calculates slowly and simply, minute by minute, what a report must contain.

It knows the raw intervals that cameras sent, and nothing of the integration's calculations.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

MINUTE: Final = 60
DAY: Final = 24 * 60 * MINUTE


class Raw(NamedTuple):
    """An interval in the direction of the place."""

    start: int
    end: int
    entered: int
    exited: int


class ExpectedMissing(NamedTuple):
    """Missing counts of a door."""

    door: str
    start: int
    end: int
    minutes: int
    reason: str
    whole_days: int


@dataclass
class Local:
    """All minutes around some dates, by what the clock shows; `until` is the end of the report."""

    zone: ZoneInfo
    # Open minutes by date, None where they aren't known; without opening hours, each minute is open.
    opened: Mapping[date, frozenset[int] | None] | None
    until: int
    dates: dict[date, list[int]] = field(default_factory=dict)
    hours: dict[int, int] = field(default_factory=dict)

    def minutes(self, day: date) -> list[int]:
        """Return the minutes of a date, also those after the end of the report."""
        if day not in self.dates:
            noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=self.zone).timestamp()) // MINUTE * MINUTE
            around = range(noon - DAY, noon + DAY, MINUTE)
            self.dates[day] = [at for at in around if datetime.fromtimestamp(at, self.zone).date() == day]
        return self.dates[day]

    def open_minutes(self, day: date) -> list[int] | None:
        """Return the open minutes of a date, None where they aren't known."""
        if self.opened is None:
            return self.minutes(day)
        return None if (found := self.opened[day]) is None else sorted(found)

    def so_far(self, day: date, *, is_open: bool = True) -> list[int] | None:
        """Return the open minutes of a date up to the end of the report, or the closed ones."""
        if (found := self.open_minutes(day)) is None:
            return None
        opened = set(found)
        return [at for at in self.minutes(day) if at < self.until and (at in opened) == is_open]

    def hour(self, at: int) -> int:
        """Return the hour on the clock."""
        if at not in self.hours:
            self.hours[at] = datetime.fromtimestamp(at, self.zone).hour
        return self.hours[at]


@dataclass
class ExpectedReport:
    """The raw intervals of each door, and what is expected of them."""

    local: Local
    dates: Sequence[date]
    doors: Mapping[str, Sequence[Raw]]
    reset: time | None
    reset_value: int
    corrections: Sequence[tuple[int, int]]
    capacity: int | None
    kept_since: int

    @cached_property
    def covered(self) -> dict[str, set[int]]:
        """Return the minutes of each door that its intervals cover."""
        return {
            key: {
                at for interval in found for at in range(interval.start, interval.end, MINUTE) if at >= self.kept_since
            }
            for key, found in self.doors.items()
        }

    @cached_property
    def entered(self) -> dict[str, Counter[int]]:
        """Return the people in at each door by the minute in which their interval begins."""
        found: dict[str, Counter[int]] = {key: Counter() for key in self.doors}
        for key, intervals in self.doors.items():
            for interval in intervals:
                if interval.start >= self.kept_since:
                    found[key][interval.start] += interval.entered
        return found

    def people(self, minutes: Iterable[int]) -> int:
        """Return the people in at all doors in some minutes."""
        return sum(self.entered[key][at] for at in minutes for key in self.doors)

    def figure(self, minutes: Iterable[list[int] | None]) -> tuple[int | None, int, bool]:
        """Return visitors, missing minutes, and whether the opening hours of all days are known."""
        of_days = list(minutes)
        known = [at for of_day in of_days if of_day is not None for at in of_day]
        hours_known = None not in of_days
        missing = sum(any(at not in self.covered[key] for key in self.doors) for at in known)
        is_dark = bool(known) and all(at not in self.covered[key] for at in known for key in self.doors)
        people = self.people(known)
        is_unknown = all(of_day is None for of_day in of_days) or (is_dark and not people)
        return None if is_unknown else people, missing, hours_known

    # Occupancy

    @cached_property
    def resets(self) -> list[int]:
        """Return when the occupancy is reset, on each date for which that may matter."""
        if self.reset is None:
            return []
        first = self.dates[0] - timedelta(days=4)
        days = [first + timedelta(days=number) for number in range((self.dates[-1] - first).days + 2)]
        found = []
        for day in days:
            minutes = self.local.minutes(day)
            later = [at for at in minutes if datetime.fromtimestamp(at, self.local.zone).time() >= self.reset]
            # Clocks may be put forward over the reset time, also at the end of a day.
            found.append(later[0] if later else minutes[-1] + MINUTE)
        return found

    @cached_property
    def steps(self) -> list[tuple[int, list[int], int]]:
        """Return the instant, all numbers of people inside in their order, and the drift, of each change."""
        passages = [one for found in self.doors.values() for one in found if one.entered or one.exited]
        net: Counter[int] = Counter()
        for passage in passages:
            net[passage.end] += passage.entered - passage.exited
        ends = {passage.end for passage in passages}
        set_to: defaultdict[int, list[int]] = defaultdict(list)
        for at in self.resets:
            set_to[at].append(self.reset_value)
        for at, value in self.corrections:
            set_to[at].append(value)
        running = 0
        found = []
        for at in sorted(ends | set(set_to)):
            inside = []
            drift = 0
            if at in ends:
                running += net[at]
                pending = sum(one.entered for one in passages if one.start < at < one.end)
                drift = max(0, -running - pending)
                running += drift
                inside.append(running)
            inside += set_to[at]
            running = inside[-1]
            found.append((at, [max(0, level) for level in inside], drift))
        return found

    def of_day(self, day: date) -> tuple[tuple[int, int] | None, int, int]:
        """Return the peak and when, the drift, and the minutes above the capacity of a date."""
        minutes = self.local.minutes(day)
        start, end = max(minutes[0], self.kept_since), min(minutes[-1] + MINUTE, self.local.until)
        if start >= end:
            return None, 0, 0
        inside = 0
        for at, found, _ in self.steps:
            if at <= start:
                inside = found[-1]
        highest, when, drift = inside, start, 0
        for at, found, drifted in self.steps:
            if start < at <= end:
                drift += drifted
                passed = found[:1] if at == end and at not in self._only_set else [] if at == end else found
                for level in passed:
                    if level > highest:
                        highest, when = level, at
        by_minute = {}
        level = inside
        coming = [(at, found[-1]) for at, found, _ in self.steps if start < at < end]
        for at in range(start, end, MINUTE):
            while coming and coming[0][0] <= at:
                level = coming.pop(0)[1]
            by_minute[at] = level
        counted = {at for at in by_minute if any(at in self.covered[key] for key in self.doors)}
        over = sum(self.capacity is not None and by_minute[at] > self.capacity for at in counted)
        return (highest, when) if counted else None, drift, over

    def has_passages(self, at: int) -> bool:
        """Return True if people passed in an interval that ends at an instant."""
        return at not in self._only_set

    @cached_property
    def _set_at(self) -> set[int]:
        return {*self.resets, *(at for at, _ in self.corrections)}

    @cached_property
    def _only_set(self) -> set[int]:
        """Return the instants at which nobody passed, and the occupancy was set."""
        ends = {one.end for found in self.doors.values() for one in found if one.entered or one.exited}
        return self._set_at - ends

    # Hours

    def cell(self, day: date, hour: int) -> tuple[int | None, bool] | None:
        """Return the visitors of an hour of a date, and if they are complete; None if it is closed or ahead."""
        minutes = [at for at in self.local.minutes(day) if self.local.hour(at) == hour]
        if not (begun := [at for at in minutes if at < self.local.until]):
            return None
        if (open_time := self.local.so_far(day)) is None:
            return None, False
        opened = set(open_time)
        if not (found := [at for at in begun if at in opened]):
            return None
        value, missing, _ = self.figure([found])
        return value, value is not None and not missing and len(begun) == len(minutes)

    def mean(self, weekday: int, hour: int) -> tuple[float | None, bool] | None:
        """Return the mean of the complete cells of a weekday."""
        cells = [self.cell(day, hour) for day in self.dates if day.weekday() == weekday and self.local.minutes(day)]
        found = [cell for cell in cells if cell]
        complete = [value for value, is_complete in found if is_complete and value is not None]
        if complete:
            return sum(complete) / len(complete), True
        return (None, False) if found else None

    def busiest_hour(self) -> tuple[int, int] | None:
        """Return the beginning of the hour with the most visitors, and their number."""
        best: tuple[int, int] | None = None
        for day in self.dates:
            open_time = set(self.local.so_far(day) or ())

            def on_the_clock(at: int) -> tuple[int, timedelta | None]:
                local = datetime.fromtimestamp(at, self.local.zone)
                return local.hour, local.utcoffset()

            for _, group in groupby(self.local.minutes(day), key=on_the_clock):
                of_hour = list(group)
                people = self.people(at for at in of_hour if at in open_time)
                if people > (best[1] if best else 0):
                    best = of_hour[0], people
        return best

    # Estimates

    def missed(self, days: Iterable[date]) -> Fraction | None:
        """Return the visitors expected in missing time, None with too little history."""
        expected = Fraction(0)
        for day in days:
            if (open_time := self.local.so_far(day)) is None:
                return None
            for key in self.doors:
                missing = Counter(self.local.hour(at) for at in open_time if at not in self.covered[key])
                for hour, minutes in missing.items():
                    if (rate := self._rate(key, day, hour)) is None:
                        return None
                    expected += rate * minutes
        return expected

    def _rate(self, key: str, day: date, hour: int) -> Fraction | None:
        people = minutes = weeks = 0
        for number in range(1, 9):
            open_time = self.local.so_far(day - timedelta(weeks=number)) or []
            of_hour = [at for at in open_time if self.local.hour(at) == hour]
            if of_hour and all(at in self.covered[key] for at in of_hour):
                people += sum(self.entered[key][at] for at in of_hour)
                minutes += len(of_hour)
                weeks += 1
        return Fraction(people, minutes) if weeks >= 3 else None

    # Missing counts

    def missing(self) -> Iterator[ExpectedMissing]:
        """Yield what is missing, in no order."""
        for key, intervals in self.doors.items():
            first = min((interval.start for interval in intervals), default=None)
            for reason in ("never", "deleted", "not_yet", "gap"):
                whole: list[list[int]] = []
                for day in self.dates:
                    if not (open_time := self.local.so_far(day)):
                        continue
                    found = [
                        at for at in open_time if at not in self.covered[key] and self._reason(at, first) == reason
                    ]
                    if found == open_time:
                        whole.append(found)
                        continue
                    yield from _whole(key, whole, reason)
                    whole = []
                    if found:
                        yield ExpectedMissing(key, found[0], found[-1] + MINUTE, len(found), reason, 0)
                yield from _whole(key, whole, reason)

    def _reason(self, at: int, first: int | None) -> str:
        if first is None:
            return "never"
        if at < self.kept_since:
            return "deleted"
        return "not_yet" if at < first else "gap"


def _whole(key: str, days: list[list[int]], reason: str) -> Iterator[ExpectedMissing]:
    if days:
        minutes = [at for day in days for at in day]
        yield ExpectedMissing(key, minutes[0], minutes[-1] + MINUTE, len(minutes), reason, len(days))

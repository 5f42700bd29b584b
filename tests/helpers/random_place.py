"""A place with random doors, counts, opening hours and settings, and its report.

Tests compare what the integration makes of it with a slow calculation minute by minute: see expected_report.
"""

from datetime import date, time, timedelta
from functools import partial
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from custom_components.axis_people_counter.counting import OpenDay, OpenSpan, Schedule, Source
from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.history import PlaceHistory
from custom_components.axis_people_counter.ledger import Door, Ledger, deleted_hours
from custom_components.axis_people_counter.reports import Days, PlaceReport, ReportKind
from custom_components.axis_people_counter.reports.figures import Question, build
from custom_components.axis_people_counter.settings import PlaceSettings

from .bare_ledger import TIMEOUT, pack_all, push, sender
from .expected_place import Layout
from .expected_report import DAY, MINUTE, ExpectedReport, Local, Raw

HOUR: Final = 60 * MINUTE
# Zones, and the dates on which their clocks change: forward and back, at midnight, by half an hour.
CHANGES: Final = (
    ("Europe/Stockholm", "2026-03-29"),
    ("Europe/Stockholm", "2026-10-25"),
    ("America/Havana", "2026-03-08"),
    ("America/Havana", "2025-11-02"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2025-10-05"),
    ("America/New_York", "2025-11-02"),
    ("Asia/Kathmandu", "2026-05-14"),
    ("UTC", "2026-01-03"),
)
WIDTHS: Final = ((5, 5), (15, 5), (15, 15), (30, 30), (60, 60), (60, 15))


class Window(NamedTuple):
    """Time [start, end) of which a door counts some or all."""

    start: int
    end: int


class World:
    """A place with random doors, counts, hours and settings."""

    def __init__(self, seed: int) -> None:
        """Choose everything but the counts."""
        self.chance = chance = Random(seed)
        name, changed = chance.choice(CHANGES)
        self.zone = ZoneInfo(name)
        self.kind = chance.choice([ReportKind.DAY, ReportKind.WEEK, ReportKind.RANGE, ReportKind.RANGE])
        near = date.fromisoformat(changed) + timedelta(days=chance.choice([0, 0, 1, -1, chance.randint(-9, 9)]))
        match self.kind:
            case ReportKind.DAY:
                number = 1
            case ReportKind.WEEK:
                near -= timedelta(days=near.weekday())
                number = 7
            case _:
                number = chance.randint(1, 10)
        self.days = Days(near, near + timedelta(days=number - 1))
        self.dates = dates(self.days.first, number)
        self.previous = dates(near - timedelta(days=number), number)
        self.last_year = [day - timedelta(weeks=weeks_before(near)) for day in self.dates]
        self.weeks = [[day - timedelta(weeks=number) for day in self.dates] for number in range(1, 9)]
        self.reset = chance.choice([None, time(), time(), time(2, 30), time(4, 15)])
        self.reset_value = chance.choice([0, 0, 3]) if self.reset is not None else 0
        self.capacity = chance.choice([None, 2, 5, 9])
        plain = Local(self.zone, None, 0)
        first, last = plain.minutes(self.dates[0])[0], plain.minutes(self.dates[-1])[-1] + MINUTE
        is_running = chance.random() < 0.4
        self.now = first + chance.randint(1, (last - first) // MINUTE) * MINUTE if is_running else last + 5 * HOUR
        self.kept_since = chance.choice(
            [0, 0, 0, first - 20 * DAY, first + chance.randint(0, number * 24) * HOUR, last + DAY]
        )
        self.opened = self.random_hours(plain) if chance.random() < 0.6 else None
        self.doors = [
            Door(sender(number).serial, chance.random() < 0.3) for number in range(chance.choice([1, 1, 2, 2, 3, 4]))
        ]
        self.sent: dict[str, dict[tuple[int, int], tuple[int, int]]] = {door.key: {} for door in self.doors}
        self.reversed: set[str] = set()
        self.corrections: list[tuple[int, int]] = []
        self.plain = plain

    def random_hours(self, plain: Local) -> dict[date, frozenset[int] | None]:
        """Return the open minutes of all days that a report may need."""
        chance = self.chance
        found: dict[date, frozenset[int] | None] = {}
        usual = sorted(chance.sample(range(24 * 60), 4))
        for day in sorted({*self.dates, *self.previous, *self.last_year, *self.before}):
            minutes = plain.minutes(day)
            match chance.random():
                case number if number < 0.03:
                    found[day] = None
                    continue
                case number if number < 0.1:
                    spans: list[tuple[int, int]] = []
                case number if number < 0.2:
                    spans = [(minutes[0], minutes[-1] + MINUTE)]
                case number if number < 0.3:
                    cuts = sorted(chance.sample(minutes, 4))
                    spans = [(cuts[0], cuts[1]), (cuts[2], cuts[3])]
                case _:
                    cuts = [minutes[0] + minute * MINUTE for minute in usual]
                    spans = [(cuts[0], cuts[1]), (cuts[2], cuts[3])]
            found[day] = frozenset(at for at in minutes if any(start <= at < end for start, end in spans))
        return found

    @property
    def before(self) -> list[date]:
        """The dates of the eight weeks before."""
        return dates(self.dates[0] - timedelta(weeks=8), 56)

    # Counts

    def count(self, ledger: Ledger) -> None:
        """Let all doors count and push, in any order, some of it twice."""
        chance = self.chance
        pushes: list[tuple[int, int, list[tuple[int, int]]]] = []
        later: list[tuple[int, int, list[tuple[int, int]]]] = []
        for number in range(len(self.doors)):
            if chance.random() < 0.07:
                # This door was never seen.
                continue
            layout = Layout(chance.choice(WIDTHS), chance.choice([0, 0, 2, 7]))
            times = sorted({at for window in self.windows() for at in self.intervals_in(layout, window)})
            times = [(start, end) for start, end in times if end <= self.now]
            pushes += [(number, 10, times[first : first + 500]) for first in range(0, len(times), 500)]
            for sent in (20, 30, 40):
                if times:
                    first = chance.randrange(len(times))
                    later.append((number, sent, times[first : first + 30]))
        chance.shuffle(pushes)
        for one in pushes:
            self.push(ledger, *one)
        if chance.random() < 0.6:
            pack_all(ledger, self.now - chance.choice([0, 2 * DAY, 30 * DAY]))
        for one in later:
            self.push(ledger, *one)
        self.set_up(ledger)

    def windows(self) -> list[Window]:
        """Return when a door counts: much of the days of the report and before, some of the earlier ones."""
        chance = self.chance
        found = []
        for day in dates(self.dates[0] - timedelta(days=2), len(self.dates) + 3):
            found += self.parts_of(day, whole=0.6, nothing=0.1)
        for days, whole, nothing in ((self.previous, 0.7, 0.05), (self.last_year, 0.7, 0.05)):
            if chance.random() < 0.7:
                for day in days:
                    found += self.parts_of(day, whole=whole, nothing=nothing)
        if chance.random() < 0.8:
            for week in self.weeks:
                for day in week[:3]:
                    found += self.parts_of(day, whole=0.5, nothing=0.1)
        return found

    def parts_of(self, day: date, *, whole: float, nothing: float) -> list[Window]:
        """Return parts of a day."""
        minutes = self.plain.minutes(day)
        what = self.chance.random()
        if what < whole:
            return [Window(minutes[0], minutes[-1] + MINUTE)]
        if what > 1 - nothing:
            return []
        cuts = sorted(self.chance.sample(minutes, 4))
        return [Window(cuts[0], cuts[1]), Window(cuts[2], cuts[3])]

    def intervals_in(self, layout: Layout, window: Window) -> list[tuple[int, int]]:
        """Return the times of the intervals that cover a window."""
        found = []
        at = window.start
        while at < window.end:
            ((start, end, _, _),) = layout.intervals(at, [(0, 0)])
            found.append((start, end))
            at = end
        return found

    def push(self, ledger: Ledger, number: int, sent: int, times: list[tuple[int, int]]) -> None:
        """Push random counts of some intervals."""
        chance = self.chance
        of_door = self.sent[self.doors[number].key]
        found = []
        for start, end in times:
            busy = chance.random() < 0.25
            counts = (chance.randint(0, 3), chance.randint(0, 3)) if busy else (0, 0)
            of_door[start, end] = counts
            found.append(Interval(start, end, *counts, None, None))
        ledger.record(push(sent, *found, sender=sender(number)), self.now).result(TIMEOUT)

    def set_up(self, ledger: Ledger) -> None:
        """Reverse cameras, set occupancies, and forget old counts."""
        chance = self.chance
        ledger.set_places([self.settings.place]).result(TIMEOUT)
        for door in self.doors:
            if self.sent[door.key] and chance.random() < 0.2:
                self.reversed.add(door.key)
                ledger.set_reversed(door.key, True).result(TIMEOUT)
        minutes = [at for day in self.dates for at in self.plain.minutes(day)]
        for at in sorted(chance.sample([*minutes, minutes[0] - 3 * HOUR, minutes[0]], chance.randint(0, 4))):
            if at < self.now:
                self.corrections.append((at, chance.randint(0, 8)))
                ledger.correct_place(self.settings.place, *self.corrections[-1], Source.ACTION).result(TIMEOUT)
        ledger.submit(partial(deleted_hours.set_kept_since, since=self.kept_since), writes=True).result(TIMEOUT)

    @property
    def settings(self) -> PlaceSettings:
        """The settings of the place."""
        schedule = Schedule(self.zone, self.reset, self.reset_value)
        return PlaceSettings("shop", "Shop", tuple(self.doors), self.capacity, None, 0, str(self.zone), schedule)

    def history(self, ledger: Ledger) -> PlaceHistory:
        """Return the history of the place."""
        settings = self.settings
        cameras = {door.key: camera for door in self.doors if (camera := ledger.camera(door.key).result(TIMEOUT))}
        return PlaceHistory(ledger, "shop", "Shop", settings.schedule, settings, cameras)

    # The report

    def report(self, ledger: Ledger) -> PlaceReport:
        """Return the report."""
        needed = sorted({*self.dates, *self.previous, *self.last_year, *self.before})
        names = {door.key: door.key for door in self.doors}
        open_days = [self.open_day(day) for day in needed]
        has_hours = self.opened is not None
        return build(Question(self.history(ledger), names, self.kind, self.days, self.now, open_days, has_hours, {}))

    def open_day(self, day: date) -> OpenDay:
        """Return the hours of a day."""
        minutes = self.plain.minutes(day)
        start, end = minutes[0], minutes[-1] + MINUTE
        if self.opened is None:
            return OpenDay(start, end, (OpenSpan(start, end, None),))
        if (found := self.opened[day]) is None:
            return OpenDay(start, end, None)
        begins = sorted(at for at in found if at - MINUTE not in found)
        ends = sorted(at + MINUTE for at in found if at + MINUTE not in found)
        return OpenDay(start, end, tuple(OpenSpan(*span, None) for span in zip(begins, ends, strict=True)))

    def expected(self, until: int) -> ExpectedReport:
        """Return what the report has to contain."""
        doors: dict[str, list[Raw]] = {}
        for door in self.doors:
            is_reversed = door.is_reversed != (door.key in self.reversed)
            doors[door.key] = [
                Raw(*times, *(counts[::-1] if is_reversed else counts)) for times, counts in self.sent[door.key].items()
            ]
        local = Local(self.zone, self.opened, until)
        return ExpectedReport(
            local, self.dates, doors, self.reset, self.reset_value, self.corrections, self.capacity, self.kept_since
        )

    @property
    def until(self) -> int:
        """Where the numbers end: where all doors have counted, but the silent ones."""
        end = self.plain.minutes(self.dates[-1])[-1] + MINUTE
        if self.now >= end:
            return end
        newest = [max(end for _, end in times) for times in self.sent.values() if times]
        start = self.plain.minutes(self.dates[0])[0]
        return max(start, min([self.now, *(end for end in newest if end > self.now - 2 * HOUR)]))


def dates(first: date, number: int) -> list[date]:
    """Return some dates in a row."""
    return [first + timedelta(days=later) for later in range(number)]


def weeks_before(day: date) -> int:
    """Return how many weeks before a date last year's week of the same number is."""
    year, week, _ = day.isocalendar()
    for weeks in (52, 53):
        if (day - timedelta(weeks=weeks)).isocalendar()[:2] == (year - 1, week):
            return weeks
    return 52

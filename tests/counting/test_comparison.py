"""The counts that a camera exports are compared with the stored ones by the hour, also where clocks change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.counting import (
    HourDifference,
    Interval,
    LocalCounts,
    Schedule,
    compared_hours,
    intervals_of,
    uncovered,
    wall_time,
)

MINUTE = 60


@dataclass(frozen=True)
class Day:
    """A day in a time zone, and who passed in each of its minutes."""

    zone: ZoneInfo
    start: int
    end: int
    passed: dict[int, tuple[int, int]]

    @classmethod
    def of(cls, zone: str, day: date) -> Day:
        """Return a day with random people."""
        random = Random(zone)
        start, end = Schedule(ZoneInfo(zone), None).day(
            int(datetime.combine(day, time(12), ZoneInfo(zone)).timestamp())
        )
        minutes = range(start, end, MINUTE)
        return cls(ZoneInfo(zone), start, end, {at: (random.randrange(4), random.randrange(3)) for at in minutes})

    def widened(self, minutes: int) -> Iterator[Interval]:
        """Yield intervals of some minutes."""
        for start in range(self.start, self.end, minutes * MINUTE):
            found = [self.passed[at] for at in range(start, start + minutes * MINUTE, MINUTE)]
            entered, exited = map(sum, zip(*found, strict=True))
            yield Interval(start, start + minutes * MINUTE, entered, exited, None, None)

    def exported(self, minutes: int = 1) -> list[LocalCounts]:
        """Return the rows that a camera exports."""
        return [
            LocalCounts(
                wall_time(interval.start, self.zone),
                wall_time(interval.end, self.zone),
                interval.entered,
                interval.exited,
                None,
                None,
            )
            for interval in self.widened(minutes)
        ]

    def compared(
        self, rows: list[LocalCounts], stored: Iterator[Interval] | list[Interval], minutes: int = 1
    ) -> list[HourDifference]:
        """Return the hours that can be compared."""
        return compared_hours(rows, stored, (self.start, self.end), self.zone, minutes * MINUTE)


def differing(hours: list[HourDifference]) -> list[HourDifference]:
    """Return the hours that differ."""
    return [hour for hour in hours if hour.people]


@pytest.mark.parametrize(("of_camera", "of_pushes"), [(1, 1), (1, 5), (1, 15), (15, 1), (15, 15)])
@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 9, 16), 24),
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24),
        ("Australia/Lord_Howe", date(2026, 10, 4), 24),
        ("America/Havana", date(2026, 3, 8), 23),
        ("America/Havana", date(2026, 11, 1), 24),
        ("Asia/Kolkata", date(2026, 10, 25), 24),
        ("Asia/Kathmandu", date(2026, 10, 25), 24),
    ],
)
def test_equal_counts(zone: str, day: date, hours: int, of_camera: int, of_pushes: int) -> None:
    """All hours of all days are compared, and agree; the two passes of an hour are one."""
    of_day = Day.of(zone, day)
    found = of_day.compared(of_day.exported(of_camera), of_day.widened(of_pushes), of_camera)
    assert len(found) == hours
    assert differing(found) == []
    assert sum(hour.entered for hour in found) == sum(entered for entered, _ in of_day.passed.values())


@pytest.mark.parametrize("hour", [0, 2, 23])
def test_counts_that_are_not_stored(hour: int) -> None:
    """Minutes that aren't stored count as nobody, also in an hour that comes twice."""
    of_day = Day.of("Europe/Berlin", date(2026, 10, 25))
    stored = [
        interval
        for interval in of_day.widened(1)
        if not hour * 60 <= (interval.start - of_day.start) / MINUTE < hour * 60 + 5
    ]
    missing = [of_day.passed[of_day.start + minute * MINUTE] for minute in range(hour * 60, hour * 60 + 5)]
    (found,) = differing(of_day.compared(of_day.exported(), stored))
    shown = hour if hour < 3 else hour - 1
    assert found.hour == f"2026-10-25 {shown:02}:00"
    assert found.camera_entered - found.entered == sum(entered for entered, _ in missing)
    assert found.people == sum(map(sum, missing)) > 0


def test_counts_that_differ_in_both_directions() -> None:
    """Differences don't cancel each other out."""
    of_day = Day.of("Europe/Berlin", date(2026, 9, 16))
    first, *others = of_day.widened(15)
    stored = [first._replace(entered=first.entered + 2, exited=first.exited - 1), *others]
    (found,) = differing(of_day.compared(of_day.exported(), stored))
    assert found.people == 3


def test_hours_that_the_camera_lacks() -> None:
    """Hours without all rows can't be compared, nor those with rows twice."""
    of_day = Day.of("Europe/Berlin", date(2026, 9, 16))
    rows = of_day.exported()
    del rows[60]
    rows.append(rows[-1])
    # The end of this row makes it an hour long.
    rows[180] = rows[180]._replace(end=rows[180].start + timedelta(hours=1))
    found = of_day.compared(rows, [])
    assert {f"{hour:02}" for hour in range(24)} - {hour.hour[11:13] for hour in found} == {"01", "03", "23"}


def test_camera_that_exports_an_hour_once_that_comes_twice() -> None:
    """Compare the other hours."""
    of_day = Day.of("Europe/Berlin", date(2026, 10, 25))
    rows = of_day.exported()
    del rows[120:180]
    found = of_day.compared(rows, of_day.widened(1))
    assert len(found) == 23
    assert differing(found) == []


def test_interval_over_the_end_of_an_hour() -> None:
    """Neither hour can be compared, also at midnight."""
    of_day = Day.of("Europe/Berlin", date(2026, 9, 16))
    _, *intervals = of_day.widened(1)
    over_midnight = Interval(of_day.start - 600, of_day.start + 60, 9, 9, None, None)
    over_an_hour = Interval(of_day.start + 7140, of_day.start + 7260, 9, 9, None, None)
    stored = [over_midnight, *intervals[:118], over_an_hour, *intervals[120:]]
    found = of_day.compared(of_day.exported(), stored)
    assert len(found) == 21
    assert differing(found) == []


def test_rows_of_a_day_as_intervals() -> None:
    """Rows of an hour that comes twice are no intervals; all others are those that were counted."""
    of_day = Day.of("Europe/Berlin", date(2026, 10, 25))
    found = list(intervals_of(of_day.exported(), of_day.zone, MINUTE))
    assert [*uncovered([interval[:2] for interval in found], of_day.start, of_day.end)] == [
        (of_day.start + 2 * 3600, of_day.start + 4 * 3600)
    ]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [(10, 20)]),
        ([(10, 20)], []),
        ([(0, 12), (15, 30)], [(12, 15)]),
        ([(12, 14), (11, 13), (18, 19)], [(10, 11), (14, 18), (19, 20)]),
        ([(0, 5), (25, 30)], [(10, 20)]),
        ([(20, 30)], [(10, 20)]),
    ],
)
def test_uncovered(spans: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    """Find the parts of a stretch of time that no span covers."""
    assert [*uncovered(spans, 10, 20)] == expected

"""When a place is open: schedules and events against a slow calculation, minute by minute."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.counting import (
    LONGEST_DAY,
    OpenDay,
    OpenHours,
    OpenSpan,
    Period,
    Timestamp,
    Week,
    first_unfixed,
    open_days,
    open_hours,
    period_bounds,
    to_fix,
    weekly_hours,
)

STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
# The first has no change of clocks; then an hour forth and back, by half an hour, and at midnight.
CHANGES: Final = (
    ("Asia/Kolkata", "2026-09-15"),
    ("Europe/Stockholm", "2026-03-28"),
    ("Europe/Stockholm", "2026-10-24"),
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Australia/Lord_Howe", "2026-10-03"),
    ("Africa/Cairo", "2026-04-23"),
    ("Africa/Cairo", "2026-10-29"),
    ("America/Santiago", "2026-04-04"),
    ("America/Santiago", "2026-09-05"),
)


def days_of(first: str, zone: tzinfo, number: int = 3) -> list[Timestamp]:
    """Return the bounds of some local days."""
    start = int(datetime.combine(date.fromisoformat(first), time(12), zone).timestamp())
    return list(period_bounds(start, start + 10**6, Period.DAY, zone))[: number + 1]


def week(*blocks: tuple[str, str | None]) -> Week:
    """Return a schedule with the same blocks on each day."""
    day = [(time.fromisoformat(start), time.fromisoformat(end) if end else None) for start, end in blocks]
    return [day] * 7


def random_week(random: Random, step: int = 1) -> Week:
    """Return a random schedule, with blocks that touch each other and midnight now and then."""
    found = []
    for _ in range(7):
        minutes = sorted(random.sample(range(0, 1441, step), random.choice((0, 2, 4, 6))))
        if random.random() < 0.3 and minutes:
            minutes[0] = 0
        if random.random() < 0.3 and minutes:
            minutes[-1] = 1440
        if random.random() < 0.2 and len(minutes) > 2:
            minutes[2] = minutes[1]
        blocks = [pair for pair in zip(minutes[::2], minutes[1::2], strict=True) if pair[0] < pair[1]]
        found.append([(clock(start), None if end == 1440 else clock(end)) for start, end in blocks])
    return found


def clock(minute: int) -> time:
    """Return the time at a minute of the day."""
    return time(minute // 60, minute % 60)


def slow_minutes(schedule: Week, zone: tzinfo, start: Timestamp, end: Timestamp) -> set[Timestamp]:
    """Return the open minutes in [start, end).

    A block is open while the highest time that the clock has shown on the day lies in it.
    """
    found = set()
    highest: dict[date, time] = {}
    for minute in range(start - 2 * 86_400, end, 60):
        local = datetime.fromtimestamp(minute, zone)
        shown = highest[local.date()] = max(highest.get(local.date(), time.min), local.time())
        if minute >= start and any(
            begin <= shown and (until is None or shown < until) for begin, until in schedule[local.weekday()]
        ):
            found.add(minute)
    return found


def minutes(spans: Sequence[OpenSpan] | None) -> set[Timestamp]:
    """Return the minutes in spans, which don't overlap."""
    assert spans is not None
    found = [minute for span in spans for minute in range(span.start, span.end, 60)]
    assert len(set(found)) == len(found)
    return set(found)


@pytest.mark.parametrize(("name", "first"), CHANGES)
@pytest.mark.parametrize("seed", range(3))
def test_weekly_schedules(name: str, first: str, seed: int) -> None:
    """Compare random schedules with the slow calculation, also where the clock changes."""
    compare_schedules(name, first, Random(f"{name} {first} {seed}"))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first"), CHANGES)
def test_many_weekly_schedules(name: str, first: str) -> None:
    """Compare many more of them."""
    for seed in range(150):
        compare_schedules(name, first, Random(f"many {name} {first} {seed}"))


def compare_schedules(name: str, first: str, random: Random) -> None:
    """Compare one schedule that changes at some instant, at a place that may be in another zone."""
    own_zone, zone = ZoneInfo(name), ZoneInfo(random.choice((name, "America/New_York", "Asia/Kathmandu")))
    bounds = days_of(first, zone)
    start, end = bounds[0], bounds[-1]
    before, after = random_week(random), random_week(random)
    changed = random.randrange(start, end, 60)
    slow = {minute for minute in slow_minutes(before, own_zone, start, end) if minute < changed}
    slow |= {minute for minute in slow_minutes(after, own_zone, start, end) if minute >= changed}
    found = weekly_hours(start, end, before, own_zone)
    fixed = to_fix(open_days(bounds, [], found), [], changed)
    days = open_days(bounds, fixed, weekly_hours(start, end, after, own_zone))
    assert set().union(*(minutes(day.spans) for day in days)) == slow
    for day in days:
        assert day.open_seconds == 60 * len({minute for minute in slow if day.start <= minute < day.end})
        assert {minute for minute in range(day.start, day.end, 60) if day.is_open(minute)} == minutes(day.spans)
        # Sorted, disjoint, and none touches the next one.
        assert all(one.end < other.start for one, other in pairwise(day.spans or ()))
    assert to_fix(days, fixed, changed) == []
    all_fixed = {hours.start: hours for hours in (*fixed, *to_fix(days, fixed, end))}
    assert open_days(bounds, [all_fixed[bound] for bound in bounds[:-1]], None) == days


@pytest.mark.parametrize(
    ("block", "date", "expected"),
    [
        pytest.param(("02:00", "03:00"), "2026-03-29", None, id="an hour that doesn't exist"),
        pytest.param(("02:30", "03:30"), "2026-03-29", ("01:00", "01:30"), id="opens right after the jump"),
        pytest.param(("01:30", "02:30"), "2026-03-29", ("00:30", "01:00"), id="closes at the jump"),
        pytest.param(("02:00", "03:00"), "2026-10-25", ("00:00", "02:00"), id="an hour that comes twice"),
        pytest.param(("01:30", "02:30"), "2026-10-25", ("-23:30", "00:30"), id="closes at the first of two"),
        pytest.param(("02:30", "03:30"), "2026-10-25", ("00:30", "02:30"), id="opens at the first of two"),
        pytest.param(("22:00", None), "2026-10-25", ("21:00", "23:00"), id="until midnight"),
    ],
)
def test_changes_of_the_clock(block: tuple[str, str | None], date: str, expected: tuple[str, str] | None) -> None:
    """Blocks begin and end at the first time that the clock shows, or right after a jump."""
    bounds = days_of(date, STOCKHOLM, 1)
    (day,) = open_days(bounds, [], weekly_hours(bounds[0], bounds[1], week(block), STOCKHOLM))
    if expected is None:
        assert day.spans == ()
        return
    midnight = int(datetime.fromisoformat(f"{date}T00:00:00Z").timestamp())

    def instant(text: str) -> Timestamp:
        hour, minute = (int(part) for part in text.removeprefix("-").split(":"))
        return midnight + hour * 3600 + minute * 60 - (86_400 if text.startswith("-") else 0)

    assert day.spans == (OpenSpan(instant(expected[0]), instant(expected[1])),)


def test_hours_that_cross_midnight() -> None:
    """Two blocks that meet at midnight are one span, which each day has its part of."""
    bounds = days_of("2026-09-15", STOCKHOLM, 2)
    found = weekly_hours(bounds[0], bounds[-1], week(("00:00", "02:00"), ("20:00", None)), STOCKHOLM)
    assert [(span.end - span.start) / 3600 for span in found.spans] == [2, 6, 4]
    first, second = open_days(bounds, [], found)
    assert [(span.start - first.start) / 3600 for span in first.spans or ()] == [0, 20]
    assert [(span.start - second.start) / 3600 for span in second.spans or ()] == [0, 20]
    assert first.open_seconds == second.open_seconds == 6 * 3600


def test_events() -> None:
    """Events may overlap, be empty, or begin and end outside of the day; their names stay apart."""
    (start, end) = days_of("2026-09-15", STOCKHOLM, 1)
    hour = 3600
    events = [
        OpenSpan(start + 10 * hour, start + 12 * hour, "Reading"),
        OpenSpan(start + 9 * hour, start + 11 * hour, "Open"),
        OpenSpan(start - 50 * hour, start + hour, "Night"),
        OpenSpan(start + 20 * hour, 2**50, "Endless"),
        OpenSpan(start + 15 * hour, start + 15 * hour, "Empty"),
        OpenSpan(start + 15 * hour, start + 14 * hour, "Backwards"),
        OpenSpan(end, end + hour, "Tomorrow"),
        OpenSpan(start + 13 * hour, start + 14 * hour, None),
    ]
    (day,) = open_days((start, end), [], open_hours(start, end, events))
    assert [((span.start - start) // hour, (span.end - start) // hour) for span in day.spans or ()] == [
        (0, 1),
        (9, 12),
        (13, 14),
        (20, 24),
    ]
    assert [event.name for event in day.events] == ["Night", "Open", "Reading", "Endless"]


def test_limits_of_events() -> None:
    """Long names are cut, and a day names only so many events; all of them are open time."""
    (start, end) = days_of("2026-09-15", STOCKHOLM, 1)
    events = [
        OpenSpan(start + 120 * number, start + 120 * number + 60, f"{number} " + "x" * 200) for number in range(80)
    ]
    (day,) = open_days((start, end), [], open_hours(start, end, events))
    assert day.open_seconds == 80 * 60
    assert len(day.events) == 50
    assert {len(event.name or "") for event in day.events} == {100}


def test_event_that_is_fixed_in_part() -> None:
    """An event that is going on when it is fixed stays one event, and a change of it comes after that."""
    start, end = bounds = days_of("2026-09-15", STOCKHOLM, 1)
    now = start + 11 * 3600
    event = OpenSpan(start + 10 * 3600, start + 12 * 3600, "Reading")
    fixed = to_fix(open_days(bounds, [], open_hours(start, end, [event])), [], now)
    (day,) = open_days(bounds, fixed, open_hours(start, end, [event]))
    assert (day.spans, day.events) == ((event._replace(name=None),), (event,))
    (day,) = open_days(bounds, fixed, open_hours(start, end, [event._replace(name="Meeting")]))
    assert day.spans == (event._replace(name=None),)
    assert day.events == (event._replace(end=now), event._replace(start=now, name="Meeting"))
    (day,) = open_days(bounds, fixed, open_hours(start, end, []))
    assert (day.spans, day.events) == ((OpenSpan(event.start, now),), (event._replace(end=now),))


def test_days_that_are_not_known() -> None:
    """A day is known if every part of it is fixed or found."""
    bounds = days_of("2026-09-15", STOCKHOLM, 3)
    first, second, third, end = bounds
    found = open_hours(second, third + 60, [OpenSpan(second, third)])
    days = open_days(bounds, [], found)
    assert [day.spans for day in days] == [None, (OpenSpan(second, third),), None]
    assert (days[0].open_seconds, days[0].is_open(first), days[1].is_open(second)) == (None, None, True)
    fixed = to_fix(days, [], end)
    assert [(hours.start, hours.end) for hours in fixed] == [(second, third)]
    assert first_unfixed(bounds, fixed) == first
    assert first_unfixed(bounds[1:3], fixed) is None
    assert first_unfixed(bounds[1:], fixed) == third
    part = OpenHours(third, third + 3600, (OpenSpan(third, third + 60),))
    assert open_days(bounds[2:], [part], None) == [OpenDay(third, end, None)]


def test_fixed_in_another_zone() -> None:
    """Hours that were fixed by the days of another zone stay, whatever day they are in now."""
    before = days_of("2026-09-15", STOCKHOLM, 2)
    fixed = to_fix(
        open_days(before, [], weekly_hours(before[0], before[-1], week(("09:00", "18:00")), STOCKHOLM)), [], 2**40
    )
    zone = ZoneInfo("Pacific/Auckland")
    bounds = days_of("2026-09-15", zone, 2)
    days = open_days(bounds, fixed, open_hours(bounds[0], bounds[-1], []))
    open_time = {minute for hours in fixed for minute in minutes(hours.spans) if bounds[0] <= minute < bounds[-1]}
    assert set().union(*(minutes(day.spans) for day in days)) == open_time != set()
    assert all(hours.end - hours.start <= LONGEST_DAY for hours in fixed)


def test_long_stretches() -> None:
    """Ten years of a schedule are found by day as each day alone is."""
    start = int(datetime(2017, 1, 1, tzinfo=UTC).timestamp())
    bounds = list(period_bounds(start, start + 3650 * 86_400, Period.DAY, STOCKHOLM))
    schedule = random_week(Random(1))
    days = open_days(bounds, [], weekly_hours(bounds[0], bounds[-1], schedule, STOCKHOLM))
    for number in (0, 1, 90, 1000, 3000, len(days) - 1):
        day = bounds[number : number + 2]
        assert open_days(day, [], weekly_hours(day[0], day[1], schedule, STOCKHOLM)) == [days[number]]
    assert datetime.fromtimestamp(days[-1].start, STOCKHOLM).date() > date(2026, 12, 1) - timedelta(30)

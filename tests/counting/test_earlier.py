"""Which earlier period a period is compared with, also where clocks are put forward or back."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import example, given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.earlier import (
    Earlier,
    earlier_span,
    earlier_spans,
    weeks_before,
    weeks_to_last_year,
)
from custom_components.axis_people_counter.counting.local_time import DAY, HOUR, Period, period_bounds

MINUTE: Final = 60
STOCKHOLM: Final = "Europe/Stockholm"


def timestamp(text: str) -> int:
    """Return the timestamp of a time with an offset."""
    return int(datetime.fromisoformat(text).timestamp())


def span(start: str, end: str, which: Earlier, zone: str = STOCKHOLM, period: Period | None = None) -> list[str]:
    """Return start and end of what is compared, as the clock in the zone shows them."""
    found = earlier_span(timestamp(start), timestamp(end), which, ZoneInfo(zone), period)
    return [datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat(timespec="minutes") for at in found]


@pytest.mark.parametrize(
    ("start", "end", "period", "expected"),
    [
        ("2026-09-16T10:00+02:00", "2026-09-16T11:00+02:00", "hour", "2026-09-16T09:00+02:00"),
        ("2026-09-16T00:00+02:00", "2026-09-17T00:00+02:00", "day", "2026-09-15T00:00+02:00"),
        ("2026-09-14T00:00+02:00", "2026-09-21T00:00+02:00", "week", "2026-09-07T00:00+02:00"),
        # October and March have a day that isn't 24 hours long, and months have 28 to 31 days.
        ("2026-11-01T00:00+01:00", "2026-12-01T00:00+01:00", "month", "2026-10-01T00:00+02:00"),
        ("2026-03-30T00:00+02:00", "2026-03-31T00:00+02:00", "day", "2026-03-29T00:00+01:00"),
        ("2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00", "hour", "2026-03-29T01:00+01:00"),
        ("2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00", "hour", "2026-10-25T02:00+02:00"),
        # Whole days of a range, over a clock change; and a range that isn't whole days.
        ("2026-03-30T00:00+02:00", "2026-04-02T00:00+02:00", None, "2026-03-27T00:00+01:00"),
        ("2026-03-29T00:00+01:00", "2026-03-30T12:00+02:00", None, "2026-03-27T13:00+01:00"),
    ],
)
def test_previous(start: str, end: str, period: str | None, expected: str) -> None:
    """The previous period ends where the period begins: of the same kind, as many days, or as many seconds."""
    found = span(start, end, Earlier.PREVIOUS, period=Period(period) if period else None)
    assert found == [expected, datetime.fromisoformat(start).isoformat(timespec="minutes")]


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        pytest.param(
            "2026-10-25T02:00+02:00",
            "2026-10-25T02:00+01:00",
            STOCKHOLM,
            "2026-10-18T02:00+02:00 2026-10-18T03:00+02:00",
            id="the first of two hours",
        ),
        pytest.param(
            "2026-10-25T02:00+01:00",
            "2026-10-25T03:00+01:00",
            STOCKHOLM,
            "2026-10-18T02:00+02:00 2026-10-18T03:00+02:00",
            id="the second of two hours",
        ),
        pytest.param(
            "2026-11-01T02:00+01:00",
            "2026-11-01T03:00+01:00",
            STOCKHOLM,
            "2026-10-25T02:00+02:00 2026-10-25T02:00+01:00",
            id="an hour that came twice",
        ),
        pytest.param(
            "2026-04-05T02:00+02:00",
            "2026-04-05T03:00+02:00",
            STOCKHOLM,
            "2026-03-29T03:00+02:00 2026-03-29T03:00+02:00",
            id="an hour that was skipped",
        ),
        pytest.param(
            "2026-03-29T00:00+01:00",
            "2026-03-30T00:00+02:00",
            STOCKHOLM,
            "2026-03-22T00:00+01:00 2026-03-23T00:00+01:00",
            id="a day of 23 hours",
        ),
        pytest.param(
            "2026-04-24T01:00+03:00",
            "2026-04-25T00:00+03:00",
            "Africa/Cairo",
            "2026-04-17T00:00+02:00 2026-04-18T00:00+02:00",
            id="a day without midnight",
        ),
        pytest.param(
            "2026-04-24T01:00+03:00",
            "2026-04-24T02:00+03:00",
            "Africa/Cairo",
            "2026-04-17T01:00+02:00 2026-04-17T02:00+02:00",
            id="the first hour of a day without midnight",
        ),
        pytest.param(
            "2026-04-05T01:30+10:30",
            "2026-04-05T02:00+10:30",
            "Australia/Lord_Howe",
            "2026-03-29T01:30+11:00 2026-03-29T02:00+11:00",
            id="the second of two half hours",
        ),
        pytest.param(
            "2026-10-25T02:30+02:00",
            "2026-10-25T02:15+01:00",
            STOCKHOLM,
            "2026-10-18T02:30+02:00 2026-10-18T03:15+02:00",
            id="a range that ends at an earlier time on the clock",
        ),
        pytest.param(
            "2026-11-01T00:00+01:00",
            "2026-11-01T03:00+01:00",
            STOCKHOLM,
            "2026-10-25T00:00+02:00 2026-10-25T03:00+01:00",
            id="a range with an hour that came twice",
        ),
    ],
)
def test_last_week_at_clock_changes(start: str, end: str, zone: str, expected: str) -> None:
    """The same times on the clock are compared: an hour with an hour, and with nothing if it was skipped."""
    is_hour = timestamp(end) - timestamp(start) in (HOUR, HOUR // 2)
    period = Period.HOUR if is_hour else None
    assert " ".join(span(start, end, Earlier.LAST_WEEK, zone, period)) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-09-16", "2025-09-17"),
        ("2026-01-01", "2025-01-02"),
        # 2026 has 53 weeks: week 53 and the weeks of 2027.
        ("2026-12-31", "2026-01-01"),
        ("2027-01-03", "2026-01-04"),
        ("2027-01-04", "2025-12-29"),
        ("2027-09-15", "2026-09-09"),
        ("2028-09-13", "2027-09-15"),
    ],
)
def test_last_year(day: str, expected: str) -> None:
    """A day is compared with the same weekday of the same ISO week; week 53 with the week of New Year before."""
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(STOCKHOLM))
    found = span(start.isoformat(), (start + timedelta(days=1)).isoformat(), Earlier.LAST_YEAR)
    assert found[0][:10] == expected


@given(st.dates(date(2001, 1, 1), date(2100, 1, 1)))
def test_every_day_has_a_week_last_year(day: date) -> None:
    """Weekday and week number stay, except for week 53, and the day is about a year earlier."""
    earlier = day - timedelta(weeks=weeks_to_last_year(day))
    year, week, weekday = day.isocalendar()
    assert earlier.isocalendar() == ((year, 1, weekday) if week == 53 else (year - 1, week, weekday))
    assert 357 <= (day - earlier).days <= 371


def test_same_time_weeks_before() -> None:
    """A time that was skipped is the first one after the gap, and of two the first is meant."""
    zone = ZoneInfo(STOCKHOLM)
    assert weeks_before(timestamp("2026-04-05T02:30+02:00"), 1, zone) == timestamp("2026-03-29T03:00+02:00")
    assert weeks_before(timestamp("2026-11-08T02:30+01:00"), 2, zone) == timestamp("2026-10-25T02:30+02:00")
    assert weeks_before(timestamp("2026-10-25T02:30+01:00"), 1, zone) == timestamp("2026-10-18T02:30+02:00")


ZONES: Final = (
    STOCKHOLM,
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "UTC",
)


def expected_minutes(labels: set[datetime], around: int, weeks: int, zone: ZoneInfo) -> list[int]:
    """Return, minute by minute, when the clock showed each of these times some weeks before, for the first time."""
    middle = around - weeks * 7 * DAY
    shift = timedelta(weeks=weeks)
    found: dict[datetime, int] = {}
    for at in range(middle - 4 * HOUR, middle + 4 * HOUR, MINUTE):
        shown = datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0) + shift
        if shown in labels:
            found.setdefault(shown, at)
    return sorted(found.values())


def expected_days(start: int, period: Period, weeks: int, zone: ZoneInfo) -> list[int]:
    """Return, by the quarter of an hour, the days some weeks before the day or the week that begins at an instant."""
    middle = start - weeks * 7 * DAY
    first = datetime.fromtimestamp(start, zone).date() - timedelta(weeks=weeks)
    days = {first + timedelta(day) for day in range(7 if period is Period.WEEK else 1)}
    minutes = range(middle - 2 * HOUR, middle + (7 if period is Period.WEEK else 1) * DAY + 2 * HOUR, 15 * MINUTE)
    return [at for at in minutes if datetime.fromtimestamp(at, zone).date() in days]


def clock_changes(zone: str) -> list[int]:
    """Return the hours of 2026 and 2027 at which the offset of a zone changes, or any time where it never does."""
    hours = range(timestamp("2026-01-10T00:00Z"), timestamp("2027-12-01T00:00Z"), HOUR)

    def offset(at: int) -> timedelta | None:
        return datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()

    return [at for at in hours if offset(at) != offset(at + HOUR)] or [hours[5000]]


CHANGES: Final = {zone: clock_changes(zone) for zone in ZONES}
PERIODS: Final = (Period.QUARTER_HOUR, Period.HALF_HOUR, Period.HOUR, Period.DAY, Period.WEEK)


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, int, Period, Earlier]:
    """Return a zone, an instant near a clock change or some weeks after one, a period, and what to compare it with."""
    zone = draw(st.sampled_from(ZONES))
    weeks = draw(st.sampled_from((0, 0, 1, 4, 52, 53)))
    at = draw(st.sampled_from(CHANGES[zone])) + weeks * 7 * DAY + draw(st.integers(-300, 300)) * MINUTE
    which = draw(st.sampled_from((Earlier.LAST_WEEK, Earlier.FOUR_WEEKS, Earlier.LAST_YEAR)))
    return zone, at, draw(st.sampled_from(PERIODS)), which


@given(questions())
@example((STOCKHOLM, timestamp("2026-10-25T00:30Z"), Period.HOUR, Earlier.LAST_WEEK))
@example((STOCKHOLM, timestamp("2026-04-05T00:30Z"), Period.HOUR, Earlier.LAST_WEEK))
def test_against_minutes(question: tuple[str, int, Period, Earlier]) -> None:
    """Each span has exactly the minutes at which the clock showed the times of the period, some weeks before."""
    zone_name, at, period, which = question
    zone = ZoneInfo(zone_name)
    bounds = list(period_bounds(at, at + 2 * HOUR, period, zone))
    for start, end, found in zip(bounds, bounds[1:], earlier_spans(bounds, which, zone, period), strict=False):
        labels = {datetime.fromtimestamp(minute, zone).replace(tzinfo=None, fold=0) for minute in range(start, end, 60)}
        first = min(labels).date()
        weeks = {Earlier.LAST_WEEK: 1, Earlier.FOUR_WEEKS: 4}.get(which) or _weeks_of_year(first)
        if period in (Period.DAY, Period.WEEK):
            expected, step = expected_days(start, period, weeks, zone), 15 * MINUTE
        else:
            expected, step = expected_minutes(labels, start, weeks, zone), MINUTE
        assert list(range(found.start, found.end, step)) == expected


def _weeks_of_year(day: date) -> int:
    """Return in how many weeks the same weekday of the same ISO week, or of week 1, comes again."""
    year, week, weekday = day.isocalendar()
    earlier = date.fromisocalendar(*((year, 1) if week == 53 else (year - 1, week)), weekday)
    return (day - earlier).days // 7

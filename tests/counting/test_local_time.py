"""Days, periods and reset times in time zones, also where the clock is put forward, put back or skips a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.local_time import (
    DAY,
    HOUR,
    MIDNIGHT,
    Period,
    last_occurrence,
    next_occurrence,
    period_bounds,
    to_timestamp,
)

MINUTE = 60


def timestamp(text: str) -> int:
    """Return the timestamp of a time with an offset."""
    return int(datetime.fromisoformat(text).timestamp())


def local(seconds: int, zone: str) -> str:
    """Return what the clock in a zone shows, with its offset."""
    return datetime.fromtimestamp(seconds, ZoneInfo(zone)).isoformat()


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Stockholm", "2026-03-28", 24),
        ("Europe/Stockholm", "2026-03-29", 23),
        ("Europe/Stockholm", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Asia/Kolkata", "2026-03-29", 24),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Santiago", "2026-04-04", 25),
        ("America/Santiago", "2026-09-06", 23),
        ("Africa/Cairo", "2026-04-24", 23),
        ("America/Havana", "2026-11-01", 25),
        ("UTC", "2026-06-01", 24),
    ],
)
def test_length_of_a_day(zone: str, day: str, hours: float) -> None:
    """A day lasts 23 to 25 hours, from the first second of its date to the first second of the next one."""
    noon = int(datetime.combine(date.fromisoformat(day), time(12), ZoneInfo(zone)).timestamp())
    start, end = last_occurrence(MIDNIGHT, ZoneInfo(zone), noon), next_occurrence(MIDNIGHT, ZoneInfo(zone), noon)
    assert (end - start) / HOUR == hours
    assert local(start, zone).startswith(day)
    assert local(start - 1, zone) < day
    assert local(end - 1, zone).startswith(day)


@pytest.mark.parametrize(
    ("zone", "at", "now", "expected"),
    [
        pytest.param(
            "Europe/Stockholm",
            time(2, 30),
            "2026-03-29T12:00:00+02:00",
            "2026-03-29T03:00:00+02:00",
            id="in the gap in spring: the first second after the gap",
        ),
        pytest.param(
            "Europe/Stockholm",
            time(2),
            "2026-03-29T12:00:00+02:00",
            "2026-03-29T03:00:00+02:00",
            id="the start of the gap",
        ),
        pytest.param(
            "Europe/Stockholm",
            time(3),
            "2026-03-29T12:00:00+02:00",
            "2026-03-29T03:00:00+02:00",
            id="the end of the gap",
        ),
        pytest.param(
            "Europe/Stockholm",
            time(2, 30),
            "2026-10-25T02:45:00+01:00",
            "2026-10-25T02:30:00+02:00",
            id="twice in autumn: the first time",
        ),
        pytest.param(
            "Africa/Cairo",
            MIDNIGHT,
            "2026-04-24T12:00:00+03:00",
            "2026-04-24T01:00:00+03:00",
            id="a day that begins at one",
        ),
        pytest.param(
            "America/Santiago",
            time(0, 30),
            "2026-09-06T12:00:00-03:00",
            "2026-09-06T01:00:00-03:00",
            id="a gap that begins at midnight",
        ),
        pytest.param(
            "America/Santiago",
            time(23, 30),
            "2026-04-04T23:45:00-04:00",
            "2026-04-04T23:30:00-03:00",
            id="the last hour of a day occurs twice",
        ),
        pytest.param(
            "America/Havana",
            MIDNIGHT,
            "2026-11-01T00:30:00-05:00",
            "2026-11-01T00:00:00-04:00",
            id="midnight occurs twice",
        ),
        pytest.param(
            "Asia/Kolkata",
            time(6),
            "2026-09-16T05:59:59+05:30",
            "2026-09-15T06:00:00+05:30",
            id="an offset with half an hour",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            time(2, 15),
            "2026-10-04T12:00:00+11:00",
            "2026-10-04T02:30:00+11:00",
            id="half an hour in a gap",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            time(1, 45),
            "2026-04-05T01:50:00+10:30",
            "2026-04-05T01:45:00+11:00",
            id="half an hour twice",
        ),
        pytest.param(
            "Pacific/Apia",
            MIDNIGHT,
            "2011-12-31T12:00:00+14:00",
            "2011-12-31T00:00:00+14:00",
            id="the day before was skipped",
        ),
        pytest.param(
            "America/St_Johns",
            MIDNIGHT,
            "2010-11-06T23:30:00-03:30",
            "2010-11-07T00:00:00-02:30",
            id="put back across midnight: the new day had begun",
        ),
    ],
)
def test_last_occurrence(zone: str, at: time, now: str, expected: str) -> None:
    """The last occurrence is right, also where the time doesn't exist or occurs twice."""
    assert local(last_occurrence(at, ZoneInfo(zone), timestamp(now)), zone) == expected


def test_occurrence_is_now() -> None:
    """At midnight the new day has begun; a second earlier it hasn't."""
    zone = ZoneInfo("Europe/Stockholm")
    midnight = timestamp("2026-09-16T00:00:00+02:00")
    assert last_occurrence(MIDNIGHT, zone, midnight) == midnight
    assert next_occurrence(MIDNIGHT, zone, midnight) == midnight + DAY
    assert last_occurrence(MIDNIGHT, zone, midnight - 1) == midnight - DAY
    assert next_occurrence(MIDNIGHT, zone, midnight - 1) == midnight


def test_skipped_day() -> None:
    """In Apia 30 December 2011 did not exist: the 31st follows the 29th."""
    zone = ZoneInfo("Pacific/Apia")
    last_evening = timestamp("2011-12-29T23:59:00-10:00")
    start = next_occurrence(MIDNIGHT, zone, last_evening)
    assert start == last_evening + MINUTE
    assert local(next_occurrence(MIDNIGHT, zone, start), "Pacific/Apia") == "2012-01-01T00:00:00+14:00"


def test_clock_put_back_across_midnight() -> None:
    """In St. John's in 2010 the clock went back a minute after midnight; the day still begins only once."""
    zone = ZoneInfo("America/St_Johns")
    midnight, next_midnight = timestamp("2010-11-07T00:00:00-02:30"), timestamp("2010-11-08T00:00:00-03:30")
    for now in (midnight, timestamp("2010-11-06T23:30:00-03:30"), timestamp("2010-11-07T00:30:00-03:30")):
        assert (last_occurrence(MIDNIGHT, zone, now), next_occurrence(MIDNIGHT, zone, now)) == (midnight, next_midnight)


ZONES = (
    "UTC",
    "Europe/Stockholm",
    "Europe/Dublin",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/Nuuk",
    "America/New_York",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
)


@cache
def changes(zone: str) -> list[int]:
    """Return the half-days of 2009 to 2030 in which the clock of a zone is changed, or the first if it never is."""
    begin, end = timestamp("2009-01-01T00:00:00Z"), timestamp("2030-01-01T00:00:00Z")
    offsets = [
        (at, datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()) for at in range(begin, end + DAY, 12 * HOUR)
    ]
    return [at for (at, before), (_, after) in pairwise(offsets) if before != after] or [begin]


@st.composite
def zones_and_times(draw: st.DrawFn) -> tuple[str, int]:
    """Return a zone and a timestamp, half of the time around a change of the clock."""
    zone = draw(st.sampled_from(ZONES))
    if draw(st.booleans()):
        return zone, draw(st.sampled_from(changes(zone))) + draw(st.integers(-DAY, 2 * DAY))
    return zone, draw(st.integers(timestamp("2009-01-01T00:00:00Z"), timestamp("2038-01-01T00:00:00Z")))


times = st.sampled_from([MIDNIGHT, time(0, 30), time(2, 30), time(4), time(23, 45)]) | st.builds(
    time, st.integers(0, 23), st.integers(0, 59)
)


@given(where_and_when=zones_and_times(), at=times)
@settings(max_examples=300)
def test_last_and_next_occurrence(where_and_when: tuple[str, int], at: time) -> None:
    """No occurrence lies between the last and the next one, whichever second between them is now."""
    name, now = where_and_when
    zone = ZoneInfo(name)
    last, following = last_occurrence(at, zone, now), next_occurrence(at, zone, now)
    assert last <= now < following
    assert next_occurrence(at, zone, last) == next_occurrence(at, zone, following - 1) == following
    assert last_occurrence(at, zone, following - 1) == last_occurrence(at, zone, last) == last
    assert last_occurrence(at, zone, following) == following


def slow_occurrences(around: int, at: time, zone: ZoneInfo) -> Iterator[int]:
    """Yield the occurrences of a time by reading the clock each minute."""
    wanted = datetime.combine(datetime.fromtimestamp(around, zone).date() - timedelta(2), at)
    # No zone is that far ahead of UTC.
    minute = int(wanted.replace(tzinfo=UTC).timestamp()) - DAY - HOUR
    while minute < around + 3 * DAY:
        if datetime.fromtimestamp(minute, zone).replace(tzinfo=None) >= wanted:
            yield minute
            wanted += timedelta(1)
        else:
            minute += MINUTE


@given(where_and_when=zones_and_times(), at=times)
@settings(max_examples=120)
def test_occurrences(where_and_when: tuple[str, int], at: time) -> None:
    """Last and next occurrence equal those of the slow calculation."""
    zone, now = where_and_when
    occurrences = list(slow_occurrences(now, at, ZoneInfo(zone)))
    assert last_occurrence(at, ZoneInfo(zone), now) == max(minute for minute in occurrences if minute <= now)
    assert next_occurrence(at, ZoneInfo(zone), now) == min(minute for minute in occurrences if minute > now)


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "Africa/Cairo", "America/Santiago", "Australia/Lord_Howe"])
@pytest.mark.parametrize("at", [MIDNIGHT, time(2, 30)])
def test_one_occurrence_each_day(zone: str, at: time) -> None:
    """Through two years each date has exactly one reset."""
    reset = last_occurrence(at, ZoneInfo(zone), timestamp("2026-01-01T12:00:00Z"))
    day = datetime.fromtimestamp(reset, ZoneInfo(zone)).date()
    for _ in range(2 * 365):
        reset = next_occurrence(at, ZoneInfo(zone), reset)
        day += timedelta(1)
        assert datetime.fromtimestamp(reset, ZoneInfo(zone)).date() == day


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        pytest.param("2026-09-16T12:00:00", "Europe/Stockholm", "2026-09-16T12:00:00+02:00", id="local"),
        pytest.param("2026-09-16T12:00:00.999", "Asia/Kolkata", "2026-09-16T12:00:00+05:30", id="fraction of a second"),
        pytest.param("2026-09-16T12:00:00Z", "Europe/Stockholm", "2026-09-16T14:00:00+02:00", id="with its own offset"),
        pytest.param("2026-03-29T02:30:00", "Europe/Stockholm", "2026-03-29T03:00:00+02:00", id="in a gap"),
        pytest.param("2026-03-29T02:30:00.5", "Europe/Stockholm", "2026-03-29T03:00:00+02:00", id="fraction in a gap"),
        pytest.param("2026-10-25T02:30:00", "Europe/Stockholm", "2026-10-25T02:30:00+02:00", id="twice"),
    ],
)
def test_to_timestamp(text: str, zone: str, expected: str) -> None:
    """A date and time without an offset is local: its first occurrence, or the end of the gap that it lies in."""
    assert local(to_timestamp(datetime.fromisoformat(text), ZoneInfo(zone)), zone) == expected


@pytest.mark.parametrize(
    ("zone", "period", "start", "expected"),
    [
        pytest.param(
            "Australia/Lord_Howe",
            Period.HOUR,
            "2026-04-05T01:10:00+11:00",
            ["01:00:00+11:00", "01:30:00+10:30", "02:00:00+10:30"],
            id="half an hour twice: the second one is a period of its own",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            Period.HOUR,
            "2026-04-05T01:40:00+10:30",
            ["01:30:00+10:30", "02:00:00+10:30", "03:00:00+10:30"],
            id="start in the second half an hour",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            Period.HOUR,
            "2026-10-04T02:45:00+11:00",
            ["02:30:00+11:00", "03:00:00+11:00", "04:00:00+11:00"],
            id="a gap of half an hour",
        ),
        pytest.param(
            "Europe/Stockholm",
            Period.DAY,
            "2026-03-28T12:00:00+01:00",
            ["00:00:00+01:00", "00:00:00+01:00", "00:00:00+02:00"],
            id="days with midnights",
        ),
        pytest.param(
            "Africa/Cairo",
            Period.DAY,
            "2026-04-23T12:00:00+02:00",
            ["00:00:00+02:00", "01:00:00+03:00", "00:00:00+03:00"],
            id="a day without a midnight",
        ),
        pytest.param(
            "America/St_Johns",
            Period.DAY,
            "2010-11-06T23:30:00-03:30",
            ["00:00:00-02:30", "00:00:00-03:30", "00:00:00-03:30"],
            id="put back across midnight: the new day had begun",
        ),
        pytest.param(
            "America/St_Johns",
            Period.HOUR,
            "2010-11-06T23:30:00-02:30",
            ["23:00:00-02:30", "00:00:00-02:30", "23:01:00-03:30", "00:00:00-03:30"],
            id="put back within an hour",
        ),
        pytest.param(
            "Asia/Kathmandu",
            Period.HALF_HOUR,
            "2026-09-16T12:10:00+05:45",
            ["12:00:00+05:45", "12:30:00+05:45", "13:00:00+05:45"],
            id="an offset with a quarter of an hour",
        ),
    ],
)
def test_bounds_of_periods(zone: str, period: Period, start: str, expected: list[str]) -> None:
    """Periods end where the clock says so, and where it is changed within an hour."""
    bounds = period_bounds(timestamp(start), timestamp(start) + 10 * DAY, period, ZoneInfo(zone))
    assert [local(next(bounds), zone)[11:] for _ in expected] == expected


@pytest.mark.parametrize("period", list(Period))
@given(where_and_when=zones_and_times(), length=st.integers(0, 2 * DAY))
@settings(max_examples=60)
def test_bounds_contain_the_range(period: Period, where_and_when: tuple[str, int], length: int) -> None:
    """The bounds contain the range and no period too many; each period is the same for every start within it."""
    name, start = where_and_when
    zone = ZoneInfo(name)
    bounds = list(period_bounds(start, start + length, period, zone))
    assert bounds[0] <= start < bounds[1]
    assert bounds[-2] < max(start + length, start + 1) <= bounds[-1]
    for bound, end in pairwise(bounds[:20]):
        for inside in (bound, end - 1):
            assert list(period_bounds(inside, inside, period, zone)) == [bound, end]
    days = set(period_bounds(start, start + length, Period.DAY, zone))
    if period in (Period.FIVE_MINUTES, Period.QUARTER_HOUR, Period.HALF_HOUR, Period.HOUR):
        # No part of a day reaches into the next day.
        assert {day for day in days if bounds[0] <= day <= bounds[-1]} <= set(bounds)

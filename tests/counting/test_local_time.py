"""Days and reset times by a local clock, also where it is put forward, put back or skips a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.local_time import (
    Period,
    last_occurrence,
    next_occurrence,
    period_bounds,
    to_timestamp,
)

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MIDNIGHT = time()


def instant(text: str) -> int:
    """Return the seconds since 1970 of a time with an offset."""
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
def test_a_day_is_as_long_as_the_clock_makes_it(zone: str, day: str, hours: float) -> None:
    """From the first instant of a date to that of the next it is 23 to 25 hours."""
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
            id="left out in spring: the first instant after the gap",
        ),
        pytest.param(
            "Europe/Stockholm",
            time(2),
            "2026-03-29T12:00:00+02:00",
            "2026-03-29T03:00:00+02:00",
            id="the first minute that is left out",
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
            id="twice in autumn: the first",
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
            id="the last hour of a day comes twice",
        ),
        pytest.param(
            "America/Havana",
            MIDNIGHT,
            "2026-11-01T00:30:00-05:00",
            "2026-11-01T00:00:00-04:00",
            id="midnight comes twice",
        ),
        pytest.param(
            "Asia/Kolkata",
            time(6),
            "2026-09-16T05:59:59+05:30",
            "2026-09-15T06:00:00+05:30",
            id="half an hour beside the others",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            time(2, 15),
            "2026-10-04T12:00:00+11:00",
            "2026-10-04T02:30:00+11:00",
            id="a gap of half an hour",
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
            id="the day before was left out",
        ),
        pytest.param(
            "America/St_Johns",
            MIDNIGHT,
            "2010-11-06T23:30:00-03:30",
            "2010-11-07T00:00:00-02:30",
            id="put back over midnight: the new day had begun",
        ),
    ],
)
def test_the_last_time_the_clock_came_to_show_it(zone: str, at: time, now: str, expected: str) -> None:
    """Also where that time doesn't exist or comes twice."""
    assert local(last_occurrence(at, ZoneInfo(zone), instant(now)), zone) == expected


def test_the_instant_itself_belongs_to_what_begins_with_it() -> None:
    """At midnight the new day has begun; a second before it hasn't."""
    zone = ZoneInfo("Europe/Stockholm")
    midnight = instant("2026-09-16T00:00:00+02:00")
    assert last_occurrence(MIDNIGHT, zone, midnight) == midnight
    assert next_occurrence(MIDNIGHT, zone, midnight) == midnight + DAY
    assert last_occurrence(MIDNIGHT, zone, midnight - 1) == midnight - DAY
    assert next_occurrence(MIDNIGHT, zone, midnight - 1) == midnight


def test_a_skipped_day_has_no_midnight_of_its_own() -> None:
    """In Apia the 30th of December 2011 did not exist: the 31st follows the 29th."""
    zone = ZoneInfo("Pacific/Apia")
    last_evening = instant("2011-12-29T23:59:00-10:00")
    start = next_occurrence(MIDNIGHT, zone, last_evening)
    assert start == last_evening + MINUTE
    assert local(next_occurrence(MIDNIGHT, zone, start), "Pacific/Apia") == "2012-01-01T00:00:00+14:00"


def test_a_clock_put_back_over_midnight_does_not_begin_the_day_twice() -> None:
    """In St. John's in 2010 a day lasted a minute, then it was the day before again."""
    zone = ZoneInfo("America/St_Johns")
    midnight, next_midnight = instant("2010-11-07T00:00:00-02:30"), instant("2010-11-08T00:00:00-03:30")
    for now in (midnight, instant("2010-11-06T23:30:00-03:30"), instant("2010-11-07T00:30:00-03:30")):
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
    """Return the half-days of 2009 to 2030 in which the clock of a zone is changed."""
    begin, end = instant("2009-01-01T00:00:00Z"), instant("2030-01-01T00:00:00Z")
    offsets = [
        (at, datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()) for at in range(begin, end + DAY, 12 * HOUR)
    ]
    return [at for (at, before), (_, after) in pairwise(offsets) if before != after] or [begin]


@st.composite
def zones_and_instants(draw: st.DrawFn) -> tuple[str, int]:
    """Return a zone and an instant, as often as not around a change of its clock."""
    zone = draw(st.sampled_from(ZONES))
    if draw(st.booleans()):
        return zone, draw(st.sampled_from(changes(zone))) + draw(st.integers(-DAY, 2 * DAY))
    return zone, draw(st.integers(instant("2009-01-01T00:00:00Z"), instant("2038-01-01T00:00:00Z")))


times = st.sampled_from([MIDNIGHT, time(0, 30), time(2, 30), time(4), time(23, 45)]) | st.builds(
    time, st.integers(0, 23), st.integers(0, 59)
)


@given(where_and_when=zones_and_instants(), at=times)
@settings(max_examples=300, deadline=None)
def test_now_lies_between_the_last_one_and_the_next(where_and_when: tuple[str, int], at: time) -> None:
    """Nothing lies between the two, wherever one looks from."""
    name, now = where_and_when
    zone = ZoneInfo(name)
    last, coming = last_occurrence(at, zone, now), next_occurrence(at, zone, now)
    assert last <= now < coming
    assert next_occurrence(at, zone, last) == next_occurrence(at, zone, coming - 1) == coming
    assert last_occurrence(at, zone, coming - 1) == last_occurrence(at, zone, last) == last
    assert last_occurrence(at, zone, coming) == coming


def arrivals(around: int, at: time, zone: ZoneInfo) -> Iterator[int]:
    """Yield, minute by minute, when the clock first shows the time of each date or, where left out, a later one."""
    wanted = datetime.combine(datetime.fromtimestamp(around, zone).date() - timedelta(2), at)
    # Three days earlier no zone shows it yet.
    minute = int(wanted.replace(tzinfo=UTC).timestamp()) - DAY - HOUR
    while minute < around + 3 * DAY:
        if datetime.fromtimestamp(minute, zone).replace(tzinfo=None) >= wanted:
            yield minute
            wanted += timedelta(1)
        else:
            minute += MINUTE


@given(where_and_when=zones_and_instants(), at=times)
@settings(max_examples=120, deadline=None)
def test_it_is_what_somebody_watching_the_clock_would_note(where_and_when: tuple[str, int], at: time) -> None:
    """The result equals that of going through time minute by minute."""
    zone, now = where_and_when
    noted = list(arrivals(now, at, ZoneInfo(zone)))
    assert last_occurrence(at, ZoneInfo(zone), now) == max(minute for minute in noted if minute <= now)
    assert next_occurrence(at, ZoneInfo(zone), now) == min(minute for minute in noted if minute > now)


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "Africa/Cairo", "America/Santiago", "Australia/Lord_Howe"])
@pytest.mark.parametrize("at", [MIDNIGHT, time(2, 30)])
def test_every_local_day_has_exactly_one(zone: str, at: time) -> None:
    """Through two years the dates of all resets follow each other without a gap or a double."""
    reset = last_occurrence(at, ZoneInfo(zone), instant("2026-01-01T12:00:00Z"))
    day = datetime.fromtimestamp(reset, ZoneInfo(zone)).date()
    for _ in range(2 * 365):
        reset = next_occurrence(at, ZoneInfo(zone), reset)
        day += timedelta(1)
        assert datetime.fromtimestamp(reset, ZoneInfo(zone)).date() == day


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        pytest.param("2026-09-16T12:00:00", "Europe/Stockholm", "2026-09-16T12:00:00+02:00", id="local"),
        pytest.param("2026-09-16T12:00:00.999", "Asia/Kolkata", "2026-09-16T12:00:00+05:30", id="fraction of a second"),
        pytest.param("2026-09-16T12:00:00Z", "Europe/Stockholm", "2026-09-16T14:00:00+02:00", id="with its own offset"),
        pytest.param("2026-03-29T02:30:00", "Europe/Stockholm", "2026-03-29T03:00:00+02:00", id="left out"),
        pytest.param("2026-03-29T02:30:00.5", "Europe/Stockholm", "2026-03-29T03:00:00+02:00", id="fraction left out"),
        pytest.param("2026-10-25T02:30:00", "Europe/Stockholm", "2026-10-25T02:30:00+02:00", id="twice"),
    ],
)
def test_the_instant_of_a_moment(moment: str, zone: str, expected: str) -> None:
    """Without an offset it is what the clock there shows first, or would have shown."""
    assert local(to_timestamp(datetime.fromisoformat(moment), ZoneInfo(zone)), zone) == expected


@pytest.mark.parametrize(
    ("zone", "period", "start", "expected"),
    [
        pytest.param(
            "Australia/Lord_Howe",
            Period.HOUR,
            "2026-04-05T01:10:00+11:00",
            ["01:00:00+11:00", "01:30:00+10:30", "02:00:00+10:30"],
            id="half an hour twice: the second one stands alone",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            Period.HOUR,
            "2026-04-05T01:40:00+10:30",
            ["01:30:00+10:30", "02:00:00+10:30", "03:00:00+10:30"],
            id="asked for in the second half an hour",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            Period.HOUR,
            "2026-10-04T02:45:00+11:00",
            ["02:30:00+11:00", "03:00:00+11:00", "04:00:00+11:00"],
            id="half an hour left out",
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
            id="put back over midnight: the new day had begun",
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
            id="a quarter beside the others",
        ),
    ],
)
def test_bounds_of_periods(zone: str, period: Period, start: str, expected: list[str]) -> None:
    """They are where the clock comes round, and where it is changed within an hour."""
    bounds = period_bounds(instant(start), instant(start) + 10 * DAY, period, ZoneInfo(zone))
    assert [local(next(bounds), zone)[11:] for _ in expected] == expected


@pytest.mark.parametrize("period", list(Period))
@given(where_and_when=zones_and_instants(), length=st.integers(0, 2 * DAY))
@settings(max_examples=60, deadline=None)
def test_bounds_of_periods_hold_what_was_asked_for(
    period: Period, where_and_when: tuple[str, int], length: int
) -> None:
    """Nothing is left out at either end, nothing is there in vain, and each period is the same wherever one begins."""
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
        # Rows of a day are rows of nothing else.
        assert {day for day in days if bounds[0] <= day <= bounds[-1]} <= set(bounds)

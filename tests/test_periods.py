"""Rows of counts by the hour, the day and so on, against somebody who goes through time minute by minute."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby, pairwise, tee
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval, reverse
from custom_components.axis_people_counter.counting.local_time import Period, period_bounds
from custom_components.axis_people_counter.counting.occupancy import Correction, levels
from custom_components.axis_people_counter.counting.rows import Row, count_rows, passages

MINUTE = 60
HOUR = 60 * MINUTE
NOON = int(datetime.fromisoformat("2026-09-16T10:00:00Z").timestamp())
LATER = NOON + 1000 * HOUR


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """Leave Home Assistant out: what is tested here doesn't know it."""


def interval(
    minute: int, entered: int = 0, exited: int = 0, *, minutes: int = 1, adults: tuple[int, int] | None = None
) -> Interval:
    """Return the counts of an interval that begins so many minutes after noon."""
    start = NOON + minute * MINUTE
    return Interval(start, start + minutes * MINUTE, entered, exited, *(adults or (None, None)))


def rows_of(
    bounds: Sequence[int], intervals: Iterable[Interval], corrections: list[Correction], reset: int, now: int
) -> Iterator[Row]:
    """Yield the rows of one door."""
    counted, passing = tee(intervals)
    return count_rows(bounds, [counted], levels(passages(passing, reset), corrections), now)


def table(*intervals: Interval, bounds: tuple[int, ...] = (0, 5, 10), now: int = LATER, reset: int = 0) -> list[Row]:
    """Return the rows between bounds in minutes after noon."""
    return list(rows_of([NOON + bound * MINUTE for bound in bounds], intervals, [], NOON + reset * MINUTE, now))


def test_an_interval_counts_where_it_begins() -> None:
    """Its people stand in one row; what it covers is complete in all rows it reaches."""
    first, second = table(interval(0, 7, 3, minutes=15))
    assert (first.entered, first.exited, first.covered, first.complete) == (7, 3, 300, True)
    assert (second.entered, second.exited, second.covered, second.complete) == (0, 0, 300, True)


def test_an_interval_that_began_before_the_first_row_covers_a_part_of_it() -> None:
    """Its people belong to an earlier row, but are inside from its end on."""
    first, second = table(interval(-3, 7, 3, minutes=10), interval(7, 1, minutes=3), reset=-60)
    assert (first.entered, first.covered, first.complete, first.occupancy_peak) == (0, 300, True, 0)
    assert (second.entered, second.covered, second.complete, second.occupancy_peak) == (1, 300, True, 5)


def test_a_missing_minute_makes_a_row_incomplete() -> None:
    """One of five is enough, and the other row doesn't care."""
    first, second = table(*(interval(minute, 1) for minute in range(10) if minute != 7))
    assert (first.entered, first.complete) == (5, True)
    assert (second.entered, second.covered, second.complete) == (4, 240, False)


def test_a_row_that_is_not_over_is_incomplete() -> None:
    """Also where a camera whose clock is fast has counted all of it."""
    intervals = [interval(minute, 1) for minute in range(10)]
    assert [row.complete for row in table(*intervals, now=NOON + 10 * MINUTE)] == [True, True]
    assert [row.complete for row in table(*intervals, now=NOON + 10 * MINUTE - 1)] == [True, False]


def test_adults_are_unknown_only_where_intervals_do_not_tell_them() -> None:
    """Where nobody counted there were none; where one of several intervals tells them, they count."""
    bounds = (0, 1, 2, 4, 5)
    intervals = (interval(0, 3, adults=(2, 0)), interval(1, 3), interval(2, 3), interval(3, 1, 2, adults=(1, 1)))
    adults = [(row.adults_entered, row.adults_exited) for row in table(*intervals, bounds=bounds)]
    assert adults == [(2, 0), (None, None), (1, 1), (0, 0)]


def test_what_ended_by_the_reset_is_not_inside() -> None:
    """An interval that ends at the instant of the reset lies before it, one that ends later lies after it."""
    (row,) = table(interval(-2, 9, minutes=2), bounds=(0, 5))
    assert row.occupancy_peak == 0
    (row,) = table(interval(-2, 9, minutes=3), bounds=(0, 5))
    assert row.occupancy_peak == 9


def test_nothing_is_read_that_is_not_needed() -> None:
    """While a row is made, not more than one interval beyond it is read: a year doesn't stand in the memory."""
    read: list[int] = []

    def intervals() -> Iterator[Interval]:
        for minute in range(1000):
            read.append(minute)
            yield interval(minute, 1)

    following = rows_of([NOON + hour * HOUR for hour in range(16)], intervals(), [], NOON, LATER)
    for hour in range(1, 16):
        next(following)
        assert len(read) == hour * 60 + 1


def test_reverse() -> None:
    """In is out, also for adults; twice reversed is as before."""
    one = interval(0, 5, 3, adults=(2, 1))
    assert reverse(one) == interval(0, 3, 5, adults=(1, 2))
    assert reverse(reverse(one)) == one


# Against a slow calculation

# Instants around which the clock is changed, and one where nothing happens.
AROUND = {
    "Europe/Stockholm": ("2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-12-31T23:00Z"),
    "America/New_York": ("2026-03-08T07:00Z", "2026-11-01T06:00Z"),
    "America/Santiago": ("2026-04-05T03:00Z", "2026-09-06T04:00Z"),
    "Australia/Lord_Howe": ("2026-04-04T15:00Z", "2026-10-03T15:30Z"),
    "Asia/Kathmandu": ("2026-02-28T18:15Z",),
    "Africa/Cairo": ("2026-04-23T22:00Z", "2026-10-29T21:00Z"),
    "America/Havana": ("2026-03-08T05:00Z", "2026-11-01T05:00Z"),
}
KEYS: dict[Period, Callable[[datetime], Hashable]] = {
    Period.FIVE_MINUTES: lambda local: (local.hour, local.minute // 5, local.utcoffset()),
    Period.QUARTER_HOUR: lambda local: (local.hour, local.minute // 15, local.utcoffset()),
    Period.HALF_HOUR: lambda local: (local.hour, local.minute // 30, local.utcoffset()),
    Period.HOUR: lambda local: (local.hour, local.utcoffset()),
    Period.DAY: lambda local: local.date(),
    Period.WEEK: lambda local: local.isocalendar()[:2],
    Period.MONTH: lambda local: (local.year, local.month),
}


@st.composite
def places(draw: st.DrawFn) -> tuple[ZoneInfo, int]:
    """Return a time zone and a full minute near a change of its clock."""
    zone = draw(st.sampled_from(sorted(AROUND)))
    around = int(datetime.fromisoformat(draw(st.sampled_from(AROUND[zone]))).timestamp())
    return ZoneInfo(zone), around + draw(st.integers(-40 * 60, 30 * 60)) * MINUTE


def noted_bounds(start: int, end: int, period: Period, zone: ZoneInfo) -> list[int]:
    """Return the bounds that somebody notes who reads the clock each minute."""
    longest = {Period.MONTH: 32 * 24 * HOUR, Period.WEEK: 8 * 24 * HOUR, Period.DAY: 26 * HOUR}.get(period, 2 * HOUR)
    minutes = range(start - longest, end + longest, MINUTE)
    begins = [
        next(group) for _, group in groupby(minutes, lambda minute: KEYS[period](datetime.fromtimestamp(minute, zone)))
    ]
    first = max(begin for begin in begins if begin <= start)
    last = min(begin for begin in begins if begin >= max(end, start + 1))
    return [begin for begin in begins if first <= begin <= last]


@pytest.mark.parametrize("period", list(Period))
@given(place=places(), minutes=st.integers(0, 3 * 24 * 60))
@settings(max_examples=40, deadline=None)
def test_bounds_are_what_the_clock_shows(period: Period, place: tuple[ZoneInfo, int], minutes: int) -> None:
    """Also on days of 23, 24.5 and 25 hours, in hours that come twice, and where a day has no midnight."""
    zone, start = place
    end = start + minutes * MINUTE
    assert list(period_bounds(start, end, period, zone)) == noted_bounds(start, end, period, zone)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Interval], list[Correction], int, int]:
    """Return intervals with gaps between them, corrections, a reset and the minutes all of it takes."""
    intervals: list[Interval] = []
    minute = draw(st.integers(-30, 30))
    for gap, width, entered, exited, adults in draw(
        st.lists(
            st.tuples(
                st.sampled_from([0, 0, 0, 1, 7, 90]),
                st.sampled_from([1, 1, 5, 15, 60]),
                st.integers(0, 9),
                st.integers(0, 9),
                st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3)),
            ),
            max_size=30,
        )
    ):
        minute += gap
        intervals.append(interval(minute, entered, exited, minutes=width, adults=adults))
        minute += width
    corrections = draw(st.lists(st.builds(Correction, st.integers(0, max(minute, 1)), st.integers(0, 40)), max_size=5))
    corrections = [one._replace(at=NOON + one.at * MINUTE) for one in sorted(corrections, key=lambda one: one.at)]
    return intervals, corrections, NOON, max(minute, 1)


def noted_rows(
    bounds: list[int], intervals: list[Interval], corrections: list[Correction], reset: int, now: int
) -> Iterator[Row]:
    """Yield the rows that somebody notes who goes through all minutes, one after the other."""
    peaks = [0] * (len(bounds) - 1)
    inside = 0
    for minute in range(reset, bounds[-1] + MINUTE, MINUTE):
        for one in intervals:
            if one.end == minute > reset:
                inside = max(0, inside + one.entered - one.exited)
        # Until now these people were counted: in the period that has been going on until now.
        for number, (start, end) in enumerate(pairwise(bounds)):
            if start < minute <= end:
                peaks[number] = max(peaks[number], inside)
        for correction in corrections:
            if correction.at == minute:
                inside = correction.value
                for number, (start, end) in enumerate(pairwise(bounds)):
                    if start < minute < end:
                        peaks[number] = max(peaks[number], inside)
        for number, start in enumerate(bounds[:-1]):
            if start == minute:
                peaks[number] = inside
    for (start, end), peak in zip(pairwise(bounds), peaks, strict=True):
        begun = [one for one in intervals if start <= one.start < end]
        covered = [
            minute
            for minute in range(start, end, MINUTE)
            if any(one.start <= minute and minute + MINUTE <= one.end for one in intervals)
        ]
        adults_entered = [one.adults_entered for one in begun if one.adults_entered is not None]
        adults_exited = [one.adults_exited for one in begun if one.adults_exited is not None]
        yield Row(
            start,
            end,
            sum(one.entered for one in begun),
            sum(one.exited for one in begun),
            sum(adults_entered) if adults_entered or not begun else None,
            sum(adults_exited) if adults_exited or not begun else None,
            peak,
            len(covered) * MINUTE,
            len(covered) * MINUTE == end - start and end <= now,
        )


@given(
    history=histories(),
    steps=st.lists(st.sampled_from([1, 5, 15, 30, 60, 90]), min_size=1, max_size=20),
    offset=st.integers(0, 60),
    now=st.integers(0, 300),
)
@settings(max_examples=300, deadline=None)
def test_rows_are_what_somebody_at_the_door_would_note(
    history: tuple[list[Interval], list[Correction], int, int], steps: list[int], offset: int, now: int
) -> None:
    """Counts, adults, peaks and what is missing, whatever the intervals' widths and gaps."""
    intervals, corrections, reset, _ = history
    bounds = [reset + offset * MINUTE]
    for step in steps:
        bounds.append(bounds[-1] + step * MINUTE)
    until = reset + now * MINUTE
    found = list(rows_of(bounds, intervals, corrections, reset, until))
    assert found == list(noted_rows(bounds, intervals, corrections, reset, until))

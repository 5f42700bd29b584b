"""Rows of counts by the hour, the day and so on, compared with a slow calculation minute by minute."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import datetime
from itertools import batched, groupby, pairwise, tee
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.columns import Columns, columns_of
from custom_components.axis_people_counter.counting.interval import Interval, reverse
from custom_components.axis_people_counter.counting.local_time import DAY, HOUR, Period, period_bounds
from custom_components.axis_people_counter.counting.occupancy import AppliedCorrection, Correction
from custom_components.axis_people_counter.counting.occupancy_columns import passages_of_door, peaks
from custom_components.axis_people_counter.counting.rows import Row, count_rows

MINUTE = 60
NOON = int(datetime.fromisoformat("2026-09-16T10:00:00Z").timestamp())
LATER = NOON + 1000 * HOUR


def interval(
    minute: int, entered: int = 0, exited: int = 0, *, minutes: int = 1, adults: tuple[int, int] | None = None
) -> Interval:
    """Return an interval that begins so many minutes after noon."""
    start = NOON + minute * MINUTE
    return Interval(start, start + minutes * MINUTE, entered, exited, *(adults or (None, None)))


def rows_of(
    bounds: Sequence[int], found: Iterator[Columns], corrections: list[Correction], reset: int, now: int
) -> Iterator[Row]:
    """Yield the rows of one door."""
    counted, passing = tee(found)
    return count_rows(bounds, [counted], peaks(bounds, passages_of_door(passing, reset), corrections), now)


def pieces(intervals: Sequence[Interval], size: int = 3) -> Iterator[Columns]:
    """Yield columns of so many intervals."""
    return map(columns_of, batched(intervals, size, strict=False))


def table(*intervals: Interval, bounds: tuple[int, ...] = (0, 5, 10), now: int = LATER, reset: int = 0) -> list[Row]:
    """Return the rows between bounds in minutes after noon."""
    return list(rows_of([NOON + bound * MINUTE for bound in bounds], pieces(intervals), [], NOON + reset * MINUTE, now))


def test_interval_counts_in_the_row_where_it_begins() -> None:
    """An interval counts in one row only, but covers a part of each row that it reaches into."""
    first, second = table(interval(0, 7, 3, minutes=15))
    assert (first.entered, first.exited, first.covered, first.complete) == (7, 3, 300, True)
    assert (second.entered, second.exited, second.covered, second.complete) == (0, 0, 300, True)


def test_interval_that_began_before_the_first_row() -> None:
    """An interval covers a part of the first row; its people don't count there, but are inside at its end."""
    first, second = table(interval(-3, 7, 3, minutes=10), interval(7, 1, minutes=3), reset=-60)
    assert (first.entered, first.covered, first.complete, first.occupancy_peak) == (0, 300, True, 0)
    assert (second.entered, second.covered, second.complete, second.occupancy_peak) == (1, 300, True, 5)


def test_missing_minute_makes_a_row_incomplete() -> None:
    """Only the row in which the minute is missing is incomplete."""
    first, second = table(*(interval(minute, 1) for minute in range(10) if minute != 7))
    assert (first.entered, first.complete) == (5, True)
    assert (second.entered, second.covered, second.complete) == (4, 240, False)


def test_unfinished_row_is_incomplete() -> None:
    """A row is incomplete until it ends, even if a camera with a fast clock has counted all of it."""
    intervals = [interval(minute, 1) for minute in range(10)]
    assert [row.complete for row in table(*intervals, now=NOON + 10 * MINUTE)] == [True, True]
    assert [row.complete for row in table(*intervals, now=NOON + 10 * MINUTE - 1)] == [True, False]


def test_adults() -> None:
    """Adults are None if no interval of the row distinguishes them, and zero if there is no interval."""
    bounds = (0, 1, 2, 4, 5)
    intervals = (interval(0, 3, adults=(2, 0)), interval(1, 3), interval(2, 3), interval(3, 1, 2, adults=(1, 1)))
    adults = [(row.adults_entered, row.adults_exited) for row in table(*intervals, bounds=bounds)]
    assert adults == [(2, 0), (None, None), (1, 1), (0, 0)]


def test_intervals_around_a_reset() -> None:
    """An interval that ends at the reset lies before it, one that ends later lies after it."""
    (row,) = table(interval(-2, 9, minutes=2), bounds=(0, 5))
    assert row.occupancy_peak == 0
    (row,) = table(interval(-2, 9, minutes=3), bounds=(0, 5))
    assert row.occupancy_peak == 9


def test_intervals_are_read_lazily() -> None:
    """A row needs no more than one piece beyond it, so a year is never in memory."""
    read: list[Columns] = []

    def found() -> Iterator[Columns]:
        for columns in pieces([interval(minute, 1) for minute in range(1000)], 20):
            read.append(columns)
            yield columns

    rows = rows_of([NOON + hour * HOUR for hour in range(16)], found(), [], NOON, LATER)
    for hour in range(1, 16):
        next(rows)
        assert len(read) == hour * 3 + 1


def test_reverse() -> None:
    """Reversing exchanges people and adults who entered with those who exited; reversing twice changes nothing."""
    normal = interval(0, 5, 3, adults=(2, 1))
    assert reverse(normal) == interval(0, 3, 5, adults=(1, 2))
    assert reverse(reverse(normal)) == normal


def test_corrections_are_in_the_row_where_they_happen() -> None:
    """A correction at a bound is in the row that begins there; each says how many people were inside before."""
    minutes = (-1, 0, 3, 5, 7, 10)
    corrections = [Correction(NOON + minute * MINUTE, 10 + minute) for minute in minutes]
    bounds = [NOON, NOON + 5 * MINUTE, NOON + 10 * MINUTE]
    rows = rows_of(bounds, pieces([interval(1, 2)]), corrections, NOON - HOUR, LATER)
    assert [[(correction.value, before) for correction, before in row.corrections] for row in rows] == [
        [(10, 9), (13, 12)],
        [(15, 13), (17, 15)],
    ]


# Against a slow calculation

# Times when the clock is changed, and a midnight when it isn't.
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


def slow_bounds(start: int, end: int, period: Period, zone: ZoneInfo) -> list[int]:
    """Return the bounds by reading the clock each minute; days begin at full quarters of an hour."""
    longest = {Period.MONTH: 32 * DAY, Period.WEEK: 8 * DAY, Period.DAY: 26 * HOUR}.get(period)
    step = 15 * MINUTE if longest else MINUTE
    longest = longest or 2 * HOUR
    minutes = range(start // step * step - longest, end + longest, step)
    begins = [
        next(group) for _, group in groupby(minutes, lambda minute: KEYS[period](datetime.fromtimestamp(minute, zone)))
    ]
    first = max(begin for begin in begins if begin <= start)
    last = min(begin for begin in begins if begin >= max(end, start + 1))
    return [begin for begin in begins if first <= begin <= last]


@pytest.mark.parametrize("period", list(Period))
@given(place=places(), minutes=st.integers(0, 3 * 24 * 60))
@settings(max_examples=40)
def test_bounds(period: Period, place: tuple[ZoneInfo, int], minutes: int) -> None:
    """Days of 23, 24.5 and 25 hours, hours that occur twice and days without a midnight are right."""
    zone, start = place
    end = start + minutes * MINUTE
    assert list(period_bounds(start, end, period, zone)) == slow_bounds(start, end, period, zone)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Interval], list[Correction], int, int]:
    """Return intervals with gaps between them, corrections, the time of a reset, and the length in minutes."""
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
    corrections = [
        Correction(NOON + at * MINUTE, value) for at, value, _ in sorted(corrections, key=lambda each: each.at)
    ]
    return intervals, corrections, NOON, max(minute, 1)


def slow_rows(
    bounds: list[int], intervals: list[Interval], corrections: list[Correction], reset: int, now: int
) -> Iterator[Row]:
    """Yield the rows by going through all minutes."""
    peaks = [0] * (len(bounds) - 1)
    applied: list[list[AppliedCorrection]] = [[] for _ in peaks]
    inside = 0
    for minute in range(reset, bounds[-1] + MINUTE, MINUTE):
        for each in intervals:
            if each.end == minute > reset:
                inside = max(0, inside + each.entered - each.exited)
        # These people were counted in the period that has lasted until now.
        for number, (start, end) in enumerate(pairwise(bounds)):
            if start < minute <= end:
                peaks[number] = max(peaks[number], inside)
        for correction in corrections:
            if correction.at == minute:
                for number, (start, end) in enumerate(pairwise(bounds)):
                    if start <= minute < end:
                        applied[number].append(AppliedCorrection(correction, inside))
                inside = correction.value
                for number, (start, end) in enumerate(pairwise(bounds)):
                    if start < minute < end:
                        peaks[number] = max(peaks[number], inside)
        for number, start in enumerate(bounds[:-1]):
            if start == minute:
                peaks[number] = inside
    for (start, end), peak, corrections_of_row in zip(pairwise(bounds), peaks, applied, strict=True):
        begun = [each for each in intervals if start <= each.start < end]
        covered = [
            minute
            for minute in range(start, end, MINUTE)
            if any(each.start <= minute and minute + MINUTE <= each.end for each in intervals)
        ]
        adults_entered = [each.adults_entered for each in begun if each.adults_entered is not None]
        adults_exited = [each.adults_exited for each in begun if each.adults_exited is not None]
        yield Row(
            start,
            end,
            sum(each.entered for each in begun),
            sum(each.exited for each in begun),
            sum(adults_entered) if adults_entered or not begun else None,
            sum(adults_exited) if adults_exited or not begun else None,
            peak,
            len(covered) * MINUTE,
            len(covered) * MINUTE == end - start and end <= now,
            tuple(corrections_of_row),
        )


@given(
    history=histories(),
    steps=st.lists(st.sampled_from([1, 5, 15, 30, 60, 90]), min_size=1, max_size=20),
    offset=st.integers(0, 60),
    now=st.integers(0, 300),
    size=st.integers(1, 30),
)
@settings(max_examples=300)
def test_rows(
    history: tuple[list[Interval], list[Correction], int, int], steps: list[int], offset: int, now: int, size: int
) -> None:
    """Rows equal those of the slow calculation, whatever the widths of intervals and the gaps between them."""
    intervals, corrections, reset, _ = history
    bounds = [reset + offset * MINUTE]
    for step in steps:
        bounds.append(bounds[-1] + step * MINUTE)
    until = reset + now * MINUTE
    found = list(rows_of(bounds, pieces(intervals, size), corrections, reset, until))
    assert found == list(slow_rows(bounds, intervals, corrections, reset, until))

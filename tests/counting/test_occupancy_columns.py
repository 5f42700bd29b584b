"""The fold of columns returns the same as the fold of single passages, which defines it."""

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Final

from hypothesis import example, given, settings, strategies as st

from custom_components.axis_people_counter.counting.columns import Columns, columns_of
from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.local_time import DAY
from custom_components.axis_people_counter.counting.occupancy import Correction, Passage, levels, occupancy_by_period
from custom_components.axis_people_counter.counting.occupancy_columns import (
    PassageColumns,
    passages_of_door,
    passages_of_place,
    peaks,
)

HOUR: Final = 3600
# An hour before midnight (UTC), so that some intervals reach over it.
START: Final = 20_000 * DAY - HOUR

type Doors = list[list[Interval]]


@st.composite
def door(draw: st.DrawFn, widths: Sequence[int]) -> list[Interval]:
    """Return the intervals of a door, of these widths in minutes, with gaps of up to days between them."""
    at = START + 60 * draw(st.integers(0, 10))
    found: list[Interval] = []
    steps = st.tuples(
        st.sampled_from([0, 0, 0, 0, 1, 30, 3000]), st.sampled_from(widths), st.integers(0, 3), st.integers(0, 3)
    )
    for gap, width, entered, exited in draw(st.lists(steps, max_size=25)):
        at += gap * 60
        found.append(Interval(at, at + width * 60, entered, exited, None, None))
        at += width * 60
    return found


@st.composite
def same_minutes(draw: st.DrawFn) -> Doors:
    """Return doors that count the same minutes."""
    minutes = draw(st.lists(st.integers(0, 2000), max_size=30, unique=True).map(sorted))
    people = st.integers(0, 2)
    return [
        [
            Interval(START + 60 * minute, START + 60 * minute + 60, draw(people), draw(people), None, None)
            for minute in minutes
        ]
        for _ in range(draw(st.integers(1, 3)))
    ]


any_doors: Final = st.one_of(
    same_minutes(), st.lists(door([1]), max_size=3), st.lists(door([1, 5, 60, 1440]), max_size=4)
)
corrections_of_days: Final = st.lists(
    st.builds(Correction, st.integers(-10, 3000).map(lambda minute: START + 60 * minute), st.integers(0, 9)),
    max_size=5,
).map(lambda corrections: sorted(corrections, key=lambda correction: correction.at))
bounds_of_days: Final = st.lists(
    st.integers(-100, 9000).map(lambda minute: START + 30 * minute), min_size=2, max_size=20, unique=True
).map(sorted)


def slow_passages(doors: Doors, since: int) -> list[Passage]:
    """Return the passages at all doors, by looking for the open intervals at each."""
    busy = [interval for intervals in doors for interval in intervals if interval.entered or interval.exited]
    return [
        Passage(
            at,
            sum(interval.entered for interval in busy if interval.end == at),
            sum(interval.exited for interval in busy if interval.end == at),
            sum(interval.entered for interval in busy if interval.start < at < interval.end),
        )
        for at in sorted({interval.end for interval in busy})
        if at > since
    ]


def pieces(intervals: list[Interval], size: int) -> Iterator[Columns]:
    """Yield columns of so many intervals; their times are ranges where that is possible, as in packed days."""
    for batch in batched(intervals, size, strict=False):
        columns = columns_of(batch)
        width = batch[0].end - batch[0].start
        starts = range(batch[0].start, batch[-1].end, width)
        ends = range(batch[0].end, batch[-1].end + 1, width)
        is_regular = (tuple(starts), tuple(ends)) == columns[:2]
        yield columns._replace(starts=starts, ends=ends) if is_regular else columns


def fast_passages(doors: Doors, since: int, size: int) -> list[PassageColumns]:
    """Return the passages at all doors, read in pieces of so many intervals."""
    return list(passages_of_place([pieces(intervals, size) for intervals in doors], since))


@given(doors=any_doors, since=st.integers(-10, 3000), size=st.integers(1, 40))
@settings(max_examples=400)
def test_passages_of_a_place(doors: Doors, since: int, size: int) -> None:
    """Passages are those of all doors, whatever their widths and gaps, and in whatever pieces they are read."""
    since = START + 60 * since
    found = [
        Passage(*numbers)
        for at, entered, exited, pending in fast_passages(doors, since, size)
        for numbers in zip(at, entered, exited, pending or [0] * len(at), strict=True)
    ]
    assert found == slow_passages(doors, since)


@given(
    doors=any_doors,
    corrections=corrections_of_days,
    bounds=bounds_of_days,
    size=st.integers(1, 40),
    running=st.integers(-3, 5),
)
@example(
    doors=[[Interval(START, START + 60, 1, 1, None, None), Interval(START + 60, START + 120, 1, 0, None, None)]],
    corrections=[],
    bounds=[START, START + 120],
    size=40,
    running=-1,
)
@settings(max_examples=400)
def test_peaks_of_a_place(
    doors: Doors, corrections: list[Correction], bounds: list[int], size: int, running: int
) -> None:
    """Peaks and corrections are those of the levels."""
    found = peaks(bounds, fast_passages(doors, 0, size), corrections, running)
    steps = levels(slow_passages(doors, 0), corrections, running)
    expected = occupancy_by_period(bounds, steps, bounds[-1], max(0, running))
    assert list(found) == [(occupancy.highest, occupancy.corrections) for occupancy in expected]


@given(
    intervals=door([1, 5, 60]),
    corrections=corrections_of_days,
    bounds=bounds_of_days,
    reset=st.integers(-10, 3000),
    size=st.integers(1, 40),
)
@settings(max_examples=400)
def test_peaks_of_a_door(
    intervals: list[Interval], corrections: list[Correction], bounds: list[int], reset: int, size: int
) -> None:
    """Peaks of a door are those of the levels, from passages after a reset on."""
    reset = START + 60 * reset
    found = peaks(bounds, passages_of_door(pieces(intervals, size), reset), corrections)
    passages = [Passage(interval.end, interval.entered, interval.exited) for interval in intervals]
    steps = levels([passage for passage in passages if passage.at > reset], corrections)
    expected = occupancy_by_period(bounds, steps, bounds[-1])
    assert list(found) == [(occupancy.highest, occupancy.corrections) for occupancy in expected]

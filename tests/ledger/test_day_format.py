"""The format of packed days loses nothing, and takes little space."""

from random import Random
import sys

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.columns import columns_of
from custom_components.axis_people_counter.counting.interval import MAX_COUNT
from custom_components.axis_people_counter.counting.overlap import SentInterval
from custom_components.axis_people_counter.ledger import day_format

from ..helpers.bare_ledger import DAY, MINUTE, START
from ..helpers.histories import busy_day

MIDNIGHT = START // DAY * DAY


@st.composite
def days(draw: st.DrawFn) -> list[SentInterval]:
    """Return the intervals of a day: at least one, with any widths, gaps, counts, adults and times of sending."""
    count = st.one_of(st.integers(0, 3), st.integers(0, MAX_COUNT))
    adults = st.one_of(st.none(), st.just(0), st.integers(0, MAX_COUNT))
    second = MIDNIGHT
    found: list[SentInterval] = []
    for gap, width in draw(
        st.lists(
            st.tuples(
                st.sampled_from([0, 0, 0, 1, 60, 3600]), st.sampled_from([60, 60, 60, 1, 900, 3601]) | st.just(DAY)
            ),
            min_size=1,
            max_size=40,
        )
    ):
        second += gap
        if second >= MIDNIGHT + DAY:
            break
        sent = second + draw(st.sampled_from([90, 90, 90, 5000, 2**40]))
        found.append(SentInterval(second, second + width, draw(count), draw(count), draw(adults), draw(adults), sent))
        second += width
    return found


@given(intervals=days())
@settings(max_examples=500)
def test_nothing_is_lost(intervals: list[SentInterval]) -> None:
    """Unpacking returns what was packed: as intervals, as columns, and start and end alone."""
    content = day_format.pack(intervals)
    assert day_format.unpack(content) == intervals
    assert day_format.extent(content) == (intervals[0].start, intervals[-1].end)
    parts = list(day_format.unpack_columns(content))
    assert [interval for part in parts for interval in part.intervals()] == [sent.interval for sent in intervals]
    for part in parts:
        expected = columns_of([*part.intervals()])
        assert [list(column) for column in part[:6]] == [list(column) for column in expected[:6]]
        assert part.is_contiguous == expected.is_contiguous


def test_bytes_have_the_same_order_on_every_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that stores the highest byte first swaps the bytes; packing and unpacking fit together there too."""
    intervals = [SentInterval(MIDNIGHT, MIDNIGHT + 60, 1000, 0, None, None, MIDNIGHT + 90)]
    content = day_format.pack(intervals)
    monkeypatch.setattr(sys, "byteorder", "big" if sys.byteorder == "little" else "little")
    assert day_format.pack(intervals) != content
    assert day_format.unpack(day_format.pack(intervals)) == intervals


def test_format_is_fixed() -> None:
    """Contents that were stored once have to stay readable."""
    intervals = [
        SentInterval(MIDNIGHT + minute * MINUTE, MIDNIGHT + (minute + 1) * MINUTE, minute, 1, 1, None, MIDNIGHT + 300)
        for minute in (0, 1, 4)
    ]
    content = bytes.fromhex(
        "0100dca96a000000002cdda96a00000000789c63666060b0720281240f06860a1b06461646c6ff3a8c406106003e840419"
    )
    assert day_format.unpack(content) == intervals


def test_size_of_a_busy_year() -> None:
    """A year of a busy door takes at most 1 MB."""
    chance = Random(20260916)
    size = sum(len(day_format.pack(busy_day(MIDNIGHT + day * DAY, chance))) for day in range(14))
    assert size * 365 / 14 < 1_000_000


def test_size_of_a_quiet_day() -> None:
    """A day on which nobody passes takes next to nothing."""
    intervals = [
        SentInterval(start, start + MINUTE, 0, 0, 0, 0, start + 90) for start in range(MIDNIGHT, MIDNIGHT + DAY, MINUTE)
    ]
    assert len(day_format.pack(intervals)) < 100

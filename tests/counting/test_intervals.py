"""Lists of intervals: they return what was added, and hold no object for each interval."""

from datetime import timedelta
import gc
import json

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import MAX_COUNT, Interval, Intervals
from custom_components.axis_people_counter.counting.local_time import DAY
from custom_components.axis_people_counter.counting.protocol import Push, parse

from ..helpers.documents import SENT
from ..helpers.pusher import document, measurement

MINUTE = timedelta(minutes=1)
COUNTS = st.integers(0, MAX_COUNT)
INTERVALS = st.builds(
    lambda start, width, *counts: Interval(start, start + width, *counts),
    st.integers(-3 * DAY, 3 * DAY),
    st.integers(1, DAY),
    COUNTS,
    COUNTS,
    st.none() | COUNTS,
    st.none() | COUNTS,
)


@given(st.lists(INTERVALS), st.lists(INTERVALS))
def test_same_intervals(added: list[Interval], others: list[Interval]) -> None:
    """The intervals that were added are returned, in the same order."""
    intervals = Intervals(added)
    assert list(intervals) == added
    assert len(intervals) == len(added)
    assert all(type(interval) is Interval for interval in intervals)
    assert (intervals == Intervals(others)) == (added == others)
    assert intervals != added
    assert repr(intervals) == f"Intervals({added})"


@given(st.lists(INTERVALS))
def test_days(added: list[Interval]) -> None:
    """Each interval is in the day in which it begins; the days are in the order of time."""
    days = [list(day) for day in Intervals(added).by_day()]
    numbers = sorted({interval.start // DAY for interval in added})
    assert days == [[interval for interval in added if interval.start // DAY == number] for number in numbers]


@pytest.mark.parametrize("kind", ["people-counts", "people-counts-v2"])
def test_no_object_for_each_measurement(kind: str) -> None:
    """However many measurements a push has, the garbage collector looks at a few of its objects only."""
    measurements = [{**measurement(SENT - minute * MINUTE, 1, 1), "kind": kind} for minute in range(1, 2000)]
    body = json.dumps(document(*measurements, sent=SENT)).encode()
    gc.collect()
    before = len(gc.get_objects())
    push = parse(body)
    gc.collect()
    assert len(gc.get_objects()) < before + 20
    assert isinstance(push, Push)
    # Measurements of an unknown kind are rejected.
    assert len(push.intervals) + len(push.rejected) == len(measurements)
    contents = [json.loads(rejected.content) for rejected in push.rejected]
    assert contents == measurements[: len(push.rejected)]

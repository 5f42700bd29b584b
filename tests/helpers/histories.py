"""Random histories of a camera: what it told of which minutes, and when."""

from typing import Final, NamedTuple

from hypothesis import HealthCheck, settings, strategies as st

from custom_components.axis_people_counter.counting.interval import Interval

from .ledgers import interval

# Each example opens several files and commits to disk.
examples: Final = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Told(NamedTuple):
    """An interval and the instant at which the camera told it."""

    sent: int
    interval: Interval


@st.composite
def aligned(draw: st.DrawFn) -> list[Interval]:
    """Return an interval as cameras send them, 1, 5, 15 or 60 minutes on the clock's multiples, or all parts of one."""
    minutes, parts = draw(st.sampled_from([(1, 1), (1, 1), (1, 5), (5, 1), (5, 3), (15, 1), (15, 4), (60, 1)]))
    first = draw(st.integers(0, 75 // (minutes * parts))) * minutes * parts
    count = st.integers(0, 9)
    adults = st.sampled_from([None, (1, 0), (0, 2)])
    return [
        interval(first + number * minutes, draw(count), draw(count), minutes=minutes, adults=draw(adults))
        for number in range(parts)
    ]


@st.composite
def cutting(draw: st.DrawFn) -> list[Interval]:
    """Return an interval of any width that begins at any minute, so that others may cut it anywhere."""
    return [interval(draw(st.integers(0, 12)), draw(st.integers(0, 9)), 1, minutes=draw(st.integers(1, 6)))]


def history(intervals: st.SearchStrategy[list[Interval]]) -> st.SearchStrategy[list[Told]]:
    """Return what a camera told in the order in which it did; several may be of one instant, and of one push."""

    def in_order(told: list[tuple[int, list[Interval]]]) -> list[Told]:
        return [Told(sent, one) for sent, some in sorted(told, key=lambda pair: pair[0]) for one in some]

    return st.lists(st.tuples(st.integers(0, 6), intervals), min_size=1, max_size=12).map(in_order)

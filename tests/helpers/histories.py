"""Random histories of a camera: which counts it sent, and when."""

from typing import Final, NamedTuple

from hypothesis import HealthCheck, settings, strategies as st

from custom_components.axis_people_counter.counting.interval import Interval

from .bare_ledger import interval

# Each example opens several files and commits to disk.
examples: Final = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Report(NamedTuple):
    """An interval and the instant at which the camera sent it."""

    sent: int
    interval: Interval


@st.composite
def aligned(draw: st.DrawFn) -> list[Interval]:
    """Return an aligned interval of 1, 5, 15 or 60 minutes, as cameras send them, or all parts of such an interval."""
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
    """Return an interval of any width from any minute on, so that intervals may cut each other anywhere."""
    return [interval(draw(st.integers(0, 12)), draw(st.integers(0, 9)), 1, minutes=draw(st.integers(1, 6)))]


def history(intervals: st.SearchStrategy[list[Interval]]) -> st.SearchStrategy[list[Report]]:
    """Return the reports of a camera in the order of sending; several may be of one instant, or of one push."""

    def in_order(pushes: list[tuple[int, list[Interval]]]) -> list[Report]:
        return [Report(sent, counted) for sent, part in sorted(pushes, key=lambda push: push[0]) for counted in part]

    return st.lists(st.tuples(st.integers(0, 6), intervals), min_size=1, max_size=12).map(in_order)

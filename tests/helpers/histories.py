"""Random histories of a camera: which counts it sent, and when."""

from math import exp
from random import Random
from typing import Final, NamedTuple

from hypothesis import HealthCheck, settings, strategies as st

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.overlap import SentInterval

from .bare_ledger import DAY, HOUR, MINUTE, interval

# Each example opens several files and commits to disk.
examples: Final = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])


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


# People an hour at a busy door, by the hour of the day (UTC): closed at night.
_PEOPLE_BY_HOUR: Final = (*(8 * [0]), 20, 60, 90, 120, 160, 140, 100, 90, 120, 180, 150, 60, *(4 * [0]))


def busy_day(midnight: int, chance: Random) -> list[SentInterval]:
    """Return a day of a busy door by the minute, with adults; in four of ten minutes somebody passes.

    Each minute is sent some seconds after its end.
    """
    factor = chance.uniform(0.7, 1.3)
    found: list[SentInterval] = []
    for start in range(midnight, midnight + DAY, MINUTE):
        people = _PEOPLE_BY_HOUR[(start - midnight) // HOUR] / 60 * factor
        entered, exited = _poisson(people, chance), _poisson(people, chance)
        adults_entered, adults_exited = (
            sum(chance.random() < 0.85 for _ in range(count)) for count in (entered, exited)
        )
        end = start + MINUTE
        sent = end + chance.randint(12, 18)
        found.append(SentInterval(start, end, entered, exited, adults_entered, adults_exited, sent))
    return found


def _poisson(mean: float, chance: Random) -> int:
    """Return how many people pass at random, by the number of random waits that fit in."""
    count, product = 0, chance.random()
    while product > exp(-mean):
        count += 1
        product *= chance.random()
    return count

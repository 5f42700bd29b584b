"""Visitors of open time and the occupancy at any instant, compared with calculations second by second."""

from itertools import pairwise
from operator import attrgetter

from hypothesis import given, strategies as st

from custom_components.axis_people_counter.counting.columns import columns_of
from custom_components.axis_people_counter.counting.course import Visitors, occupancy_course, visitors
from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.occupancy import Correction
from custom_components.axis_people_counter.counting.occupancy_columns import passages_of_door
from custom_components.axis_people_counter.counting.tally import Stretch

# The time of all examples, in seconds.
LIFE = 60

instants = st.integers(0, LIFE)


@st.composite
def stretches(draw: st.DrawFn) -> list[Stretch]:
    """Return disjoint stretches in the order of time, some without time between them."""
    cuts = sorted(draw(st.lists(instants, max_size=12, unique=True)))
    return [Stretch(*pair) for pair in pairwise(cuts) if draw(st.booleans())]


@st.composite
def intervals(draw: st.DrawFn) -> list[Interval]:
    """Return the intervals of a door."""
    count = st.integers(0, 5)
    return [Interval(*stretch, draw(count), draw(count), None, None) for stretch in draw(stretches())]


@given(doors=st.lists(intervals(), max_size=3), open_time=stretches())
def test_visitors(doors: list[list[Interval]], open_time: list[Stretch]) -> None:
    """Count those whose interval begins in open time, and each second of it that all doors cover, or any doesn't."""
    opened = {second for start, end in open_time for second in range(start, end)}
    covered = [{second for each in door for second in range(each.start, each.end)} for door in doors]
    whole = opened.intersection(*covered)
    found = visitors([[columns_of(door)] if door else [] for door in doors], open_time)
    people = sum(interval.entered for door in doors for interval in door if interval.start in opened)
    assert found == Visitors(people, len(whole), len(opened - whole))
    assert found.is_complete == (opened <= whole)
    assert found.is_known == bool(people or whole or not opened)


@given(doors=st.lists(intervals(), max_size=2), open_time=stretches(), cut=instants)
def test_visitors_in_two_parts(doors: list[list[Interval]], open_time: list[Stretch], cut: int) -> None:
    """Two parts of the time have as many people, and as much that is missing, as the whole."""
    columns = [[columns_of(door)] if door else [] for door in doors]
    before = [Stretch(start, min(end, cut)) for start, end in open_time if start < cut]
    after = [Stretch(max(start, cut), end) for start, end in open_time if cut < end]
    assert visitors(columns, before).plus(visitors(columns, after)) == visitors(columns, open_time)


@given(
    door=intervals(),
    corrections=st.lists(st.builds(Correction, instants, st.integers(0, 9)), max_size=3, unique_by=attrgetter("at")),
    since=st.integers(-5, 20),
    running=st.integers(-3, 5),
)
def test_occupancy(door: list[Interval], corrections: list[Correction], since: int, running: int) -> None:
    """At each instant, those are inside who came by then, since the last correction, and nobody has left twice."""
    corrections = sorted((each for each in corrections if each.at >= since), key=attrgetter("at"))
    columns = [columns_of(door)] if door else []
    course = occupancy_course(passages_of_door(columns, since), corrections, since, running)
    set_to = dict(corrections_of(corrections))
    inside = running
    for instant in range(since, LIFE + 5):
        for interval in door:
            if interval.end == instant > since:
                inside = max(0, inside + interval.entered - interval.exited)
        inside = set_to.get(instant, inside)
        assert course.inside_at(instant) == max(0, inside)
    assert course.inside_at(since - 1) == 0


def corrections_of(corrections: list[Correction]) -> list[tuple[int, int]]:
    """Return when the occupancy was set, and to how many people."""
    return [(at, value) for at, value, _ in corrections]

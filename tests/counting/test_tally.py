"""Sums of a door by pieces of time, compared with a calculation second by second."""

from itertools import pairwise

from hypothesis import given, strategies as st

from custom_components.axis_people_counter.counting.columns import Columns, columns_of
from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.tally import (
    DoorTally,
    Stretch,
    intersection,
    seconds_by_piece,
    union,
)

# The time of all examples, in seconds.
LIFE = 60

instants = st.integers(0, LIFE)
many_bounds = st.lists(instants, min_size=2, max_size=8, unique=True).map(sorted)


@st.composite
def stretches(draw: st.DrawFn) -> list[Stretch]:
    """Return disjoint stretches in the order of time, some without time between them."""
    cuts = sorted(draw(st.lists(instants, max_size=12, unique=True)))
    return [Stretch(*pair) for pair in pairwise(cuts) if draw(st.booleans())]


@st.composite
def doors(draw: st.DrawFn) -> list[Interval]:
    """Return the intervals of a door."""
    return [Interval(*stretch, draw(st.integers(0, 9)), 1, None, None) for stretch in draw(stretches())]


def seconds(found: list[Stretch]) -> set[int]:
    """Return each second of some stretches."""
    return {second for stretch in found for second in range(*stretch)}


@given(door=doors(), bounds=many_bounds, size=st.integers(1, 5), asked=st.tuples(instants, instants))
def test_tally(door: list[Interval], bounds: list[int], size: int, asked: tuple[int, int]) -> None:
    """Count each interval once, in the piece in which it begins, and know all that isn't covered."""
    parts = [columns_of(door[first : first + size]) for first in range(0, len(door), size)]
    tally = DoorTally(bounds)
    assert list(tally.reading(parts)) == parts
    # A second reading that begins earlier adds nothing.
    for part in parts[-2:]:
        tally.add(part)
    for piece, (start, end) in enumerate(pairwise(bounds)):
        assert tally.entered[piece] == sum(interval.entered for interval in door if start <= interval.start < end)
    start, end = sorted(asked)
    covered = {second for interval in door for second in range(interval.start, interval.end)}
    gaps = list(tally.gaps(start, end))
    assert seconds(gaps) == set(range(start, end)) - covered
    assert all(before.end < after.start for before, after in pairwise(gaps))


def test_tally_of_ranges() -> None:
    """Packed days have ranges as times."""
    columns = Columns(range(0, 60, 10), range(10, 70, 10), [1, 2, 3, 4, 5, 6], [0] * 6, [0] * 6, [0] * 6, True)
    tally = DoorTally([5, 25, 35, 36, 100])
    tally.add(columns)
    assert list(tally.entered) == [2 + 3, 4, 0, 5 + 6]
    assert list(tally.gaps(0, 100)) == [(60, 100)]


@given(lists=st.lists(stretches(), max_size=4), bounds=many_bounds)
def test_stretches(lists: list[list[Stretch]], bounds: list[int]) -> None:
    """Unite, intersect and divide stretches as the sets of their seconds."""
    of_each = [seconds(found) for found in lists]
    united = union(lists)
    assert seconds(united) == set().union(*of_each)
    assert all(before.end < after.start for before, after in pairwise(united))
    if len(lists) > 1:
        assert seconds(intersection(lists[0], lists[1])) == of_each[0] & of_each[1]
    pieces = [set(range(start, end)) for start, end in pairwise(bounds)]
    assert list(seconds_by_piece(bounds, united)) == [len(piece & seconds(united)) for piece in pieces]

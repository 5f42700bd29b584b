"""The crowd of each period, compared with the levels of occupancy."""

from itertools import pairwise
from operator import attrgetter

from hypothesis import example, given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.crowding import Crowd, crowds
from custom_components.axis_people_counter.counting.occupancy import Correction, Level, Passage, levels
from custom_components.axis_people_counter.counting.occupancy_columns import PassageColumns, peaks
from custom_components.axis_people_counter.counting.tally import Stretch

LIFE = 40

bounds_of_periods = st.lists(st.integers(0, LIFE), min_size=2, max_size=5, unique=True).map(sorted)
passages_of_time = st.lists(
    st.builds(Passage, st.integers(0, LIFE), st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)),
    max_size=12,
    unique_by=attrgetter("at"),
).map(lambda found: sorted(found, key=attrgetter("at")))
corrections_of_time = st.lists(st.builds(Correction, st.integers(0, LIFE), st.integers(0, 6)), max_size=4).map(
    lambda found: sorted(found, key=attrgetter("at"))
)


def columns(passages: list[Passage], size: int) -> list[PassageColumns]:
    """Return passages in parts, as the ledger reads them."""
    parts = [passages[first : first + size] for first in range(0, len(passages), size)]
    return [
        PassageColumns(
            [passage.at for passage in part],
            [passage.entered for passage in part],
            [passage.exited for passage in part],
            [passage.pending for passage in part] if any(passage.pending for passage in part) else None,
        )
        for part in parts
    ]


def slow(bounds: list[int], found: list[Level], running: int, capacity: int) -> list[tuple[int, int, int, set[int]]]:
    """Return peak, when, drift and the seconds above the capacity of each period, second by second."""
    inside = max(0, running)
    expected = []
    coming = list(found)
    # Passages up to the first bound, and corrections before it.
    while coming and (coming[0].at < bounds[0] or (coming[0].at == bounds[0] and coming[0].correction is None)):
        inside = coming.pop(0).inside
    for start, end in pairwise(bounds):
        highest, at, drift, over = inside, start, 0, set()
        for second in range(start, end + 1):
            while coming and coming[0].at == second and (second < end or coming[0].correction is None):
                level = coming.pop(0)
                inside = level.inside
                drift += level.drift
                if second == start or inside > highest:
                    highest, at = inside, second
            if inside > capacity and second < end:
                over.add(second)
        expected.append((highest, at, drift, over))
    return expected


@given(
    bounds=bounds_of_periods,
    passages=passages_of_time,
    corrections=corrections_of_time,
    running=st.integers(0, 5),
    capacity=st.integers(0, 6),
    size=st.integers(1, 4),
)
# Two corrections at a bound: the second one is what holds.
@example([0, 10, 20], [Passage(10, 3, 0)], [Correction(10, 5), Correction(10, 1)], 0, 2, 4)
def test_crowds(
    bounds: list[int], passages: list[Passage], corrections: list[Correction], running: int, capacity: int, size: int
) -> None:
    """Peak, drift and time above the capacity are those of the levels."""
    found = list(crowds(bounds, columns(passages, size), corrections, running, capacity))
    expected = slow(bounds, list(levels(passages, corrections, running)), running, capacity)
    seconds = [{second for over in crowd.over for second in range(*over)} for crowd in found]
    assert [(*crowd[:3], over) for crowd, over in zip(found, seconds, strict=True)] == expected
    of_peaks = [peak.highest for peak in peaks(bounds, columns(passages, size), corrections, running)]
    assert [crowd.highest for crowd in found] == of_peaks


@pytest.mark.parametrize(("capacity", "over"), [(None, ()), (4, (Stretch(7, 10),)), (5, ())])
def test_capacity(capacity: int | None, over: tuple[Stretch, ...]) -> None:
    """As many people as the capacity aren't too many, and without a capacity nobody is."""
    passages = PassageColumns([5, 7, 10], [4, 1, 0], [0, 0, 1], None)
    assert list(crowds([0, 20], [passages], [], 0, capacity)) == [Crowd(5, 7, 0, over)]

"""Occupancy from passages and corrections, and limits with hysteresis."""

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.occupancy import (
    Correction,
    Passage,
    final_occupancy,
    has_reached,
    thresholds,
    turning_points,
)


def test_empty_after_a_reset() -> None:
    """Without passages and corrections nobody is inside."""
    assert final_occupancy([], []) == 0


def test_passages_are_summed() -> None:
    """Occupancy is the difference between those who entered and those who exited."""
    assert final_occupancy([Passage(60, 5, 0), Passage(120, 2, 3)], []) == 4


def test_never_below_zero() -> None:
    """If more exit than are inside, occupancy stays at zero, and counting goes on from there."""
    assert final_occupancy([Passage(60, 1, 4), Passage(120, 2, 0)], []) == 2


def test_interval_is_summed_before_the_floor() -> None:
    """The order of people inside one interval is unknown, so only their difference is applied."""
    assert final_occupancy([Passage(60, 1, 0), Passage(120, 3, 4)], []) == 0
    assert final_occupancy([Passage(60, 1, 0), Passage(120, 3, 2)], []) == 2


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(59, 10 + 5 - 1, id="before the first passage"),
        pytest.param(60, 10 - 1, id="at the end of the first passage, which lies before it"),
        pytest.param(61, 10 - 1, id="between the two"),
        pytest.param(119, 10 - 1, id="just before the second passage"),
        pytest.param(120, 10, id="at the end of the second passage"),
        pytest.param(500, 10, id="after all"),
    ],
)
def test_correction(at: int, expected: int) -> None:
    """A correction replaces the sum of all passages up to its time; later ones are added to it."""
    assert final_occupancy([Passage(60, 5, 0), Passage(120, 0, 1)], [Correction(at, 10)]) == expected


def test_last_correction_counts() -> None:
    """The last of several corrections between two passages, or at the same time, counts."""
    passages = [Passage(60, 5, 0), Passage(120, 1, 0)]
    assert final_occupancy(passages, [Correction(70, 30), Correction(80, 20)]) == 21
    assert final_occupancy(passages, [Correction(70, 30), Correction(70, 20)]) == 21
    assert final_occupancy(passages, [Correction(70, 30), Correction(130, 3)]) == 3


def test_correction_to_zero() -> None:
    """A correction to zero, as by the reset button, leaves nobody inside."""
    assert final_occupancy([Passage(60, 5, 0)], [Correction(60, 0)]) == 0


_times = st.integers(0, 30)


@given(
    passages=st.lists(st.builds(Passage, _times, st.integers(0, 9), st.integers(0, 9), st.just(0)), max_size=12),
    corrections=st.lists(st.builds(Correction, _times, st.integers(0, 50)), max_size=4),
)
def test_occupancy(passages: list[Passage], corrections: list[Correction]) -> None:
    """Occupancy equals that of a slow calculation: at each second first passages, then corrections."""
    passages.sort(key=lambda passage: passage.at)
    corrections.sort(key=lambda correction: correction.at)
    inside = 0
    for second in range(31):
        for passage in passages:
            if passage.at == second:
                inside = max(inside + passage.entered - passage.exited, 0)
        for correction in corrections:
            if correction.at == second:
                inside = correction.value
    assert final_occupancy(iter(passages), iter(corrections)) == inside


@pytest.mark.parametrize(
    ("occupancies", "is_full"),
    [
        pytest.param([0, 10], True, id="as many as may be inside"),
        pytest.param([0, 10, 7], True, id="fewer by no more than hysteresis"),
        pytest.param([0, 10, 6], False, id="fewer by more than hysteresis"),
        pytest.param([0, 10, 6, 9], False, id="more again, but not as many as may be inside"),
        pytest.param([9], False, id="never as many"),
        pytest.param([], False, id="nothing known"),
    ],
)
def test_hysteresis(occupancies: list[int], is_full: bool) -> None:
    """With a limit of ten and a hysteresis of three, the limit is reached at ten and left at six."""
    assert has_reached(10, occupancies, hysteresis=3) is is_full


@given(
    st.lists(st.lists(st.integers(-3, 12), max_size=30), min_size=1, max_size=5),
    st.lists(st.none() | st.integers(1, 12), max_size=2),
    st.integers(0, 12),
)
def test_turning_points(days: list[list[int]], limits: list[int | None], hysteresis: int) -> None:
    """For each limit, the turning points kept at the end of each day give the same result as all numbers."""
    all_occupancies, kept = [0], [0]
    known = thresholds(limits, hysteresis=hysteresis)
    for day in days:
        all_occupancies += day
        kept = turning_points([*kept, *day], known)
        assert kept[-1] == all_occupancies[-1]
        for limit in filter(None, limits):
            assert has_reached(limit, kept, hysteresis=hysteresis) is has_reached(
                limit, all_occupancies, hysteresis=hysteresis
            )
        # Each of them is beyond another threshold than all later ones.
        assert len(kept) <= len(known) + 1

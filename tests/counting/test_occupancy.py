"""People inside, from what passed and what somebody said."""

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.occupancy import (
    Correction,
    Passage,
    final_occupancy,
    has_reached,
    turning_points,
)


def test_nobody_is_inside_after_a_reset() -> None:
    """Without passages and corrections the place is empty."""
    assert final_occupancy([], []) == 0


def test_people_who_came_and_have_not_left_are_inside() -> None:
    """The net of all passages counts."""
    assert final_occupancy([Passage(60, 5, 0), Passage(120, 2, 3)], []) == 4


def test_more_people_than_are_inside_cannot_leave() -> None:
    """What would fall below zero stays at zero, and people who come later are counted from there."""
    assert final_occupancy([Passage(60, 1, 4), Passage(120, 2, 0)], []) == 2


def test_people_of_one_interval_are_netted_before_the_floor() -> None:
    """Nobody knows the order inside one interval: it is taken as a whole."""
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
def test_a_correction_replaces_what_was_counted_up_to_it(at: int, expected: int) -> None:
    """Passages that ended by its instant are forgotten, later ones are counted on."""
    assert final_occupancy([Passage(60, 5, 0), Passage(120, 0, 1)], [Correction(at, 10)]) == expected


def test_the_last_of_several_corrections_counts() -> None:
    """Of two between the same passages, and of two at the same instant, the later one wins."""
    passages = [Passage(60, 5, 0), Passage(120, 1, 0)]
    assert final_occupancy(passages, [Correction(70, 30), Correction(80, 20)]) == 21
    assert final_occupancy(passages, [Correction(70, 30), Correction(70, 20)]) == 21
    assert final_occupancy(passages, [Correction(70, 30), Correction(130, 3)]) == 3


def test_a_correction_to_zero_empties_the_place() -> None:
    """The reset button is a correction to zero."""
    assert final_occupancy([Passage(60, 5, 0)], [Correction(60, 0)]) == 0


_instants = st.integers(0, 30)


@given(
    passages=st.lists(st.builds(Passage, _instants, st.integers(0, 9), st.integers(0, 9), st.just(0)), max_size=12),
    corrections=st.lists(st.builds(Correction, _instants, st.integers(0, 50)), max_size=4),
)
def test_it_is_what_somebody_at_the_door_would_note(passages: list[Passage], corrections: list[Correction]) -> None:
    """The result equals that of going through every instant: first what passed until it, then what was said at it."""
    passages.sort(key=lambda passage: passage.at)
    corrections.sort(key=lambda correction: correction.at)
    inside = 0
    for instant in range(31):
        for passage in passages:
            if passage.at == instant:
                inside = max(inside + passage.entered - passage.exited, 0)
        for correction in corrections:
            if correction.at == instant:
                inside = correction.value
    assert final_occupancy(iter(passages), iter(corrections)) == inside


@pytest.mark.parametrize(
    ("insides", "is_full"),
    [
        pytest.param([0, 10], True, id="as many as may be inside"),
        pytest.param([0, 10, 7], True, id="fewer by no more than hysteresis"),
        pytest.param([0, 10, 6], False, id="fewer by more than hysteresis"),
        pytest.param([0, 10, 6, 9], False, id="more again, but not as many as may be inside"),
        pytest.param([9], False, id="never as many"),
        pytest.param([], False, id="nothing known"),
    ],
)
def test_a_limit_stays_reached_within_hysteresis(insides: list[int], is_full: bool) -> None:
    """Ten may be inside, and it is free again at seven less one."""
    assert has_reached(10, insides, hysteresis=3) is is_full


@given(
    st.lists(st.lists(st.integers(-3, 12), max_size=30), min_size=1, max_size=5),
    st.integers(1, 12),
    st.integers(0, 12),
)
def test_few_numbers_decide_for_every_limit(days: list[list[int]], limit: int, hysteresis: int) -> None:
    """Whatever limit is asked for later, what is kept at the end of each day tells the same as all that happened."""
    happened, kept = [0], [0]
    for day in days:
        happened += day
        kept = turning_points([*kept, *day])
        assert kept[-1] == happened[-1]
        assert has_reached(limit, kept, hysteresis=hysteresis) is has_reached(limit, happened, hysteresis=hysteresis)
        # Each of them is above or below all that follow.
        assert len(kept) <= len(set(happened))

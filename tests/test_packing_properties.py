"""Whatever is asked about any history, packing changes no answer, now or after later counts."""

import shutil

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.ledger import intervals

from .helpers.bare_ledger import assert_sound, memory_folder, opened, pack_all, stored_as_sent
from .helpers.ledger_questions import (
    EVER,
    KEYS,
    Delivery,
    Question,
    Setting,
    assert_same,
    deliver,
    deliveries,
    fill,
    instants,
    occupancies,
    questions,
)


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read few packed days and rows at once."""
    monkeypatch.setattr(intervals, "PACKED_DAYS_AT_ONCE", 2)
    monkeypatch.setattr(intervals, "ROWS_AT_ONCE", 40)


@pytest.mark.slow
@given(
    history=st.lists(deliveries(), min_size=1, max_size=8),
    occupancies=st.lists(occupancies, max_size=4),
    reversed_camera=st.booleans(),
    packed_until=instants,
    asked=st.lists(questions, min_size=1, max_size=3),
    later=st.lists(deliveries(), max_size=4),
    again=st.lists(st.integers(0, 7), max_size=3),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_packing_changes_no_answer(
    history: list[Delivery],
    occupancies: list[Setting],
    reversed_camera: bool,
    packed_until: int,
    asked: list[Question],
    later: list[Delivery],
    again: list[int],
) -> None:
    """A ledger and a packed copy of it answer alike, and take later, replacing and repeated counts alike."""
    later = [*later, *(history[number % len(history)] for number in again)]
    with memory_folder() as folder:
        plain, packed = folder / "plain.db", folder / "packed.db"
        fill(plain, history, occupancies, asked[0], reversed_camera=reversed_camera)
        shutil.copy(plain, packed)
        with opened(plain) as one, opened(packed) as other:
            pack_all(other, packed_until)
            assert_same(one, other, asked)
            for delivery in later:
                assert deliver(one, delivery) == deliver(other, delivery)
            assert_same(one, other, asked)
            pack_all(other, EVER[1])
            assert_same(one, other, asked)
        assert_sound(packed)
        for key in KEYS:
            assert stored_as_sent(plain, key) == stored_as_sent(packed, key)

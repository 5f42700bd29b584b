"""Whatever is asked about the time that is kept, deleting older counts changes no answer, now or after later counts."""

import shutil
from typing import Final

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.local_time import DAY
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.settings import PlaceSettings

from .helpers.bare_ledger import TIMEOUT, assert_sound, memory_folder, opened, pack_all, query
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
    place_settings,
    questions,
    statistics_of_camera,
    statistics_of_place,
)

# The newest count is from one of the last days of the history.
END: Final = EVER[1]


@pytest.mark.slow
@given(
    history=st.lists(deliveries(), min_size=1, max_size=8),
    occupancies=st.lists(occupancies, max_size=4),
    reversed_camera=st.booleans(),
    packed_until=instants,
    days=st.lists(st.integers(0, 4), min_size=1, max_size=2),
    asked=st.lists(questions, min_size=1, max_size=3),
    later=st.lists(deliveries(), max_size=4),
)
@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_deleting_changes_no_later_answer(
    history: list[Delivery],
    occupancies: list[Setting],
    reversed_camera: bool,
    packed_until: int,
    days: list[int],
    asked: list[Question],
    later: list[Delivery],
) -> None:
    """A ledger, and a copy of it without old counts, answer alike about the time that is kept."""
    with memory_folder() as folder:
        full, shorter = folder / "full.db", folder / "shorter.db"
        fill(full, history, occupancies, asked[0], reversed_camera=reversed_camera)
        shutil.copy(full, shorter)
        places = [place_settings(key, asked[0]) for key in ("daily", "endless")]
        endless = places[1].place
        since = EVER[0]
        with opened(full) as one, opened(shorter) as other:
            pack_all(other, packed_until)
            for kept in days:
                write_statistics(other, places)
                while other.delete_oldest_day(END, kept, [endless], has_recorder=True).result(TIMEOUT):
                    pass
                ((kept_since,),) = query(shorter, "SELECT kept_since FROM retention")
                since = max(since, kept_since)
                assert_same(one, other, asked, since)
                for ledger in (one, other):
                    ledger.set_places([place.place for place in places]).result(TIMEOUT)
            for delivery in later:
                if delivery.intervals[0].start >= since + DAY:
                    deliver(one, delivery)
                    deliver(other, delivery)
            assert_same(one, other, asked, since)
        assert_sound(shorter)


def write_statistics(ledger: Ledger, places: list[PlaceSettings]) -> None:
    """Record that recorder has all hours of cameras and places."""
    for key in KEYS:
        statistics_of_camera(ledger, key, places[0].schedule)
        ledger.confirm_series(key).result(TIMEOUT)
    for place in places:
        statistics_of_place(ledger, place)
        ledger.confirm_series(place.key).result(TIMEOUT)

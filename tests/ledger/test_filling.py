"""Counts that were read from a camera fill gaps, and give way to all that is pushed."""

from pathlib import Path

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.replacements import Route
from custom_components.axis_people_counter.ledger import quarantine
from custom_components.axis_people_counter.ledger.filling import Filled
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    DAY,
    SERIAL,
    START,
    TIMEOUT,
    assert_sound,
    camera_row,
    interval,
    memory_folder,
    opened,
    pack_all,
    record,
    stored,
    waiting,
)


def fill(ledger: Ledger, *found: Interval, at: int = 10 * DAY) -> Filled:
    """Fill gaps with what was read from the camera."""
    return ledger.fill(SERIAL, SERIAL, found, START + at).result(TIMEOUT)


def test_gap(path: Path, ledger: Ledger) -> None:
    """Add intervals where there are none, and nothing else; statistics are written again from there."""
    record(ledger, 600, interval(0, 1), interval(5, 1))
    ledger.begin_writing_camera(SERIAL, "basis").result(TIMEOUT)
    ledger.confirm_series(SERIAL).result(TIMEOUT)
    filled = fill(ledger, *(interval(minute, 7, 2, adults=(3, 0)) for minute in range(6)))
    assert filled.added == tuple(interval(minute, 7, 2, adults=(3, 0)) for minute in range(1, 5))
    assert filled.changes.since == START + 60
    # An action isn't a passage.
    assert filled.changes.new_intervals == ()
    assert stored(path) == [interval(0, 1), *filled.added, interval(5, 1)]
    assert camera_row(path, "total_entered, total_exited, total_adults_entered") == (30, 8, 12)
    assert camera_row(path, "changed_since") == (START + 60,)
    # The camera itself hasn't sent anything.
    assert camera_row(path, "sent, received") == (START + 600, START + 600)
    assert fill(ledger, *filled.added).added == ()
    assert_sound(path)


def test_time_before_the_first_push(path: Path, ledger: Ledger) -> None:
    """Add what the camera counted before it was connected."""
    record(ledger, 600, interval(5, 1))
    fill(ledger, interval(0, 3))
    assert stored(path) == [interval(0, 3), interval(5, 1)]
    assert ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT).counts.entered == 4


def test_late_push(path: Path, ledger: Ledger) -> None:
    """Replace what was read by what is pushed, also where it has other ends."""
    record(ledger, 600, interval(60, 1))
    fill(ledger, interval(0, 9, minutes=15), interval(15, 8, minutes=15), interval(30, 7, minutes=15))
    record(ledger, 700, *(interval(minute, 1) for minute in range(10, 20)))
    assert stored(path) == [
        *(interval(minute, 1) for minute in range(10, 20)),
        interval(30, 7, minutes=15),
        interval(60, 1),
    ]
    assert waiting(path) == []
    assert camera_row(path, "total_entered") == (18,)
    # The time that is free again can be filled again.
    fill(ledger, *(interval(minute, 2) for minute in range(30)))
    assert camera_row(path, "total_entered") == (18 + 2 * 20,)


def test_time_of_waiting_intervals(path: Path, ledger: Ledger) -> None:
    """Leave the time of quarantined intervals alone."""
    record(ledger, 600, interval(0, 5, minutes=15))
    record(ledger, 700, interval(10, 6, minutes=15))
    assert len(waiting(path)) == 1
    assert fill(ledger, interval(20, 1), interval(25, 1)).added == (interval(25, 1),)


def test_time_of_another_camera(path: Path, ledger: Ledger) -> None:
    """Leave the time alone in which another camera counted for this key."""
    record(ledger, 600, interval(10, 1))
    ledger.set_routes({SERIAL: [Route(START, "other"), Route(START + 300, SERIAL)]}, START).result(TIMEOUT)
    assert fill(ledger, interval(4, 1), interval(5, 1)).added == (interval(5, 1),)


def test_repeated_and_overlapping_rows(path: Path, ledger: Ledger) -> None:
    """Count no time twice that a camera returns twice, in any order; nothing waits in the quarantine."""
    record(ledger, 600, interval(60, 1))
    found = [interval(minute, people) for minute in (3, 1, 2) for people in (5, 4)]
    found += [interval(4, 2, minutes=15), interval(10, 3), interval(0, 1, minutes=2)]
    filled = fill(ledger, *found)
    assert filled.added == (interval(0, 1, minutes=2), interval(2, 4), interval(3, 4), interval(4, 2, minutes=15))
    assert stored(path) == [*filled.added, interval(60, 1)]
    assert waiting(path) == []
    assert fill(ledger, *found).added == ()
    assert camera_row(path, "total_entered") == (12,)
    record(ledger, 601, interval(80, 1))
    # The last row begins after, but ends before the one that a push overlaps.
    assert fill(ledger, interval(70, 9, minutes=15), interval(75, 2)).added == (interval(75, 2),)
    assert_sound(path)


def test_time_of_very_many_intervals(path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a day alone that has more intervals than a camera sends, so that no push waits until they are read."""
    monkeypatch.setattr(quarantine, "MAX_COMPARED", 20)
    record(ledger, 9 * DAY, *(interval(2 * minute, 1) for minute in range(20)))
    assert fill(ledger, interval(1, 2), interval(37, 2)).added == (interval(1, 2), interval(37, 2))
    assert fill(ledger, interval(3, 2), interval(35, 2)).added == (interval(3, 2), interval(35, 2))
    assert fill(ledger, interval(-1, 2), interval(41, 2)).added == ()
    assert waiting(path) == []


def test_counted_seconds(path: Path, ledger: Ledger) -> None:
    """Count the seconds with counts between two instants, also of packed days."""
    record(ledger, 9 * DAY, interval(0, 1, minutes=15), interval(20, 1), interval(21, 0), interval(30, 1, minutes=15))

    def counted(start: int, end: int) -> int:
        return ledger.counted_seconds(SERIAL, START + 60 * start, START + 60 * end).result(TIMEOUT)

    for _ in range(2):
        assert counted(-60, 90) == 32 * 60
        assert counted(10, 40) == (5 + 2 + 10) * 60
        assert counted(16, 20) == counted(20, 20) == 0
        pack_all(ledger, START + 5 * DAY)


def test_deleted_time(ledger: Ledger) -> None:
    """Leave the time alone whose counts were deleted: the totals have them still."""
    record(ledger, 9 * DAY, interval(0, 1), interval(9 * 24 * 60, 1))
    while ledger.delete_oldest_day(START + 9 * DAY, 3, [], has_recorder=False).result(TIMEOUT):
        pass
    assert fill(ledger, interval(0, 1), interval(1, 1)).added == ()


@given(
    pushed=st.lists(st.tuples(st.integers(0, 60), st.sampled_from([1, 5, 15])), max_size=6),
    read=st.lists(st.integers(0, 75), unique=True, max_size=30),
)
def test_pushes_are_stored_as_if_nothing_had_been_read(pushed: list[tuple[int, int]], read: list[int]) -> None:
    """Whenever gaps are filled, all pushes count as they would alone, and nothing beside them twice."""
    pushes = [interval(minute, 100, minutes=width) for minute, width in pushed]
    with memory_folder() as folder, opened(folder / "filled") as filled, opened(folder / "alone") as alone:
        for number, one_push in enumerate(pushes):
            for ledger in (filled, alone):
                record(ledger, 9 * DAY + number, one_push)
            fill(filled, *(interval(minute, 1) for minute in sorted(read)))
        if not pushes:
            return
        counted = [found for found in stored(folder / "filled") if found.entered == 100]
        assert counted == stored(folder / "alone")
        assert waiting(folder / "filled") == waiting(folder / "alone")
        assert_sound(folder / "filled")
        pack_all(filled, START + 5 * DAY)
        assert camera_row(folder / "filled", "total_entered") == (
            sum(found.entered for found in stored(folder / "filled")),
        )

"""A push that is recorded is stored once."""

from pathlib import Path

import pytest

from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.ledgers import (
    MINUTE,
    SENSOR,
    SERIAL,
    START,
    TIMEOUT,
    assert_sound,
    camera_row,
    interval,
    opened,
    quarantined,
    record,
    sensor,
    stored,
    waiting,
)


def test_a_push_is_in_the_file_when_it_is_acknowledged(path: Path, ledger: Ledger) -> None:
    """Another connection sees all of it at once."""
    intervals = [interval(0, 5, 2, adults=(4, 2)), interval(1, 1, 0, adults=(0, 0))]
    changes = record(ledger, 120, *intervals)
    assert stored(path) == intervals
    assert changes.new_intervals == tuple(intervals)
    assert changes.since == START
    assert quarantined(ledger) == 0
    camera = changes.camera
    assert (camera.serial, camera.name, camera.sent, camera.received) == (SERIAL, SENSOR.name, START + 120, START + 120)
    assert (camera.total_entered, camera.total_exited, camera.total_adults_entered, camera.total_adults_exited) == (
        6,
        2,
        4,
        2,
    )


def test_a_camera_without_intervals_is_known(path: Path, ledger: Ledger) -> None:
    """A push can be empty."""
    changes = record(ledger, 0)
    assert (changes.new_intervals, changes.since) == ((), None)
    assert [camera.serial for camera in ledger.cameras().result(TIMEOUT)] == [SERIAL]
    assert stored(path) == []


@pytest.mark.parametrize("sent_again", [60, 300], ids=["the same push", "sent again later"])
def test_what_comes_again_adds_nothing(path: Path, ledger: Ledger, sent_again: int) -> None:
    """Nothing appears and nothing changes."""
    record(ledger, 60, interval(0, 5, 2))
    changes = record(ledger, sent_again, interval(0, 5, 2))
    assert (changes.new_intervals, changes.since) == ((), None)
    assert stored(path) == [interval(0, 5, 2)]


def test_what_was_sent_later_replaces(path: Path, ledger: Ledger) -> None:
    """A correction by the camera is no new passage, but changes the counts from there on."""
    record(ledger, 120, interval(0, 5, 2), interval(1, 1, 1))
    changes = record(ledger, 180, interval(1, 3, 0), interval(2, 1, 0))
    assert changes.new_intervals == (interval(2, 1, 0),)
    assert changes.since == START + MINUTE
    assert stored(path) == [interval(0, 5, 2), interval(1, 3, 0), interval(2, 1, 0)]


def test_what_was_sent_earlier_is_ignored(path: Path, ledger: Ledger) -> None:
    """A push that was held up on its way doesn't undo a later one."""
    record(ledger, 180, interval(0, 5, 2))
    assert record(ledger, 60, interval(0, 9, 9)).since is None
    assert stored(path) == [interval(0, 5, 2)]


def test_of_two_sent_at_once_always_the_same_one_counts(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """Whichever comes first, and also in one push."""
    one, other = interval(0, 5, 2), interval(0, 4, 7, adults=(1, 1))
    record(ledger, 60, one)
    record(ledger, 60, other)
    for name, pushes in {"turned": [[other], [one]], "together": [[one, other]]}.items():
        with opened(tmp_path / name) as another:
            for intervals in pushes:
                record(another, 60, *intervals)
        assert stored(tmp_path / name) == stored(path)


def test_cameras_do_not_meet(path: Path, ledger: Ledger) -> None:
    """The same minutes of two cameras are two things."""
    record(ledger, 60, interval(0, 5))
    record(ledger, 60, interval(0, 3), sender=sensor(1))
    assert stored(path) == [interval(0, 5)]
    assert stored(path, sensor(1).serial) == [interval(0, 3)]


def test_adults_are_unknown_until_told(path: Path, ledger: Ledger) -> None:
    """They are NULL, not 0, and a number from the first one on."""
    columns = "total_adults_entered, total_adults_exited"
    record(ledger, 60, interval(0, 5, 2))
    assert camera_row(path, columns) == (None, None)
    record(ledger, 120, interval(1, 5, 2, adults=(0, 0)))
    assert camera_row(path, columns) == (0, 0)
    record(ledger, 180, interval(2, 5, 2, adults=(3, 1)))
    assert camera_row(path, columns) == (3, 1)
    record(ledger, 240, interval(2, 5, 2))
    assert camera_row(path, columns) == (0, 0)
    assert_sound(path)


def test_a_push_of_several_days_is_one(path: Path, ledger: Ledger) -> None:
    """All days are stored in whatever order they stand in the push; only the last one's intervals appeared just now."""
    minutes = [interval(minute, 1) for minute in range(3 * 24 * 60)]
    record(ledger, 60, minutes[300])
    changes = record(ledger, 60 * len(minutes), *reversed(minutes))
    assert stored(path) == minutes
    assert changes.new_intervals == tuple(minutes[-24 * 60 :])
    assert changes.since == START


def test_an_interval_over_midnight_is_brought_together_with_both_days(path: Path, ledger: Ledger) -> None:
    """One that covers the end of a day and the beginning of the next is replaced by the parts of both, and only so."""
    midnight = 14 * 60
    over = interval(midnight - 30, 20, minutes=60)
    record(ledger, 60 * midnight, over)
    record(ledger, 60 * midnight + 1, *(interval(minute, 1) for minute in range(midnight - 30, midnight)))
    assert stored(path) == [over]
    record(ledger, 60 * midnight + 2, *(interval(minute, 1) for minute in range(midnight - 30, midnight + 30)))
    assert stored(path) == [interval(minute, 1) for minute in range(midnight - 30, midnight + 30)]
    assert waiting(path) == []

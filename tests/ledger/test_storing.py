"""A push that is recorded is stored once."""

import gc
from pathlib import Path

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.overlap import SentInterval
from custom_components.axis_people_counter.ledger.ledger import Ledger

from ..helpers.bare_ledger import (
    DAY,
    MINUTE,
    SENDER,
    SERIAL,
    START,
    TIMEOUT,
    assert_sound,
    camera_row,
    interval,
    opened,
    push,
    quarantined,
    record,
    sender,
    stored,
    waiting,
)


def test_push_is_in_the_file(path: Path, ledger: Ledger) -> None:
    """Another connection sees all of a stored push."""
    intervals = [interval(0, 5, 2, adults=(4, 2)), interval(1, 1, 0, adults=(0, 0))]
    changes = record(ledger, 120, *intervals)
    assert stored(path) == intervals
    assert changes.new_intervals == tuple(intervals)
    assert changes.since == START
    assert quarantined(ledger) == 0
    camera = changes.camera
    assert (camera.serial, camera.name, camera.sent, camera.received) == (SERIAL, SENDER.name, START + 120, START + 120)
    assert (camera.total_entered, camera.total_exited) == (6, 2)
    assert (camera.total_adults_entered, camera.total_adults_exited) == (4, 2)


def test_push_without_intervals(path: Path, ledger: Ledger) -> None:
    """A push without intervals stores its camera."""
    changes = record(ledger, 0)
    assert (changes.new_intervals, changes.since) == ((), None)
    assert [camera.serial for camera in ledger.cameras().result(TIMEOUT)] == [SERIAL]
    assert stored(path) == []


@pytest.mark.parametrize("sent_again", [60, 300], ids=["the same push", "sent again later"])
def test_interval_sent_again(path: Path, ledger: Ledger, sent_again: int) -> None:
    """An interval that is sent again changes nothing."""
    record(ledger, 60, interval(0, 5, 2))
    changes = record(ledger, sent_again, interval(0, 5, 2))
    assert (changes.new_intervals, changes.since) == ((), None)
    assert stored(path) == [interval(0, 5, 2)]


def test_interval_sent_later_replaces(path: Path, ledger: Ledger) -> None:
    """A replacing interval isn't new, but counts have changed since its start."""
    record(ledger, 120, interval(0, 5, 2), interval(1, 1, 1))
    changes = record(ledger, 180, interval(1, 3, 0), interval(2, 1, 0))
    assert changes.new_intervals == (interval(2, 1, 0),)
    assert changes.since == START + MINUTE
    assert stored(path) == [interval(0, 5, 2), interval(1, 3, 0), interval(2, 1, 0)]


def test_interval_sent_earlier_is_ignored(path: Path, ledger: Ledger) -> None:
    """A push that was held up doesn't undo a later one."""
    record(ledger, 180, interval(0, 5, 2))
    assert record(ledger, 60, interval(0, 9, 9)).since is None
    assert stored(path) == [interval(0, 5, 2)]


def test_two_intervals_sent_at_the_same_time(path: Path, tmp_path: Path, ledger: Ledger) -> None:
    """The same interval is accepted, whichever comes first, also in one push."""
    first, second = interval(0, 5, 2), interval(0, 4, 7, adults=(1, 1))
    record(ledger, 60, first)
    record(ledger, 60, second)
    for name, pushes in {"turned": [[second], [first]], "together": [[first, second]]}.items():
        with opened(tmp_path / name) as another:
            for intervals in pushes:
                record(another, 60, *intervals)
        assert stored(tmp_path / name) == stored(path)


def test_same_minute_of_two_cameras(path: Path, ledger: Ledger) -> None:
    """The intervals of both cameras are stored."""
    record(ledger, 60, interval(0, 5))
    record(ledger, 60, interval(0, 3), sender=sender(1))
    assert stored(path) == [interval(0, 5)]
    assert stored(path, sender(1).serial) == [interval(0, 3)]


def test_sums_of_adults(path: Path, ledger: Ledger) -> None:
    """Sums of adults are NULL until the camera sends adults, and numbers from then on."""
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


def test_push_of_several_days(path: Path, ledger: Ledger) -> None:
    """All days are stored, in whatever order; only intervals of the last day are new."""
    minutes = [interval(minute, 1) for minute in range(3 * 24 * 60)]
    record(ledger, 60, minutes[300])
    changes = record(ledger, 60 * len(minutes), *reversed(minutes))
    assert stored(path) == minutes
    assert changes.new_intervals == tuple(minutes[-24 * 60 :])
    assert changes.since == START


def test_interval_over_midnight(path: Path, ledger: Ledger) -> None:
    """An interval over midnight is replaced only by its parts on both days together."""
    midnight = 14 * 60
    over = interval(midnight - 30, 20, minutes=60)
    record(ledger, 60 * midnight, over)
    record(ledger, 60 * midnight + 1, *(interval(minute, 1) for minute in range(midnight - 30, midnight)))
    assert stored(path) == [over]
    record(ledger, 60 * midnight + 2, *(interval(minute, 1) for minute in range(midnight - 30, midnight + 30)))
    assert stored(path) == [interval(minute, 1) for minute in range(midnight - 30, midnight + 30)]
    assert waiting(path) == []


def test_one_day_after_the_other(path: Path, ledger: Ledger) -> None:
    """A long push is stored a day at a time, so that the garbage collector never sees the intervals of all days."""
    days, of_a_day = 20, 24 * 4
    long_push = push(days * DAY, *(interval(15 * number, 1, minutes=15) for number in range(days * of_a_day)))

    def alive() -> int:
        return sum(isinstance(found, Interval | SentInterval) for found in gc.get_objects())

    others = alive()
    counts: list[int] = []

    def count(statement: str) -> None:
        # The camera's sums are updated once a day.
        if "SET total_entered" in statement:
            counts.append(alive() - others)

    ledger.submit(lambda db: db.set_trace_callback(count)).result(TIMEOUT)
    ledger.record(long_push, START + days * DAY).result(TIMEOUT)
    ledger.submit(lambda db: db.set_trace_callback(None)).result(TIMEOUT)
    # START is in the middle of a day.
    assert len(counts) == days + 1
    assert of_a_day <= max(counts) <= 3 * of_a_day
    assert len(stored(path)) == days * of_a_day

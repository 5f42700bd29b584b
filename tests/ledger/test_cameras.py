"""The ledger describes each camera, and learns how often it pushes."""

from pathlib import Path

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.counting.protocol import Sender
from custom_components.axis_people_counter.ledger.cameras import MAX_CAMERAS
from custom_components.axis_people_counter.ledger.errors import LedgerError, TooManyCamerasError
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.storing import MAX_SEND_INTERVAL

from ..helpers.bare_ledger import (
    DAY,
    MINUTE,
    SERIAL,
    START,
    TIMEOUT,
    camera_row,
    interval,
    locked,
    opened,
    push,
    quarter,
    query,
    record,
    sender,
    stored,
)


def test_limit_of_cameras(path: Path, ledger: Ledger) -> None:
    """A camera beyond the limit is rejected and not stored; removing another one makes room."""
    for future in [ledger.record(push(60, sender=sender(number)), START) for number in range(MAX_CAMERAS)]:
        future.result(TIMEOUT)
    with pytest.raises(TooManyCamerasError):
        record(ledger, 60, interval(0, 5))
    assert query(path, "SELECT count(*) FROM cameras") == [(MAX_CAMERAS,)]
    assert record(ledger, 60, interval(0, 5), sender=sender(7)).new_intervals == (interval(0, 5),)
    # A removed camera makes room, and needs room to return.
    ledger.set_removed(sender(7).serial).result(TIMEOUT)
    record(ledger, 60, interval(0, 5))
    with pytest.raises(TooManyCamerasError):
        record(ledger, 61, interval(1, 5), sender=sender(7))


def test_camera_beyond_the_limit_in_a_batch(path: Path, ledger: Ledger) -> None:
    """The other pushes of the same batch are stored."""
    for future in [ledger.record(push(60, sender=sender(number)), START) for number in range(MAX_CAMERAS)]:
        future.result(TIMEOUT)
    with locked(path):
        before = ledger.record(push(60, interval(0, 1), sender=sender(1)), START)
        refused = ledger.record(push(60, interval(0, 1)), START)
        after = ledger.record(push(60, interval(0, 1), sender=sender(2)), START)
    with pytest.raises(TooManyCamerasError):
        refused.result(TIMEOUT)
    assert before.result(TIMEOUT).new_intervals == after.result(TIMEOUT).new_intervals == (interval(0, 1),)
    assert stored(path, sender(1).serial) == stored(path, sender(2).serial) == [interval(0, 1)]


def test_description_is_that_of_the_push_sent_last(ledger: Ledger) -> None:
    """A push that was held up doesn't bring an old name back."""
    new = Sender(SERIAL, "New", "B", "2", "Europe/Oslo", "192.168.1.2")
    record(ledger, 120, sender=new)
    camera = record(ledger, 60, sender=Sender(SERIAL, "Old", "A", "1", None, None)).camera
    assert (camera.name, camera.application, camera.version) == (new.name, new.application, new.version)
    assert (camera.time_zone, camera.ip_address, camera.sent) == (new.time_zone, new.ip_address, START + 120)
    assert record(ledger, 180, sender=Sender(SERIAL, "Newest", None, None, None, None)).camera.application is None


def test_offset_to_utc_is_kept(ledger: Ledger) -> None:
    """A push without the offset, or one that was held up, doesn't change it."""

    def offset(sent: int, utc_offset: int | None) -> int | None:
        sender = Sender(SERIAL, "Door", None, None, None, None, utc_offset)
        return record(ledger, sent, sender=sender).camera.utc_offset

    assert [offset(60, None), offset(120, 7200), offset(180, None), offset(90, 3600), offset(240, -18000)] == [
        None,
        7200,
        7200,
        7200,
        -18000,
    ]


def test_time_of_the_last_push_never_decreases(ledger: Ledger) -> None:
    """The time of the last push stays when our own clock is put back."""
    record(ledger, 120)
    assert ledger.record(push(180), START).result(TIMEOUT).camera.received == START + 120


def test_removed_camera_returns_with_its_counts(ledger: Ledger) -> None:
    """A removed camera is hidden until it pushes again."""
    record(ledger, 60, interval(0, 5))
    ledger.set_removed(SERIAL).result(TIMEOUT)
    assert ledger.cameras().result(TIMEOUT) == []
    assert record(ledger, 120, interval(1, 2)).camera.total_entered == 7
    assert [camera.total_entered for camera in ledger.cameras().result(TIMEOUT)] == [7]


def test_direction_is_stored(path: Path) -> None:
    """The direction is kept when the ledger is closed, and doesn't change the stored counts."""
    with opened(path) as ledger:
        record(ledger, 60, interval(0, 5, 2))
        ledger.set_reversed(SERIAL, True).result(TIMEOUT)
    with opened(path) as ledger:
        (camera,) = ledger.cameras().result(TIMEOUT)
        assert (camera.reversed, camera.total_entered, camera.total_exited) == (1, 5, 2)
        ledger.set_reversed(SERIAL, False).result(TIMEOUT)
        assert ledger.cameras().result(TIMEOUT)[0].reversed == 0


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        pytest.param(interval(0), interval(1), MINUTE, id="every minute"),
        pytest.param(interval(0, minutes=5), interval(5, minutes=5), 5 * MINUTE, id="every five minutes"),
        pytest.param(interval(0, minutes=15), interval(15, minutes=15), 15 * MINUTE, id="every quarter"),
        pytest.param(Interval(START, START + 10, 0, 0, None, None), interval(0), MINUTE, id="never below a minute"),
        pytest.param(interval(0), interval(5000), MAX_SEND_INTERVAL, id="an outage isn't an interval"),
        pytest.param(interval(5, minutes=5), interval(0, minutes=5), 5 * MINUTE, id="late counts"),
    ],
)
def test_send_interval(ledger: Ledger, first: Interval, then: Interval, expected: int) -> None:
    """The send interval is the time by which a push moves the newest interval on, within limits."""
    record(ledger, 60, first)
    assert record(ledger, 120, then).camera.send_interval == expected


def test_send_interval_of_several_minutes_at_a_time(ledger: Ledger) -> None:
    """The send interval doesn't depend on the width of the intervals."""
    record(ledger, 300, *quarter(1)[:5])
    assert record(ledger, 600, *quarter(1)[5:10]).camera.send_interval == 5 * MINUTE


def test_clock_that_was_ahead(path: Path, ledger: Ledger) -> None:
    """Once the clocks are right, the camera's description is updated again."""
    year = 365 * DAY
    ledger.record(push(year, interval(0)), START + year).result(TIMEOUT)
    renamed = Sender(SERIAL, "Portal", None, None, None, None)
    record(ledger, 60, interval(1), sender=renamed)
    assert camera_row(path, "name, received") == ("Portal", START + 60)


def test_changes_of_an_unknown_camera_fail(ledger: Ledger) -> None:
    """A ledger that was begun anew doesn't know the camera."""
    for future in (
        ledger.correct(SERIAL, START, 3, Source.ACTION),
        ledger.set_reversed(SERIAL, True),
        ledger.set_removed(SERIAL),
    ):
        with pytest.raises(LedgerError, match="isn't in the ledger"):
            future.result(TIMEOUT)

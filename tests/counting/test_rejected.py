"""Measurements that are rejected, while the rest of the push is read."""

from datetime import timedelta
import json
from typing import Any

import pytest

from custom_components.axis_people_counter.counting.interval import MAX_COUNT
from custom_components.axis_people_counter.counting.protocol import Push, parse, parse_rejected
from custom_components.axis_people_counter.counting.rejected import Reason

from ..helpers.documents import BEGIN, SENT, START, counted, item, measured, read_push
from ..helpers.pusher import Document, document, measurement

NOT_CLEAR = Reason.NOT_AN_OBJECT
NOT_AN_INSTANT = Reason.TIME_MISSING
NOT_AN_ITEM = Reason.ITEM_UNREADABLE
NOT_A_COUNT = Reason.COUNT_IMPOSSIBLE


def without(key: str) -> Document:
    """Return a measurement without one of its keys."""
    return {name: value for name, value in measured().items() if name != key}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, NOT_CLEAR),
        (7, NOT_CLEAR),
        ([], NOT_CLEAR),
        ("people-counts", NOT_CLEAR),
        ({}, Reason.KIND_MISSING),
        (measured(kind=None), Reason.KIND_MISSING),
        (without("utcFrom"), NOT_AN_INSTANT),
        (without("utcTo"), NOT_AN_INSTANT),
        (measured(utcFrom=None), NOT_AN_INSTANT),
        (measured(utcFrom=1618305540), NOT_AN_INSTANT),
        (measured(utcFrom=""), NOT_AN_INSTANT),
        (measured(utcFrom="2021-04-13"), NOT_AN_INSTANT),
        (measured(utcFrom="2021-04-13 09:19:00Z"), NOT_AN_INSTANT),
        (measured(utcFrom="2021-02-29T09:19:00Z"), NOT_AN_INSTANT),
        (measured(utcFrom="2021-04-13T09:19:60Z"), NOT_AN_INSTANT),
        (measured(utcFrom="2021-04-13T09:19:00Z" * 100), NOT_AN_INSTANT),
        (measured(utcFrom="2021-04-13T09:19:0\ud800Z"), NOT_AN_INSTANT),
        (measured(utcFrom="0001-01-01T00:00:00+14:00"), NOT_AN_INSTANT),
        (measured(utcTo="9999-12-31T23:59:59-14:00"), NOT_AN_INSTANT),
        (measured(utcTo="2021-04-13T09:19:00Z"), Reason.ENDS_BEFORE_START),
        (measured(utcTo="2021-04-13T09:18:00Z"), Reason.ENDS_BEFORE_START),
        (measured(utcFrom="2021-04-13T09:19:00.1Z", utcTo="2021-04-13T09:19:00.9Z"), Reason.ENDS_BEFORE_START),
        (measured(utcFrom="2021-04-12T09:19:59Z"), Reason.TOO_LONG),
        (measured(utcTo="2021-04-13T09:22:25Z"), Reason.ENDS_AFTER_SENDING),
        (
            measured(utcFrom="2020-03-09T09:20:00Z", utcTo="2020-03-09T09:21:00Z"),
            Reason.TOO_OLD,
        ),
        (without("items"), Reason.ITEMS_MISSING),
        (measured(items={}), Reason.ITEMS_UNREADABLE),
        (measured(items=0), Reason.ITEMS_UNREADABLE),
        (counted(None), NOT_AN_ITEM),
        (counted([]), NOT_AN_ITEM),
        (counted({"count": 1}), NOT_AN_ITEM),
        (counted(item(None, 1)), NOT_AN_ITEM),
        (counted(item("in", 1), item("in", 1)), Reason.DIRECTION_TWICE),
        (counted({"direction": "in"}), NOT_A_COUNT),
        (counted(item("in", None)), NOT_A_COUNT),
        (counted(item("in", "1")), NOT_A_COUNT),
        (counted(item("in", True)), NOT_A_COUNT),
        (counted(item("in", MAX_COUNT + 1.0)), NOT_A_COUNT),
        (counted(item("in", -1.0)), NOT_A_COUNT),
        (counted(item("in", 3.0000001)), NOT_A_COUNT),
        (counted(item("in", 1e300)), NOT_A_COUNT),
        (counted(item("in", "3.0")), NOT_A_COUNT),
        (counted(item("In", 1), item("OUT", 1)), Reason.DIRECTIONS_UNKNOWN),
        (measured(kind="people-counts "), Reason.KIND_UNKNOWN),
        (counted(item("in", 0.5)), NOT_A_COUNT),
        (counted(item("in", [1])), NOT_A_COUNT),
        (counted(item("in", -1)), NOT_A_COUNT),
        (counted(item("in", MAX_COUNT + 1)), NOT_A_COUNT),
        (counted(item("in", 10**25)), NOT_A_COUNT),
        (counted(item("in", 1, adults=-1)), NOT_A_COUNT),
        (counted(item("out", 1, adults="1")), NOT_A_COUNT),
        (counted(item("out", 1, adults=False)), NOT_A_COUNT),
    ],
)
def test_rejected(bad: Any, reason: Reason) -> None:
    """A bad measurement is returned with its text and the reason; those around it are read."""
    before = measurement(START - timedelta(minutes=1), 1)
    after = measurement(START + timedelta(minutes=1), 2)
    push = read_push(before, bad, after)
    assert [(rejected.reason, rejected.content) for rejected in push.rejected] == [(reason, json.dumps(bad))]
    assert [interval.entered for interval in push.intervals] == [1, 2]


@pytest.mark.parametrize(
    ("bad", "time"),
    [
        (counted(item("in", "1")), (BEGIN, BEGIN + 60)),
        (measured(kind="people-counts-v2"), (BEGIN, BEGIN + 60)),
        (without("items"), (BEGIN, BEGIN + 60)),
        (measured(utcTo="2021-04-13T09:22:25Z"), (BEGIN, BEGIN + 205)),
        (measured(utcTo=None), None),
        (measured(utcTo="2021-04-13T09:18:00Z"), None),
        (measured(utcTo="2021-04-14T09:19:01Z"), None),
        ("?", None),
    ],
)
def test_time_of_rejected_measurement(bad: Any, time: tuple[int, int] | None) -> None:
    """A rejected measurement has start and end, if those of an interval can be read."""
    assert [rejected.time for rejected in read_push(bad).rejected] == [time]


def test_parse_rejected() -> None:
    """parse_rejected returns the interval of a measurement that can be read now, even if it is long."""
    long = json.dumps(measured(more="x" * 100_000))
    assert parse_rejected(long, int(SENT.timestamp())) == list(read_push(measured()).intervals)
    # A text that was cut off.
    assert parse_rejected(long[:4096], int(SENT.timestamp())) is None
    for bad in (counted(item("in", "1")), measured(kind="people-counts-v2"), counted(item("enter", 1)), "?"):
        assert parse_rejected(json.dumps(bad), int(SENT.timestamp())) is None


UP_TO_ITEMS = '{"kind":"people-counts","utcFrom":"2021-04-13T09:19:00Z","utcTo":"2021-04-13T09:20:00Z", "items" : '


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"kind": "people-counts", "kind": "people-counts"}', NOT_CLEAR),
        (UP_TO_ITEMS + '[{"direction":"in","count":1,"count":2}]}', NOT_AN_ITEM),
        (UP_TO_ITEMS + '[{"direction":"in","count":' + "9" * 10_000 + "}]}", NOT_A_COUNT),
        (UP_TO_ITEMS + '[{"direction":"in","count":1e999}]}', NOT_A_COUNT),
        ('"Zähler 🚪"', NOT_CLEAR),
        ("9" * 3000, NOT_CLEAR),
        (json.dumps("ü" * 20_000, ensure_ascii=False), NOT_CLEAR),
    ],
)
def test_text_of_rejected_measurement(text: str, reason: Reason) -> None:
    """The text is kept unchanged, however long, and what follows is read from the right position on."""
    good = json.dumps(measurement(START + timedelta(minutes=1), 2))
    body = json.dumps(document("?", sent=SENT)).replace('"?"', f"{text} ,\n {good}")
    push = parse(body.encode())
    assert isinstance(push, Push)
    assert [(rejected.reason, rejected.content) for rejected in push.rejected] == [(reason, text)]
    assert [interval.entered for interval in push.intervals] == [2]

"""Reading documents as cameras send them."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
import json
import random
from typing import Any

import pytest

from custom_components.axis_people_counter.counting.interval import MAX_COUNT, Interval, Intervals
from custom_components.axis_people_counter.counting.protocol import (
    MAX_SKIPPED,
    Push,
    Sender,
    TestMessage as CameraTest,
    parse,
)
from custom_components.axis_people_counter.counting.rejected import Reason, Rejected

from ..helpers.documents import BEGIN, SAMPLE, SENT, START, counted, item, measured, read, read_push, read_sender
from ..helpers.pusher import SERIAL, Document, document, measurement


def test_sample() -> None:
    """The guide's sample is read; in an interval without items nobody passed."""
    assert parse(SAMPLE) == Push(
        Sender(
            "accc8ef3d92e", "axis-accc8ef3d92e", "AXIS 3D People Counter", "10.5", "Europe/Stockholm", "192.168.1.106"
        ),
        int(SENT.timestamp()),
        Intervals([Interval(BEGIN, BEGIN + 60, 3, 1, 2, 0), Interval(BEGIN + 60, BEGIN + 120, 0, 0, None, None)]),
    )


@pytest.mark.parametrize("seed", range(20))
def test_order_of_keys(seed: int) -> None:
    """Keys may be in any order, so data may come before sensor and utcSent."""
    randomness = random.Random(seed)

    def shuffled(pairs: list[tuple[str, Any]]) -> Document:
        return dict(randomness.sample(pairs, len(pairs)))

    assert read(json.loads(SAMPLE, object_pairs_hook=shuffled)) == parse(SAMPLE)


@pytest.mark.parametrize("space", [None, 1, "\t"])
def test_white_space(space: int | str | None) -> None:
    """White space between tokens has no meaning."""
    body = json.dumps(json.loads(SAMPLE), indent=space, separators=(",", ":") if space is None else None)
    assert parse(f" \r\n\t{body} \r\n\t".encode()) == parse(bytearray(SAMPLE)) == parse(SAMPLE)


TIMES = {"utcFrom": "2021-04-13T09:19:00Z", "utcTo": "2021-04-13T09:22:00Z", "localFrom": None}


@pytest.mark.parametrize(
    "data", [{"data": None}, {}, {"data": {}}, {"data": []}, {"data": TIMES}, {"data": {"more": {}, "most": []}}]
)
def test_test_message(data: Document) -> None:
    """A document without data, or with data that counts nothing, is a test message."""
    whole = {key: value for key, value in json.loads(SAMPLE).items() if key != "data"} | data
    message = read(whole)
    assert message == CameraTest(read_sender(name="axis-accc8ef3d92e", applicationVersion="10.5"), message.sent)
    assert message.sent == SENT.timestamp()


@pytest.mark.parametrize("measurements", [None, []])
def test_push_without_measurements(measurements: list[Any] | None) -> None:
    """A push with an empty list of measurements, or with null, is a push."""
    push = read_push(data={"utcFrom": "?", "measurements": measurements})
    assert not push.intervals
    assert not push.rejected
    assert not push.skipped


@pytest.mark.parametrize(
    ("items", "counts"),
    [
        (None, (0, 0, None, None)),
        ([], (0, 0, None, None)),
        ([item("in", 2), item("out", 1)], (2, 1, None, None)),
        ([item("out", 1), item("in", 2)], (2, 1, None, None)),
        ([item("in", 2)], (2, 0, None, None)),
        ([item("out", 1, adults=1)], (0, 1, None, 1)),
        ([item("in", 1, adults=0), item("out", 0, adults=0)], (1, 0, 0, 0)),
        ([item("in", 1, adults=None), item("out", 3, adults=2)], (1, 3, None, 2)),
        ([item("in", 1, adults=5)], (1, 0, 5, None)),
        ([item("in", MAX_COUNT), item("out", 0)], (MAX_COUNT, 0, None, None)),
        ([item("in", 3.0, adults=2.0), item("out", -0.0)], (3, 0, 2, None)),
        ([item("in", float(MAX_COUNT))], (MAX_COUNT, 0, None, None)),
    ],
)
def test_items(items: list[Document] | None, counts: tuple[int, int, int | None, int | None]) -> None:
    """Items may be in any order; adults are None where the camera leaves them out."""
    push = read_push(measured(items=items))
    assert not push.rejected
    assert list(push.intervals) == [Interval(BEGIN, BEGIN + 60, *counts)]


@pytest.mark.parametrize(
    ("number", "count"), [("3.0", 3), ("3.000", 3), ("1e2", 100), ("20E-1", 2), ("-0.0", 0), ("-0", 0)]
)
def test_spellings_of_a_number(number: str, count: int) -> None:
    """Every JSON spelling of a whole number is read as an int."""
    body = json.dumps(document(counted(item("in", 777)), sent=SENT)).replace("777", number)
    push = parse(body.encode())
    assert isinstance(push, Push)
    (interval,) = push.intervals
    assert interval.entered == count
    assert type(interval.entered) is int


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 24 * 60])
def test_widths(minutes: int) -> None:
    """Intervals may have any width up to a day."""
    start = SENT - timedelta(minutes=minutes)
    (interval,) = read_push(measurement(start, 1, minutes=minutes)).intervals
    assert interval.end - interval.start == minutes * 60


@pytest.mark.parametrize(
    "text",
    [
        "2021-04-13T09:19:00Z",
        "2021-04-13T09:19:00+00:00",
        "2021-04-13T11:19:00+02:00",
        "2021-04-13T09:19:00",
        "2021-04-13T09:19:00.000Z",
        "2021-04-13T09:19:00.123Z",
        "2021-04-13T11:19:00.999999999+02:00",
        "2021-04-13T09:19Z",
    ],
)
def test_instants(text: str) -> None:
    """Every spelling of the same second is read as the same timestamp; a time without an offset is UTC."""
    assert [interval.start for interval in read_push(measured(utcFrom=text)).intervals] == [BEGIN]


def test_fraction_of_a_second() -> None:
    """The fraction of utcSent is ignored."""
    assert read(document(utcSent="2021-04-13T09:22:24.750Z", sent=SENT)).sent == SENT.timestamp()


@pytest.mark.parametrize("begin", ["2021-04-13T09:10:00", "1969-12-31T23:55:00"])
@pytest.mark.parametrize("fraction", [".123", ".5", ".999999", ",25"])
def test_neighbours_with_fractions_of_a_second(begin: str, fraction: str) -> None:
    """Neighbours with fractions neither overlap nor leave a gap, also before 1970; sent again they are the same."""
    first = datetime.fromisoformat(f"{begin}Z")
    bounds = [f"{first + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%S}{fraction}Z" for minute in range(4)]
    measurements = [measured(utcFrom=start, utcTo=end) for start, end in pairwise(bounds)]
    sent = first + timedelta(minutes=3)
    push = read(document(*measurements, sent=sent))
    assert isinstance(push, Push)
    assert [interval[:2] for interval in push.intervals] == [
        (int(first.timestamp()) + 60 * minute, int(first.timestamp()) + 60 * minute + 60) for minute in range(3)
    ]
    assert read(document(*measurements, sent=sent)) == push


@pytest.mark.parametrize(
    "serial", ["accc8ef3d92e", "ACCC8EF3D92E", "ac:cc:8e:f3:d9:2e", "AC-CC-8E-F3-D9-2E", "accc.8ef3.d92e"]
)
def test_serials(serial: str) -> None:
    """Every spelling of a serial number is read as the same one."""
    assert read_sender(serial=serial).serial == SERIAL


@pytest.mark.parametrize(
    ("members", "zone"),
    [
        ({"timeZone": "Asia/Tokyo"}, "Asia/Tokyo"),
        ({"timeZone": None, "timezone": "Asia/Tokyo"}, "Asia/Tokyo"),
        ({"timeZone": "", "timezone": "Asia/Tokyo"}, "Asia/Tokyo"),
        ({"timeZone": "Asia/Tokyo", "timezone": "Europe/Paris"}, "Asia/Tokyo"),
        ({"timeZone": 9}, None),
    ],
)
def test_time_zones(members: Document, zone: str | None) -> None:
    """Both spellings of the key are read, timeZone first."""
    assert read_sender(**members).time_zone == zone


def test_sensor_with_a_serial_alone() -> None:
    """A camera that sends only its serial number gets a name made of it."""
    push = read_push(sensor=dict.fromkeys(("name", "application", "applicationVersion", "timeZone", "ipAddress")))
    assert push.sender == Sender(SERIAL, f"axis-{SERIAL}", None, None, None, None)


def test_unknown_directions_beside_known_ones() -> None:
    """An unknown direction is skipped and listed; known ones beside it are read."""
    push = read_push(counted(item("in", 3), item("passing", -1), item("out", 1), item("\n", 1)))
    assert list(push.intervals) == [Interval(BEGIN, BEGIN + 60, 3, 1, None, None)]
    assert push.skipped == {"direction passing", "direction without a name"}
    assert not push.rejected


def test_unknown_directions_alone() -> None:
    """An interval with unknown directions only is rejected: they may be new names for in and out."""
    push = read_push(counted(item("enter", 3), item("exit", 1)), measurement(START + timedelta(minutes=1), 2))
    assert [(rejected.reason, rejected.time) for rejected in push.rejected] == [
        (Reason.DIRECTIONS_UNKNOWN, (BEGIN, BEGIN + 60))
    ]
    assert [interval.entered for interval in push.intervals] == [2]
    assert not push.skipped


@pytest.mark.parametrize("first", [False, True])
def test_unknown_kind_beside_the_known_one(first: bool) -> None:
    """A measurement of an unknown kind is skipped and listed if people are counted for the same time."""
    other = measured(kind="queue-lengths", items="?")
    push = read_push(*([other, measured()] if first else [measured(), other]), measured(kind="\n"))
    assert list(push.intervals) == [Interval(BEGIN, BEGIN + 60, 3, 1, None, None)]
    assert push.skipped == {"kind queue-lengths", "kind without a name"}
    assert not push.rejected


AFTER_IT_WAS_SENT = {"utcFrom": "2021-04-13T09:22:00Z", "utcTo": "2021-04-13T09:23:00Z"}


@pytest.mark.parametrize(
    ("other", "beside"),
    [
        ({}, []),
        ({}, [measurement(START + timedelta(minutes=1), 1)]),
        ({}, [measurement(START, 1, minutes=3)]),
        ({}, [measured(items="?")]),
        (AFTER_IT_WAS_SENT, [measured(**AFTER_IT_WAS_SENT)]),
        ({"utcFrom": None}, [measured()]),
        ({"utcTo": "2021-04-13T09:19:00Z"}, [measured()]),
    ],
    ids=["alone", "another minute", "more minutes", "rejected", "rejected for its time", "no time", "no length"],
)
def test_unknown_kind_alone(other: Document, beside: list[Document]) -> None:
    """A measurement of an unknown kind is rejected whole if it may be the new way to count people."""
    unknown = measured(kind="people-counts-v2", **other)
    push = read_push(*beside, unknown)
    assert Rejected(Reason.KIND_UNKNOWN, json.dumps(unknown)) in [
        replace(rejected, time=None) for rejected in push.rejected
    ]
    assert not push.skipped


def test_list_of_skipped_kinds_is_limited() -> None:
    """No more than MAX_SKIPPED skipped kinds are listed."""
    assert len(read_push(measured(), *(measured(kind=f"kind{number}") for number in range(50))).skipped) == MAX_SKIPPED


def test_unknown_keys() -> None:
    """Unknown keys are ignored, whatever their values are."""
    anything = {"a": [1, {"b": None}], "data": [], "measurements": {}}
    assert (
        read_push(
            measured(more=anything),
            more=anything,
            sensor={"more": anything},
        ).intervals
        == read_push(measured()).intervals
    )


# The offset of the camera's clock

LOCAL: str = "2021-04-13T11:19:00"


@pytest.mark.parametrize(
    ("local", "offset"),
    [
        (LOCAL, 7200),
        ("2021-04-13T14:49:00.000", 19800),
        ("2021-04-12T23:19", -36000),
        ("2021-04-13T23:19:00", 50400),
        # Hostile: no local time, or that of no place on earth
        ("2021-04-13T23:20:00", None),
        ("2021-04-13T11:19:30", None),
        ("2021-04-13T11:19:00Z", None),
        ("2021-04-13T11:19:00+02:00", None),
        ("2021-04-13", None),
        ("2021-13-13T11:19:00", None),
        ("0001-01-01T00:00:00", None),
        ("yesterday", None),
        (1618298340, None),
        (None, None),
    ],
)
def test_offset_of_the_local_time(local: Any, offset: int | None) -> None:
    """The offset to UTC is the difference between local and UTC start of the newest interval."""
    old = {**measurement(START - timedelta(hours=8), 1), "localFrom": "2021-04-13T01:19:00"}
    for measurements in (
        [measured(localFrom=local)],
        [old, measured(localFrom=local)],
        [measured(localFrom=local), old],
    ):
        for body in (document(*measurements, sent=SENT), document(*measurements, utcSent="2021-04-14T09:18:00Z")):
            assert parse(json.dumps(body).encode()).sender.utc_offset == offset


def test_offset_of_the_data() -> None:
    """Measurements without a local time leave the offset to that of data, unless it is older than a day."""
    times = {"utcFrom": "2021-04-13T09:19:00Z", "localFrom": LOCAL}
    for sent, offset in (
        ("2021-04-13T09:22:24Z", 7200),
        ("2021-04-14T09:19:00Z", 7200),
        ("2021-04-14T09:19:01Z", None),
    ):
        body = document(utcSent=sent, data={**times, "measurements": [measured()]})
        assert parse(json.dumps(body).encode()).sender.utc_offset == offset
    assert read(document(utcSent=SENT.isoformat(), data={"measurements": [measured()]})).sender.utc_offset is None

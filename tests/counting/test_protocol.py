"""Reading documents as cameras send them."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
import json
import random
from typing import Any

import pytest

from custom_components.axis_people_counter.counting.interval import MAX_COUNT, Interval
from custom_components.axis_people_counter.counting.protocol import (
    MAX_SKIPPED,
    Push,
    Rejected,
    Sensor,
    TestMessage as CameraTest,
    parse,
)

from ..helpers.documents import BEGIN, SAMPLE, SENT, START, counted, item, measured, read, read_push, read_sensor
from ..helpers.pusher import SERIAL, Document, document, measurement

# What cameras send


def test_sample() -> None:
    """The guide's sample is read, an interval without items as nobody in and nobody out."""
    assert parse(SAMPLE) == Push(
        Sensor(
            "accc8ef3d92e", "axis-accc8ef3d92e", "AXIS 3D People Counter", "10.5", "Europe/Stockholm", "192.168.1.106"
        ),
        int(SENT.timestamp()),
        [Interval(BEGIN, BEGIN + 60, 3, 1, 2, 0), Interval(BEGIN + 60, BEGIN + 120, 0, 0, None, None)],
    )


@pytest.mark.parametrize("seed", range(20))
def test_order_of_keys(seed: int) -> None:
    """Nothing depends on the order of keys: data may come before the sensor and the time it was sent."""
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
    """A document without data, or with data in which nothing can be counted, is a test message."""
    whole = {key: value for key, value in json.loads(SAMPLE).items() if key != "data"} | data
    message = read(whole)
    assert message == CameraTest(read_sensor(name="axis-accc8ef3d92e", applicationVersion="10.5"), message.sent)
    assert message.sent == SENT.timestamp()


@pytest.mark.parametrize("measurements", [None, []])
def test_push_without_measurements(measurements: list[Any] | None) -> None:
    """A push of nothing, as a list or as null, is a push."""
    push = read_push(data={"utcFrom": "?", "measurements": measurements})
    assert (push.intervals, push.rejected, push.skipped) == ([], [], frozenset())


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
    """Directions are told by their value, adults are unknown where the camera leaves them out."""
    push = read_push(measured(items=items))
    assert not push.rejected
    assert push.intervals == [Interval(BEGIN, BEGIN + 60, *counts)]


@pytest.mark.parametrize(
    ("number", "count"), [("3.0", 3), ("3.000", 3), ("1e2", 100), ("20E-1", 2), ("-0.0", 0), ("-0", 0)]
)
def test_spellings_of_a_number(number: str, count: int) -> None:
    """A count is a number, however JSON spells it."""
    body = json.dumps(document(counted(item("in", 777)), sent=SENT)).replace("777", number)
    push = parse(body.encode())
    assert isinstance(push, Push)
    assert [interval.entered for interval in push.intervals] == [count]
    # Nothing that reads the ledger would take a fraction.
    assert type(push.intervals[0].entered) is int


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 24 * 60])
def test_widths(minutes: int) -> None:
    """Intervals are as wide as the camera makes them, up to a day."""
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
    """The second counts, however it is written; without an offset it is UTC, as its key says."""
    assert [interval.start for interval in read_push(measured(utcFrom=text)).intervals] == [BEGIN]


def test_fraction_of_a_second() -> None:
    """When exactly a document was sent doesn't matter."""
    assert read(document(utcSent="2021-04-13T09:22:24.750Z", sent=SENT)).sent == SENT.timestamp()


@pytest.mark.parametrize("begin", ["2021-04-13T09:10:00", "1969-12-31T23:55:00"])
@pytest.mark.parametrize("fraction", [".123", ".5", ".999999", ",25"])
def test_neighbours_with_fractions_of_a_second(begin: str, fraction: str) -> None:
    """Neither do they overlap nor is there a gap, before 1970 either; sent again they are the same."""
    first = datetime.fromisoformat(f"{begin}Z")
    bounds = [f"{first + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%S}{fraction}Z" for minute in range(4)]
    told = [measured(utcFrom=start, utcTo=end) for start, end in pairwise(bounds)]
    sent = first + timedelta(minutes=3)
    push = read(document(*told, sent=sent))
    assert isinstance(push, Push)
    assert [interval[:2] for interval in push.intervals] == [
        (int(first.timestamp()) + 60 * minute, int(first.timestamp()) + 60 * minute + 60) for minute in range(3)
    ]
    assert read(document(*told, sent=sent)) == push


@pytest.mark.parametrize(
    "serial", ["accc8ef3d92e", "ACCC8EF3D92E", "ac:cc:8e:f3:d9:2e", "AC-CC-8E-F3-D9-2E", "accc.8ef3.d92e"]
)
def test_serials(serial: str) -> None:
    """A serial number is the same in every spelling."""
    assert read_sensor(serial=serial).serial == SERIAL


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
    """Both spellings of the key are read."""
    assert read_sensor(**members).time_zone == zone


def test_sensor_with_a_serial_alone() -> None:
    """A camera that only says which one it is gets a name."""
    push = read_push(sensor=dict.fromkeys(("name", "application", "applicationVersion", "timeZone", "ipAddress")))
    assert push.sensor == Sensor(SERIAL, f"axis-{SERIAL}", None, None, None, None)


def test_unknown_directions_beside_known_ones() -> None:
    """What nobody knows here is left out and named; everything else is taken."""
    push = read_push(counted(item("in", 3), item("passing", -1), item("out", 1), item("\n", 1)))
    assert push.intervals == [Interval(BEGIN, BEGIN + 60, 3, 1, None, None)]
    assert push.skipped == {"direction passing", "direction without a name"}
    assert not push.rejected


def test_unknown_directions_alone() -> None:
    """They may be another way to say in and out: nobody knows that the interval counted nobody."""
    push = read_push(counted(item("enter", 3), item("exit", 1)), measurement(START + timedelta(minutes=1), 2))
    assert [(one.reason, one.time) for one in push.rejected] == [
        ("none of its directions is known", (BEGIN, BEGIN + 60))
    ]
    assert [interval.entered for interval in push.intervals] == [2]
    assert not push.skipped


@pytest.mark.parametrize("first", [False, True])
def test_unknown_kind_beside_the_known_one(first: bool) -> None:
    """It tells something else of a time whose people are counted; it is left out and named, in any order."""
    other = measured(kind="queue-lengths", items="?")
    push = read_push(*([other, measured()] if first else [measured(), other]), measured(kind="\n"))
    assert push.intervals == [Interval(BEGIN, BEGIN + 60, 3, 1, None, None)]
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
    ids=["alone", "another minute", "more minutes", "not taken", "not taken for its time", "no time", "no length"],
)
def test_unknown_kind_where_nobody_is_counted(other: Document, beside: list[Document]) -> None:
    """It may be how people are counted from now on: it is set aside, whole."""
    unknown = measured(kind="people-counts-v2", **other)
    push = read_push(*beside, unknown)
    assert Rejected("its kind is unknown", json.dumps(unknown)) in [replace(one, time=None) for one in push.rejected]
    assert not push.skipped


def test_unknown_things_are_bounded() -> None:
    """Not more than a few unknown things are named."""
    assert len(read_push(measured(), *(measured(kind=f"kind{number}") for number in range(50))).skipped) == MAX_SKIPPED


def test_unknown_keys() -> None:
    """Keys nobody knows have no meaning, whatever is in them."""
    anything = {"a": [1, {"b": None}], "data": [], "measurements": {}}
    assert (
        read_push(
            measured(more=anything),
            more=anything,
            sensor={"more": anything},
        ).intervals
        == read_push(measured()).intervals
    )


# The camera's clock

LOCAL: str = "2021-04-13T11:19:00"


@pytest.mark.parametrize(
    ("local", "offset"),
    [
        (LOCAL, 7200),
        ("2021-04-13T14:49:00.000", 19800),
        ("2021-04-12T23:19", -36000),
        ("2021-04-13T23:19:00", 50400),
        # HOSTILE: no local time, or that of no place on earth
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
    """How far the camera's clock is ahead follows from when the newest interval began, here and there."""
    old = {**measurement(START - timedelta(hours=8), 1), "localFrom": "2021-04-13T01:19:00"}
    for measurements in (
        [measured(localFrom=local)],
        [old, measured(localFrom=local)],
        [measured(localFrom=local), old],
    ):
        for body in (document(*measurements, sent=SENT), document(*measurements, utcSent="2021-04-14T09:18:00Z")):
            assert parse(json.dumps(body).encode()).sensor.utc_offset == offset


def test_offset_of_the_data() -> None:
    """Where measurements tell no local time, that of all of them counts; one that is too old says nothing of today."""
    times = {"utcFrom": "2021-04-13T09:19:00Z", "localFrom": LOCAL}
    for sent, offset in (
        ("2021-04-13T09:22:24Z", 7200),
        ("2021-04-14T09:19:00Z", 7200),
        ("2021-04-14T09:19:01Z", None),
    ):
        body = document(utcSent=sent, data={**times, "measurements": [measured()]})
        assert parse(json.dumps(body).encode()).sensor.utc_offset == offset
    assert read(document(utcSent=SENT.isoformat(), data={"measurements": [measured()]})).sensor.utc_offset is None

"""Reading of documents: every shape cameras send, and whatever else may arrive."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
import json
import random
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import MAX_COUNT, Interval
from custom_components.axis_people_counter.counting.json_reader import MAX_ELEMENTS, MAX_MEMBERS, MAX_VALUE
from custom_components.axis_people_counter.counting.protocol import (
    MAX_NAME,
    MAX_SKIPPED,
    MAX_TEXT,
    DocumentError,
    ProtocolVersionError,
    Push,
    Rejected,
    Sensor,
    TestMessage as CameraTest,
    parse,
    read_again,
)

from .helpers.pusher import SERIAL, Document, document, measurement

SENT = datetime.fromisoformat("2021-04-13T09:22:24Z")
START = datetime.fromisoformat("2021-04-13T09:19:00Z")
BEGIN = int(START.timestamp())

# The guide's sample, its misplaced brace put right.
SAMPLE = b"""{
  "apiName": "Axis Retail Data", "apiVersion": "0.4",
  "utcSent": "2021-04-13T09:22:24Z", "localSent": "2021-04-13T11:22:24",
  "data": {
    "utcFrom": "2021-04-13T09:19:00Z", "utcTo": "2021-04-13T09:22:00Z",
    "localFrom": "2021-04-13T11:19:00", "localTo": "2021-04-13T11:22:00",
    "measurements": [
      {"kind": "people-counts",
       "utcFrom": "2021-04-13T09:19:00Z", "utcTo": "2021-04-13T09:20:00Z",
       "localFrom": "2021-04-13T11:19:00", "localTo": "2021-04-13T11:20:00",
       "items": [{"direction": "in", "count": 3, "adults": 2}, {"direction": "out", "count": 1, "adults": 0}]},
      {"kind": "people-counts",
       "utcFrom": "2021-04-13T09:20:00Z", "utcTo": "2021-04-13T09:21:00Z",
       "localFrom": "2021-04-13T11:20:00", "localTo": "2021-04-13T11:21:00",
       "items": null}
    ]
  },
  "sensor": {"application": "AXIS 3D People Counter", "applicationVersion": "10.5", "timeZone": "Europe/Stockholm",
             "name": "axis-accc8ef3d92e", "serial": "accc8ef3d92e", "ipAddress": "192.168.1.106"}
}
"""


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """Start no Home Assistant: the protocol knows nothing of it."""


def read(whole: Document) -> CameraTest | Push:
    """Parse a document."""
    return parse(json.dumps(whole).encode())


def read_push(*measurements: Any, **members: Any) -> Push:
    """Parse a push of measurements."""
    push = read(document(*measurements, sent=SENT, **members))
    assert isinstance(push, Push)
    return push


def read_sensor(**members: Any) -> Sensor:
    """Parse a push of a sensor with other members than usual."""
    return read_push(sensor=members).sensor


def measured(**members: Any) -> Document:
    """Return a measurement with other members than usual."""
    return {**measurement(START, 3, 1), **members}


def counted(*items: Any) -> Document:
    """Return a measurement with these items."""
    return measured(items=list(items))


def item(direction: Any, count: Any, **members: Any) -> Document:
    """Return an item."""
    return {"direction": direction, "count": count, **members}


def refusal(body: bytes) -> str:
    """Return the sentence with which a body is refused."""
    with pytest.raises(DocumentError) as caught:
        parse(body)
    return str(caught.value)


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


# Intervals that can't be taken

NOT_CLEAR = "it isn't a JSON object with unique keys"
NOT_AN_INSTANT = "utcFrom or utcTo is missing or isn't a date and time"
NOT_AN_ITEM = "an item isn't a JSON object with unique keys and a direction"
NOT_A_COUNT = f"a count isn't a whole number from 0 to {MAX_COUNT}"


def without(key: str) -> Document:
    """Return a measurement that lacks a key."""
    return {name: value for name, value in measured().items() if name != key}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, NOT_CLEAR),
        (7, NOT_CLEAR),
        ([], NOT_CLEAR),
        ("people-counts", NOT_CLEAR),
        ({}, "kind is missing"),
        (measured(kind=None), "kind is missing"),
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
        (measured(utcTo="2021-04-13T09:19:00Z"), "it ends before it begins"),
        (measured(utcTo="2021-04-13T09:18:00Z"), "it ends before it begins"),
        (measured(utcFrom="2021-04-13T09:19:00.1Z", utcTo="2021-04-13T09:19:00.9Z"), "it ends before it begins"),
        (measured(utcFrom="2021-04-12T09:19:59Z"), "it is longer than a day"),
        (measured(utcTo="2021-04-13T09:22:25Z"), "it ends after the document was sent"),
        (
            measured(utcFrom="2020-03-09T09:20:00Z", utcTo="2020-03-09T09:21:00Z"),
            "it is older than any camera remembers",
        ),
        (without("items"), "items is missing"),
        (measured(items={}), "items isn't a list"),
        (measured(items=0), "items isn't a list"),
        (counted(None), NOT_AN_ITEM),
        (counted([]), NOT_AN_ITEM),
        (counted({"count": 1}), NOT_AN_ITEM),
        (counted(item(None, 1)), NOT_AN_ITEM),
        (counted(item("in", 1), item("in", 1)), "a direction appears twice in it"),
        (counted({"direction": "in"}), NOT_A_COUNT),
        (counted(item("in", None)), NOT_A_COUNT),
        (counted(item("in", "1")), NOT_A_COUNT),
        (counted(item("in", True)), NOT_A_COUNT),
        (counted(item("in", MAX_COUNT + 1.0)), NOT_A_COUNT),
        (counted(item("in", -1.0)), NOT_A_COUNT),
        (counted(item("in", 3.0000001)), NOT_A_COUNT),
        (counted(item("in", 1e300)), NOT_A_COUNT),
        (counted(item("in", "3.0")), NOT_A_COUNT),
        (counted(item("In", 1), item("OUT", 1)), "none of its directions is known"),
        (measured(kind="people-counts "), "its kind is unknown"),
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
def test_rejected(bad: Any, reason: str) -> None:
    """One bad interval is kept as it came, with the reason; those around it are taken."""
    before = measurement(START - timedelta(minutes=1), 1)
    after = measurement(START + timedelta(minutes=1), 2)
    push = read_push(before, bad, after)
    assert [(one.reason, one.content) for one in push.rejected] == [(reason, json.dumps(bad))]
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
def test_time_of_what_is_rejected(bad: Any, time: tuple[int, int] | None) -> None:
    """What it is about is known where that much of it can be read: then it can be told that this was counted."""
    assert [one.time for one in read_push(bad).rejected] == [time]


def test_read_again() -> None:
    """What couldn't be taken is read as if it stood in a push again, also where it is long."""
    long = json.dumps(measured(more="x" * 100_000))
    assert read_again(long, int(SENT.timestamp())) == read_push(measured()).intervals
    # Earlier versions kept this much of it.
    assert read_again(long[:4096], int(SENT.timestamp())) is None
    for bad in (counted(item("in", "1")), measured(kind="people-counts-v2"), counted(item("enter", 1)), "?"):
        assert read_again(json.dumps(bad), int(SENT.timestamp())) is None


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
def test_rejected_as_it_came(text: str, reason: str) -> None:
    """The content is kept letter by letter, however long; what follows is read from the right place on."""
    good = json.dumps(measurement(START + timedelta(minutes=1), 2))
    body = json.dumps(document("?", sent=SENT)).replace('"?"', f"{text} ,\n {good}")
    push = parse(body.encode())
    assert isinstance(push, Push)
    assert [(one.reason, one.content) for one in push.rejected] == [(reason, text)]
    assert [interval.entered for interval in push.intervals] == [2]


# Documents that can't be read


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not JSON: Expecting value at byte 0."),
        (b" \n", "The body is not JSON: Expecting value at byte 2."),
        (b"\xef\xbb\xbf{}", "The body is not JSON: Expecting value at byte 0."),
        (b"count=1", "The body is not JSON: Expecting value at byte 0."),
        (b"{", "The body is not JSON: a key is missing at byte 1."),
        (b'{"a" 1}', "The body is not JSON: ':' is missing at byte 5."),
        (b'{"a": }', "The body is not JSON: Expecting value at byte 6."),
        (b'{"a": 1', "The body is not JSON: '}' is missing at byte 7."),
        (b'{"a": 1,}', "The body is not JSON: a key is missing at byte 8."),
        (b'{"a": [1,]}', "The body is not JSON: Illegal trailing comma before end of array at byte 8."),
        (b'{"\xc3\xbc": "\xc3\xbc', "The body is not JSON: Unterminated string starting at at byte 7."),
        (b"{1: 1}", "The body is not JSON: a key is missing at byte 1."),
        (b"{} {}", "The body is not JSON: there is more text after the document at byte 3."),
        (b'{"data": {"measurements": [1 2]}}', "The body is not JSON: ']' is missing at byte 29."),
        (b'{"data": {"measurements": [NaN]}}', "The body is not JSON: NaN is not a JSON value."),
        (b'{"apiName": -Infinity}', "The body is not JSON: -Infinity is not a JSON value."),
        (b'{"a": "\xff"}', "The body is not UTF-8 text: byte 7 is wrong."),
        (b'{"a": "\xed\xa0\x80"}', "The body is not UTF-8 text: byte 7 is wrong."),
        (b'{"a": "\xc3', "The body is not UTF-8 text: byte 7 is wrong."),
        ('{"a": 1}'.encode("utf-16"), "The body is not UTF-8 text: byte 0 is wrong."),
        (b"null", "The document is not a JSON object."),
        (b"[]", "The document is not a JSON object."),
        (b"12", "The document is not a JSON object."),
        (b'{"a": 1, "a": 1}', "The key 'a' appears twice in an object."),
        (b'{"data": {"a": 1, "a": 1}}', "The key 'a' appears twice in an object."),
        (b'{"data": {"measurements": [], "measurements": []}}', "The key 'measurements' appears twice in an object."),
        (b"{}", 'apiName or apiVersion is missing: this isn\'t a document of "Axis Retail Data".'),
    ],
)
def test_not_a_document(body: bytes, sentence: str) -> None:
    """What isn't JSON, or isn't this document, is refused with a sentence that says where it goes wrong."""
    assert refusal(body) == sentence


@pytest.mark.parametrize("kept", range(0, len(SAMPLE.rstrip()), 7))
def test_truncated(kept: int) -> None:
    """A document that was cut off anywhere is refused."""
    assert refusal(SAMPLE[:kept]).startswith("The body is not JSON: ")


NO_SENSOR = "sensor is missing or isn't a JSON object with unique keys."
NO_SERIAL = "sensor.serial is missing or isn't a serial number of 12 hexadecimal digits."
NO_SENT = "utcSent is missing or isn't a date and time."
NO_DATA = "data has no list of measurements."
NO_API = 'apiName or apiVersion is missing: this isn\'t a document of "Axis Retail Data".'


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"apiName": None}, NO_API),
        ({"apiVersion": None}, NO_API),
        ({"apiVersion": 0.4}, NO_API),
        ({"apiName": []}, NO_API),
        ({"sensor": None}, NO_SENSOR),
        ({"sensor": []}, NO_SENSOR),
        ({"sensor": "accc8ef3d92e"}, NO_SENSOR),
        ({"sensor": {}}, NO_SERIAL),
        ({"sensor": {"serial": None}}, NO_SERIAL),
        ({"sensor": {"serial": 123456789012}}, NO_SERIAL),
        ({"sensor": {"serial": "accc8ef3d92"}}, NO_SERIAL),
        ({"sensor": {"serial": "accc8ef3d92e0"}}, NO_SERIAL),
        ({"sensor": {"serial": "../../../etc"}}, NO_SERIAL),
        ({"sensor": {"serial": "accc8ef3d92\n"}}, NO_SERIAL),
        ({"sensor": {"serial": "ａccc8ef3d92e"}}, NO_SERIAL),  # noqa: RUF001 - a letter of another width
        ({"sensor": {"serial": "accc8ef3d92\ud800"}}, NO_SERIAL),
        ({"utcSent": None}, NO_SENT),
        ({"utcSent": 1618305744}, NO_SENT),
        ({"utcSent": "yesterday"}, NO_SENT),
        ({"utcSent": "2021-04-13T25:22:24Z"}, NO_SENT),
        ({"utcSent": "0001-01-01T00:00:00+14:00"}, NO_SENT),
        ({"utcSent": "9999-12-31T23:59:59-14:00"}, NO_SENT),
        ({"data": [measured()]}, NO_DATA),
        ({"data": [None]}, NO_DATA),
        ({"data": {"counts": [measured()]}}, NO_DATA),
        ({"data": {"counts": {"in": 1}}}, NO_DATA),
        ({"data": "no"}, NO_DATA),
        ({"data": ""}, NO_DATA),
        ({"data": 0}, NO_DATA),
        ({"data": False}, NO_DATA),
        ({"data": {"measurements": "no"}}, NO_DATA),
        ({"data": {"measurements": False}}, NO_DATA),
        ({"data": {"measurements": {}}}, NO_DATA),
        ({"data": {"measurements": 1}}, NO_DATA),
    ],
)
def test_not_this_document(members: Document, sentence: str) -> None:
    """Each member that is missing or of another type is named; null is the same as missing."""
    whole = {**document(sent=SENT), **members}
    assert refusal(json.dumps(whole).encode()) == sentence
    for name, value in members.items():
        if value is None:
            del whole[name]
            assert refusal(json.dumps(whole).encode()) == sentence


def test_sensor_with_a_key_twice() -> None:
    """Nobody can say which of two serial numbers is meant."""
    body = SAMPLE.replace(b'"serial"', b'"serial": "accc8ef3d92f", "serial"')
    assert refusal(body) == NO_SENSOR


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"[" * MAX_VALUE, "The body is nested too deeply."),
        (b'{"data":{"measurements":[' + b"[" * MAX_VALUE, "The body is nested too deeply."),
        (b'{"data":{"measurements":[' + b"0," * MAX_ELEMENTS, "An array has more than 500000 elements."),
        (
            b"{" + b",".join(b'"%d":0' % number for number in range(MAX_MEMBERS + 1)) + b"}",
            "An object has more than 100 members.",
        ),
        (
            b'{"a": "' + b"a" * MAX_VALUE + b'"}',
            "The body is not JSON: Unterminated string starting at, or it is longer than 262144 bytes, at byte 6.",
        ),
        (b'{"a": ' + b"1" * MAX_VALUE, "The body is not JSON: a number is longer than 262144 digits at byte 6."),
    ],
    ids=["lists", "lists among measurements", "measurements", "members", "text", "number"],
)
def test_too_much_of_something(body: bytes, sentence: str) -> None:
    """A document that no camera sends ends before it takes much memory, or holds up other threads."""
    assert refusal(body) == sentence


@pytest.mark.parametrize("size", [2 * 1024, 16 * 1024, MAX_VALUE - 4])
@pytest.mark.parametrize("distance", range(-3, 4))
def test_values_of_any_length(size: int, distance: int) -> None:
    """Where a long value ends, and where letters of several bytes are cut, makes no difference up to the limit."""
    value = measured(more="üü")
    value["more"] *= (size + distance - len(json.dumps(value, ensure_ascii=False).encode())) // 4
    value["kind"] += "s" * ((size + distance) % 4)
    body = json.dumps(document(value, measured(), sent=SENT), ensure_ascii=False).encode()
    assert json.dumps(value, ensure_ascii=False).encode() in body
    push = parse(body)
    assert isinstance(push, Push)
    assert push.intervals


# Other versions


@pytest.mark.parametrize(
    ("members", "api"),
    [
        ({"apiVersion": "0.3"}, "Axis Retail Data 0.3"),
        ({"apiName": "Axis Traffic Data"}, "Axis Traffic Data 0.4"),
        ({"apiVersion": "0.4 "}, "Axis Retail Data 0.4"),
        ({"apiName": "", "apiVersion": ""}, "without a name"),
        ({"apiVersion": "\x1b[31m\u202e9" + "9" * 1000}, ("Axis Retail Data [31m9" + "9" * 1000)[: MAX_TEXT - 2]),
        ({"apiVersion": "1.0", "utcSent": 5, "data": []}, "Axis Retail Data 1.0"),
    ],
)
def test_other_version(members: Document, api: str) -> None:
    """Another API or version is told apart from nonsense, with its sender."""
    with pytest.raises(ProtocolVersionError) as caught:
        read(document(sent=SENT, **members))
    assert caught.value.api == api
    assert caught.value.sensor == read_push().sensor
    assert str(caught.value) == f'The document is "{api}", but only "Axis Retail Data 0.4" can be read.'


@pytest.mark.parametrize("sensor", [None, {}, {"serial": "?"}, []])
def test_other_version_without_a_sender(sensor: Any) -> None:
    """Other versions may name their sender elsewhere."""
    with pytest.raises(ProtocolVersionError) as caught:
        read({**document(sent=SENT), "apiVersion": "0.3", "sensor": sensor})
    assert caught.value.sensor is None


# Who sent what can't be read


def sender_of(body: bytes) -> str | None:
    """Return who sent a document that is refused."""
    with pytest.raises(DocumentError) as caught:
        parse(body)
    return caught.value.sensor.serial if caught.value.sensor else None


LONG = [measured() for _ in range(200)]


@pytest.mark.parametrize("measurements", [[measured()], LONG], ids=["short", "long"])
@pytest.mark.parametrize("first", [True, False], ids=["sender first", "sender last"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"count": ', '"count": NaN, "more": '),
        ('"measurements"', '"other"'),
        ('"utcSent"', '"other"'),
        ('"apiName"', '"other"'),
        ('"kind"', "kind"),
        ('"data": ', '"data": 7, "data": '),
        ('"data": ', '"more": ' + "[" * 100_000 + "]" * 100_000 + ', "data": '),
    ],
)
def test_sender_of_what_cannot_be_read(old: str, new: str, *, first: bool, measurements: list[Any]) -> None:
    """It is told wherever it stands, so that the camera can be named."""
    whole = document(*measurements, sent=SENT)
    sensor = whole.pop("sensor")
    whole = {"sensor": sensor, **whole} if first else {**whole, "sensor": sensor}
    assert sender_of(json.dumps(whole).replace(old, new, 1).encode()) == SERIAL


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"sensor"',
        b'{"a": x, "sensor": ',
        b'{"a": x, "sensor": {"serial": "accc8ef3d92e"',
        b'{"a": x, "sensor": {"serial": "?"}}',
        b'{"a": x, "sensor": ' + b"[" * 100_000,
        b'{"a": x, "sensor": {"serial": "accc8ef3d92e"}, "more": "' + b"x" * (300 * 1024) + b'"}',
    ],
)
def test_nobody_knows_the_sender(body: bytes) -> None:
    """Where it isn't clear, or too far away to be looked for, nobody is named."""
    assert sender_of(body) is None


# Texts of hostile senders


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Entrée 🚪", "Entrée 🚪"),
        (" Door\t\n", "Door"),
        ("Do\x00\x1b[31mor\x7f\x85", "Do[31mor"),
        ("\ud800Door\udfff", "Door"),
        ("\u202eroo\u2066D\u200b\u2028\ufeff", "rooD"),
        ("", f"axis-{SERIAL}"),
        ("\n\u202e", f"axis-{SERIAL}"),
        (None, f"axis-{SERIAL}"),
        (7, f"axis-{SERIAL}"),
        (["Door"], f"axis-{SERIAL}"),
        ("D" * 100_000, "D" * MAX_NAME),
    ],
)
def test_names(name: Any, shown: str) -> None:
    """Of a text only what can be shown is left, and not more than a line of it."""
    assert read_sensor(name=name).name == shown
    application = read_sensor(application=name).application
    assert application is None or application[:MAX_NAME] == shown or application == shown
    assert len(application or "") <= MAX_TEXT


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.106", "192.168.1.106"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", None),
        ("fe80::1%@evil.example.com/", None),
        ("192.168.1.106/admin", None),
        ("192.168.001.106", None),
        ("camera.example.com", None),
        ("", None),
        (3232235882, None),
    ],
)
def test_ip_addresses(text: Any, address: str | None) -> None:
    """Only an address is taken for one: it becomes part of a link."""
    assert read_sensor(ipAddress=text).ip_address == address


# Anything

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["in", "out", "0.4", SERIAL]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return each container of a JSON value with each of its keys or indexes."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in [(value, key), *places(value[key])]]


def is_sound(message: CameraTest | Push) -> bool:
    """Tell whether a message keeps what its types promise to those who store it."""
    intervals = message.intervals if isinstance(message, Push) else []
    return len(message.sensor.serial) == 12 and all(
        interval.start < interval.end <= message.sent
        and all(count is None or 0 <= count <= MAX_COUNT for count in interval[2:])
        for interval in intervals
    )


def start_of(minute: int) -> datetime:
    """Return one of the minutes that end before the document was sent."""
    return START + timedelta(minutes=minute)


COUNTS: st.SearchStrategy[Any] = st.sampled_from([0, 1, 2.0, 1.5, -1, "3", None, True, 1e300])
ITEMS: st.SearchStrategy[Any] = st.lists(
    st.builds(item, st.sampled_from(["in", "out", "enter", "exit", None]), COUNTS), max_size=3
) | st.sampled_from([None, {}])
MEASUREMENTS = st.builds(
    lambda kind, minute, minutes, fraction, items: {
        "kind": kind,
        "utcFrom": f"{start_of(minute):%Y-%m-%dT%H:%M:%S}{fraction}Z",
        "utcTo": f"{start_of(minute + minutes):%Y-%m-%dT%H:%M:%S}{fraction}Z",
        "items": items,
    },
    st.sampled_from(["people-counts", "people-counts", "people-counts-v2", "", 7]),
    st.integers(0, 2),
    st.integers(0, 4),
    st.sampled_from(["", ".5", ".75"]),
    ITEMS,
)


@settings(max_examples=500, deadline=None)
@given(st.lists(MEASUREMENTS, max_size=4, unique_by=json.dumps))
def test_nothing_is_gone(told: list[Document]) -> None:
    """Each measurement is counted, set aside as it came, or tells something else of a time whose people are counted.

    Whether a document is read whole or bit by bit makes no difference to that: `parse` does both.
    """
    push = read_push(*told)
    counted_times = {(interval.start, interval.end) for interval in push.intervals}
    set_aside = [one.content for one in push.rejected]
    others = [one for one in told if json.dumps(one) not in set_aside]
    assert len(set_aside) == len(told) - len(others)
    known = [one for one in others if one["kind"] == "people-counts"]
    assert len(known) == len(push.intervals)
    for one in others:
        bounds = [datetime.fromisoformat(one[key]).replace(microsecond=0).timestamp() for key in ("utcFrom", "utcTo")]
        assert tuple(bounds) in counted_times
    for one in known:
        # Without a direction that is known nobody would be counted.
        assert not one["items"] or {"in", "out"} & {thing["direction"] for thing in one["items"]}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_member_replaced(data: st.DataObject) -> None:
    """Whatever stands in the place of members, the document is read or refused."""
    whole = json.loads(SAMPLE)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(whole)))
        container[key] = data.draw(ANYTHING)
    try:
        message = read(whole)
    except DocumentError:
        return
    assert is_sound(message)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_bytes_replaced(data: st.DataObject) -> None:
    """Whatever happened to bytes on their way, the document is read or refused."""
    body = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(body)))
        end = begin + data.draw(st.integers(0, 30))
        body[begin:end] = data.draw(
            st.binary(max_size=10) | st.sampled_from([b'"', b"{", b"]", b",", b"NaN", b"9" * 99])
        )
    try:
        message = parse(body)
    except DocumentError:
        return
    assert is_sound(message)


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

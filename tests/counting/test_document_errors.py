"""Documents that can't be read: the error, and the sender."""

from contextlib import suppress
import gc
import json
from typing import Any
import weakref

import pytest

from custom_components.axis_people_counter.counting import json_reader
from custom_components.axis_people_counter.counting.json_reader import MAX_MEMBERS, MAX_VALUE
from custom_components.axis_people_counter.counting.protocol import (
    MAX_TEXT,
    DocumentError,
    ProtocolVersionError,
    Push,
    parse,
)

from ..helpers.documents import SAMPLE, SENT, error_of, measured, read, read_push
from ..helpers.pusher import SERIAL, Document, document


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not JSON: Expecting value at byte 0."),
        (b" \n", "The body is not JSON: Expecting value at byte 2."),
        (b"\xef\xbb\xbf[", "The body is not JSON: Expecting value at byte 4."),
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
        (b'{"a": "\xff" 1}', "The body is not JSON: '}' is missing at byte 10."),
        (b'{"a": "\xed\xa0\x80", }', "The body is not JSON: a key is missing at byte 13."),
        (b'{"a": "\xc3', "The body is not JSON: Unterminated string starting at at byte 6."),
        (b"\xff{}", "The body is not JSON: Expecting value at byte 0."),
        ('{"a": 1}'.encode("utf-16"), "The body is not JSON: Expecting value at byte 0."),
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
    """A body that isn't JSON, or isn't this document, raises an error that says what is wrong and where."""
    assert error_of(body) == sentence


@pytest.mark.parametrize("kept", range(0, len(SAMPLE.rstrip()), 7))
def test_truncated(kept: int) -> None:
    """A document that is cut off anywhere raises an error."""
    assert error_of(SAMPLE[:kept]).startswith("The body is not JSON: ")


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
    """The error names the member that is missing or wrong; null is the same as missing."""
    whole = {**document(sent=SENT), **members}
    assert error_of(json.dumps(whole).encode()) == sentence
    for name, value in members.items():
        if value is None:
            del whole[name]
            assert error_of(json.dumps(whole).encode()) == sentence


def test_sensor_with_a_key_twice() -> None:
    """A sensor with two serial numbers raises an error."""
    body = SAMPLE.replace(b'"serial"', b'"serial": "accc8ef3d92f", "serial"')
    assert error_of(body) == NO_SENSOR


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"[" * MAX_VALUE, "The body is nested too deeply."),
        (b'{"data":{"measurements":[' + b"[" * MAX_VALUE, "The body is nested too deeply."),
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
    ids=["lists", "lists among measurements", "members", "text", "number"],
)
def test_limits(body: bytes, sentence: str) -> None:
    """A document beyond a limit raises an error before it takes much memory or blocks other threads."""
    assert error_of(body) == sentence


def test_limit_of_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document may have MAX_ELEMENTS measurements, and no more."""
    monkeypatch.setattr(json_reader, "MAX_ELEMENTS", 50)
    assert len(read_push(*range(50)).rejected) == 50
    assert error_of(json.dumps(document(*range(51), sent=SENT)).encode()) == "An array has more than 50 elements."


@pytest.mark.parametrize("size", [2 * 1024, 16 * 1024, MAX_VALUE - 4])
@pytest.mark.parametrize("distance", range(-3, 4))
def test_values_of_any_length(size: int, distance: int) -> None:
    """A value of any length up to the limit is read, wherever characters of several bytes are cut."""
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
    """Another API or version raises an error of its own, with the sender."""
    with pytest.raises(ProtocolVersionError) as caught:
        read(document(sent=SENT, **members))
    assert caught.value.api == api
    assert caught.value.sender == read_push().sender
    assert str(caught.value) == f'The document is "{api}", but only "Axis Retail Data 0.4" can be read.'


@pytest.mark.parametrize("sensor", [None, {}, {"serial": "?"}, []])
def test_other_version_without_a_sender(sensor: Any) -> None:
    """The sender is None if another version doesn't describe it in the same way."""
    with pytest.raises(ProtocolVersionError) as caught:
        read({**document(sent=SENT), "apiVersion": "0.3", "sensor": sensor})
    assert caught.value.sender is None


# The sender of a document that can't be read


def sender_of(body: bytes) -> str | None:
    """Return the serial number of the sender of a document that can't be read."""
    with pytest.raises(DocumentError) as caught:
        parse(body)
    return caught.value.sender.serial if caught.value.sender else None


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
def test_sender(old: str, new: str, *, first: bool, measurements: list[Any]) -> None:
    """The sender is found before and after the error, so that the camera can be named."""
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
def test_unknown_sender(body: bytes) -> None:
    """The sender is None if it is ambiguous, or too far from the end."""
    assert sender_of(body) is None


@pytest.mark.parametrize("text", [b"count=1", b'{"apiName": "Axis Retail Data", "apiVersion": "0.9"}', b"{}"])
def test_refused_body_is_freed(text: bytes) -> None:
    """A body that can't be read is freed at once, without Python's search for garbage."""

    class Body(bytearray):
        """A body that tells when it is freed."""

    body = Body(text)
    freed = weakref.ref(body)
    gc.disable()
    try:
        with suppress(DocumentError):
            parse(body)
        del body
        assert freed() is None
    finally:
        gc.enable()

"""Hostile texts, and random documents: each is either read soundly or refused."""

from datetime import datetime, timedelta
import json
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import MAX_COUNT
from custom_components.axis_people_counter.counting.protocol import (
    MAX_NAME,
    MAX_TEXT,
    SHORT,
    DocumentError,
    Push,
    TestMessage as CameraTest,
    parse,
)

from ..helpers.documents import SAMPLE, SENT, START, item, read, read_push, read_sender
from ..helpers.pusher import SERIAL, Document, document

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
    """Only the printable characters of a text are kept, up to a limit."""
    assert read_sender(name=name).name == shown
    application = read_sender(application=name).application
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
    """Anything but a plain IP address is ignored, because the address becomes part of a link."""
    assert read_sender(ipAddress=text).ip_address == address


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
    """Return True if a document keeps what its type promises."""
    intervals = list(message.intervals) if isinstance(message, Push) else []
    return len(message.sender.serial) == 12 and all(
        interval.start < interval.end <= message.sent
        and all(count is None or 0 <= count <= MAX_COUNT for count in interval[2:])
        for interval in intervals
    )


def outcome(body: bytes) -> Any:
    """Return all that is read from a body, None if it is refused."""
    try:
        message = parse(body)
    except DocumentError:
        return None
    if isinstance(message, CameraTest):
        return message.sender, message.sender.utc_offset, message.sent
    push = message
    return push.sender, push.sender.utc_offset, push.sent, push.intervals, list(push.rejected), push.skipped


def assert_read_alike(body: bytes) -> None:
    """Assert that a short body is read like a long one."""
    assert outcome(body) == outcome(body + b" " * SHORT)


def start_of(minute: int) -> datetime:
    """Return the start of one of the minutes that end before the document was sent."""
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


@settings(max_examples=500)
@given(st.lists(MEASUREMENTS, max_size=4, unique_by=json.dumps))
def test_no_measurement_is_lost(measurements: list[Document]) -> None:
    """Each measurement is read, rejected with its text, or skipped because people are counted for the same time."""
    assert_read_alike(json.dumps(document(*measurements, sent=SENT)).encode())
    push = read_push(*measurements)
    counted_times = {(interval.start, interval.end) for interval in push.intervals}
    rejected = [rejected.content for rejected in push.rejected]
    accepted = [each for each in measurements if json.dumps(each) not in rejected]
    assert len(rejected) == len(measurements) - len(accepted)
    counts = [each for each in accepted if each["kind"] == "people-counts"]
    assert len(counts) == len(push.intervals)
    for each in accepted:
        bounds = [datetime.fromisoformat(each[key]).replace(microsecond=0).timestamp() for key in ("utcFrom", "utcTo")]
        assert tuple(bounds) in counted_times
    for each in counts:
        # Without a known direction the measurement would be rejected.
        assert not each["items"] or {"in", "out"} & {item["direction"] for item in each["items"]}


@settings(max_examples=300)
@given(st.data())
def test_any_member_replaced(data: st.DataObject) -> None:
    """With any members replaced by anything, the document is read soundly or raises DocumentError."""
    whole = json.loads(SAMPLE)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(whole)))
        container[key] = data.draw(ANYTHING)
    assert_read_alike(json.dumps(whole).encode())
    try:
        message = read(whole)
    except DocumentError:
        return
    assert is_sound(message)


@settings(max_examples=300)
@given(st.data())
def test_any_bytes_replaced(data: st.DataObject) -> None:
    """With any bytes replaced, the document is read soundly or raises DocumentError."""
    body = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(body)))
        end = begin + data.draw(st.integers(0, 30))
        body[begin:end] = data.draw(
            st.binary(max_size=10) | st.sampled_from([b'"', b"{", b"]", b",", b"NaN", b"9" * 99])
        )
    assert_read_alike(bytes(body))
    try:
        message = parse(body)
    except DocumentError:
        return
    assert is_sound(message)

"""The document an AXIS people counter pushes: "Axis Retail Data" 0.4.

Source: Axis' Generic Data Push Integration Guide, "Sample Data Output" and "Field Description".
"""

from array import array
from codecs import utf_8_decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
import ipaddress
import json
import re
from typing import Any, Final, NamedTuple

from .local_time import DAY, HOUR

API_NAME: Final = "Axis Retail Data"
API_VERSION: Final = "0.4"

# More people in one interval than any door lets through.
MAX_COUNT: Final = 100_000
MAX_WIDTH: Final = DAY
# Cameras remember 90 days; what is much older was counted before the camera knew the time.
MAX_AGE: Final = 400 * DAY
MAX_TEXT: Final = 255
# Entity ids are made of it, with a word or two behind it, and have 255 characters at most.
MAX_NAME: Final = 100
# No clock on earth is further from UTC.
MAX_UTC_OFFSET: Final = 14 * HOUR
MAX_SKIPPED: Final = 10
# What no camera sends, but somebody who has read the token could: 90 days have 129,600 minutes.
MAX_MEASUREMENTS: Final = 500_000
MAX_MEMBERS: Final = 100
MAX_VALUE: Final = 256 * 1024
# One or a few intervals, as cameras send them day in, day out.
MAX_WHOLE: Final = 16 * 1024


class DocumentError(Exception):
    """The body isn't a document we know; the message says what is wrong with it."""

    # Who sent it, where that could be read all the same.
    sensor: Sensor | None = None


class ProtocolVersionError(DocumentError):
    """A document of another API or another version of it."""

    def __init__(self, api: str) -> None:
        """Take what the document calls itself."""
        super().__init__(f'The document is "{api}"; "{API_NAME} {API_VERSION}" is what can be read here.')
        self.api = api


class Interval(NamedTuple):
    """People counted in [start, end), both in seconds since 1970 UTC; adults None where the camera tells none."""

    start: int
    end: int
    entered: int
    exited: int
    adults_entered: int | None
    adults_exited: int | None


@dataclass(frozen=True, slots=True)
class Sensor:
    """The camera that sends, in its own words."""

    serial: str
    name: str
    application: str | None
    version: str | None
    time_zone: str | None
    ip_address: str | None
    # By how many seconds its local time is ahead of UTC, None where that isn't known; it stays the same camera when its
    # clock is changed.
    utc_offset: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """An interval that can't be taken, as it came, and why."""

    reason: str
    content: str
    # The time it is about in seconds since 1970 UTC, where that much of it can be read.
    time: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class TestMessage:
    """What "Test connection" on a camera sends: a document in which nothing is counted."""

    sensor: Sensor
    sent: int


@dataclass(frozen=True, slots=True)
class Push:
    """Counts of one camera; `sent` is the camera's clock in seconds since 1970 UTC."""

    sensor: Sensor
    sent: int
    intervals: list[Interval]
    rejected: list[Rejected] = field(default_factory=list)
    # Kinds of measurements and directions nobody knows here, beside known ones.
    skipped: frozenset[str] = frozenset()


type Document = TestMessage | Push


def parse(body: bytes | bytearray) -> Document:
    """Read one document; measurements one by one, so that other threads get their turn during a long one.

    Raises DocumentError or its child ProtocolVersionError.
    """
    if len(body) <= MAX_WHOLE and (message := _parse_whole(body)):
        return message
    reader = _Reader(body)
    members: dict[str, Any] = {}
    try:
        try:
            # Up to an error, what comes before it is kept.
            members.update(_members(reader))
        except RecursionError as err:
            raise DocumentError("The body is nested too deeply.") from err
        return _message(reader, members)
    except DocumentError as err:
        err.sensor = _sender(reader, members)
        raise


def _message(reader: _Reader, members: dict[str, Any]) -> Document:
    """Return what the members of a document say."""
    _check_version(members)
    sensor = _sensor(members.get("sensor"))
    sent = _instant(members.get("utcSent"))
    if sent is None:
        raise DocumentError("utcSent is missing or isn't a date and time.")
    data = members.get("data")
    if isinstance(data, _Measurements):
        return data.push(reader, sensor, sent)
    if not _is_empty(data):
        raise DocumentError("data has no list of measurements.")
    return TestMessage(sensor, sent)


def read_again(content: str, sent: int) -> list[Interval] | None:
    """Read a measurement that was rejected as if it stood in a push again, None where it still can't be taken."""
    at = datetime.fromtimestamp(sent, UTC).isoformat()
    document = (
        f'{{"apiName": "{API_NAME}", "apiVersion": "{API_VERSION}", "utcSent": "{at}",'
        f' "sensor": {{"serial": "{0:012}"}}, "data": {{"measurements": [{content}]}}}}'
    )
    try:
        push = parse(document.encode())
    except DocumentError:
        # Earlier versions kept only the beginning of what was long.
        return None
    assert isinstance(push, Push)
    return None if push.rejected else push.intervals


def _parse_whole(body: bytes | bytearray) -> Document | None:
    """Read a small document in one go, which is faster; None where anything is odd about it, for the reader to say."""
    try:
        document = _DECODER.decode(body.decode())
        if type(document) is not dict or len(document) > MAX_MEMBERS:
            return None
        _check_version(document)
        sensor = _sensor(document.get("sensor"))
        sent, data = _instant(document.get("utcSent")), document.get("data")
        if sent is None:
            return None
        if _is_empty(data):
            return TestMessage(sensor, sent)
        if type(data) is not dict or len(data) > MAX_MEMBERS or not isinstance(data.get("measurements"), list):
            return None
        skipped: set[str] = set()
        newest = _NewestLocalTime()
        intervals = []
        for value in data["measurements"]:
            intervals.append(interval := _interval(value, skipped))
            newest.note(interval.start, value)
        newest.note(_instant(data.get("utcFrom")), data)
    except ValueError, RecursionError, DocumentError, _RejectedError:
        return None
    if any(interval.end > sent or interval.start < sent - MAX_AGE for interval in intervals):
        return None
    return Push(replace(sensor, utc_offset=newest.utc_offset(sent)), sent, intervals, [], frozenset(skipped))


class _Ambiguous(dict[str, Any]):
    """An object in which a key stands twice: nobody can say which one is meant."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Ambiguous(members)


def _integer(digits: str) -> int | float:
    # Python refuses to read numbers of thousands of digits; one such count mustn't cost the whole document.
    return int(digits) if len(digits) < 20 else float("inf")


def _constant(name: str) -> None:
    raise DocumentError(f"The body is not JSON: {name} is no value of it.")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
_SPACE: Final = re.compile(rb"[ \t\n\r]*")
# One value is decoded in one go, and nothing else runs meanwhile. Nearly all end within the first of these lengths.
_LENGTHS: Final = (2 * 1024, 16 * 1024, MAX_VALUE)


class _Reader:
    """Walks through a JSON text; small values are decoded whole, long ones member by member.

    The text stays bytes: all threads would wait while it becomes one str, of up to four times the size.
    """

    def __init__(self, body: bytes | bytearray) -> None:
        self.body = body
        self.at = 0

    def next_character(self) -> bytes | bytearray:
        character = self.body[self.at : self.at + 1]
        if not character.isspace():
            return character
        match = _SPACE.match(self.body, self.at)
        assert match
        self.at = match.end()
        return self.body[self.at : self.at + 1]

    def take(self, character: bytes) -> None:
        if self.next_character() != character:
            raise _not_json(f"'{character.decode()}' is missing", self.at)
        self.at += 1

    def value(self) -> Any:
        self.next_character()
        for length in _LENGTHS[:-1]:
            with suppress(DocumentError):
                return self._value(length)
        return self._value(_LENGTHS[-1])

    def _value(self, length: int) -> Any:
        piece = self.body[self.at : self.at + length]
        is_cut = len(piece) == length
        try:
            text, _ = utf_8_decode(piece, "strict", not is_cut)
        except UnicodeDecodeError as err:
            raise DocumentError(f"The body is not UTF-8 text: byte {self.at + err.start} is wrong.") from err
        try:
            value, end = _DECODER.raw_decode(text)
        except json.JSONDecodeError as err:
            problem = f"{err.msg}, or it is longer than {length} bytes," if is_cut else err.msg
            raise _not_json(problem, self.at + len(text[: err.pos].encode())) from err
        if is_cut and end == len(text):
            raise _not_json(f"a number is longer than {length} digits", self.at)
        self.at += end if text.isascii() else len(text[:end].encode())
        return value

    def members(self) -> Iterator[str]:
        """Yield the keys of an object; whoever asks reads the value before the next one."""
        self.take(b"{")
        if self.next_character() != b"}":
            for _ in range(MAX_MEMBERS):
                if self.next_character() != b'"':
                    raise _not_json("a key is missing", self.at)
                key: str = self.value()
                self.take(b":")
                yield key
                if self.next_character() != b",":
                    break
                self.at += 1
            else:
                raise DocumentError(f"An object has more than {MAX_MEMBERS} members.")
        self.take(b"}")

    def elements(self) -> Iterator[int]:
        """Yield where each element of an array begins; whoever asks reads it before the next one."""
        self.take(b"[")
        if self.next_character() != b"]":
            for _ in range(MAX_MEASUREMENTS):
                self.next_character()
                yield self.at
                if self.next_character() != b",":
                    break
                self.at += 1
            else:
                raise DocumentError(f"There are more than {MAX_MEASUREMENTS} measurements.")
        self.take(b"]")

    def end(self) -> None:
        if self.next_character():
            raise _not_json("there is more text after the document", self.at)

    def since(self, begin: int) -> str:
        """Return what has been read since an earlier place, all of it: what is cut can't be read again."""
        return self.body[begin : self.at].decode()


def _not_json(problem: str, position: int) -> DocumentError:
    return DocumentError(f"The body is not JSON: {problem} at byte {position}.")


class _RejectedError(Exception):
    """One interval can't be taken."""


class _UnknownKindError(_RejectedError):
    """A measurement of a kind nobody knows here."""


class _NewestLocalTime:
    """The local time at which the newest of what was counted began: from it follows the camera's offset to UTC."""

    def __init__(self) -> None:
        """Know none yet."""
        self._start = 0
        self._local: Any = None

    def note(self, start: int | None, members: dict[str, Any]) -> None:
        """Take the local time of a measurement, or of all of them, if there is one and it is the newest."""
        if start is not None and start > self._start and "localFrom" in members:
            self._start, self._local = start, members["localFrom"]

    def utc_offset(self, sent: int) -> int | None:
        """Return the offset in seconds, None where it isn't known or isn't that of these days."""
        if not isinstance(self._local, str) or not _LOCAL_TIME.fullmatch(self._local):
            return None
        local = _instant(self._local)
        if local is None or not sent - MAX_WIDTH <= self._start <= sent:
            return None
        offset = local - self._start
        return offset if abs(offset) <= MAX_UTC_OFFSET and offset % 60 == 0 else None


# Without an offset of its own.
_LOCAL_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?")


class _Measurements:
    """The measurements of a document, read before it is known who sent it and when."""

    def __init__(self) -> None:
        self.intervals: list[Interval] = []
        self.begins = array("Q")
        self.unknown = array("Q")
        self.rejected: list[Rejected] = []
        self.skipped: set[str] = set()
        self.newest = _NewestLocalTime()

    def read(self, reader: _Reader) -> None:
        for begin in reader.elements():
            value = reader.value()
            try:
                self.intervals.append(interval := _interval(value, self.skipped))
                self.begins.append(begin)
                self.newest.note(interval.start, value)
            except _UnknownKindError:
                self.unknown.append(begin)
            except _RejectedError as err:
                self.rejected.append(Rejected(str(err), reader.since(begin), _time(value)))

    def push(self, reader: _Reader, sensor: Sensor, sent: int) -> Push:
        intervals = []
        for interval, begin in zip(self.intervals, self.begins, strict=True):
            if interval.end > sent:
                reason = "it ends after the document was sent"
            elif interval.start < sent - MAX_AGE:
                reason = "it is older than any camera remembers"
            else:
                intervals.append(interval)
                continue
            reader.at = begin
            reader.value()
            self.rejected.append(Rejected(reason, reader.since(begin), (interval.start, interval.end)))
        if self.unknown:
            self._judge_unknown(reader, {(interval.start, interval.end) for interval in intervals})
        sensor = replace(sensor, utc_offset=self.newest.utc_offset(sent))
        return Push(sensor, sent, intervals, self.rejected, frozenset(self.skipped))

    def _judge_unknown(self, reader: _Reader, counted: set[tuple[int, int]]) -> None:
        """Skip a measurement of an unknown kind where people are counted for the same time; it may count them else."""
        for begin in self.unknown:
            reader.at = begin
            value = reader.value()
            if (time := _time(value)) in counted:
                _skip(self.skipped, "kind", value["kind"])
            else:
                self.rejected.append(Rejected("its kind isn't known", reader.since(begin), time))


def _members(reader: _Reader) -> Iterator[tuple[str, Any]]:
    """Yield the members of the document, `data` as _Measurements where it has the shape for it."""
    if reader.next_character() != b"{":
        reader.value()
        raise DocumentError("The document is not a JSON object.")
    seen: set[str] = set()
    for key in reader.members():
        if key in seen:
            raise DocumentError(f"{_text(key)} stands twice in the document.")
        seen.add(key)
        is_data = key == "data" and reader.next_character() == b"{"
        yield key, _read_data(reader) if is_data else reader.value()
    reader.end()


def _read_data(reader: _Reader) -> _Measurements | dict[str, Any]:
    members: dict[str, Any] = {}
    measurements: _Measurements | None = None
    for key in reader.members():
        if key in members:
            raise DocumentError(f"{_text(key)} stands twice in data.")
        if key == "measurements" and reader.next_character() == b"[":
            members[key] = measurements = _Measurements()
            measurements.read(reader)
        else:
            members[key] = reader.value()
    if "measurements" in members and members["measurements"] is None:
        # Cameras write null for an empty list.
        return _Measurements()
    if measurements is None:
        return members
    measurements.newest.note(_instant(members.get("utcFrom")), members)
    return measurements


def _is_empty(data: Any) -> bool:
    """Return True if nothing can be counted in data: it is missing, or has neither measurements nor a place for any."""
    if type(data) is dict:
        return "measurements" not in data and not any(
            isinstance(value, dict | list) for value in data.values() if value
        )
    return data is None or data == []


def _check_version(members: dict[str, Any]) -> None:
    name, version = members.get("apiName"), members.get("apiVersion")
    if not isinstance(name, str) or not isinstance(version, str):
        raise DocumentError('apiName and apiVersion are missing: this isn\'t a document of "Axis Retail Data".')
    if (name, version) != (API_NAME, API_VERSION):
        raise ProtocolVersionError(_text(f"{name} {version}") or "without a name")


def _sensor(value: Any) -> Sensor:
    if type(value) is not dict:
        raise DocumentError("sensor is missing or isn't one clear JSON object.")
    serial = value.get("serial")
    # Cameras write their MAC address with or without separators, in either case.
    serial = re.sub("[:.-]", "", serial).lower() if isinstance(serial, str) else ""
    if not re.fullmatch("[0-9a-f]{12}", serial):
        raise DocumentError("sensor.serial is missing or isn't a serial number of 12 hexadecimal digits.")
    return Sensor(
        serial=serial,
        name=(_text(value.get("name")) or f"axis-{serial}")[:MAX_NAME].strip(),
        application=_text(value.get("application")),
        version=_text(value.get("applicationVersion")),
        time_zone=_text(value.get("timeZone")) or _text(value.get("timezone")),
        ip_address=_ip_address(value.get("ipAddress")),
    )


def _sender(reader: _Reader, members: dict[str, Any]) -> Sensor | None:
    """Return who sent a document that can't be read, where it says so before the error or in its last part."""
    try:
        if "sensor" not in members and (at := reader.body.rfind(b'"sensor"', -MAX_VALUE)) >= 0:
            reader.at = at
            reader.value()
            reader.take(b":")
            return _sensor(reader.value())
        return _sensor(members.get("sensor"))
    except DocumentError, RecursionError:
        return None


def _text(value: Any) -> str | None:
    """Return what can be shown of a text, None where there is nothing."""
    if not isinstance(value, str):
        return None
    text = value[:MAX_TEXT]
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text.strip() or None


def _ip_address(value: Any) -> str | None:
    # An IPv6 scope may be any text; it becomes part of a link.
    return _plain_ip_address(value) if isinstance(value, str) and "%" not in value else None


@lru_cache(maxsize=256)
def _plain_ip_address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _instant(value: Any) -> int | None:
    """Return the seconds since 1970 of an ISO 8601 UTC time, None for anything else.

    Fractions of a second are cut off. An interval ends at the instant at which its neighbour begins, so both keep one
    bound: nothing overlaps, no gap opens, and what is sent again is the same interval.
    """
    if not isinstance(value, str) or value[10:11] != "T":
        return None
    try:
        instant = datetime.fromisoformat(value).replace(microsecond=0)
        if instant.tzinfo is None:
            # Its key says that it is UTC.
            instant = instant.replace(tzinfo=UTC)
        return int(instant.astimezone(UTC).timestamp())
    except ValueError, OverflowError:
        return None


def _skip(skipped: set[str], what: str, value: Any) -> None:
    if len(skipped) < MAX_SKIPPED:
        skipped.add(f"{what} {_text(value) or 'without a name'}")


def _interval(value: Any, skipped: set[str]) -> Interval:
    """Return the counts of one measurement."""
    if type(value) is not dict:
        raise _RejectedError("it isn't one clear JSON object")
    kind = value.get("kind")
    if not isinstance(kind, str):
        raise _RejectedError("kind is missing")
    if kind != "people-counts":
        raise _UnknownKindError
    start, end = _instant(value.get("utcFrom")), _instant(value.get("utcTo"))
    if start is None or end is None:
        raise _RejectedError("utcFrom or utcTo is missing or isn't a date and time")
    if start >= end:
        raise _RejectedError("it ends before it begins")
    if end - start > MAX_WIDTH:
        raise _RejectedError("it is longer than a day")
    if "items" not in value:
        raise _RejectedError("items is missing")
    entered, adults_entered, exited, adults_exited = _items(value["items"], skipped)
    return Interval(start, end, entered, exited, adults_entered, adults_exited)


def _time(value: Any) -> tuple[int, int] | None:
    """Return the time that a measurement is about which can't be taken, None where it isn't one either."""
    if type(value) is not dict:
        return None
    start, end = _instant(value.get("utcFrom")), _instant(value.get("utcTo"))
    return (start, end) if start is not None and end is not None and 0 < end - start <= MAX_WIDTH else None


def _items(items: Any, skipped: set[str]) -> tuple[int, int | None, int, int | None]:
    """Return people in, adults in, people out, adults out."""
    counts: dict[str, tuple[int, int | None]] = {}
    unknown: list[str] = []
    if items is None:
        items = []
    if not isinstance(items, list):
        raise _RejectedError("items isn't a list")
    for item in items:
        if type(item) is not dict or not isinstance(direction := item.get("direction"), str):
            raise _RejectedError("an item isn't one clear JSON object with a direction")
        if direction not in ("in", "out"):
            unknown.append(direction)
            continue
        if direction in counts:
            raise _RejectedError("a direction stands twice in it")
        counts[direction] = _count(item.get("count")), None if item.get("adults") is None else _count(item["adults"])
    if unknown and not counts:
        raise _RejectedError("none of its directions is known")
    for direction in unknown:
        _skip(skipped, "direction", direction)
    # A direction that isn't there counted nobody, like items that are null.
    return *counts.get("in", (0, None)), *counts.get("out", (0, None))


def _count(value: Any) -> int:
    # In JSON 3.0 is the same number as 3; True is none, and infinity is what is left of numbers that are far too large.
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise _RejectedError(f"a count isn't a whole number from 0 to {MAX_COUNT}")
    return value

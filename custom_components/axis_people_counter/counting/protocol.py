"""The document an AXIS people counter pushes: "Axis Retail Data" 0.4.

Source: Axis' Generic Data Push Integration Guide, "Sample Data Output" and "Field Description".
Knows neither HTTP nor the ledger. Called by http/view.py; `parse_rejected` by the coordinator.
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
import ipaddress
import re
from typing import Any, Final

from .interval import MAX_WIDTH, Interval, Intervals
from .json_reader import MAX_MEMBERS, MAX_VALUE, JsonError, JsonReader, is_object
from .local_time import DAY, HOUR, Timestamp
from .measurement import RejectedError, UnknownKindError, bounds_of, interval_of, parse_timestamp
from .rejected import Reason, RejectedTexts

API_NAME: Final = "Axis Retail Data"
API_VERSION: Final = "0.4"

# Cameras remember 90 days. Much older intervals were counted before the camera knew the time.
MAX_AGE: Final = 400 * DAY
MAX_TEXT: Final = 255
# The name becomes part of entity ids, which have 255 characters at most.
MAX_NAME: Final = 100
# No local time on earth is further from UTC.
MAX_UTC_OFFSET: Final = 14 * HOUR
MAX_SKIPPED: Final = 10
# The most that may begin on one day (UTC). Those of a camera don't overlap, and a day has 86,400 seconds; comparing
# many more with each other would take seconds, and much memory.
MAX_OF_DAY: Final = 100_000
# The length up to which a body is read at once.
SHORT: Final = 16 * 1024


class DocumentError(Exception):
    """The document can't be read; the message is the reason."""

    def __init__(self, message: str, sender: Sender | None = None) -> None:
        super().__init__(message)
        # The sender, where it could be read in spite of the error.
        self.sender = sender


class ProtocolVersionError(DocumentError):
    """The document is of another API, or of another version of it."""

    def __init__(self, api: str) -> None:
        super().__init__(f'The document is "{api}", but only "{API_NAME} {API_VERSION}" can be read.')
        self.api = api


@dataclass(frozen=True, slots=True)
class Sender:
    """The camera that sends a document, as it describes itself."""

    serial: str
    name: str
    application: str | None
    version: str | None
    time_zone: str | None
    ip_address: str | None
    # Seconds by which local time is ahead of UTC, None where unknown. Not compared: it doesn't identify a camera.
    utc_offset: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class TestMessage:
    """A document without counts: "Test connection" on a camera sends it."""

    sender: Sender
    sent: Timestamp


@dataclass(frozen=True, slots=True)
class Push:
    """The counts of one camera; `sent` is the time by the camera's clock."""

    sender: Sender
    sent: Timestamp
    intervals: Intervals
    rejected: RejectedTexts | tuple[()] = ()
    # Unknown kinds and directions that were skipped, because known ones count the same people.
    skipped: frozenset[str] = frozenset()


type Document = TestMessage | Push


def parse(body: bytes | bytearray) -> Document:
    """Return the document in a body. Raises DocumentError or ProtocolVersionError."""
    if len(body) <= SHORT and (push := _usual_push(body)):
        return push
    reader = JsonReader(body)
    members: dict[str, Any] = {}
    try:
        _read_members(reader, members)
        return _document(members)
    except JsonError as err:
        # No variable holds the new error: with its traceback it would keep itself, and the body in memory.
        raise DocumentError(str(err), _find_sender(reader, members)) from err
    except DocumentError as err:
        err.sender = _find_sender(reader, members)
        raise


def parse_rejected(content: str, sent: Timestamp) -> list[Interval] | None:
    """Return the interval of a measurement that an earlier version rejected, None where it still can't be stored."""
    reader = JsonReader(content.encode())
    try:
        interval, _ = interval_of(reader.value())
        reader.end()
    except JsonError, RejectedError:
        return None
    return None if _reason_to_reject(interval, sent) else [interval]


def _usual_push(body: bytes | bytearray) -> Push | None:
    """Return the push in a short body, None if anything in it is unusual.

    Most pushes are like that, and reading one at once takes half the time. Nothing else is accepted than by reading
    member by member, which keeps the text of what is rejected, and finds out what is wrong.
    """
    reader = JsonReader(body)
    try:
        members = reader.whole()
        data = members["data"] if is_object(members) else None
        if not is_object(data) or not isinstance(measurements := data.get("measurements"), list):
            return None
        if max(len(members), len(data)) > MAX_MEMBERS:
            return None
        intervals, newest = Intervals(), _NewestLocalTime()
        for measurement in measurements:
            interval, unknown_directions = interval_of(measurement)
            if unknown_directions:
                return None
            intervals.append(interval)
            newest.update(interval.start, measurement)
        newest.update(parse_timestamp(data.get("utcFrom")), data)
        sender, sent = _head(members, newest)
    except JsonError, DocumentError, RejectedError, KeyError:
        return None
    if not intervals.are_within(sent - MAX_AGE, sent):
        return None
    return Push(sender, sent, intervals)


def _read_members(reader: JsonReader, members: dict[str, Any]) -> None:
    """Read the members of the document into `members`, which keeps those that were read before an error."""
    if reader.peek() != b"{":
        reader.value()
        raise DocumentError("The document is not a JSON object.")
    for key in reader.object_keys():
        members[key] = _read_data(reader) if key == "data" and reader.peek() == b"{" else reader.value()
    reader.end()


def _read_data(reader: JsonReader) -> _Measurements | dict[str, Any]:
    """Read the member `data`, measurement by measurement where it has a list of them."""
    members: dict[str, Any] = {}
    measurements: _Measurements | None = None
    for key in reader.object_keys():
        if key == "measurements" and reader.peek() == b"[":
            members[key] = measurements = _Measurements(reader)
            measurements.read()
        else:
            members[key] = reader.value()
    if "measurements" in members and members["measurements"] is None:
        # Cameras write null for an empty list.
        return _Measurements(reader)
    if measurements is None:
        return members
    measurements.newest.update(parse_timestamp(members.get("utcFrom")), members)
    return measurements


def _document(members: dict[str, Any]) -> Document:
    """Return the document that has these members."""
    data = members.get("data")
    newest = data.newest if isinstance(data, _Measurements) else _NewestLocalTime()
    sender, sent = _head(members, newest)
    if isinstance(data, _Measurements):
        return data.push(sender, sent)
    if not _is_empty(data):
        raise DocumentError("data has no list of measurements.")
    return TestMessage(sender, sent)


def _head(members: dict[str, Any], newest: _NewestLocalTime) -> tuple[Sender, Timestamp]:
    """Return the sender, and when it sent the document."""
    _check_version(members)
    sent = parse_timestamp(members.get("utcSent"))
    sender = _sender(members.get("sensor"), None if sent is None else newest.utc_offset(sent))
    if sent is None:
        raise DocumentError("utcSent is missing or isn't a date and time.")
    return sender, sent


class _Measurements:
    """The measurements of a document; they may be read before `sensor` and `utcSent`, which follow in any order."""

    def __init__(self, reader: JsonReader) -> None:
        self.newest = _NewestLocalTime()
        self._reader = reader
        self._intervals = Intervals()
        # The positions of these intervals, and of measurements of an unknown kind: the text is read again if needed.
        self._positions = array("Q")
        self._unknown = array("Q")
        self._unknown_times = array("q")
        self._rejected = RejectedTexts(reader.body)
        self._skipped: set[str] = set()

    def read(self) -> None:
        """Read all measurements."""
        for position in self._reader.array_positions():
            measurement = self._reader.value()
            try:
                interval, unknown_directions = interval_of(measurement)
            except UnknownKindError:
                self._unknown.append(position)
                self._unknown_times.append(_time_number(bounds_of(measurement)))
                continue
            except RejectedError as err:
                self._reject(err.reason, position, bounds_of(measurement))
                continue
            self._intervals.append(interval)
            self._positions.append(position)
            self.newest.update(interval.start, measurement)
            self._skip("direction", unknown_directions)

    def push(self, sender: Sender, sent: Timestamp) -> Push:
        """Return the push, now that its sender and time are known."""
        intervals = self._intervals
        if not intervals.are_within(sent - MAX_AGE, sent):
            intervals = self._without_rejected(sent)
        _check_days(intervals)
        if self._unknown:
            self._skip_or_reject_unknown(intervals)
        # Without rejected measurements, the push doesn't keep the body in memory.
        return Push(sender, sent, intervals, self._rejected or (), frozenset(self._skipped))

    def _without_rejected(self, sent: Timestamp) -> Intervals:
        """Reject the intervals that can't be right at this time, and return the others."""
        others = Intervals()
        for interval, position in zip(self._intervals, self._positions, strict=True):
            if reason := _reason_to_reject(interval, sent):
                self._read_again(position)
                self._reject(reason, position, (interval.start, interval.end))
            else:
                others.append(interval)
        return others

    def _skip_or_reject_unknown(self, intervals: Intervals) -> None:
        """Skip measurements of an unknown kind if a known kind has counts for the same time.

        Otherwise reject them: the unknown kind may be a new way to count people.
        """
        counted = set(self._unknown_times).intersection(map(_time_number, intervals.bounds()))
        for position, time in zip(self._unknown, self._unknown_times, strict=True):
            measurement = self._read_again(position)
            if time in counted:
                self._skip("kind", [measurement["kind"]])
            else:
                self._reject(Reason.KIND_UNKNOWN, position, bounds_of(measurement))

    def _read_again(self, position: int) -> Any:
        self._reader.position = position
        return self._reader.value()

    def _reject(self, reason: Reason, position: int, time: tuple[Timestamp, Timestamp] | None) -> None:
        """Reject the measurement that begins at a position and was read last."""
        self._rejected.append(reason, position, self._reader.position, time)

    def _skip(self, what: str, names: Iterable[str]) -> None:
        for name in names:
            if len(self._skipped) < MAX_SKIPPED:
                self._skipped.add(f"{what} {_printable(name) or 'without a name'}")


class _NewestLocalTime:
    """The local time at which the newest measurement began: the camera's offset to UTC follows from it."""

    def __init__(self) -> None:
        self._start = 0
        self._local: Any = None

    def update(self, start: Timestamp | None, members: dict[str, Any]) -> None:
        """Take the local time of a measurement, or of `data`, if it has one and is the newest."""
        if start is not None and start > self._start and "localFrom" in members:
            self._start, self._local = start, members["localFrom"]

    def utc_offset(self, sent: Timestamp) -> int | None:
        """Return the offset in seconds, None where it is unknown or too old to be today's."""
        if not isinstance(self._local, str) or not _LOCAL_TIME.fullmatch(self._local):
            return None
        local = parse_timestamp(self._local)
        if local is None or not sent - MAX_WIDTH <= self._start <= sent:
            return None
        offset = local - self._start
        return offset if abs(offset) <= MAX_UTC_OFFSET and offset % 60 == 0 else None


# A date and time without an offset.
_LOCAL_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?")


def _time_number(bounds: tuple[Timestamp, Timestamp] | None) -> int:
    """Return start and end as one number, which takes less memory; 0 where they can't be read."""
    if bounds is None:
        return 0
    start, end = bounds
    return start * 2 * MAX_WIDTH + end - start


def _check_days(intervals: Intervals) -> None:
    """Raise DocumentError if more intervals begin on one day than a camera can count."""
    if len(intervals) <= MAX_OF_DAY:
        return
    days = Counter(start // DAY for start, _ in intervals.bounds())
    if max(days.values()) > MAX_OF_DAY:
        raise DocumentError(f"More than {MAX_OF_DAY} measurements begin on one day (UTC).")


def _reason_to_reject(interval: Interval, sent: Timestamp) -> Reason | None:
    """Return the reason to reject an interval of a document sent at this time, None if there is none."""
    if interval.end > sent:
        return Reason.ENDS_AFTER_SENDING
    if interval.start < sent - MAX_AGE:
        return Reason.TOO_OLD
    return None


def _is_empty(data: Any) -> bool:
    """Return True if `data` has no counts: no measurements, and no other list or object that isn't empty."""
    if is_object(data):
        return "measurements" not in data and not any(
            isinstance(value, dict | list) for value in data.values() if value
        )
    return data is None or data == []


def _check_version(members: dict[str, Any]) -> None:
    name, version = members.get("apiName"), members.get("apiVersion")
    if not isinstance(name, str) or not isinstance(version, str):
        raise DocumentError(f'apiName or apiVersion is missing: this isn\'t a document of "{API_NAME}".')
    if (name, version) != (API_NAME, API_VERSION):
        raise ProtocolVersionError(_printable(f"{name} {version}") or "without a name")


_SEPARATORS: Final = re.compile("[:.-]")
_SERIAL: Final = re.compile("[0-9a-f]{12}")


def _sender(members: Any, utc_offset: int | None = None) -> Sender:
    if not is_object(members):
        raise DocumentError("sensor is missing or isn't a JSON object with unique keys.")
    serial = members.get("serial")
    # Cameras write their MAC address with or without separators, in upper or lower case.
    serial = _SEPARATORS.sub("", serial).lower() if isinstance(serial, str) else ""
    if not _SERIAL.fullmatch(serial):
        raise DocumentError("sensor.serial is missing or isn't a serial number of 12 hexadecimal digits.")
    return Sender(
        serial=serial,
        name=(_printable(members.get("name")) or f"axis-{serial}")[:MAX_NAME].strip(),
        application=_printable(members.get("application")),
        version=_printable(members.get("applicationVersion")),
        time_zone=_printable(members.get("timeZone")) or _printable(members.get("timezone")),
        ip_address=_ip_address(members.get("ipAddress")),
        utc_offset=utc_offset,
    )


def _find_sender(reader: JsonReader, members: dict[str, Any]) -> Sender | None:
    """Return the sender of a document that can't be read: from before the error, or from the last part of the body."""
    try:
        if "sensor" not in members and (position := reader.body.rfind(b'"sensor"', -MAX_VALUE)) >= 0:
            reader.position = position
            reader.value()
            reader.expect(b":")
            return _sender(reader.value())
        return _sender(members.get("sensor"))
    except DocumentError, JsonError:
        return None


def _printable(text: Any) -> str | None:
    """Return the printable characters of a text, None where there are none."""
    if not isinstance(text, str):
        return None
    text = text[:MAX_TEXT]
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text.strip() or None


def _ip_address(text: Any) -> str | None:
    # The scope of an IPv6 address may be any text, but the address becomes part of a link.
    return _plain_ip_address(text) if isinstance(text, str) and "%" not in text else None


@lru_cache(maxsize=256)
def _plain_ip_address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None

"""Reads a measurement of a push: the interval it becomes, or the reason why it is rejected.

Knows nothing of the document around it. Called by protocol.
"""

from datetime import UTC, datetime
from typing import Any, Final

from .interval import MAX_COUNT, MAX_WIDTH, Interval
from .json_reader import is_object
from .local_time import Timestamp
from .rejected import Reason

KIND: Final = "people-counts"


class RejectedError(Exception):
    """The measurement can't be stored."""

    def __init__(self, reason: Reason) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class UnknownKindError(RejectedError):
    """The measurement is of a kind that this version doesn't know."""


def interval_of(measurement: Any) -> tuple[Interval, list[str]]:
    """Return the interval of a measurement, and the unknown directions in it. Raises RejectedError."""
    if not is_object(measurement):
        raise RejectedError(Reason.NOT_AN_OBJECT)
    kind = measurement.get("kind")
    if not isinstance(kind, str):
        raise RejectedError(Reason.KIND_MISSING)
    if kind != KIND:
        raise UnknownKindError(Reason.KIND_UNKNOWN)
    start, end = parse_timestamp(measurement.get("utcFrom")), parse_timestamp(measurement.get("utcTo"))
    if start is None or end is None:
        raise RejectedError(Reason.TIME_MISSING)
    if start >= end:
        raise RejectedError(Reason.ENDS_BEFORE_START)
    if end - start > MAX_WIDTH:
        raise RejectedError(Reason.TOO_LONG)
    if "items" not in measurement:
        raise RejectedError(Reason.ITEMS_MISSING)
    counts, unknown = _counts_by_direction(measurement["items"])
    # A camera may leave out a direction in which nobody passed.
    entered, adults_entered = counts.get("in", (0, None))
    exited, adults_exited = counts.get("out", (0, None))
    return Interval(start, end, entered, exited, adults_entered, adults_exited), unknown


def bounds_of(measurement: Any) -> tuple[Timestamp, Timestamp] | None:
    """Return start and end of a measurement that is rejected, None where they aren't those of an interval."""
    if not is_object(measurement):
        return None
    start, end = parse_timestamp(measurement.get("utcFrom")), parse_timestamp(measurement.get("utcTo"))
    return (start, end) if start is not None and end is not None and 0 < end - start <= MAX_WIDTH else None


def parse_timestamp(text: Any) -> Timestamp | None:
    """Return the timestamp of an ISO 8601 UTC time, None for anything else.

    Fractions of a second are cut off. An interval ends when the next one begins, so both bounds stay equal, and an
    interval that is sent again keeps its bounds.
    """
    if not isinstance(text, str) or text[10:11] != "T":
        return None
    try:
        instant = datetime.fromisoformat(text).replace(microsecond=0)
        if instant.tzinfo is None:
            # A time without an offset is taken as UTC: the names of the members begin with "utc".
            instant = instant.replace(tzinfo=UTC)
        elif instant.tzinfo is not UTC:
            instant = instant.astimezone(UTC)
        return int(instant.timestamp())
    except ValueError, OverflowError:
        return None


def _counts_by_direction(items: Any) -> tuple[dict[str, tuple[int, int | None]], list[str]]:
    """Return people and adults for each known direction, and the unknown directions."""
    counts: dict[str, tuple[int, int | None]] = {}
    unknown: list[str] = []
    # Cameras write null for an empty list.
    items = [] if items is None else items
    if not isinstance(items, list):
        raise RejectedError(Reason.ITEMS_UNREADABLE)
    for item in items:
        if not is_object(item) or not isinstance(direction := item.get("direction"), str):
            raise RejectedError(Reason.ITEM_UNREADABLE)
        if direction not in ("in", "out"):
            unknown.append(direction)
            continue
        if direction in counts:
            raise RejectedError(Reason.DIRECTION_TWICE)
        adults = item.get("adults")
        counts[direction] = _count(item.get("count")), None if adults is None else _count(adults)
    if unknown and not counts:
        raise RejectedError(Reason.DIRECTIONS_UNKNOWN)
    return counts, unknown


def _count(value: Any) -> int:
    # JSON doesn't distinguish 3.0 from 3. The reader returns infinity for numbers that are far too large.
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise RejectedError(Reason.COUNT_IMPOSSIBLE)
    return value

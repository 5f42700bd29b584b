"""Measurements that can't be stored: as they were sent, and why. Called by protocol."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import batched
from typing import Final

from .local_time import DAY, Timestamp


class Reason(StrEnum):
    """Why an interval isn't counted. The ledger stores these values, and the translations have a text for each."""

    NOT_AN_OBJECT = "not_an_object"
    KIND_MISSING = "kind_missing"
    KIND_UNKNOWN = "kind_unknown"
    TIME_MISSING = "time_missing"
    ENDS_BEFORE_START = "ends_before_start"
    TOO_LONG = "too_long"
    ENDS_AFTER_SENDING = "ends_after_sending"
    TOO_OLD = "too_old"
    ITEMS_MISSING = "items_missing"
    ITEMS_UNREADABLE = "items_unreadable"
    ITEM_UNREADABLE = "item_unreadable"
    DIRECTION_TWICE = "direction_twice"
    DIRECTIONS_UNKNOWN = "directions_unknown"
    COUNT_IMPOSSIBLE = "count_impossible"
    # An interval of another width is stored for a part of the time. The only reason of intervals that can be read.
    OVERLAP = "overlap"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A measurement that can't be stored: its text as it was sent, and the reason."""

    reason: Reason
    content: str
    # Start and end, where they can be read.
    time: tuple[Timestamp, Timestamp] | None = None


class RejectedTexts:
    """The rejected measurements of a body, in which their texts stay until they are asked for.

    All texts together would take as much memory as the body, and Python's garbage collector would look at each.
    """

    def __init__(
        self, body: bytes | bytearray, reasons: Sequence[Reason] = (), numbers: array[int] | None = None
    ) -> None:
        self._body = body
        # There are only a few different reasons.
        self._reasons = list(reasons)
        self._numbers = array("q") if numbers is None else numbers

    def append(
        self, reason: Reason, text_start: int, text_end: int, time: tuple[Timestamp, Timestamp] | None = None
    ) -> None:
        """Add a measurement by the position of its text."""
        if reason not in self._reasons:
            self._reasons.append(reason)
        self._numbers.extend((self._reasons.index(reason), text_start, text_end, *(time or _NO_TIME)))

    def __len__(self) -> int:
        return len(self._numbers) // _WIDTH

    def __iter__(self) -> Iterator[Rejected]:
        for reason, text_start, text_end, start, end in batched(self._numbers, _WIDTH, strict=True):
            text = self._body[text_start:text_end].decode(errors="replace")
            yield Rejected(self._reasons[reason], text, _time(start, end))

    def sizes(self) -> Iterator[int]:
        """Yield how many bytes each text has."""
        for _, text_start, text_end, _, _ in batched(self._numbers, _WIDTH, strict=True):
            yield text_end - text_start

    def bounds(self, position: int) -> tuple[Timestamp, Timestamp]:
        """Return start and end of a measurement whose time can be read."""
        return self._numbers[_WIDTH * position + 3], self._numbers[_WIDTH * position + 4]

    def by_day(self, low: Timestamp, high: Timestamp) -> Iterator[array[int]]:
        """Yield the positions of measurements that overlap [low, high) and begin on the same day (UTC)."""
        days: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
        for position, (*_, start, end) in enumerate(batched(self._numbers, _WIDTH, strict=True)):
            if start < end and end > low and start < high:
                days[start // DAY].append(position)
        for day in sorted(days):
            yield days[day]

    def divided[K](self, key_of: Callable[[tuple[Timestamp, Timestamp] | None], K]) -> dict[K, RejectedTexts]:
        """Divide the measurements by their time; the texts stay where they are."""
        parts: defaultdict[K, array[int]] = defaultdict(lambda: array("q"))
        for numbers in batched(self._numbers, _WIDTH, strict=True):
            parts[key_of(_time(*numbers[3:]))].extend(numbers)
        return {key: RejectedTexts(self._body, self._reasons, numbers) for key, numbers in parts.items()}

    def part(self, positions: array[int]) -> RejectedTexts:
        """Return the measurements at some positions; the texts stay where they are."""
        part = array("q")
        for position in positions:
            part += self._numbers[_WIDTH * position : _WIDTH * (position + 1)]
        return RejectedTexts(self._body, self._reasons, part)


_WIDTH: Final = 5
# An interval ends later than it begins.
_NO_TIME: Final = (0, 0)


def _time(start: Timestamp, end: Timestamp) -> tuple[Timestamp, Timestamp] | None:
    return (start, end) if start < end else None

"""Measurements that can't be stored, as they were sent. Knows nothing of why. Called by protocol."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Final

from .local_time import Timestamp


@dataclass(frozen=True, slots=True)
class Rejected:
    """A measurement that can't be stored: its text as it was sent, and the reason."""

    reason: str
    content: str
    # Start and end, where they can be read.
    time: tuple[Timestamp, Timestamp] | None = None


class RejectedTexts:
    """The rejected measurements of a body, in which their texts stay until they are asked for.

    All texts together would take as much memory as the body, and Python's garbage collector would look at each.
    """

    def __init__(self, body: bytes | bytearray) -> None:
        self._body = body
        # There are only a few different reasons.
        self._reasons: list[str] = []
        self._numbers = array("q")

    def append(
        self, reason: str, text_start: int, text_end: int, time: tuple[Timestamp, Timestamp] | None = None
    ) -> None:
        """Add a measurement by the position of its text."""
        if reason not in self._reasons:
            self._reasons.append(reason)
        self._numbers.extend((self._reasons.index(reason), text_start, text_end, *(time or _NO_TIME)))

    def __len__(self) -> int:
        return len(self._numbers) // _WIDTH

    def __iter__(self) -> Iterator[Rejected]:
        for reason, text_start, text_end, *bounds in batched(self._numbers, _WIDTH, strict=True):
            start, end = bounds
            content = self._body[text_start:text_end].decode()
            yield Rejected(self._reasons[reason], content, (start, end) if start < end else None)


_WIDTH: Final = 5
# An interval ends later than it begins.
_NO_TIME: Final = (0, 0)

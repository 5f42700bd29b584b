"""Reads a JSON text value by value, within limits: a long one neither blocks other threads nor fills the memory.

Knows nothing of what a document means. Called by protocol.
"""

from codecs import BOM_UTF8, utf_8_decode
from collections.abc import Iterator
import json
import re
from typing import Any, Final, TypeGuard

# No camera sends this much, but anybody with the token could. 90 days have 129,600 minutes.
MAX_ELEMENTS: Final = 500_000
MAX_MEMBERS: Final = 100
MAX_VALUE: Final = 256 * 1024
# Characters of a key in a message.
MAX_SHOWN: Final = 100
# Bytes that aren't UTF-8 keep their places: encoded again, they are the same.
_AS_SENT: Final = "surrogateescape"
# Each value is decoded in one call, during which no other thread runs. Nearly all fit into the first length.
_SHORT_LENGTHS: Final = (2 * 1024, 16 * 1024)


class JsonError(Exception):
    """The text isn't JSON or exceeds a limit; the message is a sentence for whoever sent it."""


class JsonReader:
    """Walks through a JSON text: the caller chooses which values to read whole and which member by member.

    The text stays bytes: decoding it into one str would block all threads and take up to four times the memory. Bytes
    that aren't UTF-8 become characters that can't be printed: a name in another encoding, or one that was cut within a
    letter, must not stop the counts.
    """

    def __init__(self, body: bytes | bytearray) -> None:
        self.body = body
        # A byte order mark says nothing about UTF-8.
        self.position = len(BOM_UTF8) if body.startswith(BOM_UTF8) else 0

    def peek(self) -> bytes | bytearray:
        """Skip white space, and return the next character without reading it."""
        character = self.body[self.position : self.position + 1]
        while character.isspace() and (match := _SPACE.match(self.body, self.position)):
            self.position = match.end()
            character = self.body[self.position : self.position + 1]
        return character

    def expect(self, character: bytes) -> None:
        """Read a character that must come next."""
        if self.peek() != character:
            raise _syntax_error(f"'{character.decode()}' is missing", self.position)
        self.position += 1

    def value(self) -> Any:
        """Read a value whole."""
        if self.peek() == b'"' and (match := _PLAIN_TEXT.match(self.body, self.position)):
            self.position = match.end()
            return match[1].decode()
        for length in _SHORT_LENGTHS:
            try:
                return self._decode(length)
            except JsonError:
                # The value may be longer.
                continue
        return self._decode(MAX_VALUE)

    def whole(self) -> Any:
        """Read all of a short text at once."""
        self.peek()
        value = self._decode(len(self.body) + 1)
        self.end()
        return value

    def object_keys(self) -> Iterator[str]:
        """Read an object and yield its keys; the caller reads each value before it asks for the next key."""
        self.expect(b"{")
        if self.peek() != b"}":
            found: set[str] = set()
            while True:
                key = self._key()
                if key in found:
                    raise JsonError(f"The key {key[:MAX_SHOWN]!a} appears twice in an object.")
                if len(found) == MAX_MEMBERS:
                    raise JsonError(f"An object has more than {MAX_MEMBERS} members.")
                found.add(key)
                yield key
                if self.peek() != b",":
                    break
                self.position += 1
        self.expect(b"}")

    def array_positions(self) -> Iterator[int]:
        """Read an array and yield the position of each element; the caller reads it before it asks for the next one."""
        self.expect(b"[")
        if self.peek() != b"]":
            for _ in range(MAX_ELEMENTS):
                self.peek()
                yield self.position
                if self.peek() != b",":
                    break
                self.position += 1
            else:
                raise JsonError(f"An array has more than {MAX_ELEMENTS} elements.")
        self.expect(b"]")

    def end(self) -> None:
        """Raise JsonError unless the text ends here."""
        if self.peek():
            raise _syntax_error("there is more text after the document", self.position)

    def _key(self) -> str:
        """Read a key, and the colon after it."""
        if match := _PLAIN_KEY.match(self.body, self.position):
            self.position = match.end()
            return match[1].decode()
        if self.peek() != b'"':
            raise _syntax_error("a key is missing", self.position)
        key: str = self.value()
        self.expect(b":")
        return key

    def _decode(self, length: int) -> Any:
        """Read a value that has at most this many bytes."""
        piece = self.body[self.position : self.position + length]
        is_cut = len(piece) == length
        text, _ = utf_8_decode(piece, _AS_SENT, not is_cut)
        try:
            value, end = _DECODER.raw_decode(text)
        except json.JSONDecodeError as err:
            problem = f"{err.msg}, or it is longer than {length} bytes," if is_cut else err.msg
            raise _syntax_error(problem, self.position + _size(text[: err.pos])) from err
        except RecursionError as err:
            raise JsonError("The body is nested too deeply.") from err
        if is_cut and end == len(text):
            raise _syntax_error(f"a number is longer than {length} digits", self.position)
        self.position += end if text.isascii() else _size(text[:end])
        return value


def _size(text: str) -> int:
    """Return how many bytes of the body a decoded text has."""
    return len(text.encode(errors=_AS_SENT))


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Return True if a value is an object in which each key appears once."""
    return type(value) is dict


class _AmbiguousObject(dict[str, Any]):
    """An object in which a key appears twice: either value could be the one that is meant."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _AmbiguousObject(members)


def _integer(digits: str) -> int | float:
    # Python refuses to convert thousands of digits; one such count mustn't reject the whole document.
    return int(digits) if len(digits) < 20 else float("inf")


def _constant(name: str) -> None:
    raise JsonError(f"The body is not JSON: {name} is not a JSON value.")


def _syntax_error(problem: str, position: int) -> JsonError:
    return JsonError(f"The body is not JSON: {problem} at byte {position}.")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
# Not longer, because no other thread runs while a pattern is compared.
_SPACE: Final = re.compile(rb"[ \t\n\r]{1,65536}")
# Short texts of printable ASCII characters without a backslash, and keys like them with their colon. Most are like
# that, and these patterns find them several times faster than the decoder.
_PLAIN_TEXT: Final = re.compile(rb'"([ !#-\[\]-~]{0,100})"')
_PLAIN_KEY: Final = re.compile(rb"[ \t\n\r]{0,100}+" + _PLAIN_TEXT.pattern + rb"[ \t\n\r]{0,100}+:[ \t\n\r]{0,100}+")

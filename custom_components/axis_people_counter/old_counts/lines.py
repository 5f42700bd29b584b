"""The lines of a file with old counts, read within limits of memory. Knows no columns. Called by rows.py."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, NamedTuple
import zlib

# No row of counts is longer, with any names.
MAX_LINE: Final = 32 * 1024
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_PACKED: Final = (b"PK", b"\x1f\x8b", b"7z", b"\xd0\xcf\x11\xe0", b"%PDF")


class FileError(Exception):
    """The file as a whole can't be imported. The key is that of a translated message."""

    def __init__(self, key: str, placeholders: Mapping[str, str] | None = None) -> None:
        """Store the message."""
        super().__init__(key)
        self.key = key
        self.placeholders = placeholders or {}


class Line(NamedTuple):
    """A line that isn't empty: its number in the file, and its text, None if it is too long for a row of counts."""

    number: int
    text: str | None
    # False for a last line without a line break.
    is_ended: bool


class Lines:
    """Reads the lines of a file from its beginning; the checksum is that of all lines read so far."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin at the first line."""
        self._file = file
        self.checksum = 0
        file.seek(0)

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines that aren't empty. Raises FileError for a file that isn't a text."""
        number = 0
        while raw := self._file.readline(MAX_LINE):
            number += 1
            self._add(raw)
            if number == 1:
                raw = _without_mark(raw)
            if b"\0" in raw:
                raise FileError("import_not_text")
            is_ended = raw.endswith(b"\n")
            is_too_long = len(raw) >= MAX_LINE - len(_UTF8_MARK) and not is_ended
            if is_too_long:
                is_ended = self._skip_line()
            text = None if is_too_long else _decoded(raw).strip("\r\n")
            if text is None or text.strip():
                yield Line(number, text, is_ended)

    def _skip_line(self) -> bool:
        """Read to the end of a line; return True if a line break is there."""
        while raw := self._file.readline(MAX_LINE):
            self._add(raw)
            if raw.endswith(b"\n"):
                return True
        return False

    def _add(self, raw: bytes) -> None:
        self.checksum = zlib.crc32(raw, self.checksum)


def _without_mark(raw: bytes) -> bytes:
    if raw.startswith(_UTF16_MARKS):
        raise FileError("import_utf16")
    if raw.startswith(_PACKED):
        raise FileError("import_not_text")
    return raw.removeprefix(_UTF8_MARK)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        # Some spreadsheets save names in the encoding of Western Europe.
        return raw.decode("cp1252", errors="replace")

"""The formats of the export: a table for spreadsheets, and JSON lines.

Knows nothing of counts: a row is a dictionary whose order is that of the header. Called by export.py.
"""

from collections.abc import Callable, Iterable, Iterator
import csv
import json
from typing import Any, Final, NamedTuple
import unicodedata

type Fields = dict[str, Any]


class _Lines:
    """A file whose `write` returns the text."""

    def write(self, text: str) -> str:
        return text


def _csv(columns: Iterable[str], rows: Iterable[Fields]) -> Iterator[str]:
    # Text is quoted: some spreadsheets separate cells by semicolons, which a name may contain.
    writer = csv.writer(_Lines(), quoting=csv.QUOTE_STRINGS)
    # Without a byte order mark Excel doesn't read the file as UTF-8.
    yield f"\ufeff{writer.writerow(columns)}"
    for row in rows:
        yield writer.writerow(map(_cell, row.values()))


def _cell(value: Any) -> Any:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return harmless(value)
        case _:
            return value


def harmless(text: str) -> str:
    """Return the text on one line, quoted if a spreadsheet would run it as a formula."""
    text = "".join(character if character.isprintable() else " " for character in text)
    # Some spreadsheets skip spaces, and accept the full-width signs of East Asian keyboards.
    begin = unicodedata.normalize("NFKC", text).lstrip()[:1]
    return f"'{text}" if begin in tuple("=+-@") else text


def _json_lines(columns: Iterable[str], rows: Iterable[Fields]) -> Iterator[str]:
    for row in rows:
        yield f"{json.dumps(row, ensure_ascii=False)}\n"


class _Format(NamedTuple):
    content_type: str
    lines: Callable[[Iterable[str], Iterable[Fields]], Iterator[str]]


FORMATS: Final = {
    "csv": _Format("text/csv; charset=utf-8", _csv),
    "jsonl": _Format("application/x-ndjson; charset=utf-8", _json_lines),
}

"""The kinds of files with old counts, recognised by their first line. Knows no values. Called by rows.py."""

import csv
from dataclasses import dataclass
from enum import Enum, auto
import json
import re
from typing import Final

from .cells import CellError, FaultKind
from .lines import FileError

_SEPARATORS: Final = ",;\t"
_SEPARATOR_LINE: Final = re.compile(f'"?sep=[{_SEPARATORS}]"?', re.IGNORECASE)
_MAX_COLUMNS: Final = 50
_MAX_NAME: Final = 40
_OWN: Final = ("start", "end", "in", "out")
_COLUMNS_2D: Final = {
    "interval start": "start",
    "interval stop": "end",
    "camera serial number": "serial",
    "counter name": "name",
    "pedestrians coming in": "in",
    "pedestrians going out": "out",
}
# The headings of a plain table in the languages of the integration.
_WORDS: Final = {
    word: column
    for column, words in {
        "date": "date datum",
        "time": "time start datetime zeit uhrzeit zeitpunkt beginn heure début debut tid tidpunkt starttid klockslag",
        "in": "in ein eingang eingänge rein hinein entrée entrées entree entrees entrants ingång inpasserade",
        "out": "out aus ausgang ausgänge raus hinaus sortie sorties sortants ut utgång utpasserade",
        "adults_in": "adults_in",
        "adults_out": "adults_out",
    }.items()
    for word in words.split()
}


class Kind(Enum):
    """The kinds of files: our own export, those of the 3D and the 2D camera, a table with one time in each row."""

    OWN = auto()
    CAMERA_3D = auto()
    CAMERA_2D = auto()
    TABLE = auto()


@dataclass(frozen=True, slots=True)
class Layout:
    """The kind of a file, the positions of its columns, and the headings as they are written there.

    The separator is None for JSON lines.
    """

    kind: Kind
    separator: str | None
    positions: dict[str, int]
    headings: tuple[str, ...]

    def cells(self, text: str) -> list[str]:
        """Return the cells of a line. Raises CellError."""
        if self.separator is None:
            return _json_cells(text, self.headings)
        cells = _csv_cells(text, self.separator)
        if self.kind is Kind.CAMERA_2D and len(cells) > len(self.headings):
            # The camera doesn't quote the name of a counter, which may contain commas.
            cells = [*cells[:3], ",".join(cells[3:-2]), *cells[-2:]]
        if len(cells) != len(self.headings):
            raise CellError(FaultKind.CUT_OFF if len(cells) < len(self.headings) else FaultKind.COLUMNS)
        return cells

    def cell(self, cells: list[str], column: str) -> str:
        """Return the cell of a column, empty where the file has no such column; a time comes with its date."""
        position = self.positions.get(column)
        text = "" if position is None else cells[position].strip()
        # A row without a time may be the sum of a day.
        return f"{self.cell(cells, 'date')} {text}".strip() if column == "time" and text else text

    def heading(self, column: str) -> str:
        """Return the heading of a column as the file has it."""
        position = self.positions.get(column)
        return column if position is None else self.headings[position]


def recognize(text: str | None) -> Layout:
    """Return the layout of a file with this first line. Raises FileError."""
    if text is not None and text.lstrip().startswith("{"):
        return _json_layout(text)
    for separator in _SEPARATORS:
        headings = _headings(text or "", separator)
        if len(headings) <= _MAX_COLUMNS and (layout := _csv_layout(headings, separator)):
            return layout
    raise FileError("import_unknown_format")


def is_separator_line(text: str | None) -> bool:
    """Return True for a line that only names the separator, as some spreadsheets write it first."""
    return text is not None and _SEPARATOR_LINE.fullmatch(text) is not None


def _json_layout(text: str) -> Layout:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise FileError("import_unknown_format") from err
    headings = tuple(row)
    if len(headings) > _MAX_COLUMNS or not {*_OWN} <= {*headings} or not {"serial", "place"} & {*headings}:
        raise FileError("import_unknown_format")
    return Layout(Kind.OWN, None, _positions(headings), headings)


def _csv_layout(headings: tuple[str, ...], separator: str) -> Layout | None:
    names = tuple(heading.casefold() for heading in headings)
    if not _are_unique(names):
        return None
    if {*_OWN} <= {*names}:
        kind = Kind.OWN if "serial" in names else Kind.CAMERA_3D
        return Layout(kind, separator, _positions(names), headings)
    if names == tuple(_COLUMNS_2D):
        return Layout(Kind.CAMERA_2D, separator, _positions(tuple(_COLUMNS_2D.values())), headings)
    columns = tuple(_WORDS.get(name, name) for name in names)
    if "time" not in columns:
        # The column of the date has the time as well, or each row is a day.
        columns = tuple("time" if column == "date" else column for column in columns)
    if {"time", "in", "out"} <= {*columns} and _are_unique(columns):
        return Layout(Kind.TABLE, separator, _positions(columns), headings)
    return None


def _are_unique(columns: tuple[str, ...]) -> bool:
    """Return True if no two columns have the same heading; spreadsheets may write empty columns after the others."""
    named = [column for column in columns if column]
    return len(named) == len(set(named))


def _headings(text: str, separator: str) -> tuple[str, ...]:
    try:
        return tuple(heading.strip()[:_MAX_NAME] for heading in _csv_cells(text, separator))
    except CellError:
        return ()


def _positions(columns: tuple[str, ...]) -> dict[str, int]:
    return {column: position for position, column in enumerate(columns)}


def _csv_cells(text: str, separator: str) -> list[str]:
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error as err:
        # A quotation mark isn't closed on this line.
        raise CellError(FaultKind.CUT_OFF) from err


def _json_cells(text: str, headings: tuple[str, ...]) -> list[str]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise CellError(FaultKind.CUT_OFF) from err
    if not isinstance(row, dict) or tuple(row) != headings:
        raise CellError(FaultKind.COLUMNS)
    return [_text(value) for value in row.values()]


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str() | int():
            return str(value)
        case _:
            # Whatever else it is, it is neither a time nor a number of people.
            return "?"

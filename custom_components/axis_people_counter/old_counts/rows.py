"""Reads a file with old counts row by row, and finds the faults of its rows. Called in threads by imports.py.

The memory needed doesn't depend on the length of the file: of the rows before, only the last one of each camera is
known. So rows have to be in the order of time, the oldest or the newest first.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import Enum, auto
from itertools import chain
from typing import Final, NamedTuple

from ..counting import DAY, HOUR, Interval, Period, Timestamp
from .cells import CellError, FaultKind, end_instant, instant, is_long_day, known_people, people, time
from .layouts import Kind, Layout, is_separator_line, recognize
from .lines import FileError, Line, Lines

_MAX_VALUE: Final = 40
# The step between the rows of a plain table is looked for in this many rows.
_MAX_WAITING: Final = 1000
_SEPARATORS_OF_SERIALS: Final = str.maketrans("", "", ":- ")
# The export of a camera has these in place of numbers of a time in which it didn't count.
_NO_NUMBER: Final = ("", "null")
# How the cell of each column is read by itself.
_CONVERTED: Final[Mapping[str, Callable[[str], object]]] = {
    "time": time,
    "start": time,
    "end": time,
    "in": people,
    "out": people,
    "adults_in": known_people,
    "adults_out": known_people,
}
_WIDTHS: Final = {
    Period.FIVE_MINUTES: 5 * 60,
    Period.QUARTER_HOUR: 15 * 60,
    Period.HALF_HOUR: 30 * 60,
    Period.HOUR: HOUR,
    Period.DAY: DAY,
}


class Fault(NamedTuple):
    """A row that can't be imported: its number in the file, the heading of the column, the reason and the cell."""

    row: int
    column: str
    kind: FaultKind
    value: str


class Skipped(Enum):
    """The reasons why a row is left out without being a fault."""

    # Rows of our own export, or of a camera, about a time without counts.
    NOT_COUNTED = auto()
    # Rows of another camera than that to which the import is limited.
    OTHER_CAMERA = auto()
    # The rows of its doors are in the file as well.
    PLACE = auto()


class OldCounts(NamedTuple):
    """A row, with the directions of the file. Serial and place are None where the file doesn't name them."""

    row: int
    serial: str | None
    place: str | None
    interval: Interval


@dataclass(frozen=True, slots=True)
class Known:
    """All that a file may refer to.

    `zones` has the time zone of each camera by its serial number, also of replaced ones, and that of rows which name no
    camera under None. `places` has the names of the doors of each place, by the name of the place.
    """

    now: Timestamp
    zones: Mapping[str | None, tzinfo]
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # False if counts of files that name no camera have nowhere to go.
    has_target: bool = True
    # Only rows of cameras with these serial numbers are wanted.
    only: frozenset[str] | None = None
    # How long each row of a plain table is; otherwise the step between its first two rows.
    period: Period | None = None
    # False for text that a person has pasted, whose last line may lack its end.
    is_file: bool = True


class File(NamedTuple):
    """The kind of a file, and its rows, which are read when they are asked for; each cell of a row may be a fault."""

    kind: Kind
    rows: Iterator[OldCounts | Fault | Skipped]


def read(lines: Lines, known: Known) -> File:
    """Return a file with its rows. Both this and the rows raise FileError for a file that can't be read at all."""
    rest = iter(lines)
    first = next(rest, None)
    if first and is_separator_line(first.text):
        first = next(rest, None)
    if first is None:
        raise FileError("import_empty")
    layout = recognize(first.text)
    if layout.kind in (Kind.CAMERA_3D, Kind.TABLE) and not known.has_target:
        raise FileError("import_no_target")
    if layout.separator is None:
        # JSON lines have no line with headings.
        rest = chain([first], rest)
    reader = _TableReader(layout, known) if layout.kind is Kind.TABLE else _Reader(layout, known)
    return File(layout.kind, reader.read(rest))


class _ColumnError(Exception):
    """A row can't be imported because of the cell of a column, or as a whole."""

    def __init__(self, kind: FaultKind, column: str | None = None, value: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.column = column
        # No answer can have half a character, which JSON can.
        self.value = "".join(letter if letter.isprintable() else " " for letter in value[:_MAX_VALUE])


class _Previous(NamedTuple):
    """The row of a camera that was read last."""

    row: int
    start: Timestamp
    end: Timestamp
    # None for the first row.
    is_ascending: bool | None


class _Reader:
    """Reads the rows of a file that names start and end of each."""

    def __init__(self, layout: Layout, known: Known) -> None:
        self._layout = layout
        self._known = known
        self._previous: dict[tuple[str | None, str | None], _Previous] = {}
        self._has_cameras = False

    def read(self, lines: Iterator[Line]) -> Iterator[OldCounts | Fault | Skipped]:
        """Yield what each row is."""
        for line in lines:
            cells: list[str] = []
            try:
                cells = self._cells(line)
                # Spreadsheets write empty rows as separators.
                if any(map(str.strip, cells)):
                    yield self._row(line.number, cells)
            except _ColumnError as err:
                yield self._fault(line.number, err)
                yield from self._further_faults(line.number, cells, err.column)

    def _fault(self, row: int, err: _ColumnError) -> Fault:
        return Fault(row, self._layout.heading(err.column) if err.column else "", err.kind, err.value)

    def _further_faults(self, row: int, cells: list[str], known: str | None) -> Iterator[Fault]:
        """Yield the faults of all cells but that of a column, so that a person mends a row only once."""
        for column in self._layout.positions if cells else ():
            if column != known and (convert := _CONVERTED.get(column)):
                try:
                    self._read(cells, column, convert)
                except _ColumnError as err:
                    yield self._fault(row, err)

    def _cells(self, line: Line) -> list[str]:
        if line.text is None:
            raise _ColumnError(FaultKind.LINE_TOO_LONG)
        try:
            cells = self._layout.cells(line.text)
        except CellError as err:
            raise _ColumnError(err.kind) from err
        if self._layout.kind is Kind.OWN and self._known.is_file and not line.is_ended:
            # Each row of an export ends with a line break: the last number may have had more digits.
            raise _ColumnError(FaultKind.CUT_OFF)
        return cells

    def _row(self, row: int, cells: list[str]) -> OldCounts | Skipped:
        serial, place = self._owner(cells)
        if place is not None and self._has_cameras:
            return Skipped.PLACE
        if self._known.only is not None and serial is not None and serial not in self._known.only:
            return Skipped.OTHER_CAMERA
        zone = self._known.zones[serial]
        start, end = self._bounds(cells, zone)
        if self._has_no_counts(cells):
            return Skipped.NOT_COUNTED
        interval = Interval(start, end, *self._counts(cells))
        if self._is_not_counted(cells, interval):
            return Skipped.NOT_COUNTED
        self._check_order(row, (serial, place), interval)
        return OldCounts(row, serial, place, interval)

    def _owner(self, cells: list[str]) -> tuple[str | None, str | None]:
        """Return the serial number or the place that a row names. Raises _ColumnError and FileError."""
        if self._layout.kind in (Kind.CAMERA_3D, Kind.TABLE):
            return None, None
        serial = self._cell(cells, "serial").casefold().translate(_SEPARATORS_OF_SERIALS)
        # An export puts an apostrophe before names that a spreadsheet would take for formulas.
        place = self._cell(cells, "place").removeprefix("'")
        if not serial and place:
            doors = self._known.places.get(place)
            if doors is None:
                raise _ColumnError(FaultKind.UNKNOWN_PLACE, "place", place)
            if len(doors) != 1 and not self._has_cameras:
                raise FileError("import_place_with_doors", {"place": place, "doors": ", ".join(doors)})
            return None, place
        if serial not in self._known.zones:
            raise _ColumnError(FaultKind.UNKNOWN_CAMERA, "serial", serial)
        self._has_cameras = True
        return serial, None

    def _bounds(self, cells: list[str], zone: tzinfo) -> tuple[Timestamp, Timestamp]:
        started = self._read(cells, "start", time)
        start = self._at(cells, "start", lambda: instant(started, zone))
        ended = self._read(cells, "end", time)
        end = self._at(cells, "end", lambda: end_instant(start, started, ended, zone))
        return self._checked(cells, "end", start, end, started, ended)

    def _checked(
        self, cells: list[str], column: str, start: Timestamp, end: Timestamp, started: datetime, ended: datetime
    ) -> tuple[Timestamp, Timestamp]:
        if end <= start:
            raise _ColumnError(FaultKind.END_BEFORE_START, column, self._cell(cells, column))
        if end > self._known.now:
            raise _ColumnError(FaultKind.FUTURE, column, self._cell(cells, column))
        if is_long_day(start, end, started, ended):
            # No interval is longer than a day. All people of the day count in its first 24 hours.
            end = start + DAY
        if end - start > DAY:
            raise _ColumnError(FaultKind.TOO_WIDE, column, self._cell(cells, column))
        return start, end

    def _counts(self, cells: list[str]) -> tuple[int, int, int | None, int | None]:
        return (
            self._read(cells, "in", people),
            self._read(cells, "out", people),
            self._read(cells, "adults_in", known_people),
            self._read(cells, "adults_out", known_people),
        )

    def _is_not_counted(self, cells: list[str], interval: Interval) -> bool:
        """Return True for a period of our own export in which the camera reported nothing, at least not all the time.

        As counts, its zeros would hide that they are unknown.
        """
        is_incomplete = self._layout.kind is Kind.OWN and self._cell(cells, "complete") == "false"
        return is_incomplete and not interval.entered and not interval.exited

    def _has_no_counts(self, cells: list[str]) -> bool:
        """Return True for a time in which the camera that wrote the file counted nothing: both numbers are missing."""
        is_camera = self._layout.kind in (Kind.CAMERA_3D, Kind.CAMERA_2D)
        return is_camera and self._cell(cells, "in") in _NO_NUMBER and self._cell(cells, "out") in _NO_NUMBER

    def _check_order(self, row: int, owner: tuple[str | None, str | None], interval: Interval) -> None:
        """Raise _ColumnError if a row overlaps the row before of the same camera, or isn't in the order of time."""
        start, end, *_ = interval
        is_ascending = None
        if before := self._previous.get(owner):
            column = "time" if self._layout.kind is Kind.TABLE else "start"
            if start < before.end and before.start < end:
                raise _ColumnError(FaultKind.OVERLAP, column, str(before.row))
            is_ascending = start >= before.end
            if before.is_ascending not in (None, is_ascending):
                raise _ColumnError(FaultKind.ORDER, column, str(before.row))
        self._previous[owner] = _Previous(row, start, end, is_ascending)

    def _cell(self, cells: list[str], column: str) -> str:
        return self._layout.cell(cells, column)

    def _read[T](self, cells: list[str], column: str, convert: Callable[[str], T]) -> T:
        cell = self._cell(cells, column)
        try:
            return convert(cell)
        except CellError as err:
            raise _ColumnError(err.kind, column, cell) from err

    def _at(self, cells: list[str], column: str, calculate: Callable[[], Timestamp]) -> Timestamp:
        return self._read(cells, column, lambda _: calculate())


class _TableReader(_Reader):
    """Reads the rows of a plain table, which name only when they begin."""

    def __init__(self, layout: Layout, known: Known) -> None:
        super().__init__(layout, known)
        self._width = None if known.period is None else timedelta(seconds=_WIDTHS[known.period])

    def read(self, lines: Iterator[Line]) -> Iterator[OldCounts | Fault | Skipped]:
        """Yield what each row is, once the step between the first two rows is known."""
        waiting: list[Line] = []
        starts: list[datetime] = []
        while self._width is None and (line := next(lines, None)):
            waiting.append(line)
            if (start := self._start(line)) is not None:
                starts.append(start)
            if len(starts) > 1:
                self._width = _step(*starts)
            if len(starts) > 1 or len(waiting) > _MAX_WAITING:
                break
        return super().read(chain(waiting, lines))

    def _start(self, line: Line) -> datetime | None:
        try:
            return self._read(self._cells(line), "time", time)
        except _ColumnError:
            return None

    def _bounds(self, cells: list[str], zone: tzinfo) -> tuple[Timestamp, Timestamp]:
        started = self._read(cells, "time", time)
        start = self._at(cells, "time", lambda: instant(started, zone))
        if self._width is None:
            raise _ColumnError(FaultKind.NO_STEP, "time", self._cell(cells, "time"))
        if self._width != timedelta(days=1):
            end = start + int(self._width.total_seconds())
            return self._checked(cells, "time", start, end, started, started)
        # A day ends at the same time of the next day, also where it has 23 or 25 hours.
        ended = started + self._width
        if started.tzinfo:
            ended = datetime.fromtimestamp(start, zone).replace(tzinfo=None) + self._width
            started = ended - self._width
        end = self._at(cells, "time", lambda: end_instant(start, started, ended, zone))
        return self._checked(cells, "time", start, end, started, ended)


def _step(first: datetime, second: datetime) -> timedelta | None:
    """Return how far two rows are apart, None if that is no step."""
    of_clock = abs(second.replace(tzinfo=None) - first.replace(tzinfo=None))
    # Days are as long as the clock shows, also where clocks are changed in between.
    are_days = of_clock and not of_clock % timedelta(days=1)
    step = abs(second - first) if first.tzinfo and second.tzinfo and not are_days else of_clock
    return step or None

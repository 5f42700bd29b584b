"""The cells of a row: times and numbers of people as text. Knows no columns. Called by rows.py."""

from datetime import datetime, tzinfo
from enum import StrEnum, auto
import re
from typing import Final

from ..counting import DAY, MAX_COUNT, Timestamp, to_timestamp, wall_time

# No camera counted before this year.
EARLIEST_YEAR: Final = 2000
LATEST_YEAR: Final = 2200
_PLAIN_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_NUMBER: Final = re.compile(r"(-?)([0-9]{1,15})(?:[.,]([0-9]{1,15}))?")
# 1.000 or 1 000: somebody else may read a fraction, or digits that don't belong together.
_THOUSANDS: Final = re.compile(r"-?[1-9][0-9]{0,2}(?:[.,' \u2019\xa0\u202f][0-9]{3})+(?:[.,][0-9]{1,15})?")
# 31.01.2026 08:00
_DOTTED: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:,? +([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?")
_SHORT_HOUR: Final = re.compile(r"([T ])([0-9]:)")
# 20260131080000
_DIGITS: Final = re.compile(r"[0-9]{14}")
_MAX_TIME: Final = 40


class FaultKind(StrEnum):
    """The reasons why a row can't be imported."""

    CUT_OFF = auto()
    COLUMNS = auto()
    LINE_TOO_LONG = auto()
    EMPTY = auto()
    NO_NUMBER = auto()
    THOUSANDS = auto()
    FRACTION = auto()
    NEGATIVE = auto()
    TOO_MANY_PEOPLE = auto()
    NO_TIME = auto()
    TOO_EARLY = auto()
    FUTURE = auto()
    TWICE = auto()
    SKIPPED_TIME = auto()
    END_BEFORE_START = auto()
    TOO_WIDE = auto()
    OVERLAP = auto()
    ORDER = auto()
    NO_STEP = auto()
    UNKNOWN_CAMERA = auto()
    UNKNOWN_PLACE = auto()


class CellError(Exception):
    """A cell or a row can't be read."""

    def __init__(self, kind: FaultKind) -> None:
        """Store the reason."""
        super().__init__(kind)
        self.kind = kind


def people(text: str) -> int:
    """Return a number of people; `3,0` and `3.0` are three. Raises CellError."""
    if _PLAIN_NUMBER.fullmatch(text):
        number = int(text)
    elif not text:
        raise CellError(FaultKind.EMPTY)
    elif _THOUSANDS.fullmatch(text):
        raise CellError(FaultKind.THOUSANDS)
    elif (match := _NUMBER.fullmatch(text)) is None:
        raise CellError(FaultKind.NO_NUMBER)
    elif (match[3] or "").strip("0"):
        raise CellError(FaultKind.FRACTION)
    else:
        number = int(match[1] + match[2])
    if number < 0:
        raise CellError(FaultKind.NEGATIVE)
    if number > MAX_COUNT:
        raise CellError(FaultKind.TOO_MANY_PEOPLE)
    return number


def known_people(text: str) -> int | None:
    """Return a number of people, None for an empty cell. Raises CellError."""
    return people(text) if text else None


def time(text: str) -> datetime:
    """Return a date and time, with or without an offset to UTC. Raises CellError."""
    if not text:
        raise CellError(FaultKind.EMPTY)
    if len(text) > _MAX_TIME or not text.isascii():
        raise CellError(FaultKind.NO_TIME)
    if _DIGITS.fullmatch(text):
        text = f"{text[:8]}T{text[8:]}"
    elif match := _DOTTED.fullmatch(text):
        day, month, year, of_day = match.groups()
        text = f"{year}-{month:0>2}-{day:0>2}T{of_day or '00:00'}"
    try:
        found = datetime.fromisoformat(_SHORT_HOUR.sub(r"\g<1>0\2", text, count=1))
    except ValueError as err:
        raise CellError(FaultKind.NO_TIME) from err
    if found.year < EARLIEST_YEAR:
        raise CellError(FaultKind.TOO_EARLY)
    if found.year > LATEST_YEAR:
        raise CellError(FaultKind.FUTURE)
    if found.microsecond:
        raise CellError(FaultKind.NO_TIME)
    return found


def instant(at: datetime, zone: tzinfo) -> Timestamp:
    """Return the instant of a time, which is local in the zone if it has no offset of its own. Raises CellError.

    A local time that comes twice when clocks are put back is refused, and so is one that clocks jump over.
    """
    if at.tzinfo:
        return int(at.timestamp())
    local = at.replace(tzinfo=zone)
    found = int(local.timestamp())
    if local.utcoffset() == local.replace(fold=1).utcoffset():
        return found
    raise CellError(FaultKind.TWICE if wall_time(found, zone) == at else FaultKind.SKIPPED_TIME)


def end_instant(start: Timestamp, started: datetime, ended: datetime, zone: tzinfo) -> Timestamp:
    """Return the instant at which an interval ends that begins at an instant, with both ends as written.

    Raises CellError.
    """
    if ended.tzinfo:
        return int(ended.timestamp())
    if started.tzinfo:
        return instant(ended, zone)
    # The end of an hour may be a time that comes twice, or where clocks jump: the start tells which is meant.
    after = start + int((ended - started).total_seconds())
    return after if to_timestamp(wall_time(after, zone), zone) == to_timestamp(ended, zone) else instant(ended, zone)


def is_long_day(start: Timestamp, end: Timestamp, started: datetime, ended: datetime) -> bool:
    """Return True if an interval is a local day that has more than 24 hours because clocks are put back."""
    of_clock = ended.replace(tzinfo=None) - started.replace(tzinfo=None)
    return of_clock.total_seconds() == DAY < end - start

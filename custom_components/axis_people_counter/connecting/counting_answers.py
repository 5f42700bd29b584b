"""The answers of a camera's counting application: live counts, and counts by the minute or quarter of an hour.

Sources: developer.axis.com, "P8815-2 3D people counter API" and "People counter API"; what is marked as seen was found
in programs of others. Sends no requests. Used by counting_api.py.
"""

import csv
from datetime import datetime, tzinfo
import json
import re
from typing import Any, Final, NamedTuple

from ..counting import MAX_COUNT, LocalCounts
from .vapix import serial_number

# The times of the 3D application, and two forms of the 2D application; the last was seen.
_TIME_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M")
_NUMBER: Final = re.compile(" *[0-9]{1,15} *")
# Live counts may never begin again.
MAX_TOTAL: Final = 10**12
# The columns of a CSV, seen. The application may be set to another language, so their order counts.
_CSV_COLUMNS: Final = 6


class AnswerError(Exception):
    """An answer isn't what the counting application should send; has the key of a translated message."""

    def __init__(self, key: str) -> None:
        """Store the key."""
        super().__init__(key)
        self.key = key


class LiveAnswer(NamedTuple):
    """Live counts at a time of the camera's clock, with its serial number where it tells that."""

    serial: str | None
    at: datetime
    entered: int
    exited: int


def live_3d(body: bytes) -> LiveAnswer:
    """Read the live counts of a 3D camera and of the cameras whose counts it adds. Raises AnswerError."""
    content = _object(body)
    return LiveAnswer(
        serial_number(content.get("serial")),
        _time_with_offset(content.get("timestamp")),
        _count(content.get("total_in"), MAX_TOTAL),
        _count(content.get("total_out"), MAX_TOTAL),
    )


def live_2d(body: bytes, zone: tzinfo) -> LiveAnswer:
    """Read the counts since midnight of a 2D camera in a time zone. Raises AnswerError."""
    content = _object(body)
    at = _local_time(content.get("timestamp")).replace(tzinfo=zone)
    return LiveAnswer(
        serial_number(content.get("serial")),
        at,
        _count(content.get("in"), MAX_TOTAL),
        _count(content.get("out"), MAX_TOTAL),
    )


def serial_in(body: bytes) -> str | None:
    """Return the serial number in an answer, None if there is none. Raises AnswerError."""
    return serial_number(_object(body).get("serial"))


def rows_3d(body: bytes) -> list[LocalCounts]:
    """Read an export of a 3D camera, without rows that have no counts (seen). Raises AnswerError."""
    rows = _object(body).get("data")
    if not isinstance(rows, list):
        raise AnswerError("camera_counts_format")
    return [
        LocalCounts(
            _local_time(row.get("start")),
            _local_time(row.get("end")),
            _count(row["in"]),
            _count(row["out"]),
            _known_count(row.get("adults_in")),
            _known_count(row.get("adults_out")),
        )
        for row in map(_row, rows)
        if row.get("in") is not None and row.get("out") is not None
    ]


def rows_2d(body: bytes, serial: str) -> list[LocalCounts]:
    """Read an export of a 2D camera in CSV, which names both ends of each row and the camera. Raises AnswerError."""
    try:
        lines = list(csv.reader(body.decode(errors="replace").splitlines(), strict=True))
    except csv.Error as err:
        raise AnswerError("camera_counts_format") from err
    # The application doesn't quote names, so a comma in a name would shift the columns.
    if any(len(line) != _CSV_COLUMNS for line in lines):
        raise AnswerError("camera_counts_format")
    found = []
    # The first row has the names of the columns.
    for start, end, of_camera, _, entered, exited in lines[1:]:
        if serial_number(of_camera) != serial:
            raise AnswerError("camera_counts_other")
        found.append(LocalCounts(_local_time(start), _local_time(end), _count(entered), _count(exited), None, None))
    return found


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as err:
        raise AnswerError("camera_counts_format") from err
    return _row(content)


def _row(content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise AnswerError("camera_counts_format")
    return content


def _count(value: object, most: int = MAX_COUNT) -> int:
    """Return a number of people, which may be written as text (seen)."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise AnswerError("camera_counts_number")
    return value


def _known_count(value: object) -> int | None:
    return None if value is None else _count(value)


def _time_with_offset(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise AnswerError("camera_counts_time")
    return at


def _local_time(value: object) -> datetime:
    for time_format in _TIME_FORMATS if isinstance(value, str) else ():
        try:
            return datetime.strptime(f"{value} +0000", f"{time_format} %z").replace(tzinfo=None)
        except ValueError:
            continue
    raise AnswerError("camera_counts_time")

"""The counts that a camera answers with when it is asked, as documented by Axis and as seen in the field.

Sources: developer.axis.com, "P8815-2 3D people counter API" and "People counter API".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
import json
from math import floor
from typing import Any
from urllib.parse import parse_qs

from .camera import MEMORY, Camera
from .counts import Counts, minute_of, moment_of

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
# The names of the 2D application in a path. The first is documented.
NAMES_2D = ("tvpc", "people-counter", "occupancy-estimator")
CSV_COLUMNS = (
    "Interval start",
    "Interval stop",
    "Camera serial number",
    "Counter name",
    "Pedestrians coming in",
    "Pedestrians going out",
)
# The widths of bins in minutes.
RESOLUTIONS_3D = {"minute": 1, "hour": 60, "day": 24 * 60}
RESOLUTIONS_2D = {"15m": 15, "1h": 60, "24h": 24 * 60}


class Adults(StrEnum):
    """The ways in which the rows of a 3D camera have adults."""

    ABSENT = "absent"
    PRESENT = "present"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Bin:
    """The counts between two local times, which have no offset."""

    start: datetime
    end: datetime
    counts: Counts


@dataclass(frozen=True, slots=True)
class CountingAnswer:
    """A status and a body."""

    status: int
    body: str
    content_type: str = "application/json"


class CountingApi:
    """A camera's counting application, asked by its users. All attributes can change at any time."""

    def __init__(self, camera: Camera) -> None:
        """Answer with the counts of a camera, whose clock may be wrong."""
        self.camera = camera
        # How long counts are kept.
        self.memory = MEMORY
        self.adults = Adults.PRESENT
        # Live counts are text with spaces, as some versions write them.
        self.text_counts = False
        # Bins without people have `null` in place of 0.
        self.null_when_empty = False
        # The name of the list of errors; old versions have "errors".
        self.errors_name = "error"
        # Live counts begin here: the application was restarted, or its occupancy was reset.
        self.live_since = camera.installed
        # People whom the live counts have had, and lack now: the application counts backwards.
        self.taken_back = Counts()
        # People who were inside then; negative where the application miscounted.
        self.inside_before = 0
        # Other cameras whose counts a primary camera adds to its own.
        self.secondaries: list[Camera] = []
        # Exports of these local days break off, each written as in a request.
        self.broken_days: set[str] = set()
        # How times are written in CSV.
        self.csv_time = "%Y-%m-%d %H:%M:%S"

    def answer(self, path: str, query: str) -> CountingAnswer | None:
        """Return the answer to a GET, None where nothing is at this path."""
        if any(day in query for day in self.broken_days):
            return CountingAnswer(200, '{"data": [{')
        if self.camera.model.application == "AXIS 3D People Counter":
            return self._answer_3d(path, query)
        if path in [f"/local/{name}/.api" for name in NAMES_2D]:
            return self._answer_2d(query)
        return None

    # 3D

    def _answer_3d(self, path: str, query: str) -> CountingAnswer | None:
        if path == "/a3dpc/api/occupancy":
            return _json(self._occupancy_3d())
        if path != "/a3dpc/api/export/json":
            return None
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        start, end = (self._date(asked.get(name, "")) for name in ("start", "end"))
        width = RESOLUTIONS_3D.get(asked.get("resolution", ""))
        wrong = [name for name, value in (("start", start), ("end", end), ("resolution", width)) if value is None]
        if start is None or end is None or width is None:
            listed = [{"field": name, "reason": "Not a valid choice"} for name in wrong]
            return _json({"error": {"message": "Validation failed", self.errors_name: listed}}, status=400)
        return _json({"data": [self._row_3d(found) for found in self.bins(start, end, width)]})

    def _occupancy_3d(self) -> dict[str, Any]:
        now = self.camera.now()
        live = self._without_taken_back(
            sum((self._live(camera) for camera in (self.camera, *self.secondaries)), Counts())
        )
        serial = self.camera.serial
        return {
            "occupancy": self.inside_before + live.in_ - live.out,
            "serial": ":".join(serial[at : at + 2] for at in range(0, len(serial), 2)),
            "timestamp": now.astimezone(self.camera.zone).isoformat(timespec="seconds"),
            "total_in": self._written(live.in_),
            "total_out": self._written(live.out),
        }

    def _date(self, text: str) -> datetime | None:
        """Return the instant that a parameter means, None if it means nothing."""
        now = self.camera.now()
        today = now.astimezone(self.camera.zone).date()
        match text:
            case "now":
                return now
            case "today":
                return self._midnight(today)
            case "yesterday":
                return self._midnight(today - DAY)
        try:
            return self._midnight(datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date())
        except ValueError:
            return None

    def _row_3d(self, found: Bin) -> dict[str, Any]:
        """Return a row with local times."""
        counts = found.counts
        is_empty = self.null_when_empty and counts == Counts()
        row: dict[str, Any] = {
            "start": f"{found.start:%Y-%m-%d %H:%M:%S}",
            "end": f"{found.end:%Y-%m-%d %H:%M:%S}",
            "in": None if is_empty else counts.in_,
            "out": None if is_empty else counts.out,
        }
        if self.adults is not Adults.ABSENT:
            is_known = self.adults is Adults.PRESENT and not is_empty
            row |= {
                "adults_in": counts.adults_in if is_known else None,
                "adults_out": counts.adults_out if is_known else None,
            }
        return row

    # 2D

    def _answer_2d(self, query: str) -> CountingAnswer:
        command, _, rest = query.partition("&")
        now = f"{self.camera.now().astimezone(self.camera.zone):%Y%m%d%H%M%S}"
        serial = self.camera.serial.upper()
        match command:
            case "live-sum.json":
                today = self._without_taken_back(self.live_today())
                return _json(
                    {
                        "serial": serial,
                        "name": self.camera.name,
                        "timestamp": now,
                        "in": self._written(today.in_),
                        "out": self._written(today.out),
                    }
                )
            case "live-occupancy.json":
                live = self._live(self.camera)
                return _json(
                    {
                        "occupancy": self.inside_before + live.in_ - live.out,
                        "total in": live.in_,
                        "total out": live.out,
                        "unixtime": floor(self.camera.now().timestamp()),
                    }
                )
            case "params.json":
                return _json({"Counter": {"Name": self.camera.name}, "Network": {"Serial": serial}})
            case "export-csv" | "export-json":
                return self._export_2d(command, {name: values[-1] for name, values in parse_qs(rest).items()})
        return CountingAnswer(404, "Not found", "text/plain")

    def _export_2d(self, command: str, asked: dict[str, str]) -> CountingAnswer:
        width = RESOLUTIONS_2D.get(asked.get("res", "15m"))
        try:
            first, last = self._days_2d(asked.get("date", "all"))
        except ValueError:
            width = None
        if width is None:
            return CountingAnswer(400, "Bad request", "text/plain")
        found = self.bins(self._midnight(first), self._midnight(last + DAY), width)
        serial, name = self.camera.serial.upper(), self.camera.name
        if command == "export-json":
            return _json(
                {
                    "counter": {"name": name, "serial": serial, "delta": width * 60, "types": {"In": 0, "Out": 1}},
                    # The key is the end of an interval.
                    "data": {f"{each.end:%Y%m%d%H%M%S}": [each.counts.in_, each.counts.out] for each in found},
                }
            )
        rows = [
            f"{each.start:{self.csv_time}},{each.end:{self.csv_time}},{serial},{name},{each.counts.in_},{each.counts.out}"
            for each in found
        ]
        return CountingAnswer(200, "\n".join([",".join(CSV_COLUMNS), *rows, ""]), "text/csv")

    def _days_2d(self, text: str) -> tuple[date, date]:
        """Return the first and the last of the local days that a parameter means; raise ValueError if it is wrong."""
        if text == "all":
            zone = self.camera.zone
            return (self.camera.now() - self.memory).astimezone(zone).date(), self.camera.now().astimezone(zone).date()
        first, _, last = text.partition("-")
        days = [datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date() for day in (first, last or first)]
        return days[0], days[1]

    # Counts

    def live_today(self) -> Counts:
        """Return the counts since the camera's midnight, or since it was restarted today."""
        today = self._midnight(self.camera.now().astimezone(self.camera.zone).date())
        return self.camera.passed(max(today, self.live_since), self.camera.now())

    def _without_taken_back(self, live: Counts) -> Counts:
        return Counts(max(0, live.in_ - self.taken_back.in_), max(0, live.out - self.taken_back.out))

    def _written(self, count: int) -> int | str:
        return f" {count} " if self.text_counts else count

    def _live(self, camera: Camera) -> Counts:
        return camera.passed(self.live_since, camera.now())

    def bins(self, start: datetime, end: datetime, minutes: int) -> Iterator[Bin]:
        """Yield the counts of whole bins between two instants, as far as they are still kept."""
        start = max(start, self.camera.installed, self.camera.now() - self.memory)
        end = min(end, self.camera.now())
        zone = self.camera.zone

        def beginning(minute: int) -> datetime:
            """Return the local time at which the bin of a minute begins; hours that come twice have two bins."""
            local = moment_of(minute).astimezone(zone)
            since_midnight = 60 * local.hour + local.minute
            hours, rest = divmod(since_midnight // minutes * minutes, 60)
            fold = local.fold if minutes < 24 * 60 else 0
            return local.replace(hour=hours, minute=rest, second=0, microsecond=0, tzinfo=None, fold=fold)

        def key(minute: int) -> tuple[datetime, int]:
            begin = beginning(minute)
            return begin, begin.fold

        for (begin, fold), of_bin in groupby(range(minute_of(start), minute_of(end)), key):
            first, *_ = listed = list(of_bin)
            counts = self.camera.counted(moment_of(first), moment_of(listed[-1] + 1))
            after = (begin + timedelta(minutes=minutes)).replace(fold=0)
            if minutes < 24 * 60:
                # The end of the last bin before a change of the clock is the time after the change.
                instant = begin.replace(tzinfo=zone, fold=fold).astimezone(UTC) + timedelta(minutes=minutes)
                after = instant.astimezone(zone).replace(tzinfo=None, fold=0)
            yield Bin(begin.replace(fold=0), after, counts)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.camera.zone)


def _json(content: object, *, status: int = 200) -> CountingAnswer:
    return CountingAnswer(status, json.dumps(content))

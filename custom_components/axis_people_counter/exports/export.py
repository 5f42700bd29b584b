"""The download of counts, of any length: its rows, the link to it, and the view that sends it.

Reads rows through history; formats.py makes a file of them. The export action makes links to it.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
import logging
from time import monotonic
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.hdrs import CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER
from multidict import MultiMapping
import voluptuous as vol

from homeassistant.components.http.auth import SIGN_QUERY_PARAM, async_sign_path
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..counting import Period
from ..history import History, PlaceHistory, TimeRange, async_history, async_open_only, url_time
from ..ledger import LedgerError
from ..place_coordinator import PlaceCoordinator
from ..receiver import PeopleCounterConfigEntry
from .formats import FORMATS, Fields

_LOGGER = logging.getLogger(__name__)

EXPORT_PATH: Final = "/api/axis_people_counter/export"
# Instead of a period: the intervals as they are stored.
INTERVALS: Final = "interval"
PERIODS: Final = (INTERVALS, *(period.value for period in Period))
PARAMETERS: Final = ("cameras", "places", "start", "end", "period", "format", "open_only")
# The columns of the file, in this order. Their values come from `interval_fields` and `row_fields` in history.py.
INTERVAL_COLUMNS: Final = ("camera", "serial", "start", "end", "in", "out", "adults_in", "adults_out")
COLUMNS: Final = (*INTERVAL_COLUMNS, "occupancy_peak", "complete")
# In a file that counts only open time.
OPEN_COLUMNS: Final = ("open", "open_minutes")
# The first column of a file with places, empty in the rows of cameras.
PLACE_COLUMN: Final = "place"
# A signed link contains each key twice, and servers and proxies accept about 8,000 characters.
MAX_LINK_CAMERAS: Final = 150
# The key of a place is about twice as long as that of a camera.
WEIGHT_OF_PLACE: Final = 2
LINK_LIFETIME: Final = timedelta(hours=1)
RETRY_SECONDS: Final = 60
MAX_DOWNLOADS: Final = 8
SECONDS_WITHOUT_READING: Final = 60
# After this time a thread returns its lines, so that a closed connection is noticed.
SECONDS_AT_ONCE: Final = 0.2
CHARACTERS_AT_ONCE: Final = 64 * 1024

# The content


def date_and_time(value: Any) -> datetime:
    """Return a date and time; a date alone is its midnight, also if YAML has parsed it.

    Raises vol.Invalid, or ValueError for a day or an hour that doesn't exist.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    parsed: datetime = cv.datetime(value)
    return parsed


@dataclass(frozen=True, slots=True)
class Export:
    """The parameters of a download. Without keys: all cameras. Without a period: the intervals as they are stored.

    Places have no intervals of their own, so they need a period. Only they have opening hours.
    """

    keys: tuple[str, ...]
    time_range: TimeRange
    period: Period | None
    file_format: str
    places: tuple[str, ...] = ()
    open_only: bool = False

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters of the URL, none of which needs escaping."""
        keys = {"cameras": ",".join(self.keys), "places": ",".join(self.places)}
        return {
            **{name: joined for name, joined in keys.items() if joined},
            "start": url_time(self.time_range.start),
            "end": url_time(self.time_range.end),
            "period": self.period or INTERVALS,
            "format": self.file_format,
            **({"open_only": "true"} if self.open_only else {}),
        }

    @property
    def filename(self) -> str:
        """Return the name of the file, without characters that need escaping."""
        start, end = self.time_range.start.date(), self.time_range.end.date()
        return f"people-counts_{start}_{end}_{self.period or INTERVALS}.{self.file_format}"

    def lines(self, histories: Iterable[History | PlaceHistory]) -> Iterator[str]:
        """Yield the lines of the file, for a thread: this waits for the ledger. Raises LedgerError."""
        columns: tuple[str, ...] = COLUMNS if self.period else INTERVAL_COLUMNS
        if self.places:
            columns = (PLACE_COLUMN, *columns)
        if self.open_only:
            columns += OPEN_COLUMNS
        rows = ({column: fields.get(column) for column in columns} for fields in self._fields(histories))
        return FORMATS[self.file_format].lines(columns, rows)

    def _fields(self, histories: Iterable[History | PlaceHistory]) -> Iterator[Fields]:
        for history in histories:
            names: Fields = {PLACE_COLUMN: history.name}
            if isinstance(history, History):
                names = {"camera": history.name, "serial": history.camera.serial}
            if self.period is not None:
                if bounds := history.bounds_from_first_count(self.time_range, self.period):
                    for row in history.rows(bounds, self.time_range.now):
                        yield names | history.row_fields(row)
            elif isinstance(history, History):
                for interval in history.intervals(*self.time_range.timestamps(history.schedule)):
                    yield names | history.interval_fields(interval)


@callback
def async_link(hass: HomeAssistant, export: Export) -> dict[str, str | None]:
    """Return a link that works without signing in, and when it expires."""
    path = async_sign_path(hass, f"{EXPORT_PATH}?{urlencode(export.query, safe=',:')}", LINK_LIFETIME)
    try:
        # An external address mostly works at home as well.
        url = f"{get_url(hass, prefer_external=True)}{path}"
    except NoURLAvailableError:
        url = None
    return {"url": url, "path": path, "expires": (dt_util.now() + LINK_LIFETIME).isoformat(timespec="seconds")}


# The download


class _ParameterError(Exception):
    """A parameter of the URL is missing or wrong."""


class ExportView(HomeAssistantView):
    """Sends counts to users who have signed in, and to signed links."""

    url = EXPORT_PATH
    name = f"api:{DOMAIN}:export"

    def __init__(self) -> None:
        """Start without downloads."""
        self._downloads = 0

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Send a file that is written while it is sent, no faster than it is received."""
        hass = request.app[KEY_HASS]
        try:
            export = _export(request.query)
        except (_ParameterError, ServiceValidationError) as err:
            return self.json_message(str(err), HTTPStatus.BAD_REQUEST)
        entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
        if not entries:
            return self._later("AXIS People Counter isn't ready.")
        receiver = entries[0].runtime_data
        if not receiver.cameras.keys() >= set(export.keys):
            return self.json_message("There is no such camera.", HTTPStatus.NOT_FOUND)
        if not receiver.places.keys() >= set(export.places):
            return self.json_message("There is no such place.", HTTPStatus.NOT_FOUND)
        if self._downloads >= MAX_DOWNLOADS:
            return self._later("Too many files are being downloaded at the moment.")
        self._downloads += 1
        try:
            keys = export.keys if export.keys or export.places else tuple(receiver.cameras)
            histories = [
                *[await async_history(receiver.cameras[key]) for key in keys],
                *[await async_history(receiver.places[key]) for key in export.places],
            ]
            if export.open_only:
                places = [receiver.places[key] for key in export.places]
                histories = await _async_open_only(hass, export, places, histories)
            return await self._send(request, export, histories)
        except ServiceValidationError as err:
            return self.json_message(str(err), HTTPStatus.BAD_REQUEST)
        except LedgerError:
            return self._later("The counts can't be read at the moment.")
        finally:
            self._downloads -= 1

    async def _send(
        self, request: web.Request, export: Export, histories: list[History | PlaceHistory]
    ) -> web.StreamResponse:
        hass = request.app[KEY_HASS]
        lines = export.lines(histories)
        try:
            for history in histories:
                export.time_range.timestamps(history.schedule)
            chunk = await hass.async_add_executor_job(_chunk, lines)
        except ServiceValidationError as err:
            return self.json_message(str(err), HTTPStatus.BAD_REQUEST)
        except LedgerError:
            return self._later("The counts can't be read at the moment.")

        response = web.StreamResponse(
            headers={
                CONTENT_TYPE: FORMATS[export.file_format].content_type,
                CONTENT_DISPOSITION: f'attachment; filename="{export.filename}"',
                CACHE_CONTROL: "no-store",
                "X-Content-Type-Options": "nosniff",
            }
        )
        try:
            await response.prepare(request)
            while chunk:
                async with asyncio.timeout(SECONDS_WITHOUT_READING):
                    await response.write(chunk)
                chunk = await hass.async_add_executor_job(_chunk, lines)
            await response.write_eof()
        except (LedgerError, TimeoutError) as err:
            _LOGGER.warning("An export ended before its time: %s", str(err) or "nobody read on")
            # Without an abort the file would look complete.
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            # A client that disconnects usually cancels this task; during a write it raises this error.
            _LOGGER.debug("An export isn't wanted any more")
        return response

    def _later(self, sentence: str) -> web.Response:
        return self.json_message(sentence, HTTPStatus.SERVICE_UNAVAILABLE, headers={RETRY_AFTER: str(RETRY_SECONDS)})


async def _async_open_only(
    hass: HomeAssistant, export: Export, places: list[PlaceCoordinator], histories: list[History | PlaceHistory]
) -> list[History | PlaceHistory]:
    """Return the histories of places, whose rows count open time. Raises ServiceValidationError and LedgerError."""
    found: list[History | PlaceHistory] = []
    for place, history in zip(places, histories, strict=True):
        assert export.period is not None
        assert isinstance(history, PlaceHistory)
        bounds = await hass.async_add_executor_job(history.bounds_from_first_count, export.time_range, export.period)
        found.append(await async_open_only(place, history, [(bounds[0], bounds[-1])] if bounds else []))
    return found


def _export(query: MultiMapping[str]) -> Export:
    """Return the export for a URL. Raises _ParameterError, or ServiceValidationError for the times."""
    # Only items() contains repeated parameters.
    names = [name for name, _ in query.items() if name != SIGN_QUERY_PARAM]
    if not set(names) <= set(PARAMETERS):
        raise _ParameterError(f"There are no other parameters than {', '.join(PARAMETERS)}.")
    if len(names) > len(set(names)):
        raise _ParameterError("A parameter stands there twice.")
    period, file_format = query.get("period", Period.HOUR), query.get("format", "csv")
    if period not in PERIODS:
        raise _ParameterError(f"period isn't one of {', '.join(PERIODS)}.")
    if file_format not in FORMATS:
        raise _ParameterError(f"format isn't one of {', '.join(FORMATS)}.")
    start, end = _time(query, "start"), _time(query, "end")
    if start is None:
        raise _ParameterError("start is missing.")
    cameras, places = _keys(query, "cameras"), _keys(query, "places")
    if places and period == INTERVALS:
        raise _ParameterError("A place has no intervals of its own: period has to be another one.")
    open_only = query.get("open_only", "false")
    if open_only not in ("true", "false"):
        raise _ParameterError("open_only isn't true or false.")
    is_open_only = open_only == "true"
    if is_open_only and (cameras or not places):
        raise _ParameterError("A camera has no opening hours: open_only takes places only.")
    time_range = TimeRange.between(start, end)
    return Export(
        cameras, time_range, None if period == INTERVALS else Period(period), file_format, places, is_open_only
    )


def _keys(query: MultiMapping[str], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(query[name].split(","))) if name in query else ()


def _time(query: MultiMapping[str], name: str) -> datetime | None:
    if name not in query:
        return None
    try:
        return date_and_time(query[name])
    except (vol.Invalid, ValueError) as err:
        raise _ParameterError(f"{name} isn't a date and time like 2026-01-31T08:00:00.") from err


def _chunk(lines: Iterator[str]) -> bytes:
    """Return the next lines, as many as can be read in a moment; empty at the end."""
    chunk: list[str] = []
    length = 0
    until = monotonic() + SECONDS_AT_ONCE
    while length < CHARACTERS_AT_ONCE and monotonic() <= until and (line := next(lines, None)) is not None:
        chunk.append(line)
        length += len(line)
    return "".join(chunk).encode(errors="replace")

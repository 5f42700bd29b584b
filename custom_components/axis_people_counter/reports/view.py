"""The page and the table of a report, made anew for each request, for whoever has a link to them.

A link works without signing in, until it expires. Registered by __init__.py.
"""

from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.hdrs import CACHE_CONTROL, CONTENT_DISPOSITION, RETRY_AFTER

from homeassistant.core import HomeAssistant
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, NAME
from ..ledger import LedgerError
from ..place_coordinator import PlaceCoordinator
from ..receiver import PeopleCounterConfigEntry
from .request import REPORT_PATH, ReportRequest, SignatureError, secret_of, signed_parameters
from .words import ReportWords
from .writing import async_written

MAX_AT_ONCE: Final = 4
RETRY_SECONDS: Final = 30
HEADERS: Final[dict[str, str]] = {
    CACHE_CONTROL: "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


class ReportView(HomeAssistantView):
    """Sends reports to those who have a link."""

    url = REPORT_PATH
    name = f"api:{DOMAIN}:report"
    # The signature of the link is checked instead.
    requires_auth = False

    def __init__(self) -> None:
        """Start without requests."""
        self._running = 0

    async def get(self, request: web.Request) -> web.Response:
        """Send a report."""
        hass = request.app[KEY_HASS]
        entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_entries(DOMAIN)
        try:
            # Without an entry there is no secret, so nobody could have signed.
            parameters = signed_parameters(list(request.query.items()), secret_of(entries[0].data))
        except SignatureError, IndexError, KeyError:
            return _answer(HTTPStatus.FORBIDDEN, "This link isn't valid.")
        asked, expires = ReportRequest.of_link(parameters), int(parameters["expires"])
        words = await ReportWords.async_of(hass, asked.language)
        if expires < dt_util.utcnow().timestamp():
            return _answer(HTTPStatus.GONE, words("link_expired"))
        if (places := _places(hass, asked)) is None or self._running >= MAX_AT_ONCE:
            return _later(words)
        if not places:
            return _answer(HTTPStatus.NOT_FOUND, words("place_gone"))
        self._running += 1
        try:
            written = await async_written(hass, asked, places, expires)
        except LedgerError:
            return _later(words)
        finally:
            self._running -= 1
        if parameters["format"] == "html":
            return web.Response(text=written.html, content_type="text/html", charset="utf-8", headers=HEADERS)
        headers = HEADERS | {CONTENT_DISPOSITION: f'attachment; filename="{asked.file_name}.csv"'}
        return web.Response(text=written.csv, content_type="text/csv", charset="utf-8", headers=headers)


def _places(hass: HomeAssistant, asked: ReportRequest) -> list[PlaceCoordinator] | None:
    """Return the places of a report that still exist; None while the integration isn't running."""
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if not entries:
        return None
    known = entries[0].runtime_data.places
    return [known[key] for key in asked.places if key in known]


def _later(words: ReportWords) -> web.Response:
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, words("later"), {RETRY_AFTER: str(RETRY_SECONDS)})


def _answer(status: HTTPStatus, sentence: str, headers: dict[str, str] | None = None) -> web.Response:
    text = f"{NAME}: {sentence}\n"
    return web.Response(text=text, status=status, headers={**HEADERS, **(headers or {})})

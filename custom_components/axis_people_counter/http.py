"""The address cameras push to."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
import gc
from hmac import compare_digest
from http import HTTPStatus
import logging
import secrets
from typing import Any, Final, NamedTuple

from aiohttp import ClientError, web
from aiohttp.hdrs import AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE
from aiohttp.http import HttpProcessingError

from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from . import issues
from .connecting import certificate_pem, own_certificates
from .const import AUTHORITY_FILE_NAME, AUTHORITY_PATH, CONF_EXPIRES, CONF_PREVIOUS_TOKENS, DOMAIN, PUSH_PATH
from .counting import DocumentError, ProtocolVersionError, Sensor, TestMessage, parse
from .ledger import LedgerError, TooManyCamerasError
from .messages import name_placeholders, plain, url_host
from .receiver import PeopleCounterConfigEntry, QuarantineFullError
from .sender_problems import ClockError

_LOGGER = logging.getLogger(__name__)

# 90 days of one-minute intervals are 32 to 53 MB.
MAX_BODY: Final = 128 * 1024 * 1024
# All bodies that are being received or read at the same time.
MAX_BODIES: Final = 2 * MAX_BODY
SECONDS_WITHOUT_A_BYTE: Final = 60
RETRY_SECONDS: Final = 60
# One this large makes so many objects that Python would look through all of Home Assistant's for garbage.
LARGE_BODY: Final = 1024 * 1024
# Parsing this much takes about a millisecond, so it needs no other thread.
SMALL_BODY: Final = 16 * 1024
# Senders that aren't known as cameras and whose documents are refused, each named once in the log.
MAX_COMPLAINTS: Final = 20
# The most that a probe may send; all of it is thrown away.
MAX_PROBE: Final = 64 * 1024 * 1024
PROBE_HEADER: Final = "X-Axis-People-Counter-Probe"

WRONG_TOKEN: Final = "The API token is missing or wrong."
# Once there was one previous token only.
_OLD_KEYS: Final = ("previous_token", "previous_token_expires")
NOT_READY: Final = "AXIS People Counter isn't ready."


@dataclass(eq=False)
class ConnectionTest:
    """A flow that shows URL and token now, and waits for a camera's "Test connection"."""

    token: str
    # Names by serial.
    heard: dict[str, str] = field(default_factory=dict)
    # The last address that called with another token.
    refused: str | None = None


@dataclass(eq=False)
class Probe:
    """A request of our own to the address cameras get, and what of it has come here."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    # Goes in a header of its own: it is still there when a proxy has dropped the token.
    name: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    heard: bool = False
    without_token: bool = False


_DATA_VIEW: HassKey[PushView] = HassKey(f"{DOMAIN}_view")


@callback
def async_register_views(hass: HomeAssistant) -> PushView:
    """Register the views for pushes and the authority, once, and return the former; routes can't be removed."""
    if _DATA_VIEW not in hass.data:
        hass.data[_DATA_VIEW] = PushView()
        hass.http.register_view(hass.data[_DATA_VIEW])
        hass.http.register_view(AuthorityView())
    return hass.data[_DATA_VIEW]


class _Complaint(NamedTuple):
    """A sender in the log, whose document was refused."""

    name: str
    last: datetime
    # The sender has been well since; it isn't named again if it goes to and fro.
    is_over: bool = False


class _BodyTooLargeError(Exception):
    """The body is over the cap."""


class _BusyError(Exception):
    """Other bodies take all the memory there is for them."""


class PushView(HomeAssistantView):
    """Takes pushes of cameras; they come with a token of our own instead of Home Assistant's."""

    url = PUSH_PATH
    name = f"api:{DOMAIN}:push"
    requires_auth = False

    def __init__(self) -> None:
        """Start with nobody waiting."""
        self._tests: list[ConnectionTest] = []
        self._probes: list[Probe] = []
        self._bytes = 0
        # By serial number, or by address where a document doesn't tell.
        self._complaints: dict[str, _Complaint] = {}

    @contextmanager
    def async_test(self, token: str) -> Iterator[ConnectionTest]:
        """Answer test messages with this token while the context is open."""
        test = ConnectionTest(token)
        self._tests.append(test)
        try:
            yield test
        finally:
            self._tests.remove(test)

    @contextmanager
    def async_probe(self) -> Iterator[Probe]:
        """Answer requests with a token of their own, good for nothing else, while the context is open."""
        probe = Probe()
        self._probes.append(probe)
        try:
            yield probe
        finally:
            self._probes.remove(probe)

    async def post(self, request: web.Request) -> web.Response:
        """Answer one push; 200 only when nothing of it can be lost any more."""
        hass = request.app[KEY_HASS]
        # The body may take long. What it says of the present was true now.
        arrived = dt_util.utcnow()
        address = request.remote or "?"
        if self._probes and (answer := await self._answer_to_probe(request)):
            return answer
        entry = _loaded_entry(hass)
        if entry is None and not self._tests:
            return self._later(NOT_READY)

        # Before a byte of the body is read: a stranger gets no further than this.
        token = _bearer(request)
        tests = [test for test in self._tests if compare_digest(test.token.encode(), token)]
        if not (_is_token_of(entry, token, arrived) if entry else tests):
            self._refuse_token(hass, entry, address)
            return self._unauthorized()

        try:
            body = await self._body(request)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            return self.json_message("Nothing more came.", HTTPStatus.REQUEST_TIMEOUT)
        except _BodyTooLargeError:
            if entry:
                limit = str(MAX_BODY // 1024 // 1024)
                issues.async_begin(hass, issues.BODY_TOO_LARGE, address, address=address, limit=limit)
            sentence = "The body is larger than 128 MiB."
            return self._complain(hass, None, address, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
        except _BusyError:
            return self._later("Too much is being received at the moment.")
        except (ClientError, HttpProcessingError, ConnectionError, web.RequestPayloadError) as err:
            _LOGGER.debug("The body from %s ended too early: %s", address, type(err).__name__)
            return await self._hang_up(request, "The body is incomplete or badly compressed.")
        # What has been received is stored, even if the camera hangs up now.
        taking = self._take(hass, address, arrived, token, tests, body)
        return await asyncio.shield(
            hass.async_create_task(taking if len(body) < LARGE_BODY else _without_pauses(taking))
        )

    async def _take(
        self,
        hass: HomeAssistant,
        address: str,
        arrived: datetime,
        token: bytes,
        tests: list[ConnectionTest],
        body: bytearray,
    ) -> web.Response:
        """Answer one body; raises nothing a camera can cause, for it may be gone."""
        answer = self.json_message("Thank you.")
        try:
            # A document this small is read faster than it is handed to another thread.
            message = parse(body) if len(body) <= SMALL_BODY else await hass.async_add_executor_job(parse, body)
            for test in tests:
                test.heard[message.sensor.serial] = message.sensor.name
            # It may have been unloaded or loaded anew meanwhile.
            if (entry := _loaded_entry(hass)) and _is_token_of(entry, token, arrived):
                await entry.runtime_data.async_receive(message, arrived)
            elif not isinstance(message, TestMessage):
                return self._later(NOT_READY)
        except ProtocolVersionError as err:
            if _loaded_entry(hass):
                issues.async_begin(
                    hass,
                    issues.WRONG_PROTOCOL,
                    err.sensor.serial if err.sensor else address,
                    **name_placeholders(err.sensor.name if err.sensor else address),
                    protocol=plain(err.api),
                    address=url_host((err.sensor and err.sensor.ip_address) or address),
                )
            return self._complain(hass, err.sensor, address, HTTPStatus.UNPROCESSABLE_ENTITY, str(err))
        except DocumentError as err:
            return self._complain(hass, err.sensor, address, HTTPStatus.BAD_REQUEST, str(err))
        except ClockError as err:
            self._complain(hass, message.sensor, address, HTTPStatus.SERVICE_UNAVAILABLE, str(err))
            return self._later(str(err))
        except TooManyCamerasError:
            return self._later("There are as many cameras as there may be.")
        except LedgerError:
            return self._later("The counts can't be stored at the moment.")
        except QuarantineFullError as err:
            # The document itself is well, and all of it that counts is stored.
            answer = self._later(str(err))
        finally:
            self._bytes -= len(body)

        if entry:
            # Nothing ends that is about the address: another camera may have it as well.
            issues.async_end(hass, issues.WRONG_PROTOCOL, message.sensor.serial)
        self._end_complaints(message.sensor)
        return answer

    async def _body(self, request: web.Request) -> bytearray:
        """Receive a body; until it has been taken, it is part of what MAX_BODIES allows."""
        if (request.content_length or 0) > MAX_BODY:
            raise _BodyTooLargeError
        body = bytearray()
        try:
            while True:
                # Decompressed already: the cap holds for what a small body becomes.
                chunk = request.content.read_nowait()
                if not chunk and not request.content.at_eof():
                    async with asyncio.timeout(SECONDS_WITHOUT_A_BYTE):
                        chunk = await request.content.readany()
                if not chunk:
                    return body
                body += chunk
                self._bytes += len(chunk)
                if len(body) > MAX_BODY:
                    raise _BodyTooLargeError
                if self._bytes > MAX_BODIES:
                    raise _BusyError
        except BaseException:
            self._bytes -= len(body)
            raise

    async def _answer_to_probe(self, request: web.Request) -> web.Response | None:
        """Answer a request of our own; nothing of it is kept, counted or told to the user."""
        token = _bearer(request)
        name = request.headers.get(PROBE_HEADER, "").encode(errors="replace")
        for probe in self._probes:
            if compare_digest(probe.token.encode(), token):
                probe.heard = True
                return await self._throw_away(request)
            if compare_digest(probe.name.encode(), name):
                probe.without_token = True
                return self._unauthorized()
        return None

    async def _throw_away(self, request: web.Request) -> web.Response:
        size = 0
        try:
            async with asyncio.timeout(SECONDS_WITHOUT_A_BYTE):
                while chunk := await request.content.readany():
                    size += len(chunk)
                    if size > MAX_PROBE:
                        return await self._hang_up(request, "No probe is this large.")
        except TimeoutError, ClientError, HttpProcessingError, ConnectionError, web.RequestPayloadError:
            return await self._hang_up(request, "The body is incomplete.")
        response = self.json_message("This address leads here.")
        # The probe was the only one: unlike a camera it doesn't come back.
        response.force_close()
        return response

    async def _hang_up(self, request: web.Request, sentence: str) -> web.Response:
        """Answer what isn't HTTP any more, and close; aiohttp would log an exception if it read on."""
        response = self.json_message(sentence, HTTPStatus.BAD_REQUEST)
        with suppress(ConnectionError):
            await response.prepare(request)
            await response.write_eof()
        request.protocol.force_close()
        return response

    def _unauthorized(self) -> web.Response:
        return self.json_message(WRONG_TOKEN, HTTPStatus.UNAUTHORIZED, headers={WWW_AUTHENTICATE: "Bearer"})

    def _refuse_token(self, hass: HomeAssistant, entry: PeopleCounterConfigEntry | None, address: str) -> None:
        for test in self._tests:
            test.refused = address
        if entry:
            # Strangers must not hide a camera.
            is_camera = bool(entry.runtime_data.async_claiming(address))
            issues.async_begin(hass, issues.WRONG_TOKEN, address, is_camera, address=address)

    def _complain(
        self, hass: HomeAssistant, sensor: Sensor | None, address: str, status: HTTPStatus, sentence: str
    ) -> web.Response:
        """Refuse a document; the log says so once, until its sender is well or has been quiet for a while."""
        self._end_complaints()
        sender, name = (sensor.serial, f"{sensor.name} ({sensor.serial})") if sensor else (address, address)
        entry = _loaded_entry(hass)
        receiver = entry.runtime_data if entry else None
        is_camera = receiver is not None and receiver.key_of(sender) in receiver.cameras
        if sender in self._complaints or is_camera or len(self._complaints) < MAX_COMPLAINTS:
            if sender not in self._complaints:
                _LOGGER.warning("A document from %s was refused: %s", name, sentence)
            # The log has named a camera that goes to and fro both ways already.
            is_over = sender in self._complaints and self._complaints[sender].is_over
            self._complaints[sender] = _Complaint(name, dt_util.utcnow(), is_over)
        return self.json_message(sentence, status)

    def _end_complaints(self, well: Sensor | None = None) -> None:
        """Forget whom the log has named: who is well, and who hasn't sent anything wrong for a while."""
        if well and (complaint := self._complaints.get(well.serial)) and not complaint.is_over:
            _LOGGER.info("Documents from %s can be read again", complaint.name)
            self._complaints[well.serial] = complaint._replace(is_over=True)
        ended = dt_util.utcnow() - issues.QUIET
        for sender, complaint in list(self._complaints.items()):
            if complaint.last <= ended:
                del self._complaints[sender]
                if not complaint.is_over:
                    _LOGGER.info("No document from %s has been refused for a while", complaint.name)

    def _later(self, sentence: str) -> web.Response:
        return self.json_message(sentence, HTTPStatus.SERVICE_UNAVAILABLE, headers={RETRY_AFTER: str(RETRY_SECONDS)})


class AuthorityView(HomeAssistantView):
    """Gives the authority's certificate, which is no secret, to whoever installs it in a camera."""

    url = AUTHORITY_PATH
    name = f"api:{DOMAIN}:authority"
    requires_auth = False

    async def get(self, request: web.Request) -> web.Response:
        """Return it as a file."""
        certificate = await request.app[KEY_HASS].async_add_executor_job(
            own_certificates(request.app[KEY_HASS]).authority
        )
        if certificate is None:
            return self.json_message("There is no certificate authority.", HTTPStatus.NOT_FOUND)
        return web.Response(
            text=certificate_pem(certificate),
            content_type="application/x-pem-file",
            headers={"Content-Disposition": f'attachment; filename="{AUTHORITY_FILE_NAME}"'},
        )


async def _without_pauses[T](taking: Coroutine[Any, Any, T]) -> T:
    """Do something without Python's search for garbage, which would stop everything for a fifth of a second."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return await taking
    finally:
        if was_enabled:
            gc.enable()


def _loaded_entry(hass: HomeAssistant) -> PeopleCounterConfigEntry | None:
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    # The ledger is closed while Home Assistant stops.
    return entries[0] if entries and not hass.is_stopping else None


def _bearer(request: web.Request) -> bytes:
    scheme, _, token = request.headers.get(AUTHORIZATION, "").partition(" ")
    return token.strip().encode(errors="replace") if scheme.lower() == "bearer" else b""


def _is_token_of(entry: PeopleCounterConfigEntry, token: bytes, at: datetime) -> bool:
    """Return True if a token is accepted at an instant; all are compared, so the time it takes tells nothing."""
    accepted = [entry.data[CONF_TOKEN], *(previous[CONF_TOKEN] for previous in _still_accepted(entry, at))]
    return sum(compare_digest(one.encode(), token) for one in accepted) > 0


def _still_accepted(entry: PeopleCounterConfigEntry, at: datetime) -> list[dict[str, str]]:
    """Return the previous tokens whose time isn't over."""
    previous: list[dict[str, str]] = entry.data.get(CONF_PREVIOUS_TOKENS, [])
    return [one for one in previous if at < datetime.fromisoformat(one[CONF_EXPIRES])]


@callback
def async_forget_expired_tokens(hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> None:
    """Keep no token that is good for nothing."""
    data = {key: value for key, value in entry.data.items() if key not in (*_OLD_KEYS, CONF_PREVIOUS_TOKENS)}
    if previous := _still_accepted(entry, dt_util.utcnow()):
        data[CONF_PREVIOUS_TOKENS] = previous
    hass.config_entries.async_update_entry(entry, data=data)

"""The address that cameras push to, and the download of the authority's certificate.

Knows HTTP and nothing of what a count means: the receiver stores what a push contains. The set-up registers the views.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final, NamedTuple

from aiohttp import web
from aiohttp.hdrs import RETRY_AFTER, WWW_AUTHENTICATE

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .. import issues
from ..connecting import certificate_pem, own_certificates
from ..const import AUTHORITY_FILE_NAME, AUTHORITY_PATH, DOMAIN, PUSH_PATH
from ..counting import DocumentError, ProtocolVersionError, Sender, TestMessage, parse
from ..issues import Issue
from ..ledger import LedgerError, TooManyCamerasError
from ..receiver import ClockError, PeopleCounterConfigEntry, QuarantineFullError
from ..texts import name_placeholders, plain, url_host
from .bodies import (
    MAX_BODY,
    Bodies,
    BodyIncompleteError,
    BodySilentError,
    BodyTooLargeError,
    BusyError,
    RefusedError,
    async_hang_up,
)
from .probe import Probe, async_discard
from .refusal_log import RefusalLog
from .token_use import TokenUse
from .tokens import bearer_token, is_accepted, is_same

RETRY_SECONDS: Final = 60
# Parsing this much takes about a millisecond, so it needs no other thread.
SMALL_BODY: Final = 16 * 1024
# A flow shows no more cameras. Anybody with the token can invent more.
MAX_HEARD: Final = 30


class WrongTokenError(RefusedError):
    """The request has no token, or one that isn't accepted."""


class NotReadyError(RefusedError):
    """No entry is loaded, or Home Assistant stops."""


class Refusal(NamedTuple):
    """An answer other than 200."""

    status: int
    # Empty where the error has a sentence of its own.
    sentence: str
    # The repair issue that explains it.
    issue: Issue | None = None
    # The log names the sender, once.
    is_logged: bool = False


_MAX_BODY_MIB: Final = MAX_BODY // 1024 // 1024

# The table "What the camera gets" in docs/architecture.md. The first entry that matches the error applies, so
# subclasses come first.
REFUSALS: Final[dict[type[Exception], Refusal]] = {
    WrongTokenError: Refusal(401, "The API token is missing or wrong.", issues.WRONG_TOKEN),
    ProtocolVersionError: Refusal(422, "", issues.WRONG_PROTOCOL, is_logged=True),
    DocumentError: Refusal(400, "", is_logged=True),
    BodyIncompleteError: Refusal(400, "The body is incomplete or badly compressed."),
    QuarantineFullError: Refusal(503, "", issues.QUARANTINE_FULL),
    ClockError: Refusal(503, "", issues.CLOCK_DIFFERS, is_logged=True),
    BodyTooLargeError: Refusal(
        413, f"The body is larger than {_MAX_BODY_MIB} MiB.", issues.BODY_TOO_LARGE, is_logged=True
    ),
    # The connection is closed already; nobody receives this.
    BodySilentError: Refusal(408, "The body stopped arriving."),
    BusyError: Refusal(503, "Too much is being received at the moment."),
    NotReadyError: Refusal(503, "AXIS People Counter isn't ready."),
    TooManyCamerasError: Refusal(503, "The maximum number of cameras is reached.", issues.TOO_MANY_CAMERAS),
    LedgerError: Refusal(503, "The counts can't be stored at the moment.", issues.LEDGER_NOT_WRITABLE),
}
_HEADERS: Final = {401: {WWW_AUTHENTICATE: "Bearer"}, 503: {RETRY_AFTER: str(RETRY_SECONDS)}}


@dataclass(eq=False)
class ConnectionTest:
    """A flow that shows URL and token now, and waits for a camera's "Test connection"."""

    token: str
    # Names of the cameras that have tested this token or are new, by serial. Known cameras push all the time.
    cameras: dict[str, str] = field(default_factory=dict)
    # The last address that sent another token, and the last one that refused our certificate.
    refused: str | None = None
    distrusted: str | None = None
    # Set as soon as there is something to tell.
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @callback
    def async_heard(self, sender: Sender) -> None:
        """Note a camera that has connected."""
        if len(self.cameras) < MAX_HEARD:
            self.cameras[sender.serial] = sender.name
        self.changed.set()

    @callback
    def async_forget_refusals(self) -> None:
        """Wait for the next attempt."""
        self.refused = self.distrusted = None
        if not self.cameras:
            self.changed.clear()


class _Caller(NamedTuple):
    """The sender of a request, authenticated before its body is received."""

    hass: HomeAssistant
    address: str
    arrived: datetime
    token: bytes
    # Flows that wait for this token.
    tests: list[ConnectionTest]


_DATA_VIEW: HassKey[PushView] = HassKey(f"{DOMAIN}_view")


@callback
def async_register_views(hass: HomeAssistant) -> PushView:
    """Register the views for pushes and the authority, once, and return the former; routes can't be removed."""
    if _DATA_VIEW not in hass.data:
        hass.data[_DATA_VIEW] = PushView()
        hass.http.register_view(hass.data[_DATA_VIEW])
        hass.http.register_view(AuthorityView())
    return hass.data[_DATA_VIEW]


class PushView(HomeAssistantView):
    """Receives pushes of cameras, which have a token of the integration instead of Home Assistant's."""

    url = PUSH_PATH
    name = f"api:{DOMAIN}:push"
    requires_auth = False

    def __init__(self) -> None:
        """Start without requests."""
        self._tests: list[ConnectionTest] = []
        self._probes: list[Probe] = []
        self._bodies = Bodies()
        self._refusal_log = RefusalLog()
        self.token_use = TokenUse()

    @contextmanager
    def async_test(self, token: str) -> Iterator[ConnectionTest]:
        """Note the cameras that send this token while the context is open; they need no loaded entry."""
        test = ConnectionTest(token)
        self._tests.append(test)
        try:
            yield test
        finally:
            self._tests.remove(test)

    @callback
    def async_certificate_refused(self, address: str) -> None:
        """Store that a client at an address doesn't trust our certificate."""
        for test in self._tests:
            test.distrusted = address
            test.changed.set()

    @contextmanager
    def async_probe(self) -> Iterator[Probe]:
        """Answer a probe while the context is open."""
        probe = Probe()
        self._probes.append(probe)
        try:
            yield probe
        finally:
            self._probes.remove(probe)

    async def post(self, request: web.Request) -> web.Response:
        """Answer one push; 200 only when nothing of it can be lost any more."""
        hass = request.app[KEY_HASS]
        # utcSent is compared with the time at which the request arrived; receiving its body may take minutes.
        arrived = dt_util.utcnow()
        address = request.remote or "?"
        if answer := await self._answer_to_probe(request):
            return answer
        try:
            # The token is compared before the body is read, so strangers can't fill the memory.
            caller = self._authenticate(hass, request, address, arrived)
            body = await self._bodies.async_receive(request)
        except BodyIncompleteError as err:
            return await async_hang_up(request, self._refuse(hass, err, address))
        except RefusedError as err:
            return self._refuse(hass, err, address)
        # If the camera disconnects now, this method is cancelled; the shield lets the body be stored anyway.
        return await asyncio.shield(hass.async_create_task(self._store(caller, body)))

    async def _answer_to_probe(self, request: web.Request) -> web.Response | None:
        """Answer a request of the address check, of which nothing is stored, counted or shown."""
        for probe in self._probes:
            if probe.arrives_with_token(request):
                return await async_discard(request)
            if probe.arrives_without_token(request):
                return self._answer(REFUSALS[WrongTokenError])
        return None

    def _authenticate(self, hass: HomeAssistant, request: web.Request, address: str, arrived: datetime) -> _Caller:
        """Compare the token of a request. Raises WrongTokenError and NotReadyError."""
        entry = _loaded_entry(hass)
        if entry is None and not self._tests:
            raise NotReadyError
        token = bearer_token(request)
        tests = [test for test in self._tests if is_same(test.token, token)]
        if not (is_accepted(entry, token, arrived) if entry else tests):
            for test in self._tests:
                test.refused = address
                test.changed.set()
            raise WrongTokenError
        return _Caller(hass, address, arrived, token, tests)

    async def _store(self, caller: _Caller, body: bytearray) -> web.Response:
        """Store one body; raises nothing that a camera can cause, because the camera may be gone."""
        hass = caller.hass
        answer = self.json_message("Thank you.")
        try:
            # A document this small is parsed faster than it is handed to another thread.
            message = parse(body) if len(body) <= SMALL_BODY else await hass.async_add_executor_job(parse, body)
            entry = _loaded_entry(hass)
            if isinstance(message, TestMessage) or not _is_known(entry, message.sender.serial):
                for test in caller.tests:
                    test.async_heard(message.sender)
            # The entry may have been unloaded or loaded anew meanwhile.
            if entry and is_accepted(entry, caller.token, caller.arrived):
                await entry.runtime_data.async_receive(message, caller.arrived)
            elif not isinstance(message, TestMessage):
                raise NotReadyError
        except QuarantineFullError as err:
            # The document itself is valid, and all intervals that can be counted are stored.
            answer = self._refuse(hass, err, caller.address)
        except ClockError as err:
            return self._refuse(hass, err, caller.address, message.sender)
        except tuple(REFUSALS) as err:
            return self._refuse(hass, err, caller.address)
        finally:
            self._bodies.release(body)

        if entry:
            # An issue about the address stays: another camera may have the same address.
            issues.async_end(hass, issues.WRONG_PROTOCOL, message.sender.serial)
            # Tests can come with any number of invented serial numbers.
            if not isinstance(message, TestMessage) or _is_known(entry, message.sender.serial):
                self.token_use.async_note(hass, entry, message.sender.serial, caller.token)
        self._refusal_log.end(message.sender)
        return answer

    def _refuse(self, hass: HomeAssistant, err: Exception, address: str, sender: Sender | None = None) -> web.Response:
        """Return the answer to an error; show the repair issue and log the sender as REFUSALS says."""
        refusal = next(refusal for error, refusal in REFUSALS.items() if isinstance(err, error))
        sender = err.sender if isinstance(err, DocumentError) else sender
        about = sender.serial if sender else address
        entry = _loaded_entry(hass)
        receiver = entry.runtime_data if entry else None
        if receiver and refusal.issue and (placeholders := _placeholders(err, address)):
            # The number of these issues is limited, but not for the addresses of known cameras.
            always = isinstance(err, WrongTokenError) and bool(receiver.async_cameras_at(address))
            issues.async_begin(hass, refusal.issue, about, always, **placeholders)
        if refusal.is_logged:
            is_camera = _is_known(entry, about)
            self._refusal_log.add(sender, address, refusal.sentence or str(err), is_camera=is_camera)
        return self._answer(refusal, str(err))

    def _answer(self, refusal: Refusal, sentence: str = "") -> web.Response:
        return self.json_message(refusal.sentence or sentence, refusal.status, headers=_HEADERS.get(refusal.status))


class AuthorityView(HomeAssistantView):
    """Gives the authority's certificate, which is no secret, to whoever installs it in a camera."""

    url = AUTHORITY_PATH
    name = f"api:{DOMAIN}:authority"
    requires_auth = False

    async def get(self, request: web.Request) -> web.Response:
        """Return the authority's certificate as a file."""
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


def _placeholders(err: Exception, address: str) -> dict[str, str]:
    """Return the placeholders of the repair issue, none if the receiver shows the issue itself."""
    match err:
        case WrongTokenError():
            return {"address": address}
        case BodyTooLargeError():
            return {"address": address, "limit": str(err.limit // 1024 // 1024)}
        case ProtocolVersionError():
            sender = err.sender
            return {
                **name_placeholders(sender.name if sender else address),
                "protocol": plain(err.api),
                "address": url_host((sender and sender.ip_address) or address),
            }
    return {}


def _is_known(entry: PeopleCounterConfigEntry | None, serial: str) -> bool:
    """Return True if a camera has sent counts before."""
    return entry is not None and entry.runtime_data.key_of(serial) in entry.runtime_data.cameras


def _loaded_entry(hass: HomeAssistant) -> PeopleCounterConfigEntry | None:
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    # The ledger is closed while Home Assistant stops.
    return entries[0] if entries and not hass.is_stopping else None

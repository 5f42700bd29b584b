"""Check whether the address that cameras get leads to Home Assistant, as a camera would see it, and if not, why not.

Sends probes (http/probe.py) and returns messages; knows nothing of dialogs. The config flow calls it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
import json
import ssl
from typing import Any, Final, cast

from aiohttp import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
)
from aiohttp.hdrs import ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from yarl import URL

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util import dt as dt_util

from .connecting import (
    HAS_EXPIRED,
    NOT_TRUSTED,
    NOT_YET_VALID,
    OTHER_NAME,
    SELF_SIGNED,
    certificate_names,
    certificate_reason,
)
from .const import PUSH_PATH
from .core_internals import public_client_context
from .http import (
    MAX_BODY,
    MAX_PROBE,
    PROBE_HEADER,
    REFUSALS,
    NotReadyError,
    Probe,
    WrongTokenError,
    async_register_views,
)
from .texts import Message, async_translate, plain

# For a small request, connecting included.
ANSWER_SECONDS: Final = 10.0
# For a second connection that only reads the certificates.
LOOK_SECONDS: Final = 6.0
# For sending the beginning of a large body, and for an early answer to it.
SEND_SECONDS: Final = 6.0
EARLY_SECONDS: Final = 3.0

# Certificates are usually renewed earlier than this; those that are valid for days only, in their last third.
SOON: Final = timedelta(days=14)
SOON_PART: Final = 3

# 90 days of one-minute intervals are 32 to 53 MB. A proxy with a limit refuses them after a small part.
ANNOUNCED_SIZE: Final = MAX_PROBE
SENT_SIZE: Final = 2 * 1024 * 1024
_CHUNK: Final = b" " * 65536

# A connection that closes once may be chance.
_ATTEMPTS: Final = 2
_MAX_READ: Final = 1024
_MAX_NAMES: Final = 5
_MAX_SHOWN: Final = 100

# OpenSSL's reasons when a server answers something else than TLS.
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")

# The answers of another instance of this integration.
_OUR_SENTENCES: Final = tuple(REFUSALS[error].sentence for error in (WrongTokenError, NotReadyError))
# Only proxies that Home Assistant doesn't trust get this answer from it.
_UNTRUSTED_PROXY: Final = b"400: Bad Request"
_BODY_LIMIT: Final = Message("check_body_limit", {"limit": str(MAX_BODY // 1024 // 1024)})
# Answers of other servers and of proxies.
_BY_STATUS: Final[dict[int, Message]] = {
    HTTPStatus.UNAUTHORIZED: Message("check_login"),
    HTTPStatus.FORBIDDEN: Message("check_forbidden"),
    HTTPStatus.NOT_FOUND: Message("check_not_found"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _BODY_LIMIT,
}
# A proxy answers one of these if it can't reach Home Assistant; from 520 on they are Cloudflare's.
_NOBODY_BEHIND: Final = (502, 503, 504, *range(520, 531))


async def async_check(hass: HomeAssistant, base_url: str, authority: str | None = None) -> list[Message]:
    """Return what is wrong with an address, the most important first, or that nothing is.

    With `authority` only that authority is trusted, else the public ones.
    """
    session = async_create_clientsession(hass, auto_cleanup=False, cookie_jar=DummyCookieJar(), auto_decompress=False)
    try:
        with async_register_views(hass).async_probe() as probe:
            return await _Check(hass, URL(base_url), authority, session, probe).async_findings()
    finally:
        session.detach()


class _Check:
    """One check of one address."""

    def __init__(
        self, hass: HomeAssistant, url: URL, authority: str | None, session: ClientSession, probe: Probe
    ) -> None:
        self._hass = hass
        self._url = url.origin() / PUSH_PATH[1:]
        self._address = _shown(url.authority)
        self._host = url.host or ""
        self._authority = authority
        self._session = session
        self._probe = probe
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # Connections whose certificate was verified.
        self._verified: list[ssl.SSLObject] = []

    async def async_findings(self) -> list[Message]:
        """Return all findings."""
        findings: list[Message] = []
        if _is_this_device(self._host):
            findings.append(Message("check_this_device", {"host": _shown(self._host)}))
        if self._url.scheme != "https":
            findings.append(Message("check_not_https"))
        if problem := await self._async_problem():
            return [*findings, problem]
        if await self._async_large_body_is_refused():
            findings.append(_BODY_LIMIT)
        if not self._verified:
            return findings

        begin, end = _validity(self._verified[0])
        left = end - dt_util.utcnow()
        placeholders = {"expires": _shown_time(end), "days": str(left.days)}
        # Home Assistant renews certificates of its own authority itself.
        if not self._authority and left < min(SOON, (end - begin) / SOON_PART):
            findings.append(Message("check_expires_soon", placeholders))
        return findings or [Message("check_ok", placeholders)]

    async def _async_problem(self) -> Message | None:
        """Send a small request; return why it didn't arrive here, or wasn't answered."""
        try:
            # Creating a context reads files. With a new context, aiohttp opens new connections.
            self._context = await self._hass.async_add_executor_job(_new_context, self._authority)
            _note_handshakes(self._context, self._verified)
            async with self._session.post(
                self._url,
                data=b"{}",
                headers=self._headers(),
                allow_redirects=False,
                ssl=self._context,
                timeout=ClientTimeout(total=ANSWER_SECONDS),
                # Home Assistant's middleware resolves the target of a redirect, which isn't followed here.
                middlewares=(),
            ) as response:
                return await self._async_about_answer(response)
        except (ClientError, TimeoutError, OSError, ValueError) as err:
            return await self._async_about_error(err)

    async def _async_about_error(self, err: Exception) -> Message:
        """Return why there was no answer; the first case that fits counts."""
        address = {"address": self._address}
        match err:
            case ClientConnectorDNSError():
                return Message("check_name_not_found", {"host": _shown(self._host)})
            case ClientConnectorCertificateError():
                return await self._async_about_certificate(cast(ssl.SSLCertVerificationError, err.certificate_error))
            case ClientSSLError(os_error=ssl.SSLError(reason=reason)) if reason in _NOT_TLS:
                return Message("check_not_tls", address)
            case ClientSSLError(os_error=os_error):
                error = str(getattr(os_error, "reason", None) or os_error)
                return Message("check_tls_failed", {**address, "error": _shown(error)})
            case ClientConnectorError(os_error=ConnectionRefusedError()):
                return Message("check_refused", address)
            case ClientConnectorError(os_error=ConnectionError()):
                # The port is open, but the server closes it before TLS has begun.
                return Message("check_hung_up", address)
            case ClientConnectorError():
                return Message("check_no_answer", address)
            case TimeoutError():
                return Message("check_silent" if self._verified else "check_no_answer", address)
            case ClientResponseError():
                return Message("check_not_http", address)
            case ClientConnectionError():
                return Message("check_hung_up", address)
        return Message("check_failed", {**address, "error": _shown(str(err) or type(err).__name__)})

    def _headers(self, length: int | None = None) -> dict[str, str]:
        headers = {
            AUTHORIZATION: f"Bearer {self._probe.token}",
            PROBE_HEADER: self._probe.name,
            CONTENT_TYPE: "application/json",
            ACCEPT_ENCODING: "identity",
            CONNECTION: "close",
        }
        return headers if length is None else {**headers, CONTENT_LENGTH: str(length)}

    async def _async_about_answer(self, response: ClientResponse) -> Message | None:
        """Return what an answer shows about its sender, None if that is this instance."""
        status: int = response.status
        placeholders = {"status": str(status)}
        if self._probe.with_token:
            return None if status == HTTPStatus.OK else Message("check_other_status", placeholders)
        if self._probe.without_token:
            return Message("check_token_dropped")
        if 300 <= status < 400 and (location := response.headers.get(LOCATION)):
            return Message("check_redirect", {"address": _shown(_origin(self._url, location))})

        try:
            body = await response.content.read(_MAX_READ)
        except ClientError, TimeoutError:
            body = b""
        if _sentence(body) in _OUR_SENTENCES:
            return Message("check_other_instance")
        if status == HTTPStatus.BAD_REQUEST and body.startswith(_UNTRUSTED_PROXY):
            return Message("check_untrusted_proxy")
        if message := _BY_STATUS.get(status):
            return message
        return Message("check_nobody_behind" if status in _NOBODY_BEHIND else "check_other_server", placeholders)

    async def _async_about_certificate(self, err: ssl.SSLCertVerificationError) -> Message:
        """Return why a certificate isn't trusted."""
        chain = await self._async_look()
        try:
            finding = self._about_chain(err.verify_code, chain) if chain else None
        except ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType:
            # An odd certificate can't be parsed.
            finding = None
        if finding:
            return finding
        error = await async_translate(self._hass, certificate_reason(err))
        return Message("check_tls_failed", {"address": self._address, "error": error})

    def _about_chain(self, code: int, chain: list[x509.Certificate]) -> Message | None:
        """Return what OpenSSL's code means for a chain: the server's certificate, then those of its authorities."""
        now = dt_util.utcnow()
        ended = [certificate.not_valid_after_utc for certificate in chain if certificate.not_valid_after_utc < now]
        if code == HAS_EXPIRED and ended:
            return Message("check_expired", {"expires": _shown_time(ended[0]), "now": _shown_time(now)})
        to_begin = [certificate.not_valid_before_utc for certificate in chain if certificate.not_valid_before_utc > now]
        if code == NOT_YET_VALID and to_begin:
            return Message("check_not_yet_valid", {"begins": _shown_time(to_begin[0]), "now": _shown_time(now)})
        if code in OTHER_NAME:
            return Message("check_other_name", {"host": _shown(self._host), "names": _shown_names(chain[0])})
        if code not in NOT_TRUSTED:
            return None
        issuer = _shown(_readable_name(chain[-1].issuer))
        if self._authority:
            return Message("check_not_our_authority", {"issuer": issuer})
        if code == SELF_SIGNED:
            return Message("check_self_signed")
        # A server must send its issuer's certificate along if its own contains the URL of that one.
        if len(chain) == 1 and _links_issuer(chain[0]):
            return Message("check_incomplete", {"issuer": issuer})
        return Message("check_unknown_authority", {"issuer": issuer})

    async def _async_look(self) -> list[x509.Certificate]:
        """Return the certificates that the server shows; no request is sent, because the server isn't verified."""
        seen: list[ssl.SSLObject] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        _note_handshakes(context, seen, hang_up=True)
        with suppress(ClientError, TimeoutError, OSError):
            await self._session.get(
                self._url.origin(), ssl=context, allow_redirects=False, timeout=ClientTimeout(total=LOOK_SECONDS)
            )
        try:
            return [
                x509.load_der_x509_certificate(certificate)
                for handshake in seen
                for certificate in handshake.get_unverified_chain()
            ]
        except ValueError:
            return []

    async def _async_large_body_is_refused(self) -> bool:
        """Announce a body as large as a camera's first push, send a part, and return True if it is refused."""
        for _ in range(_ATTEMPTS):
            try:
                async with asyncio.timeout(SEND_SECONDS) as limit:
                    response = await self._session.post(
                        self._url,
                        data=_beginning(limit),
                        headers=self._headers(ANNOUNCED_SIZE),
                        allow_redirects=False,
                        ssl=self._context,
                        timeout=ClientTimeout(),
                        middlewares=(),
                    )
            except ClientConnectorError, TimeoutError:
                return False
            except ClientError, OSError:
                # The connection was closed. Home Assistant also does that when it stops.
                continue
            response.close()
            return response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return not self._hass.is_stopping


async def _beginning(limit: asyncio.Timeout) -> AsyncIterator[bytes]:
    """Yield the beginning of a large body, then wait for a moment."""
    for _ in range(SENT_SIZE // len(_CHUNK)):
        yield _CHUNK
    limit.reschedule(asyncio.get_running_loop().time() + EARLY_SECONDS)
    await asyncio.Event().wait()


def _new_context(authority: str | None) -> ssl.SSLContext:
    if authority is None:
        return public_client_context()
    return ssl.create_default_context(cadata=authority)


def _note_handshakes(context: ssl.SSLContext, seen: list[ssl.SSLObject], *, hang_up: bool = False) -> None:
    """Add each handshake that succeeds to a list; with `hang_up`, close the connection right after it."""

    class Handshake(ssl.SSLObject):
        """A connection that adds its handshake."""

        def do_handshake(self) -> None:
            super().do_handshake()
            seen.append(self)
            if hang_up:
                raise ssl.SSLError("Only the certificates were needed.")

    context.sslobject_class = Handshake


def _validity(handshake: ssl.SSLObject) -> tuple[datetime, datetime]:
    """Return when the certificate of a verified connection begins and ends."""
    certificate = cast(dict[str, str], handshake.getpeercert())
    begin, end = (ssl.cert_time_to_seconds(certificate[key]) for key in ("notBefore", "notAfter"))
    return datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)


def _shown_names(certificate: x509.Certificate) -> str:
    """Return the first few names a certificate is for."""
    names = sorted(certificate_names(certificate)) or [_readable_name(certificate.subject)]
    return ", ".join([*map(_shown, names[:_MAX_NAMES]), *(["…"] if len(names) > _MAX_NAMES else [])])


def _readable_name(name: x509.Name) -> str:
    """Return the common name and the organization of a subject or issuer."""
    parts = [
        str(part.value)
        for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for part in name.get_attributes_for_oid(kind)
    ]
    return ", ".join(parts) or "?"


def _links_issuer(certificate: x509.Certificate) -> bool:
    """Return True if a certificate contains the URL of its issuer's certificate."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return False
    return any(description.access_method == AuthorityInformationAccessOID.CA_ISSUERS for description in access)


def _is_this_device(host: str) -> bool:
    """Return True if a name or address leads each device to itself."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _origin(url: URL, location: str) -> str:
    """Return where a redirect leads, without a path."""
    try:
        return str(url.join(URL(location)).origin())
    except ValueError:
        return location


def _sentence(body: bytes) -> Any:
    """Return the message in an answer of Home Assistant's API, None in other answers."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer.get("message") if isinstance(answer, dict) else None


def _shown_time(instant: datetime) -> str:
    """Return a local time in minutes, escaped."""
    return plain(dt_util.as_local(instant).strftime("%Y-%m-%d %H:%M"))


def _shown(text: str) -> str:
    """Return text of a server so that it can be shown: limited in length, on one line, escaped."""
    return plain("".join(character for character in text if character.isprintable())[:_MAX_SHOWN])

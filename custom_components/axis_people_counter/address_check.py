"""Says whether an address leads to us, seen as a camera would see it, and if not, why not."""

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

from .bodies import MAX_BODY
from .connecting import certificate_names
from .const import PUSH_PATH
from .core_internals import public_client_context
from .http import REFUSALS, NotReadyError, WrongTokenError, async_register_views
from .http_probe import MAX_PROBE, PROBE_HEADER, Probe
from .messages import Message, plain

# With connecting and all else.
ANSWER_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 6.0
# For sending the beginning of a large body, and for the answer that nobody should give yet.
SEND_SECONDS: Final = 6.0
EARLY_SECONDS: Final = 3.0

# A certificate is renewed by then, unless something is wrong; one that is good for days only is renewed later.
SOON: Final = timedelta(days=14)
SOON_PART: Final = 3

# 90 days of one-minute intervals are 32 to 53 MB. A proxy that minds says so before it has seen much of them.
LARGE_BODY: Final = MAX_PROBE
SENT_OF_IT: Final = 2 * 1024 * 1024
_CHUNK: Final = b" " * 65536

# A connection can be closed by chance; twice it isn't.
_ATTEMPTS: Final = 2
_MOST_READ: Final = 1024
_MOST_NAMES: Final = 5
_LONGEST: Final = 100

# What OpenSSL calls X509_V_ERR_….
_NOT_YET_VALID: Final = 9
_HAS_EXPIRED: Final = 10
_SELF_SIGNED: Final = 18
_NOT_TRUSTED: Final = (2, _SELF_SIGNED, 19, 20, 21)
_OTHER_NAME: Final = (62, 64)
# How it takes what isn't TLS.
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")

# The answers of another instance of this integration.
_SENTENCES: Final = tuple(REFUSALS[error].sentence for error in (WrongTokenError, NotReadyError))
# Home Assistant's answer to a proxy that it doesn't trust, and to nobody else.
_UNTRUSTED_PROXY: Final = b"400: Bad Request"
# The last are Cloudflare's.
_NOBODY_BEHIND: Final = (502, 503, 504, *range(520, 531))


async def async_check(hass: HomeAssistant, base_url: str, authority: str | None = None) -> list[Message]:
    """Return what is wrong with an address, the most important first, or that it is well.

    With `authority`, the certificate has to be one of that authority, else one of those that everybody trusts.
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
        # Connections whose certificate was found good.
        self._good: list[ssl.SSLObject] = []

    async def async_findings(self) -> list[Message]:
        """Look for everything that there is to be found."""
        findings: list[Message] = []
        if _is_this_device(self._host):
            findings.append(Message("check_this_device", {"host": _shown(self._host)}))
        if self._url.scheme != "https":
            findings.append(Message("check_not_https", {}))
        if problem := await self._async_problem():
            return [*findings, problem]
        if await self._async_large_body_is_refused():
            findings.append(Message("check_body_limit", {"limit": str(MAX_BODY // 1024 // 1024)}))
        if not self._good:
            return findings

        begin, end = _validity(self._good[0])
        left = end - dt_util.utcnow()
        placeholders = {"expires": _moment(end), "days": str(left.days)}
        # Our own is renewed by ourselves.
        if not self._authority and left < min(SOON, (end - begin) / SOON_PART):
            findings.append(Message("check_expires_soon", placeholders))
        return findings or [Message("check_ok", placeholders)]

    async def _async_problem(self) -> Message | None:
        """Send a small request; return why it didn't come here and back."""
        address = {"address": self._address}
        try:
            # Reads files. A context of one's own also means connections of one's own.
            self._context = await self._hass.async_add_executor_job(_new_context, self._authority)
            _note_handshakes(self._context, self._good)
            async with self._session.post(
                self._url,
                data=b"{}",
                headers=self._headers(),
                allow_redirects=False,
                ssl=self._context,
                timeout=ClientTimeout(total=ANSWER_SECONDS),
                # Home Assistant's own looks at where a redirect leads; nobody goes there.
                middlewares=(),
            ) as response:
                return await self._async_about_answer(response)
        except ClientConnectorDNSError:
            return Message("check_name_not_found", {"host": _shown(self._host)})
        except ClientConnectorCertificateError as err:
            return await self._async_about_certificate(cast(ssl.SSLCertVerificationError, err.certificate_error))
        except ClientSSLError as err:
            reason = str(getattr(err.os_error, "reason", None) or err.os_error)
            if reason in _NOT_TLS:
                return Message("check_not_tls", address)
            return Message("check_tls_failed", {**address, "error": _shown(reason)})
        except ClientConnectorError as err:
            if isinstance(err.os_error, ConnectionRefusedError):
                return Message("check_refused", address)
            # The port is open, but it closes before TLS has begun.
            return Message("check_hung_up" if isinstance(err.os_error, ConnectionError) else "check_no_answer", address)
        except TimeoutError:
            return Message("check_silent" if self._good else "check_no_answer", address)
        except ClientResponseError:
            return Message("check_not_http", address)
        except ClientConnectionError:
            return Message("check_hung_up", address)
        except (ClientError, OSError, ValueError) as err:
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
        """Return what an answer says about who gave it, None if it was us."""
        status: int = response.status
        placeholders = {"status": str(status)}
        if self._probe.with_token:
            return None if status == HTTPStatus.OK else Message("check_other_status", placeholders)
        if self._probe.without_token:
            return Message("check_token_dropped", {})
        if 300 <= status < 400 and (location := response.headers.get(LOCATION)):
            return Message("check_redirect", {"address": _shown(_origin(self._url, location))})

        try:
            body = await response.content.read(_MOST_READ)
        except ClientError, TimeoutError:
            body = b""
        if _message(body) in _SENTENCES:
            return Message("check_other_instance", {})
        if status == HTTPStatus.BAD_REQUEST and body.startswith(_UNTRUSTED_PROXY):
            return Message("check_untrusted_proxy", {})
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Message("check_body_limit", {"limit": str(MAX_BODY // 1024 // 1024)})
        if status == HTTPStatus.UNAUTHORIZED:
            return Message("check_login", {})
        if status == HTTPStatus.FORBIDDEN:
            return Message("check_forbidden", {})
        if status == HTTPStatus.NOT_FOUND:
            return Message("check_not_found", {})
        if status in _NOBODY_BEHIND:
            return Message("check_nobody_behind", placeholders)
        return Message("check_other_server", placeholders)

    async def _async_about_certificate(self, err: ssl.SSLCertVerificationError) -> Message:
        """Return why a certificate isn't good."""
        chain = await self._async_look()
        try:
            finding = self._about_chain(err.verify_code, chain) if chain else None
        except ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType:
            # A certificate can be odd enough that nothing can be said about it.
            finding = None
        return finding or Message("check_tls_failed", {"address": self._address, "error": _shown(err.verify_message)})

    def _about_chain(self, code: int, chain: list[x509.Certificate]) -> Message | None:
        """Say in other words what OpenSSL found: the server's certificate is the first, then come its authorities'."""
        now = dt_util.utcnow()
        ended = [one.not_valid_after_utc for one in chain if one.not_valid_after_utc < now]
        if code == _HAS_EXPIRED and ended:
            return Message("check_expired", {"expires": _moment(ended[0]), "now": _moment(now)})
        to_begin = [one.not_valid_before_utc for one in chain if one.not_valid_before_utc > now]
        if code == _NOT_YET_VALID and to_begin:
            return Message("check_not_yet_valid", {"begins": _moment(to_begin[0]), "now": _moment(now)})
        if code in _OTHER_NAME:
            return Message("check_other_name", {"host": _shown(self._host), "names": _names(chain[0])})
        if code not in _NOT_TRUSTED:
            return None
        issuer = _shown(_name(chain[-1].issuer))
        if self._authority:
            return Message("check_not_our_authority", {"issuer": issuer})
        if code == _SELF_SIGNED:
            return Message("check_self_signed", {})
        # An authority that says where its own certificate is found is one that expects it to be sent along.
        if len(chain) == 1 and _tells_of_issuer(chain[0]):
            return Message("check_incomplete", {"issuer": issuer})
        return Message("check_unknown_authority", {"issuer": issuer})

    async def _async_look(self) -> list[x509.Certificate]:
        """Return the certificates that are shown to whoever asks; nothing is sent to somebody who isn't verified."""
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
                x509.load_der_x509_certificate(one) for handshake in seen for one in handshake.get_unverified_chain()
            ]
        except ValueError:
            return []

    async def _async_large_body_is_refused(self) -> bool:
        """Announce as much as a camera's first delivery, send a little of it, and say whether somebody objects."""
        for _ in range(_ATTEMPTS):
            try:
                async with asyncio.timeout(SEND_SECONDS) as limit:
                    response = await self._session.post(
                        self._url,
                        data=_beginning(limit),
                        headers=self._headers(LARGE_BODY),
                        allow_redirects=False,
                        ssl=self._context,
                        timeout=ClientTimeout(),
                        middlewares=(),
                    )
            except ClientConnectorError, TimeoutError:
                return False
            except ClientError, OSError:
                # Closed. Home Assistant does so, too, when it stops.
                continue
            response.close()
            return response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return not self._hass.is_stopping


async def _beginning(limit: asyncio.Timeout) -> AsyncIterator[bytes]:
    """Yield the beginning of a large body, then wait for a moment."""
    for _ in range(SENT_OF_IT // len(_CHUNK)):
        yield _CHUNK
    limit.reschedule(asyncio.get_running_loop().time() + EARLY_SECONDS)
    await asyncio.Event().wait()


def _new_context(authority: str | None) -> ssl.SSLContext:
    if authority is None:
        return public_client_context()
    return ssl.create_default_context(cadata=authority)


def _note_handshakes(context: ssl.SSLContext, seen: list[ssl.SSLObject], *, hang_up: bool = False) -> None:
    """Note each handshake that succeeds; hang up before anything more is said, if asked to."""

    class Handshake(ssl.SSLObject):
        """A connection whose handshake is noted."""

        def do_handshake(self) -> None:
            super().do_handshake()
            seen.append(self)
            if hang_up:
                raise ssl.SSLError("That was all.")

    context.sslobject_class = Handshake


def _validity(handshake: ssl.SSLObject) -> tuple[datetime, datetime]:
    """Return from when until when the certificate of a verified connection is good."""
    certificate = cast(dict[str, str], handshake.getpeercert())
    begin, end = (ssl.cert_time_to_seconds(certificate[key]) for key in ("notBefore", "notAfter"))
    return datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)


def _names(certificate: x509.Certificate) -> str:
    """Return the first few names a certificate is for."""
    names = sorted(certificate_names(certificate)) or [_name(certificate.subject)]
    return ", ".join([*map(_shown, names[:_MOST_NAMES]), *(["…"] if len(names) > _MOST_NAMES else [])])


def _name(name: x509.Name) -> str:
    """Return what somebody is called in a certificate."""
    parts = [
        str(part.value)
        for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for part in name.get_attributes_for_oid(kind)
    ]
    return ", ".join(parts) or "?"


def _tells_of_issuer(certificate: x509.Certificate) -> bool:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return False
    return any(one.access_method == AuthorityInformationAccessOID.CA_ISSUERS for one in access)


def _is_this_device(host: str) -> bool:
    """Say whether a name or address means the very device that uses it."""
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


def _message(body: bytes) -> Any:
    """Return the sentence in an answer of Home Assistant's API, None where it isn't one."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer.get("message") if isinstance(answer, dict) else None


def _moment(instant: datetime) -> str:
    return plain(dt_util.as_local(instant).strftime("%Y-%m-%d %H:%M"))


def _shown(text: str) -> str:
    """Return text of somebody else so that it can be shown: not too long, on one line, and without effect."""
    return plain("".join(character for character in text if character.isprintable())[:_LONGEST])

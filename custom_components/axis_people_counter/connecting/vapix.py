"""What Axis documents for a camera's own web server (VAPIX), as far as setting one up needs it.

Sources: developer.axis.com, "Authentication", "Basic device information", "Parameter management" and "Certificate
Management"; for the protocol version the Generic Data Push Integration Guide.
"""

import asyncio
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address
import json
import re
from ssl import SSLError
from typing import Any, Final, NamedTuple, cast

from aiohttp import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    DigestAuthMiddleware,
    encode_basic_auth,
)
from aiohttp.hdrs import ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, METH_GET, METH_PATCH, METH_POST, WWW_AUTHENTICATE
from multidict import CIMultiDict
from yarl import URL

from ..messages import Message
from .pasted_text import is_all_visible, strip_invisible

# For one question and its answer, authentication included.
SECONDS: Final = 10
# A camera may list all public authorities, too, which are a quarter of this.
MAX_ANSWER: Final = 1024 * 1024
MAX_REASON: Final = 200
MAX_TEXT: Final = 255

# A web server like the one in cameras says 405 to a PATCH of what doesn't exist.
_ABSENT: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
# What OpenSSL calls an answer that isn't TLS at all.
_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})

_BASIC_DEVICE_INFO: Final = "/axis-cgi/basicdeviceinfo.cgi"
_PARAMETERS: Final = "/axis-cgi/param.cgi"
_AUTHORITIES: Final = "/config/rest/cert/v1/ca_certificates"
_SETTINGS_3D: Final = "/a3dpc/api/settings"
_PROTOCOL: Final = "V0_4"
_PROTOCOL_2D: Final = "root.Tvpc.GenericHTTPPost0ProtocolVersion"
_SERIAL: Final = "Properties.System.SerialNumber"
_MODEL: Final = "Brand.ProdFullName"
_VERSION: Final = "Properties.Firmware.Version"

_ADDRESS: Final = re.compile(
    r"(?:(https?)://)?(\[[^]]+]|[\w-]{1,63}(?:\.[\w-]{1,63})*\.?)(?::([0-9]{1,5}))?/?", re.IGNORECASE
)
# Digests that aiohttp knows, the strongest first.
_DIGESTS: Final = ("SHA-512-SESS", "SHA-512", "SHA-256-SESS", "SHA-256", "MD5-SESS", "MD5")
# What stands between two commas, but for those within quotes.
_PART: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+"?+)++')
# The name of a scheme, which no equals sign follows.
_SCHEME: Final = re.compile(r"([^\s=]++)(?:\s++(?!=)|$)")
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


class CameraError(Exception):
    """The camera couldn't be asked; key and placeholders are those of a translated sentence."""

    def __init__(self, key: str, **placeholders: str) -> None:
        """Take what to say; texts of the camera's own are one short line, but may be Markdown."""
        super().__init__(key)
        self.message = Message(key, placeholders)


class _NobodyError(CameraError):
    """Nothing listens there, or nothing that speaks TLS."""


class Device(NamedTuple):
    """Who a camera is: the serial number has 12 lower-case hex digits."""

    serial: str
    model: str
    version: str


class Counter(StrEnum):
    """The application that counts."""

    THREE_D = "3d"
    TWO_D = "2d"


class _Answer(NamedTuple):
    status: int
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class CameraWeb:
    """The web server of one camera, to which credentials go and to nobody else."""

    def __init__(
        self, session: ClientSession, address: str, username: str, password: str, *, trust_certificate: bool
    ) -> None:
        """Take a session that verifies certificates, and an address as people type it."""
        self._session = session
        self._address = strip_invisible(address)
        self._username = username
        self._password = password
        self._trust_certificate = trust_certificate
        self._origin: URL | None = None
        self._verify = True
        self._answered = False
        # How the camera wants to be told who asks, once it has said so.
        self._log_in: ClientMiddlewareType | None = None
        self._logged_in = False

    @property
    def certificate_verified(self) -> bool | None:
        """Whether the camera's certificate is one that anybody trusts; None over plain HTTP."""
        return self._verify if self._origin and self._origin.scheme == "https" else None

    async def connect(self) -> Device:
        """Find out how the camera can be reached, and who it is; all else comes after this."""
        origins = self._origins()
        self._origin = origins[0]
        self._verify, self._answered, self._log_in, self._logged_in = True, False, None, False
        try:
            return await self._identify()
        except CameraError as err:
            # Who has answered once may have been told the password, and doesn't become somebody less safe.
            if self._answered:
                raise
            if isinstance(err, _NobodyError) and len(origins) > 1:
                self._origin = origins[1]
            elif err.message.key == "camera_certificate" and self._trust_certificate:
                self._verify = False
            else:
                raise
        return await self._identify()

    async def install_authority(self, pem: str) -> bool:
        """Let the camera trust an authority; returns False if it does already."""
        (certificate,) = _certificates(pem)
        answer = await self._ask(METH_GET, _AUTHORITIES)
        if answer.status in _ABSENT:
            raise self._error("camera_no_certificates_api")
        installed = self._content(answer).get("data")
        if not isinstance(installed, list):
            raise self._error("camera_not_axis")
        for item in installed:
            known = _member(item, "certificate")
            if isinstance(known, str) and certificate in _certificates(known):
                return False

        # An alias can be in use by one certificate only.
        alias = f"Home Assistant people counter {sha256(certificate).hexdigest()[:8]}"
        answer = await self._ask(METH_POST, _AUTHORITIES, {"data": {"alias": alias, "certificate": pem}})
        if answer.status in _ABSENT:
            raise self._error("camera_no_certificates_api")
        self._content(answer)
        return True

    async def set_protocol_version(self) -> Counter:
        """Let the camera push what can be read here, and say which application does it."""
        answer = await self._ask(METH_PATCH, _SETTINGS_3D, {"push_protocol_version": _PROTOCOL})
        if answer.status not in _ABSENT:
            # Nobody has written down what the answer to this looks like.
            if not _is_success(answer.status):
                self._content(answer)
            return Counter.THREE_D

        answer = await self._ask(METH_GET, f"{_PARAMETERS}?action=update&{_PROTOCOL_2D}={_PROTOCOL}")
        if answer.text.strip() == "OK" and _is_success(answer.status):
            return Counter.TWO_D
        # What isn't there can't be set: "# Error: Error setting …"
        if answer.status in _ABSENT or answer.text.startswith("#"):
            raise self._error("camera_no_counter")
        self._content(answer)
        raise self._error("camera_not_axis")

    def _origins(self) -> list[URL]:
        """Return where the camera may be, what to try first coming first."""
        try:
            found = _ADDRESS.fullmatch(_bracketed(self._address))
            if not found or not is_all_visible(self._address):
                raise ValueError
            scheme, host, port = found.groups()
            if host.startswith("["):
                IPv6Address(host := host[1:-1])
            elif not host.strip("0123456789."):
                # A part of an address would be filled up to another one.
                IPv4Address(host.removesuffix("."))
            if port and not 0 < int(port) < 65536:
                raise ValueError
            return [
                URL.build(scheme=name, host=host, port=int(port) if port else None)
                for name in ([scheme.lower()] if scheme else ["https", "http"])
            ]
        except ValueError:
            # A password in front of the host must not be shown.
            address = _shown(self._address.rpartition("@")[2])
            raise CameraError("camera_invalid_address", address=address) from None

    async def _identify(self) -> Device:
        question = {"apiVersion": "1.0", "method": "getAllProperties"}
        answer = await self._ask(METH_POST, _BASIC_DEVICE_INFO, question)
        if answer.status in _ABSENT:
            return await self._identify_by_parameters()
        properties = _member(self._content(answer), "data", "propertyList")
        return self._device(*(_member(properties, name) for name in ("SerialNumber", "ProdFullName", "Version")))

    async def _identify_by_parameters(self) -> Device:
        """Ask a camera with AXIS OS before 8.40."""
        group = ",".join(f"root.{name}" for name in (_SERIAL, _MODEL, _VERSION))
        answer = await self._ask(METH_GET, f"{_PARAMETERS}?action=list&group={group}")
        if not _is_success(answer.status):
            self._content(answer)
        lines = (line.removeprefix("root.").partition("=") for line in answer.text.splitlines())
        parameters = {name: value for name, _, value in lines}
        return self._device(*(parameters.get(name) for name in (_SERIAL, _MODEL, _VERSION)))

    def _device(self, serial: Any, model: Any, version: Any) -> Device:
        serial = serial.replace(":", "").lower() if isinstance(serial, str) else ""
        if not re.fullmatch("[0-9a-f]{12}", serial):
            raise self._error("camera_not_axis")
        model, version = (_shown(text, MAX_TEXT) if isinstance(text, str) else "" for text in (model, version))
        return Device(serial, model, version)

    async def _ask(self, method: str, path: str, question: dict[str, Any] | None = None) -> _Answer:
        """Return what the camera answers, unless that is no answer."""
        assert self._origin, "connect comes first"
        # Nothing is said to be compressed: so it can't become much more than was received.
        headers = {ACCEPT_ENCODING: "identity"}
        if question is not None:
            headers[CONTENT_TYPE] = "application/json"
        with self._translated_errors():
            async with (
                asyncio.timeout(SECONDS),
                self._session.request(
                    method,
                    self._origin.join(URL(path)),
                    data=None if question is None else json.dumps(question).encode(),
                    headers=headers,
                    ssl=self._verify,
                    # Credentials don't go where somebody points to.
                    allow_redirects=False,
                    middlewares=(self._authenticate,),
                ) as response,
            ):
                status = response.status
                if status == HTTPStatus.UNAUTHORIZED:
                    # Some cameras say this to whom they know, and who may not do it.
                    raise self._error("camera_forbidden" if self._logged_in else "camera_credentials")
                self._logged_in = self._log_in is not None
                if status == HTTPStatus.FORBIDDEN:
                    # To whom hasn't signed in yet it isn't a matter of rights: AXIS OS has shut out our address.
                    raise self._error("camera_forbidden" if self._log_in else "camera_blocked")
                if 300 <= status < 400:
                    raise self._error("camera_not_axis")
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        raise self._error("camera_not_axis")
                return _Answer(status, bytes(body))

    async def _authenticate(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Ask without credentials first, then with them in the way the camera wants."""

        async def send(request: ClientRequest) -> ClientResponse:
            response = await handler(request)
            self._answered = True
            if response.status == HTTPStatus.UNAUTHORIZED:
                # Nobody reads the rest.
                response.close()
            return response

        if self._log_in is None:
            response = await send(request)
            if response.status != HTTPStatus.UNAUTHORIZED:
                return response
            self._log_in = self._way_to_log_in(response)
        return await self._log_in(request, send)

    def _way_to_log_in(self, response: ClientResponse) -> ClientMiddlewareType:
        """Return what the camera offers and can be trusted with the password."""
        offered = _challenges(response)
        # A line break in a header would be refused by aiohttp, which would quote it.
        if not self._username.isprintable():
            raise self._error("camera_credentials")
        try:
            if _strongest_digest(offered):
                return _Digest(self._username, self._password)
            if any(challenge.scheme == "basic" for challenge in offered):
                if response.url.scheme != "https":
                    raise self._error("camera_password_in_clear")
                return _Basic(self._username, self._password)
        except ValueError:
            # No camera has a user of this name.
            raise self._error("camera_credentials") from None
        raise self._error("camera_not_axis")

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Say what went wrong; aiohttp's own exceptions, which may hold headers, end here."""
        try:
            yield
        except TimeoutError:
            raise self._error("camera_timeout") from None
        except ClientConnectorCertificateError as err:
            reason = getattr(err.certificate_error, "verify_message", "")
            raise self._error("camera_certificate", _shown(reason)) from None
        except ClientConnectorSSLError as err:
            reason = err.os_error.reason if isinstance(err.os_error, SSLError) else None
            raise self._error("camera_unreachable", nobody=reason in _NOT_TLS) from None
        except ClientConnectorDNSError:
            raise self._error("camera_unreachable") from None
        except ClientConnectorError:
            raise self._error("camera_unreachable", nobody=True) from None
        except ClientConnectionError:
            raise self._error("camera_unreachable") from None
        except ClientError, ValueError:
            raise self._error("camera_not_axis") from None

    def _content(self, answer: _Answer) -> dict[str, Any]:
        """Return what the camera says, unless it refuses."""
        try:
            content = json.loads(answer.body)
        except ValueError, RecursionError:
            content = None
        if not _is_success(answer.status) or _member(content, "error") or _member(content, "status") == "error":
            message = _member(content, "error", "message")
            if isinstance(message, str) and message.strip():
                raise self._error("camera_refused", _shown(message))
            if answer.status in _ABSENT:
                raise self._error("camera_not_axis")
            raise self._error("camera_refused", f"HTTP {answer.status}")
        if not isinstance(content, dict):
            raise self._error("camera_not_axis")
        return content

    def _error(self, key: str, reason: str | None = None, *, nobody: bool = False) -> CameraError:
        kind = _NobodyError if nobody else CameraError
        return kind(key, address=self._address) if reason is None else kind(key, address=self._address, reason=reason)


class _Challenge(NamedTuple):
    """One way to sign in that a camera offers: scheme and parameters by their lower-case names, values as written."""

    scheme: str
    parameters: dict[str, str]

    @property
    def algorithm(self) -> str:
        """The hash of a digest."""
        return self.parameters.get("algorithm", "MD5").strip('"').upper()

    @property
    def is_usable_digest(self) -> bool:
        """True if aiohttp can answer it."""
        qop = self.parameters.get("qop", "auth").strip('"').split(",")
        return (
            self.scheme == "digest"
            and self.algorithm in _DIGESTS
            and self.parameters.keys() >= {"realm", "nonce"}
            and "auth" in {quality.strip() for quality in qop}
        )


class _Refusal:
    """A 401 as aiohttp's digest needs it: it reads the first header only, so that has the challenge to be answered."""

    def __init__(self, response: ClientResponse) -> None:
        self.status = response.status
        self.url = response.url
        self.headers = CIMultiDict[str]()
        if challenge := _strongest_digest(_challenges(response)):
            parameters = ", ".join(f"{name}={value}" for name, value in challenge.parameters.items())
            self.headers[WWW_AUTHENTICATE] = f"Digest {parameters}"


class _Digest:
    """Proves that it knows a password with the strongest digest that is offered."""

    def __init__(self, username: str, password: str) -> None:
        self._digest = DigestAuthMiddleware(username, password)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        answers: list[ClientResponse] = []

        async def send(request: ClientRequest) -> ClientResponse:
            answers.append(response := await handler(request))
            is_refusal = response.status == HTTPStatus.UNAUTHORIZED
            return cast(ClientResponse, _Refusal(response)) if is_refusal else response

        await self._digest(request, send)
        return answers[-1]


class _Basic:
    """Tells a password in clear, which TLS must hide."""

    def __init__(self, username: str, password: str) -> None:
        self._header = encode_basic_auth(username, password)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        request.headers[AUTHORIZATION] = self._header
        return await handler(request)


def _challenges(response: ClientResponse) -> list[_Challenge]:
    """Return what a camera offers, in however many headers it does so (RFC 9110, section 11.6.1)."""
    found: list[_Challenge] = []
    for part in _PART.findall(",".join(response.headers.getall(WWW_AUTHENTICATE, []))):
        text = part.strip()
        if scheme := _SCHEME.match(text):
            found.append(_Challenge(scheme[1].lower(), {}))
            text = text[scheme.end() :]
        name, equals, value = text.partition("=")
        if found and equals:
            found[-1].parameters[name.strip().lower()] = value.strip()
    return found


def _strongest_digest(challenges: list[_Challenge]) -> _Challenge | None:
    digests = [challenge for challenge in challenges if challenge.is_usable_digest]
    return min(digests, key=lambda challenge: _DIGESTS.index(challenge.algorithm), default=None)


def _bracketed(address: str) -> str:
    """Return an address in which colons are unambiguous."""
    try:
        return f"[{IPv6Address(address)}]"
    except ValueError:
        return address


def _certificates(pem: str) -> list[bytes]:
    """Return the certificates in a text as bytes, of which there is one form only."""
    found = []
    for text in _CERTIFICATE.findall(pem):
        with suppress(ValueError):
            found.append(b64decode(text))
    return found


def _member(content: object, *names: str) -> Any:
    """Return what is there in objects within objects, None if it isn't."""
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _shown(text: str, most: int = MAX_REASON) -> str:
    """Return a stranger's text as one line of sensible length."""
    text = "".join(character if character.isprintable() else " " for character in text[: 4 * most])
    return " ".join(text.split())[:most]

"""A camera's own web server (VAPIX), as far as the set-up of a camera needs it: requests, responses and errors.

Sources: developer.axis.com, "Authentication", "Basic device information", "Parameter management" and "Certificate
Management"; for the protocol version the Generic Data Push Integration Guide. Used by camera_setup.py.
"""

import asyncio
from base64 import b64decode
from contextlib import suppress
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
import json
import re
from typing import Any, Final, NamedTuple

from aiohttp import (
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientWebSocketResponse,
    DummyCookieJar,
    Fingerprint,
    ServerFingerprintMismatch,
)
from aiohttp.hdrs import ACCEPT_ENCODING, CONTENT_TYPE, METH_GET, METH_PATCH, METH_POST
from yarl import URL

from .camera_address import camera_origins
from .camera_errors import (
    CameraError,
    CertificateError,
    NotListeningError,
    UnverifiedCertificateError,
    translated_errors,
)
from .camera_login import LoginError, login_for
from .pasted_text import strip_invisible

# For one request and its response, including the login.
SECONDS: Final = 10
# The list of installed authorities is the longest response: all public ones take 256 KiB.
MAX_RESPONSE_BYTES: Final = 1024 * 1024
MAX_REASON: Final = 200
MAX_PROPERTY: Final = 255

# Web servers such as the one in cameras answer 405 to a PATCH of an absent path.
_ABSENT: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})

_BASIC_DEVICE_INFO: Final = "/axis-cgi/basicdeviceinfo.cgi"
_PARAMETERS: Final = "/axis-cgi/param.cgi"
_AUTHORITIES: Final = "/config/rest/cert/v1/ca_certificates"
_SETTINGS_3D: Final = "/a3dpc/api/settings"
_PROTOCOL: Final = "V0_4"
_PROTOCOL_2D: Final = "root.Tvpc.GenericHTTPPost0ProtocolVersion"
_SERIAL: Final = "Properties.System.SerialNumber"
_MODEL: Final = "Brand.ProdFullName"
_VERSION: Final = "Properties.Firmware.Version"

# The SHA-256 of no certificate.
_NO_CERTIFICATE: Final = bytes(32)
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


class CameraIdentity(NamedTuple):
    """The identity of a camera; the serial number has 12 lower-case hex digits."""

    serial: str
    model: str
    version: str


class CountingApplication(StrEnum):
    """The application in a camera that counts."""

    THREE_D = "3d"
    TWO_D = "2d"


class Response(NamedTuple):
    """The status and the body of a response."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


class Connection(NamedTuple):
    """How a camera was reached: the scheme, and the SHA-256 of a certificate that a person accepted, in hex digits."""

    scheme: str
    accepted: str | None


class CameraWeb:
    """The web server of one camera. Credentials are sent to it and to no other host."""

    def __init__(
        self,
        session: ClientSession,
        address: str,
        username: str,
        password: str,
        *,
        known: Connection | None = None,
    ) -> None:
        """Use a session that verifies certificates; the address may be as it was typed.

        A camera that was reached before is reached in the same way or not at all.
        """
        self._session = session
        self._address = strip_invisible(address)
        self._username = username
        self._password = password
        self._known = known
        self._serial: str | None = None
        # True once the camera has answered 401 to the password.
        self.password_rejected = False
        self._origin: URL | None = None
        # True for a certificate that can be verified, else the one that is accepted.
        self._certificate: bool | Fingerprint = True
        self._answered = False
        # The scheme chosen at the first 401; kept for all further requests.
        self._log_in: ClientMiddlewareType | None = None
        self._logged_in = False

    @property
    def certificate_verified(self) -> bool | None:
        """True if the camera's certificate was verified, False if not, None over plain HTTP."""
        return self._certificate is True if self._origin and self._origin.scheme == "https" else None

    @property
    def connection(self) -> Connection:
        """How the camera was reached."""
        assert self._origin, "connect comes first"
        accepted = self._certificate.fingerprint.hex() if isinstance(self._certificate, Fingerprint) else None
        return Connection(self._origin.scheme, accepted)

    async def connect(self, serial: str | None = None) -> CameraIdentity:
        """Find the scheme by which the camera answers, and return its identity. Call this first.

        If a serial number is given, any other camera is an error, and gets no password if it names itself without.
        Raises CameraError, and UnverifiedCertificateError if a person may accept the certificate.
        """
        origins = self._origins()
        self._origin, self._serial = origins[0], serial
        self._certificate, self._answered, self._log_in, self._logged_in = True, False, None, False
        if self._known and self._known.accepted:
            self._certificate = Fingerprint(bytes.fromhex(self._known.accepted))
        try:
            return await self._identify(serial)
        except CameraError as err:
            # Never fall back to a weaker scheme after a first answer: the password may have been sent.
            if self._answered:
                raise
            if isinstance(err, NotListeningError) and len(origins) > 1:
                self._origin = origins[1]
            elif isinstance(err, CertificateError):
                raise UnverifiedCertificateError(err, await self._find_certificate()) from None
            else:
                raise
        return await self._identify(serial)

    async def _find_certificate(self) -> str:
        """Return the fingerprint of the camera's certificate in hex digits. Nothing is sent."""
        assert self._origin, "connect comes first"
        found = _NO_CERTIFICATE
        with translated_errors(self._address):
            try:
                async with asyncio.timeout(SECONDS):
                    await self._session.head(self._origin, ssl=Fingerprint(found))
            except ServerFingerprintMismatch as err:
                found = err.got
        return found.hex()

    async def get(self, path: str, max_bytes: int) -> Response:
        """Return the response to a request; its status may be an error, and is 404 for everything that is absent.

        Signs in once more if the camera has forgotten an earlier sign-in.
        """
        was_logged_in = self._logged_in
        try:
            response = await self._request(METH_GET, path, max_bytes=max_bytes)
        except CameraError as err:
            if not was_logged_in or err.message.key != "camera_forbidden":
                raise
            # Another camera may have come, which must not get the password.
            await self.connect(self._serial)
            response = await self._request(METH_GET, path, max_bytes=max_bytes)
        return response._replace(status=HTTPStatus.NOT_FOUND) if response.status in _ABSENT else response

    async def open_websocket(self, path: str, max_bytes: int) -> tuple[ClientWebSocketResponse, ClientResponse]:
        """Open a WebSocket with a login of its own: no answer changes the other one. Raises CameraError.

        Pings have to be answered by the caller. Closing the response drops the connection.
        """
        assert self._origin, "connect comes first"
        opened: list[ClientResponse] = []

        async def authenticate(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
            response = await handler(request)
            if response.status == HTTPStatus.UNAUTHORIZED:
                response.close()
                try:
                    response = await login_for(response, self._username, self._password)(request, handler)
                except LoginError as err:
                    raise self.camera_error(err.key) from None
            if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                response.close()
                raise self.camera_error("camera_forbidden")
            if response.status != HTTPStatus.SWITCHING_PROTOCOLS:
                # Credentials must not follow a redirect to another host.
                response.close()
                raise self.camera_error("camera_not_axis")
            opened.append(response)
            return response

        with translated_errors(self._address):
            # Only a session can have a login for WebSockets. It shares the connections, and ends before the WebSocket.
            async with (
                asyncio.timeout(SECONDS),
                ClientSession(
                    connector=self._session.connector,
                    connector_owner=False,
                    cookie_jar=DummyCookieJar(),
                    middlewares=(authenticate,),
                ) as session,
            ):
                socket = await session.ws_connect(
                    self._origin.join(URL(path)),
                    ssl=self._certificate,
                    autoping=False,
                    max_msg_size=max_bytes,
                )
                return socket, opened[-1]

    async def install_authority(self, pem: str) -> bool:
        """Install the certificate of an authority; return False if the camera has it already."""
        (certificate,) = _certificates(pem)
        response = await self._request(METH_GET, _AUTHORITIES)
        if response.status in _ABSENT:
            raise self.camera_error("camera_no_certificates_api")
        installed = self._json_object(response).get("data")
        if not isinstance(installed, list):
            raise self.camera_error("camera_not_axis")
        for item in installed:
            known = _member(item, "certificate")
            if isinstance(known, str) and certificate in _certificates(known):
                return False

        # A camera rejects an alias that another certificate has.
        alias = f"Home Assistant people counter {sha256(certificate).hexdigest()[:8]}"
        response = await self._request(METH_POST, _AUTHORITIES, {"data": {"alias": alias, "certificate": pem}})
        if response.status in _ABSENT:
            raise self.camera_error("camera_no_certificates_api")
        self._json_object(response)
        return True

    async def set_protocol_version(self) -> CountingApplication:
        """Set the protocol version that the integration reads, and return the application that has the setting."""
        response = await self._request(METH_PATCH, _SETTINGS_3D, {"push_protocol_version": _PROTOCOL})
        if response.status not in _ABSENT:
            # The body of the response isn't documented.
            if not _is_success(response.status):
                self._json_object(response)
            return CountingApplication.THREE_D

        response = await self._request(METH_GET, f"{_PARAMETERS}?action=update&{_PROTOCOL_2D}={_PROTOCOL}")
        if response.text.strip() == "OK" and _is_success(response.status):
            return CountingApplication.TWO_D
        # The response for an absent parameter is "# Error: Error setting …".
        if response.status in _ABSENT or response.text.startswith("#"):
            raise self.camera_error("camera_no_counter")
        self._json_object(response)
        raise self.camera_error("camera_not_axis")

    def _origins(self) -> list[URL]:
        try:
            origins = camera_origins(self._address)
        except ValueError:
            # The text before the @ may be a password, which must not be shown.
            address = _one_line(self._address.rpartition("@")[2])
            raise CameraError("camera_invalid_address", address=address) from None
        return [origin for origin in origins if self._known is None or origin.scheme == self._known.scheme]

    async def _identify(self, wanted: str | None) -> CameraIdentity:
        """Return the identity of the camera, which must have the given serial number, if there is one."""
        if wanted is not None and (found := await self._serial_without_login()) is not None:
            self.check_serial(found, wanted)
        identity = await self._identify_with_login()
        if wanted is not None:
            self.check_serial(identity.serial, wanted)
        return identity

    def check_serial(self, serial: str, wanted: str) -> None:
        """Raise CameraError if two serial numbers differ."""
        if serial != wanted:
            raise self.camera_error("camera_other", serial=serial, wanted=wanted)

    async def _serial_without_login(self) -> str | None:
        """Return the serial number that the camera gives to everybody, None if it gives none."""
        question = {"apiVersion": "1.0", "method": "getAllUnrestrictedProperties"}
        response = await self._request(METH_POST, _BASIC_DEVICE_INFO, question, log_in=False)
        try:
            serial = _member(json.loads(response.body), "data", "propertyList", "SerialNumber")
        except ValueError, RecursionError:
            return None
        return serial_number(serial)

    async def _identify_with_login(self) -> CameraIdentity:
        question = {"apiVersion": "1.0", "method": "getAllProperties"}
        response = await self._request(METH_POST, _BASIC_DEVICE_INFO, question)
        if response.status in _ABSENT:
            return await self._identify_by_parameters()
        properties = _member(self._json_object(response), "data", "propertyList")
        return self._identity(*(_member(properties, name) for name in ("SerialNumber", "ProdFullName", "Version")))

    async def _identify_by_parameters(self) -> CameraIdentity:
        """Identify a camera with AXIS OS before 8.40."""
        group = ",".join(f"root.{name}" for name in (_SERIAL, _MODEL, _VERSION))
        response = await self._request(METH_GET, f"{_PARAMETERS}?action=list&group={group}")
        if not _is_success(response.status):
            self._json_object(response)
        lines = (line.removeprefix("root.").partition("=") for line in response.text.splitlines())
        parameters = {name: value for name, _, value in lines}
        return self._identity(*(parameters.get(name) for name in (_SERIAL, _MODEL, _VERSION)))

    def _identity(self, serial: Any, model: Any, version: Any) -> CameraIdentity:
        serial = serial_number(serial)
        if serial is None:
            raise self.camera_error("camera_not_axis")
        model, version = (_one_line(text, MAX_PROPERTY) if isinstance(text, str) else "" for text in (model, version))
        return CameraIdentity(serial, model, version)

    async def _request(
        self,
        method: str,
        path: str,
        content: dict[str, Any] | None = None,
        *,
        max_bytes: int = MAX_RESPONSE_BYTES,
        log_in: bool = True,
    ) -> Response:
        """Send a request, with a login if the camera requires one, and return the response. Raises CameraError."""
        assert self._origin, "connect comes first"
        # A short compressed response could fill the memory.
        headers = {ACCEPT_ENCODING: "identity"}
        if content is not None:
            headers[CONTENT_TYPE] = "application/json"
        with translated_errors(self._address):
            async with (
                asyncio.timeout(SECONDS),
                self._session.request(
                    method,
                    self._origin.join(URL(path)),
                    data=None if content is None else json.dumps(content).encode(),
                    headers=headers,
                    ssl=self._certificate,
                    # Credentials must not follow a redirect to another host.
                    allow_redirects=False,
                    middlewares=(self._authenticate,) if log_in else (),
                ) as response,
            ):
                self._answered = True
                self.password_rejected = False
                status = response.status
                if not log_in and status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                    return Response(status, b"")
                if status == HTTPStatus.UNAUTHORIZED:
                    self.password_rejected = self._log_in is not None
                    # Some cameras answer 401 to a user that lacks the right.
                    raise self.camera_error("camera_forbidden" if self._logged_in else "camera_credentials")
                self._logged_in = self._log_in is not None
                if status == HTTPStatus.FORBIDDEN:
                    # A 403 before the login isn't about rights: AXIS OS has blocked this address.
                    raise self.camera_error("camera_forbidden" if self._log_in else "camera_blocked")
                if 300 <= status < 400:
                    raise self.camera_error("camera_not_axis")
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > max_bytes:
                        raise self.camera_error("camera_not_axis")
                return Response(status, bytes(body))

    async def _authenticate(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send a request without credentials, and from the first 401 on with a login."""

        async def send(request: ClientRequest) -> ClientResponse:
            response = await handler(request)
            self._answered = True
            if response.status == HTTPStatus.UNAUTHORIZED:
                # The body isn't needed.
                response.close()
            return response

        if self._log_in is None:
            response = await send(request)
            if response.status != HTTPStatus.UNAUTHORIZED:
                return response
            try:
                self._log_in = login_for(response, self._username, self._password)
            except LoginError as err:
                raise self.camera_error(err.key) from None
        return await self._log_in(request, send)

    def _json_object(self, response: Response) -> dict[str, Any]:
        """Return the JSON object of a response. Raises CameraError if it isn't one, or reports an error."""
        try:
            content = json.loads(response.body)
        except ValueError, RecursionError:
            content = None
        if not _is_success(response.status) or _member(content, "error") or _member(content, "status") == "error":
            message = _member(content, "error", "message")
            if isinstance(message, str) and message.strip():
                raise self.camera_error("camera_refused", reason=_one_line(message))
            if response.status in _ABSENT:
                raise self.camera_error("camera_not_axis")
            raise self.camera_error("camera_refused", reason=f"HTTP {response.status}")
        if not isinstance(content, dict):
            raise self.camera_error("camera_not_axis")
        return content

    def camera_error(self, key: str, **placeholders: str) -> CameraError:
        """Return an error of this camera, with the placeholders of its message besides the address."""
        return CameraError(key, address=self._address, **placeholders)


def serial_number(text: object) -> str | None:
    """Return a serial number in 12 lower-case hex digits, however it is written; None if it is none."""
    serial = text.replace(":", "").replace("-", "").lower() if isinstance(text, str) else ""
    return serial if re.fullmatch("[0-9a-f]{12}", serial) else None


def _certificates(pem: str) -> list[bytes]:
    """Return the certificates in a text in DER form, which is the same for all layouts of the text."""
    found = []
    for text in _CERTIFICATE.findall(pem):
        with suppress(ValueError):
            found.append(b64decode(text))
    return found


def _member(content: object, *names: str) -> Any:
    """Return a member of nested JSON objects, None if it is absent."""
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _one_line(text: str, limit: int = MAX_REASON) -> str:
    """Return text from outside as one printable line of limited length."""
    text = "".join(character if character.isprintable() else " " for character in text[: 4 * limit])
    return " ".join(text.split())[:limit]

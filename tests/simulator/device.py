"""The web server in a camera: identity, authorities and protocol version."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import hashlib
from hmac import compare_digest
from ipaddress import ip_address
import json
from pathlib import Path
import re
import secrets
import ssl
from tempfile import TemporaryDirectory
from typing import Any, Self

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .camera import Faults
from .counting_api import CountingApi
from .event_stream import PATH as EVENT_PATH, EventStream
from .model import THREE_D, TWO_D, Model

# Contains characters that need quotes or escapes somewhere.
PASSWORD = 'correct horse, battery: "staple" ü'
# More than any set-up needs.
MAX_REQUESTS = 1000
MAX_BODY = 64 * 1024
MAX_AUTHORITIES = 100
# Requests in progress get this long when the camera is switched off.
SHUTDOWN_SECONDS = 0.5

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_PARAMETER = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True, slots=True)
class Reply:
    """A prepared answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    # The body comes again and again, until the client hangs up.
    is_endless: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A request with its credentials."""

    method: str
    path: str
    authorization: str | None
    content_type: str | None
    accept_encoding: str | None
    cookie: str | None
    body: bytes


class Device:
    """A camera's web server on the loopback, between `async with` and its end.

    All attributes but the address, scheme and certificate can change at any time.
    """

    def __init__(
        self,
        *,
        serial: str = "accc8ef3d92e",
        name: str = "AXIS P8815-2 3D People Counter",
        version: str = "11.11.148",
        counter: Model | None = THREE_D,
        counting: CountingApi | None = None,
        faults: Faults | None = None,
        username: str = "root",
        password: str = PASSWORD,
        administrator: bool = True,
        refusal: int = 403,
        https: bool = False,
        authentication: tuple[str, ...] = ("MD5",),
        basic_device_info: bool = True,
        certificates_api: bool = True,
        host: str = "127.0.0.1",
    ) -> None:
        """Take the properties of the camera.

        `authentication` lists the challenges: "MD5" and "SHA-256" (both Digest), "Basic", or a text to send as it is;
        without any, no credentials are asked for. `refusal` is the status for users who aren't administrators.
        The protocol version is kept in `faults`: with those of a `Camera`, the camera pushes what is set here.
        """
        self.serial = serial
        self.name = name
        self.version = version
        self.counter = counter
        # Without it, requests for counts get 404.
        self.counting = counting
        self.faults = Faults() if faults is None else faults
        self.username = username
        self.password = password
        self.administrator = administrator
        self.refusal = refusal
        self.https = https
        self.authentication = authentication
        self.basic_device_info = basic_device_info
        self.certificates_api = certificates_api
        # The installed authorities in PEM format, by alias.
        self.authorities: dict[str, str] = {}
        # Turns challenges into header lines.
        self.lay_out: Callable[[list[str]], list[str]] = list
        # Seconds before each answer.
        self.delay = 0.0
        # The answer to all requests; the answers after a login, by path.
        self.everywhere: Reply | None = None
        self.replies: dict[str, Reply] = {}
        # The status of the next answer only.
        self.refuse_once: int | None = None
        # How often a nonce is accepted; for ever if this is None.
        self.nonce_uses: int | None = None
        # After so many wrong sign-ins, every request is answered with 403. AXIS OS does that for ten seconds.
        self.blocks_after: int | None = None
        # The events over WebSocket; without it, such requests get 404.
        self.events: EventStream | None = None
        # The paths that need no login.
        self.public_paths: set[str] = set()
        self.requests: deque[Request] = deque(maxlen=MAX_REQUESTS)
        # The number of requests with wrong credentials.
        self.rejected = 0
        self._host = host
        # The last count of each nonce.
        self._nonces: dict[str, int] = {}
        self._opaque = secrets.token_hex(8)
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _self_signed(self._key, host, f"axis-{serial}.local") if https else None

    async def __aenter__(self) -> Self:
        """Switch it on."""
        application = web.Application(client_max_size=MAX_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        # Requests are cancelled when the client hangs up.
        self._runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, 0, ssl_context=self._tls())
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Switch it off."""
        if self.events:
            await self.events.drop()
        if self._runner:
            await self._runner.cleanup()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.https else 'http'}://{self.address}"

    @property
    def certificate(self) -> str:
        """Its self-signed certificate."""
        if self._certificate is None:
            raise RuntimeError("This camera speaks plain HTTP.")
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def write_authorities(self, path: Path) -> Path:
        """Write the installed authorities to a file that a `Camera` can trust."""
        path.write_text("".join(self.authorities.values()))
        return path

    def forget_nonces(self) -> None:
        """Forget all nonces, as cameras do after a while."""
        self._nonces.clear()

    # Authentication

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        body = await request.read()
        headers = request.headers
        authorization = headers.get("Authorization")
        self.requests.append(
            Request(
                request.method,
                request.raw_path,
                authorization,
                headers.get("Content-Type"),
                headers.get("Accept-Encoding"),
                headers.get("Cookie"),
                body,
            )
        )
        await asyncio.sleep(self.delay)
        status, self.refuse_once = self.refuse_once, None
        if status:
            return self._challenge(stale=False) if status == 401 else _plain(Reply(status))
        if self.blocks_after is not None and self.rejected >= self.blocks_after:
            return _plain(Reply(403))
        if self.everywhere:
            return _plain(self.everywhere)
        if self._is_public(request.path, body):
            return self._basic_device_info(request.method, body)
        if self.authentication and request.path not in self.public_paths:
            known = authorization is not None and self._knows(request.method, request.raw_path, authorization)
            if known is not True:
                self.rejected += authorization is not None
                return self._challenge(stale=known is None)
        if reply := self.replies.get(request.path):
            return await _endless(request, reply) if reply.is_endless else _plain(reply)
        if self.events and request.path == EVENT_PATH:
            return await self.events.serve(request)
        return self._answer(request, body)

    def _is_public(self, path: str, body: bytes) -> bool:
        """Return True for the question after the properties that a camera tells everybody."""
        is_asked = (_object(body) or {}).get("method") == "getAllUnrestrictedProperties"
        return self.basic_device_info and path == "/axis-cgi/basicdeviceinfo.cgi" and is_asked

    def _challenge(self, *, stale: bool) -> web.Response:
        """Return a 401 with the challenges."""
        response = web.Response(status=401, text="<html>Unauthorized</html>", content_type="text/html")
        realm = f"AXIS_{self.serial.upper()}"
        texts = []
        for way in self.authentication:
            if way == "Basic":
                text = f'Basic realm="{realm}"'
            elif way in _HASHES:
                nonce = secrets.token_hex(16)
                self._nonces[nonce] = 0
                text = f'Digest realm="{realm}", nonce="{nonce}", opaque="{self._opaque}", algorithm={way}, qop="auth"'
                text += ", stale=true" if stale else ""
            else:
                text = way
            texts.append(text)
        for line in self.lay_out(texts):
            response.headers.add("WWW-Authenticate", line)
        while len(self._nonces) > MAX_REQUESTS:
            del self._nonces[next(iter(self._nonces))]
        return response

    def _knows(self, method: str, path: str, authorization: str) -> bool | None:
        """Return True for the right credentials, None if only the nonce is unknown."""
        scheme, _, rest = authorization.partition(" ")
        if scheme == "Basic" and "Basic" in self.authentication:
            expected = b64encode(f"{self.username}:{self.password}".encode()).decode()
            return compare_digest(rest.encode(), expected.encode())
        if scheme == "Digest":
            parameters = {
                name: re.sub(r"\\(.)", r"\1", quoted) or bare for name, quoted, bare in _PARAMETER.findall(rest)
            }
            return self._knows_digest(method, path, parameters)
        return False

    def _knows_digest(self, method: str, path: str, parameters: dict[str, str]) -> bool | None:
        """Check a digest as in RFC 7616 with qop `auth`, the only one offered."""
        algorithm = parameters.get("algorithm", "MD5")
        if algorithm not in self.authentication or algorithm not in _HASHES:
            return False

        def hashed(*parts: str) -> str:
            return _HASHES[algorithm](":".join(parts).encode()).hexdigest()

        realm = f"AXIS_{self.serial.upper()}"
        nonce, count, cnonce = (parameters.get(name, "") for name in ("nonce", "nc", "cnonce"))
        expected = hashed(
            hashed(self.username, realm, self.password), nonce, count, cnonce, "auth", hashed(method, path)
        )
        right = (
            parameters.get("username") == self.username
            and parameters.get("realm") == realm
            and parameters.get("uri") == path
            and parameters.get("opaque") == self._opaque
            and parameters.get("qop") == "auth"
            and cnonce != ""
            and re.fullmatch("[0-9a-f]{8}", count) is not None
            and compare_digest(parameters.get("response", "").encode(), expected.encode())
        )
        if not right:
            return False
        if nonce not in self._nonces or (self.nonce_uses is not None and int(count, 16) > self.nonce_uses):
            return None
        # A repeated count would be a replay.
        if int(count, 16) <= self._nonces[nonce]:
            return False
        self._nonces[nonce] = int(count, 16)
        return True

    # Answers

    def _answer(self, request: web.Request, body: bytes) -> web.Response:
        """Answer a request after the login."""
        match request.path:
            case "/axis-cgi/basicdeviceinfo.cgi" if self.basic_device_info:
                return self._basic_device_info(request.method, body)
            case "/axis-cgi/param.cgi" if request.method == "GET":
                return self._parameters(request)
            case "/config/rest/cert/v1/ca_certificates" if self.certificates_api:
                return self._authorities(request, body)
            case "/a3dpc/api/settings" if self._counts_with(THREE_D) and request.method == "PATCH":
                return self._settings(body)
            case path if path.startswith("/config/rest/"):
                return _configuration_error(404, 1, f"Resource not found: {path}")
            case path if self.counting and request.method == "GET":
                if found := self.counting.answer(path, request.query_string):
                    return web.Response(status=found.status, text=found.body, content_type=found.content_type)
        return web.Response(status=404, text="<html>Not Found</html>", content_type="text/html")

    def _counts_with(self, model: Model) -> bool:
        return self.counter is not None and self.counter.application == model.application

    def _basic_device_info(self, method: str, body: bytes) -> web.Response:
        """Return the properties of the camera; errors have status 200."""
        if method != "POST":
            error = {"code": 2002, "message": f"HTTP request type '{method}' not supported"}
        elif (asked := _object(body)) is None:
            error = {"code": 4000, "message": "Invalid JSON"}
        elif asked.get("method") not in ("getAllProperties", "getAllUnrestrictedProperties"):
            error = {"code": 4002, "message": "Method not supported"}
        else:
            properties = {
                "Brand": "AXIS",
                "HardwareID": "7C5",
                "ProdFullName": self.name,
                "ProdNbr": "P8815-2",
                "ProdShortName": "AXIS P8815-2",
                "SerialNumber": self.serial.upper(),
                "Version": self.version,
            }
            return web.json_response({"apiVersion": "1.3", "data": {"propertyList": properties}})
        return web.json_response({"apiVersion": "1.3", "error": error})

    def _parameters(self, request: web.Request) -> web.Response:
        """List parameters, or set one; errors have status 200."""
        known = {
            "Brand.ProdFullName": self.name,
            "Properties.Firmware.Version": self.version,
            "Properties.System.SerialNumber": self.serial.upper(),
        }
        if self._counts_with(TWO_D):
            known["Tvpc.GenericHTTPPost0ProtocolVersion"] = f"V{self.faults.protocol_version.replace('.', '_')}"
        query = dict(request.query)
        action = query.pop("action", None)
        if action == "list":
            lines = []
            for group in query.get("group", "").split(","):
                name = group.removeprefix("root.")
                found = [f"root.{key}={known[key]}" for key in known if f"{key}.".startswith(f"{name}.")]
                lines += found or [f"# Error: Error -1 getting param in group '{group}'"]
            return web.Response(text="\n".join(lines) + "\n")
        if action != "update":
            return web.Response(text="# Error: action must be specified\n")
        if not self.administrator:
            return self._refuse()
        for key, value in query.items():
            if key.removeprefix("root.") not in known or not self._set_protocol_version(value):
                return web.Response(text=f"# Error: Error setting '{key}' to '{value}'!\n")
        return web.Response(text="OK\n")

    def _authorities(self, request: web.Request, body: bytes) -> web.Response:
        """List the authorities, or install one."""
        if request.method == "GET":
            listed = [{"alias": alias, "certificate": pem} for alias, pem in self.authorities.items()]
            return web.json_response({"status": "success", "data": listed})
        if request.method != "POST":
            return _configuration_error(405, 2, "Method not allowed")
        if not self.administrator:
            return self._refuse()
        data = (_object(body) or {}).get("data")
        alias, pem = (data.get("alias"), data.get("certificate")) if isinstance(data, dict) else (None, None)
        if not isinstance(alias, str) or not 1 <= len(alias) <= 128 or not isinstance(pem, str):
            return _configuration_error(400, 3, "Validation error: alias and certificate are required")
        if alias in self.authorities or len(self.authorities) >= MAX_AUTHORITIES:
            return _configuration_error(400, 4, f"The alias is in use: {alias}")
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError:
            return _configuration_error(400, 5, "Validation error: this is no certificate in PEM format")
        # A camera stores the certificate, not the text.
        self.authorities[alias] = certificate.public_bytes(serialization.Encoding.PEM).decode()
        return web.json_response({"status": "success"}, status=201)

    def _settings(self, body: bytes) -> web.Response:
        """Change the settings of the 3D application; its real answer isn't documented."""
        if not self.administrator:
            return self._refuse()
        value = (_object(body) or {}).get("push_protocol_version")
        if not isinstance(value, str) or not self._set_protocol_version(value):
            details = [{"field": "push_protocol_version", "reason": "Not a valid choice"}]
            return web.json_response({"error": {"message": "Validation failed", "error": details}}, status=400)
        return web.json_response({"push_protocol_version": value})

    def _set_protocol_version(self, value: str) -> bool:
        """Set the protocol version and return True, unless it doesn't exist."""
        if not re.fullmatch("V0_[1-4]", value):
            return False
        self.faults.protocol_version = value.removeprefix("V").replace("_", ".")
        return True

    def _refuse(self) -> web.Response:
        """Refuse a user who isn't an administrator; some cameras answer 401, others 403."""
        if self.refusal == 401:
            return self._challenge(stale=False)
        return web.Response(status=self.refusal, text="<html>Forbidden</html>", content_type="text/html")

    # Certificate

    def _tls(self) -> ssl.SSLContext | None:
        """Return the context with the camera's certificate, None for plain HTTP."""
        if self._certificate is None:
            return None
        key = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        with TemporaryDirectory() as folder:
            file = Path(folder, "camera.pem")
            file.write_bytes(key + self.certificate.encode())
            context.load_cert_chain(file)
        return context


def _self_signed(key: ec.EllipticCurvePrivateKey, host: str, local: str) -> x509.Certificate:
    """Return a certificate like the one a new camera makes for itself."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(host)), x509.DNSName(local)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _object(body: bytes) -> dict[str, Any] | None:
    """Return a JSON object, None if it isn't one."""
    try:
        content = json.loads(body)
    except ValueError, RecursionError:
        return None
    return content if isinstance(content, dict) else None


def _plain(reply: Reply) -> web.Response:
    response = web.Response(
        status=reply.status, body=reply.body, headers=reply.headers | {"Content-Type": reply.content_type}
    )
    if reply.headers.get("Connection") == "close":
        response.force_close()
    return response


async def _endless(request: web.Request, reply: Reply) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": reply.content_type})
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(reply.body)
    return response


def _configuration_error(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"status": "error", "error": {"code": code, "message": message}}, status=status)

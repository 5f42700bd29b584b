"""A camera's own web server is asked as far as it can be trusted; whatever it answers makes a result or a sentence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
import gc
import gzip
from hashlib import md5, sha256
from ipaddress import ip_address
import json
import logging
from pathlib import Path
import re
import socket
import ssl
import traceback
from typing import Any
from unittest.mock import ANY
from zoneinfo import ZoneInfo

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from custom_components.axis_people_counter.connecting import vapix
from custom_components.axis_people_counter.connecting.vapix import (
    CameraError,
    CameraWeb,
    CountingApplication,
    Device as Identity,
)

from .simulator import THREE_D, TWO_D, Camera, Device, Faults, Reply, Visits
from .simulator.device import PASSWORD

DEVICE = Identity("accc8ef3d92e", "AXIS P8815-2 3D People Counter", "11.11.148")
INFO = "/axis-cgi/basicdeviceinfo.cgi"
PARAMETERS = "/axis-cgi/param.cgi"
AUTHORITIES = "/config/rest/cert/v1/ca_certificates"
SETTINGS = "/a3dpc/api/settings"

pytestmark = pytest.mark.usefixtures("socket_enabled")


class Names(AbstractResolver):
    """Knows a few names, and to which port of the loopback their ports lead."""

    def __init__(self, ports: dict[tuple[str, int], int]) -> None:
        self.ports = ports
        self.asked: list[tuple[str, int]] = []

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        self.asked.append((host, port))
        if (host, port) not in self.ports:
            raise OSError("Nobody has this name.")
        found = ResolveResult(
            hostname=host, host="127.0.0.1", port=self.ports[host, port], family=socket.AF_INET, proto=0, flags=0
        )
        return [found]

    async def close(self) -> None:
        """Have nothing to close."""


@pytest.fixture(autouse=True)
def _tidy(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Leave nothing behind that Python or aiohttp would complain about, and no password in any log."""
    caplog.set_level(logging.DEBUG)
    yield
    gc.collect()
    records = [record for when in ("setup", "call") for record in caplog.get_records(when)]
    assert not [record for record in records if record.levelno >= logging.ERROR]
    assert PASSWORD not in "".join(record.getMessage() for record in records)


@pytest.fixture(autouse=True)
async def _refused_handshakes() -> None:
    """Let the camera's side of a refused handshake be no error of a test."""
    asyncio.get_running_loop().set_exception_handler(_handle)


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session that verifies certificates, as Home Assistant's does."""
    async with aiohttp.ClientSession() as found:
        yield found


def _handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), OSError):
        loop.default_exception_handler(context)


@pytest.fixture
async def device(socket_enabled: None) -> AsyncIterator[Device]:
    """Switch on a camera as most are: with HTTP and Digest."""
    async with Device() as found:
        yield found


@pytest.fixture
async def web_of(session: aiohttp.ClientSession) -> Callable[[Device], CameraWeb]:
    """Return what makes the way to a camera, with the right credentials."""
    return lambda device: CameraWeb(session, device.url, device.username, PASSWORD, trust_certificate=True)


@pytest.fixture
def pem() -> str:
    """Return an authority."""
    return _authority()[0]


def _authority() -> tuple[str, x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _builder("Shop CA", "Shop CA", key, ca=True).sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), certificate, key


def _builder(name: str, issuer: str, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


async def failure(asking: Awaitable[object]) -> CameraError:
    """Return the error that it ends with, which tells nobody the password."""
    with pytest.raises(CameraError) as caught:
        await asking
    error = caught.value
    assert PASSWORD not in "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    assert PASSWORD not in f"{error!r} {error} {error.message.placeholders}"
    # Nothing of aiohttp's hangs on it, where a log would show it.
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None or isinstance(error.__context__, CameraError)
    return error


@asynccontextmanager
async def raw(answer: bytes, *, endless: bytes = b"", hang: bool = False) -> AsyncIterator[str]:
    """Answer every request with these bytes, then close, go on for ever, or say nothing more."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read(65536)
            writer.write(answer)
            while endless:
                writer.write(endless)
                await writer.drain()
            await writer.drain()
            if hang:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        server.close_clients()
        await server.wait_closed()


@pytest.fixture
def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


# Who it is, and who asks


@pytest.mark.parametrize("authentication", [("MD5",), ("SHA-256",), ("SHA-256", "MD5"), ("MD5", "Basic"), ()])
async def test_identify(web_of: Callable[[Device], CameraWeb], authentication: tuple[str, ...]) -> None:
    """The camera says who it is, to who has been asked for credentials and knows them."""
    async with Device(authentication=authentication) as device:
        camera = web_of(device)
        assert await camera.connect() == DEVICE
        assert camera.certificate_verified is None
    first, *others = device.requests
    assert first.authorization is None
    assert json.loads(first.body) == {"apiVersion": "1.0", "method": "getAllProperties"}
    assert all(request.authorization is None or request.authorization.startswith("Digest ") for request in others)
    assert device.rejected == 0


async def test_basic_over_https(web_of: Callable[[Device], CameraWeb]) -> None:
    """What AXIS OS 12 does: a password in clear is fine where TLS hides it."""
    async with Device(authentication=("Basic",), https=True) as device:
        assert await web_of(device).connect() == DEVICE
    assert [bool(request.authorization) for request in device.requests] == [False, True]


async def test_digest_over_https(web_of: Callable[[Device], CameraWeb]) -> None:
    """Where both are offered, the password itself stays at home."""
    async with Device(authentication=("MD5", "Basic"), https=True) as device:
        assert await web_of(device).connect() == DEVICE
    assert all("Basic" not in (request.authorization or "") for request in device.requests)


# How one camera or another writes what it offers into headers.
LAYOUTS: dict[str, Callable[[list[str]], list[str]]] = {
    "a header each": list,
    "one header": lambda texts: [", ".join(texts)],
    "one header without spaces": lambda texts: [",".join(text.replace(", ", ",") for text in texts)],
    "lower case": lambda texts: [text.replace("Digest", "digest").replace("Basic", "basic") for text in texts],
    "upper case": lambda texts: [re.sub(r"\w+(?==)|^\w+", lambda found: found[0].upper(), text) for text in texts],
    "spaces": lambda texts: [f"  {text.replace('=', ' = ').replace(', ', ' ,  ')} " for text in texts],
    "others beside": lambda texts: ["Negotiate", *texts, 'Bearer realm="Digest x, Basic y"'],
    "others in one header": lambda texts: [", ".join(["NTLM TlRMTVNTUAAC==", "Negotiate", *texts, "Cow, milk"]), ", ,"],
    "one that nobody knows": lambda texts: ['Digest realm="x", nonce="y", algorithm=SHA-3, qop="auth"', *texts],
    "one without a nonce": lambda texts: ['Digest realm="x", algorithm=SHA-512, qop="auth"', *texts],
}


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("authentication", "strongest"),
    [
        (("Basic", "MD5"), "MD5"),
        (("MD5", "Basic"), "MD5"),
        (("MD5", "SHA-256"), "SHA-256"),
        (("SHA-256", "MD5"), "SHA-256"),
        (("Basic", "MD5", "SHA-256"), "SHA-256"),
    ],
    ids="-".join,
)
async def test_strongest_scheme(
    web_of: Callable[[Device], CameraWeb], authentication: tuple[str, ...], strongest: str, layout: str, https: bool
) -> None:
    """The strongest scheme is used, in whatever order and layout a camera offers it."""
    async with Device(authentication=authentication, https=https) as device:
        device.lay_out = LAYOUTS[layout]
        assert await web_of(device).connect() == DEVICE
    assert device.rejected == 0
    (authorization,) = {request.authorization for request in device.requests} - {None}
    assert authorization
    assert authorization.startswith("Digest ")
    assert f"algorithm={strongest}" in authorization


async def test_digest_without_quality_of_protection(web_of: Callable[[Device], CameraWeb]) -> None:
    """Old servers know nothing of it; they are answered as RFC 2069 has it."""
    async with Device(authentication=('Basic realm="x"', 'Digest realm="x", nonce="y"')) as device:
        assert (await failure(web_of(device).connect())).message.key == "camera_credentials"

    def hashed(*parts: str) -> str:
        return md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    expected = hashed(hashed("root", "x", PASSWORD), "y", hashed("POST", INFO))
    (authorization,) = {request.authorization for request in device.requests} - {None}
    assert authorization
    assert f'response="{expected}"' in authorization


async def test_weaker_scheme_later(web_of: Callable[[Device], CameraWeb]) -> None:
    """A camera, or who stands before it, that wants the password in clear later doesn't get it."""
    async with Device(authentication=("MD5", "Basic"), https=True) as device:
        camera = web_of(device)
        await camera.connect()
        device.authentication = ("Basic",)
        assert (await failure(camera.set_protocol_version())).message.key == "camera_forbidden"
    assert not any("Basic" in (request.authorization or "") for request in device.requests)


@pytest.mark.parametrize(
    "authentication", [("Basic",), ("Basic", 'Digest realm="x", nonce="y", algorithm=SHA-3, qop="auth"')]
)
async def test_password_in_clear(web_of: Callable[[Device], CameraWeb], authentication: tuple[str, ...]) -> None:
    """Over plain HTTP the password isn't sent, whatever the camera wants."""
    async with Device(authentication=authentication) as device:
        error = await failure(web_of(device).connect())
    assert error.message.key == "camera_password_in_clear"
    assert error.message.placeholders == {"address": device.url}
    assert [request.authorization for request in device.requests] == [None]


@pytest.mark.parametrize(("authentication", "https"), [(("MD5",), False), (("Basic",), True)])
async def test_wrong_password(
    web_of: Callable[[Device], CameraWeb], authentication: tuple[str, ...], https: bool
) -> None:
    """It is tried once only: cameras shut out who guesses."""
    async with Device(authentication=authentication, https=https, password=PASSWORD.upper()) as device:
        error = await failure(web_of(device).connect())
    assert error.message.key == "camera_credentials"
    assert device.rejected == 1


@pytest.mark.parametrize(("authentication", "https"), [(("MD5",), False), (("Basic",), True)])
@pytest.mark.parametrize("username", ["root:x", "root\r\nX-Other: 1", "\ud800", "ro\x00ot"])
async def test_impossible_username(
    session: aiohttp.ClientSession, authentication: tuple[str, ...], https: bool, username: str
) -> None:
    """What can't be a name gets nowhere near a header."""
    async with Device(authentication=authentication, https=https) as device:
        camera = CameraWeb(session, device.url, username, PASSWORD, trust_certificate=True)
        error = await failure(camera.connect())
    assert error.message.key == "camera_credentials"
    assert [request.authorization for request in device.requests] == [None]


@pytest.mark.parametrize("https", [False, True])
async def test_impossible_password(session: aiohttp.ClientSession, https: bool) -> None:
    """A password that can't be written in UTF-8 is wrong."""
    async with Device(authentication=("Basic" if https else "MD5",), https=https) as device:
        camera = CameraWeb(session, device.url, "root", "\ud800", trust_certificate=True)
        assert (await failure(camera.connect())).message.key == "camera_credentials"


async def test_other_username(session: aiohttp.ClientSession) -> None:
    """Any other name works, in both ways."""
    for authentication, https in (("SHA-256", False), ("Basic", True)):
        async with Device(authentication=(authentication,), https=https, username='Åsa "the admin" \\o/') as device:
            camera = CameraWeb(session, device.url, device.username, PASSWORD, trust_certificate=True)
            assert await camera.connect() == DEVICE


@pytest.mark.parametrize(
    "challenge",
    [
        "Negotiate",
        "Bearer",
        "Digest",
        "Digest ",
        "Digest realm",
        'Digest realm="x", qop="auth"',
        'Digest nonce="x", qop="auth"',
        'Digest realm="x", nonce="", qop="auth"',
        'Digest realm="x", nonce="y", qop="something"',
        'Digest realm="x", nonce="y", qop="auth", algorithm=ROT13',
        'Digest realm="x", nonce="y", qop="auth", domain="http://["',
        "Digest realm=" + '"\\' * 3000,
    ],
)
async def test_odd_challenge(web_of: Callable[[Device], CameraWeb], challenge: str) -> None:
    """A challenge that nobody can answer ends in a sentence."""
    async with Device(authentication=(challenge,)) as device:
        error = await failure(web_of(device).connect())
    assert error.message.key in {"camera_not_axis", "camera_credentials"}
    assert not any(request.authorization for request in device.requests)


async def test_no_challenge(web_of: Callable[[Device], CameraWeb]) -> None:
    """A 401 that doesn't say what it wants isn't a camera's."""
    async with Device() as device:
        device.everywhere = Reply(401)
        assert (await failure(web_of(device).connect())).message.key == "camera_not_axis"


async def test_protection_space_elsewhere(web_of: Callable[[Device], CameraWeb], device: Device) -> None:
    """Credentials go to the camera and nowhere else, even if it says that another belongs to it."""
    async with Device() as other:
        device.authentication = (f'Digest realm="x", nonce="y", qop="auth", domain="{other.url}/"',)
        assert (await failure(web_of(device).connect())).message.key == "camera_credentials"
        assert not other.requests


async def test_forgotten_nonce(web_of: Callable[[Device], CameraWeb], device: Device, pem: str) -> None:
    """A camera that forgets what it gave out is asked again, without anybody noticing."""
    camera = web_of(device)
    await camera.connect()
    device.forget_nonces()
    assert await camera.install_authority(pem) is True
    assert await camera.set_protocol_version() is CountingApplication.THREE_D
    assert device.rejected == 1
    # Once it has been said who asks, this comes along.
    assert device.requests[-1].authorization is not None
    assert device.requests[-2].authorization is not None


async def test_connects_again(web_of: Callable[[Device], CameraWeb], device: Device) -> None:
    """Nothing of a first attempt is in the way of the next."""
    camera = web_of(device)
    device.authentication = ("Basic",)
    assert (await failure(camera.connect())).message.key == "camera_password_in_clear"
    device.authentication = ("MD5",)
    assert await camera.connect() == DEVICE
    device.password = "changed"
    assert (await failure(camera.connect())).message.key == "camera_credentials"


async def test_asked_later(web_of: Callable[[Device], CameraWeb], device: Device) -> None:
    """A camera may tell anybody who it is; a wrong password is found out when it asks for one."""
    camera = web_of(device)
    device.authentication = ()
    assert await camera.connect() == DEVICE
    device.authentication, device.password = ("MD5",), "another"
    assert (await failure(camera.set_protocol_version())).message.key == "camera_credentials"


async def test_nothing_shows_the_password(session: aiohttp.ClientSession) -> None:
    """An object in a log doesn't tell what it knows."""
    async with Device(authentication=("Basic",), https=True) as device:
        camera = CameraWeb(session, device.url, "root", PASSWORD, trust_certificate=True)
        await camera.connect()
        assert PASSWORD not in repr(camera)


# Addresses


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "http://",
        "ftp://camera",
        "camera/axis-cgi",
        "http://camera/?x=1",
        "http://camera/#x",
        "camera?x",
        "a..b",
        ".a",
        "a b",
        "a\nb",
        "camera:0",
        "camera:65536",
        "camera:",
        "camera:x",
        "http://camera:80:80",
        "[::1",
        "[camera]",
        "[1.2.3.4]",
        "::1::2",
        "x" * 64,
        "ü" * 60,
        "\ud800",
        "cam%65ra",
        "cam era",
        "cam\tera",
        "cam\nera",
        "cam\u00a0era",
        "cam\u200bera",
        "cam\x00era",
        "http:// camera",
        "camera :80",
        "camera: 80",
        "camera:\uff18\uff10",
        "fe80::1%l o",
        "[fe80::1%lo\n]",
        "192.168.1",
        "192.168.1.256",
        "1.2.3.4.5",
        "user@camera",
        ".camera",
        "http:///camera",
        "http:\\\\camera",
        "\u200b",
        "camera\\x",
        "//camera",
    ],
)
async def test_invalid_address(session: aiohttp.ClientSession, address: str) -> None:
    """What isn't an address is told so, and nobody is asked."""
    camera = CameraWeb(session, address, "root", PASSWORD, trust_certificate=False)
    error = await failure(camera.connect())
    assert error.message.key == "camera_invalid_address"
    assert list(error.message.placeholders) == ["address"]


@pytest.mark.parametrize("before", ["http://root:", "root:", "https://root:x@y"])
async def test_password_in_the_address(session: aiohttp.ClientSession, before: str) -> None:
    """Credentials don't belong there, and aren't shown."""
    camera = CameraWeb(session, f"{before}{PASSWORD}@camera/{'x' * 500}", "root", PASSWORD, trust_certificate=False)
    error = await failure(camera.connect())
    assert error.message.key == "camera_invalid_address"
    assert error.message.placeholders == {"address": f"camera/{'x' * 193}"}


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("camera", [443, 80]),
        (" Camera ", [443, 80]),
        ("\ufeff\u00a0Camera\u200b\r\n", [443, 80]),
        ("camera/", [443, 80]),
        ("camera.", [443, 80]),
        ("axis-accc8ef3d92e.local", [443, 80]),
        ("kamera_über.example", [443, 80]),
        ("camera:8080", [8080, 8080]),
        ("http://camera", [80]),
        ("HTTPS://camera/", [443]),
        ("https://camera:8443", [8443]),
    ],
)
async def test_address(closed_port: int, typed: str, asked: list[int]) -> None:
    """Where no scheme is said, HTTPS is tried first, and HTTP where nobody listens to that."""

    class Anybody(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            self.ports[host, port] = closed_port
            return await super().resolve(host, port, family)

    names = Anybody({})
    connector = aiohttp.TCPConnector(resolver=names, use_dns_cache=False)
    async with aiohttp.ClientSession(connector=connector) as session:
        camera = CameraWeb(session, typed, "root", PASSWORD, trust_certificate=False)
        error = await failure(camera.connect())
    assert error.message.key == "camera_unreachable"
    assert error.message.placeholders == {"address": typed.strip("\ufeff\u00a0\u200b\r\n ")}
    assert [port for _, port in names.asked] == asked


@pytest.mark.parametrize("typed", ["::1", "[::1]", "http://[::1]/", "fe80::1%lo"])
async def test_ipv6_address(typed: str) -> None:
    """An IPv6 address is one, with brackets and without."""
    tried: list[tuple[str, int]] = []

    def refuse(address: Any) -> socket.socket:
        tried.append(address[4][:2])
        raise ConnectionRefusedError(111, "refused")

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=refuse)) as session:
        camera = CameraWeb(session, typed, "root", PASSWORD, trust_certificate=False)
        assert (await failure(camera.connect())).message.key == "camera_unreachable"
    host = typed.removeprefix("http://").strip("[]/")
    assert tried == [(host, port) for port in ([80] if "http" in typed else [443, 80])]


async def test_finds_plain_http(session: aiohttp.ClientSession, device: Device) -> None:
    """A camera that speaks plain HTTP where HTTPS could be is found, too."""
    camera = CameraWeb(session, device.address, "root", PASSWORD, trust_certificate=False)
    assert await camera.connect() == DEVICE
    assert camera.certificate_verified is None


async def test_finds_plain_http_on_its_own_port(closed_port: int, device: Device) -> None:
    """Nobody listens to HTTPS; HTTP answers."""
    names = Names({("camera", 443): closed_port, ("camera", 80): int(device.address.rpartition(":")[2])})
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=names)) as session:
        camera = CameraWeb(session, "camera", "root", PASSWORD, trust_certificate=False)
        assert await camera.connect() == DEVICE


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x00" * 100])
async def test_what_isnt_tls(session: aiohttp.ClientSession, answer: bytes) -> None:
    """Whatever isn't TLS is asked for HTTP next, which is what the sentence is about then."""
    async with raw(answer) as address:
        camera = CameraWeb(session, address, "root", PASSWORD, trust_certificate=False)
        error = await failure(camera.connect())
        assert error.message.key in {"camera_refused", "camera_unreachable", "camera_not_axis"}
        assert camera.certificate_verified is None
        # But not if HTTPS was asked for.
        camera = CameraWeb(session, f"https://{address}", "root", PASSWORD, trust_certificate=True)
        assert (await failure(camera.connect())).message.key == "camera_unreachable"


async def test_tls_that_cant_be_agreed_on(session: aiohttp.ClientSession) -> None:
    """Who speaks TLS but nothing that is safe isn't asked without it."""
    # A fatal alert: protocol_version.
    async with raw(b"\x15\x03\x03\x00\x02\x02\x46") as address:
        camera = CameraWeb(session, address, "root", PASSWORD, trust_certificate=True)
        assert (await failure(camera.connect())).message.key == "camera_unreachable"
        assert camera.certificate_verified is True


# Certificates


async def test_certificate_of_nobody(session: aiohttp.ClientSession) -> None:
    """A certificate that nobody vouches for ends it: no request, and no HTTP instead."""
    async with Device(https=True) as device:
        for address in (device.url, device.address):
            camera = CameraWeb(session, address, "root", PASSWORD, trust_certificate=False)
            error = await failure(camera.connect())
            assert error.message.key == "camera_certificate"
            assert error.message.placeholders == {"address": address, "reason": "self-signed certificate"}
    assert not device.requests


async def test_trusted_certificate(session: aiohttp.ClientSession, pem: str) -> None:
    """It can be trusted all the same, which is known afterwards."""
    async with Device(https=True) as device:
        camera = CameraWeb(session, device.address, "root", PASSWORD, trust_certificate=True)
        assert await camera.connect() == DEVICE
        assert camera.certificate_verified is False
        assert await camera.install_authority(pem) is True


@pytest.mark.parametrize("trust", [False, True])
async def test_verified_certificate(trust: bool) -> None:
    """One that is good is verified, also by who would have trusted any."""
    async with Device(https=True) as device:
        context = ssl.create_default_context(cadata=device.certificate)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            camera = CameraWeb(session, device.address, "root", PASSWORD, trust_certificate=trust)
            assert await camera.connect() == DEVICE
            assert camera.certificate_verified is True


async def test_certificate_of_another() -> None:
    """A good certificate of somebody else isn't the camera's."""
    async with Device(https=True) as device:
        names = Names({("camera", 443): int(device.address.rpartition(":")[2])})
        context = ssl.create_default_context(cadata=device.certificate)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, resolver=names)) as session:
            error = await failure(CameraWeb(session, "camera", "root", PASSWORD, trust_certificate=False).connect())
    assert error.message.key == "camera_certificate"
    assert "not valid for 'camera'" in error.message.placeholders["reason"]
    assert not device.requests


async def test_https_that_goes_away(closed_port: int, device: Device) -> None:
    """Who was told the password over HTTPS isn't told it over HTTP when that ends in the middle."""
    name = f"axis-{device.serial}.local"

    class Leading(Names):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            # The first connection is closed when it has been told that this way of asking doesn't exist.
            if self.asked:
                self.ports[name, 443] = closed_port
            return await super().resolve(host, port, family)

    async with Device(https=True, authentication=("Basic",)) as safe:
        safe.replies[INFO] = Reply(404, headers={"Connection": "close"})
        ports = {443: int(safe.address.rpartition(":")[2]), 80: int(device.address.rpartition(":")[2])}
        names = Leading({(name, port): to for port, to in ports.items()})
        context = ssl.create_default_context(cadata=safe.certificate)
        connector = aiohttp.TCPConnector(resolver=names, use_dns_cache=False, ssl=context)
        async with aiohttp.ClientSession(connector=connector) as session:
            camera = CameraWeb(session, name, "root", PASSWORD, trust_certificate=True)
            error = await failure(camera.connect())
    assert error.message.key == "camera_unreachable"
    assert [bool(request.authorization) for request in safe.requests] == [False, True]
    assert not device.requests


# Nobody there


async def test_refused(session: aiohttp.ClientSession, closed_port: int) -> None:
    """Nobody listens."""
    address = f"127.0.0.1:{closed_port}"
    error = await failure(CameraWeb(session, address, "root", PASSWORD, trust_certificate=True).connect())
    assert error.message.key == "camera_unreachable"
    assert error.message.placeholders == {"address": address}


async def test_unknown_name() -> None:
    """Nobody has this name; that doesn't change with HTTP."""
    names = Names({})
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=names)) as session:
        error = await failure(CameraWeb(session, "camera", "root", PASSWORD, trust_certificate=False).connect())
    assert error.message.key == "camera_unreachable"
    assert names.asked == [("camera", 443)]


async def test_hangs_up(session: aiohttp.ClientSession) -> None:
    """The camera closes the connection instead of answering."""
    async with raw(b"") as address:
        error = await failure(CameraWeb(session, f"http://{address}", "root", "x", trust_certificate=True).connect())
    assert error.message.key == "camera_unreachable"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_slow(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """Who doesn't answer in time isn't waited for, whatever there is to wait for."""
    monkeypatch.setattr(vapix, "SECONDS", 0.2)
    async with Device(https=scheme == "https") as device:
        device.delay = 20
        camera = CameraWeb(session, device.url, "root", PASSWORD, trust_certificate=True)
        error = await failure(camera.connect())
        assert error.message.key == "camera_timeout"
        assert error.message.placeholders == {"address": device.url}
    # Nor one that answers a little, or nothing to TLS, after which HTTP isn't tried.
    for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"):
        async with raw(answer, hang=True) as address:
            camera = CameraWeb(session, f"{scheme}://{address}", "root", PASSWORD, trust_certificate=True)
            assert (await failure(camera.connect())).message.key in {"camera_timeout"} | (
                {"camera_unreachable"} if scheme == "https" and answer else set()
            )


async def test_cancelled(web_of: Callable[[Device], CameraWeb], device: Device) -> None:
    """Who doesn't want to know any more is let go."""
    device.delay = 20
    task = asyncio.create_task(web_of(device).connect())
    await asyncio.sleep(0.1)
    assert device.requests
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# No camera


def _info(**properties: Any) -> bytes:
    known = {"SerialNumber": "ACCC8EF3D92E", "ProdFullName": "AXIS P8815-2", "Version": "11.11.148"}
    return json.dumps({"apiVersion": "1.3", "data": {"propertyList": known | properties}}).encode()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Welcome</html>", "text/html"),
        Reply(200, b""),
        Reply(200, b"\xff\xfe\xfd"),
        Reply(200, b"\xef\xbb\xbf{}"),
        Reply(200, b"null"),
        Reply(200, b"[]"),
        Reply(200, b"NaN"),
        Reply(200, b'"text"'),
        Reply(200, b"[" * 200_000),
        Reply(200, b'{"a":' * 100_000),
        Reply(200, b'{"data": ' + b"9" * 5000 + b"}"),
        Reply(200, b"{}"),
        Reply(200, b'{"data": NaN}'),
        Reply(200, b'{"data": []}'),
        Reply(200, b'{"data": {"propertyList": "x"}}'),
        Reply(200, b'{"error": null, "data": {"propertyList": {}}}'),
        Reply(200, _info(SerialNumber=None)),
        Reply(200, _info(SerialNumber=123456789012)),
        Reply(200, _info(SerialNumber="ACCC8EF3D92")),
        Reply(200, _info(SerialNumber="ACCC8EF3D92G")),
        Reply(200, _info(SerialNumber="accc8ef3d92e\n")),
        Reply(200, _info(SerialNumber="١٢٣٤٥٦٧٨٩٠١٢")),
        Reply(200, _info() + b" " * vapix.MAX_ANSWER),
        Reply(404, b"<html>Not Found</html>", "text/html"),
        Reply(405),
        Reply(501),
        Reply(300),
        Reply(301, headers={"Location": "/elsewhere"}),
        Reply(302),
        Reply(304),
        Reply(307, _info(), headers={"Location": "//x@[/"}),
    ],
)
async def test_not_a_camera(web_of: Callable[[Device], CameraWeb], device: Device, reply: Reply) -> None:
    """Other web servers are told apart from cameras, whatever they answer."""
    device.everywhere = reply
    error = await failure(web_of(device).connect())
    assert error.message.key == "camera_not_axis"
    assert error.message.placeholders == {"address": device.url}


async def test_redirect(web_of: Callable[[Device], CameraWeb], device: Device) -> None:
    """Nobody follows; nobody tells who they are there."""
    async with Device() as other:
        for status in (301, 302, 303, 307, 308):
            device.replies[INFO] = Reply(status, headers={"Location": f"{other.url}{INFO}"})
            assert (await failure(web_of(device).connect())).message.key == "camera_not_axis"
        assert not other.requests


HEAD = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(b" " * 50_000_000)


@pytest.mark.parametrize(
    ("answer", "endless", "keys"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n", b"", {"camera_not_axis"}),
        (b"\x00" * 1000, b"", {"camera_not_axis"}),
        (HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n", b"", {"camera_not_axis"}),
        (HEAD, b"X-Other: x\r\n" * 1000, {"camera_not_axis"}),
        (HEAD + b"\r\n", b"x" * 65536, {"camera_not_axis"}),
        (HEAD + b"Content-Length: 100\r\n\r\n{}", b"", {"camera_not_axis"}),
        (HEAD + b"Content-Length: -1\r\n\r\n{}", b"", {"camera_not_axis"}),
        (HEAD + b"Content-Length: x\r\n\r\n{}", b"", {"camera_not_axis"}),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", b"", {"camera_not_axis"}),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}", b"", {"camera_not_axis"}),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", b"", {"camera_not_axis"}),
        (HEAD + b"Content-Encoding: br\r\nContent-Length: 4\r\n\r\nnope", b"", {"camera_not_axis"}),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB, b"", {"camera_not_axis"}),
        (HEAD + b"Set-Cookie: \xff\xff;;;=\r\nContent-Length: 2\r\n\r\n{}", b"", {"camera_not_axis"}),
        (HEAD + b"Content-Type: \xff/;charset=nonsense\r\nContent-Length: 2\r\n\r\n{}", b"", {"camera_not_axis"}),
        (b"HTTP/1.1 999 \xff\r\nContent-Length: 2\r\n\r\n{}", b"", {"camera_refused", "camera_not_axis"}),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"", {"camera_not_axis", "camera_unreachable", "camera_refused"}),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"", {"camera_unreachable"}),
        (b"HTTP/1.1 401 x\r\nWWW-Authenticate: Digest realm=x, nonce=y\r\n\r\n", b"x" * 65536, {"camera_credentials"}),
    ],
)
async def test_hostile(session: aiohttp.ClientSession, answer: bytes, endless: bytes, keys: set[str]) -> None:
    """Nothing a stranger sends does more than end in a sentence."""
    async with raw(answer, endless=endless) as address:
        camera = CameraWeb(session, f"http://{address}", "root", PASSWORD, trust_certificate=True)
        assert (await failure(camera.connect())).message.key in keys


# Refusals


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(200, b'{"error": {"code": "2003", "message": "Try  again\\n later"}}'), "Try again later"),
        (Reply(200, b'{"error": {"code": 2003}}'), "HTTP 200"),
        (Reply(200, b'{"error": "text"}'), "HTTP 200"),
        (Reply(200, b'{"error": {"message": ["a"]}}'), "HTTP 200"),
        (Reply(200, b'{"error": {"message": " "}}'), "HTTP 200"),
        (Reply(200, b'{"status": "error"}'), "HTTP 200"),
        (Reply(400, b"<html>", "text/html"), "HTTP 400"),
        (Reply(500, b"\xff"), "HTTP 500"),
        (Reply(503, b'{"error": {"message": "Starting"}}'), "Starting"),
        (
            Reply(200, json.dumps({"error": {"message": "a\ud800\u202eb\x1b" + "c" * 5000}}).encode()),
            "a b " + "c" * 196,
        ),
    ],
)
async def test_refused_with_a_reason(
    web_of: Callable[[Device], CameraWeb], device: Device, reply: Reply, reason: str
) -> None:
    """What the camera has against it is said, in one line that isn't too long."""
    device.replies[INFO] = reply
    error = await failure(web_of(device).connect())
    assert error.message.key == "camera_refused"
    assert error.message.placeholders == {"address": device.url, "reason": reason}


@pytest.mark.parametrize("refusal", [403, 401])
async def test_not_an_administrator(
    web_of: Callable[[Device], CameraWeb], device: Device, pem: str, refusal: int
) -> None:
    """Who may look but not change anything is told so, also by cameras that ask for somebody else with 401."""
    device.administrator, device.refusal = False, refusal
    camera = web_of(device)
    assert await camera.connect() == DEVICE
    assert (await failure(camera.install_authority(pem))).message.key == "camera_forbidden"
    for counter in (THREE_D, TWO_D):
        device.counter = counter
        assert (await failure(camera.set_protocol_version())).message.key == "camera_forbidden"
    assert device.authorities == {}


async def test_blocked(web_of: Callable[[Device], CameraWeb], device: Device) -> None:
    """Who is refused before anybody has signed in has to wait, and nothing more is asked."""
    camera = web_of(device)
    device.everywhere = Reply(403)
    error = await failure(camera.connect())
    assert error.message.key == "camera_blocked"
    assert error.message.placeholders == {"address": device.url}
    assert len(device.requests) == 1
    device.everywhere = None
    assert await camera.connect() == DEVICE


async def test_forbidden(web_of: Callable[[Device], CameraWeb], device: Device) -> None:
    """Who may not even look is told so, too."""
    device.replies[INFO] = Reply(403)
    assert (await failure(web_of(device).connect())).message.key == "camera_forbidden"


# Identity


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"SerialNumber": "AC:CC:8E:F3:D9:2E"}, ("accc8ef3d92e", "AXIS P8815-2", "11.11.148")),
        ({"ProdFullName": None, "Version": 12}, ("accc8ef3d92e", "", "")),
        ({"ProdFullName": " A\nB ", "Version": "1" * 999}, ("accc8ef3d92e", "A B", "1" * 255)),
    ],
)
async def test_identity(
    web_of: Callable[[Device], CameraWeb], device: Device, properties: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    """A serial number is needed; the rest is for people, as far as it is text."""
    device.replies[INFO] = Reply(200, _info(**properties))
    assert await web_of(device).connect() == expected


@pytest.mark.parametrize("https", [False, True])
async def test_old_camera(web_of: Callable[[Device], CameraWeb], https: bool) -> None:
    """AXIS OS before 8.40 says who it is in its parameters."""
    async with Device(basic_device_info=False, https=https, version="6.50") as device:
        assert await web_of(device).connect() == DEVICE._replace(version="6.50")


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b"Brand.ProdFullName=A = \xff\r\nProperties.System.SerialNumber=00408C182227\r\n",
            ("00408c182227", "A = �", ""),
        ),
        (
            b"# Error: Error -1 getting param in group 'x'\nroot.Properties.System.SerialNumber=00408C182227",
            ("00408c182227", "", ""),
        ),
    ],
)
async def test_parameters(
    web_of: Callable[[Device], CameraWeb],
    device: Device,
    status: int,
    body: bytes,
    expected: tuple[str, str, str],
) -> None:
    """Parameters are read with `root.` and without, as far as they are there."""
    device.replies = {INFO: Reply(status), PARAMETERS: Reply(200, body, "text/plain")}
    assert await web_of(device).connect() == expected


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        (Reply(200, b"<html>\n=\n</html>", "text/html"), "camera_not_axis"),
        (Reply(200, b"# Error: Error -1 getting param in group 'x'", "text/plain"), "camera_not_axis"),
        (Reply(200, b"root.Properties.System.SerialNumber=x", "text/plain"), "camera_not_axis"),
        (Reply(404), "camera_not_axis"),
        (Reply(503, b"root.Properties.System.SerialNumber=00408C182227"), "camera_refused"),
    ],
)
async def test_no_parameters(web_of: Callable[[Device], CameraWeb], device: Device, reply: Reply, key: str) -> None:
    """Who can't say it in either way isn't a camera."""
    device.replies = {INFO: Reply(404), PARAMETERS: reply}
    assert (await failure(web_of(device).connect())).message.key == key


# Authorities


async def test_install_authority(web_of: Callable[[Device], CameraWeb], device: Device, pem: str) -> None:
    """It is installed once, under a name by which people know it."""
    device.authorities["Another CA"] = _authority()[0]
    camera = web_of(device)
    await camera.connect()
    assert await camera.install_authority(pem) is True
    fingerprint = sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()[:8]
    assert device.authorities == {"Another CA": ANY, f"Home Assistant people counter {fingerprint}": pem}
    assert await camera.install_authority(pem) is False
    assert await camera.install_authority(_authority()[0]) is True
    assert len(device.authorities) == 3


@pytest.mark.parametrize(
    "written",
    [
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.strip(),
        lambda pem: f"Subject: Shop CA\n{pem}\n",
        lambda pem: f"{_authority()[0]}{pem}",
        lambda pem: "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----".format("".join(pem.split("\n")[1:-2])),
    ],
)
async def test_authority_written_differently(
    web_of: Callable[[Device], CameraWeb], device: Device, pem: str, written: Callable[[str], str]
) -> None:
    """What counts is the certificate, and not how a camera writes it down or calls it."""
    device.authorities["Installed by hand"] = written(pem)
    camera = web_of(device)
    await camera.connect()
    assert await camera.install_authority(pem) is False
    assert list(device.authorities) == ["Installed by hand"]


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        "text",
        [],
        {},
        {"alias": "x", "certificate": None},
        {"alias": "x", "certificate": float("nan")},
        {"alias": "x", "certificate": ""},
        {"alias": "x", "certificate": "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----"},
        {"alias": "x", "certificate": "-----BEGIN CERTIFICATE-----\n=\n-----END CERTIFICATE-----"},
        {"alias": "x", "certificate": "-----BEGIN CERTIFICATE-----" * 10000},
    ],
)
async def test_odd_authorities(web_of: Callable[[Device], CameraWeb], device: Device, pem: str, item: Any) -> None:
    """What a camera lists besides is no reason not to find it, or not to go on without."""
    camera = web_of(device)
    await camera.connect()
    listed = {"status": "success", "data": [item, {"certificate": pem}]}
    device.replies[AUTHORITIES] = Reply(200, json.dumps(listed).encode())
    assert await camera.install_authority(pem) is False
    listed["data"] = [item]
    device.replies[AUTHORITIES] = Reply(200, json.dumps(listed).encode())
    assert await camera.install_authority(pem) is True


@pytest.mark.parametrize(
    ("reply", "key", "reason"),
    [
        (Reply(404), "camera_no_certificates_api", None),
        (Reply(405), "camera_no_certificates_api", None),
        (Reply(200, b"<html>"), "camera_not_axis", None),
        (Reply(200, b"{}"), "camera_not_axis", None),
        (Reply(200, b'{"status": "success", "data": {}}'), "camera_not_axis", None),
        (Reply(301), "camera_not_axis", None),
        (Reply(200, b'{"status": "error", "error": {"code": 7, "message": "No"}}'), "camera_refused", "No"),
        (Reply(500, b'{"status": "error", "error": {"code": 7, "message": "No"}}'), "camera_refused", "No"),
    ],
)
async def test_authorities_refused(
    web_of: Callable[[Device], CameraWeb], device: Device, pem: str, reply: Reply, key: str, reason: str | None
) -> None:
    """A camera that can't list them says so."""
    camera = web_of(device)
    await camera.connect()
    device.replies[AUTHORITIES] = reply
    error = await failure(camera.install_authority(pem))
    assert error.message.key == key
    assert error.message.placeholders.get("reason") == reason


async def test_no_certificates_api(web_of: Callable[[Device], CameraWeb], pem: str) -> None:
    """AXIS OS before 11.11 has no such thing."""
    async with Device(certificates_api=False) as device:
        camera = web_of(device)
        await camera.connect()
        error = await failure(camera.install_authority(pem))
    assert error.message.key == "camera_no_certificates_api"
    assert error.message.placeholders == {"address": device.url}


@pytest.mark.parametrize(
    ("status", "body", "key", "reason"),
    [
        (200, {"status": "success"}, None, None),
        (201, {"status": "success"}, None, None),
        (404, {}, "camera_no_certificates_api", None),
        (405, {}, "camera_no_certificates_api", None),
        (200, {"status": "error"}, "camera_refused", "HTTP 200"),
        (400, {"status": "error", "error": {"message": "Full"}}, "camera_refused", "Full"),
        (200, [], "camera_not_axis", None),
    ],
)
async def test_installation_refused(
    session: aiohttp.ClientSession, pem: str, status: int, body: Any, key: str | None, reason: str | None
) -> None:
    """A camera that lists them but doesn't take any says so."""

    async def answer(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"status": "success", "data": []})
        if request.path == INFO:
            return web.Response(body=_info())
        return web.json_response(body, status=status)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application, host="127.0.0.1") as server:
        camera = CameraWeb(session, str(server.make_url("/")), "root", PASSWORD, trust_certificate=False)
        await camera.connect()
        if key is None:
            assert await camera.install_authority(pem) is True
            return
        error = await failure(camera.install_authority(pem))
    assert error.message.key == key
    assert error.message.placeholders.get("reason") == reason


async def test_camera_pushes_to_who_was_installed(
    web_of: Callable[[Device], CameraWeb], device: Device, tmp_path: Path
) -> None:
    """A camera that took the authority pushes to the server it vouches for, and to none before."""
    authority, certificate, authority_key = _authority()
    key = ec.generate_private_key(ec.SECP256R1())
    server_certificate = (
        _builder("127.0.0.1", "Shop CA", key, ca=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    assert certificate.subject == server_certificate.issuer
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + server_certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)

    async def thank(request: web.Request) -> web.Response:
        return web.Response()

    application = web.Application()
    application.router.add_post("/push", thank)
    server = TestServer(application, host="127.0.0.1")
    await server.start_server(ssl=context)
    try:
        assert not (await _camera(str(server.make_url("/push"))).test_connection()).delivered
        connection = web_of(device)
        await connection.connect()
        await connection.install_authority(authority)
        trusted = device.write_authorities(tmp_path / "trusted.pem")
        assert (await _camera(str(server.make_url("/push")), ca_file=trusted).test_connection()).delivered
    finally:
        await server.close()


def _camera(url: str, ca_file: Path | None = None) -> Camera:
    zone = ZoneInfo("Europe/Stockholm")
    return Camera(
        Visits("shop", zone),
        url,
        "secret",
        serial="accc8ef3d92e",
        name="Main entrance",
        installed=datetime.now(UTC),
        ca_file=ca_file,
    )


# Protocol version


@pytest.mark.parametrize(
    ("model", "counter"), [(THREE_D, CountingApplication.THREE_D), (TWO_D, CountingApplication.TWO_D)]
)
async def test_set_protocol_version(
    web_of: Callable[[Device], CameraWeb], model: Any, counter: CountingApplication
) -> None:
    """The camera pushes what can be read from then on."""
    pushing = _camera("http://127.0.0.1:1/push")
    pushing.faults.protocol_version = "0.3"
    async with Device(counter=model, faults=pushing.faults) as device:
        camera = web_of(device)
        await camera.connect()
        assert json.loads(pushing.body())["apiVersion"] == "0.3"
        assert await camera.set_protocol_version() is counter
        assert json.loads(pushing.body())["apiVersion"] == "0.4"
        assert await camera.set_protocol_version() is counter
    assert all(PASSWORD not in request.path for request in device.requests)
    # What is asked says what it is, and that the answer shouldn't be one that becomes large only here.
    assert {(request.content_type, request.accept_encoding) for request in device.requests if request.body} == {
        ("application/json", "identity")
    }


async def test_no_counter(web_of: Callable[[Device], CameraWeb]) -> None:
    """A camera that doesn't count people says so."""
    faults = Faults(protocol_version="0.3")
    async with Device(counter=None, faults=faults) as device:
        camera = web_of(device)
        await camera.connect()
        error = await failure(camera.set_protocol_version())
    assert error.message.key == "camera_no_counter"
    assert error.message.placeholders == {"address": device.url}
    assert faults.protocol_version == "0.3"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(200, b"nonsense"), CountingApplication.THREE_D),
        (Reply(204), CountingApplication.THREE_D),
        (Reply(202, b'{"error": {"message": "not really"}}'), CountingApplication.THREE_D),
        (Reply(405), "camera_no_counter"),
        (Reply(501), "camera_no_counter"),
        (Reply(400, b'{"error": {"message": "Validation failed", "error": []}}'), "Validation failed"),
        (Reply(502, b"<html>"), "HTTP 502"),
        (Reply(302), "camera_not_axis"),
    ],
)
async def test_answers_3d(
    web_of: Callable[[Device], CameraWeb], device: Device, reply: Reply, expected: CountingApplication | str
) -> None:
    """Of the 3D application's answer the status counts."""
    camera = web_of(device)
    await camera.connect()
    device.replies[SETTINGS] = reply
    if isinstance(expected, CountingApplication):
        assert await camera.set_protocol_version() is expected
        return
    error = await failure(camera.set_protocol_version())
    if expected.startswith("camera_"):
        assert error.message.key == expected
    else:
        assert error.message.key == "camera_refused"
        assert error.message.placeholders["reason"] == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(200, b"OK", "text/plain"), None),
        (Reply(200, b"OK\r\n", "text/plain"), None),
        (Reply(200, b"# Error: Error setting 'x' to 'y'!", "text/plain"), "camera_no_counter"),
        (Reply(400, b"# Error: Error setting 'x' to 'y'!", "text/plain"), "camera_no_counter"),
        (Reply(404), "camera_no_counter"),
        (Reply(500, b"OK"), "camera_refused"),
        (Reply(200, b"<html>OK</html>", "text/html"), "camera_not_axis"),
        (Reply(200, b"{}"), "camera_not_axis"),
        (Reply(200, b""), "camera_not_axis"),
        (Reply(200, b"\xff"), "camera_not_axis"),
        (Reply(200, b'{"error": {"message": "No"}}'), "camera_refused"),
    ],
)
async def test_answers_2d(
    web_of: Callable[[Device], CameraWeb], device: Device, reply: Reply, expected: str | None
) -> None:
    """Of the 2D application's answer nothing but "OK" is good."""
    device.counter = TWO_D
    camera = web_of(device)
    await camera.connect()
    device.replies[PARAMETERS] = reply
    if expected is None:
        assert await camera.set_protocol_version() is CountingApplication.TWO_D
    else:
        assert (await failure(camera.set_protocol_version())).message.key == expected


# The simulated camera itself


async def test_simulated_digest(session: aiohttp.ClientSession, device: Device) -> None:
    """It believes nobody who says the same twice, or who changes a word of it."""

    def hashed(*parts: str) -> str:
        return md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    async def status(**changed: str) -> int:
        async with session.get(f"{device.url}{PARAMETERS}?action=list&group=Brand") as response:
            challenge = response.headers["WWW-Authenticate"]
        said = dict(part.split("=", 1) for part in challenge.removeprefix("Digest ").split(", "))
        nonce = said["nonce"].strip('"')
        realm = said["realm"].strip('"')
        uri = f"{PARAMETERS}?action=list&group=Brand"
        digest = hashed(hashed("root", realm, PASSWORD), nonce, "00000001", "x", "auth", hashed("GET", uri))
        parts = {
            "username": '"root"',
            "realm": f'"{realm}"',
            "nonce": f'"{nonce}"',
            "uri": f'"{uri}"',
            "opaque": said["opaque"],
            "algorithm": "MD5",
            "qop": "auth",
            "nc": "00000001",
            "cnonce": '"x"',
            "response": f'"{digest}"',
        } | changed
        header = "Digest " + ", ".join(f"{name}={value}" for name, value in parts.items())
        statuses = []
        for _ in range(2):
            async with session.get(f"{device.url}{uri}", headers={"Authorization": header}) as response:
                statuses.append(response.status)
        assert statuses[1] == 401
        return statuses[0]

    assert await status() == 200
    for name, value in {
        "username": '"admin"',
        "realm": '"x"',
        "uri": '"/"',
        "opaque": '"x"',
        "algorithm": "SHA-256",
        "qop": "auth-int",
        "nc": "1",
        "cnonce": '""',
        "response": '""',
    }.items():
        assert await status(**{name: value}) == 401


async def test_simulated_refusals(session: aiohttp.ClientSession, pem: str) -> None:
    """It takes only what a camera would take."""
    async with Device(authentication=()) as device:

        async def asked(method: str, path: str, body: object = None) -> tuple[int, str]:
            async with session.request(method, device.url + path, data=json.dumps(body)) as response:
                return response.status, await response.text()

        wrong: list[object] = [
            None,
            [],
            {"alias": "x"},
            {"alias": "", "certificate": pem},
            {"alias": "x" * 129, "certificate": pem},
            {"alias": "x", "certificate": "text"},
        ]
        for data in wrong:
            status, text = await asked("POST", AUTHORITIES, {"data": data})
            assert status == 400
            assert '"status": "error"' in text
        assert (await asked("POST", AUTHORITIES, {"data": {"alias": "x", "certificate": pem}}))[0] == 201
        assert (await asked("POST", AUTHORITIES, {"data": {"alias": "x", "certificate": pem}}))[0] == 400
        assert (await asked("DELETE", AUTHORITIES))[0] == 405
        for body in (None, {}, {"push_protocol_version": 4}, {"push_protocol_version": "0.4"}):
            assert (await asked("PATCH", SETTINGS, body))[0] == 400
        for method, body in (("GET", None), ("POST", None), ("POST", {"method": "x"})):
            assert '"error"' in (await asked(method, INFO, body))[1]
        assert "must be specified" in (await asked("GET", PARAMETERS))[1]
        assert (await asked("GET", f"{PARAMETERS}?action=list&group=root.Brand"))[
            1
        ] == f"root.Brand.ProdFullName={device.name}\n"
        assert (await asked("GET", "/elsewhere"))[0] == 404
        assert device.faults.protocol_version == "0.4"

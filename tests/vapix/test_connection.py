"""Finding a camera: addresses, HTTPS or HTTP, certificates, and no answer."""

import asyncio
from collections.abc import Callable
import socket
import ssl
from typing import Any

import aiohttp
from aiohttp.abc import ResolveResult
import pytest

from custom_components.axis_people_counter.connecting import vapix
from custom_components.axis_people_counter.connecting.camera_errors import UnverifiedCertificateError
from custom_components.axis_people_counter.connecting.vapix import CameraWeb, Connection

from ..helpers.vapix import DEVICE, INFO, FakeResolver, accepted, failure, raw_server
from ..simulator import Device, Reply
from ..simulator.device import PASSWORD

pytestmark = pytest.mark.usefixtures("socket_enabled")


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
    """Reject text that isn't an address, without a request."""
    camera = CameraWeb(session, address, "root", PASSWORD)
    error = await failure(camera.connect())
    assert error.message.key == "camera_invalid_address"
    assert list(error.message.placeholders) == ["address"]


@pytest.mark.parametrize("before", ["http://root:", "root:", "https://root:x@y"])
async def test_password_in_the_address(session: aiohttp.ClientSession, before: str) -> None:
    """Reject credentials in an address, and don't show them."""
    camera = CameraWeb(session, f"{before}{PASSWORD}@camera/{'x' * 500}", "root", PASSWORD)
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
    """Try HTTPS, then HTTP if nothing listens, unless the address has a scheme."""

    class Anybody(FakeResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            self.ports[host, port] = closed_port
            return await super().resolve(host, port, family)

    names = Anybody({})
    connector = aiohttp.TCPConnector(resolver=names, use_dns_cache=False)
    async with aiohttp.ClientSession(connector=connector) as session:
        camera = CameraWeb(session, typed, "root", PASSWORD)
        error = await failure(camera.connect())
    assert error.message.key == "camera_unreachable"
    assert error.message.placeholders == {"address": typed.strip("\ufeff\u00a0\u200b\r\n ")}
    assert [port for _, port in names.asked] == asked


@pytest.mark.parametrize("typed", ["::1", "[::1]", "http://[::1]/", "fe80::1%lo"])
async def test_ipv6_address(typed: str) -> None:
    """Accept an IPv6 address with brackets and without."""
    tried: list[tuple[str, int]] = []

    def refuse(address: Any) -> socket.socket:
        tried.append(address[4][:2])
        raise ConnectionRefusedError(111, "refused")

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=refuse)) as session:
        camera = CameraWeb(session, typed, "root", PASSWORD)
        assert (await failure(camera.connect())).message.key == "camera_unreachable"
    host = typed.removeprefix("http://").strip("[]/")
    assert tried == [(host, port) for port in ([80] if "http" in typed else [443, 80])]


async def test_finds_plain_http(session: aiohttp.ClientSession, device: Device) -> None:
    """Find a camera that speaks HTTP on the port that was tried with HTTPS."""
    camera = CameraWeb(session, device.address, "root", PASSWORD)
    assert await camera.connect() == DEVICE
    assert camera.certificate_verified is None


async def test_http_port(closed_port: int, device: Device) -> None:
    """Find a camera on the HTTP port if nothing listens on the HTTPS port."""
    names = FakeResolver({("camera", 443): closed_port, ("camera", 80): int(device.address.rpartition(":")[2])})
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=names)) as session:
        camera = CameraWeb(session, "camera", "root", PASSWORD)
        assert await camera.connect() == DEVICE


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x00" * 100])
async def test_not_tls(session: aiohttp.ClientSession, answer: bytes) -> None:
    """Try HTTP if the answer isn't TLS, unless HTTPS was asked for."""
    async with raw_server(answer) as address:
        camera = CameraWeb(session, address, "root", PASSWORD)
        error = await failure(camera.connect())
        assert error.message.key in {"camera_refused", "camera_unreachable", "camera_not_axis"}
        assert camera.certificate_verified is None
        # HTTP isn't tried if the address says HTTPS.
        camera = CameraWeb(session, f"https://{address}", "root", PASSWORD)
        assert (await failure(camera.connect())).message.key == "camera_unreachable"


async def test_unsafe_tls(session: aiohttp.ClientSession) -> None:
    """Don't try HTTP if a server speaks only unsafe TLS."""
    # A fatal alert: protocol_version.
    async with raw_server(b"\x15\x03\x03\x00\x02\x02\x46") as address:
        camera = CameraWeb(session, address, "root", PASSWORD)
        assert (await failure(camera.connect())).message.key == "camera_unreachable"
        assert camera.certificate_verified is True


async def test_untrusted_certificate(session: aiohttp.ClientSession) -> None:
    """Send no request, and don't try HTTP, if the certificate isn't trusted."""
    async with Device(https=True) as device:
        for address in (device.url, device.address):
            camera = CameraWeb(session, address, "root", PASSWORD)
            error = await failure(camera.connect())
            assert error.message.key == "camera_certificate"
            assert isinstance(error, UnverifiedCertificateError)
            assert error.message.placeholders == {"address": address}
            assert error.reason.key == "certificate_self_signed"
    assert not device.requests


async def test_certificate_accepted_by_the_user(session: aiohttp.ClientSession, pem: str) -> None:
    """Return the fingerprint of an untrusted certificate; connect if it is accepted, and report it as not verified."""
    async with Device(https=True) as device:
        error = await failure(CameraWeb(session, device.address, "root", PASSWORD).connect())
        assert isinstance(error, UnverifiedCertificateError)
        known = Connection("https", error.fingerprint)
        assert known == accepted(device)
        camera = CameraWeb(session, device.address, "root", PASSWORD, known=known)
        assert await camera.connect() == DEVICE
        assert camera.certificate_verified is False
        assert await camera.install_authority(pem) is True


async def test_verified_certificate() -> None:
    """Verify a valid certificate."""
    async with Device(https=True) as device:
        context = ssl.create_default_context(cadata=device.certificate)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            camera = CameraWeb(session, device.address, "root", PASSWORD)
            assert await camera.connect() == DEVICE
            assert camera.certificate_verified is True


async def test_certificate_for_another_name() -> None:
    """Reject a trusted certificate for another name."""
    async with Device(https=True) as device:
        names = FakeResolver({("camera", 443): int(device.address.rpartition(":")[2])})
        context = ssl.create_default_context(cadata=device.certificate)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, resolver=names)) as session:
            error = await failure(CameraWeb(session, "camera", "root", PASSWORD).connect())
    assert isinstance(error, UnverifiedCertificateError)
    assert error.reason.key == "certificate_other_name"
    assert not device.requests


async def test_no_http_after_https(closed_port: int, device: Device) -> None:
    """Don't send the password over HTTP when HTTPS ends in the middle."""
    name = f"axis-{device.serial}.local"

    class Leading(FakeResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            # The first connection ends with a 404; after that, nothing listens on the HTTPS port.
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
            camera = CameraWeb(session, name, "root", PASSWORD)
            error = await failure(camera.connect())
    assert error.message.key == "camera_unreachable"
    assert [bool(request.authorization) for request in safe.requests] == [False, True]
    assert not device.requests


async def test_refused(session: aiohttp.ClientSession, closed_port: int) -> None:
    """Report a port on which nothing listens."""
    address = f"127.0.0.1:{closed_port}"
    error = await failure(CameraWeb(session, address, "root", PASSWORD).connect())
    assert error.message.key == "camera_unreachable"
    assert error.message.placeholders == {"address": address}


async def test_unknown_name() -> None:
    """Report an unknown name without trying HTTP."""
    names = FakeResolver({})
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=names)) as session:
        error = await failure(CameraWeb(session, "camera", "root", PASSWORD).connect())
    assert error.message.key == "camera_unreachable"
    assert names.asked == [("camera", 443)]


async def test_hangs_up(session: aiohttp.ClientSession) -> None:
    """Report a server that closes the connection without an answer."""
    async with raw_server(b"") as address:
        error = await failure(CameraWeb(session, f"http://{address}", "root", "x").connect())
    assert error.message.key == "camera_unreachable"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_slow(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """Report a timeout, at whatever point the server stops to answer."""
    monkeypatch.setattr(vapix, "SECONDS", 0.2)
    async with Device(https=scheme == "https") as device:
        device.delay = 20
        camera = CameraWeb(session, device.url, "root", PASSWORD, known=accepted(device))
        error = await failure(camera.connect())
        assert error.message.key == "camera_timeout"
        assert error.message.placeholders == {"address": device.url}
    # A server that begins an answer, or never answers to TLS; HTTP isn't tried after that.
    for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"):
        async with raw_server(answer, hang=True) as address:
            camera = CameraWeb(session, f"{scheme}://{address}", "root", PASSWORD)
            assert (await failure(camera.connect())).message.key in {"camera_timeout"} | (
                {"camera_unreachable"} if scheme == "https" and answer else set()
            )


async def test_cancelled(camera_web: Callable[[Device], CameraWeb], device: Device) -> None:
    """Stop a request when it is cancelled."""
    device.delay = 20
    task = asyncio.create_task(camera_web(device).connect())
    await asyncio.sleep(0.1)
    assert device.requests
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

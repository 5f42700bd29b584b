"""Answers of cameras and of other servers: who it is, and why a request was refused."""

from collections.abc import Callable
import gzip
import json
from typing import Any

import aiohttp
import pytest

from custom_components.axis_people_counter.connecting import vapix
from custom_components.axis_people_counter.connecting.vapix import CameraWeb

from ..helpers.vapix import DEVICE, INFO, PARAMETERS, device_info, failure, raw_server
from ..simulator import THREE_D, TWO_D, Device, Reply
from ..simulator.device import PASSWORD

pytestmark = pytest.mark.usefixtures("socket_enabled")


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
        Reply(200, device_info(SerialNumber=None)),
        Reply(200, device_info(SerialNumber=123456789012)),
        Reply(200, device_info(SerialNumber="ACCC8EF3D92")),
        Reply(200, device_info(SerialNumber="ACCC8EF3D92G")),
        Reply(200, device_info(SerialNumber="accc8ef3d92e\n")),
        Reply(200, device_info(SerialNumber="١٢٣٤٥٦٧٨٩٠١٢")),
        Reply(200, device_info() + b" " * vapix.MAX_RESPONSE_BYTES),
        Reply(404, b"<html>Not Found</html>", "text/html"),
        Reply(405),
        Reply(501),
        Reply(300),
        Reply(301, headers={"Location": "/elsewhere"}),
        Reply(302),
        Reply(304),
        Reply(307, device_info(), headers={"Location": "//x@[/"}),
    ],
)
async def test_not_a_camera(camera_web: Callable[[Device], CameraWeb], device: Device, reply: Reply) -> None:
    """Report an answer that isn't a camera's."""
    device.everywhere = reply
    error = await failure(camera_web(device).connect())
    assert error.message.key == "camera_not_axis"
    assert error.message.placeholders == {"address": device.url}


async def test_redirect(camera_web: Callable[[Device], CameraWeb], device: Device) -> None:
    """Don't follow a redirect."""
    async with Device() as other:
        for status in (301, 302, 303, 307, 308):
            device.replies[INFO] = Reply(status, headers={"Location": f"{other.url}{INFO}"})
            assert (await failure(camera_web(device).connect())).message.key == "camera_not_axis"
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
    """Report an error for hostile answers, and nothing worse."""
    async with raw_server(answer, endless=endless) as address:
        camera = CameraWeb(session, f"http://{address}", "root", PASSWORD)
        assert (await failure(camera.connect())).message.key in keys


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
    camera_web: Callable[[Device], CameraWeb], device: Device, reply: Reply, reason: str
) -> None:
    """Report the camera's own reason in one line of limited length."""
    device.replies[INFO] = reply
    error = await failure(camera_web(device).connect())
    assert error.message.key == "camera_refused"
    assert error.message.placeholders == {"address": device.url, "reason": reason}


@pytest.mark.parametrize("refusal", [403, 401])
async def test_not_an_administrator(
    camera_web: Callable[[Device], CameraWeb], device: Device, pem: str, refusal: int
) -> None:
    """Report a lack of rights, whether the camera answers 403 or 401."""
    device.administrator, device.refusal = False, refusal
    camera = camera_web(device)
    assert await camera.connect() == DEVICE
    assert (await failure(camera.install_authority(pem))).message.key == "camera_forbidden"
    for counter in (THREE_D, TWO_D):
        device.counter = counter
        assert (await failure(camera.set_protocol_version())).message.key == "camera_forbidden"
    assert device.authorities == {}


async def test_blocked(camera_web: Callable[[Device], CameraWeb], device: Device) -> None:
    """Report a 403 before the login as a blocked address, and send no further request."""
    camera = camera_web(device)
    device.everywhere = Reply(403)
    error = await failure(camera.connect())
    assert error.message.key == "camera_blocked"
    assert error.message.placeholders == {"address": device.url}
    assert len(device.requests) == 1
    device.everywhere = None
    assert await camera.connect() == DEVICE


async def test_forbidden(camera_web: Callable[[Device], CameraWeb], device: Device) -> None:
    """Report a 403 after the login as a lack of rights."""
    device.replies[INFO] = Reply(403)
    assert (await failure(camera_web(device).connect())).message.key == "camera_forbidden"


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"SerialNumber": "AC:CC:8E:F3:D9:2E"}, ("accc8ef3d92e", "AXIS P8815-2", "11.11.148")),
        ({"ProdFullName": None, "Version": 12}, ("accc8ef3d92e", "", "")),
        ({"ProdFullName": " A\nB ", "Version": "1" * 999}, ("accc8ef3d92e", "A B", "1" * 255)),
    ],
)
async def test_identity(
    camera_web: Callable[[Device], CameraWeb],
    device: Device,
    properties: dict[str, Any],
    expected: tuple[str, str, str],
) -> None:
    """Require a serial number; accept an absent model or version."""
    device.replies[INFO] = Reply(200, device_info(**properties))
    assert await camera_web(device).connect() == expected


@pytest.mark.parametrize("https", [False, True])
async def test_old_camera(camera_web: Callable[[Device], CameraWeb], https: bool) -> None:
    """Identify a camera with AXIS OS before 8.40 by its parameters."""
    async with Device(basic_device_info=False, https=https, version="6.50") as device:
        assert await camera_web(device).connect() == DEVICE._replace(version="6.50")


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
    camera_web: Callable[[Device], CameraWeb],
    device: Device,
    status: int,
    body: bytes,
    expected: tuple[str, str, str],
) -> None:
    """Read parameters with `root.` and without, as far as they are there."""
    device.replies = {INFO: Reply(status), PARAMETERS: Reply(200, body, "text/plain")}
    assert await camera_web(device).connect() == expected


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
async def test_no_parameters(camera_web: Callable[[Device], CameraWeb], device: Device, reply: Reply, key: str) -> None:
    """Report that it isn't a camera if the parameters have no serial number."""
    device.replies = {INFO: Reply(404), PARAMETERS: reply}
    assert (await failure(camera_web(device).connect())).message.key == key

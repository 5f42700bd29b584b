"""Setting up a camera: the authority's certificate and the protocol version."""

from collections.abc import Callable
from hashlib import sha256
from ipaddress import ip_address
import json
from pathlib import Path
import ssl
from typing import Any
from unittest.mock import ANY

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from custom_components.axis_people_counter.connecting.vapix import CameraWeb, CountingApplication

from ..helpers.vapix import (
    AUTHORITIES,
    INFO,
    PARAMETERS,
    SETTINGS,
    certificate_builder,
    device_info,
    failure,
    new_authority,
    pushing_camera,
)
from ..simulator import THREE_D, TWO_D, Device, Faults, Reply
from ..simulator.device import PASSWORD

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_install_authority(camera_web: Callable[[Device], CameraWeb], device: Device, pem: str) -> None:
    """Install an authority once, under a name with its fingerprint."""
    device.authorities["Another CA"] = new_authority()[0]
    camera = camera_web(device)
    await camera.connect()
    assert await camera.install_authority(pem) is True
    fingerprint = sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()[:8]
    assert device.authorities == {"Another CA": ANY, f"Home Assistant people counter {fingerprint}": pem}
    assert await camera.install_authority(pem) is False
    assert await camera.install_authority(new_authority()[0]) is True
    assert len(device.authorities) == 3


@pytest.mark.parametrize(
    "written",
    [
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.strip(),
        lambda pem: f"Subject: Shop CA\n{pem}\n",
        lambda pem: f"{new_authority()[0]}{pem}",
        lambda pem: "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----".format("".join(pem.split("\n")[1:-2])),
    ],
)
async def test_authority_written_differently(
    camera_web: Callable[[Device], CameraWeb], device: Device, pem: str, written: Callable[[str], str]
) -> None:
    """Recognize the certificate in another layout and under another alias."""
    device.authorities["Installed by hand"] = written(pem)
    camera = camera_web(device)
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
async def test_odd_authorities(camera_web: Callable[[Device], CameraWeb], device: Device, pem: str, item: Any) -> None:
    """Skip odd items in the camera's list of authorities."""
    camera = camera_web(device)
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
    camera_web: Callable[[Device], CameraWeb], device: Device, pem: str, reply: Reply, key: str, reason: str | None
) -> None:
    """Report why a camera doesn't list its authorities."""
    camera = camera_web(device)
    await camera.connect()
    device.replies[AUTHORITIES] = reply
    error = await failure(camera.install_authority(pem))
    assert error.message.key == key
    assert error.message.placeholders.get("reason") == reason


async def test_no_certificates_api(camera_web: Callable[[Device], CameraWeb], pem: str) -> None:
    """Report that AXIS OS before 11.11 has no API for certificates."""
    async with Device(certificates_api=False) as device:
        camera = camera_web(device)
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
    """Report why a camera doesn't install the authority."""

    async def answer(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"status": "success", "data": []})
        if request.path == INFO:
            return web.Response(body=device_info())
        return web.json_response(body, status=status)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(application, host="127.0.0.1") as server:
        camera = CameraWeb(session, str(server.make_url("/")), "root", PASSWORD)
        await camera.connect()
        if key is None:
            assert await camera.install_authority(pem) is True
            return
        error = await failure(camera.install_authority(pem))
    assert error.message.key == key
    assert error.message.placeholders.get("reason") == reason


async def test_camera_trusts_the_installed_authority(
    camera_web: Callable[[Device], CameraWeb], device: Device, tmp_path: Path
) -> None:
    """Let a camera push to a server of the installed authority, not before."""
    authority, certificate, authority_key = new_authority()
    key = ec.generate_private_key(ec.SECP256R1())
    server_certificate = (
        certificate_builder("127.0.0.1", "Shop CA", key, ca=False)
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
        assert not (await pushing_camera(str(server.make_url("/push"))).test_connection()).delivered
        connection = camera_web(device)
        await connection.connect()
        await connection.install_authority(authority)
        trusted = device.write_authorities(tmp_path / "trusted.pem")
        assert (await pushing_camera(str(server.make_url("/push")), ca_file=trusted).test_connection()).delivered
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("model", "counter"), [(THREE_D, CountingApplication.THREE_D), (TWO_D, CountingApplication.TWO_D)]
)
async def test_set_protocol_version(
    camera_web: Callable[[Device], CameraWeb], model: Any, counter: CountingApplication
) -> None:
    """Set the protocol version, and return the application that has it."""
    pushing = pushing_camera("http://127.0.0.1:1/push")
    pushing.faults.protocol_version = "0.3"
    async with Device(counter=model, faults=pushing.faults) as device:
        camera = camera_web(device)
        await camera.connect()
        assert json.loads(pushing.body())["apiVersion"] == "0.3"
        assert await camera.set_protocol_version() is counter
        assert json.loads(pushing.body())["apiVersion"] == "0.4"
        assert await camera.set_protocol_version() is counter
    assert all(PASSWORD not in request.path for request in device.requests)
    # Requests have a content type, and ask for an answer that isn't compressed.
    assert {(request.content_type, request.accept_encoding) for request in device.requests if request.body} == {
        ("application/json", "identity")
    }


async def test_no_counting_application(camera_web: Callable[[Device], CameraWeb]) -> None:
    """Report a camera without an application that counts people."""
    faults = Faults(protocol_version="0.3")
    async with Device(counter=None, faults=faults) as device:
        camera = camera_web(device)
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
    camera_web: Callable[[Device], CameraWeb], device: Device, reply: Reply, expected: CountingApplication | str
) -> None:
    """Decide by the status of the 3D application's answer."""
    camera = camera_web(device)
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
    camera_web: Callable[[Device], CameraWeb], device: Device, reply: Reply, expected: str | None
) -> None:
    """Accept only OK as the answer of the 2D application."""
    device.counter = TWO_D
    camera = camera_web(device)
    await camera.connect()
    device.replies[PARAMETERS] = reply
    if expected is None:
        assert await camera.set_protocol_version() is CountingApplication.TWO_D
    else:
        assert (await failure(camera.set_protocol_version())).message.key == expected

"""Signing in to a camera: which scheme is used, and where the password goes."""

from collections.abc import Callable
from hashlib import md5
import json
import re

import aiohttp
import pytest

from custom_components.axis_people_counter.connecting.vapix import CameraWeb, CountingApplication

from ..helpers.vapix import DEVICE, INFO, accepted, failure
from ..simulator import Device, Reply
from ..simulator.device import PASSWORD

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize("authentication", [("MD5",), ("SHA-256",), ("SHA-256", "MD5"), ("MD5", "Basic"), ()])
async def test_identify(camera_web: Callable[[Device], CameraWeb], authentication: tuple[str, ...]) -> None:
    """Return the camera's identity; send no credentials before they are asked for."""
    async with Device(authentication=authentication) as device:
        camera = camera_web(device)
        assert await camera.connect() == DEVICE
        assert camera.certificate_verified is None
    first, *others = device.requests
    assert first.authorization is None
    assert json.loads(first.body) == {"apiVersion": "1.0", "method": "getAllProperties"}
    assert all(request.authorization is None or request.authorization.startswith("Digest ") for request in others)
    assert device.rejected == 0


async def test_basic_over_https(camera_web: Callable[[Device], CameraWeb]) -> None:
    """Send the password itself over HTTPS, as AXIS OS 12 wants it."""
    async with Device(authentication=("Basic",), https=True) as device:
        assert await camera_web(device).connect() == DEVICE
    assert [bool(request.authorization) for request in device.requests] == [False, True]


async def test_digest_before_basic(camera_web: Callable[[Device], CameraWeb]) -> None:
    """Use digest where both schemes are offered."""
    async with Device(authentication=("MD5", "Basic"), https=True) as device:
        assert await camera_web(device).connect() == DEVICE
    assert all("Basic" not in (request.authorization or "") for request in device.requests)


# Layouts of challenges in headers.
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
    camera_web: Callable[[Device], CameraWeb], authentication: tuple[str, ...], strongest: str, layout: str, https: bool
) -> None:
    """Use the strongest scheme, in whatever order and layout it is offered."""
    async with Device(authentication=authentication, https=https) as device:
        device.lay_out = LAYOUTS[layout]
        assert await camera_web(device).connect() == DEVICE
    assert device.rejected == 0
    (authorization,) = {request.authorization for request in device.requests} - {None}
    assert authorization
    assert authorization.startswith("Digest ")
    assert f"algorithm={strongest}" in authorization


async def test_digest_without_qop(camera_web: Callable[[Device], CameraWeb]) -> None:
    """Answer a challenge without qop as in RFC 2069."""
    async with Device(authentication=('Basic realm="x"', 'Digest realm="x", nonce="y"')) as device:
        assert (await failure(camera_web(device).connect())).message.key == "camera_credentials"

    def hashed(*parts: str) -> str:
        return md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    expected = hashed(hashed("root", "x", PASSWORD), "y", hashed("POST", INFO))
    (authorization,) = {request.authorization for request in device.requests} - {None}
    assert authorization
    assert f'response="{expected}"' in authorization


async def test_weaker_scheme_later(camera_web: Callable[[Device], CameraWeb]) -> None:
    """Don't send the password to a camera that asks for basic after digest."""
    async with Device(authentication=("MD5", "Basic"), https=True) as device:
        camera = camera_web(device)
        await camera.connect()
        device.authentication = ("Basic",)
        assert (await failure(camera.set_protocol_version())).message.key == "camera_forbidden"
    assert not any("Basic" in (request.authorization or "") for request in device.requests)


@pytest.mark.parametrize(
    "authentication", [("Basic",), ("Basic", 'Digest realm="x", nonce="y", algorithm=SHA-3, qop="auth"')]
)
async def test_password_in_clear(camera_web: Callable[[Device], CameraWeb], authentication: tuple[str, ...]) -> None:
    """Never send the password itself over plain HTTP."""
    async with Device(authentication=authentication) as device:
        error = await failure(camera_web(device).connect())
    assert error.message.key == "camera_password_in_clear"
    assert error.message.placeholders == {"address": device.url}
    assert [request.authorization for request in device.requests] == [None]


@pytest.mark.parametrize(("authentication", "https"), [(("MD5",), False), (("Basic",), True)])
async def test_wrong_password(
    camera_web: Callable[[Device], CameraWeb], authentication: tuple[str, ...], https: bool
) -> None:
    """Try a wrong password once only, because cameras block whoever guesses."""
    async with Device(authentication=authentication, https=https, password=PASSWORD.upper()) as device:
        error = await failure(camera_web(device).connect())
    assert error.message.key == "camera_credentials"
    assert device.rejected == 1


@pytest.mark.parametrize(("authentication", "https"), [(("MD5",), False), (("Basic",), True)])
@pytest.mark.parametrize("username", ["root:x", "root\r\nX-Other: 1", "\ud800", "ro\x00ot"])
async def test_impossible_username(
    session: aiohttp.ClientSession, authentication: tuple[str, ...], https: bool, username: str
) -> None:
    """Send no request with a username that can't be in a header."""
    async with Device(authentication=authentication, https=https) as device:
        camera = CameraWeb(session, device.url, username, PASSWORD, known=accepted(device))
        error = await failure(camera.connect())
    assert error.message.key == "camera_credentials"
    assert [request.authorization for request in device.requests] == [None]


@pytest.mark.parametrize("https", [False, True])
async def test_impossible_password(session: aiohttp.ClientSession, https: bool) -> None:
    """Treat a password that can't be encoded in UTF-8 as wrong."""
    async with Device(authentication=("Basic" if https else "MD5",), https=https) as device:
        camera = CameraWeb(session, device.url, "root", "\ud800", known=accepted(device))
        assert (await failure(camera.connect())).message.key == "camera_credentials"


async def test_other_username(session: aiohttp.ClientSession) -> None:
    """Sign in with unusual characters in the username."""
    for authentication, https in (("SHA-256", False), ("Basic", True)):
        async with Device(authentication=(authentication,), https=https, username='Åsa "the admin" \\o/') as device:
            camera = CameraWeb(session, device.url, device.username, PASSWORD, known=accepted(device))
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
        "Digest realm=" + '"\\' * 3000,
    ],
)
async def test_odd_challenge(camera_web: Callable[[Device], CameraWeb], challenge: str) -> None:
    """Send no credentials if no challenge can be answered."""
    async with Device(authentication=(challenge,)) as device:
        error = await failure(camera_web(device).connect())
    assert error.message.key in {"camera_not_axis", "camera_credentials"}
    assert not any(request.authorization for request in device.requests)


async def test_401_without_challenge(camera_web: Callable[[Device], CameraWeb]) -> None:
    """Report that it isn't a camera after a 401 without a challenge."""
    async with Device() as device:
        device.everywhere = Reply(401)
        assert (await failure(camera_web(device).connect())).message.key == "camera_not_axis"


async def test_challenge_names_another_host(camera_web: Callable[[Device], CameraWeb], device: Device) -> None:
    """Send no credentials to another host that a challenge names."""
    async with Device() as other:
        device.authentication = (f'Digest realm="x", nonce="y", qop="auth", domain="{other.url}/"',)
        assert (await failure(camera_web(device).connect())).message.key == "camera_credentials"
        assert not other.requests


async def test_camera_forgets_its_nonces(camera_web: Callable[[Device], CameraWeb], device: Device, pem: str) -> None:
    """Answer a new challenge after the camera forgot its nonces."""
    camera = camera_web(device)
    await camera.connect()
    device.forget_nonces()
    assert await camera.install_authority(pem) is True
    assert await camera.set_protocol_version() is CountingApplication.THREE_D
    assert device.rejected == 1
    # After the login every request has credentials.
    assert device.requests[-1].authorization is not None
    assert device.requests[-2].authorization is not None


async def test_connect_again(camera_web: Callable[[Device], CameraWeb], device: Device) -> None:
    """Keep nothing of a failed attempt to connect."""
    camera = camera_web(device)
    device.authentication = ("Basic",)
    assert (await failure(camera.connect())).message.key == "camera_password_in_clear"
    device.authentication = ("MD5",)
    assert await camera.connect() == DEVICE
    device.password = "changed"
    assert (await failure(camera.connect())).message.key == "camera_credentials"


async def test_login_after_the_identity(camera_web: Callable[[Device], CameraWeb], device: Device) -> None:
    """Report a wrong password when a later request needs it."""
    camera = camera_web(device)
    device.authentication = ()
    assert await camera.connect() == DEVICE
    device.authentication, device.password = ("MD5",), "another"
    assert (await failure(camera.set_protocol_version())).message.key == "camera_credentials"


async def test_repr(session: aiohttp.ClientSession) -> None:
    """Don't show the password in the repr."""
    async with Device(authentication=("Basic",), https=True) as device:
        camera = CameraWeb(session, device.url, "root", PASSWORD, known=accepted(device))
        await camera.connect()
        assert PASSWORD not in repr(camera)

"""A camera that was reached before gets its password only if it is still the same camera, reached in the same way."""

from collections.abc import AsyncIterator
import ssl

import aiohttp
import pytest

from custom_components.axis_people_counter.connecting.vapix import CameraWeb, Connection

from ..helpers.vapix import DEVICE, INFO, accepted, device_info, failure
from ..simulator import Device, Reply
from ..simulator.device import PASSWORD

pytestmark = pytest.mark.usefixtures("socket_enabled")

OTHER = "accc8e000001"


@pytest.fixture
async def other() -> AsyncIterator[Device]:
    """Return another camera, which asks for the password itself."""
    async with Device(https=True, authentication=("Basic",), serial=OTHER) as device:
        yield device


def known_web(session: aiohttp.ClientSession, device: Device, known: Connection | None) -> CameraWeb:
    """Return a camera that was reached before."""
    return CameraWeb(session, device.address, "root", PASSWORD, known=known)


def authorizations(device: Device) -> list[str]:
    """Return the credentials that were sent to a camera."""
    return [request.authorization for request in device.requests if request.authorization]


async def test_accepted_certificate(session: aiohttp.ClientSession) -> None:
    """Keep the fingerprint of the certificate that a person accepts, and connect with it again."""
    async with Device(https=True, authentication=("Basic",)) as device:
        camera = known_web(session, device, accepted(device))
        await camera.connect()
        assert camera.connection == accepted(device)
        camera = known_web(session, device, camera.connection)
        assert await camera.connect(DEVICE.serial) == DEVICE
        assert camera.connection == accepted(device)
        assert camera.certificate_verified is False


async def test_verified_certificate(session: aiohttp.ClientSession, other: Device) -> None:
    """Accept nothing later than the verified certificate of the first time."""
    async with Device(https=True) as device:
        context = ssl.create_default_context(cadata=device.certificate)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as trusting:
            camera = known_web(trusting, device, None)
            await camera.connect()
            assert camera.connection == Connection("https", None)
            assert await known_web(trusting, device, camera.connection).connect(DEVICE.serial) == DEVICE
    error = await failure(known_web(session, other, camera.connection).connect(DEVICE.serial))
    assert error.message.key == "camera_certificate"
    assert not other.requests


async def test_another_certificate(session: aiohttp.ClientSession, other: Device) -> None:
    """Send nothing to a server with another certificate, not even a question without a password."""
    async with Device(https=True) as device:
        known = accepted(device)
    error = await failure(known_web(session, other, known).connect(DEVICE.serial))
    assert error.message.key == "camera_other_certificate"
    assert not other.requests


async def test_https_camera_over_http(session: aiohttp.ClientSession, device: Device) -> None:
    """Never ask a camera over HTTP that was reached over HTTPS."""
    error = await failure(known_web(session, device, Connection("https", None)).connect(DEVICE.serial))
    assert error.message.key == "camera_unreachable"
    assert not device.requests


@pytest.mark.parametrize("https", [False, True])
async def test_another_camera(session: aiohttp.ClientSession, https: bool) -> None:
    """Send no password to a camera that says without a login that it is another one."""
    async with Device(https=https, serial=OTHER) as device:
        known = accepted(device) if https else Connection("http", None)
        error = await failure(known_web(session, device, known).connect(DEVICE.serial))
        assert error.message.key == "camera_other"
        assert error.message.placeholders == {"address": device.address, "serial": OTHER, "wanted": DEVICE.serial}
        assert not authorizations(device)


async def test_camera_that_says_nothing_without_a_login(session: aiohttp.ClientSession) -> None:
    """Compare the serial number of an older camera after the login."""
    async with Device(basic_device_info=False) as device:
        assert await known_web(session, device, Connection("http", None)).connect(DEVICE.serial) == DEVICE
        device.serial = OTHER
        error = await failure(known_web(session, device, Connection("http", None)).connect(DEVICE.serial))
        assert error.message.key == "camera_other"


async def test_serial_numbers_that_differ(session: aiohttp.ClientSession, device: Device) -> None:
    """Compare the serial number also after the login."""
    device.replies[INFO] = Reply(200, device_info(SerialNumber=OTHER))
    error = await failure(known_web(session, device, None).connect(DEVICE.serial))
    assert error.message.key == "camera_other"
    assert authorizations(device)


async def test_blocked_address(session: aiohttp.ClientSession, device: Device) -> None:
    """Report a camera that blocks this address before the login."""
    device.everywhere = Reply(403)
    error = await failure(known_web(session, device, None).connect(DEVICE.serial))
    assert error.message.key == "camera_blocked"

"""A camera that is asked again and again is signed in to once, and once more if it has forgotten that."""

from datetime import UTC

import aiohttp
import pytest

from custom_components.axis_people_counter.connecting.counting_api import CountingApi
from custom_components.axis_people_counter.connecting.vapix import CameraWeb

from ..helpers.asked_cameras import asked_camera
from ..helpers.pusher import SERIAL
from ..helpers.vapix import accepted, failure
from ..simulator import Device, Reply

pytestmark = pytest.mark.usefixtures("socket_enabled")

LIVE = "/a3dpc/api/occupancy"


async def signed_in(session: aiohttp.ClientSession, device: Device) -> tuple[CameraWeb, CountingApi]:
    """Return the application of a camera after the sign-in."""
    known = accepted(device) if device.https else None
    web = CameraWeb(session, device.address, device.username, device.password, known=known)
    await web.connect(SERIAL)
    return web, await CountingApi.find(web, SERIAL)


async def ask(api: CountingApi, device: Device, times: int = 1) -> list[bool]:
    """Ask for live counts; return for each request whether it had credentials."""
    device.requests.clear()
    for _ in range(times):
        await api.live(UTC)
    return [request.authorization is not None for request in device.requests]


@pytest.mark.parametrize(("https", "authentication"), [(False, ("MD5",)), (False, ("SHA-256",)), (True, ("Basic",))])
async def test_one_sign_in(session: aiohttp.ClientSession, https: bool, authentication: tuple[str, ...]) -> None:
    """Send one request for each question, with the credentials."""
    async with asked_camera(https=https, authentication=authentication) as device:
        _, api = await signed_in(session, device)
        assert await ask(api, device, 5) == [True] * 5
        assert not device.rejected


async def test_nonce_expires(session: aiohttp.ClientSession) -> None:
    """Answer the new challenge of the same camera at once."""
    async with asked_camera() as device:
        _, api = await signed_in(session, device)
        device.forget_nonces()
        assert await ask(api, device) == [True, True]
        assert await ask(api, device) == [True]


@pytest.mark.parametrize("status", [401, 403])
async def test_sign_in_is_refused_once(session: aiohttp.ClientSession, status: int) -> None:
    """Sign in anew after one refusal, which may be of a camera that was just switched on."""
    async with asked_camera() as device:
        _, api = await signed_in(session, device)
        device.refuse_once = status
        # Refused; the serial number; the identity, with credentials after the challenge; the question.
        assert await ask(api, device) == [True, False, False, False, True, True]


@pytest.mark.parametrize(("https", "authentication"), [(False, "MD5"), (True, "Basic")])
async def test_password_is_changed(session: aiohttp.ClientSession, https: bool, authentication: str) -> None:
    """Try the password once more in a new sign-in, and not again."""
    async with asked_camera(https=https, authentication=(authentication,)) as device:
        web, api = await signed_in(session, device)
        device.password = "changed"
        error = await failure(ask(api, device))
        assert (error.message.key, web.password_rejected) == ("camera_credentials", True)
        assert device.rejected == 2


async def test_right_is_missing(session: aiohttp.ClientSession) -> None:
    """Report that the user may not ask for the counts, also where the camera answers 401 to that."""
    async with asked_camera() as device:
        web, api = await signed_in(session, device)
        for status in (401, 403):
            device.replies[LIVE] = Reply(status)
            error = await failure(ask(api, device))
            assert (error.message.key, web.password_rejected) == ("camera_forbidden", status == 401)


async def test_another_camera_has_come(session: aiohttp.ClientSession) -> None:
    """Don't answer the challenge of another camera, even if it claims that only the nonce has expired."""
    async with asked_camera() as device:
        _, api = await signed_in(session, device)
        device.serial = "accc8e000001"
        device.lay_out = lambda texts: [f"{text}, stale=true" for text in texts]
        assert (await failure(ask(api, device))).message.key == "camera_other"
        first, *others = [request.authorization for request in device.requests]
        assert first
        assert f"AXIS_{SERIAL.upper()}" in first
        assert others == [None]

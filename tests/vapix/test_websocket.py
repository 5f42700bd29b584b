"""A WebSocket is opened with the certificate and the login of all requests, which an attempt doesn't change."""

from collections.abc import Callable

import aiohttp
import pytest

from custom_components.axis_people_counter.connecting import vapix
from custom_components.axis_people_counter.connecting.vapix import CameraWeb

from ..helpers.vapix import FakeResolver, accepted, failure
from ..simulator import Device, EventStream, Reply
from ..simulator.event_stream import PATH

pytestmark = pytest.mark.usefixtures("socket_enabled")

URL = f"{PATH}?sources=events"
MAX_BYTES = 1000


async def connected(web: CameraWeb, device: Device) -> CameraWeb:
    """Return the web server of a camera after the sign-in, with no request recorded."""
    device.events = EventStream()
    await web.connect(device.serial)
    device.requests.clear()
    return web


def port_of(device: Device) -> int:
    """Return the port of a camera."""
    return int(device.address.rpartition(":")[2])


async def test_wrong_password(device: Device, camera_web: Callable[[Device], CameraWeb]) -> None:
    """Send the password once, and keep the login of other requests."""
    web = await connected(camera_web(device), device)
    device.replies[PATH] = Reply(401)
    assert (await failure(web.open_websocket(URL, MAX_BYTES))).message.key == "camera_forbidden"
    assert [request.authorization is not None for request in device.requests] == [False, False, True]
    assert not web.password_rejected
    device.requests.clear()
    assert (await web.get("/absent", MAX_BYTES)).status == 404
    assert len(device.requests) == 1


async def test_redirect(device: Device, camera_web: Callable[[Device], CameraWeb]) -> None:
    """Send nothing to another host."""
    web = await connected(camera_web(device), device)
    async with Device() as other:
        device.replies[PATH] = Reply(307, headers={"Location": f"{other.url}{URL}"})
        assert (await failure(web.open_websocket(URL, MAX_BYTES))).message.key == "camera_not_axis"
        assert not other.requests


async def test_password_in_clear(device: Device, camera_web: Callable[[Device], CameraWeb]) -> None:
    """Send no password over plain HTTP."""
    web = await connected(camera_web(device), device)
    device.authentication = ("Basic",)
    assert (await failure(web.open_websocket(URL, MAX_BYTES))).message.key == "camera_password_in_clear"
    assert [request.authorization for request in device.requests] == [None]


async def test_other_certificate(socket_enabled: None) -> None:
    """Send nothing to another camera that has got the address."""
    async with Device(https=True) as device, Device(https=True) as other:
        name = ("camera.test", 443)
        resolver = FakeResolver({name: port_of(device)})
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:
            web = CameraWeb(session, f"https://{name[0]}", device.username, device.password, known=accepted(device))
            await connected(web, device)
            socket, _ = await web.open_websocket(URL, MAX_BYTES)
            await socket.close()
            resolver.ports[name] = port_of(other)
            error = await failure(web.open_websocket(URL, MAX_BYTES))
    assert error.message.key == "camera_other_certificate"
    assert not other.requests


async def test_large_message(device: Device, camera_web: Callable[[Device], CameraWeb]) -> None:
    """Read no message that is larger than allowed."""
    web = await connected(camera_web(device), device)
    assert device.events
    device.events.texts = ["x" * (MAX_BYTES - 1), "x" * (MAX_BYTES + 1)]
    socket, _ = await web.open_websocket(URL, MAX_BYTES)
    await socket.send_json({"params": {"eventFilterList": []}})
    types = [(await socket.receive()).type for _ in range(3)]
    await socket.close()
    assert types == [aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.ERROR]


async def test_silent_camera(
    device: Device, camera_web: Callable[[Device], CameraWeb], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop waiting for an answer."""
    web = await connected(camera_web(device), device)
    monkeypatch.setattr(vapix, "SECONDS", 0.1)
    device.delay = 5
    assert (await failure(web.open_websocket(URL, MAX_BYTES))).message.key == "camera_timeout"

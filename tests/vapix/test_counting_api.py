"""The counting application of a camera is found and asked, with errors that a person understands."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from custom_components.axis_people_counter.connecting.counting_api import MAX_EXPORT_BYTES, CountingApi
from custom_components.axis_people_counter.connecting.vapix import CameraWeb, CountingApplication

from ..helpers.vapix import failure
from ..simulator import THREE_D, TWO_D, Camera, CountingApi as SimulatedApi, Device, Model, Reply, Visits
from ..simulator.counting_api import NAMES_2D

pytestmark = pytest.mark.usefixtures("socket_enabled")

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOON = datetime(2021, 4, 13, 10, 30, 24, tzinfo=UTC)
SERIAL = "accc8ef3d92e"
YESTERDAY = date(2021, 4, 12)


def counting(model: Model) -> SimulatedApi:
    """Return the simulated counting application of a camera in a shop."""
    return SimulatedApi(
        Camera(
            Visits("shop", STOCKHOLM),
            "http://127.0.0.1",
            None,
            serial="accc8ef3d92e",
            name="Door",
            model=model,
            installed=NOON - timedelta(days=3),
            clock=lambda: NOON,
        )
    )


async def found(camera_web: Callable[[Device], CameraWeb], device: Device) -> CountingApi:
    """Return the application of a camera."""
    web = camera_web(device)
    await web.connect()
    return await CountingApi.find(web, SERIAL)


@pytest.mark.parametrize("authentication", [("MD5",), ("Basic", "SHA-256"), ()], ids=str)
@pytest.mark.parametrize("model", [THREE_D, TWO_D], ids=["3d", "2d"])
async def test_counts_of_a_camera(
    camera_web: Callable[[Device], CameraWeb], model: Model, authentication: tuple[str, ...]
) -> None:
    """Read live counts and yesterday's counts of both kinds of camera."""
    simulated = counting(model)
    async with Device(counting=simulated, authentication=authentication) as device:
        api = await found(camera_web, device)
        assert api.application is (CountingApplication.THREE_D if model is THREE_D else CountingApplication.TWO_D)
        live = await api.live(STOCKHOLM)
        assert live.serial == device.serial
        assert live.at == NOON
        rows = await api.export(YESTERDAY)
        # Nonces expire.
        device.forget_nonces()
        assert await api.export(YESTERDAY) == rows
    midnight = datetime(2021, 4, 11, 22, tzinfo=UTC)
    truth = simulated.camera.counted(midnight, midnight + timedelta(days=1))
    assert sum(row.entered for row in rows) == truth.in_ > 0
    assert [str(rows[0].start), str(rows[-1].end)] == ["2021-04-12 00:00:00", "2021-04-13 00:00:00"]


@pytest.mark.parametrize("name", NAMES_2D)
async def test_names_of_the_2d_application(camera_web: Callable[[Device], CameraWeb], name: str) -> None:
    """Ask older versions of the application by the names that they have."""
    async with Device(counting=counting(TWO_D)) as device:
        for other in NAMES_2D:
            if other != name:
                device.replies[f"/local/{other}/.api"] = Reply(404)
        api = await found(camera_web, device)
        assert len(await api.export(YESTERDAY)) == 96
        assert f"/local/{name}/.api" in device.requests[-1].path


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_3d_application_without_live_counts(camera_web: Callable[[Device], CameraWeb], status: int) -> None:
    """Find the application by its export: the estimation of the occupancy may be switched off."""
    async with Device(counting=counting(THREE_D)) as device:
        device.replies["/a3dpc/api/occupancy"] = Reply(status, b'{"error": {"code": 1200}}')
        api = await found(camera_web, device)
        assert len(await api.export(YESTERDAY)) == 24 * 60
        assert (await failure(api.live(STOCKHOLM))).message.key == "camera_refused"


async def test_no_application(camera_web: Callable[[Device], CameraWeb], device: Device) -> None:
    """A camera without a counting application is told so."""
    web = camera_web(device)
    await web.connect()
    error = await failure(CountingApi.find(web, SERIAL))
    assert error.message.key == "camera_no_counter"


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        (Reply(500), "camera_refused"),
        (Reply(400, b'{"error": {"message": "Validation failed", "errors": []}}'), "camera_refused"),
        (Reply(403), "camera_forbidden"),
        (Reply(200, b"<html>"), "camera_counts_format"),
        (Reply(200, b'{"data": [{"start": "x", "end": "x", "in": 1, "out": 1}]}'), "camera_counts_time"),
        (Reply(200, b'{"data": [' + b" " * MAX_EXPORT_BYTES + b"]}"), "camera_not_axis"),
        (Reply(302, headers={"Location": "/"}), "camera_not_axis"),
    ],
)
async def test_broken_exports(camera_web: Callable[[Device], CameraWeb], reply: Reply, key: str) -> None:
    """An export that isn't one is an error, never a number."""
    async with Device(counting=counting(THREE_D)) as device:
        api = await found(camera_web, device)
        device.replies["/a3dpc/api/export/json"] = reply
        assert (await failure(api.export(YESTERDAY))).message.key == key


@pytest.mark.parametrize("model", [THREE_D, TWO_D], ids=["3d", "2d"])
async def test_counts_of_another_camera(camera_web: Callable[[Device], CameraWeb], model: Model) -> None:
    """Take no counts of a camera with another serial number."""
    simulated = counting(model)
    async with Device(counting=simulated) as device:
        api = await found(camera_web, device)
        simulated.camera.serial = "accc8e000001"
        assert (await failure(api.live(STOCKHOLM))).message.key == "camera_other"
        assert (await failure(found(camera_web, device))).message.key == "camera_other"
        if model is TWO_D:
            assert (await failure(api.export(YESTERDAY))).message.key == "camera_counts_other"


async def test_live_counts_without_a_serial_number(camera_web: Callable[[Device], CameraWeb]) -> None:
    """Take live counts that don't name their camera: who answers was asked before."""
    async with Device(counting=counting(THREE_D)) as device:
        device.replies["/a3dpc/api/occupancy"] = Reply(
            200, b'{"total_in": 1, "total_out": 2, "timestamp": "2021-04-13T12:30:00+02:00"}'
        )
        assert (await (await found(camera_web, device)).live(STOCKHOLM)).exited == 2


@pytest.mark.parametrize("model", [THREE_D, TWO_D], ids=["3d", "2d"])
async def test_live_counts_as_text(camera_web: Callable[[Device], CameraWeb], model: Model) -> None:
    """Read live counts that are written as text with spaces."""
    simulated = counting(model)
    async with Device(counting=simulated) as device:
        api = await found(camera_web, device)
        as_numbers = await api.live(STOCKHOLM)
        simulated.text_counts = True
        as_text = await api.live(STOCKHOLM)
        assert (as_text.entered, as_text.exited) == (as_numbers.entered, as_numbers.exited)


@pytest.mark.parametrize("model", [THREE_D, TWO_D], ids=["3d", "2d"])
async def test_endless_answers(camera_web: Callable[[Device], CameraWeb], model: Model) -> None:
    """Stop to read an answer that never ends."""
    async with Device(counting=counting(model)) as device:
        api = await found(camera_web, device)
        device.replies = dict.fromkeys(
            ["/a3dpc/api/occupancy", "/a3dpc/api/export/json", "/local/tvpc/.api"],
            Reply(200, b" " * 64 * 1024, is_endless=True),
        )
        assert (await failure(api.live(STOCKHOLM))).message.key == "camera_not_axis"
        assert (await failure(api.export(YESTERDAY))).message.key == "camera_not_axis"


async def test_nonce_that_expires(camera_web: Callable[[Device], CameraWeb]) -> None:
    """Sign in again when a nonce has expired, as often as that happens."""
    async with Device(counting=counting(THREE_D)) as device:
        device.nonce_uses = 2
        api = await found(camera_web, device)
        for _ in range(5):
            assert (await api.live(STOCKHOLM)).entered >= 0


async def test_broken_live_counts(camera_web: Callable[[Device], CameraWeb]) -> None:
    """Live counts that aren't numbers are an error."""
    async with Device(counting=counting(THREE_D)) as device:
        api = await found(camera_web, device)
        device.replies["/a3dpc/api/occupancy"] = Reply(
            200, b'{"total_in": null, "timestamp": "2021-04-13T12:30:00+02:00"}'
        )
        assert (await failure(api.live(STOCKHOLM))).message.key == "camera_counts_number"


async def test_blocked_address(session: aiohttp.ClientSession) -> None:
    """A camera that blocks this address for a while isn't a wrong password."""
    async with Device(counting=counting(THREE_D)) as device:
        device.everywhere = Reply(403)
        web = CameraWeb(session, device.url, device.username, device.password)
        assert (await failure(web.connect())).message.key == "camera_blocked"

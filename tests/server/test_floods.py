"""The server in a hostile network: whatever others do to its port, cameras are served, and memory stays bounded."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
import resource
import sys
from time import thread_time

import pytest

from custom_components.axis_people_counter.connecting import connections, server
from custom_components.axis_people_counter.ledger.cameras import MAX_CAMERAS
from homeassistant.core import HomeAssistant

from ..helpers.connections import CAMERA, STRANGER, LastingCamera, connect_many, count_open, deliver
from ..helpers.listener_entry import ListenerEntry, new_camera
from ..simulator import Camera

pytestmark = pytest.mark.usefixtures("socket_enabled")


FLOOD_SECONDS = 2.0


@pytest.fixture
def many_files() -> Iterator[None]:
    """Raise the limit of open files: both ends of all connections are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def memory() -> int:
    """Return the memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("address", [STRANGER, CAMERA])
@pytest.mark.usefixtures("many_files")
async def test_thousand_silent_connections(listener_entry: ListenerEntry, camera: Camera, address: str) -> None:
    """Serve a camera beside a thousand silent connections, even from its own address."""
    before = memory()
    async with connect_many(listener_entry, 1000, tls=False, address=address) as idle:
        assert len(idle) == 1000
        await deliver(camera)
        assert await count_open(idle) <= server.MAX_WAITING
        assert memory() - before < 60 * 1024 * 1024


@asynccontextmanager
async def flooding(listener_entry: ListenerEntry, kind: str, *, address: str, source: str) -> AsyncIterator[Flood]:
    """Flood the port from another process for FLOOD_SECONDS, and measure the event loop meanwhile."""
    # In debug mode the loop logs slow callbacks, which takes longer than they do.
    listener_entry.hass.loop.set_debug(False)
    arguments = (kind, address, str(listener_entry.port), source, str(FLOOD_SECONDS))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.helpers.flood", *arguments),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    found = Flood()
    loop = asyncio.get_running_loop()

    async def watch() -> None:
        while True:
            before, worked_before = loop.time(), thread_time()
            await asyncio.sleep(0.01)
            found.late.append(loop.time() - before - 0.01)
            found.worked.append(thread_time() - worked_before)
            found.files = max(found.files, len(list(Path("/proc/self/fd").iterdir())))

    await asyncio.sleep(0.5)
    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        output, _ = await asyncio.wait_for(process.communicate(), 30)
        watching.cancel()
        found.count = int(output)


@dataclass
class Flood:
    """The result of a flood: its attempts, the most open files, and how late the event loop was."""

    count: int = 0
    files: int = 0
    # Between two turns of a task: how late the second one was, and how long the loop's thread worked.
    late: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)

    def assert_responsive(self) -> None:
        """Assert that the loop was free most of the time; other processes may make it late, but not make it work."""
        assert sorted(self.worked)[len(self.worked) * 9 // 10] < 0.1
        assert sorted(self.late)[len(self.late) // 2] < 0.5


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize(("address", "source"), [(CAMERA, STRANGER), ("::1", "::1")])
@pytest.mark.parametrize("kind", ["connect", "hello"])
# The camera is to come from 127.0.0.1, so its attempts with ::1 are blocked.
@pytest.mark.filterwarnings("ignore:A test tried to use socket")
@pytest.mark.slow
async def test_flood_of_connections(hass: HomeAssistant, tmp_path: Path, kind: str, address: str, source: str) -> None:
    """Keep the event loop responsive, leave files to open, and answer cameras during a flood."""
    listener_entry = ListenerEntry(hass, tmp_path, "localhost")
    await listener_entry.start()
    listener_entry.url = listener_entry.url.replace("localhost", CAMERA)
    camera = new_camera(listener_entry)
    camera.url = camera.url.replace(CAMERA, "localhost")
    assert (await camera.test_connection()).delivered
    async with flooding(listener_entry, kind, address=address, source=source) as flood:
        for _ in range(5):
            assert (await camera.test_connection()).delivered
            await asyncio.sleep(0.2)
    assert flood.count > 20
    flood.assert_responsive()
    assert flood.files < server.MAX_WAITING + 2 * server.MAX_STRANGERS + 100


@pytest.mark.slow
async def test_pace_of_unfinished_handshakes(listener_entry: ListenerEntry) -> None:
    """Count a handshake against its sender even if the client hangs up before the end."""
    async with flooding(listener_entry, "hello", address=CAMERA, source=STRANGER) as flood:
        pass
    assert flood.count < 1.5 * (FLOOD_SECONDS + connections.HANDSHAKE_ADVANCE) / connections.HANDSHAKE_INTERVAL


@pytest.mark.slow
async def test_known_camera_beside_a_flood(
    listener_entry: ListenerEntry, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answer a known camera at once while another host of its network floods the port."""
    monkeypatch.setattr(server, "network_of", lambda _: "all the same network")
    assert (await camera.test_connection()).delivered
    async with flooding(listener_entry, "handshake", address=CAMERA, source=STRANGER):
        for _ in range(5):
            assert (await camera.test_connection()).delivered
    async with flooding(listener_entry, "connect", address=CAMERA, source=STRANGER):
        for _ in range(3):
            assert (await camera.test_connection()).delivered


@pytest.mark.slow
async def test_expect_flood(listener_entry: ListenerEntry, camera: Camera) -> None:
    """Close the connection after a response that bypasses the middleware."""
    async with flooding(listener_entry, "expect", address=CAMERA, source=STRANGER) as flood:
        assert (await camera.test_connection()).delivered
    assert flood.count < 200
    flood.assert_responsive()


@pytest.mark.usefixtures("many_files")
async def test_strangers_reconnecting(
    listener_entry: ListenerEntry, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Close strangers' connections rather than a camera's while strangers reconnect all the time."""
    monkeypatch.setattr(server, "MAX_WAITING", 30)
    stop = asyncio.Event()

    async def come_again() -> None:
        while not stop.is_set():
            async with connect_many(listener_entry, 20, tls=False):
                await asyncio.sleep(0)

    strangers = [asyncio.create_task(come_again()) for _ in range(3)]
    try:
        for _ in range(10):
            assert await is_answered_in_ten_tries(camera)
    finally:
        stop.set()
        await asyncio.gather(*strangers)
    await deliver(camera)


async def is_answered_in_ten_tries(camera: Camera) -> bool:
    """Return True if one of ten tries is answered."""
    for _ in range(10):
        if (await camera.test_connection()).delivered:
            return True
    return False


@pytest.mark.usefixtures("many_files")
@pytest.mark.slow
async def test_all_cameras_at_once(listener_entry: ListenerEntry) -> None:
    """Serve as many cameras as the ledger holds, all from one address, whatever strangers do."""
    listener_entry.hass.loop.set_debug(False)
    assert server.MAX_CAMERA_CONNECTIONS == MAX_CAMERAS
    before = memory()
    cameras = [LastingCamera(listener_entry, number) for number in range(MAX_CAMERAS)]
    async with asyncio.timeout(60):
        await asyncio.gather(*(camera.report() for camera in cameras))
    # Both ends of all connections are in this process, so this is twice what the server needs.
    assert memory() - before < 2 * MAX_CAMERAS * 400_000
    for address in (STRANGER, CAMERA):
        async with (
            connect_many(listener_entry, 2 * server.MAX_WAITING, tls=False, address=address),
            connect_many(listener_entry, 20, tls=True, address=address) as strangers,
        ):
            assert strangers
            async with asyncio.timeout(20):
                await asyncio.gather(*(camera.report() for camera in cameras))
    assert [camera.connected for camera in cameras] == [1] * MAX_CAMERAS
    for camera in cameras:
        camera.switch_off()

"""The server's limits: how many connections there may be, how long they may take, and which of them are closed."""

import asyncio
import socket
from typing import Any

import pytest

from custom_components.axis_people_counter.connecting import connections, server, sockets

from ..helpers.connections import (
    CAMERA,
    HEAD,
    STRANGER,
    LastingCamera,
    connect_many,
    count_open,
    deliver,
    is_closed,
    wait_until_busy,
)
from ..helpers.home_assistant import free_port
from ..helpers.listener_entry import ListenerEntry, new_camera
from ..helpers.pusher import TOKEN
from ..simulator import Camera

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_limit_of_camera_addresses(listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the oldest address of a camera when there are too many."""
    monkeypatch.setattr(server, "MAX_CAMERA_ADDRESSES", 1)
    assert (await new_camera(listener_entry).test_connection()).delivered
    body = new_camera(listener_entry).body()
    async with connect_many(listener_entry, 1, tls=True) as [(reader, writer)]:
        writer.write(HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert (await reader.readline()).split()[1] == b"200"
    assert (await new_camera(listener_entry).test_connection()).delivered


async def test_slow_loris(listener_entry: ListenerEntry, camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close a connection whose headers never end, however steadily they come."""
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.1)
    await listener_entry.restart()
    async with connect_many(listener_entry, 20, tls=True) as slow:
        for _, writer in slow:
            writer.write(HEAD)
        await deliver(camera)
        assert await count_open(slow) == 20
        monkeypatch.setattr(server, "REQUEST_SECONDS", 1.0)
        for _ in range(50):
            for _, writer in slow:
                writer.write(b"X-Slow: 1\r\n")
            if await count_open(slow) == 0:
                break
        assert await count_open(slow) == 0
    assert (await camera.test_connection()).delivered


async def test_endless_handshake(
    listener_entry: ListenerEntry, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Close a connection whose handshake never ends."""
    # The first bytes of a ClientHello.
    beginning = bytes.fromhex("16030102000100")
    async with connect_many(listener_entry, 20, tls=False) as begun:
        for _, writer in begun:
            writer.write(beginning)
        await deliver(camera)
        assert await count_open(begun) == 20
    monkeypatch.setattr(server, "HANDSHAKE_SECONDS", 0.5)
    async with connect_many(listener_entry, 20, tls=False) as begun:
        for _, writer in begun:
            writer.write(beginning)
        assert all(await asyncio.gather(*(is_closed(reader, 9) for reader, _ in begun)))


@pytest.mark.parametrize("tls", [False, True])
async def test_upload_beside_strangers(
    listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    """Finish a slow upload while strangers use all connections they may have."""
    monkeypatch.setattr(server, "MAX_WAITING", 5)
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 5)
    slow = new_camera(listener_entry, days=2)
    size = len(slow.body(slow.waiting()))
    slow.faults.bytes_per_second = size // 2
    pushing = asyncio.create_task(slow.push())
    await wait_until_busy(listener_entry, 1)
    for _ in range(5):
        async with connect_many(listener_entry, 10 if tls else 20, tls=tls):
            await asyncio.sleep(0.1)
    answer = await pushing
    assert answer
    assert answer.delivered, answer


async def test_all_connections_busy(listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse a camera while all connections are busy with uploads, and serve it afterwards."""
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    slow = [new_camera(listener_entry, days=1, serial=f"accc8e00000{number}") for number in range(2)]
    for camera in slow:
        camera.faults.bytes_per_second = len(camera.body(camera.waiting())) // 2
    pushing = [asyncio.create_task(camera.push()) for camera in slow]
    await wait_until_busy(listener_entry, 2)
    late = new_camera(listener_entry, serial="accc8e000009")
    assert (await late.test_connection()).status is None
    for answer in await asyncio.gather(*pushing):
        assert answer
        assert answer.delivered, answer
    assert (await late.test_connection()).delivered


async def test_longest_idle_camera_is_closed(listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close the connection of the camera that is idle longest when one more connects."""
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    cameras = [LastingCamera(listener_entry, number) for number in range(4)]
    for camera in (*cameras[:3], cameras[0], cameras[3], cameras[0], cameras[2], cameras[3]):
        await camera.report()
    assert [camera.connected for camera in cameras] == [1, 1, 1, 1]
    await cameras[1].report()
    assert [camera.connected for camera in cameras] == [1, 2, 1, 1]
    for camera in cameras:
        camera.switch_off()


async def test_limit_of_strangers(listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close strangers' connections beyond their limit, never a camera's."""
    monkeypatch.setattr(server, "MAX_STRANGERS", 2)
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 5)
    # The cameras share the strangers' address and are idle for longer, so only trust keeps them.
    cameras = [LastingCamera(listener_entry, number, STRANGER) for number in range(3)]
    for camera in cameras:
        await camera.report()
    async with connect_many(listener_entry, 8, tls=True) as strangers:
        assert await count_open(strangers) == 2
        for camera in cameras:
            await camera.report()
    assert [camera.connected for camera in cameras] == [1, 1, 1]
    for camera in cameras:
        camera.switch_off()


async def test_pace_of_a_known_camera(
    listener_entry: ListenerEntry, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Give the address of a known camera a pace of its own, apart from its network's."""
    monkeypatch.setattr(server, "network_of", lambda _: "all the same network")
    monkeypatch.setattr(connections, "HANDSHAKE_INTERVAL", 60.0)
    monkeypatch.setattr(connections, "HANDSHAKE_ADVANCE", 0.0)
    assert (await camera.test_connection()).delivered
    # The network's next handshake is due in a minute.
    async with asyncio.timeout(20):
        assert (await camera.test_connection()).delivered


async def test_client_that_hangs_up_takes_no_handshake_time(
    listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Don't spend handshake time on clients that have hung up while they waited."""
    monkeypatch.setattr(connections, "HANDSHAKE_INTERVAL", 1.0)
    monkeypatch.setattr(connections, "HANDSHAKE_ADVANCE", 0.0)
    async with connect_many(listener_entry, 1, tls=True, address=CAMERA):
        pass
    async with connect_many(listener_entry, 50, tls=False, address=CAMERA) as impatient:
        for _, writer in impatient:
            writer.write(b"\x16")
        await asyncio.sleep(0.1)
    # The turns of 50 clients would take 50 seconds.
    camera = LastingCamera(listener_entry, 1)
    async with asyncio.timeout(20):
        await camera.report()
    camera.switch_off()


async def test_handshakes_are_paced(
    listener_entry: ListenerEntry, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make a sender of many handshakes wait, and nobody else."""
    monkeypatch.setattr(connections, "HANDSHAKE_INTERVAL", 0.1)
    monkeypatch.setattr(connections, "HANDSHAKE_ADVANCE", 0.5)
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def flood() -> float:
        for _ in range(15):
            async with connect_many(listener_entry, 1, tls=True) as found:
                assert found
        return loop.time() - began

    flooding = asyncio.create_task(flood())
    await asyncio.sleep(0.5)
    at = loop.time()
    assert (await camera.test_connection()).delivered
    assert loop.time() - at < 0.3
    assert await flooding > 0.7


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.168.1.10", "192.168.1.10"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_network_of(address: str, network: str) -> None:
    """Return the /64 network of an IPv6 address, and an IPv4 address itself."""
    assert sockets.network_of(address) == network


@pytest.mark.parametrize("wait", ["for the first byte", "for its turn"])
async def test_unload_during_handshakes(
    listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch, wait: str
) -> None:
    """Unload at once while clients wait for their handshake."""
    if wait == "for its turn":
        monkeypatch.setattr(connections, "HANDSHAKE_INTERVAL", 10.0)
        async with connect_many(listener_entry, 1, tls=True) as found:
            assert found
    async with connect_many(listener_entry, 5, tls=False) as found:
        for _, writer in found:
            if wait == "for its turn":
                writer.write(b"\x16")
        await asyncio.sleep(0.2)
        async with asyncio.timeout(2):
            assert await listener_entry.hass.config_entries.async_unload(listener_entry.entry.entry_id)
        assert await count_open(found) == 0


async def test_no_more_files(listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept again after the limit of open files was hit."""
    loop = asyncio.get_running_loop()
    accept = loop.sock_accept
    failed = 0

    async def fail(listener_entry: socket.socket) -> Any:
        nonlocal failed
        accepted = await accept(listener_entry)
        if (failed := failed + 1) > 3:
            return accepted
        accepted[0].close()
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(loop, "sock_accept", fail)
    await listener_entry.restart()
    camera = new_camera(listener_entry)
    answers = [await camera.test_connection() for _ in range(6)]
    assert [answer.delivered for answer in answers] == [False] * 3 + [True] * 3


async def test_limit_of_senders(listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve clients from more networks than are remembered."""
    monkeypatch.setattr(connections, "MAX_SENDERS", 3)
    for last in range(2, 12):
        async with connect_many(listener_entry, 1, tls=True, address=f"127.0.0.{last}") as found:
            assert found


def test_listening_sockets(socket_enabled: None) -> None:
    """Skip an absent IPv6 address; raise if the port is taken on any address."""
    port = free_port()
    # Addresses for documentation don't exist on any machine.
    found = sockets.listening_sockets([CAMERA, "2001:db8::1"], port)
    assert [sock.getsockname() for sock in found] == [(CAMERA, port)]
    with pytest.raises(OSError, match="in use"):
        sockets.listening_sockets(["127.0.0.9", CAMERA], port)
    found[0].close()
    # The first socket was closed again.
    for sock in sockets.listening_sockets(["127.0.0.9", CAMERA], port):
        sock.close()

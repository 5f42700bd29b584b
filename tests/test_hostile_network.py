"""The listener in a hostile network: whatever others do to its port, cameras are served, and memory stays bounded."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
import json
import logging
from pathlib import Path
import resource
import socket
import ssl
import sys
from typing import Any

import pytest

from custom_components.axis_people_counter.connecting import connections, server, sockets
from custom_components.axis_people_counter.ledger.ledger import MAX_CAMERAS
from homeassistant.core import HomeAssistant

from .helpers.home_assistant import free_port
from .helpers.listening import Listening, camera
from .helpers.pusher import PATH, TOKEN, document
from .simulator import Camera

pytestmark = pytest.mark.usefixtures("socket_enabled")

# On the loopback there are many addresses.
STRANGER = "127.0.0.2"
CAMERA = "127.0.0.1"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()


type Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def listening(hass: HomeAssistant, tmp_path: Path) -> Listening:
    """Return an instance that listens on the loopback."""
    listening = Listening(hass, tmp_path)
    await listening.start()
    return listening


@pytest.fixture
def one(listening: Listening) -> Camera:
    """Return a camera that has something to send."""
    return camera(listening)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process open as many connections as a test needs, both ends of each."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def connect_many(
    listening: Listening, count: int, *, tls: bool, address: str = STRANGER
) -> AsyncIterator[list[Connection]]:
    """Open many connections from one address; those that are refused don't count."""
    context = ssl.create_default_context(cafile=listening.ca_file) if tls else None
    found: list[Connection] = []
    try:
        for _ in range(count):
            with suppress(OSError):
                found.append(
                    await asyncio.open_connection(CAMERA, listening.port, ssl=context, local_addr=(address, 0))
                )
        yield found
    finally:
        for _, writer in found:
            writer.transport.abort()


async def is_closed(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Say whether the other side closes a connection within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            while await reader.read(4096):
                pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


async def open_ones(found: list[Connection]) -> int:
    """Return how many connections haven't been closed by the other side."""
    closed = await asyncio.gather(*(is_closed(reader, 0.2) for reader, _ in found))
    return closed.count(False)


async def deliver(one: Camera) -> None:
    """See a push accepted."""
    answer = await one.push()
    assert answer
    assert answer.delivered, answer


def memory() -> int:
    """Return the bytes of memory this process uses."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("address", [STRANGER, CAMERA])
@pytest.mark.usefixtures("many_files")
async def test_thousand_idle_connections(listening: Listening, one: Camera, address: str) -> None:
    """A thousand connections that say nothing don't keep a camera out, not even from its own address."""
    before = memory()
    async with connect_many(listening, 1000, tls=False, address=address) as idle:
        assert len(idle) == 1000
        await deliver(one)
        assert await open_ones(idle) <= server.MAX_WAITING
        assert memory() - before < 60 * 1024 * 1024


@asynccontextmanager
async def flooding(listening: Listening, kind: str, *, address: str, source: str) -> AsyncIterator[Flood]:
    """Let a stranger in a process of its own do something to the port, and watch the event loop meanwhile."""
    # What it says of slow callbacks in debug mode takes longer than they do.
    listening.hass.loop.set_debug(False)
    arguments = (kind, address, str(listening.port), source, "3")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.helpers.flood", *arguments),
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
    )
    found = Flood()
    loop = asyncio.get_running_loop()

    async def watch() -> None:
        while True:
            before = loop.time()
            await asyncio.sleep(0.01)
            found.stalls.append(loop.time() - before - 0.01)
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
    """How often a stranger did something, and what came of it."""

    count: int = 0
    files: int = 0
    stalls: list[float] = field(default_factory=list)


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize(("address", "source"), [(CAMERA, STRANGER), ("::1", "::1")])
@pytest.mark.parametrize("kind", ["connect", "hello"])
async def test_flood(hass: HomeAssistant, tmp_path: Path, kind: str, address: str, source: str) -> None:
    """However many come, Home Assistant goes on, has files left to open, and hears its cameras."""
    listening = Listening(hass, tmp_path, "localhost")
    await listening.start()
    listening.url = listening.url.replace("localhost", CAMERA)
    one = camera(listening)
    one.url = one.url.replace(CAMERA, "localhost")
    assert (await one.test_connection()).delivered
    async with flooding(listening, kind, address=address, source=source) as flood:
        for _ in range(5):
            assert (await one.test_connection()).delivered
            await asyncio.sleep(0.2)
    assert flood.count > 50
    # Most of the time there is nothing to be noticed; a machine with other work to do is late now and then.
    assert sorted(flood.stalls)[len(flood.stalls) * 9 // 10] < 0.1
    assert flood.files < server.MAX_WAITING + 2 * server.MAX_STRANGERS + 100


async def test_handshakes_that_are_not_waited_for(listening: Listening) -> None:
    """Whoever lets us sign and then goes is put off like others."""
    async with flooding(listening, "hello", address=CAMERA, source=STRANGER) as flood:
        pass
    assert flood.count < 1.5 * (3 + 1) / connections.HANDSHAKE_INTERVAL


async def test_neighbour(listening: Listening, one: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that is known doesn't stand back behind others of its network, whatever they do."""
    monkeypatch.setattr(server, "network_of", lambda _: "all the same network")
    assert (await one.test_connection()).delivered
    async with flooding(listening, "handshake", address=CAMERA, source=STRANGER):
        for _ in range(5):
            began = asyncio.get_running_loop().time()
            assert (await one.test_connection()).delivered
            assert asyncio.get_running_loop().time() - began < 1
    # Where the system itself has too many at the door it may take a second attempt or two.
    async with flooding(listening, "connect", address=CAMERA, source=STRANGER):
        for _ in range(3):
            assert (await one.test_connection()).delivered


async def test_many_known_cameras(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many addresses of cameras are remembered as there may be cameras."""
    monkeypatch.setattr(server, "MAX_CAMERA_ADDRESSES", 1)
    assert (await camera(listening).test_connection()).delivered
    body = camera(listening).body()
    async with connect_many(listening, 1, tls=True) as [(reader, writer)]:
        writer.write(HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert (await reader.readline()).split()[1] == b"200"
    assert (await camera(listening).test_connection()).delivered


async def test_expecting_more_and_more(listening: Listening, one: Camera) -> None:
    """What is answered before anything of ours is asked ends the connection as well."""
    async with flooding(listening, "expect", address=CAMERA, source=STRANGER) as flood:
        assert (await one.test_connection()).delivered
    assert flood.count < 200
    assert sorted(flood.stalls)[len(flood.stalls) * 9 // 10] < 0.1


async def test_stranger_who_would_go_on(listening: Listening) -> None:
    """The body that a stranger announces isn't read, though the protocol invites it."""
    async with connect_many(listening, 1, tls=True) as [(reader, writer)]:
        writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")
        answer = await reader.read(4096)
        assert b" 401 " in answer + await reader.read(4096)
        assert await is_closed(reader, 5)


@pytest.mark.usefixtures("many_files")
async def test_new_ones_all_the_time(listening: Listening, one: Camera) -> None:
    """Strangers who come again and again take places from each other, not from cameras."""
    stop = asyncio.Event()

    async def come_again() -> None:
        while not stop.is_set():
            async with connect_many(listening, 50, tls=False):
                await asyncio.sleep(0)

    strangers = [asyncio.create_task(come_again()) for _ in range(10)]
    try:
        for _ in range(10):
            assert await gets_through(one)
    finally:
        stop.set()
        await asyncio.gather(*strangers)
    await deliver(one)


async def gets_through(one: Camera) -> bool:
    """Return whether a camera is answered at one of some tries; strangers come from its own address here."""
    for _ in range(10):
        if (await one.test_connection()).delivered:
            return True
    return False


async def test_slow_loris(listening: Listening, one: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers that never end are waited for a while, however steadily they come."""
    monkeypatch.setattr(server, "REQUEST_SECONDS", 4.0)
    monkeypatch.setattr(server, "SWEEP_SECONDS", 0.1)
    await listening.restart()
    async with connect_many(listening, 20, tls=True) as slow:
        for _, writer in slow:
            writer.write(HEAD)
        await deliver(one)
        assert await open_ones(slow) == 20
        for _ in range(23):
            await asyncio.sleep(0.2)
            for _, writer in slow:
                writer.write(b"X-Slow: 1\r\n")
        assert await open_ones(slow) == 0
    assert (await one.test_connection()).delivered


async def test_handshake_never_ends(listening: Listening, one: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handshake that was begun is waited for a while."""
    monkeypatch.setattr(server, "HANDSHAKE_SECONDS", 1.0)
    async with connect_many(listening, 20, tls=False) as begun:
        for _, writer in begun:
            # The beginning of a ClientHello that promises more.
            writer.write(bytes.fromhex("16030102000100"))
        await deliver(one)
        assert await open_ones(begun) == 20
        assert all(await asyncio.gather(*(is_closed(reader, 3) for reader, _ in begun)))


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00" * 4096,
        b"\x16\x03\x01\xff\xff" + b"\xff" * 70000,
        b"\x15\x03\x03\x00\x02\x02\x28",
    ],
    ids=["plain HTTP", "zeros", "record too long", "alert"],
)
async def test_garbage_before_tls(
    listening: Listening, one: Camera, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """What isn't TLS ends the connection, and nobody hears of it."""
    caplog.set_level(logging.INFO)
    async with connect_many(listening, 5, tls=False) as strangers:
        caplog.clear()
        for _, writer in strangers:
            writer.write(garbage)
        assert all(await asyncio.gather(*(is_closed(reader, 5) for reader, _ in strangers)))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    await deliver(one)


@pytest.mark.parametrize(
    "header",
    [
        b"X-Large: " + b"x" * 100_000 + b"\r\n",
        b"".join(b"X-%d: 1\r\n" % number for number in range(10_000)),
        b"Authorization: Bearer " + b"x" * 100_000 + b"\r\n",
    ],
    ids=["one large", "many", "token"],
)
async def test_oversized_headers(listening: Listening, one: Camera, header: bytes) -> None:
    """Headers larger than a camera's are refused before they have been received."""
    async with connect_many(listening, 1, tls=True) as [(reader, writer)]:
        writer.write(HEAD + header + b"\r\n")
        assert (await reader.readline()).split()[1] == b"400"
        assert await is_closed(reader, 5)
    await deliver(one)


async def test_long_address(listening: Listening, one: Camera) -> None:
    """So is an address that doesn't end."""
    async with connect_many(listening, 1, tls=True) as [(reader, writer)]:
        writer.write(b"POST /" + b"x" * 100_000)
        assert (await reader.readline()).split()[1] in (b"400", b"414")
        assert await is_closed(reader, 5)
    await deliver(one)


@pytest.mark.parametrize("authorization", [b"", b"Authorization: Bearer wrong\r\n"])
async def test_body_of_a_stranger_is_not_read(listening: Listening, authorization: bytes) -> None:
    """Without the token the answer comes before the body, and the rest of that goes nowhere."""
    async with connect_many(listening, 1, tls=True) as [(reader, writer)]:
        writer.write(HEAD + authorization + b"Content-Length: 100000000\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == b"401"
        assert await is_closed(reader, 5)
        sent = 0
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(5):
                while sent < 50_000_000:
                    writer.write(b"x" * 65536)
                    await writer.drain()
                    sent += 65536
        assert sent < 10_000_000


async def test_only_a_cameras_connection_lasts(listening: Listening) -> None:
    """Who had the token may ask again on the same connection; who had none has to make another one."""
    with_token = HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    async with connect_many(listening, 1, tls=True) as [(reader, writer)]:
        # Without a document in it this is answered 400, and ends, too.
        writer.write(with_token)
        assert (await reader.readline()).split()[1] == b"400"
        assert await is_closed(reader, 5)
    body = camera(listening).body()
    push = HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    async with connect_many(listening, 1, tls=True) as [(reader, writer)]:
        for _ in range(3):
            writer.write(push)
            assert (await reader.readline()).split()[1] == b"200"
            await reader.readuntil(b"}")
        assert not await is_closed(reader, 1)


async def until_busy(listening: Listening, count: int) -> None:
    """Wait until so many requests are being answered."""
    for _ in range(500):
        if sum(one.busy for one in listening.listener._server._connections.values()) == count:  # noqa: SLF001
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"There aren't {count} requests.")


@pytest.mark.parametrize("tls", [False, True])
async def test_camera_is_not_pushed_out(listening: Listening, monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    """An upload that takes its time goes on while strangers fight for places."""
    monkeypatch.setattr(server, "MAX_WAITING", 5)
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 5)
    slow = camera(listening, days=2)
    size = len(slow.body(slow.waiting()))
    slow.faults.bytes_per_second = size // 2
    pushing = asyncio.create_task(slow.push())
    await until_busy(listening, 1)
    for _ in range(5):
        async with connect_many(listening, 10 if tls else 20, tls=tls):
            await asyncio.sleep(0.1)
    answer = await pushing
    assert answer
    assert answer.delivered, answer


async def test_more_cameras_than_places(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """If all places are taken by cameras that are sending, one more has to come again."""
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    slow = [camera(listening, days=1, serial=f"accc8e00000{number}") for number in range(2)]
    for one in slow:
        one.faults.bytes_per_second = len(one.body(one.waiting())) // 2
    pushing = [asyncio.create_task(one.push()) for one in slow]
    await until_busy(listening, 2)
    late = camera(listening, serial="accc8e000009")
    assert (await late.test_connection()).status is None
    for answer in await asyncio.gather(*pushing):
        assert answer
        assert answer.delivered, answer
    assert (await late.test_connection()).delivered


class LastingCamera:
    """A camera that keeps its connection between two requests, and makes another one when it is gone."""

    def __init__(self, listening: Listening, number: int, address: str = CAMERA) -> None:
        """Take a number to tell it from others."""
        body = json.dumps(document(data=None, sensor={"serial": f"accc8e{number:06x}"})).encode()
        self._request = HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        self._port = listening.port
        self._context = context_of(listening.ca_file)
        self._address = address
        self._connection: Connection | None = None
        self.connected = 0

    async def report(self) -> None:
        """Send a message, again and again until it is answered 200."""
        while True:
            with suppress(OSError, EOFError):
                if self._connection is None:
                    self._connection = await asyncio.open_connection(
                        CAMERA, self._port, ssl=self._context, local_addr=(self._address, 0), ssl_handshake_timeout=30
                    )
                    self.connected += 1
                reader, writer = self._connection
                writer.write(self._request)
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readuntil(b"}")
                assert head.split()[1] == b"200"
                return
            self._connection = None

    def switch_off(self) -> None:
        """Leave the connection without a word."""
        if self._connection:
            self._connection[1].transport.abort()
        self._connection = None


@cache
def context_of(ca_file: Path) -> ssl.SSLContext:
    """Return what all cameras of a test use: to read an authority takes its time."""
    return ssl.create_default_context(cafile=ca_file)


@pytest.mark.usefixtures("many_files")
async def test_as_many_cameras_as_there_may_be(listening: Listening) -> None:
    """All come at once, from one address, and are served again and again, whatever strangers do meanwhile."""
    listening.hass.loop.set_debug(False)
    assert server.MAX_CAMERAS == MAX_CAMERAS
    before = memory()
    cameras = [LastingCamera(listening, number) for number in range(MAX_CAMERAS)]
    async with asyncio.timeout(60):
        await asyncio.gather(*(one.report() for one in cameras))
    # All ends of all connections are in this process, so this is twice of what the server takes.
    assert memory() - before < 2 * MAX_CAMERAS * 400_000
    for address in (STRANGER, CAMERA):
        async with (
            connect_many(listening, 2 * server.MAX_WAITING, tls=False, address=address),
            connect_many(listening, 20, tls=True, address=address) as strangers,
        ):
            assert strangers
            async with asyncio.timeout(20):
                await asyncio.gather(*(one.report() for one in cameras))
    assert [one.connected for one in cameras] == [1] * MAX_CAMERAS
    for one in cameras:
        one.switch_off()


async def test_one_camera_more(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera gets the place of the one that has been idle longest, which was switched off most likely."""
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    cameras = [LastingCamera(listening, number) for number in range(4)]
    for one in (*cameras[:3], cameras[0], cameras[3], cameras[0], cameras[2], cameras[3]):
        await one.report()
    assert [one.connected for one in cameras] == [1, 1, 1, 1]
    await cameras[1].report()
    assert [one.connected for one in cameras] == [1, 2, 1, 1]
    for one in cameras:
        one.switch_off()


async def test_strangers_take_each_others_places(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers with a handshake never have more than their part, nor one of the cameras' part."""
    monkeypatch.setattr(server, "MAX_STRANGERS", 2)
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 5)
    # Strangers come from the same address, and cameras have been idle for longer.
    cameras = [LastingCamera(listening, number, STRANGER) for number in range(3)]
    for one in cameras:
        await one.report()
    async with connect_many(listening, 8, tls=True) as strangers:
        assert await open_ones(strangers) == 2
        for one in cameras:
            await one.report()
    assert [one.connected for one in cameras] == [1, 1, 1]
    for one in cameras:
        one.switch_off()


async def test_who_has_hung_up_has_no_turn(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who have given up waiting for their handshake don't make others wait."""
    monkeypatch.setattr(connections, "HANDSHAKE_INTERVAL", 0.5)
    monkeypatch.setattr(connections, "HANDSHAKE_ADVANCE", 0.0)
    async with connect_many(listening, 1, tls=True, address=CAMERA):
        pass
    async with connect_many(listening, 50, tls=False, address=CAMERA) as impatient:
        for _, writer in impatient:
            writer.write(b"\x16")
        await asyncio.sleep(0.1)
    async with asyncio.timeout(5):
        await LastingCamera(listening, 1).report()


async def test_handshakes_are_paced(listening: Listening, one: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who makes handshakes without end has to wait for them; others don't."""
    monkeypatch.setattr(connections, "HANDSHAKE_INTERVAL", 0.1)
    monkeypatch.setattr(connections, "HANDSHAKE_ADVANCE", 0.5)
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def flood() -> float:
        for _ in range(15):
            async with connect_many(listening, 1, tls=True) as found:
                assert found
        return loop.time() - began

    flooding = asyncio.create_task(flood())
    await asyncio.sleep(0.5)
    at = loop.time()
    assert (await one.test_connection()).delivered
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
def test_networks(address: str, network: str) -> None:
    """A host with IPv6 has as many addresses as it likes, and counts once."""
    assert sockets.network_of(address) == network


@pytest.mark.parametrize("wait", ["for the first byte", "for its turn"])
async def test_unloading_with_strangers_at_the_door(
    listening: Listening, monkeypatch: pytest.MonkeyPatch, wait: str
) -> None:
    """Who hasn't shaken hands yet doesn't hold up anybody who wants to go home."""
    if wait == "for its turn":
        monkeypatch.setattr(connections, "HANDSHAKE_INTERVAL", 10.0)
        async with connect_many(listening, 1, tls=True) as found:
            assert found
    async with connect_many(listening, 5, tls=False) as found:
        for _, writer in found:
            if wait == "for its turn":
                writer.write(b"\x16")
        await asyncio.sleep(0.2)
        async with asyncio.timeout(2):
            assert await listening.hass.config_entries.async_unload(listening.entry.entry_id)
        assert await open_ones(found) == 0


async def test_cannot_accept(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no more files can be opened it is tried again and again, and works when there are some."""
    loop = asyncio.get_running_loop()
    accept = loop.sock_accept
    failed = 0

    async def fail(listening: socket.socket) -> Any:
        nonlocal failed
        accepted = await accept(listening)
        if (failed := failed + 1) > 3:
            return accepted
        accepted[0].close()
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(loop, "sock_accept", fail)
    await listening.restart()
    one = camera(listening)
    answers = [await one.test_connection() for _ in range(6)]
    assert [answer.delivered for answer in answers] == [False] * 3 + [True] * 3


async def test_many_networks(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers from everywhere are served, though not all of them are remembered."""
    monkeypatch.setattr(connections, "MAX_SENDERS", 3)
    for last in range(2, 12):
        async with connect_many(listening, 1, tls=True, address=f"127.0.0.{last}") as found:
            assert found


def test_addresses_that_are_not_there(socket_enabled: None) -> None:
    """Without IPv6 there is IPv4; a port that is taken on one address is taken."""
    port = free_port()
    # No machine has an address of those for documentation.
    found = sockets.listening_sockets([CAMERA, "2001:db8::1"], port)
    assert [one.getsockname() for one in found] == [(CAMERA, port)]
    with pytest.raises(OSError, match="in use"):
        sockets.listening_sockets(["127.0.0.9", CAMERA], port)
    found[0].close()
    # The other one was given back.
    for one in sockets.listening_sockets(["127.0.0.9", CAMERA], port):
        one.close()


async def test_request_on_a_connection_that_is_given_up(listening: Listening) -> None:
    """It may have come in the very moment; a camera sends it again."""
    async with connect_many(listening, 1, tls=True) as [(reader, writer)]:
        listening.listener._server._connections.clear()  # noqa: SLF001
        writer.write(HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        assert (await reader.readline()).split()[1] == b"503"


async def test_nothing_else_is_served(listening: Listening) -> None:
    """Neither Home Assistant nor anything of it is behind this port."""
    for line, status in (
        (b"GET / HTTP/1.1", b"404"),
        (b"GET /api/ HTTP/1.1", b"404"),
        (b"GET /auth/providers HTTP/1.1", b"404"),
        (b"GET " + PATH.encode() + b" HTTP/1.1", b"405"),
        (b"PUT " + PATH.encode() + b" HTTP/1.1", b"405"),
        (b"POST " + PATH.encode() + b"/../../ HTTP/1.1", b"404"),
        (b"GET /api/axis_people_counter/export/x HTTP/1.1", b"404"),
        (b"GET /api/axis_people_counter/authority.pem HTTP/1.1", b"200"),
    ):
        async with connect_many(listening, 1, tls=True) as [(reader, writer)]:
            writer.write(line + b"\r\nHost: x\r\n\r\n")
            assert (await reader.readline()).split()[1] == status, line
            assert await is_closed(reader, 5)


async def test_from_before_the_clock(listening: Listening) -> None:
    """A camera's own clock is no reason to turn it away before it can be told so."""
    one = camera(listening)
    one.faults.clock_offset = timedelta(days=-100)
    assert (await one.test_connection()).delivered
    assert one.now() < datetime.now(UTC) - timedelta(days=99)

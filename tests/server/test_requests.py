"""The server's answers to requests that no camera would send, and what it serves at all."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
import logging

import pytest

from ..helpers.connections import HEAD, connect_many, deliver, is_closed
from ..helpers.listener_entry import ListenerEntry, new_camera
from ..helpers.pusher import PATH, TOKEN
from ..simulator import Camera

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_expect_without_token(listener_entry: ListenerEntry) -> None:
    """Return 401 without reading the announced body."""
    async with connect_many(listener_entry, 1, tls=True) as [(reader, writer)]:
        writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n")
        answer = await reader.read(4096)
        assert b" 401 " in answer + await reader.read(4096)
        assert await is_closed(reader, 5)


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
    listener_entry: ListenerEntry, camera: Camera, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Close a connection that doesn't speak TLS, without a line in the log."""
    caplog.set_level(logging.INFO)
    async with connect_many(listener_entry, 5, tls=False) as strangers:
        caplog.clear()
        for _, writer in strangers:
            writer.write(garbage)
        assert all(await asyncio.gather(*(is_closed(reader, 5) for reader, _ in strangers)))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    await deliver(camera)


@pytest.mark.parametrize(
    "header",
    [
        b"X-Large: " + b"x" * 100_000 + b"\r\n",
        b"".join(b"X-%d: 1\r\n" % number for number in range(10_000)),
        b"Authorization: Bearer " + b"x" * 100_000 + b"\r\n",
    ],
    ids=["one large", "many", "token"],
)
async def test_oversized_headers(listener_entry: ListenerEntry, camera: Camera, header: bytes) -> None:
    """Return 400 before oversized headers have arrived completely."""
    async with connect_many(listener_entry, 1, tls=True) as [(reader, writer)]:
        writer.write(HEAD + header + b"\r\n")
        assert (await reader.readline()).split()[1] == b"400"
        assert await is_closed(reader, 5)
    await deliver(camera)


async def test_oversized_request_line(listener_entry: ListenerEntry, camera: Camera) -> None:
    """Return 400 or 414 for an endless request line."""
    async with connect_many(listener_entry, 1, tls=True) as [(reader, writer)]:
        writer.write(b"POST /" + b"x" * 100_000)
        assert (await reader.readline()).split()[1] in (b"400", b"414")
        assert await is_closed(reader, 5)
    await deliver(camera)


@pytest.mark.parametrize("authorization", [b"", b"Authorization: Bearer wrong\r\n"])
async def test_body_without_token(listener_entry: ListenerEntry, authorization: bytes) -> None:
    """Return 401 before the body, and read no more of it."""
    async with connect_many(listener_entry, 1, tls=True) as [(reader, writer)]:
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


async def test_keep_alive(listener_entry: ListenerEntry) -> None:
    """Keep a connection open after a 200 only."""
    with_token = HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    async with connect_many(listener_entry, 1, tls=True) as [(reader, writer)]:
        # Without a document in it this is answered 400, and ends, too.
        writer.write(with_token)
        assert (await reader.readline()).split()[1] == b"400"
        assert await is_closed(reader, 5)
    body = new_camera(listener_entry).body()
    push = HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    async with connect_many(listener_entry, 1, tls=True) as [(reader, writer)]:
        for _ in range(3):
            writer.write(push)
            assert (await reader.readline()).split()[1] == b"200"
            await reader.readuntil(b"}")
        assert not await is_closed(reader, 0.3)


async def test_request_on_a_closed_connection(listener_entry: ListenerEntry) -> None:
    """Return 503 for a request on a connection that was chosen to be closed."""
    async with connect_many(listener_entry, 1, tls=True) as [(reader, writer)]:
        listener_entry.listener._server._connections.clear()  # noqa: SLF001
        writer.write(HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        assert (await reader.readline()).split()[1] == b"503"


async def test_nothing_else_is_served(listener_entry: ListenerEntry) -> None:
    """Serve the receiver and the authority, and nothing else of Home Assistant."""
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
        async with connect_many(listener_entry, 1, tls=True) as [(reader, writer)]:
            writer.write(line + b"\r\nHost: x\r\n\r\n")
            assert (await reader.readline()).split()[1] == status, line
            assert await is_closed(reader, 5)


async def test_camera_with_a_wrong_clock(listener_entry: ListenerEntry) -> None:
    """Accept a connection from a camera whose clock is 100 days behind."""
    camera = new_camera(listener_entry)
    camera.faults.clock_offset = timedelta(days=-100)
    assert (await camera.test_connection()).delivered
    assert camera.now() < datetime.now(UTC) - timedelta(days=99)

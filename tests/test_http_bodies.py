"""Bodies: their size and compression, and those that never arrive whole."""

import asyncio
from collections.abc import Callable
import gzip
from http import HTTPStatus
import threading
import zlib

import pytest

from custom_components.axis_people_counter.http import bodies, view as http
from homeassistant.core import HomeAssistant

from .helpers.push_view import (
    APART,
    HEAD,
    HERE,
    MINUTE,
    NOON,
    SOON,
    again,
    encoded,
    eventually,
    issues,
    locked,
    push,
    stored,
    warnings,
    wire,
)
from .helpers.pusher import Pusher, measurement

pytestmark = pytest.mark.usefixtures("ticking_noon", "sound_log")


# Size


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Make the cap small, but larger than a chunk."""
    monkeypatch.setattr(bodies, "MAX_BODY", 1024 * 1024)
    return bodies.MAX_BODY


async def see_too_large(pusher: Pusher) -> None:
    """Assert that the repair is about the address, and doesn't end with a push from there."""
    shown = issues(pusher.hass)
    assert shown == {f"body_too_large_{HERE}": {"address": HERE, "limit": "1"}}
    assert stored(pusher.hass) is None
    await again(pusher)
    assert issues(pusher.hass) == shown


async def test_length_over_the_cap(pusher: Pusher, small: int) -> None:
    """Return 413 without reading a body whose length is over the cap."""
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Content-Length: {small + 1}\r\n\r\n")
        assert await connection.status() == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    await see_too_large(pusher)


async def test_body_at_the_cap(hass: HomeAssistant, pusher: Pusher, small: int) -> None:
    """Accept a body as large as the cap."""
    body = encoded(push())
    assert (await pusher.post(body + b" " * (small - len(body)))).status == HTTPStatus.OK
    assert stored(hass) == 1


async def test_chunks_over_the_cap(pusher: Pusher, small: int) -> None:
    """Return 413 for chunks over the cap."""
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(small // 0x10000 + 1):
            await connection.send(chunk)
        assert await connection.status() == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    await see_too_large(pusher)


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_compressed_over_the_cap(
    pusher: Pusher, small: int, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    """Return 413 as soon as a compressed body exceeds the cap."""
    bomb = encode(b" " * 64 * small)
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Content-Encoding: {encoding}\r\nContent-Length: {len(bomb)}\r\n\r\n")
        await connection.send(bomb[:-100])
        assert await connection.status() == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    await see_too_large(pusher)


def _raw_deflate(data: bytes) -> bytes:
    compress = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compress.compress(data) + compress.flush()


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", _raw_deflate), ("identity", bytes)],
)
async def test_compressed(hass: HomeAssistant, pusher: Pusher, encoding: str, encode: Callable[[bytes], bytes]) -> None:
    """Decompress bodies."""
    response = await pusher.post(encode(encoded(push())), headers={"Content-Encoding": encoding})
    assert response.status == HTTPStatus.OK
    assert stored(hass) == 1


@pytest.mark.usefixtures("short_silence")
@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", bytes),
        ("gzip", lambda body: gzip.compress(body)[:-20]),
        ("gzip", lambda body: gzip.compress(body)[:5]),
        ("gzip", lambda body: gzip.compress(body) + b"rest"),
        ("deflate", lambda body: zlib.compress(body)[:-20]),
        ("deflate", lambda body: b"\x78" + body),
        ("x-unknown", gzip.compress),
    ],
)
async def test_badly_compressed(
    hass: HomeAssistant, pusher: Pusher, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    """Return 400 for bodies that can't be decompressed, and log no exception."""
    body = encode(encoded(push(measurement(NOON - MINUTE, -1))))
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n")
        await asyncio.sleep(0.05)
        await connection.send(body)
        # If the end of a stream is missing, the server only notices that it falls silent.
        assert await connection.status() in (0, HTTPStatus.BAD_REQUEST)
    assert stored(hass) is None
    await again(pusher)


async def test_many_bodies_at_once(pusher: Pusher, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return 503 if other bodies take all the memory."""
    monkeypatch.setattr(bodies, "MAX_BODIES", 2 * small)
    async with wire(pusher) as first, wire(pusher) as second, wire(pusher) as third:
        for connection in (first, second):
            await connection.send(f"{HEAD}Content-Length: {small}\r\n\r\n".encode() + b" " * (small - 10))
        await asyncio.sleep(0.2)
        await third.send(f"{HEAD}Content-Length: {small}\r\n\r\n".encode() + b" " * 100_000)
        assert await third.status() == HTTPStatus.SERVICE_UNAVAILABLE
        await first.send(b" " * 10)
        assert await first.status() == HTTPStatus.BAD_REQUEST
    # Closed connections make room as well.
    await asyncio.sleep(0.2)
    async with wire(pusher) as first, wire(pusher) as second:
        for connection in (first, second):
            await connection.send(f"{HEAD}Content-Length: {small}\r\n\r\n".encode() + b" " * small)
            assert await connection.status() == HTTPStatus.BAD_REQUEST
    await again(pusher)


# Bodies that don't come whole


async def test_chunked(hass: HomeAssistant, pusher: Pusher) -> None:
    """Accept a body byte by byte."""
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n")
        body = encoded(push())
        await connection.send(b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
        assert await connection.status() == HTTPStatus.OK
    assert stored(hass) == 1


@pytest.mark.parametrize("framing", ["Content-Length: {}", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("end", ["half-closed", "closed", "reset"])
async def test_connection_ends(hass: HomeAssistant, pusher: Pusher, framing: str, end: str) -> None:
    """Store nothing of a body that stops half-way."""
    body = encoded(push())
    half = body[:-10]
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}{framing.format(len(body))}\r\n\r\n")
        await connection.send(f"{len(body):x}\r\n".encode() + half if "chunked" in framing else half)
        await asyncio.sleep(0.05)
        if end == "half-closed":
            connection.writer.write_eof()
            assert await connection.status() in (0, HTTPStatus.BAD_REQUEST)
        elif end == "closed":
            connection.writer.close()
        else:
            connection.writer.transport.abort()
        await asyncio.sleep(0.05)
    await hass.async_block_till_done()
    assert stored(hass) is None
    await again(pusher)


@pytest.mark.usefixtures("short_silence")
@pytest.mark.parametrize("chunk", ["zz\r\n", "5\r\nabcdefgh\r\n", "-1\r\n", "fffffffffffffffffffff\r\n"])
async def test_broken_chunks(hass: HomeAssistant, pusher: Pusher, chunk: str) -> None:
    """Close the connection at invalid chunks."""
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.05)
        await connection.send(chunk)
        assert await connection.status() in (0, HTTPStatus.BAD_REQUEST)
    assert stored(hass) is None
    await again(pusher)


@pytest.mark.usefixtures("short_silence")
async def test_silent_camera_is_disconnected(hass: HomeAssistant, pusher: Pusher) -> None:
    """Close the connection of a silent camera, and wait for a slow one."""
    body = encoded(push())
    async with wire(pusher) as silent, wire(pusher) as slow:
        for connection in (silent, slow):
            await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-5])
        for byte in body[-5:]:
            await asyncio.sleep(0.1)
            await slow.send(bytes([byte]))
        assert await slow.status() == HTTPStatus.OK
        assert await silent.status() == 0
    assert stored(hass) == 1
    await again(pusher)


# Cameras that hang up early


async def test_camera_disconnects_during_the_commit(hass: HomeAssistant, pusher: Pusher) -> None:
    """Store a received body even if the camera closes the connection."""
    body = encoded(push())
    with locked(hass) as lock:
        async with wire(pusher) as connection:
            await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.1)
        lock.rollback()
        await eventually(lambda: stored(hass) == 1)
        await hass.async_block_till_done()
    await again(pusher)


async def test_camera_disconnects_while_its_push_is_parsed(hass: HomeAssistant, pusher: Pusher) -> None:
    """Store a document that is parsed in a thread even if the camera closes the connection."""
    release = threading.Event()
    busy = [hass.async_add_executor_job(release.wait, SOON) for _ in range(100)]
    body = encoded(push()) + b" " * http.SMALL_BODY
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.1)
    assert stored(hass) is None
    release.set()
    await asyncio.gather(*busy)
    await eventually(lambda: stored(hass) == 1)
    await hass.async_block_till_done()
    await again(pusher)


@pytest.mark.parametrize("body", [b"?", encoded(push(apiVersion="0.3")), encoded(push(sent=NOON + 2 * APART))])
async def test_camera_disconnects_before_a_refusal(
    hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    """Log a refusal as ever if the camera has closed the connection."""
    release = threading.Event()
    busy = [hass.async_add_executor_job(release.wait, SOON) for _ in range(100)]
    async with wire(pusher) as connection:
        body += b" " * http.SMALL_BODY
        await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await asyncio.sleep(0.2)
    release.set()
    await asyncio.gather(*busy)
    # On a busy machine the body may arrive only now.
    await eventually(lambda: len(warnings(caplog)) == 1)
    await hass.async_block_till_done()
    assert stored(hass) is None
    await again(pusher)

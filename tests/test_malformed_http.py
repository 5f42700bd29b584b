"""Malformed HTTP on the listener's port: answered or disconnected, and never logged."""

import asyncio
from contextlib import suppress
from gzip import compress
from http import HTTPStatus
from itertools import batched
import logging
from pathlib import Path
import random
import socket
import ssl
from typing import Final

from aiohttp import ClientSession, web
import pytest

from custom_components.axis_people_counter.connecting.authority import certificate_pem
from custom_components.axis_people_counter.connecting.certificates import OwnCertificates
from custom_components.axis_people_counter.connecting.server import Server
from custom_components.axis_people_counter.connecting.sockets import listening_sockets
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .helpers.home_assistant import free_port
from .helpers.listener_entry import ListenerEntry
from .helpers.pusher import PATH, TOKEN

pytestmark = pytest.mark.usefixtures("socket_enabled")

HOST: Final = b"Host: x\r\n"
AUTHORIZED: Final = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n".encode()
UNAUTHORIZED: Final = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n".encode()

# Requests without the token, and the first status of the answer, None if there is none.
REQUESTS: Final[dict[str, tuple[bytes, bytes | None]]] = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    "future version": (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"400"),
    "version without a number": (b"GET / HTTP/x\r\nHost: x\r\n\r\n", b"400"),
    "no version": (b"GET /\r\n\r\n", b"404"),
    "space in a header's name": (b"GET / HTTP/1.1\r\nHost: x\r\nA B: c\r\n\r\n", b"400"),
    "header without a colon": (b"GET / HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n", b"400"),
    "header without a name": (b"GET / HTTP/1.1\r\nHost: x\r\n: c\r\n\r\n", b"400"),
    "zero in a header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n", b"400"),
    "bytes in a header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: \xff\xfe\r\n\r\n", b"404"),
    "folded header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", b"400"),
    "line feeds only": (b"GET / HTTP/1.1\nHost: x\n\n", b"400"),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"400"),
    "odd host": (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", b"404"),
    "two lengths": (UNAUTHORIZED + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
    "negative length": (UNAUTHORIZED + b"Content-Length: -1\r\n\r\n", b"400"),
    "length that isn't a number": (UNAUTHORIZED + b"Content-Length: many\r\n\r\n", b"400"),
    "huge length": (UNAUTHORIZED + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n", b"400"),
    "length and chunks": (UNAUTHORIZED + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
    "unknown transfer encoding": (UNAUTHORIZED + b"Transfer-Encoding: cow\r\n\r\n", b"400"),
    "chunked twice": (UNAUTHORIZED + b"Transfer-Encoding: chunked, chunked\r\n\r\nzz\r\n", b"400"),
    "bad chunk": (UNAUTHORIZED + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    "bad second chunk": (UNAUTHORIZED + b"Transfer-Encoding: chunked\r\n\r\n1\r\naxx\r\n", b"400"),
    "bad compression": (UNAUTHORIZED + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain", b"401"),
    "unknown compression": (UNAUTHORIZED + b"Content-Encoding: cow\r\nContent-Length: 5\r\n\r\nplain", b"401"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", b"400"),
    "upgrade to HTTP/2": (b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nrest", b"404"),
    "websocket and garbage": (
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\xff\xff\xff",
        b"404",
    ),
    "Java": (b"JRMI\x00\x02K", b"400"),
    "TLS within TLS": (bytes.fromhex("160301020001000200"), b"400"),
    "RDP": (bytes.fromhex("0300002f2ae00000000000"), b"400"),
    "zeros": (bytes(100), b"400"),
    "empty lines": (b"\r\n" * 100, None),
    "lower-case method": (b"get / HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "unknown method": (b"COW / HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "absolute address": (b"GET http://example.com/x HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    "absolute address with an odd port": (b"GET http://example.com:99999/ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "absolute address that isn't one": (b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "address with percent signs": (b"GET /%zz%00%ff?%zz HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    "address with bytes": (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "address without a slash": (b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    "proxy": (b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n", b"404"),
    "proxy to nowhere": (b"CONNECT /x HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    "unknown expectation": (UNAUTHORIZED + b"Expect: cow\r\nContent-Length: 0\r\n\r\n", b"417"),
    "long line": (b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n", b"400"),
    "long header": (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 100_000 + b"\r\n\r\n", b"400"),
    "many headers": (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 1000 + b"\r\n", b"400"),
    "garbage behind a request": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n\xff\xff\xff\r\n\r\n", b"400"),
    "many requests at once": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 1000, b"404"),
    "nothing": (b"", None),
    "half a line": (b"GET / HT", None),
    "half a head": (b"GET / HTTP/1.1\r\nHost:", None),
    "half a body": (UNAUTHORIZED + b"Content-Length: 100\r\n\r\nhalf", b"401"),
}
UNANSWERED: Final = {"websocket and garbage", "absolute address with an odd port"}

# Requests with the token: a camera with a fault, or behind a bad line.
REQUESTS_WITH_TOKEN: Final[dict[str, tuple[bytes, bytes | None]]] = {
    "bad chunk": (AUTHORIZED + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    "bad second chunk": (AUTHORIZED + b"Transfer-Encoding: chunked\r\n\r\n1\r\naxx\r\n", b"400"),
    "bad trailer": (AUTHORIZED + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA B\r\n\r\n", b"400"),
    "bad compression": (AUTHORIZED + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain", b"400"),
    "bad end of compression": (
        AUTHORIZED + b"Content-Encoding: gzip\r\nContent-Length: 30\r\n\r\n" + compress(b"{}")[:18] + bytes(12),
        b"400",
    ),
    "half a body": (AUTHORIZED + b"Content-Length: 100\r\n\r\nhalf", None),
    "half a chunk": (AUTHORIZED + b"Transfer-Encoding: chunked\r\n\r\n5\r\nha", None),
}


@pytest.fixture
async def listener_entry(hass: HomeAssistant, tmp_path: Path) -> ListenerEntry:
    """Return an instance that listens on the loopback."""
    listener_entry = ListenerEntry(hass, tmp_path)
    await listener_entry.start()
    return listener_entry


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log has above DEBUG."""
    return [f"{record.name}: {record.getMessage()}" for record in caplog.records if record.levelno > logging.DEBUG]


async def answer(listener_entry: ListenerEntry, request: bytes, *, end: str = "wait") -> bytes | None:
    """Send a request, end the connection in some way, and return the first status."""
    context = ssl.create_default_context(cafile=listener_entry.ca_file)
    own = socket.create_connection(("127.0.0.1", listener_entry.port))
    reader, writer = await asyncio.open_connection(sock=own, ssl=context, server_hostname="127.0.0.1")
    try:
        writer.write(request)
        with suppress(OSError):
            if end == "abort":
                await writer.drain()
                return None
            if end == "shut down":
                # No more is sent, but the answer can still be received.
                own.shutdown(socket.SHUT_WR)
            async with asyncio.timeout(0.5):
                return (await reader.readline())[9:12] or None
        return None
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("end", ["wait", "shut down", "abort"])
@pytest.mark.parametrize("requests", [REQUESTS, REQUESTS_WITH_TOKEN], ids=["strangers", "with token"])
async def test_malformed_requests(
    listener_entry: ListenerEntry,
    requests: dict[str, tuple[bytes, bytes | None]],
    end: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Answer each and log nothing, however the connection ends."""
    caplog.set_level(logging.INFO)
    caplog.clear()
    answers = {}
    logged = {}
    for kind, (request, _) in requests.items():
        answers[kind] = await answer(listener_entry, request, end=end)
        await asyncio.sleep(0.02)
        logged[kind] = lines(caplog)
        caplog.clear()
    assert {kind: found for kind, found in logged.items() if found} == {}
    if end == "wait":
        expected = {kind: status for kind, (_, status) in requests.items()}
        # Older releases of aiohttp close the connection without an answer to some of them.
        silent = {kind for kind in answers.keys() & UNANSWERED if answers[kind] is None}
        assert answers == {kind: None if kind in silent else status for kind, status in expected.items()}


@pytest.mark.slow
async def test_requests_with_random_faults(listener_entry: ListenerEntry, caplog: pytest.LogCaptureFixture) -> None:
    """Log nothing, whatever is wrong with a request."""
    caplog.set_level(logging.INFO)
    caplog.clear()
    chance = random.Random(11)
    whole = UNAUTHORIZED + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    requests: list[tuple[bytes, str]] = []
    for _ in range(100):
        request = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(request))
            request[at : at + chance.choice([0, 1, 1, 20])] = chance.choice([b"", b"\r\n", chance.randbytes(1), whole])
        requests.append((bytes(request), chance.choice(["shut down", "abort"])))
    for batch in batched(requests, 10, strict=True):
        await asyncio.gather(*(answer(listener_entry, request, end=end) for request, end in batch))
    await asyncio.sleep(0.1)
    assert lines(caplog) == []


@pytest.mark.parametrize(
    "garbage", [b"plain text", b"\x17\x03\x03\x00\x10" + bytes(16), b"\x15\x03\x03\x00\x02\x02\x28"]
)
@pytest.mark.parametrize(
    "said", [b"", b"GET / HT", REQUESTS_WITH_TOKEN["half a body"][0]], ids=["nothing", "head", "body"]
)
async def test_garbage_within_tls(
    listener_entry: ListenerEntry, said: bytes, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Close the connection without a log line if bytes after the handshake aren't TLS."""
    caplog.set_level(logging.INFO)
    context = ssl.create_default_context(cafile=listener_entry.ca_file)
    own = socket.create_connection(("127.0.0.1", listener_entry.port))
    reader, writer = await asyncio.open_connection(sock=own, ssl=context, server_hostname="127.0.0.1")
    caplog.clear()
    writer.write(said)
    await writer.drain()
    await asyncio.sleep(0.02)
    own.send(garbage)
    async with asyncio.timeout(5):
        with suppress(OSError):
            await reader.read()
    writer.transport.abort()
    await asyncio.sleep(0.02)
    assert lines(caplog) == []


async def test_parser_raises(
    listener_entry: ListenerEntry, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Return 400 if aiohttp's parser raises, as some releases do on a URL with half a bracket."""
    caplog.set_level(logging.INFO)

    def fail(*_: object) -> None:
        raise ValueError("Invalid IPv6 URL")

    monkeypatch.setattr(web.RequestHandler, "data_received", fail)
    caplog.clear()
    assert await answer(listener_entry, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b"400"
    await asyncio.sleep(0.02)
    assert not [line for line in lines(caplog) if "took" not in line]


async def test_malformed_request_at_debug_level(
    listener_entry: ListenerEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Log what was wrong at DEBUG."""
    caplog.set_level(logging.DEBUG)
    await answer(listener_entry, REQUESTS["no host"][0])
    assert "Error handling request from 127.0.0.1" in caplog.text


async def test_handler_raises(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Return 500 and log once if a handler raises."""

    async def fail(_: web.Request) -> web.Response:
        raise RuntimeError("This is a test.")

    app = web.Application()
    app.router.add_get("/", fail)
    certificates = OwnCertificates(tmp_path / "authority")
    authority = certificates.create(dt_util.utcnow())
    server = Server(app, on_camera_request=lambda _: None, on_certificate_refused=lambda _: None)
    server.context = certificates.load(["127.0.0.1"], dt_util.utcnow()).context
    port = free_port()
    await server.start()
    server.listen(listening_sockets(["127.0.0.1"], port))
    context = ssl.create_default_context(cadata=certificate_pem(authority))
    # Earlier slow callbacks aren't of interest.
    await asyncio.sleep(0)
    caplog.clear()
    try:
        async with ClientSession() as session, session.get(f"https://127.0.0.1:{port}/", ssl=context) as response:
            assert response.status == HTTPStatus.INTERNAL_SERVER_ERROR
    finally:
        await server.stop()
    found = [record for record in caplog.records if record.levelno > logging.DEBUG]
    assert [record.getMessage() for record in found] == ["A request from 127.0.0.1 can't be answered"]
    assert "This is a test." in str(found[0].exc_info)

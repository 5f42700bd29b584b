"""Raw connections to the server for cameras: those of strangers, and those that cameras keep open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
import json
from pathlib import Path
import ssl

from ..simulator import Camera
from .listener_entry import ListenerEntry
from .pusher import PATH, TOKEN, document

# On the loopback there are many addresses.
STRANGER = "127.0.0.2"

CAMERA = "127.0.0.1"

HEAD = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()

type Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connect_many(
    listener_entry: ListenerEntry, count: int, *, tls: bool, address: str = STRANGER
) -> AsyncIterator[list[Connection]]:
    """Open many connections from one address; refused ones are left out."""
    context = ssl.create_default_context(cafile=listener_entry.ca_file) if tls else None
    found: list[Connection] = []
    try:
        for _ in range(count):
            with suppress(OSError):
                found.append(
                    await asyncio.open_connection(CAMERA, listener_entry.port, ssl=context, local_addr=(address, 0))
                )
        yield found
    finally:
        for _, writer in found:
            writer.transport.abort()


async def is_closed(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Return True if the server closes a connection within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            while await reader.read(4096):
                pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


async def count_open(found: list[Connection]) -> int:
    """Return how many connections the server hasn't closed."""
    closed = await asyncio.gather(*(is_closed(reader, 0.2) for reader, _ in found))
    return closed.count(False)


async def deliver(camera: Camera) -> None:
    """Push, and assert that it was answered 200."""
    answer = await camera.push()
    assert answer
    assert answer.delivered, answer


async def wait_until_busy(listener_entry: ListenerEntry, count: int) -> None:
    """Wait until so many requests are being answered."""
    for _ in range(500):
        if sum(connection.busy for connection in listener_entry.listener._server._connections.values()) == count:  # noqa: SLF001
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"There aren't {count} requests.")


class LastingCamera:
    """A camera that keeps its connection between requests, and reconnects when it was closed."""

    def __init__(self, listener_entry: ListenerEntry, number: int, address: str = CAMERA) -> None:
        """Take a number to tell it from others."""
        body = json.dumps(document(data=None, sensor={"serial": f"accc8e{number:06x}"})).encode()
        self._request = HEAD + f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        self._port = listener_entry.port
        self._context = context_of(listener_entry.ca_file)
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
            self.switch_off()

    def switch_off(self) -> None:
        """Leave the connection without a word."""
        if self._connection:
            self._connection[1].transport.abort()
        self._connection = None


@cache
def context_of(ca_file: Path) -> ssl.SSLContext:
    """Return what all cameras of a test use: to read an authority takes its time."""
    return ssl.create_default_context(cafile=ca_file)

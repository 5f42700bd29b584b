"""The server's connections: which of them are closed first when there are too many, and how fast handshakes follow.

Knows nothing of HTTP requests. Used by the server only.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Container
from dataclasses import dataclass
from heapq import nsmallest
import socket
from typing import Final

from aiohttp import web

from .sockets import has_hung_up

# Seconds between two handshakes of one sender. A handshake costs the server more than the client.
HANDSHAKE_INTERVAL: Final = 0.05
# A sender may be this many seconds ahead of that pace, so that several cameras can connect at once.
HANDSHAKE_ADVANCE: Final = 1.0
MAX_SENDERS: Final = 1024


@dataclass(eq=False, slots=True)
class Connection:
    """One client, from the moment its connection was accepted."""

    address: str
    # The address, or its /64 network if it is IPv6: one host may use many addresses of it.
    network: str
    # The time of the last event: accepted, handshake done, or request answered.
    since: float
    # The handler has a transport from the end of the handshake on.
    handler: web.RequestHandler
    # Runs until the end of the handshake.
    handshake: asyncio.Task[None] | None = None
    # The first byte of a handshake has arrived.
    has_begun: bool = False
    # A request is being answered.
    busy: bool = False
    # The last request came from a camera.
    trusted: bool = False

    @property
    def is_open(self) -> bool:
        """True until either side has closed the connection."""
        return self.handshake is not None or self.handler.transport is not None

    def abort(self) -> None:
        """Close the connection at once."""
        if self.handshake:
            self.handshake.cancel()
        elif self.handler.transport:
            self.handler.transport.abort()


def first_to_close(
    connections: Collection[Connection], count: int, camera_addresses: Container[str]
) -> list[Connection]:
    """Return the connections to close when there are too many.

    First come those of strangers, then those of cameras. Among strangers: addresses from which no camera has reported
    first, then those without a byte of a handshake, then whoever has most connections, then the oldest.
    """
    of_network = Counter(connection.network for connection in connections)
    of_address = Counter(connection.address for connection in connections)

    def order(connection: Connection) -> tuple[bool, bool, bool, int, int, float]:
        # Many cameras may share an address. The one that is idle longest has most likely been switched off.
        crowd = (0, 0) if connection.trusted else (-of_network[connection.network], -of_address[connection.address])
        is_camera_address = connection.address in camera_addresses
        return connection.trusted, is_camera_address, connection.has_begun, *crowd, connection.since

    return nsmallest(count, connections, key=order)


class _Pace:
    """The handshakes of one sender, one after the other in the order in which they were asked for."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        # The time of the next handshake if the interval were kept exactly.
        self.due = 0.0


class HandshakePacing:
    """Limits the handshakes of each sender; senders don't wait for each other."""

    def __init__(self) -> None:
        """Begin without any sender."""
        self._paces: dict[str, _Pace] = {}

    async def wait_for_turn(self, sender: str, client: socket.socket) -> None:
        """Wait until a sender may have one more handshake; raises ConnectionResetError if the client hangs up."""
        loop = asyncio.get_running_loop()
        pace = self._pace_of(sender)
        async with pace.turn:
            await asyncio.sleep(pace.due - loop.time() - HANDSHAKE_ADVANCE)
            # A client that has hung up must not delay the clients that wait after it.
            if has_hung_up(client):
                raise ConnectionResetError("The client hung up before its turn.")
            pace.due = max(pace.due, loop.time()) + HANDSHAKE_INTERVAL

    def _pace_of(self, sender: str) -> _Pace:
        if sender not in self._paces and len(self._paces) >= MAX_SENDERS:
            now = asyncio.get_running_loop().time()
            self._paces = {sender: pace for sender, pace in self._paces.items() if pace.turn.locked() or pace.due > now}
        return self._paces.setdefault(sender, _Pace())

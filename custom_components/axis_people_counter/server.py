"""An HTTPS server that can stand in a hostile network: it knows of connections and limits, not of what it serves."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
import errno
from http import HTTPMethod, HTTPStatus
from ipaddress import IPv6Network
import logging
import socket
import ssl
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

_LOGGER = logging.getLogger(__name__)

# A camera needs one for a moment, each of them a quarter of a megabyte. When all are taken, a new one gets the place of
# one that has shown no token.
MAX_CONNECTIONS: Final = 100
# What a handshake costs is paid by us: whoever wants more of them has to wait.
HANDSHAKE_INTERVAL: Final = 0.05
# But some may come together.
_AHEAD: Final = 1.0
MAX_NETWORKS: Final = 1024
MAX_KNOWN: Final = 256
MAX_LINE: Final = 4096
MAX_FIELD: Final = 4096
MAX_FIELDS: Final = 64
HANDSHAKE_SECONDS: Final = 10.0
# From the handshake to the last header.
REQUEST_SECONDS: Final = 15.0
# Between two requests of a camera.
KEEP_ALIVE_SECONDS: Final = 90.0
CLOSE_SECONDS: Final = 5.0
SWEEP_SECONDS: Final = 5.0
# A camera that finds it full has to wait for a second.
_BACKLOG: Final = 1024
# What a client says that doesn't accept our certificate (RFC 8446, section 6.2, as OpenSSL names it).
_REFUSALS: Final = (
    "TLSV1_ALERT_UNKNOWN_CA",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
)


@dataclass(eq=False, slots=True)
class _Connection:
    """One client, from the moment its connection was accepted."""

    address: str
    # What somebody with many addresses is known by.
    network: str
    # When it was accepted, the handshake was done, or the last request was answered.
    since: float
    # What speaks HTTP as soon as the handshake is done.
    handler: web.RequestHandler
    # The handshake, until it is done.
    handshake: asyncio.Task[None] | None = None
    # A request is being answered.
    busy: bool = False
    # The last request was one of a camera.
    trusted: bool = False

    @property
    def is_open(self) -> bool:
        return self.handshake is not None or self.handler.transport is not None

    def abort(self) -> None:
        if self.handshake:
            self.handshake.cancel()
        elif self.handler.transport:
            self.handler.transport.abort()


class Server:
    """Serves an application over TLS; whoever is answered 200 to a POST is trusted with a lasting connection."""

    def __init__(self, app: web.Application, *, heard: Callable[[str], None], refused: Callable[[str], None]) -> None:
        """Take what to serve; `heard` gets the addresses of cameras, `refused` those that refuse our certificate."""
        app.middlewares.append(self._attend)
        app.on_response_prepare.append(self._close_unless_trusted)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=CLOSE_SECONDS,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            # The rest of a body isn't read if it wasn't wanted.
            lingering_time=0,
            max_line_size=MAX_LINE,
            max_field_size=MAX_FIELD,
            max_headers=MAX_FIELDS,
        )
        self._heard = heard
        self._refused = refused
        # What new connections are made with; those that there are go on with theirs.
        self.context: ssl.SSLContext | None = None
        self._connections: dict[web.RequestHandler, _Connection] = {}
        # When somebody's next handshake is due, if the rate were kept exactly.
        self._due: dict[str, float] = {}
        # Addresses of cameras, which don't have to stand back behind others of their network; the last one at the end.
        self._known: dict[str, None] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_listening(self) -> bool:
        """Say whether the port is ours."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def start(self) -> None:
        """Make ready."""
        await self._runner.setup()

    def listen(self, sockets: list[socket.socket]) -> None:
        """Accept connections from now on."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._sweep()), *(loop.create_task(self._accept(one)) for one in sockets)]

    def release(self) -> None:
        """Give the port back, at once or nearly so."""
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        """Accept nothing more, and end what goes on; what is being answered gets a moment for it."""
        self.release()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        handshakes = [connection.handshake for connection in self._connections.values() if connection.handshake]
        for handshake in handshakes:
            handshake.cancel()
        await asyncio.gather(*handshakes, return_exceptions=True)
        await self._runner.cleanup()

    async def _accept(self, listening: socket.socket) -> None:
        """Accept connections until cancelled."""
        loop = asyncio.get_running_loop()
        assert self._runner.server
        with listening:
            while True:
                # All else gets its turn, however many there are at the door; who was given up is gone then.
                await asyncio.sleep(0)
                try:
                    client, peer = await loop.sock_accept(listening)
                except OSError as err:
                    # It was gone before we got to it, or there are no more files to be opened.
                    _LOGGER.debug("A connection can't be accepted: %s", err)
                    await asyncio.sleep(0.1)
                    continue
                if self.context is None or not self._make_room():
                    client.close()
                    continue
                connection = _Connection(peer[0], network_of(peer[0]), loop.time(), self._runner.server())
                connection.handshake = loop.create_task(self._shake_hands(connection, client, self.context))
                self._connections[connection.handler] = connection

    def _make_room(self) -> bool:
        """Say whether one more connection can be had; who has most of them and no token has to give one up."""
        self._forget_closed()
        if len(self._connections) < MAX_CONNECTIONS:
            return True
        idle = [connection for connection in self._connections.values() if not connection.busy]
        if not idle:
            return False
        of_network = Counter(connection.network for connection in idle)
        of_address = Counter(connection.address for connection in idle)

        def order(one: _Connection) -> tuple[bool, bool, int, int, float]:
            """Return what puts the oldest one of those first, and cameras last."""
            known = one.address in self._known
            return one.trusted, known, -of_network[one.network], -of_address[one.address], one.since

        given_up = min(idle, key=order)
        given_up.abort()
        del self._connections[given_up.handler]
        return True

    def _forget_closed(self) -> None:
        self._connections = {handler: one for handler, one in self._connections.items() if one.is_open}

    async def _shake_hands(self, connection: _Connection, client: socket.socket, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        who = connection.address if connection.address in self._known else connection.network
        try:
            try:
                # All that TLS takes is only for those who begin with it.
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    await _first_byte(client)
                await asyncio.sleep(self._due.get(who, 0.0) - loop.time() - _AHEAD)
            except BaseException:
                client.close()
                raise
            self._charge(who)
            # What a server of asyncio does as well, but for what comes before.
            await loop.connect_accepted_socket(
                lambda: connection.handler,
                client,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=CLOSE_SECONDS,
            )
            connection.since = loop.time()
        except ssl.SSLError as err:
            _LOGGER.debug("No connection with %s: %s", connection.address, err)
            if err.reason in _REFUSALS:
                self._refused(connection.address)
        except OSError as err:
            _LOGGER.debug("No connection with %s: %s", connection.address, err)
        finally:
            connection.handshake = None

    def _charge(self, who: str) -> None:
        """Note that somebody has a handshake, which puts off the next ones if there are too many."""
        now = asyncio.get_running_loop().time()
        if len(self._due) >= MAX_NETWORKS:
            self._due = {one: due for one, due in self._due.items() if due > now}
        # What waits already doesn't wait for longer than this.
        longest = now + _AHEAD + HANDSHAKE_SECONDS
        self._due[who] = min(max(self._due.get(who, now), now) + HANDSHAKE_INTERVAL, longest)

    async def _sweep(self) -> None:
        """Close connections on which nobody asks for anything, or takes too long over it."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in self._connections.values():
                allowed = KEEP_ALIVE_SECONDS if connection.trusted else REQUEST_SECONDS
                if not (connection.handshake or connection.busy) and now - connection.since > allowed:
                    connection.abort()
            self._forget_closed()

    @web.middleware
    async def _attend(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Watch over a request; only a camera's connection is kept."""
        connection = self._connections.get(request.protocol)
        if connection is None:
            # It has been given up just now.
            raise web.HTTPServiceUnavailable
        connection.busy = True
        connection.trusted = False
        try:
            response = await handler(request)
            answered = request.method == HTTPMethod.POST and response.status == HTTPStatus.OK
            # Who isn't to come again is no camera.
            if answered and response.keep_alive is not False:
                connection.trusted = True
                self._note_camera(connection.address)
            return response
        finally:
            connection.busy = False
            connection.since = asyncio.get_running_loop().time()

    def _note_camera(self, address: str) -> None:
        self._known.pop(address, None)
        if len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[address] = None
        self._heard(address)

    async def _close_unless_trusted(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let nobody but cameras ask again; this sees also what is answered before anything of ours is asked."""
        connection = self._connections.get(request.protocol)
        if connection is None or not connection.trusted:
            response.force_close()


async def _first_byte(client: socket.socket) -> None:
    """Wait until there is something to be read."""
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()

    def on_readable() -> None:
        loop.remove_reader(client)
        arrived.set()

    loop.add_reader(client, on_readable)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(client)


def listening_sockets(addresses: list[str], port: int) -> list[socket.socket]:
    """Return sockets on a port, IPv6 only where there is any; raises OSError if the port can't be had."""
    sockets: list[socket.socket] = []
    for address in addresses:
        try:
            sockets.append(_listening_socket(address, port))
        except OSError as err:
            if sockets and err.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                continue
            for one in sockets:
                one.close()
            raise
    return sockets


def _listening_socket(address: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        # Connections that have ended just now are no hindrance.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if one.family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
        one.listen(_BACKLOG)
        one.setblocking(False)
    except BaseException:
        one.close()
        raise
    return one


def network_of(address: str) -> str:
    """Return what one sender is known by: an IPv6 host has as many addresses as it likes."""
    if ":" not in address:
        return address
    return str(IPv6Network((address.partition("%")[0], 64), strict=False))

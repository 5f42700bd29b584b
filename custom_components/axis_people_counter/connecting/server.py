"""An HTTPS server that can stand in a hostile network: it knows of connections and limits, not of what it serves."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
import errno
from heapq import nsmallest
from http import HTTPMethod, HTTPStatus
from ipaddress import IPv6Network
import logging
import select
import socket
import ssl
from typing import Any, Final, override

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

_LOGGER = logging.getLogger(__name__)

# Cameras keep their connections: as many as the ledger takes, each of them a quarter of a megabyte, 64 MB in all.
MAX_CAMERAS: Final = 256
# Connections that have shown no token yet: at most 25 MB. When all are taken, a new one gets the place of another one.
MAX_STRANGERS: Final = 100
MAX_CONNECTIONS: Final = MAX_CAMERAS + MAX_STRANGERS
# Before its handshake a connection costs little: all cameras may come at once, after a power cut, from one address.
MAX_WAITING: Final = 300
_GIVEN_UP: Final = 10
# What a handshake costs is paid by us: whoever wants more of them has to wait.
HANDSHAKE_INTERVAL: Final = 0.05
# But some may come together.
_AHEAD: Final = 1.0
MAX_NETWORKS: Final = 1024
# A camera may come from several addresses, as with IPv6.
MAX_KNOWN: Final = 4 * MAX_CAMERAS
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
# What a client causes that goes, or sends what isn't HTTP, while it is answered.
_CLIENT_ERRORS: Final = (ConnectionError, HttpProcessingError, web.RequestPayloadError)


class _QuietLogger(logging.LoggerAdapter[logging.Logger]):
    """Where aiohttp logs an error for each request that isn't HTTP: any stranger could fill the log with them."""

    @override
    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)


class _RequestHandler(web.RequestHandler):
    """What speaks HTTP on one connection."""

    def __init__(self, server: web.Server) -> None:
        """Take the server of the application."""
        options: dict[str, Any] = {
            # What fails in a handler of ours is logged by the server below.
            "logger": _QuietLogger(_LOGGER),
            "access_log": None,
            "keepalive_timeout": KEEP_ALIVE_SECONDS,
            # The rest of a body isn't read if it wasn't wanted.
            "lingering_time": 0,
            "max_line_size": MAX_LINE,
            "max_field_size": MAX_FIELD,
            "max_headers": MAX_FIELDS,
        }
        super().__init__(server, loop=asyncio.get_running_loop(), **options)

    @override
    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except Exception:
            # Some requests are more than the parser can refuse; asyncio would log an error for each of them.
            self.logger.exception("A request can't be read", exc_info=True)
            if self.transport:
                self.transport.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self.force_close()


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
    # All up to the end of the handshake.
    handshake: asyncio.Task[None] | None = None
    # It has sent the beginning of a handshake.
    has_begun: bool = False
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


class _Pace:
    """The handshakes of one sender, one after the other in the order in which they were asked for."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        # When the next one is due, if the rate were kept exactly.
        self.due = 0.0


class Server:
    """Serves an application over TLS; whoever is answered 200 to a POST is trusted with a lasting connection."""

    def __init__(
        self,
        app: web.Application,
        *,
        on_camera_request: Callable[[str], None],
        on_certificate_refused: Callable[[str], None],
    ) -> None:
        """Take what to serve; `heard` gets the addresses of cameras, `refused` those that refuse our certificate."""
        app.middlewares.append(self._attend)
        app.on_response_prepare.append(self._close_unless_trusted)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=CLOSE_SECONDS)
        self._on_camera_request = on_camera_request
        self._on_certificate_refused = on_certificate_refused
        # What new connections are made with; those that there are go on with theirs.
        self.context: ssl.SSLContext | None = None
        # Accepted, but the handshake hasn't been their turn yet: only a socket each.
        self._waiting: set[_Connection] = set()
        # From the beginning of the handshake on.
        self._connections: dict[web.RequestHandler, _Connection] = {}
        self._paces: dict[str, _Pace] = {}
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
        connections = [*self._waiting, *self._connections.values()]
        handshakes = [connection.handshake for connection in connections if connection.handshake]
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
                if self.context is None:
                    client.close()
                    continue
                if len(self._waiting) >= MAX_WAITING:
                    # Several at once: in a flood this is done for each that comes.
                    for given_up in self._first_to_go(self._waiting, _GIVEN_UP):
                        given_up.abort()
                        self._waiting.discard(given_up)
                connection = _Connection(
                    peer[0], network_of(peer[0]), loop.time(), _RequestHandler(self._runner.server)
                )
                connection.handshake = loop.create_task(self._shake_hands(connection, client, self.context))
                self._waiting.add(connection)

    def _make_room(self) -> bool:
        """Return True if one more connection can be had; a stranger has to give one up, or the camera idle longest."""
        self._forget_closed()
        idle = [connection for connection in self._connections.values() if not connection.busy]
        strangers = sum(not connection.trusted for connection in idle)
        if strangers < MAX_STRANGERS and len(self._connections) < MAX_CONNECTIONS:
            return True
        if not idle:
            return False
        (given_up,) = self._first_to_go(idle, 1)
        given_up.abort()
        del self._connections[given_up.handler]
        return True

    def _first_to_go(self, connections: Collection[_Connection], count: int) -> list[_Connection]:
        """Return which have to go if there are too many: those of the sender of most of them first, cameras last."""
        of_network = Counter(connection.network for connection in connections)
        of_address = Counter(connection.address for connection in connections)

        def order(connection: _Connection) -> tuple[bool, bool, bool, int, int, float]:
            # Of cameras many may share an address; the one idle longest may have been switched off.
            crowd = (0, 0) if connection.trusted else (-of_network[connection.network], -of_address[connection.address])
            known = connection.address in self._known
            return connection.trusted, known, connection.has_begun, *crowd, connection.since

        return nsmallest(count, connections, key=order)

    def _forget_closed(self) -> None:
        self._connections = {handler: one for handler, one in self._connections.items() if one.is_open}

    async def _shake_hands(self, connection: _Connection, client: socket.socket, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        try:
            try:
                # All that TLS takes is only for those who begin with it.
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    await _first_byte(client)
                connection.has_begun = True
                await self._wait_for_turn(connection, client)
                if not self._make_room():
                    raise ConnectionAbortedError("There are too many connections.")
            except BaseException:
                client.close()
                raise
            self._waiting.discard(connection)
            self._connections[connection.handler] = connection
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
                self._on_certificate_refused(connection.address)
        except OSError as err:
            _LOGGER.debug("No connection with %s: %s", connection.address, err)
        finally:
            connection.handshake = None
            self._waiting.discard(connection)

    async def _wait_for_turn(self, connection: _Connection, client: socket.socket) -> None:
        """Wait until a sender may have one more handshake."""
        loop = asyncio.get_running_loop()
        pace = self._pace_of(connection.address if connection.address in self._known else connection.network)
        async with pace.turn:
            await asyncio.sleep(pace.due - loop.time() - _AHEAD)
            # Who has given up waiting takes no time of those behind.
            if _has_hung_up(client):
                raise ConnectionResetError("It has hung up before its turn.")
            pace.due = max(pace.due, loop.time()) + HANDSHAKE_INTERVAL

    def _pace_of(self, sender: str) -> _Pace:
        if sender not in self._paces and len(self._paces) >= MAX_NETWORKS:
            now = asyncio.get_running_loop().time()
            self._paces = {one: pace for one, pace in self._paces.items() if pace.turn.locked() or pace.due > now}
        return self._paces.setdefault(sender, _Pace())

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
        trusted = False
        try:
            response = await handler(request)
            # Who isn't to come again is no camera.
            trusted = (
                request.method == HTTPMethod.POST
                and response.status == HTTPStatus.OK
                and response.keep_alive is not False
            )
            if trusted:
                self._note_camera(connection.address)
            return response
        except (web.HTTPException, *_CLIENT_ERRORS):
            raise
        except Exception:
            _LOGGER.exception("A request from %s can't be answered", connection.address)
            raise web.HTTPInternalServerError from None
        finally:
            connection.busy = False
            connection.trusted = trusted
            connection.since = asyncio.get_running_loop().time()

    def _note_camera(self, address: str) -> None:
        self._known.pop(address, None)
        if len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[address] = None
        self._on_camera_request(address)

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


def _has_hung_up(client: socket.socket) -> bool:
    """Return True if the other side has closed a connection, though there may be something to be read yet."""
    poll = select.poll()
    poll.register(client, select.POLLRDHUP)
    return bool(poll.poll(0))


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

"""An HTTPS server for a hostile network: accepts connections, limits how many there are and how long they take.

Knows nothing of what it serves, of certificates or of repairs. Used by the listener only.
"""

import asyncio
from collections.abc import Callable, Coroutine
from http import HTTPMethod, HTTPStatus
import logging
import socket
import ssl
from typing import Any, Final, override

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

from .connections import Connection, HandshakePacing, first_to_close
from .sockets import network_of, until_readable

_LOGGER = logging.getLogger(__name__)

# Cameras keep their connections. The ledger holds as many cameras; a connection takes 250 KB, all of them 64 MB.
MAX_CAMERA_CONNECTIONS: Final = 256
# Strangers are connections that have shown no valid token yet; all of them take 25 MB. A new one replaces an old one.
MAX_STRANGERS: Final = 100
MAX_CONNECTIONS: Final = MAX_CAMERA_CONNECTIONS + MAX_STRANGERS
# Before its handshake a connection costs little. After a power cut all cameras may connect at once from one address.
MAX_WAITING: Final = 300
# In a flood, sorting the waiting connections for each new one would be too slow, so several are closed at a time.
_CLOSED_TOGETHER: Final = 10
# Addresses from which cameras have reported. A camera may have several, as with IPv6.
MAX_CAMERA_ADDRESSES: Final = 4 * MAX_CAMERA_CONNECTIONS
MAX_LINE: Final = 4096
MAX_FIELD: Final = 4096
MAX_FIELDS: Final = 64
HANDSHAKE_SECONDS: Final = 10.0
# From the end of the handshake to the last header.
REQUEST_SECONDS: Final = 15.0
# Between two requests of a camera.
KEEP_ALIVE_SECONDS: Final = 90.0
CLOSE_SECONDS: Final = 5.0
SWEEP_SECONDS: Final = 5.0
# Alerts of clients that don't accept the certificate (RFC 8446, section 6.2), by OpenSSL's names.
_CERTIFICATE_ALERTS: Final = (
    "TLSV1_ALERT_UNKNOWN_CA",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
)
# Raised when a client hangs up, or sends something that isn't HTTP, while its request is answered.
_CLIENT_ERRORS: Final = (ConnectionError, HttpProcessingError, web.RequestPayloadError)


class _QuietLogger(logging.LoggerAdapter[logging.Logger]):
    """Logs errors at debug level: aiohttp logs one for each malformed request, so strangers could fill the log."""

    @override
    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)


def _started_task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Return a task that has begun: one that is cancelled before would never close the socket it has."""
    return asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)


class _RequestHandler(web.RequestHandler):
    """Reads HTTP requests from one connection."""

    def __init__(self, server: web.Server) -> None:
        """Read requests for an aiohttp server, within limits for strangers."""
        options: dict[str, Any] = {
            # Errors in the application's own handlers are logged by the server below.
            "logger": _QuietLogger(_LOGGER),
            "access_log": None,
            "keepalive_timeout": KEEP_ALIVE_SECONDS,
            # A body that the application didn't read isn't read afterwards either.
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
            # Some requests make the parser raise instead of refuse; asyncio would log an error for each of them.
            self.logger.exception("A request can't be read", exc_info=True)
            if self.transport:
                self.transport.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self.force_close()


class Server:
    """Serves an application over TLS. Only a client whose POST was answered 200 may keep its connection open."""

    def __init__(
        self,
        app: web.Application,
        *,
        on_camera_request: Callable[[str], None],
        on_certificate_refused: Callable[[str], None],
    ) -> None:
        """Prepare to serve an application. The callbacks get the address of the client."""
        app.middlewares.append(self._track_request)
        app.on_response_prepare.append(self._close_unless_trusted)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=CLOSE_SECONDS)
        self._on_camera_request = on_camera_request
        self._on_certificate_refused = on_certificate_refused
        # Used for new connections; open ones keep theirs.
        self.context: ssl.SSLContext | None = None
        # Accepted, but the handshake hasn't started: only a socket each.
        self._waiting: set[Connection] = set()
        # From the start of the handshake on.
        self._connections: dict[web.RequestHandler, Connection] = {}
        self._pacing = HandshakePacing()
        # Ordered by the last request. Each has a pace of its own, and its connections are closed last.
        self._camera_addresses: dict[str, None] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_listening(self) -> bool:
        """True while connections are accepted on all sockets."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def start(self) -> None:
        """Prepare the application."""
        await self._runner.setup()

    def listen(self, sockets: list[socket.socket]) -> None:
        """Accept connections from now on."""
        self._tasks = [_started_task(work) for work in (self._sweep(), *map(self._accept, sockets))]

    def release(self) -> None:
        """Stop listening; the sockets are closed in the next round of the event loop."""
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        """Stop listening and close all connections; requests in progress get CLOSE_SECONDS to finish."""
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
                # In a flood, sock_accept never yields; without this the event loop couldn't close aborted connections.
                await asyncio.sleep(0)
                try:
                    client, peer = await loop.sock_accept(listening)
                except OSError as err:
                    # The client has hung up already, or no more files can be opened.
                    _LOGGER.debug("A connection can't be accepted: %s", err)
                    await asyncio.sleep(0.1)
                    continue
                if self.context is None:
                    client.close()
                    continue
                self._limit_waiting()
                address = peer[0]
                connection = Connection(address, network_of(address), loop.time(), _RequestHandler(self._runner.server))
                connection.handshake = _started_task(self._shake_hands(connection, client, self.context))
                self._waiting.add(connection)

    def _limit_waiting(self) -> None:
        if len(self._waiting) < MAX_WAITING:
            return
        for connection in first_to_close(self._waiting, _CLOSED_TOGETHER, self._camera_addresses):
            connection.abort()
            self._waiting.discard(connection)

    def _limit_connections(self) -> bool:
        """Return True if one more connection may be opened; close an idle one if the limit is reached."""
        self._forget_closed()
        idle = [connection for connection in self._connections.values() if not connection.busy]
        strangers = sum(not connection.trusted for connection in idle)
        if strangers < MAX_STRANGERS and len(self._connections) < MAX_CONNECTIONS:
            return True
        if not idle:
            return False
        (closed,) = first_to_close(idle, 1, self._camera_addresses)
        closed.abort()
        del self._connections[closed.handler]
        return True

    def _forget_closed(self) -> None:
        self._connections = {
            handler: connection for handler, connection in self._connections.items() if connection.is_open
        }

    async def _shake_hands(self, connection: Connection, client: socket.socket, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        try:
            try:
                # The memory for TLS is spent only on clients that send something.
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    await until_readable(client)
                connection.has_begun = True
                is_camera_address = connection.address in self._camera_addresses
                sender = connection.address if is_camera_address else connection.network
                await self._pacing.wait_for_turn(sender, client)
                if not self._limit_connections():
                    raise ConnectionAbortedError("There are too many connections.")
            except BaseException:
                client.close()
                raise
            self._waiting.discard(connection)
            self._connections[connection.handler] = connection
            # From here on, asyncio does what it does for its own servers: TLS, then the protocol.
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
            if err.reason in _CERTIFICATE_ALERTS:
                self._on_certificate_refused(connection.address)
        except OSError as err:
            _LOGGER.debug("No connection with %s: %s", connection.address, err)
        finally:
            connection.handshake = None
            self._waiting.discard(connection)

    async def _sweep(self) -> None:
        """Close connections that have been without a complete request for too long."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in self._connections.values():
                allowed = KEEP_ALIVE_SECONDS if connection.trusted else REQUEST_SECONDS
                if not (connection.handshake or connection.busy) and now - connection.since > allowed:
                    connection.abort()
            self._forget_closed()

    @web.middleware
    async def _track_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request, and trust its connection if it came from a camera."""
        connection = self._connections.get(request.protocol)
        if connection is None:
            # The connection was aborted a moment ago, because the limit was reached.
            raise web.HTTPServiceUnavailable
        connection.busy = True
        trusted = False
        try:
            response = await handler(request)
            # The view forces the close after a probe: its sender isn't a camera.
            trusted = (
                request.method == HTTPMethod.POST
                and response.status == HTTPStatus.OK
                and response.keep_alive is not False
            )
            if trusted:
                self._remember_camera(connection.address)
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

    def _remember_camera(self, address: str) -> None:
        self._camera_addresses.pop(address, None)
        if len(self._camera_addresses) >= MAX_CAMERA_ADDRESSES:
            del self._camera_addresses[next(iter(self._camera_addresses))]
        self._camera_addresses[address] = None
        self._on_camera_request(address)

    async def _close_unless_trusted(self, request: web.Request, response: web.StreamResponse) -> None:
        """Close the connection after the response, unless it is a camera's.

        aiohttp also calls this for responses that bypass the middleware, as for an unknown Expect header.
        """
        connection = self._connections.get(request.protocol)
        if connection is None or not connection.trusted:
            response.force_close()

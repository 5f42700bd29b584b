"""Sockets that listen on a port, and the state of a client's socket before anything is read from it.

Knows neither TLS nor HTTP. Called by the listener, the server and its connections; address_form tries a port with it.
"""

import asyncio
import errno
from ipaddress import IPv6Network
import select
import socket
from typing import Final

# A camera whose connection doesn't fit into the backlog tries again only after a second.
_BACKLOG: Final = 1024


def listening_sockets(addresses: list[str], port: int) -> list[socket.socket]:
    """Return sockets that listen on a port, on IPv6 only where there is any; raises OSError if the port is taken."""
    sockets: list[socket.socket] = []
    for address in addresses:
        try:
            sockets.append(_listening_socket(address, port))
        except OSError as err:
            if sockets and err.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                continue
            for listening in sockets:
                listening.close()
            raise
    return sockets


def _listening_socket(address: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        # Without this, connections that ended a moment ago would keep the port taken.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listening.family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address, port))
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def network_of(address: str) -> str:
    """Return the address itself for IPv4, the /64 network for IPv6: an IPv6 host chooses its addresses freely."""
    if ":" not in address:
        return address
    return str(IPv6Network((address.partition("%")[0], 64), strict=False))


async def until_readable(client: socket.socket) -> None:
    """Wait until there is something to read."""
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


def has_hung_up(client: socket.socket) -> bool:
    """Return True if the client has closed the connection, even if there is still something to read."""
    poll = select.poll()
    poll.register(client, select.POLLRDHUP)
    return bool(poll.poll(0))

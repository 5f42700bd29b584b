"""Every socket of the server is closed, however early its task is cancelled."""

import asyncio
import socket
from unittest.mock import Mock

from aiohttp import web
import pytest

from custom_components.axis_people_counter.connecting import server
from custom_components.axis_people_counter.connecting.server import Server
from custom_components.axis_people_counter.connecting.sockets import listening_sockets
from homeassistant.util.ssl import get_default_context

pytestmark = pytest.mark.usefixtures("socket_enabled")

# A socket that isn't closed is a warning, and so a failure.


@pytest.fixture
async def quiet_server() -> Server:
    """Return a server that has been started, but doesn't listen yet."""
    quiet_server = Server(web.Application(), on_camera_request=Mock(), on_certificate_refused=Mock())
    quiet_server.context = get_default_context()
    await quiet_server.start()
    return quiet_server


async def test_stopped_before_anything_was_accepted(quiet_server: Server) -> None:
    """Close the listening sockets of a server that stops at once."""
    (listening,) = listening_sockets(["127.0.0.1"], 0)
    quiet_server.listen([listening])
    await quiet_server.stop()
    assert listening.fileno() == -1


async def test_aborted_in_the_turn_of_its_accept(quiet_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Close a connection that is aborted for another one before its task has run."""
    monkeypatch.setattr(server, "MAX_WAITING", 1)
    listening = listening_sockets(["127.0.0.1"] * 2, 0)
    clients = [socket.create_connection(each.getsockname()) for each in listening]
    quiet_server.listen(listening)
    try:
        for client in clients:
            client.setblocking(False)
        # The second connection is accepted in the same turn of the event loop, and the first one has to go.
        async with asyncio.timeout(5):
            assert await asyncio.get_running_loop().sock_recv(clients[0], 1) == b""
    finally:
        await quiet_server.stop()
        for client in clients:
            client.close()

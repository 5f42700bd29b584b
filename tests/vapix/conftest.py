"""What all tests of a camera's web server have in common."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
import gc
import logging
import socket
from typing import Any

import aiohttp
import pytest

from custom_components.axis_people_counter.connecting.vapix import CameraWeb

from ..helpers.vapix import accepted, new_authority
from ..simulator import Device
from ..simulator.device import PASSWORD


@pytest.fixture(autouse=True)
def no_leaks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Assert that nothing is left open, no error was logged, and no log line has the password."""
    caplog.set_level(logging.DEBUG)
    yield
    gc.collect()
    records = [record for when in ("setup", "call") for record in caplog.get_records(when)]
    assert not [record for record in records if record.levelno >= logging.ERROR]
    assert PASSWORD not in "".join(record.getMessage() for record in records)


@pytest.fixture(autouse=True)
async def quiet_handshakes() -> None:
    """Don't log the server's side of refused handshakes."""
    asyncio.get_running_loop().set_exception_handler(ignore_refused_handshakes)


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session that verifies certificates, like Home Assistant's."""
    async with aiohttp.ClientSession() as found:
        yield found


def ignore_refused_handshakes(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Skip the log of errors that a client causes by refusing a certificate."""
    if not isinstance(context.get("exception"), OSError):
        loop.default_exception_handler(context)


@pytest.fixture
async def device(socket_enabled: None) -> AsyncIterator[Device]:
    """Return a camera with HTTP and digest authentication."""
    async with Device() as found:
        yield found


@pytest.fixture
async def camera_web(session: aiohttp.ClientSession) -> Callable[[Device], CameraWeb]:
    """Return a function that returns the web server of a camera, with the right credentials."""
    return lambda device: CameraWeb(session, device.url, device.username, PASSWORD, known=accepted(device))


@pytest.fixture
def pem() -> str:
    """Return the certificate of an authority."""
    return new_authority()[0]


@pytest.fixture
def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port

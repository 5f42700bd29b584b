"""Receive the bodies of requests within limits of size, memory and silence.

Knows HTTP and nothing of what a body contains; view.py and probe.py call it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
import logging
from typing import Final

from aiohttp import ClientError, web
from aiohttp.http import HttpProcessingError

_LOGGER = logging.getLogger(__name__)

# 90 days of one-minute intervals are 32 to 53 MB.
MAX_BODY: Final = 128 * 1024 * 1024
# All bodies that are being received or stored at the same time.
MAX_BODIES: Final = 2 * MAX_BODY
SECONDS_WITHOUT_A_BYTE: Final = 60

# aiohttp raises these when a connection ends, or a body isn't valid HTTP or badly compressed.
BROKEN_BODY: Final = (ClientError, HttpProcessingError, ConnectionError, web.RequestPayloadError)


class RefusedError(Exception):
    """The request gets another answer than 200; view.py has the table of answers."""


class BodyTooLargeError(RefusedError):
    """The body is larger than the limit."""

    def __init__(self, limit: int) -> None:
        """Keep the limit for the repair issue."""
        super().__init__()
        self.limit = limit


class BodyIncompleteError(RefusedError):
    """The body ended early, or can't be decompressed."""


class BodySilentError(RefusedError):
    """Nothing was received for too long."""


class BusyError(RefusedError):
    """Other bodies take all the memory there is for them."""


class Bodies:
    """All bodies that are in memory; each counts from its first byte until it is released."""

    def __init__(self) -> None:
        """Start without bodies."""
        self._size = 0

    async def async_receive(self, request: web.Request) -> bytearray:
        """Return the body of a request, decompressed; the caller releases it. Raises RefusedError."""
        if (request.content_length or 0) > MAX_BODY:
            raise BodyTooLargeError(MAX_BODY)
        body = bytearray()
        try:
            with _translated_errors(request):
                while chunk := await _next_chunk(request):
                    body += chunk
                    self._size += len(chunk)
                    if len(body) > MAX_BODY:
                        raise BodyTooLargeError(MAX_BODY)
                    if self._size > MAX_BODIES:
                        raise BusyError
        except BaseException:
            self.release(body)
            raise
        return body

    def release(self, body: bytearray) -> None:
        """Stop counting a body."""
        self._size -= len(body)


@contextmanager
def _translated_errors(request: web.Request) -> Iterator[None]:
    """Raise RefusedError where a body ends too early or not at all."""
    try:
        yield
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise BodySilentError from None
    except BROKEN_BODY as err:
        _LOGGER.debug("The body from %s ended too early: %s", request.remote, type(err).__name__)
        raise BodyIncompleteError from err


async def _next_chunk(request: web.Request) -> bytes:
    """Return what has been received, or wait for more; empty at the end of the body."""
    # Chunks are already decompressed, so the limits apply to the decompressed size.
    chunk = request.content.read_nowait()
    if not chunk and not request.content.at_eof():
        async with asyncio.timeout(SECONDS_WITHOUT_A_BYTE):
            chunk = await request.content.readany()
    return chunk


async def async_hang_up(request: web.Request, response: web.Response) -> web.Response:
    """Send an answer and close the connection; aiohttp would log an exception if it read on."""
    with suppress(ConnectionError):
        await response.prepare(request)
        await response.write_eof()
    request.protocol.force_close()
    return response

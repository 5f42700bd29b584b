"""Requests of the address check, as they arrive at the view: recognized by a token of their own, then discarded.

Knows nothing of pushes. address_check.py sends them, view.py answers them.
"""

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
import secrets
from typing import Final

from aiohttp import web

from homeassistant.helpers.http import HomeAssistantView

from .bodies import BROKEN_BODY, SECONDS_WITHOUT_A_BYTE, async_hang_up
from .tokens import bearer_token, is_same, new_token

PROBE_HEADER: Final = "X-Axis-People-Counter-Probe"
# The largest body of a probe.
MAX_PROBE: Final = 64 * 1024 * 1024


@dataclass(eq=False)
class Probe:
    """A request of the address check, and how it has arrived so far."""

    # Accepted for this probe only.
    token: str = field(default_factory=new_token)
    # Sent in a header of its own, which arrives even if a proxy drops the token.
    name: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    with_token: bool = False
    without_token: bool = False

    def arrives_with_token(self, request: web.Request) -> bool:
        """Return True if a request has the probe's token."""
        found = is_same(self.token, bearer_token(request))
        self.with_token |= found
        return found

    def arrives_without_token(self, request: web.Request) -> bool:
        """Return True if a request has the probe's name; its token is looked at before."""
        found = is_same(self.name, request.headers.get(PROBE_HEADER, "").encode(errors="replace"))
        self.without_token |= found
        return found


async def async_discard(request: web.Request) -> web.Response:
    """Receive the body of a probe and discard it."""
    size = 0
    try:
        async with asyncio.timeout(SECONDS_WITHOUT_A_BYTE):
            while chunk := await request.content.readany():
                size += len(chunk)
                if size > MAX_PROBE:
                    return await async_hang_up(request, _answer("No probe is this large.", HTTPStatus.BAD_REQUEST))
    except (TimeoutError, *BROKEN_BODY):
        return await async_hang_up(request, _answer("The body is incomplete.", HTTPStatus.BAD_REQUEST))
    response = _answer("This address leads here.", HTTPStatus.OK)
    # A probe sends one request on a connection.
    response.force_close()
    return response


def _answer(sentence: str, status: HTTPStatus) -> web.Response:
    return HomeAssistantView.json({"message": sentence}, status)

"""What the bench needs inside Home Assistant: the least a view can do, and an eye on the event loop."""

import asyncio
from time import perf_counter

from aiohttp import web

from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
from homeassistant.helpers.typing import ConfigType

TICK_SECONDS = 0.005


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Offer it all."""
    for view in (BareView(), SettledView(), StallView()):
        hass.http.register_view(view)
    return True


class BareView(HomeAssistantView):
    """Takes a body and forgets it."""

    url = "/api/people_counter_bench/bare"
    name = "api:people_counter_bench:bare"
    requires_auth = False

    async def post(self, request: web.Request) -> web.Response:
        """Answer as a push is answered."""
        await request.read()
        return self.json_message("Thank you.")


class SettledView(HomeAssistantView):
    """Answers when nothing is left to do of what came before."""

    url = "/api/people_counter_bench/settled"
    name = "api:people_counter_bench:settled"

    async def get(self, request: web.Request) -> web.Response:
        """Wait for all tasks, then for recorder to commit."""
        hass = request.app[KEY_HASS]
        await hass.async_block_till_done()
        await get_instance(hass).async_block_till_done()
        return self.json({})


class StallView(HomeAssistantView):
    """Tells by how much the event loop was late for something that is due every few milliseconds."""

    url = "/api/people_counter_bench/stall"
    name = "api:people_counter_bench:stall"

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._longest = 0.0
        self._watch: asyncio.Task[None] | None = None

    async def post(self, request: web.Request) -> web.Response:
        """Return the longest stall in seconds since the last call, and begin anew."""
        longest, self._longest = self._longest, 0.0
        if self._watch is None:
            self._watch = request.app[KEY_HASS].async_create_background_task(self._ticks(), "people_counter_bench")
        return self.json({"seconds": longest})

    async def _ticks(self) -> None:
        while True:
            begin = perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            self._longest = max(self._longest, perf_counter() - begin - TICK_SECONDS)

"""Views that the benchmark needs inside Home Assistant: one that does nothing, two that watch it."""

import asyncio
from time import perf_counter

from aiohttp import web

from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
from homeassistant.helpers.typing import ConfigType

TICK_SECONDS = 0.005


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the views."""
    for view in (BareView(), SettledView(), StallView()):
        hass.http.register_view(view)
    return True


class BareView(HomeAssistantView):
    """Reads a body and does nothing with it."""

    url = "/api/people_counter_bench/bare"
    name = "api:people_counter_bench:bare"
    requires_auth = False

    async def post(self, request: web.Request) -> web.Response:
        """Answer with the same words as to a push."""
        await request.read()
        return self.json_message("Thank you.")


class SettledView(HomeAssistantView):
    """Answers when all earlier requests are processed and recorded."""

    url = "/api/people_counter_bench/settled"
    name = "api:people_counter_bench:settled"

    async def get(self, request: web.Request) -> web.Response:
        """Wait for all tasks, then for recorder to commit."""
        hass = request.app[KEY_HASS]
        await hass.async_block_till_done()
        await get_instance(hass).async_block_till_done()
        return self.json({})


class StallView(HomeAssistantView):
    """Returns how late the event loop was for a timer of a few milliseconds."""

    url = "/api/people_counter_bench/stall"
    name = "api:people_counter_bench:stall"

    def __init__(self) -> None:
        """Start without a measurement."""
        self._longest = 0.0
        self._watch: asyncio.Task[None] | None = None

    async def post(self, request: web.Request) -> web.Response:
        """Return the longest stall in seconds since the last call, and start again."""
        longest, self._longest = self._longest, 0.0
        if self._watch is None:
            self._watch = request.app[KEY_HASS].async_create_background_task(self._ticks(), "people_counter_bench")
        return self.json({"seconds": longest})

    async def _ticks(self) -> None:
        """Measure until cancelled."""
        while True:
            begin = perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            self._longest = max(self._longest, perf_counter() - begin - TICK_SECONDS)

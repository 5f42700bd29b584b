"""Views that the benchmark needs inside Home Assistant: one that does nothing, and five that prepare, ask and watch."""

import asyncio
from datetime import timedelta
import gc
from time import perf_counter

from aiohttp import web

from custom_components.axis_people_counter.const import DOMAIN as PEOPLE_COUNTER
from custom_components.axis_people_counter.core_internals import async_recorder_done
from custom_components.axis_people_counter.receiver import PeopleCounterConfigEntry
from custom_components.axis_people_counter.reports import Days, ReportKind, async_build
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.components.recorder.const import EVENT_RECORDER_5MIN_STATISTICS_GENERATED
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the views."""
    for view in (BareView(), SettledView(), BackgroundView(), GarbageView(), ReportView(), WatchView()):
        hass.http.register_view(view)
    return True


def background_tasks() -> set[str]:
    """Return the names of the integration's tasks that run in the background."""
    names = (task.get_name() for task in asyncio.all_tasks())
    return {name for name in names if name.startswith(f"{PEOPLE_COUNTER} ")}


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
    """Answers when all earlier pushes are shown and recorded."""

    url = "/api/people_counter_bench/settled"
    name = "api:people_counter_bench:settled"

    async def get(self, request: web.Request) -> web.Response:
        """Wait for all tasks, the queue of what has to be shown among them, then for recorder's commit."""
        hass = request.app[KEY_HASS]
        await hass.async_block_till_done()
        await async_recorder_done(hass)
        return self.json({})


class BackgroundView(HomeAssistantView):
    """Starts and lists what the integration does in the background."""

    url = "/api/people_counter_bench/background"
    name = "api:people_counter_bench:background"

    async def get(self, _: web.Request) -> web.Response:
        """Return the names of the tasks."""
        return self.json(sorted(background_tasks()))

    async def post(self, request: web.Request) -> web.Response:
        """Write the statistics now, which would otherwise happen some time later."""
        entries: list[PeopleCounterConfigEntry] = request.app[KEY_HASS].config_entries.async_loaded_entries(
            PEOPLE_COUNTER
        )
        for entry in entries:
            receiver = entry.runtime_data
            for key in (*receiver.cameras, *receiver.places):
                # A change long ago is written at once.
                receiver.statistics.async_changed(key, 0)
        return self.json({})


class GarbageView(HomeAssistantView):
    """Looks for garbage now."""

    url = "/api/people_counter_bench/garbage"
    name = "api:people_counter_bench:garbage"

    async def post(self, _: web.Request) -> web.Response:
        """Let Python look through all objects."""
        # Home Assistant's start has made so many objects that Python would soon look through all of them, and stall for
        # that. From now on, this happens in a measurement only if what is measured makes that many.
        gc.collect()
        return self.json({})


class ReportView(HomeAssistantView):
    """Makes a report of all places over many days, which no action asks for at once."""

    url = "/api/people_counter_bench/report"
    name = "api:people_counter_bench:report"

    async def post(self, request: web.Request) -> web.Response:
        """Return the visitors and the number of days of the report on the days up to yesterday."""
        hass = request.app[KEY_HASS]
        number: int = (await request.json())["days"]
        last = dt_util.now().date() - timedelta(days=1)
        days = Days(last - timedelta(days=number - 1), last)
        entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(PEOPLE_COUNTER)
        places = [place for entry in entries for place in entry.runtime_data.places.values()]
        report = await async_build(hass, places, ReportKind.RANGE, days)
        visitors = sum(place.visitors.value or 0 for place in report.places)
        return self.json({"visitors": visitors, "days": len(report.places[0].days)})


class WatchView(HomeAssistantView):
    """Watches the event loop and the background tasks while the benchmark measures."""

    url = "/api/people_counter_bench/watch"
    name = "api:people_counter_bench:watch"

    def __init__(self) -> None:
        """Start without a measurement."""
        self._stall = 0.0
        self._seen: set[str] = set()
        self._watch: asyncio.Task[None] | None = None
        self._stop_listening: CALLBACK_TYPE | None = None

    async def post(self, request: web.Request) -> web.Response:
        """Start: look again each time the given seconds have passed."""
        hass = request.app[KEY_HASS]
        every: float = (await request.json())["every"]
        self._stop()
        self._stall, self._seen = 0.0, set()
        self._watch = hass.async_create_background_task(self._look(every), "people_counter_bench")

        @callback
        def compiled(_: Event) -> None:
            self._seen.add("recorder's statistics of five minutes")

        self._stop_listening = hass.bus.async_listen(EVENT_RECORDER_5MIN_STATISTICS_GENERATED, compiled)
        return self.json({})

    async def get(self, _: web.Request) -> web.Response:
        """Stop, and return the longest stall of the event loop in seconds, and the tasks that were seen."""
        # A push that was answered just now may have started a task or a stall.
        await asyncio.sleep(0)
        self._stop()
        return self.json({"stall": self._stall, "seen": sorted(self._seen)})

    def _stop(self) -> None:
        if self._watch:
            self._watch.cancel()
            self._watch = None
        if self._stop_listening:
            self._stop_listening()
            self._stop_listening = None

    async def _look(self, every: float) -> None:
        """Measure how late the event loop is for a timer, until cancelled."""
        while True:
            begin = perf_counter()
            await asyncio.sleep(every)
            self._stall = max(self._stall, perf_counter() - begin - every)
            self._seen |= background_tasks()

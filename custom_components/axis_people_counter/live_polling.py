"""Asks cameras for their live counts every few seconds, and when they announce people.

Knows neither entities nor the ledger; the coordinators show what is read. The receiver starts it.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
import logging
from time import monotonic
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .connecting import CameraAccess, CameraError, CountingApplication, EventStream
from .const import CONF_LIVE_SECONDS, DEFAULT_LIVE_SECONDS, DOMAIN
from .coordinator import CameraCoordinator
from .counting import Announcements, People, Reading
from .live_camera import LiveCamera
from .schedules import async_camera_schedule
from .texts import Message, async_translate

_LOGGER = logging.getLogger(__name__)

# Live counts by serial number: without them, a reload would announce people again with the next push.
_DATA_BEFORE_RELOAD: HassKey[dict[str, LiveCamera]] = HassKey(f"{DOMAIN}_live_before_reload")

# A camera that doesn't answer is asked less and less often, down to this.
MAX_PAUSE: Final = 5 * 60
# A camera that announces people is asked at most this often, in seconds.
MIN_PAUSE: Final = 1
# With a clock that differs more, a camera's pushes aren't stored either.
MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=10)


class LivePolling:
    """Asks each camera to which there is access."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        accesses: Mapping[str, CameraAccess],
        camera_of: Callable[[str], CameraCoordinator | None],
    ) -> None:
        """Share the receiver's mapping of accesses by serial number; `camera_of` finds the camera that has one."""
        self._hass = hass
        self._entry = entry
        self._accesses = accesses
        self._camera_of = camera_of
        self._every: int = entry.options.get(CONF_LIVE_SECONDS, DEFAULT_LIVE_SECONDS)
        self._pollings: dict[str, CameraPolling] = {}

    async def async_go_on(self) -> None:
        """Show the live counts from before a reload, before any entity is added."""
        for serial, live in self._hass.data.pop(_DATA_BEFORE_RELOAD, {}).items():
            camera = self._camera_of(serial)
            if self._every and serial in self._accesses and camera:
                await camera.async_go_on_live(live)

    @callback
    def async_start(self) -> None:
        """Ask all cameras from now on, until the entry is unloaded."""
        for serial in self._accesses:
            self.async_start_one(serial)
        self._entry.async_on_unload(self._async_stop)

    @callback
    def async_start_one(self, serial: str) -> None:
        """Ask a camera from now on with its present access, which may be new."""
        if self._every == 0:
            return
        if before := self._pollings.get(serial):
            before.async_stop()
        self._pollings[serial] = polling = CameraPolling(
            self._hass, self._entry, self._accesses[serial], self._camera_of, self._every
        )
        # Many cameras mustn't be asked in the same instant.
        polling.async_ask_in(int(serial, 16) % 100 / 100 * self._every)

    @callback
    def _async_stop(self) -> None:
        cameras = {serial: self._camera_of(serial) for serial in self._pollings}
        self._hass.data[_DATA_BEFORE_RELOAD] = {
            serial: camera.live for serial, camera in cameras.items() if camera and camera.live
        }
        for polling in self._pollings.values():
            polling.async_stop()


class CameraPolling:
    """Asks one camera again and again, until it refuses the password, or its live counts are wrong."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        access: CameraAccess,
        camera_of: Callable[[str], CameraCoordinator | None],
        every: int,
    ) -> None:
        """Take the access to the camera, and the seconds between two questions."""
        self._hass = hass
        self._entry = entry
        self._access = access
        self._camera_of = camera_of
        self._every = every
        # Seconds until the next question; longer while the camera doesn't answer.
        self._pause: float = every
        self._cancel_timer: CALLBACK_TYPE | None = None
        self._task: asyncio.Task[None] | None = None
        self._asked_at = 0.0
        self._announcements = Announcements()
        self._is_announced = False
        self._events = EventStream(hass, entry, access, self._async_announced)
        self._due = HassJob(self._async_due, "live counts", cancel_on_shutdown=True)

    @callback
    def async_ask_in(self, seconds: float) -> None:
        """Ask after so many seconds."""
        self._cancel_timer = async_call_later(self._hass, seconds, self._due)

    @callback
    def async_stop(self) -> None:
        """Ask no more, and drop an answer that may still come."""
        if self._cancel_timer:
            self._cancel_timer()
        if self._task:
            self._task.cancel()
        self._events.async_stop()

    @callback
    def _async_announced(self) -> None:
        """Ask at once, because the camera may have counted somebody; nothing else is taken from its events."""
        if self._announcements.are_useless:
            return
        now = monotonic()
        self._announcements.announce(now)
        if self._cancel_timer and self._pause == self._every:
            self._cancel_timer()
            self.async_ask_in(max(0, self._asked_at + MIN_PAUSE - now))
        self._is_announced = True

    @callback
    def _async_due(self, _: datetime) -> None:
        self._cancel_timer = None
        self._task = self._entry.async_create_background_task(self._hass, self._async_ask_now(), "live counts")

    async def _async_ask_now(self) -> None:
        camera = self._camera_of(self._access.serial)
        live = camera.async_live() if camera else None
        now = monotonic()
        is_needless = live and self._events.is_open and self._announcements.replace_a_reading(live.counts.until, now)
        # While somebody else reads from the camera, it isn't asked.
        if camera and live and not self._access.is_lent and not is_needless:
            self._asked_at, self._is_announced = now, False
            result = await self._async_ask(camera)
            if isinstance(result, Message):
                camera.async_show_live(live, None)
                await self._async_note_problem(camera, result)
            else:
                camera.async_show_live(live, result)
                self._async_note_answer(camera)
                self._announcements.read(result, now)
                self._events.async_keep_open()
            if self._access.is_refused or live.counts.is_wrong:
                self._events.async_stop()
                return
        self.async_ask_in(MIN_PAUSE if self._is_announced and self._pause == self._every else self._pause)

    async def _async_note_problem(self, camera: CameraCoordinator, problem: Message) -> None:
        """Log that a camera gives no live counts any more, and ask it less and less often."""
        if self._pause == self._every:
            text = await async_translate(self._hass, problem)
            _LOGGER.warning("%s gives no live counts: %s", camera.camera.name, text)
        self._pause = min(2 * self._pause, MAX_PAUSE)

    @callback
    def _async_note_answer(self, camera: CameraCoordinator) -> None:
        if self._pause > self._every:
            _LOGGER.info("%s gives live counts again", camera.camera.name)
        self._pause = self._every

    async def _async_ask(self, camera: CameraCoordinator) -> Reading | Message:
        """Return the live counts of a camera, or why there are none."""
        schedule = await async_camera_schedule(self._entry, camera.camera)
        is_zone_known = camera.camera.time_zone is not None and schedule.is_zone_known
        try:
            async with self._access.async_api() as api:
                # The times of a 2D camera are local, so a zone that is only likely isn't enough.
                if api.application is CountingApplication.TWO_D and not is_zone_known:
                    raise CameraError("gaps_without_time_zone", camera=camera.camera.name)
                answer = await api.live(schedule.zone)
                now = dt_util.utcnow()
                # A local time may come twice, in the night when clocks are put back.
                at = min((answer.at.replace(fold=fold) for fold in (0, 1)), key=lambda at: abs(at - now))
                if abs(at - now) > MAX_CLOCK_DIFFERENCE:
                    raise CameraError("live_clock")
        except CameraError as err:
            return err.message
        return Reading(int(at.timestamp()), People(answer.entered, answer.exited))

"""Cameras that are asked for live counts, as if people passed at given times."""

import asyncio
from datetime import UTC, datetime, timedelta
import json
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant

from ..simulator import TWO_D, Device, Reply
from .asked_cameras import give_access
from .pusher import Pusher, measurement

LIVE_3D: Final = "/a3dpc/api/occupancy"
LIVE_2D: Final = "/local/tvpc/.api"
# The names of the tasks that ask cameras.
ASKING: Final = ("live counts", f"{DOMAIN} agreement")
MINUTE: Final = timedelta(minutes=1)


class Door:
    """A camera over a door: people pass, it pushes, and it is asked."""

    def __init__(self, hass: HomeAssistant, clock: FrozenDateTimeFactory, pusher: Pusher, device: Device) -> None:
        """Start with live counts of some day."""
        self.hass = hass
        self.clock = clock
        self.pusher = pusher
        self.device = device
        assert device.counting
        self.name = device.counting.camera.name
        self.zone = device.counting.camera.zone
        self.path = LIVE_2D if device.counter is TWO_D else LIVE_3D
        # The member `sensor` of the pushes.
        self.sensor: dict[str, Any] = {"serial": device.serial, "name": self.name}
        self.live = [100, 50]
        self.clock_offset = timedelta()
        # The answer of the camera in place of its live counts.
        self.fault: Reply | None = None
        # Members of the answer that aren't as documented.
        self.answer: dict[str, Any] = {}
        self.pushed_until = now() - MINUTE
        # People since the last push.
        self.waiting = [0, 0]
        self.show()

    def show(self) -> None:
        """Set the answer of the camera."""
        at = (now() + self.clock_offset).astimezone(self.zone)
        if self.device.counter is TWO_D:
            answer = {"timestamp": f"{at:%Y%m%d%H%M%S}", "in": self.live[0], "out": self.live[1]}
        else:
            answer = {
                "timestamp": at.isoformat(timespec="seconds"),
                "total_in": self.live[0],
                "total_out": self.live[1],
            }
        answer = {"serial": self.device.serial, **answer, **self.answer}
        self.device.replies[self.path] = self.fault or Reply(body=json.dumps(answer).encode())

    def enter(self, entered: int = 1, exited: int = 0) -> None:
        """Let people pass."""
        for people in (self.live, self.waiting):
            people[0] += entered
            people[1] += exited

    async def go_on(self, seconds: int = 5) -> None:
        """Let time pass until the camera is asked next."""
        self.clock.tick(seconds)
        self.show()
        async_fire_time_changed(self.hass)
        await self.settle()

    async def settle(self) -> None:
        """Wait for everything that has begun, but not for the end of an event stream."""
        if self.device.events is None:
            await self.hass.async_block_till_done(wait_background_tasks=True)
            return
        while asking := [task for task in asyncio.all_tasks() if task.get_name() in ASKING]:
            await asyncio.wait(asking)
        await self.hass.async_block_till_done()
        # Pings are answered meanwhile.
        for _ in range(100):
            await asyncio.sleep(0)

    async def push(self) -> None:
        """Push the people since the last push, ten seconds after the end of the interval."""
        until = now()
        minutes = (until - self.pushed_until) / MINUTE
        await self.go_on(10)
        await self.pusher.push(measurement(self.pushed_until, *self.waiting, minutes=minutes), sensor=self.sensor)
        await self.settle()
        self.pushed_until, self.waiting = until, [0, 0]

    async def push_at_once(self, *measurements: Any) -> None:
        """Push measurements, each on its own, before any of them is shown."""
        sensor = {"serial": self.device.serial, "name": self.name}
        await asyncio.gather(*(self.pusher.push(found, sensor=sensor) for found in measurements))
        await self.hass.async_block_till_done(wait_background_tasks=True)

    @property
    def asked(self) -> int:
        """How often the camera was asked for live counts."""
        return len([request for request in self.device.requests if request.path == self.path])


def now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


async def open_door(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, device: Device
) -> Door:
    """Connect a camera that has pushed, and ask it twice; meanwhile, it is also asked for its counts of yesterday."""
    door = Door(hass, clock, pusher, device)
    await door.push()
    await give_access(hass, entry, device, live_seconds=5)
    for _ in range(2):
        await door.go_on()
    return door

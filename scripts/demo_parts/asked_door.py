"""The door of the demo whose camera is asked: live counts, hours that were never pushed, and yesterday's agreement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scripts.demo_parts.console import echo
from scripts.demo_parts.place import States, value
from scripts.demo_parts.states import last_midnight
from tests.helpers.home_assistant import DOMAIN, HomeAssistant, HomeAssistantError
from tests.simulator import Camera, CountingApi, Counts, Device
from tests.simulator.counts import minute_of
from tests.simulator.source import Source

# Yesterday, before midnight: these hours are lost on their way, and read from the camera.
GAP = (timedelta(hours=14), timedelta(hours=11))
# Long enough that some have passed at once, so that they are shown before their minute is over.
GROUP = Counts(40, 40, 40, 40)
# After midnight, yesterday's numbers aren't compared before all cameras have sent them.
TOO_EARLY = timedelta(minutes=61)
LIMIT_SECONDS = 60


@dataclass
class WithGroup:
    """A source with a group that comes and goes in one minute."""

    source: Source
    minute: int

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the door."""
        return self.source.zone

    def between(self, first: int, after: int) -> Counts:
        """Return the counts from one minute since 1970 up to, not including, another."""
        counts = self.source.between(first, after)
        return counts + GROUP if first <= self.minute < after else counts


def gap(camera: Camera) -> tuple[datetime, datetime]:
    """Return when the lost hours begin and end."""
    midnight = last_midnight(camera.zone)
    return midnight - GAP[0], midnight - GAP[1]


async def lose_hours(camera: Camera) -> None:
    """Push what was counted before the gap, and forget what was counted in it."""
    begin, end = gap(camera)
    await camera.push(begin)
    camera.cursor = end


@asynccontextmanager
async def asked(home: HomeAssistant, camera: Camera) -> AsyncIterator[Device]:
    """Connect a camera with its password; inside the block, it answers."""
    async with Device(serial=camera.serial, counting=CountingApi(camera), faults=camera.faults) as device:
        access = {"host": device.address, "username": device.username, "password": device.password}
        await home.add_subentry("camera", {"way": "prepare"}, {**access, "keep_access": True}, {})
        yield device


async def fill_gap(home: HomeAssistant, camera: Camera) -> None:
    """Let Home Assistant read the lost hours from the camera."""
    state = await _wait(home, camera, lambda states: states.get(f"{camera.serial}_occupancy"), "has no occupancy")
    answer = await home.request(
        "POST", f"/api/services/{DOMAIN}/fill_gaps?return_response", {"entity_id": state["entity_id"]}
    )
    (found,) = answer["service_response"]["cameras"]
    begin, end = gap(camera)
    if found.get("error") or found["filled_minutes"] != (end - begin) / timedelta(minutes=1):
        raise HomeAssistantError(f"{camera.name}: the gap wasn't filled: {found}")
    camera.note_read(begin, end)


async def show_live_counts(home: HomeAssistant, camera: Camera) -> None:
    """Let a group come and go, and wait until Home Assistant shows it, before it is pushed."""

    def has_answered(states: States) -> bool:
        attributes = states.get(f"{camera.serial}_in_today", {}).get("attributes", {})
        return attributes.get("live") is True

    await _wait(home, camera, has_answered, "gives no live counts")
    camera.source = WithGroup(camera.source, minute_of(datetime.now(UTC)))
    pushed = camera.delivered(last_midnight(camera.zone), datetime.now(UTC)).in_

    def is_shown(states: States) -> bool:
        return int(value(states, camera.serial, "in_today") or 0) > pushed

    await _wait(home, camera, is_shown, "shows nobody before the push")


async def push_time() -> datetime:
    """Wait until the minute of the group is over, and return the time up to which all cameras push then."""
    now = datetime.now(UTC)
    until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    await asyncio.sleep((until - now).total_seconds())
    return until


async def show_agreement(home: HomeAssistant, camera: Camera) -> None:
    """Wait until Home Assistant has compared yesterday's numbers with the camera's own."""
    if datetime.now(UTC) - last_midnight(camera.zone) < TOO_EARLY:
        echo("It is too early in the day to compare yesterday's numbers with the camera's own.")
        return
    key = "difference_yesterday"
    await _wait(home, camera, lambda states: value(states, camera.serial, key) == "0", f"has no {key} of 0")


async def _wait[T](home: HomeAssistant, camera: Camera, found: Callable[[States], T | None], problem: str) -> T:
    """Wait for something in the states and return it; raise HomeAssistantError if it doesn't come."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LIMIT_SECONDS
    while not (result := found(await home.states())):
        if loop.time() > until:
            raise HomeAssistantError(f"{camera.name} {problem}.")
        await asyncio.sleep(0.5)
    return result

"""The steps of the demo, from the set-up to the check of the result."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from custom_components.axis_people_counter.core_internals import async_adapter_addresses, public_client_context
from scripts.demo_parts.console import echo, step
from scripts.demo_parts.place import CAPACITY, HYSTERESIS, WARNING_LEVEL, Place
from scripts.demo_parts.report import report_differences
from scripts.demo_parts.series import (
    expected_statistics,
    expected_statistics_of_place,
    statistic_differences,
    statistics,
)
from scripts.demo_parts.states import differences, expected
from scripts.demo_parts.table import table
from tests.helpers.dashboards import DASHBOARDS, dashboard_differences
from tests.helpers.home_assistant import DOMAIN, HomeAssistant, HomeAssistantError, install, missing_requirements
from tests.helpers.shop import SHOP, mount_cameras
from tests.simulator import Building, Camera

SHOWN_SECONDS = 60


async def prepare() -> None:
    """Install the packages that Home Assistant's own pages need, once per environment."""
    with step("Looking for what Home Assistant's own pages need"):
        missing = await asyncio.to_thread(missing_requirements)
    if missing:
        echo("Installing it (about 100 MB, only once) …")
        await install(missing)


async def connect(home: HomeAssistant, building: Building, *, https: bool) -> list[Camera]:
    """Set the integration up as a user does, with a camera that presses "Test connection"."""
    async with home.connecting(direct=https) as shown:
        mounted = mount_cameras(shown, building)
        answer = await mounted[0].test_connection()
        if not answer.delivered:
            raise HomeAssistantError(f"Test connection was answered {answer.status}: {answer.text}")
    return mounted


async def push(mounted: Sequence[Camera], until: datetime) -> None:
    """Let all cameras send everything they have counted up to the same minute, so that the number inside is known."""
    await asyncio.gather(*(push_all(camera, until) for camera in mounted))


async def push_all(camera: Camera, until: datetime) -> None:
    """Send everything, and the last push twice, as a camera does when an answer is lost."""
    for answer in (await camera.push(until), await camera.redeliver()):
        if answer is not None and not answer.delivered:
            raise HomeAssistantError(f"{camera.name}: the push was answered {answer.status}: {answer.text}")


async def add_place(home: HomeAssistant, building: Building, mounted: Sequence[Camera]) -> Place:
    """Add the shop as a user does who fills in its form."""
    names = [door.name for door in building.doors]
    doors = [camera for camera in mounted if camera.name in names]
    fields = {
        "name": SHOP,
        "doors": [camera.serial for camera in doors],
        "capacity": CAPACITY,
        "neighbours": {"reversed_doors": []},
        "more": {
            "warning_level": WARNING_LEVEL,
            "hysteresis": HYSTERESIS,
            "daily_reset": True,
            "reset_time": "00:00:00",
            "reset_value": 0,
        },
    }
    return Place(await home.add_subentry("place", fields), building, doors)


async def call_internals() -> None:
    """Call those undocumented parts of Home Assistant that no other step reaches; an error ends the demo."""
    if not await async_adapter_addresses():
        raise HomeAssistantError("Home Assistant finds no network address of this machine.")
    await asyncio.to_thread(public_client_context)


async def past_midnight(zone: ZoneInfo) -> None:
    """Wait for midnight if the day would change during the check."""
    now = datetime.now(zone)
    tomorrow = datetime.combine(now + timedelta(days=1), time(), zone)
    remaining = (tomorrow.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
    if remaining < SHOWN_SECONDS * 5:
        with step("Waiting for midnight"):
            await asyncio.sleep(remaining + 1)


async def check(home: HomeAssistant, mounted: Sequence[Camera], place: Place) -> int:
    """Show the final table and return 0 if it becomes right within a minute, else 1."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SHOWN_SECONDS
    wanted = await asyncio.to_thread(expected_statistics_of_place, place)
    for camera in mounted:
        wanted |= await asyncio.to_thread(expected_statistics, camera)
    while True:
        states = await home.states()
        wrong = differences(states, mounted, place)
        wrong += statistic_differences(await statistics(home, place.zone), wanted)
        if not wrong or loop.time() > until:
            break
        await asyncio.sleep(0.5)
    wrong += await dashboard_differences(home, states)
    wrong += await report_differences(home, place)
    # Without the list of all actions, Home Assistant shows no page.
    if DOMAIN not in await home.command("get_services"):
        wrong.append("The actions aren't there")
    # Deprecations count as errors.
    signs = (" ERROR ", "Detected that custom integration")
    wrong += [f"it logged: {line}" for line in home.log().splitlines() if any(sign in line for sign in signs)]
    echo()
    echo("\n".join(table(states, mounted, place)))
    echo()
    if wrong:
        echo("Home Assistant doesn't show what the cameras counted, or has trouble:")
        echo("\n".join(f"  {difference}" for difference in wrong))
        return 1
    people = sum(int(expected(camera)[key]) for camera in mounted for key in ("in_total", "out_total"))
    echo(f"All right: Home Assistant shows each of the {people} passages that the cameras counted, once, and how many")
    echo(
        f"are really inside. Its {len(wanted)} long-term statistics, the {len(DASHBOARDS)} dashboards and the report of"
    )
    echo(
        "last week agree. It read hours that were never pushed from a camera, agrees with it about yesterday, and shows"
    )
    echo("people at once.")
    return 0

"""One run: a Home Assistant, a window, and what the walks hand on to each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from playwright.async_api import Locator

from scripts.e2e_parts.browser import WAIT_SECONDS
from scripts.e2e_parts.entry import Entry
from scripts.e2e_parts.flow import Flow
from scripts.e2e_parts.screen import Screen
from scripts.e2e_parts.texts import pattern
from tests.helpers.home_assistant import DOMAIN, HomeAssistant, HomeAssistantError
from tests.simulator import Camera

# The place that stays.
SHOP, CAPACITY = "Shop", 60


@dataclass
class Run:
    """The means of each walk."""

    home: HomeAssistant
    screen: Screen
    # Simulated cameras are closed at the end.
    stack: AsyncExitStack
    # The days that they have counted before.
    days: int = 2
    cameras: list[Camera] = field(default_factory=list)
    # Parts of what the integration logs because a walk wants it.
    expected_errors: list[str] = field(default_factory=list)
    # The key of the place, once there is one that stays.
    _place: str | None = None

    @property
    def flow(self) -> Flow:
        """The dialog of a flow."""
        return Flow(self.screen)

    @property
    def entry(self) -> Entry:
        """The integration's own page."""
        return Entry(self.screen)

    async def open(self, path: str) -> None:
        """Open a page of Home Assistant."""
        await self.screen.open(f"{self.home.url}{path}")

    async def open_integration(self) -> None:
        """Open the integration's own page."""
        await self.open(f"/config/integrations/integration/{DOMAIN}")

    async def open_device(self, name: str) -> None:
        """Open the page of a camera or place."""
        devices = await self.home.command("config/device_registry/list")
        device = next(one for one in reversed(devices) if one["name"] == name)
        await self.open(f"/config/devices/device/{device['id']}")

    # Requests to Home Assistant that nobody looks at

    async def place(self) -> str:
        """Return the key of the place; add it if there is none."""
        if self._place is None:
            reset = {"daily_reset": False, "reset_time": "00:00:00", "reset_value": 0}
            fields = {
                "name": SHOP,
                "doors": [self.cameras[0].serial],
                "capacity": CAPACITY,
                "neighbours": {"reversed_doors": []},
                "more": {"warning_level": CAPACITY - 10, "hysteresis": 0, **reset},
            }
            self._place = await self.home.add_subentry("place", fields)
        return self._place

    async def give_access(self, host: str, username: str, password: str) -> None:
        """Let Home Assistant ask a camera."""
        (entry,) = await self.home.command("config_entries/get", domain=DOMAIN)
        path = "/api/config/config_entries/subentries/flow"
        step = await self.home.request("POST", path, {"handler": [entry["entry_id"], "camera"]})
        access = {"host": host, "username": username, "password": password, "keep_access": True}
        for fields in ({"way": "prepare"}, access, {}):
            step = await self.home.request("POST", f"{path}/{step['flow_id']}", fields)
        if step["type"] != "create_entry":
            raise HomeAssistantError(f"Access to the camera wasn't kept: {step}")

    async def set_occupancy(self, key: str, people: int) -> None:
        """Correct how many people are inside."""
        unique_id = f"{key}_occupancy"

        async def is_available() -> bool:
            # Home Assistant skips others, such as those of a place that has just been added.
            return (await self.home.states()).get(unique_id, {}).get("state") not in (None, "unavailable")

        await wait_until(is_available)
        entity_id = (await self.home.states())[unique_id]["entity_id"]
        await self.home.call(DOMAIN, "set_occupancy", entity_id=entity_id, value=people)
        await self.sees_state(unique_id, str(people))

    async def sees_state(self, unique_id: str, state: str) -> None:
        """Wait until an entity has a state."""

        async def has_state() -> bool:
            return (await self.home.states()).get(unique_id, {}).get("state") == state

        await wait_until(has_state)

    async def sees_camera(self, serial: str) -> None:
        """Wait until a camera has entities of its own."""

        async def has_entities() -> bool:
            return any(key.startswith(f"{serial}_") for key in await self.home.states())

        await wait_until(has_entities)

    async def sees_entity(self, unique_id: str) -> None:
        """Wait until there is an entity."""

        async def is_there() -> bool:
            return unique_id in await self.home.states()

        await wait_until(is_there)

    async def sees_automation(self) -> None:
        """Wait until there is an automation."""

        async def has_automation() -> bool:
            return any("automation." in one["entity_id"] for one in await self.home.request("GET", "/api/states"))

        await wait_until(has_automation)

    # Repairs

    async def open_repair(self, key: str) -> None:
        """Open a repair from the list, by its translation key."""

        async def has_begun() -> bool:
            return await self._has_repair(key)

        await wait_until(has_begun)
        await self.open("/config/repairs")
        await self.screen.press_simply(self._repair(key))

    async def sees_text_of_repair(self) -> None:
        """Wait for the text of a repair without a flow: the part of the frontend that shows it is loaded later."""
        await self.screen.page.locator("dialog-repairs-issue ha-markdown p").first.wait_for()

    async def sees_no_repair(self, key: str) -> None:
        """Wait until a repair is no longer in the list."""

        async def has_ended() -> bool:
            return not await self._has_repair(key)

        # The list on the screen is empty until it is loaded, so it alone proves nothing.
        await wait_until(has_ended)
        await self.open("/config/repairs")
        await self.screen.page.locator("ha-config-repairs, ha-card .no-repairs").first.wait_for()
        await self._repair(key).wait_for(state="detached")

    async def _has_repair(self, key: str) -> bool:
        """Return True if a repair is in Home Assistant's list."""
        found = await self.home.command("repairs/list_issues")
        return any(issue["translation_key"] == key for issue in found["issues"])

    def _repair(self, key: str) -> Locator:
        """Return the row of a repair in the list."""
        title = pattern(self.screen.texts.by_key[f"issues.{key}.title"])
        return self.screen.page.locator("ha-config-repairs ha-list-item-button").filter(has_text=title).first


async def wait_until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition is true."""
    # Ten seconds after its start, the integration compares its counts with those of cameras.
    until = asyncio.get_running_loop().time() + 2 * WAIT_SECONDS
    while not await condition():
        if asyncio.get_running_loop().time() > until:
            raise HomeAssistantError(f"{condition.__qualname__} is still not true after {2 * WAIT_SECONDS} seconds.")
        await asyncio.sleep(0.2)

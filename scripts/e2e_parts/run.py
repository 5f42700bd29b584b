"""One run: a Home Assistant, a window, and what the walks hand on to each other."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from playwright.async_api import Locator

from scripts.e2e_parts.entry import Entry
from scripts.e2e_parts.flow import Flow
from scripts.e2e_parts.screen import Screen
from scripts.e2e_parts.texts import pattern
from tests.helpers.home_assistant import DOMAIN, HomeAssistant
from tests.simulator import Camera


@dataclass
class Run:
    """What each walk gets."""

    home: HomeAssistant
    screen: Screen
    # What is to be closed at the end: simulated cameras.
    stack: AsyncExitStack
    cameras: list[Camera] = field(default_factory=list)

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

    # Repairs

    async def open_repair(self, key: str) -> None:
        """Open a repair from the list, by its translation key."""
        await self.open("/config/repairs")
        await self.screen.press(self._repair(key))

    async def sees_no_repair(self, key: str) -> None:
        """Wait until a repair is no longer in the list."""
        await self.open("/config/repairs")
        await self.screen.page.locator("ha-config-repairs, ha-card .no-repairs").first.wait_for()
        await self._repair(key).wait_for(state="detached")

    def _repair(self, key: str) -> Locator:
        """Return the row of a repair in the list."""
        title = pattern(self.screen.texts.by_key[f"issues.{key}.title"])
        return self.screen.page.locator("ha-config-repairs ha-list-item-button").filter(has_text=title).first

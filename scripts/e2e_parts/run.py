"""One run: a Home Assistant, a window, and what the walks hand on to each other."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from scripts.e2e_parts.entry import Entry
from scripts.e2e_parts.flow import Flow
from scripts.e2e_parts.screen import Screen
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

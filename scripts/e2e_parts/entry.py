"""The integration's own page in Home Assistant's settings, with its cameras and places."""

from __future__ import annotations

from playwright.async_api import Locator

from scripts.e2e_parts.screen import Screen


class Entry:
    """The page that is open now."""

    def __init__(self, screen: Screen) -> None:
        """Take the window."""
        self.screen = screen

    def subentry(self, name: str) -> Locator:
        """Return the row of a place, or of the access to a camera."""
        return self.screen.page.locator("ha-config-sub-entry-row").filter(has_text=name)

    async def add(self, kind: str) -> None:
        """Press the button that adds a subentry."""
        await self.screen.press(self.screen.button(self.screen.texts(f"config_subentries.{kind}.initiate_flow.user")))

    async def change(self, kind: str, name: str) -> None:
        """Press the button that changes a subentry."""
        text = self.screen.texts(f"config_subentries.{kind}.initiate_flow.reconfigure")
        await self.screen.press(self.subentry(name).get_by_role("button", name=text, exact=True))

    async def options(self) -> None:
        """Press the button that changes the options of the integration."""
        await self.screen.press(self._row.locator("ha-icon-button[slot=end]").first)

    async def reconfigure(self) -> None:
        """Choose to reconfigure the integration."""
        await self._choose(self._row, "ha-dropdown-item[value=reconfigure]")

    @property
    def _row(self) -> Locator:
        """The row of the integration itself."""
        return self.screen.page.locator("ha-config-entry-row")

    async def delete(self, name: str) -> None:
        """Delete a subentry."""
        row = self.subentry(name)
        await self._choose_last(row)
        await self.confirm()
        await row.wait_for(state="detached")

    async def delete_all(self) -> None:
        """Delete the integration."""
        await self._choose_last(self._row)
        await self.confirm()
        await self._row.wait_for(state="detached")

    async def _choose_last(self, row: Locator) -> None:
        """Choose the last entry of a row's menu, which deletes it."""
        await self._choose(row, "[role=menuitem] >> nth=-1")

    async def _choose(self, row: Locator, item: str) -> None:
        """Choose an entry of a row's menu."""
        menu = row.locator("ha-dropdown").first
        await self.screen.press(menu.locator("[slot=trigger]"))
        await self.screen.press(menu.locator(item), along="ArrowDown")

    async def confirm(self) -> None:
        """Confirm what Home Assistant asks."""
        await self.screen.press(self.screen.page.locator("dialog-box [slot=primaryAction]").last)

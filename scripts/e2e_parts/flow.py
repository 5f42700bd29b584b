"""The dialog of a flow: its fields, its menu, its buttons."""

from __future__ import annotations

from collections.abc import Mapping
import re
from urllib.parse import urljoin

from playwright.async_api import Locator

from scripts.e2e_parts.screen import Screen

SUBSCRIBE_MILLISECONDS = 500


class Flow:
    """The dialog that is open now."""

    def __init__(self, screen: Screen) -> None:
        """Take the window."""
        self.screen = screen
        self.dialog = screen.page.locator("dialog-data-entry-flow")

    async def at(self, key: str) -> None:
        """Wait for a step, by the key of its title."""
        title = self.screen.texts.start(key)
        await self.dialog.get_by_text(title).first.wait_for()
        if self.screen.kind.keyboard:
            # While it opens, a dialog moves the focus.
            await self.screen.settle()

    async def choose(self, key: str) -> None:
        """Choose a row of a menu or a list, by the key of its text."""
        await self.choose_text(self.screen.texts(key))

    async def choose_text(self, text: str | re.Pattern[str], group: int = -1) -> None:
        """Choose a row of a menu or a list, by its text; of several lists in a form, tell which."""
        row = self.dialog.locator("ha-list-item").filter(has=self.screen.page.get_by_text(text, exact=True))
        radio = self.dialog.get_by_role("radio", name=text)
        await row.or_(radio).first.wait_for()
        if await row.count():
            await self.screen.press(row)
        else:
            await self.screen.mark(radio, self.dialog.get_by_role("radiogroup").nth(group))

    async def fill(self, values: Mapping[str, str]) -> None:
        """Fill in fields, by their names in the code."""
        for name, value in values.items():
            await self.screen.fill(self.dialog.locator(f"[name={name}] input, input[name={name}]").first, value)

    async def pick(self, key: str, option: str) -> None:
        """Pick one of the options of a field, by the key of its label."""
        bar = self.dialog.get_by_role("toolbar", name=self.screen.texts(key), exact=True)
        await self.screen.press(bar.get_by_role("button").last)
        await self.screen.pick(option)
        await bar.get_by_text(option).wait_for()

    async def tick(self, name: str) -> None:
        """Tick a check box, or untick it."""
        box = self.dialog.get_by_role("checkbox", name=name).first
        # The box itself is drawn over what a browser would show.
        await self.screen.press(box if self.screen.kind.keyboard else self.dialog.get_by_text(name, exact=True).first)

    def button(self, key: str) -> Locator:
        """Return the button of the dialog with a label, by the key of the label."""
        return self.dialog.get_by_role("button", name=self.screen.texts(key), exact=True)

    @property
    def primary(self) -> Locator:
        """The button that goes on, or closes the last step."""
        return self.dialog.locator("[slot=primaryAction], [slot=secondaryAction]").last

    async def submit(self) -> None:
        """Go on; note it if the button of a form has another label than that of its step."""
        if await self.dialog.locator("step-flow-form").count():
            title = " ".join((await self.dialog.locator("[slot=headerTitle]").last.inner_text()).split())
            label = (await self.primary.inner_text()).strip()
            if (labels := self.screen.texts.buttons_of(title)) and label not in labels:
                self.screen.add_fault(f"The button of {title!r} is called {label!r} instead of {sorted(labels)}")
        await self.screen.press(self.primary)

    async def url_and_token(self) -> tuple[str, str]:
        """Return what is shown to be copied into a camera."""
        shown = self.dialog.locator("code")
        # The title is there before the text.
        await shown.filter(has_text="http").first.wait_for()
        codes = [text.strip() for text in await shown.all_inner_texts()]
        url = next(number for number, code in enumerate(codes) if code.startswith("http"))
        return codes[url], codes[url + 1]

    async def download(self) -> bytes:
        """Return the file that the dialog has a link to."""
        link = await self.dialog.locator("ha-markdown a[href]").first.get_attribute("href")
        answer = await self.screen.page.request.get(urljoin(self.screen.page.url, str(link)))
        return bytes(await answer.body())

    async def waits(self) -> None:
        """Wait for the step that shows that something is being done."""
        await self.dialog.locator("step-flow-progress").wait_for()
        # The frontend asks to be told of the end of the step once it shows it, and misses an earlier end.
        await self.screen.page.wait_for_timeout(SUBSCRIBE_MILLISECONDS)

    async def fails(self) -> None:
        """Wait for the message that something is wrong."""
        await self.dialog.locator("ha-alert[alert-type=error], ha-alert").first.wait_for()

    async def ends(self) -> None:
        """Wait for the last step, which only says something."""
        await self.dialog.locator("step-flow-abort, step-flow-create-entry").first.wait_for()

    async def is_closed(self) -> None:
        """Wait until there is no dialog."""
        await self.dialog.locator("dialog[open]").first.wait_for(state="detached")

"""The actions of a person in a window, and a look at each step: a picture, and the faults on it."""

from __future__ import annotations

from pathlib import Path
import re

from playwright.async_api import Error, Locator, Page

from scripts.e2e_parts.browser import Kind
from scripts.e2e_parts.checks import OURS, Block, Look, faults
from scripts.e2e_parts.documentation import PICTURES
from scripts.e2e_parts.keyboard import MOST_KEYS, reach, unreached
from scripts.e2e_parts.texts import Texts, escape

LOOK = (Path(__file__).parent / "look.js").read_text()
_IS_TYPING = """() => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  return focused?.localName === "input";
}"""
# Some screens never stay the same: of an automation's age, for example, the seconds are shown.
MOST_LOOKS = 20
MOST_LOADS = 5
LOAD_PAUSE_MILLISECONDS = 300


class Screen:
    """A window with one language, and the faults that were found in it."""

    def __init__(self, page: Page, kind: Kind, pictures: Path, integration: Path) -> None:
        """Take a window, the folder for pictures, and that of the integration, whose texts are expected."""
        self.page = page
        self.kind = kind
        self.texts = Texts.read(kind.language, integration)
        self.english = Texts.read("en", integration)
        # Sentences, with the name of the picture that shows it.
        self.faults: list[str] = []
        # The name of the last picture.
        self.picture = ""
        # The names of all steps until now.
        self.steps: set[str] = set()
        # The folder for the pictures of the documentation, if they are wanted.
        self.documentation: Path | None = None
        self._pictures = pictures
        self._console: list[str] = []
        self._steps = 0
        page.on("console", lambda message: self._note(message.type, message.text, message.location.get("url", "")))
        page.on("pageerror", lambda error: self._note("error", error.message, str(error.stack)))

    def _note(self, kind: str, text: str, source: str) -> None:
        """Keep what the browser's console shows in red; with its source if only that tells whose it is."""
        if kind == "error":
            self._console.append(" ".join((text if OURS.search(text) else f"{text} {source}").split())[:300])

    # Actions of a person

    async def open(self, url: str) -> None:
        """Open a page; from an empty one, because a dialog that is left goes back in the history."""
        for address in ("about:blank", url):
            for tries_left in reversed(range(MOST_LOADS)):
                try:
                    await self.page.goto(address)
                    break
                except Error:
                    # The way back has stopped what was being loaded, or the page loads itself again, as those of Home
                    # Assistant do when they have another worker.
                    if not tries_left:
                        raise
                    await self.page.wait_for_timeout(LOAD_PAUSE_MILLISECONDS)

    async def press(self, what: Locator, *, along: str = "Tab") -> None:
        """Use a button, a link or a row: with the keyboard alone if the run is about that.

        `along` is the key that moves on: in an open list, an arrow.
        """
        await what.wait_for()
        if self.kind.keyboard and await self._reach(what, along):
            # Enter submits a whole form; only lists and links need it.
            await self.page.keyboard.press("Space" if along == "Tab" else "Enter")
        else:
            await self.press_simply(what)

    async def press_simply(self, what: Locator) -> None:
        """Use something of Home Assistant's own, whose keys aren't looked at."""
        # The picture of a check box is over the check box.
        is_input = bool(await what.evaluate("element => element.localName === 'input'"))
        await (what.tap(force=is_input) if self.kind.is_phone else what.click(force=is_input))

    async def fill(self, what: Locator, value: str) -> None:
        """Replace what a field contains."""
        await what.wait_for()
        if self.kind.keyboard and await self._reach(what):
            await self.page.keyboard.press("Control+A")
            await self.page.keyboard.type(value)
        else:
            await what.fill(value)

    async def _reach(self, what: Locator, along: str = "Tab") -> bool:
        """Move the focus to an element as the keyboard does; note it if that isn't possible."""
        if is_reached := await reach(self.page, what, along):
            return is_reached
        name = " ".join((await what.inner_text()).split()) or await what.get_attribute("name")
        self.add_fault(f"The keyboard doesn't get to: {name!r}")
        return False

    async def pick(self, option: str) -> None:
        """Pick an option of the list that has just opened."""
        found = self.page.get_by_role("option", name=option)
        await found.wait_for()
        if self.kind.keyboard:
            # The focus goes to the field above the list, and stays there.
            await self.page.wait_for_function(_IS_TYPING)
            await self.page.keyboard.type(option)
            await self.page.keyboard.press("ArrowDown")
            await self.page.keyboard.press("Enter")
        else:
            await self.press(found)

    async def mark(self, radio: Locator, group: Locator) -> None:
        """Choose one of a group of which one is always chosen."""
        if self.kind.keyboard and await self._reach(group):
            for _ in range(MOST_KEYS):
                if "[checked]" in await radio.aria_snapshot():
                    return
                await self.page.keyboard.press("ArrowDown")
                await self.settle()
        else:
            await self.press_simply(radio)

    # Elements by their names

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """Return the button with a name."""
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str)).last

    def field(self, key: str) -> Locator:
        """Return the field with a label, by the key of the label."""
        label = re.compile(rf"^{escape(self.texts(key))}\W*$")
        return self.page.get_by_role("textbox", name=label).or_(self.page.get_by_role("spinbutton", name=label)).last

    def text(self, text: str) -> Locator:
        """Return a text."""
        return self.page.get_by_text(text).last

    async def sees(self, text: str) -> None:
        """Wait until a text is on the screen."""
        await self.text(text).wait_for()

    # A look at each step

    async def step(self, name: str, *, is_english: bool = False) -> None:
        """Take a picture, and note what is wrong with the screen; of a dashboard also in dark colors.

        `is_english` tells that its texts can't be translated: those of blueprints.
        """
        self._steps += 1
        await self._look(name, is_english=is_english)
        if self.documentation and name in PICTURES and name not in self.steps:
            # A dialog is shown alone, and a screen that is one as a whole.
            dialog = self.page.locator("dialog[open]")
            shown = dialog.last if await dialog.count() else self.page
            await shown.screenshot(path=self.documentation / PICTURES[name])
        self.steps.add(name)
        if await self.page.locator("hui-view").count() and not await self.page.locator("dialog[open]").count():
            await self.page.emulate_media(color_scheme="dark")
            await self._look(f"{name}-dark", is_english=is_english)
            await self.page.emulate_media(color_scheme="light")
        if self.kind.keyboard:
            for fault in await self.unreached():
                self.add_fault(fault, self.picture)
            # The focus has scrolled the page under its header.
            await self.page.evaluate("scrollTo(0, 0)")

    async def unreached(self) -> list[str]:
        """Return a sentence for each control that the Tab key doesn't get to."""
        return [f"The keyboard doesn't get to: {control}" for control in await unreached(self.page)]

    async def _look(self, name: str, *, is_english: bool) -> None:
        """Take a picture, and note the faults on it."""
        await self.settle()
        self.picture = f"{self.kind.name}-{self._steps:02}-{name}.png"
        await self.page.screenshot(path=self._pictures / self.picture)
        for fault in await self.faults_now(is_english=is_english):
            self.add_fault(fault, self.picture)

    async def faults_now(self, *, is_english: bool = False) -> list[str]:
        """Return what is wrong with the screen, and in the console since the last look."""
        shown = await self.page.evaluate(LOOK)
        blocks = [Block(**block) for block in shown["blocks"]]
        # Around dialogs and dashboards are Home Assistant's own pages, some of whose fields have no names.
        ours = self.page.locator("dialog[open], hui-view")
        names = await ours.last.aria_snapshot() if await ours.count() else ""
        # Outside of dialogs it is Home Assistant that makes things clickable.
        unreachable = shown["unreachable"] if names else []
        console, self._console = self._console, []
        texts = self.english if is_english else self.texts
        look = Look(blocks, unreachable, shown["broken"], shown["is_blank"], names)
        return faults(look, texts, self.english, console)

    async def settle(self) -> None:
        """Wait until the screen stays the same for a moment."""
        before = None
        for _ in range(MOST_LOOKS):
            await self.page.wait_for_timeout(100)
            if before == (before := await self.page.evaluate(LOOK)):
                return

    def add_fault(self, fault: str, picture: str = "") -> None:
        """Note a fault, once in each run."""
        known = {line.partition("  → ")[0] for line in self.faults}
        if (line := f"{self.kind.name}: {fault}") not in known:
            self.faults.append(f"{line}  → {picture}" if picture else line)

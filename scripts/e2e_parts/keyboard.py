"""The way of the focus through a window, as the Tab and arrow keys move it."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Locator, Page

# More than there are things to reach on any page.
MOST_KEYS = 200
# Returns "here" if an element has the focus, "again" if the focus has been on that element before, else "elsewhere".
_FOCUS = """(element, isFirst) => {
  if (isFirst) window.focusedBefore = new Set();
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  for (let outer = focused; outer; outer = outer.assignedSlot ?? outer.parentElement ?? outer.getRootNode().host)
    if (outer === element) return "here";
  if (focused === document.body) return "elsewhere";
  // In a date, the focus stays for day, month and year.
  if (focused !== window.focusedLast && window.focusedBefore.has(focused)) return "again";
  window.focusedBefore.add(focused);
  window.focusedLast = focused;
  return "elsewhere";
}"""
_CONTROLS = (Path(__file__).parent / "controls.js").read_text()


async def reach(page: Page, what: Locator, along: str) -> bool:
    """Move the focus to an element by pressing a key; return False if it doesn't get there."""
    focus = await what.evaluate(_FOCUS, True)
    for _ in range(MOST_KEYS):
        if focus != "elsewhere":
            break
        await page.keyboard.press(along)
        focus = await what.evaluate(_FOCUS, False)
    return bool(focus == "here")


async def unreached(page: Page) -> list[str]:
    """Return the buttons, links and fields of the open dialog or dashboard that the Tab key doesn't get to."""
    controls = await page.evaluate_handle(_CONTROLS)
    for _ in range(MOST_KEYS):
        if await controls.evaluate("controls => controls.isOver"):
            break
        await page.keyboard.press("Tab")
    return list(await controls.evaluate("controls => controls.end()"))

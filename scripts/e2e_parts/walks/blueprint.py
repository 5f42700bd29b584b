"""Make an automation from a blueprint, and see it fire."""

from __future__ import annotations

from scripts.e2e_parts.run import CAPACITY, SHOP, Run

BLUEPRINT = "Notify when a place is full or free again"


async def walk(run: Run) -> None:
    """Let a message appear when the place is full."""
    screen, page = run.screen, run.screen.page
    key = await run.place()
    await run.set_occupancy(key, 0)
    await run.open("/config/blueprint/dashboard")
    await screen.press(screen.text(BLUEPRINT))
    picker = page.locator("ha-selector-device")
    await picker.wait_for()
    await screen.step("form", is_english=True)
    await screen.press(picker.get_by_role("button").first)
    await screen.pick(SHOP)
    await screen.step("filled", is_english=True)
    await screen.press(page.locator("ha-button[slot=fab]"))
    await run.sees_automation()
    await run.set_occupancy(key, CAPACITY)
    await run.open("/")
    if screen.kind.is_phone:
        await screen.press_simply(page.locator("ha-menu-button").first)
    await screen.press_simply(page.locator("#sidebar-notifications"))
    await screen.sees(f"{SHOP} is full. People inside: {CAPACITY}.")
    await screen.step("message", is_english=True)

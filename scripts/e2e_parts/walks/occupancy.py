"""Correct on the page of a place how many people are inside, and look at the page of a camera."""

from __future__ import annotations

from scripts.e2e_parts.cameras import NAME
from scripts.e2e_parts.run import SHOP, Run


async def walk(run: Run) -> None:
    """Enter a number, then reset it."""
    screen = run.screen
    key = await run.place()
    await run.open_device(SHOP)
    correction = screen.field("entity.number.occupancy_correction.name")
    await correction.wait_for()
    await screen.step("place")
    await screen.fill(correction, "17")
    await screen.page.keyboard.press("Tab")
    await run.sees_state(f"{key}_occupancy", "17")
    await screen.step("corrected")
    row = screen.page.locator("hui-button-entity-row").filter(
        has_text=screen.texts("entity.button.reset_occupancy.name")
    )
    await screen.press(row.get_by_role("button").last)
    await run.sees_state(f"{key}_occupancy", "0")
    await screen.step("reset")
    await run.open_device(NAME)
    await screen.text(screen.texts("entity.sensor.in_today.name")).wait_for()
    await screen.step("camera")

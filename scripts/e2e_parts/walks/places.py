"""Add a place with a wrong form and a right one, change it, and remove it."""

from __future__ import annotations

from scripts.e2e_parts.cameras import NAME
from scripts.e2e_parts.run import CAPACITY, SHOP, Run

KEY = "config_subentries.place"


async def add_place(run: Run) -> None:
    """Add the place with the camera as its only door."""
    screen, flow = run.screen, run.flow
    await run.open_integration()
    await run.entry.add("place")
    await flow.at(f"{KEY}.step.user.title")
    await screen.step("form")
    await flow.fill({"name": SHOP})
    await flow.submit()
    await screen.sees(screen.texts(f"{KEY}.error.no_doors"))
    await screen.step("no-doors")
    await flow.pick(f"{KEY}.step.user.data.doors", NAME)
    await screen.fill(screen.field(f"{KEY}.step.user.sections.limits.data.capacity"), str(CAPACITY))
    await screen.step("filled")
    await flow.submit()
    await screen.step("added")
    await flow.submit()
    await flow.is_closed()
    await run.entry.subentry(SHOP).wait_for()
    await screen.step("list")


async def walk(run: Run) -> None:
    """Add a place, change it, and remove it."""
    await add_place(run)
    await change_place(run)
    await run.entry.delete(SHOP)
    await run.screen.step("removed")


async def change_place(run: Run) -> None:
    """Change the daily reset of the place."""
    screen, flow = run.screen, run.flow
    await run.entry.change("place", SHOP)
    await flow.at(f"{KEY}.step.reconfigure.title")
    await screen.press(screen.button(screen.texts(f"{KEY}.step.reconfigure.sections.counting.name")))
    await screen.fill(screen.field(f"{KEY}.step.reconfigure.sections.counting.data.reset_value"), "2")
    await screen.step("change")
    await flow.submit()
    await flow.ends()
    await screen.step("changed")
    await flow.submit()
    await flow.is_closed()

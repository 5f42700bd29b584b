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
    await flow.tick(NAME)
    await screen.press(flow.button(f"{KEY}.step.user.submit"))
    await screen.sees(screen.texts(f"{KEY}.error.no_doors"))
    await screen.step("no-doors")
    await flow.tick(NAME)
    await screen.fill(screen.field(f"{KEY}.step.user.data.capacity"), "2")
    await screen.press(screen.button(screen.texts(f"{KEY}.step.user.sections.more.name")))
    await screen.fill(screen.field(f"{KEY}.step.user.sections.more.data.warning_level"), "3")
    await screen.press(flow.button(f"{KEY}.step.user.submit"))
    await screen.sees(screen.texts(f"{KEY}.error.warning_above_capacity"))
    await screen.step("wrong-warning")
    await screen.fill(screen.field(f"{KEY}.step.user.data.capacity"), str(CAPACITY))
    await screen.press(screen.button(screen.texts(f"{KEY}.step.user.sections.neighbours.name")))
    await screen.step("filled")
    await screen.press(flow.button(f"{KEY}.step.user.submit"))
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
    await screen.step("change")
    await screen.press(screen.button(screen.texts(f"{KEY}.step.reconfigure.sections.more.name")))
    await screen.fill(screen.field(f"{KEY}.step.reconfigure.sections.more.data.reset_value"), "2")
    await screen.step("change-more")
    await screen.press(flow.button(f"{KEY}.step.reconfigure.submit"))
    await screen.sees(screen.texts(f"{KEY}.abort.place_changed"))
    await screen.step("changed")
    await flow.submit()
    await flow.is_closed()

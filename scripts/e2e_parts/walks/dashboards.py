"""Add each dashboard with the dialog of Home Assistant, and look at all its views."""

from __future__ import annotations

from scripts.e2e_parts.cameras import taken
from scripts.e2e_parts.run import Run

# Charts ask for statistics.
CHART_SECONDS = 1.5
# As fast as a person types; the answers come in between.
KEY_MILLISECONDS = 150
# By the translation key of the name, the key of a text that is on the first view.
DASHBOARDS = {
    "people_counter": "compared_with_last_week",
    "door_screen": None,
    "office": "somebody_counted",
}


async def walk(run: Run) -> None:
    """Add the dashboards; nothing may be missing on them."""
    for camera in run.cameras:
        taken(await camera.push())
    await run.place()
    for key, text in DASHBOARDS.items():
        await add(run, key)
        await look(run, key, text)
    if run.screen.kind.keyboard:
        await type_day(run)
    await hide_view(run)


async def add(run: Run, key: str) -> None:
    """Add a dashboard; its name comes with it."""
    screen, page = run.screen, run.screen.page
    name = screen.texts(f"common.{key}")
    await run.open("/config/lovelace/dashboards")
    await screen.press(page.locator("ha-config-lovelace-dashboards ha-button[slot=fab]"))
    card = page.get_by_role("button", name=name, exact=True)
    await card.scroll_into_view_if_needed()
    await screen.press(card)
    create = page.locator("dialog-lovelace-dashboard-detail ha-button[slot=primaryAction]")
    await create.wait_for()
    await screen.step(f"{key}-details")
    await screen.press(create)
    await create.wait_for(state="detached")


async def look(run: Run, key: str, text: str | None) -> None:
    """Look at each view of the dashboard that was added last."""
    screen, page = run.screen, run.screen.page
    path = (await run.home.command("lovelace/dashboards/list"))[-1]["url_path"]
    await run.open(f"/{path}")
    if text:
        await screen.sees(screen.texts(f"common.{text}"))
    tabs = page.locator("hui-root ha-tab-group-tab")
    for number in range(max(1, await tabs.count())):
        if number:
            await screen.press_simply(tabs.nth(number))
        view = page.locator("hui-view").last
        await view.wait_for(state="attached")
        await page.wait_for_timeout(1000 * CHART_SECONDS)
        await screen.step(f"{key}-{number}")
        if missing := await page.locator("hui-warning, hui-error-card").count():
            screen.add_fault(f"{key}: {missing} cards can't be shown", screen.picture)
        if not (await view.inner_text()).strip() and not await view.locator("ha-card, img, svg").count():
            screen.add_fault(f"{key}: the screen is empty", screen.picture)


async def open_first(run: Run, view: str = "") -> None:
    """Open the dashboard that was added first."""
    name = run.screen.texts("common.people_counter")
    boards = await run.home.command("lovelace/dashboards/list")
    path = next(board["url_path"] for board in boards if board["title"] == name)
    await run.open(f"/{path}/{view}")


async def type_day(run: Run) -> None:
    """Type a day, which the card shows although it asks for each day that is passed on the way."""
    screen, page = run.screen, run.screen.page
    await open_first(run, "history")
    # Cards have no fields before they have figures, and later cards may have them earlier.
    field = page.locator("people-counter-day").first.locator("input")
    await field.focus()
    # Day and month are the same, in whichever order the browser has them.
    await page.keyboard.type("10102025", delay=KEY_MILLISECONDS)
    await screen.sees(screen.texts("common.no_counts_that_day"))
    await screen.step("typed-day")
    if (shown := await field.input_value()) != "2025-10-10":
        screen.add_fault(f"dashboards: the typed day became {shown}", screen.picture)


async def hide_view(run: Run) -> None:
    """Hide a view of the first dashboard in its form."""
    screen, page = run.screen, run.screen.page
    await open_first(run)
    tab = page.get_by_role("tab", name=screen.texts("common.counting"))
    await tab.wait_for()
    await screen.press_simply(page.locator("hui-root ha-icon-button[slot=actionItems], hui-root ha-dropdown").last)
    if screen.kind.is_phone:
        await screen.press_simply(page.locator("hui-root ha-dropdown-item").last)
    box = page.get_by_role("checkbox", name=screen.texts("common.counting"))
    await box.wait_for()
    await screen.step("form")
    await screen.press(box)
    await screen.press(page.locator("dialog-dashboard-strategy-editor ha-button[slot=primaryAction]"))
    await tab.wait_for(state="detached")

"""Add each dashboard with the dialog of Home Assistant, and look at all its views."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scripts.e2e_parts.cameras import taken
from scripts.e2e_parts.run import Run
from tests.helpers.home_assistant import DOMAIN

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
MUSEUM, SALES, GOAL = "Museum", "sensor.tickets", 400
OPEN = (("00:00:00", "12:00:00"), ("13:00:00", "24:00:00"))


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
    await open_hours(run)
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


async def open_hours(run: Run) -> None:
    """Look at a place with opening hours, sales and a goal on a dashboard of its own, and remove both."""
    screen, chart = run.screen, run.screen.page.locator("people-counter-inside")
    key = await add_museum(run)
    path = f"only-{MUSEUM.lower()}"
    board = await run.home.command("lovelace/dashboards/create", url_path=path, title=MUSEUM, mode="storage")
    config = {"strategy": {"type": "custom:people-counter", "places": [key]}}
    await run.home.command("lovelace/config/save", url_path=path, config=config)
    for view, days in (("today", 1), ("history", 7)):
        await run.open(f"/{path}/{view}")
        await chart.locator(".chart").first.wait_for()
        if days == 1:
            for name in ("conversion_rate", "goal_reached"):
                await screen.sees(screen.texts(f"common.{name}"))
        await screen.step(f"open-hours-{view}")
        if await chart.locator(".day").count() != days:
            screen.add_fault(f"dashboards: the chart hasn't {days} days", screen.picture)
        if await chart.locator("tbody tr").count() < await chart.locator(".hour").count():
            screen.add_fault("dashboards: hours of the chart aren't in the table for screen readers", screen.picture)
    await run.home.command("lovelace/dashboards/delete", dashboard_id=board["id"])
    (entry,) = await run.home.command("config_entries/get", domain=DOMAIN)
    await run.home.command("config_entries/subentries/delete", entry_id=entry["entry_id"], subentry_id=key)


async def add_museum(run: Run) -> str:
    """Add a place that is closed at noon, and all of tomorrow, so that one of the last seven days was closed."""
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%A}".lower()
    blocks = [{"from": start, "to": end} for start, end in OPEN]
    week = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    days = {day: [] if day == tomorrow else blocks for day in week}
    await run.home.command("schedule/create", name=MUSEUM, **days)
    await run.home.request("POST", f"/api/states/{SALES}", {"state": "25", "attributes": {}})
    fields = {
        "name": MUSEUM,
        "doors": [run.cameras[0].serial],
        "neighbours": {"reversed_doors": []},
        "hours": {"opening_hours": f"schedule.{MUSEUM.lower()}", "sales": SALES, "goal": GOAL},
        "more": {"hysteresis": 0, "daily_reset": True, "reset_time": "00:00:00", "reset_value": 0},
    }
    key = await run.home.add_subentry("place", fields)
    await run.sees_entity(f"{key}_goal_reached")
    return key


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

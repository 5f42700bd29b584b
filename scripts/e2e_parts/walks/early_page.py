"""Open a dashboard before the integration is set up, and keep it open across an update, as a tablet on a wall does."""

from __future__ import annotations

import re

from playwright.async_api import Request, Route

from scripts.e2e_parts.run import Run
from tests.helpers.home_assistant import DOMAIN

PATH = "people-counter-early"
STRATEGY = {"type": "custom:people-counter"}
# Longer than between two tries of the loader.
EARLY_MILLISECONDS = 3000
# Has the dashboard built anew, as Home Assistant does when the connection is back.
REBUILD = """
    let found = document.querySelector("home-assistant");
    for (const part of ["home-assistant-main", "ha-panel-lovelace", "hui-root"])
        found = found.shadowRoot.querySelector(part);
    found.dispatchEvent(new CustomEvent("config-refresh"));
"""


async def walk(run: Run) -> None:
    """See nothing at first, the dashboard as soon as its files are there, and the page load again after an update."""
    await run.home.command(
        "lovelace/dashboards/create",
        url_path=PATH,
        title="Early",
        icon="mdi:clock",
        mode="storage",
        show_in_sidebar=False,
    )
    await run.home.command("lovelace/config/save", url_path=PATH, config={"strategy": STRATEGY})
    await run.open("/")
    context, browser = run.screen.page.context, run.screen.page.context.browser
    assert browser
    # The frontend's own worker would answer in place of the routes below.
    early = await browser.new_context(storage_state=await context.storage_state(), service_workers="block")
    try:
        # Chromium doesn't take the changed page for one of this machine.
        await early.grant_permissions(["local-network-access"])
        page = await early.new_page()
        await page.route(lambda url: url.startswith(f"{run.home.url}/{PATH}"), without_module)
        await page.route(f"**/{DOMAIN}/**", not_found)
        asked = page.wait_for_event("request", is_of_loader)
        await page.goto(f"{run.home.url}/{PATH}")
        await asked
        await page.wait_for_timeout(EARLY_MILLISECONDS)
        shown = page.locator("hui-view").get_by_text(run.screen.texts("common.in_out_each_hour"), exact=True).first
        if await shown.count():
            run.screen.add_fault("early-page: the dashboard is there before its files")
        await page.unroute(f"**/{DOMAIN}/**")
        await shown.wait_for()
        await page.route(f"**/{DOMAIN}/dashboards.js", of_next_version)
        async with page.expect_event("load"):
            await page.evaluate(f"() => {{{REBUILD}}}")
    finally:
        await early.close()


async def without_module(route: Route) -> None:
    """Return the page as Home Assistant does before the integration is set up: it doesn't name the module."""
    answer = await route.fetch()
    page = re.sub(rf'import\("/{DOMAIN}/[^"]*"\)', "Promise.resolve()", await answer.text())
    await route.fulfill(response=answer, body=page)


async def not_found(route: Route) -> None:
    """Answer as Home Assistant does before the integration is set up."""
    await route.fulfill(status=404)


async def of_next_version(route: Route) -> None:
    """Answer as Home Assistant does after an update."""
    await route.fulfill(content_type="text/javascript", body=f'import "/{DOMAIN}/99.0.0/dashboards.js";\n')


def is_of_loader(request: Request) -> bool:
    """Return True if the page asks for the module."""
    return str(request.url).endswith(f"/{DOMAIN}/dashboards.js")

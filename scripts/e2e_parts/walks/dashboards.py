"""Look at the dashboards of the documentation, with all cameras that they show."""

from __future__ import annotations

from scripts.e2e_parts.cameras import taken
from scripts.e2e_parts.run import Run
from tests.helpers.dashboards import DASHBOARDS, install_dashboards


async def walk(run: Run) -> None:
    """Open each dashboard; nothing may be missing on it."""
    screen, page = run.screen, run.screen.page
    for camera in run.cameras:
        taken(await camera.push())
    await install_dashboards(run.home, await run.place())
    for path in DASHBOARDS:
        await run.open(f"/{path}")
        view = page.locator("hui-view").last
        await view.wait_for(state="attached")
        # Charts ask for statistics.
        await page.wait_for_timeout(1500)
        # The files are in English.
        await screen.step(path, is_english=True)
        if missing := await page.locator("hui-warning").count():
            screen.add_fault(f"{path}: {missing} cards say that their entity isn't there", screen.picture)
        if not (await view.inner_text()).strip() and not await view.locator("ha-card, img, svg").count():
            screen.add_fault(f"{path}: the screen is empty", screen.picture)

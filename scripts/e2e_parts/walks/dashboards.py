"""Look at the dashboards of the documentation, with what the walks have counted."""

from __future__ import annotations

from scripts.e2e_parts.run import Run
from tests.helpers.dashboards import DASHBOARDS, install_dashboards


async def walk(run: Run) -> None:
    """Open each dashboard."""
    await install_dashboards(run.home, await run.place())
    for path in DASHBOARDS:
        await run.open(f"/{path}")
        await run.screen.page.locator("hui-view, hui-sections-view").first.wait_for()
        # Charts ask for statistics.
        await run.screen.page.wait_for_timeout(1500)
        # The files are in English.
        await run.screen.step(path, is_english=True)

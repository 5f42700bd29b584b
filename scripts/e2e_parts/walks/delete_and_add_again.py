"""Delete the integration, with all that belongs to it, and add it again."""

from __future__ import annotations

from scripts.e2e_parts.run import Run
from scripts.e2e_parts.walks import add_integration
from tests.helpers.home_assistant import HomeAssistantError


async def walk(run: Run) -> None:
    """Delete it, find nothing of it, and connect the camera again."""
    await run.open_integration()
    await run.entry.delete_all()
    await run.screen.step("deleted")
    if states := await run.home.states():
        raise HomeAssistantError(f"After the integration was deleted, these are still there: {sorted(states)}")
    await add_integration.walk(run)

"""Calls of the actions that import old counts, and files for them."""

from pathlib import Path
from typing import Any, Final

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant

from .recorder_statistics import settle

MAIN: Final = "sensor.main_entrance_occupancy"
# Two hours of a day in June, of which nothing was counted.
HOURS: Final = "time,in,out\n2026-06-10 08:00,3,4\n2026-06-10 09:00,0,12\n"


async def call(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    """Call an action, and return its answer."""
    found: Any = await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)
    await hass.async_block_till_done(wait_background_tasks=True)
    return dict(found)


async def check(hass: HomeAssistant, content: str = HOURS, target: str | None = MAIN, **data: Any) -> dict[str, Any]:
    """Check a text."""
    targets = {"entity_id": target} if target else {}
    return await call(hass, "import_counts", content=content, **targets, **data)


async def do_import(
    hass: HomeAssistant, content: str = HOURS, target: str | None = MAIN, **data: Any
) -> dict[str, Any]:
    """Import a text."""
    return await check(hass, content, target, dry_run=False, **data)


async def undo(hass: HomeAssistant, import_id: int) -> dict[str, Any]:
    """Undo an import, and wait until statistics are written."""
    answer = await call(hass, "undo_import", import_id=import_id)
    if "recorder" in hass.config.components:
        await settle(hass)
    return answer


def allowed_folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return a folder from which Home Assistant may read."""
    folder = tmp_path / "media"
    folder.mkdir(exist_ok=True)
    hass.config.allowlist_external_dirs = {str(folder)}
    return folder

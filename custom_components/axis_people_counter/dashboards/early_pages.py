"""Dashboards on pages that were opened before the integration was set up. Called by the set-up.

Home Assistant names the module only to later pages, so a tablet that starts together with it would show an error for
good. But each page loads the stored resources of dashboards. Ours retries until it gets the module. No file of the
integration is served earlier, so the resource's address contains the whole program.
"""

from pathlib import Path
from typing import Final
from urllib.parse import quote

from aiohttp import web

from homeassistant.components.http import HomeAssistantView
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..core_internals import async_dashboard_resources

LOADER: Final = Path(__file__).parent / "frontend" / "loader.js"
_START: Final = "data:text/javascript,"


class ModuleView(HomeAssistantView):
    """The address of the module in all versions."""

    url = f"/{DOMAIN}/dashboards.js"
    name = f"{DOMAIN}:dashboards"
    requires_auth = False
    cors_allowed = False

    def __init__(self, module_url: str) -> None:
        """Take the address in this version."""
        self._module_url = module_url

    async def get(self, _: web.Request) -> web.Response:
        """Return a module that imports the one of this version."""
        return web.Response(
            text=f'import "{self._module_url}";\n',
            content_type="text/javascript",
            headers={"Cache-Control": "no-store"},
        )


async def async_add_loader(hass: HomeAssistant) -> None:
    """Add the resource, or replace the one of an earlier version."""
    if (resources := await async_dashboard_resources(hass)) is None:
        return
    url = _START + quote(await hass.async_add_executor_job(LOADER.read_text))
    if [item["url"] for item in resources.async_items() if _is_own(item["url"])] != [url]:
        await async_remove_loader(hass)
        await resources.async_create_item({"res_type": "module", "url": url})


async def async_remove_loader(hass: HomeAssistant) -> None:
    """Remove the resource."""
    if (resources := await async_dashboard_resources(hass)) is None:
        return
    for item in list(resources.async_items()):
        if _is_own(item["url"]):
            await resources.async_delete_item(item["id"])


def _is_own(url: str) -> bool:
    return url.startswith(_START) and f"/{DOMAIN}/" in url

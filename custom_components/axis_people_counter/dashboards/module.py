"""Serves the JavaScript module of the dashboards, and loads it into Home Assistant's pages. Called by the set-up."""

from pathlib import Path
from typing import Final

from homeassistant.components import websocket_api
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, add_extra_js_url
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from ..const import DOMAIN
from .command import websocket_dashboard, websocket_dashboard_form
from .early_pages import ModuleView
from .figures_command import websocket_figures

FILES: Final = Path(__file__).parent / "frontend"


async def async_setup_dashboards(hass: HomeAssistant) -> None:
    """Register the commands, and the module that sends them."""
    for command in (websocket_dashboard, websocket_dashboard_form, websocket_figures):
        websocket_api.async_register_command(hass, command)
    version = (await async_get_integration(hass, DOMAIN)).version
    # Browsers keep the files of a version.
    path = f"/{DOMAIN}/{version}"
    await hass.http.async_register_static_paths([StaticPathConfig(path, str(FILES), cache_headers=True)])
    hass.http.register_view(ModuleView(f"{path}/dashboards.js"))
    # Home Assistant can run without its pages.
    if DATA_EXTRA_MODULE_URL in hass.data:
        add_extra_js_url(hass, f"{path}/dashboards.js")

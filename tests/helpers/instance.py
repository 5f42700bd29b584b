"""Sets up the components of Home Assistant's pages, and the integration."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component


async def set_up_pages(hass: HomeAssistant) -> None:
    """Set up the components of Home Assistant's pages; a test client accepts no views after its first request."""
    for component in ("config", "diagnostics", "repairs", "websocket_api"):
        assert await async_setup_component(hass, component, {})


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigEntryState:
    """Set up the integration, and return the state of its entry."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry.state

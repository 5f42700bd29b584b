"""Pages that were opened before the integration was set up load its dashboards as soon as they can."""

from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.components.lovelace.resources import ResourceStorageCollection
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component

OTHER = "/local/other.js"
OLD = f"data:text/javascript,import('/{DOMAIN}/0.1.0/dashboards.js')"


async def add_resource(hass: HomeAssistant, url: str) -> None:
    """Add a resource as a person does."""
    resources = hass.data[LOVELACE_DATA].resources
    assert isinstance(resources, ResourceStorageCollection)
    await resources.async_create_item({"res_type": "module", "url": url})


def resources(hass: HomeAssistant) -> list[str]:
    """Return the addresses of all resources."""
    return [item["url"] for item in hass.data[LOVELACE_DATA].resources.async_items()]


async def test_resource(hass: HomeAssistant, hass_storage: dict[str, Any], entry: MockConfigEntry) -> None:
    """Add one resource, replace that of an earlier version, remove it with the integration, and touch no other."""
    assert await async_setup_component(hass, "lovelace", {})
    await add_resource(hass, OTHER)
    await add_resource(hass, OLD)
    assert await hass.config_entries.async_setup(entry.entry_id)
    other, own = resources(hass)
    assert other == OTHER
    assert own.startswith("data:text/javascript,")
    assert f'"/{DOMAIN}/dashboards.js"' in unquote(own)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert resources(hass) == [OTHER, own]
    await hass.config_entries.async_remove(entry.entry_id)
    assert resources(hass) == [OTHER]


async def test_resources_in_a_file(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Leave resources alone that a person writes into a file."""
    assert await async_setup_component(
        hass, "lovelace", {"lovelace": {"resource_mode": "yaml", "resources": [{"url": OTHER, "type": "module"}]}}
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert resources(hass) == [OTHER]
    await hass.config_entries.async_remove(entry.entry_id)
    assert resources(hass) == [OTHER]


async def test_address_in_all_versions(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Import the module of this version from an address that stays."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    response = await client.get(f"/{DOMAIN}/dashboards.js")
    assert response.status == HTTPStatus.OK
    assert response.content_type == "text/javascript"
    assert response.headers["Cache-Control"] == "no-store"
    version = (await async_get_integration(hass, DOMAIN)).version
    assert await response.text() == f'import "/{DOMAIN}/{version}/dashboards.js";\n'

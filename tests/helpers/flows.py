"""Walks through config flows as a user does."""

from typing import Any

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType


def settings(entry: ConfigEntry) -> dict[str, Any]:
    """Return what the flow stored; the entry adds what the ids of its issues are made with."""
    return {key: value for key, value in entry.data.items() if key != "issue_secret"}


async def start(hass: HomeAssistant, address: str = "https://ha.example.com") -> ConfigFlowResult:
    """Walk to the step that shows URL and token."""
    result = await choose(hass, await begin(hass), "home_assistant")
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "home_assistant"
    return await enter(hass, result, url=address)


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Begin to set the integration up."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "user"
    assert result["menu_options"] == ["direct", "home_assistant"]
    return result


async def choose(hass: HomeAssistant, result: ConfigFlowResult, option: str) -> ConfigFlowResult:
    """Choose from a menu."""
    assert result["type"] is FlowResultType.MENU
    assert option in result["menu_options"]
    return await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": option})


async def enter(hass: HomeAssistant, result: ConfigFlowResult, **fields: Any) -> ConfigFlowResult:
    """Submit a form."""
    assert result["type"] is FlowResultType.FORM
    return await hass.config_entries.flow.async_configure(result["flow_id"], fields)


async def submit(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Finish, from the step that shows URL and token."""
    return await choose(hass, result, "finish")


def shown(result: ConfigFlowResult) -> dict[str, str]:
    """Return what the step tells the user to enter in cameras."""
    placeholders = result["description_placeholders"]
    assert placeholders
    return dict(placeholders)

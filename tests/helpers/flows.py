"""Walks through config flows as a user does."""

import asyncio
from typing import Any

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowManager, FlowResult, FlowResultType
from homeassistant.helpers import selector

from .home_assistant import free_port


def settings(entry: ConfigEntry) -> dict[str, Any]:
    """Return what the flow stored; the entry adds what the ids of its issues are made with."""
    return {key: value for key, value in entry.data.items() if key != "issue_secret"}


async def start(hass: HomeAssistant, address: str = "https://ha.example.com") -> ConfigFlowResult:
    """Walk to the step that shows URL and token."""
    result = await choose(hass, await begin(hass), "home_assistant")
    assert result["step_id"] == "home_assistant"
    return await enter(hass, result, url=address, way="by_hand")


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Begin to set the integration up."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "direct"
    return result


def choices(result: ConfigFlowResult) -> dict[str, list[str]]:
    """Return the choices of each list in a form."""
    assert result["type"] is FlowResultType.FORM
    assert result["data_schema"]
    return {
        str(field): [option for option in kind.config["options"] if isinstance(option, str)]
        for field, kind in result["data_schema"].schema.items()
        if isinstance(kind, selector.SelectSelector)
    }


async def choose(hass: HomeAssistant, result: ConfigFlowResult, option: str) -> ConfigFlowResult:
    """Choose from a list of a form, and enter what goes with it; the other kind of address needs none."""
    (field,) = (name for name, options in choices(result).items() if option in options)
    assert result["data_schema"]
    names = {str(name) for name in result["data_schema"].schema}
    port = free_port() if "port" in names and option != "home_assistant" else 1
    fields = {"host": "127.0.0.1", "port": port, "own_files": {}, "url": "https://ha.example.com"}
    return await enter(hass, result, **{name: fields[name] for name in fields.keys() & names}, **{field: option})


async def enter(hass: HomeAssistant, result: ConfigFlowResult, **fields: Any) -> ConfigFlowResult:
    """Submit a form."""
    assert result["type"] is FlowResultType.FORM
    return await hass.config_entries.flow.async_configure(result["flow_id"], fields)


async def submit(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Finish, from the step that shows URL and token."""
    return await choose(hass, result, "finish")


async def moved_on(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Return the step after one that waits, which the frontend asks for when it is told to."""
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    await waited(hass.config_entries.flow, result)
    return await hass.config_entries.flow.async_configure(result["flow_id"])


async def waited(flows: FlowManager[Any, Any, Any], result: FlowResult[Any, Any]) -> None:
    """Wait until Home Assistant itself has left a step that waits.

    Asking for the next step meanwhile would run steps twice, and one of them late.
    """
    for _ in range(3000):
        if flows.async_get(result["flow_id"])["step_id"] != result["step_id"]:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def shown(result: ConfigFlowResult) -> dict[str, str]:
    """Return what the step tells the user to enter in cameras."""
    placeholders = result["description_placeholders"]
    assert placeholders
    return dict(placeholders)

"""Commands of the integration, sent as a page of Home Assistant does. Its fixture is known to all tests."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

type SendCommand = Callable[..., Awaitable[Any]]


@pytest.fixture
async def send_command(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> SendCommand:
    """Return a function that sends a command, and returns its result or the code of the error.

    Use it before what sets up the integration: the server that it starts takes no further views.
    """
    assert await async_setup_component(hass, "websocket_api", {})

    async def send(command: str, **fields: Any) -> Any:
        client = await hass_ws_client()
        await client.send_json_auto_id({"type": f"{DOMAIN}/{command}", **fields})
        answer = await client.receive_json()
        await client.close()
        return answer["result"] if answer["success"] else answer["error"]["code"]

    return send

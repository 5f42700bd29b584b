"""Activity, live as a page shows it: people who come and people who leave in one push are a line each."""

import asyncio
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .helpers.pusher import Pusher, measurement
from .helpers.recorder_statistics import settle

PASSAGE = "event.main_entrance_passage"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def activity(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """Set up Activity, before the first client comes. It depends on the frontend for its page only."""
    hass.config.components.add("frontend")
    for component in ("logbook", "websocket_api"):
        assert await async_setup_component(hass, component, {})


@pytest.mark.parametrize("page", ["device", "panel"])
async def test_in_and_out_in_one_push(
    activity: None, hass: HomeAssistant, pusher: Pusher, hass_ws_client: WebSocketGenerator, page: str
) -> None:
    """Show four lines in the order of time: the entity's own for each direction, each followed by how many people.

    The clock goes on, as the lines are sent after a moment.
    """
    now = dt_util.utcnow()
    await pusher.push(measurement(now - 9 * MINUTE))
    entity = er.async_get(hass).async_get(PASSAGE)
    assert entity
    shown = {"entity_ids": [PASSAGE], "device_ids": [entity.device_id]} if page == "device" else {}
    client = await hass_ws_client()
    start = (now - 5 * MINUTE).isoformat()
    await client.send_json_auto_id({"type": "logbook/event_stream", "start_time": start, **shown})
    assert (await client.receive_json())["success"]
    # The second answer has what recorder wrote in between; from then on, lines come as they happen.
    for _ in range(2):
        await settle(hass)
        assert "event" in await client.receive_json()

    await pusher.push(measurement(now - 2 * MINUTE, 3, 2))
    lines: list[str] = []
    async with asyncio.timeout(20):
        while len(lines) < 4:
            events = (await client.receive_json())["event"]["events"]
            lines += [line.get("message", "state") for line in events if line.get("entity_id") == PASSAGE]
    assert lines == ["state", "3 people entered", "state", "2 people left"]
    await settle(hass)
    await client.send_json_auto_id({"type": "logbook/get_events", "start_time": start, **shown})
    stored = [line for line in (await client.receive_json())["result"] if line.get("entity_id") == PASSAGE]
    assert [line["message"] for line in stored if "message" in line] == ["3 people entered", "2 people left"]
    # Each has a time of its own, without which a page may take two lines for one.
    assert len({line["when"] for line in stored}) == len(stored)

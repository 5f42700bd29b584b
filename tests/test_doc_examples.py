"""Run the examples of the documentation: Home Assistant loads them, and a camera sets them off."""

from datetime import timedelta
import re
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.components import automation
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .helpers.documentation import EXAMPLES, PAGES, from_yaml
from .helpers.pusher import Pusher, measurement, state_of

MINUTE: Final = timedelta(minutes=1)


@pytest.fixture
def actions(hass: HomeAssistant) -> list[ServiceCall]:
    """Return the calls of all actions that examples take."""
    calls: list[ServiceCall] = []
    for domain, service in (
        ("notify", "mobile_app_your_phone"),
        ("light", "turn_on"),
        ("light", "turn_off"),
        ("media_player", "play_media"),
    ):
        hass.services.async_register(domain, service, calls.append)
    return calls


async def automate(hass: HomeAssistant, name: str) -> None:
    """Set one example up as an automation."""
    config = from_yaml(EXAMPLES[name])
    assert await async_setup_component(hass, "event", {})
    assert await async_setup_component(hass, "occupancy", {})
    assert await async_setup_component(hass, automation.DOMAIN, {automation.DOMAIN: [{"id": "example", **config}]})
    await hass.async_block_till_done()
    (state,) = hass.states.async_all(automation.DOMAIN)
    # A configuration that isn't valid makes an automation that is unavailable.
    assert state.state == STATE_ON
    assert state.name == config["alias"]


async def wait(hass: HomeAssistant, noon: FrozenDateTimeFactory, delay: timedelta) -> None:
    """Let time pass."""
    noon.tick(delay)
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()


async def passing(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entered: int, exited: int) -> None:
    """Let a minute pass in which people do, and push it."""
    noon.tick(MINUTE)
    await pusher.push(measurement(dt_util.utcnow() - MINUTE, entered, exited))
    await hass.async_block_till_done()


def test_all_examples_are_tested() -> None:
    """No example is there without a test that sets it off."""
    assert set(EXAMPLES) == {"more than 50", "lights", "chime", "closing time", "silent camera", "yesterday"}


async def test_more_than_50(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """It tells once, when the fifty-first has come."""
    await passing(hass, noon, pusher, 50, 0)
    await automate(hass, "more than 50")
    await passing(hass, noon, pusher, 0, 1)
    assert not actions
    await passing(hass, noon, pusher, 2, 0)
    await passing(hass, noon, pusher, 3, 0)
    assert [call.data["message"] for call in actions] == ["51 people are inside."]


async def test_lights(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """They go on with the first person, and off ten minutes after the last."""
    await passing(hass, noon, pusher, 0, 0)
    await automate(hass, "lights")
    await passing(hass, noon, pusher, 2, 0)
    assert [call.service for call in actions] == ["turn_on"]
    assert actions[0].data["entity_id"] == ["light.shop"]
    await passing(hass, noon, pusher, 0, 2)
    for _ in range(9):
        await passing(hass, noon, pusher, 0, 0)
        async_fire_time_changed(hass, dt_util.utcnow())
        await hass.async_block_till_done()
    assert len(actions) == 1
    await passing(hass, noon, pusher, 0, 0)
    await wait(hass, noon, timedelta(seconds=1))
    assert [call.service for call in actions] == ["turn_on", "turn_off"]


async def test_chime(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """It rings for those who come, not for those who go."""
    await passing(hass, noon, pusher, 0, 0)
    await automate(hass, "chime")
    await passing(hass, noon, pusher, 0, 1)
    assert not actions
    await passing(hass, noon, pusher, 3, 1)
    assert len(actions) == 1
    assert actions[0].data["entity_id"] == ["media_player.back_office"]


async def test_closing_time(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """It tells the day's number, and keeps quiet on a day without visitors."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    await automate(hass, "closing time")
    noon.move_to("2026-09-16T17:59:00Z")
    await passing(hass, noon, pusher, 4, 0)
    await wait(hass, noon, timedelta(seconds=1))
    assert [call.data["message"] for call in actions] == ["4 people visited us today."]
    noon.move_to("2026-09-17T17:59:00Z")
    await passing(hass, noon, pusher, 0, 0)
    await wait(hass, noon, timedelta(seconds=1))
    assert len(actions) == 1
    # It would wait for the next day.
    await hass.services.async_call(automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True)


async def test_silent_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """It tells when the camera hasn't been heard for five minutes."""
    await passing(hass, noon, pusher, 1, 0)
    await automate(hass, "silent camera")
    await wait(hass, noon, timedelta(minutes=4))
    assert not actions
    await wait(hass, noon, timedelta(minutes=1, seconds=1))
    assert len(actions) == 1


async def test_yesterday(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """It tells how many came the day before, when most of them did, and whether anything is missing."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    await automate(hass, "yesterday")
    noon.move_to("2026-09-17T05:59:00Z")
    for hour in range(2, 24):
        start = dt_util.start_of_local_day() + timedelta(days=-1, hours=hour)
        await pusher.push(measurement(start, 9 if hour == 15 else 1, minutes=60))
    await wait(hass, noon, timedelta(minutes=1, seconds=1))
    (call,) = actions
    assert call.data["title"] == "30 people came yesterday"
    assert call.data["message"] == "Most of them, 9, in the hour from 15:00. Counts are missing in 2 hours."
    # It would wait for the next day.
    await hass.services.async_call(automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True)


async def test_set_occupancy(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The action's example corrects the number of people inside."""
    await passing(hass, noon, pusher, 3, 0)
    match = re.search(r"^action: (\w+)\.(set_occupancy)\n.*?^```$", PAGES["docs/actions.md"], re.MULTILINE | re.DOTALL)
    assert match
    example = from_yaml(match.group().removesuffix("```"))
    domain, service = match.groups()
    await hass.services.async_call(domain, service, example["data"], target=example["target"], blocking=True)
    assert state_of(hass, "sensor.main_entrance_occupancy") == "12"

"""Run the examples of the documentation: Home Assistant loads them, and a camera sets them off."""

from datetime import date, timedelta
from http import HTTPStatus
import json
import re
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.components import automation
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .helpers.assist import ask
from .helpers.documentation import EXAMPLES, PAGES, blocks, from_yaml
from .helpers.places import add_place
from .helpers.pusher import SERIAL, Pusher, measurement, state_of, utc
from .helpers.reports import push_days

MINUTE: Final = timedelta(minutes=1)


@pytest.fixture
def actions(hass: HomeAssistant) -> list[ServiceCall]:
    """Register the actions in the examples, and return their calls."""
    calls: list[ServiceCall] = []
    for domain, service in (
        ("notify", "mobile_app_your_phone"),
        ("notify", "mail"),
        ("light", "turn_on"),
        ("light", "turn_off"),
        ("media_player", "play_media"),
    ):
        hass.services.async_register(domain, service, calls.append)
    return calls


async def automate(hass: HomeAssistant, name: str) -> None:
    """Set up an example as an automation."""
    config = from_yaml(EXAMPLES[name])
    assert await async_setup_component(hass, "event", {})
    assert await async_setup_component(hass, "occupancy", {})
    assert await async_setup_component(hass, automation.DOMAIN, {automation.DOMAIN: [{"id": "example", **config}]})
    await hass.async_block_till_done()
    (state,) = hass.states.async_all(automation.DOMAIN)
    # An invalid configuration makes the automation unavailable.
    assert state.state == STATE_ON
    assert state.name == config["alias"]


async def wait(hass: HomeAssistant, noon: FrozenDateTimeFactory, delay: timedelta) -> None:
    """Move the clock forward, and fire what is due."""
    noon.tick(delay)
    async_fire_time_changed(hass, dt_util.utcnow())
    await hass.async_block_till_done()


async def passing(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entered: int, exited: int) -> None:
    """Move the clock forward by a minute in which people passed, and push it."""
    noon.tick(MINUTE)
    await pusher.push(measurement(dt_util.utcnow() - MINUTE, entered, exited))
    await hass.async_block_till_done()


def test_all_examples_are_tested() -> None:
    """Have a test for each example."""
    assert set(EXAMPLES) == {
        "more than 50",
        "lights",
        "chime",
        "closing time",
        "silent camera",
        "yesterday",
        "busy",
        "report",
    }


async def test_more_than_50(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """Notify once, when the fifty-first person has come."""
    await passing(hass, noon, pusher, 50, 0)
    await automate(hass, "more than 50")
    await passing(hass, noon, pusher, 0, 1)
    assert not actions
    await passing(hass, noon, pusher, 2, 0)
    await passing(hass, noon, pusher, 3, 0)
    assert [call.data["message"] for call in actions] == ["51 people are inside."]


async def test_busy(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """Answer a question of one's own."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    assert await hass.config_entries.async_setup(entry.entry_id)
    pusher = Pusher(hass, await hass_client_no_auth())
    await automate(hass, "busy")
    assert await ask(hass, "is it busy") == "I don't know."
    await passing(hass, noon, pusher, 50, 0)
    assert await ask(hass, "Is it crowded now?") == "No, 50 people are inside."
    await passing(hass, noon, pusher, 1, 0)
    assert await ask(hass, "is it busy") == "Yes, 51 people are inside."


async def test_lights(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """Turn on with the first person, and off ten minutes after the last."""
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
    """Ring for people who come in, not for those who leave."""
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
    """Notify of the number of the day, and not at all on a day without visitors."""
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
    # Otherwise its timer for the next day is left.
    await hass.services.async_call(automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True)


async def test_silent_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """Notify when the camera hasn't reported for five minutes."""
    await passing(hass, noon, pusher, 1, 0)
    await automate(hass, "silent camera")
    await wait(hass, noon, timedelta(minutes=4))
    assert not actions
    await wait(hass, noon, timedelta(minutes=1, seconds=1))
    assert len(actions) == 1


async def test_yesterday(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, actions: list[ServiceCall]
) -> None:
    """Notify of yesterday's number, of the busiest hour, and of missing hours."""
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
    # Otherwise its timer for the next day is left.
    await hass.services.async_call(automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True)


async def test_report(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    actions: list[ServiceCall],
) -> None:
    """Send yesterday's report by mail, unless nothing was counted."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    await hass.async_block_till_done()
    noon.move_to("2026-09-17T03:59:00Z")
    await push_days(pusher, date(2026, 9, 15), (5, 8))
    await add_place(hass, entry)
    await automate(hass, "report")
    await wait(hass, noon, timedelta(minutes=1, seconds=1))
    (call,) = actions
    assert call.data["title"] == "Shop: Wednesday 16\N{NO-BREAK SPACE}September 2026"
    assert call.data["message"].splitlines()[0] == "Visitors: 8, +60% compared with the day before"
    assert call.data["data"]["html"].startswith("<!DOCTYPE html>")
    # On Thursday nothing was counted.
    await wait(hass, noon, timedelta(days=1))
    assert len(actions) == 1
    # Otherwise its timer for the next day is left.
    await hass.services.async_call(automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True)


async def test_set_occupancy(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Set the occupancy with the documented action."""
    await passing(hass, noon, pusher, 3, 0)
    match = re.search(r"^action: (\w+)\.(set_occupancy)\n.*?^```$", PAGES["docs/actions.md"], re.MULTILINE | re.DOTALL)
    assert match
    example = from_yaml(match.group().removesuffix("```"))
    domain, service = match.groups()
    await hass.services.async_call(domain, service, example["data"], target=example["target"], blocking=True)
    assert state_of(hass, "sensor.main_entrance_occupancy") == "12"


async def test_answer_of_get_counts(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Return an answer with the documented keys, in the documented order."""
    await pusher.push(measurement(noon() - 24 * 60 * MINUTE, 3, adults=(1, 0)))
    answer = await hass.services.async_call(
        DOMAIN,
        "get_counts",
        {"entity_id": "sensor.main_entrance_occupancy", "start": "2026-09-15 00:00:00"},
        blocking=True,
        return_response=True,
    )
    (documented,) = (from_yaml(block) for block in blocks("yaml") if block.startswith("cameras:") and "rows:" in block)
    assert shape(answer) == shape(documented)


def shape(value: Any) -> Any:
    """Return the keys of an answer, those of lists by their first items."""
    match value:
        case dict():
            return [(key, shape(item)) for key, item in value.items()]
        case [first, *_]:
            return shape(first)
        case _:
            return None


async def test_download_by_programs(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, hass_client: ClientSessionGenerator
) -> None:
    """Return a file for the documented URL."""
    await passing(hass, noon, pusher, 3, 0)
    ((path, query),) = re.findall(r"homeassistant\.example\.com(/\S*export)\?(\S+)\"", PAGES["docs/actions.md"])
    response = await (await hass_client()).get(f"{path}?{query}&end=2026-10-01&cameras={SERIAL}")
    assert response.status == HTTPStatus.OK
    assert json.loads((await response.text()).splitlines()[-1])["in"] == 3


async def test_push_by_hand(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Accept the document that developers push with curl."""
    ((command, body),) = re.findall(
        r"(curl .*) <<END\n(.*?)^ *END$", PAGES["docs/development.md"], re.DOTALL | re.MULTILINE
    )
    assert "Authorization: Bearer" in command
    now = utc(noon())
    for variable, value in (("${now%Z}", now[:-1]), ("$now", now), ("$from", utc(noon() - MINUTE))):
        body = body.replace(variable, value)
    response = await pusher.post(body.encode())
    assert response.status == HTTPStatus.OK
    assert state_of(hass, "sensor.test_door_in_today") == "2"

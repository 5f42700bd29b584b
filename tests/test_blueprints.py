"""The blueprints, each run by Home Assistant's own automations and set off by cameras."""

from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
import json
import logging
from pathlib import Path
import shutil
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
    mock_restore_cache,
)
import voluptuous as vol

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.components import automation
from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint import Blueprint
from homeassistant.const import STATE_ON
from homeassistant.core import CoreState, HomeAssistant, ServiceCall, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.selector import selector
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import extract_inputs, load_yaml_dict

from .helpers.places import BACK_DOOR, add_place, entity_of, push_two_doors, shown
from .helpers.pusher import Pusher, measurement

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "blueprints" / "automation" / DOMAIN
NAMES: Final = sorted(path.name for path in FOLDER.iterdir())
MINUTE: Final = timedelta(minutes=1)
MAIN_CONNECTIVITY: Final = "binary_sensor.main_entrance_connectivity"
BACK_CONNECTIVITY: Final = "binary_sensor.back_door_connectivity"
RED: Final = [255, 0, 0]
GREEN: Final = [0, 255, 0]

SERVICES: Final = (
    ("persistent_notification", "create"),
    ("notify", "phone"),
    ("light", "turn_on"),
    ("homeassistant", "turn_on"),
    ("homeassistant", "turn_off"),
    ("climate", "set_temperature"),
    ("media_player", "play_media"),
    ("switch", "turn_on"),
    ("switch", "turn_off"),
)

type Calls = dict[str, list[ServiceCall]]
type Passing = Callable[..., Coroutine[Any, Any, None]]


@pytest.fixture
async def calls(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Calls]:
    """Return the calls of all actions that blueprints take here, by action; see that all templates can be read."""
    yield {f"{domain}.{service}": async_mock_service(hass, domain, service) for domain, service in SERVICES}
    # Otherwise they would wait for the next day.
    await hass.services.async_call(automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True)
    complaints = [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert not [record.getMessage() for record in complaints if "template" in record.name + record.getMessage()]


@pytest.fixture
def passing(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> Passing:
    """Return what lets minutes pass, in each of which so many pass the main entrance; the other door is heard too."""

    async def passing(entered: int = 0, exited: int = 0, *, minutes: int = 1, back: bool = True) -> None:
        for _ in range(minutes):
            noon.tick(MINUTE)
            start = dt_util.utcnow() - MINUTE
            await pusher.push(measurement(start, entered, exited))
            if back:
                await pusher.push(measurement(start), sensor=BACK_DOOR)
            async_fire_time_changed(hass)
            await hass.async_block_till_done()

    return passing


@pytest.fixture
async def shop(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> str:
    """Add a shop with two doors, in which there is room for three."""
    start = dt_util.utcnow() - MINUTE
    await push_two_doors(pusher, main=[measurement(start)], back=[measurement(start)])
    return await add_place(hass, entry, limits={"capacity": 3})


async def automate(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    """Make an automation from a blueprint."""
    folder = Path(hass.config.path("blueprints", automation.DOMAIN, DOMAIN))
    if not folder.exists():
        shutil.copytree(FOLDER, folder)
    for component in ("event", "occupancy"):
        assert await async_setup_component(hass, component, {})
    config = {"id": name, "alias": name, "use_blueprint": {"path": f"{DOMAIN}/{name}.yaml", "input": inputs}}
    assert await async_setup_component(hass, automation.DOMAIN, {automation.DOMAIN: [config]})
    await hass.async_block_till_done()
    (state,) = hass.states.async_all(automation.DOMAIN)
    # A configuration that isn't valid makes an automation that is unavailable.
    assert state.state == STATE_ON


async def boot(hass: HomeAssistant, entry: MockConfigEntry, name: str, **inputs: Any) -> None:
    """Start Home Assistant anew: the integration, then the automation, which sees nothing before all have started."""
    await hass.config_entries.async_unload(entry.entry_id)
    hass.set_state(CoreState.not_running)
    await hass.config_entries.async_setup(entry.entry_id)
    await automate(hass, name, **inputs)
    await hass.async_start()
    await hass.async_block_till_done()


async def wait(hass: HomeAssistant, noon: FrozenDateTimeFactory, minutes: float) -> None:
    """Let time pass in which nothing is heard."""
    noon.tick(timedelta(minutes=minutes))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Take the entities away for a moment, as another option does."""
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


def said(calls: Calls, name: str = "persistent_notification.create") -> list[str]:
    """Return the messages since they were last looked at."""
    messages = [call.data["message"] for call in calls[name]]
    calls[name].clear()
    return messages


def done(calls: Calls) -> list[str]:
    """Return the names of all actions since they were last looked at."""
    names = [name for name, found in calls.items() for _ in found]
    for found in calls.values():
        found.clear()
    return names


# What holds for all


def test_names_differ() -> None:
    """There are five, each with a name of its own."""
    assert NAMES == [
        "camera_silent.yaml",
        "full_and_free_again.yaml",
        "lights_and_climate.yaml",
        "still_inside_at_closing.yaml",
        "traffic_light.yaml",
    ]
    names = [load_yaml_dict(FOLDER / name)["blueprint"]["name"] for name in NAMES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", NAMES)
def test_form(name: str) -> None:
    """Home Assistant can read it, knows where it is from, and asks for nothing that isn't used."""
    data = load_yaml_dict(FOLDER / name)
    blueprint = Blueprint(data, expected_domain="automation", schema=AUTOMATION_BLUEPRINT_SCHEMA)
    metadata = blueprint.metadata
    manifest = json.loads((ROOT / "custom_components" / DOMAIN / "manifest.json").read_text())
    assert metadata["source_url"] == f"{manifest['documentation']}/blob/main/{(FOLDER / name).relative_to(ROOT)}"
    lowest = json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert metadata["homeassistant"]["min_version"] == lowest
    assert blueprint.validate() is None
    assert metadata["author"] == manifest["name"]
    assert metadata["description"]
    assert extract_inputs(data) == set(blueprint.inputs)
    for key, one in blueprint.inputs.items():
        assert one["name"], key
        select = vol.Schema(selector(one["selector"]))
        # Where nothing is chosen, there is no medium.
        if one.get("default", {}) != {}:
            assert select(one["default"]) == one["default"], key


async def test_selectors_offer_places(hass: HomeAssistant, shop: str, pusher: Pusher) -> None:
    """Only places have what distinguishes them from cameras in the blueprints."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    found = {
        device.name
        for entity in entities.entities.values()
        if entity.domain == "number" and entity.device_id and (device := devices.async_get(entity.device_id))
    }
    assert found == {"Shop"}
    classes = {
        entity.entity_id: entity.original_device_class
        for entity in entities.entities.values()
        if entity.domain == "binary_sensor"
    }
    assert classes == {
        MAIN_CONNECTIVITY: "connectivity",
        BACK_CONNECTIVITY: "connectivity",
        "binary_sensor.main_entrance_occupied": "occupancy",
        "binary_sensor.back_door_occupied": "occupancy",
        entity_of(hass, shop, "occupied"): "occupancy",
        entity_of(hass, shop, "incomplete"): "problem",
        entity_of(hass, shop, "full"): None,
    }


async def by_hand(hass: HomeAssistant) -> None:
    """Run the actions as whoever wants to see what they do."""
    await hass.services.async_call(automation.DOMAIN, "trigger", {"entity_id": "all"}, blocking=True)
    await hass.async_block_till_done()


# full_and_free_again


def shop_device(hass: HomeAssistant, shop: str) -> str:
    """Return the device of the shop."""
    entity = er.async_get(hass).async_get(entity_of(hass, shop, "occupancy"))
    assert entity
    assert entity.device_id
    return entity.device_id


async def test_full_and_free_again(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """It tells once of each, and not of what was so already."""
    await automate(hass, "full_and_free_again", place=shop_device(hass, shop))
    await by_hand(hass)
    assert said(calls) == ["Shop is full. People inside: ?."]
    await passing(2)
    assert not done(calls)
    await passing(2)
    await passing(1)
    assert said(calls) == ["Shop is full. People inside: 4."]
    await reload(hass, entry)
    await passing()
    assert not done(calls)
    await passing(0, 3)
    await passing(0, 1)
    assert said(calls) == ["Shop is free again. People inside: 2."]


async def test_full_after_silence(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, shop: str, calls: Calls, passing: Passing
) -> None:
    """Silence and the first word after it are nothing to tell; what has changed meanwhile is."""
    await automate(hass, "full_and_free_again", place=shop_device(hass, shop))
    await passing(3)
    assert len(said(calls)) == 1
    await wait(hass, noon, 30)
    assert shown(hass, shop, "full") == "unavailable"
    await passing()
    assert shown(hass, shop, "full") == "on"
    assert not done(calls)
    await wait(hass, noon, 30)
    await passing(0, 1)
    assert said(calls) == ["Shop is free again. People inside: 2."]


async def test_full_in_the_past(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    shop: str,
    pusher: Pusher,
    calls: Calls,
    passing: Passing,
) -> None:
    """That it was full an hour ago, when those people have left again, isn't told."""
    await automate(hass, "full_and_free_again", place=shop_device(hass, shop))
    await wait(hass, noon, 60)
    start = dt_util.utcnow() - 50 * MINUTE
    await pusher.push(measurement(start, 5), measurement(start + MINUTE, 0, 5))
    await passing()
    assert shown(hass, shop, "peak_today") == "5"
    assert not done(calls)


async def test_full_after_a_start(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """A shop that is full while Home Assistant starts was told of before; own texts and actions are taken."""
    await passing(3)
    action = {"action": "notify.phone", "data": {"message": "{{ message }}"}}
    await boot(
        hass,
        entry,
        "full_and_free_again",
        place=shop_device(hass, shop),
        full_text="Stop at {{ occupancy }}!",
        full_actions=[action],
        free_text="Come in!",
        free_actions=[action],
    )
    await passing()
    assert not done(calls)
    await passing(0, 1)
    assert said(calls, "notify.phone") == ["Come in!"]
    await passing(4)
    assert said(calls, "notify.phone") == ["Stop at 6!"]
    assert not done(calls)


# traffic_light


def lamp(calls: Calls) -> list[list[int]]:
    """Return the colours since they were last looked at."""
    colors = []
    for call in calls["light.turn_on"]:
        assert call.data["entity_id"] == ["light.entrance"]
        colors.append(call.data["rgb_color"])
    calls["light.turn_on"].clear()
    return colors


async def test_traffic_light(
    hass: HomeAssistant, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """Stop while it is full or isn't known, go else; each when it changes."""
    await automate(
        hass,
        "traffic_light",
        full=entity_of(hass, shop, "full"),
        lights=["light.entrance"],
        brightness=40,
        stop_actions=[{"action": "switch.turn_on"}],
        go_actions=[{"action": "switch.turn_off"}],
    )
    await by_hand(hass)
    assert done(calls) == ["light.turn_on", "switch.turn_off"]
    await passing(2)
    assert not done(calls)
    await passing(1)
    assert calls["light.turn_on"][0].data["brightness_pct"] == 40
    assert lamp(calls) == [RED]
    assert done(calls) == ["switch.turn_on"]
    await passing(1)
    assert not done(calls)
    await passing(0, 2)
    assert lamp(calls) == [GREEN]
    assert done(calls) == ["switch.turn_off"]
    await wait(hass, noon, 5)
    assert shown(hass, shop, "full") == "unavailable"
    assert not done(calls)
    await wait(hass, noon, 1.1)
    assert lamp(calls) == [RED]
    await passing()
    assert lamp(calls) == [GREEN]


@pytest.mark.parametrize(("unknown", "colors"), [("stop", [RED]), ("go", [GREEN]), ("keep", [])])
async def test_traffic_light_while_unknown(
    hass: HomeAssistant,
    shop: str,
    noon: FrozenDateTimeFactory,
    calls: Calls,
    passing: Passing,
    unknown: str,
    colors: list[list[int]],
) -> None:
    """It does what was chosen."""
    full = entity_of(hass, shop, "full")
    await automate(hass, "traffic_light", full=full, lights=["light.entrance"], when_unknown=unknown)
    await wait(hass, noon, 5)
    await wait(hass, noon, 1.1)
    assert lamp(calls) == colors
    await by_hand(hass)
    assert lamp(calls) == colors
    # It would be kept for a moment only.
    await passing(3)
    assert lamp(calls) == [RED]


@pytest.mark.parametrize(("inside", "color"), [(3, RED), (2, GREEN)])
async def test_traffic_light_after_a_start(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    shop: str,
    calls: Calls,
    passing: Passing,
    inside: int,
    color: list[int],
) -> None:
    """It is set when Home Assistant has started, and when the lamp comes back."""
    await passing(inside)
    full = entity_of(hass, shop, "full")
    hass.states.async_set("light.entrance", "unavailable")
    await boot(hass, entry, "traffic_light", full=full, lights=["light.entrance"])
    assert lamp(calls) == [color]
    hass.states.async_set("light.entrance", "on")
    await hass.async_block_till_done()
    assert lamp(calls) == [color]
    hass.states.async_set("light.entrance", "off")
    await hass.async_block_till_done()
    assert not done(calls)
    hass.bus.async_fire("automation_reloaded")
    await hass.async_block_till_done()
    assert lamp(calls) == [color]


async def test_traffic_light_starts_without_counts(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """It shows stop when the cameras have been silent for a day."""
    await wait(hass, noon, 26 * 60)
    full = entity_of(hass, shop, "full")
    await boot(hass, entry, "traffic_light", full=full, lights=["light.entrance"])
    assert shown(hass, shop, "full") == "unavailable"
    assert lamp(calls) == [RED]
    await passing()
    assert lamp(calls) == [GREEN]


async def test_traffic_light_does_not_flicker(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """A moment without entities isn't stop."""
    full = entity_of(hass, shop, "full")
    await automate(hass, "traffic_light", full=full, lights=["light.entrance"])
    await reload(hass, entry)
    await passing(minutes=3)
    assert RED not in lamp(calls)


def media(calls: Calls) -> list[tuple[str, bool]]:
    """Return what was played since it was last looked at, and whether as an announcement."""
    played = []
    for call in calls["media_player.play_media"]:
        assert call.data["entity_id"] == ["media_player.entrance"]
        assert call.data["media"]["media_content_type"] == "image/png"
        played.append((call.data["media"]["media_content_id"], call.data["announce"]))
    calls["media_player.play_media"].clear()
    return played


@pytest.mark.parametrize("announce", [True, False])
async def test_traffic_light_plays(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    shop: str,
    noon: FrozenDateTimeFactory,
    calls: Calls,
    passing: Passing,
    announce: bool,
) -> None:
    """A picture is shown whenever the sign is set, an announcement is heard when the place becomes full or free."""
    stop, go = (
        # What the selector answers has more in it than the action wants.
        {"media_content_id": name, "media_content_type": "image/png", "metadata": {"title": name}}
        for name in ("stop's", "go")
    )
    await boot(
        hass,
        entry,
        "traffic_light",
        full=entity_of(hass, shop, "full"),
        players=["media_player.entrance"],
        stop_media=stop,
        go_media=go,
        announce=announce,
    )
    assert media(calls) == ([] if announce else [("go", False)])
    await passing(3)
    assert media(calls) == [("stop's", announce)]
    await wait(hass, noon, 10)
    await passing()
    assert all(not is_announcement for _, is_announcement in media(calls))
    await passing(0, 1)
    assert media(calls) == [("go", announce)]
    assert not done(calls)


async def test_traffic_light_goes_on_after_a_failure(
    hass: HomeAssistant, shop: str, calls: Calls, passing: Passing
) -> None:
    """A lamp that refuses doesn't keep the rest from being done, and nothing chosen is nothing played."""
    failing = async_mock_service(hass, "light", "turn_on", raise_exception=HomeAssistantError("broken"))
    await automate(
        hass,
        "traffic_light",
        full=entity_of(hass, shop, "full"),
        lights=["light.entrance"],
        players=["media_player.entrance"],
        stop_actions=[{"action": "switch.turn_on"}],
    )
    await passing(3)
    assert len(failing) == 1
    assert done(calls) == ["switch.turn_on"]


# lights_and_climate


@pytest.fixture
def lights(hass: HomeAssistant, shop: str) -> dict[str, Any]:
    """Return inputs for lights for ten minutes and a climate for twenty."""
    return {
        "occupied": entity_of(hass, shop, "occupied"),
        "lights": ["light.shop"],
        "occupied_actions": [{"action": "climate.set_temperature", "data": {"temperature": 21}}],
        "empty_actions": [{"action": "climate.set_temperature", "data": {"temperature": 17}}],
        "empty_delay": 20,
    }


async def test_lights_and_climate(hass: HomeAssistant, lights: dict[str, Any], calls: Calls, passing: Passing) -> None:
    """On with the first person, off after the last, each after its time."""
    await automate(hass, "lights_and_climate", **lights)
    await by_hand(hass)
    await passing()
    assert not done(calls)
    await passing(1)
    (turn_on,) = calls["homeassistant.turn_on"]
    assert turn_on.data["entity_id"] == ["light.shop"]
    (climate,) = calls["climate.set_temperature"]
    assert climate.data["temperature"] == 21
    done(calls)
    await passing(2, 1)
    await passing(0, 2)
    await passing(minutes=9)
    assert not done(calls)
    await passing()
    (turn_off,) = calls["homeassistant.turn_off"]
    assert turn_off.data["entity_id"] == ["light.shop"]
    assert done(calls) == ["homeassistant.turn_off"]
    await passing(minutes=9)
    assert not done(calls)
    await passing()
    (climate,) = calls["climate.set_temperature"]
    assert climate.data["temperature"] == 17
    assert done(calls) == ["climate.set_temperature"]


async def test_lights_stay_on_for_those_who_come_back(
    hass: HomeAssistant, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """Whoever comes ends the waiting."""
    await automate(hass, "lights_and_climate", **lights)
    await passing(1)
    await passing(0, 1)
    await passing(minutes=9)
    await passing(1)
    done(calls)
    await passing(minutes=30)
    assert not done(calls)


async def test_lights_stay_on_while_nobody_knows(
    hass: HomeAssistant,
    shop: str,
    noon: FrozenDateTimeFactory,
    lights: dict[str, Any],
    calls: Calls,
    passing: Passing,
) -> None:
    """Silence turns nothing off, also while they wait; then the time begins anew."""
    await automate(hass, "lights_and_climate", **lights)
    await passing(1)
    done(calls)
    await wait(hass, noon, 6)
    assert shown(hass, shop, "occupied") == "unavailable"
    await wait(hass, noon, 60)
    assert not done(calls)
    await passing()
    assert done(calls) == ["homeassistant.turn_on", "climate.set_temperature"]
    await passing(0, 1)
    await wait(hass, noon, 6)
    assert shown(hass, shop, "occupied") == "unavailable"
    await wait(hass, noon, 60)
    assert not done(calls)
    await passing()
    await passing(minutes=9)
    assert not done(calls)
    await passing()
    assert done(calls) == ["homeassistant.turn_off"]


async def test_lights_after_the_last_left_unseen(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """They don't burn until the next day because the last person left while the cameras were silent."""
    await automate(hass, "lights_and_climate", **lights)
    await passing(1)
    await wait(hass, noon, 60)
    done(calls)
    await passing(0, 1)
    await passing(minutes=9)
    assert not done(calls)
    await passing()
    assert done(calls) == ["homeassistant.turn_off"]


async def test_lights_after_a_start(
    hass: HomeAssistant, entry: MockConfigEntry, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """Somebody is inside: on. Nobody is: off, but not at once."""
    await passing(1)
    await boot(hass, entry, "lights_and_climate", **lights)
    assert done(calls) == ["homeassistant.turn_on", "climate.set_temperature"]


async def test_lights_after_a_start_without_people(
    hass: HomeAssistant, entry: MockConfigEntry, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """A start ends no waiting for ever."""
    await boot(hass, entry, "lights_and_climate", **lights)
    await passing(minutes=9)
    assert not done(calls)
    await passing(minutes=2)
    assert done(calls) == ["homeassistant.turn_off"]


async def test_lights_after_a_start_in_silence(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    shop: str,
    noon: FrozenDateTimeFactory,
    lights: dict[str, Any],
    calls: Calls,
) -> None:
    """Nothing is done while nothing is known."""
    await wait(hass, noon, 26 * 60)
    await boot(hass, entry, "lights_and_climate", **lights)
    assert shown(hass, shop, "occupied") == "unavailable"
    await wait(hass, noon, 60)
    assert not done(calls)


async def test_climate_without_lights(
    hass: HomeAssistant, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """No lights are no call without a target."""
    await automate(hass, "lights_and_climate", **lights | {"lights": [], "empty_delay": 0})
    await passing(1)
    assert done(calls) == ["climate.set_temperature"]
    await passing(0, 1)
    assert done(calls) == ["climate.set_temperature"]


# still_inside_at_closing


@pytest.fixture
async def evening(hass: HomeAssistant, noon: FrozenDateTimeFactory) -> None:
    """Stop the clock two minutes before eight on a Wednesday."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    noon.move_to("2026-09-16T17:58:00Z")


async def test_still_inside(hass: HomeAssistant, evening: None, shop: str, calls: Calls, passing: Passing) -> None:
    """It tells the number at closing time, and once more while they are there."""
    await automate(hass, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"))
    await by_hand(hass)
    assert said(calls) == ["Closing time at Shop. People still inside: 0."]
    await passing(2)
    assert not done(calls)
    await passing()
    assert said(calls) == ["Closing time at Shop. People still inside: 2."]
    await passing(minutes=14)
    assert not done(calls)
    await passing(0, 1)
    assert said(calls) == ["Closing time at Shop. People still inside: 1."]
    await passing(minutes=30)
    assert not done(calls)


async def test_all_have_left(hass: HomeAssistant, evening: None, shop: str, calls: Calls, passing: Passing) -> None:
    """It keeps quiet when nobody is inside, also if somebody comes back later, and when they leave in time."""
    await automate(hass, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"))
    await passing(minutes=2)
    await passing(1, minutes=20)
    assert not done(calls)


async def test_they_left_before_the_reminder(
    hass: HomeAssistant, evening: None, shop: str, calls: Calls, passing: Passing
) -> None:
    """There is no second message then."""
    await automate(hass, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"))
    await passing(1)
    await passing()
    assert len(said(calls)) == 1
    await passing(0, 1)
    await passing(minutes=20)
    assert not done(calls)


@pytest.mark.parametrize("told", [True, False])
async def test_a_start_before_the_reminder(
    hass: HomeAssistant,
    evening: None,
    entry: MockConfigEntry,
    shop: str,
    calls: Calls,
    passing: Passing,
    told: bool,
) -> None:
    """It isn't forgotten; and where nothing was told, nothing is told again."""
    await passing(1, minutes=3)
    when = dt_util.utcnow() - MINUTE if told else dt_util.utcnow() - timedelta(days=1)
    last = {"last_triggered": when.isoformat()}
    mock_restore_cache(hass, [State("automation.still_inside_at_closing", STATE_ON, last)])
    await boot(hass, entry, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"))
    await passing(minutes=13)
    assert not done(calls)
    await passing()
    assert said(calls) == ["Closing time at Shop. People still inside: 3."] * told


async def test_reminder_after_midnight(
    hass: HomeAssistant,
    evening: None,
    entry: MockConfigEntry,
    shop: str,
    noon: FrozenDateTimeFactory,
    calls: Calls,
    passing: Passing,
) -> None:
    """It belongs to the day of the closing time."""
    bar = await add_place(hass, entry, name="Bar", reset_time="05:00:00")
    inputs = {"occupancy": entity_of(hass, bar, "occupancy"), "closing_time": "23:55:00", "weekdays": ["wed"]}
    await automate(hass, "still_inside_at_closing", **inputs)
    noon.move_to("2026-09-16T21:53:00Z")
    await passing(1)
    await passing()
    assert said(calls) == ["Closing time at Bar. People still inside: 1."]
    await passing(minutes=14)
    assert not done(calls)
    await passing()
    assert said(calls) == ["Closing time at Bar. People still inside: 1."]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"minimum": 2}, True),
        ({"minimum": 3}, False),
        ({"closing_time": "21:00:00"}, False),
        ({"weekdays": ["wed"]}, True),
        ({"weekdays": ["tue", "thu"]}, False),
    ],
)
async def test_when_it_tells(
    hass: HomeAssistant,
    evening: None,
    shop: str,
    calls: Calls,
    passing: Passing,
    inputs: dict[str, Any],
    expected: bool,
) -> None:
    """Minimum, time and days are those that were chosen, and so is that there is no reminder."""
    await automate(hass, "still_inside_at_closing", occupancy=entity_of(hass, shop, "occupancy"), reminder=0, **inputs)
    await passing(2)
    await passing(minutes=30)
    assert len(said(calls)) == expected


@pytest.mark.parametrize("tell", [True, False])
async def test_nothing_is_known(
    hass: HomeAssistant, evening: None, shop: str, noon: FrozenDateTimeFactory, calls: Calls, tell: bool
) -> None:
    """It says so, or nothing, as was chosen."""
    occupancy = entity_of(hass, shop, "occupancy")
    inputs = {"occupancy": occupancy, "closing_time": "20:08:00", "tell_unknown": tell}
    await automate(hass, "still_inside_at_closing", **inputs)
    await wait(hass, noon, 9)
    assert shown(hass, shop, "occupancy") == "unavailable"
    await wait(hass, noon, 1)
    text = "Closing time at Shop. Its cameras don't report, so the number of people inside is unknown."
    assert said(calls) == ([text] if tell else [])
    await wait(hass, noon, 15)
    assert said(calls) == ([text] if tell else [])


@pytest.mark.parametrize(("inside", "tell", "expected"), [(2, True, 1), (2, False, 1), (0, True, 1), (0, False, 0)])
async def test_not_all_is_known(
    hass: HomeAssistant,
    evening: None,
    shop: str,
    noon: FrozenDateTimeFactory,
    calls: Calls,
    passing: Passing,
    inside: int,
    tell: bool,
    expected: int,
) -> None:
    """A number that is only a part is told as such; one of nobody, if that was chosen."""
    await automate(
        hass,
        "still_inside_at_closing",
        closing_time="20:08:00",
        occupancy=entity_of(hass, shop, "occupancy"),
        tell_unknown=tell,
        incomplete_text="Perhaps.",
        inside_text="{{ occupancy }} in {{ place }}.",
        actions=[{"action": "notify.phone", "data": {"message": "{{ message }}"}}],
    )
    await passing(inside, back=False)
    await passing(minutes=9, back=False)
    assert said(calls, "notify.phone") == [f"{inside} in Shop. Perhaps."] * expected


async def test_still_inside_by_a_camera(
    hass: HomeAssistant, evening: None, shop: str, calls: Calls, passing: Passing
) -> None:
    """Where a camera watches the only door, its occupancy does as well."""
    await automate(hass, "still_inside_at_closing", occupancy="sensor.main_entrance_occupancy")
    await passing(1)
    await passing()
    assert said(calls) == ["Closing time at Main entrance. People still inside: 1."]


# camera_silent


async def test_camera_silent(
    hass: HomeAssistant, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """It tells of each camera after the time, and when it is back."""
    await automate(hass, "camera_silent", cameras=[MAIN_CONNECTIVITY, BACK_CONNECTIVITY])
    await passing(minutes=14, back=False)
    assert hass.states.is_state(BACK_CONNECTIVITY, "off")
    assert not done(calls)
    await passing(minutes=2, back=False)
    assert said(calls) == ["Back door has stopped reporting. Check power and network."]
    await passing(minutes=60, back=False)
    assert not done(calls)
    await by_hand(hass)
    assert len(said(calls)) == 1
    await passing()
    assert said(calls) == ["Back door reports again."]
    await wait(hass, noon, 60)
    await wait(hass, noon, 10)
    assert len(said(calls)) == 2


async def test_short_silence(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """Of what was short it tells neither the beginning nor the end; nor of a moment without entities."""
    places = [entity_of(hass, shop, "incomplete")]
    await automate(hass, "camera_silent", cameras=[BACK_CONNECTIVITY], places=places)
    await passing(minutes=12, back=False)
    assert hass.states.is_state(BACK_CONNECTIVITY, "off")
    await passing(minutes=12)
    await reload(hass, entry)
    await passing(minutes=12)
    assert not done(calls)


async def test_the_integration_is_away(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """Then nothing is known of cameras, and they aren't back when it is."""
    places = [entity_of(hass, shop, "incomplete")]
    await automate(hass, "camera_silent", cameras=[BACK_CONNECTIVITY], places=places)
    await hass.config_entries.async_unload(entry.entry_id)
    await wait(hass, noon, 60)
    assert hass.states.is_state(BACK_CONNECTIVITY, "unavailable")
    await hass.config_entries.async_setup(entry.entry_id)
    await passing(minutes=3)
    assert not done(calls)


async def test_place_is_incomplete(hass: HomeAssistant, shop: str, calls: Calls, passing: Passing) -> None:
    """It names the place and the cameras, and takes own texts and actions."""
    action = {"action": "notify.phone", "data": {"message": "{{ message }}"}}
    await automate(
        hass,
        "camera_silent",
        places=[entity_of(hass, shop, "incomplete")],
        minutes=2,
        silent_text="Where is {{ name }}?",
        silent_actions=[action],
        back_text="Here is {{ name }}.",
        back_actions=[action],
    )
    await passing(minutes=8, back=False)
    assert said(calls, "notify.phone") == ["Where is Shop (Back door)?"]
    await passing()
    assert said(calls, "notify.phone") == ["Here is Shop."]
    assert not done(calls)


async def test_silence_and_a_start(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """Who is silent after a start is told of once, after the time to be heard again, and so is the end."""
    await passing(minutes=30, back=False)
    cameras = [MAIN_CONNECTIVITY, BACK_CONNECTIVITY]
    await boot(hass, entry, "camera_silent", cameras=cameras, places=[entity_of(hass, shop, "incomplete")])
    await passing(minutes=14, back=False)
    assert not done(calls)
    await passing(minutes=30, back=False)
    assert sorted(message.partition(" has stopped")[0] for message in said(calls)) == [
        "Back door",
        "Shop (Back door)",
    ]
    await passing()
    assert sorted(said(calls)) == ["Back door reports again.", "Shop reports again."]


async def test_long_silence_and_a_start(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """A camera that was silent for a day isn't waited for, and is told of as well; one that comes in time isn't."""
    await wait(hass, noon, 26 * 60)
    cameras = [MAIN_CONNECTIVITY, BACK_CONNECTIVITY]
    await boot(hass, entry, "camera_silent", cameras=cameras, places=[entity_of(hass, shop, "incomplete")])
    assert hass.states.is_state(BACK_CONNECTIVITY, "off")
    await passing(minutes=9, back=False)
    assert not done(calls)
    await passing(minutes=30, back=False)
    assert [message.partition(" has stopped")[0] for message in said(calls)] == [
        "Back door",
        "Shop (Back door)",
    ]
    await passing()
    assert sorted(said(calls)) == ["Back door reports again.", "Shop reports again."]

"""The blueprint lights_and_climate, run by Home Assistant."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from ..helpers.blueprints import Calls, Passing, automate, boot, done, run_by_hand, wait
from ..helpers.places import entity_of, shown


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
    """Turn on with the first person, and off after the last one and the delay."""
    await automate(hass, "lights_and_climate", **lights)
    await run_by_hand(hass)
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


async def test_lights_stay_on_if_somebody_enters_during_the_delay(
    hass: HomeAssistant, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """Keep the lights on if somebody comes during the delay."""
    await automate(hass, "lights_and_climate", **lights)
    await passing(1)
    await passing(0, 1)
    await passing(minutes=9)
    await passing(1)
    done(calls)
    await passing(minutes=30)
    assert not done(calls)


async def test_lights_stay_on_during_silence(
    hass: HomeAssistant,
    shop: str,
    noon: FrozenDateTimeFactory,
    lights: dict[str, Any],
    calls: Calls,
    passing: Passing,
) -> None:
    """Turn nothing off during silence; the delay starts again afterwards."""
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


async def test_lights_turn_off_if_the_last_person_left_during_silence(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """Turn off after the last person left during a silence."""
    await automate(hass, "lights_and_climate", **lights)
    await passing(1)
    await wait(hass, noon, 60)
    done(calls)
    await passing(0, 1)
    await passing(minutes=9)
    assert not done(calls)
    await passing()
    assert done(calls) == ["homeassistant.turn_off"]


async def test_lights_after_a_start_with_people(
    hass: HomeAssistant, entry: MockConfigEntry, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """Set the lights after a start, with people inside."""
    await passing(1)
    await boot(hass, entry, "lights_and_climate", **lights)
    assert done(calls) == ["homeassistant.turn_on", "climate.set_temperature"]


async def test_lights_after_a_start_without_people(
    hass: HomeAssistant, entry: MockConfigEntry, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """Turn off after a start without people."""
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
    """Do nothing after a start while the cameras are silent."""
    await wait(hass, noon, 26 * 60)
    await boot(hass, entry, "lights_and_climate", **lights)
    assert shown(hass, shop, "occupied") == "unavailable"
    await wait(hass, noon, 60)
    assert not done(calls)


async def test_climate_without_lights(
    hass: HomeAssistant, lights: dict[str, Any], calls: Calls, passing: Passing
) -> None:
    """Call no action of lights without lights."""
    await automate(hass, "lights_and_climate", **lights | {"lights": [], "empty_delay": 0})
    await passing(1)
    assert done(calls) == ["climate.set_temperature"]
    await passing(0, 1)
    assert done(calls) == ["climate.set_temperature"]

"""Automations made from the blueprints, and the actions they take."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
import shutil
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.components import automation
from homeassistant.const import STATE_ON
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component

ROOT: Final = Path(__file__).parents[2]
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


async def automate(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    """Create an automation from a blueprint."""
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
    """Restart Home Assistant: first the integration, then the automation."""
    await hass.config_entries.async_unload(entry.entry_id)
    hass.set_state(CoreState.not_running)
    await hass.config_entries.async_setup(entry.entry_id)
    await automate(hass, name, **inputs)
    await hass.async_start()
    await hass.async_block_till_done()


async def wait(hass: HomeAssistant, noon: FrozenDateTimeFactory, minutes: float) -> None:
    """Let time pass without reports."""
    noon.tick(timedelta(minutes=minutes))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Reload the entry, as a changed option does."""
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


def sent_messages(calls: Calls, name: str = "persistent_notification.create") -> list[str]:
    """Return the messages since the last call."""
    messages = [call.data["message"] for call in calls[name]]
    calls[name].clear()
    return messages


def done(calls: Calls) -> list[str]:
    """Return the names of all actions since the last call."""
    names = [name for name, found in calls.items() for _ in found]
    for found in calls.values():
        found.clear()
    return names


async def run_by_hand(hass: HomeAssistant) -> None:
    """Run the actions by hand."""
    await hass.services.async_call(automation.DOMAIN, "trigger", {"entity_id": "all"}, blocking=True)
    await hass.async_block_till_done()

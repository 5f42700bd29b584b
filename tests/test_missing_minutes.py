"""Minutes without an interval: the sensor that counts them, and the list in diagnostics."""

from datetime import datetime, timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from .helpers.pusher import SERIAL, Pusher, measurement, state_of

MISSING: Final = "sensor.main_entrance_missing_minutes"
NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
MIDNIGHT: Final = datetime.fromisoformat("2026-09-15T22:00:00Z")
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)


@pytest.fixture(autouse=True)
async def _components(hass: HomeAssistant) -> None:
    """Set up diagnostics before the first client comes."""
    assert await async_setup_component(hass, "diagnostics", {})


@pytest.fixture
def _enabled(entity_registry: er.EntityRegistry) -> None:
    """Enable the sensor."""
    entity_registry.async_get_or_create(
        "sensor", DOMAIN, f"{SERIAL}_missing_minutes", suggested_object_id=MISSING.partition(".")[2]
    )


async def test_disabled_at_first(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entity_registry: er.EntityRegistry
) -> None:
    """The sensor is disabled by default."""
    await pusher.push(measurement(NOON - MINUTE))
    entity = entity_registry.async_get(MISSING)
    assert entity
    assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION


@pytest.mark.usefixtures("_enabled")
async def test_minutes_of_today(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Missing minutes lie between midnight and the newest interval; late counts fill them."""
    await pusher.push(measurement(MIDNIGHT - 5 * MINUTE))
    assert state_of(hass, MISSING) == "0", "nothing of today is reported yet"
    await pusher.push(measurement(NOON - HOUR, minutes=60))
    assert state_of(hass, MISSING) == str(11 * 60)
    await pusher.push(measurement(MIDNIGHT - 10 * MINUTE, minutes=5), measurement(MIDNIGHT - 3 * MINUTE, minutes=5))
    assert state_of(hass, MISSING) == str(11 * 60 - 2), "an interval over midnight belongs to both days"
    for hour in range(11):
        await pusher.push(measurement(MIDNIGHT + hour * HOUR + 2 * MINUTE, minutes=58))
    assert state_of(hass, MISSING) == str(10 * 2)
    state = hass.states.get(MISSING)
    assert state
    assert state.attributes["unit_of_measurement"] == "min"


@pytest.mark.usefixtures("_enabled")
async def test_nothing_is_missing_before_the_first_interval(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Minutes before a camera's first interval aren't missing."""
    await pusher.push(measurement(NOON - 3 * MINUTE), measurement(NOON - MINUTE))
    assert state_of(hass, MISSING) == "1"


async def test_diagnostics_list_gaps(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_client: ClientSessionGenerator,
) -> None:
    """Diagnostics list the gaps of the last 90 days, newest first."""
    for day in (100, 95, 2, 1):
        await pusher.push(measurement(NOON - timedelta(days=day)))
    await pusher.push(measurement(NOON - 2 * MINUTE), measurement(NOON - MINUTE))
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    (camera,) = diagnostics["cameras"]
    assert camera["gaps"] == [
        {"from": "2026-09-15T10:01:00+00:00", "to": "2026-09-16T09:58:00+00:00"},
        {"from": "2026-09-14T10:01:00+00:00", "to": "2026-09-15T10:00:00+00:00"},
    ]

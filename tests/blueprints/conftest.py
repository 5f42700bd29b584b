"""A shop with two doors, and the actions that blueprints take."""

from collections.abc import AsyncIterator
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed, async_mock_service

from homeassistant.components import automation
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..helpers.blueprints import MINUTE, SERVICES, Calls, Passing
from ..helpers.places import BACK_DOOR, add_place, push_two_doors
from ..helpers.pusher import Pusher, measurement


@pytest.fixture
async def calls(hass: HomeAssistant, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Calls]:
    """Return the calls of all actions by name; fail if a template logs a warning."""
    yield {f"{domain}.{service}": async_mock_service(hass, domain, service) for domain, service in SERVICES}
    # Otherwise they would wait for the next day.
    await hass.services.async_call(automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True)
    complaints = [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert not [record.getMessage() for record in complaints if "template" in record.name + record.getMessage()]


@pytest.fixture
def passing(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> Passing:
    """Return a function that lets minutes pass with people at the main entrance; the other door reports too."""

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
    """Add a shop with two doors and room for three."""
    start = dt_util.utcnow() - MINUTE
    await push_two_doors(pusher, main=[measurement(start)], back=[measurement(start)])
    return await add_place(hass, entry, limits={"capacity": 3})

"""Moves the stopped clock of a test."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.core import HomeAssistant


async def move_to(hass: HomeAssistant, clock: FrozenDateTimeFactory, instant: datetime | str) -> None:
    """Move the clock to an instant, and run what is due then."""
    clock.move_to(instant)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def wait(hass: HomeAssistant, clock: FrozenDateTimeFactory, time: timedelta) -> None:
    """Move the clock on, and run what is due then."""
    clock.tick(time)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()

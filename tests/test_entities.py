"""What a push becomes: devices and states."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .pusher import Pusher, measurement


async def test_counts_of_a_push_are_shown(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A camera that pushes for the first time gets a device and entities with its counts, without a reload."""
    start = dt_util.utcnow() - timedelta(minutes=2)
    await pusher.push(
        measurement(start, 5, 2, adults=(4, 2)), measurement(start + timedelta(minutes=1), 1, 0, adults=(0, 0))
    )
    assert hass.states.get("sensor.main_entrance_in_today").state == "6"

"""Without recorder, all but statistics works."""

from datetime import UTC, datetime, timedelta
import logging
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .helpers.pusher import SERIAL, Pusher, measurement, state_of
from .helpers.recorder_statistics import go_on

NOON: Final = datetime(2026, 9, 16, 10, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)


async def test_there_is_no_recorder(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Counts are stored and shown without a warning; only the action for statistics raises an error."""
    await pusher.push(measurement(NOON - timedelta(days=2), 3, 1), measurement(NOON - 2 * MINUTE, 4))
    await go_on(hass, noon, with_recorder=False)
    with pytest.raises(HomeAssistantError):
        await entry.runtime_data.statistics.async_rebuild(SERIAL)
    await hass.config_entries.async_reload(entry.entry_id)
    noon.tick(timedelta(hours=1))
    await pusher.push(measurement(NOON + 55 * MINUTE, 5, 1))
    assert state_of(hass, "sensor.main_entrance_in_total") == "12"
    # Where the clock jumps, asyncio logs slow tasks.
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING and record.name != "asyncio"]

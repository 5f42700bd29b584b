"""A push writes the states that it changes, and doesn't report the others again."""

from datetime import timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .helpers.clock import move_to
from .helpers.places import NOON, add_place
from .helpers.pusher import SERIAL, Pusher, measurement

MINUTE: Final = timedelta(minutes=1)


@pytest.fixture
def written(hass: HomeAssistant) -> list[str]:
    """Return the keys of the entities whose states are written, changed or not."""
    keys: list[str] = []

    @callback
    def note(event: Event[Any]) -> None:
        entity = er.async_get(hass).async_get(event.data["entity_id"])
        assert entity
        keys.append(entity.unique_id.partition("_")[2])

    @callback
    def every(_: Any) -> bool:
        return True

    for kind in (EVENT_STATE_CHANGED, EVENT_STATE_REPORTED):
        hass.bus.async_listen(kind, note, event_filter=every)
    return keys


async def test_written_states(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, written: list[str]
) -> None:
    """If nobody passed, none is written, not even again; if somebody entered, each changed state once."""
    for start in (NOON - 2 * MINUTE, NOON - MINUTE):
        await pusher.push(measurement(start, 2, 1))
    await add_place(hass, entry, (SERIAL,), limits={"capacity": 10, "warning_level": 5})
    await move_to(hass, noon, NOON + MINUTE)
    await pusher.push(measurement(NOON, 0, 0))

    written.clear()
    await move_to(hass, noon, NOON + 2 * MINUTE)
    await pusher.push(measurement(NOON + MINUTE, 0, 0))
    assert written == []

    written.clear()
    await move_to(hass, noon, NOON + 3 * MINUTE)
    await pusher.push(measurement(NOON + 2 * MINUTE, 1, 0))
    counts = ["in_today", "in_total", "occupancy", "passage"]
    of_place = ["free_places", "in_today", "occupancy", "occupancy_percentage", "peak_today", "visitors_today"]
    assert sorted(written) == sorted(counts + of_place)

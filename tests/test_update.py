"""An update: Home Assistant starts with the ledger and the entry of an earlier release."""

from datetime import UTC, datetime, timedelta
import logging
from pathlib import Path
from types import MappingProxyType
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .helpers.instance import set_up
from .helpers.ledger_questions import EVER, KEYS
from .helpers.pusher import Pusher, measurement
from .helpers.released_ledgers import HISTORY, RELEASED, install

NOW: Final = datetime.fromtimestamp(EVER[1], UTC)
# As the first release stored it.
PLACE: Final = {"doors": [KEYS[0]], "reversed_doors": [KEYS[1]], "capacity": 9, "hysteresis": 2, "reset_value": 0}


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.stem)
async def test_update(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    ledger_path: Path,
    released: Path,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Totals, directions and places go on where the release left them, without a warning in the log."""
    freezer.move_to(NOW)
    install(released, ledger_path)
    place = ConfigSubentry(
        data=MappingProxyType(PLACE), subentry_id="endless", subentry_type="place", title="Hall", unique_id=None
    )
    hass.config_entries.async_add_subentry(entry, place)
    assert await set_up(hass, entry) is ConfigEntryState.LOADED
    await Pusher(hass, await hass_client_no_auth()).push(
        measurement(NOW - timedelta(minutes=1), 5), sensor={"serial": KEYS[0], "name": "Door 1"}
    )

    counted = [interval for delivery in HISTORY if delivery.camera == 0 for interval in delivery.intervals]
    # In and out of this camera are swapped.
    expected = {
        "switch.reverse_direction": "on",
        "sensor.in_total": str(sum(interval.exited for interval in counted)),
        "sensor.out_total": str(sum(interval.entered for interval in counted) + 5),
    }
    shown = {}
    for name in expected:
        platform, key = name.split(".")
        entity_id = entity_registry.async_get_entity_id(platform, DOMAIN, f"{KEYS[0]}_{key}")
        assert entity_id
        state = hass.states.get(entity_id)
        shown[name] = state and state.state
    assert shown == expected
    assert entity_registry.async_get_entity_id("sensor", DOMAIN, "endless_occupancy")
    assert [
        record.message for record in caplog.records if record.levelno >= logging.WARNING and DOMAIN in record.name
    ] == []

"""When repairs end: with their camera, its next push, or the entry."""

import asyncio
from datetime import timedelta
from pathlib import Path
import threading

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .helpers.clock import wait
from .helpers.pusher import SERIAL, TOKEN, Pusher, document, measurement
from .helpers.repairs import (
    HERE,
    NOON,
    OF_THE_ADDRESS,
    PROTOCOL,
    QUARANTINED,
    WRONG,
    Repairs,
    bad,
    push_other_protocol,
    remove_camera,
)

pytestmark = pytest.mark.usefixtures("pages")


# The end of repairs


async def everything_wrong(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> set[str]:
    """Cause all repairs about one camera; return their names."""
    await pusher.push(bad(30), sensor={"ipAddress": HERE})
    await wait(hass, noon, timedelta(days=1))
    await pusher.post(document(), token=WRONG)
    await pusher.post(document(measurement(NOON), sent=NOON, sensor={"ipAddress": HERE}))
    await push_other_protocol(pusher)
    await pusher.post({"apiName": "Axis Retail Data", "apiVersion": "1.0"})
    return {
        f"camera_silent_{SERIAL}",
        f"clock_differs_{SERIAL}",
        QUARANTINED,
        PROTOCOL,
        *OF_THE_ADDRESS,
    }


async def test_repairs_end_with_their_camera(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """End the repairs of a removed camera, but not those about its address."""
    wrong = await everything_wrong(hass, noon, pusher)
    assert {*repairs.issues} == wrong
    await remove_camera(hass, entry, hass_ws_client, repairs)
    assert {*repairs.issues} == OF_THE_ADDRESS


async def test_repairs_end_with_the_cameras_next_push(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """End the repairs of a camera with its next push, but not those about its address."""
    assert await everything_wrong(hass, noon, pusher)
    await pusher.push(sensor={"ipAddress": HERE})
    assert {*repairs.issues} == {QUARANTINED, *OF_THE_ADDRESS}
    await wait(hass, noon, timedelta(hours=2))
    assert {*repairs.issues} == {QUARANTINED}


async def test_repairs_end_when_the_entry_is_disabled(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    tmp_path: Path,
    pusher: Pusher,
    repairs: Repairs,
) -> None:
    """End all repairs but the persistent one when the entry is disabled; a reload keeps all."""
    wrong = await everything_wrong(hass, noon, pusher)
    ir.async_get(hass).async_ignore(DOMAIN, repairs.issues[QUARANTINED].issue_id, True)
    await hass.config_entries.async_reload(entry.entry_id)
    assert {*repairs.issues} == wrong
    assert repairs.issues[QUARANTINED].dismissed_version

    await hass.config_entries.async_unload(entry.entry_id)
    for path in tmp_path.glob("axis_people_counter.db*"):
        path.write_bytes(b"damaged" * 1000)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert {*repairs.issues} == {"ledger_moved_aside"}
    flow = await repairs.open("ledger_moved_aside")
    assert flow["step_id"] == "confirm"


async def test_refresh_during_removal(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """Don't show an ended repair again after a refresh that was in progress."""
    await pusher.push(bad(30))
    receiver = entry.runtime_data
    # A busy ledger writes before it reads.
    free = threading.Event()
    receiver.ledger.submit(lambda _: free.wait(10))
    reading = asyncio.create_task(receiver.cameras[SERIAL].async_refresh())
    removing = asyncio.create_task(receiver.async_remove_camera(SERIAL))
    for _ in range(100):
        await asyncio.sleep(0)
    free.set()
    await asyncio.gather(reading, removing)
    assert not repairs.issues


async def test_repairs_have_no_secrets(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """Keep the token out of repairs, which every user can read."""
    await everything_wrong(hass, noon, pusher)
    assert TOKEN not in repr(repairs.issues)

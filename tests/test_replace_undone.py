"""Replacements that are undone, and old cameras that report again."""

from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter import issues
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
from homeassistant.util import dt as dt_util

from .helpers.clock import wait
from .helpers.flows import choose, enter
from .helpers.issues import active_issues
from .helpers.pusher import SERIAL, Document, Pusher, document, measurement
from .helpers.replacing import MINUTE, NEW, NEW_SENSOR, NOON, break_camera, device_of, replace, undo

AGAIN = f"{SERIAL}_2"

pytestmark = pytest.mark.usefixtures("broken")


@pytest.fixture(autouse=True)
def _pages(pages: None) -> None:
    """Set up Home Assistant's pages before all other fixtures."""


@pytest.fixture
async def broken(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Let the first camera fall silent, and a new one report."""
    await break_camera(hass, noon, pusher)


async def report_again(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Push from both cameras, ten minutes after the replacement."""
    await wait(hass, noon, 10 * MINUTE)
    await pusher.push(measurement(NOON + 19 * MINUTE, 8))
    await pusher.push(measurement(NOON + 19 * MINUTE), sensor=NEW_SENSOR)


def about(hass: HomeAssistant, kind: issues.Issue) -> set[str]:
    """Return the keys or serial numbers that issues of a kind are about."""
    return {
        str((issue.data or {})["about"]) for issue in active_issues(hass).values() if issue.translation_key == kind.key
    }


@pytest.mark.parametrize("restarted", [False, True])
async def test_undo_after_the_old_camera_reported_again(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, restarted: bool
) -> None:
    """The old camera's second device is removed, and both cameras count for their own keys."""
    await replace(hass, entry)
    await report_again(hass, noon, pusher)
    assert AGAIN in entry.runtime_data.cameras
    await undo(hass, entry)
    if restarted:
        await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    await wait(hass, noon, MINUTE)
    await pusher.push(measurement(NOON + 20 * MINUTE, 4), sensor=NEW_SENSOR)
    await pusher.push(measurement(NOON + 20 * MINUTE, 4))
    assert set(entry.runtime_data.cameras) == {SERIAL, NEW}
    assert device_of(hass, entry, AGAIN) is None


async def test_undo_restores_names(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The old camera gets its name and its last message back."""
    await replace(hass, entry)
    await undo(hass, entry)
    device = device_of(hass, entry)
    assert device
    assert device.name == "Main entrance"
    assert entry.runtime_data.cameras[SERIAL].last_message < NOON + MINUTE


async def test_undo_is_refused_if_the_old_camera_has_another_door(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A replacement can't be undone if the old camera has replaced another one since."""
    other = {"serial": "accc8e000001", "name": "Back door"}
    await pusher.push(measurement(NOON - 8 * MINUTE, 2), sent=NOON + MINUTE, sensor=other)
    await replace(hass, entry)
    await wait(hass, noon, 20 * MINUTE)
    await pusher.push(measurement(NOON + 29 * MINUTE, 6))
    await replace(hass, entry, other["serial"], AGAIN)
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "undo")
    with pytest.raises(InvalidData):
        await enter(hass, result, old_camera=SERIAL)
    assert device_of(hass, entry)


async def test_removing_the_old_camera_keeps_issues_of_its_key(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The issues of a key stay when the camera with that serial number is removed."""
    await replace(hass, entry)
    await report_again(hass, noon, pusher)
    await wait(hass, noon, timedelta(days=1, minutes=30))
    assert about(hass, issues.CAMERA_SILENT) >= {SERIAL, AGAIN}
    await entry.runtime_data.async_remove_camera(AGAIN)
    await hass.async_block_till_done()
    assert SERIAL in about(hass, issues.CAMERA_SILENT)


async def test_replacement_keeps_the_clock_issue(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """An issue about a camera's clock stays when the camera counts for another key."""
    await pusher.post(document(sensor=NEW_SENSOR, sent=NOON - timedelta(hours=2)))
    assert about(hass, issues.CLOCK_DIFFERS) == {NEW}
    await replace(hass, entry)
    assert about(hass, issues.CLOCK_DIFFERS) == {NEW}
    await pusher.push(measurement(NOON + 9 * MINUTE, 3), sensor=NEW_SENSOR)
    assert about(hass, issues.CLOCK_DIFFERS) == set()


async def test_issue_about_quarantined_intervals_follows_the_key(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The issue about quarantined intervals is about the key that the camera counts for."""
    await replace(hass, entry)
    await wait(hass, noon, MINUTE)
    await pusher.push({**measurement(NOON + 10 * MINUTE, 3), "kind": "new-kind"}, sensor=NEW_SENSOR)
    assert about(hass, issues.QUARANTINED) == {SERIAL}
    await undo(hass, entry)
    await pusher.push(measurement(NOON + 9 * MINUTE, 3), sensor=NEW_SENSOR)
    assert about(hass, issues.QUARANTINED) == {NEW}


async def test_diagnostics_have_an_alias_for_each_camera(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
) -> None:
    """Two cameras have two aliases, though the key of one is the serial number of the other."""
    await replace(hass, entry)
    await report_again(hass, noon, pusher)
    found: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert len({camera["camera"]["serial"] for camera in found["cameras"]}) == 2
    assert SERIAL not in str(found)


def local(measured: Document, hours: int) -> Document:
    """Return a measurement with its local time."""
    start = datetime.fromisoformat(measured["utcFrom"]) + timedelta(hours=hours)
    return {**measured, "localFrom": f"{start:%Y-%m-%dT%H:%M:%S}"}


async def test_offset_of_old_counts_is_not_used_today(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """The offset of old counts isn't used as today's."""
    noon.move_to("2026-10-24T10:00:00Z")
    now = dt_util.utcnow()
    sensor = {"serial": "accc8e000002", "timeZone": None}
    await pusher.push(local(measurement(now - MINUTE, 1), 2), sensor=sensor)
    assert about(hass, issues.TIME_ZONE_UNKNOWN) == set()
    noon.tick(timedelta(days=3))
    await pusher.push(local(measurement(now, 1), 2), sensor=sensor)
    assert about(hass, issues.TIME_ZONE_UNKNOWN) == set()

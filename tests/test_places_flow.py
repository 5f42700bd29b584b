"""The dialog of a place, its device and its repair issues."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.axis_people_counter import async_remove_config_entry_device
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, SubentryFlowContext
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir

from .helpers.issues import active_issues
from .helpers.places import BACK, add_place, both, form, shown
from .helpers.pusher import SERIAL, Pusher


@pytest.mark.usefixtures("noon")
async def test_device_of_a_place(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A place is a device of its subentry, its cameras are linked to it, and it is removed with the subentry."""
    await both(pusher)
    key = await add_place(hass, entry)
    devices = dr.async_get(hass)

    def device(identifier: str) -> dr.DeviceEntry | None:
        return devices.async_get_device_by_identifier(("axis_people_counter", identifier), entry.entry_id)

    place, camera = device(key), device(BACK)
    assert place
    assert camera
    assert (place.name, place.config_subentry_id, place.entry_type) == ("Shop", key, dr.DeviceEntryType.SERVICE)
    assert camera.via_device_id == place.id
    with pytest.raises(HomeAssistantError):
        await async_remove_config_entry_device(hass, entry, place)
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.async_block_till_done()
    camera = device(BACK)
    assert camera
    assert camera.via_device_id is None
    assert device(key) is None
    assert not [entity for entity in er.async_get(hass).entities.values() if entity.unique_id.startswith(key)]


@pytest.mark.usefixtures("noon")
async def test_reload_keeps_devices_and_ignored_issues(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A reload changes no device, and an ignored issue stays ignored."""
    await both(pusher)
    key = await add_place(hass, entry)
    await entry.runtime_data.async_remove_camera(BACK)
    await hass.async_block_till_done()
    issue_id = f"door_missing_{key}"
    ir.async_get(hass).async_ignore("axis_people_counter", active_issues(hass)[issue_id].issue_id, True)
    events = async_capture_events(hass, dr.EVENT_DEVICE_REGISTRY_UPDATED)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert not events
    assert active_issues(hass)[issue_id].dismissed_version
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.async_block_till_done()
    assert issue_id not in active_issues(hass)


@pytest.mark.parametrize(
    ("entered", "errors"),
    [
        pytest.param(form(name="  "), {"name": "no_name"}, id="no name"),
        pytest.param(form((), ()), {"doors": "no_doors"}, id="no doors"),
        pytest.param(form((SERIAL,), (SERIAL,)), {"reversed_doors": "door_twice"}, id="twice"),
        pytest.param(
            form(limits={"capacity": 9, "warning_level": 10}), {"base": "warning_above_capacity"}, id="warning too late"
        ),
        pytest.param(
            form(limits={"capacity": 9, "hysteresis": 9}), {"base": "hysteresis_too_large"}, id="never free again"
        ),
    ],
)
@pytest.mark.usefixtures("noon")
async def test_wrong_input(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, entered: dict[str, Any], errors: dict[str, str]
) -> None:
    """The dialog names each mistake and keeps what was entered."""
    await both(pusher)
    flows = hass.config_entries.subentries
    result = await flows.async_init((entry.entry_id, "place"), context={"source": SOURCE_USER})
    result = await flows.async_configure(result["flow_id"], entered)
    assert (result["type"], result["errors"]) == (FlowResultType.FORM, errors)
    result = await flows.async_configure(result["flow_id"], form(limits={"capacity": 9, "warning_level": 9}))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


@pytest.mark.usefixtures("noon")
async def test_reconfigure(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """The dialog shows the settings, and all of them can be changed."""
    await both(pusher, main=(5, 0), back=(3, 1))
    key = await add_place(hass, entry, limits={"capacity": 9})
    flows = hass.config_entries.subentries
    context = SubentryFlowContext(source=SOURCE_RECONFIGURE, subentry_id=key)
    result = await flows.async_init((entry.entry_id, "place"), context=context)
    assert result["type"] is FlowResultType.FORM
    changed = form((BACK,), name="Hall", daily_reset=False)
    result = await flows.async_configure(result["flow_id"], changed)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done()
    assert entry.subentries[key].title == "Hall"
    assert dict(entry.subentries[key].data) == {
        "doors": [BACK],
        "reversed_doors": [],
        "hysteresis": 0,
        "reset_value": 0,
    }
    assert shown(hass, key, "occupancy") == "2"
    device = dr.async_get(hass).async_get_device_by_identifier(("axis_people_counter", key), entry.entry_id)
    assert device
    assert device.name == "Hall"


async def test_flow_without_cameras(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """The dialog ends if no camera is known, or if the entry isn't loaded."""
    flows = hass.config_entries.subentries
    result = await flows.async_init((entry.entry_id, "place"), context={"source": SOURCE_USER})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_cameras")
    await hass.config_entries.async_unload(entry.entry_id)
    result = await flows.async_init((entry.entry_id, "place"), context={"source": SOURCE_USER})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_not_loaded")

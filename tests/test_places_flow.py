"""The dialog of a place, its device and its repair issues."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
import voluptuous as vol

from custom_components.axis_people_counter import async_remove_config_entry_device
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, SubentryFlowContext, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir

from .helpers.issues import active_issues
from .helpers.places import BACK, NOON, add_place, both, form, shown
from .helpers.pusher import SERIAL, Pusher, measurement


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
async def test_hidden_at_doors(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """The place leads: what it has for all doors is hidden at each of them, until they leave the place."""
    await both(pusher)
    registry = er.async_get(hass)

    def hidden(key: str) -> set[str]:
        found = {entity.unique_id: entity for entity in registry.entities.values() if entity.hidden_by}
        return {unique_id.removeprefix(f"{key}_") for unique_id in found if unique_id.startswith(key)}

    async def change(*doors: str) -> None:
        flows = hass.config_entries.subentries
        context = SubentryFlowContext(source=SOURCE_RECONFIGURE, subentry_id=place)
        result = await flows.async_init((entry.entry_id, "place"), context=context)
        result = await flows.async_configure(result["flow_id"], form(doors))
        assert result["type"] is FlowResultType.ABORT
        await hass.async_block_till_done()

    place = await add_place(hass, entry, (SERIAL,), ())
    of_both = {"occupancy", "occupied", "reset_occupancy"}
    assert (hidden(SERIAL), hidden(BACK), hidden(place)) == (of_both, set(), set())
    assert hass.states.get("sensor.main_entrance_occupancy")

    # A person's own choice stays.
    registry.async_update_entity("sensor.main_entrance_occupancy", hidden_by=None)
    registry.async_update_entity("sensor.back_door_in_today", hidden_by=er.RegistryEntryHider.USER)
    await change(SERIAL, BACK)
    assert (hidden(SERIAL), hidden(BACK)) == (of_both - {"occupancy"}, of_both | {"in_today"})
    await change(SERIAL)
    assert (hidden(SERIAL), hidden(BACK)) == (of_both - {"occupancy"}, {"in_today"})
    hass.config_entries.async_remove_subentry(entry, place)
    await hass.async_block_till_done()
    assert (hidden(SERIAL), hidden(BACK)) == (set(), {"in_today"})


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
        pytest.param(
            form(limits={"capacity": 9, "warning_level": 10}), {"more": "warning_above_capacity"}, id="warning too late"
        ),
        pytest.param(
            form(limits={"capacity": 9, "hysteresis": 9}), {"more": "hysteresis_too_large"}, id="never free again"
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
    assert result["data_schema"]
    assert field(result["data_schema"], "more")[1].options == {"collapsed": "more" not in errors}
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
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "place_changed")
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


async def shown_form(hass: HomeAssistant, entry: MockConfigEntry, key: str | None = None) -> SubentryFlowResult:
    """Open the dialog that adds a place, or that changes one; return its first step."""
    source = SOURCE_RECONFIGURE if key else SOURCE_USER
    context = SubentryFlowContext(source=source, subentry_id=key) if key else SubentryFlowContext(source=source)
    return await hass.config_entries.subentries.async_init((entry.entry_id, "place"), context=context)


def field(schema: vol.Schema, name: str) -> tuple[vol.Marker, Any]:
    """Return a field or section of a form by its name, with its selector."""
    return next((marker, value) for marker, value in schema.schema.items() if marker == name)


def suggested(result: SubentryFlowResult, name: str = "doors") -> Any:
    """Return what a field of a form contains at first."""
    assert result["data_schema"]
    return (field(result["data_schema"], name)[0].description or {}).get("suggested_value")


def door_options(result: SubentryFlowResult) -> tuple[str, dict[str, str]]:
    """Return how the doors are shown, and their labels by key."""
    assert result["data_schema"]
    config = field(result["data_schema"], "doors")[1].config
    return config["mode"], {option["value"]: option["label"] for option in config["options"]}


@pytest.mark.usefixtures("noon")
async def test_doors_that_are_selected_at_first(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """All cameras are selected in the first place, in the next one those that no place has."""
    await both(pusher)
    result = await shown_form(hass, entry)
    assert suggested(result) == [SERIAL, BACK]
    assert door_options(result) == ("list", {BACK: "Back door", SERIAL: "Main entrance"})
    await add_place(hass, entry, (SERIAL,))
    assert suggested(await shown_form(hass, entry)) == [BACK]
    await add_place(hass, entry, (), (BACK,))
    assert suggested(await shown_form(hass, entry)) == []


@pytest.mark.parametrize(("number", "shown", "selected"), [(15, "list", 15), (40, "dropdown", 0)])
@pytest.mark.usefixtures("noon")
async def test_many_cameras(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, number: int, shown: str, selected: int
) -> None:
    """15 cameras have check boxes; of 40, none is selected at first, and a person can search for them."""
    for serial in range(number):
        sensor = {"serial": f"accc8e0000{serial:02x}", "name": f"Door {serial}"}
        await pusher.push(measurement(NOON - timedelta(minutes=1)), sensor=sensor)
    result = await shown_form(hass, entry)
    mode, labels = door_options(result)
    assert [*labels.values()] == [f"Door {serial}" for serial in range(number)]
    assert (mode, len(labels), len(suggested(result))) == (shown, number, selected)


@pytest.mark.usefixtures("noon")
async def test_door_of_a_removed_camera(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A door stays selected when its camera is removed, and is named as missing."""
    await both(pusher)
    key = await add_place(hass, entry)
    await entry.runtime_data.async_remove_camera(BACK)
    result = await shown_form(hass, entry, key)
    assert suggested(result) == [SERIAL, BACK]
    assert door_options(result)[1] == {SERIAL: "Main entrance", BACK: "Back door (missing)"}
    unknown = {**entry.subentries[key].data, "reversed_doors": ["accc8e00ffff"]}
    hass.config_entries.async_update_subentry(entry, entry.subentries[key], data=unknown)
    await hass.async_block_till_done()
    assert door_options(await shown_form(hass, entry, key))[1]["accc8e00ffff"] == "accc8e00ffff (missing)"
    entry.runtime_data.ledger.close().result()
    result = await shown_form(hass, entry, key)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "ledger_error")


@pytest.mark.parametrize(
    ("doors", "neighbours", "stored"),
    [
        pytest.param((SERIAL, BACK), (BACK,), ([SERIAL], [BACK]), id="left as it is"),
        pytest.param((SERIAL, BACK), (), ([SERIAL, BACK], []), id="no neighbouring room any more"),
        pytest.param((SERIAL,), (BACK,), ([SERIAL], []), id="taken out of the doors alone"),
        pytest.param((SERIAL,), (), ([SERIAL], []), id="taken out of both"),
        pytest.param((BACK,), (SERIAL,), ([BACK], [SERIAL]), id="the other one moved there"),
        pytest.param((SERIAL, BACK), (SERIAL, BACK), ([], [SERIAL, BACK]), id="both into neighbouring rooms"),
        pytest.param((SERIAL,), (SERIAL, "accc8e000002"), ([], [SERIAL, "accc8e000002"]), id="a new one only there"),
    ],
)
@pytest.mark.usefixtures("noon")
async def test_doors_into_a_neighbouring_room(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pusher: Pusher,
    doors: tuple[str, ...],
    neighbours: tuple[str, ...],
    stored: tuple[list[str], list[str]],
) -> None:
    """A door into a neighbouring room is one of the doors, shown in an open section, and never two things at once."""
    await both(pusher)
    await pusher.push(measurement(NOON - timedelta(minutes=1)), sensor={"serial": "accc8e000002"})
    key = await add_place(hass, entry, (SERIAL, BACK), (BACK,))
    assert dict(entry.subentries[key].data)["reversed_doors"] == [BACK]
    result = await shown_form(hass, entry, key)
    assert suggested(result) == [SERIAL, BACK]
    assert result["data_schema"]
    assert field(result["data_schema"], "neighbours")[1].options == {"collapsed": False}
    assert field(result["data_schema"], "more")[1].options == {"collapsed": True}
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], form(doors, neighbours))
    assert result["type"] is FlowResultType.ABORT
    await hass.async_block_till_done()
    data = entry.subentries[key].data
    assert (data["doors"], data["reversed_doors"]) == stored


@pytest.mark.usefixtures("noon")
async def test_opening_hours_and_goals(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """The dialog opens the section of opening hours, sales and goal if it has any; each can be emptied again."""
    await both(pusher)
    chosen = {"opening_hours": "schedule.shop", "sales": "sensor.till", "goal": 300}
    key = await add_place(hass, entry, **chosen)
    assert chosen.items() <= dict(entry.subentries[key].data).items()
    result = await shown_form(hass, entry, key)
    assert result["data_schema"]
    hours = field(result["data_schema"], "hours")[1]
    assert hours.options == {"collapsed": False}
    assert {marker: (marker.description or {}).get("suggested_value") for marker in hours.schema.schema} == chosen
    assert field(hours.schema, "opening_hours")[1].config["domain"] == ["schedule", "calendar"]
    await hass.config_entries.subentries.async_configure(result["flow_id"], form(opening_hours="calendar.shop"))
    await hass.async_block_till_done()
    data = entry.subentries[key].data
    assert [data.get(name) for name in chosen] == ["calendar.shop", None, None]
    result = await shown_form(hass, entry, key)
    await hass.config_entries.subentries.async_configure(result["flow_id"], form())
    await hass.async_block_till_done()
    assert not chosen.keys() & entry.subentries[key].data.keys()
    result = await shown_form(hass, entry, key)
    assert result["data_schema"]
    assert field(result["data_schema"], "hours")[1].options == {"collapsed": True}


@pytest.mark.parametrize(
    "wrong", [{"opening_hours": "light.shop"}, {"opening_hours": "shop"}, {"sales": "switch.till"}, {"goal": 0}]
)
@pytest.mark.usefixtures("noon")
async def test_wrong_opening_hours_and_goals(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, wrong: dict[str, Any]
) -> None:
    """Entities of other kinds and a goal of nobody are refused."""
    await both(pusher)
    result = await shown_form(hass, entry)
    with pytest.raises(InvalidData):
        await hass.config_entries.subentries.async_configure(result["flow_id"], form(**wrong))


async def test_flow_without_cameras(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """The dialog ends if no camera is known, or if the entry isn't loaded."""
    flows = hass.config_entries.subentries
    result = await flows.async_init((entry.entry_id, "place"), context={"source": SOURCE_USER})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_cameras")
    await hass.config_entries.async_unload(entry.entry_id)
    result = await flows.async_init((entry.entry_id, "place"), context={"source": SOURCE_USER})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_not_loaded")

"""A camera that replaces another: device, entities, statistics, places and automations go on."""

from datetime import timedelta
from http import HTTPStatus
import json
from pathlib import Path
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter import issues
from custom_components.axis_people_counter.repairs import ANOTHER_DOOR
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir

from .helpers.clock import wait
from .helpers.flows import choose, enter
from .helpers.places import add_place, shown
from .helpers.pusher import SERIAL, Pusher, document, measurement, state_of
from .helpers.recorder_statistics import descriptions, go_on, sums
from .helpers.repairs import Repairs
from .helpers.replacing import MINUTE, NEW, NEW_SENSOR, NOON, break_camera, device_of, replace
from .helpers.translations import ENGLISH

OTHER: Final = "accc8e000001"
OTHER_SENSOR: Final = {"serial": OTHER, "name": "Back door"}


def offered(hass: HomeAssistant) -> list[str]:
    """Return the keys of cameras with an issue that asks whether they replace another."""
    return [
        str(issue.data and issue.data["about"])
        for issue in ir.async_get(hass).issues.values()
        if issue.translation_key == issues.NEW_CAMERA.key
    ]


@pytest.fixture(autouse=True)
def _pages(pages: None) -> None:
    """Set up Home Assistant's pages before all other fixtures."""


@pytest.fixture
async def broken(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Let the first camera fall silent, and a new camera report."""
    await break_camera(hass, noon, pusher)


@pytest.mark.usefixtures("broken")
async def test_new_camera_continues_the_entities(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Entities keep their ids, the counts of both are one series, and the device describes the new camera."""
    device = device_of(hass, entry)
    assert device
    dr.async_get(hass).async_update_device(device.id, name_by_user="Front")
    entities = {entity.entity_id for entity in er.async_entries_for_device(er.async_get(hass), device.id)}
    assert state_of(hass, "sensor.new_camera_in_today") == "12"

    result = await replace(hass, entry)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "camera_replaced")
    assert state_of(hass, "sensor.main_entrance_in_today") == "15"
    assert state_of(hass, "sensor.main_entrance_out_today") == "1"
    assert state_of(hass, "sensor.main_entrance_in_total") == "35"
    assert state_of(hass, "binary_sensor.main_entrance_connectivity") == "on"
    assert device_of(hass, entry, NEW) is None
    assert not [entity for entity in er.async_get(hass).entities.values() if entity.unique_id.startswith(NEW)]
    after = device_of(hass, entry)
    assert after
    assert (after.id, after.name_by_user, after.serial_number) == (device.id, "Front", NEW)
    assert (after.model, after.sw_version) == ("AXIS People Counter", "12.1")
    assert after.configuration_url == "http://192.168.1.107"
    assert after.connections == {(dr.CONNECTION_NETWORK_MAC, "b8:a4:4f:09:00:04")}
    assert {entity.entity_id for entity in er.async_entries_for_device(er.async_get(hass), device.id)} == entities

    await wait(hass, noon, MINUTE)
    await pusher.push(measurement(NOON + 9 * MINUTE, 3), measurement(NOON + 10 * MINUTE, 4), sensor=NEW_SENSOR)
    assert state_of(hass, "sensor.main_entrance_in_today") == "19"
    assert list(entry.runtime_data.cameras) == [SERIAL]


@pytest.mark.usefixtures("broken")
async def test_replace_in_the_repair_flow(hass: HomeAssistant, entry: MockConfigEntry, repairs: Repairs) -> None:
    """The issue appears with the new camera, and its dialog asks for confirmation."""
    (issue_id,) = repairs.issues
    flow = await repairs.open(issue_id)
    assert [option["value"] for option in flow["data_schema"][0]["selector"]["select"]["options"]] == [
        SERIAL,
        ANOTHER_DOOR,
    ]
    flow = await repairs.submit(flow, old_camera=SERIAL)
    text = repairs.text(flow)
    assert "From 2026-09-16 12:00:00 on, New camera counts" in text
    flow = await repairs.submit(flow)
    assert (flow["type"], flow["description"]) == ("create_entry", "camera_replaced")
    assert state_of(hass, "sensor.main_entrance_in_today") == "15"
    assert list(entry.runtime_data.cameras) == [SERIAL]
    assert repairs.issues == {}


@pytest.mark.usefixtures("broken")
async def test_answer_another_door_is_stored(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The answer "another door" is stored, also over a restart; the next new camera has its own issue."""
    (issue_id,) = repairs.issues
    flow = await repairs.submit(await repairs.open(issue_id), old_camera=ANOTHER_DOOR)
    assert (flow["type"], flow["description"]) == ("create_entry", "another_door")
    assert offered(hass) == []
    await hass.config_entries.async_reload(entry.entry_id)
    await wait(hass, noon, 10 * MINUTE)
    await pusher.push(measurement(NOON + 19 * MINUTE), sensor=NEW_SENSOR)
    assert offered(hass) == []
    assert sorted(entry.runtime_data.cameras) == sorted([SERIAL, NEW])
    await pusher.push(measurement(NOON + 19 * MINUTE), sensor=OTHER_SENSOR)
    assert offered(hass) == [OTHER]


@pytest.mark.usefixtures("broken")
async def test_issue_ends_when_the_old_camera_reports(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The issue ends when the old camera reports again, and doesn't return: it reported beside the new one."""
    assert offered(hass) == [NEW]
    await wait(hass, noon, MINUTE)
    await pusher.push(measurement(NOON + 10 * MINUTE))
    assert offered(hass) == []
    # The old camera falls silent again, while the new one reports.
    for minute in range(14, 50, 3):
        await wait(hass, noon, 3 * MINUTE)
        await pusher.push(measurement(NOON + (minute - 1) * MINUTE), sensor=NEW_SENSOR)
    assert state_of(hass, "binary_sensor.main_entrance_connectivity") == "off"
    assert offered(hass) == []


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("removed", [SERIAL, NEW])
async def test_issue_ends_when_a_camera_is_removed(hass: HomeAssistant, entry: MockConfigEntry, removed: str) -> None:
    """The issue ends when either camera is removed."""
    assert offered(hass) == [NEW]
    await entry.runtime_data.async_remove_camera(removed)
    assert offered(hass) == []


async def test_old_camera_falls_silent_after_the_new_one_appeared(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """A camera prepared on the same day may replace a silent one; an older camera may not."""
    await pusher.push(measurement(NOON - MINUTE), sensor=OTHER_SENSOR)
    await wait(hass, noon, timedelta(days=2))
    begin = NOON + timedelta(days=2)
    await pusher.push(measurement(begin - MINUTE), sensor=NEW_SENSOR)
    await pusher.push(measurement(begin - 2 * MINUTE), sensor=OTHER_SENSOR)
    await wait(hass, noon, MINUTE)
    await pusher.push(measurement(begin - MINUTE), sensor=OTHER_SENSOR)
    assert offered(hass) == []
    for minute in range(3, 9, 3):
        await wait(hass, noon, 3 * MINUTE)
        await pusher.push(measurement(begin + (minute - 1) * MINUTE), sensor=NEW_SENSOR)
    assert offered(hass) == [NEW]
    await pusher.push(measurement(begin + 5 * MINUTE), sensor=OTHER_SENSOR)
    assert offered(hass) == []
    await wait(hass, noon, timedelta(days=2))
    begin += timedelta(days=2)
    await pusher.push(measurement(begin), sensor=OTHER_SENSOR)
    await wait(hass, noon, 60 * MINUTE)
    await pusher.push(measurement(begin + 59 * MINUTE), sensor=NEW_SENSOR)
    assert state_of(hass, "binary_sensor.back_door_connectivity") == "off"
    assert offered(hass) == []


@pytest.mark.usefixtures("broken")
async def test_nothing_to_replace(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The dialog ends unless one camera is silent and another is new, also at its confirmation."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    result = await enter(hass, result, old_camera=SERIAL, new_camera=NEW)
    await pusher.push(measurement(NOON + 9 * MINUTE))
    result = await enter(hass, result)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nothing_to_replace")
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nothing_to_replace")
    await wait(hass, noon, 60 * MINUTE)
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nothing_to_replace")


@pytest.mark.usefixtures("broken")
async def test_replace_without_a_loaded_entry(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The dialog ends if the entry isn't loaded."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    result = await enter(hass, result, old_camera=SERIAL, new_camera=NEW)
    await hass.config_entries.async_unload(entry.entry_id)
    result = await enter(hass, result)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")


@pytest.mark.usefixtures("broken")
async def test_replace_while_the_ledger_cannot_be_written(
    hass: HomeAssistant, entry: MockConfigEntry, repairs: Repairs, tmp_path: Path
) -> None:
    """The dialogs show the ledger's error and change nothing."""
    (issue_id,) = repairs.issues
    config = [await choose(hass, await entry.start_reconfigure_flow(hass), "replace")]
    config.append(await choose(hass, await entry.start_reconfigure_flow(hass), "replace"))
    config[1] = await enter(hass, config[1], old_camera=SERIAL, new_camera=NEW)
    repair = [await repairs.open(issue_id), await repairs.open(issue_id)]
    repair[1] = await repairs.submit(repair[1], old_camera=SERIAL)
    path = tmp_path / "axis_people_counter.db"
    for file in tmp_path.glob("axis_people_counter.db*"):
        file.unlink()
    path.mkdir()
    for result in (await enter(hass, config[0], old_camera=SERIAL, new_camera=NEW), await enter(hass, config[1])):
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "ledger_error")
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "ledger_error")
    for flow in (
        await repairs.submit(repair[0], old_camera=SERIAL),
        await repairs.submit(repair[1]),
        await repairs.open(issue_id),
    ):
        assert (flow["type"], flow["reason"]) == ("abort", "ledger_error")
    assert "replacements" not in entry.options


async def test_place_continues_after_a_replacement(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, broken: None
) -> None:
    """In each place the old camera's key replaces the new one's, without duplicates; no door is missing or silent."""
    with_both = await add_place(hass, entry, (SERIAL, NEW), name="Both")
    with_new = await add_place(hass, entry, (NEW,), name="Only the new one")
    with_new_reversed = await add_place(hass, entry, (SERIAL,), (NEW,), name="The new one reversed")
    only_reversed = await add_place(hass, entry, (), (NEW,), name="Only the new one, reversed")
    with_old = await add_place(hass, entry, (SERIAL,), name="Only the old one")
    await wait(hass, noon, 10 * MINUTE)
    await pusher.push(measurement(NOON + 19 * MINUTE, 1), sensor=NEW_SENSOR)
    await replace(hass, entry)

    def doors(key: str) -> tuple[list[str], list[str]]:
        data = entry.subentries[key].data
        return data["doors"], data["reversed_doors"]

    for key in (with_both, with_new, with_new_reversed, with_old):
        assert doors(key) == ([SERIAL], []), key
        assert shown(hass, key, "in_today") == "16"
        assert shown(hass, key, "incomplete") == "off"
    assert doors(only_reversed) == ([], [SERIAL])
    assert not [
        issue for issue in ir.async_get(hass).issues.values() if issue.translation_key == issues.DOOR_MISSING.key
    ]


@pytest.mark.usefixtures("broken")
async def test_replace_a_removed_camera(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The entities of a removed camera return under their old ids."""
    entity_id = "sensor.main_entrance_in_today"
    er.async_get(hass).async_update_entity(entity_id, new_entity_id="sensor.front")
    device = device_of(hass, entry)
    assert device
    await entry.runtime_data.async_remove_camera(SERIAL)
    dr.async_get(hass).async_remove_device(device.id)
    await hass.async_block_till_done()
    await replace(hass, entry)
    assert state_of(hass, "sensor.front") == "15"
    assert list(entry.runtime_data.cameras) == [SERIAL]


@pytest.mark.usefixtures("broken")
async def test_old_camera_reports_again(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The old camera gets a key of its own; late counts from before still count at its old door."""
    await replace(hass, entry)
    await wait(hass, noon, 10 * MINUTE)
    assert state_of(hass, "binary_sensor.main_entrance_connectivity") == "off"
    sensor = {"name": "Repaired", "ipAddress": "192.168.1.200"}
    await pusher.push(measurement(NOON - 11 * MINUTE, 5), measurement(NOON + 19 * MINUTE, 8), sensor=sensor)
    await pusher.push(measurement(NOON + 19 * MINUTE, 8), sensor=sensor)
    assert state_of(hass, "binary_sensor.main_entrance_connectivity") == "off"
    await pusher.push(measurement(NOON + 19 * MINUTE), sensor=NEW_SENSOR)
    assert state_of(hass, "sensor.main_entrance_in_today") == "20"
    assert state_of(hass, "sensor.repaired_in_today") == "8"
    again = device_of(hass, entry, f"{SERIAL}_2")
    assert again
    assert again.connections == {(dr.CONNECTION_NETWORK_MAC, "ac:cc:8e:f3:d9:2e")}
    await pusher.post(document(data=None, sensor=sensor))
    assert entry.runtime_data.cameras[f"{SERIAL}_2"].connected

    # The new camera breaks, and the old one goes back to its door.
    await wait(hass, noon, 40 * MINUTE)
    await pusher.push(measurement(NOON + 59 * MINUTE, 9), sensor=sensor)
    await replace(hass, entry, SERIAL, f"{SERIAL}_2")
    assert state_of(hass, "sensor.main_entrance_in_today") == "29"
    assert device_of(hass, entry, f"{SERIAL}_2") is None
    device = device_of(hass, entry)
    assert device
    assert device.serial_number == SERIAL
    assert list(entry.runtime_data.cameras) == [SERIAL]


@pytest.mark.usefixtures("broken")
async def test_replacement_survives_a_lost_ledger(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """With a new ledger, the camera counts for the key from its first push on."""
    await replace(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    for file in tmp_path.glob("axis_people_counter.db*"):
        file.unlink()
    await hass.config_entries.async_setup(entry.entry_id)
    await pusher.push(measurement(NOON - 5 * MINUTE, 7), measurement(NOON + 9 * MINUTE, 3), sensor=NEW_SENSOR)
    assert list(entry.runtime_data.cameras) == [SERIAL]
    assert state_of(hass, "sensor.main_entrance_in_today") == "3"


@pytest.mark.usefixtures("broken")
async def test_options_keep_replacements(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The options dialog keeps replacements."""
    await replace(hass, entry)
    kept = dict(entry.options)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    options = {"reset_time": "04:00:00", "live_seconds": 5, "delete_old_counts": True, "keep_days": 200}
    await hass.config_entries.options.async_configure(result["flow_id"], options)
    await hass.async_block_till_done()
    assert entry.options == {**kept, **options}


@pytest.mark.usefixtures("broken")
async def test_push_during_a_replacement(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A push during the replacement is counted once, whether it is stored or sent again."""
    noon.tick(MINUTE)
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    result = await enter(hass, result, old_camera=SERIAL, new_camera=NEW)
    await hass.config_entries.flow.async_configure(result["flow_id"], {})
    body = document(measurement(NOON + 9 * MINUTE, 3), measurement(NOON + 10 * MINUTE, 4), sensor=NEW_SENSOR)
    for _ in range(20):
        if (await pusher.post(body)).status == HTTPStatus.OK:
            break
    assert state_of(hass, "sensor.main_entrance_in_today") == "19"


@pytest.mark.usefixtures("recorder_mock", "broken")
async def test_statistics_continue_after_a_replacement(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """Both cameras are in one series, also at their place; the new camera's own series is cleared."""
    key = await add_place(hass, entry, (SERIAL,))
    await wait(hass, noon, 10 * MINUTE)
    await pusher.push(measurement(NOON + 19 * MINUTE), sensor=NEW_SENSOR)
    assert (await sums(hass, serial=SERIAL))[-1] == 30
    assert (await sums(hass, serial=NEW))[-1] == 12
    await replace(hass, entry)
    assert (await sums(hass, serial=SERIAL))[-1] == 35
    assert (await sums(hass, serial=key.lower()))[-1] == 35
    assert await sums(hass, serial=NEW) == []
    assert not [statistic_id for statistic_id in await descriptions(hass) if statistic_id.startswith(NEW)]

    await hass.config_entries.async_unload(entry.entry_id)
    for file in tmp_path.glob("axis_people_counter.db*"):
        file.unlink()
    await hass.config_entries.async_setup(entry.entry_id)
    # Counts that were answered with 200 aren't sent again.
    await pusher.push(measurement(NOON + 10 * MINUTE, 4), sensor=NEW_SENSOR)
    await go_on(hass, noon)
    assert (await sums(hass, serial=SERIAL))[-1] == 39
    assert await sums(hass, serial=NEW) == []


@pytest.mark.usefixtures("recorder_mock", "broken")
async def test_series_of_the_new_camera_is_cleared_after_a_restart(
    hass: HomeAssistant, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """The series is cleared after the next start if Home Assistant stopped before it was cleared."""
    assert await sums(hass, serial=NEW)
    options = {**entry.options, "replacements": [{"key": SERIAL, "serial": NEW, "since": int(NOON.timestamp())}]}
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, options=options)
    hass.set_state(CoreState.starting)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_unload(entry.entry_id)
    assert await sums(hass, serial=NEW)
    hass.set_state(CoreState.running)
    await hass.config_entries.async_setup(entry.entry_id)
    assert await sums(hass, serial=NEW) == []


@pytest.mark.usefixtures("broken")
async def test_diagnostics_contain_no_serial_number(
    hass: HomeAssistant, entry: MockConfigEntry, repairs: Repairs, hass_client: ClientSessionGenerator
) -> None:
    """Diagnostics contain no serial number, not even in options."""
    (issue_id,) = repairs.issues
    await repairs.submit(await repairs.open(issue_id), old_camera=ANOTHER_DOOR)
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": "switch.main_entrance_reverse_direction"}, blocking=True
    )
    await replace(hass, entry)
    diagnostics = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    assert "replacements" in diagnostics
    assert SERIAL not in diagnostics
    assert NEW not in diagnostics


@pytest.mark.usefixtures("broken")
async def test_undo_a_replacement(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """After an undo each camera has its own counts, and another replacement is possible."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "undo")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nothing_to_undo")
    await replace(hass, entry)
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "undo")
    step = ENGLISH["config"]["step"]["undo"]
    assert result["data_schema"]
    assert set(step["data"]) == set(step["data_description"]) == {str(field) for field in result["data_schema"].schema}
    result = await enter(hass, result, old_camera=SERIAL)
    await hass.async_block_till_done()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "replacement_undone")
    assert result["description_placeholders"] == {"new": "New camera"}
    await wait(hass, noon, MINUTE)
    await pusher.push(measurement(NOON + 10 * MINUTE, 4), sensor=NEW_SENSOR)
    assert state_of(hass, "sensor.new_camera_in_today") == "16"
    await pusher.push(measurement(NOON + 10 * MINUTE, 8))
    assert state_of(hass, "sensor.main_entrance_in_today") == "18"
    await hass.config_entries.async_unload(entry.entry_id)
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "undo")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")


@pytest.mark.usefixtures("broken")
async def test_replaced_camera_replaces_another_one(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The counts of a camera that moves to a second door stay at its first door."""
    await pusher.push(measurement(NOON - 8 * MINUTE, 2), sent=NOON + MINUTE, sensor=OTHER_SENSOR)
    await replace(hass, entry)
    await wait(hass, noon, 20 * MINUTE)
    await pusher.push(measurement(NOON + 29 * MINUTE, 6))
    await replace(hass, entry, OTHER, f"{SERIAL}_2")
    assert entry.runtime_data.cameras[OTHER].data.total.entered == 8
    assert state_of(hass, "sensor.main_entrance_in_today") == "15"


@pytest.mark.usefixtures("broken")
async def test_fields_of_the_flow(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Each field has a label and a description, and the confirmation names the cameras."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "replace")
    step = ENGLISH["config"]["step"]["replace"]
    assert result["data_schema"]
    assert set(step["data"]) == set(step["data_description"]) == {str(field) for field in result["data_schema"].schema}
    result = await enter(hass, result, old_camera=SERIAL, new_camera=NEW)
    assert result["description_placeholders"] == {
        "old": "Main entrance",
        "new": "New camera",
        "since": "2026-09-16 12:00:00",
    }

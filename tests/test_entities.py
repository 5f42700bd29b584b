"""Devices, entities, states and events that pushes make."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events, async_fire_time_changed
import voluptuous as vol

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .helpers.places import add_place
from .helpers.pusher import SERIAL, Pusher, document, measurement, state_of

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
OCCUPANCY = "sensor.main_entrance_occupancy"


async def test_first_push(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Add device and entities of a new camera without a reload."""
    assert not hass.states.async_all()
    await pusher.push(measurement(NOON - 2 * MINUTE, 5, 2, adults=(4, 2)), measurement(NOON - MINUTE, 1, adults=(0, 0)))
    assert {state.entity_id: state.state for state in hass.states.async_all()} == {
        "binary_sensor.main_entrance_connectivity": "on",
        "binary_sensor.main_entrance_counting_problem": "off",
        "binary_sensor.main_entrance_occupied": "on",
        "button.main_entrance_reset_occupancy": "unknown",
        "event.main_entrance_passage": "unknown",
        "sensor.main_entrance_adults_in_today": "4",
        "sensor.main_entrance_adults_out_today": "2",
        "sensor.main_entrance_in_today": "6",
        "sensor.main_entrance_in_total": "6",
        "sensor.main_entrance_occupancy": "4",
        "sensor.main_entrance_out_today": "2",
        "sensor.main_entrance_out_total": "2",
        "switch.main_entrance_reverse_direction": "off",
    }


async def test_first_pushes_at_once(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Add one camera if its first pushes arrive at the same time."""
    bodies = [document(measurement(NOON - minutes * MINUTE, 1)) for minutes in range(1, 9)]
    responses = await asyncio.gather(*(pusher.post(body) for body in bodies))
    assert all(response.ok for response in responses)
    assert state_of(hass, "sensor.main_entrance_in_total") == "8"
    assert len([state for state in hass.states.async_all() if state.entity_id.endswith("occupancy")]) == 2


async def test_registries(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """Register the device; unique ids are serial and key, some entities are diagnostic or disabled."""
    await pusher.push(measurement(NOON - MINUTE, adults=(0, 0)))
    (device,) = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert device.identifiers == {(DOMAIN, SERIAL)}
    assert device.connections == {("mac", "ac:cc:8e:f3:d9:2e")}
    assert device.manufacturer == "Axis Communications"
    assert device.model == "AXIS 3D People Counter"
    assert device.name == "Main entrance"
    assert device.serial_number == SERIAL
    assert device.sw_version == "11.11.148"
    assert device.configuration_url == "http://192.168.1.106"
    entities = er.async_entries_for_device(entity_registry, device.id, include_disabled_entities=True)
    assert {entity.unique_id: entity.entity_category or entity.disabled_by for entity in entities} == {
        f"{SERIAL}_adults_in_today": None,
        f"{SERIAL}_adults_in_total": "integration",
        f"{SERIAL}_adults_out_today": None,
        f"{SERIAL}_adults_out_total": "integration",
        f"{SERIAL}_connectivity": "diagnostic",
        f"{SERIAL}_counted_until": "diagnostic",
        f"{SERIAL}_counting_problem": "diagnostic",
        f"{SERIAL}_in_today": None,
        f"{SERIAL}_in_total": None,
        f"{SERIAL}_last_message": "diagnostic",
        f"{SERIAL}_missing_minutes": "diagnostic",
        f"{SERIAL}_occupancy": None,
        f"{SERIAL}_occupied": None,
        f"{SERIAL}_out_today": None,
        f"{SERIAL}_out_total": None,
        f"{SERIAL}_passage": None,
        f"{SERIAL}_reset_occupancy": None,
        f"{SERIAL}_reverse_direction": "config",
    }


ALL_ENTITIES = """\
camera binary_sensor connectivity diagnostic connectivity
camera binary_sensor counting_problem diagnostic problem
camera binary_sensor occupied occupancy: unavailable while silent
place binary_sensor full: unavailable while silent
place binary_sensor incomplete diagnostic problem
place binary_sensor nearly_full: unavailable while silent
place binary_sensor occupied occupancy: unavailable while silent
camera button reset_occupancy
place button reset_occupancy
camera event passage
place event threshold
place number occupancy_correction
camera sensor adults_in_today total counted: unavailable while silent
camera sensor adults_in_total counted: disabled
camera sensor adults_out_today total counted: unavailable while silent
camera sensor adults_out_total counted: disabled
camera sensor counted_until diagnostic timestamp: disabled
camera sensor in_today total counted: unavailable while silent
camera sensor in_total total counted: unavailable while silent
camera sensor last_message diagnostic timestamp: disabled
camera sensor missing_minutes diagnostic duration min: disabled
camera sensor occupancy measurement net: unavailable while silent
camera sensor out_today total counted: unavailable while silent
camera sensor out_total total counted: unavailable while silent
place sensor compared_to_last_week measurement %: disabled
place sensor complete_until diagnostic timestamp: disabled
place sensor drift_today diagnostic uncounted: unavailable while silent
place sensor free_places measurement free: unavailable while silent
place sensor in_today counted: unavailable while silent
place sensor occupancy measurement inside: unavailable while silent
place sensor occupancy_percentage measurement %: unavailable while silent
place sensor out_today counted: unavailable while silent
place sensor peak_today inside: unavailable while silent
place sensor typical_now measurement inside: disabled
place sensor visitors_today counted: unavailable while silent
camera switch reverse_direction config
"""


async def test_all_entities(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    entity_registry: er.EntityRegistry,
) -> None:
    """List all entities of a camera and of a place: platform, key, category, device class, state class and unit."""
    await pusher.push(measurement(NOON - MINUTE, 5, 2, adults=(4, 2)))
    place = await add_place(hass, entry, (SERIAL,), limits={"capacity": 9, "warning_level": 7})
    # After eleven minutes without history the counts have their state class.
    for minutes in (5, 11):
        noon.move_to(NOON + minutes * MINUTE)
        await pusher.push(measurement(NOON + (minutes - 1) * MINUTE))
    noon.tick(timedelta(hours=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()

    lines: list[str] = []
    entities = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    for entity in sorted(entities, key=lambda entity: entity.entity_id):
        device, _, key = entity.unique_id.partition("_")
        owner = {SERIAL: "camera", place: "place"}[device]
        assert entity.config_subentry_id == (place if owner == "place" else None)
        words = (
            owner,
            entity.domain,
            key,
            entity.entity_category,
            entity.original_device_class,
            (entity.capabilities or {}).get("state_class"),
            entity.unit_of_measurement,
        )
        line = " ".join(str(word) for word in words if word)
        if entity.disabled_by:
            line += ": disabled"
        elif state_of(hass, entity.entity_id) == "unavailable":
            line += ": unavailable while silent"
        lines.append(f"{line}\n")
    assert "".join(lines) == ALL_ENTITIES


@pytest.mark.parametrize(
    ("entity_id", "expected"),
    [
        ("sensor.main_entrance_in_today", {"state_class": "total", "last_reset": "2026-09-15T22:00:00+00:00"}),
        ("sensor.main_entrance_in_total", {"state_class": "total"}),
        (OCCUPANCY, {"state_class": "measurement"}),
        ("binary_sensor.main_entrance_occupied", {"device_class": "occupancy"}),
    ],
)
async def test_attributes(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entity_id: str, expected: dict[str, str]
) -> None:
    """Show state class, unit and device class; counts get their state class after ten quiet minutes."""
    # Recorder makes sums once the camera has brought no history for ten minutes.
    for minutes in (0, 11):
        noon.move_to(NOON + minutes * MINUTE)
        await pusher.push(measurement(NOON + (minutes - 1) * MINUTE))
        state = hass.states.get(entity_id)
        assert state
        found = dict(expected)
        if "state_class" in expected:
            found["unit_of_measurement"] = "inside" if entity_id == OCCUPANCY else "counted"
        if not minutes and expected.get("state_class") == "total":
            del found["state_class"]
        attributes = {key: value for key, value in state.attributes.items() if key != "friendly_name"}
        assert attributes == found


async def test_names_follow_the_camera(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Follow a new name of the camera, unless the user has named the device."""
    await pusher.push(measurement(NOON - 2 * MINUTE))
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - MINUTE), sensor={"name": "Portal", "applicationVersion": "12.0"})
    state = hass.states.get(OCCUPANCY)
    assert state
    assert state.name == "Portal Occupancy"
    (device,) = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert device.sw_version == "12.0"

    device_registry.async_update_device(device.id, name_by_user="Front")
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON), sensor={"name": "Gate"})
    await hass.async_block_till_done()
    state = hass.states.get(OCCUPANCY)
    assert state
    assert state.name == "Front Occupancy"


@pytest.mark.parametrize(
    ("ip_address", "link"),
    [
        ("192.168.1.106", "http://192.168.1.106"),
        ("fd00::6", "http://[fd00::6]"),
        ("javascript:alert(1)", None),
        (None, None),
    ],
)
async def test_link_to_the_camera(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pusher: Pusher,
    device_registry: dr.DeviceRegistry,
    ip_address: str | None,
    link: str | None,
) -> None:
    """Link the camera's page if the push has a valid IP address."""
    await pusher.push(sensor={"ipAddress": ip_address})
    (device,) = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert device.configuration_url == link


async def test_camera_without_adults(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Add the sensors of adults with the first push that has adults."""
    await pusher.push(measurement(NOON - 2 * MINUTE, 1))
    assert not hass.states.get("sensor.main_entrance_adults_in_today")
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - MINUTE, 3, adults=(2, 0)))
    assert state_of(hass, "sensor.main_entrance_adults_in_today") == "2"
    assert state_of(hass, "sensor.main_entrance_in_today") == "4"


async def test_totals_wait_for_history(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Add counts of today and totals only when the history has arrived."""
    await pusher.push(measurement(NOON - timedelta(days=40), 30))
    await pusher.push(measurement(NOON - timedelta(days=3), 12, adults=(9, 0)))
    for key in ("in_today", "out_today", "adults_in_today", "in_total"):
        assert not hass.states.get(f"sensor.main_entrance_{key}")
    await pusher.push(measurement(NOON - MINUTE, 1))
    assert state_of(hass, "sensor.main_entrance_in_today") == "1"
    assert state_of(hass, "sensor.main_entrance_adults_in_today") == "0"
    assert state_of(hass, "sensor.main_entrance_in_total") == "43"


async def test_totals_wait_for_history_that_comes_newest_first(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Add totals with the first push without history, also if the newest history came first."""
    for days in range(3):
        await pusher.push(
            *(measurement(NOON - timedelta(days=days, hours=hours), 1, minutes=60) for hours in range(1, 25))
        )
        assert not hass.states.get("sensor.main_entrance_in_total")
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON, 1))
    assert state_of(hass, "sensor.main_entrance_in_total") == "73"


async def test_everything_is_there_after_a_restart(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Restore all states after a restart, before the camera reports."""
    await pusher.push(measurement(NOON - MINUTE, 5, 2, adults=(4, 2)))
    before = {state.entity_id: (state.state, state.attributes) for state in hass.states.async_all()}
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert state_of(hass, OCCUPANCY) == "unavailable"
    noon.tick(timedelta(hours=1))
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert {state.entity_id: (state.state, state.attributes) for state in hass.states.async_all()} == before


async def test_re_sent_counts(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Count a repeated interval once; a corrected count replaces it."""
    batch = [measurement(NOON - minutes * MINUTE, 2, 1) for minutes in (3, 2, 1)]
    await pusher.push(*batch)
    await pusher.push(*reversed(batch))
    assert state_of(hass, "sensor.main_entrance_in_total") == "6"
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - MINUTE, 4, 1))
    assert state_of(hass, "sensor.main_entrance_in_total") == "8"
    assert state_of(hass, "sensor.main_entrance_in_today") == "8"
    assert state_of(hass, OCCUPANCY) == "5"


async def test_occupancy_is_never_negative(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Keep occupancy at 0 or above, also for late counts."""
    await pusher.push(measurement(NOON - MINUTE, 2))
    assert state_of(hass, OCCUPANCY) == "2"
    assert state_of(hass, "binary_sensor.main_entrance_occupied") == "on"
    await pusher.push(measurement(NOON - 3 * MINUTE, 1, 5))
    assert state_of(hass, OCCUPANCY) == "2"
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON, 0, 2))
    assert state_of(hass, OCCUPANCY) == "0"
    assert state_of(hass, "binary_sensor.main_entrance_occupied") == "off"


async def set_occupancy(hass: HomeAssistant, entity_id: str, value: Any) -> None:
    """Call the action and wait for its effect."""
    await hass.services.async_call(
        DOMAIN, "set_occupancy", {"value": value}, blocking=True, target={"entity_id": entity_id}
    )
    await hass.async_block_till_done()


async def test_corrections(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Count on from a corrected occupancy, also after a restart."""
    await pusher.push(measurement(NOON - MINUTE, 5))
    await set_occupancy(hass, OCCUPANCY, 12)
    assert state_of(hass, OCCUPANCY) == "12"
    # It was before the correction, so it is contained in it.
    await pusher.push(measurement(NOON - 2 * MINUTE, 3))
    assert state_of(hass, OCCUPANCY) == "12"
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON, 1, 2))
    assert state_of(hass, OCCUPANCY) == "11"
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(hass, OCCUPANCY) == "11"

    await hass.services.async_call(
        "button", "press", blocking=True, target={"entity_id": "button.main_entrance_reset_occupancy"}
    )
    assert state_of(hass, OCCUPANCY) == "0"
    assert state_of(hass, "sensor.main_entrance_in_today") == "9"


@pytest.mark.parametrize("value", [-1, 100_001, "many", None])
async def test_impossible_corrections(hass: HomeAssistant, pusher: Pusher, value: Any) -> None:
    """Reject values that aren't a number of people."""
    await pusher.push()
    with pytest.raises(vol.Invalid):
        await set_occupancy(hass, OCCUPANCY, value)
    assert state_of(hass, OCCUPANCY) == "0"


@pytest.mark.parametrize("key", ["in_total", "in_today"])
async def test_correction_of_another_sensor(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, key: str
) -> None:
    """Refuse to set a sensor that isn't an occupancy sensor."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    with pytest.raises(ServiceValidationError, match="an occupancy sensor"):
        await set_occupancy(hass, f"sensor.main_entrance_{key}", 3)


async def test_reverse_direction(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Reverse the direction of all counts, old and new."""
    await pusher.push(measurement(NOON - MINUTE, 1, 6, adults=(0, 5)))
    switch = {"entity_id": "switch.main_entrance_reverse_direction"}

    async def check(state: str, in_today: str, adults_out_today: str, out_total: str, occupancy: str) -> None:
        await hass.async_block_till_done()
        assert state_of(hass, switch["entity_id"]) == state
        assert state_of(hass, "sensor.main_entrance_in_today") == in_today
        assert state_of(hass, "sensor.main_entrance_adults_out_today") == adults_out_today
        assert state_of(hass, "sensor.main_entrance_out_total") == out_total
        assert state_of(hass, OCCUPANCY) == occupancy

    await hass.services.async_call("switch", "turn_on", blocking=True, target=switch)
    await check("on", "6", "0", "1", "5")
    await hass.config_entries.async_reload(entry.entry_id)
    await check("on", "6", "0", "1", "5")
    await hass.services.async_call("switch", "turn_off", blocking=True, target=switch)
    await check("off", "1", "5", "6", "0")


def passages(events: list[Any]) -> list[dict[str, Any]]:
    """Return the events of the event entity."""
    return [
        {key: event.data["new_state"].attributes.get(key) for key in ("event_type", "count", "adults", "from")}
        for event in events
        if event.data["entity_id"] == "event.main_entrance_passage" and event.data["new_state"].state != "unknown"
    ]


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_passages(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, is_reversed: bool) -> None:
    """Trigger events for new passages, not for late, repeated or corrected ones."""
    await pusher.push(measurement(NOON - timedelta(minutes=60)))
    if is_reversed:
        switch = {"entity_id": "switch.main_entrance_reverse_direction"}
        await hass.services.async_call("switch", "turn_on", blocking=True, target=switch)
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    now = measurement(NOON - MINUTE, 2, 1, adults=(1, 1))
    await pusher.push(measurement(NOON - timedelta(days=1), 7), measurement(NOON - 2 * MINUTE), now)
    first, second = ("left", "entered") if is_reversed else ("entered", "left")
    expected = [
        {"event_type": first, "count": 2, "adults": 1, "from": "2026-09-16T09:59:00+00:00"},
        {"event_type": second, "count": 1, "adults": 1, "from": "2026-09-16T09:59:00+00:00"},
    ]
    # One push tells both; which of them comes first means nothing.
    assert sorted(passages(events), key=lambda event: -event["count"]) == expected
    noon.tick(MINUTE)
    await pusher.push(now)
    await pusher.push(measurement(NOON - MINUTE, 3, 1, adults=(1, 1)))
    assert len(passages(events)) == len(expected)


async def test_passages_of_one_report_are_one_event(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Trigger one event for each direction of a report with several intervals."""
    await pusher.push(measurement(NOON - timedelta(minutes=60)))
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    await pusher.push(
        measurement(NOON - MINUTE, 2, 0, adults=(1, 0)),
        measurement(NOON - 3 * MINUTE, 1, 0, adults=(1, 0)),
        measurement(NOON - 4 * MINUTE, 0, 0),
        measurement(NOON - 2 * MINUTE, 4, 5),
    )
    assert passages(events) == [
        {"event_type": "entered", "count": 7, "adults": 2, "from": "2026-09-16T09:57:00+00:00"},
        {"event_type": "left", "count": 5, "adults": None, "from": "2026-09-16T09:58:00+00:00"},
    ]
    state = hass.states.get("event.main_entrance_passage")
    assert state
    assert state.attributes["to"] == "2026-09-16T09:59:00+00:00"


async def test_cameras_are_told_apart(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Add one camera for each serial, however the serial is written."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    await pusher.push(measurement(NOON - MINUTE, 2), sensor={"serial": "00408CAC512B", "name": "Garden"})
    await pusher.push(measurement(NOON - 2 * MINUTE, 3), sensor={"serial": "00:40:8c:ac:51:2b", "name": "Garden"})
    assert state_of(hass, "sensor.main_entrance_in_today") == "1"
    assert state_of(hass, "sensor.garden_in_today") == "5"


async def test_a_push_concerns_one_camera(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Write no state of another camera."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    await pusher.push(measurement(NOON - MINUTE, 2), sensor={"serial": "00408cac512b", "name": "Garden"})
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON, 2))
    assert events
    assert all("main_entrance" in event.data["entity_id"] for event in events)


async def test_unknown_things_are_left_out(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, caplog: pytest.LogCaptureFixture
) -> None:
    """Skip unknown kinds and directions, log them once, and store the rest."""
    odd = measurement(NOON - MINUTE, 1)
    odd["items"].append({"direction": "sideways", "count": 9})
    for _ in range(2):
        assert (await pusher.post(document({**odd, "kind": "queue"}, odd))).ok
    assert state_of(hass, "sensor.main_entrance_in_today") == "1"
    assert caplog.text.count("direction sideways") == 1
    assert caplog.text.count("kind queue") == 1

"""Limits of a place: full, nearly full and free again, with hysteresis, and the events of its thresholds."""

from datetime import datetime, timedelta
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from homeassistant.components import automation
from homeassistant.config_entries import SOURCE_RECONFIGURE, SubentryFlowContext
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from .helpers.clock import move_to
from .helpers.places import NOON, add_place, both, entity_of, form, shown
from .helpers.pusher import Pusher, measurement

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


async def test_limits(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Full and nearly full follow the limits with hysteresis, and each change is an event."""
    await both(pusher, main=(7, 0))
    key = await add_place(hass, entry, limits={"capacity": 10, "warning_level": 8, "hysteresis": 2})
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    seen: list[list[str]] = []
    for counts in ((1, 0), (2, 0), (0, 2), (0, 1), (5, 0), (0, 7), (0, 5)):
        noon.tick(MINUTE)
        await pusher.push(measurement(NOON + len(seen) * MINUTE, *counts))
        names = ("occupancy", "free_places", "occupancy_percentage", "nearly_full", "full")
        seen.append([shown(hass, key, name) for name in names])
    assert seen == [
        ["8", "2", "80.0", "on", "off"],
        ["10", "0", "100.0", "on", "on"],
        ["8", "2", "80.0", "on", "on"],
        ["7", "3", "70.0", "on", "off"],
        ["12", "0", "120.0", "on", "on"],
        ["5", "5", "50.0", "off", "off"],
        ["0", "10", "0.0", "off", "off"],
    ]
    threshold = entity_of(hass, key, "threshold")
    states = [event.data["new_state"] for event in events if event.data["entity_id"] == threshold]
    attributes = [state.attributes for state in states if state]
    assert [(event["event_type"], event["occupancy"]) for event in attributes] == [
        ("nearly_full", 8),
        ("full", 10),
        ("free_again", 7),
        ("full", 12),
        ("free_again", 5),
        ("empty", 0),
    ]


async def test_hysteresis_over_midnight(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A full place stays full when a new day begins, without an event."""
    midnight = datetime.fromisoformat("2026-09-17T00:00:00Z")
    freezer.move_to(midnight - 10 * MINUTE)
    await both(pusher, midnight - 10 * MINUTE, main=(10, 0))
    limits = {"capacity": 10, "hysteresis": 3}
    key = await add_place(hass, entry, daily_reset=False, time_zone="UTC", limits=limits)
    freezer.move_to(midnight - MINUTE)
    await both(pusher, midnight - MINUTE, main=(0, 1))
    assert (shown(hass, key, "occupancy"), shown(hass, key, "full")) == ("9", "on")
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    await move_to(hass, freezer, midnight)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "full")) == ("9", "on")
    threshold = entity_of(hass, key, "threshold")
    assert not [event for event in events if event.data["entity_id"] == threshold]


async def restart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Reload the entry."""
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


@pytest.mark.parametrize("daily_reset", [True, False])
@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([(10, 0), (0, 1)], ("9", "on", "on"), id="was full"),
        pytest.param([(10, 0), (0, 4), (2, 0)], ("8", "off", "on"), id="was nearly full"),
        pytest.param([(10, 0), (0, 9), (7, 0)], ("8", "off", "on"), id="nearly full again"),
        pytest.param([(10, 0), (0, 9), (6, 0)], ("7", "off", "off"), id="was empty between"),
    ],
)
async def test_hysteresis_is_the_same_after_a_restart(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    counts: list[tuple[int, int]],
    expected: tuple[str, str, str],
    daily_reset: bool,
) -> None:
    """A restart changes neither full nor nearly full, and causes no event."""
    freezer.move_to(NOON + len(counts) * MINUTE)
    limits = {"capacity": 10, "warning_level": 8, "hysteresis": 3}
    for number, (entered, exited) in enumerate(counts):
        await both(pusher, NOON + number * MINUTE, main=(entered, exited))
    key = await add_place(hass, entry, daily_reset=daily_reset, limits=limits)

    def all_shown() -> tuple[str, ...]:
        return tuple(shown(hass, key, name) for name in ("occupancy", "full", "nearly_full"))

    assert all_shown() == expected
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    await restart(hass, entry)
    assert all_shown() == expected
    # Nobody enters or leaves for days.
    for day in range(1, 1 if daily_reset else 4):
        await move_to(hass, freezer, NOON + day * DAY)
        await both(pusher, NOON + day * DAY)
        assert all_shown() == expected
        await restart(hass, entry)
        assert all_shown() == expected
    threshold = entity_of(hass, key, "threshold")
    states = [event.data["new_state"] for event in events if event.data["entity_id"] == threshold]
    assert not [state for state in states if state and state.attributes.get("event_type")]


async def test_hysteresis_follows_changed_limits(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """New limits apply as if they had always been set."""
    freezer.move_to(NOON)
    await both(pusher, main=(12, 0))
    key = await add_place(hass, entry, daily_reset=False, limits={"capacity": 20, "hysteresis": 3})
    freezer.tick(MINUTE)
    await both(pusher, NOON + MINUTE, main=(0, 2))
    await move_to(hass, freezer, NOON + 3 * DAY)
    await both(pusher, NOON + 3 * DAY)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "full")) == ("10", "off")
    for limits, is_full in (
        ({"capacity": 12, "hysteresis": 3}, "on"),
        ({"capacity": 12, "hysteresis": 1}, "off"),
        ({"capacity": 13, "hysteresis": 3}, "off"),
        ({"capacity": 10, "hysteresis": 0}, "on"),
    ):
        subentry = entry.subentries[key]
        hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, **limits})
        await hass.async_block_till_done()
        assert (shown(hass, key, "occupancy"), shown(hass, key, "full")) == ("10", is_full), limits


async def test_hysteresis_starts_anew_with_a_reset(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A place reset to a number within hysteresis isn't full, however many were inside before."""
    reset = datetime.fromisoformat("2026-09-17T04:00:00Z")
    freezer.move_to(reset - MINUTE)
    # Counts of an interval that ends at the reset belong to the time before it.
    await both(pusher, reset - MINUTE, main=(10, 0))
    limits = {"capacity": 10, "hysteresis": 3}
    key = await add_place(hass, entry, time_zone="UTC", reset_time="04:00:00", reset_value=8, limits=limits)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "full")) == ("18", "on")
    await move_to(hass, freezer, reset)
    await both(pusher, reset, main=(5, 0))
    for at in (reset + MINUTE, reset + 3 * MINUTE, reset + timedelta(hours=20, minutes=1)):
        await move_to(hass, freezer, at)
        await both(pusher, at)
        assert (shown(hass, key, "occupancy"), shown(hass, key, "full")) == ("8", "off")
        await restart(hass, entry)
        assert (shown(hass, key, "occupancy"), shown(hass, key, "full")) == ("8", "off")


async def test_history_causes_no_event(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """History causes no event; the next new count does."""
    await both(pusher)
    key = await add_place(hass, entry, limits={"capacity": 10})
    threshold = entity_of(hass, key, "threshold")
    events = async_capture_events(hass, EVENT_STATE_CHANGED)
    await move_to(hass, noon, NOON + timedelta(hours=6))
    await pusher.push(measurement(NOON + 10 * MINUTE, 12), measurement(NOON + 11 * MINUTE))
    assert shown(hass, key, "full") == "on"
    await pusher.push(measurement(NOON + 100 * MINUTE, 0, 12), measurement(NOON + 101 * MINUTE))
    await pusher.push(measurement(NOON + 359 * MINUTE))
    states = [event.data["new_state"] for event in events if event.data["entity_id"] == threshold]
    assert not [state for state in states if state and state.attributes.get("event_type")]
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON + 360 * MINUTE, 11))
    state = hass.states.get(threshold)
    assert state
    assert state.attributes["event_type"] == "full"


@pytest.mark.usefixtures("noon")
async def test_only_with_limits(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A place has the entities for limits only while it has limits; with new ones, they are as a person named them."""
    await both(pusher, main=(7, 0))
    key = await add_place(hass, entry)
    registry = er.async_get(hass)

    def found() -> set[str]:
        names = ("free_places", "occupancy_percentage", "nearly_full", "full")
        known = {entity.unique_id for entity in registry.entities.values()}
        return {name for name in names if f"{key}_{name}" in known}

    async def change(**limits: int) -> None:
        context = SubentryFlowContext(source=SOURCE_RECONFIGURE, subentry_id=key)
        flows = hass.config_entries.subentries
        result = await flows.async_init((entry.entry_id, "place"), context=context)
        await flows.async_configure(result["flow_id"], form(limits=limits))
        await hass.async_block_till_done()

    assert found() == set()
    await change(capacity=10)
    assert found() == {"free_places", "occupancy_percentage", "full"}
    registry.async_update_entity(entity_of(hass, key, "full"), new_entity_id="binary_sensor.no_more")
    await change(warning_level=8)
    assert found() == {"nearly_full"}
    await change(capacity=10, warning_level=8)
    assert found() == {"free_places", "occupancy_percentage", "nearly_full", "full"}
    assert entity_of(hass, key, "full") == "binary_sensor.no_more"


async def test_occupancy_triggers_and_conditions(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Home Assistant's occupancy triggers and conditions work with a place."""
    await both(pusher)
    key = await add_place(hass, entry)
    target = {"target": {"entity_id": entity_of(hass, key, "occupied")}}
    rules = [
        {
            "alias": kind,
            "triggers": [{"trigger": f"occupancy.{kind}", **target}],
            "conditions": [{"condition": f"occupancy.is_{'' if kind == 'detected' else 'not_'}detected", **target}],
            "actions": [{"event": kind}],
        }
        for kind in ("detected", "cleared")
    ]
    assert await async_setup_component(hass, automation.DOMAIN, {automation.DOMAIN: rules})
    await hass.async_block_till_done()
    detected, cleared = async_capture_events(hass, "detected"), async_capture_events(hass, "cleared")
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON, 2))
    assert (len(detected), len(cleared)) == (1, 0)
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON + MINUTE, 0, 2))
    assert (len(detected), len(cleared)) == (1, 1)

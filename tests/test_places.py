"""Places: several doors, people inside them, limits, and what goes wrong."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events, async_fire_time_changed

from custom_components.axis_people_counter import async_remove_config_entry_device
from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.ledger.places import Door, Place
from homeassistant.components import automation
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, SubentryFlowContext
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component

from .helpers.ledgers import SERIAL as LEDGER_SERIAL, START, TIMEOUT, interval, opened, record
from .helpers.places import BACK, BACK_DOOR, add_place, entity_of, form, push_two_doors, shown
from .helpers.problems import problems
from .helpers.pusher import PATH, SERIAL, TOKEN, Pusher, document, measurement

NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


async def both(
    pusher: Pusher, at: datetime = NOON, *, main: tuple[int, int] = (0, 0), back: tuple[int, int] = (0, 0)
) -> None:
    """Push the minute before an instant from both doors."""
    await push_two_doors(pusher, main=[measurement(at - MINUTE, *main)], back=[measurement(at - MINUTE, *back)])


async def move_to(hass: HomeAssistant, clock: FrozenDateTimeFactory, at: datetime) -> None:
    """Let time pass, and do what is due then."""
    clock.move_to(at)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


async def press(hass: HomeAssistant, domain: str, service: str, entity_id: str, **data: Any) -> None:
    """Do something to an entity."""
    await hass.services.async_call(domain, service, {"entity_id": entity_id, **data}, blocking=True)
    await hass.async_block_till_done()


def delete_ledger(hass: HomeAssistant) -> None:
    """Delete the ledger as a user does."""
    for file in Path(hass.config.config_dir).glob("axis_people_counter.db*"):
        file.unlink()


# Doors


@pytest.mark.usefixtures("noon")
async def test_several_doors(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Whoever comes in at one door may leave by the other; the place knows, its cameras don't."""
    await both(pusher, NOON - 2 * MINUTE, main=(9, 0))
    key = await add_place(hass, entry)
    await both(pusher, NOON - MINUTE, main=(3, 1), back=(1, 4))
    assert shown(hass, key, "occupancy") == "8"
    assert (shown(hass, key, "in_today"), shown(hass, key, "out_today")) == ("13", "5")
    assert shown(hass, key, "peak_today") == "9"
    assert shown(hass, key, "drift_today") == "0"
    assert shown(hass, key, "complete_until") == "2026-09-16T09:59:00+00:00"
    assert shown(hass, key, "occupied") == "on"
    assert shown(hass, key, "incomplete") == "off"
    assert shown(hass, SERIAL, "occupancy") == "11"
    assert shown(hass, BACK, "occupancy") == "0"


@pytest.mark.usefixtures("noon")
async def test_door_between_two_places(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """It leads out of one and into the other; the camera's own direction turns both around."""
    await both(pusher, main=(10, 0), back=(4, 1))
    shop = await add_place(hass, entry, (SERIAL,), (BACK,), name="Shop")
    cafe = await add_place(hass, entry, (BACK,), name="Café")
    assert (shown(hass, shop, "occupancy"), shown(hass, cafe, "occupancy")) == ("7", "3")
    await press(hass, "switch", "turn_on", entity_of(hass, BACK, "reverse_direction"))
    assert (shown(hass, shop, "occupancy"), shown(hass, cafe, "occupancy")) == ("13", "0")
    assert shown(hass, cafe, "drift_today") == "3"


@pytest.mark.usefixtures("noon")
async def test_order_of_pushes(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A door that was away brings its counts later, and they take their place among the others."""
    await both(pusher, NOON - 10 * MINUTE)
    key = await add_place(hass, entry)
    await pusher.push(measurement(NOON - 2 * MINUTE, 0, 5), sensor=BACK_DOOR)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("0", "5")
    await pusher.push(measurement(NOON - 5 * MINUTE, 8), measurement(NOON - MINUTE, 1))
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("4", "0")
    assert shown(hass, key, "peak_today") == "8"
    # The camera says it once more, and now there were fewer.
    await pusher.push(measurement(NOON - 5 * MINUTE, 3), sent=NOON + MINUTE)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("1", "2")


@pytest.mark.usefixtures("noon")
async def test_doors_of_the_same_minute(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Those who come at one door and leave by the other in the same minute are nobody's drift."""
    await both(pusher, main=(0, 4), back=(4, 0))
    key = await add_place(hass, entry)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("0", "0")


@pytest.mark.usefixtures("noon")
async def test_doors_of_different_widths(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A door that reports each quarter of an hour may yet tell who came before another told that they left."""
    await pusher.push(measurement(NOON - 10 * MINUTE, 0, 6), measurement(NOON - MINUTE, 2))
    await pusher.push(measurement(NOON - 15 * MINUTE, 9, minutes=15), sensor=BACK_DOOR)
    key = await add_place(hass, entry)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("5", "0")
    # More left than can have come until then, whenever in the quarter of an hour the nine came.
    await pusher.push(measurement(NOON - 8 * MINUTE, 0, 7))
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("2", "4")


# Days and resets


@pytest.mark.parametrize(
    ("zone", "reset_time", "before", "at"),
    [
        pytest.param(None, "04:30:00", "2026-09-16T11:29:59Z", "2026-09-16T11:30:00Z", id="Home Assistant's zone"),
        pytest.param("Europe/Stockholm", "04:30:00", "2026-09-16T02:29:59Z", "2026-09-16T02:30:00Z", id="its own"),
        pytest.param("Asia/Kolkata", "00:00:00", "2026-09-16T18:29:59Z", "2026-09-16T18:30:00Z", id="at half past"),
        pytest.param("Europe/Stockholm", "02:30:00", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", id="left out"),
        pytest.param("Europe/Stockholm", "02:30:00", "2026-10-25T00:29:59Z", "2026-10-25T00:30:00Z", id="twice"),
    ],
)
async def test_reset(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    zone: str | None,
    reset_time: str,
    before: str,
    at: str,
) -> None:
    """Once a day, at the time of the place wherever its cameras are, a known number is inside."""
    reset = datetime.fromisoformat(at)
    freezer.move_to(before)
    await both(pusher, datetime.fromisoformat(before).replace(second=0), main=(5, 0))
    key = await add_place(hass, entry, reset_time=reset_time, time_zone=zone, reset_value=2)
    assert shown(hass, key, "occupancy") == "7"
    await move_to(hass, freezer, reset)
    assert shown(hass, key, "occupancy") == "2"
    freezer.move_to(reset + 2 * MINUTE)
    await both(pusher, reset + 2 * MINUTE, back=(3, 0))
    assert shown(hass, key, "occupancy") == "5"
    # An hour that comes twice doesn't reset it twice.
    await move_to(hass, freezer, reset + timedelta(hours=1, minutes=1))
    await both(pusher, reset + timedelta(hours=1, minutes=1), back=(1, 0))
    assert shown(hass, key, "occupancy") == "6"


async def test_day_of_the_place(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Its day is that of its own zone, while each camera has another."""
    midnight = datetime.fromisoformat("2026-09-16T18:30:00Z")
    freezer.move_to(midnight - MINUTE)
    await both(pusher, midnight - MINUTE, main=(5, 1))
    key = await add_place(hass, entry, time_zone="Asia/Kolkata", daily_reset=False)
    names = ("in_today", "out_today", "peak_today", "occupancy")
    assert [shown(hass, key, name) for name in names] == ["5", "1", "4", "4"]
    await move_to(hass, freezer, midnight)
    assert [shown(hass, key, name) for name in names] == ["0", "0", "4", "4"]
    assert shown(hass, SERIAL, "in_today") == "5"


async def test_no_reset(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """People stay inside for days, also those who are known of only later."""
    freezer.move_to(NOON)
    for day in (390, 40, 3, 0):
        await both(pusher, NOON - day * DAY, main=(2, 0), back=(1, 0))
    key = await add_place(hass, entry, daily_reset=False)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "in_today"), shown(hass, key, "peak_today")) == (
        "12",
        "3",
        "12",
    )
    await pusher.push(measurement(NOON - 50 * DAY, 0, 20), sensor=BACK_DOOR)
    # Only three were inside.
    assert shown(hass, key, "occupancy") == "9"
    assert shown(hass, key, "drift_today") == "0"
    await pusher.push(measurement(NOON - 60 * DAY, 18), sensor=BACK_DOOR)
    assert shown(hass, key, "occupancy") == "10"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, key, "occupancy") == "10"


@pytest.mark.usefixtures("noon")
async def test_merged_history(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """What somebody said in an hour that has been merged still lies between those who came before and after it."""
    old = NOON - 200 * DAY
    minutes = [measurement(old + minute * MINUTE, 1 if minute < 30 else 0) for minute in range(60)]
    await pusher.push(*minutes, measurement(NOON - MINUTE))
    key = await add_place(hass, entry, (SERIAL,), daily_reset=False)
    receiver = entry.runtime_data
    said = int((old + 20 * MINUTE).timestamp())
    stored = receiver.ledger.correct_place(receiver.places[key].settings.place, said, 5, Source.ACTION)
    await asyncio.wrap_future(stored)
    while await asyncio.wrap_future(receiver.ledger.merge(int((NOON - 100 * DAY).timestamp()))):
        pass
    switch = entity_of(hass, SERIAL, "reverse_direction")
    for service in ("turn_on", "turn_off"):
        await press(hass, "switch", service, switch)
    assert shown(hass, key, "occupancy") == "15"


def test_cost_does_not_grow_with_history(tmp_path: Path) -> None:
    """A place without a reset reads two days at most, however long its cameras have counted."""
    day = 24 * 60
    with opened(tmp_path / "ledger.db") as ledger:
        place = Place("shop", (Door(LEDGER_SERIAL, False),), "none")
        ledger.set_places([place]).result(TIMEOUT)
        for number in range(300):
            record(ledger, number * day * 60, *(interval(number * day + hour * 60, 1) for hour in range(24)))
        now = START + 300 * day * 60
        assert ledger.place_today("shop", now, now + day * 60, []).result(TIMEOUT) is None
        midnight, _ = ledger.running_before(place, now)
        assert midnight == now // (day * 60) * day * 60
        today = ledger.place_today("shop", now, now + day * 60, []).result(TIMEOUT)
        assert today
        assert len(today.levels) <= 48
        assert today.levels[-1].inside == 300 * 24


@pytest.mark.usefixtures("noon")
async def test_long_history_lets_others_be_shown(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who changes the past of a place again and again holds up its own numbers, and nothing else."""
    monkeypatch.setattr("custom_components.axis_people_counter.ledger.places.DAYS_AT_ONCE", 1)
    await both(pusher)
    await pusher.push(measurement(NOON - 300 * DAY, 1))
    key = await add_place(hass, entry, (SERIAL,), daily_reset=False)
    assert shown(hass, key, "occupancy") == "1"
    old = NOON - 300 * DAY
    for count in range(2, 12):
        noted = document(measurement(old, count), sent=NOON + count * timedelta(seconds=1))
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert (await pusher.client.post(PATH, json=noted, headers=headers)).ok
        body = document(measurement(NOON - MINUTE, count), sensor=BACK_DOOR, sent=NOON + count * timedelta(seconds=1))
        assert (await pusher.client.post(PATH, json=body, headers=headers)).ok
        for _ in range(200):
            await asyncio.sleep(0)
            if shown(hass, BACK, "in_today") == str(count):
                break
        assert shown(hass, BACK, "in_today") == str(count)
        assert shown(hass, key, "occupancy") != str(count)
    await hass.async_block_till_done()
    assert shown(hass, key, "occupancy") == "11"


async def test_time_zone_of_home_assistant(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Where somebody changes it, the day of a place is another from then on."""
    freezer.move_to("2026-09-16T10:00:00Z")
    await both(pusher, NOON - timedelta(hours=4), main=(3, 0))
    await both(pusher, main=(2, 0))
    key = await add_place(hass, entry)
    assert shown(hass, key, "in_today") == "2"
    await hass.config.async_update(time_zone="Europe/Stockholm")
    await hass.async_block_till_done()
    assert shown(hass, key, "in_today") == "5"


@pytest.mark.usefixtures("noon")
async def test_place_over_history(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """One that is made today knows today at once, and nothing of the past disturbs it."""
    for day in range(90, -1, -1):
        await pusher.push(measurement(NOON - day * DAY - MINUTE, 7, 3))
    key = await add_place(hass, entry, (SERIAL,))
    assert (shown(hass, key, "occupancy"), shown(hass, key, "in_today")) == ("4", "7")


# Corrections


async def test_corrections(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Action, number and button say how many are inside; counting goes on from there."""
    await both(pusher, main=(5, 0))
    key = await add_place(hass, entry)
    occupancy = entity_of(hass, key, "occupancy")
    await press(hass, "axis_people_counter", "set_occupancy", occupancy, value=20)
    assert shown(hass, key, "occupancy") == "20"
    noon.tick(MINUTE)
    await both(pusher, NOON + MINUTE, main=(0, 3), back=(1, 0))
    assert shown(hass, key, "occupancy") == "18"
    number = entity_of(hass, key, "occupancy_correction")
    await press(hass, "number", "set_value", number, value=9)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "occupancy_correction")) == ("9", "9")
    # What was counted before the correction doesn't count after it, whenever it comes.
    await pusher.push(measurement(NOON - 3 * MINUTE, 50), sensor=BACK_DOOR)
    assert shown(hass, key, "occupancy") == "9"
    assert shown(hass, key, "peak_today") == "55"
    await press(hass, "button", "press", entity_of(hass, key, "reset_occupancy"))
    assert shown(hass, key, "occupancy") == "0"
    for value in (-1, 100_001):
        with pytest.raises(HomeAssistantError):
            await press(hass, "number", "set_value", number, value=value)
    assert shown(hass, key, "occupancy") == "0"


# Limits


async def test_limits(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Full and nearly full with hysteresis, and an event whenever one of them begins or ends."""
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
    told = [state.attributes for state in states if state]
    assert [(one["event_type"], one["occupancy"]) for one in told] == [
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
    """A place that is full stays so when a new day begins, and nobody is told otherwise."""
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
    """Load the entry anew."""
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
    """Whether a place is full follows from what was counted, not from what was shown before; nothing is set off."""
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
    # Nobody comes or goes for days.
    for day in range(1, 1 if daily_reset else 4):
        await move_to(hass, freezer, NOON + day * DAY)
        await both(pusher, NOON + day * DAY)
        assert all_shown() == expected
        await restart(hass, entry)
        assert all_shown() == expected
    threshold = entity_of(hass, key, "threshold")
    told = [event.data["new_state"] for event in events if event.data["entity_id"] == threshold]
    assert not [state for state in told if state and state.attributes.get("event_type")]


async def test_hysteresis_follows_changed_limits(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Limits that somebody enters today hold as if they had always been there, whatever happened on former days."""
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
    """A reset to a number within hysteresis isn't full, however many were inside before, on this day and the next."""
    reset = datetime.fromisoformat("2026-09-17T04:00:00Z")
    freezer.move_to(reset - MINUTE)
    # Those of the very instant of the reset belong to the time before it.
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


async def test_history_sets_nothing_off(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A camera that was away brings what happened hours ago; what is true now in the end is told."""
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
async def test_without_limits(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """What nobody has limited is never full."""
    await both(pusher, main=(7, 0))
    key = await add_place(hass, entry)
    known = {entity.unique_id for entity in er.async_get(hass).entities.values()}
    assert not known & {f"{key}_{name}" for name in ("free_places", "occupancy_percentage", "nearly_full", "full")}


async def test_occupancy_triggers_and_conditions(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Home Assistant's own work with the place."""
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


# What goes wrong


async def test_silent_cameras(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A part is marked as one; where nobody is heard nothing is known."""
    await both(pusher, main=(5, 0), back=(1, 0))
    key = await add_place(hass, entry)
    await hass.async_block_till_done()
    await move_to(hass, noon, NOON + 4 * MINUTE)
    await pusher.push(measurement(NOON + 3 * MINUTE, 1))
    await move_to(hass, noon, NOON + 6 * MINUTE)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "incomplete")) == ("7", "on")
    incomplete = hass.states.get(entity_of(hass, key, "incomplete"))
    assert incomplete
    assert (incomplete.attributes["silent"], incomplete.attributes["missing"]) == (["Back door"], [])
    assert shown(hass, key, "complete_until") == "2026-09-16T10:00:00+00:00"
    await move_to(hass, noon, NOON + 20 * MINUTE)
    assert {shown(hass, key, name) for name in ("occupancy", "in_today", "occupied")} == {"unavailable"}
    assert shown(hass, key, "incomplete") == "on"
    # Who counted them can say so all the same.
    await press(hass, "number", "set_value", entity_of(hass, key, "occupancy_correction"), value=3)
    noon.tick(MINUTE)
    await both(pusher, NOON + 21 * MINUTE, back=(2, 0))
    assert (shown(hass, key, "occupancy"), shown(hass, key, "incomplete")) == ("5", "off")


async def test_removed_door(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Whoever deletes a camera is told which place lacks it, until it is back or the place is changed."""
    await both(pusher, main=(5, 0), back=(3, 0))
    key = await add_place(hass, entry)
    await move_to(hass, noon, NOON + 6 * MINUTE)
    await pusher.push(measurement(NOON, 1))
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier(("axis_people_counter", BACK), entry.entry_id)
    assert device
    await entry.runtime_data.async_remove_camera(BACK)
    devices.async_remove_device(device.id)
    await hass.async_block_till_done()
    # Those who are known to have come are inside still.
    assert (shown(hass, key, "occupancy"), shown(hass, key, "incomplete")) == ("9", "on")
    issue_id = f"door_missing_{key}"
    assert problems(hass)[issue_id].translation_placeholders == {"name": "Shop", "place": "Shop", "cameras": BACK}
    await both(pusher, NOON + 6 * MINUTE)
    assert shown(hass, key, "incomplete") == "off"
    assert issue_id not in problems(hass)


@pytest.mark.usefixtures("noon")
async def test_restart_with_a_door_that_never_came(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A place outlives its ledger: it is known again with the first push, and its doors one by one."""
    await both(pusher, main=(5, 0))
    key = await add_place(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    delete_ledger(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, key, "occupancy") == "unavailable"
    await pusher.push(measurement(NOON - MINUTE, 2))
    assert (shown(hass, key, "occupancy"), shown(hass, key, "incomplete")) == ("2", "on")
    assert shown(hass, key, "complete_until") == "unknown"
    await pusher.push(measurement(NOON - MINUTE, 1), sensor=BACK_DOOR)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "incomplete")) == ("3", "off")


async def test_ledger_lost_in_operation(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A new ledger learns of the place by itself."""
    await both(pusher, main=(5, 0))
    key = await add_place(hass, entry)
    delete_ledger(hass)
    noon.tick(MINUTE)
    await both(pusher, NOON + MINUTE, back=(4, 0))
    assert shown(hass, key, "occupancy") == "4"
    await press(hass, "number", "set_value", entity_of(hass, key, "occupancy_correction"), value=1)
    assert shown(hass, key, "occupancy") == "1"


# The flow


@pytest.mark.usefixtures("noon")
async def test_devices(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A place is a device of its subentry, its cameras are listed there, and it goes with the subentry."""
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
async def test_reload_leaves_devices_and_repairs_alone(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """What hasn't changed isn't written again, and a repair that somebody ignores stays ignored."""
    await both(pusher)
    key = await add_place(hass, entry)
    await entry.runtime_data.async_remove_camera(BACK)
    await hass.async_block_till_done()
    issue_id = f"door_missing_{key}"
    ir.async_get(hass).async_ignore("axis_people_counter", problems(hass)[issue_id].issue_id, True)
    events = async_capture_events(hass, dr.EVENT_DEVICE_REGISTRY_UPDATED)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert not events
    assert problems(hass)[issue_id].dismissed_version
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.async_block_till_done()
    assert issue_id not in problems(hass)


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
    """Each mistake is named, and what was entered is still there."""
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
    """What was entered is shown, and all of it can be changed."""
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
    """There is nothing to choose from before a camera has reported, or while nothing runs."""
    flows = hass.config_entries.subentries
    result = await flows.async_init((entry.entry_id, "place"), context={"source": SOURCE_USER})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_cameras")
    await hass.config_entries.async_unload(entry.entry_id)
    result = await flows.async_init((entry.entry_id, "place"), context={"source": SOURCE_USER})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_not_loaded")

"""Live counts that begin again, fall or can't be placed in time, and cameras that replace others."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.axis_people_counter.diagnostics import async_get_config_entry_diagnostics
from homeassistant.core import HomeAssistant

from .helpers.asked_cameras import asked_camera, give_access
from .helpers.live import Door, now, open_door
from .helpers.places import BACK
from .helpers.pusher import Pusher, measurement, state_of
from .helpers.recorder_statistics import rows
from .simulator import TWO_D

pytestmark = pytest.mark.usefixtures("socket_enabled")

IN_TODAY = "sensor.main_entrance_in_today"


async def entered_after(door: Door, *counts: int) -> list[str]:
    """Return the people in today after each of these live counts."""
    found = []
    for count in counts:
        door.live = [count, count // 2]
        await door.go_on()
        found.append(state_of(door.hass, IN_TODAY))
    return found


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # The camera is restarted: its counts begin again, or return once they are loaded.
        ((103, 0, *[1] * 12, 3), ["3"] * 14 + ["5"]),
        ((103, 0, 0, 103, 104), ["3", "3", "3", "3", "4"]),
        # The camera was wrong for a moment, or miscounts wildly.
        ((103, 102, 103, 104), ["3", "3", "3", "4"]),
        ((103, 10**9, *[104] * 13, 105), ["3"] * 15 + ["4"]),
    ],
)
async def test_counts_fall(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    counts: tuple[int, ...],
    expected: list[str],
) -> None:
    """Make no jump when live counts begin again or fall."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        assert await entered_after(door, *counts) == expected


async def test_clock_is_put_back(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Make no jump when the camera's clock is set."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        assert await entered_after(door, 102) == ["2"]
        door.clock_offset = -timedelta(minutes=5)
        assert await entered_after(door, 103, 104) == ["2", "2"]
        door.clock_offset = timedelta()
        assert await entered_after(door, 105, 106) == ["3", "4"]


async def test_clock_is_put_back_behind_the_last_push(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Count people once who are pushed with a time that was pushed before."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        assert await entered_after(door, 102) == ["2"]
        # A push that is late changes nothing.
        await pusher.push(measurement(door.pushed_until - timedelta(hours=1)), sensor=door.sensor)
        assert await entered_after(door, 103) == ["3"]
        door.clock_offset = -timedelta(minutes=3)
        assert await entered_after(door, 103, 103) == ["3", "3"]
        fired = async_capture_events(hass, "state_changed")
        await pusher.push(measurement(door.pushed_until - timedelta(minutes=1), 3), sensor=door.sensor)
        assert await entered_after(door, 103, 103) == ["3", "3"]
        await door.go_on(180)
        assert await entered_after(door, 103, 104) == ["3", "4"]
        await pusher.push(measurement(door.pushed_until, 1), sensor=door.sensor)
        assert await entered_after(door, 104, 105) == ["4", "5"]
        passages = [event for event in fired if event.data["entity_id"] == "event.main_entrance_passage"]
        types = [event.data["new_state"].attributes["event_type"] for event in passages]
        assert types == ["entered", "left", "entered"]


async def test_ledger_that_is_not_readable(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Fire the event with the push for people who pass while nothing can be shown, and count on after it."""
    noon.move_to("2026-09-16T21:58:00Z")
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        for path in entry.runtime_data.ledger.path.parent.glob("axis_people_counter.db*"):
            path.unlink()
        await pusher.push(measurement(now() - timedelta(minutes=2)), sensor={"serial": BACK, "name": "Garden"})
        await door.go_on(120)
        assert state_of(hass, IN_TODAY) == "unavailable"
        door.enter(2)
        await door.go_on()
        fired = async_capture_events(hass, "state_changed")
        await door.push()
        events = [
            event.data["new_state"] for event in fired if event.data["entity_id"] == "event.main_entrance_passage"
        ]
        assert [state.attributes.get("count") for state in events if state.state != "unavailable"][-1:] == [2]
        # The others passed yesterday, and the reading before this one was earlier than the push.
        door.enter(1)
        await door.go_on()
        assert state_of(hass, IN_TODAY) == "1"


async def test_statistics_are_of_pushes(
    recorder_mock: object, hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Write nothing of live counts into the ledger and the long-term statistics."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        door.enter(7)
        await door.go_on()
        assert state_of(hass, IN_TODAY) == "7"
        assert [row["state"] for row in await rows(hass, "in")] == [0]
        ledger = entry.runtime_data.ledger
        assert (await ledger.today(device.serial, 0, 2**40, 0)).counts.entered == 0
        found = await async_get_config_entry_diagnostics(hass, entry)
        expected = {"is_answering": True, "is_wrong": False, "passed_since_push": {"entered": 7, "exited": 0}}
        assert found["cameras"][0]["live_counts"] == expected


async def test_2d_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Count on a minute after midnight, when the counts of a 2D camera begin again."""
    noon.move_to("2026-09-16T21:59:00Z")
    async with asked_camera(TWO_D) as device:
        door = await open_door(hass, noon, entry, pusher, device)
        assert await entered_after(door, 102) == ["2"]
        await door.go_on(60)
        assert await entered_after(door, 0, 1) == ["0", "0"]
        await door.go_on(60)
        assert await entered_after(door, 1, 3) == ["0", "2"]


@pytest.mark.parametrize("at", ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"])
async def test_2d_camera_in_the_hour_that_comes_twice(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, at: str
) -> None:
    """Take the local time of a reading for the pass that is now, when clocks are put back in autumn."""
    freezer.move_to(at)
    async with asked_camera(TWO_D) as device:
        door = await open_door(hass, freezer, entry, pusher, device)
        assert await entered_after(door, 102) == ["2"]


async def test_2d_camera_without_a_time_zone(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Use no live counts whose local time can't be placed."""
    async with asked_camera(TWO_D) as device:
        door = Door(hass, noon, pusher, device)
        door.sensor["timeZone"] = None
        await door.push()
        await give_access(hass, entry, device, live_seconds=5)
        assert await entered_after(door, 100, 102) == ["0", "0"]
        assert "The time zone of Main entrance isn't known" in caplog.text


async def test_camera_is_replaced(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Show the live counts of the new camera where the counts of the old one went on."""
    async with asked_camera() as old, asked_camera(serial=BACK) as new:
        door = await open_door(hass, noon, entry, pusher, old)
        assert await entered_after(door, 102) == ["2"]
        other = Door(hass, noon, pusher, new)
        await other.push()
        replacement = {"serial": BACK, "key": old.serial, "since": int(now().timestamp())}
        hass.config_entries.async_update_entry(entry, options={"replacements": [replacement]})
        await hass.async_block_till_done()
        await give_access(hass, entry, new, live_seconds=5)
        await other.push()
        asked = door.asked
        assert await entered_after(other, 100, 101) == ["0", "1"]
        await other.go_on()
        assert door.asked == asked

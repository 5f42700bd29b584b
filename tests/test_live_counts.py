"""Live counts are shown in between pushes, and people count once, in the sensors and in events."""

from datetime import timedelta
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events, async_fire_time_changed

from homeassistant.core import HomeAssistant

from .helpers.asked_cameras import asked_camera, reconfigure
from .helpers.live import open_door
from .helpers.pusher import SERIAL, Pusher, measurement, state_of
from .simulator import Reply

pytestmark = pytest.mark.usefixtures("socket_enabled")

NAMES = ("in_today", "out_today", "occupancy")


def shown(hass: HomeAssistant) -> tuple[int, ...]:
    """Return people in and out today, and the occupancy."""
    return tuple(int(state_of(hass, f"sensor.main_entrance_{name}")) for name in NAMES)


def is_live(hass: HomeAssistant) -> bool | None:
    """Return the attribute that all these entities have."""
    entity_ids = [f"sensor.main_entrance_{name}" for name in NAMES] + ["binary_sensor.main_entrance_occupied"]
    states = [hass.states.get(entity_id) for entity_id in entity_ids]
    (found,) = {state.attributes.get("live") for state in states if state}
    return found


async def test_people_pass(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Show people within a poll; the push that has them changes nothing. Totals have pushes only."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        assert is_live(hass) is True
        assert shown(hass) == (0, 0, 0)
        assert state_of(hass, "binary_sensor.main_entrance_occupied") == "off"
        door.enter(3, 1)
        await door.go_on()
        assert shown(hass) == (3, 1, 2)
        assert state_of(hass, "binary_sensor.main_entrance_occupied") == "on"
        written = async_capture_events(hass, "state_changed")
        await door.go_on(50)
        await door.push()
        changed = {event.data["entity_id"] for event in written}
        assert changed == {"sensor.main_entrance_in_total", "sensor.main_entrance_out_total"}
        assert shown(hass) == (3, 1, 2)
        door.enter(1)
        await door.go_on()
        assert shown(hass) == (4, 1, 3)
        assert state_of(hass, "sensor.main_entrance_in_total") == "3"


async def test_nothing_changes(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Write no state, and sign in once."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        device.requests.clear()
        written = async_capture_events(hass, "state_changed")
        for _ in range(10):
            await door.go_on()
        assert not written
        assert len(device.requests) == door.asked == 10


async def test_events(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Fire an event within a poll, and with the push only for people who weren't seen live."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        fired = async_capture_events(hass, "state_changed")

        def events() -> list[tuple[str, int]]:
            found = [event.data["new_state"].attributes for event in fired if "event." in event.data["entity_id"]]
            fired.clear()
            return [(event["event_type"], event["count"]) for event in found]

        door.enter(2)
        await door.go_on()
        assert events() == [("entered", 2)]
        door.enter(1, 1)
        await door.go_on()
        assert events() == [("entered", 1), ("left", 1)]
        # The next two aren't in any reading before the push.
        door.waiting[0] += 2
        await door.go_on(50)
        await door.push()
        assert events() == [("entered", 2)]
        assert shown(hass) == (5, 1, 4)


async def test_events_of_two_pushes(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Fire events once for each person if two pushes arrive together."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        fired = async_capture_events(hass, "state_changed")

        def passed() -> list[int]:
            found = [event.data["new_state"].attributes for event in fired if "event." in event.data["entity_id"]]
            return [event["count"] for event in found]

        start = door.pushed_until
        await door.go_on(10)
        door.enter(3)
        await door.go_on(5)
        await door.go_on(50)
        door.enter(2)
        await door.go_on(20)
        await door.go_on(40)
        assert passed() == [3, 2]
        # The readings lack one of these people.
        await door.push_at_once(measurement(start, 4), measurement(start + timedelta(minutes=1), 2))
        assert passed() == [3, 2, 1]
        assert shown(hass) == (6, 0, 6)


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_reversed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, is_reversed: bool
) -> None:
    """Count in the direction that the user set, also in events."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        if is_reversed:
            switch = {"entity_id": "switch.main_entrance_reverse_direction"}
            await hass.services.async_call("switch", "turn_on", switch, blocking=True)
        door.enter(0, 2)
        await door.go_on()
        assert shown(hass) == ((2, 0, 2) if is_reversed else (0, 2, 0))
        event = hass.states.get("event.main_entrance_passage")
        assert event
        assert event.attributes["event_type"] == ("entered" if is_reversed else "left")


async def test_late_push(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Subtract a push that comes minutes later, and once if it is repeated."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        for _ in range(4):
            door.enter(1)
            await door.go_on(30)
        assert shown(hass) == (4, 0, 4)
        start, end = door.pushed_until, door.pushed_until + timedelta(minutes=1)
        # The newest interval ends a minute ago.
        for _ in range(2):
            await pusher.push(measurement(start, 2))
            assert shown(hass) == (4, 0, 4)
        door.enter(1)
        await door.go_on()
        await pusher.push(measurement(end, 2))
        assert shown(hass) == (5, 0, 5)


async def test_missing_interval(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Count nobody twice if an interval between two others is pushed last."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        start, minute = door.pushed_until, timedelta(minutes=1)
        await door.go_on(60)
        door.enter(5)
        await door.go_on(5)
        await door.go_on(90)
        # Two of them pass before the end of the third minute.
        door.enter(4)
        await door.go_on(20)
        assert shown(hass) == (9, 0, 9)
        await door.push_at_once(measurement(start), measurement(start + 2 * minute, 2))
        assert shown(hass) == (2, 0, 2)
        await pusher.push(measurement(start + minute, 5))
        assert shown(hass) == (7, 0, 7)
        await door.go_on(60)
        await pusher.push(measurement(start + 3 * minute, 2))
        assert shown(hass) == (9, 0, 9)


async def test_interval_that_replaces_others(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Count nobody twice when a camera sends longer intervals, which replace those that were subtracted."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        start = door.pushed_until
        door.enter(2)
        await door.go_on(60)
        await door.push()
        door.enter(3)
        await door.go_on(60)
        assert shown(hass) == (5, 0, 5)
        await pusher.push(measurement(start, 5, minutes=2))
        assert shown(hass) == (5, 0, 5)


async def test_silent_camera(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Ask a silent camera less and less often; log it once when it stops answering, and once when it is back."""
    caplog.set_level(logging.INFO)
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        door.enter(2)
        await door.go_on()
        door.fault = Reply(503)
        await door.go_on()
        before = door.asked
        for _ in range(40):
            await door.go_on()
        # After 10, 20, 40 and 80 seconds, once to find the application and once more.
        assert door.asked - before == 2 * 4
        assert is_live(hass) is False
        assert shown(hass) == (2, 0, 2)
        await door.push()
        door.fault = None
        door.enter(1)
        await door.go_on(160)
        assert is_live(hass) is True
        # The push had two people, so the third one passed after it.
        assert shown(hass) == (3, 0, 3)
        await door.push()
        assert shown(hass) == (3, 0, 3)
        lines = [record.getMessage() for record in caplog.records if "live counts" in record.getMessage()]
        assert len(lines) == 2
        assert lines[0].startswith("Main entrance gives no live counts: ")
        assert lines[1] == "Main entrance gives live counts again"
        assert device.password not in caplog.text


async def test_wrong_password(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Ask no more after the password is refused, until a person gives access again."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        right, device.password = device.password, "changed"
        for _ in range(3):
            await door.go_on(300)
            await door.push()
        assert device.rejected == 2
        assert is_live(hass) is False
        device.password = right
        (subentry,) = entry.get_subentries_of_type("camera")
        await reconfigure(hass, entry, subentry, device)
        door.enter()
        await door.go_on()
        assert is_live(hass) is True


@pytest.mark.parametrize(
    "fault",
    [
        Reply(403),
        Reply(404),
        Reply(body=b"{"),
        Reply(body=b"[" * 100_000),
        Reply(body=b'{"total_in": 1, "total_out": 1}'),
        Reply(body=b'{"total_in": -1, "total_out": 1, "timestamp": "2026-09-16T12:00:00+02:00"}'),
        Reply(body=b'{"total_in": "many", "total_out": 1, "timestamp": "2026-09-16T12:00:00+02:00"}'),
        Reply(body=b'{"total_in": 1, "total_out": 1, "timestamp": "2026-09-16T12:00:00"}'),
        Reply(body=b'{"total_in": 1, "total_out": 1, "timestamp": "0001-01-01T00:00:00+23:59"}'),
        Reply(body=b'{"total_in": 1, "total_out": 1, "timestamp": "9999-12-31T23:59:59-23:59"}'),
        Reply(body=b" " * 1_000_000),
    ],
    ids=lambda fault: f"{fault.status} {fault.body[:60]!r}",
)
async def test_bad_answers(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, fault: Reply
) -> None:
    """Take no number from an answer that can't be read."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        door.fault = fault
        for _ in range(3):
            await door.go_on(30)
        assert is_live(hass) is False
        assert shown(hass) == (0, 0, 0)
        door.fault = None
        await door.push()
        await door.go_on(150)
        assert is_live(hass) is True


async def test_numbers_as_text(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Read numbers that are written as text."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        door.answer = {"total_in": "104 ", "total_out": "50"}
        await door.go_on()
        assert shown(hass) == (4, 0, 4)


@pytest.mark.parametrize("minutes", [-11, 11])
async def test_wrong_clock(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, minutes: int
) -> None:
    """Use no live counts of a camera whose pushes wouldn't be stored either."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        door.clock_offset = timedelta(minutes=minutes)
        door.enter()
        await door.go_on()
        assert is_live(hass) is False
        assert shown(hass) == (0, 0, 0)


async def test_midnight(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Start the day with nobody; who passes after midnight counts before the first push of the day."""
    noon.move_to("2026-09-16T21:59:00Z")
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        door.enter(2)
        await door.go_on()
        assert shown(hass) == (2, 0, 2)
        await door.go_on(60)
        assert shown(hass) == (0, 0, 0)
        door.enter(1)
        await door.go_on()
        await door.go_on()
        assert shown(hass) == (1, 0, 1)


async def test_correction(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Show the corrected occupancy, and later who has passed since."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        door.enter(5)
        await door.go_on()
        button = {"entity_id": "button.main_entrance_reset_occupancy"}
        await hass.services.async_call("button", "press", button, blocking=True)
        assert shown(hass) == (5, 0, 0)
        await door.go_on()
        door.enter(1)
        await door.go_on()
        assert shown(hass) == (6, 0, 1)


async def test_other_cameras_are_included(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Show no live counts after a push that has fewer people, and use them no more after three of them."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        for pushed in range(3):
            assert is_live(hass) is (pushed == 0)
            await door.go_on()
            door.enter(3)
            await door.go_on()
            assert shown(hass)[0] == (pushed or 3)
            await door.go_on(50)
            door.waiting[0] = 1
            await door.push()
            assert shown(hass)[0] == pushed + 1
        assert is_live(hass) is False
        assert shown(hass) == (3, 0, 3)
        asked = door.asked
        await door.go_on()
        await door.go_on()
        assert door.asked <= asked + 1
        # The camera isn't asked any more, so a push that agrees proves nothing.
        door.waiting[0] = 1
        await door.push()
        assert is_live(hass) is False
        assert caplog.text.count("include more than its pushes") == 1


async def test_push_that_lacks_people(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Show live counts again after a push that agrees with them."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        door.enter(3)
        await door.go_on()
        await door.go_on(50)
        door.waiting[0] = 1
        await door.push()
        assert (is_live(hass), shown(hass)) == (False, (1, 0, 1))
        await door.go_on(10)
        door.enter(2)
        await door.go_on()
        assert shown(hass) == (1, 0, 1)
        await door.go_on(40)
        await door.push()
        assert shown(hass) == (3, 0, 3)
        await door.go_on()
        door.enter(1)
        await door.go_on()
        assert (is_live(hass), shown(hass)) == (True, (4, 0, 4))


async def test_camera_is_lent(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Don't wait for a camera from which counts are read just now."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        asked = door.asked
        async with entry.runtime_data.accesses[SERIAL].async_api():
            await door.go_on()
            assert door.asked == asked
        await door.go_on()
        assert door.asked == asked + 1


@pytest.mark.parametrize("seconds", [0, 2, 60])
async def test_option(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, seconds: int
) -> None:
    """Ask as often as the person wants."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        hass.config_entries.async_update_entry(entry, options={"live_seconds": seconds})
        await hass.async_block_till_done()
        await door.go_on(60)
        asked = door.asked
        await door.go_on(60)
        assert door.asked - asked == (1 if seconds else 0)
        assert is_live(hass) is (True if seconds else None)


async def test_reload(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Go on after a reload, without another event for the same people; a camera that answers late isn't waited for."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        door.enter(4)
        await door.go_on()
        button = {"entity_id": "button.main_entrance_reset_occupancy"}
        await hass.services.async_call("button", "press", button, blocking=True)
        await door.go_on()
        door.enter(2)
        await door.go_on()
        assert shown(hass) == (6, 0, 2)
        device.delay = 3600
        noon.tick(5)
        async_fire_time_changed(hass)
        written = async_capture_events(hass, "state_changed")
        await hass.config_entries.async_reload(entry.entry_id)
        device.delay = 0
        await hass.async_block_till_done()
        # There was no step down before these.
        assert shown(hass) == (6, 0, 2)
        assert {
            event.data["new_state"].state
            for event in written
            if event.data["entity_id"] == "sensor.main_entrance_in_today"
        } <= {"unavailable", "6"}
        assert is_live(hass) is False
        await door.go_on()
        assert is_live(hass) is True
        door.enter(1)
        await door.go_on()
        assert shown(hass) == (7, 0, 3)
        event = hass.states.get("event.main_entrance_passage")
        assert event
        assert event.attributes["count"] == 1
        await door.go_on(40)
        await door.push()
        assert shown(hass)[:2] == (7, 0)
        assert hass.states.get("event.main_entrance_passage") == event


@pytest.mark.parametrize("change", ["access", "option", "ledger"])
async def test_reload_after_a_change(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, change: str
) -> None:
    """Keep nothing from before a reload if the camera isn't asked any more, or the ledger lacks what was subtracted."""
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        path = entry.runtime_data.ledger.path
        await hass.config_entries.async_unload(entry.entry_id)
        before = path.read_bytes()
        await hass.config_entries.async_setup(entry.entry_id)
        await door.go_on()
        door.enter(2)
        await door.go_on(45)
        await door.push()
        door.enter(1)
        await door.go_on()
        assert shown(hass) == (3, 0, 3)
        (subentry,) = entry.get_subentries_of_type("camera")
        await hass.config_entries.async_unload(entry.entry_id)
        match change:
            case "access":
                hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
            case "option":
                hass.config_entries.async_update_entry(entry, options={"live_seconds": 0})
            case "ledger":
                path.write_bytes(before)
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        pushed = 0 if change == "ledger" else 2
        assert shown(hass) == (pushed, 0, pushed)
        assert not is_live(hass)

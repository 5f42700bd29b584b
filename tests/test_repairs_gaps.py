"""Repairs that offer to fill gaps with what the camera still has, or to leave them as they are."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events, async_fire_time_changed

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE

from .helpers.asked_cameras import asked_camera, camera_of, give_access, push
from .helpers.bare_ledger import query
from .helpers.pusher import SERIAL, Pusher, measurement, state_of
from .helpers.repairs import IN_TOTAL, Flow, Repairs
from .simulator import Device, Interval

pytestmark = pytest.mark.usefixtures("socket_enabled", "pages")

GAPS: Final = f"gaps_{SERIAL}"
DIFFER: Final = f"counts_differ_{SERIAL}"
DIFFERENCE: Final = "sensor.main_entrance_difference_yesterday"
# After the day of the fixture `noon`: when all of it was counted, and when it has been compared.
MIDNIGHT: Final = datetime.fromisoformat("2026-09-16T22:05:00Z")
MORNING: Final = datetime.fromisoformat("2026-09-16T23:10:00Z")
# The first gap is older than a day then.
OLD: Final = datetime.fromisoformat("2026-09-15T08:00:00Z")
YESTERDAY: Final = datetime.fromisoformat("2026-09-16T08:00:00Z")
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

type Gap = tuple[datetime, datetime]


async def pass_time(hass: HomeAssistant, clock: FrozenDateTimeFactory, until: datetime) -> None:
    """Let time pass, and the comparisons that are due then."""
    clock.move_to(until)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def without(intervals: list[Interval], *gaps: Gap) -> list[Interval]:
    """Return the intervals outside of some stretches of time."""
    return [interval for interval in intervals if not any(start <= interval.start < end for start, end in gaps)]


async def night(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    pusher: Pusher,
    device: Device,
    *gaps: Gap,
    day: int = 0,
) -> None:
    """Push all counts until midnight but those in some gaps, and let the night pass."""
    clock.move_to(MIDNIGHT + day * DAY)
    await push(pusher, camera_of(device), without(camera_of(device).waiting(), *gaps))
    await pass_time(hass, clock, MORNING + day * DAY)


async def fill(repairs: Repairs, name: str) -> Flow:
    """Choose to fill, and wait until that is done."""
    flow = await repairs.submit(await repairs.open(name), choice="fill")
    assert flow["type"] == "progress"
    assert set(repairs.texts(flow))
    return await repairs.look(flow)


@pytest.fixture
async def device(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> AsyncIterator[Device]:
    """Return a camera with access that has counted for two days, and has pushed nothing but its first count."""
    async with asked_camera(days=2) as device:
        await push(pusher, camera_of(device), camera_of(device).waiting()[:1])
        await give_access(hass, entry, device)
        yield device


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_gap_is_filled(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
    is_reversed: bool,
) -> None:
    """Show the gaps that are older than a day, fill them with progress, and say what was added."""
    if is_reversed:
        await hass.services.async_call(
            "switch", "turn_on", {"entity_id": "switch.main_entrance_reverse_direction"}, blocking=True
        )
    await night(hass, noon, pusher, device, (OLD, OLD + HOUR))
    assert {*repairs.issues} == {GAPS}
    flow = await repairs.open(GAPS)
    assert flow["step_id"] == "choose"
    assert flow["description_placeholders"]["rows"] == "| 2026-09-15 10:00:00 | 2026-09-15 11:00:00 |"
    assert "are older than a day: 1. Minutes: 60." in repairs.text(flow)
    updates = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE)
    flow = await fill(repairs, GAPS)
    assert (flow["type"], flow["reason"]) == ("abort", "filled")
    added = camera_of(device).counted(OLD, OLD + HOUR)
    entered, exited = (added.out, added.in_) if is_reversed else (added.in_, added.out)
    expected = f"Added minutes: 60. People in: {entered}, out: {exited}. Minutes that the camera has no counts of: 0."
    assert repairs.text(flow) == expected
    assert not repairs.issues
    progress = [update.data["progress"] for update in updates]
    assert progress == sorted(progress)
    assert len(progress) > 10
    await push(pusher, camera_of(device), camera_of(device).waiting())
    total = camera_of(device).counted(camera_of(device).installed, MORNING)
    assert int(state_of(hass, IN_TOTAL)) == (total.out if is_reversed else total.in_)


@pytest.mark.parametrize(
    ("start", "minutes"), [(OLD, 14), (MIDNIGHT - 9 * HOUR, 60)], ids=["short", "younger than a day"]
)
async def test_gaps_that_nobody_is_asked_about(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
    start: datetime,
    minutes: int,
) -> None:
    """A camera that restarts leaves a short gap, and what is late may still be sent."""
    await night(hass, noon, pusher, device, (start, start + timedelta(minutes=minutes)))
    assert GAPS not in repairs.issues


async def test_gap_that_the_camera_has_no_counts_of(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
) -> None:
    """Say so when filling, and don't ask again, also after a restart; a later gap is another one."""
    assert device.counting
    await night(hass, noon, pusher, device, (OLD, OLD + HOUR))
    device.counting.memory = timedelta(hours=20)
    flow = await fill(repairs, GAPS)
    assert "Added minutes: 0." in repairs.text(flow)
    assert repairs.text(flow).endswith("has no counts of: 60.")
    assert not repairs.issues
    await hass.config_entries.async_reload(entry.entry_id)
    gaps = (OLD, OLD + HOUR), (OLD + 2 * DAY, OLD + 2 * DAY + HOUR)
    await night(hass, noon, pusher, device, *gaps, day=1)
    assert GAPS not in repairs.issues
    await night(hass, noon, pusher, device, *gaps, day=2)
    assert GAPS in repairs.issues
    flow = await repairs.open(GAPS)
    assert flow["description_placeholders"]["rows"] == "| 2026-09-17 10:00:00 | 2026-09-17 11:00:00 |"


async def test_camera_that_is_off_each_night(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
    tmp_path: Path,
) -> None:
    """Nobody is asked about a gap of a day of which the camera has no counts in the night after it."""
    assert device.counting
    device.counting.memory = timedelta(hours=18)
    begin = MIDNIGHT - timedelta(hours=23)
    for day in range(3):
        # Nobody is asked about short gaps, so they aren't kept.
        short = tuple((begin + number * HOUR / 2, begin + number * HOUR / 2 + HOUR / 6) for number in range(-4, 0))
        await night(hass, noon, pusher, device, (begin, begin + 3 * HOUR), *short, day=day)
        assert not repairs.issues
    assert len(query(tmp_path / "axis_people_counter.db", "SELECT * FROM left_gaps")) == 1


async def test_gap_is_left(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
) -> None:
    """A person who wants to leave a gap isn't asked again, and filling is possible by the action still."""
    await night(hass, noon, pusher, device, (OLD, OLD + HOUR))
    second = await repairs.open(GAPS)
    flow = await repairs.submit(await repairs.open(GAPS), choice="leave")
    assert (flow["type"], flow["reason"]) == ("abort", "left")
    assert not repairs.issues
    flow = await repairs.submit(second, choice="fill")
    assert (flow["type"], flow["reason"]) == ("abort", "nothing_left")
    await hass.config_entries.async_reload(entry.entry_id)
    await night(hass, noon, pusher, device, (OLD, OLD + HOUR), day=1)
    assert not repairs.issues
    answer: Any = await hass.services.async_call(
        "axis_people_counter", "fill_gaps", {"entity_id": "all"}, blocking=True, return_response=True
    )
    assert answer["cameras"][0]["filled_minutes"] == 60


async def test_action_ends_the_repairs(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """Filled by the action, a gap needs no repair any more, and yesterday agrees."""
    await night(hass, noon, pusher, device, (OLD, OLD + HOUR), (YESTERDAY, YESTERDAY + HOUR))
    assert {*repairs.issues} == {GAPS, DIFFER}
    await hass.services.async_call("axis_people_counter", "fill_gaps", {"entity_id": "all"}, blocking=True)
    assert not repairs.issues
    assert state_of(hass, DIFFERENCE) == "0"


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_different_hours_are_filled(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
    is_reversed: bool,
) -> None:
    """Show the hours that differ, fill what is missing, and end the repair at once."""
    if is_reversed:
        await hass.services.async_call(
            "switch", "turn_on", {"entity_id": "switch.main_entrance_reverse_direction"}, blocking=True
        )
    await night(hass, noon, pusher, device, (YESTERDAY, YESTERDAY + HOUR))
    flow = await repairs.open(DIFFER)
    missing = camera_of(device).counted(YESTERDAY, YESTERDAY + HOUR)
    entered, exited = (missing.out, missing.in_) if is_reversed else (missing.in_, missing.out)
    assert flow["description_placeholders"]["rows"] == f"| 10:00 | 0 | {entered} | 0 | {exited} |"
    assert f"People: {entered + exited}. Hours: 1." in repairs.text(flow)
    flow = await fill(repairs, DIFFER)
    assert flow["reason"] == "filled"
    assert not repairs.issues
    assert state_of(hass, DIFFERENCE) == "0"


async def test_many_different_hours(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """Show ten hours at most."""
    await night(hass, noon, pusher, device, (YESTERDAY - 2 * HOUR, YESTERDAY + 11 * HOUR))
    flow = await repairs.open(DIFFER)
    assert len(flow["description_placeholders"]["rows"].splitlines()) == 10
    assert int(flow["description_placeholders"]["count"]) > 10


async def test_difference_is_left(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
) -> None:
    """A person who knows of a difference isn't asked again, also after a restart; the sensor goes on to show it."""
    await night(hass, noon, pusher, device, (YESTERDAY, YESTERDAY + HOUR))
    flow = await repairs.submit(await repairs.open(DIFFER), choice="leave")
    assert (flow["type"], flow["reason"]) == ("abort", "left")
    assert not repairs.issues
    shown = state_of(hass, DIFFERENCE)
    assert int(shown) > 0
    await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, noon, MORNING + HOUR)
    assert not repairs.issues
    assert state_of(hass, DIFFERENCE) == shown


async def test_only_what_was_shown_is_left(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """Leave no difference and no gap that was found while the window was open."""
    gaps = (YESTERDAY, YESTERDAY + HOUR), (OLD, OLD + HOUR)
    await night(hass, noon, pusher, device, *gaps)
    difference, gap = await repairs.open(DIFFER), await repairs.open(GAPS)
    await night(hass, noon, pusher, device, *gaps, (YESTERDAY + DAY, YESTERDAY + DAY + HOUR), day=1)
    assert (await repairs.submit(difference, choice="leave"))["reason"] == "left"
    assert (await repairs.submit(gap, choice="leave"))["reason"] == "left"
    assert {*repairs.issues} == {DIFFER, GAPS}
    assert "Minutes: 60." in repairs.text(await repairs.open(GAPS))


async def test_late_push_ends_the_repairs(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """Compare once more when the camera has sent the counts itself; a push of today asks it for nothing."""
    await night(hass, noon, pusher, device, (YESTERDAY, YESTERDAY + HOUR), (OLD, OLD + HOUR))
    assert {*repairs.issues} == {DIFFER, GAPS}
    device.requests.clear()
    await push(pusher, camera_of(device), camera_of(device).waiting()[-5:])
    await pass_time(hass, noon, MORNING + HOUR)
    assert {*repairs.issues} == {DIFFER, GAPS}
    assert not [request for request in device.requests if "export" in request.path]
    await push(pusher, camera_of(device), camera_of(device).waiting())
    assert (await repairs.open(GAPS))["reason"] == "nothing_left"
    assert {*repairs.issues} == {DIFFER}
    await pass_time(hass, noon, MORNING + 2 * HOUR)
    assert state_of(hass, DIFFERENCE) == "0"
    assert not repairs.issues


async def test_difference_that_cannot_be_filled(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """Filling doesn't end the repair then; who has left it isn't asked again when gaps are filled."""
    noon.move_to(MIDNIGHT)
    await push(pusher, camera_of(device), camera_of(device).waiting())
    counted = camera_of(device).counted(YESTERDAY, YESTERDAY + timedelta(minutes=1))
    await pusher.push(measurement(YESTERDAY, counted.in_ + 5, counted.out), sent=MIDNIGHT + timedelta(minutes=1))
    await pass_time(hass, noon, MORNING)
    assert "| 10:00 |" in (await repairs.open(DIFFER))["description_placeholders"]["rows"]
    assert (await fill(repairs, DIFFER))["reason"] == "filled"
    assert {*repairs.issues} == {DIFFER}
    await repairs.submit(await repairs.open(DIFFER), choice="leave")
    await hass.services.async_call("axis_people_counter", "fill_gaps", {"entity_id": "all"}, blocking=True)
    assert not repairs.issues
    assert state_of(hass, DIFFERENCE) == "5"


async def test_difference_that_ends_meanwhile(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """A window that is still open says that nothing is left."""
    await night(hass, noon, pusher, device, (YESTERDAY, YESTERDAY + HOUR))
    flow = await repairs.open(DIFFER)
    await night(hass, noon, pusher, device, day=1)
    assert not repairs.issues
    flow = await repairs.submit(flow, choice="leave")
    assert (flow["type"], flow["reason"]) == ("abort", "nothing_left")


async def test_camera_fails_halfway(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """Say what was added and what went wrong, and go on from there when the repair is selected again."""
    assert device.counting
    await night(hass, noon, pusher, device, (OLD, OLD + HOUR), (YESTERDAY, YESTERDAY + HOUR))
    device.counting.broken_days = {"start=20260915"}
    flow = await fill(repairs, GAPS)
    assert (flow["type"], flow["reason"]) == ("abort", "not_filled")
    assert "can't be read" in repairs.text(flow)
    assert "Added minutes: 60." in repairs.text(flow)
    assert "Still missing minutes: 60." in repairs.text(flow)
    assert {*repairs.issues} == {GAPS}
    device.counting.broken_days = set()
    flow = await fill(repairs, GAPS)
    assert flow["reason"] == "filled"
    assert not repairs.issues


async def test_window_is_closed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """Filling stops, and the next time it goes on."""
    await night(hass, noon, pusher, device, (OLD, OLD + HOUR))
    flow = await repairs.open(GAPS)
    device.delay = 0.3
    url = f"/api/repairs/issues/fix/{flow['flow_id']}"
    headers = {"Authorization": f"Bearer {repairs.token}"}
    response = await repairs.client.post(url, json={"choice": "fill"}, headers=headers)
    assert (await response.json())["type"] == "progress"
    # The page may be loaded anew, which doesn't begin again.
    response = await repairs.client.get(url, headers=headers)
    assert (await response.json())["type"] == "progress"
    await repairs.close(flow)
    device.delay = 0
    device.requests.clear()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not [request for request in device.requests if "export" in request.path]
    assert {*repairs.issues} == {GAPS}
    assert (await fill(repairs, GAPS))["reason"] == "filled"
    assert not repairs.issues


@pytest.mark.parametrize("what", ["access", "time zone", "camera"])
async def test_nothing_can_be_filled_any_more(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
    what: str,
) -> None:
    """Say why: the access was removed, the time zone is no longer named, or the camera was deleted meanwhile."""
    await night(hass, noon, pusher, device, (OLD, OLD + HOUR))
    flow = await repairs.open(GAPS)
    match what:
        case "access":
            (subentry,) = entry.get_subentries_of_type("camera")
            hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
            await hass.async_block_till_done()
        case "time zone":
            camera = camera_of(device)
            body = camera.body(camera.waiting()[-1:]).replace(b"Europe/Stockholm", b"Nowhere/Else")
            assert (await pusher.post(body)).status == 200
        case "camera":
            await entry.runtime_data.async_remove_camera(SERIAL)
    flow = await repairs.submit(flow, choice="fill")
    if what == "camera":
        assert (flow["type"], flow["reason"]) == ("abort", "nothing_left")
        return
    if flow["type"] == "progress":
        flow = await repairs.look(flow)
    assert flow["reason"] == "not_filled"
    expected = {"access": "There is no access to Main entrance", "time zone": "The time zone of Main entrance"}
    assert expected[what] in repairs.text(flow)


async def test_ledger_cannot_be_read(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
    tmp_path: Path,
) -> None:
    """Say so in the repair; at night nothing is compared then."""
    await night(hass, noon, pusher, device, (OLD, OLD + HOUR))
    ledger = tmp_path / "axis_people_counter.db"
    ledger.rename(tmp_path / "elsewhere.db")
    ledger.mkdir()
    flow = await repairs.open(GAPS)
    assert (flow["type"], flow["reason"]) == ("abort", "ledger_error")
    await pass_time(hass, noon, MORNING + DAY)
    assert state_of(hass, DIFFERENCE) == "unavailable"

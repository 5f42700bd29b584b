"""Yesterday's counts are compared with the camera's own each night; a sensor shows by how many people they differ."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events, async_fire_time_changed

from custom_components.axis_people_counter.const import CONF_REPLACEMENTS
from custom_components.axis_people_counter.counting import Replacement
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant

from .helpers.asked_cameras import asked_camera, camera_of, give_access, push
from .helpers.issues import active_issues
from .helpers.pusher import SERIAL, Pusher, document, measurement, state_of
from .simulator import THREE_D, TWO_D, Device, Interval, Model, Reply

pytestmark = pytest.mark.usefixtures("socket_enabled")

OTHER: Final = "accc8e000002"
DIFFERENCE: Final = "sensor.main_entrance_difference_yesterday"
DIFFER: Final = f"counts_differ_{SERIAL}"
CLOCK: Final = f"clock_inaccurate_{SERIAL}"
# After the day of the fixture `noon`: when all of it was counted, and when all cameras have been compared.
MIDNIGHT: Final = datetime.fromisoformat("2026-09-16T22:05:00Z")
MORNING: Final = datetime.fromisoformat("2026-09-16T23:10:00Z")
TEN: Final = datetime.fromisoformat("2026-09-16T08:00:00Z")
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


async def pass_time(hass: HomeAssistant, clock: FrozenDateTimeFactory, until: datetime) -> None:
    """Let time pass, and the comparisons that are due then."""
    clock.move_to(until)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def without(intervals: list[Interval], start: datetime, end: datetime) -> list[Interval]:
    """Return the intervals outside of a stretch of time."""
    return [interval for interval in intervals if not start <= interval.start < end]


def exports(device: Device) -> list[str]:
    """Return the exports of intervals that a camera was asked for."""
    return [asked.path for asked in device.requests if "resolution=minute" in asked.path or "res=15m" in asked.path]


def shown(hass: HomeAssistant) -> dict[str, Any]:
    """Return state and attributes of the sensor."""
    state = hass.states.get(DIFFERENCE)
    assert state
    names = ("date", "in", "out", "hours_compared", "reason")
    return {"state": state.state, **{name: state.attributes[name] for name in names if name in state.attributes}}


@pytest.fixture
async def device(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> AsyncIterator[Device]:
    """Return a camera with access that has counted since yesterday, and has pushed nothing but its first count."""
    async with asked_camera(days=1) as device:
        await push(pusher, camera_of(device), camera_of(device).waiting()[:1])
        await give_access(hass, entry, device)
        yield device


@pytest.mark.parametrize("model", [THREE_D, TWO_D], ids=["3d", "2d"])
@pytest.mark.parametrize("null_when_empty", [False, True])
async def test_equal_counts(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    model: Model,
    null_when_empty: bool,
) -> None:
    """The sensor shows 0 after one request; an hour that the camera has no counts of isn't compared."""
    async with asked_camera(model, days=1) as device:
        assert device.counting
        device.counting.null_when_empty = null_when_empty
        camera = camera_of(device)
        await push(pusher, camera, camera.waiting())
        await give_access(hass, entry, device)
        assert shown(hass) == {"state": "unknown"}
        noon.move_to(MIDNIGHT)
        await push(pusher, camera, camera.waiting())
        device.requests.clear()
        changes = async_capture_events(hass, EVENT_STATE_CHANGED)
        await pass_time(hass, noon, MORNING)
        expected = {"state": "0", "date": "2026-09-16", "in": 0, "out": 0, "hours_compared": 24}
        if null_when_empty and model is THREE_D:
            expected = {"state": "unknown", "date": "2026-09-16", "reason": "no_counts"}
        assert shown(hass) == expected
        assert not active_issues(hass)
        for _ in range(12):
            await pass_time(hass, noon, datetime.now(UTC) + timedelta(minutes=5))
        assert len(exports(device)) == 1
        assert len([change for change in changes if change.data["entity_id"] == DIFFERENCE]) == 1


async def test_soon_after_access_is_given(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Don't let a person wait for the night who has just connected a camera."""
    async with asked_camera(days=2) as device:
        await push(pusher, camera_of(device), camera_of(device).waiting())
        await give_access(hass, entry, device)
        await pass_time(hass, noon, datetime.now(UTC) + timedelta(seconds=10))
        assert shown(hass)["date"] == "2026-09-15"
        assert shown(hass)["state"] == "0"


async def test_too_early(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, device: Device) -> None:
    """Wait for the pushes of the day's last minutes, and for the counts of a camera that is late."""
    camera = camera_of(device)
    device.requests.clear()
    await pass_time(hass, noon, datetime.fromisoformat("2026-09-16T22:10:00Z"))
    assert shown(hass) == {"state": "unknown"}
    await pass_time(hass, noon, MORNING)
    assert shown(hass) == {"state": "unknown", "date": "2026-09-16", "reason": "waiting"}
    assert not device.requests
    await push(pusher, camera, camera.waiting())
    await pass_time(hass, noon, MORNING + timedelta(minutes=5))
    assert shown(hass)["state"] == "0"


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_different_counts(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    device: Device,
    is_reversed: bool,
) -> None:
    """Show how many people are missing, in the direction of the camera's sensors, until the numbers agree again."""
    camera = camera_of(device)
    if is_reversed:
        await hass.services.async_call(
            "switch", "turn_on", {"entity_id": "switch.main_entrance_reverse_direction"}, blocking=True
        )
    noon.move_to(MIDNIGHT)
    await push(pusher, camera, without(camera.waiting(), TEN, TEN + HOUR))
    await pass_time(hass, noon, MORNING)
    missing = camera.counted(TEN, TEN + HOUR)
    entered, exited = (missing.out, missing.in_) if is_reversed else (missing.in_, missing.out)
    expected = {
        "state": str(entered + exited),
        "date": "2026-09-16",
        "in": entered,
        "out": exited,
        "hours_compared": 24,
    }
    assert entered != exited
    assert shown(hass) == expected
    assert [*active_issues(hass)] == [DIFFER]

    # A restart asks for nothing again.
    device.requests.clear()
    await hass.config_entries.async_reload(entry.entry_id)
    await pass_time(hass, noon, MORNING + HOUR)
    assert shown(hass) == expected
    assert [*active_issues(hass)] == [DIFFER]
    assert not device.requests

    noon.move_to(MIDNIGHT + DAY)
    await push(pusher, camera, without(camera.waiting(), TEN, TEN + HOUR))
    await pass_time(hass, noon, MORNING + DAY)
    assert shown(hass) == {"state": "0", "date": "2026-09-17", "in": 0, "out": 0, "hours_compared": 24}
    assert DIFFER not in active_issues(hass)


async def test_camera_that_does_not_answer(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    device: Device,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Log a failure once, and ask again each hour; an unreadable answer is no number either."""
    camera = camera_of(device)
    assert device.counting
    noon.move_to(MIDNIGHT)
    await push(pusher, camera, camera.waiting())
    device.everywhere = Reply(500)
    await pass_time(hass, noon, MORNING)
    assert shown(hass) == {"state": "unknown", "date": "2026-09-16", "reason": "no_answer"}
    device.requests.clear()
    await pass_time(hass, noon, MORNING + HOUR / 2)
    assert not device.requests
    device.everywhere = None
    device.counting.broken_days = {"20260916"}
    await pass_time(hass, noon, MORNING + HOUR)
    assert len(exports(device)) == 1
    assert shown(hass)["reason"] == "no_answer"
    assert caplog.text.count("can't be compared with its own:") == 1
    device.counting.broken_days = set()
    await pass_time(hass, noon, MORNING + 2 * HOUR)
    assert shown(hass)["state"] == "0"
    assert "can be compared with its own again" in caplog.text
    assert not active_issues(hass)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(302, headers={"Location": "/"}),
        Reply(200, b'{"data": [' + b" " * 3_000_000 + b"]}"),
        Reply(200, b'{"data": [{"start": "2026-09-16 00:00:00", "end": "2026-09-16 00:01:00", "in": -1, "out": 0}]}'),
    ],
    ids=["redirect", "endless", "negative"],
)
async def test_answers_that_are_no_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, device: Device, reply: Reply
) -> None:
    """An unreadable answer is never a number."""
    noon.move_to(MIDNIGHT)
    await push(pusher, camera_of(device), camera_of(device).waiting())
    device.replies["/a3dpc/api/export/json"] = reply
    await pass_time(hass, noon, MORNING)
    assert shown(hass) == {"state": "unknown", "date": "2026-09-16", "reason": "no_answer"}
    assert not active_issues(hass)


async def test_restart_at_midnight(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, device: Device
) -> None:
    """A night that was missed is made up for after the start."""
    noon.move_to("2026-09-16T21:59:50Z")
    await push(pusher, camera_of(device), camera_of(device).waiting())
    await hass.config_entries.async_unload(entry.entry_id)
    noon.move_to(MIDNIGHT)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await push(pusher, camera_of(device), camera_of(device).waiting()[-10:])
    await hass.config_entries.async_unload(entry.entry_id)
    noon.move_to(MORNING + 9 * HOUR)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert shown(hass)["date"] == "2026-09-15"
    await pass_time(hass, noon, MORNING + 9 * HOUR + timedelta(minutes=5))
    assert shown(hass) == {"state": "0", "date": "2026-09-16", "in": 0, "out": 0, "hours_compared": 24}


async def test_camera_without_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, device: Device
) -> None:
    """Only hours are compared that the camera still has."""
    camera = camera_of(device)
    assert device.counting
    for day, memory, expected in (
        (0, 5 * HOUR, {"state": "0", "date": "2026-09-16", "in": 0, "out": 0, "hours_compared": 3}),
        (1, HOUR, {"state": "unknown", "date": "2026-09-17", "reason": "no_counts"}),
    ):
        noon.move_to(MIDNIGHT + day * DAY)
        await push(pusher, camera, camera.waiting())
        device.counting.memory = memory
        await pass_time(hass, noon, MORNING + day * DAY)
        assert shown(hass) == expected


async def test_camera_without_a_time_zone(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, device: Device
) -> None:
    """Local times mean nothing then."""
    device.requests.clear()
    start = datetime.now(UTC)
    response = await pusher.post(document(measurement(start - HOUR, 1), sensor={"timeZone": None}, localSent=None))
    assert response.status == 200
    await pass_time(hass, noon, MORNING)
    assert shown(hass) == {"state": "unknown", "date": "2026-09-15", "reason": "no_time_zone"}
    assert not device.requests


async def test_interval_over_midnight(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, device: Device
) -> None:
    """The hour into which an interval reaches can't be compared."""
    noon.move_to(MIDNIGHT)
    begin = MIDNIGHT - DAY - timedelta(minutes=10)
    intervals = camera_of(device).waiting()
    await push(pusher, camera_of(device), without(intervals, begin, begin + timedelta(minutes=15)))
    await pusher.push(measurement(begin, 9, 9, minutes=15))
    await pass_time(hass, noon, MORNING)
    assert shown(hass) == {"state": "0", "date": "2026-09-16", "in": 0, "out": 0, "hours_compared": 23}


async def test_replaced_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Compare a camera that replaced another from its first whole day on."""
    await pusher.push(measurement(datetime.now(UTC) - timedelta(days=2), 1))
    async with asked_camera(days=1, serial=OTHER) as device:
        camera = camera_of(device)
        replacement = Replacement(SERIAL, OTHER, int(datetime.now(UTC).timestamp()))
        options = {CONF_REPLACEMENTS: [replacement._asdict()]}
        hass.config_entries.async_update_entry(entry, options=options)
        await hass.async_block_till_done()
        await give_access(hass, entry, device)
        for day, expected in enumerate(({"state": "unknown", "reason": "replaced"}, {"state": "0"})):
            noon.move_to(MIDNIGHT + day * DAY)
            await push(pusher, camera, camera.waiting())
            await pass_time(hass, noon, MORNING + day * DAY)
            assert expected.items() <= shown(hass).items()


async def test_several_cameras(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, device: Device
) -> None:
    """A camera that fails doesn't stop the others."""
    async with asked_camera(days=1, serial=OTHER) as other:
        device.everywhere = Reply(403)
        noon.move_to(MIDNIGHT)
        for each in (device, other):
            await push(pusher, camera_of(each), camera_of(each).waiting())
        await give_access(hass, entry, other)
        await pass_time(hass, noon, MORNING + timedelta(minutes=5))
        assert shown(hass)["reason"] == "no_answer"
        assert state_of(hass, "sensor.back_door_difference_yesterday") == "0"


async def test_clock(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, device: Device) -> None:
    """Show a camera's clock that is minutes off, until it is right in a later night."""
    camera = camera_of(device)
    for day, offset, is_shown in ((0, -3, True), (1, 3, True), (2, 1, False)):
        noon.move_to(MIDNIGHT + day * DAY)
        await push(pusher, camera, camera.waiting()[-26 * 60 :])
        camera.faults.clock_offset = timedelta(minutes=offset)
        await pass_time(hass, noon, MORNING + day * DAY)
        assert (CLOCK in active_issues(hass)) is is_shown, day
        camera.faults.clock_offset = timedelta()


async def test_clock_in_an_hour_that_comes_twice(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A local time means the nearer of two instants."""
    noon.move_to("2026-10-31T16:00:00Z")
    async with asked_camera(TWO_D, days=1, zone="America/Havana") as device:
        camera = camera_of(device)
        await push(pusher, camera, camera.waiting())
        await give_access(hass, entry, device)
        noon.move_to("2026-11-01T04:05:00Z")
        await push(pusher, camera, camera.waiting())
        await pass_time(hass, noon, datetime.fromisoformat("2026-11-01T05:30:00Z"))
        assert shown(hass)["state"] == "0"
        assert not active_issues(hass)


async def test_camera_without_live_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, device: Device
) -> None:
    """The counts are compared without the clock, also where live counts have no time."""
    camera = camera_of(device)
    for day, reply in enumerate((Reply(400), Reply(200, b'{"total_in": 1, "total_out": 2}'))):
        noon.move_to(MIDNIGHT + day * DAY)
        await push(pusher, camera, camera.waiting())
        device.replies["/a3dpc/api/occupancy"] = reply
        await pass_time(hass, noon, MORNING + day * DAY)
        expected = {"state": "0", "date": f"2026-09-{16 + day}", "in": 0, "out": 0, "hours_compared": 24}
        assert shown(hass) == expected
        assert not active_issues(hass)


async def test_removed_access(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, device: Device
) -> None:
    """The sensor and the repairs go with the access to the camera, and come back with it."""
    camera = camera_of(device)
    noon.move_to(MIDNIGHT)
    await push(pusher, camera, without(camera.waiting(), TEN, TEN + HOUR))
    camera.faults.clock_offset = timedelta(minutes=3)
    await pass_time(hass, noon, MORNING)
    assert {*active_issues(hass)} == {DIFFER, CLOCK}
    camera.faults.clock_offset = timedelta()
    (subentry,) = entry.get_subentries_of_type("camera")
    hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    await hass.async_block_till_done()
    assert hass.states.get(DIFFERENCE) is None
    assert not active_issues(hass)
    device.requests.clear()
    await pass_time(hass, noon, MORNING + DAY)
    assert not device.requests
    await give_access(hass, entry, device)
    assert shown(hass)["date"] == "2026-09-16"


@pytest.mark.parametrize(
    ("zone", "noon_of_day", "hours"),
    [
        ("Europe/Berlin", "2026-10-25T11:00:00Z", 24),
        ("Australia/Lord_Howe", "2026-04-05T01:30:00Z", 24),
        ("Asia/Kolkata", "2026-10-25T06:30:00Z", 24),
        ("Europe/Berlin", "2026-03-29T10:00:00Z", 23),
    ],
)
@pytest.mark.parametrize("model", [THREE_D, TWO_D], ids=["3d", "2d"])
async def test_nights_in_which_clocks_change(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    zone: str,
    noon_of_day: str,
    hours: int,
    model: Model,
) -> None:
    """Compare the whole day; the two passes of an hour are one."""
    start = datetime.fromisoformat(noon_of_day)
    noon.move_to(start)
    async with asked_camera(model, days=1, zone=zone) as device:
        camera = camera_of(device)
        await push(pusher, camera, camera.waiting())
        await give_access(hass, entry, device)
        midnight = start + 12 * HOUR + timedelta(minutes=5)
        noon.move_to(midnight)
        await push(pusher, camera, camera.waiting())
        await pass_time(hass, noon, midnight + HOUR)
        expected = {"state": "0", "date": str(start.date()), "in": 0, "out": 0, "hours_compared": hours}
        assert shown(hass) == expected

"""The repair about a door that seems to count backwards."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from homeassistant.core import HomeAssistant

from .helpers.places import BACK, BACK_DOOR, add_place, press
from .helpers.pusher import SERIAL, Pusher, measurement, state_of
from .helpers.repairs import Flow, Repairs

pytestmark = pytest.mark.usefixtures("socket_enabled", "pages")

# A day in Stockholm, and when it has been looked at.
MIDNIGHT: Final = datetime.fromisoformat("2026-09-15T22:00:00Z")
MORNING: Final = datetime.fromisoformat("2026-09-17T05:00:00Z")
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
FRONT: Final = f"direction_wrong_{SERIAL}"
REAR: Final = f"direction_wrong_{BACK}"
SWITCH: Final = "switch.main_entrance_reverse_direction"

type Hours = Sequence[tuple[int, int]]

# People in and out at nine in the morning, at noon and at five in the evening.
BOTH_WAYS: Final[Hours] = [(60, 0), (20, 20), (0, 60)]
BACKWARD: Final[Hours] = [(0, 60), (20, 20), (60, 0)]
ENTRANCE: Final[Hours] = [(60, 0), (20, 1), (0, 0)]
EXIT: Final[Hours] = [(0, 1), (0, 20), (0, 60)]


async def push_day(
    pusher: Pusher, hours: Hours, *, start: datetime = MIDNIGHT, first: int = 0, sensor: dict[str, str] | None = None
) -> None:
    """Push a day by the hour, from its first hour on that was counted."""
    people = dict(zip((9, 12, 17), hours, strict=True))
    measurements = [
        measurement(start + hour * HOUR, *people.get(hour, (0, 0)), minutes=60) for hour in range(first, 24)
    ]
    await pusher.push(*measurements, sensor=sensor)


async def look(hass: HomeAssistant, clock: FrozenDateTimeFactory, at: datetime = MORNING) -> None:
    """Let time pass until the day has been looked at."""
    clock.move_to(at)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def answer(hass: HomeAssistant, repairs: Repairs, name: str, choice: str = "turn") -> Flow:
    """Turn a door round in the repair, or confirm that it is right."""
    flow = await repairs.submit(await repairs.open(name), choice=choice)
    await hass.async_block_till_done(wait_background_tasks=True)
    return flow


@pytest.mark.parametrize("hours", [BACKWARD, EXIT], ids=["mounted the other way round", "many more out than in"])
async def test_camera_is_turned(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    hours: Hours,
) -> None:
    """The first full day of a camera shows that it counts backwards; one click turns it."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, hours)
    assert not repairs.issues
    await look(hass, noon)
    assert {*repairs.issues} == {FRONT}
    flow = await repairs.open(FRONT)
    assert flow["step_id"] == "turn_camera"
    entered, exited = map(sum, zip(*hours, strict=True))
    assert f"On 2026-09-16, Main entrance counted {entered} people in and {exited} out." in repairs.text(flow)
    flow = await answer(hass, repairs, FRONT)
    assert (flow["type"], flow["description"]) == ("create_entry", "turned")
    assert state_of(hass, SWITCH) == "on"
    assert entry.options["reversed_cameras"] == [SERIAL]
    assert not repairs.issues


async def test_repair_is_opened_after_a_restart(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The repair can be opened before the first check, and doesn't say that all is well."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, BACKWARD)
    await look(hass, noon)
    await hass.config_entries.async_reload(entry.entry_id)
    flow = await repairs.open(FRONT)
    assert flow["step_id"] == "turn_camera"


async def test_direction_is_confirmed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """A confirmed direction isn't asked about again, until it is another one."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, EXIT)
    await look(hass, noon)
    flow = await answer(hass, repairs, FRONT, "right")
    assert (flow["type"], flow["description"]) == ("create_entry", "left")
    assert entry.options["confirmed_directions"] == [SERIAL]
    assert state_of(hass, SWITCH) == "off"
    assert not repairs.issues
    await hass.config_entries.async_reload(entry.entry_id)
    await look(hass, noon, MORNING + HOUR)
    assert not repairs.issues
    await press(hass, "switch", "turn_on", SWITCH)
    assert entry.options["confirmed_directions"] == []
    await press(hass, "switch", "turn_off", SWITCH)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {*repairs.issues} == {FRONT}


async def test_issue_ends_with_the_switch(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The issue ends at once when a person turns the camera elsewhere; a window that is open says so."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, BACKWARD)
    await look(hass, noon)
    flow = await repairs.open(FRONT)
    await press(hass, "switch", "turn_on", SWITCH)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not repairs.issues
    flow = await repairs.submit(flow, choice="turn")
    assert (flow["type"], flow["reason"]) == ("abort", "nothing_left")
    assert state_of(hass, SWITCH) == "on"


@pytest.mark.parametrize(
    ("hours", "is_full_day"),
    [
        pytest.param(BOTH_WAYS, True, id="right"),
        pytest.param(ENTRANCE, True, id="only an entrance"),
        pytest.param([(0, 9), (0, 5), (0, 5)], True, id="too few people"),
        pytest.param(BACKWARD, False, id="no full day yet"),
    ],
)
async def test_camera_that_is_right(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    hours: Hours,
    is_full_day: bool,
) -> None:
    """Nobody is asked about a camera that may be right."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, hours, first=0 if is_full_day else 2)
    await look(hass, noon)
    assert not repairs.issues


async def test_days_off(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """On a day off the day before still counts, and a later day counts more."""
    noon.move_to(MIDNIGHT + 2 * DAY)
    await push_day(pusher, BACKWARD)
    await push_day(pusher, [(0, 0)] * 3, start=MIDNIGHT + DAY)
    await look(hass, noon, MORNING + DAY)
    assert {*repairs.issues} == {FRONT}
    noon.move_to(MIDNIGHT + 3 * DAY)
    await push_day(pusher, BOTH_WAYS, start=MIDNIGHT + 2 * DAY)
    await look(hass, noon, MORNING + 2 * DAY)
    assert not repairs.issues


async def test_exit_of_a_place(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """A door that is only an exit is right where people come in by another door of the place."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, ENTRANCE)
    await push_day(pusher, EXIT, sensor=BACK_DOOR)
    await look(hass, noon)
    assert {*repairs.issues} == {REAR}
    await add_place(hass, entry)
    await look(hass, noon, MORNING + HOUR)
    assert not repairs.issues


async def test_exit_among_the_doors_into_a_neighbouring_room(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """An exit that was set up as a door into a neighbouring room is turned at the place, not in the camera."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, ENTRANCE)
    await push_day(pusher, EXIT, sensor=BACK_DOOR)
    key = await add_place(hass, entry, (SERIAL,), (BACK,))
    await look(hass, noon)
    assert {*repairs.issues} == {REAR}
    flow = await repairs.open(REAR)
    assert flow["step_id"] == "turn_at_place"
    expected = "On 2026-09-16, with the doors of Shop as they are, 81 people came in at Back door and 0 went out."
    assert expected in repairs.text(flow)
    flow = await answer(hass, repairs, REAR)
    assert (flow["type"], flow["description"]) == ("create_entry", "turned")
    data = entry.subentries[key].data
    assert (data["doors"], data["reversed_doors"]) == ([SERIAL, BACK], [])
    assert entry.options["reversed_cameras"] == []
    await look(hass, noon, MORNING + HOUR)
    assert not repairs.issues


@pytest.mark.parametrize("is_camera", [True, False], ids=["wrong at both places", "wrong at one place"])
async def test_door_of_two_places(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    is_camera: bool,
) -> None:
    """A camera is turned if it is wrong at all of its places, else the door where it is wrong."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, BACKWARD if is_camera else BOTH_WAYS)
    shop = await add_place(hass, entry, (SERIAL,))
    other = ((SERIAL,), ()) if is_camera else ((), (SERIAL,))
    building = await add_place(hass, entry, *other, name="Building")
    await look(hass, noon)
    flow = await repairs.open(FRONT)
    assert flow["step_id"] == ("turn_camera" if is_camera else "turn_at_place")
    await answer(hass, repairs, FRONT)
    await look(hass, noon, MORNING + HOUR)
    assert not repairs.issues
    assert entry.options["reversed_cameras"] == ([SERIAL] if is_camera else [])
    assert [entry.subentries[key].data["doors"] for key in (shop, building)] == [[SERIAL], [SERIAL]]


async def test_place_without_a_reset(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """A place that is never empty may be left by more people than enter."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, EXIT)
    await add_place(hass, entry, (SERIAL,), daily_reset=False)
    await look(hass, noon)
    assert not repairs.issues


async def test_ledger_that_fails(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The issue stays while the ledger can't be read, and says so when it can't be written."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, EXIT)
    await look(hass, noon)
    entry.runtime_data.ledger.close().result()
    await look(hass, noon, MORNING + 6 * HOUR)
    assert FRONT in repairs.issues
    flow = await answer(hass, repairs, FRONT)
    assert (flow["type"], flow["reason"]) == ("abort", "ledger_error")
    assert state_of(hass, SWITCH) == "off"


async def test_removed_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The issue ends with the camera, and so does its window."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, EXIT)
    await look(hass, noon)
    flow = await repairs.open(FRONT)
    await entry.runtime_data.async_remove_camera(SERIAL)
    assert not repairs.issues
    flow = await repairs.submit(flow, choice="turn")
    assert (flow["type"], flow["reason"]) == ("abort", "nothing_left")


async def test_two_windows(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """A camera that was turned in one window isn't turned back in another, even before the day is looked at again."""
    noon.move_to(MIDNIGHT + DAY)
    await push_day(pusher, BACKWARD)
    await look(hass, noon)
    flows = [await repairs.open(FRONT) for _ in range(2)]
    ends = [await repairs.submit(flow, choice="turn") for flow in flows]
    assert [flow.get("description") or flow["reason"] for flow in ends] == ["turned", "nothing_left"]
    assert state_of(hass, SWITCH) == "on"

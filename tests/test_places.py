"""Places: several doors, days and resets, corrections, and doors that are silent or removed."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.ledger.places import Door, Place
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr

from .helpers.bare_ledger import SERIAL as LEDGER_SERIAL, START, TIMEOUT, counted_steps, interval, opened, record
from .helpers.clock import move_to
from .helpers.issues import active_issues
from .helpers.ledger_files import delete_ledger
from .helpers.places import BACK, BACK_DOOR, NOON, add_place, both, entity_of, press, shown
from .helpers.pusher import PATH, SERIAL, TOKEN, Pusher, document, measurement, state_of

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


# Doors


@pytest.mark.usefixtures("noon", "all_entities_enabled")
async def test_several_doors(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """People who enter by one door and leave by another are counted right at the place, not at its cameras."""
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
    """A door leads out of one place and into the other; reversing the camera reverses both."""
    await both(pusher, main=(10, 0), back=(4, 1))
    shop = await add_place(hass, entry, (SERIAL,), (BACK,), name="Shop")
    cafe = await add_place(hass, entry, (BACK,), name="Café")
    assert (shown(hass, shop, "occupancy"), shown(hass, cafe, "occupancy")) == ("7", "3")
    await press(hass, "switch", "turn_on", entity_of(hass, BACK, "reverse_direction"))
    assert (shown(hass, shop, "occupancy"), shown(hass, cafe, "occupancy")) == ("13", "0")
    assert shown(hass, cafe, "drift_today") == "3"


@pytest.mark.usefixtures("noon")
async def test_order_of_pushes(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Late counts of a door are added in the order of time."""
    await both(pusher, NOON - 10 * MINUTE)
    key = await add_place(hass, entry)
    await pusher.push(measurement(NOON - 2 * MINUTE, 0, 5), sensor=BACK_DOOR)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("0", "5")
    await pusher.push(measurement(NOON - 5 * MINUTE, 8), measurement(NOON - MINUTE, 1))
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("4", "0")
    assert shown(hass, key, "peak_today") == "8"
    # The camera sends the minute again with fewer people.
    await pusher.push(measurement(NOON - 5 * MINUTE, 3), sent=NOON + MINUTE)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("1", "2")


@pytest.mark.usefixtures("noon")
async def test_doors_of_the_same_minute(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """People who enter by one door and leave by another in the same minute cause no drift."""
    await both(pusher, main=(0, 4), back=(4, 0))
    key = await add_place(hass, entry)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("0", "0")


@pytest.mark.usefixtures("noon")
async def test_doors_of_different_widths(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """People who left may have entered in a longer interval of another door, so they cause no drift."""
    await pusher.push(measurement(NOON - 10 * MINUTE, 0, 6), measurement(NOON - MINUTE, 2))
    await pusher.push(measurement(NOON - 15 * MINUTE, 9, minutes=15), sensor=BACK_DOOR)
    key = await add_place(hass, entry)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "drift_today")) == ("5", "0")
    # More people left than can have entered by then, whenever in the quarter of an hour the nine entered.
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
    """The occupancy is set to a known number once a day, at the local time of the place."""
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
    # A reset time that occurs twice, because clocks go back, resets once.
    await move_to(hass, freezer, reset + timedelta(hours=1, minutes=1))
    await both(pusher, reset + timedelta(hours=1, minutes=1), back=(1, 0))
    assert shown(hass, key, "occupancy") == "6"


async def test_day_of_the_place(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The day of a place is that of its own zone, not of its cameras."""
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
    """Without a reset people stay inside for days, also those counted late."""
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
    # Only three were inside, so no more than three of the twenty are subtracted.
    assert shown(hass, key, "occupancy") == "9"
    assert shown(hass, key, "drift_today") == "0"
    await pusher.push(measurement(NOON - 60 * DAY, 18), sensor=BACK_DOOR)
    assert shown(hass, key, "occupancy") == "10"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, key, "occupancy") == "10"


@pytest.mark.usefixtures("noon")
async def test_packed_history(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A correction inside a packed day lies between the counts before and after it."""
    old = NOON - 200 * DAY
    minutes = [measurement(old + minute * MINUTE, 1 if minute < 30 else 0) for minute in range(60)]
    await pusher.push(*minutes, measurement(NOON - MINUTE))
    key = await add_place(hass, entry, (SERIAL,), daily_reset=False)
    receiver = entry.runtime_data
    said = int((old + 20 * MINUTE).timestamp())
    stored = receiver.ledger.correct_place(receiver.places[key].settings.place, said, 5, Source.ACTION)
    await asyncio.wrap_future(stored)
    while await asyncio.wrap_future(receiver.ledger.pack(int((NOON - 100 * DAY).timestamp()))):
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
        with counted_steps(ledger) as counter:
            today = ledger.place_today("shop", now, now + day * 60, []).result(TIMEOUT)
        assert today
        assert today.occupancy == 300 * 24
        # Some steps for each of 48 intervals.
        assert counter["steps"] < 48 * 40


@pytest.mark.usefixtures("noon")
async def test_long_history_lets_others_be_shown(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cameras are shown while a place is recounted whose history changes again and again."""
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
        for _ in range(100_000):
            await asyncio.sleep(0)
            if str(count) in (shown(hass, BACK, "in_today"), shown(hass, key, "occupancy")):
                break
        assert shown(hass, BACK, "in_today") == str(count)
        assert shown(hass, key, "occupancy") != str(count)
    await hass.async_block_till_done()
    assert shown(hass, key, "occupancy") == "11"


async def test_time_zone_of_home_assistant(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A place without a zone follows Home Assistant's."""
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
    """A new place shows today's counts at once, whatever its cameras counted before."""
    for day in range(90, -1, -1):
        await pusher.push(measurement(NOON - day * DAY - MINUTE, 7, 3))
    key = await add_place(hass, entry, (SERIAL,))
    assert (shown(hass, key, "occupancy"), shown(hass, key, "in_today")) == ("4", "7")


# Corrections


async def test_corrections(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The action, the number and the button set the occupancy; counts go on from there."""
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
    assert shown(hass, key, "occupancy") == "9"
    # Counts from before the correction don't change the occupancy after it, even if they arrive late.
    await pusher.push(measurement(NOON - 3 * MINUTE, 50), sensor=BACK_DOOR)
    assert shown(hass, key, "occupancy") == "9"
    assert shown(hass, key, "peak_today") == "55"
    await press(hass, "button", "press", entity_of(hass, key, "reset_occupancy"))
    assert shown(hass, key, "occupancy") == "0"
    for value in (-1, 100_001):
        with pytest.raises(HomeAssistantError):
            await press(hass, "number", "set_value", number, value=value)
    assert shown(hass, key, "occupancy") == "0"


async def test_number_is_empty_after_a_passage(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The number that was entered is shown until the occupancy changes, and can then be entered again."""
    await both(pusher, main=(5, 0))
    key = await add_place(hass, entry)
    number = entity_of(hass, key, "occupancy_correction")
    assert state_of(hass, number) == "unknown"
    minute = 0

    async def pass_by(entered: int, exited: int) -> str:
        nonlocal minute
        minute += 1
        noon.tick(MINUTE)
        await both(pusher, NOON + minute * MINUTE, main=(entered, exited))
        return state_of(hass, number)

    for _ in range(2):
        await press(hass, "number", "set_value", number, value=3)
        assert (state_of(hass, number), shown(hass, key, "occupancy")) == ("3", "3")
        assert await pass_by(0, 0) == "3"
        assert await pass_by(2, 0) == "unknown"
        # The number isn't shown again when as many people as before happen to be inside.
        assert await pass_by(0, 2) == "unknown"
        assert shown(hass, key, "occupancy") == "3"
    await press(hass, "number", "set_value", number, value=3)
    await press(hass, "button", "press", entity_of(hass, key, "reset_occupancy"))
    assert state_of(hass, number) == "unknown"


@pytest.mark.usefixtures("all_entities_enabled")
async def test_silent_cameras(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A place with a silent camera is incomplete; with silent cameras only, it is unavailable."""
    await both(pusher, main=(5, 0), back=(1, 0))
    key = await add_place(hass, entry)
    await hass.async_block_till_done()
    await move_to(hass, noon, NOON + 4 * MINUTE)
    await pusher.push(measurement(NOON + 3 * MINUTE, 1))
    await move_to(hass, noon, NOON + 6 * MINUTE)
    assert (shown(hass, key, "occupancy"), shown(hass, key, "incomplete")) == ("7", "on")
    assert entity_of(hass, key, "incomplete") == "binary_sensor.shop_incomplete"
    incomplete = hass.states.get(entity_of(hass, key, "incomplete"))
    assert incomplete
    assert (incomplete.attributes["silent"], incomplete.attributes["missing"]) == (["Back door"], [])
    assert shown(hass, key, "complete_until") == "2026-09-16T10:00:00+00:00"
    await move_to(hass, noon, NOON + 20 * MINUTE)
    assert {shown(hass, key, name) for name in ("occupancy", "in_today", "occupied")} == {"unavailable"}
    assert shown(hass, key, "incomplete") == "on"
    # The occupancy can be set even so.
    await press(hass, "number", "set_value", entity_of(hass, key, "occupancy_correction"), value=3)
    noon.tick(MINUTE)
    await both(pusher, NOON + 21 * MINUTE, back=(2, 0))
    assert (shown(hass, key, "occupancy"), shown(hass, key, "incomplete")) == ("5", "off")


async def test_removed_door(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """An issue names the removed camera of a place until it is back or the place is changed."""
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
    # People who entered by the removed door are still inside.
    assert (shown(hass, key, "occupancy"), shown(hass, key, "incomplete")) == ("9", "on")
    issue_id = f"door_missing_{key}"
    assert active_issues(hass)[issue_id].translation_placeholders == {"name": "Shop", "place": "Shop", "cameras": BACK}
    await both(pusher, NOON + 6 * MINUTE)
    assert shown(hass, key, "incomplete") == "off"
    assert issue_id not in active_issues(hass)


@pytest.mark.usefixtures("noon", "all_entities_enabled")
async def test_restart_with_a_door_that_never_came(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """After a restart with a new ledger, a place works although not all its doors have pushed."""
    await both(pusher, main=(5, 0))
    key = await add_place(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    delete_ledger(Path(hass.config.config_dir))
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
    """A place goes on with a ledger that was lost while running."""
    await both(pusher, main=(5, 0))
    key = await add_place(hass, entry)
    delete_ledger(Path(hass.config.config_dir))
    noon.tick(MINUTE)
    await both(pusher, NOON + MINUTE, back=(4, 0))
    assert shown(hass, key, "occupancy") == "4"
    await press(hass, "number", "set_value", entity_of(hass, key, "occupancy_correction"), value=1)
    assert shown(hass, key, "occupancy") == "1"

"""The problem of a camera that counts nobody, or whose in and out drift apart: its binary sensor and its repairs."""

from datetime import datetime, timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.diagnostics import async_get_config_entry_diagnostics
from homeassistant.core import HomeAssistant

from .helpers.places import BACK_DOOR, press
from .helpers.pusher import SERIAL, Pusher, measurement, state_of
from .helpers.quiet_doors import (
    DAY,
    DRIFTED,
    HOUR,
    MIDNIGHT,
    NOBODY,
    PROBLEM,
    count_nobody,
    hours,
    look,
    open_for_weeks,
)
from .helpers.repairs import Repairs, placeholders
from .helpers.replacing import NEW_SENSOR, replace

pytestmark = pytest.mark.usefixtures("socket_enabled", "pages")

MINUTE: Final = timedelta(minutes=1)
LAST_PERSON: Final = MIDNIGHT - 4 * HOUR
NOON_OF_SECOND_DAY: Final = MIDNIGHT + DAY + 12 * HOUR


async def cover(hass: HomeAssistant, clock: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Have a camera count for eight weeks, and then be covered for one and a half days."""
    clock.move_to(MIDNIGHT)
    await open_for_weeks(pusher)
    await count_nobody(hass, clock, pusher, MIDNIGHT, NOON_OF_SECOND_DAY)


async def test_covered_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """After a usual day and a part of the next one without anybody, there is a problem; the next person ends it."""
    noon.move_to(MIDNIGHT)
    await open_for_weeks(pusher)
    assert state_of(hass, PROBLEM) == "off"
    # Ten o'clock: two of the three hours that aren't likely.
    await count_nobody(hass, noon, pusher, MIDNIGHT, MIDNIGHT + DAY + 10 * HOUR)
    assert state_of(hass, PROBLEM) == "off"
    assert not repairs.issues
    await count_nobody(hass, noon, pusher, MIDNIGHT + DAY + 10 * HOUR, NOON_OF_SECOND_DAY)
    assert state_of(hass, PROBLEM) == "on"
    assert {*repairs.issues} == {NOBODY}
    shown = placeholders(repairs.issues[NOBODY])
    assert (shown["name"], shown["since"], shown["people"]) == ("Main entrance", "2026-09-15 20:00", "240")
    await pusher.push(measurement(NOON_OF_SECOND_DAY, 1))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, PROBLEM) == "off"
    assert not repairs.issues


async def test_further_zeros(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """The problem goes on, and the repair stays as it is, while nobody is counted."""
    await cover(hass, noon, pusher)
    before = repairs.issues[NOBODY]
    await count_nobody(hass, noon, pusher, NOON_OF_SECOND_DAY, MIDNIGHT + 20 * DAY)
    assert state_of(hass, PROBLEM) == "on"
    assert repairs.issues[NOBODY] == before


async def test_holiday(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs) -> None:
    """A day without anybody may be a holiday, and so may each of two that aren't together."""
    noon.move_to(MIDNIGHT)
    await open_for_weeks(pusher)
    await count_nobody(hass, noon, pusher, MIDNIGHT, MIDNIGHT + DAY + 8 * HOUR)
    assert not repairs.issues
    noon.move_to(MIDNIGHT + 2 * DAY)
    await pusher.push(*hours(MIDNIGHT + DAY + 8 * HOUR, MIDNIGHT + 2 * DAY, 10, 10))
    await count_nobody(hass, noon, pusher, MIDNIGHT + 2 * DAY, MIDNIGHT + 3 * DAY + 8 * HOUR)
    assert not repairs.issues
    assert state_of(hass, PROBLEM) == "off"


async def test_silent_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """A camera that sends nothing has another problem: it isn't connected."""
    noon.move_to(MIDNIGHT)
    await open_for_weeks(pusher)
    await look(hass, noon, MIDNIGHT + 10 * DAY)
    assert {*repairs.issues} == {f"camera_silent_{SERIAL}"}
    assert state_of(hass, PROBLEM) == "off"
    # The camera sends an hour of zeros now; in the days before, people may have passed.
    await pusher.push(measurement(MIDNIGHT + 10 * DAY - HOUR, minutes=60))
    await look(hass, noon, MIDNIGHT + 10 * DAY + 61 * MINUTE)
    assert not repairs.issues


async def test_late_counts(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs) -> None:
    """A late push that brings people into the time without anybody ends the problem; one with older people doesn't."""
    await cover(hass, noon, pusher)
    await pusher.push(measurement(LAST_PERSON - HOUR, 12, 10, minutes=60))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {*repairs.issues} == {NOBODY}
    await pusher.push(measurement(MIDNIGHT + DAY + 9 * HOUR, 1, minutes=60))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not repairs.issues
    assert state_of(hass, PROBLEM) == "off"


async def test_restart(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """After a restart, it is unknown whether there is a problem until the counts have been looked at."""
    await cover(hass, noon, pusher)
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(hass, PROBLEM) == "unknown"
    await look(hass, noon, NOON_OF_SECOND_DAY + 63 * MINUTE)
    assert state_of(hass, PROBLEM) == "on"
    assert {*repairs.issues} == {NOBODY}


async def test_restart_after_months(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """A camera that has counted nobody for half a year isn't forgotten."""
    await cover(hass, noon, pusher)
    end = MIDNIGHT + 180 * DAY
    for days in range(0, 180, 60):
        noon.move_to(MIDNIGHT + (days + 60) * DAY)
        await pusher.push(*hours(MIDNIGHT + days * DAY, MIDNIGHT + (days + 60) * DAY))
    await hass.config_entries.async_reload(entry.entry_id)
    await look(hass, noon, end + 2 * MINUTE)
    assert state_of(hass, PROBLEM) == "on"
    assert placeholders(repairs.issues[NOBODY])["since"] == "2026-09-15 20:00"


@pytest.mark.parametrize("weeks", [2, 0])
async def test_new_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, weeks: int
) -> None:
    """A camera with little history isn't judged, nor is one that has never counted anybody."""
    noon.move_to(MIDNIGHT)
    await open_for_weeks(pusher, weeks, until=MIDNIGHT)
    await count_nobody(hass, noon, pusher, MIDNIGHT, MIDNIGHT + 7 * DAY)
    assert not repairs.issues
    assert state_of(hass, PROBLEM) == "off"


async def test_removed_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The repair ends with the camera. If the camera comes back, so does its problem."""
    await cover(hass, noon, pusher)
    await entry.runtime_data.async_remove_camera(SERIAL)
    assert not repairs.issues
    await look(hass, noon, NOON_OF_SECOND_DAY + 4 * HOUR)
    assert not repairs.issues
    await pusher.push(*hours(NOON_OF_SECOND_DAY, NOON_OF_SECOND_DAY + 4 * HOUR))
    await look(hass, noon, NOON_OF_SECOND_DAY + 6 * HOUR)
    assert {*repairs.issues} == {NOBODY}


async def test_replaced_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """A new camera that counts nobody is compared with the history of the door."""
    noon.move_to(MIDNIGHT)
    await open_for_weeks(pusher)
    await look(hass, noon, MIDNIGHT + 5 * HOUR)
    await pusher.push(measurement(MIDNIGHT + 4 * HOUR, minutes=60), sensor=NEW_SENSOR)
    await replace(hass, entry)
    noon.move_to(NOON_OF_SECOND_DAY)
    await pusher.push(*hours(MIDNIGHT + 5 * HOUR, NOON_OF_SECOND_DAY), sensor=NEW_SENSOR)
    await look(hass, noon, NOON_OF_SECOND_DAY + 61 * MINUTE)
    assert {*repairs.issues} == {NOBODY}
    assert state_of(hass, PROBLEM) == "on"
    await pusher.push(measurement(NOON_OF_SECOND_DAY, 1), sensor=NEW_SENSOR)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not repairs.issues


async def test_problem_of_one_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """Another camera has its own history."""
    noon.move_to(MIDNIGHT)
    await open_for_weeks(pusher)
    noon.move_to(NOON_OF_SECOND_DAY)
    await pusher.push(*hours(MIDNIGHT - 40 * DAY, NOON_OF_SECOND_DAY, 10, 10), sensor=BACK_DOOR)
    await count_nobody(hass, noon, pusher, MIDNIGHT, NOON_OF_SECOND_DAY)
    assert {*repairs.issues} == {NOBODY}
    assert state_of(hass, PROBLEM) == "on"
    assert state_of(hass, "binary_sensor.back_door_counting_problem") == "off"


async def test_ledger_that_fails(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The problem stays as it is while the ledger can't be read."""
    await cover(hass, noon, pusher)
    entry.runtime_data.ledger.close().result()
    await look(hass, noon, NOON_OF_SECOND_DAY + 4 * HOUR)
    assert NOBODY in repairs.issues


async def test_diagnostics(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The diagnostics contain the figures of the rule, once a camera has been looked at."""

    async def figures() -> Any:
        return (await async_get_config_entry_diagnostics(hass, entry))["cameras"][0]["counting_check"]

    noon.move_to(MIDNIGHT)
    await open_for_weeks(pusher)
    assert await figures() is None
    await count_nobody(hass, noon, pusher, MIDNIGHT, NOON_OF_SECOND_DAY)
    assert await figures() == {
        "last_hour_with_people": LAST_PERSON - HOUR,
        "usual_people_a_day": 240,
        "longest_without_people": 0,
        "has_opening_hours": False,
        "limit": 80,
        "missed_people": 80,
        "nobody": True,
        "drift": None,
    }


# Drift


async def lose_direction(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, pusher: Pusher, days: int = 3, *, weeks: int = 8
) -> None:
    """Have a camera count for weeks, and then nobody out for some days."""
    clock.move_to(MIDNIGHT)
    await open_for_weeks(pusher, weeks)
    await count_days(hass, clock, pusher, MIDNIGHT, days, 10, 0)


async def count_days(
    hass: HomeAssistant,
    clock: FrozenDateTimeFactory,
    pusher: Pusher,
    start: datetime,
    days: int,
    *people: int,
) -> None:
    """Have a camera count for some more days, and an hour of the next one."""
    clock.move_to(end := start + days * DAY + HOUR)
    await pusher.push(*hours(start, end, *people))
    await look(hass, clock, end + 61 * MINUTE)


async def test_drift(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs) -> None:
    """Three days without anybody out are a problem; a normal day ends it."""
    await lose_direction(hass, noon, pusher, 2)
    assert not repairs.issues
    await count_days(hass, noon, pusher, MIDNIGHT + 2 * DAY, 1, 10, 0)
    assert {*repairs.issues} == {DRIFTED}
    assert state_of(hass, PROBLEM) == "on"
    flow = await repairs.open(DRIFTED)
    text = repairs.text(flow)
    assert "Since 2026-09-16, Main entrance (" in text
    assert "has counted this many people: 360 in, 0 out. So 100 % of all people came in. Before, it was 50 %." in text
    await repairs.close(flow)
    await count_days(hass, noon, pusher, MIDNIGHT + 3 * DAY, 1, 10, 10)
    assert not repairs.issues
    assert state_of(hass, PROBLEM) == "off"


async def test_drift_of_a_camera_in_another_zone(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """The first day of a drift is one of the camera's own days."""
    await hass.config.async_set_time_zone("America/New_York")
    await lose_direction(hass, noon, pusher)
    assert placeholders(repairs.issues[DRIFTED])["date"] == "2026-09-16"


async def test_drift_after_a_restart(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The repair can be opened before the first check, and doesn't say that all is well."""
    await lose_direction(hass, noon, pusher)
    await hass.config_entries.async_reload(entry.entry_id)
    flow = await repairs.open(DRIFTED)
    assert "360 in, 0 out" in repairs.text(flow)


async def test_drift_of_a_reversed_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """The numbers are in the direction that is set. Setting it makes no difference to the problem."""
    await lose_direction(hass, noon, pusher)
    await press(hass, "switch", "turn_on", "switch.main_entrance_reverse_direction")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert DRIFTED in repairs.issues
    shown = placeholders(repairs.issues[DRIFTED])
    assert (shown["entered"], shown["exited"], shown["part"], shown["part_before"]) == ("0", "360", "0", "50")


async def test_drift_is_confirmed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """A person who says that it is right isn't asked again, until it changes once more after some weeks."""
    await lose_direction(hass, noon, pusher)
    flow = await repairs.submit(await repairs.open(DRIFTED))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (flow["type"], flow["description"]) == ("create_entry", "confirmed")
    assert entry.options["confirmed_parts"] == {SERIAL: int(MIDNIGHT.timestamp())}
    assert not repairs.issues
    assert state_of(hass, PROBLEM) == "off"
    await hass.config_entries.async_reload(entry.entry_id)
    await count_days(hass, noon, pusher, MIDNIGHT + 3 * DAY, 27, 10, 0)
    assert not repairs.issues
    await count_days(hass, noon, pusher, MIDNIGHT + 30 * DAY, 3, 10, 10)
    assert {*repairs.issues} == {DRIFTED}
    assert placeholders(repairs.issues[DRIFTED])["part_before"] == "100"


async def test_two_windows(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """A window that is open when the problem ends says so, and so does one of a removed camera."""
    await lose_direction(hass, noon, pusher)
    first, second, third = [await repairs.open(DRIFTED) for _ in range(3)]
    await repairs.submit(first)
    end = await repairs.submit(second)
    assert (end["type"], end["reason"]) == ("abort", "nothing_left")
    await entry.runtime_data.async_remove_camera(SERIAL)
    end = await repairs.submit(third)
    assert (end["type"], end["reason"]) == ("abort", "nothing_left")


async def test_both_problems(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """A camera that has drifted may be covered after that; the next person ends only this problem."""
    await lose_direction(hass, noon, pusher)
    start = MIDNIGHT + 3 * DAY
    await count_nobody(hass, noon, pusher, start, start + DAY + 14 * HOUR)
    assert {*repairs.issues} == {DRIFTED, NOBODY}
    await pusher.push(measurement(start + DAY + 14 * HOUR, 1))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {*repairs.issues} == {DRIFTED}
    assert state_of(hass, PROBLEM) == "on"


async def test_drift_with_little_history(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """Two weeks are too little."""
    await lose_direction(hass, noon, pusher, weeks=2)
    assert not repairs.issues

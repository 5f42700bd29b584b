"""The day of a camera and the daily reset of occupancy, also when summer time begins and ends."""

from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from .helpers.clock import move_to
from .helpers.pusher import Pusher, measurement, state_of

IN_TODAY = "sensor.main_entrance_in_today"
OCCUPANCY = "sensor.main_entrance_occupancy"
MINUTE = timedelta(minutes=1)


async def report(pusher: Pusher, freezer: FrozenDateTimeFactory, until: str, entered: int, exited: int = 0) -> None:
    """Push, at this time, the minute that ends then."""
    freezer.move_to(until)
    await pusher.push(measurement(datetime.fromisoformat(until) - MINUTE, entered, exited))


async def test_day_ends_by_itself(hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """At the camera's midnight today's counts and the occupancy become zero, without a push."""
    await report(pusher, freezer, "2026-09-16T21:59:00Z", 4)
    await move_to(hass, freezer, "2026-09-16T21:59:59Z")
    assert state_of(hass, IN_TODAY) == "4"
    await move_to(hass, freezer, "2026-09-16T22:00:00Z")
    assert state_of(hass, IN_TODAY) == "0"
    assert state_of(hass, OCCUPANCY) == "0"
    assert state_of(hass, "sensor.main_entrance_in_total") == "4"
    state = hass.states.get(IN_TODAY)
    assert state
    assert state.attributes["last_reset"] == "2026-09-16T22:00:00+00:00"


async def test_last_minute_of_a_day_arrives_after_midnight(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """A late interval counts on the day on which the people passed."""
    freezer.move_to("2026-09-16T22:00:20Z")
    await pusher.push(measurement(datetime.fromisoformat("2026-09-16T21:59:00Z"), 4))
    assert state_of(hass, IN_TODAY) == "0"
    assert state_of(hass, OCCUPANCY) == "0"
    assert state_of(hass, "sensor.main_entrance_in_total") == "4"


async def test_interval_across_midnight(hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """An interval counts only on the day on which it begins."""
    freezer.move_to("2026-09-16T22:10:00Z")
    adults = (3, 1)
    await pusher.push(measurement(datetime.fromisoformat("2026-09-16T21:55:00Z"), 4, 2, minutes=15, adults=adults))
    for key in ("in", "out", "adults_in", "adults_out"):
        assert state_of(hass, f"sensor.main_entrance_{key}_today") == "0"
    assert state_of(hass, "sensor.main_entrance_in_total") == "4"


@pytest.mark.parametrize(
    ("time_zone", "in_today"),
    [
        # At 10:00 UTC, one, two, four and eight people have entered at 18:20, 22:30, 02:30 and 09:30 UTC.
        ("Europe/Stockholm", "14"),
        ("Asia/Kolkata", "14"),
        ("America/New_York", "8"),
        ("Asia/Tokyo", "15"),
        ("Pacific/Auckland", "15"),
        ("Pacific/Honolulu", "0"),
        # If the zone is unknown, Home Assistant's is used: US/Pacific, where the day began at 07:00 UTC.
        (None, "8"),
        ("Middle-earth/Shire", "8"),
        ("../../../etc/localtime", "8"),
        ("Europe", "8"),
        ("", "8"),
    ],
)
async def test_day_is_the_cameras(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, time_zone: str | None, in_today: str
) -> None:
    """Today is the day in the camera's time zone."""
    times = ("2026-09-15T18:20:00Z", "2026-09-15T22:30:00Z", "2026-09-16T02:30:00Z", "2026-09-16T09:30:00Z")
    await pusher.push(
        *(measurement(datetime.fromisoformat(at), 2**power) for power, at in enumerate(times)),
        measurement(datetime.fromisoformat("2026-09-16T09:59:00Z")),
        sensor={"timeZone": time_zone},
    )
    assert state_of(hass, IN_TODAY) == in_today


async def test_changed_time_zone(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A camera with a changed time zone has another day at once."""
    times = ("2026-09-15T23:00:00Z", "2026-09-16T09:59:00Z")
    await pusher.push(*(measurement(datetime.fromisoformat(at), 4 if at < times[1] else 0) for at in times))
    assert state_of(hass, IN_TODAY) == "4"
    noon.tick(MINUTE)
    await pusher.push(sensor={"timeZone": None, "timezone": "America/New_York"})
    assert state_of(hass, IN_TODAY) == "0"


async def test_short_day_in_spring(hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The day on which summer time begins has 23 hours: from 23:00 UTC to 22:00 UTC."""
    await report(pusher, freezer, "2026-03-28T23:00:00Z", 1)
    await report(pusher, freezer, "2026-03-28T23:01:00Z", 2)
    assert state_of(hass, IN_TODAY) == "2"
    await report(pusher, freezer, "2026-03-29T21:59:00Z", 4)
    assert state_of(hass, IN_TODAY) == "6"
    await report(pusher, freezer, "2026-03-29T22:01:00Z", 8)
    assert state_of(hass, IN_TODAY) == "8"


async def test_long_day_in_autumn(hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The day on which summer time ends has 25 hours, from 22:00 UTC to 23:00 UTC."""
    await report(pusher, freezer, "2026-10-24T22:01:00Z", 1)
    await report(pusher, freezer, "2026-10-25T00:31:00Z", 2)
    await report(pusher, freezer, "2026-10-25T01:31:00Z", 4)
    assert state_of(hass, IN_TODAY) == "7"
    await report(pusher, freezer, "2026-10-25T22:30:00Z", 8)
    assert state_of(hass, IN_TODAY) == "15"
    await move_to(hass, freezer, "2026-10-25T23:00:00Z")
    assert state_of(hass, IN_TODAY) == "0"


@pytest.mark.parametrize(
    ("reset_time", "before", "at"),
    [
        ("04:30:00", "2026-09-16T02:29:59Z", "2026-09-16T02:30:00Z"),
        # 02:30 doesn't exist on this day: the clock goes from 02:00 to 03:00 at 01:00 UTC.
        ("02:30:00", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"),
        # 02:30 occurs twice on this day: at 00:30 UTC and at 01:30 UTC.
        ("02:30:00", "2026-10-25T00:29:59Z", "2026-10-25T00:30:00Z"),
    ],
)
async def test_reset_time(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    reset_time: str,
    before: str,
    at: str,
) -> None:
    """Occupancy is reset once a day at the chosen local time; today's counts are not."""
    hass.config_entries.async_update_entry(entry, options={"reset_time": reset_time, "keep_days": 400})
    await hass.async_block_till_done()
    await report(pusher, freezer, before, 5)
    freezer.move_to(before)
    assert state_of(hass, OCCUPANCY) == "5"
    await move_to(hass, freezer, at)
    assert state_of(hass, OCCUPANCY) == "0"
    assert state_of(hass, IN_TODAY) == "5"

    # People who enter later are counted until the next reset, also through an hour that occurs twice.
    reset = datetime.fromisoformat(at)
    await report(pusher, freezer, (reset + 2 * MINUTE).isoformat(), 3)
    assert state_of(hass, OCCUPANCY) == "3"
    later = reset + timedelta(hours=3)
    await report(pusher, freezer, later.isoformat(), 1)
    assert state_of(hass, OCCUPANCY) == "4"


async def test_correction_ends_with_the_reset(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """A correction lasts until the next reset."""
    await report(pusher, freezer, "2026-09-16T20:00:00Z", 1)
    await hass.services.async_call(
        "axis_people_counter", "set_occupancy", {"value": 9}, blocking=True, target={"entity_id": OCCUPANCY}
    )
    assert state_of(hass, OCCUPANCY) == "9"
    await move_to(hass, freezer, "2026-09-16T22:00:00Z")
    await report(pusher, freezer, "2026-09-16T22:01:00Z", 1)
    assert state_of(hass, OCCUPANCY) == "1"

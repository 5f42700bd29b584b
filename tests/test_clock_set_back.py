"""Home Assistant starts with a clock that is ahead, as without a battery, and the clock is set right later."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .helpers.clock import move_to
from .helpers.opening import SCHEDULE, ShopSchedule, settle
from .helpers.places import NOON, add_place, shown
from .helpers.pusher import SERIAL, Pusher, document, measurement, state_of
from .helpers.recorder_statistics import rows

MINUTE: Final = timedelta(minutes=1)
MONTHS: Final = timedelta(days=80)
# A camera that is silent for less than a day may have been missed while Home Assistant was off.
HOURS: Final = timedelta(hours=20)


async def start_again(hass: HomeAssistant, entry: MockConfigEntry, clock: FrozenDateTimeFactory, at: datetime) -> None:
    """Start at an instant, as Home Assistant does after a power cut."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    clock.move_to(at)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)


async def set_back(hass: HomeAssistant, clock: FrozenDateTimeFactory, at: datetime) -> None:
    """Set the clock to an earlier instant; a minute later, timers have come as if it hadn't been."""
    before = dt_util.utcnow()
    clock.move_to(at)
    async_fire_time_changed(hass, before + MINUTE)
    await settle(hass)


async def push_minutes(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, pusher: Pusher, start: datetime, minutes: int
) -> None:
    """Count a person in each minute."""
    for minute in range(minutes):
        await move_to(hass, clock, start + (minute + 1) * MINUTE)
        await settle(hass)
        await pusher.push(measurement(start + minute * MINUTE, 1))
        await settle(hass)


@pytest.mark.usefixtures("recorder_mock", "schedules_and_calendars")
@pytest.mark.parametrize("ahead", [MONTHS, HOURS, timedelta()], ids=["months", "hours", "right"])
async def test_everything_goes_on(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    schedule: ShopSchedule,
    ahead: timedelta,
) -> None:
    """Statistics, opening hours, state classes and silence follow the clock that was set right."""
    await schedule.add(("08:00", "18:00"))
    await pusher.push(measurement(NOON - MINUTE, 5))
    shop = await add_place(hass, entry, (SERIAL,), opening_hours=SCHEDULE)
    await start_again(hass, entry, noon, NOON + ahead)
    # A camera with the right time is refused as long as the clock is wrong.
    answer = await pusher.post(document(measurement(NOON, 1), sent=NOON + MINUTE))
    assert answer.status == (HTTPStatus.SERVICE_UNAVAILABLE if ahead else HTTPStatus.OK)
    await set_back(hass, noon, NOON)
    await push_minutes(hass, noon, pusher, NOON, 20)
    assert shown(hass, shop, "visitors_today") == "25"
    assert [(row["start"], row["sum"]) for row in await rows(hass, "in")][-1] == (NOON, pytest.approx(22, abs=3))
    total = hass.states.get("sensor.main_entrance_in_total")
    assert total
    assert (total.state, total.attributes.get("state_class")) == ("25", "total")
    await move_to(hass, noon, NOON + 40 * MINUTE)
    await settle(hass)
    assert state_of(hass, "binary_sensor.main_entrance_connectivity") == "off"


@pytest.mark.usefixtures("schedules_and_calendars")
async def test_days_to_come_are_not_fixed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule
) -> None:
    """Opening hours that were fixed by the wrong clock change with the schedule; those before now stay."""
    await schedule.add(("08:00", "18:00"))
    await pusher.push(measurement(NOON - MINUTE, 5))
    shop = await add_place(hass, entry, (SERIAL,), opening_hours=SCHEDULE)
    await start_again(hass, entry, noon, NOON + MONTHS)
    await set_back(hass, noon, NOON)
    await push_minutes(hass, noon, pusher, NOON, 2)
    await schedule.change(("16:00", "18:00"))
    # Two minutes of today were open, and the next two aren't.
    await push_minutes(hass, noon, pusher, NOON + 2 * MINUTE, 2)
    assert shown(hass, shop, "visitors_today") == "7"
    tomorrow = NOON + timedelta(days=1)
    await push_minutes(hass, noon, pusher, tomorrow, 2)
    assert (shown(hass, shop, "in_today"), shown(hass, shop, "visitors_today")) == ("2", "0")


async def test_small_steps(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A clock that is set back by minutes, or forward, needs nothing."""
    before = entry.runtime_data
    await set_back(hass, noon, NOON - 4 * MINUTE)
    await move_to(hass, noon, NOON + MONTHS)
    await settle(hass)
    assert entry.runtime_data is before

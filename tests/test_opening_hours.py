"""The opening hours of a place, from a schedule or a calendar, and what is remembered of them."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.counting import OpenDay
from custom_components.axis_people_counter.opening_hours import async_open_days
from homeassistant.core import HomeAssistant

from .helpers.clock import move_to
from .helpers.opening import SCHEDULE, ShopSchedule, settle
from .helpers.places import add_place, both
from .helpers.pusher import Pusher

STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")

pytestmark = pytest.mark.usefixtures("schedules_and_calendars")


async def add_shop(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, entity: str, **fields: str) -> str:
    """Add a shop with two doors and opening hours, and return its key."""
    await both(pusher)
    key = await add_place(hass, entry, opening_hours=entity, **fields)
    await settle(hass)
    return key


async def days(
    entry: MockConfigEntry, key: str, first: str, number: int = 1, zone: tzinfo = STOCKHOLM
) -> list[OpenDay]:
    """Return the hours of some local days."""
    start = datetime.combine(date.fromisoformat(first), datetime.min.time(), zone)
    end = datetime.combine(date.fromisoformat(first) + timedelta(number), datetime.min.time(), zone)
    return await async_open_days(entry.runtime_data.places[key], int(start.timestamp()), int(end.timestamp()))


async def opened(
    entry: MockConfigEntry, key: str, first: str, number: int = 1, zone: tzinfo = STOCKHOLM
) -> list[str | None]:
    """Return when a place is open on some local days."""

    def local(at: int) -> str:
        return datetime.fromtimestamp(at, zone).strftime("%H:%M")

    found = await days(entry, key, first, number, zone)
    return [
        None if day.spans is None else " ".join(f"{local(span.start)}-{local(span.end)}" for span in day.spans)
        for day in found
    ]


@pytest.mark.usefixtures("noon")
async def test_without_hours(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A place without opening hours is always open, also on the days when the clock changes."""
    await both(pusher)
    key = await add_place(hass, entry)
    assert [day.open_seconds for day in await days(entry, key, "2026-10-24", 3)] == [86_400, 90_000, 86_400]


@pytest.mark.usefixtures("noon")
async def test_schedule(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule) -> None:
    """A schedule is read by weekday, and may be open over midnight."""
    await schedule.add(("09:00", "18:00"), friday=[("09:00", "24:00")], saturday=[("00:00", "02:00")], sunday=[])
    key = await add_shop(hass, entry, pusher, SCHEDULE)
    # From a Wednesday on.
    assert await opened(entry, key, "2026-09-09", 6) == [
        "09:00-18:00",
        "09:00-18:00",
        "09:00-00:00",
        "00:00-02:00",
        "",
        "09:00-18:00",
    ]


async def test_change_of_the_schedule(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule, noon: FrozenDateTimeFactory
) -> None:
    """A changed schedule changes only what comes after now, and days that nobody has asked about."""
    await schedule.add(("09:00", "18:00"))
    key = await add_shop(hass, entry, pusher, SCHEDULE)
    assert await opened(entry, key, "2026-09-15") == ["09:00-18:00"]
    await schedule.change(("10:00", "11:00"), ("13:00", "20:00"))
    assert await opened(entry, key, "2026-09-14", 4) == [
        "10:00-11:00 13:00-20:00",
        "09:00-18:00",
        "09:00-12:00 13:00-20:00",
        "10:00-11:00 13:00-20:00",
    ]
    # What is over stays also after a restart, and while Home Assistant was off the new schedule was in force.
    assert await hass.config_entries.async_unload(entry.entry_id)
    await move_to(hass, noon, "2026-09-18T10:00:00Z")
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    await schedule.change()
    assert await opened(entry, key, "2026-09-15", 5) == [
        "09:00-18:00",
        "09:00-12:00 13:00-20:00",
        "10:00-11:00 13:00-20:00",
        "10:00-11:00",
        "",
    ]

"""The problem of a camera that counts nobody, at places with opening hours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from .helpers.opening import SCHEDULE, ShopSchedule
from .helpers.places import add_place
from .helpers.pusher import SERIAL, Pusher, state_of
from .helpers.quiet_doors import DAY, HOUR, MIDNIGHT, NOBODY, PROBLEM, count_nobody, look, open_for_weeks
from .helpers.repairs import Repairs

pytestmark = pytest.mark.usefixtures("socket_enabled", "pages", "schedules_and_calendars")

NOON_OF_SECOND_DAY: Final = MIDNIGHT + DAY + 12 * HOUR


@dataclass
class Door:
    """A door of a shop, whose camera is covered at midnight."""

    hass: HomeAssistant
    clock: FrozenDateTimeFactory
    entry: MockConfigEntry
    pusher: Pusher
    repairs: Repairs

    async def count_people(self) -> None:
        """Let the camera count for weeks, until midnight."""
        await open_for_weeks(self.pusher)

    async def count_nobody(self, start: datetime, end: datetime) -> set[str]:
        """Let the covered camera count for a while; return the repairs after that."""
        await count_nobody(self.hass, self.clock, self.pusher, start, end)
        return {*self.repairs.issues}

    async def add_place(self, **fields: str) -> None:
        """Add a place that has only this door."""
        await add_place(self.hass, self.entry, (SERIAL,), **fields)


@pytest.fixture
def door(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> Door:
    """Return the door at midnight; its camera hasn't counted yet."""
    noon.move_to(MIDNIGHT)
    return Door(hass, noon, entry, pusher, repairs)


async def test_opening_hours(door: Door, schedule: ShopSchedule) -> None:
    """With opening hours, a third of a usual day is enough; the time before opening has no length."""
    await schedule.add(("08:00", "20:00"))
    await door.count_people()
    await door.add_place(opening_hours=SCHEDULE)
    # Ten o'clock in Stockholm: two of the four open hours that aren't likely.
    assert await door.count_nobody(MIDNIGHT, MIDNIGHT + 10 * HOUR) == set()
    assert await door.count_nobody(MIDNIGHT + 10 * HOUR, MIDNIGHT + 12 * HOUR) == {NOBODY}
    assert state_of(door.hass, PROBLEM) == "on"


async def test_closed_days(door: Door, schedule: ShopSchedule) -> None:
    """A door of several places is open while any of them is; days on which all are closed are no problem."""
    await schedule.add(("08:00", "20:00"))
    await door.count_people()
    await door.add_place(opening_hours=SCHEDULE)
    await door.add_place(name="Building", opening_hours=SCHEDULE)
    # The calendar of the shop says that it is closed from now on.
    await look(door.hass, door.clock, MIDNIGHT + 2 * HOUR)
    await schedule.change(("23:00", "23:15"))
    assert await door.count_nobody(MIDNIGHT, MIDNIGHT + 5 * DAY) == set()


async def test_place_that_never_closes(door: Door, schedule: ShopSchedule) -> None:
    """A door that is also one of a place without opening hours is judged as one without: this may be a holiday."""
    await schedule.add(("23:00", "23:15"))
    await door.count_people()
    await door.add_place(opening_hours=SCHEDULE)
    await door.add_place(name="Building")
    assert await door.count_nobody(MIDNIGHT, MIDNIGHT + 20 * HOUR) == set()
    assert await door.count_nobody(MIDNIGHT + 20 * HOUR, NOON_OF_SECOND_DAY) == {NOBODY}


async def test_unknown_opening_hours(door: Door) -> None:
    """While opening hours can't be read, the door is judged as one without."""
    await door.count_people()
    await door.add_place(opening_hours=SCHEDULE)
    # Another repair says that there is no such schedule.
    assert NOBODY not in await door.count_nobody(MIDNIGHT, MIDNIGHT + 12 * HOUR)
    assert NOBODY in await door.count_nobody(MIDNIGHT + 12 * HOUR, NOON_OF_SECOND_DAY)

"""The problem of a camera that counts nobody, at places with opening hours."""

from collections.abc import AsyncIterator
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.core import HomeAssistant

from .helpers.opening import SCHEDULE, ShopSchedule, prepare_opening_hours
from .helpers.places import add_place
from .helpers.pusher import SERIAL, Pusher, state_of
from .helpers.quiet_doors import DAY, HOUR, MIDNIGHT, NOBODY, PROBLEM, count_nobody, look, open_for_weeks
from .helpers.repairs import Repairs

pytestmark = pytest.mark.usefixtures("socket_enabled", "pages", "schedules")

NOON_OF_SECOND_DAY: Final = MIDNIGHT + DAY + 12 * HOUR


@pytest.fixture
async def schedules(noon: FrozenDateTimeFactory, hass: HomeAssistant) -> None:
    """Let Home Assistant have schedules."""
    await prepare_opening_hours(hass)


@pytest.fixture
async def schedule(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> AsyncIterator[ShopSchedule]:
    """Return a schedule that isn't there yet, and delete it in the end."""
    schedule = ShopSchedule(hass, hass_ws_client)
    yield schedule
    if schedule.exists:
        await schedule.delete()


async def test_opening_hours(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    schedule: ShopSchedule,
) -> None:
    """With opening hours, a third of a usual day is enough; the time before opening has no length."""
    noon.move_to(MIDNIGHT)
    await schedule.add(("08:00", "20:00"))
    await open_for_weeks(pusher)
    await add_place(hass, entry, (SERIAL,), opening_hours=SCHEDULE)
    # Ten o'clock in Stockholm: two of the four open hours that aren't likely.
    await count_nobody(hass, noon, pusher, MIDNIGHT, MIDNIGHT + 10 * HOUR)
    assert not repairs.issues
    await count_nobody(hass, noon, pusher, MIDNIGHT + 10 * HOUR, MIDNIGHT + 12 * HOUR)
    assert {*repairs.issues} == {NOBODY}
    assert state_of(hass, PROBLEM) == "on"


async def test_closed_days(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    schedule: ShopSchedule,
) -> None:
    """A door of several places is open while any of them is; days on which all are closed are no problem."""
    noon.move_to(MIDNIGHT)
    await schedule.add(("08:00", "20:00"))
    await open_for_weeks(pusher)
    await add_place(hass, entry, (SERIAL,), opening_hours=SCHEDULE)
    await add_place(hass, entry, (SERIAL,), name="Building", opening_hours=SCHEDULE)
    # The calendar of the shop says that it is closed from now on.
    await look(hass, noon, MIDNIGHT + 2 * HOUR)
    await schedule.change(("23:00", "23:15"))
    await count_nobody(hass, noon, pusher, MIDNIGHT, MIDNIGHT + 5 * DAY)
    assert not repairs.issues


async def test_place_that_never_closes(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    schedule: ShopSchedule,
) -> None:
    """A door that is also one of a place without opening hours is judged as one without: this may be a holiday."""
    noon.move_to(MIDNIGHT)
    await schedule.add(("23:00", "23:15"))
    await open_for_weeks(pusher)
    await add_place(hass, entry, (SERIAL,), opening_hours=SCHEDULE)
    await add_place(hass, entry, (SERIAL,), name="Building")
    await count_nobody(hass, noon, pusher, MIDNIGHT, MIDNIGHT + 20 * HOUR)
    assert not repairs.issues
    await count_nobody(hass, noon, pusher, MIDNIGHT + 20 * HOUR, NOON_OF_SECOND_DAY)
    assert {*repairs.issues} == {NOBODY}


async def test_unknown_opening_hours(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
) -> None:
    """While opening hours can't be read, the door is judged as one without."""
    noon.move_to(MIDNIGHT)
    await open_for_weeks(pusher)
    await add_place(hass, entry, (SERIAL,), opening_hours=SCHEDULE)
    await count_nobody(hass, noon, pusher, MIDNIGHT, MIDNIGHT + 12 * HOUR)
    assert not repairs.issues
    await count_nobody(hass, noon, pusher, MIDNIGHT + 12 * HOUR, NOON_OF_SECOND_DAY)
    assert {*repairs.issues} == {NOBODY}

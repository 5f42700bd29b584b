"""The visitors of a place: who came in during its opening hours, and who at other times."""

from datetime import UTC, datetime, timedelta
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from .helpers.asked_cameras import asked_camera
from .helpers.clock import move_to
from .helpers.live import open_door
from .helpers.opening import CALENDAR, SCHEDULE, ShopSchedule, add_calendar, settle
from .helpers.places import BACK, NOON, add_place, both, push_two_doors, shown
from .helpers.pusher import SERIAL, Document, Pusher, measurement

MINUTE: Final = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("all_entities_enabled", "schedules_and_calendars")


def at(time: str, entered: int, exited: int = 0, *, minutes: int = 1) -> Document:
    """Return the counts of an interval that begins at a time of the Wednesday, in Stockholm."""
    start = datetime.fromisoformat(f"2026-09-16T{time}:00+02:00").astimezone(UTC)
    return measurement(start, entered, exited, minutes=minutes)


def visitors(hass: HomeAssistant, key: str) -> tuple[str, str, str]:
    """Return the visitors, who came at other times, and all who came in."""
    visitors, outside, everyone = (
        shown(hass, key, name) for name in ("visitors_today", "visitors_outside_today", "in_today")
    )
    return visitors, outside, everyone


async def test_hours_of_a_schedule(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule
) -> None:
    """An interval counts as open if it begins while the place is open, at each door in the direction of the place."""
    await schedule.add(("09:00", "11:30"), ("11:45", "18:00"))
    await both(pusher)
    key = await add_place(hass, entry, (SERIAL,), (BACK,), opening_hours=SCHEDULE)
    await settle(hass)
    assert visitors(hass, key) == ("0", "0", "0")
    await push_two_doors(
        pusher,
        main=[at("08:59", 1), at("09:00", 10), at("11:25", 100, minutes=10), at("11:44", 3)],
        back=[at("08:00", 50, 7), at("11:46", 60, 1000)],
    )
    assert visitors(hass, key) == ("1110", "11", "1121")
    # A push that was late counts where it belongs.
    await push_two_doors(pusher, back=[at("08:30", 0, 20), at("10:30", 0, 5000)])
    assert visitors(hass, key) == ("6110", "31", "6141")


async def test_without_hours(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Without opening hours, all are visitors, and there is no entity for others."""
    await both(pusher, main=(3, 1), back=(2, 2))
    key = await add_place(hass, entry)
    assert shown(hass, key, "visitors_today") == "5"
    with pytest.raises(AssertionError):
        shown(hass, key, "visitors_outside_today")


async def test_unit_and_name(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule
) -> None:
    """The names and units say what is counted."""
    await schedule.add(("09:00", "18:00"))
    await both(pusher)
    await add_place(hass, entry, opening_hours=SCHEDULE)
    await settle(hass)
    names = {
        "sensor.shop_visitors_today": "Shop Visitors today",
        "sensor.shop_outside_opening_hours": "Shop Outside opening hours",
    }
    for entity_id, name in names.items():
        state = hass.states.get(entity_id)
        assert state
        assert (state.name, state.attributes["unit_of_measurement"]) == (name, "counted")
        assert "state_class" not in state.attributes


async def test_a_day_goes_by(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule, noon: FrozenDateTimeFactory
) -> None:
    """Visitors begin at zero at midnight, and are counted again from the opening on."""
    await schedule.add(("09:00", "18:00"))
    await both(pusher)
    key = await add_place(hass, entry, opening_hours=SCHEDULE)
    await settle(hass)
    found = {}
    for time in (
        "2026-09-16T17:58",
        "2026-09-16T17:59",
        "2026-09-16T18:00",
        "2026-09-16T23:59",
        "2026-09-17T08:58",
        "2026-09-17T08:59",
        "2026-09-17T09:00",
    ):
        start = datetime.fromisoformat(f"{time}:00+02:00").astimezone(UTC)
        await move_to(hass, noon, start + MINUTE)
        await settle(hass)
        await push_two_doors(pusher, main=[measurement(start, 1)], back=[measurement(start)])
        await settle(hass)
        found[time[8:]] = visitors(hass, key)
    assert found == {
        "16T17:58": ("1", "0", "1"),
        "16T17:59": ("2", "0", "2"),
        "16T18:00": ("2", "1", "3"),
        # This minute ends at midnight: the next day has begun when it is pushed.
        "16T23:59": ("0", "0", "0"),
        "17T08:58": ("0", "1", "1"),
        "17T08:59": ("0", "2", "2"),
        "17T09:00": ("1", "2", "3"),
    }


async def test_schedule_that_is_missing(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule
) -> None:
    """Visitors are unknown while the schedule isn't there, and right when it is back; all other counts go on."""
    await both(pusher, main=(4, 1))
    key = await add_place(hass, entry, opening_hours=SCHEDULE)
    await settle(hass)
    assert visitors(hass, key) == ("unknown", "unknown", "4")
    await schedule.add(("09:00", "18:00"))
    assert visitors(hass, key) == ("4", "0", "4")
    await schedule.delete()
    assert visitors(hass, key) == ("unknown", "unknown", "4")
    await schedule.add()
    # The hours until the deletion stay.
    assert visitors(hass, key) == ("4", "0", "4")
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert visitors(hass, key) == ("4", "0", "4")


async def test_calendar_that_is_unavailable(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A calendar may be unavailable, fail or be late; visitors are unknown then, and nothing else is."""
    calendar = await add_calendar(hass)
    calendar.error = ValueError("no answer")
    await both(pusher, main=(4, 1))
    key = await add_place(hass, entry, opening_hours=CALENDAR)
    await settle(hass)
    assert visitors(hass, key) == ("unknown", "unknown", "4")
    calendar.error = None
    await calendar.set_available(available=False)
    assert visitors(hass, key) == ("unknown", "unknown", "4")
    await calendar.set_available(available=True)
    assert visitors(hass, key) == ("0", "4", "4")


async def test_changed_while_open(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule, noon: FrozenDateTimeFactory
) -> None:
    """A place that closes early keeps its visitors of today."""
    await schedule.add(("09:00", "18:00"))
    await both(pusher, main=(4, 0))
    key = await add_place(hass, entry, opening_hours=SCHEDULE)
    await settle(hass)
    # Less time than between two looks at the schedule.
    await move_to(hass, noon, NOON + 10 * MINUTE)
    await both(pusher, NOON + 10 * MINUTE, main=(3, 0))
    await schedule.change(("17:00", "18:00"))
    assert visitors(hass, key) == ("7", "0", "7")
    await move_to(hass, noon, NOON + 12 * MINUTE)
    await both(pusher, NOON + 12 * MINUTE, main=(2, 0))
    assert visitors(hass, key) == ("7", "2", "9")


@pytest.mark.usefixtures("socket_enabled")
async def test_live_counts(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule, noon: FrozenDateTimeFactory
) -> None:
    """People who are counted live are visitors at once, or not, as the place is open or not."""
    await schedule.add(("09:00", "12:05"))
    async with asked_camera() as device:
        door = await open_door(hass, noon, entry, pusher, device)
        key = await add_place(hass, entry, (SERIAL,), opening_hours=SCHEDULE)
        await settle(hass)
        for _ in range(2):
            await door.go_on()
        door.enter(3, 0)
        await door.go_on()
        assert visitors(hass, key) == ("3", "0", "3")
        await door.go_on(400)
        await door.push()
        await settle(hass)
        assert visitors(hass, key) == ("3", "0", "3")
        await door.go_on()
        door.enter(2, 0)
        await door.go_on()
        assert visitors(hass, key) == ("3", "2", "5")

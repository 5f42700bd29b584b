"""The figures of the dashboards' own cards, asked for as a page of Home Assistant does."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.calendar import CalendarEvent
from homeassistant.core import HomeAssistant

from .helpers.get_counts import HOUR, hours
from .helpers.opening import CALENDAR, add_calendar, settle
from .helpers.pages import SendCommand
from .helpers.places import BACK_DOOR, NOON, add_place
from .helpers.pusher import SERIAL, Pusher, measurement

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
# Wednesday in Stockholm.
MIDNIGHT = datetime.fromisoformat("2026-09-15T22:00:00Z")

type Ask = Callable[..., Awaitable[Any]]

pytestmark = pytest.mark.usefixtures("send_command")


@pytest.fixture(autouse=True)
def now(request: pytest.FixtureRequest, freezer: FrozenDateTimeFactory) -> None:
    """Stop the clock at noon, unless a test names another time."""
    freezer.move_to(getattr(request, "param", NOON))


@pytest.fixture
async def ask(send_command: SendCommand, pusher: Pusher) -> Ask:
    """Return a function that asks for figures."""

    async def ask(kind: str, key: str = SERIAL, **fields: Any) -> Any:
        return await send_command("figures", kind=kind, key=key, **fields)

    return ask


async def test_comparison(pusher: Pusher, ask: Ask) -> None:
    """Compare today with the same weekday last week, up to the minute that has been reported."""
    last_week = hours(MIDNIGHT - WEEK, [1] * 24)
    # The first half of this hour is before the last report.
    last_week[11:12] = [
        measurement(MIDNIGHT - WEEK + 11 * HOUR + half * HOUR / 2, 100, minutes=30) for half in range(2)
    ]
    await pusher.push(*last_week)
    today = [*hours(MIDNIGHT, [3] * 11), measurement(MIDNIGHT + 11 * HOUR, 7, minutes=30)]
    await pusher.push(*today)
    assert await ask("comparison") == {
        "until": "2026-09-16T11:30:00",
        "today": 40,
        "last_week": 111,
        "complete": True,
    }


@pytest.mark.parametrize("now", ["2026-11-01T12:00:00Z"], indirect=True)
async def test_comparison_after_the_clock_changed(pusher: Pusher, ask: Ask) -> None:
    """Compare up to the same time on the clock, also where last week's day was an hour longer."""
    # Clocks went back on Sunday, 25 October.
    sunday = datetime.fromisoformat("2026-10-24T22:00:00Z")
    await pusher.push(*hours(sunday, [1] * 25))
    await pusher.push(*hours(datetime.fromisoformat("2026-10-31T23:00:00Z"), [2] * 13))
    assert await ask("comparison") == {
        "until": "2026-11-01T13:00:00",
        "today": 26,
        "last_week": 14,
        "complete": True,
    }


async def test_comparison_without_counts(pusher: Pusher, ask: Ask) -> None:
    """Compare nothing where there is nothing: before the first count of today, and with a week without counts."""
    await pusher.push(*hours(MIDNIGHT - DAY, [1] * 20))
    assert await ask("comparison") == {"until": None}
    await pusher.push(*hours(MIDNIGHT, [1]))
    assert await ask("comparison") == {
        "until": "2026-09-16T01:00:00",
        "today": 1,
        "last_week": None,
        "complete": False,
    }


@pytest.mark.parametrize("now", ["2026-09-16T21:58:00Z"], indirect=True)
async def test_comparison_with_a_fast_clock(pusher: Pusher, ask: Ask) -> None:
    """Compare today also where the camera's clock is already in the next day."""
    await pusher.push(*hours(MIDNIGHT - WEEK, [1] * 24))
    ahead = datetime.fromisoformat("2026-09-16T22:02:00Z")
    await pusher.push(*hours(MIDNIGHT, [2] * 23), measurement(ahead - HOUR, 5, minutes=60), sent=ahead)
    figures = await ask("comparison")
    assert (figures["until"], figures["today"], figures["last_week"]) == ("2026-09-16T23:58:00", 51, 24)


async def test_comparison_of_incomplete_days(pusher: Pusher, ask: Ask) -> None:
    """Show that counts are missing, so that nobody takes a gap for fewer visitors."""
    await pusher.push(*hours(MIDNIGHT - WEEK, [5]), *hours(MIDNIGHT - WEEK + 2 * HOUR, [5]))
    await pusher.push(*hours(MIDNIGHT, [3, 3, 3]))
    figures = await ask("comparison")
    assert (figures["today"], figures["last_week"], figures["complete"]) == (9, 10, False)


async def test_usual_week(pusher: Pusher, ask: Ask) -> None:
    """Average the hours of the last eight weeks that were counted completely; today doesn't count yet."""
    for week in (1, 2):
        await pusher.push(*hours(MIDNIGHT - week * WEEK + 9 * HOUR, [10 * week, 0]))
    # An older one, a part of an hour, and one of today.
    await pusher.push(*hours(MIDNIGHT - 9 * WEEK + 9 * HOUR, [1000]))
    await pusher.push(measurement(MIDNIGHT - DAY, 1000, minutes=30))
    await pusher.push(*hours(MIDNIGHT, [1000]))
    days = (await ask("usual_week"))["days"]
    assert [len(day) for day in days] == [24] * 7
    known = {(day, hour): people for day, of_day in enumerate(days) for hour, people in enumerate(of_day)}
    assert {time: people for time, people in known.items() if people is not None} == {(2, 9): 15, (2, 10): 0}


async def test_usual_week_of_a_place(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, ask: Ask) -> None:
    """Count a door from its first count on: before, the place isn't incomplete without it."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    await pusher.push(*hours(MIDNIGHT - 2 * WEEK, [4]), *hours(MIDNIGHT - WEEK, [6, 6]))
    await pusher.push(*hours(MIDNIGHT - WEEK, [14]), sensor=BACK_DOOR)
    key = await add_place(hass, entry)
    wednesday = (await ask("usual_week", key))["days"][2]
    # 4 people at one door and 20 at two; then the back door is missing.
    assert wednesday == [12] + [None] * 23


async def test_hours_of_a_day(pusher: Pusher, ask: Ask) -> None:
    """Return the hours of a day, those of today up to now."""
    await pusher.push(measurement(MIDNIGHT - DAY, 5, 2, minutes=60))
    await pusher.push(measurement(MIDNIGHT + HOUR, 3, minutes=60))
    figures = await ask("day")
    assert (figures["day"], figures["today"]) == ("2026-09-16", "2026-09-16")
    assert [hour["hour"] for hour in figures["hours"]] == [f"{hour:02}:00" for hour in range(12)]
    assert [hour["in"] for hour in figures["hours"]] == [0, 3] + [0] * 10
    yesterday = await ask("day", day="2026-09-15")
    assert len(yesterday["hours"]) == 24
    assert yesterday["hours"][0] == {"hour": "00:00", "in": 5, "out": 2, "is_counted": True}
    assert not any(hour["is_counted"] for hour in yesterday["hours"][1:])
    assert (await ask("day", day="2026-09-17"))["hours"] == []
    # Clocks went back at three.
    assert [hour["hour"] for hour in (await ask("day", day="2025-10-26"))["hours"]][1:4] == ["01:00", "02:00", "02:00"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "comparison", "key": "accc8e999999"}, "not_found"),
        ({"kind": "comparison", "key": "k" * 65}, "invalid_format"),
        ({"kind": "comparison", "key": None}, "invalid_format"),
        ({"kind": "other"}, "invalid_format"),
        ({"kind": "day", "day": "1999-12-31"}, "invalid_format"),
        ({"kind": "day", "day": "9999-12-31"}, "invalid_format"),
        ({"kind": "day", "day": ["2026-09-15"]}, "invalid_format"),
        ({"kind": "day", "more": 1}, "invalid_format"),
    ],
)
async def test_wrong_questions(pusher: Pusher, ask: Ask, fields: dict[str, Any], code: str) -> None:
    """Refuse questions that have no answer."""
    await pusher.push(measurement(NOON - HOUR))
    assert await ask(**fields) == code


async def test_not_ready(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, ask: Ask) -> None:
    """Answer that the integration isn't ready while it isn't loaded, and go on afterwards."""
    await pusher.push(measurement(NOON - HOUR))
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await ask("day") == "not_ready"
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert len((await ask("day"))["hours"]) == 12


@pytest.mark.usefixtures("noon", "schedules_and_calendars")
async def test_opening_hours(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, ask: Ask) -> None:
    """Leave the night out where a place has opening hours: a usual week has open hours only, a day begins with them."""
    # From ten to half past eleven and from one to two, but not on Tuesdays.
    opened = [(10.0, 11.5), (13.0, 14.0)]
    days = [MIDNIGHT - number * DAY for number in range(60) if (MIDNIGHT - number * DAY).weekday() != 0]
    await add_calendar(
        hass,
        *(CalendarEvent(day + start * HOUR, day + end * HOUR, "Open") for day in days for start, end in opened),
    )
    for day in (MIDNIGHT - WEEK, MIDNIGHT - DAY):
        await pusher.push(*hours(day, [7] * 10 + [3] * 4 + [7] * 10))
    await pusher.push(*hours(MIDNIGHT, [7] * 10 + [5]))
    key = await add_place(hass, entry, (SERIAL,), opening_hours=CALENDAR)
    await settle(hass)
    week = (await ask("usual_week", key))["days"]
    known = {(day, hour): people for day, of_day in enumerate(week) for hour, people in enumerate(of_day)}
    assert {time: people for time, people in known.items() if people is not None} == {
        (2, 10): 3,
        (2, 11): 3,
        (2, 13): 3,
    }
    last_week = await ask("day", key, day="2026-09-09")
    assert [hour["hour"] for hour in last_week["hours"]] == ["10:00", "11:00", "12:00", "13:00"]
    today = (await ask("day", key))["hours"]
    assert [(hour["hour"], hour["in"]) for hour in today] == [("10:00", 5), ("11:00", 0)]
    # The place is closed in the hour from twelve.
    assert sum(hour["in"] for hour in last_week["hours"]) == 12
    assert last_week["visitors"] == 9
    assert (await ask("day", key))["visitors"] == 5
    assert (await ask("day", key, day="2026-09-15"))["visitors"] == 0
    assert (await ask("day", SERIAL, day="2026-09-09"))["visitors"] == 152
    assert (await ask("day", key, day="2026-09-17"))["visitors"] == 0
    # On a day when the place is closed, and at a camera, all hours are shown.
    assert len((await ask("day", key, day="2026-09-15"))["hours"]) == 24
    assert len((await ask("day", SERIAL, day="2026-09-09"))["hours"]) == 24


@pytest.mark.usefixtures("noon")
async def test_unknown_opening_hours(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, ask: Ask) -> None:
    """Show the hours of a day, but no number of visitors, while it isn't known when the place is open."""
    await pusher.push(measurement(NOON - HOUR, 4, minutes=60))
    key = await add_place(hass, entry, (SERIAL,), opening_hours="schedule.missing")
    figures = await ask("day", key)
    assert sum(hour["in"] for hour in figures["hours"]) == 4
    assert figures["visitors"] is None

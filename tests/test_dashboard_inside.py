"""The chart of people inside in each open hour, asked for as a page of Home Assistant does."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from .helpers.get_counts import HOUR, hours
from .helpers.opening import SCHEDULE, ShopSchedule, prepare_opening_hours, settle
from .helpers.pages import SendCommand
from .helpers.places import BACK, BACK_DOOR, add_place
from .helpers.pusher import SERIAL, Pusher, measurement

DAY = timedelta(days=1)
# Wednesday, 16 September in Stockholm.
MIDNIGHT = datetime.fromisoformat("2026-09-15T22:00:00Z")

type Ask = Callable[..., Awaitable[list[Any]]]


@pytest.fixture(autouse=True)
async def now(request: pytest.FixtureRequest, freezer: FrozenDateTimeFactory, hass: HomeAssistant) -> None:
    """Stop the clock at half past noon in Stockholm, unless a test names another time."""
    freezer.move_to(getattr(request, "param", MIDNIGHT + 12.5 * HOUR))
    await prepare_opening_hours(hass)


@pytest.fixture
async def ask(
    now: None,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    send_command: SendCommand,
    schedule: ShopSchedule,
    pusher: Pusher,
) -> Ask:
    """Return a function that adds a place with opening hours and asks for its chart."""

    async def ask(*doors: str, days: int = 1, opening_hours: str | None = SCHEDULE, **more: Any) -> list[Any]:
        hours = {"opening_hours": opening_hours} if opening_hours else {}
        key = await add_place(hass, entry, doors or (SERIAL,), **hours, **more)
        await settle(hass)
        found: list[Any] = (await send_command("figures", kind="inside", key=key, days=days))["days"]
        return found

    return ask


def shown(day: dict[str, Any]) -> list[tuple[str, float | None, int | None, bool]]:
    """Return the hours of a day."""
    return [(hour["hour"], hour["average"], hour["most"], hour["complete"]) for hour in day["hours"]]


async def test_open_hours(pusher: Pusher, schedule: ShopSchedule, ask: Ask) -> None:
    """Show the average and the most of each open hour; the one that isn't over is incomplete."""
    await schedule.add(("09:30:00", "11:00:00"), ("12:00:00", "20:00:00"))
    # Two come at nine, which counts for the time from half past nine on; then one more, and all but one leave.
    await pusher.push(
        *hours(MIDNIGHT, [0] * 8 + [2]),
        measurement(MIDNIGHT + 9 * HOUR, 0, minutes=45),
        measurement(MIDNIGHT + 9.75 * HOUR, 0, minutes=15),
        measurement(MIDNIGHT + 10 * HOUR, 3, minutes=15),
        measurement(MIDNIGHT + 10.25 * HOUR, 0, 4, minutes=45),
        measurement(MIDNIGHT + 11 * HOUR, 40, minutes=30),
        measurement(MIDNIGHT + 11.5 * HOUR, 0, 40, minutes=30),
        measurement(MIDNIGHT + 12 * HOUR, 1, minutes=20),
    )
    (today,) = await ask()
    assert (today["day"], today["hours_known"]) == ("2026-09-16", True)
    # Five people are inside from a quarter past ten on; 40 come and go while it is closed.
    assert shown(today) == [("09:00", 2.0, 2, True), ("10:00", 4.2, 5, True), ("12:00", 1.0, 2, False)]
    assert [hour["after_break"] for hour in today["hours"]] == [False, False, True]


async def test_missing_counts(pusher: Pusher, schedule: ShopSchedule, ask: Ask) -> None:
    """Mark an hour without all counts; one in which no door counted has no numbers."""
    await schedule.add(("08:00:00", "12:00:00"))
    # At eight both doors count. At nine it is one of them, at ten none, and at eleven both do for half an hour.
    await pusher.push(
        *hours(MIDNIGHT + 7 * HOUR, [4, 0]),
        *hours(MIDNIGHT + 9 * HOUR, [6]),
        measurement(MIDNIGHT + 11.5 * HOUR, 0, 8, minutes=30),
    )
    await pusher.push(
        measurement(MIDNIGHT + 8 * HOUR, 0, minutes=60),
        measurement(MIDNIGHT + 11.5 * HOUR, 0, minutes=30),
        sensor=BACK_DOOR,
    )
    (today,) = await ask(SERIAL, BACK)
    assert shown(today) == [
        ("08:00", 4.0, 4, True),
        ("09:00", 4.0, 10, False),
        ("10:00", None, None, False),
        ("11:00", 10.0, 10, False),
    ]


@pytest.mark.parametrize("now", ["2026-10-26T12:00:00Z"], indirect=True)
async def test_changed_clock(pusher: Pusher, schedule: ShopSchedule, ask: Ask) -> None:
    """Show the hour that comes twice on the day on which clocks go back, and none twice on other days."""
    await schedule.add(("01:00:00", "04:00:00"))
    await pusher.push(*hours(datetime.fromisoformat("2026-10-24T22:00:00Z"), [1] * 5))
    _, sunday, monday = (await ask(days=7))[-3:]
    assert (sunday["day"], monday["day"]) == ("2026-10-25", "2026-10-26")
    assert shown(sunday) == [
        ("01:00", 1.0, 2, True),
        ("02:00", 2.0, 3, True),
        ("02:00", 3.0, 4, True),
        ("03:00", 4.0, 5, True),
    ]
    assert [name for name, *_ in shown(monday)] == ["01:00", "02:00", "03:00"]


async def test_past_midnight(pusher: Pusher, schedule: ShopSchedule, ask: Ask) -> None:
    """Show the night of a bar on both of its days, with the break between."""
    await schedule.add(("00:00:00", "02:00:00"), ("22:00:00", "24:00:00"))
    await pusher.push(*hours(MIDNIGHT - DAY, [1] * 36))
    yesterday, today = (await ask(days=7, reset_time="12:00:00"))[-2:]
    assert shown(yesterday) == [
        ("00:00", 0.0, 1, True),
        ("01:00", 1.0, 2, True),
        # The reset at noon was between.
        ("22:00", 10.0, 11, True),
        ("23:00", 11.0, 12, True),
    ]
    assert [hour["after_break"] for hour in yesterday["hours"]] == [False, False, True, False]
    assert shown(today) == [("00:00", 12.0, 13, True), ("01:00", 13.0, 14, True)]


async def test_closed_day(pusher: Pusher, schedule: ShopSchedule, ask: Ask) -> None:
    """Show the last seven days, of which a closed one has no hours."""
    await schedule.add(("09:00:00", "10:00:00"), sunday=[])
    await pusher.push(*hours(MIDNIGHT - 7 * DAY, [1] * 24 * 7))
    week = await ask(days=7)
    assert [day["day"] for day in week] == [f"2026-09-{day}" for day in range(10, 17)]
    assert {day["day"]: len(day["hours"]) for day in week if len(day["hours"]) != 1} == {"2026-09-13": 0}
    assert all(day["hours_known"] for day in week)


async def test_before_opening(pusher: Pusher, schedule: ShopSchedule, ask: Ask) -> None:
    """Show no hour before the place opens."""
    await schedule.add(("13:00:00", "18:00:00"))
    await pusher.push(*hours(MIDNIGHT, [1] * 12))
    (today,) = await ask()
    assert today == {"day": "2026-09-16", "hours_known": True, "hours": []}


async def test_unknown_hours(pusher: Pusher, ask: Ask) -> None:
    """Show all hours of a day, and that its opening hours aren't known, if there is no schedule."""
    await pusher.push(*hours(MIDNIGHT, [1] * 12))
    (today,) = await ask(opening_hours="schedule.missing")
    assert not today["hours_known"]
    assert [hour["hour"] for hour in today["hours"]] == [f"{hour:02}:00" for hour in range(13)]
    assert shown(today)[-2:] == [("11:00", 11.0, 12, True), ("12:00", None, None, False)]


async def test_no_counts(pusher: Pusher, schedule: ShopSchedule, ask: Ask) -> None:
    """Show no numbers of a place whose counts don't reach into its opening hours."""
    await schedule.add(("09:00:00", "11:00:00"))
    await pusher.push(measurement(MIDNIGHT - 30 * DAY, 5, minutes=60))
    (today,) = await ask()
    assert shown(today) == [("09:00", None, None, False), ("10:00", None, None, False)]


async def test_people_who_stay(pusher: Pusher, schedule: ShopSchedule, ask: Ask) -> None:
    """Show people who came long ago and haven't left, where nothing is reset, while nobody passes."""
    await schedule.add(("10:00:00", "12:00:00"))
    await pusher.push(*hours(MIDNIGHT - 20 * DAY, [5, 2]), *hours(MIDNIGHT - DAY, [0] * 36))
    (today,) = await ask(daily_reset=False)
    assert shown(today) == [("10:00", 7.0, 7, True), ("11:00", 7.0, 7, True)]


@pytest.mark.parametrize("days", [0, 8, "7", None, 1.5])
async def test_wrong_days(send_command: SendCommand, pusher: Pusher, days: Any) -> None:
    """Refuse other numbers of days."""
    await pusher.push(measurement(MIDNIGHT, 1))
    assert await send_command("figures", kind="inside", key=SERIAL, days=days) == "invalid_format"


async def test_camera(send_command: SendCommand, pusher: Pusher) -> None:
    """Answer that a camera has no such chart: it has no opening hours."""
    await pusher.push(measurement(MIDNIGHT, 1))
    assert await send_command("figures", kind="inside", key=SERIAL) == "not_found"

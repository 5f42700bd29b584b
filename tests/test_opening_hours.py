"""The opening hours of a place, from a schedule or a calendar, and what is remembered of them."""

import asyncio
from datetime import date, datetime, timedelta, tzinfo
from time import sleep
from typing import Final
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.axis_people_counter.counting import OpenDay
from custom_components.axis_people_counter.ledger import LedgerError
from custom_components.axis_people_counter.opening import source as opening_source
from custom_components.axis_people_counter.opening.hours import async_open_days
from homeassistant.components.calendar import CalendarEvent
from homeassistant.config_entries import SOURCE_RECONFIGURE, SubentryFlowContext
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .helpers.clock import move_to
from .helpers.get_counts import rows
from .helpers.opening import CALENDAR, SCHEDULE, ShopSchedule, add_calendar, settle
from .helpers.places import NOON, add_place, both, form, shown
from .helpers.pusher import Pusher
from .helpers.reports import report

STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
NEW_YORK: Final = ZoneInfo("America/New_York")
AUCKLAND: Final = ZoneInfo("Pacific/Auckland")

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
    # The past stays also after a restart, and while Home Assistant was off the new schedule was in force.
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


async def test_schedule_in_another_zone(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule
) -> None:
    """A schedule follows Home Assistant's clock; the days are those of the place."""
    await schedule.add(("09:00", "18:00"), tuesday=[("20:00", "24:00")])
    key = await add_shop(hass, entry, pusher, SCHEDULE, time_zone="America/New_York")
    # 9:00 in Stockholm is 3:00 in New York. Tuesday evening in Stockholm is Tuesday afternoon there.
    assert await opened(entry, key, "2026-09-14", 2, NEW_YORK) == ["03:00-12:00", "14:00-18:00"]
    # From 25 October to 1 November, there are five hours between them instead of six.
    assert await opened(entry, key, "2026-10-28", 1, NEW_YORK) == ["04:00-13:00"]


async def test_change_of_the_clock(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule
) -> None:
    """A block in the hour that doesn't exist has no time; in the hour that comes twice, it has both."""
    await schedule.add(("02:00", "03:00"))
    key = await add_shop(hass, entry, pusher, SCHEDULE)
    assert [day.open_seconds for day in await days(entry, key, "2026-03-28", 3)] == [3600, 0, 3600]
    assert [day.open_seconds for day in await days(entry, key, "2026-10-24", 3)] == [3600, 7200, 3600]


def event(start: str, end: str, name: str = "Open") -> CalendarEvent:
    """Return an event; with times it is in Stockholm, with dates it lasts all day."""
    if "T" not in start:
        return CalendarEvent(date.fromisoformat(start), date.fromisoformat(end), name)
    times = [datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM) for text in (start, end)]
    return CalendarEvent(times[0], times[1], name)


async def test_events_of_a_calendar(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Events may overlap, last all day or for ever, or be at other times than asked for; their names are kept."""
    await add_calendar(
        hass,
        event("2026-09-14T09:00", "2026-09-14T12:00"),
        event("2026-09-14T11:00", "2026-09-14T15:00", "Reading <b>"),
        event("2026-09-14T22:00", "2026-09-15T01:00", "Night"),
        event("2026-09-16", "2026-09-17", "Holiday"),
        event("2026-09-18T20:00", "9999-12-31T23:59", "Endless"),
        event("0001-01-01", "0001-01-03", "Long ago"),
        event("2026-09-20", "9999-12-31", "All days"),
    )
    key = await add_shop(hass, entry, pusher, CALENDAR)
    assert await opened(entry, key, "2026-09-13", 8) == [
        "",
        "09:00-15:00 22:00-00:00",
        "00:00-01:00",
        "00:00-00:00",
        "",
        "20:00-00:00",
        "00:00-00:00",
        "00:00-00:00",
    ]
    found = await days(entry, key, "2026-09-14", 3)
    assert [[event.name for event in day.events] for day in found] == [
        ["Open", "Reading <b>", "Night"],
        ["Night"],
        ["Holiday"],
    ]


async def test_all_day_event_in_another_zone(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """An all-day event is a day of the place, and other events are at their instants."""
    await add_calendar(hass, event("2026-09-15", "2026-09-16"), event("2026-09-17T09:00", "2026-09-17T10:00"))
    key = await add_shop(hass, entry, pusher, CALENDAR, time_zone="Pacific/Auckland")
    assert await opened(entry, key, "2026-09-14", 4, AUCKLAND) == ["", "00:00-00:00", "", "19:00-20:00"]


async def test_long_time_of_a_calendar(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A calendar is asked about some weeks at a time, and only about days that aren't known yet."""
    calendar = await add_calendar(hass, event("2026-01-01", "2027-01-01"))
    key = await add_shop(hass, entry, pusher, CALENDAR)
    calendar.asked.clear()
    assert await opened(entry, key, "2025-08-01", 400) == [""] * 153 + ["00:00-00:00"] * 247
    assert max(end - start for start, end in calendar.asked) <= timedelta(days=65)
    assert 7 <= len(calendar.asked) <= 9
    calendar.asked.clear()
    assert await opened(entry, key, "2025-08-01", 400) == [""] * 153 + ["00:00-00:00"] * 247
    assert calendar.asked == []


async def test_calendar_that_fails_now_and_then(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Days that can't be read aren't known, are remembered as such by nothing, and known when the calendar answers."""
    calendar = await add_calendar(hass, event("2026-01-01", "2027-01-01"))
    key = await add_shop(hass, entry, pusher, CALENDAR)
    calendar.error = HomeAssistantError("no answer")
    calendar.asked.clear()
    assert await opened(entry, key, "2026-09-14", 3) == [None, None, "00:00-00:00"]
    # Further back, it isn't asked again and again.
    assert (await opened(entry, key, "2025-01-01", 624))[:600] == [None] * 600
    assert len(calendar.asked) == 2
    calendar.error = None
    assert await opened(entry, key, "2026-09-14", 3) == ["00:00-00:00"] * 3


async def test_too_many_events(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With too many events at once, the hours aren't known: a part of them would be wrong."""
    monkeypatch.setattr(opening_source, "MAX_EVENTS", 2)
    calendar = await add_calendar(hass, *[event("2026-09-14T09:00", "2026-09-14T12:00")] * 3)
    key = await add_shop(hass, entry, pusher, CALENDAR)
    assert await opened(entry, key, "2026-09-14", 3) == [None, None, None]
    calendar.events.pop()
    await calendar.set_available(available=False)
    await calendar.set_available(available=True)
    assert await opened(entry, key, "2026-09-14", 3) == ["09:00-12:00", "", ""]


async def test_slow_calendar(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pusher: Pusher,
    monkeypatch: pytest.MonkeyPatch,
    noon: FrozenDateTimeFactory,
) -> None:
    """A calendar without an answer holds up nothing, and is asked again every minute."""
    monkeypatch.setattr(opening_source, "SECONDS_TO_WAIT", 0)
    calendar = await add_calendar(hass, event("2026-09-16", "2026-09-17"))
    calendar.is_slow = True
    key = await add_shop(hass, entry, pusher, CALENDAR)
    assert shown(hass, key, "visitors_today") == "unknown"
    calendar.is_slow = False
    monkeypatch.setattr(opening_source, "SECONDS_TO_WAIT", 10)
    await move_to(hass, noon, NOON + timedelta(minutes=1))
    await settle(hass)
    assert shown(hass, key, "visitors_today") == "0"


async def test_hours_that_a_report_reads_first(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, noon: FrozenDateTimeFactory
) -> None:
    """Visitors are shown as soon as the hours of today are known, whoever has asked for them."""
    calendar = await add_calendar(hass, event("2026-09-16", "2026-09-17"))
    calendar.error = HomeAssistantError("no answer")
    key = await add_shop(hass, entry, pusher, CALENDAR)
    assert shown(hass, key, "visitors_today") == "unknown"
    calendar.error = None
    noon.tick(timedelta(minutes=1))
    assert await opened(entry, key, "2026-09-15", 2) == ["", "00:00-00:00"]
    await settle(hass)
    assert shown(hass, key, "visitors_today") == "0"


@pytest.mark.parametrize("error", [asyncio.CancelledError(), RuntimeError("broken")])
async def test_calendar_that_breaks(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, noon: FrozenDateTimeFactory, error: BaseException
) -> None:
    """A calendar whose question is cancelled, or fails, costs nobody an answer."""
    calendar = await add_calendar(hass, event("2026-09-16", "2026-09-17"))
    calendar.error = error
    key = await add_shop(hass, entry, pusher, CALENDAR)
    noon.tick(timedelta(minutes=2))
    assert await opened(entry, key, "2026-09-14", 3) == [None, None, None]
    assert (await report(hass))["visitors"] is None


@pytest.mark.parametrize(("field", "wrong"), [("start", None), ("start", "soon"), ("end", 7), ("summary", None)])
async def test_unreadable_events(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pusher: Pusher,
    noon: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
    field: str,
    wrong: object,
) -> None:
    """With an event without a time, the hours aren't known. One without a name is none that is named."""
    unreadable = event("2026-09-14T09:00", "2026-09-14T12:00")
    setattr(unreadable, field, wrong)
    await add_calendar(hass, unreadable)
    key = await add_shop(hass, entry, pusher, CALENDAR)
    noon.tick(timedelta(minutes=2))
    expected = "09:00-12:00" if field == "summary" else None
    assert (await opened(entry, key, "2026-09-14"))[0] == expected
    assert (await report(hass, period="day"))["title"]
    assert "Traceback" not in caplog.text


async def test_reports_with_a_slow_calendar(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """While reports wait for a calendar, others get their answers."""
    calendar = await add_calendar(hass, event("2026-09-16", "2026-09-17"))
    await add_shop(hass, entry, pusher, CALENDAR)
    calendar.is_slow = True
    reports = [hass.async_create_background_task(report(hass), "report") for _ in range(4)]
    asked = hass.async_create_background_task(rows(hass, "2026-09-16 00:00:00"), "counts")
    for _ in range(200):
        await hass.async_add_executor_job(sleep, 0.01)
        if asked.done():
            break
    assert asked.done()
    assert not any(task.done() for task in reports)
    for task in (asked, *reports):
        task.cancel()


async def test_pushes_ask_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, noon: FrozenDateTimeFactory
) -> None:
    """A push reads the ledger only; the calendar is asked every 15 minutes, and when its state changes."""
    calendar = await add_calendar(hass, event("2026-09-16", "2026-09-17"))
    await add_shop(hass, entry, pusher, CALENDAR)
    calendar.asked.clear()
    for minute in range(1, 15):
        await move_to(hass, noon, NOON + timedelta(minutes=minute))
        await both(pusher, NOON + timedelta(minutes=minute), main=(1, 1))
        await settle(hass)
    assert calendar.asked == []
    await move_to(hass, noon, NOON + timedelta(minutes=15))
    await settle(hass)
    assert len(calendar.asked) == 1
    calendar.events.clear()
    await calendar.set_available(available=False)
    await calendar.set_available(available=True)
    assert len(calendar.asked) == 2


async def test_emptied_hours(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule
) -> None:
    """To have the past calculated again, a person empties the field, and chooses the hours once more."""
    await schedule.add(("09:00", "18:00"))
    key = await add_shop(hass, entry, pusher, SCHEDULE)
    assert await opened(entry, key, "2026-09-15") == ["09:00-18:00"]
    await schedule.change(("10:00", "11:00"))
    assert await opened(entry, key, "2026-09-15") == ["09:00-18:00"]
    forms = (form(), "00:00-00:00"), (form(opening_hours=SCHEDULE), "10:00-11:00")
    for entered, expected in forms:
        context = SubentryFlowContext(source=SOURCE_RECONFIGURE, subentry_id=key)
        flows = hass.config_entries.subentries
        result = await flows.async_init((entry.entry_id, "place"), context=context)
        await flows.async_configure(result["flow_id"], entered)
        await settle(hass)
        assert await opened(entry, key, "2026-09-15") == [expected]


async def test_future_days(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule) -> None:
    """Days to come are what the schedule says now, and nothing of them is fixed."""
    await schedule.add(("09:00", "18:00"))
    key = await add_shop(hass, entry, pusher, SCHEDULE)
    assert await opened(entry, key, "2026-09-16", 5) == ["09:00-18:00"] * 5
    assert await opened(entry, key, "2026-09-20", 2) == ["09:00-18:00"] * 2
    await schedule.change(("14:00", "15:00"))
    assert await opened(entry, key, "2026-09-16", 3) == ["09:00-12:00 14:00-15:00", "14:00-15:00", "14:00-15:00"]


@pytest.mark.parametrize(
    "wrong",
    [
        "2026-09-16T13:00:00Z",
        "2026-09-17T10:00:00Z",
        "2026-10-16T10:00:00Z",
        "2036-09-16T10:00:00Z",
        "2026-09-15T10:00:00Z",
        "2020-01-01T10:00:00Z",
    ],
)
@pytest.mark.parametrize("restarts", [False, True])
async def test_clock_that_was_wrong(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    pusher: Pusher,
    schedule: ShopSchedule,
    noon: FrozenDateTimeFactory,
    wrong: str,
    restarts: bool,
) -> None:
    """While Home Assistant's clock is wrong, nothing of the coming days is fixed, and the past stays."""
    await schedule.add(("09:00", "18:00"))
    key = await add_shop(hass, entry, pusher, SCHEDULE)
    assert await opened(entry, key, "2026-09-15") == ["09:00-18:00"]
    await move_to(hass, noon, wrong)
    if restarts:
        await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    # The clock is right again. Timers don't depend on it, but the test moves their clock back as well.
    noon.move_to(NOON + timedelta(minutes=20))
    if restarts:
        await hass.config_entries.async_reload(entry.entry_id)
    async_fire_time_changed(hass, fire_all=True)
    await settle(hass)
    await both(pusher, NOON + timedelta(minutes=20), main=(3, 0))
    assert shown(hass, key, "visitors_today") == "3"
    await schedule.change(("14:00", "15:00"))
    (yesterday, today, *coming) = await opened(entry, key, "2026-09-15", 40)
    assert (yesterday, today, set(coming)) == ("09:00-18:00", "09:00-12:20 14:00-15:00", {"14:00-15:00"})


async def test_ledger_that_cannot_be_written(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, noon: FrozenDateTimeFactory
) -> None:
    """If the ledger fails, the hours of today stay, and it is tried again."""
    calendar = await add_calendar(hass, event("2026-09-16", "2026-09-17"))
    key = await add_shop(hass, entry, pusher, CALENDAR)
    ledger = entry.runtime_data.ledger
    ledger.close().result()
    await move_to(hass, noon, NOON + timedelta(minutes=15))
    await settle(hass)
    with pytest.raises(LedgerError):
        await opened(entry, key, "2026-09-16")
    calendar.events.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    # The hours fixed at noon stay.
    assert await opened(entry, key, "2026-09-16") == ["00:00-12:00"]

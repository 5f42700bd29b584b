"""The numbers of a report on a shop with two doors, whose cameras push, and which has hours, events and weather."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.axis_people_counter.ledger import LedgerError, deleted_hours
from custom_components.axis_people_counter.reports import (
    Busiest,
    ComparisonKind,
    Days,
    DayWeather,
    Drift,
    Estimate,
    Figure,
    Missing,
    MissingReason,
    Peak,
    PlaceReport,
    ReportKind,
    async_build,
    period_of,
)
from homeassistant.components.calendar import CalendarEvent
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .helpers.clock import wait
from .helpers.opening import CALENDAR, SCHEDULE, ShopSchedule, add_calendar, prepare_opening_hours, settle
from .helpers.places import BACK, add_place, push_two_doors
from .helpers.pusher import SERIAL, Document, Pusher, measurement
from .helpers.replacing import MINUTE, NEW_SENSOR, NOON, break_camera, device_of, replace

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
# In Stockholm, a Monday begins; now is Wednesday of the week after.
MONDAY: Final = datetime.fromisoformat("2026-09-06T22:00:00Z")
LAST_WEEK: Final = Days(date(2026, 9, 7), date(2026, 9, 13))

type Asked = Callable[..., Awaitable[PlaceReport]]


@pytest.fixture
async def shop(noon: FrozenDateTimeFactory, hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry) -> Asked:
    """Return a function that adds a place and returns the report of last week, or of other days."""
    await hass.config.async_set_time_zone("Europe/Stockholm")

    async def report(
        days: Days = LAST_WEEK,
        kind: ReportKind = ReportKind.WEEK,
        weather: str | None = None,
        **fields: object,
    ) -> PlaceReport:
        key = await add_place(hass, entry, **fields)
        await settle(hass)
        found = await async_build(hass, [entry.runtime_data.places[key]], kind, days, weather)
        assert (found.kind, found.first_day, found.last_day) == (kind, days.first, days.last)
        assert found.made_at == seconds(datetime.now(UTC))
        (place,) = found.places
        assert found.complete == place.visitors.complete
        return place

    return report


def seconds(instant: datetime) -> int:
    """Return an instant as a report has it."""
    return int(instant.timestamp())


def hours(start: datetime, number: int, *people: tuple[int, int, int]) -> list[Document]:
    """Return measurements of some hours in a row; people are the number of the hour, in and out."""
    by_hour = {hour: (entered, exited) for hour, entered, exited in people}
    return [measurement(start + hour * HOUR, *by_hour.get(hour, (0, 0)), minutes=60) for hour in range(number)]


async def test_week(shop: Asked, pusher: Pusher) -> None:
    """A complete week has all numbers, and none of them is missing anything."""
    # At 10 on Monday and at 15 on Saturday of two weeks, people come in by the main entrance.
    before = hours(MONDAY - WEEK, 7 * 24, (10, 8, 0), (11, 0, 8), (5 * 24 + 15, 4, 0), (5 * 24 + 16, 0, 4))
    of_week = hours(MONDAY, 7 * 24, (10, 9, 2), (11, 0, 7), (5 * 24 + 15, 6, 0), (5 * 24 + 16, 0, 7))
    back = hours(MONDAY - WEEK, 14 * 24, (7 * 24 + 10, 0, 0), (12 * 24 + 15, 0, 0), (12 * 24 + 9, 3, 1))
    await push_two_doors(pusher, main=before + of_week, back=back)
    report = await shop(limits={"capacity": 5})
    assert (report.name, report.start, report.end) == ("Shop", seconds(MONDAY), seconds(MONDAY + WEEK))
    assert report.visitors == Figure(18)
    assert report.visitors_outside is None
    assert report.estimate is None
    assert report.missing == ()
    assert report.peak == Peak(8, seconds(MONDAY + 5 * DAY + 16 * HOUR))
    assert report.busiest_day == Busiest(seconds(MONDAY), 9)
    assert report.busiest_hour == Busiest(seconds(MONDAY + 10 * HOUR), 9)
    # Seven and eight people are inside, each for an hour.
    assert report.over_capacity_minutes == 120
    assert report.drift == Drift(0, None, 0)
    (previous,) = report.comparisons
    assert (previous.kind, previous.visitors, previous.change_percent) == (ComparisonKind.PREVIOUS, Figure(12), 50)
    assert [figure.value for figure in previous.days] == [8, 0, 0, 0, 0, 4, 0]
    assert [day.visitors.value for day in report.days] == [9, 0, 0, 0, 0, 9, 0]
    assert [day.open_minutes for day in report.days] == [1440] * 7
    cell = report.hours.rows[5].hours[15]
    assert cell
    assert (cell.value, cell.complete) == (6, True)


async def test_same_week_of_last_year(shop: Asked, pusher: Pusher) -> None:
    """The same weekdays of last year are compared, where they were counted."""
    await push_two_doors(
        pusher,
        main=[*hours(MONDAY - 52 * WEEK, 7 * 24, (10, 4, 0)), *hours(MONDAY, 7 * 24, (10, 3, 0))],
        back=[*hours(MONDAY - 52 * WEEK, 7 * 24), *hours(MONDAY, 7 * 24)],
    )
    report = await shop()
    (comparison,) = report.comparisons
    assert (comparison.kind, comparison.visitors) == (ComparisonKind.LAST_YEAR, Figure(4))
    assert comparison.change_percent == -25
    assert comparison.start == seconds(MONDAY - 52 * WEEK)


async def test_missing_hours(shop: Asked, pusher: Pusher) -> None:
    """Missing time is marked and named, and an estimate by the weeks before stands beside it."""
    main, back = hours(MONDAY, 7 * 24, (34, 1, 0)), hours(MONDAY, 7 * 24)
    # On Tuesday, the main entrance counted nothing from 10 to 13, and the back door nothing at 14.
    await push_two_doors(pusher, main=main[:34] + main[37:], back=back[:38] + back[39:])
    for week in range(1, 5):
        people = [(34, 10 * week, 0), (35, 1, 0), (36, 3, 0)]
        await push_two_doors(
            pusher,
            main=hours(MONDAY - week * WEEK, 7 * 24, *people),
            back=hours(MONDAY - week * WEEK, 7 * 24, (38, 2, 0)),
        )
    report = await shop()
    assert report.visitors == Figure(0, 240)
    assert [day.visitors.complete for day in report.days] == [True, False, True, True, True, True, True]
    # 25 people at 10 on average, then 1 and 3, and 2 at the back door.
    assert report.estimate == Estimate(31)
    assert [day.estimate for day in report.days] == [None, Estimate(31), None, None, None, None, None]
    tuesday = MONDAY + DAY
    assert report.missing == (
        Missing("Main entrance", seconds(tuesday + 10 * HOUR), seconds(tuesday + 13 * HOUR), 180, MissingReason.GAP),
        Missing("Back door", seconds(tuesday + 14 * HOUR), seconds(tuesday + 15 * HOUR), 60, MissingReason.GAP),
    )
    # Both sides have to be complete.
    assert report.comparisons[0].change_percent is None


async def test_too_little_history(shop: Asked, pusher: Pusher) -> None:
    """Two weeks are too few for an estimate."""
    for week in range(3):
        number = 7 * 24 if week else 6 * 24
        await push_two_doors(
            pusher, main=hours(MONDAY - week * WEEK, number, (34, 5, 0)), back=hours(MONDAY - week * WEEK, 7 * 24)
        )
    report = await shop()
    assert report.visitors == Figure(5, 24 * 60)
    assert report.estimate is None
    (missing,) = report.missing
    assert (missing.minutes, missing.whole_days) == (24 * 60, 1)


async def test_door_that_never_counted(shop: Asked, pusher: Pusher) -> None:
    """A door without any count is named for all days, and one that was mounted later until then."""
    await push_two_doors(pusher, main=hours(MONDAY, 7 * 24, (10, 3, 0)), back=hours(MONDAY + 3 * DAY, 4 * 24))
    report = await shop(doors=(SERIAL, BACK), reversed_doors=())
    assert report.missing == (
        Missing("Back door", report.start, seconds(MONDAY + 3 * DAY), 3 * 24 * 60, MissingReason.NOT_YET, 3),
    )
    assert report.visitors == Figure(3, 3 * 24 * 60)


async def test_camera_that_never_pushed(
    hass: HomeAssistant, entry: MockConfigEntry, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """A restored place may have a door of whose camera nothing is known but its key."""
    await pusher.push(*hours(MONDAY, 7 * 24, (10, 3, 0)))
    key = await add_place(hass, entry, (SERIAL,), time_zone="Europe/Stockholm")
    subentry = entry.subentries[key]
    hass.config_entries.async_update_subentry(entry, subentry, data={**subentry.data, "doors": [SERIAL, BACK]})
    await settle(hass)
    (place,) = (await async_build(hass, [entry.runtime_data.places[key]], ReportKind.WEEK, LAST_WEEK)).places
    assert place.missing == (Missing(BACK, place.start, place.end, 7 * 24 * 60, MissingReason.NEVER, 7),)
    assert place.visitors == Figure(3, 7 * 24 * 60)


@pytest.mark.usefixtures("pages")
async def test_replaced_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Counts of both cameras at a door are those of one door."""
    await break_camera(hass, noon, pusher)
    key = await add_place(hass, entry, (SERIAL,), time_zone="Europe/Stockholm")
    await wait(hass, noon, 10 * MINUTE)
    await pusher.push(measurement(NOON + 19 * MINUTE, 1), sensor=NEW_SENSOR)
    await replace(hass, entry)
    place = entry.runtime_data.places[key]
    day = period_of(ReportKind.DAY, date(2026, 9, 16))
    (report,) = (await async_build(hass, [place], ReportKind.DAY, day)).places
    # Ten of the old camera, and six of the new one.
    assert report.visitors.value == 16
    assert {missing.door for missing in report.missing} == {"New camera"}
    assert report.comparisons[0].visitors.value == 20


async def test_running_day(shop: Asked, pusher: Pusher, noon: FrozenDateTimeFactory) -> None:
    """A day that isn't over ends where both doors have counted, and is compared up to the same time."""
    noon.tick(timedelta(seconds=40))
    today = MONDAY + 9 * DAY
    await push_two_doors(
        pusher,
        main=[*hours(today - DAY, 24, (10, 4, 0), (13, 9, 0)), *hours(today, 11, (10, 5, 0))],
        back=[*hours(today - DAY, 24, (11, 7, 0)), *hours(today, 11), measurement(today + 11 * HOUR, 3, minutes=30)],
    )
    report = await shop(period_of(ReportKind.DAY, date(2026, 9, 16)), ReportKind.DAY)
    assert report.until == seconds(today + 11 * HOUR)
    assert report.visitors == Figure(5)
    assert report.comparisons[0].visitors == Figure(4)
    assert report.comparisons[0].end == seconds(today - DAY + 11 * HOUR)
    (row,) = report.hours.rows
    assert [cell and cell.complete for cell in row.hours] == [True] * 11 + [None] * 13


async def test_silent_door_of_a_running_day(shop: Asked, pusher: Pusher, noon: FrozenDateTimeFactory) -> None:
    """A door that has been silent for hours is missing up to now, also parts of a minute."""
    noon.tick(timedelta(seconds=40))
    today = MONDAY + 9 * DAY
    await push_two_doors(pusher, main=hours(today, 8, (7, 5, 0)), back=hours(today, 6))
    report = await shop(period_of(ReportKind.DAY, date(2026, 9, 16)), ReportKind.DAY)
    assert report.until == seconds(datetime.now(UTC))
    assert report.visitors == Figure(5, 6 * 60 + 1)
    (row,) = report.hours.rows
    assert row.hours[12] is not None
    assert (row.hours[12].value, row.hours[12].complete) == (None, False)


async def test_before_the_first_minute(shop: Asked, pusher: Pusher) -> None:
    """Of days to come, nothing is known."""
    await push_two_doors(pusher, main=hours(MONDAY, 24), back=hours(MONDAY, 24))
    report = await shop(period_of(ReportKind.MONTH, date(2026, 10, 3)), ReportKind.MONTH)
    assert (report.visitors, report.days, report.comparisons) == (Figure(None), (), ())
    assert (report.peak, report.busiest_hour, report.busiest_day) == (None, None, None)


async def test_month_by_weekday(shop: Asked, pusher: Pusher) -> None:
    """The heat map of a month has the mean of each weekday, and the month before is compared as a whole."""
    august = datetime.fromisoformat("2026-07-31T22:00:00Z")
    people = [(day * 24 + 10, day + 1, 0) for day in range(31)]
    await push_two_doors(pusher, main=hours(august, 31 * 24, *people), back=hours(august, 31 * 24))
    report = await shop(period_of(ReportKind.MONTH, date(2026, 8, 20)), ReportKind.MONTH)
    assert report.hours.is_mean
    # Saturdays are the 1st, 8th, 15th, 22nd and 29th.
    saturday = report.hours.rows[5].hours[10]
    assert saturday
    assert (saturday.value, saturday.complete) == ((1 + 8 + 15 + 22 + 29) / 5, True)
    assert report.visitors == Figure(sum(range(1, 32)))
    assert report.comparisons == ()


async def test_deleted_counts(shop: Asked, pusher: Pusher, entry: MockConfigEntry) -> None:
    """Of time whose counts were deleted, the report has no numbers; it doesn't show zero."""
    await push_two_doors(pusher, main=hours(MONDAY, 7 * 24, (10, 3, 0), (82, 4, 0)), back=hours(MONDAY, 7 * 24))
    kept_since = seconds(MONDAY + 3 * DAY)
    ledger = entry.runtime_data.ledger
    forget = partial(deleted_hours.set_kept_since, since=kept_since)
    await ledger.submit(forget, writes=True)
    report = await shop()
    assert report.deleted_before == kept_since
    assert report.visitors == Figure(4, 3 * 24 * 60)
    assert [day.visitors.value for day in report.days] == [None, None, None, 4, 0, 0, 0]
    assert [missing.reason for missing in report.missing] == [MissingReason.DELETED] * 2
    assert report.estimate is None
    assert [day.peak is None for day in report.days] == [True, True, True, False, False, False, False]
    assert report.hours.rows[0].hours[10]
    assert report.hours.rows[0].hours[10].value is None


async def test_all_counts_deleted(shop: Asked, pusher: Pusher, entry: MockConfigEntry) -> None:
    """A report on days before the oldest counts knows nothing."""
    await push_two_doors(pusher, main=hours(MONDAY, 7 * 24, (10, 3, 0)), back=hours(MONDAY, 7 * 24))
    forget = partial(deleted_hours.set_kept_since, since=seconds(MONDAY + 8 * DAY))
    await entry.runtime_data.ledger.submit(forget, writes=True)
    report = await shop(limits={"capacity": 1})
    assert report.visitors == Figure(None, 7 * 24 * 60)
    assert (report.peak, report.over_capacity_seconds, report.drift) == (None, 0, Drift(0, None, 0))


async def test_drift(shop: Asked, pusher: Pusher) -> None:
    """People who came out without having come in are drift, and the worst day is named."""
    main = hours(MONDAY, 7 * 24, (10, 0, 2), (34, 1, 6), (58, 0, 1))
    await push_two_doors(pusher, main=main, back=hours(MONDAY, 7 * 24))
    report = await shop()
    assert report.drift == Drift(8, date(2026, 9, 8), 5)


async def test_other_zone(shop: Asked, pusher: Pusher) -> None:
    """The days are those of the place, which may be in another zone than Home Assistant."""
    midnight = datetime.fromisoformat("2026-09-07T04:00:00Z")
    await push_two_doors(
        pusher, main=hours(midnight - HOUR, 7 * 24 + 2, (0, 50, 0), (1, 3, 0)), back=hours(midnight - HOUR, 7 * 24 + 2)
    )
    report = await shop(time_zone="America/New_York")
    assert (report.start, report.visitors) == (seconds(midnight), Figure(3))
    assert report.hours.rows[0].hours[0]
    assert report.hours.rows[0].hours[0].value == 3


async def test_reversed_doors(shop: Asked, pusher: Pusher) -> None:
    """People who go out at a reversed door come into the place."""
    await push_two_doors(pusher, main=hours(MONDAY, 7 * 24, (10, 3, 1)), back=hours(MONDAY, 7 * 24, (10, 2, 7)))
    assert (await shop(doors=(SERIAL,), reversed_doors=(BACK,))).visitors == Figure(10)


async def test_renamed_door(hass: HomeAssistant, shop: Asked, pusher: Pusher, entry: MockConfigEntry) -> None:
    """Doors have the names of their devices."""
    await push_two_doors(pusher, main=hours(MONDAY, 6 * 24), back=hours(MONDAY, 7 * 24))
    device = device_of(hass, entry)
    assert device
    dr.async_get(hass).async_update_device(device.id, name_by_user="Front")
    report = await shop()
    assert [missing.door for missing in report.missing] == ["Front"]


async def test_unreadable_ledger(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The caller gets the ledger's error."""
    await pusher.push(*hours(MONDAY, 24))
    key = await add_place(hass, entry, (SERIAL,), time_zone="Europe/Stockholm")
    place = entry.runtime_data.places[key]
    await entry.runtime_data.ledger.close()
    with pytest.raises(LedgerError):
        await async_build(hass, [place], ReportKind.WEEK, LAST_WEEK)


# Opening hours


@pytest.fixture
async def schedule(
    noon: FrozenDateTimeFactory, hass: HomeAssistant, hass_ws_client: WebSocketGenerator
) -> AsyncIterator[ShopSchedule]:
    """Return a schedule that isn't there yet, and delete it in the end."""
    await prepare_opening_hours(hass)
    schedule = ShopSchedule(hass, hass_ws_client)
    yield schedule
    if schedule.exists:
        await schedule.delete()


async def test_opening_hours(schedule: ShopSchedule, shop: Asked, pusher: Pusher) -> None:
    """Visitors come during opening hours; gaps while the shop is closed don't matter."""
    await schedule.add(("09:00:00", "18:00:00"), sunday=[])
    main = hours(MONDAY, 7 * 24, (8, 1, 0), (9, 20, 0), (17, 5, 0), (18, 2, 0), (6 * 24 + 12, 4, 0))
    # Nothing is counted in the night to Tuesday, and from 17 to 19 on Tuesday.
    await push_two_doors(pusher, main=main[:22] + main[28:41] + main[43:], back=hours(MONDAY, 7 * 24))
    report = await shop(opening_hours=SCHEDULE)
    assert report.visitors == Figure(25, 60)
    assert report.visitors_outside == Figure(7, 7 * 60)
    assert [day.open_minutes for day in report.days] == [540] * 6 + [0]
    assert report.days[6].visitors == Figure(0)
    assert report.missing == (
        Missing(
            "Main entrance",
            seconds(MONDAY + DAY + 17 * HOUR),
            seconds(MONDAY + DAY + 18 * HOUR),
            60,
            MissingReason.GAP,
        ),
    )
    assert [cell is not None for cell in report.hours.rows[0].hours] == [9 <= hour < 18 for hour in range(24)]


async def test_opened_in_the_middle_of_an_hour(schedule: ShopSchedule, shop: Asked, pusher: Pusher) -> None:
    """Only visitors after the opening count, in an hour that still has its own beginning."""
    await schedule.add(("09:30:00", "18:00:00"))
    halves = [measurement(MONDAY + 9 * HOUR + half * HOUR / 2, 30 - half, minutes=30) for half in range(2)]
    main = hours(MONDAY, 7 * 24, (10, 8, 0))
    await push_two_doors(pusher, main=[*main[:9], *halves, *main[10:]], back=hours(MONDAY, 7 * 24))
    report = await shop(opening_hours=SCHEDULE)
    assert (report.visitors, report.visitors_outside) == (Figure(37), Figure(30))
    assert report.busiest_hour == Busiest(seconds(MONDAY + 9 * HOUR), 29)


async def test_unknown_opening_hours(schedule: ShopSchedule, shop: Asked, pusher: Pusher) -> None:
    """Without the schedule, nobody knows who was a visitor."""
    await push_two_doors(pusher, main=hours(MONDAY, 7 * 24, (9, 20, 0)), back=hours(MONDAY, 7 * 24))
    report = await shop(opening_hours=SCHEDULE)
    assert report.visitors == Figure(None, 0, hours_known=False)
    assert not report.visitors.complete
    assert [day.open_minutes for day in report.days] == [None] * 7
    assert report.busiest_hour is None


async def test_events(schedule: ShopSchedule, hass: HomeAssistant, shop: Asked, pusher: Pusher) -> None:
    """The events of a calendar are named on their days."""
    await add_calendar(
        hass,
        CalendarEvent(MONDAY + 9 * HOUR, MONDAY + 18 * HOUR, "Open"),
        CalendarEvent(MONDAY + 19 * HOUR, MONDAY + 21 * HOUR, "Reading"),
        CalendarEvent(MONDAY + DAY + 9 * HOUR, MONDAY + DAY + 12 * HOUR, "Open"),
        CalendarEvent(MONDAY + DAY + 13 * HOUR, MONDAY + DAY + 15 * HOUR, "Open"),
    )
    main = hours(MONDAY, 7 * 24, (18, 5, 0), (20, 30, 0), (36, 7, 0))
    await push_two_doors(pusher, main=main, back=hours(MONDAY, 7 * 24))
    report = await shop(opening_hours=CALENDAR)
    assert [day.events for day in report.days[:3]] == [("Open", "Reading"), ("Open",), ()]
    assert (report.visitors, report.visitors_outside) == (Figure(30), Figure(12))


# Weather


@pytest.mark.usefixtures("recorder_mock")
async def test_weather(hass: HomeAssistant, noon: FrozenDateTimeFactory, shop: Asked, pusher: Pusher) -> None:
    """A day has its most frequent condition by day, and its highest temperature."""
    noon.move_to(MONDAY + HOUR)
    for hour, condition, temperature in (
        (0, "clear-night", 9),
        (7, "cloudy", 12.5),
        (13, "sunny", 21),
        (16, "unavailable", None),
        (17, "rainy", 14),
        (20, "clear-night", "warm"),
    ):
        noon.move_to(MONDAY + DAY + hour * HOUR)
        hass.states.async_set("weather.home", condition, {"temperature": temperature, "temperature_unit": "°C"})
        await async_wait_recording_done(hass)
    noon.move_to(MONDAY + 9 * DAY + 12 * HOUR)
    await push_two_doors(pusher, main=hours(MONDAY, 7 * 24), back=hours(MONDAY, 7 * 24))
    report = await shop(weather="weather.home")
    assert [day.weather for day in report.days[:3]] == [
        None,
        DayWeather("cloudy", 21, "°C"),
        DayWeather("clear-night", None, None),
    ]


async def test_weather_without_recorder(shop: Asked, pusher: Pusher) -> None:
    """Without recorder, no weather is known."""
    await push_two_doors(pusher, main=hours(MONDAY, 24), back=hours(MONDAY, 24))
    report = await shop(weather="weather.home")
    assert [day.weather for day in report.days] == [None] * 7

"""Counts of a place in its opening hours only: the field open_only of the actions, and the file of an export."""

from datetime import datetime, time
from http import HTTPStatus
import json
from pathlib import Path
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.counting import (
    Interval,
    OpenDay,
    Period,
    Row,
    Schedule,
    open_days,
    period_bounds,
    weekly_hours,
)
from custom_components.axis_people_counter.history import PlaceHistory
from custom_components.axis_people_counter.ledger import Door
from custom_components.axis_people_counter.settings import PlaceSettings
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from .counting.test_opening import random_week, slow_minutes
from .helpers.bare_ledger import TIMEOUT, opened, push, sender
from .helpers.exports import COLUMNS, cells
from .helpers.get_counts import MAIN, at
from .helpers.opening import SCHEDULE, ShopSchedule, settle
from .helpers.places import add_place, entity_of, push_two_doors
from .helpers.pusher import SERIAL, Pusher

EXPORT: Final = "/api/axis_people_counter/export"
MINUTE: Final = 60
DAY: Final = 86_400


@pytest.fixture(autouse=True)
def _schedules_and_calendars(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant, if a test uses it, have schedules and calendars."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("schedules_and_calendars")


@pytest.fixture
async def shop(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, schedule: ShopSchedule) -> str:
    """Return a shop that is open from 10:00 to 11:30, and was counted at one door from 9:00 to 11:30."""
    await schedule.add(("10:00", "11:30"))
    await push_two_doors(
        pusher,
        main=[
            at("2026-09-16T07:00:00Z", 50, 3, minutes=59),
            at("2026-09-16T07:59:00Z", 7, 0, minutes=2),
            at("2026-09-16T08:01:00Z", 20, 40, minutes=59),
            at("2026-09-16T09:00:00Z", 1, 2, minutes=30),
        ],
        back=[at("2026-09-16T08:00:00Z", 1, 0, minutes=90)],
    )
    key = await add_place(hass, entry, (SERIAL,), opening_hours=SCHEDULE)
    await settle(hass)
    return key


async def ask(hass: HomeAssistant, key: str, start: str = "2026-09-16 08:00:00", **data: Any) -> list[dict[str, Any]]:
    """Return the rows of a place."""
    answer = await hass.services.async_call(
        DOMAIN,
        "get_counts",
        {"entity_id": entity_of(hass, key, "occupancy"), "start": start, "open_only": True, **data},
        blocking=True,
        return_response=True,
    )
    found = json.loads(json.dumps(answer))
    (place,) = found["places"]
    rows: list[dict[str, Any]] = place["rows"]
    return rows


def brief(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return the hour of each row, in, out, peak, complete, open, and minutes."""
    names = ("in", "out", "occupancy_peak", "complete", "open", "open_minutes")
    return [(row["start"][11:16], *(row[name] for name in names)) for row in rows]


async def test_hours(hass: HomeAssistant, shop: str) -> None:
    """An interval counts if it begins while the place is open, and what has to be covered is the open time."""
    assert brief(await ask(hass, shop)) == [
        ("08:00", 0, 0, 0, True, False, 0),
        ("09:00", 0, 0, 0, True, False, 0),
        ("10:00", 20, 40, 54, True, True, 60),
        ("11:00", 1, 2, 34, True, True, 30),
    ]
    (day,) = await ask(hass, shop, period="day")
    assert brief([day]) == [("00:00", 21, 42, 54, True, True, 90)]
    (other,) = await ask(hass, shop, period="day", open_only=False)
    assert (other["in"], other["complete"], "open" in other) == (78, False, False)


async def test_days_without_open_time(hass: HomeAssistant, shop: str, schedule: ShopSchedule) -> None:
    """A day on which the place is closed has no counts and isn't open; a day without counts isn't complete."""
    await schedule.change(("10:00", "11:30"), sunday=[])
    rows = await ask(hass, shop, "2026-09-12", end="2026-09-15", period="day")
    assert brief(rows) == [
        ("00:00", 0, 0, 0, False, True, 90),
        ("00:00", 0, 0, 0, True, False, 0),
        ("00:00", 0, 0, 0, False, True, 90),
    ]


async def test_hours_that_are_not_known(hass: HomeAssistant, shop: str, schedule: ShopSchedule) -> None:
    """While hours aren't known, counts are null, and what was known before stays."""
    assert len(await ask(hass, shop, "2026-09-15", end="2026-09-16", period="day")) == 1
    await schedule.delete()
    rows = await ask(hass, shop, "2026-09-14", period="day")
    assert brief(rows) == [
        ("00:00", None, None, None, False, None, None),
        ("00:00", 0, 0, 0, False, True, 90),
        ("00:00", None, None, None, False, None, None),
    ]
    # A row with some time that isn't known isn't known either.
    assert brief(await ask(hass, shop, "2026-09-14", period="week"))[0][1:] == (None, None, None, False, None, None)


async def test_comparison(hass: HomeAssistant, shop: str, schedule: ShopSchedule, pusher: Pusher) -> None:
    """Open time is compared with open time."""
    await push_two_doors(
        pusher, main=[at("2026-09-09T06:00:00Z", 100, minutes=120), at("2026-09-09T08:00:00Z", 14, minutes=90)]
    )
    (row,) = await ask(hass, shop, "2026-09-16", period="day", compare="last_week")
    assert (row["in"], row["compared"]["in"], row["change_percent"]) == (21, 14, 50)
    assert (row["compared"]["open"], row["compared"]["open_minutes"]) == (True, 90)
    # A week ago, the place is closed at this time of the day: nobody came, and that is known.
    row = (await ask(hass, shop, "2026-09-16 08:00:00", end="2026-09-16 09:00:00", compare="last_week"))[0]
    assert (row["compared"]["in"], row["compared"]["open"], row["change_percent"]) == (0, False, None)


async def test_place_without_hours(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A place without opening hours is always open."""
    await push_two_doors(pusher, main=[at("2026-09-16T08:00:00Z", 5, 1, minutes=60)])
    key = await add_place(hass, entry, (SERIAL,))
    rows = await ask(hass, key, "2026-09-16 10:00:00", end="2026-09-16 11:00:00")
    assert brief(rows) == [("10:00", 5, 1, 4, True, True, 60)]


async def test_cameras(hass: HomeAssistant, shop: str, pusher: Pusher) -> None:
    """A camera has no opening hours: the error says to choose a place. If everything is chosen, places are meant."""
    for action in ("get_counts", "export_counts"):
        for target in (MAIN, [MAIN, entity_of(hass, shop, "occupancy")]):
            with pytest.raises(ServiceValidationError) as info:
                await hass.services.async_call(
                    DOMAIN,
                    action,
                    {"entity_id": target, "start": "2026-09-16", "open_only": True},
                    blocking=True,
                    return_response=True,
                )
            assert info.value.translation_key == "no_opening_hours_of_cameras"
    answer: Any = await hass.services.async_call(
        DOMAIN,
        "get_counts",
        {"entity_id": "all", "start": "2026-09-16", "open_only": True},
        blocking=True,
        return_response=True,
    )
    assert (answer["cameras"], [place["id"] for place in answer["places"]]) == ([], [shop])


async def test_export(hass: HomeAssistant, shop: str, pusher: Pusher, schedule: ShopSchedule) -> None:
    """The file has the same rows, with the open time in columns of its own."""
    answer: Any = await hass.services.async_call(
        DOMAIN,
        "export_counts",
        {"entity_id": entity_of(hass, shop, "occupancy"), "start": "2026-09-01", "period": "hour", "open_only": True},
        blocking=True,
        return_response=True,
    )
    response = await pusher.client.get(answer["path"])
    assert response.status == HTTPStatus.OK
    header, *rows = cells((await response.read()).decode())
    assert header == ["place", *COLUMNS, "open", "open_minutes"]
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [
        (row["start"][11:16], row["in"], row["occupancy_peak"], row["open"], row["open_minutes"]) for row in found
    ] == [
        ("09:00", "0", "0", "false", "0"),
        ("10:00", "20", "54", "true", "60"),
        ("11:00", "1", "34", "true", "30"),
    ]
    await schedule.delete()
    response = await pusher.client.get(answer["path"])
    header, *rows = cells((await response.read()).decode())
    assert [row[header.index("in") :] for row in rows[-1:]] == [["", "", "", "", "", "false", "", ""]]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("places={shop}&open_only=true&period=day", HTTPStatus.OK, "open_minutes"),
        ("places={shop}&open_only=false&period=day", HTTPStatus.OK, "Shop"),
        ("places={shop}&open_only=yes", HTTPStatus.BAD_REQUEST, "open_only isn't true or false"),
        ("open_only=true", HTTPStatus.BAD_REQUEST, "no opening hours"),
        (f"cameras={SERIAL}&places={{shop}}&open_only=true", HTTPStatus.BAD_REQUEST, "no opening hours"),
        ("places={shop}&open_only=true&start=2027-06-01", HTTPStatus.BAD_REQUEST, "twice"),
        ("places={shop}&open_only=true&end=2026-09-01", HTTPStatus.BAD_REQUEST, ""),
    ],
)
async def test_address(
    hass_client: ClientSessionGenerator, shop: str, query: str, status: HTTPStatus, words: str
) -> None:
    """The address of the export takes open_only, and names what is wrong."""
    client = await hass_client()
    response = await client.get(f"{EXPORT}?start=2026-09-16&{query.format(shop=shop)}")
    assert (response.status, words in await response.text()) == (status, True)


async def test_ledger_that_is_closed(hass_client: ClientSessionGenerator, shop: str, entry: MockConfigEntry) -> None:
    """While the ledger can't be read, the address says to come back later."""
    client = await hass_client()
    entry.runtime_data.ledger.close().result()
    response = await client.get(f"{EXPORT}?start=2026-09-16&places={shop}&open_only=true")
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE


# Against a slow calculation, minute by minute


ZONES: Final = (
    ("Europe/Stockholm", "2026-03-28"),
    ("Europe/Stockholm", "2026-10-24"),
    ("Australia/Lord_Howe", "2026-04-04"),
    ("Africa/Cairo", "2026-10-29"),
    ("America/Santiago", "2026-09-05"),
    ("Asia/Kathmandu", "2026-09-15"),
)
PERIODS: Final = (Period.QUARTER_HOUR, Period.HOUR, Period.DAY)


@pytest.mark.parametrize(("name", "first"), ZONES[:2])
@pytest.mark.parametrize("unknown", [None, 1])
def test_random_hours(tmp_path: Path, name: str, first: str, unknown: int | None) -> None:
    """Compare the rows of a random schedule and random intervals with the slow calculation."""
    compare_rows(tmp_path, name, first, Random(f"{name} {first}"), unknown)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first"), ZONES)
def test_many_random_hours(tmp_path: Path, name: str, first: str) -> None:
    """Compare many more of them."""
    for seed in range(15):
        folder = tmp_path / str(seed)
        folder.mkdir()
        compare_rows(folder, name, first, Random(f"many {name} {first} {seed}"), 1 if seed % 3 == 2 else None)


def random_intervals(random: Random, start: int, end: int) -> list[Interval]:
    """Return the intervals of a door, some of which are missing."""
    width = random.choice((1, 5, 15, 60)) * MINUTE
    return [
        Interval(at, at + width, random.choice((0, 0, 1, 5)), random.choice((0, 0, 1, 4)), None, None)
        for at in range(start, end, width)
        if random.random() > 0.02
    ]


def compare_rows(folder: Path, name: str, first: str, random: Random, unknown: int | None) -> None:
    """Compare rows of a place with two doors, the second of which is reversed; the hours of a day may be unknown."""
    zone, own_zone = ZoneInfo(random.choice((name, "America/New_York"))), ZoneInfo(name)
    noon = int(datetime.combine(datetime.fromisoformat(first).date(), time(12), zone).timestamp())
    days = list(period_bounds(noon, noon + 2 * DAY, Period.DAY, zone))[:4]
    start, end = days[0], days[-1]
    doors = [random_intervals(random, start - 2 * DAY, end) for _ in range(2)]
    week = random_week(random)
    is_open = slow_minutes(week, own_zone, start, end)
    known = open_days(days, [], weekly_hours(start, end, week, own_zone))
    if unknown is not None:
        known = known[:unknown] + known[unknown + 1 :]
    schedule = Schedule(zone, time())
    keys = [sender(number).serial for number in (1, 2)]
    settings = PlaceSettings("shop", "Shop", (Door(keys[0], False), Door(keys[1], True)), None, None, 0, None, schedule)
    with opened(folder / "ledger.db") as ledger:
        ledger.set_places([settings.place]).result(TIMEOUT)
        for number, intervals in enumerate(doors):
            ledger.record(push(end, *intervals, sender=sender(number + 1), at=0), end).result(TIMEOUT)
        cameras = {key: camera for key in keys if (camera := ledger.camera(key).result(TIMEOUT))}
        assert len(cameras) == 2
        history = PlaceHistory(ledger, "shop", "Shop", schedule, settings, cameras, known)
        everything = PlaceHistory(ledger, "shop", "Shop", schedule, settings, cameras)
        now = random.randrange(start, end + DAY, MINUTE)
        for period in PERIODS:
            bounds = list(period_bounds(start, end, period, zone))
            minutes = list(everything.rows(list(range(bounds[0], bounds[-1] + 1, MINUTE)), now))
            for row in history.rows(bounds, now):
                found = (row.entered, row.exited, row.occupancy_peak, row.complete, row.corrections, row.open_seconds)
                assert found == slow_row(row, doors, is_open, minutes, known, now)


def slow_row(
    row: Row, doors: list[list[Interval]], is_open: set[int], minutes: list[Row], known: list[OpenDay], now: int
) -> tuple[Any, ...]:
    """Return the counts of a row, from its minutes."""
    of_row = [minute for minute in minutes if row.start <= minute.start < row.end]
    corrections = tuple(correction for minute in of_row for correction in minute.corrections)
    if not all(any(day.start <= minute.start < day.end for day in known) for minute in of_row):
        return 0, 0, 0, False, corrections, None
    entered = exited = 0
    for number, door in enumerate(doors):
        for interval in door:
            if row.start <= interval.start < row.end and interval.start // MINUTE * MINUTE in is_open:
                entered += interval.exited if number else interval.entered
                exited += interval.entered if number else interval.exited
    opened = [minute for minute in of_row if minute.start in is_open]
    return (
        entered,
        exited,
        max((minute.occupancy_peak for minute in opened), default=0),
        all(minute.complete for minute in opened) if opened else row.end <= now,
        corrections,
        len(opened) * MINUTE,
    )

"""The action get_counts with `compare`: each row beside the row of an earlier period, and the change in percent."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.services import MAX_DAYS, MAX_ROWS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from .helpers.clock import wait
from .helpers.get_counts import HOUR, MINUTE, NOON, Rows, at, hours, rows
from .helpers.places import BACK_DOOR, add_place, entity_of
from .helpers.pusher import Pusher, measurement
from .helpers.replacing import NEW_SENSOR, break_camera, replace

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


async def compared(hass: HomeAssistant, start: Any, compare: str, **data: Any) -> list[tuple[Any, ...]]:
    """Return the people in of each row, those it is compared with, whether these are complete, and the change."""
    found = await rows(hass, start, compare=compare, **data)
    return [(row["in"], row["compared"]["in"], row["compared"]["complete"], row["change_percent"]) for row in found]


async def rows_of_place(hass: HomeAssistant, key: str, start: str, **data: Any) -> Rows:
    """Return the rows of a place."""
    answer: Any = await hass.services.async_call(
        DOMAIN,
        "get_counts",
        {"entity_id": entity_of(hass, key, "occupancy"), "start": start, **data},
        blocking=True,
        return_response=True,
    )
    found: Rows = answer["places"][0]["rows"]
    return found


async def test_response(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A row has the whole row that it is compared with, and how many percent more people came in."""
    await pusher.push(at("2026-09-09T08:00:00Z", 40, 30, minutes=60, adults=(20, 10)))
    await pusher.push(at("2026-09-16T08:00:00Z", 50, 60, minutes=60, adults=(30, 20)))
    (row,) = await rows(hass, "2026-09-16 10:00", end="2026-09-16 11:00", compare="last_week")
    assert row == {
        "start": "2026-09-16T10:00:00+02:00",
        "end": "2026-09-16T11:00:00+02:00",
        "in": 50,
        "out": 60,
        "adults_in": 30,
        "adults_out": 20,
        "occupancy_peak": 0,
        "complete": True,
        "compared": {
            "start": "2026-09-09T10:00:00+02:00",
            "end": "2026-09-09T11:00:00+02:00",
            "in": 40,
            "out": 30,
            "adults_in": 20,
            "adults_out": 10,
            "occupancy_peak": 10,
            "complete": True,
        },
        "change_percent": 25.0,
    }
    (row,) = await rows(hass, "2026-09-16 10:00", end="2026-09-16 11:00")
    assert {"compared", "change_percent"}.isdisjoint(row)


@pytest.mark.parametrize(
    ("compare", "earlier"),
    [
        ("previous", "2026-09-14T22:00:00Z"),
        ("last_week", "2026-09-08T22:00:00Z"),
        ("four_weeks", "2026-08-18T22:00:00Z"),
        ("last_year", "2025-09-16T22:00:00Z"),
    ],
)
async def test_each_period(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, compare: str, earlier: str
) -> None:
    """Compare with the day before, and with Wednesdays: of last week, of four weeks ago and of last year."""
    noon.move_to("2026-09-17T10:00:00Z")
    await pusher.push(*hours(earlier, [2] * 24))
    await pusher.push(*hours("2026-09-15T22:00:00Z", [3] * 24))
    day = {"end": "2026-09-17", "period": "day"}
    assert await compared(hass, "2026-09-16", compare, **day) == [(72, 48, True, 50.0)]


async def test_nothing_to_compare_with(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Before the first count nothing is known; missing counts and zero give no percentage."""
    await pusher.push(
        *hours("2026-09-09T06:00:00Z", [0, 4]), at("2026-09-09T08:00:00Z", 3, minutes=30), sent=NOON - 2 * MINUTE
    )
    await pusher.push(*hours("2026-09-16T05:00:00Z", [1, 2, 3]), at("2026-09-16T08:00:00Z", 2, minutes=60))
    found = await rows(hass, "2026-09-16 07:00", end="2026-09-16 11:00", compare="last_week")
    assert [(row["in"], row["compared"]["in"], row["change_percent"]) for row in found] == [
        (1, None, None),
        (2, 0, None),
        (3, 4, -25.0),
        (2, 3, None),
    ]
    assert found[0]["compared"] == {
        "start": "2026-09-09T07:00:00+02:00",
        "end": "2026-09-09T08:00:00+02:00",
        "in": None,
        "out": None,
        "occupancy_peak": None,
        "complete": False,
    }
    assert [row["compared"]["complete"] for row in found] == [False, True, True, False]
    # Incomplete now, while the row before is complete.
    (*_, last) = await compared(hass, "2026-09-16 11:00", "previous")
    assert last == (0, 2, True, None)


async def test_running_period(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A period that isn't over is beside a whole one, so there is no percentage."""
    await pusher.push(*hours("2026-09-08T22:00:00Z", [1] * 24))
    await pusher.push(*hours("2026-09-15T22:00:00Z", [5] * 12))
    assert await compared(hass, "2026-09-16", "last_week", period="day") == [(60, 24, True, None)]


async def test_deleted_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Of a time whose counts are deleted nothing is known, so there are no people and no percentage."""
    for day in range(18):
        await pusher.push(*hours(NOON - day * DAY - 12 * HOUR, [1] * 12))
    hass.config_entries.async_update_entry(entry, options={"keep_days": 5})
    await hass.async_block_till_done(wait_background_tasks=True)
    found = await compared(hass, "2026-09-15 08:00", "last_week", end="2026-09-15 10:00")
    assert found == [(1, None, False, None)] * 2
    assert await compared(hass, "2026-09-15 08:00", "previous", end="2026-09-15 10:00") == [(1, 1, True, 0.0)] * 2


async def test_clock_changes(hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Both hours of the same name are compared with one, and an hour that was skipped is nothing."""
    freezer.move_to("2026-11-02T10:00:00Z")
    await pusher.push(*hours("2026-10-17T22:00:00Z", list(range(1, 25))))
    await pusher.push(*hours("2026-10-24T22:00:00Z", list(range(1, 26))))
    night = await compared(hass, "2026-10-25", "last_week", end="2026-10-25 05:00")
    assert [row[:2] for row in night] == [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (6, 5)]
    (day,) = await compared(hass, "2026-10-25", "last_week", end="2026-10-26", period="day")
    assert day == (325, 300, True, 8.3)
    freezer.move_to("2027-04-05T10:00:00Z")
    await pusher.push(*hours("2027-03-27T23:00:00Z", [1] * 23))
    await pusher.push(*hours("2027-04-03T22:00:00Z", [2] * 24))
    night = await compared(hass, "2027-04-04", "last_week", end="2027-04-04 05:00")
    assert night == [(2, 1, True, 100.0)] * 2 + [(2, None, False, None)] + [(2, 1, True, 100.0)] * 2
    (row,) = await rows(hass, "2027-04-04 02:00", end="2027-04-04 03:00", compare="last_week")
    assert (row["compared"]["start"], row["compared"]["end"]) == ("2027-03-28T03:00:00+02:00",) * 2


async def test_place_in_another_zone(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The days of a place are those of its zone; it is complete where all doors are, and its peaks are its own."""
    noon.move_to("2026-09-17T10:00:00Z")
    # Midnight in Kolkata.
    for day, people in (("2026-09-08T18:00:00Z", 1), ("2026-09-15T18:00:00Z", 3)):
        await pusher.push(*hours(day, [people] * 25))
        start = datetime.fromisoformat(day)
        await pusher.push(
            *(measurement(start + number * HOUR, 0, people, minutes=60) for number in range(25)), sensor=BACK_DOOR
        )
    key = await add_place(hass, entry, time_zone="Asia/Kolkata")
    (row,) = await rows_of_place(hass, key, "2026-09-16", end="2026-09-17", period="day", compare="last_week")
    assert (row["in"], row["change_percent"]) == (72, 200.0)
    assert row["compared"] == {
        "start": "2026-09-09T00:00:00+05:30",
        "end": "2026-09-10T00:00:00+05:30",
        "in": 24,
        "out": 24,
        "occupancy_peak": 0,
        "complete": True,
    }


async def test_replaced_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A camera that was replaced in the week that is compared goes on: its counts are those of the door."""
    await break_camera(hass, noon, pusher)
    await replace(hass, entry)
    await wait(hass, noon, 13 * HOUR)
    await pusher.push(*hours(NOON + HOUR, [4] * 11), sensor=NEW_SENSOR)
    noon.move_to(NOON + 8 * DAY)
    await pusher.push(*hours(NOON + WEEK - 2 * HOUR, [5] * 13), sensor=NEW_SENSOR)
    found = await compared(hass, "2026-09-23 11:00", "last_week", end="2026-09-23 23:00")
    # The old camera until noon; the new one, which was mounted eight minutes later; and each hour of that.
    assert found == [(5, 10, False, None), (5, 5, False, None)] + [(5, 4, True, 25.0)] * 10


async def test_limits(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Rows and days that are compared count towards the limits of an answer."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))

    async def refused(key: str, **data: Any) -> None:
        with pytest.raises(ServiceValidationError) as raised:
            await rows(hass, compare="last_week", **data)
        assert raised.value.translation_key == key

    start = NOON - MAX_ROWS // 2 * 5 * MINUTE
    assert len(await rows(hass, start, period="5minute", compare="last_week")) == MAX_ROWS // 2
    await refused("too_many_rows", start=start - 5 * MINUTE, period="5minute")
    await refused("too_many_rows", start="2000-01-01", period="5minute")
    start = NOON - (MAX_DAYS // 2 - 1) * DAY
    assert len(await rows(hass, start, period="day", compare="last_year")) == MAX_DAYS // 2
    await refused("too_many_days", start=start - DAY, period="day")


async def test_unknown_period(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Refuse to compare with anything else."""
    await pusher.push(at("2026-09-16T09:00:00Z", 3))
    with pytest.raises(vol.Invalid):
        await rows(hass, "2026-09-16", compare="last_month")


async def test_random_history(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A row is compared with the row that the action returns of that time, in all periods, over clock changes."""
    chance = Random(16)
    freezer.move_to("2026-11-05T10:00:00Z")
    begin = datetime.fromisoformat("2025-10-01T00:00:00Z")
    for sensor in ({}, BACK_DOOR):
        for first in range(0, 400 * 24, 2000):
            await pusher.push(
                *(
                    measurement(begin + hour * HOUR, chance.randrange(9), chance.randrange(9), minutes=60)
                    for hour in range(first, first + 2000)
                    if chance.random() < 0.95
                    and begin + (hour + 1) * HOUR < datetime.fromisoformat("2026-11-05T10:00Z")
                ),
                sensor=sensor,
            )
    key = await add_place(hass, entry, time_zone="America/New_York", reset_time="03:30:00")
    for start, end, period in (
        ("2026-10-25", "2026-11-03", "day"),
        ("2026-10-31 22:00", "2026-11-01 05:00", "hour"),
        ("2026-10-20", "2026-11-04", "week"),
        ("2026-11-01", "2026-11-02", "30minute"),
    ):
        for compare in ("previous", "last_week", "four_weeks", "last_year"):
            for row in await rows_of_place(hass, key, start, end=end, period=period, compare=compare):
                before = row.pop("compared")
                (alone,) = await rows_of_place(hass, key, before["start"], end=before["end"], period=period)
                if before["in"] is None:
                    alone |= dict.fromkeys(("in", "out", "occupancy_peak")) if not alone["in"] else {}
                assert before == alone
                is_known = row["complete"] and before["complete"] and before["in"]
                expected = round(100 * (row["in"] / before["in"] - 1), 1) if is_known else None
                assert row["change_percent"] == pytest.approx(expected)

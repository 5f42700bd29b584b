"""Hourly long-term statistics in a real recorder, asked for as the frontend does."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
import logging
from pathlib import Path
import sqlite3
from time import perf_counter, thread_time
from typing import Any, Final

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.recorder.common import async_block_recorder
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from custom_components.axis_people_counter.const import CONF_RESET_TIME, DOMAIN
from homeassistant.components.recorder import get_instance
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from .helpers.ledgers import interval, opened, record
from .helpers.pusher import PATH, SERIAL, TOKEN, Pusher, document, measurement
from .helpers.recorded import (
    Truth,
    delete,
    descriptions,
    go_on,
    recorded,
    restore,
    rows,
    rows_now,
    settle,
    snapshot,
    sums,
    values,
)

NOON: Final = datetime(2026, 9, 16, 10, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
LEDGER: Final = "axis_people_counter.db"
# Of history, where a longer one would show no more.
DAYS: Final = 30
OTHER: Final = {"serial": "accc8e000001", "name": "Back door"}


pytestmark = pytest.mark.usefixtures("recorder_mock")


def delete_ledger(folder: Path) -> None:
    """Delete the ledger as a user does."""
    for file in folder.glob(f"{LEDGER}*"):
        file.unlink()


def copy_ledger(folder: Path) -> Callable[[], None]:
    """Copy the ledger as it is, and return what puts that copy back."""
    content = {file.name: file.read_bytes() for file in folder.glob(f"{LEDGER}*") if not file.name.endswith("-shm")}

    def put_back() -> None:
        delete_ledger(folder)
        for name, data in content.items():
            (folder / name).write_bytes(data)

    return put_back


# What is in them


async def test_counts_are_at_the_hour_of_their_passage(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Hours follow each other without a gap; occupancy is known where the camera reported."""
    await pusher.push(
        measurement(NOON - timedelta(hours=3, minutes=5), 5, 2),
        measurement(NOON - timedelta(minutes=5), 1, 0),
        measurement(NOON - timedelta(minutes=1), 1, 0),
    )
    found = await rows(hass, "in")
    assert [(row["start"], row["state"], row["sum"]) for row in found] == [
        (NOON - timedelta(hours=4), 5, 5),
        (NOON - timedelta(hours=3), 0, 5),
        (NOON - timedelta(hours=2), 0, 5),
        (NOON - timedelta(hours=1), 2, 7),
    ]
    assert values(await rows(hass, "out"), "state") == [2, 0, 0, 0]
    assert await rows(hass, "adults_in") == []
    assert [(row["start"], row["min"], row["mean"], row["max"]) for row in await rows(hass, "occupancy")] == [
        (NOON - timedelta(hours=4), 0, pytest.approx(3 * 4 / 60), 3),
        (NOON - timedelta(hours=1), 3, pytest.approx((3 * 56 + 4 * 4) / 60), 5),
    ]


async def test_occupancy_of_the_running_hour_ends_with_the_newest_interval(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """Neither the rest of the hour nor a reset that is yet to come in it are part of its mean and minimum."""
    hass.config_entries.async_update_entry(entry, options={CONF_RESET_TIME: "12:30:00"})
    await hass.config_entries.async_reload(entry.entry_id)
    truth = Truth(reset=time(12, 30))
    noon.move_to(NOON + 20 * MINUTE)
    await pusher.push(truth.tell(NOON, 4, minutes=10), truth.tell(NOON + 10 * MINUTE, 2, minutes=10))
    assert [{**row} for row in await rows(hass, "occupancy")] == [
        {"start": NOON, "min": 0, "mean": pytest.approx(2), "max": 6}
    ]
    noon.move_to(NOON + 40 * MINUTE)
    await pusher.push(truth.tell(NOON + 30 * MINUTE, 1, minutes=10))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()
    assert [{**row} for row in await rows(hass, "occupancy")] == [
        {"start": NOON, "min": 0, "mean": pytest.approx((4 * 10 + 6 * 10) / 40), "max": 6}
    ]


async def test_the_last_hour_before_a_gap_is_completed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """It is the same whether it was written while it ran or afterwards."""
    truth = Truth()
    noon.move_to(NOON + 10 * MINUTE)
    await pusher.push(truth.tell(NOON, 3, minutes=5), truth.tell(NOON + 5 * MINUTE, 3, minutes=5))
    assert await recorded(hass) == truth.series()
    noon.move_to(NOON + timedelta(hours=3))
    await pusher.push(truth.tell(NOON + timedelta(hours=2, minutes=50), 1, minutes=5))
    assert await recorded(hass) == truth.series()
    await entry.runtime_data.statistics.async_rebuild(SERIAL)
    assert await recorded(hass) == truth.series()


async def test_late_replaced_and_repeated_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """A late count moves all later sums, a replaced one corrects them, one that was told before changes nothing."""
    truth = Truth()
    newest = truth.tell(NOON - 5 * MINUTE, 2, 1, minutes=5)
    await pusher.push(newest)
    late = truth.tell(NOON - timedelta(days=3), 7, 0, minutes=15)
    await pusher.push(late)
    assert await recorded(hass) == truth.series()
    await pusher.push(truth.tell(NOON - timedelta(days=1), 1, 4, minutes=15))
    assert await recorded(hass) == truth.series()
    noon.tick(MINUTE)
    await pusher.push(truth.tell(NOON - timedelta(days=3), 3, 1, minutes=15, sent=1))
    assert await recorded(hass) == truth.series()
    await pusher.push(newest, late, sent=NOON)
    assert await recorded(hass) == truth.series()
    # Before all others.
    await pusher.push(truth.tell(NOON - timedelta(days=4), 1, minutes=15))
    assert await recorded(hass) == truth.series()


async def test_adults(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Their series are there once the camera tells adults, from its first hour on."""
    truth = Truth()
    await pusher.push(truth.tell(NOON - timedelta(days=1), 3, 3), truth.tell(NOON - 2 * MINUTE, 1))
    assert {"accc8ef3d92e_in", "accc8ef3d92e_out", "accc8ef3d92e_occupancy"} == set(await descriptions(hass))
    noon.tick(timedelta(hours=1))
    await pusher.push(truth.tell(NOON + 5 * MINUTE, 4, 3, adults=(2, 3)))
    assert await recorded(hass) == truth.series()
    assert values(await rows(hass, "adults_in"), "sum") == [0] * 24 + [2]


async def test_a_correction_in_a_past_hour(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """What the user says holds from then on, also for counts that come later."""
    truth = Truth()
    entity = {"entity_id": "sensor.main_entrance_occupancy"}
    await pusher.push(truth.tell(NOON - 5 * MINUTE, 9, minutes=5))
    noon.tick(3 * MINUTE)
    truth.corrections[int((NOON + 3 * MINUTE).timestamp())] = [4]
    await hass.services.async_call(DOMAIN, "set_occupancy", {"value": 4, **entity}, blocking=True)
    await settle(hass)
    noon.move_to(NOON + timedelta(hours=2))
    # The camera comes late with the hour of the correction, and all after it.
    await pusher.push(*(truth.tell(NOON + 5 * number * MINUTE, number % 3, 1, minutes=5) for number in range(20)))
    assert await recorded(hass) == truth.series()
    # Of an hour in which the camera has said nothing yet; after that it is silent for long.
    noon.tick(4 * MINUTE)
    await hass.services.async_call(DOMAIN, "set_occupancy", {"value": 70, **entity}, blocking=True)
    assert await recorded(hass) == truth.series()
    truth.corrections[int((NOON + timedelta(hours=2, minutes=4)).timestamp())] = [70]
    noon.tick(timedelta(hours=4))
    await pusher.push(truth.tell(NOON + timedelta(hours=5, minutes=50), 0, 1, minutes=5))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()


async def test_reversed(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The switch exchanges in and out of all hours, and back."""
    truth = Truth()
    await pusher.push(
        truth.tell(NOON - timedelta(days=2), 3, 1, adults=(2, 0)), truth.tell(NOON - 2 * MINUTE, 1, 5, adults=(1, 4))
    )
    entity = {"entity_id": "switch.main_entrance_reverse_direction"}
    for is_reversed, service in ((True, "turn_on"), (False, "turn_off")):
        await hass.services.async_call("switch", service, entity, blocking=True)
        truth.is_reversed = is_reversed
        assert await recorded(hass) == truth.series()


async def test_another_reset_time(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """The option changes the occupancy of all hours."""
    truth = Truth()
    await pusher.push(*(truth.tell(NOON - timedelta(hours=hour), 2, 1) for hour in range(1, 40)))
    assert await recorded(hass) == truth.series()
    hass.config_entries.async_update_entry(entry, options={CONF_RESET_TIME: "04:30:00"})
    await hass.config_entries.async_reload(entry.entry_id)
    truth.reset = time(4, 30)
    assert await recorded(hass) == truth.series()


async def test_another_time_zone(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Where the camera is moved to another zone, or says at last where it is, its nights are others."""
    truth = Truth()
    await pusher.push(*(truth.tell(NOON - timedelta(hours=hour), 2, 1) for hour in range(1, 40)))
    assert await recorded(hass) == truth.series()
    noon.tick(MINUTE)
    truth.zone = "Asia/Kolkata"
    await pusher.push(truth.tell(NOON), sensor={"timeZone": truth.zone})
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()


@pytest.mark.parametrize(
    ("zone", "middle"),
    [
        ("Europe/Stockholm", "2026-03-29T01:00:00Z"),
        ("Europe/Stockholm", "2026-10-25T01:00:00Z"),
        ("America/Havana", "2026-11-01T05:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("Asia/Kolkata", "2026-12-31T23:00:00Z"),
        ("Asia/Kathmandu", "2026-09-16T18:15:00Z"),
    ],
)
async def test_hours_are_those_of_utc(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher, zone: str, middle: str
) -> None:
    """Also where the zone is half an hour off, where summer time begins and ends, and where the year does."""
    instant = datetime.fromisoformat(middle)
    freezer.move_to(instant + timedelta(hours=30))
    truth = Truth(zone=zone)
    await pusher.push(
        *(
            # Intervals that go over the end of an hour too.
            truth.tell(instant + number * 7 * MINUTE, number % 4, number % 3, minutes=7)
            for number in range(-200, 200)
        ),
        sensor={"timeZone": zone},
    )
    assert await recorded(hass) == truth.series()


async def test_merged_intervals(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """What is older than the days of full detail still has its counts at its hour."""
    truth = Truth()
    await pusher.push(
        *(truth.tell(NOON + number * 5 * MINUTE, number % 5, 1, minutes=5) for number in range(-40, 0)),
    )
    before = await recorded(hass)
    noon.move_to(NOON + timedelta(days=500))
    # It merges at once, and once a day.
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    with sqlite3.connect(hass.config.path(LEDGER)) as db:
        (number,) = db.execute("SELECT count(*) FROM intervals").fetchone()
    assert number < 10
    assert await recorded(hass) == before
    await entry.runtime_data.statistics.async_rebuild(SERIAL)
    for key in ("in", "out"):
        assert await rows(hass, key) == before[key]


# Names


async def test_names_and_unit(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """The camera's name and what is counted; the names follow those of the camera and of the device."""

    async def names() -> dict[str, Any]:
        return {key: one["name"] for key, one in (await descriptions(hass)).items()}

    await pusher.push(measurement(NOON - 2 * MINUTE, 1))
    found = await descriptions(hass)
    assert {key: one["name"] for key, one in found.items()} == {
        "accc8ef3d92e_in": "Main entrance In",
        "accc8ef3d92e_out": "Main entrance Out",
        "accc8ef3d92e_occupancy": "Main entrance Occupancy",
    }
    for key, one in found.items():
        assert one["statistics_unit_of_measurement"] == "people"
        assert one["has_sum"] == (not key.endswith("occupancy"))
        assert one["mean_type"] == int(key.endswith("occupancy"))
    # Steady pushes don't write now, a new name is there at once.
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - MINUTE, 1), sensor={"name": "North door"})
    assert set((await names()).values()) == {"North door In", "North door Out", "North door Occupancy"}
    before = await snapshot(hass)
    registry = dr.async_get(hass)
    (device,) = dr.async_entries_for_config_entry(registry, entry.entry_id)
    registry.async_update_device(device.id, name_by_user="Café")
    assert set((await names()).values()) == {"Café In", "Café Out", "Café Occupancy"}
    assert (await snapshot(hass))["statistics"] == before["statistics"]
    registry.async_update_device(device.id, name_by_user=None)
    noon.tick(timedelta(hours=1))
    await pusher.push(measurement(NOON + 50 * MINUTE, 1, adults=(1, 0)), sensor={"name": "North door"})
    assert set((await names()).values()) == {
        f"North door {name}" for name in ("In", "Out", "Adults in", "Adults out", "Occupancy")
    }


async def test_names_in_german(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """They are in the language of the installation."""
    hass.config.language = "de"
    await pusher.push(measurement(NOON - 2 * MINUTE, 1, adults=(1, 0)), sensor={"name": "Haupteingang"})
    found = await descriptions(hass)
    assert {one["name"] for one in found.values()} == {
        "Haupteingang Hinein",
        "Haupteingang Hinaus",
        "Haupteingang Erwachsene hinein",
        "Haupteingang Erwachsene hinaus",
        "Haupteingang Belegung",
    }
    assert {one["statistics_unit_of_measurement"] for one in found.values()} == {"Personen"}


# When they are written


async def test_steady_pushes_are_written_every_five_minutes(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """The running hour is brought up to date for each camera by itself; history is there at once."""
    seen: dict[str, list[tuple[int, int]]] = {SERIAL: [], OTHER["serial"]: []}
    for minute in range(1, 61):
        noon.move_to(NOON + minute * MINUTE)
        await pusher.push(measurement(NOON + (minute - 1) * MINUTE, 1))
        if minute > 2:
            await pusher.push(measurement(NOON + (minute - 1) * MINUTE, 1), sensor=OTHER)
        await go_on(hass, noon, 0)
        for serial, sums_seen in seen.items():
            if found := await rows_now(hass, "in", serial):
                counted = int(found[-1]["sum"])
                if not sums_seen or sums_seen[-1][1] != counted:
                    sums_seen.append((minute, counted))
    assert [minute for minute, _ in seen[SERIAL]] == list(range(1, 61, 5))
    assert [minute for minute, _ in seen[OTHER["serial"]]] == list(range(3, 61, 5))
    # What comes at the very instant may be in it already.
    assert all(minute - 1 <= counted <= minute for minute, counted in seen[SERIAL])
    # The last of them too, though nothing follows.
    await go_on(hass, noon)
    assert await sums(hass) == [60]
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON + 60 * MINUTE, 1))
    assert await sums(hass) == [60]
    await pusher.push(measurement(NOON - timedelta(days=1), 5))
    assert (await sums(hass))[-1] == 66


async def test_a_slow_recorder_keeps_nobody_waiting(hass: HomeAssistant, pusher: Pusher) -> None:
    """Pushes are answered as fast as ever, and what came meanwhile is written when it is due."""
    truth = Truth()
    now = dt_util.utcnow().replace(second=0, microsecond=0)
    # The clock runs in this test and the next ones.
    await async_block_recorder(hass, 5)
    begin = perf_counter()
    for minute in range(8, 1, -1):
        assert (await pusher.post(document(truth.tell(now - minute * MINUTE, 2, 1)))).status == HTTPStatus.OK
    assert perf_counter() - begin < 4
    assert not await rows_now(hass, "in")
    await settle(hass)
    with freeze_time(now + 6 * MINUTE) as frozen:
        await go_on(hass, frozen, 0)
        assert await recorded(hass) == truth.series()


async def test_a_camera_with_history_keeps_no_other_waiting(hass: HomeAssistant, pusher: Pusher) -> None:
    """While one sends a long history piece by piece, the others have their turn."""
    serials = [f"accc8e00000{number}" for number in range(3)]
    now = dt_util.utcnow().replace(second=0, microsecond=0)
    pieces = 0

    async def send(serial: str, start: datetime) -> None:
        # Not the pusher, which waits until all that was planned is done.
        body = document(measurement(start, 1), sensor={"serial": serial})
        async with pusher.client.post(PATH, json=body, headers={"Authorization": f"Bearer {TOKEN}"}) as response:
            assert response.status == HTTPStatus.OK

    async def send_history() -> None:
        nonlocal pieces
        while True:
            pieces += 1
            await send(serials[0], now - pieces * timedelta(minutes=20))

    sending = asyncio.create_task(send_history())
    try:
        await asyncio.sleep(0.3)
        for serial in serials[1:]:
            await send(serial, now - 2 * MINUTE)
        for _ in range(200):
            await asyncio.sleep(0.05)
            if written := all([await rows_now(hass, "in", serial) for serial in serials[1:]]):
                break
        assert written
    finally:
        sending.cancel()
    await settle(hass)
    assert (await sums(hass, "in", serials[0]))[-1] >= pieces - 1


async def test_the_event_loop_is_free_while_history_is_written(hass: HomeAssistant, pusher: Pusher) -> None:
    """A month of a camera keeps no other task waiting for long."""
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    body = document(
        *(measurement(start + hour * timedelta(hours=1), 3, 2, minutes=60, adults=(1, 1)) for hour in range(DAYS * 24))
    )
    gaps = [0.0]

    async def watch() -> None:
        # What this thread does itself: other programs don't count.
        last = thread_time()
        while True:
            await asyncio.sleep(0.005)
            gaps.append(thread_time() - last)
            last = thread_time()

    watching = asyncio.create_task(watch())
    await pusher.post(body)
    found = await rows(hass, "adults_in")
    watching.cancel()
    assert len(found) == DAYS * 24
    assert found[-1]["sum"] == DAYS * 24
    assert max(gaps) < 0.1


# What goes wrong


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return what our integration or anybody has logged as a warning or worse."""
    return lambda: [
        record.getMessage()
        for record in caplog.records
        # Where the clock jumps, asyncio finds everything slow.
        if record.levelno >= logging.WARNING and record.name != "asyncio"
    ]


@pytest.mark.parametrize("which", range(4))
async def test_recorder_fails_once(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, which: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever row it was that the database refused, and whether others went in: it is there in the end."""
    truth = Truth()
    await pusher.push(truth.tell(NOON - timedelta(days=8), 5, 1, adults=(1, 1)))
    # In the first hours, in the middle of them, for occupancy, in the last hours.
    fail_at = (2, 150, 430, 800)[which]
    inserted = 0

    def refuse(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal inserted
        if statement.startswith(("INSERT INTO statistics ", "UPDATE statistics ")):
            inserted += 1
            if inserted == fail_at:
                raise OperationalError(statement, {}, sqlite3.OperationalError("database is locked"))

    engine = get_instance(hass).engine
    event.listen(engine, "before_cursor_execute", refuse)
    await pusher.push(
        *(truth.tell(NOON - number * timedelta(hours=1) - 2 * MINUTE, 2, 1, adults=(1, 0)) for number in range(190))
    )
    await settle(hass)
    assert inserted >= fail_at
    assert await recorded(hass) != truth.series()
    assert "Long-term statistics can't be written now" in caplog.text
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()
    assert "Long-term statistics are written again" in caplog.text
    event.remove(engine, "before_cursor_execute", refuse)


@pytest.mark.parametrize(
    "deleted",
    [("in",), ("out",), ("adults_in",), ("occupancy",), ("in", "out", "adults_in", "adults_out", "occupancy")],
    ids=" ".join,
)
async def test_series_deleted_by_the_user(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, deleted: tuple[str, ...]
) -> None:
    """It is written anew as a whole with the next push."""
    truth = Truth()
    await pusher.push(
        *(truth.tell(NOON - timedelta(hours=hour), 1, 0, adults=(1, 0)) for hour in range(1, 30)),
    )
    assert await recorded(hass) == truth.series()
    await delete(hass, *(f"{SERIAL}_{key}" for key in deleted))
    noon.tick(timedelta(hours=1))
    await pusher.push(truth.tell(NOON + 40 * MINUTE, 1, 1, adults=(0, 0)))
    assert await recorded(hass) == truth.series()


async def test_recorder_lost_all_while_nothing_is_pushed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """A new database is filled when Home Assistant has started, also with cameras that are silent."""
    truth = Truth()
    empty = await snapshot(hass)
    await pusher.push(*(truth.tell(NOON - timedelta(hours=hour), 1) for hour in range(1, 30)))
    assert await recorded(hass) == truth.series()
    assert await hass.config_entries.async_unload(entry.entry_id)
    await restore(hass, empty)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await recorded(hass) == truth.series()


@pytest.mark.parametrize("later", [timedelta(), timedelta(minutes=20), timedelta(hours=3)])
async def test_older_copy_of_recorders_database(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, later: timedelta
) -> None:
    """What it lacks is written once more."""
    truth = Truth()
    await pusher.push(*(truth.tell(NOON - timedelta(hours=hour), 1) for hour in range(1, 30)))
    assert await recorded(hass) == truth.series()
    old = await snapshot(hass)
    noon.tick(later)
    await pusher.push(truth.tell(NOON - timedelta(hours=20) + 7 * MINUTE, 8), truth.tell(NOON + later - 2 * MINUTE, 1))
    assert await recorded(hass) == truth.series()
    assert await hass.config_entries.async_unload(entry.entry_id)
    await restore(hass, old)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    noon.tick(MINUTE)
    await pusher.push(truth.tell(NOON + later - MINUTE, 1))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()


async def test_killed_between_commit_and_statistics(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """What the ledger had, and recorder not yet, is written after the next start, though the camera is silent."""
    truth = Truth()
    await pusher.push(truth.tell(NOON - timedelta(hours=5), 1), truth.tell(NOON - 2 * MINUTE, 2))
    before = await recorded(hass)
    tables = await snapshot(hass)
    for part in range(3):
        await async_block_recorder(hass, 0.3)
        body = document(truth.tell(NOON - timedelta(days=1, hours=part), 5), truth.tell(NOON - (part + 3) * MINUTE, 2))
        assert (await pusher.post(body)).status == HTTPStatus.OK
        # At once, or while it is on the way.
        for _ in range(100 * part):
            await asyncio.sleep(0)
        put_back = copy_ledger(tmp_path)
        assert await hass.config_entries.async_unload(entry.entry_id)
        await restore(hass, tables)
        put_back()
        assert await recorded(hass) == before
        assert await hass.config_entries.async_setup(entry.entry_id)
        assert await recorded(hass) == truth.series()
        before, tables = await recorded(hass), await snapshot(hass)


async def test_unloaded_while_it_is_written(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    errors: Callable[[], list[str]],
) -> None:
    """Nothing is left behind, nothing logged, and the rest is written when the entry is there again."""
    truth = Truth()
    await async_block_recorder(hass, 0.3)
    body = document(*(truth.tell(NOON - hour * timedelta(hours=1), 1, 2) for hour in range(1, 500)))
    assert (await pusher.post(body)).status == HTTPStatus.OK
    assert await hass.config_entries.async_unload(entry.entry_id)
    await go_on(hass, noon, 60)
    assert await recorded(hass) != truth.series()
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await recorded(hass) == truth.series()
    assert errors() == []


async def test_push_that_is_published_while_the_entry_is_unloaded(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    errors: Callable[[], list[str]],
) -> None:
    """It begins nothing that would go on without the entry."""
    await pusher.push(measurement(NOON - 5 * MINUTE, 1))
    statistics = entry.runtime_data.statistics
    await settle(hass)
    assert await hass.config_entries.async_unload(entry.entry_id)
    statistics.async_changed(SERIAL, 0)
    noon.tick(MINUTE)
    statistics.async_changed(SERIAL, int(NOON.timestamp()))
    await go_on(hass, noon, 60)
    assert errors() == []


async def test_counted_before_there_was_a_recorder(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """A ledger from which nobody has written anything is written when Home Assistant has started."""
    truth = Truth()
    assert await hass.config_entries.async_unload(entry.entry_id)
    with opened(tmp_path / LEDGER) as ledger:
        for hour in range(50):
            truth.tell(NOON - hour * timedelta(hours=1), 3, 1)
            record(ledger, 0, interval(-60 * hour, 3, 1))
    noon.tick(MINUTE)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await recorded(hass) == truth.series()


# The ledger is another one


async def test_ledger_deleted_while_running(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """The series goes on from its last sum, within the hour."""
    noon.move_to(NOON + 20 * MINUTE)
    await pusher.push(
        measurement(NOON - timedelta(hours=5), 10, adults=(1, 0)), measurement(NOON + 19 * MINUTE, 5, adults=(2, 0))
    )
    assert await sums(hass) == [10] * 5 + [15]
    delete_ledger(tmp_path)
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON + 20 * MINUTE, 1))
    await go_on(hass, noon)
    assert await sums(hass) == [10] * 5 + [16]
    assert await sums(hass, "adults_in") == [1] * 5 + [3]
    noon.move_to(NOON + 62 * MINUTE)
    await pusher.push(measurement(NOON + 61 * MINUTE, 1))
    await go_on(hass, noon)
    assert await sums(hass) == [10] * 5 + [16, 17]
    # Once more, and over a restart.
    assert await hass.config_entries.async_unload(entry.entry_id)
    delete_ledger(tmp_path)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await pusher.push(measurement(NOON + 65 * MINUTE, 2))
    assert await sums(hass) == [10] * 5 + [16, 19]
    assert await sums(hass, "adults_in") == [1] * 5 + [3, 3]


async def test_ledger_corrupted(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """One that was moved aside is like one that was deleted."""
    await pusher.push(measurement(NOON - timedelta(hours=5), 10), measurement(NOON - 2 * MINUTE, 5))
    assert (await sums(hass))[-1] == 15
    assert await hass.config_entries.async_unload(entry.entry_id)
    (tmp_path / LEDGER).write_bytes(b"no database" * 1000)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert (await sums(hass))[-1] == 15
    await pusher.push(measurement(NOON - MINUTE, 2))
    assert (await sums(hass))[-1] == 17


@pytest.mark.parametrize("is_running", [False, True], ids=["at a restart", "while running"])
async def test_older_copy_of_the_ledger(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    tmp_path: Path,
    is_running: bool,
) -> None:
    """The hours that it doesn't know stay as they are, those that came late too."""
    truth = Truth()
    noon.move_to(NOON + 30 * MINUTE)
    await pusher.push(
        *(truth.tell(NOON + timedelta(hours=hour), 4, minutes=30) for hour in range(-48, -1)),
        truth.tell(NOON, 6, 1, minutes=30),
    )
    assert await recorded(hass) == truth.series()
    put_back = copy_ledger(tmp_path)
    noon.move_to(NOON + timedelta(hours=3, minutes=10))
    await pusher.push(
        truth.tell(NOON - timedelta(hours=70), 9, minutes=30),
        truth.tell(NOON - timedelta(minutes=30), 3, minutes=30),
        truth.tell(NOON + timedelta(minutes=30), 5, minutes=30),
        truth.tell(NOON + timedelta(hours=1), 7, minutes=30),
        truth.tell(NOON + timedelta(hours=3), 8, 3, minutes=5),
    )
    assert await recorded(hass) == truth.series()
    if is_running:
        put_back()
    else:
        assert await hass.config_entries.async_unload(entry.entry_id)
        put_back()
        assert await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
    for part in range(3):
        noon.tick(6 * MINUTE)
        await pusher.push(truth.tell(NOON + timedelta(hours=3, minutes=5 * part + 5), 1, 1, minutes=5))
        await go_on(hass, noon, 1)
        for key in ("in", "out"):
            assert await rows(hass, key) == truth.sums(key)
    # Nothing changes when the camera says once more what it counted.
    noon.tick(MINUTE)
    await pusher.push(
        truth.tell(NOON + timedelta(minutes=30), 5, minutes=30), truth.tell(NOON + timedelta(hours=3), 8, 3, minutes=5)
    )
    assert await rows(hass, "in") == truth.sums("in")


@pytest.mark.parametrize("order", ["one body", "oldest first", "newest first"])
async def test_new_ledger_and_a_camera_that_sends_all_again(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, tmp_path: Path, order: str
) -> None:
    """What the camera still has is not counted twice, what it has forgotten stays."""
    truth = Truth()
    told = [
        truth.tell(NOON - number * 15 * MINUTE, number % 7, number % 3, minutes=15, adults=(number % 2, 0))
        for number in range(100, 0, -1)
    ]
    await pusher.push(*told)
    assert await recorded(hass) == truth.series()
    delete_ledger(tmp_path)
    noon.tick(MINUTE)
    # It begins in the middle of an hour.
    again = told[30:]
    match order:
        case "oldest first":
            bodies = [again[:7], again[7:50], again[50:]]
        case "newest first":
            bodies = [again[50:], again[7:50], again[:7]]
        case _:
            bodies = [again]
    for body in bodies:
        await pusher.push(*body)
    for key in ("in", "out", "adults_in"):
        assert await rows(hass, key) == truth.sums(key)
    noon.tick(14 * MINUTE)
    await pusher.push(truth.tell(NOON, 3, 3, minutes=15, adults=(1, 1)))
    await go_on(hass, noon)
    for key in ("in", "out", "adults_in"):
        assert await rows(hass, key) == truth.sums(key)


async def test_a_displaced_first_interval(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Where the first interval turns out to be one that must wait, its hours are empty, and nothing is negative."""
    await pusher.push(measurement(NOON - timedelta(hours=2), 7, minutes=60))
    await pusher.push(measurement(NOON - timedelta(hours=6), 5, minutes=120))
    assert values(await rows(hass, "in"), "sum") == [5, 5, 5, 5, 12]
    await pusher.push(measurement(NOON - timedelta(hours=5), 3, minutes=120), sent=NOON - timedelta(seconds=30))
    await go_on(hass, noon)
    assert values(await rows(hass, "in"), "state") == [0, 3, 0, 0, 7]
    assert values(await rows(hass, "in"), "sum") == [0, 3, 3, 3, 10]


# What the user does


async def test_devices_of_others(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, caplog: pytest.LogCaptureFixture
) -> None:
    """They may be named as they like, and have identifiers of any shape."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    identifiers: Any = {("other", "of", "four", "parts")}
    device = dr.async_get(hass).async_get_or_create(config_entry_id=other.entry_id, identifiers=identifiers)
    dr.async_get(hass).async_update_device(device.id, name_by_user="Another name")
    await settle(hass)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_rebuild_is_for_administrators(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, hass_read_only_user: MockUser
) -> None:
    """What only recorder knows would be lost."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    with pytest.raises(Unauthorized):
        await rebuild(hass, Context(user_id=hass_read_only_user.id))


async def rebuild(hass: HomeAssistant, context: Context | None = None) -> None:
    """Have all series rebuilt by the action."""
    data = {"entity_id": "all"}
    await hass.services.async_call(DOMAIN, "rebuild_statistics", data, blocking=True, context=context)


async def test_rebuild(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """The series are what the ledger says and nothing else, whatever they were before."""
    truth = Truth()
    await pusher.push(measurement(NOON - timedelta(days=20), 100))
    await settle(hass)
    delete_ledger(tmp_path)
    noon.tick(MINUTE)
    await pusher.push(*(truth.tell(NOON - hour * timedelta(hours=1), 3, 1) for hour in range(1, 50)))
    assert (await sums(hass))[-1] == 100 + 49 * 3
    await rebuild(hass)
    assert await recorded(hass) == truth.series()
    await hass.config_entries.async_reload(entry.entry_id)
    assert await recorded(hass) == truth.series()


async def test_removed_camera_and_integration(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """The series stay, and go on when the camera or the integration comes back."""
    truth = Truth()
    await pusher.push(truth.tell(NOON - timedelta(days=1), 4), truth.tell(NOON - 2 * MINUTE, 4))
    before = await recorded(hass)
    await entry.runtime_data.async_remove_camera(SERIAL)
    registry = dr.async_get(hass)
    (device,) = dr.async_entries_for_config_entry(registry, entry.entry_id)
    registry.async_remove_device(device.id)
    await go_on(hass, noon, 60)
    assert await recorded(hass) == before == truth.series()
    await pusher.push(truth.tell(NOON + 30 * MINUTE, 1))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()
    await hass.config_entries.async_remove(entry.entry_id)
    await go_on(hass, noon, 60)
    assert await recorded(hass) == truth.series()
    again = MockConfigEntry(domain=DOMAIN, data=dict(entry.data))
    again.add_to_hass(hass)
    assert await hass.config_entries.async_setup(again.entry_id)
    await pusher.push(truth.tell(NOON + 90 * MINUTE, 2))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()

"""Imported counts stand in statistics at their own time, leave them when they are undone, and cause no spike."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant

from .helpers.importing import do_import, undo
from .helpers.places import BACK_DOOR, NOON, add_place, push_two_doors
from .helpers.pusher import SERIAL, Pusher, measurement, state_of
from .helpers.recorder_statistics import go_on, recorded, restore, rows, settle, snapshot

pytestmark = pytest.mark.usefixtures("recorder_mock")

MINUTE = timedelta(minutes=1)
TOTAL = "sensor.main_entrance_in_total"
# Three days of 10 people in and 8 out in each hour of daylight.
OLD = "time,in,out\n" + "".join(f"2026-09-{day:02} {hour:02}:00,10,8\n" for day in range(3, 6) for hour in range(8, 20))
PEOPLE = 3 * 12 * 10


async def compiled_sum(hass: HomeAssistant, start: datetime) -> float | None:
    """Let recorder compile five minutes, and return the sum of the total of people who came in."""
    do_adhoc_statistics(hass, start=start)
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, start, None, {TOTAL}, "5minute", None, {"sum"}
    )
    return found[TOTAL][-1]["sum"] if found else None


async def test_no_spike_in_totals(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The sum that recorder compiles of a total rises by what is pushed, and by nothing else."""
    noon.move_to(NOON)
    await pusher.push(measurement(NOON - MINUTE, 1, 2))
    for minute in range(20):
        noon.move_to(NOON + minute * MINUTE)
        await pusher.push(measurement(NOON + (minute - 1) * MINUTE, 2, 1))
    state = hass.states.get(TOTAL)
    assert state
    assert (state.state, state.attributes["state_class"]) == ("40", "total")
    await settle(hass)
    start = NOON + 15 * MINUTE
    before = await compiled_sum(hass, start)
    assert before is not None
    answer = await do_import(hass, OLD)
    assert answer["in"] == PEOPLE
    assert state_of(hass, TOTAL) == "40"
    for step, undone in enumerate((None, None, answer["import_id"], None)):
        if undone:
            await undo(hass, undone)
        noon.move_to(NOON + (20 + 5 * step) * MINUTE)
        await pusher.push(measurement(NOON + (19 + 5 * step) * MINUTE, 3, 1))
        await settle(hass)
        assert await compiled_sum(hass, NOON + (20 + 5 * step) * MINUTE) == before + 3 * (step + 1)


async def test_statistics_of_an_import(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Hours are written at their own time for the camera and its place, and are gone when the import is undone."""
    await pusher.push(measurement(NOON - MINUTE, 5, 2))
    place = await add_place(hass, entry, (SERIAL,), daily_reset=False)
    keys = (SERIAL, place.lower())
    await settle(hass)
    before = [await recorded(hass, key) for key in keys]
    answer = await do_import(hass, OLD)
    for key in keys:
        found = await rows(hass, "in", key)
        assert found[0] == {"start": datetime(2026, 9, 3, 6, tzinfo=UTC), "state": 10, "sum": 10}
        assert [row["state"] for row in found[:24]] == [10] * 12 + [0] * 12
        assert found[-1] == {"start": NOON - timedelta(hours=1), "state": 5, "sum": PEOPLE + 5}
        occupancy = await rows(hass, "occupancy", key)
        assert len(occupancy) == 3 * 12 + 1
    # Nobody is ever reset at the place.
    assert occupancy[-2]["max"] == 3 * 12 * 2
    await undo(hass, answer["import_id"])
    assert [await recorded(hass, key) for key in keys] == before


async def test_several_imports(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Imports before, after and across each other, and undone in any order, leave no step down in the sums."""
    await pusher.push(measurement(NOON - MINUTE, 5, 2))
    await settle(hass)
    earlier = "time,in,out\n" + "".join(f"2026-08-{day} 08:00,10,8\n" for day in (29, 30, 31))
    across = "time,in,out\n" + "".join(f"2026-09-{day:02} {hour:02}:00,3,1\n" for day in range(1, 9) for hour in (8, 9))
    numbers = []

    async def people() -> int:
        found = await rows(hass, "in")
        sums: list[int] = [row["sum"] for row in found]
        assert sums == sorted(sums)
        assert sums[-1] == sum(row["state"] for row in found)
        return sums[-1]

    # Six hours of the third file have counts of the first.
    for file, total in ((OLD, PEOPLE), (earlier, PEOPLE + 30), (across, PEOPLE + 30 + 10 * 3)):
        answer = await do_import(hass, file, period="hour")
        numbers.append(answer["import_id"])
        await settle(hass)
        assert await people() == 5 + total
    for number, total in zip(numbers, (30 + 30, 30, 0), strict=True):
        await undo(hass, number)
        assert await people() == 5 + total


async def lose_ledger(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, ledger_path: Path) -> None:
    """Begin a new ledger with five people, while recorder keeps the hours from before."""
    tables = await snapshot(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    for lost in ledger_path.parent.glob("axis_people_counter.db*"):
        lost.unlink()
    await restore(hass, tables)
    await hass.config_entries.async_setup(entry.entry_id)
    await pusher.push(measurement(NOON - MINUTE, 5, 2))


async def test_undo_keeps_what_only_recorder_has(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, ledger_path: Path
) -> None:
    """Hours from before the ledger was lost stay in statistics when an import is undone."""
    await pusher.push(measurement(NOON - timedelta(hours=30), 7, 2, minutes=60))
    await settle(hass)
    await lose_ledger(hass, entry, pusher, ledger_path)
    assert [row["sum"] for row in await rows(hass, "in")][-1] == 12
    answer = await do_import(hass, OLD)
    assert [row["sum"] for row in await rows(hass, "in")][-1] == 12 + PEOPLE
    await undo(hass, answer["import_id"])
    assert [row["state"] for row in await rows(hass, "in") if row["state"]] == [7, 5]
    assert [row["sum"] for row in await rows(hass, "in")][-1] == 12


@pytest.mark.parametrize("imported", [3, 7, 9])
async def test_import_of_hours_that_only_recorder_has(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    ledger_path: Path,
    imported: int,
) -> None:
    """After the ledger was lost, an import of the same hours doesn't double them, and undoing it doesn't lose them."""
    await pusher.push(measurement(NOON - timedelta(hours=30), 7, 2, minutes=60))
    await settle(hass)
    await lose_ledger(hass, entry, pusher, ledger_path)
    await settle(hass)
    answer = await do_import(hass, f"time,in,out\n2026-09-15 06:00,{imported},2\n", period="hour")
    await settle(hass)
    assert [row["state"] for row in await rows(hass, "in") if row["state"]] == [max(7, imported), 5]
    await undo(hass, answer["import_id"])
    await go_on(hass, noon)
    assert [row["state"] for row in await rows(hass, "in") if row["state"]] == [7, 5]
    assert [row["sum"] for row in await rows(hass, "in")][-1] == 12


async def test_undo_keeps_what_a_silent_door_had(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, ledger_path: Path
) -> None:
    """After the ledger was lost, a place keeps the people of a door that hasn't pushed yet when an import is undone."""
    before = NOON - timedelta(hours=30)
    await push_two_doors(
        pusher, main=[measurement(before, 7, 2, minutes=60)], back=[measurement(before, 100, 50, minutes=60)]
    )
    place = (await add_place(hass, entry)).lower()
    await settle(hass)
    await lose_ledger(hass, entry, pusher, ledger_path)
    answer = await do_import(hass, OLD)
    await undo(hass, answer["import_id"])
    assert [row["state"] for row in await rows(hass, "in", place)] == [107]
    await pusher.push(measurement(NOON - MINUTE, 1, 1), sensor=BACK_DOOR)
    await settle(hass)
    await go_on(hass, noon)
    assert [row["state"] for row in await rows(hass, "in", place) if row["state"]] == [107, 6]

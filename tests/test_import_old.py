"""Rows older than the counts that are kept aren't imported: statistics would keep them when the import is undone."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from homeassistant.core import HomeAssistant

from .helpers.importing import call, check, do_import, undo
from .helpers.places import NOON
from .helpers.pusher import Pusher, measurement
from .helpers.recorder_statistics import recorded, rows, settle

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
async def _pushed(noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Have one camera that has counted for a minute."""
    await pusher.push(measurement(NOON - MINUTE, 1, 2))


def days_ago(*days: int) -> str:
    """Return a table with an hour of some days before now, which begins with this time of the day."""
    starts = [datetime.fromisoformat("2026-09-16 12:00") - day * DAY for day in sorted(days, reverse=True)]
    return "time,in,out\n" + "".join(f"{start:%Y-%m-%d %H:%M},10,8\n" for start in starts)


async def keep(hass: HomeAssistant, entry: MockConfigEntry, days: int, *, deletes: bool = True) -> None:
    """Choose how long counts are kept, and let what is older be deleted."""
    options = {"keep_days": days, "delete_old_counts": deletes}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.async_block_till_done(wait_background_tasks=True)


async def pass_a_day(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Let a day pass, and the housekeeping after it."""
    noon.tick(DAY)
    await pusher.push(measurement(datetime.now(UTC) - MINUTE, 1, 2))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_older_than_the_counts_kept(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Leave such rows out, and explain how they can be imported; then they are."""
    file = days_ago(1200, 1101, 1100, 30)
    checked = await check(hass, file, period="hour")
    assert (checked["rows"], checked["intervals"], checked["skipped_too_old"], checked["in"]) == (4, 2, 2, 20)
    assert checked["advice"] == (
        "Rows before 2023-09-12 12:00 are left out: counts are kept for 1100 days. To import them, first enter more"
        " Days of counts kept, or turn off Delete old counts, in the options of the integration."
    )
    answer = await do_import(hass, file, period="hour")
    assert answer == checked | {"dry_run": False, "import_id": 1}
    await keep(hass, entry, 1100, deletes=False)
    answer = await do_import(hass, file, period="hour")
    assert (answer["intervals"], answer["skipped_too_old"], answer["skipped_already_counted"]) == (2, 0, 2)
    assert answer["advice"] is None


async def test_time_whose_counts_were_deleted(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Keeping counts longer doesn't help for a time of which statistics have the deleted ones."""
    await pusher.push(measurement(NOON - 80 * DAY, 1))
    await keep(hass, entry, 10)
    await keep(hass, entry, 1100)
    answer = await check(hass, days_ago(79, 30), period="hour")
    assert (answer["intervals"], answer["skipped_too_old"]) == (1, 1)
    assert answer["advice"] == "Rows before 2026-07-01 02:00 are left out: counts of that time were deleted."


@pytest.mark.usefixtures("recorder_mock")
async def test_nothing_is_left_of_an_undone_import(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """An import that was undone on the next day isn't in statistics any more, however old its rows were."""
    await keep(hass, entry, 20)
    answer = await do_import(hass, days_ago(30, 10), period="hour")
    await pass_a_day(hass, noon, pusher)
    await settle(hass)
    undone = await undo(hass, answer["import_id"])
    assert undone == {"import_id": 1, "intervals": 1, "in": 10, "out": 8}
    assert [row["state"] for row in await rows(hass, "in") if row["state"]] == [1, 1]


@pytest.mark.usefixtures("recorder_mock")
async def test_undo_after_a_part_was_deleted(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Hours that were deleted since then stay in statistics, like all deleted ones; the rest of the import leaves."""
    answer = await do_import(hass, days_ago(40, 5), period="hour")
    again = await do_import(hass, days_ago(41), period="hour")
    await settle(hass)
    await keep(hass, entry, 20)
    await settle(hass)
    listed = (await call(hass, "list_imports"))["imports"]
    assert [(one["import_id"], one["intervals"]) for one in listed] == [(2, 0), (1, 1)]
    undone = await undo(hass, answer["import_id"])
    assert (undone["intervals"], undone["in"]) == (1, 10)
    found = await rows(hass, "in")
    assert [(row["start"], row["state"], row["sum"]) for row in found if row["state"]] == [
        (NOON - 41 * DAY, 10, 10),
        (NOON - 40 * DAY, 10, 20),
        (NOON - timedelta(hours=1), 1, 21),
    ]
    before = await recorded(hass)
    assert (await undo(hass, again["import_id"]))["intervals"] == 0
    assert await recorded(hass) == before
    assert await call(hass, "list_imports") == {"imports": []}

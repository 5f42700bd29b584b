"""The repair of a camera with damaged days: shown when one is found; ended by counts, by time or by a person."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.axis_people_counter.const import CONF_KEEP_DAYS, CONF_REPLACEMENTS
from custom_components.axis_people_counter.counting import Replacement
from homeassistant.core import HomeAssistant

from .helpers.bare_ledger import query
from .helpers.importing import do_import, undo
from .helpers.ledger_files import damage_packed_days
from .helpers.pusher import SERIAL, Pusher, measurement, state_of
from .helpers.repairs import IN_TOTAL, MINUTE, Repairs, placeholders
from .helpers.replacing import NEW

pytestmark = pytest.mark.usefixtures("pages")

DAMAGED: Final = f"damaged_days_{SERIAL}"
DAY: Final = timedelta(days=1)
QUARTER: Final = timedelta(minutes=15)
# Midnight (UTC) of the day that is damaged.
MIDNIGHT: Final = datetime.fromisoformat("2026-09-16T00:00:00Z")
WHOLE_DAY: Final = [measurement(MIDNIGHT + number * QUARTER, 1, minutes=15) for number in range(96)]

type Damage = Callable[[], Awaitable[None]]


async def pass_days(hass: HomeAssistant, noon: FrozenDateTimeFactory, days: int) -> None:
    """Let some days pass, and the housekeeping after them."""
    noon.tick(days * DAY)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def damage(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, ledger_path: Path
) -> Damage:
    """Store a day of counts, and return what damages it while Home Assistant runs; the day is read later."""
    noon.move_to(MIDNIGHT + DAY)
    await pusher.push(*WHOLE_DAY)
    await pass_days(hass, noon, 4)
    await pusher.push(measurement(MIDNIGHT + 5 * DAY - MINUTE, 5))
    assert state_of(hass, IN_TOTAL) == "101"

    async def damage() -> None:
        assert query(ledger_path, "SELECT count(*) FROM packed_days WHERE camera = 1") == [(1,)]
        damage_packed_days(ledger_path)

    return damage


async def read(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Read all counts, as an export does."""

    def read_all() -> None:
        list(entry.runtime_data.ledger.each_interval(SERIAL, 0, int((MIDNIGHT + 99 * DAY).timestamp())))

    await hass.async_add_executor_job(read_all)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_confirmed(
    hass: HomeAssistant, entry: MockConfigEntry, damage: Damage, repairs: Repairs, ledger_path: Path
) -> None:
    """The camera isn't silent, and the repair comes as soon as the day is read; reading it ends the repair."""
    await damage()
    assert not repairs.issues
    await read(hass, entry)
    assert state_of(hass, IN_TOTAL) == "5"
    assert placeholders(repairs.issues[DAMAGED]) == {"name": "Main entrance", "camera": "Main entrance", "count": "1"}

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    flow = await repairs.open(DAMAGED)
    assert flow["step_id"] == "confirm"
    assert flow["description_placeholders"]["rows"] == "| 2026-09-16 02:00:00 | 2026-09-17 02:00:00 |"
    assert "Days: 1." in repairs.text(flow)
    assert {*repairs.issues} == {DAMAGED}

    flow = await repairs.submit(flow)
    assert (flow["type"], flow["description"]) == ("create_entry", "damaged_days_deleted")
    assert not repairs.issues
    assert query(ledger_path, "SELECT * FROM damaged_days") == []
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not repairs.issues
    assert state_of(hass, IN_TOTAL) == "5"


async def test_moves_with_a_replacement(
    hass: HomeAssistant, entry: MockConfigEntry, damage: Damage, pusher: Pusher, repairs: Repairs
) -> None:
    """The repair goes to the key that the camera counts for on that day; moving the counts is what finds the damage."""
    await damage()
    for replacements, key in (([Replacement(NEW, SERIAL, 0)], NEW), ([], SERIAL)):
        options = {CONF_REPLACEMENTS: [replacement._asdict() for replacement in replacements]}
        hass.config_entries.async_update_entry(entry, options=options)
        await hass.async_block_till_done(wait_background_tasks=True)
        # The camera appears under its key with its next push.
        await pusher.push(measurement(MIDNIGHT + 5 * DAY - MINUTE, 5))
        assert [*repairs.issues] == [f"damaged_days_{key}"]


async def test_sent_again(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    damage: Damage,
    pusher: Pusher,
    repairs: Repairs,
) -> None:
    """The repair stays while the camera has sent a part of the day, and ends when it has sent the day as a whole."""
    await damage()
    await pusher.push(*WHOLE_DAY[:50])
    assert state_of(hass, IN_TOTAL) == "55"
    await pass_days(hass, noon, 1)
    await pusher.push(*WHOLE_DAY[51:])
    await pass_days(hass, noon, 1)
    assert DAMAGED in repairs.issues
    await pusher.push(WHOLE_DAY[50])
    assert DAMAGED in repairs.issues
    await pass_days(hass, noon, 1)
    await pusher.push()
    assert not repairs.issues
    assert state_of(hass, IN_TOTAL) == "101"


async def test_imported(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    damage: Damage,
    pusher: Pusher,
    repairs: Repairs,
) -> None:
    """An import of the day doesn't end the repair, because it can be undone; what the camera sends then does."""
    await damage()
    await read(hass, entry)
    times = [MIDNIGHT + number * QUARTER for number in range(96)]
    file = "time,in,out\n" + "".join(f"{time:%Y-%m-%dT%H:%MZ},2,1\n" for time in times)
    answer = await do_import(hass, file)
    assert answer["intervals"] == 96
    await pass_days(hass, noon, 1)
    await pusher.push()
    assert DAMAGED in repairs.issues
    await undo(hass, answer["import_id"])
    await pass_days(hass, noon, 1)
    await pusher.push()
    assert DAMAGED in repairs.issues
    await do_import(hass, file)
    await pusher.push(*WHOLE_DAY)
    await pass_days(hass, noon, 1)
    await pusher.push()
    assert not repairs.issues


async def test_older_than_the_counts_kept(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    damage: Damage,
    pusher: Pusher,
    repairs: Repairs,
) -> None:
    """The repair ends when counts of that day wouldn't be kept any longer."""
    await damage()
    await pusher.push(WHOLE_DAY[0])
    assert DAMAGED in repairs.issues
    noon.tick(DAY)
    await pusher.push(measurement(MIDNIGHT + 6 * DAY - MINUTE))
    hass.config_entries.async_update_entry(entry, options={CONF_KEEP_DAYS: 1})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert DAMAGED in repairs.issues
    await pass_days(hass, noon, 1)
    await pusher.push(measurement(MIDNIGHT + 7 * DAY - MINUTE))
    await pass_days(hass, noon, 1)
    await pusher.push()
    assert not repairs.issues


async def test_several_cameras(
    hass: HomeAssistant, entry: MockConfigEntry, damage: Damage, pusher: Pusher, repairs: Repairs, ledger_path: Path
) -> None:
    """Each camera has its own repair; a day whose number is damaged has no time."""
    other = {"serial": "accc8e000001", "name": "Other"}
    await pusher.push(*WHOLE_DAY, sensor=other)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    query(ledger_path, "UPDATE packed_days SET day = ? WHERE camera = 2", 2**40)
    await damage()
    await read(hass, entry)
    await pusher.push(measurement(MIDNIGHT), sensor=other)
    assert {*repairs.issues} == {DAMAGED, "damaged_days_accc8e000001"}
    flow = await repairs.open("damaged_days_accc8e000001")
    assert flow["description_placeholders"]["rows"] == "| ? | ? |"
    await repairs.submit(flow)
    assert DAMAGED in repairs.issues


async def test_nothing_left(
    hass: HomeAssistant, entry: MockConfigEntry, damage: Damage, repairs: Repairs, ledger_path: Path
) -> None:
    """A flow ends if the days were deleted meanwhile, or the camera was removed."""
    await damage()
    await read(hass, entry)
    flow = await repairs.open(DAMAGED)
    query(ledger_path, "DELETE FROM damaged_days")
    assert (await repairs.open(DAMAGED))["reason"] == "nothing_left"
    await entry.runtime_data.async_remove_camera(SERIAL)
    assert not repairs.issues
    assert (await repairs.submit(flow))["reason"] == "nothing_left"

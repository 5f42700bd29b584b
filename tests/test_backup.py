"""Backups that Home Assistant makes while cameras push."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
import shutil
import sqlite3
import tarfile
import threading

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.axis_people_counter import backup
from custom_components.axis_people_counter.const import DOMAIN, NAME
from custom_components.axis_people_counter.ledger import file as ledger_file
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .helpers.bare_ledger import log_of, query, stored
from .helpers.places import add_place
from .helpers.pusher import SERIAL, Pusher, measurement, state_of

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
LEDGER = "axis_people_counter.db"


@pytest.fixture(autouse=True)
async def _backup(hass: HomeAssistant) -> None:
    """Have Home Assistant's own backups; addresses can be added only before the first client comes."""
    assert await async_setup_component(hass, "backup", {})


async def test_pushes_go_on_during_a_backup(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    tmp_path: Path,
) -> None:
    """The file doesn't change while it is copied; the copy is sound and holds all that was stored before."""
    await pusher.push(measurement(NOON - 5 * MINUTE, 1))
    await backup.async_pre_backup(hass)
    before = (tmp_path / LEDGER).read_bytes()
    await pusher.push(measurement(NOON - 4 * MINUTE, 2))
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / LEDGER, copy)
    await pusher.push(measurement(NOON - 3 * MINUTE, 4))
    shutil.copy(tmp_path / f"{LEDGER}-wal", copy)
    await pusher.push(measurement(NOON - 2 * MINUTE, 8))
    assert (tmp_path / LEDGER).read_bytes() == before
    await backup.async_post_backup(hass)
    await pusher.push(measurement(NOON - MINUTE, 16))
    assert state_of(hass, "sensor.main_entrance_in_total") == "31"

    with closing(sqlite3.connect(copy / LEDGER)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT sum(entered) FROM intervals").fetchone() == (7,)
        assert db.execute("SELECT total_entered FROM cameras").fetchone() == (7,)
    await hass.config_entries.async_unload(entry.entry_id)
    with closing(sqlite3.connect(tmp_path / LEDGER)) as db:
        assert db.execute("SELECT sum(entered) FROM intervals").fetchone() == (31,)


async def test_backup_without_a_loaded_entry(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Without a loaded entry, a backup does nothing."""
    await backup.async_pre_backup(hass)
    await backup.async_post_backup(hass)


async def test_backup_of_a_ledger_out_of_reach(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The backup goes on, the log names what may be missing, and the ledger works afterwards."""
    await pusher.push(measurement(NOON - 2 * MINUTE, 1))
    (tmp_path / LEDGER).rename(tmp_path / "elsewhere.db")
    (tmp_path / LEDGER).mkdir()
    await backup.async_pre_backup(hass)
    assert "The backup may lack people counts" in caplog.text
    await backup.async_post_backup(hass)
    (tmp_path / LEDGER).rmdir()
    await pusher.push(measurement(NOON - MINUTE, 1))
    await hass.config_entries.async_unload(entry.entry_id)
    assert not (tmp_path / f"{LEDGER}-wal").exists(), "the log is written into the file again"


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Load the entry anew."""
    assert await hass.config_entries.async_reload(entry.entry_id)
    return entry


async def unload_and_set_up(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Take the entry away for a while."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    return entry


async def disable_and_enable(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Switch the entry off for a while."""
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    return entry


async def remove_and_add(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Delete the entry, and add the integration again."""
    await hass.config_entries.async_remove(entry.entry_id)
    added = MockConfigEntry(domain=DOMAIN, title=NAME, data=dict(entry.data))
    added.add_to_hass(hass)
    assert await hass.config_entries.async_setup(added.entry_id)
    return added


async def place_added(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Store a place in the ledger, and load the entry anew for it."""
    await add_place(hass, entry, (SERIAL,))
    return entry


async def failure_and_retry(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Keep the file out of reach while the entry is loaded anew."""
    ledger, elsewhere = Path(hass.config.path(LEDGER)), Path(hass.config.path("elsewhere.db"))
    log, log_elsewhere = Path(f"{ledger}-wal"), Path(f"{elsewhere}-wal")
    assert await hass.config_entries.async_unload(entry.entry_id)
    ledger.rename(elsewhere)
    log.rename(log_elsewhere)
    ledger.mkdir()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    ledger.rmdir()
    elsewhere.rename(ledger)
    log_elsewhere.rename(log)
    assert await hass.config_entries.async_reload(entry.entry_id)
    return entry


@pytest.mark.parametrize(
    "open_anew", [reload, unload_and_set_up, disable_and_enable, remove_and_add, place_added, failure_and_retry]
)
async def test_file_stays_untouched_during_a_backup_whoever_opens_it(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    tmp_path: Path,
    open_anew: Callable[[HomeAssistant, MockConfigEntry], Awaitable[MockConfigEntry]],
) -> None:
    """Pushes are only in the log until the backup is over, also over a reload."""
    await pusher.push(measurement(NOON - 3 * MINUTE, 1))
    await backup.async_pre_backup(hass)
    before = (tmp_path / LEDGER).read_bytes()
    await pusher.push(measurement(NOON - 2 * MINUTE, 2))
    entry = await open_anew(hass, entry)
    await hass.async_block_till_done()
    await pusher.push(measurement(NOON - MINUTE, 4))
    await hass.config_entries.async_unload(entry.entry_id)
    assert (tmp_path / LEDGER).read_bytes() == before
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, "sensor.main_entrance_in_total") == "7"
    await backup.async_post_backup(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    assert not (tmp_path / f"{LEDGER}-wal").exists()
    with closing(sqlite3.connect(tmp_path / LEDGER)) as db:
        assert db.execute("SELECT total_entered FROM cameras").fetchone() == (7,)


async def reached(entry: MockConfigEntry, state: ConfigEntryState) -> None:
    """Wait until an entry has a state that doesn't last."""
    for _ in range(1000):
        if entry.state is state:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"It is {entry.state}.")


async def test_backup_that_begins_while_the_entry_is_set_up(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """A ledger that is being opened keeps its file unchanged."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    await hass.config_entries.async_unload(entry.entry_id)
    setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await reached(entry, ConfigEntryState.SETUP_IN_PROGRESS)
    await backup.async_pre_backup(hass)
    before = (tmp_path / LEDGER).read_bytes()
    assert await setting_up
    await pusher.push(measurement(NOON - 2 * MINUTE, 1))
    await hass.config_entries.async_unload(entry.entry_id)
    assert (tmp_path / LEDGER).read_bytes() == before
    await backup.async_post_backup(hass)


async def test_backup_that_begins_while_the_entry_is_unloaded(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """The backup waits until the ledger is closed."""
    await pusher.push(measurement(dt_util.utcnow() - 2 * MINUTE, 1))
    go_on = threading.Event()
    entry.runtime_data.ledger.submit(lambda _: go_on.wait(10))
    unloading = hass.async_create_task(hass.config_entries.async_unload(entry.entry_id))
    hass.loop.call_later(0.2, go_on.set)
    await reached(entry, ConfigEntryState.UNLOAD_IN_PROGRESS)
    await backup.async_pre_backup(hass)
    before = (tmp_path / LEDGER).read_bytes()
    assert await unloading
    assert (tmp_path / LEDGER).read_bytes() == before
    await backup.async_post_backup(hass)


async def test_copy_that_is_made_while_the_entry_is_loaded_anew(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """A reload doesn't tear a copy that is made piece by piece."""
    for first in range(0, 12_000, 3000):
        await pusher.push(*(measurement(NOON - (first + minute) * MINUTE, 1) for minute in range(2, 3002)))
    await backup.async_pre_backup(hass)
    with (tmp_path / LEDGER).open("rb") as file:
        copied = file.read((tmp_path / LEDGER).stat().st_size // 2)
        await pusher.push(*(measurement(NOON - minute * MINUTE, 2) for minute in range(1, 5000)))
        await hass.config_entries.async_reload(entry.entry_id)
        copied += file.read()
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / LEDGER).write_bytes(copied)
    shutil.copy(tmp_path / f"{LEDGER}-wal", copy)
    await backup.async_post_backup(hass)
    with closing(sqlite3.connect(copy / LEDGER)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    # The old days among them aren't packed before the end of the backup.
    assert sum(interval.entered for interval in stored(copy / LEDGER)) == 12_000 - 4998 + 2 * 4999


async def test_backup_of_a_ledger_of_a_later_version(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """The backup goes on while the ledger is opened and turns out to be of a later version."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    await hass.config_entries.async_unload(entry.entry_id)
    with closing(sqlite3.connect(tmp_path / LEDGER)) as db:
        db.execute("PRAGMA user_version = 99")
    before = (tmp_path / LEDGER).read_bytes()
    with closing(sqlite3.connect(tmp_path / LEDGER, isolation_level=None)) as lock:
        # The set-up waits for this lock, and so can't be over before the backup begins.
        lock.execute("PRAGMA locking_mode = EXCLUSIVE")
        lock.execute("BEGIN EXCLUSIVE")
        setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
        await reached(entry, ConfigEntryState.SETUP_IN_PROGRESS)
        beginning = hass.async_create_task(backup.async_pre_backup(hass))
    await beginning
    assert not await setting_up
    await backup.async_post_backup(hass)
    assert (tmp_path / LEDGER).read_bytes() == before


async def test_backup_that_never_ends(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """If the log becomes too long, the file is written again; a warning says so once."""
    monkeypatch.setattr(ledger_file, "MAX_HELD_LOG", 128 * 1024)
    await pusher.push(measurement(NOON - MINUTE, 1))
    await backup.async_pre_backup(hass)
    for first in range(0, 9000, 3000):
        await pusher.push(*(measurement(NOON - (first + minute) * MINUTE, 1) for minute in range(2, 3002)))
    await hass.config_entries.async_reload(entry.entry_id)
    for first in range(0, 9000, 3000):
        await pusher.push(*(measurement(NOON - (first + minute) * MINUTE, 2) for minute in range(2, 3002)))
    assert state_of(hass, "sensor.main_entrance_in_total") == "18001"
    assert caplog.text.count("may lack people counts") == 1
    await backup.async_post_backup(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    assert not (tmp_path / f"{LEDGER}-wal").exists()


async def test_backup_by_home_assistant(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """Home Assistant's own backup holds a sound ledger with all that was stored."""
    await pusher.push(measurement(NOON - MINUTE, 5))
    await hass.services.async_call("backup", "create", blocking=True)
    await hass.async_block_till_done()

    (file,) = (tmp_path / "backups").glob("*.tar")
    restored = tmp_path / "restored"
    with tarfile.open(file) as outer:
        (inner,) = (member for member in outer if member.name.endswith(".tar.gz"))
        content = outer.extractfile(inner)
        assert content
        with tarfile.open(fileobj=content, mode="r:gz") as archive:
            names = [name for name in archive.getnames() if LEDGER in name]
            archive.extractall(restored, members=[archive.getmember(name) for name in names], filter="data")
    (ledger,) = restored.rglob(LEDGER)
    with closing(sqlite3.connect(ledger)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT total_entered FROM cameras").fetchone() == (5,)
    await hass.config_entries.async_reload(entry.entry_id)
    await pusher.push(measurement(NOON - 2 * MINUTE, 1))
    await hass.config_entries.async_unload(entry.entry_id)
    assert not (tmp_path / f"{LEDGER}-wal").exists(), "nothing is held any more"


async def test_packing_waits_for_the_end_of_a_backup(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    tmp_path: Path,
) -> None:
    """Old days aren't packed during a backup, as what is written then stays in the log; pushes have to fit in there."""
    await pusher.push(*(measurement(NOON - timedelta(days=days), 1) for days in range(9, 0, -1)))
    await backup.async_pre_backup(hass)
    noon.tick(timedelta(days=1))
    async_fire_time_changed(hass)
    for _ in range(10):
        # Each of these would come after a day that is packed.
        await entry.runtime_data.ledger.cameras()
    assert log_of(tmp_path / LEDGER).stat().st_size == 0
    await backup.async_post_backup(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert query(tmp_path / LEDGER, "SELECT count(*) FROM packed_days") == [(8,)]

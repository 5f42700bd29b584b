"""Backups that Home Assistant makes while cameras push."""

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
import shutil
import sqlite3
import tarfile

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter import backup
from custom_components.axis_people_counter.receiver import DATA_IN_BACKUP
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .pusher import Pusher, measurement, state_of

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
        assert db.execute('SELECT sum("in") FROM intervals').fetchone() == (7,)
        assert db.execute("SELECT total_in FROM cameras").fetchone() == (7,)
    await hass.config_entries.async_unload(entry.entry_id)
    with closing(sqlite3.connect(tmp_path / LEDGER)) as db:
        assert db.execute('SELECT sum("in") FROM intervals').fetchone() == (31,)


async def test_backup_without_a_loaded_entry(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """There is nothing to hold then."""
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
    """All else is saved, the log says what may be missing, and the ledger works as usual afterwards."""
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


async def test_reload_during_a_backup(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """The file stays as it is, whoever owns it."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    await backup.async_pre_backup(hass)
    before = (tmp_path / LEDGER).read_bytes()
    await hass.config_entries.async_reload(entry.entry_id)
    for part in range(10):
        await pusher.push(*(measurement(NOON - (part * 3000 + minute) * MINUTE, 1) for minute in range(2, 3002)))
    assert (tmp_path / LEDGER).read_bytes() == before
    await backup.async_post_backup(hass)
    assert state_of(hass, "sensor.main_entrance_in_total") == "30001"


async def test_backup_by_home_assistant(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """Home Assistant's own backup holds the ledger, sound and with all that was stored."""
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
        assert db.execute("SELECT total_in FROM cameras").fetchone() == (5,)
    assert not hass.data[DATA_IN_BACKUP]

"""Backups that Home Assistant makes while cameras push."""

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
import shutil
import sqlite3

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter import backup
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .pusher import Pusher, measurement, state_of

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
LEDGER = "axis_people_counter.db"


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
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, tmp_path: Path
) -> None:
    """A backup that can't hold all counts fails instead of looking good."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    (tmp_path / LEDGER).rename(tmp_path / "elsewhere.db")
    (tmp_path / LEDGER).mkdir()
    with pytest.raises(HomeAssistantError, match="can't be read or stored"):
        await backup.async_pre_backup(hass)
    with pytest.raises(HomeAssistantError, match="can't be read or stored"):
        await backup.async_post_backup(hass)

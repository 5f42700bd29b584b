"""Counts older than the user wants to keep them are deleted; totals and long-term statistics stay."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant

from .helpers.bare_ledger import stored
from .helpers.ledger_files import LEDGER
from .helpers.pusher import SERIAL, Pusher, state_of
from .helpers.recorder_statistics import ExpectedStatistics, delete, recorded, settle, sums

NOON: Final = datetime(2026, 9, 16, 10, tzinfo=UTC)
IN_TOTAL: Final = "sensor.main_entrance_in_total"


async def push_days(pusher: Pusher, truth: ExpectedStatistics, days: int) -> None:
    """Push an hour of counts of each of the last days."""
    await pusher.push(
        *(truth.measure(NOON - timedelta(days=day, hours=1), 3, 2, minutes=60) for day in range(days)),
    )


def oldest(folder: Path) -> int:
    """Return how many days ago the first stored interval begins."""
    return (int(NOON.timestamp()) - stored(folder / LEDGER)[0].start) // (24 * 60 * 60)


async def keep(hass: HomeAssistant, entry: MockConfigEntry, days: int, **options: bool) -> None:
    """Choose how long counts are kept."""
    hass.config_entries.async_update_entry(entry, options={"keep_days": days, **options})
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.usefixtures("recorder_mock")
async def test_statistics_stay(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """Statistics keep the hours of deleted counts, also when they are rebuilt or the camera is reversed."""
    truth = ExpectedStatistics()
    await push_days(pusher, truth, 15)
    await settle(hass)
    assert await recorded(hass) == truth.series()
    await keep(hass, entry, 5)
    assert oldest(tmp_path) == 7
    assert state_of(hass, IN_TOTAL) == "45"
    await hass.services.async_call(DOMAIN, "rebuild_statistics", {"entity_id": "all"}, blocking=True)
    assert await recorded(hass) == truth.series()
    # The next day, another day is too old.
    noon.tick(timedelta(days=1))
    await pusher.push(truth.measure(NOON + timedelta(hours=23, minutes=50), 7, minutes=5))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert oldest(tmp_path) == 6
    assert await recorded(hass) == truth.series()
    assert state_of(hass, IN_TOTAL) == "52"
    await hass.services.async_call(DOMAIN, "rebuild_statistics", {"entity_id": "all"}, blocking=True)
    assert await recorded(hass) == truth.series()


@pytest.mark.usefixtures("recorder_mock")
async def test_recorder_loses_the_hours_of_deleted_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Let the sums begin at zero: otherwise the first hour would have everybody who ever came."""
    truth = ExpectedStatistics()
    await push_days(pusher, truth, 15)
    await settle(hass)
    await keep(hass, entry, 5)
    await delete(hass, *(f"{SERIAL}_{kind}" for kind in ("in", "out", "occupancy")))
    noon.tick(timedelta(hours=1))
    await pusher.push(truth.measure(NOON + timedelta(minutes=50), 1, minutes=5))
    await settle(hass)
    found = await sums(hass)
    # Since midnight five days ago, there were six hours with counts.
    assert (found[0], found[-1]) == (0, 6 * 3 + 1)


@pytest.mark.parametrize("options", [{"delete_old_counts": False}, {}])
async def test_without_recorder(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    tmp_path: Path,
    options: dict[str, bool],
) -> None:
    """Counts are deleted without a recorder too, and kept for ever if the user wants that."""
    await push_days(pusher, ExpectedStatistics(), 15)
    await keep(hass, entry, 5, **options)
    assert oldest(tmp_path) == (14 if options else 7)
    assert state_of(hass, IN_TOTAL) == "45"

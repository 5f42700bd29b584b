"""Long-term statistics after recorder or the ledger has lost data, and after a camera was removed."""

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.recorder.common import async_block_recorder

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.statistics import recorder_rows
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import device_registry as dr

from .helpers.bare_ledger import interval, opened, record
from .helpers.ledger_files import LEDGER, copy_ledger, delete_ledger
from .helpers.pusher import SERIAL, Pusher, document, measurement
from .helpers.recorder_statistics import (
    ExpectedStatistics,
    delete,
    go_on,
    recorded,
    restore,
    rows,
    settle,
    snapshot,
    sums,
)

NOON: Final = datetime(2026, 9, 16, 10, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("recorder_mock")


@pytest.mark.parametrize(
    "deleted",
    [("in",), ("out",), ("adults_in",), ("occupancy",), ("in", "out", "adults_in", "adults_out", "occupancy")],
    ids=" ".join,
)
async def test_series_deleted_by_the_user(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, deleted: tuple[str, ...]
) -> None:
    """A deleted series is written again as a whole with the next push."""
    truth = ExpectedStatistics()
    await pusher.push(
        *(truth.measure(NOON - timedelta(hours=hour), 1, 0, adults=(1, 0)) for hour in range(1, 30)),
    )
    assert await recorded(hass) == truth.series()
    await delete(hass, *(f"{SERIAL}_{key}" for key in deleted))
    noon.tick(timedelta(hours=1))
    await pusher.push(truth.measure(NOON + 40 * MINUTE, 1, 1, adults=(0, 0)))
    assert await recorded(hass) == truth.series()


async def test_recorder_without_a_database(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Recorder, which closes its database before Home Assistant has stopped, causes one line in the log."""

    def closed(*_: object) -> None:
        raise AssertionError

    truth = ExpectedStatistics()
    monkeypatch.setattr(recorder_rows, "get_last_statistics", closed)
    await pusher.push(truth.measure(NOON - MINUTE, 1, 0))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "Traceback" not in caplog.text
    assert caplog.text.count("Long-term statistics can't be written") == 1
    monkeypatch.undo()
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()


async def test_recorder_lost_all_while_nothing_is_pushed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """A new database is filled after the start, also for silent cameras."""
    truth = ExpectedStatistics()
    empty = await snapshot(hass)
    await pusher.push(*(truth.measure(NOON - timedelta(hours=hour), 1) for hour in range(1, 30)))
    assert await recorded(hass) == truth.series()
    assert await hass.config_entries.async_unload(entry.entry_id)
    await restore(hass, empty)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await recorded(hass) == truth.series()


@pytest.mark.parametrize(
    "later",
    [
        timedelta(),
        pytest.param(timedelta(minutes=20), marks=pytest.mark.slow),
        pytest.param(timedelta(hours=3), marks=pytest.mark.slow),
    ],
)
async def test_older_copy_of_recorders_database(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, later: timedelta
) -> None:
    """Hours that a restored database lacks are written again."""
    truth = ExpectedStatistics()
    await pusher.push(*(truth.measure(NOON - timedelta(hours=hour), 1) for hour in range(1, 30)))
    assert await recorded(hass) == truth.series()
    old = await snapshot(hass)
    noon.tick(later)
    await pusher.push(
        truth.measure(NOON - timedelta(hours=20) + 7 * MINUTE, 8), truth.measure(NOON + later - 2 * MINUTE, 1)
    )
    assert await recorded(hass) == truth.series()
    assert await hass.config_entries.async_unload(entry.entry_id)
    await restore(hass, old)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await settle(hass)
    noon.tick(MINUTE)
    await pusher.push(truth.measure(NOON + later - MINUTE, 1))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()


async def test_killed_between_commit_and_statistics(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """Counts that only the ledger has are written after the next start, though the camera is silent."""
    truth = ExpectedStatistics()
    await pusher.push(truth.measure(NOON - timedelta(hours=5), 1), truth.measure(NOON - 2 * MINUTE, 2))
    before = await recorded(hass)
    tables = await snapshot(hass)
    for part in range(3):
        await async_block_recorder(hass, 0.3)
        body = document(
            truth.measure(NOON - timedelta(days=1, hours=part), 5), truth.measure(NOON - (part + 3) * MINUTE, 2)
        )
        assert (await pusher.post(body)).status == HTTPStatus.OK
        # The kill comes at once, or while the hours are being written.
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


async def test_counted_before_there_was_a_recorder(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """All hours of a ledger from before recorder was set up are written after the start."""
    truth = ExpectedStatistics()
    assert await hass.config_entries.async_unload(entry.entry_id)
    with opened(tmp_path / LEDGER) as ledger:
        for hour in range(50):
            truth.measure(NOON - hour * timedelta(hours=1), 3, 1)
            record(ledger, 0, interval(-60 * hour, 3, 1))
    noon.tick(MINUTE)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await recorded(hass) == truth.series()


async def test_ledger_deleted_while_running(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """With a new ledger, the series continues from its last sum."""
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
    # The ledger is deleted again, this time before a restart.
    assert await hass.config_entries.async_unload(entry.entry_id)
    delete_ledger(tmp_path)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await pusher.push(measurement(NOON + 65 * MINUTE, 2))
    assert await sums(hass) == [10] * 5 + [16, 19]
    assert await sums(hass, "adults_in") == [1] * 5 + [3, 3]


async def test_ledger_corrupted(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """After a damaged ledger was replaced, the series continues from its last sum."""
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
    """Hours that a restored ledger doesn't know stay in recorder."""
    truth = ExpectedStatistics()
    noon.move_to(NOON + 30 * MINUTE)
    await pusher.push(
        *(truth.measure(NOON + timedelta(hours=hour), 4, minutes=30) for hour in range(-48, -1)),
        truth.measure(NOON, 6, 1, minutes=30),
    )
    assert await recorded(hass) == truth.series()
    put_back = copy_ledger(tmp_path)
    noon.move_to(NOON + timedelta(hours=3, minutes=10))
    await pusher.push(
        truth.measure(NOON - timedelta(hours=70), 9, minutes=30),
        truth.measure(NOON - timedelta(minutes=30), 3, minutes=30),
        truth.measure(NOON + timedelta(minutes=30), 5, minutes=30),
        truth.measure(NOON + timedelta(hours=1), 7, minutes=30),
        truth.measure(NOON + timedelta(hours=3), 8, 3, minutes=5),
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
        await pusher.push(truth.measure(NOON + timedelta(hours=3, minutes=5 * part + 5), 1, 1, minutes=5))
        await go_on(hass, noon, 1)
        for key in ("in", "out"):
            assert await rows(hass, key) == truth.sums(key)
    # Nothing changes when the camera sends counts again.
    noon.tick(MINUTE)
    await pusher.push(
        truth.measure(NOON + timedelta(minutes=30), 5, minutes=30),
        truth.measure(NOON + timedelta(hours=3), 8, 3, minutes=5),
    )
    assert await rows(hass, "in") == truth.sums("in")


@pytest.mark.parametrize("order", ["one body", "oldest first", "newest first"])
async def test_new_ledger_and_a_camera_that_sends_all_again(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, tmp_path: Path, order: str
) -> None:
    """Counts sent again are not counted twice; those that the camera has lost stay."""
    truth = ExpectedStatistics()
    history = [
        truth.measure(NOON - number * 15 * MINUTE, number % 7, number % 3, minutes=15, adults=(number % 2, 0))
        for number in range(100, 0, -1)
    ]
    await pusher.push(*history)
    assert await recorded(hass) == truth.series()
    delete_ledger(tmp_path)
    noon.tick(MINUTE)
    # The camera has lost the oldest counts; the rest begins in the middle of an hour.
    again = history[30:]
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
    await pusher.push(truth.measure(NOON, 3, 3, minutes=15, adults=(1, 1)))
    await go_on(hass, noon)
    for key in ("in", "out", "adults_in"):
        assert await rows(hass, key) == truth.sums(key)


async def test_rebuild_is_for_administrators(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, hass_read_only_user: MockUser
) -> None:
    """Only an administrator may rebuild, because hours that only recorder has are lost."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    with pytest.raises(Unauthorized):
        await rebuild(hass, Context(user_id=hass_read_only_user.id))


async def rebuild(hass: HomeAssistant, context: Context | None = None) -> None:
    """Rebuild all series with the action."""
    data = {"entity_id": "all"}
    await hass.services.async_call(DOMAIN, "rebuild_statistics", data, blocking=True, context=context)


async def test_rebuild(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry, tmp_path: Path
) -> None:
    """After a rebuild the series contain exactly the counts in the ledger."""
    truth = ExpectedStatistics()
    await pusher.push(measurement(NOON - timedelta(days=20), 100))
    await settle(hass)
    delete_ledger(tmp_path)
    noon.tick(MINUTE)
    await pusher.push(*(truth.measure(NOON - hour * timedelta(hours=1), 3, 1) for hour in range(1, 50)))
    assert (await sums(hass))[-1] == 100 + 49 * 3
    await rebuild(hass)
    assert await recorded(hass) == truth.series()
    await hass.config_entries.async_reload(entry.entry_id)
    assert await recorded(hass) == truth.series()


async def test_removed_camera_and_integration(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """Series stay when the camera or the integration is removed, and continue when it is added again."""
    truth = ExpectedStatistics()
    await pusher.push(truth.measure(NOON - timedelta(days=1), 4), truth.measure(NOON - 2 * MINUTE, 4))
    before = await recorded(hass)
    await entry.runtime_data.async_remove_camera(SERIAL)
    registry = dr.async_get(hass)
    (device,) = dr.async_entries_for_config_entry(registry, entry.entry_id)
    registry.async_remove_device(device.id)
    await go_on(hass, noon, 60)
    assert await recorded(hass) == before == truth.series()
    await pusher.push(truth.measure(NOON + 30 * MINUTE, 1))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()
    await hass.config_entries.async_remove(entry.entry_id)
    await go_on(hass, noon, 60)
    assert await recorded(hass) == truth.series()
    again = MockConfigEntry(domain=DOMAIN, data=dict(entry.data))
    again.add_to_hass(hass)
    assert await hass.config_entries.async_setup(again.entry_id)
    await pusher.push(truth.measure(NOON + 90 * MINUTE, 2))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()

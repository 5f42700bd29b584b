"""Files that name a camera which was replaced, or which replaced another, are imported at the door where it hung."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from .helpers.clock import wait
from .helpers.exports import download
from .helpers.get_counts import rows
from .helpers.importing import MAIN, do_import
from .helpers.pusher import SERIAL, Pusher, measurement
from .helpers.replacing import MINUTE, NEW, NEW_SENSOR, NOON, break_camera, replace

DAY = timedelta(days=1)
TWO_D = "Interval start,Interval stop,Camera serial number,Counter name,Pedestrians coming in,Pedestrians going out\n"


@pytest.fixture(autouse=True)
async def _broken(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Let the first camera fall silent, and a new one report."""
    await break_camera(hass, noon, pusher)


async def people(hass: HomeAssistant, entity_id: str = MAIN) -> list[tuple[str, int]]:
    """Return the hours in which somebody came in."""
    found = await rows(hass, "2026-09-14 00:00:00", end="2026-09-16 23:59:59", target=entity_id)
    return [(row["start"][8:13], row["in"]) for row in found if row["in"]]


@pytest.mark.parametrize("target", [None, MAIN])
@pytest.mark.parametrize("exported_before", [True, False])
async def test_own_export(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_client: Any,
    ledger_path: Path,
    exported_before: bool,
    target: str | None,
) -> None:
    """An export from before or after the replacement gives back what the door had, also if it names the old camera."""
    client = await hass_client()
    file = await download(hass, client, start="2026-09-01", period="interval")
    await replace(hass, entry)
    if not exported_before:
        file = await download(hass, client, start="2026-09-01", period="interval")
    wanted = await people(hass)
    assert wanted == [("15T12", 20), ("16T11", 10), ("16T12", 5)]
    await hass.config_entries.async_unload(entry.entry_id)
    for lost in ledger_path.parent.glob("axis_people_counter.db*"):
        lost.unlink()
    await hass.config_entries.async_setup(entry.entry_id)
    await wait(hass, noon, MINUTE)
    await pusher.push(measurement(NOON + 10 * MINUTE), sensor=NEW_SENSOR)
    answer = await do_import(hass, file, target=target)
    assert answer["number_of_faults"] == 0
    assert await people(hass) == wanted


async def test_files_of_the_cameras(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Each row of a camera's own file counts where the camera hung then; elsewhere, it is another camera's."""
    await replace(hass, entry)
    days = [(NOON - 2 * DAY).date(), NOON.date()]
    file = TWO_D + "".join(
        f"{day}T{hour}:00:00,{day}T{hour}:15:00,{serial},Door,{people},0\n"
        for serial, people in ((SERIAL, 1), (NEW, 2))
        for day, hour in zip(days, ("08", "09"), strict=True)
    )
    answer = await do_import(hass, file, target=None)
    assert (answer["number_of_faults"], answer["in"], answer["skipped_other_cameras"]) == (0, 2, 2)
    assert await people(hass) == [("14T08", 1), ("15T12", 20), ("16T09", 1), ("16T11", 10), ("16T12", 5)]

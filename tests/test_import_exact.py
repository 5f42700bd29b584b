"""A dry run returns what the import then does, whatever rows a file has and however they are mixed."""

from datetime import datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from .helpers.get_counts import rows
from .helpers.importing import call, check, do_import
from .helpers.places import NOON, add_place
from .helpers.pusher import SERIAL, Pusher, measurement

MINUTE = timedelta(minutes=1)
HEAD = "place,camera,serial,start,end,in,out\n"


@pytest.fixture(autouse=True)
async def _pushed(noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Have one camera that has counted for a minute."""
    await pusher.push(measurement(NOON - MINUTE, 1, 2))


def row(owner: str, number: int, people: int) -> str:
    """Return an hour of an export; the owner is a place and a camera."""
    start = datetime.fromisoformat("2026-06-10T00:00:00+02:00") + timedelta(hours=number)
    return f"{owner},{start.isoformat()},{(start + timedelta(hours=1)).isoformat()},{people},0\n"


async def same_as_checked(hass: HomeAssistant, content: str, **data: Any) -> dict[str, Any]:
    """Check and import a text, and return the answer, which is the same."""
    checked = await check(hass, content, None, **data)
    imported = await do_import(hass, content, None, **data)
    assert imported == checked | {"dry_run": False, "import_id": imported["import_id"]}
    return imported


@pytest.mark.parametrize("is_mixed", [False, True])
async def test_places_with_the_same_door(hass: HomeAssistant, entry: MockConfigEntry, is_mixed: bool) -> None:
    """People of two places with one and the same door count once."""
    await add_place(hass, entry, (SERIAL,), name="Pub")
    await add_place(hass, entry, (SERIAL,), name="Bar")
    pub, bar = ([row(f"{name},,", number, 5) for number in range(30)] for name in ("Pub", "Bar"))
    lines = [line for pair in zip(pub, bar, strict=True) for line in pair] if is_mixed else [*pub, *bar]
    answer = await same_as_checked(hass, HEAD + "".join(lines))
    assert (answer["rows"], answer["intervals"], answer["in"], answer["skipped_already_counted"]) == (60, 30, 150, 30)


async def test_many_cameras_by_time(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Store a day of each camera at once, however their rows are mixed: each step waits for the disk."""
    serials = [f"accc8e0000{number:02}" for number in range(40)]
    for serial in serials:
        await pusher.push(measurement(NOON - MINUTE, 1), sensor={"serial": serial, "name": serial})
    ledger = entry.runtime_data.ledger
    store = ledger.store_imported
    stored: list[str] = []

    def count(import_id: int, key: str, *rest: Any) -> Any:
        stored.append(key)
        return store(import_id, key, *rest)

    ledger.store_imported = count
    content = HEAD + "".join(row(f",,{serial}", number, 1) for number in range(48) for serial in serials)
    answer = await same_as_checked(hass, content)
    assert (answer["intervals"], answer["in"]) == (40 * 48, 40 * 48)
    # Two local days are parts of three days of the ledger.
    assert len(stored) == 40 * 3
    (listed,) = (await call(hass, "list_imports"))["imports"]
    assert (len(listed["cameras"]), listed["intervals"]) == (40, 40 * 48)
    last = f"sensor.{serials[-1]}_occupancy"
    found = await rows(hass, "2026-06-10 00:00:00", end="2026-06-11 23:59:59", target=last, period="day")
    assert [one["in"] for one in found] == [24, 24]

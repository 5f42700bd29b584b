"""The long-term statistics of places, compared with the sum of their doors."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import logging
from pathlib import Path
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import text

from homeassistant.components.recorder import get_instance
from homeassistant.config_entries import SOURCE_RECONFIGURE, SubentryFlowContext
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.recorder import session_scope

from .helpers.places import BACK, BACK_DOOR, add_place, entity_of, form
from .helpers.pusher import SERIAL, Pusher, measurement
from .helpers.recorder_statistics import HOUR, Row, descriptions, go_on, recorded, rows, settle, sums

NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE: Final = timedelta(minutes=1)

pytestmark = pytest.mark.usefixtures("recorder_mock")


class Doors:
    """The counts of both doors; the rows of a place with both follow minute by minute."""

    def __init__(self, pusher: Pusher, *, swapped: bool = False) -> None:
        """Start without counts; if swapped, the back door leads out."""
        self.pusher = pusher
        self.swapped = swapped
        self.measured: dict[tuple[str, int], tuple[int, int]] = {}
        self.corrections: dict[int, int] = {}

    async def measure(self, serial: str, *intervals: tuple[datetime, int, int]) -> None:
        """Push minutes of one door."""
        for start, entered, exited in intervals:
            self.measured[serial, int(start.timestamp())] = entered, exited
        documents = [measurement(start, entered, exited) for start, entered, exited in intervals]
        await self.pusher.push(*documents, sensor=BACK_DOOR if serial == BACK else {})

    def _counts(self, start: int) -> list[tuple[int, int]]:
        main, back = (self.measured.get((serial, start), (0, 0)) for serial in (SERIAL, BACK))
        return [main, (back[1], back[0]) if self.swapped else back]

    @property
    def _hours(self) -> range:
        starts = [start for _, start in self.measured]
        return range(min(starts) // HOUR * HOUR, max(starts) // HOUR * HOUR + HOUR, HOUR)

    def sums(self, direction: int) -> list[Row]:
        """Return the rows of one direction."""
        found: list[Row] = []
        total = 0
        for hour in self._hours:
            counted = sum(door[direction] for start in range(hour, hour + HOUR, 60) for door in self._counts(start))
            total += counted
            found.append({"start": datetime.fromtimestamp(hour, UTC), "state": counted, "sum": total})
        return found

    def occupancy(self) -> list[Row]:
        """Return the rows of occupancy, which is reset at midnight UTC."""
        found: list[Row] = []
        inside = 0
        until = max(start for _, start in self.measured) + 60
        known = {start // HOUR * HOUR for _, start in self.measured}
        for hour in self._hours:
            seen: list[int] = []
            lasting: list[int] = []
            for start in range(hour, hour + HOUR, 60):
                if start % (24 * HOUR) == 0:
                    inside = 0
                inside = self.corrections.get(start, inside)
                seen.append(inside)
                if start < until:
                    lasting.append(inside)
                inside = max(0, inside + sum(entered - exited for entered, exited in self._counts(start)))
                seen.append(inside)
            if hour in known:
                start_of_hour = datetime.fromtimestamp(hour, UTC)
                mean = pytest.approx(sum(lasting) / len(lasting))
                found.append({"start": start_of_hour, "mean": mean, "min": min(seen), "max": max(seen)})
        return found

    def series(self) -> dict[str, list[Row]]:
        """Return all series."""
        return {
            "in": self.sums(0),
            "out": self.sums(1),
            "adults_in": [],
            "adults_out": [],
            "occupancy": self.occupancy(),
        }


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return what was logged as a warning or worse by the integration."""

    def found() -> list[str]:
        return [
            record.message
            for record in caplog.records
            if record.levelno >= logging.WARNING and "custom_components.axis" in record.name
        ]

    return found


def change_first_sum(hass: HomeAssistant, statistic_id: str) -> None:
    """Change the sum of the first hour of a series in recorder."""
    with session_scope(hass=hass) as session:
        session.execute(
            text(
                "UPDATE statistics SET sum = 777 WHERE id = (SELECT min(statistics.id) FROM statistics JOIN"
                " statistics_meta ON statistics_meta.id = metadata_id WHERE statistic_id = :statistic_id)"
            ),
            {"statistic_id": statistic_id},
        )


async def place_series(hass: HomeAssistant, key: str) -> dict[str, list[Row]]:
    """Return all series of a place in recorder."""
    return await recorded(hass, key.lower())


async def test_place_over_the_past(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """A new place has statistics of all past counts; late and replaced counts and corrections change them."""
    doors = Doors(pusher)
    await doors.measure(
        SERIAL, *((NOON - hour * timedelta(hours=1) - MINUTE, hour % 5, hour % 3) for hour in range(50, 0, -1))
    )
    await doors.measure(BACK, *((NOON - hour * timedelta(minutes=50), 1, hour % 4) for hour in range(40, 0, -1)))
    key = await add_place(hass, entry, time_zone="UTC")
    assert await place_series(hass, key) == doors.series()
    # A late count of one door.
    await doors.measure(BACK, (NOON - timedelta(hours=30), 7, 0))
    assert await place_series(hass, key) == doors.series()
    # A replaced count.
    await doors.measure(SERIAL, (NOON - timedelta(hours=20) - MINUTE, 9, 9))
    assert await place_series(hass, key) == doors.series()
    # A correction.
    await hass.services.async_call(
        "number", "set_value", {"entity_id": entity_of(hass, key, "occupancy_correction"), "value": 30}, blocking=True
    )
    doors.corrections[int(NOON.timestamp())] = 30
    noon.tick(2 * MINUTE)
    await doors.measure(SERIAL, (NOON + MINUTE, 2, 0))
    await go_on(hass, noon)
    assert await place_series(hass, key) == doors.series()


async def test_current_hour(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The current hour is kept up to date, also after a restart, and names follow the device."""
    doors = Doors(pusher)
    await doors.measure(SERIAL, (NOON - MINUTE, 3, 0))
    await doors.measure(BACK, (NOON - MINUTE, 0, 0))
    key = await add_place(hass, entry, time_zone="UTC")
    for minute in range(0, 100, 7):
        noon.move_to(NOON + minute * MINUTE + MINUTE)
        await doors.measure(BACK if minute % 2 else SERIAL, (NOON + minute * MINUTE, minute % 4, 1))
        if minute == 49:
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
        await go_on(hass, noon, 6)
        assert await place_series(hass, key) == doors.series()
    assert (await descriptions(hass))[f"{key.lower()}_in"]["statistics_unit_of_measurement"] == "people"
    assert (await descriptions(hass))[f"{key.lower()}_occupancy"]["name"] == "Shop Occupancy"
    device = dr.async_get(hass).async_get_device_by_identifier(("axis_people_counter", key), entry.entry_id)
    assert device
    dr.async_get(hass).async_update_device(device.id, name_by_user="Store")
    assert (await descriptions(hass))[f"{key.lower()}_out"]["name"] == "Store Out"


async def test_other_doors(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Changed doors and a reversed camera change all hours."""
    doors = Doors(pusher)
    await doors.measure(SERIAL, *((NOON - hour * timedelta(hours=1) - MINUTE, 4, 1) for hour in range(30, 0, -1)))
    await doors.measure(BACK, *((NOON - hour * timedelta(hours=1) - MINUTE, 2, 1) for hour in range(20, 0, -1)))
    key = await add_place(hass, entry, time_zone="UTC")
    assert await place_series(hass, key) == doors.series()
    flows = hass.config_entries.subentries
    context = SubentryFlowContext(source=SOURCE_RECONFIGURE, subentry_id=key)
    result = await flows.async_init((entry.entry_id, "place"), context=context)
    await flows.async_configure(result["flow_id"], form((SERIAL,), (BACK,), time_zone="UTC"))
    await hass.async_block_till_done()
    doors.swapped = True
    assert await place_series(hass, key) == doors.series()
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": entity_of(hass, BACK, "reverse_direction")}, blocking=True
    )
    doors.swapped = False
    assert await place_series(hass, key) == doors.series()


async def test_no_reset(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Without a reset the occupancy continues over nights, also if only later hours are written."""
    await pusher.push(*(measurement(NOON - day * timedelta(days=1), 3, 1) for day in (5, 4, 3, 2, 1)))
    key = await add_place(hass, entry, (SERIAL,), daily_reset=False)
    found = {row["start"]: row["max"] for row in await rows(hass, "occupancy", key.lower())}
    assert [found[NOON - day * timedelta(days=1)] for day in (5, 4, 3, 2, 1)] == [2, 4, 6, 8, 10]
    await pusher.push(measurement(NOON - timedelta(days=2, hours=5), 20))
    found = {row["start"]: row["max"] for row in await rows(hass, "occupancy", key.lower())}
    assert [found[NOON - day * timedelta(days=1)] for day in (5, 4, 3, 2, 1)] == [2, 4, 6, 28, 30]


async def test_lost_ledger(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    tmp_path: Path,
    errors: Callable[[], list[str]],
) -> None:
    """With a new ledger the series continue from those of the cameras, once all doors have pushed."""
    doors = Doors(pusher)
    await doors.measure(SERIAL, *((NOON - hour * timedelta(hours=1) - MINUTE, 4, 1) for hour in range(30, 0, -1)))
    await doors.measure(BACK, *((NOON - hour * timedelta(hours=1) - MINUTE, 2, 1) for hour in range(20, 0, -1)))
    key = await add_place(hass, entry)
    before = await place_series(hass, key)
    await settle(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    for file in tmp_path.glob("axis_people_counter.db*"):
        file.unlink()
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    noon.tick(timedelta(hours=1))
    await pusher.push(measurement(NOON + 59 * MINUTE, 10))
    await go_on(hass, noon)
    assert await place_series(hass, key) == before
    await pusher.push(measurement(NOON + 59 * MINUTE, 10), sensor=BACK_DOOR)
    await go_on(hass, noon)
    after = await place_series(hass, key)
    assert after["occupancy"][:-1] == before["occupancy"]
    total = before["in"][-1]["sum"]
    assert [row["sum"] for row in after["in"]] == [*(row["sum"] for row in before["in"]), total, total + 20]
    assert not errors()


async def test_adults(hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher) -> None:
    """A place has no series of adults, and isn't written again when its cameras count them."""
    hours = [NOON - hour * timedelta(hours=1) - MINUTE for hour in range(30, 0, -1)]
    await pusher.push(*(measurement(start, 4, 1, adults=(2, 1)) for start in hours))
    key = await add_place(hass, entry, (SERIAL,))
    assert await sums(hass, "in", key.lower()) == [4 * number for number in range(1, 31)]
    # A wrong sum shows whether the hour is written again.
    name = f"axis_people_counter:{key.lower()}_in"
    await get_instance(hass).async_add_executor_job(change_first_sum, hass, name)
    noon.tick(2 * MINUTE)
    await pusher.push(measurement(NOON, 1, adults=(1, 0)))
    await go_on(hass, noon)
    assert await sums(hass, "in", key.lower()) == [777, *(4 * number for number in range(2, 31)), 120, 121]


async def test_door_taken_out(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """No row contains counts of a removed door, not even in hours in which no other door counted."""
    doors = Doors(pusher)
    await doors.measure(SERIAL, *((NOON - hour * timedelta(hours=1) - MINUTE, 4, 1) for hour in range(3, 0, -1)))
    await doors.measure(BACK, *((NOON - hour * timedelta(hours=1) - MINUTE, 2, 1) for hour in range(8, 0, -1)))
    key = await add_place(hass, entry, time_zone="UTC")
    assert await place_series(hass, key) == doors.series()
    flows = hass.config_entries.subentries
    context = SubentryFlowContext(source=SOURCE_RECONFIGURE, subentry_id=key)
    result = await flows.async_init((entry.entry_id, "place"), context=context)
    await flows.async_configure(result["flow_id"], form((SERIAL,), time_zone="UTC"))
    await hass.async_block_till_done()
    found = await place_series(hass, key)
    assert [row["sum"] for row in found["in"] if row["sum"]] == [4, 8, 12]
    assert [row["max"] for row in found["occupancy"]] == [3, 6, 9]


async def test_rebuild(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """The series of a place are cleared and written again."""
    doors = Doors(pusher)
    await doors.measure(SERIAL, *((NOON - hour * timedelta(hours=1) - MINUTE, 4, 1) for hour in range(30, 0, -1)))
    await doors.measure(BACK, (NOON - MINUTE, 0, 0))
    key = await add_place(hass, entry, time_zone="UTC")
    assert await place_series(hass, key) == doors.series()
    target: dict[str, Any] = {"entity_id": entity_of(hass, key, "occupancy")}
    await hass.services.async_call("axis_people_counter", "rebuild_statistics", target, blocking=True)
    assert await place_series(hass, key) == doors.series()

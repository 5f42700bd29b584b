"""Places in a simulated building, compared with the people who are really inside."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from homeassistant.core import HomeAssistant

from .helpers.places import add_place, shown
from .helpers.pusher import Document, Pusher, measurement
from .simulator import OUTSIDE, Building, Counts, Door, Hours

ZONE: Final = ZoneInfo("Europe/Stockholm")
MAIN: Final = Door("Main entrance", OUTSIDE, "Shop")
GARDEN: Final = Door("Garden door", OUTSIDE, "Shop")
# This door leads out of the shop.
ARCH: Final = Door("Arch", "Shop", "Café")
SERIALS: Final = {MAIN: "accc8e000001", GARDEN: "accc8e000002", ARCH: "accc8e000003"}
MIDNIGHT: Final = datetime(2026, 9, 16, tzinfo=ZONE).astimezone(UTC)
MINUTE: Final = timedelta(minutes=1)
QUARTER: Final = timedelta(minutes=15)


def measurements(building: Building, door: Door, start: datetime, end: datetime, minutes: int) -> list[Document]:
    """Return the measurements of a door in a period."""
    found = []
    while start < end:
        minute = int(start.timestamp()) // 60
        counts: Counts = building.seen(door).between(minute, minute + minutes)
        found.append(measurement(start, counts.in_, counts.out, minutes=minutes))
        start += minutes * MINUTE
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error_rate", "widths"),
    [
        pytest.param(0.0, (1, 1, 1), id="perfect"),
        pytest.param(0.0, (1, 15, 1), id="perfect, with a slow door"),
        pytest.param(0.05, (1, 1, 1), id="with errors"),
        pytest.param(0.05, (15, 1, 1), id="with errors and a slow door"),
    ],
)
async def test_occupancy_is_the_truth(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    error_rate: float,
    widths: tuple[int, int, int],
) -> None:
    """The occupancy is right all day, whatever the order in which doors report, some an hour late."""
    hours = Hours(9, 20, 220, 320)
    building = Building(1, ZONE, (MAIN, GARDEN, ARCH), hours=hours, error_rate=error_rate, double=error_rate > 0)
    freezer.move_to(MIDNIGHT + QUARTER)
    doors = dict(zip(building.doors, widths, strict=True))
    for door, minutes in doors.items():
        documents = measurements(building, door, MIDNIGHT, MIDNIGHT + QUARTER, minutes)
        await pusher.push(*documents, sensor={"serial": SERIALS[door], "name": door.name})
    shop = await add_place(
        hass, entry, (SERIALS[MAIN], SERIALS[GARDEN]), (SERIALS[ARCH],), time_zone=ZONE.key, name="Shop"
    )
    cafe = await add_place(hass, entry, (SERIALS[ARCH],), time_zone=ZONE.key, name="Café")

    random = Random(2)
    reached = dict.fromkeys(doors, MIDNIGHT + QUARTER)
    most = off = drift = 0
    for number in range(2, 24 * 4):
        now = MIDNIGHT + number * QUARTER
        freezer.move_to(now)
        late = random.choice([None, None, *doors])
        # A door is late by an hour at most.
        waiting = [door for door in doors if door is not late or now - reached[door] >= timedelta(hours=1)]
        random.shuffle(waiting)
        for door in waiting:
            documents = measurements(building, door, reached[door], now, doors[door])
            random.shuffle(documents)
            await pusher.push(*documents, sensor={"serial": SERIALS[door], "name": door.name})
            reached[door] = now
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        if min(reached.values()) < now:
            continue
        for place, key in (("Shop", shop), ("Café", cafe)):
            true = building.inside(place, now)
            wrong = building.errors(place, MIDNIGHT, now).total
            assert abs(int(shown(hass, key, "occupancy")) - true) <= wrong, f"{place} at {now}"
            most, off = max(most, true), max(off, wrong)
        drift = int(shown(hass, shop, "drift_today"))
    # People were inside on that day.
    assert most > 10
    assert (off > 0) is (error_rate > 0)
    assert drift == 0 or error_rate > 0
    passed = [building.passed(door, MIDNIGHT, now) for door in doors]
    if not error_rate:
        assert int(shown(hass, shop, "in_today")) == passed[0].in_ + passed[1].in_ + passed[2].out
        assert int(shown(hass, cafe, "out_today")) == passed[2].out

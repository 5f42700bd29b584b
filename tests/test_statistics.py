"""The content of hourly long-term statistics, read from a real recorder."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import CONF_RESET_TIME, DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .helpers.bare_ledger import query
from .helpers.ledger_files import LEDGER
from .helpers.pusher import SERIAL, Pusher, measurement
from .helpers.recorder_statistics import (
    ExpectedStatistics,
    descriptions,
    go_on,
    recorded,
    rows,
    settle,
    snapshot,
    values,
)

NOON: Final = datetime(2026, 9, 16, 10, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)


pytestmark = pytest.mark.usefixtures("recorder_mock")


# Content


async def test_counts_are_at_the_hour_of_their_passage(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Sums have a row for every hour, occupancy only for hours in which the camera counted."""
    await pusher.push(
        measurement(NOON - timedelta(hours=3, minutes=5), 5, 2),
        measurement(NOON - timedelta(minutes=5), 1, 0),
        measurement(NOON - timedelta(minutes=1), 1, 0),
    )
    found = await rows(hass, "in")
    assert [(row["start"], row["state"], row["sum"]) for row in found] == [
        (NOON - timedelta(hours=4), 5, 5),
        (NOON - timedelta(hours=3), 0, 5),
        (NOON - timedelta(hours=2), 0, 5),
        (NOON - timedelta(hours=1), 2, 7),
    ]
    assert values(await rows(hass, "out"), "state") == [2, 0, 0, 0]
    assert await rows(hass, "adults_in") == []
    assert [(row["start"], row["min"], row["mean"], row["max"]) for row in await rows(hass, "occupancy")] == [
        (NOON - timedelta(hours=4), 0, pytest.approx(3 * 4 / 60), 3),
        (NOON - timedelta(hours=1), 3, pytest.approx((3 * 56 + 4 * 4) / 60), 5),
    ]


async def test_occupancy_of_the_running_hour_ends_with_the_newest_interval(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """Neither the rest of the hour nor a reset later in it changes its mean and minimum."""
    hass.config_entries.async_update_entry(entry, options={CONF_RESET_TIME: "12:30:00"})
    await hass.config_entries.async_reload(entry.entry_id)
    truth = ExpectedStatistics(reset=time(12, 30))
    noon.move_to(NOON + 20 * MINUTE)
    await pusher.push(truth.measure(NOON, 4, minutes=10), truth.measure(NOON + 10 * MINUTE, 2, minutes=10))
    assert [{**row} for row in await rows(hass, "occupancy")] == [
        {"start": NOON, "min": 0, "mean": pytest.approx(2), "max": 6}
    ]
    noon.move_to(NOON + 40 * MINUTE)
    await pusher.push(truth.measure(NOON + 30 * MINUTE, 1, minutes=10))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()
    assert [{**row} for row in await rows(hass, "occupancy")] == [
        {"start": NOON, "min": 0, "mean": pytest.approx((4 * 10 + 6 * 10) / 40), "max": 6}
    ]


async def test_the_last_hour_before_a_gap_is_completed(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """The hour has the same row whether it was written while it ran or afterwards."""
    truth = ExpectedStatistics()
    noon.move_to(NOON + 10 * MINUTE)
    await pusher.push(truth.measure(NOON, 3, minutes=5), truth.measure(NOON + 5 * MINUTE, 3, minutes=5))
    assert await recorded(hass) == truth.series()
    noon.move_to(NOON + timedelta(hours=3))
    await pusher.push(truth.measure(NOON + timedelta(hours=2, minutes=50), 1, minutes=5))
    assert await recorded(hass) == truth.series()
    await entry.runtime_data.statistics.async_rebuild(SERIAL)
    assert await recorded(hass) == truth.series()


async def test_late_replaced_and_repeated_counts(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """A late count raises all later sums, a replaced one corrects them, a repeated one changes nothing."""
    truth = ExpectedStatistics()
    newest = truth.measure(NOON - 5 * MINUTE, 2, 1, minutes=5)
    await pusher.push(newest)
    late = truth.measure(NOON - timedelta(days=3), 7, 0, minutes=15)
    await pusher.push(late)
    assert await recorded(hass) == truth.series()
    await pusher.push(truth.measure(NOON - timedelta(days=1), 1, 4, minutes=15))
    assert await recorded(hass) == truth.series()
    noon.tick(MINUTE)
    await pusher.push(truth.measure(NOON - timedelta(days=3), 3, 1, minutes=15, sent=1))
    assert await recorded(hass) == truth.series()
    await pusher.push(newest, late, sent=NOON)
    assert await recorded(hass) == truth.series()
    # Counts from before all others.
    await pusher.push(truth.measure(NOON - timedelta(days=4), 1, minutes=15))
    assert await recorded(hass) == truth.series()


async def test_adults(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The series of adults appear with the first adults, and begin with the camera's first hour."""
    truth = ExpectedStatistics()
    await pusher.push(truth.measure(NOON - timedelta(days=1), 3, 3), truth.measure(NOON - 2 * MINUTE, 1))
    assert {"accc8ef3d92e_in", "accc8ef3d92e_out", "accc8ef3d92e_occupancy"} == set(await descriptions(hass))
    noon.tick(timedelta(hours=1))
    await pusher.push(truth.measure(NOON + 5 * MINUTE, 4, 3, adults=(2, 3)))
    assert await recorded(hass) == truth.series()
    assert values(await rows(hass, "adults_in"), "sum") == [0] * 24 + [2]


async def test_a_correction_in_a_past_hour(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A correction changes the occupancy from its time on, also with counts that arrive later."""
    truth = ExpectedStatistics()
    entity = {"entity_id": "sensor.main_entrance_occupancy"}
    await pusher.push(truth.measure(NOON - 5 * MINUTE, 9, minutes=5))
    noon.tick(3 * MINUTE)
    truth.corrections[int((NOON + 3 * MINUTE).timestamp())] = [4]
    await hass.services.async_call(DOMAIN, "set_occupancy", {"value": 4, **entity}, blocking=True)
    await settle(hass)
    noon.move_to(NOON + timedelta(hours=2))
    # The hour of the correction and all after it arrive late.
    await pusher.push(*(truth.measure(NOON + 5 * number * MINUTE, number % 3, 1, minutes=5) for number in range(20)))
    assert await recorded(hass) == truth.series()
    # A correction in an hour without counts yet; after that the camera is silent for long.
    noon.tick(4 * MINUTE)
    await hass.services.async_call(DOMAIN, "set_occupancy", {"value": 70, **entity}, blocking=True)
    assert await recorded(hass) == truth.series()
    truth.corrections[int((NOON + timedelta(hours=2, minutes=4)).timestamp())] = [70]
    noon.tick(timedelta(hours=4))
    await pusher.push(truth.measure(NOON + timedelta(hours=5, minutes=50), 0, 1, minutes=5))
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()


async def test_reversed(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The switch exchanges in and out of all hours, and back."""
    truth = ExpectedStatistics()
    await pusher.push(
        truth.measure(NOON - timedelta(days=2), 3, 1, adults=(2, 0)),
        truth.measure(NOON - 2 * MINUTE, 1, 5, adults=(1, 4)),
    )
    entity = {"entity_id": "switch.main_entrance_reverse_direction"}
    for is_reversed, service in ((True, "turn_on"), (False, "turn_off")):
        await hass.services.async_call("switch", service, entity, blocking=True)
        truth.is_reversed = is_reversed
        assert await recorded(hass) == truth.series()


async def test_another_reset_time(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """Another reset time changes the occupancy of all hours."""
    truth = ExpectedStatistics()
    await pusher.push(*(truth.measure(NOON - timedelta(hours=hour), 2, 1) for hour in range(1, 40)))
    assert await recorded(hass) == truth.series()
    hass.config_entries.async_update_entry(entry, options={CONF_RESET_TIME: "04:30:00"})
    await hass.config_entries.async_reload(entry.entry_id)
    truth.reset = time(4, 30)
    assert await recorded(hass) == truth.series()


async def test_another_time_zone(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A camera that reports another time zone has its resets at other times."""
    truth = ExpectedStatistics()
    await pusher.push(*(truth.measure(NOON - timedelta(hours=hour), 2, 1) for hour in range(1, 40)))
    assert await recorded(hass) == truth.series()
    noon.tick(MINUTE)
    truth.zone = "Asia/Kolkata"
    await pusher.push(truth.measure(NOON), sensor={"timeZone": truth.zone})
    await go_on(hass, noon)
    assert await recorded(hass) == truth.series()


@pytest.mark.parametrize(
    ("zone", "middle"),
    [
        ("Europe/Stockholm", "2026-03-29T01:00:00Z"),
        ("Europe/Stockholm", "2026-10-25T01:00:00Z"),
        ("America/Havana", "2026-11-01T05:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
        ("Asia/Kolkata", "2026-12-31T23:00:00Z"),
        ("Asia/Kathmandu", "2026-09-16T18:15:00Z"),
    ],
)
async def test_hours_are_those_of_utc(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, pusher: Pusher, zone: str, middle: str
) -> None:
    """Hours are right in zones with half an hour, at changes of clocks, and at the turn of the year."""
    instant = datetime.fromisoformat(middle)
    freezer.move_to(instant + timedelta(hours=30))
    truth = ExpectedStatistics(zone=zone)
    await pusher.push(
        *(
            # Some intervals continue over the end of an hour.
            truth.measure(instant + number * 7 * MINUTE, number % 4, number % 3, minutes=7)
            for number in range(-200, 200)
        ),
        sensor={"timeZone": zone},
    )
    assert await recorded(hass) == truth.series()


async def test_packed_days(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """Packing changes no hour."""
    truth = ExpectedStatistics()
    await pusher.push(
        *(truth.measure(NOON + number * 5 * MINUTE, number % 5, 1, minutes=5) for number in range(-40, 0)),
    )
    before = await recorded(hass)
    noon.move_to(NOON + timedelta(days=500))
    # Days are packed at the set-up, and once a day.
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert query(Path(hass.config.path(LEDGER)), "SELECT count(*) FROM packed_days") == [(1,)]
    assert await recorded(hass) == before
    await entry.runtime_data.statistics.async_rebuild(SERIAL)
    for key in ("in", "out"):
        assert await rows(hass, key) == before[key]


# Names


async def test_names_and_unit(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """Series are named after the camera and the kind, and follow a new name of the camera or its device."""

    async def names() -> dict[str, Any]:
        return {key: described["name"] for key, described in (await descriptions(hass)).items()}

    await pusher.push(measurement(NOON - 2 * MINUTE, 1))
    found = await descriptions(hass)
    assert {key: described["name"] for key, described in found.items()} == {
        "accc8ef3d92e_in": "Main entrance In",
        "accc8ef3d92e_out": "Main entrance Out",
        "accc8ef3d92e_occupancy": "Main entrance Occupancy",
    }
    for key, described in found.items():
        assert described["statistics_unit_of_measurement"] == "people"
        assert described["has_sum"] == (not key.endswith("occupancy"))
        assert described["mean_type"] == int(key.endswith("occupancy"))
    # Recent counts are written within five minutes, a new name at once.
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - MINUTE, 1), sensor={"name": "North door"})
    assert set((await names()).values()) == {"North door In", "North door Out", "North door Occupancy"}
    before = await snapshot(hass)
    registry = dr.async_get(hass)
    (device,) = dr.async_entries_for_config_entry(registry, entry.entry_id)
    registry.async_update_device(device.id, name_by_user="Café")
    assert set((await names()).values()) == {"Café In", "Café Out", "Café Occupancy"}
    assert (await snapshot(hass))["statistics"] == before["statistics"]
    registry.async_update_device(device.id, name_by_user=None)
    noon.tick(timedelta(hours=1))
    await pusher.push(measurement(NOON + 50 * MINUTE, 1, adults=(1, 0)), sensor={"name": "North door"})
    assert set((await names()).values()) == {
        f"North door {name}" for name in ("In", "Out", "Adults in", "Adults out", "Occupancy")
    }


async def test_names_in_german(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Names and units are in the language of the installation."""
    hass.config.language = "de"
    await pusher.push(measurement(NOON - 2 * MINUTE, 1, adults=(1, 0)), sensor={"name": "Haupteingang"})
    found = await descriptions(hass)
    assert {described["name"] for described in found.values()} == {
        "Haupteingang Hinein",
        "Haupteingang Hinaus",
        "Haupteingang Erwachsene hinein",
        "Haupteingang Erwachsene hinaus",
        "Haupteingang Belegung",
    }
    assert {described["statistics_unit_of_measurement"] for described in found.values()} == {"Pers."}


async def test_a_displaced_first_interval(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Hours whose only interval was moved to quarantine later are empty, never negative."""
    await pusher.push(measurement(NOON - timedelta(hours=2), 7, minutes=60))
    await pusher.push(measurement(NOON - timedelta(hours=6), 5, minutes=120))
    assert values(await rows(hass, "in"), "sum") == [5, 5, 5, 5, 12]
    await pusher.push(measurement(NOON - timedelta(hours=5), 3, minutes=120), sent=NOON - timedelta(seconds=30))
    await go_on(hass, noon)
    assert values(await rows(hass, "in"), "state") == [0, 3, 0, 0, 7]
    assert values(await rows(hass, "in"), "sum") == [0, 3, 3, 3, 10]


async def test_devices_of_others(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, caplog: pytest.LogCaptureFixture
) -> None:
    """Other integrations' devices may have any name and identifiers of any shape."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    identifiers: Any = {("other", "of", "four", "parts")}
    device = dr.async_get(hass).async_get_or_create(config_entry_id=other.entry_id, identifiers=identifiers)
    dr.async_get(hass).async_update_device(device.id, name_by_user="Another name")
    await settle(hass)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_long_name(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """Shorten a name that databases other than SQLite would refuse; the end says what the series is."""
    await pusher.push(measurement(NOON - timedelta(minutes=5), 1))
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier((DOMAIN, SERIAL), entry.entry_id)
    assert device
    registry.async_update_device(device.id, name_by_user="Main entrance " * 30)
    names = [described["name"] for described in (await descriptions(hass)).values()]
    assert len(set(names)) == 3
    assert max(map(len, names)) <= 255

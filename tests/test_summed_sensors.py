"""History causes no spike in the statistics that recorder compiles from the sensors."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .helpers.pusher import Document, Pusher, measurement

NOON: Final = datetime(2026, 9, 16, 10, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
# A camera stores ninety days; fifteen prove the same and are faster.
DAYS: Final = 15


pytestmark = pytest.mark.usefixtures("recorder_mock")


async def compiled(hass: HomeAssistant, start: datetime) -> dict[str, float]:
    """Let recorder compile an hour, and return the sum of each of our sensors at its end."""
    for part in range(12):
        do_adhoc_statistics(hass, start=start + part * 5 * MINUTE)
    await async_wait_recording_done(hass)
    ids = {
        entity.entity_id
        for entity in er.async_get(hass).entities.values()
        if entity.platform == "axis_people_counter" and entity.domain == "sensor"
    }
    sums: dict[str, float] = {}
    for period in ("5minute", "hour"):
        found = await get_instance(hass).async_add_executor_job(
            statistics_during_period, hass, start, None, ids, period, None, {"sum"}
        )
        for statistic_id, rows in found.items():
            for row in rows:
                if (total := row.get("sum")) is not None:
                    sums[statistic_id] = max(sums.get(statistic_id, 0), total)
    return sums


@pytest.mark.parametrize("first", ["history", "nothing", "the last minute"])
@pytest.mark.parametrize(
    "order",
    [
        pytest.param("one body", marks=pytest.mark.slow),
        pytest.param("oldest first", marks=pytest.mark.slow),
        "newest first",
    ],
)
async def test_history_in_the_first_hour(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, order: str, first: str
) -> None:
    """Sums contain only what was counted since the sensors were added."""
    registry = er.async_get(hass)
    for key in ("adults_in_total", "adults_out_total"):
        registry.async_get_or_create(
            "sensor", "axis_people_counter", f"accc8ef3d92e_{key}", disabled_by=None, original_name=key
        )
    # Ten people each way in every hour.
    history = [
        measurement(NOON - hour * timedelta(hours=1), 10, 10, minutes=60, adults=(5, 5))
        for hour in range(DAYS * 24, 0, -1)
    ]
    bodies: list[list[Document]] = [history]
    if order != "one body":
        bodies = [history[begin : begin + 60] for begin in range(0, len(history), 60)]
    if order == "newest first":
        bodies.reverse()
    # The first push, before the history.
    if first == "nothing":
        await pusher.push()
    elif first == "the last minute":
        await pusher.push(measurement(NOON - MINUTE, 1, 1, adults=(1, 1)))
    # The history arrives within some minutes; after that, people pass.
    passed = 0
    for number, body in enumerate(bodies):
        noon.move_to(NOON + (number + 1) * 30 * timedelta(seconds=1))
        await pusher.push(*body)
    for minute in range(20, 60):
        noon.move_to(NOON + (minute + 1) * MINUTE)
        await pusher.push(measurement(NOON + minute * MINUTE, 1, 1, adults=(1, 1)))
        passed += 1
    noon.move_to(NOON + 61 * MINUTE)
    sums = await compiled(hass, NOON)
    assert {key.removeprefix("sensor.main_entrance_") for key in sums} >= {
        "in_total",
        "out_total",
        "in_today",
        "out_today",
        "adults_in_today",
        "adults_out_today",
    }
    assert {key: total for key, total in sums.items() if total > passed} == {}


class Hour:
    """An hour from noon on: each minute is pushed, and recorder compiles statistics every five minutes."""

    def __init__(self, hass: HomeAssistant, clock: FrozenDateTimeFactory, pusher: Pusher) -> None:
        """Begin at noon."""
        self.hass = hass
        self.clock = clock
        self.pusher = pusher
        self.minute = 0

    async def push_minutes(self, *history: Document, minutes: int = 1, adults: tuple[int, int] | None = None) -> None:
        """Push once a minute that one person entered and one exited; the first push contains the history too."""
        for _ in range(minutes):
            self.minute += 1
            self.clock.move_to(NOON + self.minute * MINUTE)
            await self.pusher.push(
                *history, measurement(NOON + (self.minute - 1) * MINUTE, 1, 1, adults=adults and (1, 1))
            )
            history = ()
            if self.minute % 5 == 0:
                # Recorder compiles as soon as five minutes are over.
                do_adhoc_statistics(self.hass, start=NOON + (self.minute - 5) * MINUTE)
                await async_wait_recording_done(self.hass)

    async def sums(self) -> dict[str, float]:
        """Return the sum of each sensor that recorder has compiled so far."""
        ids = {
            f"sensor.main_entrance_{prefix}{direction}_{period}"
            for prefix in ("", "adults_")
            for direction in ("in", "out")
            for period in ("today", "total")
        }
        found = await get_instance(self.hass).async_add_executor_job(
            statistics_during_period, self.hass, NOON, None, ids, "5minute", None, {"sum"}
        )
        return {key: max(row.get("sum") or 0 for row in rows) for key, rows in found.items()}


def days_ago(days: int, adults: tuple[int, int] | None = None) -> Document:
    """Return an hour of counts from the morning, so many days ago."""
    return measurement(NOON - days * timedelta(days=1) - timedelta(hours=3), 200, 200, minutes=60, adults=adults)


@pytest.mark.slow
@pytest.mark.parametrize("purges", [True, False])
@pytest.mark.parametrize("restart", [None, 6])
async def test_history_while_recorder_compiles(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    restart: int | None,
    purges: bool,
) -> None:
    """Sums contain only live counts, though history comes in several pushes with pauses and a restart."""
    if not purges:
        hass.services.async_remove("recorder", "purge_entities")
    hour = Hour(hass, noon, pusher)
    await hour.push_minutes(minutes=3)
    assert hass.states.is_state("sensor.main_entrance_in_total", "3")
    for number in (5, 9, 7, 0, 3):
        await hour.push_minutes(days_ago(number), minutes=4)
        if hour.minute == restart:
            assert await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
    assert await hour.sums() == {}
    before = hour.minute
    # The last history arrived four minutes ago, so ten quiet minutes aren't over yet.
    await hour.push_minutes(minutes=6)
    assert await hour.sums() == {}
    await hour.push_minutes(minutes=21)
    sums = await hour.sums()
    assert set(sums) == {
        f"sensor.main_entrance_{direction}_{period}" for direction in ("in", "out") for period in ("today", "total")
    }
    assert all(0 < total <= hour.minute - before for total in sums.values())
    # The state class stays after a restart.
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    state = hass.states.get("sensor.main_entrance_in_today")
    assert state
    assert state.attributes["state_class"] == "total"


async def test_restart_begins_the_quiet_time_anew(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """After a restart, ten quiet minutes have to pass again before there is a state class."""
    hour = Hour(hass, noon, pusher)
    await hour.push_minutes(days_ago(0), minutes=9)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await hour.push_minutes(minutes=9)
    await hour.push_minutes(days_ago(1), minutes=9)
    state = hass.states.get("sensor.main_entrance_in_total")
    assert state
    assert "state_class" not in state.attributes
    await hour.push_minutes(minutes=10)
    assert all(total <= 10 for total in (await hour.sums()).values())


async def test_reversing_restarts_the_quiet_time(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Reversing the direction changes all counts, so ten more quiet minutes have to pass."""
    hour = Hour(hass, noon, pusher)
    await hour.push_minutes(minutes=9)
    switch = {"entity_id": "switch.main_entrance_reverse_direction"}
    await hass.services.async_call("switch", "turn_on", switch, blocking=True)
    for minutes, has_sums in ((9, False), (2, True)):
        await hour.push_minutes(minutes=minutes)
        state = hass.states.get("sensor.main_entrance_in_total")
        assert state
        assert ("state_class" in state.attributes) is has_sums


@pytest.mark.parametrize(
    ("age", "remain"),
    [(timedelta(hours=23), 0), (timedelta(hours=25), 1)],
    ids=["created within a day", "created earlier"],
)
async def test_states_of_an_older_sensor_stay(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entity_registry: er.EntityRegistry,
    pusher: Pusher,
    age: timedelta,
    remain: int,
) -> None:
    """States of a sensor that was first created more than a day ago stay in recorder."""
    entity_id = "sensor.main_entrance_in_total"
    noon.move_to(NOON - age)
    entity_registry.async_get_or_create(
        "sensor", "axis_people_counter", "accc8ef3d92e_in_total", suggested_object_id="main_entrance_in_total"
    )
    hass.states.async_set(entity_id, "77")
    await async_wait_recording_done(hass)
    hass.states.async_remove(entity_id)
    noon.move_to(NOON)
    await Hour(hass, noon, pusher).push_minutes(minutes=12)
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        state_changes_during_period, hass, NOON - 2 * age, None, entity_id
    )
    assert [state.state for state in found[entity_id]].count("77") == remain


@pytest.mark.slow
async def test_adults_counted_later(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, entity_registry: er.EntityRegistry
) -> None:
    """Sums of people go on; those of adults wait for the history of adults."""
    for key in ("adults_in_total", "adults_out_total"):
        entity_registry.async_get_or_create(
            "sensor", "axis_people_counter", f"accc8ef3d92e_{key}", suggested_object_id=f"main_entrance_{key}"
        )
    hour = Hour(hass, noon, pusher)
    await hour.push_minutes(days_ago(1), days_ago(0), minutes=20)
    await hour.push_minutes(minutes=2, adults=(1, 1))
    # The same people once more, with the adults among them.
    for days in (1, 0):
        await hour.push_minutes(days_ago(days, (150, 150)), minutes=3, adults=(1, 1))
    before = hour.minute
    await hour.push_minutes(minutes=25, adults=(1, 1))
    sums = await hour.sums()
    assert len(sums) == 8
    assert all(0 < total <= hour.minute for total in sums.values())
    assert all(total <= hour.minute - before for key, total in sums.items() if "adults" in key)


async def test_a_lost_ledger_keeps_the_sums(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Sensors keep their state class with a new ledger, so recorder raises no issue."""
    hour = Hour(hass, noon, pusher)
    await hour.push_minutes(minutes=15)
    assert await hass.config_entries.async_unload(entry.entry_id)
    for file in Path(hass.config.config_dir).glob("axis_people_counter.db*"):
        file.unlink()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hour.push_minutes(minutes=1)
    for key in ("in_today", "in_total"):
        state = hass.states.get(f"sensor.main_entrance_{key}")
        assert state
        assert (state.state, state.attributes["state_class"]) == ("1", "total")

"""Statistics after any sequence of events equal a slow, simple calculation."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_block_recorder

from custom_components.axis_people_counter.const import CONF_RESET_TIME, DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .helpers.pusher import Pusher
from .helpers.recorder_statistics import ExpectedStatistics, go_on, recorded, restore, snapshot

MINUTE: Final = timedelta(minutes=1)
LEDGER: Final = "axis_people_counter.db"
RESET: Final = time(3, 30)
# Nights in which clocks or the year change.
NIGHTS: Final = (
    ("Europe/Stockholm", "2026-03-28T21:00:00Z"),
    ("Europe/Stockholm", "2026-10-24T21:00:00Z"),
    ("Europe/Stockholm", "2026-12-31T20:00:00Z"),
    ("Asia/Kolkata", "2026-12-31T16:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T12:00:00Z"),
    ("Australia/Lord_Howe", "2027-04-03T12:00:00Z"),
)
# Hours that an example lasts.
LIFE: Final = 9

_numbers: Iterator[int] = count(1)


pytestmark = pytest.mark.usefixtures("recorder_mock")


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Draw events in their order: pushes of any past intervals, corrections, restarts and others."""
    slot = st.integers(0, 10_000)
    counts = st.tuples(slot, st.integers(0, 9), st.integers(0, 9), st.none() | st.tuples(st.integers(0, 3), st.just(1)))
    push = st.tuples(st.just("push"), st.tuples(st.integers(0, 9), st.lists(counts, min_size=1, max_size=8)))
    wait = st.tuples(st.just("wait"), st.integers(1, 70))
    other = st.sampled_from([("restart", None), ("kill", None), ("reverse", None)])
    correct = st.tuples(st.just("correct"), st.integers(0, 20))
    return draw(st.lists(st.one_of(push, push, wait, wait, correct, other), min_size=3, max_size=12))


async def kill(hass: HomeAssistant, entry: MockConfigEntry, folder: Path) -> None:
    """Restart with both databases as they are now, as after a kill."""
    await async_block_recorder(hass, 0.02)
    tables = await snapshot(hass)
    files = {name: (folder / name).read_bytes() for name in (LEDGER, f"{LEDGER}-wal")}
    assert await hass.config_entries.async_unload(entry.entry_id)
    await restore(hass, tables)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    assert await hass.config_entries.async_setup(entry.entry_id)


@pytest.mark.slow
@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
# Two corrections in one second, of which the first may have been written already.
@example(
    story=[
        ("push", (0, [(4033, 0, 8, None), (557, 9, 1, None)])),
        ("wait", 8),
        ("correct", 99),
        ("correct", 12),
        ("wait", 124),
        ("push", (9, [(51, 2, 1, None), (3675, 2, 9, None), (218, 7, 8, None)])),
    ],
    night=NIGHTS[0],
    width=5,
    shift=True,
)
@given(story=stories(), night=st.sampled_from(NIGHTS), width=st.sampled_from((1, 5, 15)), shift=st.booleans())
@pytest.mark.slow
async def test_series_of_any_story(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    tmp_path: Path,
    story: list[tuple[str, Any]],
    night: tuple[str, str],
    width: int,
    shift: bool,
) -> None:
    """Every hour is right after late, replaced and repeated counts, corrections, restarts and kills."""
    if CONF_RESET_TIME not in entry.options:
        hass.config_entries.async_update_entry(entry, options={CONF_RESET_TIME: RESET.isoformat()})
        await hass.config_entries.async_reload(entry.entry_id)
    zone, begin = night
    truth = ExpectedStatistics(zone=zone, reset=RESET)
    sensor = {"serial": f"accc8e{next(_numbers):06x}", "timeZone": zone}
    serial = sensor["serial"]
    # Shifted intervals continue over the end of an hour.
    start = datetime.fromisoformat(begin) + (width // 2 * MINUTE if shift else timedelta())
    noon.move_to(datetime.fromisoformat(begin) + timedelta(hours=1))

    for what, of_it in story:
        now = datetime.now(start.tzinfo)
        match what:
            case "push":
                delay, counts = of_it
                sent = now - delay * MINUTE
                slots = int((sent - start) / (width * MINUTE))
                await pusher.push(
                    *(
                        truth.measure(
                            start + slot % slots * width * MINUTE,
                            *(entered, exited),
                            minutes=width,
                            adults=adults,
                            sent=int(sent.timestamp()),
                        )
                        for slot, entered, exited, adults in {
                            slot % slots: (slot, *rest) for slot, *rest in counts
                        }.values()
                    ),
                    sent=sent,
                    sensor=sensor,
                )
            case "wait":
                await go_on(hass, noon, of_it)
            case "correct" if truth.intervals:
                entity = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{serial}_occupancy")
                state = hass.states.get(entity or "")
                if state and state.state != "unavailable":
                    truth.corrections.setdefault(int(now.timestamp()), []).append(of_it)
                    await hass.services.async_call(
                        DOMAIN, "set_occupancy", {"entity_id": entity, "value": of_it}, blocking=True
                    )
            case "reverse" if truth.intervals:
                truth.is_reversed = not truth.is_reversed
                entity = er.async_get(hass).async_get_entity_id("switch", DOMAIN, f"{serial}_reverse_direction")
                await hass.services.async_call("switch", "toggle", {"entity_id": entity}, blocking=True)
            case "restart":
                assert await hass.config_entries.async_reload(entry.entry_id)
            case "kill" if truth.intervals:
                await kill(hass, entry, tmp_path)
    await go_on(hass, noon)
    assert await recorded(hass, serial) == truth.series()
    if truth.intervals:
        await entry.runtime_data.statistics.async_rebuild(serial)
        assert await recorded(hass, serial) == truth.series()
        await entry.runtime_data.async_remove_camera(serial)

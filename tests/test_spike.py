"""History puts no spike into the statistics that recorder itself compiles from the sensors."""

from datetime import UTC, datetime, timedelta
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .pusher import Document, Pusher, measurement

NOON: Final = datetime(2026, 9, 16, 10, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
DAYS: Final = 90


pytestmark = pytest.mark.usefixtures("recorder_mock")


async def compiled(hass: HomeAssistant, start: datetime) -> dict[str, float]:
    """Have recorder compile an hour, and return the sum of each of our sensors at its end."""
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


@pytest.mark.parametrize("order", ["one body", "oldest first", "newest first"])
async def test_history_in_the_first_hour(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, order: str
) -> None:
    """Only what was counted while the sensors were there is in their sums."""
    registry = er.async_get(hass)
    for key in ("adults_in_total", "adults_out_total"):
        registry.async_get_or_create(
            "sensor", "axis_people_counter", f"accc8ef3d92e_{key}", disabled_by=None, original_name=key
        )
    # A day's counts an hour, ten people each way.
    told = [
        measurement(NOON - hour * timedelta(hours=1), 10, 10, minutes=60, adults=(5, 5))
        for hour in range(DAYS * 24, 0, -1)
    ]
    bodies: list[list[Document]] = [told]
    if order != "one body":
        bodies = [told[begin : begin + 60] for begin in range(0, len(told), 60)]
    if order == "newest first":
        bodies.reverse()
    # Within some minutes; meanwhile people pass.
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

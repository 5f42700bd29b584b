"""Hourly long-term statistics in a real recorder, asked for as the frontend does."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant

from .pusher import SERIAL, Pusher, measurement

NOON: Final = datetime(2026, 9, 16, 10, tzinfo=UTC)
TYPES: Final[set[Any]] = {"state", "sum", "mean", "min", "max"}


@pytest.fixture(autouse=True)
def _custom_integrations(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let Home Assistant find the integration, with a recorder there before all else."""


async def series(hass: HomeAssistant, key: str, serial: str = SERIAL) -> list[dict[str, Any]]:
    """Return all rows of a series, once what was planned is written."""
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_wait_recording_done(hass)
    statistic_id = f"axis_people_counter:{serial}_{key}"
    begin = datetime.fromtimestamp(0, UTC)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, begin, None, {statistic_id}, "hour", None, TYPES
    )
    return [{**row, "start": datetime.fromtimestamp(row["start"], UTC)} for row in found.get(statistic_id, [])]


async def test_counts_are_at_the_hour_of_their_passage(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """Hours follow each other without a gap; occupancy is known where the camera reported."""
    await pusher.push(
        measurement(NOON - timedelta(hours=3, minutes=5), 5, 2),
        measurement(NOON - timedelta(minutes=5), 1, 0),
        measurement(NOON - timedelta(minutes=1), 1, 0),
    )
    rows = await series(hass, "in")
    assert [(row["start"], row["state"], row["sum"]) for row in rows] == [
        (NOON - timedelta(hours=4), 5, 5),
        (NOON - timedelta(hours=3), 0, 5),
        (NOON - timedelta(hours=2), 0, 5),
        (NOON - timedelta(hours=1), 2, 7),
    ]
    assert [row["state"] for row in await series(hass, "out")] == [2, 0, 0, 0]
    assert await series(hass, "adults_in") == []
    assert [(row["start"], row["min"], row["mean"], row["max"]) for row in await series(hass, "occupancy")] == [
        (NOON - timedelta(hours=4), 0, pytest.approx(3 * 4 / 60), 3),
        (NOON - timedelta(hours=1), 3, pytest.approx((3 * 56 + 4 * 4) / 60), 5),
    ]

"""Weeks of a door by the hour, pushed as a camera does; and time that passes until its counts have been looked at."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.core import HomeAssistant

from .pusher import SERIAL, Document, Pusher, measurement

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# A Wednesday at midnight in Stockholm.
MIDNIGHT: Final = datetime.fromisoformat("2026-09-15T22:00:00Z")
NOBODY: Final = f"nobody_counted_{SERIAL}"
DRIFTED: Final = f"drifted_{SERIAL}"
PROBLEM: Final = "binary_sensor.main_entrance_counting_problem"


def hours(start: datetime, end: datetime, entered: int = 0, exited: int = 0) -> Iterator[Document]:
    """Yield the hours of a door that opens at 8 and closes at 20 in Stockholm; so many pass in each hour."""
    while start < end:
        is_open = 8 <= (start + 2 * HOUR).hour < 20
        yield measurement(start, entered * is_open, exited * is_open, minutes=60)
        start += HOUR


async def open_for_weeks(pusher: Pusher, weeks: int = 8, *, until: datetime = MIDNIGHT) -> None:
    """Push weeks in which 120 people come in a day, and as many go, up to an instant that has come."""
    await pusher.push(*hours(MIDNIGHT - weeks * 7 * DAY, until, 10, 10))


async def look(hass: HomeAssistant, clock: FrozenDateTimeFactory, at: datetime) -> None:
    """Let time pass until the counts have been looked at."""
    clock.move_to(at)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def count_nobody(
    hass: HomeAssistant, clock: FrozenDateTimeFactory, pusher: Pusher, start: datetime, end: datetime
) -> None:
    """Let a covered camera count for a while, and its counts be looked at."""
    clock.move_to(end)
    await pusher.push(*hours(start, end))
    # The checks are an hour apart.
    await look(hass, clock, end + timedelta(minutes=61))

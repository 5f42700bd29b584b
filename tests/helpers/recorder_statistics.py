"""Reads statistics from recorder, and calculates slowly and simply what they must be."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
import logging
from typing import Any, Final
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory, StepTickTimeFactory, TickingDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from sqlalchemy import text

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import list_statistic_ids, statistics_during_period
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import session_scope

from .pusher import SERIAL, Document, measurement

HOUR: Final = 60 * 60
MINUTE: Final = 60
KEYS: Final = ("in", "out", "adults_in", "adults_out", "occupancy")
TYPES: Final[set[Any]] = {"state", "sum", "mean", "min", "max"}

type Row = dict[str, Any]
type Tables = dict[str, list[dict[str, Any]]]


@dataclass
class ExpectedStatistics:
    """The counts of a camera and a person's corrections; from them follow the right rows, minute by minute."""

    zone: str = "Europe/Stockholm"
    reset: time = time()
    adults: bool = False
    is_reversed: bool = False
    # By start and end of an interval, what was sent last: sent, in, out, adults in, adults out.
    intervals: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    # Corrections of occupancy by their minute; there may be several in one.
    corrections: dict[int, list[int]] = field(default_factory=dict)

    def measure(
        self,
        start: datetime,
        entered: int = 0,
        exited: int = 0,
        *,
        minutes: int = 1,
        adults: tuple[int, int] | None = None,
        sent: int = 0,
    ) -> Document:
        """Store the counts of an interval and return them as a measurement."""
        at = int(start.timestamp())
        counts = (sent, entered, exited, *(adults or (0, 0)))
        key = at, at + minutes * MINUTE
        self.intervals[key] = max(counts, self.intervals.get(key, counts))
        self.adults = self.adults or adults is not None
        return measurement(start, entered, exited, minutes=minutes, adults=adults)

    def hours(self) -> range:
        """Return each hour from the first to the last in which an interval begins."""
        starts = [start for start, _ in self.intervals]
        return range(min(starts) // HOUR * HOUR, max(starts) // HOUR * HOUR + HOUR, HOUR)

    def sums(self, key: str) -> list[Row]:
        """Return the count of each hour, and the sum to its end."""
        if not self.intervals or (key.startswith("adults") and not self.adults):
            return []
        column = ("in", "out", "adults_in", "adults_out").index(key) + 1
        if self.is_reversed:
            column = (2, 1, 4, 3)[column - 1]
        rows = []
        total = 0
        for hour in self.hours():
            of_hour = sum(
                counts[column] for (start, _), counts in self.intervals.items() if hour <= start < hour + HOUR
            )
            total += of_hour
            rows.append({"start": datetime.fromtimestamp(hour, UTC), "state": of_hour, "sum": total})
        return rows

    def occupancy(self) -> list[Row]:
        """Return the occupancy of each hour in which the camera counted, by looking at every minute."""
        if not self.intervals:
            return []
        passages = {end: counts[1:3] for (_, end), counts in self.intervals.items()}
        until = max(passages)
        begin = min([*(start for start, _ in self.intervals), *self.corrections]) // HOUR * HOUR
        seen: dict[int, list[int]] = {}
        levels: dict[int, list[int]] = {}
        known = {minute // HOUR * HOUR for start, end in self.intervals for minute in range(start, end, MINUTE)} & set(
            self.hours()
        )
        reset_on = None
        inside = 0
        for minute in range(begin, until + MINUTE, MINUTE):
            if minute in passages:
                entered, exited = reversed(passages[minute]) if self.is_reversed else passages[minute]
                inside = max(0, inside + entered - exited)
                seen.setdefault((minute - MINUTE) // HOUR * HOUR, []).append(inside)
            if minute == until:
                break
            local = datetime.fromtimestamp(minute, ZoneInfo(self.zone))
            if local.time() >= self.reset and local.date() != reset_on:
                # Before the first interval nobody is inside.
                reset_on = local.date()
                inside = 0
            hour = minute // HOUR * HOUR
            for inside in self.corrections.get(minute, ()):
                # An earlier correction of a minute held for no time; at the start of an hour it belongs to no hour.
                if minute != hour:
                    seen.setdefault(hour, []).append(inside)
            levels.setdefault(hour, []).append(inside)
            seen.setdefault(hour, []).append(inside)
        return [
            {
                "start": datetime.fromtimestamp(hour, UTC),
                "mean": pytest.approx(sum(levels[hour]) / len(levels[hour])),
                "min": min(seen[hour]),
                "max": max(seen[hour]),
            }
            for hour in sorted(known)
        ]

    def series(self) -> dict[str, list[Row]]:
        """Return all series."""
        return {**{key: self.sums(key) for key in KEYS[:4]}, "occupancy": self.occupancy()}


def quiet() -> None:
    """Turn off the log of SQL statements, which takes longer than the statements; call this first."""
    for name in ("sqlalchemy.engine", "sqlalchemy.pool", "homeassistant.components.recorder"):
        logging.getLogger(name).setLevel(logging.WARNING)


async def settle(hass: HomeAssistant) -> None:
    """Wait until everything that is due is written."""
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_wait_recording_done(hass)


type Clock = FrozenDateTimeFactory | StepTickTimeFactory | TickingDateTimeFactory


async def go_on(hass: HomeAssistant, clock: Clock, minutes: float = 6, *, with_recorder: bool = True) -> None:
    """Move the clock on, by default by more than five minutes, and wait until everything that is due is written."""
    clock.tick(timedelta(minutes=minutes))
    async_fire_time_changed(hass)
    if with_recorder:
        await settle(hass)
    else:
        await hass.async_block_till_done(wait_background_tasks=True)


async def rows(hass: HomeAssistant, key: str, serial: str = SERIAL) -> list[Row]:
    """Return all rows of a series, once what is due is written."""
    await settle(hass)
    return await rows_now(hass, key, serial)


async def rows_now(hass: HomeAssistant, key: str, serial: str = SERIAL) -> list[Row]:
    """Return all rows that a series has at this instant."""
    statistic_id = f"axis_people_counter:{serial}_{key}"
    begin = datetime.fromtimestamp(0, UTC)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period, hass, begin, None, {statistic_id}, "hour", None, TYPES
    )
    columns = ("mean", "min", "max") if key == "occupancy" else ("state", "sum")
    return [
        {"start": datetime.fromtimestamp(row["start"], UTC), **{column: row.get(column) for column in columns}}
        for row in found.get(statistic_id, [])
    ]


async def sums(hass: HomeAssistant, key: str = "in", serial: str = SERIAL) -> list[int]:
    """Return the sums of a series, hour by hour."""
    return [row["sum"] for row in await rows(hass, key, serial)]


async def recorded(hass: HomeAssistant, serial: str = SERIAL) -> dict[str, list[Row]]:
    """Return all series of a camera."""
    await settle(hass)
    return {key: await rows_now(hass, key, serial) for key in KEYS}


async def descriptions(hass: HomeAssistant) -> dict[str, dict[str, Any]]:
    """Return what recorder lists about our series, by the end of their ids."""
    await settle(hass)
    found = await get_instance(hass).async_add_executor_job(list_statistic_ids, hass)
    return {
        one["statistic_id"].removeprefix("axis_people_counter:"): one
        for one in found
        if one["source"] == "axis_people_counter"
    }


async def snapshot(hass: HomeAssistant) -> Tables:
    """Return a copy of all statistics in recorder's database."""

    def read() -> Tables:
        with session_scope(hass=hass, read_only=True) as session:
            return {
                table: [{**row} for row in session.execute(text(f"SELECT * FROM {table}")).mappings()]
                for table in ("statistics_meta", "statistics")
            }

    return await get_instance(hass).async_add_executor_job(read)


async def restore(hass: HomeAssistant, tables: Tables) -> None:
    """Replace all statistics in recorder's database by a copy."""

    def write() -> None:
        with session_scope(hass=hass) as session:
            session.execute(text("DELETE FROM statistics"))
            session.execute(text("DELETE FROM statistics_meta"))
            for table, content in tables.items():
                for row in content:
                    columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
                    session.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)

    instance = get_instance(hass)
    await async_wait_recording_done(hass)
    await instance.async_add_executor_job(write)
    instance.statistics_meta_manager.reset()


async def delete(hass: HomeAssistant, *ids: str) -> None:
    """Delete series as a user does."""
    get_instance(hass).async_clear_statistics([f"axis_people_counter:{one}" for one in ids])
    await async_wait_recording_done(hass)


def values(found: Iterable[Row], column: str) -> list[Any]:
    """Return one column."""
    return [row[column] for row in found]

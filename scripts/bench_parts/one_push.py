"""Measures what one shown push costs: processor time early and late in the day, recorder's rows, the disk."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from scripts.bench_parts.bill import Item
from scripts.bench_parts.cameras import Fleet, zone_where_it_is
from scripts.bench_parts.home import RECORDER, Home, homes
from scripts.bench_parts.table import Line
from tests.helpers.home_assistant import DOMAIN, HomeAssistantError

EARLY, LATE = "01:00", "22:00"
DOORS = 10
# Pushes of a measurement.
PUSHES = 10
# After this pause, a push isn't shown together with the one before.
PAUSE_SECONDS = 0.25
# Each of these is recorded on its own.
RECORDED_PUSHES = 5
RECORDED_ROUNDS = 3
# Longer than writing the statistics of all doors takes.
STATISTICS_SECONDS = 10
KILOBYTE = 1000


@dataclass
class Day:
    """A Home Assistant at a time of the day: one camera alone, and a place of some doors."""

    home: Home
    alone: Fleet
    doors: Fleet

    async def begin(self) -> None:
        """Push the minutes of the day up to now, and add the place."""
        for fleet in (self.alone, self.doors):
            await self.home.post(await asyncio.to_thread(fleet.day))
            # The first push after history adds the sensors of totals.
            await self.home.post(await asyncio.to_thread(fleet.bodies, 1))
        await self.home.add_place("Building", [camera.serial for camera in self.doors.cameras])

    async def processor(self, fleet: Fleet) -> float:
        """Return the milliseconds of processor time per push, each shown on its own."""
        bodies = await asyncio.to_thread(fleet.bodies, PUSHES // len(fleet.cameras))
        await self.home.ready(len(bodies) * PAUSE_SECONDS * 2)
        async with self.home.measured() as measured:
            await self.home.post(bodies, pause=PAUSE_SECONDS)
        return measured.processor_ms(len(bodies))


async def one_push(folder: Path, rounds: int) -> list[Line]:
    """Push early and late in the day, to a camera alone and to doors of a place."""
    days = {}
    for name, hour in ((EARLY, 1), (LATE, 22)):
        zone = zone_where_it_is(hour)
        home = Home(folder / f"at-{name[:2]}", zone=zone)
        days[name] = Day(home, Fleet(1, zone), Fleet(DOORS, zone, first=1))
    found: dict[str, list[float]] = defaultdict(list)
    async with homes(*(day.home for day in days.values())):
        await asyncio.gather(*(day.begin() for day in days.values()))
        for number in range(-1, rounds):
            for name, day in days.items() if number % 2 else reversed(days.items()):
                for fleet, kind in ((day.alone, "alone"), (day.doors, "place")):
                    cost = await day.processor(fleet)
                    # Before the first round, the ledger hasn't read the day.
                    if number >= 0:
                        found[f"{kind} {name}"].append(cost)
        late = days[LATE]
        for _ in range(min(rounds, RECORDED_ROUNDS)):
            for people in (True, False):
                for fleet, kind in ((late.alone, "alone"), (late.doors, "place")):
                    rows, written = await recorded(late.home, fleet, people=people)
                    key = f"{kind} {'busy' if people else 'quiet'}"
                    found[f"{key} rows"].append(rows)
                    found[f"{key} written"].append(written)
            processor, written = await statistics(late)
            found["statistics processor"].append(processor)
            found["statistics written"].append(written)
        for day in days.values():
            await day.home.check(day.alone.sent | day.doors.sent, day.alone.begin)
    return lines(found)


async def recorded(home: Home, fleet: Fleet, *, people: bool) -> tuple[float, float]:
    """Return recorder's rows of states and the kilobytes written to the disk per push of one camera."""
    # Each round sends the same counts.
    fleet.random.seed(RECORDED_PUSHES)
    bodies = await asyncio.to_thread(fleet.bodies, RECORDED_PUSHES, people=people)
    # The other doors of the place push beforehand.
    own = bodies[:: len(fleet.cameras)]
    if others := [body for number, body in enumerate(bodies) if number % len(fleet.cameras)]:
        await home.post(others)
    await home.ready(RECORDED_PUSHES * 2)
    entities = await own_entities(home)
    before = states(home, entities)
    async with home.measured() as measured:
        for body in own:
            await home.post([body])
    rows = states(home, entities) - before
    if rows and not measured.written:
        raise HomeAssistantError(f"{home.folder} isn't on a disk, so what is written can't be measured.")
    return rows / len(own), measured.written / len(own) / KILOBYTE


async def own_entities(home: Home) -> list[str]:
    """Return the ids of the integration's entities."""
    registry: list[dict[str, Any]] = await home.ha.command("config/entity_registry/list")
    return [entity["entity_id"] for entity in registry if entity["platform"] == DOMAIN]


def states(home: Home, entities: list[str]) -> int:
    """Return the number of states that recorder has of these entities."""
    sql = f"""
        SELECT count(*)
        FROM states JOIN states_meta USING (metadata_id)
        WHERE states_meta.entity_id IN ({", ".join("?" * len(entities))})
        """
    ((number,),) = home.query(sql, *entities, file=RECORDER)
    return int(number)


async def statistics(day: Day) -> tuple[float, float]:
    """Return what writing the statistics of a camera takes: milliseconds of processor time, and kilobytes."""
    fleets = (day.alone, day.doors)
    await day.home.ready(STATISTICS_SECONDS)
    for fleet in fleets:
        await day.home.post(await asyncio.to_thread(fleet.bodies, 1))
    async with day.home.measured(background=True) as measured:
        await day.home.finish()
    # The place has statistics too.
    number = sum(len(fleet.cameras) for fleet in fleets) + 1
    return measured.processor_ms(number), measured.written / number / KILOBYTE


def lines(found: dict[str, list[float]]) -> list[Line]:
    """Return the lines of the table."""
    result: list[Line] = []
    places: dict[str, tuple[str, Callable[[Item], str]]] = {
        "alone": ("one camera", str),
        "place": (f"one of {DOORS} doors of a place", attrgetter("at_place")),
    }
    for kind, (name, key_of) in places.items():
        early, late = found[f"{kind} {EARLY}"], found[f"{kind} {LATE}"]
        result += [
            Line(
                name=f"Processor time per shown push at {LATE}, {name}",
                unit="ms",
                measured=late,
                at_most=5,
                key=key_of(Item.PROCESSOR),
            ),
            Line(name=f"… compared with {EARLY}", unit="ms", measured=late, reference=early, at_most=1.5),
        ]
    for people, traffic, goal, rows, written in (
        ("with people", "busy", None, Item.ROWS_BUSY, Item.WRITTEN_BUSY),
        ("in which nobody passed", "quiet", 0, Item.ROWS_QUIET, Item.WRITTEN_QUIET),
    ):
        for kind, (name, key_of) in places.items():
            result += [
                Line(
                    name=f"Recorder's rows per push {people}, {name}",
                    unit="rows",
                    measured=found[f"{kind} {traffic} rows"],
                    at_most=goal,
                    key=key_of(rows),
                ),
                Line(
                    name="… written to the disk",
                    unit="kB",
                    measured=found[f"{kind} {traffic} written"],
                    key=key_of(written),
                ),
            ]
    return [
        *result,
        Line(
            name="Processor time of a camera's statistics, each five minutes",
            unit="ms",
            measured=found["statistics processor"],
            key=Item.STATISTICS_PROCESSOR,
        ),
        Line(
            name="… written to the disk",
            unit="kB",
            measured=found["statistics written"],
            key=Item.STATISTICS_WRITTEN,
        ),
    ]

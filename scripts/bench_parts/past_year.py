"""Measures a ledger that holds a year of each camera: pushes next to an empty one, its size, and long questions.

One camera really pushes its year, and the integration does with it what it does with any other: it writes the
statistics and packs old days. The other cameras are copies of this one in both databases.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import operator
from pathlib import Path
from time import perf_counter

from custom_components.axis_people_counter.services import MAX_DAYS, MAX_ROWS
from scripts.bench_parts.bill import Item
from scripts.bench_parts.cameras import MINUTE, YEAR_MINUTES, Fleet, long_body, total, year, zone_where_it_is
from scripts.bench_parts.copies import copy_camera, divide_into_pushes
from scripts.bench_parts.home import LEDGER, MEGABYTE, RECORDER, TICK_SECONDS, Home, homes, sum_of
from scripts.bench_parts.steady import CAMERAS
from scripts.bench_parts.table import Line
from scripts.demo_parts.console import echo
from tests.helpers.home_assistant import HomeAssistantError
from tests.simulator import Counts

# Pushes per camera and round.
PUSHES = 30
# Longer than a measurement takes.
ROUND_SECONDS = 20
RELOADS = 3
# A difference is compared with a goal that is as long as a reload.
RELOAD_MARGIN = 1.5
QUESTION_ROUNDS = 3
DOORS = 12
# Periods of a question, with the rows of a door in a year.
ROWS = {"hour": 366 * 24, "day": 366, "month": 13}
YEAR_DAYS = 366


@dataclass
class Side:
    """A Home Assistant, and its cameras."""

    home: Home
    fleet: Fleet


async def past_year(folder: Path, rounds: int) -> list[Line]:
    """Push to a ledger with a year of each camera, and to an empty one; then ask for the year."""
    # Early in the day, today adds nothing to what the past costs.
    zone = zone_where_it_is(1)
    full = Side(Home(folder / "full"), Fleet(CAMERAS, zone))
    empty = Side(Home(folder / "empty"), Fleet(CAMERAS, zone))
    found: dict[str, list[float]] = defaultdict(list)
    # The year is made while Home Assistant starts.
    making = asyncio.create_task(asyncio.to_thread(make_year, full))
    async with homes(full.home, empty.home):
        bodies, of_year = await making
        await push_year(full, bodies)
        await full.home.ha.stop()
        begin = perf_counter()
        await asyncio.to_thread(copy_first_camera, full)
        echo(f"  copied to {CAMERAS - 1} further cameras in {perf_counter() - begin:.0f} s")
        found["size"].append(size(full))
        await full.home.ha.start()
        for side in (full, empty):
            await side.home.post(await asyncio.to_thread(side.fleet.bodies, 2))
        for number in range(rounds):
            order = [("full", full), ("empty", empty)][:: 1 if number % 2 else -1]
            for name, side in order:
                bodies = await asyncio.to_thread(side.fleet.bodies, 1)
                await side.home.ready(ROUND_SECONDS)
                async with side.home.measured() as measured:
                    await side.home.post(bodies)
                found[f"shown {name}"].append(measured.processor_ms(len(bodies)))
            for name, side in order:
                bodies = await asyncio.to_thread(side.fleet.bodies, PUSHES)
                async with side.home.measured():
                    sent = await side.home.post(bodies)
                found[f"push {name}"].append(sent.milliseconds)
        await empty.home.check(empty.fleet.sent, empty.fleet.begin)
        await check_full(full, of_year)
        for number in range(RELOADS):
            for name, side in [("full", full), ("empty", empty)][:: 1 if number % 2 else -1]:
                await side.home.ready(ROUND_SECONDS)
                found[f"reload {name}"].append(await side.home.reload())
        try:
            for _ in range(min(rounds, QUESTION_ROUNDS)):
                for period in ROWS:
                    seconds, stall = await ask(full, period, of_year)
                    found[period].append(seconds)
                    found["stall"].append(stall)
        except HomeAssistantError as error:
            # Their lines stay empty; the others are measured to the end.
            echo(f"  The questions are void: {error}")
            for name in (*ROWS, "stall"):
                found[name].clear()
    return lines(found)


def make_year(side: Side) -> tuple[list[bytes], Counts]:
    """Return the year of the first camera: the bodies that it pushes, and the counts in them."""
    camera = side.fleet.cameras[0]
    bodies: list[bytes] = []
    sent = Counts()
    for intervals in year(camera, side.fleet.begin):
        bodies.append(long_body(camera, intervals))
        sent += total(intervals)
    return bodies, sent


async def push_year(side: Side, bodies: Sequence[bytes]) -> None:
    """Let the first camera push its year, and wait until it is in the statistics and its old days are packed."""
    begin = perf_counter()
    for body in bodies:
        await side.home.post([body])
    echo(f"  pushed the {YEAR_MINUTES:,} minutes of a camera in {perf_counter() - begin:.0f} s")
    await side.home.ready(0)
    await side.home.ha.stop()
    await asyncio.to_thread(divide_into_pushes, side.home.folder / LEDGER)
    # Housekeeping runs once a day, and when the entry is loaded.
    await side.home.ha.start()
    await side.home.ready(0)


def copy_first_camera(side: Side) -> None:
    """Copy the camera with its year to all others."""
    first, *others = side.fleet.cameras
    names = {camera.serial: camera.name for camera in others}
    copy_camera(side.home.folder / LEDGER, side.home.folder / RECORDER, first.serial, names)


def size(side: Side) -> float:
    """Return the megabytes that a year of a camera takes in the ledger's file."""
    ((pages,),), ((free,),), ((bytes_of_page,),) = (
        side.home.query(f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size")
    )
    echo(f"  a ledger of {pages * bytes_of_page / MEGABYTE:.0f} MB, {free / pages:.0%} of it free for what comes next")
    return float((pages - free) * bytes_of_page / MEGABYTE / len(side.fleet.cameras))


async def check_full(side: Side, of_year: Counts) -> None:
    """Compare what was pushed into the full ledger."""
    sql = """
        SELECT serial, sum(entered), sum(exited), sum(adults_entered), sum(adults_exited)
        FROM intervals JOIN cameras ON cameras.id = camera
        WHERE start >= ?
        GROUP BY serial
        """
    begin = int(side.fleet.begin.timestamp())
    if {serial: Counts(*sums) for serial, *sums in side.home.query(sql, begin)} != side.fleet.sent:
        raise HomeAssistantError("The full ledger doesn't hold what was sent.")
    await side.home.check_states({serial: counts + of_year for serial, counts in side.fleet.sent.items()})


async def ask(side: Side, period: str, of_year: Counts) -> tuple[float, float]:
    """Return the seconds that the year of some doors takes by period, and the longest stall of the event loop.

    It takes several questions where the limits of an answer require it.
    """
    at_once = max(1, min(DOORS, MAX_ROWS // ROWS[period], MAX_DAYS // YEAR_DAYS))
    devices = await side.home.devices()
    doors = [devices[camera.serial] for camera in side.fleet.cameras[:DOORS]]
    start = side.fleet.begin - YEAR_MINUTES * MINUTE
    await side.home.ready(ROUND_SECONDS)
    async with side.home.measured(every=TICK_SECONDS) as measured:
        found = []
        for first in range(0, DOORS, at_once):
            found += await side.home.counts(doors[first : first + at_once], start, period)
    for door in found:
        if sum_of(door["rows"]) != of_year + side.fleet.sent[door["serial"]]:
            raise HomeAssistantError(f"The {period}s of {door['serial']} have other counts than it sent.")
    return measured.seconds, measured.stall


def lines(found: Mapping[str, Sequence[float]]) -> list[Line]:
    """Return the lines of the table."""
    return [
        Line(
            name=f"One push with {CAMERAS} years in the ledger, compared with none",
            unit="ms",
            measured=found["push full"],
            reference=found["push empty"],
            at_most=1.2,
        ),
        Line(
            name="… processor time when each camera pushes once and is shown",
            unit="ms",
            measured=found["shown full"],
            reference=found["shown empty"],
            at_most=1.2,
        ),
        Line(
            name="Reload of the entry with them, compared with none",
            unit="s",
            measured=found["reload full"],
            reference=found["reload empty"],
            compare=operator.sub,
            at_most=1,
            margin=RELOAD_MARGIN,
        ),
        Line(
            name="A year of a busy camera in the ledger",
            unit="MB",
            measured=found["size"],
            at_most=2,
            margin=None,
            key=Item.YEAR,
        ),
        *(
            Line(name=f"The {period}s of {DOORS} doors over a year", unit="s", measured=found[period], at_most=3)
            for period in ROWS
        ),
        Line(
            name="… longest stall of the event loop meanwhile",
            unit="ms",
            measured=found["stall"],
            judge=max,
            at_most=100,
            margin=None,
        ),
    ]

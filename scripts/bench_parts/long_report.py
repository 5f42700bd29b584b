"""Measures reports over months of the twelve doors of a place, in a Home Assistant whose event loop is watched.

One camera pushes a year as in past_year.py. Its days are copied into the year before, and then to the other doors.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path
from time import perf_counter

from scripts.bench_parts.cameras import Fleet, zone_where_it_is
from scripts.bench_parts.copies import lengthen
from scripts.bench_parts.home import LEDGER, REPORT, TICK_SECONDS, Home, homes
from scripts.bench_parts.past_year import (
    DOORS,
    QUESTION_ROUNDS,
    ROUND_SECONDS,
    Side,
    copy_first_camera,
    make_year,
    push_year,
)
from scripts.bench_parts.table import Line
from scripts.demo_parts.console import echo
from tests.helpers.home_assistant import HomeAssistantError

# Whole weeks, and longer than a year, so that no day is there twice.
EARLIER_DAYS = 371
# How long a report may take, in seconds, by its days.
REPORTS = {90: 3, 400: 10}


async def long_report(folder: Path, rounds: int) -> list[Line]:
    """Ask for reports with all that they are compared with."""
    zone = zone_where_it_is(1)
    side = Side(Home(folder / "home"), Fleet(DOORS, zone))
    found: dict[str, list[float]] = defaultdict(list)
    making = asyncio.create_task(asyncio.to_thread(make_year, side))
    async with homes(side.home):
        bodies, of_year = await making
        await push_year(side, bodies)
        await side.home.ha.stop()
        begin = perf_counter()
        await asyncio.to_thread(lengthen, side.home.folder / LEDGER, EARLIER_DAYS)
        await asyncio.to_thread(copy_first_camera, side)
        echo(f"  copied to the year before and to {DOORS - 1} further doors in {perf_counter() - begin:.0f} s")
        await side.home.ha.start()
        await side.home.post(await asyncio.to_thread(side.fleet.bodies, 2))
        await side.home.add_place("Building", [camera.serial for camera in side.fleet.cameras])
        for _ in range(min(rounds, QUESTION_ROUNDS)):
            for days in REPORTS:
                await side.home.ready(ROUND_SECONDS)
                async with side.home.measured(every=TICK_SECONDS) as measured:
                    report = await side.home.ha.request("POST", REPORT, {"days": days})
                if not (report["days"] == days and 0 < report["visitors"] <= DOORS * 2 * of_year.in_):
                    raise HomeAssistantError(f"The report over {days} days is wrong: {report}")
                found[f"{days}"].append(measured.seconds)
                found["stall"].append(measured.stall)
    return [
        *(
            Line(name=f"A report over {days} days of {DOORS} doors", unit="s", measured=found[f"{days}"], at_most=limit)
            for days, limit in REPORTS.items()
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

"""Measures pushes to a ledger that holds a year of each camera, next to an empty one."""

from __future__ import annotations

import asyncio
from contextlib import closing
import operator
import os
from pathlib import Path
import sqlite3
from time import perf_counter

from scripts.bench_parts.cameras import Fleet, zone_where_it_is
from scripts.bench_parts.home import LEDGER, MEGABYTE, homes
from scripts.bench_parts.steady import CAMERAS, PUSHES
from scripts.bench_parts.table import Line, again
from scripts.demo_parts.console import echo
from tests.helpers.home_assistant import HomeAssistantError
from tests.simulator import Counts

YEAR_MINUTES = 365 * 24 * 60
# After this pause, a push isn't shown together with the one before.
PAUSE_SECONDS = 5
RELOADS = 3


def add_year(ledger: Path, before: int) -> None:
    """Insert a year of one-minute intervals for each camera, up to its first push."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as db:
        # A half-written file is of no use, so nothing has to survive a crash.
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA journal_mode = OFF")
        cameras = [camera for (camera,) in db.execute("SELECT id FROM cameras")]
        db.execute("BEGIN")
        for camera in cameras:
            db.execute(
                "WITH RECURSIVE minutes (start) AS (VALUES (:first) UNION ALL"
                " SELECT start + 60 FROM minutes WHERE start + 60 < :before)"
                " INSERT INTO intervals (camera, start, stop, entered, exited, adults_entered, adults_exited, sent)"
                " SELECT :camera, start, start + 60, start / 60 % 4, start / 60 % 3, start / 60 % 2, start / 60 % 2,"
                " start + 80 FROM minutes",
                {"camera": camera, "first": before - 60 * YEAR_MINUTES, "before": before},
            )
        db.execute(
            """
            UPDATE cameras
            SET (total_entered, total_exited, total_adults_entered, total_adults_exited) = (
                SELECT sum(entered), sum(exited), sum(adults_entered), sum(adults_exited)
                FROM intervals
                WHERE camera = id
            )
            """
        )
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")
    # The file must not be written back during the measurement.
    with ledger.open("rb") as file:
        os.fsync(file.fileno())


async def past_year(folder: Path, rounds: int) -> list[Line]:
    """Push to a ledger with a year of each camera, and to an empty one."""
    # Late in the day, today is as long as it gets.
    zone = zone_where_it_is(22)
    fleets = {"full": Fleet(CAMERAS, zone), "empty": Fleet(CAMERAS, zone)}
    costs: dict[str, list[float]] = {name: [] for name in fleets}
    singles: dict[str, list[float]] = {name: [] for name in fleets}
    reloads: dict[str, list[float]] = {name: [] for name in fleets}
    async with homes(folder, full="", empty="") as (full, empty):
        by_name = {"full": full, "empty": empty}
        for name, home in by_name.items():
            await home.post(await asyncio.to_thread(fleets[name].bodies, 2))
            await home.check(fleets[name].sent)
        await full.ha.stop()
        begin = perf_counter()
        await asyncio.to_thread(add_year, full.folder / LEDGER, int(fleets["full"].begin.timestamp()))
        size = (full.folder / LEDGER).stat().st_size / MEGABYTE
        ((stored,),) = full.query("SELECT count(*) FROM intervals")
        echo(f"  a ledger of {stored:,} intervals, {size:.0f} MB, in {perf_counter() - begin:.0f} s")
        await full.ha.start()
        for number in range(rounds):
            for name in by_name if number % 2 else reversed(by_name):
                await asyncio.sleep(PAUSE_SECONDS)
                bodies = await asyncio.to_thread(fleets[name].bodies, 1)
                before = by_name[name].processor_seconds()
                await by_name[name].post(bodies)
                singles[name].append((by_name[name].processor_seconds() - before) / len(bodies) * 1e6)
            for name in by_name if number % 2 else reversed(by_name):
                sent = await by_name[name].post(await asyncio.to_thread(fleets[name].bodies, PUSHES // 2))
                costs[name].append(sent.microseconds)
        await empty.check(fleets["empty"].sent)
        sql = """
            SELECT serial, sum(entered), sum(exited), sum(adults_entered), sum(adults_exited)
            FROM intervals JOIN cameras ON cameras.id = camera
            WHERE start >= ?
            GROUP BY serial
            """
        stored_counts = {
            serial: Counts(*sums) for serial, *sums in full.query(sql, int(fleets["full"].begin.timestamp()))
        }
        if stored_counts != fleets["full"].sent:
            raise HomeAssistantError("The full ledger doesn't hold what was sent.")
        for number in range(RELOADS):
            for name in by_name if number % 2 else reversed(by_name):
                entry = await by_name[name].entry()
                begin = perf_counter()
                await by_name[name].ha.request("POST", f"/api/config/config_entries/entry/{entry}/reload")
                reloads[name].append(perf_counter() - begin)
    return [
        Line(f"one push with {CAMERAS} years in the ledger, to none", "us", costs["full"], costs["empty"], at_most=1.2),
        Line(
            "  when each camera pushes once: processor time",
            "us",
            singles["full"],
            singles["empty"],
            at_most=1.2,
        ),
        Line(
            "reload with them, seconds more than without",
            "s",
            reloads["full"],
            reloads["empty"],
            compare=operator.sub,
            at_most=1,
        ),
        again("push with", "us", costs["full"]),
        again("push without", "us", costs["empty"]),
        again("once with", "us", singles["full"]),
        again("once without", "us", singles["empty"]),
        again("reload with", "s", reloads["full"]),
        again("reload without", "s", reloads["empty"]),
    ]

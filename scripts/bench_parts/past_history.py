"""Measures a body with 90 days of history."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import perf_counter

from scripts.bench_parts.cameras import Fleet, history, long_body, mounted, total, zone_where_it_is
from scripts.bench_parts.home import MEGABYTE, RECORDER, TICK_SECONDS, Home, homes, run
from scripts.bench_parts.table import Line
from tests.helpers.home_assistant import DOMAIN, HomeAssistantError
from tests.simulator import Counts

ROUNDS = 3
# Longer than a round takes.
ROUND_SECONDS = 15
STATISTICS_SECONDS = 60
# The event loop of a Home Assistant without work on an idle machine.
MAX_IDLE_STALL = 30


async def statistics_after(home: Home, serial: str, people: int) -> float:
    """Return the seconds until a camera's statistics hold everybody who came in.

    Home Assistant isn't asked, because the work of an answer would be measured. Raises HomeAssistantError after a time
    limit.
    """
    sql = """
        SELECT sum
        FROM statistics
        JOIN statistics_meta ON statistics_meta.id = metadata_id
        WHERE statistic_id = ?
        ORDER BY start_ts DESC
        LIMIT 1
        """
    begin = perf_counter()
    while perf_counter() - begin <= STATISTICS_SECONDS:
        if home.query(sql, f"{DOMAIN}:{serial}_in", file=RECORDER) == [(people,)]:
            return perf_counter() - begin
        await asyncio.sleep(0.5)
    raise HomeAssistantError(f"After {STATISTICS_SECONDS} seconds, the statistics aren't in recorder.")


async def past_history(folder: Path, rounds: int) -> list[Line]:
    """Push 90 days in one body, in each round from another camera."""
    found: dict[str, list[float]] = {name: [] for name in ("work", "push", "stall", "peak", "recorded", "later")}
    idle: list[float] = []
    rounds = min(rounds, ROUNDS)
    sent: dict[str, Counts] = {}
    home = Home(folder / "history")
    async with homes(home):
        # The first push of all imports modules and creates the tables of its statistics; it isn't measured.
        await home.post(await asyncio.to_thread(Fleet(1, zone_where_it_is(12), first=rounds).bodies, 1))
        for number in range(rounds):
            camera = mounted(number, zone_where_it_is(12))
            *intervals, last = await asyncio.to_thread(history, camera)
            body = await asyncio.to_thread(long_body, camera, intervals)
            (file := folder / "body").write_bytes(body)
            bare = folder / f"bare-{number}.db"
            found["work"].append((await run("bare_work.py", file, bare))["seconds"])
            await home.ready(ROUND_SECONDS)
            async with home.measured(every=TICK_SECONDS) as before:
                await asyncio.sleep(2)
            idle.append(before.stall)
            memory = home.process.memory()
            home.process.forget_peak()
            async with home.measured(every=TICK_SECONDS, background=True) as measured:
                found["push"].append((await home.push(file))["seconds"])
            found["stall"].append(measured.stall)
            found["peak"].append((home.process.peak() - memory) / len(body))
            async with home.measured(every=TICK_SECONDS, background=True) as measured:
                found["recorded"].append(await statistics_after(home, camera.serial, total(intervals).in_))
            found["later"].append(measured.stall)
            # A camera's totals are shown once it has caught up.
            await home.post([camera.body([last])])
            sent[camera.serial] = total([*intervals, last])
        await home.check(sent, intervals[0].start)
    if max(idle) > MAX_IDLE_STALL:
        raise HomeAssistantError(f"The event loop stalled for {max(idle):.0f} ms while there was nothing to do.")
    size = f"90 days ({len(body) / MEGABYTE:.0f} MB)"
    return [
        Line(
            name=f"{size} in one body until the answer, compared with the bare work",
            unit="s",
            measured=found["push"],
            reference=found["work"],
            at_most=3,
        ),
        Line(
            name="… longest stall of the event loop meanwhile",
            unit="ms",
            measured=found["stall"],
            judge=max,
            at_most=100,
            margin=None,
        ),
        Line(
            name="… longest stall while recorder stores its statistics",
            unit="ms",
            measured=found["later"],
            judge=max,
            at_most=100,
            margin=None,
        ),
        Line(name="… longest stall before, without work", unit="ms", measured=idle, judge=max, margin=None),
        Line(name="… added memory, compared with the body", unit="x", measured=found["peak"], at_most=2),
        Line(
            name="… until its statistics are in recorder",
            unit="s",
            measured=found["recorded"],
            at_most=STATISTICS_SECONDS,
        ),
    ]

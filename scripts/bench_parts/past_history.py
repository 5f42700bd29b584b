"""Measures a body with 90 days of history."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import perf_counter

from scripts.bench_parts.cameras import HISTORY_MINUTES, MINUTE, history, mounted, total, zone_where_it_is
from scripts.bench_parts.home import MEGABYTE, Home, homes, run
from scripts.bench_parts.table import Line, again
from tests.helpers.home_assistant import DOMAIN, HomeAssistantError
from tests.simulator import Counts

HISTORY_ROUNDS = 3
STATISTICS_SECONDS = 60


class Memory:
    """The memory that a process uses in addition to what it used at first."""

    def __init__(self, pid: int) -> None:
        """Store the present use."""
        self._folder = Path(f"/proc/{pid}")
        self._first = self._kilobytes("VmRSS")

    def forget(self) -> None:
        """Reset the peak."""
        (self._folder / "clear_refs").write_text("5")

    def peak(self) -> float:
        """Return the peak since then in bytes."""
        return (self._kilobytes("VmHWM") - self._first) * 1024.0

    def _kilobytes(self, key: str) -> int:
        status = (self._folder / "status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{key}:"))


async def statistics_after(home: Home, serial: str, people: int) -> float | None:
    """Return the seconds until a camera's statistics hold everybody who came in, None after the time limit."""
    series = f"{DOMAIN}:{serial}_in"
    start = (mounted(0, zone_where_it_is(12)).now() - 180 * MINUTE).isoformat()
    begin = perf_counter()
    while perf_counter() - begin <= STATISTICS_SECONDS:
        found = await home.ha.command(
            "recorder/statistics_during_period",
            start_time=start,
            statistic_ids=[series],
            period="hour",
            types=["sum"],
        )
        if found.get(series) and found[series][-1]["sum"] == people:
            return perf_counter() - begin
        await asyncio.sleep(0.5)
    return None


async def past_history(folder: Path, rounds: int) -> list[Line]:
    """Push 90 days in one body, in each round from another camera."""
    work: list[float] = []
    push: list[float] = []
    idle: list[float] = []
    stalls: list[float] = []
    later_stalls: list[float] = []
    peaks: list[float] = []
    recorded: list[float] = []
    missing = False
    sent: dict[str, Counts] = {}
    async with homes(folder, history="") as (home,):
        ((schema,),) = home.query("SELECT sql FROM sqlite_schema WHERE name = 'intervals'")
        memory = Memory(home.ha.pid)
        for number in range(rounds):
            camera = mounted(number, zone_where_it_is(12))
            *intervals, last = await asyncio.to_thread(history, camera)
            body = await asyncio.to_thread(camera.body, intervals)
            (file := folder / "body").write_bytes(body)
            work.append((await run("bare_work.py", file, folder / f"bare-{number}.db", schema))["seconds"])
            await home.settle()
            await home.stall()
            await asyncio.sleep(2)
            idle.append(await home.stall())
            memory.forget()
            push.append((await home.push(file))["seconds"])
            stalls.append(await home.stall())
            peaks.append(memory.peak() / len(body))
            seconds = None if missing else await statistics_after(home, camera.serial, total(intervals).in_)
            if seconds is None:
                missing = True
            else:
                recorded.append(seconds)
            later_stalls.append(await home.stall())
            # A camera's totals are shown once it has caught up.
            await home.post([camera.body([last])])
            sent[camera.serial] = total([*intervals, last])
        await home.check(sent)
        ((stored,),) = home.query("SELECT count(*) FROM intervals")
        if stored != rounds * HISTORY_MINUTES:
            raise HomeAssistantError(f"The ledger has {stored} intervals of {rounds * HISTORY_MINUTES}.")
    size = f"90 days ({len(body) / MEGABYTE:.0f} MB)"
    return [
        Line(f"{size}, to the bare work", "s", push, work, at_most=3),
        Line(f"{size}, stall of the event loop, ms", "ms", stalls, at_most=100),
        Line("  the same before", "ms", idle),
        Line(f"{size}, added memory, to the body", "x", peaks, at_most=3),
        Line(f"{size}, until it is in the statistics, s", "s", [] if missing else recorded, at_most=STATISTICS_SECONDS),
        Line("  stall meanwhile, ms", "ms", later_stalls, at_most=100),
        again("90 days", "s", push),
        again("bare work", "s", work),
    ]

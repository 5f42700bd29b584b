"""Measures what a push costs in a real Home Assistant; see scripts/bench."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
import signal
import sys
import tempfile
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.bench_parts.bill import show_bill
from scripts.bench_parts.live_counts import live_counts
from scripts.bench_parts.long_report import long_report
from scripts.bench_parts.one_push import one_push
from scripts.bench_parts.past_history import past_history
from scripts.bench_parts.past_year import past_year
from scripts.bench_parts.shown_after import shown_after
from scripts.bench_parts.steady import steady
from scripts.bench_parts.table import Line, show
from scripts.demo_parts.console import echo
from scripts.demo_parts.steps import prepare
from tests.helpers.home_assistant import HomeAssistantError

LIMIT_SECONDS = 30 * 60


PARTS: dict[str, Callable[[Path, int], Awaitable[list[Line]]]] = {
    "steady": steady,
    "history": past_history,
    "push": one_push,
    "websocket": shown_after,
    "year": past_year,
    "live": live_counts,
    "report": long_report,
}


async def bench(only: str | None, rounds: int) -> int:
    """Measure everything in temporary folders and return the exit code."""
    await prepare()
    lines: list[Line] = []
    void = False
    for name, part in PARTS.items():
        if only not in (None, name):
            continue
        begin = perf_counter()
        echo(f"{name} …")
        try:
            with tempfile.TemporaryDirectory(prefix="people-counter-bench-", ignore_cleanup_errors=True) as folder:
                lines += await part(Path(folder), rounds)
        except HomeAssistantError as error:
            void = True
            echo(f"  The measurement is void: {error}")
        echo(f"  done in {perf_counter() - begin:.0f} s")
    echo()
    show(lines)
    echo()
    show_bill(lines)
    return 0 if not void and all(line.ok for line in lines) else 1


async def main() -> int:
    """Run until done or interrupted."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="What a push costs in a real Home Assistant.")
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    parser.add_argument("--rounds", type=int, default=5, help="how often each side is measured, at least twice")
    arguments = parser.parse_args()
    if arguments.rounds < 2:
        parser.error("A figure that was never repeated can't be trusted: measure at least two rounds.")
    running = asyncio.create_task(bench(arguments.only, arguments.rounds))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await running
    except asyncio.CancelledError:
        echo("Interrupted.")
        return 130
    except TimeoutError:
        echo(f"It took longer than {LIMIT_SECONDS} seconds.")
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

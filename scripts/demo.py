"""Shows people being counted in a real Home Assistant; see scripts/demo."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
import fcntl
import io
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.demo_parts.asked_door import asked, fill_gap, lose_hours, push_time, show_agreement, show_live_counts
from scripts.demo_parts.console import echo, step
from scripts.demo_parts.place import Place
from scripts.demo_parts.report import report_link
from scripts.demo_parts.steps import add_place, call_internals, check, connect, past_midnight, prepare, push
from scripts.demo_parts.table import table
from tests.helpers.dashboards import DASHBOARDS, install_dashboards
from tests.helpers.home_assistant import DOMAIN, HomeAssistant, HomeAssistantError, free_port
from tests.helpers.shop import build_shop
from tests.simulator import Camera

PORT = 8123
REFRESH_SECONDS = 2
# The limit of --once, without downloads.
LIMIT_SECONDS = 420
# The exit code of Home Assistant after a restart from its own pages.
RESTART = 100


def local_zone() -> ZoneInfo:
    """Return this computer's time zone, UTC if it is unknown."""
    for name in (os.environ.get("TZ", "").lstrip(":"), str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]):
        with suppress(KeyError, ValueError, OSError):
            return ZoneInfo(name)
    return ZoneInfo("UTC")


def choose_port(*, once: bool) -> int:
    """Return the usual port if it is free, and any other for --once, whose pages nobody opens."""
    if once:
        return free_port()
    # Two demos that start together would both find the port free. The lock ends with the process.
    lock = os.open(Path(sys.prefix).parent / "demo.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return free_port()
    return free_port(PORT)


async def push_for_ever(mounted: Sequence[Camera]) -> None:
    """Let each camera push at its own times."""
    await asyncio.gather(*(camera.run() for camera in mounted))


async def watch(home: HomeAssistant, mounted: Sequence[Camera], place: Place) -> None:
    """Keep pushing and showing the table until the user ends it."""
    boards, door, office = (f"{home.url}/{path}" for path in DASHBOARDS)
    echo(f"""
  Open        {home.url}
  Dashboards  {boards}
              {door}
              {office}
  Last week   {await report_link(home, place)}
  User        {home.username}
  Password    {home.password}

The cameras push 10 to 40 seconds after each minute, the car park's after each quarter of an hour. Ctrl-C ends it all.
""")
    pushing = asyncio.create_task(push_for_ever(mounted))
    shown: list[str] = []
    try:
        while not pushing.done():
            if home.exit_code == RESTART:
                await home.start()
            elif home.exit_code is not None:
                raise HomeAssistantError(f"Home Assistant has ended with {home.exit_code}.")
            # During a restart the table stays as it was.
            with suppress(HomeAssistantError):
                lines = table(await home.states(), mounted, place)
                if shown and sys.stdout.isatty() and max(map(len, lines)) <= shutil.get_terminal_size().columns:
                    # Move to the table's first line and erase the old table.
                    echo(f"\x1b[{len(shown)}A\x1b[J" + "\n".join(lines))
                elif lines != shown:
                    echo("\n".join(lines))
                shown = lines
            await asyncio.sleep(REFRESH_SECONDS)
        await pushing
    finally:
        pushing.cancel()


async def demo(*, once: bool, https: bool) -> int:
    """Run all steps in a temporary folder."""
    building = build_shop(local_zone())
    await prepare()
    with tempfile.TemporaryDirectory(prefix="people-counter-demo-", ignore_cleanup_errors=True) as folder:
        home = HomeAssistant(
            Path(folder), minimal=False, port=choose_port(once=once), zone=building.zone.key, name="Demo"
        )
        async with asyncio.timeout(LIMIT_SECONDS if once else None):
            try:
                with step("Starting Home Assistant"):
                    await home.start()
                    await home.onboard()
                with step("Setting up AXIS People Counter"):
                    mounted = await connect(home, building, https=https)
                if once:
                    await call_internals()
                    await past_midnight(building.zone)
                _, garden, _ = mounted
                with step("Pushing up to 90 days of history"):
                    await lose_hours(garden)
                    await push(mounted, datetime.now(UTC))
                with step("Adding a place with two doors, and dashboards"):
                    place = await add_place(home, building, mounted)
                    await install_dashboards(home)
                async with asked(home, garden):
                    with step("Reading hours that were never pushed from a camera"):
                        await fill_gap(home, garden)
                    with step("Comparing yesterday's numbers with the camera's own"):
                        await show_agreement(home, garden)
                    if not once:
                        await watch(home, mounted, place)
                        return 0
                    with step("Showing people before they are pushed"):
                        await show_live_counts(home, garden)
                with step("Pushing once more, when this minute is over"):
                    await push(mounted, await push_time())
                    # They would follow within five minutes.
                    await home.call(DOMAIN, "rebuild_statistics", entity_id="all")
                return await check(home, mounted, place)
            finally:
                await home.__aexit__()


async def main() -> int:
    """Run until done or interrupted."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal without Unicode shows question marks, which is better than an error.
        sys.stdout.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(prog="scripts/demo", description="People being counted in a real Home Assistant.")
    parser.add_argument("--once", action="store_true", help="check the result, and end with 0 or 1")
    parser.add_argument("--https", action="store_true", help="let the cameras come over HTTPS, with a certificate")
    arguments = parser.parse_args()
    running = asyncio.create_task(demo(once=arguments.once, https=arguments.https))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        echo("\nEverything has ended.")
        return 130
    except TimeoutError:
        echo(f"It took longer than {LIMIT_SECONDS} seconds.")
    except HomeAssistantError as error:
        echo(str(error))
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

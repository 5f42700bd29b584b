"""Shows people being counted in a real Home Assistant; see scripts/demo."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, time, timedelta
import fcntl
import importlib.metadata
import io
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.home_assistant import HomeAssistant, HomeAssistantError, free_port, install, missing_requirements  # noqa: E402
from tests.simulator import THREE_D, TWO_D, Camera, Hours, Visits  # noqa: E402

HISTORY = timedelta(days=3)
PORT = 8123
REFRESH_SECONDS = 2
# All of --once, without downloads.
LIMIT_SECONDS = 420
SHOWN_SECONDS = 60
# What Home Assistant ends with when somebody restarts it in its own pages.
RESTART = 100

COLUMNS = ("Camera", "In today", "Out today", "Adults", "Inside", "Counted to", "Connected")

type States = Mapping[str, Mapping[str, Any]]


def say(text: str = "") -> None:
    """Tell the user something, at once."""
    print(text, flush=True)  # noqa: T201


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show what is going on, and that it is over."""
    started = asyncio.get_running_loop().time()
    print(f"{text} … ", end="", flush=True)  # noqa: T201
    try:
        yield
    except BaseException:
        say()
        raise
    say(f"done ({asyncio.get_running_loop().time() - started:.0f} s)")


def local_zone() -> ZoneInfo:
    """Return this computer's time zone, UTC if it doesn't tell."""
    for name in (os.environ.get("TZ", "").lstrip(":"), str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]):
        with suppress(KeyError, ValueError, OSError):
            return ZoneInfo(name)
    return ZoneInfo("UTC")


def choose_port(*, once: bool) -> int:
    """Return the usual port where it is free; nobody looks at the pages of --once, which leaves it to others."""
    if once:
        return free_port()
    # Two demos that start together would both find it free. The lock goes with the process.
    lock = os.open(Path(sys.prefix).parent / "demo.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return free_port()
    return free_port(PORT)


def cameras(url: str, token: str, zone: ZoneInfo) -> list[Camera]:
    """Mount three cameras; the doors never close, so that there is something to see at any hour."""
    return [
        Camera(
            Visits(name, zone, Hours(0, 24, parties, parties * 3 // 2)),
            url,
            token,
            serial=serial,
            name=name,
            model=model,
            installed=datetime.now(UTC) - HISTORY,
            batch=batch,
        )
        for name, serial, model, parties, batch in (
            ("Main entrance", "accc8ef3d92e", THREE_D, 700, None),
            ("Garden door", "accc8e0b7a51", THREE_D, 300, 500),
            ("Car park", "00408cac512b", TWO_D, 450, None),
        )
    ]


# The table


def value(states: States, camera: Camera, key: str) -> str | None:
    """Return what Home Assistant shows for a camera, None if it shows nothing."""
    state = states.get(f"{camera.serial}_{key}", {}).get("state")
    return None if state in (None, "unknown", "unavailable") else str(state)


def row(states: States, camera: Camera) -> list[str]:
    """Return one line of the table."""
    shown = {key: value(states, camera, key) or "-" for key in ("in_today", "out_today", "occupancy")}
    adults = [value(states, camera, f"adults_{direction}_today") for direction in ("in", "out")]
    until = value(states, camera, "counted_until")
    return [
        camera.name,
        shown["in_today"],
        shown["out_today"],
        " / ".join(adult or "-" for adult in adults) if any(adults) else "-",
        shown["occupancy"],
        f"{datetime.fromisoformat(until).astimezone(camera.zone):%H:%M}" if until else "-",
        {"on": "yes", "off": "no"}.get(value(states, camera, "connectivity") or "", "-"),
    ]


def table(states: States, shown: Sequence[Camera]) -> list[str]:
    """Return the lines of the table: names to the left, numbers to the right."""
    rows = [list(COLUMNS), *(row(states, camera) for camera in shown)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]

    def line(cells: list[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])

    return [line(rows[0]), "─" * len(line(rows[0])), *map(line, rows[1:])]


# What must be true


def expected(camera: Camera) -> dict[str, str]:
    """Return what Home Assistant should show for a camera, as far as the camera knows."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.astimezone(camera.zone), time(), camera.zone).astimezone(UTC)
    today = camera.delivered(midnight, now)
    # The first interval may begin before the camera was mounted.
    total = camera.delivered(now - 2 * HISTORY, now)
    assert camera.cursor
    found = {
        "in_today": today.in_,
        "out_today": today.out,
        "in_total": total.in_,
        "out_total": total.out,
        "occupancy": camera.occupancy(midnight, now),
        "counted_until": camera.cursor.isoformat(),
        "connectivity": "on",
    }
    if camera.model.adults:
        found |= {"adults_in_today": today.adults_in, "adults_out_today": today.adults_out}
    return {key: str(wanted) for key, wanted in found.items()}


def differences(states: States, shown: Sequence[Camera]) -> list[str]:
    """Return what Home Assistant shows otherwise than the cameras know it."""
    found: list[str] = []
    for camera in shown:
        wanted = expected(camera)
        if not camera.model.adults:
            found += [
                f"{camera.name}: {key} exists, but this camera knows no adults"
                for key in ("adults_in_today", "adults_out_today")
                if f"{camera.serial}_{key}" in states
            ]
        found += [
            f"{camera.name}: {key} is {value(states, camera, key)}, but should be {right}"
            for key, right in wanted.items()
            if value(states, camera, key) != right
        ]
    return found


# Steps


async def prepare() -> None:
    """Install what Home Assistant's own pages need, once in the life of the environment."""
    marker = Path(sys.prefix) / "installed-for-demo"
    version = importlib.metadata.version("homeassistant")
    if marker.exists() and marker.read_text() == version:
        return
    with step("Looking for what Home Assistant's own pages need"):
        missing = await asyncio.to_thread(missing_requirements)
    if missing:
        say("Installing it (about 100 MB, only once) …")
        await install(missing)
    marker.write_text(version)


async def connect(home: HomeAssistant, zone: ZoneInfo) -> list[Camera]:
    """Set the integration up as a user does, with a camera that presses "Test connection"."""
    async with home.connecting() as (url, token):
        mounted = cameras(url, token, zone)
        answer = await mounted[0].test_connection()
        if not answer.delivered:
            raise HomeAssistantError(f"Test connection was answered {answer.status}: {answer.text}")
    return mounted


async def push(camera: Camera) -> None:
    """Send everything there is, and the last of it twice, as happens when an answer gets lost."""
    for answer in (await camera.push(), await camera.redeliver()):
        if answer is not None and not answer.delivered:
            raise HomeAssistantError(f"{camera.name}: the push was answered {answer.status}: {answer.text}")


async def push_for_ever(mounted: Sequence[Camera]) -> None:
    """Let each camera push whenever its time has come."""
    await asyncio.gather(*(camera.run() for camera in mounted))


async def past_midnight(zone: ZoneInfo) -> None:
    """Wait a little where today is about to become yesterday while we look."""
    now = datetime.now(zone)
    tomorrow = datetime.combine(now + timedelta(days=1), time(), zone)
    left = (tomorrow.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
    if left < SHOWN_SECONDS * 2:
        with step("Waiting for midnight"):
            await asyncio.sleep(left + 1)


async def check(home: HomeAssistant, mounted: Sequence[Camera]) -> int:
    """Show the final table and whether it is right; Home Assistant gets a minute to show it."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SHOWN_SECONDS
    while True:
        states = await home.states()
        if not (wrong := differences(states, mounted)) or loop.time() > until:
            break
        await asyncio.sleep(0.5)
    wrong += [f"it logged: {line}" for line in home.log().splitlines() if " ERROR " in line]
    say()
    say("\n".join(table(states, mounted)))
    say()
    if wrong:
        say("Home Assistant doesn't show what the cameras counted, or has trouble:")
        say("\n".join(f"  {difference}" for difference in wrong))
        return 1
    people = sum(int(expected(camera)[key]) for camera in mounted for key in ("in_total", "out_total"))
    say(f"All right: Home Assistant shows each of the {people} passages that the cameras counted, once.")
    return 0


async def watch(home: HomeAssistant, mounted: Sequence[Camera]) -> None:
    """Keep pushing, and show the table until somebody ends it."""
    say(f"""
  Open       {home.url}
  User       {home.username}
  Password   {home.password}

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
            # While it ends and starts anew, the table stays as it was.
            with suppress(HomeAssistantError):
                lines = table(await home.states(), mounted)
                if shown and sys.stdout.isatty() and len(lines[0]) <= shutil.get_terminal_size().columns:
                    # Back to the table's first line, and away with the old one.
                    say(f"\x1b[{len(shown)}A\x1b[J" + "\n".join(lines))
                elif lines != shown:
                    say("\n".join(lines))
                shown = lines
            await asyncio.sleep(REFRESH_SECONDS)
        await pushing
    finally:
        pushing.cancel()


async def demo(*, once: bool) -> int:
    """Do it all, in a folder that is gone afterwards."""
    zone = local_zone()
    await prepare()
    with tempfile.TemporaryDirectory(prefix="people-counter-demo-", ignore_cleanup_errors=True) as folder:
        home = HomeAssistant(Path(folder), minimal=False, port=choose_port(once=once), zone=zone.key, name="Demo")
        async with asyncio.timeout(LIMIT_SECONDS if once else None):
            try:
                with step("Starting Home Assistant"):
                    await home.start()
                    await home.onboard()
                with step("Setting up AXIS People Counter"):
                    mounted = await connect(home, zone)
                if once:
                    await past_midnight(zone)
                with step(f"Pushing {HISTORY.days} days of history"):
                    await asyncio.gather(*(push(camera) for camera in mounted))
                if once:
                    return await check(home, mounted)
                await watch(home, mounted)
            finally:
                await home.__aexit__()
    return 0


async def main() -> int:
    """Run until done or told to end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal without Unicode shows question marks, which is better than an error.
        sys.stdout.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(prog="scripts/demo", description="People being counted in a real Home Assistant.")
    parser.add_argument("--once", action="store_true", help="check the result, and end with 0 or 1")
    arguments = parser.parse_args()
    running = asyncio.create_task(demo(once=arguments.once))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        say("\nEverything has ended.")
        return 130
    except TimeoutError:
        say(f"It took longer than {LIMIT_SECONDS} seconds.")
    except HomeAssistantError as error:
        say(str(error))
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

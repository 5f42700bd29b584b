"""Shows people being counted in a real Home Assistant; see scripts/demo."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
import fcntl
import importlib.metadata
import io
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile
from typing import Any, Protocol
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from homeassistant.util.yaml import parse_yaml  # noqa: E402
from tests.home_assistant import DOMAIN, HomeAssistant, HomeAssistantError, free_port, install, missing_requirements  # noqa: E402
from tests.simulator import THREE_D, TWO_D, Camera, Counts, Hours, Visits  # noqa: E402

PORT = 8123
REFRESH_SECONDS = 2
# All of --once, without downloads.
LIMIT_SECONDS = 420
SHOWN_SECONDS = 60
# What Home Assistant ends with when somebody restarts it in its own pages.
RESTART = 100

DASHBOARD = ROOT / "docs" / "dashboard.yaml"
DASHBOARD_PATH = "people-counter"
LONG_AGO = datetime.fromtimestamp(0, UTC)

COLUMNS = ("Camera", "In today", "Out today", "Adults", "Inside", "Counted to", "Connected")

type States = Mapping[str, Mapping[str, Any]]
# By id, then by day: what was added that day and the sum to its end, or the highest occupancy.
type Statistics = dict[str, dict[date, tuple[int, ...]]]


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
            installed=datetime.now(UTC) - timedelta(days=days),
            batch=batch,
        )
        for name, serial, model, days, parties, batch in (
            ("Main entrance", "accc8ef3d92e", THREE_D, 90, 700, None),
            ("Garden door", "accc8e0b7a51", THREE_D, 3, 300, 500),
            ("Car park", "00408cac512b", TWO_D, 3, 450, None),
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
    total = camera.delivered(LONG_AGO, now)
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


def by_series(camera: Camera, counts: Counts) -> dict[str, int]:
    """Return counts by the names that the series of statistics have."""
    found = {"in": counts.in_, "out": counts.out}
    return found | {"adults_in": counts.adults_in, "adults_out": counts.adults_out} if camera.model.adults else found


def expected_statistics(camera: Camera) -> Statistics:
    """Return what recorder should have of a camera, as far as the camera knows."""
    counts: dict[date, Counts] = {}
    highest: dict[date, int] = {}
    today, inside = date.min, 0
    for interval in camera.taken(LONG_AGO, datetime.now(UTC)):
        if (local := interval.start.astimezone(camera.zone).date()) != today:
            today, inside = local, 0
        before, inside = inside, max(0, inside + interval.counts.in_ - interval.counts.out)
        # Recorder's days consist of whole hours of UTC, also where midnight strikes at half past.
        day = interval.start.replace(minute=0).astimezone(camera.zone).date()
        counts[day] = counts.get(day, Counts()) + interval.counts
        highest[day] = max(highest.get(day, 0), before, inside)
    found: Statistics = {}
    total = Counts()
    for day, added in counts.items():
        total += added
        sums = by_series(camera, total)
        for key, people in by_series(camera, added).items():
            found.setdefault(f"{DOMAIN}:{camera.serial}_{key}", {})[day] = (people, sums[key])
    found[f"{DOMAIN}:{camera.serial}_occupancy"] = {day: (people,) for day, people in highest.items()}
    return found


async def statistics(home: HomeAssistant, zone: ZoneInfo) -> Statistics:
    """Return what recorder has of all cameras."""
    known = [one["statistic_id"] for one in await home.command("recorder/list_statistic_ids")]
    series = await home.command(
        "recorder/statistics_during_period",
        start_time=LONG_AGO.isoformat(),
        statistic_ids=[name for name in known if name.startswith(f"{DOMAIN}:")],
        period="day",
        types=["change", "sum", "max"],
    )
    return {
        name: {
            datetime.fromtimestamp(row["start"] / 1000, zone).date(): tuple(
                round(row[kind]) for kind in ("change", "sum", "max") if row.get(kind) is not None
            )
            for row in rows
        }
        for name, rows in series.items()
    }


def statistic_differences(found: Statistics, wanted: Statistics) -> list[str]:
    """Return what recorder has otherwise than the cameras delivered it: of each statistic the first such day."""
    different: list[str] = []
    for name in sorted(found.keys() | wanted.keys()):
        days = found.get(name, {}), wanted.get(name, {})
        for day in sorted(days[0].keys() | days[1].keys()):
            has, right = (one.get(day) for one in days)
            if has != right:
                different.append(f"{name}: {day} is {has}, but should be {right}")
                break
    return different


# The dashboard


class Commands(Protocol):
    """Somebody who takes commands of the websocket API: a Home Assistant."""

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send one command and return its result."""


def dashboard() -> dict[str, Any]:
    """Return the dashboard that the documentation has."""
    config = parse_yaml(DASHBOARD.read_text())
    assert isinstance(config, dict)
    return config


def named(config: Any) -> Iterator[str]:
    """Yield the entities and statistics that a dashboard names."""
    if isinstance(config, list):
        for one in config:
            yield from named(one)
    elif isinstance(config, dict):
        for key, one in config.items():
            if key == "entity":
                yield one
            else:
                yield from named(one)


async def install_dashboard(home: Commands) -> None:
    """Make the dashboard as a user does who pastes it."""
    config = dashboard()
    await home.command(
        "lovelace/dashboards/create",
        url_path=DASHBOARD_PATH,
        title=config["title"],
        icon="mdi:account-group",
        show_in_sidebar=True,
        require_admin=False,
        mode="storage",
    )
    await home.command("lovelace/config/save", url_path=DASHBOARD_PATH, config=config)


async def dashboard_differences(home: Commands, states: States) -> list[str]:
    """Return what is wrong with the dashboard."""
    boards = [board["url_path"] for board in await home.command("lovelace/dashboards/list")]
    if DASHBOARD_PATH not in boards:
        return ["The dashboard isn't there"]
    shown = await home.command("lovelace/config", url_path=DASHBOARD_PATH)
    known = {state["entity_id"] for state in states.values()}
    known |= {one["statistic_id"] for one in await home.command("recorder/list_statistic_ids")}
    wrong = [f"The dashboard names {name}, which isn't there" for name in sorted(set(named(shown)) - known)]
    return wrong if shown == dashboard() else [*wrong, "The dashboard isn't what is documented"]


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
    wanted: Statistics = {}
    for camera in mounted:
        wanted |= await asyncio.to_thread(expected_statistics, camera)
    while True:
        states = await home.states()
        wrong = differences(states, mounted)
        wrong += statistic_differences(await statistics(home, mounted[0].zone), wanted)
        if not wrong or loop.time() > until:
            break
        await asyncio.sleep(0.5)
    wrong += await dashboard_differences(home, states)
    wrong += [f"it logged: {line}" for line in home.log().splitlines() if " ERROR " in line]
    say()
    say("\n".join(table(states, mounted)))
    say()
    if wrong:
        say("Home Assistant doesn't show what the cameras counted, or has trouble:")
        say("\n".join(f"  {difference}" for difference in wrong))
        return 1
    people = sum(int(expected(camera)[key]) for camera in mounted for key in ("in_total", "out_total"))
    say(f"All right: Home Assistant shows each of the {people} passages that the cameras counted, once,")
    say(f"and its {len(wanted)} long-term statistics and the dashboard agree.")
    return 0


async def watch(home: HomeAssistant, mounted: Sequence[Camera]) -> None:
    """Keep pushing, and show the table until somebody ends it."""
    say(f"""
  Open       {home.url}
  Dashboard  {home.url}/{DASHBOARD_PATH}
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
                    await install_dashboard(home)
                if once:
                    await past_midnight(zone)
                with step("Pushing up to 90 days of history"):
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

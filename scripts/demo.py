"""Shows people being counted in a real Home Assistant; see scripts/demo."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
import fcntl
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

from tests.helpers.dashboards import DASHBOARDS, dashboard_differences, install_dashboards  # noqa: E402
from tests.helpers.home_assistant import (  # noqa: E402
    DOMAIN,
    HomeAssistant,
    HomeAssistantError,
    free_port,
    install,
    missing_requirements,
)
from tests.helpers.shop import SHOP, build_shop, mount_cameras  # noqa: E402
from tests.simulator import Building, Camera, Counts, Interval  # noqa: E402

PORT = 8123
REFRESH_SECONDS = 2
# All of --once, without downloads.
LIMIT_SECONDS = 420
SHOWN_SECONDS = 60
# What Home Assistant ends with when somebody restarts it in its own pages.
RESTART = 100

LONG_AGO = datetime.fromtimestamp(0, UTC)
MINUTE = timedelta(minutes=1)

# It is full on most afternoons, for a while.
CAPACITY, WARNING_LEVEL, HYSTERESIS = 60, 50, 3

CAMERA_COLUMNS = ("Camera", "In today", "Out today", "Adults", "Inside", "Counted to", "Connected")
PLACE_COLUMNS = ("Place", "In today", "Out today", "Inside", "Free", "Full", "Complete to")

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


@dataclass(frozen=True)
class Place:
    """A place in Home Assistant, the building that knows the truth about it, and the cameras over its doors."""

    key: str
    building: Building
    doors: Sequence[Camera]

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone, which is that of its cameras."""
        return self.building.zone


# The table


def value(states: States, owner: str, key: str) -> str | None:
    """Return what Home Assistant shows for a serial number or the key of a place, None if it shows nothing."""
    state = states.get(f"{owner}_{key}", {}).get("state")
    return None if state in (None, "unknown", "unavailable") else str(state)


def yes(state: str | None) -> str:
    """Return what is on or off in words."""
    return {"on": "yes", "off": "no"}.get(state or "", "-")


def clock(instant: str | None, zone: ZoneInfo) -> str:
    """Return the local time of day."""
    return f"{datetime.fromisoformat(instant).astimezone(zone):%H:%M}" if instant else "-"


def camera_row(states: States, camera: Camera) -> list[str]:
    """Return the line of a camera."""
    shown = {key: value(states, camera.serial, key) or "-" for key in ("in_today", "out_today", "occupancy")}
    adults = [value(states, camera.serial, f"adults_{direction}_today") for direction in ("in", "out")]
    return [
        camera.name,
        shown["in_today"],
        shown["out_today"],
        " / ".join(adult or "-" for adult in adults) if any(adults) else "-",
        shown["occupancy"],
        clock(value(states, camera.serial, "counted_until"), camera.zone),
        yes(value(states, camera.serial, "connectivity")),
    ]


def place_row(states: States, place: Place) -> list[str]:
    """Return the line of a place."""
    full, nearly_full = (value(states, place.key, key) for key in ("full", "nearly_full"))
    return [
        SHOP,
        *(value(states, place.key, key) or "-" for key in ("in_today", "out_today", "occupancy", "free_places")),
        "nearly" if (full, nearly_full) == ("off", "on") else yes(full),
        clock(value(states, place.key, "complete_until"), place.zone),
    ]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table with its head: names to the left, numbers to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])

    return [line(rows[0]), "─" * len(line(rows[0])), *map(line, rows[1:])]


def table(states: States, mounted: Sequence[Camera], place: Place) -> list[str]:
    """Return the lines of the tables of cameras and of the place."""
    of_cameras = aligned([CAMERA_COLUMNS, *(camera_row(states, camera) for camera in mounted)])
    return [*of_cameras, "", *aligned([PLACE_COLUMNS, place_row(states, place)])]


# What must be true


def last_midnight(zone: ZoneInfo) -> datetime:
    """Return when today began."""
    return datetime.combine(datetime.now(zone), time(), zone).astimezone(UTC)


def expected(camera: Camera) -> dict[str, str]:
    """Return what Home Assistant should show for a camera, as far as the camera knows."""
    now, midnight = datetime.now(UTC), last_midnight(camera.zone)
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


def expected_of_place(place: Place) -> dict[str, str]:
    """Return what Home Assistant should show for the place: what its cameras counted, and what is true inside."""
    now, midnight = datetime.now(UTC), last_midnight(place.zone)
    today = sum((camera.delivered(midnight, now) for camera in place.doors), Counts())
    until = min(camera.cursor for camera in place.doors if camera.cursor)
    inside = [
        place.building.inside(SHOP, midnight + minute * MINUTE) for minute in range((until - midnight) // MINUTE + 1)
    ]
    found = {
        "in_today": today.in_,
        "out_today": today.out,
        "occupancy": inside[-1],
        "peak_today": max(inside),
        "free_places": max(0, CAPACITY - inside[-1]),
        "occupancy_percentage": round(100 * inside[-1] / CAPACITY, 1),
        "drift_today": 0,
        "complete_until": until.isoformat(),
        "occupied": on(inside[-1] > 0),
        "nearly_full": on(has_reached(WARNING_LEVEL, inside)),
        "full": on(has_reached(CAPACITY, inside)),
        "incomplete": "off",
        "occupancy_correction": inside[-1],
    }
    return {key: str(wanted) for key, wanted in found.items()}


def on(what: bool) -> str:
    """Return the state of a binary sensor."""
    return "on" if what else "off"


def has_reached(limit: int, inside: Iterable[int]) -> bool:
    """Return whether a limit is reached after so many have been inside."""
    reached = False
    for people in inside:
        reached = people >= (limit - HYSTERESIS if reached else limit)
    return reached


def differences(states: States, mounted: Sequence[Camera], place: Place) -> list[str]:
    """Return what Home Assistant shows otherwise than the cameras and the building know it."""
    found = [
        f"{camera.name}: {key} exists, but this camera knows no adults"
        for camera in mounted
        for key in ("adults_in_today", "adults_out_today")
        if not camera.model.adults and f"{camera.serial}_{key}" in states
    ]
    wanted = [(camera.name, camera.serial, expected(camera)) for camera in mounted]
    wanted.append((SHOP, place.key, expected_of_place(place)))
    return found + [
        f"{name}: {key} is {shown}, but should be {right}"
        for name, owner, of_owner in wanted
        for key, right in of_owner.items()
        if (shown := value(states, owner, key)) != right
    ]


def by_series(counts: Counts, *, adults: bool) -> dict[str, int]:
    """Return counts by the names that the series of statistics have."""
    found = {"in": counts.in_, "out": counts.out}
    return found | {"adults_in": counts.adults_in, "adults_out": counts.adults_out} if adults else found


def expected_series(owner: str, intervals: Iterable[Interval], zone: ZoneInfo, *, adults: bool) -> Statistics:
    """Return what recorder should have of intervals, which are in the order of time."""
    counts: dict[date, Counts] = {}
    highest: dict[date, int] = {}
    today, inside = date.min, 0
    for interval in intervals:
        if (local := interval.start.astimezone(zone).date()) != today:
            today, inside = local, 0
        before, inside = inside, max(0, inside + interval.counts.in_ - interval.counts.out)
        day = recorded_day(interval.start, zone)
        counts[day] = counts.get(day, Counts()) + interval.counts
        highest[day] = max(highest.get(day, 0), before, inside)
    found: Statistics = {}
    total = Counts()
    for day, added in counts.items():
        total += added
        sums = by_series(total, adults=adults)
        for key, people in by_series(added, adults=adults).items():
            found.setdefault(f"{DOMAIN}:{owner}_{key}", {})[day] = (people, sums[key])
    found[f"{DOMAIN}:{owner}_occupancy"] = {day: (people,) for day, people in highest.items()}
    return found


def recorded_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the day of an instant. Recorder's have whole hours of UTC, also where midnight strikes at half past."""
    return instant.replace(minute=0).astimezone(zone).date()


def expected_statistics(camera: Camera) -> Statistics:
    """Return what recorder should have of a camera, as far as the camera knows."""
    intervals = camera.taken(LONG_AGO, datetime.now(UTC))
    return expected_series(camera.serial, intervals, camera.zone, adults=camera.model.adults)


def expected_statistics_of_place(place: Place) -> Statistics:
    """Return what recorder should have of the place: the sum of its doors, and the truth where all had a camera."""
    together: dict[datetime, Counts] = {}
    since = datetime.min.replace(tzinfo=UTC)
    for camera in place.doors:
        intervals = camera.taken(LONG_AGO, datetime.now(UTC))
        since = max(since, intervals[0].start)
        for interval in intervals:
            together[interval.start] = together.get(interval.start, Counts()) + interval.counts
    following = (Interval(start, start + MINUTE, counts) for start, counts in sorted(together.items()))
    owner = place.key.lower()
    found = expected_series(owner, following, place.zone, adults=False)
    true = {day: (people,) for day, people in most_inside(place, since, max(together) + MINUTE).items()}
    assert true
    found[f"{DOMAIN}:{owner}_occupancy"].update(true)
    return found


def most_inside(place: Place, since: datetime, until: datetime) -> dict[date, int]:
    """Return how many were really inside at most on each day that begins after an instant."""
    found: dict[date, int] = {}
    first = since.astimezone(place.zone).date()
    for minute in range((until - since) // MINUTE):
        start = since + minute * MINUTE
        if (day := recorded_day(start, place.zone)) > first:
            inside = (place.building.inside(SHOP, instant) for instant in (start, start + MINUTE))
            found[day] = max(found.get(day, 0), *inside)
    return found


async def statistics(home: HomeAssistant, zone: ZoneInfo) -> Statistics:
    """Return what recorder has of all cameras and of the place."""
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


# Steps


async def prepare() -> None:
    """Install what Home Assistant's own pages need, once in the life of the environment."""
    with step("Looking for what Home Assistant's own pages need"):
        missing = await asyncio.to_thread(missing_requirements)
    if missing:
        say("Installing it (about 100 MB, only once) …")
        await install(missing)


async def connect(home: HomeAssistant, building: Building, *, https: bool) -> list[Camera]:
    """Set the integration up as a user does, with a camera that presses "Test connection"."""
    async with home.connecting(direct=https) as shown:
        mounted = mount_cameras(shown, building)
        answer = await mounted[0].test_connection()
        if not answer.delivered:
            raise HomeAssistantError(f"Test connection was answered {answer.status}: {answer.text}")
    return mounted


async def push(mounted: Sequence[Camera]) -> None:
    """Let all cameras send everything they have counted up to now."""
    # To the same minute, so that it is known how many are inside then.
    until = datetime.now(UTC)
    await asyncio.gather(*(push_all(camera, until) for camera in mounted))


async def push_all(camera: Camera, until: datetime) -> None:
    """Send everything there is, and the last of it twice, as happens when an answer gets lost."""
    for answer in (await camera.push(until), await camera.redeliver()):
        if answer is not None and not answer.delivered:
            raise HomeAssistantError(f"{camera.name}: the push was answered {answer.status}: {answer.text}")


async def add_place(home: HomeAssistant, building: Building, mounted: Sequence[Camera]) -> Place:
    """Add the shop as a user does who fills in its form."""
    names = [door.name for door in building.doors]
    doors = [camera for camera in mounted if camera.name in names]
    fields = {
        "name": SHOP,
        "doors": [camera.serial for camera in doors],
        "reversed_doors": [],
        "limits": {"capacity": CAPACITY, "warning_level": WARNING_LEVEL, "hysteresis": HYSTERESIS},
        "counting": {"daily_reset": True, "reset_time": "00:00:00", "reset_value": 0},
    }
    return Place(await home.add_subentry("place", fields), building, doors)


async def push_for_ever(mounted: Sequence[Camera]) -> None:
    """Let each camera push whenever its time has come."""
    await asyncio.gather(*(camera.run() for camera in mounted))


async def past_midnight(zone: ZoneInfo) -> None:
    """Wait a little where today is about to become yesterday while we look."""
    now = datetime.now(zone)
    tomorrow = datetime.combine(now + timedelta(days=1), time(), zone)
    remaining = (tomorrow.astimezone(UTC) - now.astimezone(UTC)).total_seconds()
    if remaining < SHOWN_SECONDS * 2:
        with step("Waiting for midnight"):
            await asyncio.sleep(remaining + 1)


async def check(home: HomeAssistant, mounted: Sequence[Camera], place: Place) -> int:
    """Show the final table and whether it is right; Home Assistant gets a minute to show it."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SHOWN_SECONDS
    wanted = await asyncio.to_thread(expected_statistics_of_place, place)
    for camera in mounted:
        wanted |= await asyncio.to_thread(expected_statistics, camera)
    while True:
        states = await home.states()
        wrong = differences(states, mounted, place)
        wrong += statistic_differences(await statistics(home, place.zone), wanted)
        if not wrong or loop.time() > until:
            break
        await asyncio.sleep(0.5)
    wrong += await dashboard_differences(home, states, place.key)
    # Without the list of all actions, Home Assistant shows no page.
    if DOMAIN not in await home.command("get_services"):
        wrong.append("The actions aren't there")
    # What works now and won't in a later release is wrong as well.
    signs = (" ERROR ", "Detected that custom integration")
    wrong += [f"it logged: {line}" for line in home.log().splitlines() if any(sign in line for sign in signs)]
    say()
    say("\n".join(table(states, mounted, place)))
    say()
    if wrong:
        say("Home Assistant doesn't show what the cameras counted, or has trouble:")
        say("\n".join(f"  {difference}" for difference in wrong))
        return 1
    people = sum(int(expected(camera)[key]) for camera in mounted for key in ("in_total", "out_total"))
    say(f"All right: Home Assistant shows each of the {people} passages that the cameras counted, once, and how many")
    say(f"are really inside. Its {len(wanted)} long-term statistics and the {len(DASHBOARDS)} dashboards agree.")
    return 0


async def watch(home: HomeAssistant, mounted: Sequence[Camera], place: Place) -> None:
    """Keep pushing, and show the table until somebody ends it."""
    boards, door, office = (f"{home.url}/{path}" for path in DASHBOARDS)
    say(f"""
  Open        {home.url}
  Dashboards  {boards}
              {door}
              {office}
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
            # While it ends and starts anew, the table stays as it was.
            with suppress(HomeAssistantError):
                lines = table(await home.states(), mounted, place)
                if shown and sys.stdout.isatty() and max(map(len, lines)) <= shutil.get_terminal_size().columns:
                    # Back to the table's first line, and away with the old one.
                    say(f"\x1b[{len(shown)}A\x1b[J" + "\n".join(lines))
                elif lines != shown:
                    say("\n".join(lines))
                shown = lines
            await asyncio.sleep(REFRESH_SECONDS)
        await pushing
    finally:
        pushing.cancel()


async def demo(*, once: bool, https: bool) -> int:
    """Do it all, in a folder that is gone afterwards."""
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
                    await past_midnight(building.zone)
                with step("Pushing up to 90 days of history"):
                    await push(mounted)
                with step("Adding a place with two doors, and dashboards"):
                    place = await add_place(home, building, mounted)
                    await install_dashboards(home, place.key)
                if once:
                    return await check(home, mounted, place)
                await watch(home, mounted, place)
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
    parser.add_argument("--https", action="store_true", help="let the cameras come over HTTPS, with a certificate")
    arguments = parser.parse_args()
    running = asyncio.create_task(demo(once=arguments.once, https=arguments.https))
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

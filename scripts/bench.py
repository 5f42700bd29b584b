"""Measures what a push costs in a real Home Assistant; see scripts/bench."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from itertools import pairwise
import json
import operator
import os
from pathlib import Path
import signal
import sqlite3
from statistics import median
import sys
import tempfile
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from scripts.bench_parts.cameras import HISTORY_MINUTES, MINUTE, Fleet, history, mounted, total, zone_where_it_is  # noqa: E402
from scripts.demo import prepare, say  # noqa: E402
from tests.helpers.home_assistant import DOMAIN, HomeAssistant, HomeAssistantError  # noqa: E402
from tests.simulator import Camera, Counts  # noqa: E402

PARTS = Path(__file__).parent / "bench_parts"
COMPONENT = PARTS / "people_counter_bench"
LEDGER = f"{DOMAIN}.db"
PUSH = f"/api/{DOMAIN}/push"
BARE = f"/api/{COMPONENT.name}/bare"
SETTLED = f"/api/{COMPONENT.name}/settled"
STALL = f"/api/{COMPONENT.name}/stall"

CAMERAS = 50
CONNECTIONS = 8
YEAR_MINUTES = 365 * 24 * 60
# Pushes of each camera in one round.
PUSHES = 60
# The bare view answers so fast that it has to be asked more often to be measured as long.
BARE_TIMES = 10
# After so long no push is shown together with the one before.
PAUSE_SECONDS = 5
HISTORY_ROUNDS = 3
RELOADS = 3
SHOWN_SECONDS = 60
STATISTICS_SECONDS = 60
LIMIT_SECONDS = 20 * 60
MEGABYTE = 1_000_000


# The table


@dataclass(frozen=True)
class Line:
    """One thing measured in several rounds, next to another side of the same rounds."""

    name: str
    unit: str
    ours: Sequence[float]
    others: Sequence[float] = ()
    # How the two of one round are compared; without a target the line only shows how exact the others can be.
    compare: Callable[[float, float], float] = operator.truediv
    at_least: float | None = None
    at_most: float | None = None

    @property
    def judged(self) -> list[float]:
        """What the target is about: of each round the two compared, or ours alone where there is no other."""
        if not self.others:
            return list(self.ours)
        return [self.compare(ours, other) for ours, other in zip(self.ours, self.others, strict=True)]

    @property
    def ok(self) -> bool:
        """Whether the target is reached, which needs a result."""
        if not self.judged:
            return False
        value = median(self.judged)
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def cells(self) -> list[str]:
        """The line as it is shown."""
        target = f">= {self.at_least:g}" if self.at_least is not None else ""
        target = f"<= {self.at_most:g}" if self.at_most is not None else target
        judged = self.judged
        return [
            self.name,
            _number(self.ours, self.unit),
            _number(self.others, self.unit),
            f"{median(judged):.2f} ({min(judged):.2f}..{max(judged):.2f})" if judged else "missing",
            target,
            ("ok" if self.ok else "MISSED") if target else "",
        ]


def _number(values: Sequence[float], unit: str) -> str:
    if not values:
        return "-"
    value = median(values)
    return f"{value:.{0 if value >= 100 else 3}f} {unit}"


def again(name: str, unit: str, values: Sequence[float]) -> Line:
    """Return a line that compares one side's rounds with its own next ones."""
    pairs = list(pairwise(values))
    return Line(f"  again: {name}", unit, [second for _, second in pairs], [first for first, _ in pairs])


def show(lines: Iterable[Line]) -> None:
    """Print the table."""
    rows = [["", "here", "other", "median (min..max)", "target", ""], *(line.cells for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


# Home Assistant


class Home:
    """A Home Assistant with people counters set up, and those who push to it."""

    def __init__(self, folder: Path, yaml: str = "") -> None:
        """Write the configuration."""
        folder.mkdir()
        self.folder = folder
        self.ha = HomeAssistant(
            folder, minimal=False, extra=("webhook", COMPONENT.name), name="Bench", yaml=yaml, integrations=(COMPONENT,)
        )
        self._token = ""

    async def set_up(self) -> None:
        """Start it and set the integration up."""
        await self.ha.start()
        await self.ha.onboard()
        async with self.ha.connecting() as shown:
            camera = mounted(0, zone_where_it_is(12))
            camera.url, camera.token = shown.url, shown.token
            await camera.test_connection()
            self._token = shown.token

    async def post(self, bodies: Sequence[bytes], path: str = PUSH) -> Sent:
        """Have bodies posted, see that all was answered with 200, and wait until nothing of it is left to do."""
        file = self.folder / "bodies"
        await asyncio.to_thread(file.write_bytes, b"\n".join(bodies))
        sent = await self.push(file, path)
        begin = perf_counter()
        await self.settle()
        return Sent(len(bodies), sent["seconds"], sent["busy"], sent["seconds"] + perf_counter() - begin)

    async def push(self, file: Path, path: str = PUSH) -> dict[str, float]:
        """Have the bodies of a file posted over some connections."""
        # A token may begin with a dash.
        return await run("client.py", f"--connections={CONNECTIONS}", "--", self.ha.port, path, self._token, file)

    async def settle(self) -> None:
        """Wait until nothing is left to do."""
        await self.ha.request("GET", SETTLED)

    async def stall(self) -> float:
        """Return the longest stall of the event loop since the last call, in milliseconds."""
        return float((await self.ha.request("POST", STALL))["seconds"]) * 1000

    async def entry(self) -> str:
        """Return the id of the config entry."""
        entries = await self.ha.request("GET", f"/api/config/config_entries/entry?domain={DOMAIN}")
        return str(entries[0]["entry_id"])

    def processor_seconds(self) -> float:
        """Return how long processors have worked for it."""
        threads = Path(f"/proc/{self.ha.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the ledger something."""
        with closing(sqlite3.connect(f"file:{self.folder / LEDGER}?mode=ro", uri=True)) as db:
            return db.execute(sql, parameters).fetchall()

    async def check(self, told: dict[str, Counts]) -> None:
        """See every count in the ledger and in the states, once; else what was measured is worth nothing."""
        sql = (
            "SELECT serial, sum(entered), sum(exited), sum(adults_entered), sum(adults_exited)"
            " FROM intervals JOIN cameras ON cameras.id = camera GROUP BY serial"
        )
        stored = {serial: Counts(*sums) for serial, *sums in self.query(sql)}
        for serial, counts in told.items():
            if stored.get(serial) != counts:
                raise HomeAssistantError(f"The ledger has {stored.get(serial)} of {serial}, who told {counts}.")
        until = perf_counter() + SHOWN_SECONDS
        while wrong := await self._differences(told):
            if perf_counter() > until:
                raise HomeAssistantError("\n".join(wrong))
            await asyncio.sleep(0.5)
        if errors := [line for line in self.ha.log().splitlines() if " ERROR " in line]:
            raise HomeAssistantError("\n".join(errors))

    async def _differences(self, told: dict[str, Counts]) -> list[str]:
        states = await self.ha.states()
        return [
            f"{serial}_{key} is {state}, but should be {right}"
            for serial, counts in told.items()
            for key, right in (("in_total", counts.in_), ("out_total", counts.out))
            if (state := states.get(f"{serial}_{key}", {}).get("state")) != str(right)
        ]


@dataclass(frozen=True)
class Sent:
    """How some bodies went."""

    bodies: int
    seconds: float
    # Seconds the client had something to do.
    busy: float
    # Seconds until recorder had all that came of them, too.
    recorded: float

    @property
    def rate(self) -> float:
        """Bodies answered in a second."""
        return self.bodies / self.seconds

    @property
    def recorded_rate(self) -> float:
        """Bodies recorded in a second."""
        return self.bodies / self.recorded

    @property
    def microseconds(self) -> float:
        """What one body takes."""
        return self.seconds / self.bodies * 1e6


async def run(script: str, *arguments: object) -> dict[str, float]:
    """Run a script of the parts in a process of its own, and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PARTS / script),
        *map(str, arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise HomeAssistantError(f"{script} ended with {process.returncode}.")
    found: dict[str, float] = json.loads(output)
    return found


@asynccontextmanager
async def homes(folder: Path, **yaml: str) -> AsyncIterator[list[Home]]:
    """Start Home Assistants by name, and leave nothing of them."""
    started = [Home(folder / name, text) for name, text in yaml.items()]
    try:
        await asyncio.gather(*(home.set_up() for home in started))
        yield started
    finally:
        await asyncio.gather(*(home.ha.__aexit__() for home in started))


# Steady pushes

WEBHOOK = "count_people"


def do_it_yourself(cameras: Sequence[Camera]) -> str:
    """Return what somebody without this integration would write: one automation, and two helpers for each camera.

    Its runs have to queue: side by side two of them would add to the same old value, and with the usual mode "single"
    what comes during a run is dropped. Still a push that comes twice counts twice, and its 200 comes before it counts.
    """
    names = [f"{direction}_{camera.serial}" for camera in cameras for direction in ("in", "out")]
    helper = {"min": 0, "max": 1_000_000_000, "step": 1, "mode": "box", "initial": 0}
    entity = "input_number.%s_{{ trigger.json.sensor.serial }}"
    counted = (
        "{{ states('input_number.%s_' ~ trigger.json.sensor.serial) | int"
        " + (trigger.json.data.measurements | map(attribute='items') | sum(start=[])"
        " | selectattr('direction', 'eq', '%s') | sum(attribute='count')) }}"
    )
    automation = {
        "id": WEBHOOK,
        "alias": "Count people",
        "triggers": [{"trigger": "webhook", "webhook_id": WEBHOOK, "local_only": True, "allowed_methods": ["POST"]}],
        "actions": [
            {
                "action": "input_number.set_value",
                "target": {"entity_id": entity % direction},
                "data": {"value": counted % (direction, direction)},
            }
            for direction in ("in", "out")
        ],
        "mode": "queued",
        "max": 1000,
    }
    # JSON is YAML.
    return f"input_number: {json.dumps(dict.fromkeys(names, helper))}\nautomation: {json.dumps([automation])}\n"


async def steady(folder: Path, rounds: int) -> list[Line]:
    """Let some connections push at the same time, each the next push as soon as its last one is answered."""
    fleet = Fleet(CAMERAS, zone_where_it_is(12))
    sides = {"push": PUSH, "bare": BARE, "automation": f"/api/webhook/{WEBHOOK}"}
    async with homes(folder, steady=do_it_yourself(fleet.cameras)) as (home,):
        # New cameras bring their entities first; nothing of that is a steady push.
        found: dict[str, list[Sent]] = {side: [] for side in sides}
        for number in range(-1, rounds):
            bodies = await asyncio.to_thread(fleet.bodies, PUSHES if number >= 0 else 2)
            names = list(sides)
            # Nobody always comes after the same other.
            turn = number % len(names)
            for side in names[turn:] + names[:turn]:
                sent = await home.post(bodies * BARE_TIMES if side == "bare" else bodies, sides[side])
                if number >= 0:
                    found[side].append(sent)
        await home.check(fleet.told)
        states = {state["entity_id"]: state["state"] for state in await home.ha.request("GET", "/api/states")}
        for serial, counts in fleet.told.items():
            shown = [float(states[f"input_number.{direction}_{serial}"]) for direction in ("in", "out")]
            if shown != [counts.in_, counts.out]:
                raise HomeAssistantError(f"The automation counted {shown} at {serial}, who told {counts}.")
    for side, sents in found.items():
        busy = median(sent.busy / sent.seconds for sent in sents)
        say(f"  {side}: the client was busy for {busy:.0%} of the time")
    recorded = {side: [sent.recorded_rate for sent in sents] for side, sents in found.items()}
    rates = {side: [sent.rate for sent in sents] for side, sents in found.items()}
    return [
        Line("steady pushes, to a view that does nothing", "/s", rates["push"], rates["bare"], at_least=0.5),
        Line("steady pushes, to a webhook automation", "/s", rates["push"], rates["automation"], at_least=2),
        Line("  the same until recorder has all of it", "/s", recorded["push"], recorded["automation"]),
        *(again(side, "/s", rate) for side, rate in rates.items()),
    ]


# History


class Memory:
    """How much memory a process takes, above what it took at first."""

    def __init__(self, pid: int) -> None:
        """Look what it takes now."""
        self._folder = Path(f"/proc/{pid}")
        self._first = self._kilobytes("VmRSS")

    def forget(self) -> None:
        """Begin a new peak."""
        (self._folder / "clear_refs").write_text("5")

    def peak(self) -> float:
        """Return what it took at most since then, in bytes."""
        return (self._kilobytes("VmHWM") - self._first) * 1024.0

    def _kilobytes(self, key: str) -> int:
        status = (self._folder / "status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{key}:"))


async def statistics_after(home: Home, serial: str, people: int) -> float | None:
    """Return the seconds until the statistics of a camera hold all who came in, None where they don't in time."""
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
    """Push 90 days in one body, each time from another camera."""
    work: list[float] = []
    push: list[float] = []
    idle: list[float] = []
    stalls: list[float] = []
    later_stalls: list[float] = []
    peaks: list[float] = []
    recorded: list[float] = []
    missing = False
    told: dict[str, Counts] = {}
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
            # Only what comes after its history shows a camera's totals.
            await home.post([camera.body([last])])
            told[camera.serial] = total([*intervals, last])
        await home.check(told)
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


# A year


def add_year(ledger: Path, before: int) -> None:
    """Give all cameras a year of one-minute intervals; what they told themselves begins after it."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as db:
        # All or nothing: nobody uses a half made file.
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
    # Nothing of it shall be written while the clock runs.
    with ledger.open("rb") as file:
        os.fsync(file.fileno())


async def past_year(folder: Path, rounds: int) -> list[Line]:
    """Push to a ledger with a year of each camera, and to one without."""
    # All day has passed already: no day costs more than this.
    zone = zone_where_it_is(22)
    fleets = {"full": Fleet(CAMERAS, zone), "empty": Fleet(CAMERAS, zone)}
    costs: dict[str, list[float]] = {name: [] for name in fleets}
    singles: dict[str, list[float]] = {name: [] for name in fleets}
    reloads: dict[str, list[float]] = {name: [] for name in fleets}
    async with homes(folder, full="", empty="") as (full, empty):
        by_name = {"full": full, "empty": empty}
        for name, home in by_name.items():
            await home.post(await asyncio.to_thread(fleets[name].bodies, 2))
            await home.check(fleets[name].told)
        await full.ha.stop()
        begin = perf_counter()
        await asyncio.to_thread(add_year, full.folder / LEDGER, int(fleets["full"].begin.timestamp()))
        size = (full.folder / LEDGER).stat().st_size / MEGABYTE
        ((stored,),) = full.query("SELECT count(*) FROM intervals")
        say(f"  a ledger of {stored:,} intervals, {size:.0f} MB, in {perf_counter() - begin:.0f} s")
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
        await empty.check(fleets["empty"].told)
        sql = """
            SELECT serial, sum(entered), sum(exited), sum(adults_entered), sum(adults_exited)
            FROM intervals JOIN cameras ON cameras.id = camera
            WHERE start >= ?
            GROUP BY serial
            """
        told = {serial: Counts(*sums) for serial, *sums in full.query(sql, int(fleets["full"].begin.timestamp()))}
        if told != fleets["full"].told:
            raise HomeAssistantError("The full ledger doesn't hold what it was told.")
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


# All


async def bench(only: str | None, rounds: int) -> int:
    """Measure it all, in a folder that is gone afterwards."""
    await prepare()
    parts: dict[str, Callable[[Path], Awaitable[list[Line]]]] = {
        "steady": lambda folder: steady(folder, rounds),
        "history": lambda folder: past_history(folder, min(rounds, HISTORY_ROUNDS)),
        "year": lambda folder: past_year(folder, rounds),
    }
    lines: list[Line] = []
    void = False
    for name, part in parts.items():
        if only not in (None, name):
            continue
        begin = perf_counter()
        say(f"{name} …")
        try:
            with tempfile.TemporaryDirectory(prefix="people-counter-bench-", ignore_cleanup_errors=True) as folder:
                lines += await part(Path(folder))
        except HomeAssistantError as error:
            void = True
            say(f"  What was measured is void: {error}")
        say(f"  done in {perf_counter() - begin:.0f} s")
    say()
    show(lines)
    return 0 if not void and all(line.ok for line in lines if line.at_least or line.at_most) else 1


async def main() -> int:
    """Run until done or told to end."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="What a push costs in a real Home Assistant.")
    parser.add_argument("--only", choices=("steady", "history", "year"), help="one part of it")
    parser.add_argument("--rounds", type=int, default=5, help="how often each side is measured")
    arguments = parser.parse_args()
    running = asyncio.create_task(bench(arguments.only, arguments.rounds))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            return await running
    except asyncio.CancelledError:
        say("Nothing was measured to its end.")
        return 130
    except TimeoutError:
        say(f"It took longer than {LIMIT_SECONDS} seconds.")
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

"""A Home Assistant to push to. It waits until nothing is left to do, measures, and checks the counts."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
import json
from pathlib import Path
import sqlite3
import sys
from time import perf_counter, time
from typing import Any
from zoneinfo import ZoneInfo

from scripts.bench_parts.cameras import mounted, zone_where_it_is
from scripts.bench_parts.process import Process
from scripts.demo_parts.console import echo
from tests.helpers.home_assistant import DOMAIN, HomeAssistant, HomeAssistantError
from tests.simulator import Counts

PARTS = Path(__file__).parent
COMPONENT = PARTS / "people_counter_bench"
LEDGER = f"{DOMAIN}.db"
RECORDER = "home-assistant_v2.db"
PUSH = f"/api/{DOMAIN}/push"
BARE = f"/api/{COMPONENT.name}/bare"
SETTLED = f"/api/{COMPONENT.name}/settled"
BACKGROUND = f"/api/{COMPONENT.name}/background"
GARBAGE = f"/api/{COMPONENT.name}/garbage"
REPORT = f"/api/{COMPONENT.name}/report"
WATCH = f"/api/{COMPONENT.name}/watch"
CONNECTIONS = 8
SHOWN_SECONDS = 60
MEGABYTE = 1_000_000

# Longer than any preparation takes.
READY_SECONDS = 240
# A Home Assistant without work uses less of a processor.
MAX_IDLE_SHARE = 0.05
IDLE_SECONDS = 1
# At most this share of the processor time of a measurement may be used by Home Assistant without work.
MAX_OUTSIDE_SHARE = 0.3
# Seldom enough to cost nothing, and often enough to notice a task that writes statistics.
WATCH_SECONDS = 0.1
TICK_SECONDS = 0.005
# Recorder compiles its own statistics of all sensors ten seconds after each five minutes.
COMPILED_EVERY = 300
COMPILED_SECONDS = (9, 14)
# Shorter waits aren't worth a line.
WORTH_SAYING = 2


class Home:
    """A Home Assistant with the integration set up, and the client that pushes to it."""

    def __init__(self, folder: Path, yaml: str = "", zone: ZoneInfo | None = None) -> None:
        """Write the configuration."""
        folder.mkdir()
        self.folder = folder
        self.ha = HomeAssistant(
            folder,
            minimal=False,
            extra=("webhook", COMPONENT.name),
            zone=str(zone or "UTC"),
            name="Bench",
            yaml=yaml,
            integrations=(COMPONENT,),
        )
        self.token = ""
        # The share of a processor that it uses without work.
        self.idle_share = 0.0

    async def set_up(self) -> None:
        """Start it and set the integration up."""
        await self.ha.start()
        await self.ha.onboard()
        async with self.ha.connecting() as shown:
            camera = mounted(0, zone_where_it_is(12))
            camera.url, camera.token = shown.url, shown.token
            await camera.test_connection()
            self.token = shown.token

    @property
    def process(self) -> Process:
        """The process since the last start."""
        return Process(self.ha.pid)

    # Pushes

    async def post(self, bodies: Sequence[bytes], path: str = PUSH, pause: float = 0) -> Sent:
        """Post bodies, require 200 for each, and wait until all is shown and recorded.

        With a pause, one after the other is sent.
        """
        file = self.folder / "bodies"
        await asyncio.to_thread(file.write_bytes, b"\n".join(bodies))
        sent = await self.push(file, path, pause)
        begin = perf_counter()
        await self.settle()
        return Sent(len(bodies), sent["seconds"], sent["busy"], sent["seconds"] + perf_counter() - begin)

    async def push(self, file: Path, path: str = PUSH, pause: float = 0) -> dict[str, float]:
        """Post the bodies in a file, over several connections."""
        connections = 1 if pause else CONNECTIONS
        # A token may begin with a dash.
        options = (f"--connections={connections}", f"--pause={pause}", "--")
        return await run("client.py", *options, self.ha.port, path, self.token, file)

    async def settle(self) -> None:
        """Wait until all earlier pushes are shown and recorded."""
        await self.ha.request("GET", SETTLED)

    # Waiting and measuring

    async def ready(self, seconds: float) -> None:
        """Wait until nothing is left to do, so that a measurement of so many seconds contains only its own work.

        Raises HomeAssistantError after a time limit.
        """
        await self.ha.request("POST", GARBAGE)
        await self.finish(seconds)

    async def finish(self, seconds: float = 0) -> None:
        """Have the statistics written now, and wait as `ready` does."""
        await self.ha.request("POST", BACKGROUND)
        begin = last = perf_counter()
        waited: dict[str, float] = defaultdict(float)
        while unfinished := await self._unfinished(seconds):
            now = perf_counter()
            for name in unfinished:
                waited[name] += now - last
            last = now
            if now - begin > READY_SECONDS:
                raise HomeAssistantError(
                    f"After {READY_SECONDS} seconds these aren't finished: {', '.join(unfinished)}"
                )
        if perf_counter() - begin > WORTH_SAYING + IDLE_SECONDS:
            reasons = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in waited.items() if seconds >= 1)
            echo(
                f"  {self.folder.name}: waited {perf_counter() - begin:.0f} s until nothing was left to do ({reasons})"
            )

    async def _unfinished(self, seconds: float) -> list[str]:
        """Return what is still to be done; an empty list only after a second in which next to nothing happened."""
        begin = perf_counter()
        await self.settle()
        found = ["states and recorder's queue"] if perf_counter() - begin > 0.2 else []
        found += [name.removeprefix(f"{DOMAIN} ") for name in await self.ha.request("GET", BACKGROUND)]
        lacking = sum(
            self.query(f"SELECT count(*) FROM {table} WHERE coalesce(changed_since, writing_since) IS NOT NULL")[0][0]
            for table in ("cameras", "places")
        )
        if lacking:
            found.append("unconfirmed statistics")
        if not found and (pause := pause_before(time(), seconds + IDLE_SECONDS)):
            found.append("recorder's statistics of five minutes")
            await asyncio.sleep(pause)
        if found:
            await asyncio.sleep(0.2)
            return found
        # The watch is part of what is subtracted.
        async with self.measured(background=True) as idle:
            await asyncio.sleep(IDLE_SECONDS)
        self.idle_share = idle.processor / idle.seconds
        return ["other work of Home Assistant"] if self.idle_share > MAX_IDLE_SHARE else []

    @asynccontextmanager
    async def measured(self, *, every: float = WATCH_SECONDS, background: bool = False) -> AsyncIterator[Measured]:
        """Measure what happens in the block.

        Raises HomeAssistantError if the integration did something else in the background, unless this is measured.
        """
        measured = Measured(self.idle_share)
        await self.ha.request("POST", WATCH, {"every": every})
        process = self.process
        written, processor, begin = process.written(), process.processor(), perf_counter()
        yield measured
        measured.seconds = perf_counter() - begin
        measured.processor = process.processor() - processor
        measured.written = process.written() - written
        watch = await self.ha.request("GET", WATCH)
        measured.stall = watch["stall"] * 1000
        if watch["seen"] and not background:
            raise HomeAssistantError(f"This ran in the background of a measurement: {', '.join(watch['seen'])}")

    # Reading

    async def entry(self) -> str:
        """Return the id of the config entry."""
        entries = await self.ha.request("GET", f"/api/config/config_entries/entry?domain={DOMAIN}")
        return str(entries[0]["entry_id"])

    async def add_place(self, name: str, doors: Sequence[str]) -> None:
        """Add a place with these doors, whose occupancy is reset at midnight."""
        more = {"warning_level": 400, "hysteresis": 10, "daily_reset": True, "reset_time": "00:00:00", "reset_value": 0}
        neighbours: dict[str, list[str]] = {"reversed_doors": []}
        fields = {"name": name, "doors": list(doors), "capacity": 500, "neighbours": neighbours, "more": more}
        await self.ha.add_subentry("place", fields)

    async def reload(self) -> float:
        """Reload the config entry and return the seconds that it took."""
        entry = await self.entry()
        begin = perf_counter()
        await self.ha.request("POST", f"/api/config/config_entries/entry/{entry}/reload")
        return perf_counter() - begin

    async def devices(self) -> dict[str, str]:
        """Return the device ids of cameras and places by key."""
        found = await self.ha.command("config/device_registry/list")
        return {key: device["id"] for device in found for domain, key in device["identifiers"] if domain == DOMAIN}

    async def counts(self, devices: Iterable[str], start: datetime, period: str) -> list[dict[str, Any]]:
        """Return the answer of the action get_counts for each camera, from a time until now."""
        fields = {"device_id": list(devices), "start": start.isoformat(), "period": period}
        answer = await self.ha.request("POST", f"/api/services/{DOMAIN}/get_counts?return_response", fields)
        response = answer["service_response"]
        return [*response["cameras"], *response["places"]]

    def query(self, sql: str, *parameters: Any, file: str = LEDGER) -> list[tuple[Any, ...]]:
        """Read from the ledger, or from recorder's database."""
        with closing(sqlite3.connect(f"file:{self.folder / file}?mode=ro", uri=True)) as db:
            return db.execute(sql, parameters).fetchall()

    async def check(self, expected: dict[str, Counts], since: datetime) -> None:
        """Compare the ledger and the states with the counts sent; a wrong result makes the measurement void."""
        devices = await self.devices()
        # The row of a month begins with the month.
        found = await self.counts([devices[serial] for serial in expected], since, "month")
        stored = {camera["serial"]: sum_of(camera["rows"]) for camera in found}
        for serial, counts in expected.items():
            if stored.get(serial) != counts:
                raise HomeAssistantError(f"The ledger has {stored.get(serial)} of {serial}, but it sent {counts}.")
        await self.check_states(expected)

    async def check_states(self, expected: dict[str, Counts]) -> None:
        """Compare the totals that are shown with the counts sent, and look for errors in the log."""
        until = perf_counter() + SHOWN_SECONDS
        while wrong := await self._differences(expected):
            if perf_counter() > until:
                raise HomeAssistantError("\n".join(wrong))
            await asyncio.sleep(0.5)
        if errors := [line for line in self.ha.log().splitlines() if " ERROR " in line]:
            raise HomeAssistantError("\n".join(errors))

    async def _differences(self, expected: dict[str, Counts]) -> list[str]:
        states = await self.ha.states()
        return [
            f"{serial}_{key} is {state}, but should be {total}"
            for serial, counts in expected.items()
            for key, total in (("in_total", counts.in_), ("out_total", counts.out))
            if (state := states.get(f"{serial}_{key}", {}).get("state")) != str(total)
        ]


def pause_before(now: float, seconds: float) -> float:
    """Return the seconds to wait so that recorder doesn't begin its own statistics within the next seconds."""
    earliest, latest = COMPILED_SECONDS
    since = now % COMPILED_EVERY
    if since < latest:
        return latest - since if since + seconds > earliest else 0
    return COMPILED_EVERY + latest - since if since + seconds > COMPILED_EVERY + earliest else 0


def sum_of(rows: Iterable[dict[str, Any]]) -> Counts:
    """Return the sum of all rows."""
    sums = Counts()
    for row in rows:
        sums += Counts(row["in"], row["out"], row["adults_in"] or 0, row["adults_out"] or 0)
    return sums


@dataclass
class Measured:
    """The time and the resources that a Home Assistant used in a measurement."""

    # The share of a processor that it used without work before.
    idle_share: float
    seconds: float = 0
    processor: float = 0
    written: int = 0
    # The longest stall of the event loop in milliseconds.
    stall: float = 0

    def processor_ms(self, number: int) -> float:
        """Return the processor time of each of so many pieces of work in milliseconds.

        What Home Assistant uses anyway is subtracted. Raises HomeAssistantError if it is too much of the whole.
        """
        outside = self.idle_share * self.seconds
        if outside > MAX_OUTSIDE_SHARE * self.processor:
            raise HomeAssistantError(
                f"Of {self.processor * 1000:.0f} ms of processor time, {outside * 1000:.0f} ms have other reasons."
            )
        return (self.processor - outside) / number * 1000


@dataclass(frozen=True)
class Sent:
    """The time that bodies took."""

    bodies: int
    seconds: float
    # Processor time of the client.
    busy: float
    # Seconds until recorder had stored everything as well.
    recorded: float

    @property
    def rate(self) -> float:
        """Bodies answered per second."""
        return self.bodies / self.seconds

    @property
    def recorded_rate(self) -> float:
        """Bodies recorded per second."""
        return self.bodies / self.recorded

    @property
    def milliseconds(self) -> float:
        """Milliseconds per body."""
        return self.seconds / self.bodies * 1000


async def run(script: str, *arguments: object) -> dict[str, float]:
    """Run one of the scripts in this folder in a process of its own and return the JSON it prints."""
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
async def homes(*homes: Home) -> AsyncIterator[None]:
    """Start several instances at once, and remove them at the end."""
    try:
        await asyncio.gather(*(home.set_up() for home in homes))
        yield
    finally:
        await asyncio.gather(*(home.ha.__aexit__() for home in homes))

"""A Home Assistant that the benchmark pushes to, and the client that pushes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
import json
from pathlib import Path
import sqlite3
import sys
from time import perf_counter
from typing import Any

from scripts.bench_parts.cameras import mounted, zone_where_it_is
from tests.helpers.home_assistant import DOMAIN, HomeAssistant, HomeAssistantError
from tests.simulator import Counts

PARTS = Path(__file__).parent
COMPONENT = PARTS / "people_counter_bench"
LEDGER = f"{DOMAIN}.db"
PUSH = f"/api/{DOMAIN}/push"
BARE = f"/api/{COMPONENT.name}/bare"
SETTLED = f"/api/{COMPONENT.name}/settled"
STALL = f"/api/{COMPONENT.name}/stall"
CONNECTIONS = 8
SHOWN_SECONDS = 60
MEGABYTE = 1_000_000


class Home:
    """A Home Assistant with the integration set up, and the client that pushes to it."""

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
        """Post bodies, require 200 for each, and wait until Home Assistant has nothing left to do."""
        file = self.folder / "bodies"
        await asyncio.to_thread(file.write_bytes, b"\n".join(bodies))
        sent = await self.push(file, path)
        begin = perf_counter()
        await self.settle()
        return Sent(len(bodies), sent["seconds"], sent["busy"], sent["seconds"] + perf_counter() - begin)

    async def push(self, file: Path, path: str = PUSH) -> dict[str, float]:
        """Post the bodies in a file, over several connections."""
        # A token may begin with a dash.
        return await run("client.py", f"--connections={CONNECTIONS}", "--", self.ha.port, path, self._token, file)

    async def settle(self) -> None:
        """Wait until Home Assistant has nothing left to do."""
        await self.ha.request("GET", SETTLED)

    async def stall(self) -> float:
        """Return the longest stall of the event loop since the last call, in milliseconds."""
        return float((await self.ha.request("POST", STALL))["seconds"]) * 1000

    async def entry(self) -> str:
        """Return the id of the config entry."""
        entries = await self.ha.request("GET", f"/api/config/config_entries/entry?domain={DOMAIN}")
        return str(entries[0]["entry_id"])

    def processor_seconds(self) -> float:
        """Return the processor time of all threads."""
        threads = Path(f"/proc/{self.ha.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Read from the ledger."""
        with closing(sqlite3.connect(f"file:{self.folder / LEDGER}?mode=ro", uri=True)) as db:
            return db.execute(sql, parameters).fetchall()

    async def check(self, expected: dict[str, Counts]) -> None:
        """Compare the ledger and the states with the counts sent; a wrong result makes the measurement void."""
        sql = (
            "SELECT serial, sum(entered), sum(exited), sum(adults_entered), sum(adults_exited)"
            " FROM intervals JOIN cameras ON cameras.id = camera GROUP BY serial"
        )
        stored = {serial: Counts(*sums) for serial, *sums in self.query(sql)}
        for serial, counts in expected.items():
            if stored.get(serial) != counts:
                raise HomeAssistantError(f"The ledger has {stored.get(serial)} of {serial}, but it sent {counts}.")
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
    def microseconds(self) -> float:
        """Microseconds per body."""
        return self.seconds / self.bodies * 1e6


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
async def homes(folder: Path, **yaml: str) -> AsyncIterator[list[Home]]:
    """Start several instances by name, each with its YAML, and remove them at the end."""
    started = [Home(folder / name, text) for name, text in yaml.items()]
    try:
        await asyncio.gather(*(home.set_up() for home in started))
        yield started
    finally:
        await asyncio.gather(*(home.ha.__aexit__() for home in started))

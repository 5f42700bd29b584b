"""Measures what it costs to ask fifty cameras for their live counts every five seconds."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
import json
import operator
from pathlib import Path
from typing import Any

from scripts.bench_parts.cameras import Fleet, zone_where_it_is
from scripts.bench_parts.home import Home, homes
from scripts.bench_parts.steady import CAMERAS
from scripts.bench_parts.table import Line
from tests.helpers.home_assistant import HomeAssistantError
from tests.simulator import Device, Reply

SECONDS = 30
# A round takes three minutes, and its figures are far from their goals.
MAX_ROUNDS = 2
LIVE = "/a3dpc/api/occupancy"
FLOWS = "/api/config/config_entries"
OPTIONS = {"reset_time": "00:00:00", "delete_old_counts": True, "keep_days": 1100}


async def submit(home: Home, flows: str, handler: Any, *steps: dict[str, Any]) -> None:
    """Walk through a dialog; raise HomeAssistantError if it doesn't end with the last step."""
    flow = await home.ha.request("POST", flows, {"handler": handler})
    for step in steps:
        flow = await home.ha.request("POST", f"{flows}/{flow['flow_id']}", step)
    if flow["type"] != "create_entry":
        raise HomeAssistantError(f"The dialog didn't end: {flow}")


async def ask_every(home: Home, seconds: int) -> None:
    """Set how often cameras are asked, which reloads the integration."""
    await submit(home, f"{FLOWS}/options/flow", await home.entry(), {**OPTIONS, "live_seconds": seconds})


async def answer(devices: list[Device]) -> None:
    """Answer with the time, as cameras do; nobody passes."""
    while True:
        for device in devices:
            counts = {
                "serial": device.serial,
                "timestamp": datetime.now(UTC).isoformat(),
                "total_in": 9,
                "total_out": 7,
            }
            device.replies[LIVE] = Reply(body=json.dumps(counts).encode())
        await asyncio.sleep(1)


async def live_counts(folder: Path, rounds: int) -> list[Line]:
    """Ask cameras that answer, cameras that don't, and none."""
    fleet = Fleet(CAMERAS, zone_where_it_is(12))
    home = Home(folder / "live")
    shares: dict[str, list[float]] = {"off": [], "answering": [], "silent": []}
    async with homes(home), AsyncExitStack() as stack:
        await home.post(fleet.bodies(1))
        devices = [await stack.enter_async_context(Device(serial=camera.serial)) for camera in fleet.cameras]
        answering = asyncio.create_task(answer(devices))
        stack.callback(answering.cancel)
        await asyncio.sleep(0)
        await ask_every(home, 0)
        for device in devices:
            access = {"host": device.address, "username": device.username, "password": device.password}
            steps: list[dict[str, Any]] = [{"way": "prepare"}, {**access, "keep_access": True}, {}]
            await submit(home, f"{FLOWS}/subentries/flow", [await home.entry(), "camera"], *steps)
        for _ in range(min(rounds, MAX_ROUNDS)):
            for side, found in shares.items():
                await ask_every(home, 0)
                await home.ready(SECONDS)
                for device in devices:
                    device.everywhere = Reply(503) if side == "silent" else None
                if side != "off":
                    await ask_every(home, 5)
                # Reloading, and signing in to all cameras.
                await asyncio.sleep(10)
                async with home.measured(background=True) as measured:
                    await asyncio.sleep(SECONDS)
                found.append(100 * measured.processor / measured.seconds)
    return [
        Line(
            name=f"Live counts of {CAMERAS} cameras every five seconds, share of one core",
            unit="%",
            measured=shares["answering"],
            reference=shares["off"],
            compare=operator.sub,
            at_most=5,
            margin=None,
        ),
        Line(
            name="… of cameras that don't answer, compared with those that do",
            unit="%",
            measured=shares["silent"],
            reference=shares["answering"],
            at_most=1,
            margin=None,
        ),
    ]

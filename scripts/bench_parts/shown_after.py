"""Measures how long a push takes to the screen: from its last byte until the websocket API reports the new state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import aiohttp

from scripts.bench_parts.bill import Item
from scripts.bench_parts.cameras import Fleet, zone_where_it_is
from scripts.bench_parts.client import request
from scripts.bench_parts.home import MEGABYTE, PUSH, Home, homes
from scripts.bench_parts.steady import CAMERAS
from scripts.bench_parts.table import Line, percentile
from tests.helpers.home_assistant import HomeAssistantError

# Cameras push at random in these seconds of each minute.
SPREAD_SECONDS = 30
SPREADS = 3
BURSTS = 3
# Longer than showing all at once takes.
BURST_SECONDS = 15
SHOWN_SECONDS = 60


class Subscriber:
    """Notes when the websocket API reports each state of some entities."""

    def __init__(self) -> None:
        """Start without states."""
        self.at: dict[tuple[str, str], float] = {}
        self._changed = asyncio.Event()

    async def listen(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        """Note states until the connection ends."""
        async for message in connection:
            now = perf_counter()
            event: Mapping[str, Any] = message.json().get("event", {})
            for entity_id, change in event.get("c", {}).items():
                if (state := change.get("+", {}).get("s")) is not None:
                    self.at.setdefault((entity_id, state), now)
            self._changed.set()

    async def time_of(self, entity_id: str, state: str) -> float:
        """Return when an entity had a state; wait for it."""
        while (entity_id, state) not in self.at:
            self._changed.clear()
            await self._changed.wait()
        return self.at[entity_id, state]


@asynccontextmanager
async def subscribed(home: Home, entity_ids: list[str]) -> AsyncIterator[Subscriber]:
    """Subscribe to entities as Home Assistant's own pages do."""
    subscriber = Subscriber()
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{home.ha.url}/api/websocket") as connection:
        await connection.receive_json()
        await connection.send_json({"type": "auth", "access_token": home.ha.token})
        await connection.receive_json()
        await connection.send_json({"id": 1, "type": "subscribe_entities", "entity_ids": entity_ids})
        if not (answer := await connection.receive_json())["success"]:
            raise HomeAssistantError(f"subscribe_entities: {answer}")
        listening = asyncio.create_task(subscriber.listen(connection))
        yield subscriber
        listening.cancel()


async def send(home: Home, body: bytes, delay: float) -> float:
    """Post a body after a delay over a connection of its own, and return when its last byte was sent."""
    await asyncio.sleep(delay)
    reader, writer = await asyncio.open_connection("127.0.0.1", home.ha.port)
    try:
        writer.write(request(PUSH, home.token, body))
        await writer.drain()
        sent = perf_counter()
        status = await reader.readline()
        if b" 200 " not in status:
            raise HomeAssistantError(f"The answer was {status.decode(errors='replace')}")
    finally:
        writer.close()
    return sent


async def shown_after(folder: Path, rounds: int) -> list[Line]:
    """Let cameras push at random, then all at once."""
    fleet = Fleet(CAMERAS, zone_where_it_is(12))
    home = Home(folder / "websocket")
    random = Random(0)  # noqa: S311 - no secrets
    async with homes(home):
        await home.ready(0)
        memory = home.process.memory()
        await home.post(await asyncio.to_thread(fleet.day))
        await home.post(await asyncio.to_thread(fleet.bodies, 1))
        await home.ready(0)
        memory = home.process.memory() - memory
        registry = await home.ha.command("config/entity_registry/list")
        entities = {
            camera.serial: entity["entity_id"]
            for entity in registry
            for camera in fleet.cameras
            if entity["unique_id"] == f"{camera.serial}_in_total"
        }

        async def one_round(subscriber: Subscriber, spread: float) -> list[float]:
            """Return the milliseconds that each push with people took."""
            before = dict(fleet.sent)
            bodies = await asyncio.to_thread(fleet.bodies, 1)
            await home.ready(spread + BURST_SECONDS)

            async def one_push(serial: str, body: bytes) -> float | None:
                sent = await send(home, body, random.uniform(0, spread))
                if fleet.sent[serial].in_ == before[serial].in_:
                    return None
                shown = await subscriber.time_of(entities[serial], str(fleet.sent[serial].in_))
                return (shown - sent) * 1000

            pushes = [one_push(camera.serial, body) for camera, body in zip(fleet.cameras, bodies, strict=True)]
            try:
                async with home.measured(), asyncio.timeout(spread + SHOWN_SECONDS):
                    took = await asyncio.gather(*pushes)
            except TimeoutError as error:
                raise HomeAssistantError(f"A push wasn't shown within {SHOWN_SECONDS} seconds.") from error
            return [milliseconds for milliseconds in took if milliseconds is not None]

        async with subscribed(home, [*entities.values()]) as subscriber:
            spreads = [await one_round(subscriber, SPREAD_SECONDS) for _ in range(min(rounds, SPREADS))]
            bursts = [await one_round(subscriber, 0) for _ in range(min(rounds, BURSTS))]
        await home.check(fleet.sent, fleet.begin)
    all_pushes = [milliseconds for of_round in spreads for milliseconds in of_round]
    name = f"From the last byte of a push to the websocket, {CAMERAS} cameras in {SPREAD_SECONDS} s"
    return [
        Line(name=f"{name}, median", unit="ms", measured=[median(of_round) for of_round in spreads]),
        Line(name="… 99th percentile", unit="ms", measured=[percentile(all_pushes, 99)], margin=None),
        Line(
            name=f"… {CAMERAS} pushes at the same moment, the last one",
            unit="ms",
            measured=[max(of_round) for of_round in bursts],
        ),
        Line(
            name=f"Added memory per camera, of {CAMERAS}",
            unit="MB",
            measured=[memory / CAMERAS / MEGABYTE],
            margin=None,
            key=Item.MEMORY,
        ),
    ]

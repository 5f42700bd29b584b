"""Exports: the link that the action returns, and the file behind it."""

import csv
from datetime import datetime, timedelta
from http import HTTPStatus
import io
import json
from typing import Any

from aiohttp.test_utils import TestClient

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant

from .pusher import Document, measurement

# Wednesday, 12:00 in Stockholm.
NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
SIDE_DOOR = {"serial": "accc8e000002", "name": "Side door", "timeZone": "Asia/Kolkata"}
COLUMNS = ["camera", "serial", "start", "end", "in", "out", "adults_in", "adults_out", "occupancy_peak", "complete"]

type Client = TestClient[Any, Any]


def at(text: str, *counts: int, minutes: int = 1, **more: Any) -> Document:
    """Return the measurement that begins at a time with an offset."""
    return measurement(datetime.fromisoformat(text), *counts, minutes=minutes, **more)


async def link(hass: HomeAssistant, start: Any = "2026-09-16", **data: Any) -> dict[str, Any]:
    """Return the answer of the action for all cameras."""
    answer = await hass.services.async_call(
        DOMAIN,
        "export_counts",
        {"start": start, "entity_id": "all", **data},
        blocking=True,
        return_response=True,
    )
    found: dict[str, Any] = json.loads(json.dumps(answer))
    return found


async def download(hass: HomeAssistant, client: Client, start: Any = "2026-09-16", **data: Any) -> str:
    """Return the file behind a link."""
    response = await client.get((await link(hass, start, **data))["path"])
    assert response.status == HTTPStatus.OK, await response.text()
    return (await response.read()).decode()


def cells(file: str) -> list[list[str]]:
    """Return the cells of a table."""
    return list(csv.reader(io.StringIO(file.removeprefix("\ufeff"), newline=""), strict=True))

"""Builds documents as cameras send them, and posts them to Home Assistant."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
import json
from typing import Any, Final

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

PATH: Final = "/api/axis_people_counter/push"
TOKEN: Final = "the-token-of-these-tests"
SERIAL: Final = "accc8ef3d92e"

type Document = dict[str, Any]


def utc(instant: datetime) -> str:
    """Return an instant as cameras send it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def measurement(
    start: datetime,
    entered: int = 0,
    exited: int = 0,
    *,
    minutes: float = 1,
    adults: tuple[int, int] | None = None,
) -> Document:
    """Return the measurement of an interval, by default without adults, like the 2D camera's."""
    items: list[Document] = [{"direction": "in", "count": entered}, {"direction": "out", "count": exited}]
    if adults is not None:
        for item, count in zip(items, adults, strict=True):
            item["adults"] = count
    return {
        "kind": "people-counts",
        "utcFrom": utc(start),
        "utcTo": utc(start + timedelta(minutes=minutes)),
        "items": items,
    }


def document(
    *measurements: Any, sent: datetime | None = None, sensor: Mapping[str, Any] | None = None, **members: Any
) -> Document:
    """Return a push of these measurements, by default sent now; a member that is None is left out."""
    sent = sent or dt_util.utcnow()
    whole = {
        "apiName": "Axis Retail Data",
        "apiVersion": "0.4",
        "utcSent": utc(sent),
        "localSent": utc(sent)[:-1],
        "data": {"measurements": list(measurements)},
        "sensor": {
            "application": "AXIS 3D People Counter",
            "applicationVersion": "11.11.148",
            "timeZone": "Europe/Stockholm",
            "name": "Main entrance",
            "serial": SERIAL,
            "ipAddress": "192.168.1.106",
            **(sensor or {}),
        },
        **members,
    }
    return {key: value for key, value in whole.items() if value is not None}


class Pusher:
    """Pushes to the instance under test, and waits until states are written."""

    def __init__(self, hass: HomeAssistant, client: TestClient[Any, Any]) -> None:
        """Use an unauthenticated client."""
        self.hass = hass
        self.client = client

    async def post(
        self, body: Any, *, token: str | None = TOKEN, headers: Mapping[str, str] | None = None
    ) -> ClientResponse:
        """Post bytes as they are, or anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        authorization = {"Authorization": f"Bearer {token}"} if token is not None else {}
        response = await self.client.post(PATH, data=data, headers={**authorization, **(headers or {})})
        await response.read()
        await self.hass.async_block_till_done()
        return response

    async def push(self, *measurements: Any, **members: Any) -> None:
        """Push measurements and assert that the answer is 200."""
        response = await self.post(document(*measurements, **members))
        assert response.status == HTTPStatus.OK, await response.text()


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity, which has to exist."""
    state = hass.states.get(entity_id)
    assert state, f"{entity_id} doesn't exist"
    return state.state

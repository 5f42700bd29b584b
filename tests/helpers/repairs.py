"""Walks through the page of repairs as the frontend does."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
import json
from pathlib import Path
from string import Formatter
from typing import Any, Final

from aiohttp.test_utils import TestClient
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir

from ..simulator import Device
from .instance import set_up_pages
from .issues import active_issues
from .pusher import SERIAL, Document, Pusher, document, measurement

NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE: Final = timedelta(minutes=1)
HERE: Final = "127.0.0.1"
URL: Final = "https://ha.example.com/api/axis_people_counter/push"
IN_TOTAL: Final = "sensor.main_entrance_in_total"
IN_TODAY: Final = "sensor.main_entrance_in_today"
QUARANTINED: Final = f"quarantined_{SERIAL}"
PROTOCOL: Final = f"wrong_protocol_{SERIAL}"
WRONG: Final = "the token of another"
# Several cameras may share the address.
OF_THE_ADDRESS: Final = {f"wrong_protocol_{HERE}", f"wrong_token_{HERE}"}
PASSWORD: Final = "no one else may see this"
INTEGRATION: Final = Path(__file__).parents[2] / "custom_components" / DOMAIN
TEXTS: Final[dict[str, Any]] = json.loads((INTEGRATION / "translations" / "en.json").read_text())["issues"]

type Flow = dict[str, Any]


@pytest.fixture
async def pages(hass: HomeAssistant) -> None:
    """Set up the pages of Home Assistant, before the first client."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    await set_up_pages(hass)


@pytest.fixture
def repairs(hass: HomeAssistant, pusher: Pusher, hass_access_token: str) -> Repairs:
    """Return the page of repairs as an administrator sees it."""
    return Repairs(hass, pusher.client, hass_access_token)


@pytest.fixture
async def device() -> AsyncIterator[Device]:
    """Start the web server of a camera."""
    async with Device(serial=SERIAL, password=PASSWORD) as device:
        device.faults.protocol_version = "0.3"
        yield device


class Repairs:
    """The page of repairs; asserts that each step of a flow has its texts."""

    def __init__(self, hass: HomeAssistant, client: TestClient[Any, Any], token: str) -> None:
        """Use a client, and the session of a token."""
        self.hass = hass
        self.client = client
        self._session = hass.auth.async_validate_access_token(token)
        self._shown: dict[str, str] = {}
        self._key = ""

    @property
    def token(self) -> str:
        """A new token, because tokens expire after half an hour."""
        assert self._session
        return self.hass.auth.async_create_access_token(self._session)

    @property
    def issues(self) -> dict[str, ir.IssueEntry]:
        """The active issues, as `active_issues` returns them."""
        return active_issues(self.hass)

    async def open(self, name: str) -> Flow:
        """Select a repair."""
        issue = self.issues[name]
        assert issue.is_fixable
        assert issue.translation_key
        self._key = issue.translation_key
        self._shown = issue.translation_placeholders or {}
        return await self._post("", {"handler": DOMAIN, "issue_id": issue.issue_id})

    async def submit(self, flow: Flow, **entered: Any) -> Flow:
        """Submit a form."""
        assert flow["type"] == "form"
        return await self._post(f"/{flow['flow_id']}", entered)

    async def look(self, flow: Flow) -> Flow:
        """Look at a flow again, as the frontend does when it has gone on by itself."""
        return await self._request("GET", f"/{flow['flow_id']}")

    async def close(self, flow: Flow) -> None:
        """Close the window of a flow."""
        await self._request("DELETE", f"/{flow['flow_id']}")

    async def _post(self, path: str, body: dict[str, Any]) -> Flow:
        flow = await self._request("POST", path, json=body)
        assert set(self.texts(flow)), "The step has no text."
        return flow

    async def _request(self, method: str, path: str, **body: Any) -> Flow:
        headers = {"Authorization": f"Bearer {self.token}"}
        response = await self.client.request(method, f"/api/repairs/issues/fix{path}", headers=headers, **body)
        assert response.status == HTTPStatus.OK, await response.text()
        flow: Flow = await response.json()
        await self.hass.async_block_till_done()
        return flow

    def texts(self, flow: Flow) -> Iterator[str]:
        """Yield the texts that the frontend shows."""
        texts = TEXTS[self._key]["fix_flow"]
        placeholders = self._shown | (flow.get("description_placeholders") or {})
        match flow["type"]:
            case "create_entry":
                # Here, the frontend doesn't add those of the issue.
                placeholders = flow.get("description_placeholders") or {}
                found = [texts["create_entry"][flow["description"] or "default"]]
            case "abort":
                found = [texts["abort"][flow["reason"]]]
            case "progress":
                found = [texts["progress"][flow["progress_action"]]]
            case _:
                step = texts["step"][flow["step_id"]]
                found = [
                    step["title"],
                    step["description"],
                    step["submit"],
                    *(step["data"][field["name"]] for field in flow["data_schema"]),
                ]
                found += [texts["error"][key] for key in (flow.get("errors") or {}).values()]
        for text in found:
            names = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert names <= set(placeholders), text
            yield text.format_map(placeholders)

    def text(self, flow: Flow) -> str:
        """Return all texts that the frontend shows."""
        return "\n".join(self.texts(flow))


def placeholders(issue: ir.IssueEntry) -> dict[str, str]:
    """Return the placeholders of an issue, and assert that they fill all of its texts."""
    assert issue.translation_key
    assert issue.translation_placeholders is not None
    for text in (TEXTS[issue.translation_key]["title"], TEXTS[issue.translation_key].get("description", "")):
        assert {name for _, name, _, _ in Formatter().parse(text) if name} <= set(issue.translation_placeholders)
    return issue.translation_placeholders


def suggested(flow: Flow) -> dict[str, Any]:
    """Return the suggested values of a form."""
    return {field["name"]: (field.get("description") or {}).get("suggested_value") for field in flow["data_schema"]}


def other_protocol(**members: Any) -> Document:
    """Return a push in an older version of the protocol."""
    return document(measurement(NOON - MINUTE, 1), **{"apiVersion": "0.3", **members})


async def push_other_protocol(pusher: Pusher, **members: Any) -> None:
    """Assert that such a push gets 422."""
    assert (await pusher.post(other_protocol(**members))).status == HTTPStatus.UNPROCESSABLE_ENTITY


def credentials(device: Device, **entered: Any) -> dict[str, Any]:
    """Return the input of an administrator of the camera."""
    return {
        "host": device.address,
        "username": device.username,
        "password": device.password,
        **entered,
    }


# Quarantine


def bad(minute: int, **members: Any) -> Document:
    """Return an interval that is rejected, some minutes before noon."""
    return {**measurement(NOON - minute * MINUTE, -1, 3), **members}


async def remove_camera(
    hass: HomeAssistant, entry: MockConfigEntry, client: WebSocketGenerator, repairs: Repairs
) -> None:
    """Delete the camera's device as the frontend does."""
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    websocket = await client(hass, repairs.token)
    await websocket.send_json_auto_id({"type": "config/device_registry/remove", "device_id": device.id})
    response = await websocket.receive_json()
    if not response["success"]:
        # Its name before 2026.9.
        command = {"type": "config/device_registry/remove_config_entry", "config_entry_id": entry.entry_id}
        await websocket.send_json_auto_id({**command, "device_id": device.id})
        response = await websocket.receive_json()
    await hass.async_block_till_done()
    assert response["success"]

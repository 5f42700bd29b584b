"""A camera is connected by hand: the dialog shows what to enter in it, and goes on when the camera has tried it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
import json
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.connecting.authority import new_authority
from custom_components.axis_people_counter.flows import guide_steps
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from homeassistant.util import dt as dt_util

from .helpers.asked_cameras import asked_camera, give_access
from .helpers.flows import waited
from .helpers.home_assistant import free_port
from .helpers.listener_entry import ListenerEntry, new_camera, s_client
from .helpers.pusher import SERIAL, TOKEN, Pusher, document, measurement
from .helpers.translations import ENGLISH

pytestmark = pytest.mark.usefixtures("socket_enabled", "quick_probes")

MINUTE = timedelta(minutes=1)
NEW = {"serial": "accc8e000002", "name": "Back *door*"}
TEXTS = ENGLISH["config_subentries"]["camera"]


def texts(result: SubentryFlowResult) -> Iterator[str]:
    """Yield the texts that the frontend shows."""
    placeholders = result.get("description_placeholders") or {}
    match result["type"]:
        case FlowResultType.ABORT:
            found = [TEXTS["abort"][result["reason"]]]
        case FlowResultType.CREATE_ENTRY:
            found = [result["title"]]
        case FlowResultType.SHOW_PROGRESS:
            found = [TEXTS["progress"][result["progress_action"]]]
        case _:
            step = TEXTS["step"][result["step_id"]]
            found = [step["title"], step["description"], step["submit"]]
            assert result["data_schema"]
            for field in result["data_schema"].schema:
                found += [step["data"][str(field)], step["data_description"][str(field)]]
            found += [TEXTS["error"][key] for key in (result["errors"] or {}).values()]
    for text in found:
        assert {name for _, name, _, _ in Formatter().parse(text) if name} <= set(placeholders), text
        yield text.format_map(placeholders)


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Choose to connect a camera by hand."""
    flows = hass.config_entries.subentries
    result = await flows.async_init((entry.entry_id, "camera"), context={"source": SOURCE_USER})
    assert list(texts(result))
    return await enter(hass, result, way="by_hand")


async def enter(hass: HomeAssistant, result: SubentryFlowResult, **fields: Any) -> SubentryFlowResult:
    """Submit a form, and check that the next step has its texts."""
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], fields)
    assert list(texts(result))
    return result


async def moved_on(hass: HomeAssistant, result: SubentryFlowResult) -> SubentryFlowResult:
    """Return the step after the waiting one, which the frontend asks for when it is told to."""
    if result["type"] is FlowResultType.SHOW_PROGRESS:
        await waited(hass.config_entries.subentries, result)
        result = await hass.config_entries.subentries.async_configure(result["flow_id"])
    assert list(texts(result))
    return result


def connection_test(**sensor: str) -> dict[str, Any]:
    """Return what a camera sends for "Test connection"."""
    return document(sensor=sensor, data=None)


async def test_new_camera(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Show URL and token, wait for the camera, and say which one it was. Nothing is kept."""
    await pusher.push(measurement(dt_util.utcnow() - MINUTE, 1))
    before = dict(entry.data)
    result = await begin(hass, entry)
    assert result["step_id"] == "by_hand"
    shown = "".join(texts(result))
    assert TOKEN in shown
    assert "https://ha.example.com/api/axis_people_counter/push" in shown
    result = await enter(hass, result)
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert TOKEN in "".join(texts(result))
    # A camera that is known already pushes all the time.
    await pusher.push()
    result = await hass.config_entries.subentries.async_configure(result["flow_id"])
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert (await pusher.post(connection_test(**NEW))).status == HTTPStatus.OK
    result = await moved_on(hass, result)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "connected")
    assert "Connected: Back \\*door\\*." in "".join(texts(result))
    assert dict(entry.data) == before
    assert not entry.subentries


@pytest.mark.parametrize(
    "body", [connection_test(), document(sensor=NEW)], ids=["test of a known camera", "push of a new camera"]
)
async def test_camera_is_faster(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, body: dict[str, Any]
) -> None:
    """Go on at once if the camera has connected before the person waits for it."""
    await pusher.push(measurement(dt_util.utcnow() - MINUTE, 1))
    result = await begin(hass, entry)
    assert (await pusher.post({**body, "utcSent": document()["utcSent"]})).status == HTTPStatus.OK
    result = await enter(hass, result)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "connected")


async def test_wrong_token(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """The window shows at once that a camera has another token, and waits again."""
    result = await enter(hass, await begin(hass, entry))
    for _ in range(2):
        assert (await pusher.post(connection_test(), token="wrong")).status == HTTPStatus.UNAUTHORIZED  # noqa: S106
        result = await moved_on(hass, result)
        assert (result["step_id"], result["errors"]) == ("not_heard", {"base": "wrong_token"})
        assert "A camera at 127.0.0.1 connected" in "".join(texts(result))
        result = await enter(hass, result)
        assert result["type"] is FlowResultType.SHOW_PROGRESS
    await pusher.post(connection_test(), token="wrong")  # noqa: S106
    result = await moved_on(hass, result)
    await pusher.post(connection_test())
    result = await enter(hass, result)
    assert result["reason"] == "connected"


async def test_wrong_token_before_waiting(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """The window shows at once a problem that came before the person waits."""
    result = await begin(hass, entry)
    await pusher.post(connection_test(), token="wrong")  # noqa: S106
    result = await enter(hass, result)
    assert result["errors"] == {"base": "wrong_token"}


async def test_certificate(hass: HomeAssistant, tmp_path: Path) -> None:
    """Show the certificate to install, and say at once that a camera doesn't trust it."""
    listener_entry = ListenerEntry(hass, tmp_path)
    await listener_entry.start()
    other = tmp_path / "other.pem"
    other.write_bytes(new_authority(dt_util.utcnow()).pem)
    result = await begin(hass, listener_entry.entry)
    assert result["step_id"] == "by_hand_direct"
    shown = "".join(texts(result))
    assert "home-assistant-people-counter-ca.pem</a>" in shown
    assert len(shown.split("`")[-2].split(":")) == 32
    result = await enter(hass, result)
    await s_client(listener_entry.port, ca_file=other)
    result = await moved_on(hass, result)
    assert result["errors"] == {"base": "distrusted"}
    assert "127.0.0.1" in "".join(texts(result))
    result = await enter(hass, result)
    assert (await new_camera(listener_entry).test_connection()).delivered
    assert (await moved_on(hass, result))["reason"] == "connected"


async def test_nobody_connects(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offer other choices after a while: a check of the address, the password, or to finish."""
    monkeypatch.setattr(guide_steps, "WAIT_SECONDS", 0.01)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "url": f"https://127.0.0.1:{free_port()}"})
    result = await moved_on(hass, await enter(hass, await begin(hass, entry)))
    assert (result["step_id"], result["errors"]) == ("not_heard", {"base": "no_camera"})
    result = await moved_on(hass, await enter(hass, result, next="check"))
    assert result["step_id"] == "checked"
    result = await enter(hass, result)
    assert result["step_id"] == "by_hand"
    assert (await enter(hass, result, next="prepare"))["step_id"] == "camera"
    result = await enter(hass, await begin(hass, entry), next="finish")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_connected_yet")
    assert not entry.subentries


async def test_closed_window(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Stop waiting when the window is closed; the camera connects without it."""
    result = await enter(hass, await begin(hass, entry))
    hass.config_entries.subentries.async_abort(result["flow_id"])
    await pusher.push(measurement(dt_util.utcnow() - MINUTE, 1))
    assert hass.states.get("sensor.main_entrance_in_today")
    with pytest.raises(UnknownFlow):
        await hass.config_entries.subentries.async_configure(result["flow_id"])


async def test_closed_early(hass: HomeAssistant, entry: MockConfigEntry, tmp_path: Path) -> None:
    """Don't wait in a window that was closed while a step was running."""
    listener_entry = ListenerEntry(hass, tmp_path)
    await listener_entry.start()
    flows = hass.config_entries.subentries
    result = await flows.async_init((listener_entry.entry.entry_id, "camera"), context={"source": SOURCE_USER})
    going_on = asyncio.create_task(flows.async_configure(result["flow_id"], {"way": "by_hand"}))
    await asyncio.sleep(0)
    flows.async_abort(result["flow_id"])
    with pytest.raises(UnknownFlow):
        await going_on


async def test_same_password(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Use the user and the password of another camera; the password doesn't go to the browser."""
    async with asked_camera(days=1) as first, asked_camera(days=1, serial=NEW["serial"]) as second:
        await give_access(hass, entry, first)
        flows = hass.config_entries.subentries
        result = await flows.async_init((entry.entry_id, "camera"), context={"source": SOURCE_USER})
        result = await enter(hass, result, way="prepare")
        assert result["data_schema"]
        fields = {str(field): field for field in result["data_schema"].schema}
        assert list(fields) == ["host", "same_as", "username", "password", "keep_access"]
        same_as = fields["same_as"].description["suggested_value"]
        assert same_as == entry.get_subentries_of_type("camera")[0].subentry_id
        for incomplete in ({}, {"same_as": same_as, "password": "x"}, {"same_as": same_as, "username": "viewer"}):
            host = {"host": second.address, "keep_access": True}
            result = await enter(hass, result, **host, **incomplete)
            assert "Enter user name and password" in "".join(texts(result))
        assert not second.requests
        result = await enter(hass, result, host=second.address, same_as=same_as, keep_access=True)
        assert result["step_id"] == "done"
        assert json.dumps(first.password)[1:-1] not in json.dumps(result, default=str)
        await enter(hass, result)
        await hass.async_block_till_done()
        passwords = {subentry.unique_id: subentry.data for subentry in entry.get_subentries_of_type("camera")}
        assert passwords[NEW["serial"]].keys() == {"host", "username", "password", "connection"}
        assert passwords[NEW["serial"]]["password"] == passwords[SERIAL]["password"] == first.password

        # A password that is entered is used in place of the other one.
        second.password = "another"
        result = await flows.async_init((entry.entry_id, "camera"), context={"source": SOURCE_USER})
        result = await enter(hass, result, way="prepare")
        typed = {"username": "root", "password": "another"}
        result = await enter(hass, result, host=second.address, same_as=same_as, keep_access=True, **typed)
        assert result["step_id"] == "done"
        assert second.rejected == 0

"""Repair flows about tokens and protocol versions, and the placeholders of other repairs."""

from datetime import timedelta
from http import HTTPStatus
import json

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.http import bodies
from custom_components.axis_people_counter.texts.messages import link
from homeassistant.core import HomeAssistant

from .helpers.clock import wait
from .helpers.pusher import SERIAL, TOKEN, Pusher, document, measurement
from .helpers.repairs import (
    HERE,
    MINUTE,
    NOON,
    PASSWORD,
    PROTOCOL,
    URL,
    WRONG,
    Repairs,
    credentials,
    placeholders,
    push_other_protocol,
    suggested,
)
from .simulator import THREE_D, TWO_D, Device, Model

pytestmark = pytest.mark.usefixtures("pages")


# A wrong token


async def test_wrong_token(pusher: Pusher, repairs: Repairs) -> None:
    """Show URL and token only in the flow; the next wrong token shows the repair again."""
    issue_id = f"wrong_token_{HERE}"
    for _ in range(2):
        assert (await pusher.post(document(), token=WRONG)).status == HTTPStatus.UNAUTHORIZED
        assert TOKEN not in repr(repairs.issues[issue_id])
        flow = await repairs.open(issue_id)
        assert f"`{TOKEN}`" in repairs.text(flow)
        assert f"`{URL}`" in repairs.text(flow)
        assert r"127\.0\.0\.1" in repairs.text(flow)
        flow = await repairs.submit(flow)
        assert flow["type"] == "create_entry"
        assert TOKEN not in json.dumps(flow)
        assert not repairs.issues


async def test_only_administrators_see_the_token(
    pusher: Pusher, repairs: Repairs, hass_client: ClientSessionGenerator, hass_read_only_access_token: str
) -> None:
    """Refuse the flow to users who aren't administrators."""
    await pusher.post(document(), token=WRONG)
    flow = await repairs.open(f"wrong_token_{HERE}")
    client = await hass_client(hass_read_only_access_token)
    begun = {"handler": DOMAIN, "issue_id": repairs.issues[f"wrong_token_{HERE}"].issue_id}
    for response in (
        await client.post("/api/repairs/issues/fix", json=begun),
        await client.get(f"/api/repairs/issues/fix/{flow['flow_id']}"),
        await client.post(f"/api/repairs/issues/fix/{flow['flow_id']}", json={}),
    ):
        assert response.status == HTTPStatus.UNAUTHORIZED
        assert TOKEN not in await response.text()
    assert repairs.issues


async def test_wrong_token_ends_while_it_is_shown(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """Finish the flow although its repair has ended."""
    await pusher.post(document(), token=WRONG)
    flow = await repairs.open(f"wrong_token_{HERE}")
    await wait(hass, noon, timedelta(hours=2))
    assert not repairs.issues
    assert (await repairs.submit(flow))["type"] == "create_entry"


async def test_body_too_large(monkeypatch: pytest.MonkeyPatch, pusher: Pusher, repairs: Repairs) -> None:
    """End the repair when it is confirmed, and show it again with the next large body."""
    monkeypatch.setattr(bodies, "MAX_BODY", 100)
    for _ in range(2):
        assert (await pusher.post(document())).status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        flow = await repairs.open(f"body_too_large_{HERE}")
        assert HERE in repairs.text(flow)
        assert (await repairs.submit(flow))["type"] == "create_entry"
        assert not repairs.issues


async def test_no_token_without_an_entry(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """Abort without a loaded entry."""
    await pusher.post(document(), token=WRONG)
    shown = await repairs.open(f"wrong_token_{HERE}")
    await hass.config_entries.async_unload(entry.entry_id)
    for flow in (await repairs.submit(shown), await repairs.open(f"wrong_token_{HERE}")):
        assert (flow["type"], flow["reason"]) == ("abort", "not_loaded")


# Another protocol version


@pytest.mark.parametrize("model", [THREE_D, TWO_D])
async def test_set_protocol_version(
    hass: HomeAssistant,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
    model: Model,
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Set the version in the camera; the repair ends with its next push in that version."""
    device.counter = model
    await push_other_protocol(pusher)
    flow = await repairs.open(PROTOCOL)
    assert suggested(flow) == {"host": "192.168.1.106", "username": None, "password": None}
    assert "http://192.168.1.106/axis-cgi/param.cgi?action=update&root.Tvpc" in repairs.text(flow)
    assert "`http://192.168.1.106/a3dpc/api/settings`" in repairs.text(flow)
    (password,) = [field for field in flow["data_schema"] if field["name"] == "password"]
    assert password["selector"]["text"]["type"] == "password"

    flow = await repairs.submit(flow, **credentials(device))
    assert (flow["type"], flow["reason"]) == ("abort", "version_set")
    assert device.faults.protocol_version == "0.4"
    assert PROTOCOL in repairs.issues
    await push_other_protocol(pusher)
    assert PROTOCOL in repairs.issues
    await pusher.push(measurement(NOON - MINUTE, 1))
    assert not repairs.issues

    # The password is stored nowhere.
    assert PASSWORD not in caplog.text
    assert not hass.config_entries.flow.async_progress()
    websocket = await hass_ws_client(hass)
    await websocket.send_json_auto_id({"type": "config_entries/get"})
    assert PASSWORD not in json.dumps(await websocket.receive_json())


async def test_wrong_password(pusher: Pusher, repairs: Repairs, device: Device) -> None:
    """Show the problem, and suggest all input except the password."""
    await push_other_protocol(pusher)
    flow = await repairs.open(PROTOCOL)
    flow = await repairs.submit(flow, **credentials(device, password=WRONG))
    assert flow["errors"] == {"base": "problem"}
    assert f"The camera at {device.address} doesn't accept" in repairs.text(flow)
    assert "http://192.168.1.106/axis-cgi/" in repairs.text(flow)
    assert suggested(flow) == {"host": device.address, "username": "root", "password": None}
    assert device.faults.protocol_version == "0.3"
    flow = await repairs.submit(flow, **credentials(device))
    assert flow["reason"] == "version_set"


async def test_nothing_there(pusher: Pusher, repairs: Repairs, device: Device) -> None:
    """Show the problem of an address that doesn't answer or isn't valid."""
    await push_other_protocol(pusher)
    flow = await repairs.open(PROTOCOL)
    for host, problem in (("127.0.0.1:1", "Nothing answers at 127.0.0.1:1."), ("a b", "This isn't an address: a b.")):
        flow = await repairs.submit(flow, **credentials(device, host=host))
        assert flow["errors"] == {"base": "problem"}
        assert problem in repairs.text(flow)


async def test_camera_without_a_counter(pusher: Pusher, repairs: Repairs, device: Device) -> None:
    """Show the problem of a camera without a people counter."""
    device.counter = None
    await push_other_protocol(pusher)
    flow = await repairs.submit(await repairs.open(PROTOCOL), **credentials(device))
    assert f"No people counter runs on the camera at {device.address}." in repairs.text(flow)


async def test_another_camera(pusher: Pusher, repairs: Repairs, device: Device) -> None:
    """Change nothing in another camera than that of the repair."""
    device.serial = "00408cac512b"
    await push_other_protocol(pusher)
    flow = await repairs.submit(await repairs.open(PROTOCOL), **credentials(device))
    assert f"its serial number is 00408cac512b, not {SERIAL}." in repairs.text(flow)
    assert device.faults.protocol_version == "0.3"


async def test_document_without_a_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """Accept any camera if the repair is about an address, and end it after a while."""
    device.serial = "00408cac512b"
    await push_other_protocol(pusher, sensor=None, data=None)
    response = await pusher.post({"apiName": "Axis Retail Data", "apiVersion": "0.3"})
    assert response.status == HTTPStatus.UNPROCESSABLE_ENTITY
    flow = await repairs.open(f"wrong_protocol_{HERE}")
    assert suggested(flow)["host"] == HERE
    assert (await repairs.submit(flow, **credentials(device)))["reason"] == "version_set"
    await pusher.push(sensor={"serial": "00408cac512b"})
    assert f"wrong_protocol_{HERE}" in repairs.issues
    await wait(hass, noon, timedelta(hours=2))
    assert f"wrong_protocol_{HERE}" not in repairs.issues


async def test_camera_has_the_right_version_meanwhile(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """Finish the flow without its repair and without the entry."""
    await push_other_protocol(pusher)
    flow = await repairs.open(PROTOCOL)
    await pusher.push()
    assert not repairs.issues
    await hass.config_entries.async_unload(entry.entry_id)
    assert (await repairs.submit(flow, **credentials(device)))["reason"] == "version_set"


async def test_hostile_name(pusher: Pusher, repairs: Repairs) -> None:
    """Escape texts of senders, and ignore an address that isn't valid."""
    sensor = {"name": "[x](http://evil)|<b>", "ipAddress": "fe80::1%](http://evil)"}
    await push_other_protocol(pusher, apiVersion="<img>", sensor=sensor)
    flow = await repairs.open(PROTOCOL)
    assert "](http://evil" not in "".join(repairs.texts(flow)).replace(sensor["name"], "")
    assert r"\<img\>" in repairs.text(flow)
    assert suggested(flow)["host"] == HERE


# Clocks


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("192.168.1.106", r" ([192\.168\.1\.106](http://192.168.1.106))"),
        ("2001:db8::5", r" ([\[2001\:db8\:\:5\]](http://[2001:db8::5]))"),
        ("192.168.1.106/../evil", ""),
        ("evil.example.com", ""),
        ("fe80::1%](http://evil)", ""),
        (None, ""),
    ],
)
async def test_clocks(
    noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, address: str | None, link: str
) -> None:
    """Show both local times, and link the camera's page."""
    body = document(sent=NOON + timedelta(hours=1), sensor={"ipAddress": address})
    assert (await pusher.post(body)).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert placeholders(repairs.issues[f"clock_differs_{SERIAL}"]) == {
        "name": "Main entrance",
        "camera": f"Main entrance{link}",
        "camera_time": "2026-09-16 13:00:00",
        "home_assistant_time": "2026-09-16 12:00:00",
        "time_zone": r"Europe\/Stockholm",
        "settings": "/config/general",
    }
    await pusher.push()
    assert not repairs.issues


@pytest.mark.parametrize("sent", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_clock_at_the_end_of_time(pusher: Pusher, repairs: Repairs, sent: str) -> None:
    """Show a UTC time where the calendar has no local time."""
    assert (await pusher.post(document(utcSent=sent))).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert sent[5:10] in placeholders(repairs.issues[f"clock_differs_{SERIAL}"])["camera_time"]


def test_scope_of_an_address_is_no_part_of_a_link() -> None:
    """Don't link an address with a scope, which may be any text."""
    assert link("fe80::1") == r"[\[fe80\:\:1\]](http://[fe80::1])"
    assert link("fe80::1%](evil)") == ""


# Silence


async def test_silent_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """Link the camera's page, but no URL: it can change while the issue is there."""
    await pusher.push(measurement(NOON - MINUTE))
    await wait(hass, noon, timedelta(days=1))
    assert placeholders(repairs.issues[f"camera_silent_{SERIAL}"]) == {
        "name": "Main entrance",
        "camera": r"Main entrance ([192\.168\.1\.106](http://192.168.1.106))",
        "since": "2026-09-16 12:00",
    }

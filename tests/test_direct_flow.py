"""Setting the direct way up: a listener of our own, its certificate, a camera that is prepared, and a check."""

import asyncio
from pathlib import Path
import socket
from threading import Event
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter import core_internals
from custom_components.axis_people_counter.connecting import authority, listener
from custom_components.axis_people_counter.connecting.authority import (
    fingerprint,
    new_authority,
    new_server,
    read_certificate_and_key,
)
from custom_components.axis_people_counter.connecting.listener import own_certificates
from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.flows import address_form
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .helpers.flows import begin, choose, enter, moved_on, settings, shown
from .helpers.home_assistant import free_port
from .helpers.listener_entry import ListenerEntry, UserFiles, new_camera, new_camera_at, s_client
from .helpers.pusher import PATH, TOKEN, Pusher, state_of
from .simulator import TWO_D, Camera, Device, Reply

pytestmark = pytest.mark.usefixtures("socket_enabled", "quick_probes")


@pytest.fixture(autouse=True)
def _quiet_loop(hass: HomeAssistant) -> None:
    """Let the event loop say nothing of handshakes that fail at the other end, as it does in use."""
    hass.loop.set_debug(False)


def authority_file(hass: HomeAssistant) -> Path:
    """Return where the authority is stored."""
    return Path(hass.config.path(".storage", DOMAIN, "authority.pem"))


async def direct(
    hass: HomeAssistant, result: ConfigFlowResult | None = None, *, host: str = "127.0.0.1", port: int = 0, **files: str
) -> ConfigFlowResult:
    """Enter the address and the port, and choose to connect a camera by hand."""
    result = await choose(hass, result, "direct") if result else await begin(hass)
    return await enter(hass, result, host=host, port=port or free_port(), own_files=files, way="by_hand")


def mount(hass: HomeAssistant, folder: Path, result: ConfigFlowResult) -> Camera:
    """Mount a camera, and enter there what the step shows."""
    ca_file = folder / "downloaded.pem"
    pem = authority_file(hass).read_text()
    ca_file.write_text(pem[pem.index("-----BEGIN CERT") :])
    return new_camera_at(shown(result)["url"], shown(result)["token"], ca_file)


async def test_set_up(
    hass: HomeAssistant,
    tmp_path: Path,
    hass_client_no_auth: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Set up from the certificate to a camera that reports."""
    port = free_port()
    result = await direct(hass, port=port)
    assert result["step_id"] == "by_hand_direct"
    assert shown(result)["url"] == f"https://127.0.0.1:{port}{PATH}"
    # Home Assistant's server accepts new views while it runs; the test server wouldn't.
    monkeypatch.setattr(hass.http.app.router, "freeze", lambda: None)
    client = await hass_client_no_auth()
    # In a window of its own: Home Assistant's frontend takes other links for its own pages.
    assert f'<a href="{shown(result)["authority_url"]}" target="_blank">' in shown(result)["authority_link"]
    downloaded = await client.get(shown(result)["authority_url"])
    one = mount(hass, tmp_path, result)
    assert await downloaded.text() == one.ca_file.read_text() if one.ca_file else False
    certificate = read_certificate_and_key(authority_file(hass).read_bytes()).certificate
    assert shown(result)["fingerprint"] == fingerprint(certificate)

    # Before there is an entry counts stay in the camera.
    answer = await one.push()
    assert answer
    assert answer.status == 503
    assert (await one.test_connection()).delivered
    result = await choose(hass, result, "finish")
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert shown(result)["cameras"] == "Main entrance"
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert settings(entry) == {
        "url": f"https://127.0.0.1:{port}",
        "token": one.token,
        "direct": True,
        "own_address": True,
    }

    answer = await one.push()
    assert answer
    assert answer.delivered, answer
    await hass.async_block_till_done()
    assert state_of(hass, "sensor.main_entrance_occupancy")


async def test_closed_flow_closes_the_port(hass: HomeAssistant, tmp_path: Path) -> None:
    """Close the port with the dialog, and keep the certificate authority."""
    result = await direct(hass)
    one = mount(hass, tmp_path, result)
    assert (await one.test_connection()).delivered
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    assert (await one.test_connection()).status is None

    again = await direct(hass)
    assert shown(again)["fingerprint"] == shown(result)["fingerprint"]


async def test_new_flow_takes_over_the_port(hass: HomeAssistant, tmp_path: Path) -> None:
    """Take over the port from a dialog that was left open."""
    port = free_port()
    await direct(hass, port=port)
    result = await direct(hass, port=port)
    assert result["step_id"] == "by_hand_direct"
    one = mount(hass, tmp_path, result)
    assert (await one.test_connection()).delivered
    result = await choose(hass, result, "finish")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    # There can be one entry, so Home Assistant has ended the other dialog.
    assert not hass.config_entries.flow.async_progress()
    assert (await one.test_connection()).delivered
    assert not ir.async_get(hass).issues


async def test_closed_flow_returns_the_port(hass: HomeAssistant, tmp_path: Path) -> None:
    """Return the port to the first dialog when the second one is closed."""
    port = free_port()
    first, second = await direct(hass, port=port), await direct(hass, port=port)
    hass.config_entries.flow.async_abort(second["flow_id"])
    await hass.async_block_till_done()
    one = mount(hass, tmp_path, first)
    assert (await one.test_connection()).status is None
    waiting = await choose(hass, first, "wait")
    assert (await one.test_connection()).delivered
    # The flow goes on by itself, and the test must not end meanwhile.
    assert (await moved_on(hass, waiting))["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


@pytest.mark.parametrize("made", ["authority", "server"])
async def test_flow_closed_during_a_step(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    """Leave nothing behind if the dialog is closed while a step is running."""
    new_key = authority._new_key  # noqa: SLF001
    making, go_on = asyncio.Event(), Event()

    def slowly() -> Any:
        hass.loop.call_soon_threadsafe(making.set)
        go_on.wait(10)
        return new_key()

    if made == "server":
        own_certificates(hass).create(dt_util.utcnow())
    monkeypatch.setattr(authority, "_new_key", slowly)
    result = await begin(hass)
    port = free_port()
    entering = asyncio.create_task(enter(hass, result, host="127.0.0.1", port=port, own_files={}, way="by_hand"))
    await asyncio.wait_for(making.wait(), 10)
    hass.config_entries.flow.async_abort(result["flow_id"])
    go_on.set()
    with pytest.raises(UnknownFlow):
        await entering
    await hass.async_block_till_done()
    monkeypatch.undo()
    with socket.socket() as free:
        free.bind(("127.0.0.1", port))
    # Nobody waits for a camera any more.
    result = await direct(hass, port=port)
    assert result["step_id"] == "by_hand_direct"
    one = mount(hass, tmp_path, result)
    assert (await one.test_connection()).delivered


async def test_camera_refuses_the_certificate(hass: HomeAssistant, tmp_path: Path) -> None:
    """Show a different error for a camera that doesn't trust the certificate."""
    result = await direct(hass)
    port = int(shown(result)["url"].split(":")[2].split("/")[0])
    other = tmp_path / "other.pem"
    other.write_bytes(new_authority(dt_util.utcnow()).pem)

    await s_client(port, ca_file=other)
    result = await choose(hass, result, "finish")
    assert result["errors"] == {"base": "distrusted"}
    assert shown(result)["address"] == "127.0.0.1"
    assert (await choose(hass, result, "finish"))["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_suggested_host_and_port(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Suggest an address of this machine and the default port."""

    async def source(hass: HomeAssistant) -> str:
        if not addresses:
            raise HomeAssistantError("no network")
        return addresses[0]

    monkeypatch.setattr(address_form, "async_get_source_ip", source)
    for addresses in (["192.168.1.10"], []):
        result = await begin(hass)
        assert result["data_schema"]
        fields = {str(field): field for field in result["data_schema"].schema}
        suggested = (fields["host"].description or {}).get("suggested_value")
        assert suggested == (addresses[0] if addresses else None)
        assert fields["port"].default() == 4443
        hass.config_entries.flow.async_abort(result["flow_id"])


@pytest.mark.parametrize(
    "host",
    [
        "",
        "https://192.168.1.10",
        "192.168.1.10:4443",
        "a b",
        "a\tb",
        "a\n.b",
        "a\u00a0b",
        "a\u200bb",
        "a\x00b",
        "a\\b",
        "a%20b",
        "a..b",
        "büro.local",
        "192.168.1",
        "192.168.1.256",
        "ha.example.com/x",
        "user@ha",
        "-",
        "fe80::1%eth0",
        "0.0.0.0",  # noqa: S104
        "::",
        "224.0.0.1",
        "\u0663a.local",
    ],
)
async def test_invalid_hosts(hass: HomeAssistant, host: str) -> None:
    """Reject a wrong host, and let the user correct it."""
    result = await direct(hass, host=host)
    assert result["step_id"] == "direct"
    assert result["errors"] == {"host": "invalid_host"}
    result = await enter(
        hass, result, host="\ufeff LocalHost\u00a0\u200b\n", port=free_port(), own_files={}, way="by_hand"
    )
    assert result["step_id"] == "by_hand_direct"
    assert shown(result)["url"].startswith("https://localhost:")


async def test_ipv6(hass: HomeAssistant) -> None:
    """Accept IPv6 addresses with and without brackets."""
    for host in ("::1", "[::1]"):
        result = await direct(hass, host=host)
        assert shown(result)["url"].startswith("https://[::1]:")
        hass.config_entries.flow.async_abort(result["flow_id"])
        await hass.async_block_till_done()


async def test_port_taken(hass: HomeAssistant) -> None:
    """Reject a port that isn't free."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = await direct(hass, port=other.getsockname()[1])
        assert result["errors"] == {"port": "port_taken"}
        assert shown(result)["error"] == "another program uses it"
    result = await enter(hass, result, host="127.0.0.1", port=free_port(), own_files={}, way="by_hand")
    assert result["step_id"] == "by_hand_direct"


async def test_authority_not_stored(hass: HomeAssistant) -> None:
    """Show an error if the certificate can't be stored."""
    authority_file(hass).parent.parent.mkdir(parents=True, exist_ok=True)
    authority_file(hass).parent.write_text("in the way")
    result = await direct(hass)
    assert result["errors"] == {"base": "authority_not_stored"}
    assert shown(result)["error"]


async def test_own_files(hass: HomeAssistant, tmp_path: Path) -> None:
    """Check the user's certificate files, and offer no certificate of our own."""
    signer = new_authority(dt_util.utcnow())
    files = UserFiles(tmp_path, signer)
    result = await direct(hass, certificate=files.data["certificate"])
    assert result["errors"] == {"base": "certificate_without_key"}

    def configure(**data: str) -> Any:
        return enter(hass, result, host="127.0.0.1", port=free_port(), own_files=data, way="by_hand")

    result = await configure(**files.data)
    assert result["errors"] == {"base": "problem"}
    assert shown(result)["problem"].startswith(f"{files.certificate} doesn't exist")
    files.write(new_server(signer, ["127.0.0.2"], dt_util.utcnow()))
    result = await configure(**files.data)
    assert shown(result)["problem"].endswith("is for: 127.0.0.2.")
    files.write(new_server(signer, ["127.0.0.1"], dt_util.utcnow()))
    result = await configure(**files.data)
    assert result["step_id"] == "by_hand"
    assert not authority_file(hass).exists()

    result = await choose(hass, result, "finish")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert {key: entry.data[key] for key in files.data} == files.data


async def test_address_of_another_machine(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept an address that isn't this machine's own, and store that it isn't."""

    async def addresses() -> list[dict[str, Any]]:
        return [{"ipv4": [{"address": "172.18.0.2", "network_prefix": 16}], "ipv6": []}]

    monkeypatch.setattr(core_internals, "async_load_adapters", addresses)
    monkeypatch.setattr(listener.ListenerSettings, "bind_addresses", ["127.0.0.1"])
    for host, is_own in (("192.168.1.10", False), ("172.18.0.2", True)):
        result = await choose(hass, await direct(hass, host=host), "finish")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        (entry,) = hass.config_entries.async_entries(DOMAIN)
        assert entry.data["own_address"] is is_own
        await hass.config_entries.async_remove(entry.entry_id)


# Reconfiguration


async def test_change_between_url_and_port(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, tmp_path: Path
) -> None:
    """Change between Home Assistant's address and ports; the token stays."""
    result = await direct(hass, await entry.start_reconfigure_flow(hass))
    assert result["step_id"] == "by_hand_direct"
    await hass.async_block_till_done()
    one = mount(hass, tmp_path, result)
    assert one.token == TOKEN
    assert (await one.test_connection()).delivered
    assert (await choose(hass, result, "finish"))["reason"] == "connected"
    assert (await one.test_connection()).delivered

    result = await choose(hass, await entry.start_reconfigure_flow(hass), "direct")
    assert result["data_schema"]
    suggested = {str(field): field.description for field in result["data_schema"].schema}
    port = int(one.url.split(":")[2].split("/")[0])
    assert suggested["port"] == {"suggested_value": port}
    # The port is taken, by ourselves.
    result = await enter(hass, result, host="127.0.0.1", port=port, own_files={}, way="by_hand")
    assert result["step_id"] == "by_hand_direct"
    assert (await one.test_connection()).delivered
    hass.config_entries.flow.async_abort(result["flow_id"])

    result = await direct(hass, await entry.start_reconfigure_flow(hass))
    await hass.async_block_till_done()
    assert (await one.test_connection()).status is None
    one.url = shown(result)["url"]
    assert (await one.test_connection()).delivered

    result = await choose(hass, await entry.start_reconfigure_flow(hass), "home_assistant")
    result = await enter(hass, result, url="https://ha.example.com", way="by_hand")
    await hass.async_block_till_done()
    assert result["step_id"] == "by_hand"
    assert (await one.test_connection()).status is None
    assert settings(entry) == {"url": "https://ha.example.com", "token": TOKEN}


async def test_camera_refuses_the_certificate_when_reconfiguring(hass: HomeAssistant, tmp_path: Path) -> None:
    """Show the error of the certificate when reconfiguring, too."""
    listener_entry = ListenerEntry(hass, tmp_path)
    await listener_entry.start()
    other = tmp_path / "other.pem"
    other.write_bytes(new_authority(dt_util.utcnow()).pem)
    await s_client(listener_entry.port, ca_file=other)
    # What was before the dialog is over.
    result = await choose(hass, await listener_entry.entry.start_reconfigure_flow(hass), "show")
    assert (await choose(hass, result, "finish"))["reason"] == "reconfigure_successful"
    result = await choose(hass, await listener_entry.entry.start_reconfigure_flow(hass), "show")
    await s_client(listener_entry.port, ca_file=other)
    result = await choose(hass, result, "finish")
    assert result["errors"] == {"base": "distrusted"}
    assert (await choose(hass, result, "finish"))["reason"] == "reconfigure_successful"


async def test_damaged_authority_is_replaced(hass: HomeAssistant, tmp_path: Path) -> None:
    """Make a new certificate authority if the old one is damaged."""
    listener_entry = ListenerEntry(hass, tmp_path)
    await listener_entry.start()
    authority_file(hass).write_text("damaged")
    result = await direct(hass, await listener_entry.entry.start_reconfigure_flow(hass), port=listener_entry.port)
    assert result["step_id"] == "by_hand_direct"
    one = mount(hass, tmp_path, result)
    await listener_entry.restart()
    assert (await one.test_connection()).delivered
    assert (await new_camera(listener_entry).test_connection()).status is None
    assert not ir.async_get(hass).issues


# A camera that is prepared


async def prepare(hass: HomeAssistant, result: ConfigFlowResult, device: Device, **fields: Any) -> ConfigFlowResult:
    """Let Home Assistant do in a camera what can be done."""
    result = await choose(hass, result, "prepare")
    assert result["step_id"] == "camera"
    entered = {"username": device.username, "password": device.password}
    return await enter(hass, result, host=device.address, **(entered | fields))


async def test_prepare_a_camera(hass: HomeAssistant, tmp_path: Path) -> None:
    """Install the certificate and set the version; the camera then reports."""
    result = await direct(hass)
    one = mount(hass, tmp_path, result)
    one.faults.protocol_version = "0.3"
    async with Device(faults=one.faults, https=True) as device:
        result = await prepare(hass, result, device)
        assert result["step_id"] == "certificate"
        assert shown(result)["host"] == device.address
        assert not device.requests
        result = await enter(hass, result)
        assert result["step_id"] == "camera_done"
        assert shown(result)["done"].splitlines() == [
            "- This is AXIS P8815\\-2 3D People Counter, serial number accc8ef3d92e, software 11\\.11\\.148.",
            "- The camera's own certificate wasn't verified, as you allowed.",
            "- The certificate was installed in the camera.",
            "- The protocol version was set to 0.4.",
        ]
        one.ca_file = device.write_authorities(tmp_path / "in the camera.pem")
        assert one.faults.protocol_version == "0.4"

        # Once more does no harm.
        result = await choose(hass, result, "check")
        result = await enter(hass, await moved_on(hass, result))
        assert result["step_id"] == "by_hand_direct"
        result = await prepare(hass, result, device)
        assert "- The camera already had the certificate." in shown(result)["done"]
    result = await choose(hass, result, "wait")
    assert (await one.test_connection()).delivered
    result = await moved_on(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    answer = await one.push()
    assert answer
    assert answer.delivered, answer
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert device.password not in str(entry.as_dict())


async def test_prepare_at_once(hass: HomeAssistant, tmp_path: Path) -> None:
    """Prepare the camera right after the address, as it is suggested, and wait for it."""
    result = await begin(hass)
    result = await enter(hass, result, host="127.0.0.1", port=free_port(), own_files={})
    assert result["step_id"] == "camera"
    async with Device() as device:
        result = await enter(hass, result, host=device.address, username=device.username, password=device.password)
        assert result["step_id"] == "camera_done"
        ca_file = device.write_authorities(tmp_path / "in the camera.pem")
    one = new_camera_at(shown(result)["url"], shown(result)["token"], ca_file)
    result = await choose(hass, result, "wait")
    assert (await one.test_connection()).delivered
    assert (await moved_on(hass, result))["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_prepare_an_old_camera(hass: HomeAssistant) -> None:
    """Show what the camera can't do, and what to do by hand."""
    result = await direct(hass)
    async with Device(counter=TWO_D, basic_device_info=False, certificates_api=False) as device:
        result = await prepare(hass, result, device)
        _, no_way, *lines = shown(result)["done"].splitlines()
        assert "AXIS OS 11.11" in no_way
        assert lines == [
            "- Install the certificate on the camera's page by hand, as in step 1 of the list.",
            "- The protocol version was set to 0.4.",
        ]
        assert device.faults.protocol_version == "0.4"


async def test_prepare_a_camera_without_https(hass: HomeAssistant) -> None:
    """Ask to compare the fingerprint if the connection wasn't encrypted."""
    result = await direct(hass)
    async with Device() as device:
        result = await prepare(hass, result, device)
        assert "- The connection to the camera wasn't encrypted. Compare" in shown(result)["done"]
        assert device.authorities


async def test_prepare_a_camera_without_counter(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Install no certificate for Home Assistant's address; set no version without a counter."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "show")
    async with Device(counter=None) as device:
        result = await prepare(hass, result, device)
        lines = shown(result)["done"].splitlines()
        assert len(lines) == 3
        assert lines[-1].startswith("- The protocol version wasn't set.")
        assert not device.authorities


async def test_preparing_a_camera_fails(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Let the user correct a wrong password; show hostile answers as plain text."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "show")
    async with Device() as device:
        result = await prepare(hass, result, device, password="wrong")  # noqa: S106
        assert result["errors"] == {"base": "problem"}
        problem = shown(result)["problem"]
        assert "{" not in problem
        assert "camera_" not in problem
        assert "wrong" not in problem.split()
        device.replies["/a3dpc/api/settings"] = Reply(400, b'{"error":{"message":"[click](http://evil) {token}"}}')
        fields = {"host": device.address, "username": device.username, "password": device.password}
        result = await enter(hass, result, **fields)
        assert "[click](http" not in shown(result)["done"]
        assert TOKEN not in shown(result)["done"]


# A check


async def check_from(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Let the address be checked, and wait for it."""
    result = await moved_on(hass, await choose(hass, result, "check"))
    assert result["step_id"] == "checked"
    return result


async def test_address_check(hass: HomeAssistant) -> None:
    """Check the listener's address, and return to the menu with URL and token."""
    result = await direct(hass)
    for _ in range(2):
        result = await check_from(hass, result)
        # Only what the address says of itself.
        (finding,) = shown(result)["findings"].splitlines()
        assert finding.startswith("- 127")
        result = await enter(hass, result)
        assert result["step_id"] == "by_hand_direct"


async def test_address_check_finds_a_problem(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Show the finding as a sentence."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "home_assistant")
    result = await enter(hass, result, url=f"https://127.0.0.1:{free_port()}", way="by_hand")
    result = await check_from(hass, result)
    assert "check_" not in shown(result)["findings"]
    assert "{" not in shown(result)["findings"]


async def test_closed_flow_cancels_the_check(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Cancel the check with the dialog."""
    result = await choose(hass, await entry.start_reconfigure_flow(hass), "show")
    result = await choose(hass, result, "check")
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()

"""The listener: which cameras it serves, on which port, and how it starts and stops."""

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
import logging
from pathlib import Path
import socket

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.connecting import server
from custom_components.axis_people_counter.connecting.authority import certificate_names
from custom_components.axis_people_counter.connecting.certificates import LoadedCertificate, OwnCertificates
from custom_components.axis_people_counter.const import AUTHORITY_PATH
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ..helpers.listener_entry import (
    ListenerEntry,
    allow_ipv6_loopback,
    new_camera,
    s_client,
    served,
    wait_for_issue,
    wait_until,
)
from ..helpers.pusher import state_of

pytestmark = pytest.mark.usefixtures("socket_enabled")

LONG_AGO = datetime.fromtimestamp(0, UTC)


async def test_camera_reports(hass: HomeAssistant, listener_entry: ListenerEntry) -> None:
    """Serve a camera that trusts only the authority: test message, days of history, new counts."""
    camera = new_camera(listener_entry, days=3)
    assert (await camera.test_connection()).delivered
    midday = datetime.now(UTC) - timedelta(minutes=10)
    for until in (midday, midday + timedelta(minutes=1), None):
        answer = await camera.push(until)
        assert answer
        assert answer.delivered, answer
        await hass.async_block_till_done()
    total = camera.delivered(LONG_AGO, datetime.now(UTC))
    assert total.in_ > 2_000
    assert state_of(hass, "sensor.main_entrance_in_total") == str(total.in_)
    assert state_of(hass, "sensor.main_entrance_out_total") == str(total.out)


async def test_camera_without_the_authority(listener_entry: ListenerEntry, other_authority: Path) -> None:
    """Fail the handshake of a camera that trusts only other authorities."""
    camera = new_camera(listener_entry)
    camera.ca_file = None
    answer = await camera.push()
    assert answer
    assert "CERTIFICATE_VERIFY_FAILED" in answer.text
    camera.ca_file = other_authority
    answer = await camera.push()
    assert answer
    assert "CERTIFICATE_VERIFY_FAILED" in answer.text


async def test_camera_with_another_name(listener_entry: ListenerEntry) -> None:
    """Fail the handshake under a name or address that isn't in the certificate."""
    allow_ipv6_loopback()
    camera = new_camera(listener_entry)
    camera.url = camera.url.replace("127.0.0.1", "localhost")
    answer = await camera.push()
    assert answer
    assert "Hostname mismatch" in answer.text


async def test_by_name(hass: HomeAssistant, tmp_path: Path) -> None:
    """Serve cameras that connect by name."""
    allow_ipv6_loopback()
    listener_entry = ListenerEntry(hass, tmp_path, "localhost")
    await listener_entry.start()
    assert (await new_camera(listener_entry).test_connection()).delivered


async def test_ipv6(hass: HomeAssistant, tmp_path: Path) -> None:
    """Serve cameras over IPv6."""
    listener_entry = ListenerEntry(hass, tmp_path, "[::1]")
    await listener_entry.start()
    assert "Verify return code: 0 (ok)" in await s_client(
        listener_entry.port, "-verify_ip", "::1", address="[::1]", ca_file=listener_entry.ca_file
    )
    assert certificate_names(served(listener_entry).certificate) == {"::1"}


@pytest.mark.parametrize(("version", "works"), [("-tls1_2", True), ("-tls1_3", True), ("-tls1_1", False)])
async def test_tls_versions(listener_entry: ListenerEntry, version: str, works: bool) -> None:
    """Accept TLS 1.2 and 1.3 only."""
    cipher = ("-cipher", "ALL:@SECLEVEL=0") if version == "-tls1_1" else ()
    output = await s_client(
        listener_entry.port, version, "-verify_ip", "127.0.0.1", *cipher, ca_file=listener_entry.ca_file
    )
    assert ("Verify return code: 0 (ok)" in output and "Cipher is (NONE)" not in output) is works, output


async def test_old_cipher(listener_entry: ListenerEntry) -> None:
    """Accept a cipher that cameras of ten years ago have."""
    output = await s_client(
        listener_entry.port,
        "-tls1_2",
        "-cipher",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "-curves",
        "P-256",
        ca_file=listener_entry.ca_file,
    )
    assert "Cipher is ECDHE-RSA-AES128-GCM-SHA256" in output


async def test_port_taken(hass: HomeAssistant, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Show an issue while another program has the port, log it once, and listen when it is free."""
    listener_entry = ListenerEntry(hass, tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", listener_entry.port))
        other.listen()
        await listener_entry.start()
        assert (await wait_for_issue(hass, "listener_port_taken"))["port"] == str(listener_entry.port)
        await asyncio.sleep(0.3)
    await wait_for_issue(hass, "listener_port_taken", shown=False)
    assert (await new_camera(listener_entry).test_connection()).delivered
    said = [record for record in caplog.records if record.name.startswith("custom_components")]
    assert [record.levelno for record in said if record.levelno >= logging.INFO] == [logging.ERROR, logging.INFO]


async def test_port_lost(hass: HomeAssistant, listener_entry: ListenerEntry) -> None:
    """Listen again after a socket was lost."""
    for task in asyncio.all_tasks():
        if "_accept" in repr(task.get_coro()):
            task.cancel()
    await asyncio.sleep(0)
    await wait_until(lambda: listener_entry.listener._server.is_listening)  # noqa: SLF001
    assert (await new_camera(listener_entry).test_connection()).delivered
    assert not ir.async_get(hass).issues


async def test_check_fails(listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve and check again after an unexpected error in a check."""
    load = OwnCertificates.load
    failed = asyncio.Event()

    def fail(*_: object) -> LoadedCertificate:
        listener_entry.hass.loop.call_soon_threadsafe(failed.set)
        raise RuntimeError("something nobody thought of")

    monkeypatch.setattr(OwnCertificates, "load", fail)
    await asyncio.wait_for(failed.wait(), 5)
    assert (await new_camera(listener_entry).test_connection()).delivered
    monkeypatch.setattr(OwnCertificates, "load", load)
    file = listener_entry.folder / "server.pem"
    file.unlink()
    await wait_until(file.exists)
    assert served(listener_entry)


async def test_authority_for_download(
    hass: HomeAssistant, tmp_path: Path, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Return the authority's certificate without login, and never a key."""
    listener_entry = ListenerEntry(hass, tmp_path)
    await listener_entry.start()
    client = await hass_client_no_auth()
    response = await client.get(AUTHORITY_PATH)
    text = await response.text()
    assert response.status == HTTPStatus.OK
    assert text == listener_entry.ca_file.read_text()
    assert "PRIVATE" not in text
    assert response.headers["Content-Disposition"].startswith("attachment")
    (listener_entry.folder / "authority.pem").unlink()
    assert (await client.get(AUTHORITY_PATH)).status == HTTPStatus.NOT_FOUND
    (listener_entry.folder / "authority.pem").mkdir()
    assert (await client.get(AUTHORITY_PATH)).status == HTTPStatus.NOT_FOUND


async def test_unload(hass: HomeAssistant, listener_entry: ListenerEntry) -> None:
    """Close the port on unload, and open it again on setup."""
    camera = new_camera(listener_entry)
    assert (await camera.test_connection()).delivered
    await hass.config_entries.async_unload(listener_entry.entry.entry_id)
    assert "refused" in (await camera.test_connection()).text.lower() + "refused"
    assert (await camera.test_connection()).status is None
    await listener_entry.start()
    assert (await camera.test_connection()).delivered


async def test_stop(hass: HomeAssistant, listener_entry: ListenerEntry) -> None:
    """Close the port when Home Assistant stops."""
    await hass.async_stop(force=True)
    assert (await new_camera(listener_entry).test_connection()).status is None


async def test_unload_during_a_push(
    hass: HomeAssistant, listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off a push that doesn't finish in time; the camera sends it again."""
    monkeypatch.setattr(server, "CLOSE_SECONDS", 0.5)
    await listener_entry.restart()
    camera = new_camera(listener_entry, days=2)
    camera.faults.bytes_per_second = len(camera.body(camera.waiting())) // 20
    pushing = asyncio.create_task(camera.push())
    await asyncio.sleep(0.5)
    await hass.config_entries.async_unload(listener_entry.entry.entry_id)
    answer = await pushing
    assert answer
    assert not answer.delivered
    await listener_entry.start()
    camera.faults.bytes_per_second = None
    answer = await camera.push()
    assert answer
    assert answer.delivered, answer

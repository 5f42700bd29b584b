"""The listener with our own authority: renewal, damaged files and a wrong clock."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from custom_components.axis_people_counter import core_internals
from custom_components.axis_people_counter.connecting import connections, listener
from custom_components.axis_people_counter.connecting.authority import (
    SERVER_LIFETIME,
    certificate_names,
    new_authority,
    new_server,
    read_certificate_and_key,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..helpers.listener_entry import ListenerEntry, new_camera, s_client, served, wait_for_issue, wait_until
from ..helpers.pusher import state_of

pytestmark = pytest.mark.usefixtures("socket_enabled")

LONG_AGO = datetime.fromtimestamp(0, UTC)


@pytest.mark.slow
async def test_renewal_under_traffic(
    hass: HomeAssistant, listener_entry: ListenerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lose no count while the certificate is renewed again and again."""
    monkeypatch.setattr(connections, "HANDSHAKE_INTERVAL", 0.0)
    cameras = [
        new_camera(listener_entry, days=0.1, serial=f"accc8e00000{number}", name=f"Door {number}")
        for number in range(4)
    ]
    for camera in cameras:
        camera.batch = 15
        camera.faults.bytes_per_second = 30_000
    fingerprints = set()
    pushing = asyncio.gather(*(camera.push() for camera in cameras))
    while not pushing.done():
        # A certificate that is about to expire.
        authority = read_certificate_and_key((listener_entry.folder / "authority.pem").read_bytes())
        ending = new_server(authority, ["127.0.0.1"], dt_util.utcnow() - SERVER_LIFETIME + timedelta(days=29))
        (listener_entry.folder / "server.pem").write_bytes(ending.pem)
        await asyncio.sleep(0.3)
        output = await s_client(listener_entry.port, ca_file=listener_entry.ca_file)
        assert "Verify return code: 0 (ok)" in output
        fingerprints.add(output[output.index("BEGIN CERT") : output.index("END CERT")])
    assert len(fingerprints) > 2
    for answer in await pushing:
        assert answer
        assert answer.delivered, answer
    for camera in cameras:
        await camera.push()
    await hass.async_block_till_done()
    for number, camera in enumerate(cameras):
        now = datetime.now(UTC)
        assert camera.delivered(LONG_AGO, now).in_ == camera.counted(LONG_AGO, camera.cursor or now).in_
        assert state_of(hass, f"sensor.door_{number}_in_total") == str(camera.delivered(LONG_AGO, now).in_)


async def test_renewed_for_another_address(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renew the certificate when this machine gets another address; keep the authority."""
    own = ["192.168.1.10", "fd00::10"]

    async def addresses() -> list[dict[str, Any]]:
        loopback = {"address": "127.0.0.1", "network_prefix": 8}
        link_local = {"address": "fe80::1", "network_prefix": 64, "flowinfo": 0, "scope_id": 2}
        ipv4 = [{"address": address, "network_prefix": 24} for address in own if ":" not in address]
        ipv6 = [
            {"address": address, "network_prefix": 64, "flowinfo": 0, "scope_id": 0}
            for address in own
            if ":" in address
        ]
        return [{"ipv4": [loopback, *ipv4], "ipv6": [link_local, *ipv6]}]

    monkeypatch.setattr(core_internals, "async_load_adapters", addresses)
    # Tests listen on the loopback only.
    monkeypatch.setattr(listener.ListenerSettings, "bind_addresses", ["127.0.0.1"])
    listener_entry = ListenerEntry(hass, tmp_path, "counter.example.com")
    await listener_entry.start()
    before = served(listener_entry).certificate
    assert certificate_names(before) == {"counter.example.com", "192.168.1.10", "fd00::10"}
    authority = (listener_entry.folder / "authority.pem").read_bytes()

    own[0] = "192.168.1.99"
    await wait_until(lambda: "192.168.1.99" in certificate_names(served(listener_entry).certificate))
    output = await s_client(listener_entry.port, "-verify_ip", "192.168.1.99", ca_file=listener_entry.ca_file)
    assert "Verify return code: 0 (ok)" in output
    assert (listener_entry.folder / "authority.pem").read_bytes() == authority


async def test_server_certificate_damaged(listener_entry: ListenerEntry) -> None:
    """Replace a damaged or absent server certificate without an issue."""
    file = listener_entry.folder / "server.pem"
    for damaged in (b"", b"nonsense", None):
        if damaged is None:
            file.unlink()
        else:
            file.write_bytes(damaged)
        await wait_until(lambda: file.exists() and file.read_bytes() not in {b"", b"nonsense"})
        assert "Verify return code: 0 (ok)" in await s_client(listener_entry.port, ca_file=listener_entry.ca_file)


async def test_folder_in_place_of_the_certificate(hass: HomeAssistant, listener_entry: ListenerEntry) -> None:
    """Show an issue if the file can't be replaced, and serve with the old certificate."""
    file = listener_entry.folder / "server.pem"
    file.unlink()
    file.mkdir()
    await wait_for_issue(hass, "listener_certificate_unwritable")
    assert (await new_camera(listener_entry).test_connection()).delivered
    assert listener_entry.listener.problems == ["listener_certificate_unwritable"]
    file.rmdir()
    await wait_for_issue(hass, "listener_certificate_unwritable", shown=False)
    assert listener_entry.listener.problems == []


def flipped(pem: bytes, part: bytes, byte: int) -> bytes:
    """Return a PEM file with one bit flipped in one of its parts."""
    begin = pem.index(part) + len(part)
    end = pem.index(b"-----END", begin)
    content = bytearray(base64.b64decode(pem[begin:end]))
    content[byte] ^= 1
    return pem[:begin] + b"\n" + base64.encodebytes(content) + pem[end:]


@pytest.mark.parametrize("part", [b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN CERTIFICATE-----"])
@pytest.mark.slow
async def test_any_flipped_bit(hass: HomeAssistant, listener_entry: ListenerEntry, part: bytes) -> None:
    """Serve cameras whichever bit of a file is flipped, also after a restart."""
    camera = new_camera(listener_entry)
    for name, key in (("authority.pem", "listener_authority_damaged"), ("server.pem", None)):
        file = listener_entry.folder / name
        content = file.read_bytes()
        for byte in (0, 5, 9, 15, 30, 60, 200, 260, 300, -200, -1):
            file.write_bytes(flipped(content, part, byte))
            await listener_entry.restart()
            assert (await camera.test_connection()).delivered, (name, byte)
            # Some damage shows in the signature only, and nobody verifies an authority's own signature.
            assert {issue_id for _, issue_id in ir.async_get(hass).issues} <= {key}, (name, byte)
        file.write_bytes(content)
        await listener_entry.restart()
        assert not ir.async_get(hass).issues


@pytest.mark.parametrize("damage", ["gone", "garbage", "unreadable"])
async def test_authority_damaged(hass: HomeAssistant, listener_entry: ListenerEntry, damage: str) -> None:
    """Show an issue and serve with the present certificate until the authority is restored."""
    file = listener_entry.folder / "authority.pem"
    content = file.read_bytes()
    file.unlink()
    if damage == "garbage":
        file.write_bytes(b"garbage")
    elif damage == "unreadable":
        # Even root can't read a folder as a file.
        file.mkdir()
    assert (await wait_for_issue(hass, "listener_authority_damaged"))["path"].endswith("authority\\.pem")
    assert (await new_camera(listener_entry).test_connection()).delivered
    await listener_entry.restart()
    assert (await new_camera(listener_entry).test_connection()).delivered

    if file.is_dir():
        file.rmdir()
    file.write_bytes(content)
    await wait_for_issue(hass, "listener_authority_damaged", shown=False)


async def test_no_certificate_at_all(hass: HomeAssistant, listener_entry: ListenerEntry) -> None:
    """Keep the port and show an issue, but serve nobody, without any certificate."""
    contents = {path: path.read_bytes() for path in listener_entry.folder.iterdir()}
    await hass.config_entries.async_unload(listener_entry.entry.entry_id)
    for path in contents:
        path.unlink()
    await listener_entry.start()
    await wait_for_issue(hass, "listener_authority_damaged")
    assert (await new_camera(listener_entry).test_connection()).status is None
    for path, content in contents.items():
        path.write_bytes(content)
    await wait_for_issue(hass, "listener_authority_damaged", shown=False)
    assert (await new_camera(listener_entry).test_connection()).delivered


async def test_expired_authority(hass: HomeAssistant, tmp_path: Path) -> None:
    """Treat an expired authority like a damaged one."""
    listener_entry = ListenerEntry(hass, tmp_path)
    authority = new_authority(dt_util.utcnow() - timedelta(days=20 * 365 + 1))
    (listener_entry.folder / "authority.pem").write_bytes(authority.pem)
    await listener_entry.start()
    await wait_for_issue(hass, "listener_authority_damaged")


async def test_certificate_cannot_be_stored(hass: HomeAssistant, listener_entry: ListenerEntry) -> None:
    """Serve with the present certificate if a new one can't be stored."""
    blocked = listener_entry.folder / "server.new"
    blocked.mkdir()
    # A certificate that is about to expire.
    authority = read_certificate_and_key((listener_entry.folder / "authority.pem").read_bytes())
    ending = new_server(authority, ["127.0.0.1"], dt_util.utcnow() - SERVER_LIFETIME + timedelta(days=29))
    (listener_entry.folder / "server.pem").write_bytes(ending.pem)
    assert (await wait_for_issue(hass, "listener_certificate_unwritable"))["path"].endswith("server\\.pem")
    assert (await new_camera(listener_entry).test_connection()).delivered
    blocked.rmdir()
    await wait_for_issue(hass, "listener_certificate_unwritable", shown=False)
    assert served(listener_entry).certificate != ending.certificate


async def test_clock_before_the_certificate(hass: HomeAssistant, tmp_path: Path) -> None:
    """Show the clock issue, and make no certificate, before the authority becomes valid."""
    listener_entry = ListenerEntry(hass, tmp_path)
    authority = new_authority(dt_util.utcnow() + timedelta(days=3651))
    (listener_entry.folder / "authority.pem").write_bytes(authority.pem)
    await listener_entry.start()
    placeholders = await wait_for_issue(hass, "listener_clock")
    assert f"{authority.certificate.not_valid_before_utc:%Y}" in placeholders["begin"]
    assert not (listener_entry.folder / "server.pem").exists()
    # Has the same effect as a corrected clock.
    (listener_entry.folder / "authority.pem").write_bytes(new_authority(dt_util.utcnow()).pem)
    await wait_for_issue(hass, "listener_clock", shown=False)

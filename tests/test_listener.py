"""The listener for cameras: who is served, with which certificate, and what it says when something is wrong."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
import logging
import os
from pathlib import Path
import socket
import ssl
from typing import Any

from aiohttp import ClientSession
from cryptography.hazmat.primitives import serialization
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter import core_internals
from custom_components.axis_people_counter.connecting import connections, listener
from custom_components.axis_people_counter.connecting.authority import (
    SERVER_LIFETIME,
    CertificateAndKey,
    certificate_names,
    certificate_pem,
    new_authority,
    new_server,
    read_certificate_and_key,
)
from custom_components.axis_people_counter.connecting.certificates import LoadedCertificate, OwnCertificates
from custom_components.axis_people_counter.const import AUTHORITY_PATH, DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .helpers.listening import Listening, UserFiles, new_camera, s_client
from .helpers.problems import problems
from .helpers.pusher import PATH, TOKEN, state_of

pytestmark = pytest.mark.usefixtures("socket_enabled")

LONG_AGO = datetime.fromtimestamp(0, UTC)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look after the listener more often than usual."""
    monkeypatch.setattr(listener, "CHECK_SECONDS", 0.05)


@pytest.fixture
async def listening(hass: HomeAssistant, tmp_path: Path) -> Listening:
    """Return an instance that listens on the loopback."""
    listening = Listening(hass, tmp_path)
    await listening.start()
    return listening


async def until_shown(hass: HomeAssistant, key: str, *, shown: bool = True) -> dict[str, str]:
    """Wait until a repair is shown, or none is, and return what it says."""
    for _ in range(200):
        issue = problems(hass).get(key)
        if (issue is not None) is shown:
            return dict((issue and issue.translation_placeholders) or {})
        await asyncio.sleep(0.02)
    raise AssertionError(f"{key} is {'not ' if shown else ''}shown")


def served(listening: Listening) -> CertificateAndKey:
    """Return the server's certificate as it is stored."""
    return read_certificate_and_key((listening.folder / "server.pem").read_bytes())


# Who is served


async def test_camera_reports(hass: HomeAssistant, listening: Listening) -> None:
    """With nothing but the authority's certificate a camera tests its connection, brings 90 days and goes on."""
    one = new_camera(listening, days=90)
    assert (await one.test_connection()).delivered
    midday = datetime.now(UTC) - timedelta(minutes=10)
    for until in (midday, midday + timedelta(minutes=1), None):
        answer = await one.push(until)
        assert answer
        assert answer.delivered, answer
        await hass.async_block_till_done()
    total = one.delivered(LONG_AGO, datetime.now(UTC))
    assert total.in_ > 10_000
    assert state_of(hass, "sensor.main_entrance_in_total") == str(total.in_)
    assert state_of(hass, "sensor.main_entrance_out_total") == str(total.out)


async def test_camera_without_the_authority(listening: Listening, tmp_path: Path) -> None:
    """A camera that trusts the public authorities only, or another one of ours, sends nothing."""
    one = new_camera(listening)
    one.ca_file = None
    answer = await one.push()
    assert answer
    assert "CERTIFICATE_VERIFY_FAILED" in answer.text
    one.ca_file = tmp_path / "other.pem"
    one.ca_file.write_text(certificate_pem(new_authority(dt_util.utcnow()).certificate))
    answer = await one.push()
    assert answer
    assert "CERTIFICATE_VERIFY_FAILED" in answer.text


async def test_camera_with_another_name(listening: Listening) -> None:
    """A name or address that isn't in the certificate isn't accepted, though it leads here."""
    one = new_camera(listening)
    one.url = one.url.replace("127.0.0.1", "localhost")
    answer = await one.push()
    assert answer
    assert "Hostname mismatch" in answer.text


async def test_by_name(hass: HomeAssistant, tmp_path: Path) -> None:
    """A name is as good as an address."""
    listening = Listening(hass, tmp_path, "localhost")
    await listening.start()
    assert (await new_camera(listening).test_connection()).delivered


async def test_ipv6(hass: HomeAssistant, tmp_path: Path) -> None:
    """Cameras come by IPv6 as well."""
    listening = Listening(hass, tmp_path, "[::1]")
    await listening.start()
    assert "Verify return code: 0 (ok)" in await s_client(
        listening.port, "-verify_ip", "::1", address="[::1]", ca_file=listening.ca_file
    )
    assert certificate_names(served(listening).certificate) == {"::1"}


async def test_expired_certificate(hass: HomeAssistant, tmp_path: Path) -> None:
    """A certificate of the user that has expired isn't accepted; the camera keeps its counts till it is renewed."""
    now = dt_util.utcnow()
    authority = new_authority(now)
    files = UserFiles(tmp_path, authority)
    files.write(new_server(authority, ["127.0.0.1"], now - SERVER_LIFETIME - timedelta(seconds=1)))
    listening = Listening(hass, tmp_path, **files.data)
    listening.ca_file.write_text(certificate_pem(authority.certificate))
    await listening.start()
    one = new_camera(listening)
    answer = await one.push()
    assert answer
    assert "certificate has expired" in answer.text
    await until_shown(hass, "listener_certificate_expired")

    files.write(new_server(authority, ["127.0.0.1"], now))
    await until_shown(hass, "listener_certificate_expired", shown=False)
    answer = await one.push()
    assert answer
    assert answer.delivered, answer


@pytest.mark.parametrize(("version", "works"), [("-tls1_2", True), ("-tls1_3", True), ("-tls1_1", False)])
async def test_versions_of_tls(listening: Listening, version: str, works: bool) -> None:
    """What is safe is spoken, and nothing older."""
    cipher = ("-cipher", "ALL:@SECLEVEL=0") if version == "-tls1_1" else ()
    output = await s_client(listening.port, version, "-verify_ip", "127.0.0.1", *cipher, ca_file=listening.ca_file)
    assert ("Verify return code: 0 (ok)" in output and "Cipher is (NONE)" not in output) is works, output


async def test_old_camera(listening: Listening) -> None:
    """A camera that knows the ciphers of ten years ago gets through."""
    output = await s_client(
        listening.port,
        "-tls1_2",
        "-cipher",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "-curves",
        "P-256",
        ca_file=listening.ca_file,
    )
    assert "Cipher is ECDHE-RSA-AES128-GCM-SHA256" in output


# Renewal


async def test_renewal_under_traffic(
    hass: HomeAssistant, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While cameras push without pause the certificate is renewed again and again; nothing is lost."""
    monkeypatch.setattr(connections, "HANDSHAKE_INTERVAL", 0.0)
    cameras = [
        new_camera(listening, days=1, serial=f"accc8e00000{number}", name=f"Door {number}") for number in range(4)
    ]
    for one in cameras:
        one.batch = 15
        one.faults.bytes_per_second = 200_000
    fingerprints = set()
    pushing = asyncio.gather(*(one.push() for one in cameras))
    while not pushing.done():
        # As if it were about to end.
        authority = read_certificate_and_key((listening.folder / "authority.pem").read_bytes())
        ending = new_server(authority, ["127.0.0.1"], dt_util.utcnow() - SERVER_LIFETIME + timedelta(days=29))
        (listening.folder / "server.pem").write_bytes(ending.pem)
        await asyncio.sleep(0.3)
        output = await s_client(listening.port, ca_file=listening.ca_file)
        assert "Verify return code: 0 (ok)" in output
        fingerprints.add(output[output.index("BEGIN CERT") : output.index("END CERT")])
    assert len(fingerprints) > 2
    for answer in await pushing:
        assert answer
        assert answer.delivered, answer
    for one in cameras:
        await one.push()
    await hass.async_block_till_done()
    for number, one in enumerate(cameras):
        now = datetime.now(UTC)
        assert one.delivered(LONG_AGO, now).in_ == one.counted(LONG_AGO, one.cursor or now).in_
        assert state_of(hass, f"sensor.door_{number}_in_total") == str(one.delivered(LONG_AGO, now).in_)


async def test_renewed_for_another_address(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When this machine gets another address the certificate has it, too, and the cameras' authority stays."""
    own = ["192.168.1.10", "fd00::10"]

    async def addresses() -> list[dict[str, Any]]:
        loopback = {"address": "127.0.0.1", "network_prefix": 8}
        link_local = {"address": "fe80::1", "network_prefix": 64, "flowinfo": 0, "scope_id": 2}
        ipv4 = [{"address": one, "network_prefix": 24} for one in own if ":" not in one]
        ipv6 = [{"address": one, "network_prefix": 64, "flowinfo": 0, "scope_id": 0} for one in own if ":" in one]
        return [{"ipv4": [loopback, *ipv4], "ipv6": [link_local, *ipv6]}]

    monkeypatch.setattr(core_internals, "async_load_adapters", addresses)
    # Tests listen on the loopback only.
    monkeypatch.setattr(listener.ListenerSettings, "bind_addresses", ["127.0.0.1"])
    listening = Listening(hass, tmp_path, "counter.example.com")
    await listening.start()
    before = served(listening).certificate
    assert certificate_names(before) == {"counter.example.com", "192.168.1.10", "fd00::10"}
    authority = (listening.folder / "authority.pem").read_bytes()

    own[0] = "192.168.1.99"
    for _ in range(100):
        await asyncio.sleep(0.02)
        if "192.168.1.99" in certificate_names(served(listening).certificate):
            break
    output = await s_client(listening.port, "-verify_ip", "192.168.1.99", ca_file=listening.ca_file)
    assert "Verify return code: 0 (ok)" in output
    assert (listening.folder / "authority.pem").read_bytes() == authority


# What is wrong, and that it is well again


async def test_port_taken(hass: HomeAssistant, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A port that another program has is said once, and tried again."""
    listening = Listening(hass, tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", listening.port))
        other.listen()
        await listening.start()
        assert (await until_shown(hass, "listener_port_taken"))["port"] == str(listening.port)
        await asyncio.sleep(0.3)
    await until_shown(hass, "listener_port_taken", shown=False)
    assert (await new_camera(listening).test_connection()).delivered
    said = [record for record in caplog.records if record.name.startswith("custom_components")]
    assert [record.levelno for record in said if record.levelno >= logging.INFO] == [logging.ERROR, logging.INFO]


async def test_port_lost(hass: HomeAssistant, listening: Listening) -> None:
    """Should the listener ever stop to listen, it begins again."""
    for task in asyncio.all_tasks():
        if "_accept" in repr(task.get_coro()):
            task.cancel()
    await asyncio.sleep(1)
    assert (await new_camera(listening).test_connection()).delivered
    assert not ir.async_get(hass).issues


async def test_server_certificate_damaged(listening: Listening) -> None:
    """Without a word another one is made."""
    for damaged in (b"", b"nonsense"):
        (listening.folder / "server.pem").write_bytes(damaged)
        await asyncio.sleep(0.3)
        assert "Verify return code: 0 (ok)" in await s_client(listening.port, ca_file=listening.ca_file)
    (listening.folder / "server.pem").unlink()
    await asyncio.sleep(0.3)
    assert "Verify return code: 0 (ok)" in await s_client(listening.port, ca_file=listening.ca_file)


async def test_server_certificate_in_the_way(hass: HomeAssistant, listening: Listening) -> None:
    """What stands in its place and is no file is said; who was served goes on to be."""
    file = listening.folder / "server.pem"
    file.unlink()
    file.mkdir()
    await until_shown(hass, "listener_certificate_unwritable")
    assert (await new_camera(listening).test_connection()).delivered
    assert listening.listener.problems == ["listener_certificate_unwritable"]
    file.rmdir()
    await until_shown(hass, "listener_certificate_unwritable", shown=False)
    assert listening.listener.problems == []


def flipped(pem: bytes, part: bytes, byte: int) -> bytes:
    """Return a file with one bit of one of its parts turned over."""
    begin = pem.index(part) + len(part)
    end = pem.index(b"-----END", begin)
    content = bytearray(base64.b64decode(pem[begin:end]))
    content[byte] ^= 1
    return pem[:begin] + b"\n" + base64.encodebytes(content) + pem[end:]


@pytest.mark.parametrize("part", [b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN CERTIFICATE-----"])
async def test_any_damage(hass: HomeAssistant, listening: Listening, part: bytes) -> None:
    """Whatever bit turns over, cameras are served on; also after a restart, and with files that were made anew."""
    one = new_camera(listening)
    for name, key in (("authority.pem", "listener_authority_damaged"), ("server.pem", None)):
        file = listening.folder / name
        content = file.read_bytes()
        for byte in (0, 5, 9, 15, 30, 60, 200, 260, 300, -200, -1):
            file.write_bytes(flipped(content, part, byte))
            await listening.restart()
            assert (await one.test_connection()).delivered, (name, byte)
            # What only the certificate's signature would tell isn't seen of an authority: nobody verifies that one.
            assert {issue_id for _, issue_id in ir.async_get(hass).issues} <= {key}, (name, byte)
        file.write_bytes(content)
        await listening.restart()
        assert not ir.async_get(hass).issues


@pytest.mark.parametrize("damage", ["gone", "garbage", "unreadable"])
async def test_authority_damaged(hass: HomeAssistant, listening: Listening, damage: str) -> None:
    """Cameras are served on with what there is; with the file restored all is well again."""
    file = listening.folder / "authority.pem"
    content = file.read_bytes()
    file.unlink()
    if damage == "garbage":
        file.write_bytes(b"garbage")
    elif damage == "unreadable":
        # Also for somebody who may read everything.
        file.mkdir()
    assert (await until_shown(hass, "listener_authority_damaged"))["path"].endswith("authority\\.pem")
    assert (await new_camera(listening).test_connection()).delivered
    await listening.restart()
    assert (await new_camera(listening).test_connection()).delivered

    if file.is_dir():
        file.rmdir()
    file.write_bytes(content)
    await until_shown(hass, "listener_authority_damaged", shown=False)


async def test_everything_gone(hass: HomeAssistant, listening: Listening) -> None:
    """Without any certificate nobody is served; the port is held, the repair says what to do."""
    contents = {path: path.read_bytes() for path in listening.folder.iterdir()}
    await hass.config_entries.async_unload(listening.entry.entry_id)
    for path in contents:
        path.unlink()
    await listening.start()
    await until_shown(hass, "listener_authority_damaged")
    assert (await new_camera(listening).test_connection()).status is None
    for path, content in contents.items():
        path.write_bytes(content)
    await until_shown(hass, "listener_authority_damaged", shown=False)
    assert (await new_camera(listening).test_connection()).delivered


async def test_authority_over(hass: HomeAssistant, tmp_path: Path) -> None:
    """An authority that has ended is none."""
    listening = Listening(hass, tmp_path)
    authority = new_authority(dt_util.utcnow() - timedelta(days=20 * 365 + 1))
    (listening.folder / "authority.pem").write_bytes(authority.pem)
    await listening.start()
    await until_shown(hass, "listener_authority_damaged")


async def test_certificate_cannot_be_stored(hass: HomeAssistant, listening: Listening) -> None:
    """On a full or read-only disk the present certificate is used on."""
    blocked = listening.folder / "server.new"
    blocked.mkdir()
    # As if it were about to end.
    authority = read_certificate_and_key((listening.folder / "authority.pem").read_bytes())
    ending = new_server(authority, ["127.0.0.1"], dt_util.utcnow() - SERVER_LIFETIME + timedelta(days=29))
    (listening.folder / "server.pem").write_bytes(ending.pem)
    assert (await until_shown(hass, "listener_certificate_unwritable"))["path"].endswith("server\\.pem")
    assert (await new_camera(listening).test_connection()).delivered
    blocked.rmdir()
    await until_shown(hass, "listener_certificate_unwritable", shown=False)
    assert served(listening).certificate != ending.certificate


async def test_clock_before_the_certificate(hass: HomeAssistant, tmp_path: Path) -> None:
    """A clock that was never set is said, and nothing is made with it; it goes on when it is right."""
    listening = Listening(hass, tmp_path)
    authority = new_authority(dt_util.utcnow() + timedelta(days=3651))
    (listening.folder / "authority.pem").write_bytes(authority.pem)
    await listening.start()
    placeholders = await until_shown(hass, "listener_clock")
    assert f"{authority.certificate.not_valid_before_utc:%Y}" in placeholders["begin"]
    assert not (listening.folder / "server.pem").exists()
    # The same as if the clock had been set.
    (listening.folder / "authority.pem").write_bytes(new_authority(dt_util.utcnow()).pem)
    await until_shown(hass, "listener_clock", shown=False)


async def test_address_gone(
    hass: HomeAssistant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If cameras are known but none comes, and their address isn't ours any more, a repair says so."""
    own = ["192.168.1.10"]

    async def addresses() -> list[dict[str, Any]]:
        return [{"ipv4": [{"address": one, "network_prefix": 24} for one in own], "ipv6": []}]

    monkeypatch.setattr(core_internals, "async_load_adapters", addresses)
    monkeypatch.setattr(listener.ListenerSettings, "bind_addresses", ["127.0.0.1"])
    monkeypatch.setattr(listener, "PATIENCE", timedelta(seconds=0.5))
    listening = Listening(hass, tmp_path, "192.168.1.10")
    await listening.start()
    own[:] = ["192.168.1.99"]
    await asyncio.sleep(1)
    # Nobody is missed who never came.
    assert not ir.async_get(hass).async_get_issue(DOMAIN, "listener_address_gone")

    await push_to(listening, "192.168.1.10")
    assert await until_shown(hass, "listener_address_gone") == {
        "host": "192\\.168\\.1\\.10",
        "addresses": "192\\.168\\.1\\.99",
    }
    # It got through after all, however it did that.
    await push_to(listening, "192.168.1.10")
    await until_shown(hass, "listener_address_gone", shown=False)
    await until_shown(hass, "listener_address_gone")
    own.append("192.168.1.10")
    await until_shown(hass, "listener_address_gone", shown=False)
    # What can't be said of an unloaded entry isn't.
    own[:] = []
    await until_shown(hass, "listener_address_gone")
    await hass.config_entries.async_unload(listening.entry.entry_id)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, "listener_address_gone")


async def test_address_of_the_machine_below(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container nobody can tell whether the address still leads here, and so nothing is said."""
    monkeypatch.setattr(listener.ListenerSettings, "bind_addresses", ["127.0.0.1"])
    monkeypatch.setattr(listener, "PATIENCE", timedelta(seconds=0.3))
    listening = Listening(hass, tmp_path, "192.168.1.10", own_address=False)
    await listening.start()
    await push_to(listening, "192.168.1.10")
    await asyncio.sleep(1)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, "listener_address_gone")


@pytest.mark.parametrize(("found", "gone"), [(["127.0.0.1"], False), (["192.0.2.1"], True), ([], True)])
async def test_name_gone(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: list[str], gone: bool
) -> None:
    """A name is looked up: it may lead here, elsewhere, or nowhere."""

    async def getaddrinfo(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        if not found:
            raise socket.gaierror("Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]

    monkeypatch.setattr(hass.loop, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(listener.ListenerSettings, "bind_addresses", ["127.0.0.1"])
    monkeypatch.setattr(listener, "PATIENCE", timedelta(seconds=0.3))
    listening = Listening(hass, tmp_path, "counter.example.com")
    await listening.start()
    await push_to(listening, "counter.example.com")
    if gone:
        await until_shown(hass, "listener_address_gone")
    else:
        await asyncio.sleep(1)
        assert not ir.async_get(hass).async_get_issue(DOMAIN, "listener_address_gone")


async def push_to(listening: Listening, name: str) -> None:
    """Push something to a listener that can't be reached by its name here."""
    one = new_camera(listening)
    context = ssl.create_default_context(cafile=listening.ca_file)
    async with (
        ClientSession() as session,
        session.post(
            f"https://127.0.0.1:{listening.port}{PATH}",
            data=one.body(one.waiting()),
            headers={"Authorization": f"Bearer {TOKEN}"},
            ssl=context,
            server_hostname=name,
        ) as response,
    ):
        assert response.status == HTTPStatus.OK
    await listening.hass.async_block_till_done()


async def test_check_fails(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens while it is looked after, the listener goes on, and is looked after again."""
    load = OwnCertificates.load
    failed = asyncio.Event()

    def fail(*_: object) -> LoadedCertificate:
        listening.hass.loop.call_soon_threadsafe(failed.set)
        raise RuntimeError("something nobody thought of")

    monkeypatch.setattr(OwnCertificates, "load", fail)
    await asyncio.wait_for(failed.wait(), 5)
    assert (await new_camera(listening).test_connection()).delivered
    monkeypatch.setattr(OwnCertificates, "load", load)
    (listening.folder / "server.pem").unlink()
    await asyncio.sleep(0.3)
    assert served(listening)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_camera_forgot_the_authority(
    hass: HomeAssistant, listening: Listening, tmp_path: Path, version: str
) -> None:
    """A known camera that refuses the certificate is named; a browser that does so is none of ours."""
    other = tmp_path / "other.pem"
    other.write_text(certificate_pem(new_authority(dt_util.utcnow()).certificate))
    assert "verify error" in await s_client(listening.port, version, ca_file=other)
    assert not ir.async_get(hass).issues

    one = new_camera(listening)
    await one.push()
    await listening.restart()
    await s_client(listening.port, version, ca_file=other)
    assert await until_shown(hass, "certificate_refused_accc8ef3d92e") == {
        "name": "Main entrance",
        "camera": "Main entrance",
        "address": "127.0.0.1",
    }
    assert (await one.test_connection()).delivered
    await until_shown(hass, "certificate_refused_accc8ef3d92e", shown=False)


async def test_camera_that_refuses_is_removed(hass: HomeAssistant, listening: Listening, tmp_path: Path) -> None:
    """Who isn't there any more has nothing to be mended."""
    await new_camera(listening).push()
    await listening.restart()
    other = tmp_path / "other.pem"
    other.write_text(certificate_pem(new_authority(dt_util.utcnow()).certificate))
    await s_client(listening.port, ca_file=other)
    await until_shown(hass, "certificate_refused_accc8ef3d92e")
    await listening.entry.runtime_data.async_remove_camera("accc8ef3d92e")
    assert not ir.async_get(hass).issues


async def test_another_device_at_the_address_of_a_camera(
    hass: HomeAssistant, listening: Listening, tmp_path: Path
) -> None:
    """A camera that gets through isn't blamed for what something else at its address does, a browser or a neighbour."""
    other = tmp_path / "other.pem"
    other.write_text(certificate_pem(new_authority(dt_util.utcnow()).certificate))
    well = new_camera(listening, serial="b8a44f050001", name="Back door")
    await new_camera(listening).push()
    await well.push()
    await listening.restart()
    # Both say that they have this address; only one of them has been heard since.
    assert (await well.test_connection()).delivered
    await hass.async_block_till_done()
    await s_client(listening.port, ca_file=other)
    await until_shown(hass, "certificate_refused_accc8ef3d92e")
    assert len(problems(hass)) == 1
    assert (await well.test_connection()).delivered
    assert {*problems(hass)} == {"certificate_refused_accc8ef3d92e"}
    # It gets through again, and so it is something else.
    assert (await new_camera(listening).test_connection()).delivered
    await until_shown(hass, "certificate_refused_accc8ef3d92e", shown=False)
    await s_client(listening.port, ca_file=other)
    await asyncio.sleep(0.2)
    assert not problems(hass)


async def test_another_way(hass: HomeAssistant, listening: Listening, tmp_path: Path) -> None:
    """Whoever doesn't come by this way any more can't refuse the certificate either."""
    await new_camera(listening).push()
    await listening.restart()
    other = tmp_path / "other.pem"
    other.write_text(certificate_pem(new_authority(dt_util.utcnow()).certificate))
    await s_client(listening.port, ca_file=other)
    await until_shown(hass, "certificate_refused_accc8ef3d92e")
    hass.config_entries.async_update_entry(listening.entry, data={"url": "https://ha.example.com", "token": TOKEN})
    await hass.async_block_till_done()
    assert not ir.async_get(hass).issues


# UserFiles of the user


@pytest.fixture
async def files(hass: HomeAssistant, tmp_path: Path) -> UserFiles:
    """Return files that can be used."""
    authority = new_authority(dt_util.utcnow())
    files = UserFiles(tmp_path, authority)
    files.write(new_server(authority, ["127.0.0.1"], dt_util.utcnow()))
    return files


@pytest.fixture
async def with_files(hass: HomeAssistant, tmp_path: Path, files: UserFiles) -> Listening:
    """Return an instance that listens with files of the user."""
    listening = Listening(hass, tmp_path, **files.data)
    listening.ca_file.write_text(certificate_pem(files.authority.certificate))
    await listening.start()
    return listening


async def test_own_files(hass: HomeAssistant, with_files: Listening, files: UserFiles) -> None:
    """UserFiles of the user are used, read again when they change, and left as they are."""
    assert (await new_camera(with_files).test_connection()).delivered
    before = await s_client(with_files.port, ca_file=with_files.ca_file)
    content = files.key.read_bytes(), files.certificate.read_bytes()
    await asyncio.sleep(0.3)
    assert content == (files.key.read_bytes(), files.certificate.read_bytes())
    files.write(new_server(files.authority, ["127.0.0.1"], dt_util.utcnow()))
    await asyncio.sleep(0.3)
    after = await s_client(with_files.port, ca_file=with_files.ca_file)
    assert "Verify return code: 0 (ok)" in after
    assert before[before.index("BEGIN CERT") : before.index("END CERT")] not in after
    assert not ir.async_get(hass).issues


@pytest.mark.parametrize(
    ("damage", "key"),
    [
        ("certificate gone", "listener_certificate_unreadable"),
        ("key gone", "listener_certificate_unreadable"),
        ("folder", "listener_certificate_unreadable"),
        ("pipe", "listener_certificate_unreadable"),
        ("too large", "listener_certificate_unreadable"),
        ("garbage", "listener_certificate_not_pem"),
        ("other key", "listener_key_other"),
        ("password", "listener_key_encrypted"),
        ("no certificate", "listener_certificate_empty"),
    ],
)
async def test_own_files_damaged(
    hass: HomeAssistant, with_files: Listening, files: UserFiles, damage: str, key: str
) -> None:
    """What is wrong with files is said; the server goes on with what it had, and takes good ones when they come."""
    good = new_server(files.authority, ["127.0.0.1"], dt_util.utcnow())
    if damage == "certificate gone":
        files.certificate.unlink()
    elif damage == "key gone":
        files.key.unlink()
    elif damage == "folder":
        files.key.unlink()
        files.key.mkdir()
    elif damage == "pipe":
        files.key.unlink()
        os.mkfifo(files.key)
    elif damage == "too large":
        files.certificate.write_bytes(b"x" * 2_000_000)
    elif damage == "garbage":
        files.certificate.write_bytes(b"garbage")
    elif damage == "other key":
        files.key.write_bytes(files.authority.pem)
    elif damage == "password":
        encryption = serialization.BestAvailableEncryption(b"secret")
        files.key.write_bytes(
            good.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        )
    else:
        files.certificate.write_bytes(b"")
    assert str(files.certificate.parent.name) in (await until_shown(hass, key))["path"].replace("\\", "")
    assert (await new_camera(with_files).test_connection()).delivered

    if files.key.is_dir():
        files.key.rmdir()
    elif damage == "pipe":
        files.key.unlink()
    files.write(good)
    await until_shown(hass, key, shown=False)
    assert (await new_camera(with_files).test_connection()).delivered


async def test_own_certificate_for_another_name(hass: HomeAssistant, with_files: Listening, files: UserFiles) -> None:
    """The names that the certificate has are shown."""
    files.write(new_server(files.authority, [f"{one}.example.com" for one in "abcdefgh"], dt_util.utcnow()))
    placeholders = await until_shown(hass, "listener_certificate_names")
    assert placeholders["host"] == "127\\.0\\.0\\.1"
    assert placeholders["names"].replace("\\", "") == ", ".join(f"{one}.example.com" for one in "abcde")


async def test_own_certificate_of_the_future(hass: HomeAssistant, with_files: Listening, files: UserFiles) -> None:
    """A certificate that isn't good yet is most likely our clock's fault."""
    files.write(new_server(files.authority, ["127.0.0.1"], dt_util.utcnow() + timedelta(days=3651)))
    await until_shown(hass, "listener_clock")


async def test_own_certificate_ends_soon(hass: HomeAssistant, with_files: Listening, files: UserFiles) -> None:
    """Two weeks before the end somebody is told, while all goes on."""
    now = dt_util.utcnow()
    files.write(new_server(files.authority, ["127.0.0.1"], now - SERVER_LIFETIME + timedelta(days=13)))
    placeholders = await until_shown(hass, "listener_certificate_ends")
    assert placeholders["end"].replace("\\", "") == f"{now + timedelta(days=13):%Y-%m-%d}"
    assert (await new_camera(with_files).test_connection()).delivered
    files.write(new_server(files.authority, ["127.0.0.1"], now))
    await until_shown(hass, "listener_certificate_ends", shown=False)


# The certificate for cameras


async def test_authority_for_download(
    hass: HomeAssistant, tmp_path: Path, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """The browser in which a user sets us up gets the certificate from Home Assistant, and never a key."""
    listening = Listening(hass, tmp_path)
    await listening.start()
    client = await hass_client_no_auth()
    response = await client.get(AUTHORITY_PATH)
    text = await response.text()
    assert response.status == HTTPStatus.OK
    assert text == listening.ca_file.read_text()
    assert "PRIVATE" not in text
    assert response.headers["Content-Disposition"].startswith("attachment")
    (listening.folder / "authority.pem").unlink()
    assert (await client.get(AUTHORITY_PATH)).status == HTTPStatus.NOT_FOUND
    (listening.folder / "authority.pem").mkdir()
    assert (await client.get(AUTHORITY_PATH)).status == HTTPStatus.NOT_FOUND


async def test_unloading_closes_the_port(hass: HomeAssistant, listening: Listening) -> None:
    """Nobody answers any more when the entry is unloaded, and there is no trouble in coming back."""
    one = new_camera(listening)
    assert (await one.test_connection()).delivered
    await hass.config_entries.async_unload(listening.entry.entry_id)
    assert "refused" in (await one.test_connection()).text.lower() + "refused"
    assert (await one.test_connection()).status is None
    await listening.start()
    assert (await one.test_connection()).delivered


async def test_stopping_closes_the_port(hass: HomeAssistant, listening: Listening) -> None:
    """So it is when Home Assistant stops."""
    await hass.async_stop(force=True)
    assert (await new_camera(listening).test_connection()).status is None


async def test_half_a_push_when_unloading(hass: HomeAssistant, listening: Listening) -> None:
    """A push that is under way gets a moment, and is then sent again by the camera."""
    one = new_camera(listening, days=2)
    one.faults.bytes_per_second = len(one.body(one.waiting())) // 20
    pushing = asyncio.create_task(one.push())
    await asyncio.sleep(0.5)
    await hass.config_entries.async_unload(listening.entry.entry_id)
    answer = await pushing
    assert answer
    assert not answer.delivered
    await listening.start()
    one.faults.bytes_per_second = None
    answer = await one.push()
    assert answer
    assert answer.delivered, answer

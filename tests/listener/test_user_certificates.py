"""The listener with certificate files of the user."""

import asyncio
from datetime import timedelta
import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
import pytest

from custom_components.axis_people_counter.connecting.authority import (
    SERVER_LIFETIME,
    certificate_pem,
    new_authority,
    new_server,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from ..helpers.listener_entry import ListenerEntry, UserFiles, new_camera, s_client, wait_for_issue

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_expired_certificate(hass: HomeAssistant, tmp_path: Path) -> None:
    """Show an issue for an expired certificate; accept the camera's counts once it is renewed."""
    now = dt_util.utcnow()
    authority = new_authority(now)
    files = UserFiles(tmp_path, authority)
    files.write(new_server(authority, ["127.0.0.1"], now - SERVER_LIFETIME - timedelta(seconds=1)))
    listener_entry = ListenerEntry(hass, tmp_path, **files.data)
    listener_entry.ca_file.write_text(certificate_pem(authority.certificate))
    await listener_entry.start()
    camera = new_camera(listener_entry)
    answer = await camera.push()
    assert answer
    assert "certificate has expired" in answer.text
    await wait_for_issue(hass, "listener_certificate_expired")

    files.write(new_server(authority, ["127.0.0.1"], now))
    await wait_for_issue(hass, "listener_certificate_expired", shown=False)
    answer = await camera.push()
    assert answer
    assert answer.delivered, answer


@pytest.fixture
async def files(hass: HomeAssistant, tmp_path: Path) -> UserFiles:
    """Return valid files."""
    authority = new_authority(dt_util.utcnow())
    files = UserFiles(tmp_path, authority)
    files.write(new_server(authority, ["127.0.0.1"], dt_util.utcnow()))
    return files


@pytest.fixture
async def with_files(hass: HomeAssistant, tmp_path: Path, files: UserFiles) -> ListenerEntry:
    """Set up an entry with files of the user."""
    listener_entry = ListenerEntry(hass, tmp_path, **files.data)
    listener_entry.ca_file.write_text(certificate_pem(files.authority.certificate))
    await listener_entry.start()
    return listener_entry


async def test_files_are_read_again(hass: HomeAssistant, with_files: ListenerEntry, files: UserFiles) -> None:
    """Use the files, read them again when they change, and never write them."""
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
async def test_damaged_files(
    hass: HomeAssistant, with_files: ListenerEntry, files: UserFiles, damage: str, key: str
) -> None:
    """Show what is wrong with the files, and serve with the last good ones."""
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
    assert str(files.certificate.parent.name) in (await wait_for_issue(hass, key))["path"].replace("\\", "")
    assert (await new_camera(with_files).test_connection()).delivered

    if files.key.is_dir():
        files.key.rmdir()
    elif damage == "pipe":
        files.key.unlink()
    files.write(good)
    await wait_for_issue(hass, key, shown=False)
    assert (await new_camera(with_files).test_connection()).delivered


async def test_wrong_names(hass: HomeAssistant, with_files: ListenerEntry, files: UserFiles) -> None:
    """Show the names in a certificate that isn't valid for the host."""
    files.write(new_server(files.authority, [f"{letter}.example.com" for letter in "abcdefgh"], dt_util.utcnow()))
    placeholders = await wait_for_issue(hass, "listener_certificate_names")
    assert placeholders["host"] == "127\\.0\\.0\\.1"
    assert placeholders["names"].replace("\\", "") == ", ".join(f"{letter}.example.com" for letter in "abcde")


async def test_future_certificate(hass: HomeAssistant, with_files: ListenerEntry, files: UserFiles) -> None:
    """Show the clock issue for a certificate that isn't valid yet."""
    files.write(new_server(files.authority, ["127.0.0.1"], dt_util.utcnow() + timedelta(days=3651)))
    await wait_for_issue(hass, "listener_clock")


async def test_certificate_ends_soon(hass: HomeAssistant, with_files: ListenerEntry, files: UserFiles) -> None:
    """Show an issue two weeks before a certificate expires, and go on serving."""
    now = dt_util.utcnow()
    files.write(new_server(files.authority, ["127.0.0.1"], now - SERVER_LIFETIME + timedelta(days=13)))
    placeholders = await wait_for_issue(hass, "listener_certificate_ends")
    assert placeholders["end"].replace("\\", "") == f"{now + timedelta(days=13):%Y-%m-%d}"
    assert (await new_camera(with_files).test_connection()).delivered
    files.write(new_server(files.authority, ["127.0.0.1"], now))
    await wait_for_issue(hass, "listener_certificate_ends", shown=False)

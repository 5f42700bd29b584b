"""Repairs about cameras that don't get through: a lost address, a refused certificate."""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
import socket
import ssl
from typing import Any, Final

from aiohttp import ClientSession
import pytest

from custom_components.axis_people_counter import core_internals
from custom_components.axis_people_counter.connecting import listener
from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ..helpers.issues import active_issues
from ..helpers.listener_entry import ListenerEntry, new_camera, s_client, wait_for_issue
from ..helpers.pusher import PATH, TOKEN

pytestmark = pytest.mark.usefixtures("socket_enabled")

REFUSED: Final = "certificate_refused_accc8ef3d92e"


async def test_address_gone(
    hass: HomeAssistant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Show an issue if cameras are silent and their address isn't this machine's any more."""
    own = ["192.168.1.10"]

    async def addresses() -> list[dict[str, Any]]:
        return [{"ipv4": [{"address": address, "network_prefix": 24} for address in own], "ipv6": []}]

    monkeypatch.setattr(core_internals, "async_load_adapters", addresses)
    monkeypatch.setattr(listener.ListenerSettings, "bind_addresses", ["127.0.0.1"])
    monkeypatch.setattr(listener, "PATIENCE", timedelta(seconds=0.5))
    listener_entry = ListenerEntry(hass, tmp_path, "192.168.1.10")
    await listener_entry.start()
    own[:] = ["192.168.1.99"]
    await asyncio.sleep(0.7)
    # There is no camera yet that could be silent.
    assert not ir.async_get(hass).async_get_issue(DOMAIN, "listener_address_gone")

    await push_to(listener_entry, "192.168.1.10")
    assert await wait_for_issue(hass, "listener_address_gone") == {
        "host": "192\\.168\\.1\\.10",
        "addresses": "192\\.168\\.1\\.99",
    }
    # A camera got through after all.
    await push_to(listener_entry, "192.168.1.10")
    await wait_for_issue(hass, "listener_address_gone", shown=False)
    await wait_for_issue(hass, "listener_address_gone")
    own.append("192.168.1.10")
    await wait_for_issue(hass, "listener_address_gone", shown=False)
    # Unloading ends the issue.
    own[:] = []
    await wait_for_issue(hass, "listener_address_gone")
    await hass.config_entries.async_unload(listener_entry.entry.entry_id)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, "listener_address_gone")


async def test_address_of_the_host_system(hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show no issue for an address that never was this machine's, as in a container."""
    monkeypatch.setattr(listener.ListenerSettings, "bind_addresses", ["127.0.0.1"])
    monkeypatch.setattr(listener, "PATIENCE", timedelta(seconds=0.3))
    listener_entry = ListenerEntry(hass, tmp_path, "192.168.1.10", own_address=False)
    await listener_entry.start()
    await push_to(listener_entry, "192.168.1.10")
    await asyncio.sleep(0.6)
    assert not ir.async_get(hass).async_get_issue(DOMAIN, "listener_address_gone")


@pytest.mark.parametrize(("found", "gone"), [(["127.0.0.1"], False), (["192.0.2.1"], True), ([], True)])
async def test_name_gone(
    hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: list[str], gone: bool
) -> None:
    """Show an issue if cameras are silent and their name leads elsewhere or nowhere."""

    async def getaddrinfo(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        if not found:
            raise socket.gaierror("Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]

    monkeypatch.setattr(hass.loop, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(listener.ListenerSettings, "bind_addresses", ["127.0.0.1"])
    monkeypatch.setattr(listener, "PATIENCE", timedelta(seconds=0.3))
    listener_entry = ListenerEntry(hass, tmp_path, "counter.example.com")
    await listener_entry.start()
    await push_to(listener_entry, "counter.example.com")
    if gone:
        await wait_for_issue(hass, "listener_address_gone")
    else:
        await asyncio.sleep(0.6)
        assert not ir.async_get(hass).async_get_issue(DOMAIN, "listener_address_gone")


async def push_to(listener_entry: ListenerEntry, name: str) -> None:
    """Push to a listener under a name that doesn't resolve here."""
    camera = new_camera(listener_entry)
    context = ssl.create_default_context(cafile=listener_entry.ca_file)
    async with (
        ClientSession() as session,
        session.post(
            f"https://127.0.0.1:{listener_entry.port}{PATH}",
            data=camera.body(camera.waiting()),
            headers={"Authorization": f"Bearer {TOKEN}"},
            ssl=context,
            server_hostname=name,
        ) as response,
    ):
        assert response.status == HTTPStatus.OK
    await listener_entry.hass.async_block_till_done()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_camera_refuses_the_certificate(
    hass: HomeAssistant, listener_entry: ListenerEntry, other_authority: Path, version: str
) -> None:
    """Show an issue for a known camera that refuses the certificate, not for a browser."""
    assert "verify error" in await s_client(listener_entry.port, version, ca_file=other_authority)
    assert not ir.async_get(hass).issues

    camera = new_camera(listener_entry)
    await camera.push()
    await listener_entry.restart()
    await s_client(listener_entry.port, version, ca_file=other_authority)
    assert await wait_for_issue(hass, REFUSED) == {
        "name": "Main entrance",
        "camera": "Main entrance",
        "address": "127.0.0.1",
    }
    assert (await camera.test_connection()).delivered
    await wait_for_issue(hass, REFUSED, shown=False)


async def test_removed_camera(hass: HomeAssistant, listener_entry: ListenerEntry, other_authority: Path) -> None:
    """End the issue about a refused certificate when the camera is removed."""
    await new_camera(listener_entry).push()
    await listener_entry.restart()
    await s_client(listener_entry.port, ca_file=other_authority)
    await wait_for_issue(hass, REFUSED)
    await listener_entry.entry.runtime_data.async_remove_camera("accc8ef3d92e")
    assert not ir.async_get(hass).issues


async def test_two_cameras_at_one_address(
    hass: HomeAssistant, listener_entry: ListenerEntry, other_authority: Path
) -> None:
    """Show the issue for the camera at an address that is silent, not for one that gets through."""
    well = new_camera(listener_entry, serial="b8a44f050001", name="Back door")
    await new_camera(listener_entry).push()
    await well.push()
    await listener_entry.restart()
    # Both cameras have reported this address, but only one has reported since the restart.
    assert (await well.test_connection()).delivered
    await hass.async_block_till_done()
    await s_client(listener_entry.port, ca_file=other_authority)
    await wait_for_issue(hass, REFUSED)
    assert len(active_issues(hass)) == 1
    assert (await well.test_connection()).delivered
    assert {*active_issues(hass)} == {REFUSED}
    # The camera gets through again, so another device refused the certificate.
    assert (await new_camera(listener_entry).test_connection()).delivered
    await wait_for_issue(hass, REFUSED, shown=False)
    await s_client(listener_entry.port, ca_file=other_authority)
    await asyncio.sleep(0.2)
    assert not active_issues(hass)


async def test_reconfigured(hass: HomeAssistant, listener_entry: ListenerEntry, other_authority: Path) -> None:
    """End the issue about a refused certificate when cameras use another URL."""
    await new_camera(listener_entry).push()
    await listener_entry.restart()
    await s_client(listener_entry.port, ca_file=other_authority)
    await wait_for_issue(hass, REFUSED)
    hass.config_entries.async_update_entry(listener_entry.entry, data={"url": "https://ha.example.com", "token": TOKEN})
    await hass.async_block_till_done()
    assert not ir.async_get(hass).issues

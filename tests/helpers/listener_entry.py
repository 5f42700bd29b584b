"""A config entry with a listener, cameras that report to it, and a user's certificate files."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pytest_homeassistant_custom_component.common import MockConfigEntry
import pytest_socket

from custom_components.axis_people_counter.connecting.authority import (
    CertificateAndKey,
    certificate_pem,
    read_certificate_and_key,
)
from custom_components.axis_people_counter.connecting.listener import Listener, own_certificates
from custom_components.axis_people_counter.const import DOMAIN, NAME
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..simulator import Camera, Hours, Visits
from .home_assistant import free_port
from .issues import active_issues
from .pusher import PATH, SERIAL, TOKEN

ZONE = ZoneInfo("Europe/Stockholm")


class ListenerEntry:
    """An entry with a listener on the loopback, and the authority's certificate for its cameras."""

    def __init__(self, hass: HomeAssistant, folder: Path, host: str = "127.0.0.1", **data: Any) -> None:
        """Make the authority, as the config flow does, and add an entry without setting it up."""
        self.hass = hass
        self.folder = Path(hass.config.path(".storage", DOMAIN))
        self.port = free_port()
        self.origin = f"https://{host}:{self.port}"
        self.url = self.origin + PATH
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_text(certificate_pem(own_certificates(hass).create(dt_util.utcnow())))
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title=NAME,
            data={"url": self.origin, "token": TOKEN, "direct": True, "own_address": True, **data},
        )
        self.entry.add_to_hass(hass)

    @property
    def listener(self) -> Listener:
        """The listener of the entry."""
        listener = self.entry.runtime_data.listener
        assert isinstance(listener, Listener)
        return listener

    async def start(self) -> None:
        """Set the entry up."""
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done()

    async def restart(self) -> None:
        """Reload the entry."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done()


def new_camera(
    listener_entry: ListenerEntry,
    *,
    days: float = 0.1,
    serial: str = SERIAL,
    name: str = "Main entrance",
) -> Camera:
    """Return a camera that reports to the listener, and trusts its authority only."""
    return new_camera_at(listener_entry.url, TOKEN, listener_entry.ca_file, days=days, serial=serial, name=name)


def new_camera_at(
    url: str, token: str, ca_file: Path, *, days: float = 0.1, serial: str = SERIAL, name: str = "Main entrance"
) -> Camera:
    """Return a camera that reports to a URL."""
    return Camera(
        Visits(name, ZONE, Hours(0, 24, 900, 1000)),
        url,
        token,
        serial=serial,
        name=name,
        installed=datetime.now(UTC) - timedelta(days=days),
        ca_file=ca_file,
    )


class UserFiles:
    """The certificate file and the key file of a user."""

    def __init__(self, folder: Path, authority: CertificateAndKey) -> None:
        """Take the authority that cameras trust."""
        self.authority = authority
        self.certificate, self.key = folder / "fullchain.pem", folder / "privkey.pem"
        self.data = {"certificate": str(self.certificate), "private_key": str(self.key)}

    def write(self, content: CertificateAndKey) -> None:
        """Write both files one after the other, as programs do that renew certificates."""
        key, _, _ = content.pem.partition(b"-----BEGIN CERT")
        self.certificate.write_text(certificate_pem(content.certificate))
        self.key.write_bytes(key)


async def s_client(port: int, *arguments: str, address: str = "127.0.0.1", ca_file: Path) -> str:
    """Return the output of OpenSSL's client that trusts only one authority."""
    process = await asyncio.create_subprocess_exec(
        *("openssl", "s_client", "-connect", f"{address}:{port}"),
        *("-no-CApath", "-no-CAstore", "-CAfile", str(ca_file)),
        *("-verify_return_error", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 20)
    return output.decode()


async def wait_for_issue(hass: HomeAssistant, key: str, *, shown: bool = True) -> dict[str, str]:
    """Wait until an issue is shown, or isn't any more, and return its placeholders."""
    for _ in range(200):
        issue = active_issues(hass).get(key)
        if (issue is not None) is shown:
            return dict((issue and issue.translation_placeholders) or {})
        await asyncio.sleep(0.02)
    raise AssertionError(f"{key} is {'not ' if shown else ''}shown")


def served(listener_entry: ListenerEntry) -> CertificateAndKey:
    """Return the stored certificate of the server."""
    return read_certificate_and_key((listener_entry.folder / "server.pem").read_bytes())


def allow_ipv6_loopback() -> None:
    """Allow connections to ::1 until the next test; without this, looking up `localhost` causes a warning."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


async def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, ten seconds at most."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It didn't happen in time.")

"""An instance that listens for cameras itself, on a port of the loopback."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.connecting.authority import CertificateAndKey, certificate_pem
from custom_components.axis_people_counter.connecting.listener import Listener, own_certificates
from custom_components.axis_people_counter.const import DOMAIN, NAME
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..simulator import Camera, Hours, Visits
from .home_assistant import free_port
from .pusher import PATH, SERIAL, TOKEN

ZONE = ZoneInfo("Europe/Stockholm")


class Listening:
    """An entry of the direct way, and the certificate that its cameras have to trust."""

    def __init__(self, hass: HomeAssistant, folder: Path, host: str = "127.0.0.1", **data: Any) -> None:
        """Make the authority, as the config flow does, and an entry that isn't set up yet."""
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
        """Load the entry anew."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done()


def new_camera(
    listening: Listening,
    *,
    days: float = 0.1,
    serial: str = SERIAL,
    name: str = "Main entrance",
) -> Camera:
    """Mount a camera that reports to the listener, and trusts its authority only."""
    return new_camera_at(listening.url, TOKEN, listening.ca_file, days=days, serial=serial, name=name)


def new_camera_at(
    url: str, token: str, ca_file: Path, *, days: float = 0.1, serial: str = SERIAL, name: str = "Main entrance"
) -> Camera:
    """Mount a camera that reports to a URL."""
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
    """A certificate and its key, where a user has put them."""

    def __init__(self, folder: Path, authority: CertificateAndKey) -> None:
        """Take the authority that cameras trust."""
        self.authority = authority
        self.certificate, self.key = folder / "fullchain.pem", folder / "privkey.pem"
        self.data = {"certificate": str(self.certificate), "private_key": str(self.key)}

    def write(self, pair: CertificateAndKey) -> None:
        """Put a certificate there, as programs do that renew them: not at once."""
        key, _, _ = pair.pem.partition(b"-----BEGIN CERT")
        self.certificate.write_text(certificate_pem(pair.certificate))
        self.key.write_bytes(key)


async def s_client(port: int, *arguments: str, address: str = "127.0.0.1", ca_file: Path) -> str:
    """Return what OpenSSL says of a connection, if nothing but one authority is trusted."""
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

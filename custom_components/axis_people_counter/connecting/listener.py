"""The listener: keeps the server for cameras running on its port with a valid certificate, and reports problems.

Knows nothing of connections (server.py) or of requests (views). Started by the entry or the config flow.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from ipaddress import ip_address
import logging
from pathlib import Path
import socket
from typing import Any, Final, NamedTuple

from aiohttp import web
from yarl import URL

from homeassistant.const import CONF_URL, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.network import is_ip_address

from .. import issues
from ..const import CONF_CERTIFICATE, CONF_DIRECT, CONF_OWN_ADDRESS, CONF_PRIVATE_KEY, DOMAIN
from ..core_internals import async_adapter_addresses
from ..texts import Message, error_text, plain
from .certificate_files import UserCertificates
from .certificates import CertificateSource, OwnCertificates
from .server import Server
from .sockets import listening_sockets

_LOGGER = logging.getLogger(__name__)

# There is at most one listener.
DATA_LISTENER: HassKey[Listener] = HassKey(f"{DOMAIN}_listener")

# Certificate, port and address are checked this often.
CHECK_SECONDS: Final = 30.0
# A camera reports at least every 15 minutes.
PATIENCE: Final = timedelta(minutes=20)


class ListenerSettings(NamedTuple):
    """The address and port cameras connect to, and the user's certificate files, if any."""

    host: str
    port: int
    certificate: str | None = None
    private_key: str | None = None
    # False if the host wasn't an address of this machine when it was chosen: in a container it is the host system's.
    is_this_machine: bool = False

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> ListenerSettings | None:
        """Return the settings from an entry's data, None if cameras use Home Assistant's own address."""
        if not data.get(CONF_DIRECT):
            return None
        url = URL(data[CONF_URL])
        assert url.host
        assert url.port
        files = data.get(CONF_CERTIFICATE), data.get(CONF_PRIVATE_KEY)
        return cls(url.host, url.port, *files, data.get(CONF_OWN_ADDRESS, False))

    @property
    def url(self) -> str:
        """The URL to enter in cameras, without a path."""
        return str(URL.build(scheme="https", host=self.host, port=self.port))

    @property
    def bind_addresses(self) -> list[str]:
        """The addresses to listen on: all, or the loopback if the cameras run on this machine, as in a demo."""
        if self.host == "localhost":
            return ["127.0.0.1", "::1"]
        return [self.host] if _is_loopback(self.host) else ["0.0.0.0", "::"]  # noqa: S104

    def certificates(self, hass: HomeAssistant) -> CertificateSource:
        """Return the source of the certificate: the user's files, or our own authority."""
        if self.certificate and self.private_key:
            return UserCertificates(Path(hass.config.path(self.certificate)), Path(hass.config.path(self.private_key)))
        return own_certificates(hass)


def own_certificates(hass: HomeAssistant) -> OwnCertificates:
    """Return the authority of this Home Assistant and the certificate it signs."""
    return OwnCertificates(Path(hass.config.path(STORAGE_DIR, DOMAIN)))


class Listener:
    """Keeps the server for cameras running; a repair issue names each problem."""

    def __init__(
        self,
        hass: HomeAssistant,
        settings: ListenerSettings,
        views: Collection[HomeAssistantView],
        *,
        cameras: Callable[[], Collection[str]],
        on_certificate_refused: Callable[[str], None],
    ) -> None:
        """Prepare to serve views. `cameras` returns the known cameras when it is called."""
        self.hass = hass
        self.settings = settings
        app = web.Application()
        app[KEY_HASS] = hass
        for view in views:
            view.register(hass, app, app.router)
        self._server = Server(
            app, on_camera_request=self._on_camera_request, on_certificate_refused=on_certificate_refused
        )
        self._certificates = settings.certificates(hass)
        self._cameras = cameras
        self._problems: dict[str, Message] = {}
        # Until the first request, the time of the start.
        self._last_camera_request = dt_util.utcnow()
        self._check_task: asyncio.Task[None] | None = None
        self._forget_stop: CALLBACK_TYPE | None = None
        self._stopped = False

    @property
    def problems(self) -> list[str]:
        """The keys of the current problems."""
        return [problem.key for problem in self._problems.values()]

    async def async_start(self) -> None:
        """Start to serve; whatever fails is tried again at the next check."""
        # A config flow that was left open may have a listener on the same port.
        other = self.hass.data.get(DATA_LISTENER)
        self.hass.data[DATA_LISTENER] = self
        if other:
            await other.async_stop()
        await self._server.start()
        await self._async_check_safely()
        if self._stopped:
            return
        self._check_task = self.hass.async_create_background_task(self._async_check_repeatedly(), f"{DOMAIN} listener")
        self._forget_stop = self.hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self.async_stop)

    async def async_stop(self, event: Event | None = None) -> None:
        """Close the port and end all issues; called on unload and when Home Assistant stops."""
        self._stopped = True
        if event is None and self._forget_stop:
            self._forget_stop()
        self._forget_stop = None
        if self.hass.data.get(DATA_LISTENER) is self:
            del self.hass.data[DATA_LISTENER]
        if self._check_task:
            self._check_task.cancel()
            await asyncio.gather(self._check_task, return_exceptions=True)
        await self._server.stop()
        for problem in self._problems.values():
            issues.async_end(self.hass, issues.ISSUES[problem.key])
        issues.async_end_kind(self.hass, issues.CERTIFICATE_REFUSED)

    async def _async_check_repeatedly(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self._async_check_safely()

    async def _async_check_safely(self) -> None:
        try:
            await self._async_check()
        except Exception:  # the server goes on, and the next check may succeed
            _LOGGER.exception("The listener for cameras can't be checked")

    async def _async_check(self) -> None:
        self._listen()
        own_addresses = await _async_own_addresses()
        host = self.settings.host
        names = [host] if _is_loopback(host) or host == "localhost" else [host, *own_addresses]
        loaded = await self.hass.async_add_executor_job(self._certificates.load, names, dt_util.utcnow())
        if loaded.context:
            self._server.context = loaded.context
        self._report("certificate", loaded.problem)
        self._report("address", await self._async_address_problem(own_addresses))

    @callback
    def _listen(self) -> None:
        if self._stopped or self._server.is_listening:
            return
        port = self.settings.port
        # If one of several sockets has failed, the others are released too, so that all are free at the next check.
        self._server.release()
        try:
            self._server.listen(listening_sockets(self.settings.bind_addresses, port))
        except OSError as err:
            error = error_text(self.hass, err)
            self._report("port", Message(issues.LISTENER_PORT_TAKEN.key, {"port": str(port), "error": error}))
        else:
            self._report("port", None)

    async def _async_address_problem(self, own_addresses: list[str]) -> Message | None:
        """Return a problem if cameras have been silent and their address doesn't lead to this machine any more."""
        silent = self._cameras() and dt_util.utcnow() - self._last_camera_request >= PATIENCE
        if (
            not self.settings.is_this_machine
            or not silent
            or await async_is_this_machine(self.hass, self.settings.host)
        ):
            return None
        return Message(
            issues.LISTENER_ADDRESS_GONE.key, {"host": self.settings.host, "addresses": ", ".join(own_addresses)}
        )

    @callback
    def _on_camera_request(self, _: str) -> None:
        self._last_camera_request = dt_util.utcnow()

    @callback
    def _report(self, kind: str, problem: Message | None) -> None:
        """Begin, replace or end the issue about the certificate, the address or the port."""
        if self._stopped:
            return
        if (previous := self._problems.pop(kind, None)) and (problem is None or problem.key != previous.key):
            issues.async_end(self.hass, issues.ISSUES[previous.key])
        if problem:
            self._problems[kind] = problem
            issues.async_begin(
                self.hass,
                issues.ISSUES[problem.key],
                **{key: plain(value) for key, value in problem.placeholders.items()},
            )
        if problem and problem != previous:
            _LOGGER.error("The listener for cameras has a problem: %s %s", problem.key, problem.placeholders)
        elif previous and not problem:
            _LOGGER.info("The listener for cameras has recovered: %s", previous.key)


async def async_is_this_machine(hass: HomeAssistant, host: str) -> bool:
    """Return True if a name or an address leads to this machine."""
    addresses = [host]
    if not is_ip_address(host):
        try:
            found = await hass.loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return False
        addresses = [str(address[0]) for *_, address in found]
    own_addresses = await _async_own_addresses()
    return any(address in own_addresses or _is_loopback(address) for address in addresses)


async def _async_own_addresses() -> list[str]:
    """Return the addresses by which others may reach this machine; Home Assistant's own list is as old as its start."""
    found = await async_adapter_addresses()
    return [address for address in found if not (_is_loopback(address) or ip_address(address).is_link_local)]


def _is_loopback(host: str) -> bool:
    return is_ip_address(host) and ip_address(host).is_loopback

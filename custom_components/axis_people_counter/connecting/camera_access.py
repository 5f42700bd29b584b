"""Access to a camera that a person has allowed to keep: signs in when it is first used, and again after an error.

Knows neither subentries nor counts. The receiver keeps one for each such camera.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant

from ..texts import Message
from .camera_errors import CameraError
from .camera_setup import CONF_CONNECTION, camera_web
from .counting_api import CountingApi
from .discovered_addresses import async_addresses_now
from .vapix import CameraWeb

# The certificate isn't the one of before: only a person can decide whether it is right.
_OTHER_CERTIFICATE: Final = frozenset({"camera_certificate", "camera_other_certificate"})


class CameraAccess:
    """The counting application of one camera, whose password is tried once."""

    def __init__(
        self,
        hass: HomeAssistant,
        serial: str,
        settings: Mapping[str, Any],
        *,
        on_change: Callable[[bool], None],
        on_moved: Callable[[str], None],
    ) -> None:
        """Store address and password, as they were entered; nothing is sent yet.

        `on_change` is called with False once the camera has let us in, and with True once a person has to sign in anew.
        `on_moved` is called with the new address of a camera that was found there.
        """
        self.serial = serial
        self._on_moved = on_moved
        self._on_change = on_change
        self._is_refused: bool | None = None
        self._hass = hass
        self._settings = settings
        self._refusal: Message | None = None
        # After the sign-in, which many uses share: a camera is asked every few seconds.
        self._signed_in: tuple[CameraWeb, CountingApi] | None = None
        self._lock = asyncio.Lock()

    @property
    def is_lent(self) -> bool:
        """Return True while somebody uses the application."""
        return self._lock.locked()

    @property
    def web(self) -> CameraWeb | None:
        """The web server of the camera after a sign-in, None while somebody uses it and after an error."""
        return self._signed_in[0] if self._signed_in else None

    @property
    def is_refused(self) -> bool:
        """Return True once the camera has refused the password."""
        return self._refusal is not None

    @asynccontextmanager
    async def async_api(self) -> AsyncIterator[CountingApi]:
        """Lend the counting application to one user at a time. Raises CameraError.

        After a 401 to the password, nothing is sent any more: a camera locks out whoever tries again and again.
        """
        async with self._lock:
            if self._refusal:
                raise CameraError(self._refusal.key, **self._refusal.placeholders)
            signed_in, self._signed_in = self._signed_in, None
            web = signed_in[0] if signed_in else camera_web(self._hass, self._settings)
            try:
                if signed_in is None:
                    web = await self._async_connect(web)
                    signed_in = web, await CountingApi.find(web, self.serial)
                yield signed_in[1]
            except CameraError as err:
                # The next use checks the serial number again, because another camera may have come.
                self._note_refusal(web, err)
                raise
            self._signed_in = signed_in
            self._change(is_refused=False)

    async def _async_connect(self, web: CameraWeb) -> CameraWeb:
        """Find the camera where it was, or else where it is now. Raises CameraError."""
        try:
            await web.connect(self.serial)
        except CameraError as err:
            if web.password_rejected:
                raise
            # Two addresses of one camera would take turns if the old one weren't tried first.
            for address in async_addresses_now(self._hass, self.serial, self._settings[CONF_HOST]):
                if found := await self._async_at({**self._settings, CONF_HOST: address}):
                    return found
            raise err from None
        return web

    async def _async_at(self, moved: Mapping[str, Any]) -> CameraWeb | None:
        """Return the camera if it is at another address, None if it isn't. Raises CameraError."""
        web = camera_web(self._hass, moved)
        try:
            await web.connect(self.serial)
        except CameraError as err:
            self._note_refusal(web, err)
            if web.password_rejected:
                raise
            return None
        self._settings = moved
        self._on_moved(moved[CONF_HOST])
        return web

    def _note_refusal(self, web: CameraWeb, err: CameraError) -> None:
        if web.password_rejected:
            self._refusal = err.message
        if web.password_rejected or err.message.key in _OTHER_CERTIFICATE:
            self._change(is_refused=True)

    def _change(self, *, is_refused: bool) -> None:
        if is_refused != self._is_refused:
            self._is_refused = is_refused
            self._on_change(is_refused)


async def async_checked_access(hass: HomeAssistant, serial: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a camera's access with how the camera was reached. Raises CameraError."""
    web = camera_web(hass, settings)
    await web.connect(serial)
    await CountingApi.find(web, serial)
    return {**settings, CONF_CONNECTION: web.connection._asdict()}

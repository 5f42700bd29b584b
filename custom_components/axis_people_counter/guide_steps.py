"""The values to enter in a camera by hand, and steps that wait until the camera has tried them.

Dialogs share them. Knows neither cameras' passwords nor what a dialog is for.
"""

from abc import abstractmethod
import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Literal, override

from cryptography import x509
import voluptuous as vol

from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult, UnknownFlow

from .connecting import ListenerSettings, fingerprint, own_certificates
from .const import AUTHORITY_FILE_NAME, AUTHORITY_PATH, PUSH_PATH
from .http import ConnectionTest, async_register_views
from .messages import plain


async def async_authority(hass: HomeAssistant, data: Mapping[str, Any]) -> x509.Certificate | None:
    """Return the certificate that cameras have to install, None if they need none."""
    settings = ListenerSettings.of(data)
    if settings is None or settings.certificate:
        return None
    return await hass.async_add_executor_job(own_certificates(hass).authority)


def guide_placeholders(data: Mapping[str, Any], authority: x509.Certificate | None) -> dict[str, str]:
    """Return the placeholders of steps that show what to enter in a camera."""
    return {
        "url": f"{data[CONF_URL]}{PUSH_PATH}",
        "token": data[CONF_TOKEN],
        "authority_url": AUTHORITY_PATH,
        # The frontend would open a Markdown link as one of its own pages.
        "authority_link": f'<a href="{AUTHORITY_PATH}" target="_blank">{AUTHORITY_FILE_NAME}</a>',
        "fingerprint": fingerprint(authority) if authority else "",
    }


class WaitingSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FlowHandler[ContextT, ResultT, HandlerT]
):
    """Steps of a dialog that waits for a camera's "Test connection" and goes on by itself."""

    _test: ConnectionTest
    _waiting: asyncio.Task[Literal[True]] | None = None

    def __init__(self) -> None:
        """Start without a test."""
        super().__init__()
        self._on_remove = ExitStack()
        # True once the dialog is closed. One of its steps may still be running then.
        self._closed = False

    @abstractmethod
    def _guide(self) -> Mapping[str, str]:
        """Return what to enter in the camera, as placeholders."""

    @abstractmethod
    async def async_step_heard(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Go on when a camera has connected."""

    @callback
    def _async_listen(self, token: str) -> None:
        """Begin to note cameras that send a token, until the dialog is closed."""
        if self._closed:
            raise UnknownFlow
        self._test = self._on_remove.enter_context(async_register_views(self.hass).async_test(token))

    async def async_step_wait(self, _: dict[str, Any] | None = None) -> ResultT:
        """Wait for a camera."""
        if self._waiting is None and self._test.changed.is_set():
            # The camera was faster than the person.
            return await (self.async_step_heard() if self._test.cameras else self.async_step_not_heard())
        if self._waiting is None:
            self._waiting = self.hass.async_create_background_task(self._test.changed.wait(), "wait for a camera")
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="wait",
                progress_action="wait",
                progress_task=self._waiting,
                description_placeholders=self._guide(),
            )
        self._waiting = None
        return self.async_show_progress_done(next_step_id="heard" if self._test.cameras else "not_heard")

    async def async_step_not_heard(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Show why a camera that tried didn't connect, then wait for the next attempt."""
        if user_input is not None:
            self._test.async_forget_refusals()
            return await self.async_step_wait()
        error = "distrusted" if self._test.distrusted else "wrong_token"
        return self.async_show_form(
            step_id="not_heard",
            data_schema=vol.Schema({}),
            errors={"base": error},
            description_placeholders={
                **self._guide(),
                "address": self._test.distrusted or self._test.refused or "",
            },
        )

    @callback
    def _heard(self) -> str:
        """Return the names of the cameras that have connected."""
        return ", ".join(plain(name) for name in self._test.cameras.values())

    @callback
    @override
    def async_remove(self) -> None:
        """Stop waiting."""
        self._closed = True
        self._on_remove.close()
        if self._waiting:
            self._waiting.cancel()

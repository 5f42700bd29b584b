"""Steps that show what to enter in a camera by hand, wait until a camera has tried it, and check the address.

The dialogs of the entry and of its cameras share them. Knows neither cameras' passwords nor what a dialog is for.
"""

from abc import abstractmethod
import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Any, Final, override

from cryptography import x509
import voluptuous as vol

from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult, UnknownFlow

from ..address_check import async_check
from ..connecting import ListenerSettings, certificate_pem, fingerprint, own_certificates
from ..const import AUTHORITY_FILE_NAME, AUTHORITY_PATH, PUSH_PATH
from ..http import ConnectionTest, async_register_views
from ..texts import Message, async_translate_list, plain
from .choices import PREPARE, choice_field

# A progress step has no buttons, so nobody has to wait longer than this for the other choices.
WAIT_SECONDS: Final = 120

# This field is only in the forms.
CONF_NEXT: Final = "next"
WAIT: Final = "wait"
CHECK: Final = "check"
FINISH: Final = "finish"
SHOW: Final = "show"
NEXT_STEPS: Final = (WAIT, SHOW, PREPARE, CHECK, FINISH)
_NOT_HEARD_SCHEMA: Final = vol.Schema(choice_field(CONF_NEXT, NEXT_STEPS))
_BY_HAND_SCHEMA: Final = vol.Schema(choice_field(CONF_NEXT, (WAIT, PREPARE, CHECK, FINISH)))
PREPARED_SCHEMA: Final = vol.Schema(choice_field(CONF_NEXT, (WAIT, CHECK, FINISH)))


async def async_authority(hass: HomeAssistant, data: Mapping[str, Any]) -> x509.Certificate | None:
    """Return the certificate that cameras have to install, None if they need none."""
    settings = ListenerSettings.of(data)
    if settings is None or settings.certificate:
        return None
    return await hass.async_add_executor_job(own_certificates(hass).authority)


class GuideSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FlowHandler[ContextT, ResultT, HandlerT]
):
    """Steps of a dialog that waits for a camera's "Test connection" and goes on by itself."""

    # The certificate that cameras have to install, None if they need none.
    _authority: x509.Certificate | None = None
    _test: ConnectionTest | None = None
    _waiting: asyncio.Task[None] | None = None
    _check: asyncio.Task[list[Message]] | None = None

    def __init__(self) -> None:
        """Start without a test."""
        super().__init__()
        self._on_remove = ExitStack()
        # True once the dialog is closed. One of its steps may still be running then.
        self._closed = False

    @abstractmethod
    def _address_and_token(self) -> Mapping[str, Any]:
        """Return the data of the config entry, or what will be that."""

    @abstractmethod
    async def async_step_camera(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Ask for a camera's address and password, and prepare the camera."""

    @abstractmethod
    async def async_step_heard(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """End the dialog because a camera has connected."""

    @abstractmethod
    async def _async_finish(self) -> ResultT:
        """End the dialog before a camera has connected."""

    # Instructions for cameras

    async def async_step_show(self, _: dict[str, Any] | None = None) -> ResultT:
        """Show what to enter in cameras."""
        await self._async_begin()
        return await (self.async_step_by_hand_direct() if self._authority else self.async_step_by_hand())

    async def _async_begin(self) -> ConnectionTest:
        """Note the cameras that send the token, until the dialog is closed."""
        if self._closed:
            raise UnknownFlow
        data = self._address_and_token()
        if self._test is None:
            self._test = self._on_remove.enter_context(async_register_views(self.hass).async_test(data[CONF_TOKEN]))
        self._authority = await async_authority(self.hass, data)
        return self._test

    async def async_step_by_hand(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Show URL and token."""
        return await self._async_guide(user_input, step_id="by_hand")

    async def async_step_by_hand_direct(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Show URL and token, and a link to the certificate."""
        return await self._async_guide(user_input, step_id="by_hand_direct")

    async def _async_guide(self, user_input: dict[str, Any] | None, *, step_id: str) -> ResultT:
        if user_input is not None:
            return await self._async_go_on(user_input)
        return self.async_show_form(
            step_id=step_id, data_schema=_BY_HAND_SCHEMA, description_placeholders=self._guide()
        )

    async def _async_go_on(self, user_input: Mapping[str, Any]) -> ResultT:
        """Do what was chosen."""
        step = user_input[CONF_NEXT]
        if step == SHOW:
            return await self.async_step_show()
        if step == PREPARE:
            return await self.async_step_camera()
        if step == CHECK:
            return await self.async_step_check()
        # A camera may have connected or been refused already.
        if step == FINISH and not (self._test and self._test.changed.is_set()):
            return await self._async_finish()
        return await self.async_step_wait()

    # Waiting

    async def async_step_wait(self, _: dict[str, Any] | None = None) -> ResultT:
        """Wait for a camera."""
        test = await self._async_begin()
        if self._waiting is None and test.changed.is_set():
            return await (self.async_step_heard() if test.cameras else self.async_step_not_heard())
        if self._waiting is None:
            self._waiting = self.hass.async_create_background_task(_async_wait(test), "wait for a camera")
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="wait",
                progress_action="wait",
                progress_task=self._waiting,
                description_placeholders=self._guide(),
            )
        self._waiting = None
        return self.async_show_progress_done(next_step_id="heard" if test.cameras else "not_heard")

    async def async_step_not_heard(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Show why no camera has connected, and how to go on."""
        test = await self._async_begin()
        if user_input is not None:
            test.async_forget_refusals()
            return await self._async_go_on(user_input)
        error = "distrusted" if test.distrusted else "wrong_token" if test.refused else "no_camera"
        return self.async_show_form(
            step_id="not_heard",
            data_schema=_NOT_HEARD_SCHEMA,
            errors={"base": error},
            description_placeholders={**self._guide(), "address": test.distrusted or test.refused or ""},
        )

    # A check of the address

    async def async_step_check(self, _: dict[str, Any] | None = None) -> ResultT:
        """Check from here whether the address leads to this Home Assistant."""
        if self._check is None:
            check = async_check(self.hass, self._address_and_token()[CONF_URL], self._authority_pem)
            self._check = self.hass.async_create_task(check)
        if not self._check.done():
            return self.async_show_progress(step_id="check", progress_action="check", progress_task=self._check)
        return self.async_show_progress_done(next_step_id="checked")

    async def async_step_checked(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Show the result of the check."""
        if user_input is not None or self._check is None:
            self._check = None
            return await self.async_step_show()
        return self.async_show_form(
            step_id="checked",
            data_schema=vol.Schema({}),
            description_placeholders={
                **self._guide(),
                "findings": await async_translate_list(self.hass, self._check.result()),
            },
        )

    # Placeholders and lists of several steps

    @callback
    def _guide(self) -> dict[str, str]:
        """Return what to enter in a camera, as placeholders."""
        data = self._address_and_token()
        return {
            "url": f"{data[CONF_URL]}{PUSH_PATH}",
            "token": data[CONF_TOKEN],
            "authority_url": AUTHORITY_PATH,
            # The frontend would open a Markdown link as one of its own pages.
            "authority_link": f'<a href="{AUTHORITY_PATH}" target="_blank">{AUTHORITY_FILE_NAME}</a>',
            "fingerprint": fingerprint(self._authority) if self._authority else "",
        }

    @property
    def _authority_pem(self) -> str | None:
        """The certificate that cameras have to install, as text."""
        return certificate_pem(self._authority) if self._authority else None

    @callback
    def _heard(self) -> str:
        """Return the names of the cameras that have connected."""
        return ", ".join(plain(name) for name in self._test.cameras.values()) if self._test else ""

    @callback
    @override
    def async_remove(self) -> None:
        """Stop waiting."""
        self._closed = True
        self._on_remove.close()
        for task in (self._waiting, self._check):
            if task:
                task.cancel()


async def _async_wait(test: ConnectionTest) -> None:
    """Return when there is something to show."""
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT_SECONDS):
            await test.changed.wait()

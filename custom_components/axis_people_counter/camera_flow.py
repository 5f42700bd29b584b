"""The subentry flow that connects a camera: prepares it to push, and keeps access to it if the person wants that."""

from collections.abc import Mapping
from typing import Any, Final, override

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowContext,
    SubentryFlowResult,
)
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import callback
from homeassistant.helpers import selector

from .camera_steps import CameraSteps
from .connecting import (
    CAMERA_SCHEMA,
    CameraIdentity,
    ListenerSettings,
    async_checked_access,
    async_prepare_camera,
    certificate_pem,
    own_certificates,
)
from .const import PUSH_PATH
from .devices import async_device_name
from .messages import Message, async_translate_list
from .receiver import access_to, async_keep_access

# This field is only in the form.
CONF_KEEP_ACCESS: Final = "keep_access"
SCHEMA: Final = CAMERA_SCHEMA.extend({vol.Required(CONF_KEEP_ACCESS, default=True): selector.BooleanSelector()})


class CameraFlow(CameraSteps[SubentryFlowContext, SubentryFlowResult, tuple[str, str]], ConfigSubentryFlow):
    """Connects a camera, or changes the access to one."""

    _identity: CameraIdentity
    _done: list[Message]
    # The settings to keep, None if the person wants none.
    _access: dict[str, Any] | None

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a camera's address and password, and prepare the camera."""
        return await self._async_camera_form(user_input, step_id="user", schema=SCHEMA)

    @override
    async def _async_use_camera(self, settings: Mapping[str, Any]) -> SubentryFlowResult:
        """Prepare the camera as far as this user of the camera may, or check the changed access. Raises CameraError."""
        if self.source == SOURCE_RECONFIGURE:
            subentry = self._get_reconfigure_subentry()
            return self._async_change(
                subentry, await async_checked_access(self.hass, str(subentry.unique_id), settings)
            )
        entered = dict(settings)
        keeps_access = entered.pop(CONF_KEEP_ACCESS)
        prepared = await async_prepare_camera(self.hass, entered, await self._async_authority())
        self._identity, self._done = prepared.identity, prepared.done
        self._access = None
        if keeps_access:
            self._access = await async_checked_access(self.hass, prepared.identity.serial, entered)
        return await self.async_step_done()

    async def async_step_done(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what was done in the camera and what is left to do, then keep the access."""
        entry = self._get_entry()
        if user_input is None:
            return self.async_show_form(
                step_id="done",
                data_schema=vol.Schema({}),
                description_placeholders={
                    "done": await async_translate_list(self.hass, self._done),
                    "url": f"{entry.data[CONF_URL]}{PUSH_PATH}",
                    "token": entry.data[CONF_TOKEN],
                },
            )
        if self._access is None:
            return self.async_abort(reason="prepared")
        serial = self._identity.serial
        if known := access_to(entry, serial):
            return self._async_change(known, self._access)
        name = async_device_name(self.hass, entry, serial) or f"{self._identity.model} {serial}".strip()
        return self.async_create_entry(title=name, data=self._access, unique_id=serial)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for another address or password of the camera."""
        suggested = self._get_reconfigure_subentry().data
        return await self._async_camera_form(user_input, step_id="reconfigure", suggested=suggested)

    @callback
    def _async_change(self, subentry: ConfigSubentry, access: Mapping[str, Any]) -> SubentryFlowResult:
        """Keep another access to a camera."""
        async_keep_access(self.hass, self._get_entry(), subentry, access)
        return self.async_abort(reason="reconfigure_successful")

    async def _async_authority(self) -> str | None:
        """Return the certificate that the camera has to install, None if it needs none."""
        settings = ListenerSettings.of(self._get_entry().data)
        if settings is None or settings.certificate:
            return None
        authority = await self.hass.async_add_executor_job(own_certificates(self.hass).authority)
        return certificate_pem(authority) if authority else None

"""The subentry flow that connects a camera: prepares it to push, and keeps access to it if the person wants that."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, override

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowContext,
    SubentryFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import callback
from homeassistant.helpers import selector

from ..connecting import CAMERA_SCHEMA, CameraError, CameraIdentity, async_checked_access, async_prepare_camera
from ..const import SUBENTRY_CAMERA
from ..devices import async_device_name
from ..receiver import access_to, async_keep_access
from ..texts import Message, async_translate, async_translate_list
from .choices import BY_HAND, CONF_WAY, PREPARE, choice_field
from .guide_steps import GuideSteps
from .known_camera_steps import KnownCameraSteps

# These fields are only in the forms.
CONF_KEEP_ACCESS: Final = "keep_access"
CONF_SAME_AS: Final = "same_as"

WAY_SCHEMA: Final = vol.Schema(choice_field(CONF_WAY, (PREPARE, BY_HAND)))


class CameraFlow(
    KnownCameraSteps[SubentryFlowContext, SubentryFlowResult, tuple[str, str]],
    GuideSteps[SubentryFlowContext, SubentryFlowResult, tuple[str, str]],
    ConfigSubentryFlow,
):
    """Connects a camera, or changes the access to one."""

    _identity: CameraIdentity
    _done: list[Message]
    # The settings to keep, None if the person wants none.
    _access: dict[str, Any] | None

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask how to connect a camera."""
        if user_input is None:
            return self.async_show_form(step_id="user", data_schema=WAY_SCHEMA)
        if user_input[CONF_WAY] == BY_HAND:
            return await self.async_step_show()
        await self._async_begin()
        return await self.async_step_camera()

    # By hand

    @override
    def _address_and_token(self) -> Mapping[str, Any]:
        return self._get_entry().data

    @override
    async def async_step_heard(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Finish. Nothing is kept: no access was given."""
        return self.async_abort(reason="connected", description_placeholders={"cameras": self._heard()})

    @override
    async def _async_finish(self) -> SubentryFlowResult:
        return self.async_abort(reason="not_connected_yet")

    # With the camera's password

    @override
    async def async_step_camera(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a camera's address and password, and prepare the camera."""
        known = self._get_entry().get_subentries_of_type(SUBENTRY_CAMERA)
        newest = {CONF_SAME_AS: known[-1].subentry_id} if known else None
        return await self._async_camera_form(
            user_input, step_id="camera", schema=_camera_schema(known), suggested=newest
        )

    @override
    async def _async_use_camera(self, settings: Mapping[str, Any]) -> SubentryFlowResult:
        """Prepare the camera as far as this user of the camera may, or check the changed access. Raises CameraError."""
        if self.source == SOURCE_RECONFIGURE:
            subentry = self._get_reconfigure_subentry()
            return self._async_change(
                subentry, await async_checked_access(self.hass, str(subentry.unique_id), settings)
            )
        access = self._with_password(settings)
        prepared = await async_prepare_camera(self.hass, access, self._authority_pem)
        self._identity, self._done = prepared.identity, prepared.done
        self._access = None
        if settings[CONF_KEEP_ACCESS]:
            self._access = await async_checked_access(self.hass, prepared.identity.serial, access)
        return await self.async_step_done()

    def _with_password(self, entered: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was entered with the user and the password of another camera, if none was. Raises CameraError."""
        access = {key: value for key, value in entered.items() if key not in (CONF_SAME_AS, CONF_KEEP_ACCESS)}
        if access.get(CONF_USERNAME) and access.get(CONF_PASSWORD):
            return access
        other = self._get_entry().subentries.get(entered.get(CONF_SAME_AS, ""))
        # A user who was entered isn't exchanged for another, who may have more rights.
        if other is None or access.get(CONF_USERNAME) or access.get(CONF_PASSWORD):
            raise CameraError("camera_no_password")
        return access | {name: other.data[name] for name in (CONF_USERNAME, CONF_PASSWORD)}

    async def async_step_done(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show what was done in the camera and what is left to do, then keep the access."""
        entry = self._get_entry()
        if user_input is None:
            return self.async_show_form(
                step_id="done",
                data_schema=vol.Schema({}),
                description_placeholders={
                    **self._guide(),
                    "done": await async_translate_list(self.hass, self._done),
                },
            )
        if self._access is None:
            return self.async_abort(reason="prepared")
        serial = self._identity.serial
        if known := access_to(entry, serial):
            return self._async_change(known, self._access)
        # A new camera has said its name in "Test connection", if that was clicked already.
        tested = self._test.cameras.get(serial) if self._test else None
        name = async_device_name(self.hass, entry, serial) or tested or f"{self._identity.model} {serial}".strip()
        # In the list of the integration's page, the device of the camera has its name already.
        title = await async_translate(self.hass, Message("access_to", {"name": name}))
        return self.async_create_entry(title=title, data=self._access, unique_id=serial)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for another address or password of the camera."""
        suggested = self._get_reconfigure_subentry().data
        self._async_remember(suggested)
        return await self._async_camera_form(user_input, step_id="reconfigure", suggested=suggested)

    @callback
    def _async_change(self, subentry: ConfigSubentry, access: Mapping[str, Any]) -> SubentryFlowResult:
        """Keep another access to a camera."""
        async_keep_access(self.hass, self._get_entry(), subentry, access)
        return self.async_abort(reason="reconfigure_successful")


def _camera_schema(known: Sequence[ConfigSubentry]) -> vol.Schema:
    """Return the form, which offers the user and the password of another camera if there is one."""
    keep_access = {vol.Required(CONF_KEEP_ACCESS, default=True): selector.BooleanSelector()}
    if not known:
        return CAMERA_SCHEMA.extend(keep_access)
    fields = dict(CAMERA_SCHEMA.schema)
    cameras = [selector.SelectOptionDict(value=subentry.subentry_id, label=subentry.title) for subentry in known]
    same_as = selector.SelectSelector(
        selector.SelectSelectorConfig(options=cameras, mode=selector.SelectSelectorMode.DROPDOWN)
    )
    return vol.Schema(
        {
            vol.Required(CONF_HOST): fields[CONF_HOST],
            vol.Optional(CONF_SAME_AS): same_as,
            vol.Optional(CONF_USERNAME): fields[CONF_USERNAME],
            vol.Optional(CONF_PASSWORD): fields[CONF_PASSWORD],
            **keep_access,
        }
    )

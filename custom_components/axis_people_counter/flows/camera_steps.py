"""Steps that several dialogs share: a form with a camera's address and password, and its certificate to accept.

Knows nothing of what a dialog does with the camera.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import voluptuous as vol

from homeassistant.const import CONF_HOST
from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult

from ..connecting import (
    CAMERA_SCHEMA,
    CONF_CONNECTION,
    CameraError,
    Connection,
    UnverifiedCertificateError,
    async_camera_problem,
    suggested_camera,
)
from ..texts import async_translate


class CameraSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FlowHandler[ContextT, ResultT, HandlerT]
):
    """Steps of a dialog that signs in to a camera. The password stays here: it never goes back to the browser."""

    # The fields as they were entered last.
    _entered: Mapping[str, Any]
    # The certificate that a person is asked to accept.
    _unverified: UnverifiedCertificateError
    # The fingerprint of the certificate that was accepted. Nobody is asked twice.
    _accepted: str | None = None
    # Shows the form again.
    _show_camera_form: Callable[..., ResultT]

    @abstractmethod
    async def _async_use_camera(self, settings: Mapping[str, Any]) -> ResultT:
        """Sign in to the camera with what was entered, and return the next step. Raises CameraError."""

    async def _async_camera_form(
        self,
        user_input: Mapping[str, Any] | None,
        *,
        step_id: str,
        schema: vol.Schema = CAMERA_SCHEMA,
        suggested: Mapping[str, Any] | None = None,
        placeholders: Mapping[str, str] | None = None,
    ) -> ResultT:
        """Show a form, or use what was entered in it."""
        self._show_camera_form = partial(self._form, step_id, schema, placeholders or {})
        if user_input is None:
            return self._show_camera_form(suggested)
        self._entered = user_input
        return await self._async_try_camera(user_input)

    def _form(
        self,
        step_id: str,
        schema: vol.Schema,
        placeholders: Mapping[str, str],
        suggested: Mapping[str, Any] | None,
        errors: dict[str, str] | None = None,
        problem: Mapping[str, str] | None = None,
    ) -> ResultT:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, suggested_camera(suggested)),
            errors=errors or {},
            description_placeholders={**placeholders, **(problem or {})},
        )

    async def _async_try_camera(self, settings: Mapping[str, Any]) -> ResultT:
        try:
            return await self._async_use_camera(settings)
        except UnverifiedCertificateError as err:
            if err.fingerprint != self._accepted:
                self._unverified = err
                return await self.async_step_certificate()
            return await self._async_try_camera(
                {**settings, CONF_CONNECTION: Connection("https", err.fingerprint)._asdict()}
            )
        except CameraError as err:
            return self._show_camera_form(self._entered, *await async_camera_problem(self.hass, err))

    async def async_step_certificate(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Ask whether the camera's own certificate is accepted, then go on with what was entered."""
        if user_input is not None:
            return await self._async_accept()
        return self.async_show_form(
            step_id="certificate",
            data_schema=vol.Schema({}),
            description_placeholders=await self._async_certificate(),
        )

    async def _async_accept(self) -> ResultT:
        self._accepted = self._unverified.fingerprint
        return await self._async_try_camera(self._entered)

    async def _async_certificate(self) -> dict[str, str]:
        """Return the placeholders of a step that asks about a certificate."""
        return {
            CONF_HOST: self._unverified.message.placeholders["address"],
            "reason": await async_translate(self.hass, self._unverified.reason),
            "fingerprint": bytes.fromhex(self._unverified.fingerprint).hex(":").upper(),
        }

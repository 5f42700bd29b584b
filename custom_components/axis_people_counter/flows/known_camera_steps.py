"""Steps of dialogs about a camera to which there is access: a certificate may be the one of before, or another.

Knows nothing of what a dialog does with the camera.
"""

from collections.abc import Mapping
from typing import Any, override

import voluptuous as vol

from homeassistant.const import CONF_HOST
from homeassistant.core import callback
from homeassistant.data_entry_flow import FlowContext, FlowResult

from ..connecting import CONF_CONNECTION, Connection
from .camera_steps import CameraSteps


class KnownCameraSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    CameraSteps[ContextT, ResultT, HandlerT]
):
    """Steps of a dialog that warns of a new certificate, and doesn't ask about one that was accepted before."""

    # The camera had a certificate when it was reached before.
    _had_certificate = False

    @callback
    def _async_remember(self, access: Mapping[str, Any]) -> None:
        """Remember how the camera was reached before."""
        before = Connection(**access[CONF_CONNECTION])
        self._had_certificate = before.scheme == "https"
        self._accepted = self._accepted or before.accepted

    @override
    async def _async_try_camera(self, settings: Mapping[str, Any]) -> ResultT:
        # Whoever has got the camera's address must not turn HTTPS off. A person may, by entering http://.
        if self._had_certificate and not settings[CONF_HOST].strip().lower().startswith("http://"):
            settings = {CONF_CONNECTION: Connection("https", None)._asdict(), **settings}
        return await super()._async_try_camera(settings)

    @override
    async def async_step_certificate(self, user_input: dict[str, Any] | None = None) -> ResultT:
        if self._had_certificate:
            return await self.async_step_other_certificate()
        return await super().async_step_certificate(user_input)

    async def async_step_other_certificate(self, user_input: dict[str, Any] | None = None) -> ResultT:
        """Warn that another device may have got the camera's address, and would get the password."""
        if user_input is not None:
            return await self._async_accept()
        return self.async_show_form(
            step_id="other_certificate",
            data_schema=vol.Schema({}),
            description_placeholders=await self._async_certificate(),
        )

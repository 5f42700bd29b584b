"""What Home Assistant does in a camera for the user, where Axis documents how."""

from typing import Final

import voluptuous as vol

from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import selector
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..messages import Message, plain
from .vapix import CameraError, CameraWeb

CONF_TRUST_CERTIFICATE: Final = "trust_certificate"
# The form that asks for access to a camera.
CAMERA_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_HOST): selector.TextSelector(),
        vol.Required(CONF_USERNAME): selector.TextSelector(
            selector.TextSelectorConfig(type=selector.TextSelectorType.TEXT, autocomplete="off")
        ),
        vol.Required(CONF_PASSWORD): selector.TextSelector(
            selector.TextSelectorConfig(type=selector.TextSelectorType.PASSWORD, autocomplete="off")
        ),
        vol.Required(CONF_TRUST_CERTIFICATE, default=False): selector.BooleanSelector(),
    }
)


async def async_prepare(
    hass: HomeAssistant, address: str, username: str, password: str, *, trust_certificate: bool, authority: str | None
) -> list[Message]:
    """Install an authority's certificate in a camera, if there is one, set its protocol version, and say how that went.

    Raises CameraError if the camera can't be asked at all.
    """
    web = CameraWeb(async_get_clientsession(hass), address, username, password, trust_certificate=trust_certificate)
    device = await web.connect()
    done = [
        Message(
            "prepared_camera",
            {"model": plain(device.model), "serial": device.serial, "version": plain(device.version)},
        )
    ]
    if web.certificate_verified is False:
        done.append(Message("prepared_unverified", {}))
    if authority:
        try:
            installed = await web.install_authority(authority)
        except CameraError as err:
            done += [_shown(err), Message("prepared_authority_by_hand", {})]
        else:
            done.append(Message("prepared_authority" if installed else "prepared_authority_present", {}))
            if web.certificate_verified is None:
                # Axis wants this done over HTTPS, which not every camera has.
                done.append(Message("prepared_unencrypted", {}))
    try:
        await web.set_protocol_version()
    except CameraError as err:
        done += [_shown(err), Message("prepared_protocol_by_hand", {})]
    else:
        done.append(Message("prepared_protocol", {}))
    return done


def _shown(err: CameraError) -> Message:
    """Return an error's message so that a dialog shows the camera's own words as they are."""
    message = err.message
    return Message(message.key, {name: plain(value) for name, value in message.placeholders.items()})

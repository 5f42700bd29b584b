"""The form that asks for access to a camera, and what is set up in the camera with it.

Knows nothing of flows; the config flow and the repairs show the form.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from aiohttp import ClientSession, DummyCookieJar
import voluptuous as vol

from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import selector
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.singleton import singleton

from ..const import DOMAIN
from ..texts import Message, async_translate, plain
from .camera_errors import CameraError
from .vapix import CameraIdentity, CameraWeb, Connection

# A wrong password must not be tried again.
WRONG_PASSWORD: Final = "camera_credentials"
# Not in the form: how a camera was reached before, or whose certificate was accepted.
CONF_CONNECTION: Final = "connection"
CAMERA_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_HOST): selector.TextSelector(),
        vol.Required(CONF_USERNAME): selector.TextSelector(
            selector.TextSelectorConfig(type=selector.TextSelectorType.TEXT, autocomplete="off")
        ),
        vol.Required(CONF_PASSWORD): selector.TextSelector(
            selector.TextSelectorConfig(type=selector.TextSelectorType.PASSWORD, autocomplete="off")
        ),
    }
)


@callback
@singleton(f"{DOMAIN}_camera_session")
def _async_session(hass: HomeAssistant) -> ClientSession:
    """Return the session for all cameras; Home Assistant closes its connections when it stops.

    The cookies of a camera would be kept for ever, and sent to other hosts of the camera's domain.
    """
    return async_create_clientsession(hass, auto_cleanup=False, cookie_jar=DummyCookieJar(), auto_decompress=False)


def camera_web(hass: HomeAssistant, user_input: Mapping[str, Any]) -> CameraWeb:
    """Return the camera that a filled-in form is about, or the access that was kept."""
    known = user_input.get(CONF_CONNECTION)
    return CameraWeb(
        _async_session(hass),
        user_input[CONF_HOST],
        user_input[CONF_USERNAME],
        user_input[CONF_PASSWORD],
        known=Connection(**known) if known else None,
    )


def suggested_camera(user_input: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what to suggest in the form when it is shown again: everything but the password."""
    return {key: value for key, value in (user_input or {}).items() if key != CONF_PASSWORD}


async def async_camera_problem(hass: HomeAssistant, err: CameraError) -> tuple[dict[str, str], dict[str, str]]:
    """Return the errors and the placeholders with which the form shows what went wrong."""
    return {"base": "problem"}, {"problem": await async_translate(hass, err.message)}


class PreparedCamera(NamedTuple):
    """The identity of a camera, and a report of what was done in it."""

    identity: CameraIdentity
    done: list[Message]


async def async_prepare_camera(
    hass: HomeAssistant, user_input: Mapping[str, Any], authority: str | None
) -> PreparedCamera:
    """Install the authority's certificate, if there is one, and set the protocol version.

    Raises CameraError if the camera can't be reached at all, or doesn't accept the password.
    """
    web = camera_web(hass, user_input)
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
            if err.message.key == WRONG_PASSWORD:
                raise
            done += [_shown(err), Message("prepared_authority_by_hand", {})]
        else:
            done.append(Message("prepared_authority" if installed else "prepared_authority_present", {}))
            if web.certificate_verified is None:
                # Axis wants this done over HTTPS, which not every camera has.
                done.append(Message("prepared_unencrypted", {}))
    try:
        await web.set_protocol_version()
    except CameraError as err:
        if err.message.key == WRONG_PASSWORD:
            raise
        done += [_shown(err), Message("prepared_protocol_by_hand", {})]
    else:
        done.append(Message("prepared_protocol", {}))
    return PreparedCamera(device, done)


def _shown(err: CameraError) -> Message:
    """Return an error's message with its placeholders escaped for Markdown."""
    message = err.message
    return Message(message.key, {name: plain(value) for name, value in message.placeholders.items()})

"""The commands of the websocket API that answer with a dashboard, and with the form for its options."""

from collections.abc import Callable
from typing import Any, Final

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..texts import Words
from .cards import Config
from .door import door
from .form import form
from .home import Home
from .office import office
from .options import Options
from .overview import overview

BUILDERS: Final[dict[str, Callable[[Home, Words, Options], Config]]] = {
    "overview": overview,
    "door": door,
    "office": office,
}
MAX_LANGUAGE: Final = 20
QUESTION: Final[dict[Any, Any]] = {
    vol.Required("kind"): vol.In(BUILDERS),
    vol.Optional("language", default="en"): vol.All(str, vol.Length(max=MAX_LANGUAGE)),
}


@websocket_api.websocket_command(
    {
        vol.Required("type"): f"{DOMAIN}/dashboard",
        **QUESTION,
        vol.Optional("options", default=dict): dict,
    }
)
@websocket_api.async_response
async def websocket_dashboard(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Answer with the configuration of a dashboard; each person who is signed in may see it."""
    words = await Words.async_of(hass, msg["language"])
    config = BUILDERS[msg["kind"]](Home.async_of(hass), words, Options.of(msg["options"]))
    connection.send_result(msg["id"], config)


@websocket_api.websocket_command({vol.Required("type"): f"{DOMAIN}/dashboard_form", **QUESTION})
@websocket_api.async_response
async def websocket_dashboard_form(
    hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
) -> None:
    """Answer with the form for the options of a dashboard."""
    words = await Words.async_of(hass, msg["language"])
    connection.send_result(msg["id"], form(msg["kind"], Home.async_of(hass), words))

"""The forms that ask for the address cameras report to: Home Assistant's, or a port of this machine.

Checks what was entered and suggests values; knows no steps. The config flow calls this.
"""

from collections.abc import Mapping
from ipaddress import ip_address
import re
from typing import Any, Final

import voluptuous as vol
from yarl import URL

from homeassistant.components.network import async_get_source_ip
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import selector
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.util import dt as dt_util
from homeassistant.util.network import is_host_valid, is_ip_address

from ..connecting import (
    DATA_LISTENER,
    ListenerSettings,
    async_is_this_machine,
    is_all_visible,
    listening_sockets,
    own_certificates,
    strip_invisible,
)
from ..const import CONF_CERTIFICATE, CONF_DIRECT, CONF_OWN_ADDRESS, CONF_PRIVATE_KEY, DEFAULT_PORT, PUSH_PATH
from ..issues import LISTENER_CERTIFICATE_ENDS
from ..texts import async_translate, error_text
from .choices import BY_HAND, CONF_WAY, PREPARE, choice_field

SECTION_OWN_FILES: Final = "own_files"
# The keys of a config entry's data that these forms fill.
ADDRESS_KEYS: Final = (CONF_URL, CONF_DIRECT, CONF_OWN_ADDRESS, CONF_CERTIFICATE, CONF_PRIVATE_KEY)

# Other choices where a person enters an address: the other kind of address.
DIRECT: Final = "direct"
HOME_ASSISTANT: Final = "home_assistant"

URL_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_URL): selector.TextSelector(
            selector.TextSelectorConfig(type=selector.TextSelectorType.URL),
        ),
        **choice_field(CONF_WAY, (PREPARE, BY_HAND, DIRECT)),
    }
)
LISTENER_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_HOST): selector.TextSelector(),
        vol.Required(CONF_PORT, default=DEFAULT_PORT): vol.All(
            selector.NumberSelector(
                selector.NumberSelectorConfig(min=1, max=65535, step=1, mode=selector.NumberSelectorMode.BOX)
            ),
            vol.Coerce(int),
        ),
        vol.Required(SECTION_OWN_FILES): section(
            vol.Schema(
                {
                    vol.Optional(CONF_CERTIFICATE): selector.TextSelector(),
                    vol.Optional(CONF_PRIVATE_KEY): selector.TextSelector(),
                }
            ),
            {"collapsed": True},
        ),
        **choice_field(CONF_WAY, (PREPARE, BY_HAND, HOME_ASSISTANT)),
    }
)

_URL: Final = re.compile(
    r"https?://(?:\[[0-9a-f:.]+]|[^]/?#@:\\[]+)(?::([0-9]{1,5}))?(/[^?#]*)?[?#]?", re.IGNORECASE | re.ASCII
)


# Home Assistant's address


def suggested_url(hass: HomeAssistant, data: Mapping[str, Any]) -> str | None:
    """Return the present address, or the one cameras most likely reach: encrypted, if there is one."""
    if CONF_URL in data and not data.get(CONF_DIRECT):
        url: str = data[CONF_URL]
        return url
    for require_ssl in (True, False):
        try:
            return get_url(hass, require_ssl=require_ssl, allow_ip=True)
        except NoURLAvailableError:
            pass
    return None


def has_public_url(hass: HomeAssistant) -> bool:
    """Return True if Home Assistant has an encrypted address with a name: it may have a certificate cameras trust."""
    try:
        get_url(hass, require_ssl=True, allow_ip=False)
    except NoURLAvailableError:
        return False
    return True


def base_url(text: str) -> str | None:
    """Return the address without a path, None if it is no address; the path of the push URL is accepted."""
    text = strip_invisible(text)
    found = _URL.fullmatch(text)
    if not found or not is_all_visible(text):
        return None
    port, path = found.groups(default="")
    if (port and not 0 < int(port) < 65536) or path.rstrip("/") not in ("", PUSH_PATH):
        return None
    try:
        origin = URL(text).origin()
    except ValueError:
        return None
    # `raw_host` has letters beyond ASCII encoded. Names mustn't have underscores, but these work.
    return str(origin) if _is_host((origin.raw_host or "").replace("_", "x")) else None


# A port of this machine


async def async_suggested_listener(hass: HomeAssistant, present: ListenerSettings | None) -> dict[str, Any]:
    """Return the present settings of the listener, or an address that needs no name server."""
    if present:
        files = {CONF_CERTIFICATE: present.certificate, CONF_PRIVATE_KEY: present.private_key}
        return {CONF_HOST: present.host, CONF_PORT: present.port, SECTION_OWN_FILES: files}
    try:
        return {CONF_HOST: await async_get_source_ip(hass)}
    except HomeAssistantError:
        return {}


def listener_settings(user_input: Mapping[str, Any]) -> ListenerSettings:
    """Return the settings that were entered for the listener."""
    files = user_input[SECTION_OWN_FILES]
    return ListenerSettings(
        strip_invisible(user_input[CONF_HOST]).strip("[]").lower(),
        user_input[CONF_PORT],
        strip_invisible(files.get(CONF_CERTIFICATE, "")) or None,
        strip_invisible(files.get(CONF_PRIVATE_KEY, "")) or None,
    )


async def async_listener_data(hass: HomeAssistant, settings: ListenerSettings) -> dict[str, Any]:
    """Return the settings as they are stored in the config entry."""
    is_own = await async_is_this_machine(hass, settings.host)
    data = {CONF_URL: settings.url, CONF_DIRECT: True, CONF_OWN_ADDRESS: is_own}
    if settings.certificate and settings.private_key:
        data |= {CONF_CERTIFICATE: settings.certificate, CONF_PRIVATE_KEY: settings.private_key}
    return data


async def async_listener_errors(
    hass: HomeAssistant, settings: ListenerSettings
) -> tuple[dict[str, str], dict[str, str]]:
    """Return errors by field, and their placeholders; create our certificate authority if it is needed."""
    if not _is_host(settings.host):
        return {CONF_HOST: "invalid_host"}, {}
    if bool(settings.certificate) != bool(settings.private_key):
        return {"base": "certificate_without_key"}, {}
    now = dt_util.utcnow()
    if settings.certificate:
        load = settings.certificates(hass).load
        loaded = await hass.async_add_executor_job(load, [settings.host], now)
        if (problem := loaded.problem) and problem.key != LISTENER_CERTIFICATE_ENDS.key:
            return {"base": "problem"}, {"problem": await async_translate(hass, problem)}
    else:
        try:
            await hass.async_add_executor_job(own_certificates(hass).create, now)
        except OSError as err:
            return {"base": "authority_not_stored"}, {"error": error_text(hass, err)}
    listener = hass.data.get(DATA_LISTENER)
    if listener is None or listener.settings.port != settings.port:
        try:
            for socket in listening_sockets(settings.bind_addresses, settings.port):
                socket.close()
        except OSError as err:
            return {CONF_PORT: "port_taken"}, {"error": error_text(hass, err)}
    return {}, {}


def _is_host(host: str) -> bool:
    """Return True if a URL and a certificate can name this host, and others can reach it."""
    if not (is_all_visible(host) and host.isascii() and is_host_valid(host)) or "%" in host:
        return False
    return not is_ip_address(host) or not (ip_address(host).is_unspecified or ip_address(host).is_multicast)

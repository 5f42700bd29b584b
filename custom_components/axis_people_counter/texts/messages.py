"""Texts for people: translated messages, and escapes for what cameras and other servers sent.

Knows nothing of what messages are about; everything that shows one calls it.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
import re
from typing import Final, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_cached_translations, async_get_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN

_MARKDOWN: Final = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>()#+-.!|~&:/@"})

# Numbers in names are compared up to this length.
_MAX_DIGITS: Final = 12


class Message(NamedTuple):
    """A translated message: its key among the exceptions of the translations, and its placeholders."""

    key: str
    placeholders: Mapping[str, str] = {}


def translate(hass: HomeAssistant, message: Message) -> str:
    """Return a message in Home Assistant's language, of which all texts are loaded when the integration is set up."""
    texts = async_get_cached_translations(hass, hass.config.language, "exceptions", DOMAIN)
    return _filled_in(texts, message)


async def async_translate(hass: HomeAssistant, message: Message) -> str:
    """Return a message in Home Assistant's language, or its key where there is no translation."""
    texts = await async_get_translations(hass, hass.config.language, "exceptions", [DOMAIN])
    return _filled_in(texts, message)


async def async_load_messages(hass: HomeAssistant) -> None:
    """Load the texts for `translate`, for a flow that begins before the integration is set up."""
    await async_get_translations(hass, hass.config.language, "exceptions", [DOMAIN])


def _filled_in(texts: Mapping[str, str], message: Message) -> str:
    text = texts.get(f"component.{DOMAIN}.exceptions.{message.key}.message", message.key)
    return text.format_map(message.placeholders)


async def async_options(hass: HomeAssistant, selector: str) -> dict[str, str]:
    """Return the options of a selector in Home Assistant's language: texts by key."""
    prefix = f"component.{DOMAIN}.selector.{selector}.options."
    texts = await async_get_translations(hass, hass.config.language, "selector", [DOMAIN])
    return {key.removeprefix(prefix): text for key, text in texts.items() if key.startswith(prefix)}


async def async_translate_list(hass: HomeAssistant, messages: Iterable[Message]) -> str:
    """Return messages as a list in Markdown."""
    return "\n".join([f"- {await async_translate(hass, message)}" for message in messages])


def plain(text: str) -> str:
    """Return text of a sender escaped, so that it is never shown as Markdown or HTML."""
    return text.translate(_MARKDOWN)


def name_placeholders(name: str, address: str | None = None) -> dict[str, str]:
    """Return placeholders for a camera: its name for titles, which are plain text, and escaped for descriptions.

    Descriptions link the camera's page if its IP address is known.
    """
    page = link(address)
    return {"name": name, "camera": f"{plain(name)} ({page})" if page else plain(name)}


@lru_cache(maxsize=256)
def name_order(name: str) -> str:
    """Return what sorts names, with "Door 2" before "Door 10"."""
    return re.sub(r"\d+", lambda number: number[0].zfill(_MAX_DIGITS), name.casefold())


def link(address: str | None) -> str:
    """Return a link to the page at an IP address, empty for any other text."""
    # The scope of an IPv6 address may be any text.
    if address is None or "%" in address:
        return ""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    host = f"[{parsed}]" if isinstance(parsed, IPv6Address) else str(parsed)
    return f"[{plain(host)}](http://{host})"


def wall_clock(instant: datetime) -> str:
    """Return the local time of an instant, in seconds."""
    # The first and the last hours of the calendar have no local time.
    with suppress(OverflowError):
        instant = dt_util.as_local(instant)
    return f"{instant:%Y-%m-%d %H:%M:%S}"


def url_host(address: str) -> str:
    """Return an IP address as a URL needs it."""
    return f"[{address}]" if ":" in address else address

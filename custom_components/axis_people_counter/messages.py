"""Text for people: translated sentences, and what cameras sent made harmless for Markdown and links."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN

_MARKDOWN: Final = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>()#+-.!|~&:/@"})


class Message(NamedTuple):
    """A translated message: its key among the translations' exceptions, and what replaces the names in braces."""

    key: str
    placeholders: Mapping[str, str] = {}


async def async_translate(hass: HomeAssistant, message: Message) -> str:
    """Return a message in Home Assistant's language, or its key where there is no translation."""
    texts = await async_get_translations(hass, hass.config.language, "exceptions", [DOMAIN])
    text = texts.get(f"component.{DOMAIN}.exceptions.{message.key}.message", message.key)
    return text.format_map(message.placeholders)


async def async_translate_list(hass: HomeAssistant, messages: Iterable[Message]) -> str:
    """Return messages as a list in Markdown."""
    return "\n".join([f"- {await async_translate(hass, message)}" for message in messages])


def plain(text: str) -> str:
    """Return text that a sender chose so that it is shown as it is, and never as Markdown or HTML."""
    return text.translate(_MARKDOWN)


def name_placeholders(name: str, address: str | None = None) -> dict[str, str]:
    """Return placeholders for a name that a sender chose: for titles, shown as they are, and for descriptions.

    In the latter the camera's page is linked where its IP address is known.
    """
    page = link(address)
    return {"name": name, "camera": f"{plain(name)} ({page})" if page else plain(name)}


def link(address: str | None) -> str:
    """Return a link to the page at an IP address, nothing where that isn't one."""
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
    """Return an instant as a clock on the wall shows it."""
    # At the ends of time there may be no local one.
    with suppress(OverflowError):
        instant = dt_util.as_local(instant)
    return f"{instant:%Y-%m-%d %H:%M:%S}"


def url_host(address: str) -> str:
    """Return an IP address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address

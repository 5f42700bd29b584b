"""Translated sentences that are parts of a longer text, in Home Assistant's language."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN


class Sentence(Protocol):
    """What can be said: a key of the translations' exceptions, and its placeholders."""

    @property
    def key(self) -> str:
        """The key."""

    @property
    def placeholders(self) -> Mapping[str, str]:
        """What stands for the names in braces."""


async def async_say(hass: HomeAssistant, sentence: Sentence) -> str:
    """Return a sentence, or its key where there is no translation."""
    texts = await async_get_translations(hass, hass.config.language, "exceptions", [DOMAIN])
    text = texts.get(f"component.{DOMAIN}.exceptions.{sentence.key}.message", sentence.key)
    return text.format_map(sentence.placeholders)


async def async_list(hass: HomeAssistant, sentences: Iterable[Sentence]) -> str:
    """Return sentences as a list in Markdown."""
    return "\n".join([f"- {await async_say(hass, sentence)}" for sentence in sentences])

"""The texts of dashboards and reports in the language of the person who reads them."""

from collections.abc import Mapping
from typing import Final, Self

from homeassistant.core import HomeAssistant
from homeassistant.generated.languages import LANGUAGES
from homeassistant.helpers.translation import LOCALE_EN, async_get_translations

from ..const import DOMAIN

CATEGORY: Final = "common"
_PREFIX: Final = f"component.{DOMAIN}.{CATEGORY}."


class Words:
    """The texts of one language."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Take the texts as Home Assistant loads them."""
        self._texts = texts

    @classmethod
    async def async_of(cls, hass: HomeAssistant, language: str) -> Self:
        """Load the texts; those of an unknown language are English."""
        known = language if language in LANGUAGES else LOCALE_EN
        return cls(await async_get_translations(hass, known, CATEGORY, [DOMAIN]))

    def __call__(self, key: str) -> str:
        """Return a text."""
        return self._texts[f"{_PREFIX}{key}"]

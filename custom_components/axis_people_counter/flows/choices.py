"""A list of radio buttons in a form, of which the first one is chosen at first.

A menu can't be used with the keyboard and has no role for screen readers.
"""

from collections.abc import Sequence
from typing import Final

import voluptuous as vol

from homeassistant.helpers import selector

# How a camera is connected, asked in several dialogs.
CONF_WAY: Final = "way"
PREPARE: Final = "prepare"
BY_HAND: Final = "by_hand"


def choice_field(
    name: str, options: Sequence[str], translation_key: str | None = None
) -> dict[vol.Marker, selector.SelectSelector]:
    """Return a field for a form's schema; its texts are those of the selector with its name or the key."""
    config = selector.SelectSelectorConfig(
        options=[*options], mode=selector.SelectSelectorMode.LIST, translation_key=translation_key or name
    )
    return {vol.Required(name, default=options[0]): selector.SelectSelector(config)}

"""The view of a dashboard that has nothing to show yet."""

from typing import Final

from ..const import DOMAIN
from ..texts import Words
from .cards import Config

SETTINGS_PATH: Final = f"/config/integrations/integration/{DOMAIN}"


def nothing(words: Words, reason: str) -> Config:
    """Return a view with the reason, and the way to the integration's page."""
    card = {
        "type": "button",
        "name": words(reason),
        "icon": "mdi:account-group",
        "tap_action": {"action": "navigate", "navigation_path": SETTINGS_PATH},
    }
    return {"views": [{"title": words("people_counter"), "path": "nothing", "type": "panel", "cards": [card]}]}

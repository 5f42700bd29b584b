"""The cameras that haven't used a new API token yet: a repair issue lists them while the old one still works.

The view notes the token of each message. The set-up asks for the issue when the tokens may have changed.
"""

from typing import Final

from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .. import issues
from ..receiver import PeopleCounterConfigEntry
from ..texts import name_placeholders, wall_clock
from .tokens import is_same, previous_tokens_end

# More than these don't fit on a screen.
_MAX_SHOWN: Final = 30


class TokenUse:
    """Remembers the token of each camera's last message; after a restart, none has been heard yet."""

    def __init__(self) -> None:
        """Start without cameras."""
        self._last: dict[str, bytes] = {}

    @callback
    def async_note(self, hass: HomeAssistant, entry: PeopleCounterConfigEntry, serial: str, token: bytes) -> None:
        """Store the token of a message that was accepted."""
        if self._last.get(serial) != token:
            self._last[serial] = token
            self.async_show(hass, entry)

    @callback
    def async_show(self, hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> None:
        """Show the cameras that haven't used the present token, as long as a previous one is accepted."""
        end = previous_tokens_end(entry, dt_util.utcnow())
        if end and (waiting := self._waiting(entry)):
            issues.async_begin(hass, issues.NEW_TOKEN, cameras="\n".join(waiting), until=wall_clock(end))
        else:
            issues.async_end(hass, issues.NEW_TOKEN)

    def _waiting(self, entry: PeopleCounterConfigEntry) -> list[str]:
        """Return a list in Markdown."""
        token: str = entry.data[CONF_TOKEN]
        found = [
            f"- {name_placeholders(camera.device_name, camera.camera.ip_address)['camera']}"
            for camera in entry.runtime_data.cameras.values()
            if not is_same(token, self._last.get(camera.camera.serial, b""))
        ]
        return [*found[:_MAX_SHOWN], "- …"] if len(found) > _MAX_SHOWN else found

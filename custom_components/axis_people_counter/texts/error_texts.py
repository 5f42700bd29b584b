"""The texts of errors of the operating system and of SQLite, in Home Assistant's language.

Everything that shows such an error to a person calls it.
"""

from typing import Final

from homeassistant.core import HomeAssistant

from .messages import Message, translate

# By a part of the English text that the operating system or SQLite gives.
_ERRORS: Final = {
    "Address already in use": Message("error_port_in_use"),
    "disk is full": Message("error_disk_full"),
    "No space left": Message("error_disk_full"),
    "Read-only": Message("error_read_only"),
    "readonly": Message("error_read_only"),
    "ermission denied": Message("error_no_permission"),
    "locked": Message("error_locked"),
    "I/O error": Message("error_disk"),
    "nput/output error": Message("error_disk"),
}


def error_text(hass: HomeAssistant, err: Exception) -> str:
    """Return the text of an error, in Home Assistant's language if a person can do something about it."""
    text = (err.strerror if isinstance(err, OSError) else None) or str(err)
    return next((translate(hass, message) for part, message in _ERRORS.items() if part in text), text)

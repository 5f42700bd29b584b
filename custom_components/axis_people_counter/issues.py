"""Repair issues: each says what is wrong and what to do, and ends when the reason has gone."""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

WRONG_TOKEN: Final = "wrong_token"
WRONG_PROTOCOL: Final = "wrong_protocol"
CLOCK_DIFFERS: Final = "clock_differs"
BODY_TOO_LARGE: Final = "body_too_large"
TOO_MANY_CAMERAS: Final = "too_many_cameras"
QUARANTINED: Final = "quarantined"
CAMERA_SILENT: Final = "camera_silent"
DOOR_MISSING: Final = "door_missing"
LEDGER_NOT_WRITABLE: Final = "ledger_not_writable"
LEDGER_MOVED_ASIDE: Final = "ledger_moved_aside"

_ERRORS: Final = (WRONG_PROTOCOL, CLOCK_DIFFERS, TOO_MANY_CAMERAS, LEDGER_NOT_WRITABLE, LEDGER_MOVED_ASIDE)
# A stranger can call from many addresses, and whoever has the token can invent cameras.
_MOST: Final = 256
_MOST_WRONG_TOKENS: Final = 20
_MARKDOWN: Final = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>()#+-.!|~&:/@"})


def plain(text: str) -> str:
    """Return text that a sender chose so that it is shown as it is, and never as Markdown or HTML."""
    return text.translate(_MARKDOWN)


def names(name: str) -> dict[str, str]:
    """Return placeholders for a name that a sender chose: for titles, shown as they are, and for descriptions."""
    return {"name": name, "camera": plain(name)}


@callback
def async_begin(hass: HomeAssistant, key: str, about: str | None = None, **placeholders: str) -> None:
    """Show an issue; about tells several of a kind apart (a serial, an address), of which there is a limit."""
    shown = ir.async_get(hass).issues
    issue_id = _issue_id(key, about)
    of_the_kind = sum(domain == DOMAIN and issue.translation_key == key for (domain, _), issue in shown.items())
    if (DOMAIN, issue_id) not in shown and of_the_kind >= (_MOST_WRONG_TOKENS if key == WRONG_TOKEN else _MOST):
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=key == LEDGER_MOVED_ASIDE,
        # What happened once is shown until somebody has read it; all others are found again after a restart.
        is_persistent=key == LEDGER_MOVED_ASIDE,
        severity=ir.IssueSeverity.ERROR if key in _ERRORS else ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders=placeholders or None,
    )


@callback
def async_end(hass: HomeAssistant, key: str, about: str | None = None) -> None:
    """Take an issue back, if there is one."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(key, about))


@callback
def async_end_all(hass: HomeAssistant) -> None:
    """Take all issues of the integration back."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


def _issue_id(key: str, about: str | None) -> str:
    return f"{key}_{about}" if about else key

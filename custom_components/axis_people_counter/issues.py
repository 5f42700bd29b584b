"""Repair issues: each says what is wrong and what to do, and ends when the reason has gone."""

from collections.abc import Container
from datetime import datetime, timedelta
import hmac
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

WRONG_TOKEN: Final = "wrong_token"
WRONG_PROTOCOL: Final = "wrong_protocol"
CLOCK_DIFFERS: Final = "clock_differs"
BODY_TOO_LARGE: Final = "body_too_large"
TOO_MANY_CAMERAS: Final = "too_many_cameras"
QUARANTINED: Final = "quarantined"
QUARANTINE_FULL: Final = "quarantine_full"
SEVERAL_APPLICATIONS: Final = "several_applications"
CAMERA_SILENT: Final = "camera_silent"
DOOR_MISSING: Final = "door_missing"
NEW_CAMERA: Final = "new_camera"
CERTIFICATE_REFUSED: Final = "certificate_refused"
TIME_ZONE_UNKNOWN: Final = "time_zone_unknown"
PLACE_TIME_ZONE_UNKNOWN: Final = "place_time_zone_unknown"
LISTENER_ADDRESS_GONE: Final = "listener_address_gone"
LISTENER_AUTHORITY_DAMAGED: Final = "listener_authority_damaged"
LISTENER_CERTIFICATE_ABSENT: Final = "listener_certificate_absent"
LISTENER_CERTIFICATE_DAMAGED: Final = "listener_certificate_damaged"
LISTENER_CERTIFICATE_EMPTY: Final = "listener_certificate_empty"
LISTENER_CERTIFICATE_ENDS: Final = "listener_certificate_ends"
LISTENER_CERTIFICATE_EXPIRED: Final = "listener_certificate_expired"
LISTENER_CERTIFICATE_NAMES: Final = "listener_certificate_names"
LISTENER_CERTIFICATE_NOT_PEM: Final = "listener_certificate_not_pem"
LISTENER_CERTIFICATE_ORDER: Final = "listener_certificate_order"
LISTENER_CERTIFICATE_REQUEST: Final = "listener_certificate_request"
LISTENER_CERTIFICATE_UNREADABLE: Final = "listener_certificate_unreadable"
LISTENER_CERTIFICATE_UNWRITABLE: Final = "listener_certificate_unwritable"
LISTENER_CERTIFICATE_WEAK: Final = "listener_certificate_weak"
LISTENER_CLOCK: Final = "listener_clock"
LISTENER_ISSUER_EARLY: Final = "listener_issuer_early"
LISTENER_ISSUER_EXPIRED: Final = "listener_issuer_expired"
LISTENER_ISSUER_MISSING: Final = "listener_issuer_missing"
LISTENER_KEY_ABSENT: Final = "listener_key_absent"
LISTENER_KEY_ENCRYPTED: Final = "listener_key_encrypted"
LISTENER_KEY_OTHER: Final = "listener_key_other"
LISTENER_PORT_TAKEN: Final = "listener_port_taken"
LEDGER_NOT_WRITABLE: Final = "ledger_not_writable"
LEDGER_MOVED_ASIDE: Final = "ledger_moved_aside"

_ERRORS: Final = (
    WRONG_PROTOCOL,
    CLOCK_DIFFERS,
    TOO_MANY_CAMERAS,
    QUARANTINE_FULL,
    SEVERAL_APPLICATIONS,
    LISTENER_CERTIFICATE_ABSENT,
    LISTENER_CERTIFICATE_DAMAGED,
    LISTENER_CERTIFICATE_EMPTY,
    LISTENER_CERTIFICATE_EXPIRED,
    LISTENER_CERTIFICATE_NAMES,
    LISTENER_CERTIFICATE_NOT_PEM,
    LISTENER_CERTIFICATE_ORDER,
    LISTENER_CERTIFICATE_REQUEST,
    LISTENER_CERTIFICATE_UNREADABLE,
    LISTENER_CERTIFICATE_WEAK,
    LISTENER_CLOCK,
    LISTENER_ISSUER_EARLY,
    LISTENER_ISSUER_EXPIRED,
    LISTENER_ISSUER_MISSING,
    LISTENER_KEY_ABSENT,
    LISTENER_KEY_ENCRYPTED,
    LISTENER_KEY_OTHER,
    LISTENER_PORT_TAKEN,
    LEDGER_NOT_WRITABLE,
    LEDGER_MOVED_ASIDE,
)
# Those that something can be done about here; a flow in repairs.py does it.
_FIXABLE: Final = (WRONG_TOKEN, WRONG_PROTOCOL, BODY_TOO_LARGE, NEW_CAMERA, QUARANTINED, LEDGER_MOVED_ASIDE)
# Requests cause these, and their sender may be nobody we know: an address, or a camera that never got through.
_OF_SENDERS: Final = (WRONG_TOKEN, WRONG_PROTOCOL, BODY_TOO_LARGE, CLOCK_DIFFERS)
# A problem of an unknown sender is over after this time without it. Cameras send every 15 minutes at least, and nobody
# knows how long they wait before they try again; so this is four times as long.
QUIET: Final = timedelta(hours=1)
# A stranger can call from many addresses, and whoever has the token can invent cameras.
_MOST: Final = 256
_MOST_WRONG_TOKENS: Final = 20
# Makes ids that name no camera: the diagnostics download holds the ids of all our issues.
_DATA_SECRET: HassKey[bytes] = HassKey(f"{DOMAIN}_issue_secret")
# When a sender's problem last came, by the id of its issue.
_DATA_LAST: HassKey[dict[str, datetime]] = HassKey(f"{DOMAIN}_issue_last")


@callback
def async_use_secret(hass: HomeAssistant, secret: str) -> None:
    """Take what the ids of issues are made with; with the same secret, an ignored issue stays ignored."""
    hass.data[_DATA_SECRET] = secret.encode()


@callback
def async_begin(
    hass: HomeAssistant,
    key: str,
    about: str | None = None,
    always: bool = False,
    /,
    **placeholders: str,
) -> None:
    """Show an issue; about tells several of a kind apart (a serial, an address), of which there is mostly a limit."""
    shown = ir.async_get(hass).issues
    issue_id = _issue_id(hass, key, about)
    of_the_kind = sum(domain == DOMAIN and issue.translation_key == key for (domain, _), issue in shown.items())
    if (
        not always
        and (DOMAIN, issue_id) not in shown
        and of_the_kind >= (_MOST_WRONG_TOKENS if key == WRONG_TOKEN else _MOST)
    ):
        return
    if key in _OF_SENDERS:
        hass.data.setdefault(_DATA_LAST, {})[issue_id] = dt_util.utcnow()
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        # What a flow has to know. Everybody who has an account can read it: nothing in it is secret.
        data={"key": key, "about": about, **placeholders},
        is_fixable=key in _FIXABLE,
        # What happened once is shown until somebody has read it; all others are found again after a restart.
        is_persistent=key == LEDGER_MOVED_ASIDE,
        severity=ir.IssueSeverity.ERROR if key in _ERRORS else ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders=placeholders or None,
    )


@callback
def async_end(hass: HomeAssistant, key: str, about: str | None = None) -> None:
    """Take an issue back, if there is one."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(hass, key, about))


@callback
def async_end_quiet(hass: HomeAssistant, cameras: Container[str | None]) -> None:
    """Take back what senders did that haven't done it again for a while, except known cameras."""
    shown = ir.async_get(hass).issues
    last = hass.data.get(_DATA_LAST, {})
    for issue_id in list(last):
        issue = shown.get((DOMAIN, issue_id))
        if issue is None:
            # The issue has ended meanwhile.
            del last[issue_id]
        elif issue_about(issue) not in cameras and dt_util.utcnow() - last[issue_id] >= QUIET:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_end_kind(hass: HomeAssistant, key: str) -> None:
    """Take all issues of a kind back."""
    for (domain, issue_id), issue in list(ir.async_get(hass).issues.items()):
        if domain == DOMAIN and issue.translation_key == key:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_end_all(hass: HomeAssistant, *, past: bool = True) -> None:
    """Take all issues of the integration back, those that tell of the past only if told so."""
    for (domain, issue_id), issue in list(ir.async_get(hass).issues.items()):
        if domain == DOMAIN and (past or not issue.is_persistent):
            ir.async_delete_issue(hass, DOMAIN, issue_id)


def issue_about(issue: ir.IssueEntry) -> str | None:
    """Return the serial number, address or place that an issue is about."""
    about = (issue.data or {}).get("about")
    return about if isinstance(about, str) else None


def _issue_id(hass: HomeAssistant, key: str, about: str | None) -> str:
    """Return an id that names the kind, and only with the secret leads back to what the issue is about."""
    if about is None:
        return key
    return f"{key}_{hmac.digest(hass.data[_DATA_SECRET], about.encode(), 'sha256').hex()[:16]}"

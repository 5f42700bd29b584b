"""Repair issues: a table of their kinds, and functions that show and end them.

Knows the issue registry, not what is wrong; whatever finds a problem calls it, and again when the problem is over.
"""

from collections.abc import Container
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta
import hmac
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.issue_registry import IssueSeverity
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

# A problem of an unknown sender ends after this time without it. Cameras send every 15 minutes at least, and nobody
# knows how long they wait before they try again; so this is four times as long.
QUIET: Final = timedelta(hours=1)
# A stranger can send from many addresses, and whoever has the token can invent cameras.
_LIMIT: Final = 256
_LIMIT_OF_WRONG_TOKENS: Final = 20


@dataclass(frozen=True, slots=True)
class Issue:
    """A kind of repair issue."""

    # Its translation key.
    key: str
    severity: IssueSeverity = IssueSeverity.WARNING
    _: KW_ONLY
    # A flow in repairs.py can end it.
    fixable: bool = False
    # It is shown until somebody has read it; all others are found again after a restart.
    persistent: bool = False
    # A request causes it, and its sender may be unknown: an address, or a camera that never got through.
    # It also ends when that sender has been quiet for a while, unless it is a known camera.
    of_sender: bool = False
    # The most that are shown at a time.
    limit: int = _LIMIT


_ERROR: Final = IssueSeverity.ERROR

# About a sender. They end with the next push of that camera which is well; those about an address end when they are
# fixed, or by time, because several cameras may have the same address.
WRONG_TOKEN: Final = Issue("wrong_token", fixable=True, of_sender=True, limit=_LIMIT_OF_WRONG_TOKENS)
WRONG_PROTOCOL: Final = Issue("wrong_protocol", _ERROR, fixable=True, of_sender=True)
CLOCK_DIFFERS: Final = Issue("clock_differs", _ERROR, of_sender=True)
BODY_TOO_LARGE: Final = Issue("body_too_large", fixable=True, of_sender=True)

# About a camera or a place. They end when what they say is no longer so, or with the camera or the place.
QUARANTINED: Final = Issue("quarantined", fixable=True)
QUARANTINE_FULL: Final = Issue("quarantine_full", _ERROR)
SEVERAL_APPLICATIONS: Final = Issue("several_applications", _ERROR)
CAMERA_SILENT: Final = Issue("camera_silent")
NEW_CAMERA: Final = Issue("new_camera", fixable=True)
CERTIFICATE_REFUSED: Final = Issue("certificate_refused")
TIME_ZONE_UNKNOWN: Final = Issue("time_zone_unknown")
DOOR_MISSING: Final = Issue("door_missing")
PLACE_TIME_ZONE_UNKNOWN: Final = Issue("place_time_zone_unknown")

# About the ledger. They end when it can be written, when there is room, and when somebody has read it.
LEDGER_NOT_WRITABLE: Final = Issue("ledger_not_writable", _ERROR)
TOO_MANY_CAMERAS: Final = Issue("too_many_cameras", _ERROR)
LEDGER_MOVED_ASIDE: Final = Issue("ledger_moved_aside", _ERROR, fixable=True, persistent=True)

# About the listener. They end when its next check doesn't find them.
LISTENER_ADDRESS_GONE: Final = Issue("listener_address_gone")
LISTENER_AUTHORITY_DAMAGED: Final = Issue("listener_authority_damaged")
LISTENER_CERTIFICATE_ABSENT: Final = Issue("listener_certificate_absent", _ERROR)
LISTENER_CERTIFICATE_DAMAGED: Final = Issue("listener_certificate_damaged", _ERROR)
LISTENER_CERTIFICATE_EMPTY: Final = Issue("listener_certificate_empty", _ERROR)
LISTENER_CERTIFICATE_ENDS: Final = Issue("listener_certificate_ends")
LISTENER_CERTIFICATE_EXPIRED: Final = Issue("listener_certificate_expired", _ERROR)
LISTENER_CERTIFICATE_NAMES: Final = Issue("listener_certificate_names", _ERROR)
LISTENER_CERTIFICATE_NOT_PEM: Final = Issue("listener_certificate_not_pem", _ERROR)
LISTENER_CERTIFICATE_ORDER: Final = Issue("listener_certificate_order", _ERROR)
LISTENER_CERTIFICATE_REQUEST: Final = Issue("listener_certificate_request", _ERROR)
LISTENER_CERTIFICATE_UNREADABLE: Final = Issue("listener_certificate_unreadable", _ERROR)
LISTENER_CERTIFICATE_UNWRITABLE: Final = Issue("listener_certificate_unwritable")
LISTENER_CERTIFICATE_WEAK: Final = Issue("listener_certificate_weak", _ERROR)
LISTENER_CLOCK: Final = Issue("listener_clock", _ERROR)
LISTENER_ISSUER_EARLY: Final = Issue("listener_issuer_early", _ERROR)
LISTENER_ISSUER_EXPIRED: Final = Issue("listener_issuer_expired", _ERROR)
LISTENER_ISSUER_MISSING: Final = Issue("listener_issuer_missing", _ERROR)
LISTENER_KEY_ABSENT: Final = Issue("listener_key_absent", _ERROR)
LISTENER_KEY_ENCRYPTED: Final = Issue("listener_key_encrypted", _ERROR)
LISTENER_KEY_OTHER: Final = Issue("listener_key_other", _ERROR)
LISTENER_PORT_TAKEN: Final = Issue("listener_port_taken", _ERROR)

ISSUES: Final = {issue.key: issue for issue in list(globals().values()) if isinstance(issue, Issue)}

# Makes ids that name no camera: the diagnostics download holds the ids of all our issues.
_DATA_SECRET: HassKey[bytes] = HassKey(f"{DOMAIN}_issue_secret")
# When a sender last caused its issue, by the id of the issue.
_DATA_LAST: HassKey[dict[str, datetime]] = HassKey(f"{DOMAIN}_issue_last")


@callback
def async_use_secret(hass: HomeAssistant, secret: str) -> None:
    """Store the secret that ids are made with; with the same secret, an ignored issue stays ignored."""
    hass.data[_DATA_SECRET] = secret.encode()


@callback
def async_begin(
    hass: HomeAssistant,
    issue: Issue,
    about: str | None = None,
    always: bool = False,
    /,
    **placeholders: str,
) -> None:
    """Show an issue about a serial number, an address or a place, unless too many of its kind are shown."""
    shown = ir.async_get(hass).issues
    issue_id = _issue_id(hass, issue, about)
    if not always and (DOMAIN, issue_id) not in shown and len(_of_kind(hass, issue)) >= issue.limit:
        return
    if issue.of_sender:
        hass.data.setdefault(_DATA_LAST, {})[issue_id] = dt_util.utcnow()
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        # For the flow. Every user of Home Assistant can read it: nothing in it is secret.
        data={"key": issue.key, "about": about, **placeholders},
        is_fixable=issue.fixable,
        is_persistent=issue.persistent,
        severity=issue.severity,
        translation_key=issue.key,
        translation_placeholders=placeholders or None,
    )


@callback
def async_end(hass: HomeAssistant, issue: Issue, about: str | None = None) -> None:
    """End an issue, if it is shown."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(hass, issue, about))


@callback
def async_show_while(
    hass: HomeAssistant, is_wrong: bool, issue: Issue, about: str | None = None, /, **placeholders: str
) -> None:
    """Show an issue while a condition holds, else end it."""
    if is_wrong:
        async_begin(hass, issue, about, **placeholders)
    else:
        async_end(hass, issue, about)


@callback
def async_end_quiet(hass: HomeAssistant, cameras: Container[str | None]) -> None:
    """End the issues of senders that haven't caused them for a while, except those of known cameras."""
    shown = ir.async_get(hass).issues
    last = hass.data.get(_DATA_LAST, {})
    for issue_id in list(last):
        entry = shown.get((DOMAIN, issue_id))
        if entry is None:
            # The issue has ended meanwhile.
            del last[issue_id]
        elif issue_about(entry) not in cameras and dt_util.utcnow() - last[issue_id] >= QUIET:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_end_kind(hass: HomeAssistant, issue: Issue) -> None:
    """End all issues of a kind."""
    for issue_id in _of_kind(hass, issue):
        ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_end_all(hass: HomeAssistant, *, persistent: bool = True) -> None:
    """End all issues of the integration, persistent ones only if asked to."""
    for (domain, issue_id), entry in list(ir.async_get(hass).issues.items()):
        if domain == DOMAIN and (persistent or not entry.is_persistent):
            ir.async_delete_issue(hass, DOMAIN, issue_id)


def issue_about(entry: ir.IssueEntry) -> str | None:
    """Return the serial number, address or place that an issue is about."""
    about = (entry.data or {}).get("about")
    return about if isinstance(about, str) else None


def _of_kind(hass: HomeAssistant, issue: Issue) -> list[str]:
    """Return the ids of all issues of a kind."""
    registry = ir.async_get(hass)
    return [
        issue_id
        for (domain, issue_id), entry in registry.issues.items()
        if domain == DOMAIN and entry.translation_key == issue.key
    ]


def _issue_id(hass: HomeAssistant, issue: Issue, about: str | None) -> str:
    """Return an id that names the kind; what it is about can be found out only with the secret."""
    if about is None:
        return issue.key
    return f"{issue.key}_{hmac.digest(hass.data[_DATA_SECRET], about.encode(), 'sha256').hex()[:16]}"

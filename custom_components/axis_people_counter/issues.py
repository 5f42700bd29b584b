"""Repair issues: a table of their kinds, and functions that show and end them.

Knows only the issue registry. The module that finds a problem begins the issue, and ends it when the problem is over.
"""

from collections.abc import Container
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import lru_cache
import hmac
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.issue_registry import IssueSeverity
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

# The issue of an unknown sender ends when it hasn't recurred for this time. Cameras send at least every 15 minutes, but
# it is unknown how long they wait before they try again; so this is four times as long.
QUIET_SENDER: Final = timedelta(hours=1)
# A stranger can send from many addresses, and anybody with the token can invent cameras.
_LIMIT: Final = 256
_LIMIT_OF_WRONG_TOKENS: Final = 20


class About(Enum):
    """The subject of the issues of a kind."""

    # The serial number of the camera that sends, or its address if the document doesn't name the camera.
    SENDER_SERIAL = auto()
    SENDER_ADDRESS = auto()
    # The key that a camera counts for.
    CAMERA_KEY = auto()
    PLACE = auto()
    # Nothing in particular: only one issue of the kind is shown.
    LEDGER = auto()
    LISTENER = auto()
    TOKEN = auto()


@dataclass(frozen=True, slots=True)
class Issue:
    """A kind of repair issue; `key` is its translation key."""

    key: str
    about: About
    severity: IssueSeverity = IssueSeverity.WARNING
    _: KW_ONLY
    # A flow in repairs.py can end the issue.
    fixable: bool = False
    # The issue is shown until somebody has read it; all others are found again after a restart.
    persistent: bool = False
    # A request causes the issue, and its sender may be unknown: an address, or a camera that never got through.
    # The issue also ends when that sender has been quiet for a while, unless it is a known camera.
    of_sender: bool = False
    # How many issues of the kind are shown at most.
    limit: int = _LIMIT


_ERROR: Final = IssueSeverity.ERROR

# They end with the next accepted push of that camera. Those about an address end when they are fixed or after
# QUIET_SENDER, because several cameras may have the same address.
WRONG_TOKEN: Final = Issue(
    "wrong_token", About.SENDER_ADDRESS, fixable=True, of_sender=True, limit=_LIMIT_OF_WRONG_TOKENS
)
WRONG_PROTOCOL: Final = Issue("wrong_protocol", About.SENDER_SERIAL, _ERROR, fixable=True, of_sender=True)
CLOCK_DIFFERS: Final = Issue("clock_differs", About.SENDER_SERIAL, _ERROR, of_sender=True)
BODY_TOO_LARGE: Final = Issue("body_too_large", About.SENDER_ADDRESS, fixable=True, of_sender=True)

# This issue ends when the camera lets us in again, or when a person signs in anew or removes the access.
ACCESS_REFUSED: Final = Issue("access_refused", About.SENDER_SERIAL, fixable=True)

# They end when the problem is over, or when the camera or the place is removed.
QUARANTINED: Final = Issue("quarantined", About.CAMERA_KEY, fixable=True)
DAMAGED_DAYS: Final = Issue("damaged_days", About.CAMERA_KEY, _ERROR, fixable=True)
QUARANTINE_FULL: Final = Issue("quarantine_full", About.SENDER_SERIAL, _ERROR)
SEVERAL_APPLICATIONS: Final = Issue("several_applications", About.SENDER_SERIAL, _ERROR)
CAMERA_SILENT: Final = Issue("camera_silent", About.CAMERA_KEY)
NEW_CAMERA: Final = Issue("new_camera", About.CAMERA_KEY, fixable=True)
CERTIFICATE_REFUSED: Final = Issue("certificate_refused", About.SENDER_SERIAL)
DIRECTION_WRONG: Final = Issue("direction_wrong", About.CAMERA_KEY, fixable=True)
NOBODY_COUNTED: Final = Issue("nobody_counted", About.CAMERA_KEY)
DRIFTED: Final = Issue("drifted", About.CAMERA_KEY, fixable=True)
TIME_ZONE_UNKNOWN: Final = Issue("time_zone_unknown", About.CAMERA_KEY)
COUNTS_DIFFER: Final = Issue("counts_differ", About.CAMERA_KEY, fixable=True)
GAPS: Final = Issue("gaps", About.CAMERA_KEY, fixable=True)
CLOCK_INACCURATE: Final = Issue("clock_inaccurate", About.CAMERA_KEY)
DOOR_MISSING: Final = Issue("door_missing", About.PLACE)
PLACE_TIME_ZONE_UNKNOWN: Final = Issue("place_time_zone_unknown", About.PLACE)
OPENING_HOURS_GONE: Final = Issue("opening_hours_gone", About.PLACE)
SALES_GONE: Final = Issue("sales_gone", About.PLACE)

# This issue ends when all cameras have used the new token, or when the old one has expired.
NEW_TOKEN: Final = Issue("new_token", About.TOKEN)

# They end when the ledger can be written, when there is room, and when somebody has read the issue.
LEDGER_NOT_WRITABLE: Final = Issue("ledger_not_writable", About.LEDGER, _ERROR)
TOO_MANY_CAMERAS: Final = Issue("too_many_cameras", About.LEDGER, _ERROR)
LEDGER_MOVED_ASIDE: Final = Issue("ledger_moved_aside", About.LEDGER, _ERROR, fixable=True, persistent=True)

# They end when the listener's next check doesn't find them.
LISTENER_ADDRESS_GONE: Final = Issue("listener_address_gone", About.LISTENER)
LISTENER_AUTHORITY_DAMAGED: Final = Issue("listener_authority_damaged", About.LISTENER)
LISTENER_CERTIFICATE_ABSENT: Final = Issue("listener_certificate_absent", About.LISTENER, _ERROR)
LISTENER_CERTIFICATE_DAMAGED: Final = Issue("listener_certificate_damaged", About.LISTENER, _ERROR)
LISTENER_CERTIFICATE_EMPTY: Final = Issue("listener_certificate_empty", About.LISTENER, _ERROR)
LISTENER_CERTIFICATE_ENDS: Final = Issue("listener_certificate_ends", About.LISTENER)
LISTENER_CERTIFICATE_EXPIRED: Final = Issue("listener_certificate_expired", About.LISTENER, _ERROR)
LISTENER_CERTIFICATE_NAMES: Final = Issue("listener_certificate_names", About.LISTENER, _ERROR)
LISTENER_CERTIFICATE_NOT_PEM: Final = Issue("listener_certificate_not_pem", About.LISTENER, _ERROR)
LISTENER_CERTIFICATE_ORDER: Final = Issue("listener_certificate_order", About.LISTENER, _ERROR)
LISTENER_CERTIFICATE_REQUEST: Final = Issue("listener_certificate_request", About.LISTENER, _ERROR)
LISTENER_CERTIFICATE_UNREADABLE: Final = Issue("listener_certificate_unreadable", About.LISTENER, _ERROR)
LISTENER_CERTIFICATE_UNWRITABLE: Final = Issue("listener_certificate_unwritable", About.LISTENER)
LISTENER_CERTIFICATE_WEAK: Final = Issue("listener_certificate_weak", About.LISTENER, _ERROR)
LISTENER_CLOCK: Final = Issue("listener_clock", About.LISTENER, _ERROR)
LISTENER_ISSUER_EARLY: Final = Issue("listener_issuer_early", About.LISTENER, _ERROR)
LISTENER_ISSUER_EXPIRED: Final = Issue("listener_issuer_expired", About.LISTENER, _ERROR)
LISTENER_ISSUER_MISSING: Final = Issue("listener_issuer_missing", About.LISTENER, _ERROR)
LISTENER_KEY_ABSENT: Final = Issue("listener_key_absent", About.LISTENER, _ERROR)
LISTENER_KEY_ENCRYPTED: Final = Issue("listener_key_encrypted", About.LISTENER, _ERROR)
LISTENER_KEY_OTHER: Final = Issue("listener_key_other", About.LISTENER, _ERROR)
LISTENER_PORT_TAKEN: Final = Issue("listener_port_taken", About.LISTENER, _ERROR)

ISSUES: Final = {issue.key: issue for issue in list(globals().values()) if isinstance(issue, Issue)}

# Issue ids are made with this secret and so name no camera: the diagnostics download contains them.
_DATA_SECRET: HassKey[bytes] = HassKey(f"{DOMAIN}_issue_secret")
# By issue id: when its sender last caused the issue.
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
    """Show an issue, unless too many of its kind are shown."""
    issue_id = _issue_id(hass, issue, about)
    shown = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    if not always and shown is None and len(_of_kind(hass, issue)) >= issue.limit:
        return
    if issue.of_sender:
        hass.data.setdefault(_DATA_LAST, {})[issue_id] = dt_util.utcnow()
    # For the flow. Every user of Home Assistant can read it: nothing in it is secret.
    data: dict[str, str | int | float | None] = {"key": issue.key, "about": about, **placeholders}
    if shown is not None and shown.active and shown.data == data:
        # Each push may begin an issue, or end it. Most change nothing.
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        data=data,
        is_fixable=issue.fixable,
        is_persistent=issue.persistent,
        severity=issue.severity,
        translation_key=issue.key,
        translation_placeholders=placeholders or None,
    )


@callback
def async_is_shown(hass: HomeAssistant, issue: Issue) -> bool:
    """Return True if an issue that isn't about anything has begun since the start of Home Assistant."""
    entry = ir.async_get(hass).issues.get((DOMAIN, _issue_id(hass, issue, None)))
    return entry is not None and entry.active


@callback
def async_end(hass: HomeAssistant, issue: Issue, about: str | None = None) -> None:
    """End an issue, if it is shown."""
    issue_id = _issue_id(hass, issue, about)
    if (DOMAIN, issue_id) in ir.async_get(hass).issues:
        ir.async_delete_issue(hass, DOMAIN, issue_id)


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
        elif issue_about(entry) not in cameras and dt_util.utcnow() - last[issue_id] >= QUIET_SENDER:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_end_kind(hass: HomeAssistant, issue: Issue) -> None:
    """End all issues of a kind."""
    for issue_id in _of_kind(hass, issue):
        ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_end_all_but(hass: HomeAssistant, issue: Issue, about: Container[str | None]) -> None:
    """End the issues of a kind, except those about some serial numbers, addresses, keys or places."""
    for issue_id in _of_kind(hass, issue):
        if issue_about(ir.async_get(hass).issues[DOMAIN, issue_id]) not in about:
            ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_end_about(hass: HomeAssistant, kind: About, about: str) -> None:
    """End all issues about a serial number, an address, a key or a place."""
    for issue in ISSUES.values():
        if issue.about is kind:
            async_end(hass, issue, about)


@callback
def async_end_all(hass: HomeAssistant, *, persistent: bool = True) -> None:
    """End all issues of the integration, persistent ones only if asked to."""
    for (domain, issue_id), entry in list(ir.async_get(hass).issues.items()):
        if domain == DOMAIN and (persistent or not entry.is_persistent):
            ir.async_delete_issue(hass, DOMAIN, issue_id)


def issue_about(entry: ir.IssueEntry) -> str | None:
    """Return the serial number, address, key or place that an issue is about."""
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
    """Return an id that contains the kind, and a digest of what the issue is about."""
    if about is None:
        return issue.key
    return f"{issue.key}_{_digest(hass.data[_DATA_SECRET], about)}"


@lru_cache(maxsize=1024)
def _digest(secret: bytes, about: str) -> str:
    """Return a digest; it is kept, because each push ends several issues about its camera."""
    return hmac.digest(secret, about.encode(), "sha256").hex()[:16]

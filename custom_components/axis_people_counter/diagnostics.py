"""Diagnostics for download: settings, cameras, places and repairs, without secrets, names and addresses.

Reads what other modules hold and changes nothing. Home Assistant calls it.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
import json
import re
from typing import Any, Final

from yarl import URL

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .connecting import Listener, own_certificates
from .const import CONF_DELETE_OLD_COUNTS, CONF_DIRECT, CONF_KEEP_DAYS, CONF_OWN_ADDRESS, CONF_RESET_TIME, DOMAIN
from .coordinator import CameraCoordinator
from .counting import Timestamp
from .history import async_history
from .issues import issue_about
from .ledger import LedgerError
from .live_camera import LiveCamera
from .place_coordinator import PlaceCoordinator
from .receiver import PeopleCounterConfigEntry, Receiver

TO_REDACT: Final = {"ip_address", "name"}
# All other settings are secrets, or may contain names.
SHOWN_SETTINGS: Final = {CONF_DELETE_OLD_COUNTS, CONF_DIRECT, CONF_KEEP_DAYS, CONF_OWN_ADDRESS, CONF_RESET_TIME}
# A shorter name identifies nobody, and could be part of any word.
MIN_WORD: Final = 3
SERIAL_NUMBER: Final = re.compile("(?<![0-9a-f])[0-9a-f]{2}(?:[:.-]?[0-9a-f]{2}){5}(?![0-9a-f])", re.IGNORECASE)
# Parts of a measurement that can be shown: keys, and texts that are a number, an instant, a kind or a direction.
KNOWN_KEY: Final = re.compile("[A-Za-z][A-Za-z_-]{0,29}")
NUMBER_OR_INSTANT: Final = re.compile(
    r"-?\d{1,9}(\.\d{1,3})?|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?"
)
SHOWN_TEXTS: Final = ("kind", "direction")
MAX_SHOWN_QUARANTINED: Final = 20
# A camera stores its counts for this long.
GAPS_SINCE: Final = timedelta(days=90)
MAX_GAPS: Final = 50
CORRECTIONS_SINCE: Final = timedelta(days=7)
MAX_CORRECTIONS: Final = 50


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: PeopleCounterConfigEntry) -> dict[str, Any]:
    """Return the settings, and the present state of each camera and each place; of an entry that isn't loaded, less."""
    settings = {"data": _settings(entry.data), "options": _settings(entry.options)}
    if not hasattr(entry, "runtime_data"):
        return {**settings, "state": entry.state.value}
    receiver = entry.runtime_data
    # An alias replaces each serial number, so that cameras, places and repairs can still be told apart.
    aliases = _aliases(receiver)
    diagnostics = {
        **settings,
        "listener": await _listener(receiver.listener) if receiver.listener else None,
        "ledger_writable": receiver.writable,
        "cameras": [await _camera(receiver, camera, aliases[key]) for key, camera in receiver.cameras.items()],
        "places": [await _place(place) for place in receiver.places.values()],
        "repairs": _repairs(hass, aliases),
    }
    words = _words(receiver)

    def redacted() -> dict[str, Any]:
        patterns = [re.compile(re.escape(word), re.IGNORECASE) for word in words]
        found: dict[str, Any] = _redacted(async_redact_data(diagnostics, TO_REDACT), aliases, patterns)
        return found

    # With a hundred cameras, this takes half a second.
    return await hass.async_add_executor_job(redacted)


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value if key in SHOWN_SETTINGS else REDACTED for key, value in settings.items()}


def _aliases(receiver: Receiver) -> dict[str, str]:
    """Return aliases by the serial numbers and keys of cameras and the keys of places."""
    doors = (door.key for place in receiver.places.values() for door in place.settings.doors)
    keys = dict.fromkeys((*receiver.cameras, *doors))
    cameras = {key: f"camera_{number}" for number, key in enumerate(keys, 1)}
    # A camera that has replaced another one reports under its own serial number.
    serials = {camera.camera.serial: cameras[key] for key, camera in receiver.cameras.items()}
    places = {key: f"place_{number}" for number, key in enumerate(receiver.places, 1)}
    return {**serials, **cameras, **places}


def _words(receiver: Receiver) -> list[str]:
    """Return names and addresses that mustn't be shown, the longest first, as one may be part of another."""
    cameras = [coordinator.camera for coordinator in receiver.cameras.values()]
    places = receiver.places.values()
    found = {
        URL(receiver.entry.data[CONF_URL]).host,
        *(camera.name for camera in cameras),
        *(camera.ip_address for camera in cameras),
        *(place.settings.name for place in places),
    }
    return sorted((word for word in found if word and len(word) >= MIN_WORD), key=len, reverse=True)


def _repairs(hass: HomeAssistant, aliases: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the repair issues; Home Assistant adds them to the download too, but not what they are about."""
    shown = ir.async_get(hass).issues.items()
    issues = [issue for (domain, _), issue in shown if domain == DOMAIN and issue.active]
    return [
        {
            "key": issue.translation_key,
            "issue_id": issue.issue_id,
            "about": (about := issue_about(issue)) and aliases.get(about, "unknown"),
            "is_ignored": issue.dismissed_version is not None,
        }
        for issue in issues
    ]


def _redacted(value: Any, aliases: Mapping[str, str], words: Iterable[re.Pattern[str]]) -> Any:
    """Return a value without serial numbers, names and addresses, in keys and in texts."""
    if isinstance(value, dict):
        return {_redacted(key, aliases, ()): _redacted(member, aliases, words) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(element, aliases, words) for element in value]
    if not isinstance(value, str):
        return value
    for word in words:
        value = word.sub(REDACTED, value)
    return SERIAL_NUMBER.sub(lambda match: aliases.get(re.sub("[:.-]", "", match[0]).lower(), REDACTED), value)


async def _listener(listener: Listener) -> dict[str, Any]:
    """Return the problems of the listener, and when its authority expires; never a key, a path or a name."""
    own = own_certificates(listener.hass)
    authority = await listener.hass.async_add_executor_job(own.authority)
    return {
        "port": listener.settings.port,
        "files_of_the_user": listener.settings.certificate is not None,
        "problems": listener.problems,
        "authority_ends": authority and authority.not_valid_after_utc,
    }


async def _camera(receiver: Receiver, coordinator: CameraCoordinator, alias: str) -> dict[str, Any]:
    key = coordinator.key
    since = dt_util.utcnow() - GAPS_SINCE
    try:
        quarantined = await receiver.ledger.quarantined(key, MAX_SHOWN_QUARANTINED)
        gaps = await receiver.ledger.gaps(key, int(since.timestamp()), MAX_GAPS)
    except LedgerError:
        quarantined, gaps = [], []
    # A coordinator has no data if the ledger couldn't be read at the start.
    data = asdict(coordinator.data) if coordinator.data else {"camera": asdict(coordinator.camera)}
    # The serial number of one camera may be the key of another one.
    data["camera"] |= {"key": alias, "serial": alias}
    return {
        **data,
        "connected": coordinator.connected,
        "last_message": coordinator.last_message,
        "counting_check": receiver.counting_check.figures(key),
        "live_counts": _live_counts(coordinator.live) if coordinator.live else None,
        "gaps": [{"from": _utc(start), "to": _utc(end)} for start, end in gaps],
        "quarantined": [
            asdict(interval) | {"content": _without_content_texts(interval.content)} for interval in quarantined
        ],
        "corrections": await _corrections(coordinator),
    }


def _live_counts(live: LiveCamera) -> dict[str, Any]:
    return {
        "is_answering": live.is_answering,
        "is_wrong": live.counts.is_wrong,
        "passed_since_push": live.counts.passed(live.counts.until)._asdict(),
    }


async def _place(coordinator: PlaceCoordinator) -> dict[str, Any]:
    settings = coordinator.settings
    return {
        "doors": [door._asdict() for door in settings.doors],
        "capacity": settings.capacity,
        "warning_level": settings.warning_level,
        "hysteresis": settings.hysteresis,
        "schedule": settings.schedule.basis,
        "data": asdict(coordinator.data) if coordinator.data else None,
        "silent_cameras": len(coordinator.silent),
        "missing_cameras": len(coordinator.missing_keys),
        "corrections": await _corrections(coordinator),
    }


async def _corrections(coordinator: CameraCoordinator | PlaceCoordinator) -> list[dict[str, Any]]:
    """Return the newest corrections and resets of occupancy."""
    now = dt_util.utcnow()
    bounds = [int((now - CORRECTIONS_SINCE).timestamp()), int(now.timestamp())]
    try:
        history = await async_history(coordinator)
        rows = await coordinator.hass.async_add_executor_job(list, history.rows(bounds, bounds[-1]))
    except LedgerError:
        return []
    corrections = [correction for row in rows for correction in row.corrections]
    return [history.correction_fields(correction) for correction in corrections[-MAX_CORRECTIONS:]]


def _without_content_texts(content: str | None) -> str | None:
    """Return a quarantined interval without its texts, which may contain anything."""
    if content is None:
        return None
    with suppress(ValueError, RecursionError):
        return json.dumps(_without_texts(json.loads(content)))
    return f"{len(content)} characters that aren't JSON"


def _without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key if KNOWN_KEY.fullmatch(key) else REDACTED: member
            if key in SHOWN_TEXTS and isinstance(member, str) and KNOWN_KEY.fullmatch(member)
            else _without_texts(member)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [_without_texts(element) for element in value]
    return REDACTED if isinstance(value, str) and not NUMBER_OR_INSTANT.fullmatch(value) else value


def _utc(instant: Timestamp) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat()

"""API tokens: the one that cameras push with, and previous ones, which are accepted until they expire.

Knows the data of the config entry and one header. The config flow makes tokens, view.py compares them, the set-up
removes expired ones.
"""

from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
import secrets
from string import ascii_letters, digits
from typing import Any, Final

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import CONF_EXPIRES, CONF_PREVIOUS_TOKENS, PREVIOUS_TOKEN_LIFETIME

# Early versions stored a single previous token under these keys.
_OLD_KEYS: Final = ("previous_token", "previous_token_expires")
_CHARACTERS: Final = ascii_letters + digits
_LENGTH: Final = 43


def new_token() -> str:
    """Return a text as random as 32 bytes, in letters and digits: a double click selects all of it."""
    return "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH))


def with_new_token(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an entry with a new token; the present one becomes a previous one."""
    expires = (dt_util.utcnow() + PREVIOUS_TOKEN_LIFETIME).isoformat()
    previous = [*data.get(CONF_PREVIOUS_TOKENS, ()), {CONF_TOKEN: data[CONF_TOKEN], CONF_EXPIRES: expires}]
    return {**data, CONF_TOKEN: new_token(), CONF_PREVIOUS_TOKENS: previous}


def bearer_token(request: web.Request) -> bytes:
    """Return the token of a request, empty if it has none."""
    scheme, _, token = request.headers.get(AUTHORIZATION, "").partition(" ")
    return token.strip().encode(errors="replace") if scheme.lower() == "bearer" else b""


def is_same(token: str, received: bytes) -> bool:
    """Return True if a token was received, compared in constant time."""
    return compare_digest(token.encode(), received)


def is_accepted(entry: ConfigEntry, received: bytes, at: datetime) -> bool:
    """Return True if the entry accepts a token at an instant."""
    accepted = [entry.data[CONF_TOKEN], *(previous[CONF_TOKEN] for previous in _unexpired(entry, at))]
    # All are compared, so the duration doesn't depend on which one matches.
    return sum(is_same(token, received) for token in accepted) > 0


def previous_tokens_end(entry: ConfigEntry, at: datetime) -> datetime | None:
    """Return until when a previous token is accepted, None if none is."""
    ends = (datetime.fromisoformat(previous[CONF_EXPIRES]) for previous in _unexpired(entry, at))
    return max(ends, default=None)


def _unexpired(entry: ConfigEntry, at: datetime) -> list[dict[str, str]]:
    """Return the previous tokens that haven't expired."""
    stored: list[dict[str, str]] = entry.data.get(CONF_PREVIOUS_TOKENS, [])
    return [previous for previous in stored if at < datetime.fromisoformat(previous[CONF_EXPIRES])]


@callback
def async_remove_expired_tokens(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove expired tokens from the entry's data."""
    data = {key: value for key, value in entry.data.items() if key not in (*_OLD_KEYS, CONF_PREVIOUS_TOKENS)}
    if unexpired := _unexpired(entry, dt_util.utcnow()):
        data[CONF_PREVIOUS_TOKENS] = unexpired
    hass.config_entries.async_update_entry(entry, data=data)

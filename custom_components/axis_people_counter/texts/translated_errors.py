"""Translates the ledger's errors: into an exception that Home Assistant shows, or into the end of a flow.

The errors are in ledger/errors.py. Flows, actions and coordinators use this around their requests to the ledger.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.core import async_get_hass
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..ledger import LedgerError
from .error_texts import error_text


@contextmanager
def translated_ledger_errors(error: type[HomeAssistantError] = HomeAssistantError) -> Iterator[None]:
    """Raise a translated error if the ledger can't be read or written."""
    try:
        yield
    except LedgerError as err:
        raise error(
            translation_domain=DOMAIN,
            translation_key="ledger_error",
            translation_placeholders={"error": error_text(async_get_hass(), err)},
        ) from err


@contextmanager
def abort_on_ledger_errors() -> Iterator[None]:
    """End a flow if the ledger can't be read or written."""
    try:
        yield
    except LedgerError as err:
        raise AbortFlow("ledger_error", {"error": error_text(async_get_hass(), err)}) from err

"""A backup holds every count that was stored when it began."""

import asyncio

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .coordinator import PeopleCounterConfigEntry
from .ledger_file import LedgerError


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Keep the ledger's file as it is while it is copied; pushes go on."""
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        try:
            await asyncio.wrap_future(entry.runtime_data.ledger.begin_backup())
        except LedgerError as err:
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="ledger_error", translation_placeholders={"error": str(err)}
            ) from err


async def async_post_backup(hass: HomeAssistant) -> None:
    """Let the ledger's file be written again."""
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        try:
            await asyncio.wrap_future(entry.runtime_data.ledger.end_backup())
        except LedgerError as err:
            raise HomeAssistantError(
                translation_domain=DOMAIN, translation_key="ledger_error", translation_placeholders={"error": str(err)}
            ) from err

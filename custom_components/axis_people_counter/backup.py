"""A backup holds every count that was stored when it began."""

import asyncio
import logging

from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .ledger_file import LedgerError
from .receiver import DATA_IN_BACKUP, PeopleCounterConfigEntry

_LOGGER = logging.getLogger(__name__)


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Keep the ledger's file as it is while it is copied; pushes go on."""
    hass.data[DATA_IN_BACKUP] = True
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        try:
            await asyncio.wrap_future(entry.runtime_data.ledger.begin_backup())
        except LedgerError as err:
            # All else in the backup is worth having.
            _LOGGER.warning("The backup may lack people counts: %s", err)


async def async_post_backup(hass: HomeAssistant) -> None:
    """Let the ledger's file be written again."""
    hass.data[DATA_IN_BACKUP] = False
    entries: list[PeopleCounterConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        try:
            await asyncio.wrap_future(entry.runtime_data.ledger.end_backup())
        except LedgerError as err:
            _LOGGER.debug("The ledger is out of reach, and will be opened as usual: %s", err)

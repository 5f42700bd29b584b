"""Holds the ledger's file during a backup, which then contains every count that was stored when it began."""

import logging

from homeassistant.core import HomeAssistant

from .ledger import LedgerError, LedgerTooNewError
from .receiver import async_backup_hold

_LOGGER = logging.getLogger(__name__)


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Keep the ledger's file unchanged while it is copied; pushes are still stored."""
    for begun in async_backup_hold(hass).begin():
        try:
            await begun
        except (LedgerError, LedgerTooNewError) as err:
            # The rest of the backup is still worth having.
            _LOGGER.warning("The backup may lack people counts: %s", err)


async def async_post_backup(hass: HomeAssistant) -> None:
    """Allow the ledger's file to be written again."""
    for ended in async_backup_hold(hass).end():
        try:
            await ended
        except (LedgerError, LedgerTooNewError) as err:
            _LOGGER.debug("The ledger can't be reached now, and will be opened as usual: %s", err)

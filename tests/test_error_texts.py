"""The texts of errors of the operating system and of the ledger, in Home Assistant's language."""

import errno
import os

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.ledger import LedgerError
from custom_components.axis_people_counter.texts.error_texts import error_text
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_load_integrations

FULL, PROTECTED = "der Datenträger ist voll", "der Datenträger oder die Datei ist schreibgeschützt"


def os_error(number: int) -> OSError:
    """Return an error as Python raises it."""
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("err", "text"),
    [
        (os_error(errno.EADDRINUSE), "ein anderes Programm verwendet ihn"),
        (os_error(errno.ENOSPC), FULL),
        (LedgerError("database or disk is full"), FULL),
        (os_error(errno.EROFS), PROTECTED),
        (LedgerError("attempt to write a readonly database"), PROTECTED),
        (os_error(errno.EACCES), "die Berechtigung dafür fehlt"),
        (LedgerError("database is locked"), "ein anderes Programm sperrt die Datenbank"),
        (os_error(errno.EIO), "der Datenträger kann nicht gelesen oder beschrieben werden"),
        (LedgerError("disk I/O error"), "der Datenträger kann nicht gelesen oder beschrieben werden"),
        # Nobody can do anything about these.
        (os_error(errno.EMFILE), "Too many open files"),
        (OSError("no number"), "no number"),
    ],
)
async def test_in_german(hass: HomeAssistant, entry: MockConfigEntry, err: Exception, text: str) -> None:
    """Errors that a person can do something about are in German; others are as they came."""
    hass.config.language = "de"
    await async_load_integrations(hass, {DOMAIN})
    assert error_text(hass, err) == text

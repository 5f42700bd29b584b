"""The log of senders whose documents are refused: each is named once, not with every document.

Knows neither HTTP nor the ledger; view.py calls it.
"""

from datetime import datetime
import logging
from typing import Final, NamedTuple

from homeassistant.util import dt as dt_util

from ..counting import Sender
from ..issues import QUIET_SENDER

_LOGGER = logging.getLogger(__name__)

# Senders that aren't known cameras; further ones aren't logged.
MAX_SENDERS: Final = 20


class _RefusedSender(NamedTuple):
    """A sender that was logged."""

    name: str
    last: datetime
    # The sender has been well since. It is kept, so that a sender that alternates isn't logged again.
    is_well: bool = False


class RefusalLog:
    """Senders of refused documents, until they have been quiet for a while."""

    def __init__(self) -> None:
        """Start without senders."""
        # By serial number, or by address where a document names no sender.
        self._senders: dict[str, _RefusedSender] = {}

    def add(self, sender: Sender | None, address: str, sentence: str, *, is_camera: bool) -> None:
        """Log that a document was refused, if its sender hasn't been logged yet; known cameras always are."""
        self._expire()
        about, name = (sender.serial, f"{sender.name} ({sender.serial})") if sender else (address, address)
        before = self._senders.get(about)
        if before is None and not is_camera and len(self._senders) >= MAX_SENDERS:
            return
        if before is None:
            _LOGGER.warning("A document from %s was refused: %s", name, sentence)
        self._senders[about] = _RefusedSender(name, dt_util.utcnow(), is_well=before is not None and before.is_well)

    def end(self, sender: Sender) -> None:
        """Log that documents of a sender are accepted again."""
        refused = self._senders.get(sender.serial)
        if refused and not refused.is_well:
            _LOGGER.info("Documents from %s can be read again", refused.name)
            self._senders[sender.serial] = refused._replace(is_well=True)
        self._expire()

    def _expire(self) -> None:
        """Remove senders that haven't sent a refused document for a while."""
        expired = dt_util.utcnow() - QUIET_SENDER
        for about, refused in list(self._senders.items()):
            if refused.last <= expired:
                del self._senders[about]
                if not refused.is_well:
                    _LOGGER.info("No document from %s has been refused for a while", refused.name)

"""Problems that the receiver finds in a push: each is logged once, and shown as a repair issue until it is over.

Called by the receiver for each push. Knows no coordinators. Problems in what is stored are in camera_problems.py.
"""

from datetime import UTC, datetime
import logging
from typing import Final

from homeassistant.core import HomeAssistant, callback

from .. import issues
from ..counting import Document, Push, Sender, TestMessage
from ..issues import About
from ..ledger import MAX_CAMERAS, MAX_QUARANTINED, MAX_QUARANTINED_BYTES
from ..texts import name_placeholders, plain, wall_clock
from .applications import Applications
from .problem_log import ProblemLog

_LOGGER = logging.getLogger(__name__)

MAX_CLOCK_DIFFERENCE: Final = 10 * 60
# Unknown kinds and rejected cameras are remembered up to this number: anybody with the token can invent more.
MAX_NOTES: Final = 100
# Where Home Assistant shows its time zone.
SETTINGS_PAGE: Final = "/config/general"


class ClockError(Exception):
    """The camera's clock differs from ours, so counts would be stored at the wrong time."""


class SenderProblems:
    """The problems of all cameras of an entry; remembers which were logged."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start without problems."""
        self._hass = hass
        self._skipped: set[str] = set()
        self._applications: dict[str, Applications] = {}
        # Serial numbers of the cameras beyond the limit.
        self._too_many: set[str] = set()
        # By serial number.
        self._full_quarantines = ProblemLog()
        self._several_applications = ProblemLog()

    @callback
    def async_check_clock(self, document: Document, arrived: datetime) -> None:
        """Show an issue if the camera's clock differs from ours; raise ClockError if the document is a push.

        `arrived` is when the head of the request arrived: the rest of it may take long.
        """
        sender = document.sender
        if abs(document.sent - arrived.timestamp()) <= MAX_CLOCK_DIFFERENCE:
            issues.async_end(self._hass, issues.CLOCK_DIFFERS, sender.serial)
            return
        sent = datetime.fromtimestamp(document.sent, UTC)
        issues.async_begin(
            self._hass,
            issues.CLOCK_DIFFERS,
            sender.serial,
            **name_placeholders(sender.name, sender.ip_address),
            camera_time=wall_clock(sent),
            home_assistant_time=wall_clock(arrived),
            time_zone=plain(self._hass.config.time_zone),
            settings=SETTINGS_PAGE,
        )
        if not isinstance(document, TestMessage):
            raise ClockError(
                f"The camera's clock says {sent:%Y-%m-%d %H:%M} UTC, here it is {arrived:%Y-%m-%d %H:%M} UTC."
            )

    @callback
    def async_too_many_cameras(self, sender: Sender) -> None:
        """Show that a push was rejected because there are too many cameras."""
        if len(self._too_many) < MAX_NOTES:
            self._too_many.add(sender.serial)
        issues.async_begin(
            self._hass, issues.TOO_MANY_CAMERAS, **name_placeholders(sender.name), limit=str(MAX_CAMERAS)
        )

    @callback
    def async_stored(self, push: Push) -> None:
        """End the issue of too many cameras if a push was stored; log unknown kinds, and show several applications."""
        if push.sender.serial in self._too_many:
            self._too_many.discard(push.sender.serial)
            if not self._too_many:
                issues.async_end(self._hass, issues.TOO_MANY_CAMERAS)
        self._note_skipped(push)
        self._async_note_application(push)

    @callback
    def async_note_not_stored(self, sender: Sender, count: int) -> None:
        """Show an issue if some intervals of a push could neither be stored nor quarantined."""
        serial = sender.serial
        if count:
            issues.async_begin(
                self._hass,
                issues.QUARANTINE_FULL,
                serial,
                **name_placeholders(sender.name),
                limit=str(MAX_QUARANTINED),
                size=str(MAX_QUARANTINED_BYTES // 1024 // 1024),
            )
            self._full_quarantines.begin(
                serial, f"{sender.name} sends more intervals that can't be stored than fit into quarantine"
            )
            return
        issues.async_end(self._hass, issues.QUARANTINE_FULL, serial)
        self._full_quarantines.end(serial, f"All intervals of {sender.name} are stored or quarantined again")

    @callback
    def async_end_of_serial(self, serial: str) -> None:
        """End the problems of a camera that was removed or replaced."""
        issues.async_end_about(self._hass, About.SENDER_SERIAL, serial)
        self._applications.pop(serial, None)
        self._full_quarantines.forget(serial)
        self._several_applications.forget(serial)

    @callback
    def async_end_of_key(self, key: str) -> None:
        """End the repair issues about a key that no camera counts for any more."""
        issues.async_end_about(self._hass, About.CAMERA_KEY, key)

    @callback
    def _async_note_application(self, push: Push) -> None:
        """Show an issue if several applications push with one serial number: they overwrite each other's counts."""
        sender = push.sender
        if sender.application is None:
            return
        known = self._applications.setdefault(sender.serial, Applications())
        if several := known.record(sender.application, push.sent):
            issues.async_begin(
                self._hass,
                issues.SEVERAL_APPLICATIONS,
                sender.serial,
                **name_placeholders(sender.name, sender.ip_address),
                applications=", ".join(plain(name) for name in several),
            )
            self._several_applications.begin(
                sender.serial, f"Several applications send the counts of {sender.serial}: {', '.join(several)}"
            )
            return
        issues.async_end(self._hass, issues.SEVERAL_APPLICATIONS, sender.serial)
        self._several_applications.end(
            sender.serial, f"Only {sender.application} sends the counts of {sender.serial} now"
        )

    def _note_skipped(self, push: Push) -> None:
        """Log each unknown kind of a camera once."""
        for skipped in push.skipped:
            if (note := f"{push.sender.serial} {skipped}") not in self._skipped and len(self._skipped) < MAX_NOTES:
                self._skipped.add(note)
                _LOGGER.info("%s sends something unknown, which is skipped: %s", push.sender.name, skipped)

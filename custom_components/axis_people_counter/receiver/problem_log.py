"""The log of problems that cameras cause: one that comes and goes with every push is logged once an hour.

Knows neither pushes nor repair issues. Called by sender_problems.py.
"""

from datetime import datetime
import logging

from homeassistant.util import dt as dt_util

from ..issues import QUIET_SENDER

_LOGGER = logging.getLogger(__name__)


class ProblemLog:
    """The present problems, by what they are about, and when each was logged last."""

    def __init__(self) -> None:
        """Start without problems."""
        # True where the log has the problem, so that it gets the end of it, too.
        self._present: dict[str, bool] = {}
        self._logged: dict[str, datetime] = {}

    def begin(self, about: str, line: str) -> None:
        """Log a problem, unless it goes on or was logged a short while ago."""
        if about not in self._present:
            now = dt_util.utcnow()
            is_logged = about not in self._logged or now - self._logged[about] >= QUIET_SENDER
            self._present[about] = is_logged
            if is_logged:
                self._logged[about] = now
                _LOGGER.warning(line)

    def end(self, about: str, line: str) -> None:
        """Log that a problem is over."""
        if self._present.pop(about, False):
            _LOGGER.info(line)

    def forget(self, about: str) -> None:
        """Forget a problem of a camera that was removed."""
        self._present.pop(about, None)
        self._logged.pop(about, None)

"""Finds several applications of one camera that push with the same serial number: they overwrite each other's counts.

Knows only names and timestamps, not how the problem is shown. Called by sender_problems.py.
"""

from typing import Final

from ..counting import HOUR, Timestamp

# Cameras push at least every 15 minutes: an application that hasn't pushed for an hour has stopped.
MAX_SILENCE: Final = HOUR
# No camera runs more, but anybody with the token can invent any number.
MAX_APPLICATIONS: Final = 8


class Applications:
    """The applications of one camera, each with its first and last push by the camera's clock."""

    def __init__(self) -> None:
        self._pushes: dict[str, tuple[Timestamp, Timestamp]] = {}

    def record(self, application: str, sent: Timestamp) -> list[str]:
        """Record a push, and return the applications that push alternately; none if there is only one.

        An application that an update renames pushes under one name first and then under the other, never alternately.
        """
        first, last = self._pushes.pop(application, (sent, sent))
        self._pushes[application] = min(first, sent), max(last, sent)
        if len(self._pushes) == 1:
            return []
        # A push far ahead is from before the camera's clock was set back.
        recent = [item for item in self._pushes.items() if abs(item[1][1] - sent) < MAX_SILENCE]
        self._pushes = dict(recent[-MAX_APPLICATIONS:])
        return sorted(
            name
            for name, (first, last) in self._pushes.items()
            if any(name != other and first < until and since < last for other, (since, until) in self._pushes.items())
        )

"""Which applications send counts with one serial number: two of them overwrite each other's."""

from typing import Final

from .local_time import HOUR

# Cameras send at least every 15 minutes: an application that hasn't sent for an hour has missed four times.
MAX_SILENCE: Final = HOUR
# More than run in one camera; whoever has the token can invent any number.
MAX_APPLICATIONS: Final = 8


class Applications:
    """The applications of one camera, and since when and until when each was heard; instants are those of its clock."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self._heard: dict[str, tuple[int, int]] = {}

    def hear(self, application: str, sent: int) -> list[str]:
        """Note a push, and return the applications that send by turns, none where there is only one.

        One that an update renames is heard first under one name and then under the other, never by turns.
        """
        first, last = self._heard.pop(application, (sent, sent))
        self._heard[application] = min(first, sent), max(last, sent)
        # An instant far ahead is from before the clock was set back.
        recent = [item for item in self._heard.items() if abs(item[1][1] - sent) < MAX_SILENCE]
        self._heard = dict(recent[-MAX_APPLICATIONS:])
        return sorted(
            name
            for name, (first, last) in self._heard.items()
            if any(name != other and first < until and since < last for other, (since, until) in self._heard.items())
        )

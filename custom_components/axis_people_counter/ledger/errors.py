"""The errors that the ledger raises.

Raised by file, schema, cameras, storing and packed_days; handled by all that call the ledger.
"""


class LedgerError(Exception):
    """The ledger can't be written or read now: disk full, read-only, locked or gone."""


class DamagedDayError(LedgerError):
    """A packed day isn't what was stored. file.py sets it aside, and runs the job again."""

    def __init__(self, camera: int, day: int) -> None:
        """Store the key of its row."""
        super().__init__(f"Day {day} of camera {camera} is damaged.")
        self.camera = camera
        self.day = day


class LedgerTooNewError(Exception):
    """A later version of the integration made this file."""


class TooManyCamerasError(Exception):
    """The camera is new, and there are as many cameras as there may be. Raised before anything is changed."""

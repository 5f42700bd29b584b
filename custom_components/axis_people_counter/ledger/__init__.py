"""The ledger: every counted interval in one SQLite file. Knows counting, and nothing of Home Assistant."""

from .file import BackupHold, LedgerError
from .ledger import (
    MAX_CAMERAS,
    MAX_QUARANTINED,
    MAX_QUARANTINED_BYTES,
    Camera,
    Changes,
    Counts,
    Ledger,
    Quarantine,
    Quarantined,
    Retried,
    TooManyCamerasError,
)
from .places import Door, Place
from .schema import LedgerTooNewError
from .series import NOBODY, Series, Sums, minus, plus, series_of

__all__ = [
    "MAX_CAMERAS",
    "MAX_QUARANTINED",
    "MAX_QUARANTINED_BYTES",
    "NOBODY",
    "BackupHold",
    "Camera",
    "Changes",
    "Counts",
    "Door",
    "Ledger",
    "LedgerError",
    "LedgerTooNewError",
    "Place",
    "Quarantine",
    "Quarantined",
    "Retried",
    "Series",
    "Sums",
    "TooManyCamerasError",
    "minus",
    "plus",
    "series_of",
]

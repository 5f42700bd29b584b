"""The ledger: every counted interval in one SQLite file. Knows counting, and nothing of Home Assistant."""

from .cameras import MAX_CAMERAS, Camera
from .comparisons import Comparison
from .errors import LedgerError, LedgerTooNewError, TooManyCamerasError
from .file import BackupHold
from .folds import Counts
from .hour_counts import NO_COUNTS, HourCounts, minus, plus
from .imports import Import, Importable, Undone
from .ledger import Ledger
from .places import Door, Place
from .quarantine import MAX_QUARANTINED, MAX_QUARANTINED_BYTES, Quarantine, Quarantined
from .retry import Retried
from .series import Series
from .storing import Changes

__all__ = [
    "MAX_CAMERAS",
    "MAX_QUARANTINED",
    "MAX_QUARANTINED_BYTES",
    "NO_COUNTS",
    "BackupHold",
    "Camera",
    "Changes",
    "Comparison",
    "Counts",
    "Door",
    "HourCounts",
    "Import",
    "Importable",
    "Ledger",
    "LedgerError",
    "LedgerTooNewError",
    "Place",
    "Quarantine",
    "Quarantined",
    "Retried",
    "Series",
    "TooManyCamerasError",
    "Undone",
    "minus",
    "plus",
]

"""The hub of a config entry: it stores pushes and keeps the coordinators of cameras and places."""

from .receiver import (
    PeopleCounterConfigEntry,
    QuarantineFullError,
    Receiver,
    access_to,
    async_backup_hold,
    async_keep_access,
    configured,
)
from .sender_problems import ClockError

__all__ = [
    "ClockError",
    "PeopleCounterConfigEntry",
    "QuarantineFullError",
    "Receiver",
    "access_to",
    "async_backup_hold",
    "async_keep_access",
    "configured",
]

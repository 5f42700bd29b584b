"""Checks of how well the doors count, and the filling of gaps."""

from .agreement import Agreement
from .counting_check import CountingCheck
from .direction_check import BackwardDoor, DirectionCheck
from .door_check import Doors
from .gap_filling import FilledGaps, Gap, async_fill_gaps, async_leave_gaps, async_local_schedule, async_open_gaps

__all__ = [
    "Agreement",
    "BackwardDoor",
    "CountingCheck",
    "DirectionCheck",
    "Doors",
    "FilledGaps",
    "Gap",
    "async_fill_gaps",
    "async_leave_gaps",
    "async_local_schedule",
    "async_open_gaps",
]

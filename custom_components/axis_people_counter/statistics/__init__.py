"""Hourly long-term statistics: calculates their rows from the ledger and writes them into recorder."""

from .recorder_rows import statistic_ids
from .units import async_follow_units
from .writer import StatisticsWriter

__all__ = [
    "StatisticsWriter",
    "async_follow_units",
    "statistic_ids",
]

"""Hourly long-term statistics: calculates their rows from the ledger and writes them into recorder."""

from .recorder_rows import statistic_ids
from .writer import StatisticsWriter

__all__ = [
    "StatisticsWriter",
    "statistic_ids",
]

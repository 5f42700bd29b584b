"""Hourly long-term statistics: calculates their rows from the ledger and writes them into recorder."""

from .writer import StatisticsWriter

__all__ = [
    "StatisticsWriter",
]

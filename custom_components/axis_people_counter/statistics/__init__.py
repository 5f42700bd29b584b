"""Hourly long-term statistics: what recorder shall have, and when it is written."""

from .writer import StatisticsWriter

__all__ = [
    "StatisticsWriter",
]

"""Counts of today and of any row beside those of earlier weeks."""

from .earlier_rows import compared_fields, rows_of_spans
from .weekdays import WEEKS, Comparison, TypicalDays, async_day, compare, typical

__all__ = ["WEEKS", "Comparison", "TypicalDays", "async_day", "compare", "compared_fields", "rows_of_spans", "typical"]

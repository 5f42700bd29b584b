"""Reports: the numbers of a day, a week or a month at one or more places, and how they are written."""

from .figures import async_build
from .model import (
    Busiest,
    Comparison,
    ComparisonKind,
    DayReport,
    DayWeather,
    Drift,
    Estimate,
    Figure,
    HeatCell,
    HeatMap,
    HeatRow,
    Missing,
    MissingReason,
    Peak,
    PlaceReport,
    Report,
    ReportKind,
)
from .periods import Days, period_of
from .setup import async_setup_reports

__all__ = [
    "Busiest",
    "Comparison",
    "ComparisonKind",
    "DayReport",
    "DayWeather",
    "Days",
    "Drift",
    "Estimate",
    "Figure",
    "HeatCell",
    "HeatMap",
    "HeatRow",
    "Missing",
    "MissingReason",
    "Peak",
    "PlaceReport",
    "Report",
    "ReportKind",
    "async_build",
    "async_setup_reports",
    "period_of",
]

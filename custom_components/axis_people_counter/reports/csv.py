"""A report as a table for spreadsheets: a row for each day of each place. Called by writing.py."""

from collections.abc import Iterator
from datetime import datetime

from ..exports import FORMATS, Fields
from .facts import comparison, earlier_days, earlier_label
from .model import ComparisonKind, Report
from .words import ReportWords


def csv(report: Report, words: ReportWords) -> str:
    """Return the table. Its words are those of the language; numbers and dates are the same in all languages."""
    columns = (
        words("place"),
        words("date"),
        words("visitors"),
        words("minutes_missing"),
        words("estimate"),
        words("outside_hours"),
        earlier_label(report, ComparisonKind.PREVIOUS, words),
        words("peak"),
        words("peak_time"),
        words("open_minutes"),
        words("weather"),
        words("temperature"),
        words("events"),
    )
    return "".join(FORMATS["csv"].lines(columns, _rows(report, words)))


def _rows(report: Report, words: ReportWords) -> Iterator[Fields]:
    for place in report.places:
        for day, before in zip(
            place.days, earlier_days(place, comparison(place, ComparisonKind.PREVIOUS)), strict=True
        ):
            peak, weather = day.peak, day.weather
            condition = weather.condition if weather else None
            yield {
                "place": place.name,
                "date": day.day.isoformat(),
                "visitors": day.visitors.value,
                "missing": day.visitors.missing_minutes,
                "estimate": day.estimate.visitors if day.estimate else None,
                "outside": day.visitors_outside.value if day.visitors_outside else None,
                "before": before.value,
                "peak": peak.people if peak else None,
                "peak_time": f"{datetime.fromtimestamp(peak.at, place.zone):%Y-%m-%d %H:%M}" if peak else None,
                "open": day.open_minutes,
                "weather": words.condition(condition) if condition else None,
                "temperature": weather.temperature if weather else None,
                "events": ", ".join(day.events) or None,
            }

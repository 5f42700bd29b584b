"""The charts of a place's report: its days, its hours, and how many people were inside. Called by html.py."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from markupsafe import Markup

from . import charts
from .charts import Bar, Cell, Legend, Limit
from .facts import comparison, earlier_days, earlier_label, peak_text, visitors_text
from .model import ComparisonKind, DayReport, HeatCell, HeatRow, PlaceReport, Report, ReportKind
from .words import ReportWords

# With more days, the labels below bars are the days of the month alone.
_MAX_WEEKDAYS: Final = 7
# A mean below this has a decimal.
_NO_DECIMALS: Final = 10
_NOTHING: Final = "\N{EN DASH}"


class Picture(NamedTuple):
    """A chart and its title."""

    title: str
    svg: Markup


def pictures(report: Report, place: PlaceReport, words: ReportWords) -> Iterator[Picture]:
    """Yield the charts of a place."""
    if report.kind is ReportKind.DAY:
        # Just after midnight, or where it is still yesterday, the day has no hours yet.
        if place.hours.rows:
            yield _hours(place, words)
        return
    if any(day.visitors.value is not None for day in place.days):
        yield _days(report, place, words)
    if any(day.peak for day in place.days):
        yield _peaks(place, words)
    if heat_map := _heat_map(place, words):
        yield heat_map


def _days(report: Report, place: PlaceReport, words: ReportWords) -> Picture:
    earlier = comparison(place, ComparisonKind.PREVIOUS)
    label = earlier_label(report, ComparisonKind.PREVIOUS, words)
    shown: list[Bar] = []
    for day, before in zip(place.days, earlier_days(place, earlier), strict=True):
        value = None if day.open_minutes == 0 else day.visitors.value
        said = visitors_text(day, words)
        if before.value is not None:
            said = f"{said}, {words.labelled(label, words.figure(before))}"
        shown.append(
            Bar(
                _day_label(day, place, words),
                value,
                _NOTHING if value is None else words.number(value),
                said,
                value is None or day.visitors.complete,
                before.value,
            )
        )
    title = words("by_day")
    return Picture(title, charts.bars(title, shown, Legend(label, words("incomplete"))))


def _peaks(place: PlaceReport, words: ReportWords) -> Picture:
    shown = [
        Bar(
            _day_label(day, place, words),
            day.peak.people if day.peak else None,
            words.number(day.peak.people) if day.peak else _NOTHING,
            peak_text(day, place, words) or words("unknown"),
            day.peak is None or day.visitors.complete,
        )
        for day in place.days
    ]
    limit = Limit(place.capacity, words("capacity", number=words.number(place.capacity))) if place.capacity else None
    title = words("peaks")
    return Picture(title, charts.bars(title, shown, Legend("", words("incomplete")), limit))


def _hours(place: PlaceReport, words: ReportWords) -> Picture:
    shown: list[Bar] = []
    for hour, cell in enumerate(place.hours.rows[0].hours):
        value = None if cell is None or cell.value is None else round(cell.value)
        text = words("closed") if cell is None else words("unknown") if value is None else words.number(value)
        is_complete = cell is None or value is None or cell.complete
        shown.append(Bar(str(hour), value, _NOTHING if value is None else text, text, is_complete))
    title = words("by_hour")
    return Picture(title, charts.bars(title, shown, Legend("", words("incomplete"))))


def _heat_map(place: PlaceReport, words: ReportWords) -> Picture | None:
    """Return the heat map from the first hour with visitors to the last one; None if there are none."""
    rows = place.hours.rows
    hours = [hour for hour in range(24) if any((cell := row.hours[hour]) and cell.value for row in rows)]
    if not hours:
        return None
    shown = [
        (f"{hour:02}:00", [_cell(row.hours[hour], words) for row in rows]) for hour in range(hours[0], hours[-1] + 1)
    ]
    title = words("heat_map_mean" if place.hours.is_mean else "heat_map")
    return Picture(title, charts.heat_map(title, [_row_label(row, words) for row in rows], shown))


def _cell(cell: HeatCell | None, words: ReportWords) -> Cell | None:
    if cell is None:
        return None
    if cell.value is None:
        return Cell(None, "?")
    is_whole = float(cell.value).is_integer() or cell.value >= _NO_DECIMALS
    text = words.number(cell.value, 0 if is_whole else 1)
    return Cell(cell.value, text if cell.complete else f"{text}*")


def _row_label(row: HeatRow, words: ReportWords) -> str:
    return words.formats.short_weekday(row.weekday) if row.day is None else words.formats.short_day(row.day)


def _day_label(day: DayReport, place: PlaceReport, words: ReportWords) -> str:
    return words.formats.short_day(day.day) if len(place.days) <= _MAX_WEEKDAYS else str(day.day.day)

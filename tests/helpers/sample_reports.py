"""Reports with numbers made up by hand, to see how they are written."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from custom_components.axis_people_counter.reports import (
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
from custom_components.axis_people_counter.reports.words import ReportWords
from homeassistant.core import HomeAssistant

ZONE: Final = ZoneInfo("Europe/Stockholm")
MONDAY: Final = date(2026, 11, 16)
OPEN_HOURS: Final = range(9, 19)
VISITORS: Final = (154, 131, 127, 148, 203, 441, 0)
WEEK_BEFORE: Final = (140, 139, 133, 150, 188, 354, 0)
CONDITIONS: Final = ("sunny", "partlycloudy", "rainy", "pouring", "lightning-rainy", "snowy", "fog")


async def words_of(hass: HomeAssistant, language: str) -> ReportWords:
    """Return the words of a language."""
    return await ReportWords.async_of(hass, language)


def at(day: date, hour: float = 0) -> int:
    """Return the timestamp of a local time."""
    midnight = datetime.combine(day, time(), ZONE)
    return int((midnight + timedelta(hours=hour)).timestamp())


def day_report(day: date, visitors: int | None, **changed: Any) -> DayReport:
    """Return a day with a peak in the afternoon; on Sundays it is closed."""
    is_open = day.weekday() < 6
    found = DayReport(
        day=day,
        start=at(day),
        end=at(day + timedelta(days=1)),
        visitors=Figure(visitors),
        visitors_outside=Figure(2 if is_open else 0),
        estimate=None,
        peak=Peak(10 + (visitors or 0) // 12, at(day, 15.25)),
        open_minutes=600 if is_open else 0,
        events=(),
        weather=DayWeather(CONDITIONS[day.weekday()], 21.4 - day.weekday() * 4, "°C"),
    )
    return replace(found, **changed)


def hours_of(visitors: int, hours: Sequence[int] = OPEN_HOURS) -> tuple[HeatCell | None, ...]:
    """Return visitors spread over the open hours, most of them in the afternoon."""
    if not hours:
        return 24 * (None,)
    shares = [1 + min(hour - hours[0], hours[-1] - hour) for hour in hours]
    counts = [round(visitors * share / sum(shares)) for share in shares]
    return tuple(HeatCell(counts[hour - hours[0]], True) if hour in hours else None for hour in range(24))


def week(name: str = "Shop", *, hours: Sequence[int] = OPEN_HOURS, **changed: Any) -> Report:
    """Return the report of a week in which everything was counted."""
    days = tuple(day_report(MONDAY + timedelta(days=number), count) for number, count in enumerate(VISITORS))
    rows = tuple(
        HeatRow(day.day, day.day.weekday(), hours_of(day.visitors.value or 0, hours if day.open_minutes else ()))
        for day in days
    )
    before = tuple(Figure(count) for count in WEEK_BEFORE)
    saturday = MONDAY + timedelta(days=5)
    end = at(MONDAY + timedelta(days=7))
    place = PlaceReport(
        name=name,
        zone=ZONE,
        start=at(MONDAY),
        end=end,
        until=end,
        visitors=Figure(sum(VISITORS)),
        visitors_outside=Figure(12),
        estimate=None,
        peak=Peak(46, at(saturday, 15.25)),
        hours=HeatMap(rows, False),
        days=days,
        busiest_hour=Busiest(at(saturday, 13), 74),
        busiest_day=Busiest(at(saturday), 441),
        comparisons=(
            Comparison(
                ComparisonKind.PREVIOUS,
                at(MONDAY - timedelta(days=7)),
                at(MONDAY),
                Figure(sum(WEEK_BEFORE)),
                100 * (sum(VISITORS) / sum(WEEK_BEFORE) - 1),
                before,
            ),
            Comparison(
                ComparisonKind.LAST_YEAR,
                at(MONDAY - timedelta(days=364)),
                at(MONDAY - timedelta(days=357)),
                Figure(1310),
                100 * (sum(VISITORS) / 1310 - 1),
                tuple(Figure(count) for count in (200, 180, 160, 150, 200, 420, 0)),
            ),
        ),
        capacity=40,
        over_capacity_seconds=4810,
        missing=(),
        drift=Drift(0, None, 0),
        deleted_before=None,
    )
    report = Report(ReportKind.WEEK, MONDAY, MONDAY + timedelta(days=6), at(MONDAY + timedelta(days=7), 7), (place,))
    return changed_place(report, **changed)


def changed_place(report: Report, **changed: Any) -> Report:
    """Return a report with another only place."""
    (place,) = report.places
    return replace(report, places=(replace(place, **changed),))


def incomplete_week(name: str = "Shop", **changed: Any) -> Report:
    """Return a week in which hours are missing, with everything else that a report can have."""
    report = week(name)
    (place,) = report.places
    days = list(place.days)
    tuesday, sunday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=6)
    days[1] = replace(days[1], visitors=Figure(98, 180), estimate=Estimate(137), events=("Stocktaking",))
    days[5] = replace(days[5], events=("Late-night shopping", "Christmas market"))
    gap = Missing("Main entrance", at(tuesday, 13), at(tuesday, 16), 180, MissingReason.GAP)
    never = Missing("Garden door", at(sunday, 9), at(sunday, 19), 600, MissingReason.NEVER, 1)
    return changed_place(
        report,
        **{
            "visitors": Figure(1171, 180),
            "days": tuple(days),
            "estimate": Estimate(1210),
            "missing": (gap, never),
            "comparisons": (replace(place.comparisons[0], change_percent=None), place.comparisons[1]),
            "drift": Drift(9, tuesday, 6),
            **changed,
        },
    )


def month() -> Report:
    """Return the report of a month."""
    first, number_of_days = date(2026, 10, 1), 31
    counts = [80 + 37 * number % 113 for number in range(number_of_days)]
    days = tuple(day_report(first + timedelta(days=number), count) for number, count in enumerate(counts))
    rows = tuple(HeatRow(None, weekday, hours_of(90 + 9 * weekday)) for weekday in range(7))
    (place,) = week().places
    comparison = replace(place.comparisons[0], days=tuple(Figure(count - 9) for count in counts))
    end = at(date(2026, 11, 1))
    changed = changed_place(
        week(),
        days=days,
        hours=HeatMap(rows, True),
        start=at(first),
        end=end,
        until=end,
        visitors=Figure(sum(counts)),
        comparisons=(comparison,),
    )
    return replace(changed, kind=ReportKind.MONTH, first_day=first, last_day=date(2026, 10, 31))


def crowded_week(name: str = "Shop") -> Report:
    """Return a week with as much to write as there can be: gaps, events, and visitors in each hour."""
    report = incomplete_week(name)
    (place,) = report.places
    days = [replace(day, visitors=Figure(1098, 180), estimate=Estimate(1137)) for day in place.days]
    days[2] = replace(days[2], events=("Children's afternoon with a magician", "Concert", "Guided tour"))
    rows = [HeatRow(day.day, day.day.weekday(), hours_of(1098, range(24))) for day in days]
    return changed_place(
        report,
        days=tuple(days),
        hours=HeatMap(tuple(rows), False),
        missing=place.missing * 4,
        visitors=Figure(7686, 1260),
        deleted_before=at(MONDAY, 8),
    )


def single_day() -> Report:
    """Return the report of a Saturday."""
    (place,) = incomplete_week().places
    day = place.days[5]
    changed = changed_place(
        week(),
        days=(day,),
        hours=HeatMap((place.hours.rows[5],), False),
        start=day.start,
        end=day.end,
        until=day.end,
        visitors=day.visitors,
        visitors_outside=day.visitors_outside,
        comparisons=(replace(place.comparisons[0], visitors=Figure(354), change_percent=24.6, days=(Figure(354),)),),
    )
    return replace(changed, kind=ReportKind.DAY, first_day=day.day, last_day=day.day)

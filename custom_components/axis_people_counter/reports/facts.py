"""The facts of a place's report, each a label and a value in words, in the order of importance.

Every format of a report writes the same ones. Called by markdown.py and html.py.
"""

from collections.abc import Iterator
from textwrap import shorten
from typing import Final, NamedTuple

from .model import (
    Comparison,
    ComparisonKind,
    DayReport,
    Figure,
    Missing,
    MissingReason,
    PlaceReport,
    Report,
    ReportKind,
)
from .words import ReportWords, day_of, last_day_of

MAX_EVENTS: Final = 3
MAX_EVENT: Final = 40
_EARLIER: Final = {
    ReportKind.DAY: "day_before",
    ReportKind.WEEK: "week_before",
    ReportKind.MONTH: "month_before",
    ReportKind.RANGE: "time_before",
}
_REASONS: Final = {
    MissingReason.NOT_YET: "not_yet",
    MissingReason.NEVER: "never",
    MissingReason.DELETED: "deleted",
}


class Fact(NamedTuple):
    """A label and its value."""

    label: str
    value: str


def comparison(place: PlaceReport, kind: ComparisonKind) -> Comparison | None:
    """Return a comparison of a place with an earlier period, if there is one."""
    return next((found for found in place.comparisons if found.kind is kind), None)


def earlier_label(report: Report, kind: ComparisonKind, words: ReportWords) -> str:
    """Return the name of an earlier period."""
    return words("year_before" if kind is ComparisonKind.LAST_YEAR else _EARLIER[report.kind])


def change(found: Comparison | None, words: ReportWords) -> str | None:
    """Return the change in percent; None where it isn't known."""
    if found is None or found.change_percent is None:
        return None
    return words.formats.change(found.change_percent)


def headline_change(report: Report, place: PlaceReport, words: ReportWords) -> str | None:
    """Return the change of the visitors in percent, and compared with what; None where it isn't known."""
    changed = change(comparison(place, ComparisonKind.PREVIOUS), words)
    return changed and words(f"changed_{_EARLIER[report.kind]}", change=changed)


def earlier_days(place: PlaceReport, found: Comparison | None) -> list[Figure]:
    """Return the earlier figure of each day; those that aren't known have no value."""
    known = found.days if found else ()
    return [*known[: len(place.days)], *[Figure(None)] * (len(place.days) - len(known))]


def day_change(day: DayReport, before: Figure, words: ReportWords) -> str:
    """Return the change of a day in percent; empty on closed days, and where counts are missing."""
    visitors = day.visitors
    if day.open_minutes == 0 or visitors.value is None or not before.value:
        return ""
    if not (visitors.complete and before.complete):
        return ""
    return words.formats.change(100 * (visitors.value / before.value - 1))


def visitors_text(day: DayReport, words: ReportWords) -> str:
    """Return the visitors of a day, or why there are none."""
    if day.open_minutes == 0:
        return words("closed")
    return words.figure(day.visitors)


def peak_text(day: DayReport, place: PlaceReport, words: ReportWords) -> str:
    """Return how many people were inside at most, and when; empty if it isn't known."""
    if day.peak is None:
        return ""
    return f"{words.number(day.peak.people)} ({words.time(day.peak.at, place.zone)})"


def open_text(day: DayReport, words: ReportWords) -> str:
    """Return how long it was open on a day."""
    if day.open_minutes is None:
        return words("unknown")
    return words.duration(day.open_minutes) if day.open_minutes else words("closed")


def events_text(day: DayReport) -> str:
    """Return the first events of a day; long names are cut, so that a report keeps its size."""
    names = [shorten(name, MAX_EVENT, placeholder="…") for name in day.events[:MAX_EVENTS]]
    return ", ".join([*names, "…"] if len(day.events) > MAX_EVENTS else names)


def headline(report: Report, place: PlaceReport, words: ReportWords) -> str:
    """Return the number of visitors, and its change."""
    text = words.labelled(words("visitors"), words.figure(place.visitors))
    changed = headline_change(report, place, words)
    return f"{text}, {changed}" if changed else text


def facts(report: Report, place: PlaceReport, words: ReportWords) -> Iterator[Fact]:
    """Yield what is known beside the headline."""
    zone = place.zone
    if place.estimate is not None:
        yield Fact(words("estimate"), words("estimated", number=words.number(place.estimate.visitors)))
    for found in place.comparisons:
        if found.visitors.value is None:
            continue
        changed = change(found, words)
        value = words.figure(found.visitors)
        yield Fact(earlier_label(report, found.kind, words), f"{value}, {changed}" if changed else value)
    if place.peak is not None:
        yield Fact(words("peak"), f"{words.number(place.peak.people)} ({words.moment(place.peak.at, zone)})")
    if place.busiest_day is not None and report.kind is not ReportKind.DAY:
        day = words.formats.long_day(day_of(place.busiest_day.start, zone))
        yield Fact(words("busiest_day"), f"{words.number(place.busiest_day.visitors)} ({day})")
    if place.busiest_hour is not None:
        hour = words.hour(place.busiest_hour.start, zone)
        yield Fact(words("busiest_hour"), f"{words.number(place.busiest_hour.visitors)} ({hour})")
    # Without a peak, nobody knows how many people were inside.
    if place.peak is not None and place.capacity is not None and (minutes := place.over_capacity_minutes) is not None:
        value = words.duration(minutes) if place.over_capacity_seconds else words("not_at_all")
        yield Fact(words("above_capacity", number=words.number(place.capacity)), value)
    if place.visitors_outside is not None:
        yield Fact(words("outside_hours"), words.figure(place.visitors_outside))
    if len(place.days) == 1:
        yield from _facts_of_day(place.days[0], words)
    if place.drift.people:
        yield Fact(words("drift"), _drift(place, words))


def _facts_of_day(day: DayReport, words: ReportWords) -> Iterator[Fact]:
    """Yield what stands in the table of days, which a single day doesn't have."""
    if day.visitors_outside is not None:
        yield Fact(words("open"), open_text(day, words))
    if weather := words.weather(day.weather):
        yield Fact(words("weather"), weather)
    if day.events:
        yield Fact(words("events"), events_text(day))


def _drift(place: PlaceReport, words: ReportWords) -> str:
    drift = place.drift
    text = words("drifted", number=words.number(drift.people))
    if drift.worst_day is None or len(place.days) == 1:
        return text
    day = words.formats.long_day(drift.worst_day)
    return f"{text}, {words('worst_day', day=day, number=words.number(drift.worst_people))}"


def notes(place: PlaceReport, words: ReportWords, limit: int) -> Iterator[str]:
    """Yield sentences about missing counts: at most so many, and how many more there are."""
    if so_far := words.so_far(place):
        yield so_far
    if place.deleted_before is not None:
        yield words("deleted_before", day=words.moment(place.deleted_before, place.zone))
    for missing in place.missing[:limit]:
        yield _missing(missing, place, words)
    if (more := len(place.missing) - limit) > 0:
        yield words("more_missing", number=words.number(more))
    # Also peaks and times over the capacity may be higher in truth.
    if place.visitors.value is not None and place.visitors.missing_minutes:
        yield words("without_missing")


def _missing(missing: Missing, place: PlaceReport, words: ReportWords) -> str:
    if missing.whole_days > 1:
        first, last = day_of(missing.start, place.zone), last_day_of(missing.end, place.zone)
        when = f"{words.formats.long_day(first)} \N{EN DASH} {words.formats.long_day(last)}"
    elif missing.whole_days == 1:
        when = words.formats.long_day(day_of(missing.start, place.zone))
    else:
        when = words.span(missing.start, missing.end, place.zone)
    text = words.labelled(missing.door, f"{words.missing(missing.minutes)}, {when}")
    reason = _REASONS.get(missing.reason)
    return f"{text} ({words(reason)})" if reason else text

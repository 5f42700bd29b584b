"""A report as a short message: in Markdown for mails and cards, and as plain text for phones. Called by writing.py."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from ..texts import plain
from .facts import facts, headline, notes
from .model import DayReport, PlaceReport, Report
from .words import ReportWords

MAX_NOTES: Final = 3
# A message about many places says little of each.
_MAX_NOTES_OF_MANY: Final = 1


def markdown(report: Report, words: ReportWords) -> str:
    """Return the message in Markdown, in which names are only text. The number of visitors is its first line."""
    report = _escaped(report, plain)
    if len(report.places) == 1:
        (place,) = report.places
        lines = [f"**{headline(report, place, words)}**", "", *_items(report, place, words)]
    else:
        lines = [f"- **{place.name}**: {'; '.join(_short(report, place, words))}" for place in report.places]
    return "\n".join(lines)


def text(report: Report, words: ReportWords) -> str:
    """Return the message without any markup."""
    report = _escaped(report, str)
    if len(report.places) == 1:
        (place,) = report.places
        lines = [headline(report, place, words), *_items(report, place, words)]
    else:
        lines = [words.labelled(place.name, "\n".join(_short(report, place, words))) for place in report.places]
    return "\n".join(lines)


def _items(report: Report, place: PlaceReport, words: ReportWords) -> Iterator[str]:
    """Yield the lines of a list: first the notes, because they limit what the numbers mean."""
    for note in notes(place, words, MAX_NOTES):
        yield f"- {note}"
    for fact in facts(report, place, words):
        yield f"- {words.labelled(fact.label, fact.value)}"


def _short(report: Report, place: PlaceReport, words: ReportWords) -> Iterator[str]:
    yield headline(report, place, words)
    yield from notes(place, words, _MAX_NOTES_OF_MANY)


def _escaped(report: Report, escape: Callable[[str], str]) -> Report:
    """Return a report whose names from outside are escaped, each on one line."""

    def escaped(name: str) -> str:
        return escape(" ".join(name.split()))

    def escaped_day(day: DayReport) -> DayReport:
        weather = day.weather
        if weather is not None and weather.unit is not None:
            weather = replace(weather, unit=escaped(weather.unit))
        return replace(day, events=tuple(map(escaped, day.events)), weather=weather)

    return replace(
        report,
        places=tuple(
            replace(
                place,
                name=escaped(place.name),
                days=tuple(map(escaped_day, place.days)),
                missing=tuple(replace(missing, door=escaped(missing.door)) for missing in place.missing),
            )
            for place in report.places
        ),
    )

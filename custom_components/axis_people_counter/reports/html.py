"""A report as an HTML page that needs nothing else: no script, and no file beside it. Prints on A4.

A week of one place is one page. Everything from outside is escaped by `Markup.format`. Called by writing.py.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from unicodedata import category

from markupsafe import Markup

from ..const import NAME
from ..counting import Timestamp
from .facts import (
    change,
    comparison,
    day_change,
    earlier_days,
    earlier_label,
    events_text,
    facts,
    headline_change,
    notes,
    peak_text,
    visitors_text,
)
from .model import ComparisonKind, PlaceReport, Report
from .pictures import pictures
from .style import STYLE
from .words import ReportWords

# More sentences would need a second page.
MAX_NOTES: Final = 4

_PAGE: Final = Markup("""\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{sections}
</main>
{footer}
</body>
</html>
""")
_SECTION: Final = Markup("""\
<section>
<h1>{name}</h1>
<p class="period">{period}</p>
{parts}
</section>""")


def html(report: Report, words: ReportWords, link_until: Timestamp | None = None, *, has_pictures: bool = True) -> str:
    """Return the page; `link_until` is until when it can be opened."""
    sections = [_place(report, place, words, has_pictures=has_pictures) for place in report.places]
    if len(sections) > 1:
        sections.insert(0, _overview(report, words))
    return _PAGE.format(
        language=words.language,
        title=_clean(words.title(report)),
        style=Markup(STYLE),  # noqa: S704
        sections=_joined(sections),
        footer=_footer(report, words, link_until),
    )


def _footer(report: Report, words: ReportWords, link_until: Timestamp | None) -> Markup:
    zone = report.places[0].zone
    zones = ", ".join(_zones(report))
    sentences = [words("made", time=words.full_moment(report.made_at, zone), zone=zones)]
    if link_until is not None:
        sentences.append(words("link_until", time=words.full_moment(link_until, zone)))
    return _element("footer", " ".join([*sentences, NAME]))


def _zones(report: Report) -> list[str]:
    """Return the time zones of all places, each once."""
    return list(dict.fromkeys(str(place.zone) for place in report.places))


def _overview(report: Report, words: ReportWords) -> Markup:
    """Return the section about all places."""
    places = report.places
    changes = [change(comparison(place, ComparisonKind.PREVIOUS), words) or "" for place in places]
    columns = [
        _Column(words("place"), [place.name for place in places]),
        _Column(words("visitors"), [words.figure(place.visitors) for place in places], "number"),
        _Column(words("change"), changes, "number"),
        _Column(words("peak"), [words.number(place.peak.people) if place.peak else "" for place in places], "number"),
    ]
    return _section(words.name(report), report, words, [_table(words("all_places"), columns)])


def _place(report: Report, place: PlaceReport, words: ReportWords, *, has_pictures: bool) -> Markup:
    """Return the section about a place."""
    parts = [_total(report, place, words)]
    if found := list(notes(place, words, MAX_NOTES)):
        parts.append(Markup('<ul class="notes">\n{}\n</ul>').format(_joined(_element("li", note) for note in found)))
    cells = [
        Markup("<div>\n{}\n{}\n</div>").format(_element("h2", picture.title), picture.svg)
        for picture in (pictures(report, place, words) if has_pictures else ())
    ]
    if listed := [_element("dt", fact.label) + _element("dd", fact.value) for fact in facts(report, place, words)]:
        cells.append(Markup("<dl>\n{}\n</dl>").format(_joined(listed)))
    parts.append(Markup('<div class="grid">\n{}\n</div>').format(_joined(cells)))
    if len(place.days) > 1:
        parts.append(_days(report, place, words))
    zone = str(place.zone) if len(_zones(report)) > 1 else ""
    return _section(place.name, report, words, parts, zone)


def _section(name: str, report: Report, words: ReportWords, parts: Iterable[Markup], zone: str = "") -> Markup:
    """Return a section; its time zone is named if other sections have others."""
    period = words.period(report)
    period = period[:1].upper() + period[1:] + (f" ({zone})" if zone else "")
    return _SECTION.format(name=_clean(name), period=period, parts=_joined(parts))


def _total(report: Report, place: PlaceReport, words: ReportWords) -> Markup:
    """Return the number of visitors, how much is missing, and the change."""
    figure = place.visitors
    parts = [
        _element("span", words("visitors")),
        _element("strong", words("unknown") if figure.value is None else words.number(figure.value)),
    ]
    if mark := words.mark(figure):
        parts.append(_element("span", f"({mark})"))
    if changed := headline_change(report, place, words):
        parts.append(_element("span", changed))
    return Markup('<p class="total">{}</p>').format(Markup(" ").join(parts))


class _Column(NamedTuple):
    """A column of a table: its head, its cells, and their CSS class."""

    head: str
    cells: Sequence[str]
    css_class: str = ""


def _days(report: Report, place: PlaceReport, words: ReportWords) -> Markup:
    """Return the table of days, without columns that would be empty."""
    days, earlier = place.days, earlier_days(place, comparison(place, ComparisonKind.PREVIOUS))
    changes = [day_change(day, before, words) for day, before in zip(days, earlier, strict=True)]
    befores = [words.figure(before) if before.value is not None else "" for before in earlier]
    estimates = [words.number(day.estimate.visitors) if day.estimate else "" for day in days]
    columns = [
        _Column(words.texts("day"), [words.formats.short_day(day.day) for day in days]),
        _Column(words("visitors"), [visitors_text(day, words) for day in days], "number"),
        _Column(words("estimate"), estimates, "number"),
        _Column(earlier_label(report, ComparisonKind.PREVIOUS, words), befores, "number"),
        _Column(words("change"), changes, "number"),
        _Column(words("peak_short"), [peak_text(day, place, words) for day in days], "number"),
        _Column(words("weather"), [words.weather(day.weather) for day in days], "line"),
        _Column(words("events"), [events_text(day) for day in days]),
    ]
    return _table(words("day_by_day"), [column for column in columns if any(column.cells)])


def _table(caption: str, columns: Sequence[_Column]) -> Markup:
    heads = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_attribute(column.css_class), column.head) for column in columns
    )
    first, *others = columns
    rows = [
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            _clean(text), Markup("").join(_element("td", cells[number], css_class) for _, cells, css_class in others)
        )
        for number, text in enumerate(first.cells)
    ]
    return Markup(
        '<div class="wide">\n<table>\n<caption>{}</caption>\n<thead>\n<tr>{}</tr>\n</thead>\n'
        "<tbody>\n{}\n</tbody>\n</table>\n</div>"
    ).format(caption, heads, _joined(rows))


def _element(tag: str, text: str, css_class: str = "") -> Markup:
    """Return an element with text, which is escaped."""
    return Markup("<{0}{1}>{2}</{0}>").format(tag, _attribute(css_class), _clean(text))


def _attribute(css_class: str) -> Markup:
    return Markup(' class="{}"').format(css_class) if css_class else Markup("")


def _clean(text: str) -> str:
    """Return text without characters that no page may have; of spaces, only the usual one is printable."""
    return "".join(letter if letter.isprintable() or category(letter) == "Zs" else " " for letter in text)


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("\n").join(parts)

"""Reports in words: numbers, dates and sentences in four languages, messages, and the table."""

import csv
from dataclasses import replace
from datetime import date, timedelta
import io
from typing import Final

import pytest

from custom_components.axis_people_counter.reports import Figure, MissingReason, Report, ReportKind
from custom_components.axis_people_counter.reports.csv import csv as table
from custom_components.axis_people_counter.reports.formats import FORMATS
from custom_components.axis_people_counter.reports.markdown import markdown, text
from custom_components.axis_people_counter.reports.words import LANGUAGES, known_language
from homeassistant.core import HomeAssistant

from .helpers.sample_reports import (
    MONDAY,
    at,
    changed_place,
    day_report,
    incomplete_week,
    month,
    single_day,
    week,
    words_of,
)
from .helpers.translations import translation

# Characters that look like others.
VISIBLE: Final = str.maketrans(
    {"\N{NO-BREAK SPACE}": "_", "\N{NARROW NO-BREAK SPACE}": "_", "\N{MINUS SIGN}": "-", "\N{EN DASH}": "~"}
)


def seen(written: str) -> str:
    """Return a text with an underscore for each space that doesn't break, and a tilde for each dash."""
    return written.translate(VISIBLE)


@pytest.mark.parametrize(
    ("language", "numbers", "changes"),
    [
        ("en", ["0", "-4", "1,204", "1,234,567", "3.5"], ["+12%", "-8%", "0%"]),
        ("de", ["0", "-4", "1.204", "1.234.567", "3,5"], ["+12_%", "-8_%", "0_%"]),
        ("fr", ["0", "-4", "1_204", "1_234_567", "3,5"], ["+12_%", "-8_%", "0_%"]),
        ("sv", ["0", "-4", "1_204", "1_234_567", "3,5"], ["+12_%", "-8_%", "0_%"]),
    ],
)
def test_numbers(language: str, numbers: list[str], changes: list[str]) -> None:
    """Write numbers with the separators of the language; a change that rounds to zero has no sign."""
    formats = FORMATS[language]
    whole = [formats.number(value) for value in (-0.4, -4, 1204, 1_234_567)]
    assert [seen(number) for number in [*whole, formats.number(3.5, 1)]] == numbers
    assert [seen(formats.change(percent)) for percent in (12.3, -7.6, -0.4)] == changes


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                "Sunday 1_November 2026",
                "week 47, 16~22_November 2026",
                "week 49, 30_November ~ 6_December 2026",
                "week 53, 28_December 2026 ~ 3_January 2027",
                "February 2026",
            ],
        ),
        (
            "de",
            [
                "Sonntag 1._November 2026",
                "Woche 47, 16.~22._November 2026",
                "Woche 49, 30._November ~ 6._Dezember 2026",
                "Woche 53, 28._Dezember 2026 ~ 3._Januar 2027",
                "Februar 2026",
            ],
        ),
        (
            "fr",
            [
                "dimanche 1er_novembre 2026",
                "semaine 47, 16~22_novembre 2026",
                "semaine 49, 30_novembre ~ 6_décembre 2026",
                "semaine 53, 28_décembre 2026 ~ 3_janvier 2027",
                "février 2026",
            ],
        ),
        (
            "sv",
            [
                "söndag 1_november 2026",
                "vecka 47, 16~22_november 2026",
                "vecka 49, 30_november ~ 6_december 2026",
                "vecka 53, 28_december 2026 ~ 3_januari 2027",
                "februari 2026",
            ],
        ),
    ],
)
async def test_periods(hass: HomeAssistant, language: str, expected: list[str]) -> None:
    """Write days, weeks and months as the language does."""
    words = await words_of(hass, language)
    first_days = [
        (ReportKind.DAY, date(2026, 11, 1), 0),
        (ReportKind.WEEK, MONDAY, 6),
        (ReportKind.WEEK, date(2026, 11, 30), 6),
        (ReportKind.WEEK, date(2026, 12, 28), 6),
        (ReportKind.MONTH, date(2026, 2, 1), 27),
    ]
    reports = [
        replace(week(), kind=kind, first_day=first, last_day=first + timedelta(days=more))
        for kind, first, more in first_days
    ]
    assert [seen(words.period(report)) for report in reports] == expected


async def test_ranges(hass: HomeAssistant) -> None:
    """Write any range of days, also one of a single day."""
    words = await words_of(hass, "en")
    days = replace(week(), kind=ReportKind.RANGE)
    assert seen(words.period(days)) == "16~22_November 2026"
    assert seen(words.period(replace(days, last_day=MONDAY))) == "16_November 2026"


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, "0_min"),
        (59, "59_min"),
        (60, "1_h"),
        (80, "1_h 20_min"),
        (2879, "47_h 59_min"),
        (2880, "2 days"),
        (4571, "3 days 4_h"),
    ],
)
async def test_durations(hass: HomeAssistant, minutes: int, expected: str) -> None:
    """Write minutes, hours and days."""
    assert seen((await words_of(hass, "en")).duration(minutes)) == expected


def test_known_languages() -> None:
    """Use the language without its region, and English for others."""
    assert [known_language(name) for name in ("de", "de-CH", "sv", "nb", "", "en-GB")] == [
        "de",
        "de",
        "sv",
        "en",
        "en",
        "en",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_all_texts(language: str) -> None:
    """Find a translation for each language, and for each translation its formats."""
    assert translation(language)["common"]["report_visitors"]
    assert len(FORMATS[language].weekdays) == len(FORMATS[language].short_weekdays) == 7
    assert len(FORMATS[language].months) == 12


async def test_message(hass: HomeAssistant) -> None:
    """Begin with the visitors and the change; say all else in a few lines."""
    words = await words_of(hass, "en")
    assert seen(words.title(week())) == "Shop: week 47, 16~22_November 2026"
    assert seen(text(week(), words)).splitlines() == [
        "Visitors: 1,204, +9% compared with the week before",
        "- Week before: 1,104, +9%",
        "- Year before: 1,310, -8%",
        "- Most people inside: 46 (Saturday 21_November, 15:15)",
        "- Busiest day: 441 (Saturday 21_November)",
        "- Busiest hour: 74 (Saturday 21_November, 13:00~14:00)",
        "- Over the capacity of 40: 1_h 20_min",
        "- Outside opening hours: 12",
    ]


async def test_message_of_an_incomplete_week(hass: HomeAssistant) -> None:
    """Name first which counts are missing, and mark the numbers; there is no change to compare."""
    words = await words_of(hass, "de")
    assert seen(text(incomplete_week(), words)).splitlines()[:6] == [
        "Besucher: 1.171 (3_h fehlen)",
        "- Main entrance: 3_h fehlen, Dienstag 17._November, 13:00~16:00",
        "- Garden door: 10_h fehlen, Sonntag 22._November (hat nie gemeldet)",
        "- Alle Zahlen sind ohne die fehlende Zeit.",
        "- Schätzung: etwa 1.210 mit der fehlenden Zeit",
        "- Woche davor: 1.104",
    ]
    assert seen(text(incomplete_week(), words)).splitlines()[-1] == (
        "- Abweichung: 9 mehr hinaus als hinein, am meisten Dienstag 17._November: 6"
    )


async def test_message_of_a_day(hass: HomeAssistant) -> None:
    """Explain what a day has: its weather, events and opening hours, but no busiest day."""
    lines = seen(text(single_day(), await words_of(hass, "en"))).splitlines()
    assert lines[0] == "Visitors: 441, +25% compared with the day before"
    assert lines[-3:] == ["- Open: 10_h", "- Weather: Snowy, 1_°C", "- Events: Late-night shopping, Christmas market"]
    assert not [line for line in lines if "Busiest day" in line]


async def test_message_of_a_month(hass: HomeAssistant) -> None:
    """Compare with the month before."""
    first = seen(text(month(), await words_of(hass, "fr"))).splitlines()[0]
    assert first == "Visiteurs_: 4_430, +9_% par rapport au mois précédent"


async def test_days_without_opening_hours_known(hass: HomeAssistant) -> None:
    """Admit that it isn't known how long it was open."""
    (place,) = single_day().places
    unknown = changed_place(single_day(), days=(replace(place.days[0], open_minutes=None),))
    assert "- Open: unknown" in text(unknown, await words_of(hass, "en"))


async def test_never_over_capacity(hass: HomeAssistant) -> None:
    """Explain that it was never too full; a few seconds are more than never."""
    words = await words_of(hass, "en")
    assert "- Over the capacity of 40: never" in text(changed_place(week(), over_capacity_seconds=0), words)
    assert "- Over the capacity of 40: 0\N{NO-BREAK SPACE}min" in text(
        changed_place(week(), over_capacity_seconds=9), words
    )


async def test_whole_days_missing(hass: HomeAssistant) -> None:
    """Name days that are missing entirely, why they are, and how many more gaps there are."""
    (place,) = incomplete_week().places
    gap, never = place.missing
    found = (
        replace(gap, start=at(MONDAY), end=at(MONDAY, 72), minutes=4320, whole_days=3),
        replace(gap, start=at(MONDAY), end=at(MONDAY, 24), minutes=1440, whole_days=1, reason=MissingReason.NOT_YET),
        replace(gap, start=at(MONDAY, 20), end=at(MONDAY, 24), minutes=240, reason=MissingReason.DELETED),
        never,
    )
    report = changed_place(incomplete_week(), missing=found, deleted_before=at(MONDAY, 24))
    lines = seen(text(report, await words_of(hass, "en"))).splitlines()[1:7]
    assert lines == [
        "- Counts from before Tuesday 17_November, 00:00 have been deleted.",
        "- Main entrance: 3 days missing, Monday 16_November ~ Wednesday 18_November",
        "- Main entrance: 24_h missing, Monday 16_November (before its first count)",
        "- Main entrance: 4_h missing, Monday 16_November, 20:00~24:00 (deleted by age)",
        "- Further gaps: 1",
        "- All numbers are without the missing time.",
    ]


async def test_names_in_markdown(hass: HomeAssistant) -> None:
    """Show names as text: they are no links, lists or new lines."""
    name = "[x](http://evil.example) *b*\n# <i>"
    report = incomplete_week(name)
    (place,) = report.places
    report = changed_place(report, missing=tuple(replace(missing, door=name) for missing in place.missing))
    words = await words_of(hass, "en")
    escaped = r"\[x\]\(http\:\/\/evil\.example\) \*b\* \# \<i\>"
    found = markdown(report, words)
    assert f"- {escaped}: " in found
    assert "\n#" not in found
    plain_name = "[x](http://evil.example) *b* # <i>"
    assert f"- {plain_name}: 3" in text(report, words)
    both = replace(report, places=report.places * 2)
    assert f"- **{escaped}**: Visitors: 1,171" in markdown(both, words)
    assert text(both, words).startswith(f"{plain_name}: Visitors: 1,171")
    assert words.title(both).startswith("People counter: week 47")


async def test_days_whose_opening_hours_are_not_known(hass: HomeAssistant) -> None:
    """Explain that days are left out of a number."""
    words = await words_of(hass, "en")
    assert seen(words.figure(Figure(5, 0, hours_known=False))) == "5 (opening hours unknown)"
    assert seen(words.figure(Figure(5, 60, hours_known=False))) == "5 (1_h missing, opening hours unknown)"
    assert words.figure(Figure(None, 60, hours_known=False)) == "unknown"


async def test_many_events(hass: HomeAssistant) -> None:
    """Cut long names of events, and a long list of them."""
    (place,) = single_day().places
    events = ("A concert " * 20, *[f"Event {number}" for number in range(9)])
    report = changed_place(single_day(), days=(replace(place.days[0], events=events),))
    (line,) = (line for line in text(report, await words_of(hass, "en")).splitlines() if "Events" in line)
    assert line == "- Events: A concert A concert A concert A concert…, Event 0, Event 1, …"


def rows(report: str) -> list[list[str]]:
    """Return the cells of a table."""
    return list(csv.reader(io.StringIO(report.removeprefix("\ufeff"), newline=""), strict=True))


async def test_table(hass: HomeAssistant) -> None:
    """Have a row for each day, with words of the language and numbers for programs."""
    found = table(incomplete_week(), await words_of(hass, "sv"))
    assert found.startswith("\ufeff")
    head, monday, tuesday, *_, sunday = rows(found)
    assert head[:4] == ["Plats", "Datum", "Besökare", "Saknade minuter"]
    assert monday == [
        *("Shop", "2026-11-16", "154", "0", "", "2", "140", "22", "2026-11-16 15:15", "600", "Soligt", "21.4", "")
    ]
    assert tuesday[:6] == ["Shop", "2026-11-17", "98", "180", "137", "2"]
    assert sunday[9] == "0"


async def test_unknown_in_the_table(hass: HomeAssistant) -> None:
    """Leave cells empty where nothing is known: they aren't zero."""
    day = day_report(MONDAY, None, visitors_outside=None, peak=None, open_minutes=None, weather=None)
    report: Report = changed_place(week(), days=(day,), comparisons=())
    assert rows(table(report, await words_of(hass, "en")))[1] == ["Shop", "2026-11-16", "", "0", *9 * [""]]


async def test_formulas_in_the_table(hass: HomeAssistant) -> None:
    """Quote names that a spreadsheet would run."""
    (place,) = week().places
    days = (replace(place.days[0], events=("@SUM(1)", "b")),)
    found = rows(table(changed_place(week('=cmd|"/c calc"!A1'), days=days), await words_of(hass, "en")))
    assert found[1][0] == """'=cmd|"/c calc"!A1"""
    assert found[1][-1] == "'@SUM(1), b"

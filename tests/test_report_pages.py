"""The page of a report: valid, escaped, readable, and with a text for each picture."""

from dataclasses import replace
from datetime import timedelta
import re
from typing import Final
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.reports import DayWeather, Figure, HeatMap, Peak, Report
from custom_components.axis_people_counter.reports.charts import BAR, GREY, INCOMPLETE, LIMIT, SHADES
from custom_components.axis_people_counter.reports.html import html
from custom_components.axis_people_counter.reports.style import STYLE
from custom_components.axis_people_counter.reports.words import LANGUAGES
from homeassistant.core import HomeAssistant

from .helpers.sample_reports import (
    MONDAY,
    VISITORS,
    at,
    changed_place,
    crowded_week,
    incomplete_week,
    month,
    single_day,
    week,
    words_of,
)

MARKUP: Final = "</h1><script>alert(1)</script><b a='\"'>&amp; ]]> \x00\x1c\u2028"
# The least contrast of a text of normal size, and that of a line or an area (WCAG 2.2, AA).
TEXT_CONTRAST: Final = 4.5
SHAPE_CONTRAST: Final = 3


async def page(hass: HomeAssistant, report: Report, language: str = "en") -> str:
    """Return the page of a report."""
    return html(report, await words_of(hass, language), at(MONDAY, 24 * 14))


def parsed(text: str) -> ET.Element:
    """Return the elements of a page. They are closed as in XML, apart from those that are empty in HTML."""
    assert text.startswith("<!DOCTYPE html>\n")
    return ET.fromstring(re.sub(r"<meta ([^>]*)>", r"<meta \1/>", text.partition("\n")[2]))  # noqa: S314


def words_in(element: ET.Element) -> str:
    """Return all text of an element."""
    return " ".join("".join(element.itertext()).replace("\N{EN DASH}", "~").split())


def table(text: str) -> list[list[str]]:
    """Return the cells of the table of days, row by row."""
    return [[words_in(cell) for cell in row] for row in parsed(text).iter("tr")]


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours."""
    dark, light = sorted(map(luminance, (first, second)))
    return (light + 0.05) / (dark + 0.05)


REPORTS: Final = (week(), incomplete_week(), crowded_week(), month(), single_day())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_pages_are_well_formed(hass: HomeAssistant, language: str) -> None:
    """Close each element; have a language, a title, and one heading for each section."""
    for report in REPORTS:
        root = parsed(await page(hass, report, language))
        assert root.get("lang") == language
        assert words_in(next(root.iter("title")))
        assert [words_in(heading) for heading in root.iter("h1")] == [place.name for place in report.places]
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))


async def test_places_in_several_time_zones(hass: HomeAssistant) -> None:
    """Name the time zone of each place if they differ, because their times are local."""
    report = week()
    (shop,) = report.places
    broadway = replace(shop, name="Broadway", zone=ZoneInfo("America/New_York"))
    text = words_in(parsed(await page(hass, replace(report, places=(shop, broadway, shop)))))
    assert f"Times are local: {shop.zone}, America/New_York." in text
    assert text.count("(America/New_York)") == 1
    assert text.count(f"({shop.zone})") == 2
    alone = words_in(parsed(await page(hass, report)))
    assert f"Times are local: {shop.zone}." in alone
    assert f"({shop.zone})" not in alone


async def test_page_needs_nothing_else(hass: HomeAssistant) -> None:
    """Find no script, no address and no resource, so that the page works offline and reports nothing."""
    text = await page(hass, crowded_week())
    root = parsed(text)
    assert {element.tag for element in root.iter()} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "a",
        "form",
    } == set()
    assert not re.search(r"https?:|//|url\(|@import|javascript", text.replace("<!DOCTYPE html>", ""))
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


async def test_names_with_markup(hass: HomeAssistant) -> None:
    """Show names of places, doors, events and units as they are, without characters that no page may have."""
    report = incomplete_week(MARKUP)
    (place,) = report.places
    days = [replace(day, events=(MARKUP,), weather=DayWeather(MARKUP, 1.0, MARKUP)) for day in place.days]
    missing = tuple(replace(found, door=MARKUP) for found in place.missing)
    for of_days in (days, days[5:6]):
        bad = changed_place(report, days=tuple(of_days), missing=missing)
        text = await page(hass, replace(bad, places=bad.places * 2))
        assert "<script" not in text
        assert "<b " not in text
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028]", text)
        root = parsed(text)
        assert {words_in(heading) for heading in list(root.iter("h1"))[1:]} == {
            "</h1><script>alert(1)</script><b a='\"'>&amp; ]]>"
        }
        assert "script" not in {element.tag for element in root.iter()}


async def test_each_picture_has_a_text_alternative(hass: HomeAssistant) -> None:
    """Name each number of a chart in its text alternative."""
    root = parsed(await page(hass, incomplete_week()))
    labels = [picture.get("aria-label", "") for picture in root.iter("svg")]
    assert [label.partition(". ")[0] for label in labels] == [
        "Visitors each day",
        "Most people inside, each day",
        "Visitors by day and hour",
    ]
    assert all(picture.get("role") == "img" for picture in root.iter("svg"))
    days, peaks, hours = (label.replace("\N{NO-BREAK SPACE}", " ") for label in labels)
    assert "Mon 16: 154, Week before: 140; Tue 17: 98 (3 h missing), Week before: 139; " in days
    assert days.endswith("Sun 22: closed, Week before: 0.")
    assert "Sat 21: 46 (15:15)" in peaks
    assert "Sat 21: 09:00 15, 10:00 29, " in hours


async def test_bars_are_as_high_as_their_numbers(hass: HomeAssistant) -> None:
    """Draw bars in proportion: filled ones for this week, outlines for the week before."""
    picture = next(parsed(await page(hass, week())).iter("svg"))
    bars = list(picture.iter("rect"))
    filled = [float(bar.get("height", 0)) for bar in bars if bar.get("fill") == BAR]
    outlines = [float(bar.get("height", 0)) for bar in bars if bar.get("fill") == "none"][:-1]
    assert [height / filled[0] for height in filled] == pytest.approx([count / 154 for count in VISITORS[:6]], rel=0.02)
    assert outlines[0] / filled[0] == pytest.approx(140 / 154, rel=0.02)
    width, height = map(float, picture.get("viewBox", "").split()[2:])
    for bar in bars:
        left, top = float(bar.get("x", 0)), float(bar.get("y", 0))
        assert 0 <= left < left + float(bar.get("width", 0)) <= width
        assert 0 <= top < top + float(bar.get("height", 0)) <= height


async def test_incomplete_numbers_are_marked(hass: HomeAssistant) -> None:
    """Mark what is incomplete in the total, in the table and in the chart; an estimate is called one."""
    text = await page(hass, incomplete_week())
    root = parsed(text)
    (total,) = (found for found in root.iter("p") if found.get("class") == "total")
    assert words_in(total) == "Visitors 1,171 (3 h missing)"
    notes = [words_in(note) for note in root.iter("li")]
    assert notes == [
        "Main entrance: 3 h missing, Tuesday 17 November, 13:00~16:00",
        "Garden door: 10 h missing, Sunday 22 November (has never reported)",
        "All numbers are without the missing time.",
    ]
    head, monday, tuesday, *_, sunday = table(text)
    assert head == ["Day", "Visitors", "Estimate", "Week before", "Change", "Peak", "Weather", "Events"]
    assert monday == ["Mon 16", "154", "", "140", "+10%", "22 (15:15)", "Sunny, 21 °C", ""]
    assert tuesday == [
        "Tue 17",
        "98 (3 h missing)",
        "137",
        "139",
        "",
        "20 (15:15)",
        "Partly cloudy, 17 °C",
        "Stocktaking",
    ]
    assert sunday[:2] == ["Sun 22", "closed"]
    facts = dict(zip(map(words_in, root.iter("dt")), map(words_in, root.iter("dd")), strict=True))
    assert facts["Estimate"] == "about 1,210 with the missing time"
    picture = next(root.iter("svg"))
    assert "98*" in [words_in(shown) for shown in picture.iter("text")]
    assert [bar.get("fill") for bar in picture.iter("rect")].count(INCOMPLETE) == 2


async def test_unknown_numbers(hass: HomeAssistant) -> None:
    """Write that a number is unknown, never zero, and leave out pictures that would be empty."""
    report = week()
    (place,) = report.places
    days = [replace(day, visitors=Figure(None, 600), peak=None, open_minutes=None, weather=None) for day in place.days]
    rows = tuple(replace(row, hours=24 * (None,)) for row in place.hours.rows)
    nothing = changed_place(
        report,
        days=tuple(days),
        visitors=Figure(None, 4200),
        hours=HeatMap(rows, False),
        peak=None,
        busiest_hour=None,
        busiest_day=None,
        comparisons=(),
        over_capacity_seconds=0,
        visitors_outside=Figure(None, 4200),
    )
    text = await page(hass, nothing)
    root = parsed(text)
    assert "Visitors unknown" in words_in(root)
    assert {row[1] for row in table(text)[1:]} == {"unknown"}
    assert not list(root.iter("svg"))
    assert "Over the capacity" not in words_in(root)
    assert table(text)[0] == ["Day", "Visitors"]


async def test_several_places(hass: HomeAssistant) -> None:
    """Begin with a table of all places, and a page for each."""
    places = (*week("Shop").places, *incomplete_week("Café").places)
    root = parsed(await page(hass, replace(week(), places=places), "de"))
    assert [words_in(heading) for heading in root.iter("h1")] == ["Personenzähler", "Shop", "Café"]
    first = next(root.iter("table"))
    assert [[words_in(cell) for cell in row] for row in first.iter("tr")] == [
        ["Ort", "Besucher", "Änderung", "Höchstens gleichzeitig da"],
        ["Shop", "1.204", "+9 %", "46"],
        ["Café", "1.171 (3 h fehlen)", "", "46"],
    ]


async def test_period_that_is_not_over(hass: HomeAssistant) -> None:
    """Name until when it was counted."""
    root = parsed(await page(hass, week_until_thursday()))
    assert [words_in(note) for note in root.iter("li")] == ["Not over yet, counted until Thursday 19 November, 12:30"]


def week_until_thursday() -> Report:
    """Return a week that isn't over."""
    return changed_place(week(), until=at(MONDAY + timedelta(days=3), 12.5))


async def test_highest_numbers_fit(hass: HomeAssistant) -> None:
    """Keep the numbers of a full stadium inside of the picture, and the line of a capacity far above out of it."""
    (place,) = week().places
    days = [replace(day, visitors=Figure(99_999), peak=Peak(9, day.start)) for day in place.days]
    root = parsed(await page(hass, changed_place(week(), days=tuple(days), capacity=5000)))
    for picture in root.iter("svg"):
        for shown in picture.iter("text"):
            assert float(shown.get("y", 0)) > 8
    assert "Capacity: 5,000" not in [words_in(shown) for shown in root.iter("text")]


def test_contrast() -> None:
    """Every text can be read on its ground, and every shape is seen."""
    for fill, ink in SHADES:
        assert contrast(fill, ink) >= TEXT_CONTRAST, fill
    texts = {*re.findall(r"(?<![-\w])color: (#\w{6})", STYLE), GREY}
    assert len(texts) == 2
    for ink in texts:
        assert contrast(ink, "#ffffff") >= TEXT_CONTRAST, ink
        assert contrast(ink, "#fff4d6") >= TEXT_CONTRAST, ink
    for shape in (BAR, LIMIT, GREY):
        assert contrast(shape, "#ffffff") >= SHAPE_CONTRAST, shape


def test_style_prints_on_paper() -> None:
    """Set the size of the paper, and keep backgrounds, which hold the colours of the heat map."""
    assert "size: A4" in STYLE
    assert "print-color-adjust: exact" in STYLE

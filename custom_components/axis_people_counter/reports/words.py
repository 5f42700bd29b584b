"""The words of a report in one language: texts, and what is made of numbers and times with them.

Texts are those of dashboards, with keys that begin with `report_`. Called by facts.py and by the formats of a report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, Self

from homeassistant.components.weather import DOMAIN as WEATHER_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from ..counting import Timestamp
from ..texts import Words
from .formats import FORMATS, NO_BREAK, Formats
from .model import DayWeather, Figure, PlaceReport, Report, ReportKind

DEFAULT_LANGUAGE: Final = "en"
LANGUAGES: Final = tuple(FORMATS)
_CONDITIONS: Final = f"component.{WEATHER_DOMAIN}.entity_component._.state."
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
# Longer times are written with days.
_MAX_HOURS: Final = 2 * _DAY


def known_language(language: str) -> str:
    """Return a language that reports are written in: "de" for "de-CH", English for others."""
    found = language.partition("-")[0]
    return found if found in FORMATS else DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True)
class ReportWords:
    """The words of one language, without anything of Home Assistant, so that a thread can use them."""

    language: str
    formats: Formats
    texts: Words
    conditions: Mapping[str, str]

    @classmethod
    async def async_of(cls, hass: HomeAssistant, language: str) -> Self:
        """Load the words of a language that `known_language` has returned."""
        conditions = await async_get_translations(hass, language, "entity_component", [WEATHER_DOMAIN])
        return cls(
            language,
            FORMATS[language],
            await Words.async_of(hass, language),
            {key.removeprefix(_CONDITIONS): text for key, text in conditions.items() if key.startswith(_CONDITIONS)},
        )

    def __call__(self, key: str, **values: str) -> str:
        """Return a text of reports with its values."""
        return self.texts(f"report_{key}").format_map(values)

    # Numbers

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number as the language writes it."""
        return self.formats.number(value, decimals)

    def figure(self, figure: Figure) -> str:
        """Return a number of people, marked if it isn't complete."""
        if figure.value is None:
            return self("unknown")
        text = self.number(figure.value)
        return f"{text} ({mark})" if (mark := self.mark(figure)) else text

    def mark(self, figure: Figure) -> str:
        """Return what is missing from a number that is known; empty if it is complete."""
        if figure.value is None or figure.complete:
            return ""
        parts = [self.missing(figure.missing_minutes)] if figure.missing_minutes else []
        return ", ".join(parts if figure.hours_known else [*parts, self("hours_unknown")])

    def missing(self, minutes: int) -> str:
        """Return how much time is missing."""
        return self("missing", duration=self.duration(minutes))

    def duration(self, minutes: int) -> str:
        """Return a duration in minutes and hours; with days, if it is more than two."""
        if minutes >= _MAX_HOURS:
            days = self("days", number=self.number(minutes // _DAY))
            hours = minutes % _DAY // _HOUR
            return f"{days} {hours}{NO_BREAK}h" if hours else days
        hours, rest = divmod(minutes, _HOUR)
        parts = [f"{self.number(hours)}{NO_BREAK}h"] if hours else []
        return " ".join([*parts, f"{rest}{NO_BREAK}min"] if rest or not hours else parts)

    # Times

    def time(self, at: Timestamp, zone: tzinfo) -> str:
        """Return the time of the day."""
        return f"{datetime.fromtimestamp(at, zone):%H:%M}"

    def moment(self, at: Timestamp, zone: tzinfo) -> str:
        """Return day and time."""
        return f"{self.formats.long_day(day_of(at, zone))}, {self.time(at, zone)}"

    def full_moment(self, at: Timestamp, zone: tzinfo) -> str:
        """Return day, year and time."""
        return f"{self.formats.full_date(day_of(at, zone))}, {self.time(at, zone)}"

    def hour(self, start: Timestamp, zone: tzinfo) -> str:
        """Return day and time of an hour."""
        end = datetime.fromtimestamp(start, zone).hour + 1
        return f"{self.moment(start, zone)}\N{EN DASH}{end:02}:00"

    def span(self, start: Timestamp, end: Timestamp, zone: tzinfo) -> str:
        """Return day, start and end of some time of one day; its end may be midnight."""
        midnight = day_of(end, zone) != day_of(start, zone)
        return f"{self.moment(start, zone)}\N{EN DASH}{'24:00' if midnight else self.time(end, zone)}"

    def period(self, report: Report) -> str:
        """Return the days of a report."""
        first = report.first_day
        match report.kind:
            case ReportKind.DAY:
                return f"{self.formats.weekday(first.weekday())} {self.formats.full_date(first)}"
            case ReportKind.WEEK:
                week = self("week", number=str(first.isocalendar().week))
                return f"{week}, {self.formats.dates(first, report.last_day)}"
            case ReportKind.MONTH:
                return self.formats.month(first)
            case _:
                return self.formats.dates(first, report.last_day)

    def title(self, report: Report) -> str:
        """Return the title of a report on one line: its place, or all of them together, and its days."""
        # With a line break in the subject, no mail is sent.
        name = "".join(letter if letter.isprintable() else " " for letter in self.name(report))
        return self.labelled(" ".join(name.split()), self.period(report))

    def name(self, report: Report) -> str:
        """Return the name of the only place, or that of all."""
        return report.places[0].name if len(report.places) == 1 else self.texts("people_counter")

    def labelled(self, label: str, value: str) -> str:
        """Return a value behind its label."""
        return f"{label}{self.formats.colon} {value}"

    # Other

    def weather(self, weather: DayWeather | None) -> str:
        """Return the weather of a day, empty if it isn't known."""
        if weather is None:
            return ""
        parts = [self.condition(weather.condition)] if weather.condition else []
        if weather.temperature is not None:
            parts.append(f"{self.number(weather.temperature)}{NO_BREAK}{weather.unit or ''}".strip())
        return ", ".join(filter(None, parts))

    def condition(self, condition: str) -> str:
        """Return a condition of the weather in words; empty if it is none that Home Assistant knows."""
        return self.conditions.get(condition, "")

    def so_far(self, place: PlaceReport) -> str | None:
        """Return until when a period that isn't over was counted."""
        if place.until >= place.end:
            return None
        return self("so_far", time=self.moment(place.until, place.zone))


def day_of(at: Timestamp, zone: tzinfo) -> date:
    """Return the date of an instant."""
    return datetime.fromtimestamp(at, zone).date()


def last_day_of(end: Timestamp, zone: tzinfo) -> date:
    """Return the date of the last moment before an instant."""
    return (datetime.fromtimestamp(end, zone) - timedelta(seconds=1)).date()

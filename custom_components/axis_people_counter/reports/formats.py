"""Numbers, durations, dates and times as each language writes them.

Called by texts/words.py. Tables of four languages need no package, and are the same on every computer.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

MINUS: Final = "\N{MINUS SIGN}"
NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
_DASH: Final = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Formats:
    """How a language writes numbers and dates. A day is formatted with `number` and `month`."""

    thousands: str
    decimal: str
    percent: str
    weekdays: tuple[str, ...]
    short_weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str = "{}"
    # The first day of a month; empty if it is written as the others.
    first_day: str = ""
    colon: str = ":"

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with separators, rounded to so many decimals."""
        text = f"{abs(value):,.{decimals}f}"
        sign = MINUS if value < 0 and text.strip("0.,") else ""
        return sign + text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)

    def change(self, percent: float) -> str:
        """Return a change in percent with its sign; without one, if it rounds to zero."""
        text = self.percent.format(self.number(percent))
        return f"+{text}" if round(percent) > 0 else text

    def weekday(self, number: int) -> str:
        """Return the name of a weekday; Monday is 0."""
        return self.weekdays[number]

    def short_weekday(self, number: int) -> str:
        """Return the short name of a weekday."""
        return self.short_weekdays[number]

    def month(self, day: date) -> str:
        """Return month and year."""
        return f"{self.months[day.month - 1]} {day.year}"

    def full_date(self, day: date) -> str:
        """Return a date with its year."""
        return f"{self.day_and_month(day)} {day.year}"

    def day_and_month(self, day: date) -> str:
        """Return a date without its year."""
        return f"{self._day(day)}{NO_BREAK}{self.months[day.month - 1]}"

    def dates(self, first: date, last: date) -> str:
        """Return a range of dates; what both have in common is written once."""
        if first == last:
            return self.full_date(first)
        if (first.year, first.month) == (last.year, last.month):
            return f"{self._day(first)}{_DASH}{self.full_date(last)}"
        begin = self.day_and_month(first) if first.year == last.year else self.full_date(first)
        return f"{begin} {_DASH} {self.full_date(last)}"

    def short_day(self, day: date) -> str:
        """Return weekday and day of the month."""
        return f"{self.short_weekday(day.weekday())}{NO_BREAK}{day.day}"

    def long_day(self, day: date) -> str:
        """Return weekday, day and month."""
        return f"{self.weekday(day.weekday())} {self.day_and_month(day)}"

    def _day(self, day: date) -> str:
        return ((day.day == 1 and self.first_day) or self.day).format(day.day)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FORMATS: Final = {
    "de": Formats(
        thousands=".",
        decimal=",",
        percent=f"{{}}{NO_BREAK}%",
        day="{}.",
        weekdays=_names("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
        short_weekdays=_names("Mo Di Mi Do Fr Sa So"),
        months=_names("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    ),
    "en": Formats(
        thousands=",",
        decimal=".",
        percent="{}%",
        weekdays=_names("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
        short_weekdays=_names("Mon Tue Wed Thu Fri Sat Sun"),
        months=_names("January February March April May June July August September October November December"),
    ),
    "fr": Formats(
        thousands=_NARROW,
        decimal=",",
        percent=f"{{}}{_NARROW}%",
        first_day="{}er",
        weekdays=_names("lundi mardi mercredi jeudi vendredi samedi dimanche"),
        short_weekdays=_names("lun. mar. mer. jeu. ven. sam. dim."),
        months=_names("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
        colon=f"{NO_BREAK}:",
    ),
    "sv": Formats(
        thousands=NO_BREAK,
        decimal=",",
        percent=f"{{}}{NO_BREAK}%",
        weekdays=_names("måndag tisdag onsdag torsdag fredag lördag söndag"),
        short_weekdays=_names("mån tis ons tors fre lör sön"),
        months=_names("januari februari mars april maj juni juli augusti september oktober november december"),
    ),
}

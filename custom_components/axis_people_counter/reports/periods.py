"""The days of a report, the earlier days that it is compared with, and those that an estimate is made from.

Pure functions of dates. Called by figures.py and by those who ask for a report.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from ..counting import MIDNIGHT, Timestamp, to_timestamp, weeks_to_last_year
from .model import ComparisonKind, ReportKind

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(weeks=1)
# An estimate is made from the same weekdays of so many weeks before a missing hour.
ESTIMATE_WEEKS: Final = 8
# So many opening days are asked for at once.
DAYS_AT_ONCE: Final = 60


class Days(NamedTuple):
    """The days from the first to the last one, both included."""

    first: date
    last: date

    @property
    def number(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    def bounds(self, zone: tzinfo) -> tuple[Timestamp, Timestamp]:
        """Return the beginning of the first day and the end of the last one in a time zone."""
        return _midnight(self.first, zone), _midnight(self.last + _DAY, zone)

    def before(self, span: timedelta) -> Days:
        """Return as many days, so much earlier."""
        return Days(self.first - span, self.last - span)


def period_of(kind: ReportKind, day: date) -> Days:
    """Return the day, the week or the month that has a day."""
    match kind:
        case ReportKind.WEEK:
            monday = day - timedelta(days=day.weekday())
            return Days(monday, monday + timedelta(days=6))
        case ReportKind.MONTH:
            first = day.replace(day=1)
            return Days(first, (first + timedelta(days=31)).replace(day=1) - _DAY)
        case _:
            return Days(day, day)


def earlier_days(kind: ReportKind, days: Days) -> dict[ComparisonKind, Days]:
    """Return the days that a report is compared with: the period just before, and the same weekdays of last year."""
    day_before = days.first - _DAY
    if kind is ReportKind.MONTH:
        previous = period_of(kind, day_before)
    else:
        previous = Days(days.first - timedelta(days=days.number), day_before)
    return {
        ComparisonKind.PREVIOUS: previous,
        ComparisonKind.LAST_YEAR: days.before(weeks_to_last_year(days.first) * _WEEK),
    }


def same_time(until: Timestamp, days: Days, earlier: Days, zone: tzinfo) -> Timestamp:
    """Return the instant of the earlier days that is as far in them, on the clock, as an instant is in the days."""
    start, end = earlier.bounds(zone)
    if until >= days.bounds(zone)[1]:
        return end
    at = datetime.fromtimestamp(until, zone).replace(tzinfo=None) - datetime.combine(days.first, MIDNIGHT)
    return max(start, min(end, to_timestamp(datetime.combine(earlier.first, MIDNIGHT) + at, zone)))


def needed_spans(kind: ReportKind, days: Days, zone: tzinfo) -> list[tuple[Timestamp, Timestamp]]:
    """Return all time that a report has to know something of, in the order of time: at most so many days at once."""
    needed = [days, *earlier_days(kind, days).values(), Days(days.first - ESTIMATE_WEEKS * _WEEK, days.first - _DAY)]
    return [part.bounds(zone) for some in _merged(sorted(needed)) for part in _parts(some)]


def _merged(needed: list[Days]) -> Iterator[Days]:
    merged = needed[0]
    for days in needed[1:]:
        if days.first > merged.last + _DAY:
            yield merged
            merged = days
        merged = Days(merged.first, max(merged.last, days.last))
    yield merged


def _parts(days: Days) -> Iterator[Days]:
    for first in range(0, days.number, DAYS_AT_ONCE):
        start = days.first + timedelta(days=first)
        yield Days(start, min(days.last, start + timedelta(days=DAYS_AT_ONCE - 1)))


def _midnight(day: date, zone: tzinfo) -> Timestamp:
    return to_timestamp(datetime.combine(day, MIDNIGHT), zone)

"""Which earlier period a period is compared with, by the clock in a time zone.

Pure functions. Called by earlier_rows and weekday_course.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from .local_counts import wall_time
from .local_time import MIDNIGHT, Period, Timestamp, period_bounds, to_timestamp

SECOND: Final = timedelta(seconds=1)


class Earlier(StrEnum):
    """The earlier periods that a period can be compared with."""

    PREVIOUS = "previous"
    LAST_WEEK = "last_week"
    FOUR_WEEKS = "four_weeks"
    LAST_YEAR = "last_year"


class Span(NamedTuple):
    """The time [start, end); it is empty where clocks were put forward over all of it."""

    start: Timestamp
    end: Timestamp


_PARTS_OF_A_DAY: Final = frozenset(Period) - {Period.DAY, Period.WEEK, Period.MONTH}
_WEEKS: Final = {Earlier.LAST_WEEK: 1, Earlier.FOUR_WEEKS: 4}


def earlier_span(start: Timestamp, end: Timestamp, which: Earlier, zone: tzinfo, period: Period | None = None) -> Span:
    """Return what [start, end) is compared with; `period` is its kind, if it is a whole one.

    The previous one ends at the start: the period of the same kind, else as many days, or as many seconds where the
    range isn't whole days. The others have the same weekdays and the same times on the clock, some weeks before. Of two
    hours with the same name, the first is compared with an hour, and both with a longer time.
    """
    if which is Earlier.PREVIOUS:
        return _previous(start, end, zone, period)
    first, last = _on_the_clock(start, end, zone)
    weeks = timedelta(weeks=_WEEKS.get(which) or weeks_to_last_year(first.date()))
    first, last = first - weeks, last - weeks
    if period in _PARTS_OF_A_DAY and _comes_twice(last - SECOND, zone):
        # Compare an hour with an hour: the first of the two.
        return Span(to_timestamp(first, zone), to_timestamp(last - SECOND, zone) + 1)
    return Span(to_timestamp(first, zone), to_timestamp(last, zone))


def earlier_spans(bounds: Sequence[Timestamp], which: Earlier, zone: tzinfo, period: Period) -> Iterator[Span]:
    """Yield what the period between each two bounds is compared with."""
    return (earlier_span(start, end, which, zone, period) for start, end in pairwise(bounds))


def weeks_to_last_year(day: date) -> int:
    """Return how many weeks before a day the same weekday of the same ISO week of the year before is.

    It is 53 in a year that follows one of 53 weeks, else 52. Week 53, which the year before lacks, is compared with the
    week of its own year's beginning: both have New Year in them.
    """
    # 28 December is always in the last week.
    return date(day.isocalendar().year - 1, 12, 28).isocalendar().week


def weeks_before(at: Timestamp, weeks: int, zone: tzinfo) -> Timestamp:
    """Return when the clock showed the same time some weeks before; the later time where clocks skipped it."""
    return to_timestamp(wall_time(at, zone) - timedelta(weeks=weeks), zone)


def _previous(start: Timestamp, end: Timestamp, zone: tzinfo, period: Period | None) -> Span:
    if period is not None:
        return Span(next(period_bounds(start - 1, start, period, zone)), start)
    if not _are_days(start, end, zone):
        return Span(start - (end - start), start)
    first, last = _on_the_clock(start, end, zone)
    return Span(to_timestamp(first - (last - first), zone), start)


def _on_the_clock(start: Timestamp, end: Timestamp, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return what the clock shows at the start and at the end, as if it weren't put forward or back at these."""
    if _are_days(start, end, zone):
        # A day may begin at one o'clock, because clocks are put forward at midnight.
        return _midnight(start, zone), _midnight(end, zone)
    # The first of two hours of the same name ends when the clock shows its beginning again.
    first, last = wall_time(start, zone), wall_time(end - 1, zone) + SECOND
    return first, last if first < last else first + (end - start) * SECOND


def _are_days(start: Timestamp, end: Timestamp, zone: tzinfo) -> bool:
    return all(to_timestamp(_midnight(at, zone), zone) == at for at in (start, end))


def _midnight(at: Timestamp, zone: tzinfo) -> datetime:
    return datetime.combine(wall_time(at, zone), MIDNIGHT)


def _comes_twice(local: datetime, zone: tzinfo) -> bool:
    # Between the two, the clock is put back, so the offset of the second is smaller.
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    assert first is not None
    assert second is not None
    return second < first

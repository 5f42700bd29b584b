"""The numbers of a report, as plain data: calculated by figures.py, written by the other modules of this package.

Numbers that aren't complete are marked, and never filled: an estimate stands beside them. None means unknown.
"""

from dataclasses import dataclass
from datetime import date, tzinfo
from enum import StrEnum

from ..counting import Timestamp


class ReportKind(StrEnum):
    """The period of a report: weeks begin on Mondays; a range has any number of days."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    RANGE = "range"


class ComparisonKind(StrEnum):
    """The period that a report is compared with: the one just before, or the same weekdays of last year."""

    PREVIOUS = "previous"
    LAST_YEAR = "last_year"


class MissingReason(StrEnum):
    """Why counts of a door are missing: a gap, before its first count, no count ever, or deleted old counts."""

    GAP = "gap"
    NOT_YET = "not_yet"
    NEVER = "never"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of people, and for how many minutes at least one door's counts are missing from it.

    Only time in which it should have been counted can be missing: with opening hours, the open time up to now. The
    value is None where nothing is known: no counts at all, or no opening hours. Without open time, it is zero. If
    `hours_known` is False, days whose opening hours aren't known are left out of the number.
    """

    value: int | None
    missing_minutes: int = 0
    hours_known: bool = True

    @property
    def complete(self) -> bool:
        """Return True if the number is known and nothing is missing from it."""
        return self.value is not None and not self.missing_minutes and self.hours_known


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest occupancy of some time, and when it was first reached."""

    people: int
    at: Timestamp


@dataclass(frozen=True, slots=True)
class Busiest:
    """The hour or day with the most visitors; the first one of several. It begins at `start`."""

    start: Timestamp
    visitors: int


@dataclass(frozen=True, slots=True)
class HeatCell:
    """The visitors of an hour of the day: their number on one date, or the mean of several dates.

    The value is None where nothing was counted. An hour that isn't over isn't complete. A mean is of complete hours
    only, so it is complete or None.
    """

    value: float | None
    complete: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    """The 24 hours of a date, or of a weekday (Monday is 0) over all weeks; None where it was closed or hasn't begun.

    An hour that comes twice on a day, because clocks are changed, is one cell with the sum.
    """

    day: date | None
    weekday: int
    hours: tuple[HeatCell | None, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Visitors by the hour of the day: a row for each date of up to a week, else for each weekday with means."""

    rows: tuple[HeatRow, ...]
    is_mean: bool


@dataclass(frozen=True, slots=True)
class DayWeather:
    """The weather of a day: its most frequent condition, and its highest temperature with unit."""

    condition: str | None
    temperature: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """The visitors with those that were expected in the missing time, by the same hours of the weeks before."""

    visitors: int


@dataclass(frozen=True, slots=True)
class DayReport:
    """A day of a place. `open_minutes` is None where its opening hours aren't known, and 0 on a closed day."""

    day: date
    start: Timestamp
    end: Timestamp
    visitors: Figure
    # None where the place has no opening hours.
    visitors_outside: Figure | None
    estimate: Estimate | None
    peak: Peak | None
    open_minutes: int | None
    events: tuple[str, ...]
    weather: DayWeather | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The visitors of an earlier period; for a period that isn't over, up to the same time.

    `change_percent` is None where either side is incomplete or the earlier one has no visitors. `days` has the figure
    of each of its days: the first one belongs to the first day of the report.
    """

    kind: ComparisonKind
    start: Timestamp
    end: Timestamp
    visitors: Figure
    change_percent: float | None
    days: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Time of a day [start, end) in which `minutes` of a door's counts are missing, of its open time.

    Several gaps on one day are merged. `whole_days` is the number of open days in a row that are missing entirely, and
    0 where only a part of a day is.
    """

    door: str
    start: Timestamp
    end: Timestamp
    minutes: int
    reason: MissingReason
    whole_days: int = 0


@dataclass(frozen=True, slots=True)
class Drift:
    """How many people more came out than were inside, as the doors missed them coming in; and the worst day."""

    people: int
    worst_day: date | None
    worst_people: int


@dataclass(frozen=True, slots=True)
class PlaceReport:
    """The numbers of a place in [start, end) of its own zone; those of a period that isn't over end at `until`."""

    name: str
    zone: tzinfo
    start: Timestamp
    end: Timestamp
    until: Timestamp
    # In during opening hours, in the direction of the place; without opening hours, all.
    visitors: Figure
    # None where the place has no opening hours.
    visitors_outside: Figure | None
    estimate: Estimate | None
    peak: Peak | None
    hours: HeatMap
    days: tuple[DayReport, ...]
    busiest_hour: Busiest | None
    busiest_day: Busiest | None
    comparisons: tuple[Comparison, ...]
    capacity: int | None
    # None without a capacity.
    over_capacity_seconds: int | None
    missing: tuple[Missing, ...]
    drift: Drift
    # Counts before this instant were deleted; None if all of the period's are kept.
    deleted_before: Timestamp | None

    @property
    def over_capacity_minutes(self) -> int | None:
        """Return for how many minutes more people were inside than the capacity."""
        return None if self.over_capacity_seconds is None else round(self.over_capacity_seconds / 60)


@dataclass(frozen=True, slots=True)
class Report:
    """A report on the days from `first_day` to `last_day`, both included, of one or more places."""

    kind: ReportKind
    first_day: date
    last_day: date
    made_at: Timestamp
    places: tuple[PlaceReport, ...]

    @property
    def complete(self) -> bool:
        """Return True if the visitors of all places are complete."""
        return all(place.visitors.complete for place in self.places)

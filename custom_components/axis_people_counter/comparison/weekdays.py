"""Today beside the same weekday of earlier weeks: who came up to the same time on the clock, and who was inside then.

What reads the ledger blocks, so run it in an executor. Called by weekday_sensors and dashboards.
"""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final, NamedTuple

from ..coordinator import CameraCoordinator
from ..counting import (
    Columns,
    OccupancyCourse,
    OpenDay,
    OpenSpan,
    Schedule,
    Stretch,
    Timestamp,
    Visitors,
    occupancy_course,
    passages_of_place,
    visitors,
    wall_time,
    weeks_before,
)
from ..history import History, PlaceHistory
from ..opening import async_open_days
from ..place_coordinator import PlaceCoordinator

# So many weeks make a usual one, and so many complete, open days among them are enough.
WEEKS: Final = 8
MIN_DAYS: Final = 3


class Comparison(NamedTuple):
    """The visitors of today, and of the same weekday last week up to the same time on the clock."""

    today: Visitors
    last_week: Visitors
    # Both end with the counts of today, which may be some minutes old.
    until: Timestamp
    last_week_until: Timestamp
    # The open time of today that it is about.
    open_time: tuple[Stretch, ...]

    @property
    def is_complete(self) -> bool:
        """Return True if nothing is missing on either day."""
        return self.today.is_complete and self.last_week.is_complete

    @property
    def change_percent(self) -> int | None:
        """By how many percent more people came today, None where that isn't known or nobody came last week."""
        before = self.last_week.people
        return round(100 * (self.today.people - before) / before) if self.is_complete and before else None


async def async_day(
    coordinator: CameraCoordinator | PlaceCoordinator, schedule: Schedule, now: Timestamp, weeks: int
) -> OpenDay:
    """Return the day of a camera or a place some weeks before today; a camera is always open. Raises LedgerError."""
    start, end = schedule.day(now)
    # No clock change is longer than half a day.
    noon = weeks_before((start + end) // 2, weeks, schedule.zone)
    if isinstance(coordinator, PlaceCoordinator):
        (day,) = await async_open_days(coordinator, noon, noon + 1)
        return day
    start, end = schedule.day(noon)
    return OpenDay(start, end, (OpenSpan(start, end),))


def compare(
    history: History | PlaceHistory,
    today: OpenDay,
    last_week: OpenDay,
    until: Timestamp,
    earlier: Comparison | None = None,
) -> Comparison | None:
    """Return the comparison of a day up to an instant, None before its first count or without known opening hours.

    It goes on from an earlier one, if nothing has changed in the time of that.
    """
    if until <= today.start or today.spans is None or last_week.spans is None:
        return None
    zone = history.schedule.zone
    open_time = _open_time(today, today.start, until)
    last_week_until = max(last_week.start, weeks_before(until, 1, zone))
    begin, last_week_begin = today.start, last_week.start
    if earlier is not None and _continues(earlier, today, until, last_week_until):
        begin, last_week_begin = earlier.until, earlier.last_week_until
    else:
        earlier = None
    found = _visitors(history, _open_time(today, begin, until))
    found_last_week = _visitors(history, _open_time(last_week, last_week_begin, last_week_until))
    if earlier is not None:
        found = found.plus(earlier.today)
        found_last_week = found_last_week.plus(earlier.last_week)
    return Comparison(found, found_last_week, until, last_week_until, open_time)


def _continues(earlier: Comparison, today: OpenDay, until: Timestamp, last_week_until: Timestamp) -> bool:
    """Return True if an earlier comparison is the beginning of one: not where clocks were put back since."""
    return (
        today.start <= earlier.until <= until
        and earlier.last_week_until <= last_week_until
        and earlier.open_time == _open_time(today, today.start, earlier.until)
    )


class TypicalDays:
    """How many people were inside on the same weekday of the last weeks; kept until something changes."""

    def __init__(self) -> None:
        """Start without any day."""
        self._courses: dict[OpenDay, OccupancyCourse | None] = {}

    def forget(self, since: Timestamp) -> None:
        """Forget the days that end after an instant, because counts have changed since then."""
        self._courses = {day: course for day, course in self._courses.items() if day.end <= since}

    def read(self, history: PlaceHistory, days: Sequence[OpenDay]) -> None:
        """Read the days that aren't known yet, and forget all others."""
        self._courses = {day: self._courses[day] if day in self._courses else _course(history, day) for day in days}

    def occupancies(self, history: PlaceHistory, now: Timestamp) -> list[int]:
        """Return how many people were inside at this time on the clock, on each complete, open day."""
        zone = history.schedule.zone
        found = []
        for day, course in self._courses.items():
            if course is not None:
                weeks = (wall_time(now, zone).date() - wall_time(day.end - 1, zone).date()).days // 7
                found.append(course.inside_at(min(max(weeks_before(now, weeks, zone), day.start), day.end - 1)))
        return found


def typical(occupancies: Sequence[int]) -> int | None:
    """Return the median, rounded up, None where there are too few."""
    return int(median(occupancies) + 0.5) if len(occupancies) >= MIN_DAYS else None


def _course(history: PlaceHistory, day: OpenDay) -> OccupancyCourse | None:
    """Return who was inside on a day, None if the place was closed or counts are missing while it was open."""
    if not day.spans or not _visitors(history, _open_time(day, day.start, day.end)).is_complete:
        return None
    since, running = history.occupancy_before(day.start)
    passages = passages_of_place([history.columns(door, since, day.end) for door in history.settings.doors], since)
    return occupancy_course(passages, history.corrections(since, day.end), since, running)


def _open_time(day: OpenDay, start: Timestamp, end: Timestamp) -> tuple[Stretch, ...]:
    """Return the open time of a day that lies in [start, end)."""
    return tuple(
        Stretch(begin, until)
        for span in day.spans or ()
        if (begin := max(span.start, start)) < (until := min(span.end, end))
    )


def _visitors(history: History | PlaceHistory, open_time: Sequence[Stretch]) -> Visitors:
    """Return who came in during open time."""
    if not open_time:
        return Visitors()
    return visitors(_columns(history, open_time[0].start, open_time[-1].end), open_time)


def _columns(history: History | PlaceHistory, start: Timestamp, end: Timestamp) -> list[Iterator[Columns]]:
    """Return the intervals of each door."""
    if isinstance(history, PlaceHistory):
        return [history.columns(door, start, end) for door in history.settings.doors]
    found = history.ledger.columns_overlapping(history.key, start, end)
    return [(columns.reversed() for columns in found) if history.camera.reversed else found]

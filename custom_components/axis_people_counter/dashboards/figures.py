"""Figures that Home Assistant's own cards can't calculate: today against last week, a usual week, the hours of a day.

They come from the ledger, in the time zone of the camera or place. These functions block; run them in an executor.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from ..comparison import WEEKS, compare
from ..counting import MIDNIGHT, OpenDay, Period, Row, Schedule, Timestamp, period_bounds, to_timestamp, wall_time
from ..history import History, PlaceHistory

WEEK: Final = timedelta(weeks=1)

type AnyHistory = History | PlaceHistory
type Figures = dict[str, Any]


def comparison(
    history: AnyHistory, today: OpenDay, last_week: OpenDay, counted_until: Timestamp, now: Timestamp
) -> Figures:
    """Return the visitors of today, and those of the same weekday last week up to the same time.

    Both end where the counts of today end: they may be some minutes old.
    """
    # A camera's clock may be some minutes ahead, and so in the next day.
    found = compare(history, today, last_week, min(counted_until, now))
    if found is None:
        return {"until": None}
    return {
        "until": wall_time(found.until, history.schedule.zone).isoformat(timespec="seconds"),
        "today": found.today.people,
        "last_week": found.last_week.people if found.last_week.is_known else None,
        "complete": found.is_complete,
    }


def usual_weeks(schedule: Schedule, now: Timestamp) -> tuple[Timestamp, Timestamp]:
    """Return the weeks that make a usual one: the last ones before today."""
    end, _ = schedule.day(now)
    first_day = datetime.fromtimestamp(end, schedule.zone).date() - WEEKS * WEEK
    return to_timestamp(datetime.combine(first_day, MIDNIGHT), schedule.zone), end


def usual_week(history: AnyHistory, now: Timestamp) -> Figures:
    """Return the average visitors of each hour of the week, from Monday on; None where no whole hour was counted."""
    zone = history.schedule.zone
    start, end = usual_weeks(history.schedule, now)
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in _rows_of_mounted_doors(history, start, end, now):
        # In the closed hours of a place, nobody is expected.
        if row.complete and row.open_seconds != 0:
            at = datetime.fromtimestamp(row.start, zone)
            found[at.weekday(), at.hour].append(row.entered)
    days = [[found.get((weekday, hour)) for hour in range(24)] for weekday in range(7)]
    return {"days": [[round(sum(people) / len(people)) if people else None for people in day] for day in days]}


def _rows_of_mounted_doors(history: AnyHistory, start: Timestamp, end: Timestamp, now: Timestamp) -> Iterator[Row]:
    """Yield a row for each hour; a door doesn't count as missing before its first count."""
    bounds = list(period_bounds(start, end, Period.HOUR, history.schedule.zone))
    if isinstance(history, History):
        yield from history.rows(bounds, now)
        return
    first_counts = {
        door: found[0].start
        for door in history.settings.doors
        if (found := history.ledger.intervals(door.key, start, end, 1).result())
    }
    # Each begins with an hour that is counted at one door more.
    parts = sorted({bisect_left(bounds, first) for first in first_counts.values()})
    for begin, until in pairwise([*parts, len(bounds) - 1]):
        doors = tuple(door for door, first in first_counts.items() if first <= bounds[begin])
        mounted = replace(history, settings=replace(history.settings, doors=doors))
        yield from mounted.rows(bounds[begin : until + 1], now)


def bounds_of_day(schedule: Schedule, day: date | None, now: Timestamp) -> tuple[Timestamp, Timestamp]:
    """Return start and end of a day; without a day, those of today."""
    if day is None:
        return schedule.day(now)
    midnights = (datetime.combine(day + timedelta(days), MIDNIGHT) for days in range(2))
    start, end = (to_timestamp(midnight, schedule.zone) for midnight in midnights)
    return start, end


def hours_of_day(
    history: AnyHistory, start: Timestamp, end: Timestamp, open_day: OpenDay | None, now: Timestamp
) -> Figures:
    """Return the people in and out in each hour of a day, up to now, and its visitors: None if they aren't known.

    Where a place has opening hours, the hours before it opens and after it closes are left out. Visitors come while it
    is open, so they may be fewer than the people of the hours.
    """
    zone = history.schedule.zone
    day, today = (datetime.fromtimestamp(at, zone).date() for at in (start, now))
    end = min(end, now)
    spans = open_day.spans if open_day else None
    opens, closes = (spans[0].start, spans[-1].end) if spans else (start, end)
    hours = []
    if start < end:
        bounds = list(period_bounds(start, end, Period.HOUR, zone))
        hours = [
            {
                "hour": datetime.fromtimestamp(row.start, zone).strftime("%H:%M"),
                "in": row.entered,
                "out": row.exited,
                "is_counted": bool(row.covered or row.entered or row.exited),
            }
            for row in history.rows(bounds, now)
            if row.end > opens and row.start < closes
        ]
    visitors: int | None = 0
    if start < end:
        if isinstance(history, PlaceHistory) and open_day:
            history = replace(history, open_days=[open_day])
        (whole_day,) = history.rows([start, end], now)
        visitors = None if open_day and whole_day.open_seconds is None else whole_day.entered
    return {"day": day.isoformat(), "today": today.isoformat(), "hours": hours, "visitors": visitors}

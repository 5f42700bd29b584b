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

from ..counting import MIDNIGHT, OpenDay, Period, Row, Timestamp, period_bounds, to_timestamp, wall_time
from ..history import History, PlaceHistory
from ..weekdays import WEEKS, compare

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


def usual_week(history: AnyHistory, now: Timestamp) -> Figures:
    """Return the average visitors of each hour of the week, from Monday on; None where no whole hour was counted."""
    zone = history.schedule.zone
    end, _ = history.schedule.day(now)
    first_day = datetime.fromtimestamp(end, zone).date() - WEEKS * WEEK
    start = to_timestamp(datetime.combine(first_day, MIDNIGHT), zone)
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in _rows_of_mounted_doors(history, start, end, now):
        if row.complete:
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


def hours_of_day(history: AnyHistory, day: date | None, now: Timestamp) -> Figures:
    """Return the people in and out in each hour of a day, up to now; without a day, those of today."""
    zone = history.schedule.zone
    today = datetime.fromtimestamp(now, zone).date()
    day = day or today
    start = to_timestamp(datetime.combine(day, MIDNIGHT), zone)
    end = min(to_timestamp(datetime.combine(day + timedelta(days=1), MIDNIGHT), zone), now)
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
        ]
    return {"day": day.isoformat(), "today": today.isoformat(), "hours": hours}

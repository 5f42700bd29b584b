"""How many people were inside a place in each of its open hours: on average, and at most.

The numbers come from the ledger, in the time zone of the place. `inside` blocks, so it runs in an executor. Called by
figures_command.py.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from itertools import groupby
from typing import NamedTuple

from ..counting import (
    Columns,
    DoorTally,
    Occupancy,
    OpenDay,
    Schedule,
    Stretch,
    Timeline,
    TimelineDay,
    Timestamp,
    each_passage,
    intersection,
    levels,
    occupancy_by_period,
    passages_of_place,
    seconds_by_piece,
    union,
)
from ..history import PlaceHistory
from .figures import Figures, bounds_of_day


def last_days(schedule: Schedule, days: int, now: Timestamp) -> tuple[Timestamp, Timestamp]:
    """Return start and end of some days, of which today is the last."""
    start, end = schedule.day(now)
    if days > 1:
        today = datetime.fromtimestamp(now, schedule.zone).date()
        start, _ = bounds_of_day(schedule, today - timedelta(days - 1), now)
    return start, end


def inside(history: PlaceHistory, days: Sequence[OpenDay], now: Timestamp) -> Figures:
    """Return the people inside in each open hour of some days that has begun.

    Closed hours are left out. Of a day whose opening hours aren't known, all hours are there. Where no door counted,
    nobody knows how many people were inside: such time is no part of an average, and an hour of it has no numbers. An
    hour is complete once it is over, if all doors counted in all of its open time.
    """
    pieces = _Pieces.read(history, days)
    return {
        "days": [
            {
                "day": day.date.isoformat(),
                "hours_known": day.hours.spans is not None,
                "hours": list(_hours(pieces, day, now)),
            }
            for day in pieces.timeline.days
        ]
    }


class _Pieces(NamedTuple):
    """The days in pieces: in each, the place is open or closed, and either no door counted in all of it, or any did."""

    timeline: Timeline
    occupancies: Sequence[Occupancy]
    # Seconds in which any door has no counts, and in which no door has any. The time to come has none.
    missing: Sequence[int]
    dark: Sequence[int]

    @classmethod
    def read(cls, history: PlaceHistory, days: Sequence[OpenDay]) -> _Pieces:
        """Read the counts of some days in a row. Raises LedgerError."""
        start, end = days[0].start, days[-1].end
        since, running = history.occupancy_before(start)
        doors = [list(history.columns(door, since, end)) for door in history.settings.doors]
        gaps = [list(_gaps(columns, start, end)) for columns in doors]
        dark = reduce(intersection, gaps, [Stretch(start, end)])
        timeline = Timeline(days, [at for stretch in dark for at in stretch], end, history.schedule.zone)
        changes = levels(each_passage(passages_of_place(doors, since)), history.corrections(since, end), running)
        return cls(
            timeline,
            list(occupancy_by_period(timeline.bounds, changes, end, max(0, running))),
            seconds_by_piece(timeline.bounds, union(gaps)),
            seconds_by_piece(timeline.bounds, dark),
        )


def _gaps(columns: Sequence[Columns], start: Timestamp, end: Timestamp) -> Iterator[Stretch]:
    tally = DoorTally((start, end))
    for part in columns:
        tally.add(part)
    return tally.gaps(start, end)


def _hours(pieces: _Pieces, day: TimelineDay, now: Timestamp) -> Iterator[Figures]:
    timeline = pieces.timeline
    end_before: int | None = None
    for hour_start, of_hour in groupby(day.pieces, key=timeline.hour_starts.__getitem__):
        opened = [piece for piece in of_hour if timeline.is_open[piece] is not False]
        if not opened or timeline.bounds[opened[0]] >= now:
            continue
        counted = [piece for piece in opened if not pieces.dark[piece]]
        seconds = sum(map(timeline.seconds, counted))
        people = sum(pieces.occupancies[piece].mean * timeline.seconds(piece) for piece in counted)
        yield {
            "hour": datetime.fromtimestamp(hour_start, timeline.zone).strftime("%H:%M"),
            "average": round(people / seconds, 1) if counted else None,
            "most": max((pieces.occupancies[piece].highest for piece in counted), default=None),
            "complete": not any(pieces.missing[piece] for piece in opened),
            # The place was closed between the hour before and this one.
            "after_break": end_before is not None and opened[0] != end_before,
        }
        end_before = opened[-1] + 1

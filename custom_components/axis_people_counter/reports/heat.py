"""The heat map of a report: visitors by date or weekday, and by the hour of the day.

Called by figures.py.
"""

from collections.abc import Sequence
from typing import Final

from ..counting import HOUR, TimelineDay
from .counted import Counted
from .model import HeatCell, HeatMap, HeatRow

# With more days than a week, there is a row for each weekday.
MAX_DATES: Final = 7


def heat_map(counted: Counted, days: Sequence[TimelineDay]) -> HeatMap:
    """Return the heat map of some days, without hours that haven't begun."""
    rows = [HeatRow(day.date, day.date.weekday(), _cells(counted, day)) for day in days]
    if len(days) <= MAX_DATES:
        return HeatMap(tuple(rows), is_mean=False)
    return HeatMap(tuple(_mean(weekday, rows) for weekday in range(7)), is_mean=True)


def _cells(counted: Counted, day: TimelineDay) -> tuple[HeatCell | None, ...]:
    timeline = counted.timeline
    of_hours: list[list[int]] = [[] for _ in range(24)]
    for piece in day.pieces:
        if timeline.is_open[piece] is not False:
            of_hours[timeline.hours[piece]].append(piece)
    last = day.pieces[-1]
    is_running = day.end < min(day.hours.end, timeline.hour_starts[last] + HOUR)
    cells: list[HeatCell | None] = []
    for hour, pieces in enumerate(of_hours):
        figure = counted.figure(pieces)
        is_over = not is_running or hour != timeline.hours[last]
        cells.append(HeatCell(figure.value, figure.complete and is_over) if pieces else None)
    return tuple(cells)


def _mean(weekday: int, rows: Sequence[HeatRow]) -> HeatRow:
    """Return the means of the dates of a weekday."""
    cells: list[HeatCell | None] = []
    for hour in range(24):
        found = [cell for row in rows if row.weekday == weekday and (cell := row.hours[hour])]
        complete = [cell.value for cell in found if cell.complete and cell.value is not None]
        mean = HeatCell(sum(complete) / len(complete), True) if complete else HeatCell(None, False)
        cells.append(mean if found else None)
    return HeatRow(None, weekday, tuple(cells))

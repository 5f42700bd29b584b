"""The rows of a place that count its open time only: rows of finer pieces, of which the closed ones are left out.

Pure functions. Called by history.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import attrgetter

from .local_time import Timestamp
from .opening import OpenDay
from .rows import Row


def piece_bounds(bounds: Sequence[Timestamp], days: Iterable[OpenDay]) -> list[Timestamp]:
    """Return the bounds of rows, and the instants between the first and the last at which a place opens or closes."""
    found = set(bounds)
    for day in days:
        found.update((day.start, day.end))
        for start, end, _ in day.spans or ():
            found.update((start, end))
    return sorted(at for at in found if bounds[0] <= at <= bounds[-1])


def open_rows(
    bounds: Sequence[Timestamp], pieces: Iterable[Row], days: Sequence[OpenDay], now: Timestamp
) -> Iterator[Row]:
    """Yield the row between each two bounds, from the pieces in which the place is open.

    If some of the hours aren't known, neither are the counts, and there is no number of open seconds.
    """
    coming = iter(pieces)
    for start, end in pairwise(bounds):
        of_row: list[Row] = []
        while not of_row or of_row[-1].end < end:
            of_row.append(next(coming))
        states = [_is_open(days, piece.start) for piece in of_row]
        is_known = None not in states
        opened = [piece for piece, is_open in zip(of_row, states, strict=True) if is_open] if is_known else []
        yield Row(
            start,
            end,
            sum(piece.entered for piece in opened),
            sum(piece.exited for piece in opened),
            None,
            None,
            max((piece.occupancy_peak for piece in opened), default=0),
            sum(piece.covered for piece in opened),
            is_known and (all(piece.complete for piece in opened) if opened else end <= now),
            tuple(correction for piece in of_row for correction in piece.corrections),
            sum(piece.end - piece.start for piece in opened) if is_known else None,
        )


def _is_open(days: Sequence[OpenDay], at: Timestamp) -> bool | None:
    """Return True if a place is open at an instant, None where that isn't known."""
    number = bisect_right(days, at, key=attrgetter("start"))
    if number == 0 or at >= days[number - 1].end:
        return None
    return days[number - 1].is_open(at)

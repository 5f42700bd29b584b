"""Merges old intervals into intervals of one hour, where that changes no answer.

Leaves the quarantine alone. Called by ledger.py.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import groupby
import sqlite3

from ..counting import DAY, HOUR, SentInterval, Timestamp
from . import corrections, intervals, routes


def merge_step(db: sqlite3.Connection, before: Timestamp) -> bool:
    """Merge at most one day of one camera; return False if there was nothing to merge.

    Gaps stay gaps. Intervals on the two sides of a correction stay apart.
    """
    limit = before // HOUR * HOUR
    found = db.execute(
        """
        SELECT id, (SELECT min(start) FROM intervals WHERE camera = id AND start >= merged_until) AS oldest
        FROM cameras
        WHERE oldest < ?
        LIMIT 1
        """,
        (limit,),
    ).fetchone()
    if found is None:
        return False
    camera, oldest = found
    start = oldest // HOUR * HOUR
    end = min(start + DAY, limit)
    apart = corrections.instants_around_camera(db, camera, start, end)
    # Intervals of two cameras stay apart, so that a replacement can be undone.
    apart += routes.instants_of_change(db, start, end)
    runs = [run for run in _runs(intervals.beginning_within(db, camera, start, end), sorted(apart)) if len(run) > 1]
    intervals.replace(db, camera, (interval for run in runs for interval in run), [_merged(run) for run in runs])
    db.execute("UPDATE cameras SET merged_until = ? WHERE id = ?", (end, camera))
    return True


def _runs(sent_intervals: Iterable[SentInterval], apart: list[Timestamp]) -> Iterator[list[SentInterval]]:
    """Yield intervals that follow each other without a gap, lie in one hour, and end before the same instants."""

    def hour_and_side(interval: SentInterval) -> tuple[int, int]:
        return interval.start // HOUR, bisect_left(apart, interval.end)

    for _, group in groupby(sent_intervals, key=hour_and_side):
        run: list[SentInterval] = []
        for interval in group:
            if run and run[-1].end != interval.start:
                yield run
                run = []
            if interval.end <= (interval.start // HOUR + 1) * HOUR:
                run.append(interval)
        yield run


def _merged(run: list[SentInterval]) -> SentInterval:
    return SentInterval(
        run[0].start,
        run[-1].end,
        sum(interval.entered for interval in run),
        sum(interval.exited for interval in run),
        _sum_of_known(interval.adults_entered for interval in run),
        _sum_of_known(interval.adults_exited for interval in run),
        max(interval.sent for interval in run),
    )


def _sum_of_known(counts: Iterable[int | None]) -> int | None:
    """Return the sum of the counts that are known, None where none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None

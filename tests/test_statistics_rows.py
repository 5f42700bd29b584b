"""The rows of statistics are calculated piece by piece, however long the history is."""

from datetime import UTC
from functools import partial
import gc
from pathlib import Path

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.local_time import MIDNIGHT
from custom_components.axis_people_counter.counting.occupancy import Passage
from custom_components.axis_people_counter.counting.schedule import Schedule
from custom_components.axis_people_counter.ledger.hour_counts import HourCounts
from custom_components.axis_people_counter.ledger.hours import CountedHour
from custom_components.axis_people_counter.ledger.intervals import ROWS_AT_ONCE
from custom_components.axis_people_counter.statistics.recorder_rows import (
    HOURS_AT_ONCE,
    OCCUPANCY,
    SUMS,
    camera_occupancy,
    rows_in_pieces,
)

from .helpers.bare_ledger import HOUR, SERIAL, START, TIMEOUT, interval, opened, push, series_of_camera

SCHEDULE = Schedule(UTC, MIDNIGHT)


def alive() -> int:
    """Return how many intervals, passages and hours the garbage collector looks at."""
    return sum(isinstance(found, Interval | Passage | HourCounts | CountedHour) for found in gc.get_objects())


def test_pieces(tmp_path: Path) -> None:
    """Between two pieces, no more than a page of intervals is in memory; together they have the rows of all hours."""
    hours = 2 * ROWS_AT_ONCE // 60
    before = alive()
    with opened(tmp_path / "ledger.db") as ledger:
        ledger.record(
            push(hours * HOUR, *(interval(minute, 1, minute % 2) for minute in range(hours * 60))), START + hours * HOUR
        ).result(TIMEOUT)
        series = series_of_camera(ledger, basis=SCHEDULE.basis)
        assert series
        assert alive() - before <= 10
        found: list[tuple[float, float]] = []
        for number, rows in enumerate(rows_in_pieces(series, partial(camera_occupancy, ledger, SERIAL, SCHEDULE))):
            assert alive() - before <= ROWS_AT_ONCE + 10
            first = START + number * HOURS_AT_ONCE * HOUR
            last = min(first + HOURS_AT_ONCE * HOUR, START + hours * HOUR)
            for kind in (*SUMS, OCCUPANCY):
                assert [row["start"].timestamp() for row in rows[kind]] == list(range(first, last, HOUR))
            found += ((row["state"], row["sum"]) for row in rows["in"])
    assert found == [(60, 60 * (number + 1)) for number in range(hours)]

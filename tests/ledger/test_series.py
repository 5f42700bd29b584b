"""The hours that recorder's statistics may lack."""

from collections.abc import Callable, Iterator
from itertools import accumulate, chain, islice
from pathlib import Path
from threading import Thread, current_thread
from typing import Final

import pytest

from custom_components.axis_people_counter.counting.columns import Columns
from custom_components.axis_people_counter.counting.local_time import LATEST
from custom_components.axis_people_counter.counting.occupancy import Source
from custom_components.axis_people_counter.ledger import day_format, intervals
from custom_components.axis_people_counter.ledger.hour_counts import HourCounts
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Door, Place
from custom_components.axis_people_counter.ledger.series import Series, camera_series

from ..helpers.bare_ledger import (
    DAY,
    HOUR,
    MINUTE,
    SERIAL,
    START,
    TIMEOUT,
    interval,
    opened,
    pack_all,
    query,
    record,
    series_of_camera,
    series_of_place,
)

BASIS: Final = "00:00:00 Europe/Stockholm"
NOON: Final = "12:00:00 Europe/Stockholm"
# The hours that recorder has of a camera whose ledger is lost: the last one is unfinished.
RECORDED: Final = [
    (START - 2 * HOUR, HourCounts(10, 5, 0, 0)),
    (START - HOUR, HourCounts(20, 5, 0, 0)),
    (START, HourCounts(6, 5, 0, 0)),
]


def entered(series: Series | None) -> tuple[int, int, list[int]]:
    """Return the first hour, counted from START, the people who entered before it, and in each hour."""
    assert series
    return (series.start - START) // HOUR, series.before.entered, list(series.hours.entered)


def test_hours_are_returned_until_confirmed(tmp_path: Path) -> None:
    """Unconfirmed hours are returned again, also after a restart, together with later changes."""
    path = tmp_path / "ledger.db"
    with opened(path) as ledger:
        record(ledger, 0, interval(0, 1), interval(130, 2))
        assert entered(series_of_camera(ledger, basis=BASIS)) == (0, 0, [1, 0, 2])
        assert entered(series_of_camera(ledger, basis=BASIS)) == (0, 0, [1, 0, 2])
    with opened(path) as ledger:
        assert entered(series_of_camera(ledger, basis=BASIS)) == (0, 0, [1, 0, 2])
        ledger.confirm_series(SERIAL).result(TIMEOUT)
        assert series_of_camera(ledger, basis=BASIS) is None
        record(ledger, 1, interval(190, 4))
        # The last hour that was written is among them, as it may have been incomplete.
        assert entered(series_of_camera(ledger, basis=BASIS)) == (2, 1, [2, 4])
        record(ledger, 2, interval(70, 8))
        assert entered(series_of_camera(ledger, basis=BASIS)) == (1, 1, [8, 2, 4])
        ledger.confirm_series(SERIAL).result(TIMEOUT)
        record(ledger, 3, interval(70, 8))
        assert series_of_camera(ledger, basis=BASIS) is None, "nothing new"


def test_new_basis_or_direction_returns_all_hours(tmp_path: Path) -> None:
    """All hours depend on the basis and the direction."""
    with opened(tmp_path / "ledger.db") as ledger:
        assert series_of_camera(ledger, basis=BASIS) is None, "the camera is unknown"
        record(ledger, 0, interval(0, 1, 3), interval(130, 2))
        series_of_camera(ledger, basis=BASIS)
        ledger.confirm_series(SERIAL).result(TIMEOUT)
        assert entered(series_of_camera(ledger, basis=NOON)) == (0, 0, [1, 0, 2])
        ledger.confirm_series(SERIAL).result(TIMEOUT)
        ledger.set_reversed(SERIAL, True).result(TIMEOUT)
        assert entered(series_of_camera(ledger, basis=NOON)) == (0, 0, [3, 0, 0])
        ledger.confirm_series(SERIAL).result(TIMEOUT)
        assert entered(series_of_camera(ledger, basis=NOON, everything=True)) == (
            0,
            0,
            [3, 0, 0],
        )


def test_hours_of_recorder_are_carried_over(tmp_path: Path) -> None:
    """New counts are added to carried hours."""
    path = tmp_path / "ledger.db"
    with opened(path) as ledger:
        record(ledger, 0, interval(20, 3))
        ledger.carry_series(SERIAL, RECORDED, START).result(TIMEOUT)
        assert entered(series_of_camera(ledger, basis=BASIS)) == (-2, 0, [10, 20, 9])
        ledger.confirm_series(SERIAL).result(TIMEOUT)
        record(ledger, 1, interval(70, 4))
        assert entered(series_of_camera(ledger, basis=BASIS)) == (0, 30, [9, 4])
        ledger.forget_series(SERIAL).result(TIMEOUT)
        assert entered(series_of_camera(ledger, basis=BASIS)) == (0, 0, [3, 4])


def test_carried_hours_sent_again_count_once(tmp_path: Path) -> None:
    """A carried hour that is sent again counts once; only a complete hour replaces it."""
    path = tmp_path / "ledger.db"
    with opened(path) as ledger:
        # The camera sends half of the first hour, all of the second, and the rest of the last one.
        record(
            ledger,
            0,
            interval(-90, 7, minutes=30),
            interval(-60, 15, minutes=60),
            interval(0, 5, minutes=15),
            interval(15, 5, minutes=15),
        )
        ledger.carry_series(SERIAL, RECORDED, START).result(TIMEOUT)
        assert entered(series_of_camera(ledger, basis=BASIS)) == (-2, 0, [10, 15, 10])
    assert [start for (start,) in query(path, "SELECT start FROM carried")] == [START - 2 * HOUR, START]


def test_unknown_place(tmp_path: Path) -> None:
    """Nothing is returned for an unknown place, nor for one whose doors have no counts."""
    with opened(tmp_path / "ledger.db") as ledger:
        assert ledger.begin_writing_place("shop").result(TIMEOUT) is None
        place = Place("shop", (Door(SERIAL, False), Door("accc8e000001", False)), "none")
        ledger.set_places([place]).result(TIMEOUT)
        assert ledger.begin_writing_place("shop").result(TIMEOUT) is None
        record(ledger, 0, interval(0, 1))
        # The other door has never pushed.
        assert entered(series_of_place(ledger, place)) == (0, 0, [1])


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("late", [-3 * DAY, -3 * DAY + MINUTE, -DAY + MINUTE, 0, HOUR, 9 * HOUR])
def test_changes_while_hours_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: int, everything: bool
) -> None:
    """Hours are read in pages; those that change meanwhile are returned again, and the sums are right in the end."""
    monkeypatch.setattr(intervals, "ROWS_AT_ONCE", 2)
    recorded: dict[int, int] = {}

    def write(ledger: Ledger, *, everything: bool = False, change: Callable[[], object] | None = None) -> None:
        """Write the hours that recorder lacks, as sums, with a change after the first pages."""
        begun = ledger.begin_writing_camera(SERIAL, BASIS, everything=everything).result(TIMEOUT)
        assert begun
        found = ledger.each_columns(SERIAL, begun.hour_range.start, begun.hour_range.end)
        pages = list(islice(found, 2))
        if change:
            change()
        series = camera_series(begun, chain(pages, found))
        sums = accumulate(series.hours.entered, initial=series.before.entered)
        recorded.update(zip(series.hours.bounds, islice(sums, 1, None), strict=False))
        ledger.confirm_series(SERIAL).result(TIMEOUT)

    with opened(tmp_path / "ledger.db") as ledger:
        at = [-3 * DAY, -2 * DAY, -2 * DAY + HOUR, -DAY, -HOUR, 0, 10 * MINUTE, 3 * HOUR]
        record(ledger, 0, *(interval(start // MINUTE, 1) for start in at))
        pack_all(ledger, START - DAY)
        write(ledger)
        record(ledger, 1, interval(-2 * DAY // MINUTE + 5, 10))
        write(ledger, everything=everything, change=lambda: record(ledger, 2, interval(late // MINUTE, 100)))
        write(ledger)
        assert ledger.begin_writing_camera(SERIAL, BASIS).result(TIMEOUT) is None
        so_far = 0
        counted = {found.start: found.entered for found in ledger.each_interval(SERIAL, 0, LATEST)}
        for hour in sorted(recorded):
            so_far += sum(people for start, people in counted.items() if hour <= start < hour + HOUR)
            assert recorded[hour] == so_far
        assert so_far == sum(counted.values())


def test_hours_of_years_are_unpacked_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pushes don't wait until packed days are unpacked and added up."""
    threads: set[Thread] = set()
    unpack = day_format.unpack_columns

    def unpack_here(content: bytes) -> Iterator[Columns]:
        threads.add(current_thread())
        return unpack(content)

    monkeypatch.setattr(day_format, "unpack_columns", unpack_here)
    place = Place("shop", (Door(SERIAL, False),), "none")
    with opened(tmp_path / "ledger.db") as ledger:
        ledger.set_places([place]).result(TIMEOUT)
        record(ledger, 0, *(interval(day * DAY // MINUTE, 1) for day in range(-9, 1)))
        assert pack_all(ledger, START - DAY)
        for series in (series_of_camera(ledger, everything=True), series_of_place(ledger, place, everything=True)):
            assert series
            assert sum(series.hours.entered) == 10
    assert threads == {current_thread()}


def test_counts_before_packed_days(tmp_path: Path) -> None:
    """The sum of the hours before is right, wherever in a packed day the hours to be written begin."""
    with opened(tmp_path / "ledger.db") as ledger:
        record(ledger, 0, *(interval(hour * 60, hour + 100, adults=(1, 0)) for hour in range(-60, 1)))
        assert pack_all(ledger, START - DAY)
        series_of_camera(ledger)
        for hour in (-60, -59, -47, -30, -24, -1):
            ledger.confirm_series(SERIAL).result(TIMEOUT)
            ledger.correct(SERIAL, START + hour * HOUR, 0, Source.ACTION).result(TIMEOUT)
            series = series_of_camera(ledger)
            assert series
            assert series.start == START + hour * HOUR
            before = range(40, hour + 100)
            assert series.before == HourCounts(sum(before), 0, len(before), 0)
            assert list(series.hours.entered) == list(range(hour + 100, 101))


def test_carried_hours_that_are_far_apart(tmp_path: Path) -> None:
    """Each carried hour is compared with the intervals that begin in it, however far apart the hours are."""
    path = tmp_path / "ledger.db"
    with opened(path) as ledger:
        far = 100 * 24 * 60
        days = (interval(day * 24 * 60, 1, minutes=60) for day in range(3, 97))
        record(ledger, 200 * DAY, interval(0, 4, minutes=30), *days, interval(far - 30, 2, minutes=60))
        hours = [(START, HourCounts(9, 0, 0, 0)), (START + 100 * DAY, HourCounts(5, 0, 0, 0))]
        ledger.carry_series(SERIAL, [*hours, (START + 101 * DAY, HourCounts(0, 0, 0, 0))], START + 101 * DAY).result(
            TIMEOUT
        )
        series = series_of_camera(ledger, basis=BASIS)
        assert series
        shown = {number: counts.entered for number, counts in enumerate(series.hours.counts()) if counts.entered}
        assert shown == {0: 9, **{24 * day: 1 for day in range(3, 97)}, 2399: 2, 2400: 5}

"""The hours that recorder's statistics may lack."""

from pathlib import Path
from typing import Final

from custom_components.axis_people_counter.ledger.hour_counts import HourCounts
from custom_components.axis_people_counter.ledger.places import Door, Place
from custom_components.axis_people_counter.ledger.series import Series

from ..helpers.bare_ledger import (
    HOUR,
    SERIAL,
    START,
    TIMEOUT,
    interval,
    opened,
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

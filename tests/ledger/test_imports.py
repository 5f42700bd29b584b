"""Old counts from files are stored where nothing was counted, give way to pushes, and are undone as a whole."""

from pathlib import Path

from hypothesis import given, strategies as st
import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.overlap import import_of
from custom_components.axis_people_counter.counting.replacements import Replacement, routes_of
from custom_components.axis_people_counter.ledger import imports, schema
from custom_components.axis_people_counter.ledger.errors import LedgerError
from custom_components.axis_people_counter.ledger.hour_counts import NO_COUNTS, HourCounts
from custom_components.axis_people_counter.ledger.imports import Importable, Undone
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Door, Place

from ..helpers.bare_ledger import (
    DAY,
    HOUR,
    SERIAL,
    START,
    TIMEOUT,
    assert_sound,
    camera_row,
    interval,
    memory_folder,
    opened,
    outcome,
    pack_all,
    query,
    record,
    series_of_camera,
    stored,
    stored_as_sent,
)

DAY_OF_MINUTES = 24 * 60
SHOP = Place("shop", (Door(SERIAL, False),), "")


def import_all(ledger: Ledger, *found: Interval, key: str = SERIAL, finish: bool = True) -> tuple[int, Importable]:
    """Import the intervals of a file, and return its id and the answer."""
    number = ledger.begin_import("counts.csv", START + 10 * DAY).result(TIMEOUT)
    answer = ledger.store_imported(number, key, found, START + 10 * DAY).result(TIMEOUT)
    if finish:
        ledger.finish_import(number).result(TIMEOUT)
    return number, answer


def undo(ledger: Ledger, number: int) -> list[Undone]:
    """Undo an import, and return all steps."""
    steps = []
    while step := ledger.undo_import_step(number).result(TIMEOUT):
        steps.append(step)
    return steps


def total(ledger: Ledger) -> int:
    """Return the people who came in, as the sensor of the total shows them."""
    return ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT).total.entered


def test_import(path: Path, ledger: Ledger) -> None:
    """Add intervals where nothing was pushed or filled, leave the total of the sensor, and name what is left out."""
    record(ledger, 600, interval(5, 1, 2))
    ledger.fill(SERIAL, SERIAL, [interval(7, 4)], START).result(TIMEOUT)
    found = [interval(0, 10, 20, minutes=5), interval(4, 1, minutes=2), interval(7, 9), interval(8, 3)]
    assert ledger.importable(SERIAL, found).result(TIMEOUT) == ((found[0], found[3]), 2, 0)
    assert len(stored(path)) == 2
    number, answer = import_all(ledger, *found)
    assert answer == ((found[0], found[3]), 2, 0)
    assert stored(path) == [found[0], interval(5, 1, 2), interval(7, 4), found[3]]
    assert camera_row(path, "total_entered, total_exited, imported_entered, imported_exited") == (18, 22, 13, 20)
    assert camera_row(path, "changed_since") == (0,)
    assert total(ledger) == 5
    (listed,) = ledger.imports().result(TIMEOUT)
    assert listed == imports.Import(number, "counts.csv", START + 10 * DAY, (SERIAL,), 2, 13, 20)
    # The same file once more.
    again, answer = import_all(ledger, *found)
    assert answer == ((), 4, 0)
    assert ledger.find_import(again).result(TIMEOUT) == imports.Import(
        again, "counts.csv", START + 10 * DAY, (), 0, 0, 0
    )
    assert [one.id for one in ledger.imports().result(TIMEOUT)] == [again, number]


def test_import_and_undo_are_written_to_statistics(ledger: Ledger) -> None:
    """Have the hours of an import written to recorder, and those of an undone one again."""
    record(ledger, 2 * DAY, interval(DAY_OF_MINUTES, 1))
    series_of_camera(ledger)
    ledger.confirm_series(SERIAL).result(TIMEOUT)
    number, _ = import_all(ledger, interval(120, 3, minutes=60))
    series = series_of_camera(ledger)
    assert series
    assert series.start == START + 2 * HOUR
    assert [counts.entered for counts in series.hours.counts()] == [3, *[0] * 21, 1]
    ledger.confirm_series(SERIAL).result(TIMEOUT)
    undo(ledger, number)
    series = series_of_camera(ledger)
    assert series
    assert sum(counts.entered for counts in series.hours.counts()) == 1


def test_push_replaces_what_was_imported(path: Path, ledger: Ledger) -> None:
    """Let a push that comes later count instead, and undo only what still comes from the import."""
    record(ledger, 600, interval(2 * DAY_OF_MINUTES, 1))
    number, _ = import_all(ledger, *(interval(60 * hour, 10, minutes=60) for hour in range(4)))
    record(ledger, 700, interval(65, 2), interval(66, 3))
    assert total(ledger) == 1 + 5
    (listed,) = ledger.imports().result(TIMEOUT)
    assert (listed.intervals, listed.entered) == (3, 30)
    pack_all(ledger, START + 10 * DAY)
    assert undo(ledger, number) == [Undone(SERIAL, START // DAY * DAY, 3, 30, 0)]
    assert stored(path) == [interval(65, 2), interval(66, 3), interval(2 * DAY_OF_MINUTES, 1)]
    assert ledger.imports().result(TIMEOUT) == []
    assert total(ledger) == 6
    assert camera_row(path, "total_entered, imported_entered") == (6, 0)


def test_undo_in_steps(path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove a part of a day at a time, so that pushes don't have to wait; other imports stay."""
    monkeypatch.setattr(imports, "INTERVALS_AT_ONCE", 5)
    record(ledger, 600, interval(9 * DAY_OF_MINUTES, 1))
    first, _ = import_all(ledger, *(interval(minute, 1, adults=(1, 0)) for minute in range(12)))
    second, _ = import_all(ledger, interval(20, 7))
    pack_all(ledger, START + 5 * DAY)
    assert [step.intervals for step in undo(ledger, first)] == [5, 5, 2]
    assert stored(path) == [interval(20, 7), interval(9 * DAY_OF_MINUTES, 1)]
    assert undo(ledger, first) == []
    assert [step.intervals for step in undo(ledger, second)] == [1]


def test_adults(path: Path, ledger: Ledger) -> None:
    """Store adults where the camera counts them, and leave them out of the total of the sensor, too."""
    record(ledger, 600, interval(5, 1))
    import_all(ledger, interval(0, 9, 8, adults=(5, 4)))
    assert camera_row(path, "total_adults_entered") == (None,)
    record(ledger, 601, interval(6, 2, 2, adults=(2, 1)))
    number, _ = import_all(ledger, interval(1, 9, 8, adults=(5, 4)))
    assert camera_row(path, "total_adults_entered, imported_adults_entered, imported_adults_exited") == (7, 5, 4)
    shown = ledger.today(SERIAL, START, START + DAY, START).result(TIMEOUT).total
    assert (shown.adults_entered, shown.adults_exited) == (2, 1)
    undo(ledger, number)
    assert camera_row(path, "total_adults_entered, total_adults_exited") == (2, 1)


def test_deleted_time(path: Path, ledger: Ledger) -> None:
    """Import nothing of the time whose counts were deleted; deleting imported counts leaves the sensor's total."""
    record(ledger, 9 * DAY, interval(3 * DAY_OF_MINUTES, 1), interval(9 * DAY_OF_MINUTES, 1))
    number, _ = import_all(ledger, interval(0, 7), interval(1, 2))
    assert total(ledger) == 2
    while ledger.delete_oldest_day(START + 9 * DAY, 3, [], has_recorder=False).result(TIMEOUT):
        pass
    assert len(stored(path)) == 1
    assert camera_row(path, "total_entered, imported_entered") == (11, 9)
    assert total(ledger) == 2
    assert import_all(ledger, interval(0, 7), interval(8 * DAY_OF_MINUTES, 1))[1].deleted == 1
    assert undo(ledger, number) == []
    assert total(ledger) == 2


def test_damaged_day(path: Path, ledger: Ledger) -> None:
    """A damaged day counts no more in an import; undoing removes what is left."""
    record(ledger, 600, interval(9 * DAY_OF_MINUTES, 1))
    number, _ = import_all(ledger, interval(0, 7), interval(1, 2))
    record(ledger, 601, interval(3, 4))
    pack_all(ledger, START + 5 * DAY)
    query(path, "UPDATE packed_days SET checksum = checksum + 1")
    assert total(ledger) == 1
    assert camera_row(path, "total_entered, imported_entered") == (1, 0)
    assert undo(ledger, number) == []


def test_rows_that_another_program_deleted(path: Path, ledger: Ledger) -> None:
    """Undoing an import ends, even if what is in the file doesn't fit together."""
    record(ledger, 600, interval(9 * DAY_OF_MINUTES, 1))
    number, _ = import_all(ledger, interval(0, 7))
    query(path, "UPDATE cameras SET total_entered = 1")
    query(path, "DELETE FROM intervals WHERE sent < 0")
    assert undo(ledger, number) == [Undone(SERIAL, START // DAY * DAY, 0, 0, 0)]
    assert total(ledger) == 1


def test_moved_to_another_key(path: Path, ledger: Ledger) -> None:
    """Undo an import wherever its counts are after a camera was replaced."""
    record(ledger, 600, interval(60, 1))
    number, _ = import_all(ledger, interval(0, 7), interval(30, 3))
    ledger.set_routes(routes_of([Replacement("b8a44f090004", SERIAL, START + 600)]), START).result(TIMEOUT)
    assert [found.entered for found in stored(path, "b8a44f090004")] == [3, 1]
    (listed,) = ledger.imports().result(TIMEOUT)
    assert listed.keys == (SERIAL, "b8a44f090004")
    assert_sound(path)
    assert {step.key for step in undo(ledger, number)} == {SERIAL, "b8a44f090004"}
    assert stored(path) == []


def test_unfinished_import(path: Path, ledger: Ledger) -> None:
    """An import that was cut off is known by its id; one that was undone or finished stores nothing more."""
    record(ledger, 600, interval(60, 1))
    number, _ = import_all(ledger, interval(0, 7), finish=False)
    assert ledger.unfinished_imports().result(TIMEOUT) == [number]
    assert ledger.imports().result(TIMEOUT) == []
    undo(ledger, number)
    assert ledger.unfinished_imports().result(TIMEOUT) == []
    assert isinstance(outcome(ledger.store_imported(number, SERIAL, [interval(1, 7)], START)), LedgerError)
    # Its id isn't used again.
    assert import_all(ledger, interval(2, 1))[0] > number
    assert ledger.find_import(number).result(TIMEOUT) is None


def test_place_without_reset(ledger: Ledger) -> None:
    """The occupancy of a place that is never reset follows imports and undone ones."""
    ledger.set_places([SHOP]).result(TIMEOUT)
    record(ledger, 9 * DAY, interval(5 * DAY_OF_MINUTES, 5))
    assert ledger.running_before(SHOP, START + 7 * DAY)[1] == 5
    number, _ = import_all(ledger, interval(0, 7, 3))
    assert ledger.running_before(SHOP, START + 7 * DAY)[1] == 9
    undo(ledger, number)
    assert ledger.running_before(SHOP, START + 7 * DAY)[1] == 5


@given(
    pushed=st.lists(st.tuples(st.integers(0, 60), st.sampled_from([1, 5, 15])), max_size=6),
    read=st.lists(st.tuples(st.integers(0, 75), st.sampled_from([1, 10, 60])), max_size=12),
    packs=st.booleans(),
)
def test_undone_import_leaves_no_trace(pushed: list[tuple[int, int]], read: list[tuple[int, int]], packs: bool) -> None:
    """A ledger whose imports were undone has the same counts and totals as one without them."""
    pushes = [interval(minute, 100, minutes=width) for minute, width in pushed]
    with memory_folder() as folder, opened(folder / "imported") as imported, opened(folder / "alone") as alone:
        numbers = []
        for number, one_push in enumerate([interval(80, 1), *pushes]):
            for ledger in (imported, alone):
                record(ledger, 9 * DAY + number, one_push)
            numbers.append(import_all(imported, *sorted(interval(m, 1, minutes=width) for m, width in read))[0])
            assert_sound(folder / "imported")
        if packs:
            pack_all(imported, START + 5 * DAY)
        for number in numbers:
            undo(imported, number)
        assert stored_as_sent(folder / "imported") == stored_as_sent(folder / "alone")
        assert_sound(folder / "imported")
        columns = "total_entered, total_exited, imported_entered"
        assert camera_row(folder / "imported", columns) == camera_row(folder / "alone", columns)


def test_which_import_an_interval_is_of() -> None:
    """Only imported intervals name an import."""
    assert [import_of(sent) for sent in (-2, -1, 0, 1, START)] == [2, 1, None, None, None]


def test_ledger_of_an_earlier_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger from before imports keeps all it has, and takes imports."""
    with monkeypatch.context() as earlier, opened(path) as ledger:
        earlier.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        query_of_version = ledger.submit(lambda db: db.execute("PRAGMA user_version").fetchone())
        assert query_of_version.result(TIMEOUT) == (1,)
        ledger.submit(
            lambda db: db.execute(
                "INSERT INTO cameras (key, serial, name, sent, received, total_entered) VALUES (?, ?, 'Door', 0, 0, 0)",
                (SERIAL, SERIAL),
            ),
            writes=True,
        ).result(TIMEOUT)
    with opened(path) as ledger:
        record(ledger, 600, interval(5, 1))
        number, _ = import_all(ledger, interval(0, 7))
        assert total(ledger) == 1
        undo(ledger, number)
        assert stored(path) == [interval(5, 1)]


def test_carried_hours_rest_while_imported_ones_stand_in(path: Path, ledger: Ledger) -> None:
    """Hours that only recorder has cost nothing while an import has them too, and are back when it loses them."""
    record(ledger, 10 * DAY, interval(9 * DAY_OF_MINUTES, 1))
    ledger.set_reversed(SERIAL, True).result(TIMEOUT)
    carried = [(START + hour * HOUR, HourCounts(3, 2, 0, 0)) for hour in range(4)]
    ledger.carry_series(SERIAL, carried, carried[-1][0]).result(TIMEOUT)

    def hours() -> list[int]:
        series = series_of_camera(ledger, everything=True)
        assert series
        return [counts.entered for counts in series.hours.counts()][:5]

    assert hours() == [3, 3, 3, 3, 0]
    # In and out of a reversed camera; the last hour has fewer people than recorder.
    number, _ = import_all(
        ledger, *(interval(60 * hour, 2, people, minutes=60) for hour, people in enumerate((3, 9, 3, 1)))
    )
    assert hours() == [3, 9, 3, 3, 0]
    assert query(path, "SELECT count(*) FROM carried WHERE stop >= start") == [(1,)]
    # A push takes the place of an imported hour.
    record(ledger, 10 * DAY + 1, interval(30, 0, 1))
    assert hours() == [3, 9, 3, 3, 0]
    undo(ledger, number)
    assert hours() == [3, 3, 3, 3, 0]
    assert query(path, "SELECT stop - start FROM carried ORDER BY start") == [(HOUR,), (HOUR,), (HOUR,), (0,)]


def test_carried_hours_of_a_damaged_day(path: Path, ledger: Ledger) -> None:
    """The hours that recorder has are back when the day with the imported ones is damaged."""
    record(ledger, 10 * DAY, interval(9 * DAY_OF_MINUTES, 1))
    ledger.carry_series(SERIAL, [(START, HourCounts(3, 2, 0, 0)), (START + HOUR, NO_COUNTS)], START).result(TIMEOUT)
    import_all(ledger, interval(0, 3, 2, minutes=60))
    series_of_camera(ledger)
    assert query(path, "SELECT count(*) FROM carried WHERE stop >= start") == [(0,)]
    pack_all(ledger, START + 5 * DAY)
    query(path, "UPDATE packed_days SET checksum = checksum + 1")
    series = series_of_camera(ledger, everything=True)
    assert series
    assert next(iter(series.hours.counts())).entered == 3

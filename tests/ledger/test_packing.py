"""Days that are over are packed: they take less space, and every answer stays the same."""

from contextlib import closing
from pathlib import Path
from random import Random
import sqlite3

import pytest

from custom_components.axis_people_counter.counting.interval import Interval
from custom_components.axis_people_counter.counting.replacements import Route
from custom_components.axis_people_counter.ledger import intervals as stored_intervals, packing
from custom_components.axis_people_counter.ledger.file import BackupHold
from custom_components.axis_people_counter.ledger.ledger import Ledger
from custom_components.axis_people_counter.ledger.places import Door, Place

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
    packed_days,
    query,
    record,
    sender,
    stored,
    stored_as_sent,
    wait_for,
    waiting,
)
from ..helpers.histories import busy_day

MIDNIGHT = START // DAY * DAY
# All intervals of these tests begin between these instants.
EVER = (START - 4000 * DAY, START + 4000 * DAY)


def on(day: int, *counts: int, minute: int = 0) -> Interval:
    """Return a minute so many days after START."""
    return interval(day * 24 * 60 + minute, *counts)


def each_interval(ledger: Ledger, start: int = EVER[0], end: int = EVER[1]) -> list[Interval]:
    """Return the intervals that the ledger returns page by page."""
    return list(ledger.each_interval(SERIAL, start, end))


def overlapping(ledger: Ledger, start: int, end: int = EVER[1]) -> list[Interval]:
    """Return the intervals that overlap [start, end)."""
    return [found for columns in ledger.columns_overlapping(SERIAL, start, end) for found in columns.intervals()]


def fill(ledger: Ledger, first_day: int, days: int) -> None:
    """Store busy days, each in a push of its own."""
    chance = Random(20260916)
    for day in range(first_day, first_day + days):
        of_day = busy_day(MIDNIGHT + day * DAY, chance)
        record(ledger, (day + 1) * DAY, *(sent.interval for sent in of_day))


# Days that are packed


def test_each_step_packs_a_day_of_a_camera(path: Path, ledger: Ledger) -> None:
    """Only days that end before the instant are packed; years without counts take no steps."""
    days = (-3000, 0, 1, 3)
    for number in range(2):
        record(ledger, 1, *(on(day, 1, minute=minute) for day in days for minute in (0, 1)), sender=sender(number))
    before = [stored_as_sent(path, sender(number).serial) for number in range(2)]
    assert pack_all(ledger, MIDNIGHT + 2 * DAY - 1) == 2 * 2
    assert pack_all(ledger, MIDNIGHT + 2 * DAY - 1) == 0
    assert packed_days(path, sender(0).serial) == [-3000, 0]
    assert pack_all(ledger, MIDNIGHT + 2 * DAY) == 2
    assert packed_days(path, sender(1).serial) == [-3000, 0, 1]
    assert query(path, "SELECT count(*) FROM intervals") == [(2 * 2,)]
    assert [stored_as_sent(path, sender(number).serial) for number in range(2)] == before


def test_interval_over_midnight_belongs_to_the_day_where_it_begins(path: Path, ledger: Ledger) -> None:
    """An interval that reaches into a day that isn't packed is found from both days."""
    over = interval(13 * 60, 9, minutes=24 * 60)
    record(ledger, 1, interval(0, 1), over, interval(37 * 60, 2))
    pack_all(ledger, MIDNIGHT + DAY)
    assert packed_days(path) == [0]
    assert each_interval(ledger) == [interval(0, 1), over, interval(37 * 60, 2)]
    assert overlapping(ledger, START + 36 * HOUR) == [over, interval(37 * 60, 2)]
    assert overlapping(ledger, START + 13 * HOUR, START + 37 * HOUR) == [over]
    assert overlapping(ledger, START + 37 * HOUR) == [interval(37 * 60, 2)]
    # This interval cuts into the one over midnight, so it waits.
    record(ledger, 2, interval(36 * 60, 1, minutes=120))
    assert waiting(path) == [(36 * 60, 38 * 60)]


# Changes of packed days


def test_late_counts_of_a_packed_day(path: Path, ledger: Ledger) -> None:
    """Counts that come again change nothing; other ones put the day back into rows, until it is packed again."""
    record(ledger, 1, on(0, 1), on(0, 2, minute=2), on(5, 1))
    pack_all(ledger, MIDNIGHT + 2 * DAY)
    assert record(ledger, 1, on(0, 1)).since is None
    assert packed_days(path) == [0]
    assert record(ledger, 2, on(0, 7, minute=1)).since == START + MINUTE
    assert packed_days(path) == []
    assert pack_all(ledger, MIDNIGHT + 2 * DAY) == 1
    assert record(ledger, 3, on(0, 4, minute=2), on(0, 1)).since == START + 2 * MINUTE
    assert stored(path) == [on(0, 1), on(0, 7, minute=1), on(0, 4, minute=2), on(5, 1)]
    # The copy that was sent before the packed one doesn't count.
    record(ledger, 2, on(0, 9))
    assert stored(path)[0] == on(0, 1)


def test_late_counts_of_days_that_are_not_packed(path: Path, ledger: Ledger) -> None:
    """Counts of old days between packed ones are rows until the next night."""
    record(ledger, 1, on(0, 1), on(2, 1), on(9, 1))
    pack_all(ledger, MIDNIGHT + 5 * DAY)
    record(ledger, 2, on(0, 3, minute=5), on(1, 2), on(2, 4, minute=5), on(3, 1), on(9, 2, minute=5))
    assert packed_days(path) == []
    expected = [on(0, 1), on(0, 3, minute=5), on(1, 2), on(2, 1), on(2, 4, minute=5), on(3, 1), on(9, 1)]
    assert each_interval(ledger, end=START + 9 * DAY + MINUTE) == expected
    assert pack_all(ledger, MIDNIGHT + 5 * DAY) == 4
    assert packed_days(path) == [0, 1, 2, 3]
    assert each_interval(ledger, end=START + 9 * DAY + MINUTE) == expected


def test_wider_interval_replaces_packed_ones(path: Path, ledger: Ledger) -> None:
    """An interval that covers all of a packed day's intervals replaces them, also if it begins the day before."""
    record(ledger, 1, on(1, 1), on(1, 2, minute=1), on(5, 1))
    pack_all(ledger, MIDNIGHT + 3 * DAY)
    whole = Interval(START + 3 * HOUR, START + 3 * HOUR + DAY, 30, 20, None, None)
    record(ledger, 2, whole)
    assert packed_days(path) == []
    assert stored(path) == [whole, on(5, 1)]


# Reads


def test_newest_and_first(path: Path, ledger: Ledger) -> None:
    """The newest and the first interval may be packed or not."""

    def ends() -> tuple[int | None, int | None]:
        camera = ledger.camera(SERIAL).result(TIMEOUT)
        assert camera
        first = ledger.submit(lambda db: stored_intervals.first(db, camera.id)).result(TIMEOUT)
        return first, ledger.counted_until(SERIAL).result(TIMEOUT)

    record(ledger, 1, on(2, 1))
    assert ends() == (START + 2 * DAY, START + 2 * DAY + MINUTE)
    pack_all(ledger, MIDNIGHT + 4 * DAY)
    assert ends() == (START + 2 * DAY, START + 2 * DAY + MINUTE)
    record(ledger, 2, on(1, 1))
    assert ends() == (START + DAY, START + 2 * DAY + MINUTE)
    record(ledger, 3, on(3, 1))
    assert ends() == (START + DAY, START + 3 * DAY + MINUTE)


def test_pages(path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed days and rows are read in turns, in pages, also from the middle of a day."""
    monkeypatch.setattr(stored_intervals, "PACKED_DAYS_AT_ONCE", 2)
    days = (0, 1, 2, 3, 5, 8, 9)
    record(ledger, 1, *(on(day, minute, minute=minute) for day in days for minute in (0, 1, 2)))
    pack_all(ledger, MIDNIGHT + 6 * DAY)
    record(ledger, 2, *(on(day, minute, minute=minute) for day in (4, 6, 7) for minute in (0, 1, 2)))
    expected = [on(day, minute, minute=minute) for day in range(10) for minute in (0, 1, 2)]
    for rows in (1, 2, 4, 100):
        for first in range(0, 30, 4):
            for last in range(first, 31, 5):
                start = expected[first].start
                end = expected[last].start if last < 30 else EVER[1]

                def read(start: int = start, end: int = end, rows: int = rows) -> list[Interval]:
                    camera = ledger.camera(SERIAL).result(TIMEOUT)
                    assert camera
                    columns = ledger.submit(
                        lambda db: list(stored_intervals.each_columns(db, camera.id, start, end, rows))
                    )
                    return [interval for part in columns.result(TIMEOUT) for interval in part.intervals()]

                assert read() == expected[first:last]
                assert ledger.intervals(SERIAL, start, end, rows).result(TIMEOUT) == expected[first:last][:rows]


def test_an_empty_decade_is_one_page(ledger: Ledger) -> None:
    """Time without counts takes no steps."""
    record(ledger, 1, on(-3900, 1), on(0, 1))
    pack_all(ledger, MIDNIGHT)
    camera = ledger.camera(SERIAL).result(TIMEOUT)
    assert camera
    page = ledger.submit(lambda db: stored_intervals.page(db, camera.id, *EVER)).result(TIMEOUT)
    assert page.until is None
    assert [len(columns.starts) for columns in page.columns()] == [1, 1]


def test_gaps(ledger: Ledger) -> None:
    """Gaps lie within packed days, between them, and between them and rows; the newest come first."""
    record(ledger, 1, on(0, 1), on(0, 1, minute=2), on(0, 1, minute=3), on(1, 1), on(5, 1), on(5, 1, minute=9))
    expected = [
        (START + 5 * DAY + MINUTE, START + 5 * DAY + 9 * MINUTE),
        (START + DAY + MINUTE, START + 5 * DAY),
        (START + 4 * MINUTE, START + DAY),
        (START + MINUTE, START + 2 * MINUTE),
    ]
    for before in (0, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY, MIDNIGHT + 9 * DAY):
        pack_all(ledger, before)
        assert ledger.gaps(SERIAL, START, 9).result(TIMEOUT) == expected
        assert ledger.gaps(SERIAL, START, 2).result(TIMEOUT) == expected[:2]
        assert ledger.gaps(SERIAL, START + 1, 9).result(TIMEOUT) == expected[:3]
    assert ledger.gaps("nobody", START, 9).result(TIMEOUT) == []
    assert ledger.intervals("nobody", *EVER, 9).result(TIMEOUT) == []
    assert list(ledger.each_interval("nobody", *EVER)) == []
    assert list(ledger.columns_overlapping("nobody", *EVER)) == []


def test_place_without_a_reset(path: Path, ledger: Ledger) -> None:
    """The running count of a place contains an interval over midnight (UTC), packed or not."""
    place = Place("shop", (Door(SERIAL, False),), "none")
    record(ledger, 1, on(0, 1), interval(13 * 60, 9, minutes=120), on(1, 2), on(9, 4))
    for before in (0, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY, MIDNIGHT + 9 * DAY):
        pack_all(ledger, before)
        ledger.set_places([]).result(TIMEOUT)
        ledger.set_places([place]).result(TIMEOUT)
        found = [ledger.running_before(place, MIDNIGHT + day * DAY)[1] for day in (1, 2, 3, 9, 10)]
        assert found == [1, 12, 12, 12, 16]


# Space


def test_file_gets_smaller(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Space that packing frees is returned, some pages at a time, but for some that the next rows need."""
    monkeypatch.setattr(packing, "SPARE_PAGES", 8)
    monkeypatch.setattr(packing, "PAGES_AT_ONCE", 16)
    with opened(path) as ledger:
        fill(ledger, 0, 14)
    before = path.stat().st_size
    with opened(path) as ledger:
        assert pack_all(ledger, MIDNIGHT + 14 * DAY) > 14
    assert path.stat().st_size < before / 3
    assert query(path, "PRAGMA freelist_count") == [(8,)]


def test_file_of_another_kind_is_left_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that can't get smaller isn't tried again and again."""
    monkeypatch.setattr(packing, "SPARE_PAGES", 8)
    with opened(path) as ledger:
        fill(ledger, 0, 14)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA auto_vacuum = NONE")
        db.execute("VACUUM")
    assert query(path, "PRAGMA auto_vacuum") == [(0,)]
    with opened(path) as ledger:
        assert pack_all(ledger, MIDNIGHT + 14 * DAY) == 14


def test_packing_during_a_backup(path: Path) -> None:
    """The file doesn't change while a backup copies it; what is packed stays in the log until then."""
    hold = BackupHold()
    with opened(path, hold=hold) as ledger:
        fill(ledger, 0, 3)
        wait_for(hold.begin())
        before = path.read_bytes()
        pack_all(ledger, MIDNIGHT + 3 * DAY)
        assert path.read_bytes() == before
        wait_for(hold.end())
        assert path.read_bytes() != before
    assert packed_days(path) == [0, 1, 2]


def test_rest_of_a_day_is_packed_again(path: Path, ledger: Ledger) -> None:
    """Pack what is left of a day whose afternoon went to another key."""
    for day in range(3):
        record(ledger, 4 * DAY, *(on(day, 1, minute=minute) for minute in range(10)))
    pack_all(ledger, MIDNIGHT + 4 * DAY)
    since = START + DAY + 5 * MINUTE
    ledger.set_routes({SERIAL: [Route(since, "other"), Route(since + HOUR, SERIAL)]}, since).result(TIMEOUT)
    pack_all(ledger, MIDNIGHT + 4 * DAY)
    assert packed_days(path) == [0, 1, 2]
    assert query(path, "SELECT count(*) FROM intervals") == [(0,)]

"""Questions about a year of twelve doors take seconds, and hold up neither pushes nor the event loop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
import sqlite3
from threading import Event, Thread
from time import monotonic, process_time, sleep
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.counting.local_time import DAY, MIDNIGHT, Period, period_bounds
from custom_components.axis_people_counter.counting.rows import Row
from custom_components.axis_people_counter.counting.schedule import Schedule
from custom_components.axis_people_counter.history import History, PlaceHistory
from custom_components.axis_people_counter.ledger import Door, Ledger, day_format, packed_days
from custom_components.axis_people_counter.ledger.packed_days import PackedDay
from custom_components.axis_people_counter.settings import PlaceSettings

from .helpers.bare_ledger import START, TIMEOUT, interval, opened, record, sender
from .helpers.histories import busy_day

DOORS: Final = 12
DAYS: Final = 366
END: Final = START // DAY * DAY
BEGIN: Final = END - DAYS * DAY
KEYS: Final = tuple(sender(number).serial for number in range(DOORS))
ZONE: Final = ZoneInfo("Asia/Kolkata")
# The slowest question takes two seconds of one processor where these were measured.
MAX_SECONDS: Final = 8


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Return a ledger with a year of busy doors; on some days, each misses other minutes."""
    chance = Random(20260916)
    week = [busy_day(0, chance) for _ in range(7)]

    def fill(db: sqlite3.Connection) -> None:
        for day in range(BEGIN // DAY, END // DAY):
            counted = [
                sent._replace(start=day * DAY + sent.start, end=day * DAY + sent.end, sent=day * DAY + sent.sent)
                for sent in week[day % 7]
            ]
            packed = PackedDay(day, day_format.pack(counted))
            sums = packed_days.sums(counted)
            for door in range(1, DOORS + 1):
                if (day + door) % 12 == 0:
                    missing = day * 37 % 1400
                    packed_days.add(db, door, counted[:missing] + counted[missing + 3 :])
                else:
                    packed_days.store(db, door, packed, sums)

    with opened(tmp_path / "ledger.db") as ledger:
        for number in range(DOORS):
            record(ledger, 0, interval(0, 1), sender=sender(number))
        ledger.submit(fill, writes=True).result(10 * TIMEOUT)
        yield ledger


def histories(ledger: Ledger, *, is_reset: bool) -> tuple[PlaceHistory, list[History]]:
    """Return the history of a place, and those of its doors."""
    cameras = {key: camera for key in KEYS if (camera := ledger.camera(key).result(TIMEOUT))}
    schedule = Schedule(ZONE, MIDNIGHT if is_reset else None)
    settings = PlaceSettings("shop", "Shop", tuple(Door(key, False) for key in KEYS), None, None, 0, None, schedule)
    ledger.set_places([settings.place]).result(TIMEOUT)
    return (
        PlaceHistory(ledger, "shop", "Shop", schedule, settings, cameras),
        [History(ledger, key, key, Schedule(ZONE, MIDNIGHT), camera) for key, camera in cameras.items()],
    )


def rows(history: History | PlaceHistory, period: Period) -> list[Row]:
    """Return the rows of the year."""
    return list(history.rows(list(period_bounds(BEGIN + DAY, END, period, ZONE)), START + DAY))


@contextmanager
def longest_wait(ledger: Ledger) -> Iterator[list[float]]:
    """Ask the ledger again and again as pushes do; return the longest time until an answer, and between two turns."""
    longest = [0.0, 0.0]
    done = Event()

    def ask() -> None:
        while not done.is_set():
            before = monotonic()
            ledger.counted_until(KEYS[0]).result(TIMEOUT)
            longest[0] = max(longest[0], monotonic() - before)
            before = monotonic()
            sleep(0.001)
            longest[1] = max(longest[1], monotonic() - before)

    thread = Thread(target=ask)
    thread.start()
    yield longest
    done.set()
    thread.join()


def test_pages_of_a_year(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A year of a door is read in a few pages, and its intervals are never objects."""
    pages: list[int] = []
    read = Ledger.page

    def counted(ledger: Ledger, key: str, start: int, end: int) -> object:
        pages.append(start)
        return read(ledger, key, start, end)

    monkeypatch.setattr(Ledger, "page", counted)
    monkeypatch.setattr("custom_components.axis_people_counter.counting.columns.Interval", None)
    _, doors = histories(ledger, is_reset=True)
    assert len(rows(doors[0], Period.DAY)) == DAYS
    assert len(pages) <= DAYS // 64 + 1


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("is_reset", [True, False])
def test_year_of_a_place(ledger: Ledger, is_reset: bool) -> None:
    """Hours, days and months of a place have the same sums as those of its doors, and take little time."""
    place, doors = histories(ledger, is_reset=is_reset)
    # A place without a reset adds up its running count once.
    rows(place, Period.MONTH)
    with longest_wait(ledger) as longest:
        for period in (Period.HOUR, Period.DAY, Period.MONTH):
            before = process_time()
            of_place = rows(place, period)
            assert process_time() - before < MAX_SECONDS
            if period is not Period.HOUR:
                before = process_time()
                of_doors = [rows(door, period) for door in doors]
                assert process_time() - before < MAX_SECONDS
                for row, *of_each in zip(of_place, *of_doors, strict=True):
                    assert row.entered == sum(of_door.entered for of_door in of_each)
                    assert row.adults_exited == sum(of_door.adults_exited or 0 for of_door in of_each)
                    assert row.covered == min(of_door.covered for of_door in of_each)
    # Some hundredths of a second, if nothing else runs.
    assert max(longest) < 0.3

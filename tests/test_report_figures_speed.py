"""Reports over months of twelve doors take seconds, and don't hold up the event loop meanwhile."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
import sqlite3
from time import monotonic, process_time
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.counting.local_time import DAY, MIDNIGHT
from custom_components.axis_people_counter.counting.opening import OpenDay, OpenSpan
from custom_components.axis_people_counter.counting.schedule import Schedule
from custom_components.axis_people_counter.history import PlaceHistory
from custom_components.axis_people_counter.ledger import Door, Ledger, day_format, packed_days
from custom_components.axis_people_counter.ledger.packed_days import PackedDay
from custom_components.axis_people_counter.reports import Days, PlaceReport, ReportKind
from custom_components.axis_people_counter.reports.figures import Question, build
from custom_components.axis_people_counter.reports.periods import needed_spans
from custom_components.axis_people_counter.settings import PlaceSettings

from .helpers.bare_ledger import HOUR, START, TIMEOUT, interval, opened, record, sender
from .helpers.histories import busy_day

DOORS: Final = 12
END: Final = START // DAY * DAY
# Two reports of this length: the days, and those that they are compared with.
DAYS: Final = 810
KEYS: Final = tuple(sender(number).serial for number in range(DOORS))
ZONE: Final = ZoneInfo("Europe/Stockholm")
# Processor time. Where these were measured, 90 days took 0.4 s, and 400 days 1.1 s.
MAX_SECONDS: Final = {90: 3, 400: 10}
MAX_STALL: Final = 0.1
TICK: Final = 0.001


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Return a ledger with years of busy doors; on some days, each misses other minutes."""
    chance = Random(20260916)
    week = [busy_day(0, chance) for _ in range(7)]
    # People leave as often as they come, so that the place doesn't fill.
    week = [[one._replace(exited=one.entered) if one.start % 120 else one for one in of_day] for of_day in week]

    def fill(db: sqlite3.Connection) -> None:
        for day in range(END // DAY - DAYS, END // DAY):
            counted = [
                sent._replace(start=day * DAY + sent.start, end=day * DAY + sent.end, sent=day * DAY + sent.sent)
                for sent in week[day % 7]
            ]
            packed, sums = PackedDay(day, day_format.pack(counted)), packed_days.sums(counted)
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


def question(ledger: Ledger, number: int) -> Question:
    """Return the question for a report on the last days of a shop that is open ten hours a day."""
    cameras = {key: camera for key in KEYS if (camera := ledger.camera(key).result(TIMEOUT))}
    schedule = Schedule(ZONE, MIDNIGHT)
    settings = PlaceSettings("shop", "Shop", tuple(Door(key, False) for key in KEYS), 40, None, 0, None, schedule)
    ledger.set_places([settings.place]).result(TIMEOUT)
    history = PlaceHistory(ledger, "shop", "Shop", schedule, settings, cameras)
    last = datetime.fromtimestamp(END, UTC).date() - timedelta(days=2)
    days = Days(last - timedelta(days=number - 1), last)
    open_days = [
        OpenDay(start, end, (OpenSpan(start + 9 * HOUR, start + 19 * HOUR),))
        for first, until in needed_spans(ReportKind.RANGE, days, ZONE)
        for start, end in days_between(first, until)
    ]
    return Question(history, {key: key for key in KEYS}, ReportKind.RANGE, days, END, open_days, True, {})


def days_between(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the local days of a time."""
    day: date = datetime.fromtimestamp(start, ZONE).date()
    while start < end:
        day += timedelta(days=1)
        until = int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())
        yield start, until
        start = until


async def built_beside(question: Question) -> tuple[PlaceReport, float]:
    """Return a report that is calculated in another thread, and the longest stall of the event loop meanwhile."""
    building = asyncio.create_task(asyncio.to_thread(build, question))
    longest = 0.0
    while not building.done():
        before = monotonic()
        await asyncio.sleep(TICK)
        longest = max(longest, monotonic() - before - TICK)
    return await building, longest


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("number", [90, 400])
def test_long_report(ledger: Ledger, number: int) -> None:
    """A report over so many days of twelve doors is ready in time, and has all days."""
    asked = question(ledger, number)
    before = process_time()
    report, stall = asyncio.run(built_beside(asked))
    seconds = process_time() - before
    print(f"{number} days: {seconds:.2f} s of processor time, longest stall {stall * 1000:.1f} ms")  # noqa: T201
    assert len(report.days) == number
    assert len(report.comparisons) == 2
    assert report.visitors.missing_minutes > 0
    assert report.estimate
    assert seconds < MAX_SECONDS[number]
    assert stall < MAX_STALL

"""The parts of the benchmark that decide which figures are printed, and that make the counts it sends."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
import json
from pathlib import Path
import sqlite3
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.counting import DAY, SentInterval
from custom_components.axis_people_counter.ledger import packed_days, schema
from scripts.bench_parts.bill import BUSY_SHARE, Item, bill
from scripts.bench_parts.cameras import (
    HISTORY_MINUTES,
    MINUTE,
    NEAR,
    YEAR_MINUTES,
    Fleet,
    long_body,
    mounted,
    year,
    zone_where_it_is,
)
from scripts.bench_parts.copies import copy_camera, divide_into_pushes
from scripts.bench_parts.home import Measured, pause_before
from scripts.bench_parts.table import Line, markdown, percentile, repetition

from .helpers.home_assistant import HomeAssistantError
from .simulator import Counts

FIRST: Final = "accc8e000000"
SECOND: Final = "accc8e000001"


def line(**fields: Any) -> Line:
    """Return a line of the table."""
    return Line(**{"name": "A push", "unit": "ms", **fields})


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"measured": [1, 1.1], "at_most": 2}, "met"),
        ({"measured": [3, 3.1], "at_most": 2}, "missed"),
        ({"measured": [3, 3.1], "at_least": 2}, "met"),
        ({"measured": [0, 0], "at_most": 0}, "met"),
        ({"measured": [0.2, 0.2], "at_most": 0}, "missed"),
        ({"measured": [3, 3.1]}, ""),
        # A single slow round doesn't change the median, but a stall counts.
        ({"measured": [1, 1, 9, 1, 1], "at_most": 2}, "met"),
        ({"measured": [1, 1, 9, 1, 1], "at_most": 2, "judge": max, "margin": None}, "missed"),
        # Compared with a reference of the same round.
        ({"measured": [4, 4], "reference": [2, 2], "at_most": 2}, "met"),
        ({"measured": [4, 4], "reference": [1, 1], "at_most": 2}, "missed"),
        # Rounds that differ too much, on one side or the other, or no result at all.
        ({"measured": [1, 2, 1, 2], "at_most": 9}, "void"),
        ({"measured": [1, 1, 1, 1], "reference": [1, 2, 1, 2], "at_most": 9}, "void"),
        ({"measured": [0, 1]}, "void"),
        ({"measured": []}, "void"),
    ],
)
def test_verdict(fields: dict[str, Any], verdict: str) -> None:
    """A goal is met, missed, or nothing can be said."""
    assert line(**fields).verdict == verdict
    assert line(**fields).ok == (verdict in ("", "met"))


def test_void_line_has_no_figure() -> None:
    """Print no figure that can't be trusted."""
    cells = line(measured=[1234, 4321], reference=[1234, 4321], at_most=9).cells
    assert not any("1234" in cell or "4321" in cell or "1,234" in cell for cell in cells)
    assert "void" in cells


def test_markdown() -> None:
    """The table is Markdown, with columns of equal width."""
    assert markdown([["What", ""], ["A push", "met"]]) == ["| What   |     |", "| ------ | --- |", "| A push | met |"]


def test_repetition() -> None:
    """The median factor between the rounds and their median."""
    assert repetition([5]) == 1
    assert repetition([2, 2, 4]) == 1
    assert repetition([2, 4, 8]) == 2
    assert repetition([1, 3]) == pytest.approx((2 + 1.5) / 2)
    assert repetition([0, 0]) == 1


def test_percentile() -> None:
    """So many percent of the values aren't larger."""
    values = range(1, 201)
    assert [percentile(values, percent) for percent in (0, 50, 99, 100)] == [1, 100, 198, 200]
    assert percentile([7], 99) == 7


def test_processor_time() -> None:
    """Subtract the use of Home Assistant without work; return no figure if that is too much."""
    assert Measured(idle_share=0.01, seconds=10, processor=1.1).processor_ms(100) == pytest.approx(10)
    with pytest.raises(HomeAssistantError):
        Measured(idle_share=0.04, seconds=10, processor=1.1).processor_ms(100)


def test_bill() -> None:
    """One door pays for a camera alone, several for doors of a place."""
    figures = {item.at_place: 2 for item in Item} | dict.fromkeys(Item, 1)
    of_one, of_twelve = bill(figures, 1), bill(figures, 12)
    # A millisecond each minute, and another one each five minutes.
    assert of_one.processor_percent == pytest.approx(1.2 / 60_000 * 100)
    assert of_twelve.processor_percent == pytest.approx(12 * 2.2 / 60_000 * 100)
    assert (of_one.rows_a_day, of_twelve.rows_a_day) == pytest.approx((1440, 12 * 2 * 1440))
    assert of_one.megabytes_a_day == pytest.approx(1.44 + 0.288)
    assert (of_one.memory_megabytes, of_twelve.ledger_megabytes_a_year) == (1, 12)


@pytest.mark.parametrize(
    ("now", "seconds", "pause"),
    [
        # Long before, just before, during and after the tenth second of five minutes.
        (150, 30, 0),
        (270, 30, 0),
        (290, 30, 24),
        (299, 5, 0),
        (299, 15, 15),
        (300, 5, 0),
        (308, 5, 6),
        (310, 5, 4),
        (314, 30, 0),
    ],
)
def test_pause_before(now: float, seconds: float, pause: float) -> None:
    """No measurement contains recorder's own statistics."""
    assert pause_before(3000 + now, seconds) == pause


@pytest.mark.parametrize("hour", range(24))
def test_zone_where_it_is(hour: int) -> None:
    """There is a time zone for each hour."""
    zone = zone_where_it_is(hour)
    assert datetime.now(zone).hour in (hour, (hour + 1) % 24)


def test_fleet_leaves_no_gap() -> None:
    """Pushes follow each other from midnight on, also if time passes between them."""
    zone = zone_where_it_is(1)
    fleet = Fleet(2, zone, first=3)
    # As if the preparation took ten minutes.
    fleet.begin -= timedelta(minutes=10)
    fleet.next -= timedelta(minutes=10)
    bodies = [*fleet.day(), *fleet.bodies(2), *fleet.bodies(1, people=False)]
    for camera in fleet.cameras:
        documents = [json.loads(body) for body in bodies if camera.serial in body.decode()]
        measurements = [item for document in documents for item in document["data"]["measurements"]]
        times = [(item["utcFrom"], item["utcTo"]) for item in measurements]
        assert datetime.fromisoformat(times[0][0]).astimezone(zone).time().isoformat() == "00:00:00"
        assert all(end == begin for (_, end), (begin, _) in pairwise(times))
        assert datetime.now(UTC) - datetime.fromisoformat(times[-1][1]) < NEAR + timedelta(seconds=10)
        assert sum(item["items"][0]["count"] for item in measurements) == fleet.sent[camera.serial].in_
        assert [item["count"] for item in measurements[-1]["items"]] == [0, 0]


def test_year() -> None:
    """A year of a busy door begins with 90 days by the minute, with people in as many as the bill assumes."""
    before = datetime(2026, 11, 26, 10, tzinfo=UTC)
    intervals = next(year(mounted(0, ZoneInfo("Europe/Stockholm")), before))
    assert len(intervals) == HISTORY_MINUTES
    assert intervals[0].start == before - YEAR_MINUTES * MINUTE
    assert all(interval.end == following.start for interval, following in pairwise(intervals))
    busy = sum(interval.counts != Counts() for interval in intervals)
    assert busy / len(intervals) == pytest.approx(BUSY_SHARE, rel=0.1)


def test_long_body() -> None:
    """A body that is made faster is the same."""
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    camera = mounted(0, ZoneInfo("Europe/Stockholm"))
    camera.faults.clock_offset = now - datetime.now(UTC)
    intervals = next(year(camera, now + timedelta(days=362)))[: 3 * 24 * 60]
    body = json.loads(long_body(camera, intervals))
    slow_body = json.loads(camera.body(intervals))
    assert body["data"] == slow_body["data"]
    assert body.keys() == slow_body.keys()
    assert body["sensor"] == slow_body["sensor"]


def test_divide_into_pushes(tmp_path: Path) -> None:
    """Each interval looks as if it was sent some seconds after its end."""
    ledger = tmp_path / "ledger.db"
    with closing(sqlite3.connect(ledger, isolation_level=None)) as db:
        schema.migrate(db)
        db.execute(
            "INSERT INTO cameras (key, serial, name, sent, received) VALUES (:key, :key, 'Door', 1, 1)", {"key": FIRST}
        )
        for minute in range(20):
            db.execute("INSERT INTO intervals VALUES (1, ?, ?, 3, 4, NULL, NULL, 99)", (minute * 60, minute * 60 + 60))
    divide_into_pushes(ledger)
    with closing(sqlite3.connect(ledger)) as db:
        delays = {sent - stop for stop, sent in db.execute("SELECT stop, sent FROM intervals")}
    assert len(delays) > 1
    assert delays <= set(range(10, 41))


def test_copied_camera(tmp_path: Path) -> None:
    """A copy has all rows of the camera in both databases, and nothing else changes."""
    ledger, recorder = tmp_path / "ledger.db", tmp_path / "recorder.db"
    with closing(sqlite3.connect(ledger, isolation_level=None)) as db:
        schema.migrate(db)
        db.execute(
            """
            INSERT INTO cameras (key, serial, name, sent, received, total_entered)
            VALUES (:serial, :serial, 'Door 0', 5, 6, 7)
            """,
            {"serial": FIRST},
        )
        db.execute("INSERT INTO intervals VALUES (1, 60, 120, 3, 4, NULL, NULL, 130)")
        packed_days.add(db, 1, [SentInterval(DAY, DAY + 60, 5, 6, 1, 0, DAY + 70)])
    with closing(sqlite3.connect(recorder, isolation_level=None)) as db:
        db.execute("CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id TEXT, name TEXT)")
        db.execute("CREATE TABLE statistics (id INTEGER PRIMARY KEY, sum REAL, metadata_id INTEGER)")
        db.execute("INSERT INTO statistics_meta VALUES (8, ?, 'Door 0 in')", (f"{DOMAIN}:{FIRST}_in",))
        db.execute("INSERT INTO statistics_meta VALUES (9, 'other:sum', 'Other')")
        db.execute("INSERT INTO statistics VALUES (1, 3.0, 8), (2, 5.0, 9)")

    copy_camera(ledger, recorder, FIRST, {SECOND: "Door 1"})

    with closing(sqlite3.connect(ledger)) as db:
        cameras = db.execute("SELECT key, serial, name, sent, total_entered FROM cameras ORDER BY id").fetchall()
        assert cameras == [(FIRST, FIRST, "Door 0", 5, 7), (SECOND, SECOND, "Door 1", 5, 7)]
        rows = db.execute("SELECT camera, start, stop, entered, sent FROM intervals ORDER BY camera").fetchall()
        assert rows == [(1, 60, 120, 3, 130), (2, 60, 120, 3, 130)]
        # A day with a wrong checksum can't be read.
        assert packed_days.read(db, 1, DAY, 2 * DAY) == packed_days.read(db, 2, DAY, 2 * DAY) != []
    with closing(sqlite3.connect(recorder)) as db:
        series = db.execute(
            "SELECT statistic_id, sum FROM statistics JOIN statistics_meta ON metadata_id = statistics_meta.id"
        )
        assert sorted(series) == [(f"{DOMAIN}:{FIRST}_in", 3.0), (f"{DOMAIN}:{SECOND}_in", 3.0), ("other:sum", 5.0)]

"""Answers of a counting application are read as documented and as seen; anything else is an error, never a number."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.connecting.counting_answers import (
    AnswerError,
    live_2d,
    live_3d,
    rows_2d,
    rows_3d,
)
from custom_components.axis_people_counter.counting import Interval, LocalCounts, intervals_of

from ..simulator import THREE_D, TWO_D, Adults, Camera, CountingApi, Model, Visits

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SERIAL = "accc8ef3d92e"
NOON = datetime(2021, 4, 13, 10, 30, 24, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def counting(model: Model, now: datetime = NOON) -> CountingApi:
    """Return the counting application of a camera in a shop."""
    camera = Camera(
        Visits("shop", STOCKHOLM),
        "http://127.0.0.1",
        None,
        serial="accc8ef3d92e",
        name='Door "North", left',
        model=model,
        installed=now - timedelta(days=3),
        clock=lambda: now,
    )
    return CountingApi(camera)


def answer(api: CountingApi, path: str, query: str = "") -> bytes:
    """Return the body of an answer."""
    found = api.answer(path, query)
    assert found
    return found.body.encode()


def exported_3d(api: CountingApi, start: str, end: str) -> list[LocalCounts]:
    """Return the rows of an export by the minute."""
    return rows_3d(answer(api, "/a3dpc/api/export/json", f"start={start}&end={end}&resolution=minute"))


def test_live_counts() -> None:
    """Read live counts of both applications, and when they were counted."""
    api = counting(THREE_D)
    truth = api.camera.passed(api.live_since, NOON)
    at = NOON.replace(microsecond=0)
    assert live_3d(answer(api, "/a3dpc/api/occupancy")) == ("accc8ef3d92e", at, truth.in_, truth.out)
    api = counting(TWO_D)
    today = api.live_today()
    found = live_2d(answer(api, "/local/tvpc/.api", "live-sum.json"), STOCKHOLM)
    assert found == ("accc8ef3d92e", at, today.in_, today.out)


@pytest.mark.parametrize("adults", Adults)
def test_export_of_a_3d_camera(adults: Adults) -> None:
    """Read each minute as an interval; adults are unknown where no row has them."""
    api = counting(THREE_D)
    api.adults = adults
    found = list(intervals_of(exported_3d(api, "20210412", "20210413"), STOCKHOLM, 60))
    start = datetime(2021, 4, 11, 22, tzinfo=UTC)

    def expected(begin: datetime) -> Interval:
        counts = api.camera.counted(begin, begin + MINUTE)
        adults_of_minute = (counts.adults_in, counts.adults_out) if adults is Adults.PRESENT else (None, None)
        instant = int(begin.timestamp())
        return Interval(instant, instant + 60, counts.in_, counts.out, *adults_of_minute)

    assert found == [expected(start + number * MINUTE) for number in range(24 * 60)]


def test_rows_without_counts() -> None:
    """Leave out rows whose counts are null: nobody knows what was counted then."""
    api = counting(THREE_D)
    api.null_when_empty = True
    rows = exported_3d(api, "yesterday", "today")
    assert 0 < len(rows) < 24 * 60
    assert all(row.entered or row.exited for row in rows)


@pytest.mark.parametrize("csv_time", ["%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M"])
def test_export_of_a_2d_camera(csv_time: str) -> None:
    """Read each quarter of an hour as an interval."""
    api = counting(TWO_D)
    api.csv_time = csv_time
    api.camera.name = "Door"
    rows = rows_2d(answer(api, "/local/tvpc/.api", "export-csv&date=20210412-20210412&res=15m"), SERIAL)
    found = list(intervals_of(rows, STOCKHOLM, 900))
    assert len(found) == 96
    start = datetime(2021, 4, 11, 22, tzinfo=UTC)
    assert found[0].start == start.timestamp()
    truth = api.camera.counted(start, start + timedelta(days=1))
    assert (sum(row.entered for row in found), sum(row.exited for row in found)) == (truth.in_, truth.out)
    assert {row.adults_entered for row in found} == {None}


@pytest.mark.parametrize(
    ("now", "missing"),
    [(datetime(2021, 3, 28, 20, tzinfo=UTC), 0), (datetime(2021, 10, 31, 20, tzinfo=UTC), 120)],
    ids=["spring", "autumn"],
)
def test_change_of_the_clock(now: datetime, missing: int) -> None:
    """Leave out both hours that have the same local time, and nothing else."""
    api = counting(THREE_D, now)
    rows = exported_3d(api, "today", "now")
    found = list(intervals_of(rows, STOCKHOLM, 60))
    midnight = now.astimezone(STOCKHOLM).replace(hour=0)
    minutes = int((now - midnight.astimezone(UTC)) / MINUTE)
    assert len(found) == minutes - missing
    assert found[0].start == midnight.timestamp()
    assert found[-1].end == now.timestamp()
    assert all(interval.end - interval.start == 60 for interval in found)


def test_rows_of_another_width() -> None:
    """Leave out rows that aren't as wide as they should be."""
    (row,) = rows_3d(json.dumps({"data": [exported_row(end="2021-04-12 11:00:00")]}).encode())
    assert not list(intervals_of([row], STOCKHOLM, 60))


def exported_row(**changed: Any) -> dict[str, Any]:
    """Return a row of an export."""
    return {"start": "2021-04-12 10:00:00", "end": "2021-04-12 10:01:00", "in": 1, "out": 0} | changed


def test_counts_as_text() -> None:
    """Read numbers that are written as text."""
    (row,) = rows_3d(json.dumps({"data": [exported_row(**{"in": " 12", "out": "3"})]}).encode())
    assert (row.entered, row.exited) == (12, 3)
    live = live_3d(b'{"total_in": "5", "total_out": "123456789", "timestamp": "2026-09-16T12:00:00+02:00"}')
    assert (live.entered, live.exited) == (5, 123456789)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"[" * 100_000, b"{}", b'{"data": {}}', b'{"data": [1]}', b"<html>"]
    + [
        json.dumps({"data": [exported_row(**changed)]}).encode()
        for changed in (
            {"in": -1},
            {"in": True},
            {"in": 1.5},
            {"in": "x"},
            {"in": "\u0661"},
            {"in": 10**9},
            {"start": "yesterday"},
            {"start": None},
            {"end": 5},
            {"adults_in": "many"},
        )
    ],
)
def test_wrong_exports(body: bytes) -> None:
    """Read nothing from an export that isn't one."""
    with pytest.raises(AnswerError):
        rows_3d(body)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{}", b'{"total_in": 1, "total_out": -1}', b'{"total_in": 1e400, "total_out": 1}']
)
def test_wrong_live_counts(body: bytes) -> None:
    """Read nothing from live counts that aren't."""
    with pytest.raises(AnswerError):
        live_3d(body)
    with pytest.raises(AnswerError):
        live_2d(body, STOCKHOLM)


@pytest.mark.parametrize("timestamp", ["", "noon", 5, "2021-04-13T12:30:24"])
def test_wrong_time(timestamp: object) -> None:
    """Read no live counts whose time isn't known."""
    with pytest.raises(AnswerError):
        live_3d(json.dumps({"total_in": 1, "total_out": 1, "timestamp": timestamp}).encode())


def test_wrong_csv() -> None:
    """Read nothing from a CSV whose rows haven't the six columns; without rows, there are none."""
    header = b"a,b,c,d,e,f\n"
    row = "2021-04-12 10:00:00,2021-04-12 10:15:00,{serial},{name},1,2\n"
    (found,) = rows_2d(header + row.format(serial="AC:CC:8E:F3:D9:2E", name="Door").encode(), SERIAL)
    assert (found.entered, found.exited) == (1, 2)
    assert rows_2d(b"", SERIAL) == rows_2d(header, SERIAL) == []
    for serial, name in [
        ("accc8ef3d92e", "Door, 2"),
        ("accc8ef3d92e", '"North'),
        ("accc8ef3d92e", '"North" door'),
        ("accc8ef3d92e", "x" * 140_000),
        ("accc8e000001", "Door"),
        ("", "Door"),
    ]:
        with pytest.raises(AnswerError):
            rows_2d(header + row.format(serial=serial, name=name).encode(), SERIAL)
    with pytest.raises(AnswerError):
        rows_2d(b"a,b\n1,2\n", SERIAL)
    with pytest.raises(AnswerError):
        rows_2d(b"a,b,c,d,e,f,g\n", SERIAL)

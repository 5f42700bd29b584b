"""The simulated camera answers requests for its counts as Axis documents it, and as it was seen in the field."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
import json
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from .simulator import THREE_D, TWO_D, Adults, Camera, CountingApi, Counts, Device, Model, Visits
from .simulator.source import Days

STOCKHOLM = ZoneInfo("Europe/Stockholm")
# Half past twelve in Stockholm.
NOON = datetime(2021, 4, 13, 10, 30, 24, tzinfo=UTC)
SPRING = datetime(2021, 3, 28, 20, 0, tzinfo=UTC)
AUTUMN = datetime(2021, 10, 31, 20, 0, tzinfo=UTC)


def counting(model: Model = THREE_D, *, now: datetime = NOON, days: int = 3, zone: ZoneInfo = STOCKHOLM) -> CountingApi:
    """Return the counting application of a camera in a shop."""
    return CountingApi(
        Camera(
            Visits("shop", zone),
            "http://127.0.0.1",
            None,
            serial="accc8ef3d92e",
            name="Main entrance",
            model=model,
            installed=now - timedelta(days=days),
            clock=lambda: now,
        )
    )


def asked(api: CountingApi, path: str, query: str = "") -> Any:
    """Return the JSON that a request is answered with."""
    answer = api.answer(path, query)
    assert answer
    assert answer.status == 200
    return json.loads(answer.body)


def exported(api: CountingApi, query: str) -> list[dict[str, Any]]:
    """Return the rows that a 3D camera exports."""
    rows: list[dict[str, Any]] = asked(api, "/a3dpc/api/export/json", query)["data"]
    return rows


def test_export_of_a_3d_camera() -> None:
    """Return rows with local times up to the given end, which isn't included."""
    api = counting()
    hours = exported(api, "start=yesterday&end=today&resolution=hour")
    assert len(hours) == 24
    assert (hours[0]["start"], hours[-1]["end"]) == ("2021-04-12 00:00:00", "2021-04-13 00:00:00")
    minutes = exported(api, "start=20210412&end=20210413&resolution=minute")
    (day,) = exported(api, "start=20210412&end=20210413&resolution=day")
    for name in ("in", "out", "adults_in", "adults_out"):
        assert sum(row[name] for row in minutes) == sum(row[name] for row in hours) == day[name] > 0
    start = datetime(2021, 4, 11, 22, tzinfo=UTC)
    truth = api.camera.counted(start, start + timedelta(days=1))
    assert (day["in"], day["out"]) == (truth.in_, truth.out)
    assert exported(api, "start=today&end=now&resolution=minute")[-1]["end"] == "2021-04-13 12:30:00"


def test_export_of_what_is_kept() -> None:
    """Return nothing from before the camera counted, or from before what it keeps."""
    assert exported(counting(), "start=20210401&end=today&resolution=minute")[0]["start"] == "2021-04-10 12:30:00"
    api = counting()
    api.memory = timedelta(days=1)
    assert exported(api, "start=20210401&end=today&resolution=minute")[0]["start"] == "2021-04-12 12:30:00"


@pytest.mark.parametrize(("now", "hours"), [(SPRING, 23), (AUTUMN, 25)], ids=["spring", "autumn"])
def test_export_when_the_clock_changes(now: datetime, hours: int) -> None:
    """Return each hour of the day, two with the same local time in autumn; no row tells them apart."""
    api = counting(now=now, days=2)
    rows = exported(api, "start=today&end=now&resolution=hour")
    first_pass = [row for row in rows if row["start"].endswith("02:00:00")]
    assert len(first_pass) == {23: 0, 25: 2}[hours]
    assert len(exported(api, f"start=yesterday&end={now + timedelta(days=1):%Y%m%d}&resolution=hour")) == 24 + len(rows)
    assert rows[0]["start"].endswith("00:00:00")
    for before, after in pairwise(rows):
        assert before["end"] == after["start"]


def test_rows_seen_in_the_field() -> None:
    """Leave adults out, or return null for them or for hours without people."""
    api = counting()
    api.adults = Adults.ABSENT
    assert set(exported(api, "start=today&end=now&resolution=hour")[0]) == {"start", "end", "in", "out"}
    api.adults = Adults.NULL
    row = exported(api, "start=today&end=now&resolution=hour")[-1]
    assert row["in"] > 0
    assert row["adults_in"] is None
    api.null_when_empty = True
    row = exported(api, "start=today&end=now&resolution=hour")[0]
    assert (row["in"], row["out"]) == (None, None)


@pytest.mark.parametrize("errors_name", ["error", "errors"])
def test_wrong_parameters(errors_name: str) -> None:
    """List all wrong parameters of an export."""
    api = counting()
    api.errors_name = errors_name
    answer = api.answer("/a3dpc/api/export/json", "start=2021-04-12&end=today")
    assert answer
    assert answer.status == 400
    error = json.loads(answer.body)["error"]
    assert error["message"] == "Validation failed"
    assert [listed["field"] for listed in error[errors_name]] == ["start", "resolution"]


def test_live_counts_of_a_3d_camera() -> None:
    """Return the occupancy and the counts of a primary camera and its secondaries, by the camera's clock."""
    api = counting()
    found = asked(api, "/a3dpc/api/occupancy")
    truth = api.camera.passed(api.live_since, NOON)
    assert found == {
        "occupancy": truth.in_ - truth.out,
        "serial": "ac:cc:8e:f3:d9:2e",
        "timestamp": "2021-04-13T12:30:24+02:00",
        "total_in": truth.in_,
        "total_out": truth.out,
    }
    api.secondaries = [counting().camera]
    assert asked(api, "/a3dpc/api/occupancy")["total_in"] == 2 * truth.in_
    api.inside_before = -5000
    assert asked(api, "/a3dpc/api/occupancy")["occupancy"] < 0
    api.camera.faults.clock_offset = timedelta(minutes=-7)
    assert asked(api, "/a3dpc/api/occupancy")["timestamp"] == "2021-04-13T12:23:24+02:00"


def test_restart() -> None:
    """Count live from the restart on, and export what was counted before it."""
    api = counting()
    before = exported(api, "start=yesterday&end=today&resolution=day")
    api.live_since = NOON - timedelta(minutes=10)
    truth = api.camera.passed(NOON - timedelta(minutes=10), NOON)
    assert asked(api, "/a3dpc/api/occupancy")["total_in"] == truth.in_
    assert exported(api, "start=yesterday&end=today&resolution=day") == before


def test_live_counts_of_a_2d_camera() -> None:
    """Return the counts since midnight by any name of the application, and an occupancy with spaces in its keys."""
    api = counting(TWO_D)
    midnight = datetime(2021, 4, 12, 22, tzinfo=UTC)
    today = api.camera.passed(midnight, NOON)
    for name in ("tvpc", "people-counter", "occupancy-estimator"):
        assert asked(api, f"/local/{name}/.api", "live-sum.json") == {
            "serial": "ACCC8EF3D92E",
            "name": "Main entrance",
            "timestamp": "20210413123024",
            "in": today.in_,
            "out": today.out,
        }
    found = asked(api, "/local/tvpc/.api", "live-occupancy.json")
    assert found["unixtime"] == NOON.timestamp()
    assert found["occupancy"] == found["total in"] - found["total out"]
    assert "ACCC8EF3D92E" in str(asked(api, "/local/tvpc/.api", "params.json"))


def test_exports_of_a_2d_camera() -> None:
    """Name both ends of an interval in CSV, and only its end in JSON."""
    api = counting(TWO_D)
    answer = api.answer("/local/tvpc/.api", "export-csv&date=20210412-20210413&res=15m")
    assert answer
    header, *rows = answer.body.splitlines()
    assert header.startswith("Interval start,Interval stop,Camera serial number,Counter name,Pedestrians coming in,")
    # A day and twelve and a half hours.
    assert len(rows) == 96 + 50
    start, stop, serial, name, entered, exited = rows[40].split(",")
    assert (start, stop, serial, name) == (
        "2021-04-12 10:00:00",
        "2021-04-12 10:15:00",
        "ACCC8EF3D92E",
        "Main entrance",
    )
    data = asked(api, "/local/tvpc/.api", "export-json&date=20210412&res=15m")["data"]
    assert len(data) == 96
    assert data["20210412101500"] == [int(entered), int(exited)]
    assert "20210413000000" in data
    assert len(asked(api, "/local/tvpc/.api", "export-json&date=all&res=24h")["data"]) == 4


@pytest.mark.parametrize("query", ["export-csv&date=yesterday", "export-json&res=1m", "export-xml", ""])
def test_wrong_requests_to_a_2d_camera(query: str) -> None:
    """Refuse what the application doesn't have."""
    answer = counting(TWO_D).answer("/local/tvpc/.api", query)
    assert answer
    assert answer.status in (400, 404)


def test_passages_within_a_minute() -> None:
    """Spread the people of a minute over it."""
    minute = datetime(2021, 4, 13, 10, tzinfo=UTC)

    def day(_: date) -> dict[int, Counts]:
        return {int(minute.timestamp()) // 60: Counts(in_=3, out=1)}

    camera = Camera(
        Days(STOCKHOLM, day), "http://127.0.0.1", None, serial="accc8ef3d92e", name="Door", installed=minute
    )

    def passed(start: float, end: float) -> tuple[int, int]:
        found = camera.passed(minute + timedelta(seconds=start), minute + timedelta(seconds=end))
        return found.in_, found.out

    assert [passed(0, end) for end in (0, 9.9, 10, 30, 50, 60, 90)] == [
        (0, 0),
        (0, 0),
        (1, 0),
        (2, 1),
        (3, 1),
        (3, 1),
        (3, 1),
    ]
    assert passed(20, 40) == (1, 1)


@pytest.mark.usefixtures("socket_enabled")
async def test_answers_over_http() -> None:
    """Answer through the camera's web server, after the login; without the application, with 404."""
    async with Device(counting=counting()) as device, aiohttp.ClientSession() as session:

        async def status() -> tuple[int, str]:
            digest = aiohttp.DigestAuthMiddleware("root", device.password)
            async with session.get(f"{device.url}/a3dpc/api/occupancy", middlewares=(digest,)) as response:
                return response.status, await response.text()

        assert (await status())[0] == 200
        assert '"occupancy"' in (await status())[1]
        async with session.get(f"{device.url}/a3dpc/api/occupancy") as response:
            assert response.status == 401
        device.counting = None
        assert (await status())[0] == 404

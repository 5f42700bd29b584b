"""The download of counts: the link the action gives, and what comes when it is opened."""

import asyncio
import csv
from datetime import datetime, timedelta
from http import HTTPStatus
import io
import json
from pathlib import Path
from threading import Event
import tracemalloc
from typing import Any

from aiohttp import ClientPayloadError
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter import export
from custom_components.axis_people_counter.const import DOMAIN, LEDGER_FILE
from custom_components.axis_people_counter.export import EXPORT_PATH, harmless
from custom_components.axis_people_counter.ledger.ledger import PAGE, Ledger
from homeassistant.core import HomeAssistant
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr

from .helpers.ledgers import query
from .helpers.pusher import SERIAL, Document, Pusher, measurement

# Wednesday, 12:00 in Stockholm.
NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
SIDE_DOOR = {"serial": "accc8e000002", "name": "Side door", "timeZone": "Asia/Kolkata"}
COLUMNS = ["camera", "serial", "start", "end", "in", "out", "adults_in", "adults_out", "occupancy_peak", "complete"]

type Client = TestClient[Any, Any]


def at(text: str, *counts: int, minutes: int = 1, **more: Any) -> Document:
    """Return the measurement that begins at a time with an offset."""
    return measurement(datetime.fromisoformat(text), *counts, minutes=minutes, **more)


async def link(hass: HomeAssistant, start: Any = "2026-09-16", **data: Any) -> dict[str, Any]:
    """Return what the action answers, for all cameras."""
    answer = await hass.services.async_call(
        DOMAIN,
        "export_counts",
        {"start": start, "entity_id": "all", **data},
        blocking=True,
        return_response=True,
    )
    found: dict[str, Any] = json.loads(json.dumps(answer))
    return found


async def download(hass: HomeAssistant, client: Client, start: Any = "2026-09-16", **data: Any) -> str:
    """Return the file behind a link."""
    response = await client.get((await link(hass, start, **data))["path"])
    assert response.status == HTTPStatus.OK, await response.text()
    return (await response.read()).decode()


def cells(file: str) -> list[list[str]]:
    """Return the cells of a table."""
    return list(csv.reader(io.StringIO(file.removeprefix("\ufeff"), newline=""), strict=True))


async def test_table(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Rows of all cameras under one heading, as a spreadsheet wants them, from the first count on."""
    await pusher.push(at("2026-09-16T08:00:00Z", 5, 2, minutes=60), at("2026-09-16T09:30:00Z", 1))
    await pusher.push(at("2026-09-16T09:10:00Z", 4, 3, adults=(3, 1)), sensor={**SIDE_DOOR, "name": "Köket Ö"})
    response = await pusher.client.get((await link(hass, "2026-01-01"))["path"])
    assert response.status == HTTPStatus.OK
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == (
        'attachment; filename="people-counts_2026-01-01_2026-09-16_hour.csv"'
    )
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers.getall("X-Content-Type-Options") == ["nosniff"]
    file = (await response.read()).decode()
    assert file.startswith('\ufeff"camera","serial"')
    assert file.count("\n") == file.count("\r\n") == 5
    assert file.endswith("\r\n")
    assert cells(file) == [
        COLUMNS,
        [
            "Main entrance",
            SERIAL,
            "2026-09-16T10:00:00+02:00",
            "2026-09-16T11:00:00+02:00",
            *"5",
            *"2",
            "",
            "",
            *"3",
            "true",
        ],
        [
            "Main entrance",
            SERIAL,
            "2026-09-16T11:00:00+02:00",
            "2026-09-16T12:00:00+02:00",
            *"1",
            *"0",
            "",
            "",
            *"4",
            "false",
        ],
        [
            "Köket Ö",
            "accc8e000002",
            "2026-09-16T14:00:00+05:30",
            "2026-09-16T15:00:00+05:30",
            *"4",
            *"3",
            *"3",
            *"1",
            *"1",
            "false",
        ],
        [
            "Köket Ö",
            "accc8e000002",
            "2026-09-16T15:00:00+05:30",
            "2026-09-16T16:00:00+05:30",
            *"0",
            *"0",
            *"0",
            *"0",
            *"1",
            "false",
        ],
    ]


async def test_json_lines(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """One object a line, with the same keys in each, and names as they are."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5, 2, minutes=60), sensor={"name": "=Ö"})
    response = await pusher.client.get((await link(hass, format="jsonl"))["path"])
    assert response.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
    assert ".jsonl" in response.headers["Content-Disposition"]
    lines = (await response.read()).decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "camera": "=Ö",
            "serial": SERIAL,
            "start": "2026-09-16T11:00:00+02:00",
            "end": "2026-09-16T12:00:00+02:00",
            "in": 5,
            "out": 2,
            "adults_in": None,
            "adults_out": None,
            "occupancy_peak": 3,
            "complete": True,
        }
    ]
    assert list(json.loads(lines[0])) == COLUMNS


async def test_intervals(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """What is stored in the time asked for, neither summed up nor rounded, in the direction its entities show."""
    await pusher.push(
        at("2026-09-16T08:59:00Z", 9),
        at("2026-09-16T09:00:00Z", 5, 2, adults=(3, 1)),
        at("2026-09-16T09:15:00Z", 1, minutes=15),
        at("2026-09-16T09:45:00Z", 8),
    )
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": "switch.main_entrance_reverse_direction"}, blocking=True
    )
    data = {"start": "2026-09-16 11:00:00", "end": "2026-09-16T09:45:00Z", "period": "interval"}
    assert cells(await download(hass, pusher.client, **data)) == [
        COLUMNS[:8],
        ["Main entrance", SERIAL, "2026-09-16T11:00:00+02:00", "2026-09-16T11:01:00+02:00", *"2513"],
        ["Main entrance", SERIAL, "2026-09-16T11:15:00+02:00", "2026-09-16T11:30:00+02:00", *"01", "", ""],
    ]
    lines = (await download(hass, pusher.client, **data, format="jsonl")).splitlines()
    assert list(json.loads(lines[1]).values())[4:] == [0, 1, None, None]


async def test_same_rows_as_get_counts(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A file and an answer tell the same."""
    await pusher.push(
        *(measurement(NOON - minutes * MINUTE, minutes % 3, minutes % 4) for minutes in range(1, 2000, 7))
    )
    for period in ("5minute", "15minute", "30minute", "hour", "day", "week", "month"):
        data = {"start": NOON - 1996 * MINUTE, "entity_id": "all", "period": period}
        answer: Any = await hass.services.async_call(DOMAIN, "get_counts", data, blocking=True, return_response=True)
        lines = (await download(hass, pusher.client, **data, format="jsonl")).splitlines()
        rows = [{key: row[key] for key in COLUMNS[2:] if "adults" not in key} for row in map(json.loads, lines)]
        assert rows == answer["cameras"][0]["rows"], period


async def test_nothing_there(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A table without rows still has its heading."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    data = {"start": "2026-09-01", "end": "2026-09-02"}
    assert cells(await download(hass, pusher.client, **data)) == [COLUMNS]
    assert await download(hass, pusher.client, **data, format="jsonl") == ""


# Names

EVIL_NAMES = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "  =1+1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\x00=1+1",
    "\u200b=1+1",
    "\u3000=1+1",
    "\ufeff=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20A1",
    "\ufe621",
    '=HYPERLINK("http://x.example","click")',
]


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_no_name_is_a_formula(name: str) -> None:
    """Whatever stands before the sign, an apostrophe stands before all of it."""
    shown = harmless(name)
    assert shown.startswith("'")
    assert shown.isprintable()


@pytest.mark.parametrize("name", ["Main entrance", "A-1", "a=b", "1+1", "Ö", "'", "", "入口", "🚪 door"])
def test_harmless_names_stay(name: str) -> None:
    """What is no formula is as it was."""
    assert harmless(name) == name


@pytest.mark.parametrize("name", [*EVIL_NAMES, 'a";=1+1;"b', "a;=1+1", "a,=1+1", "a\r\n=1+1", '"=1+1"', "a\tb"])
async def test_names_in_a_table(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, name: str
) -> None:
    """A name given by a user stays in its cell, also for spreadsheets that divide at semicolons or tabs."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    dr.async_get(hass).async_update_device(device.id, name_by_user=name)
    file = await download(hass, pusher.client)
    assert file.count("\n") == 2
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(file.removeprefix("\ufeff"), newline=""), delimiter=delimiter):
            assert all(cell.lstrip()[:1] not in tuple("=+-@\uff1d\uff0b\uff0d\uff20\ufe62") for cell in row), row
    assert cells(file)[1][0] == harmless(name)


# The link


async def test_link(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """It is complete where Home Assistant has an address, and says how long it is good."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    await async_process_ha_core_config(hass, {"external_url": "https://ha.example.org"})
    answer = await link(hass)
    assert answer.keys() == {"url", "path", "expires"}
    assert answer["url"] == f"https://ha.example.org{answer['path']}"
    assert answer["path"].startswith(f"{EXPORT_PATH}?")
    assert datetime.fromisoformat(answer["expires"]) == NOON + timedelta(hours=1)
    assert datetime.fromisoformat(answer["expires"]).tzinfo


async def test_link_without_an_address(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The path is there where Home Assistant doesn't know how it is reached."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    hass.config.api = None
    answer = await link(hass)
    assert answer["url"] is None
    assert (await pusher.client.get(answer["path"])).status == HTTPStatus.OK


async def test_link_expires(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """After an hour it is good for nothing."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    path = (await link(hass))["path"]
    noon.tick(timedelta(minutes=59, seconds=59))
    assert (await pusher.client.get(path)).status == HTTPStatus.OK
    noon.tick(timedelta(seconds=1))
    assert (await pusher.client.get(path)).status == HTTPStatus.UNAUTHORIZED


async def test_link_is_for_what_was_asked(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Nothing of it can be changed, added, left out or put elsewhere."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    await pusher.push(at("2026-09-16T09:00:00Z", 4), sensor=SIDE_DOOR)
    path = (await link(hass, "2026-09-16 11:00:00", entity_id="sensor.main_entrance_occupancy"))["path"]
    good = await pusher.client.get(path)
    assert good.status == HTTPStatus.OK
    assert SIDE_DOOR["serial"] not in await good.text()
    query_string = path.partition("?")[2]
    unsigned, _, signature = path.partition("&authSig=")
    assert unsigned == (
        f"{EXPORT_PATH}?cameras={SERIAL}&start=2026-09-16T11:00:00&end=2026-09-16T10:00:00Z&period=hour&format=csv"
    )
    for changed in (
        unsigned,
        EXPORT_PATH,
        path.replace(SERIAL, SIDE_DOOR["serial"]),
        path.replace(f"cameras={SERIAL}&", ""),
        path.replace("T11", "T10"),
        path.replace("hour", "day"),
        path.replace("format=csv", "format=jsonl"),
        f"{path}&cameras={SIDE_DOOR['serial']}",
        f"{path}x",
        f"{unsigned}&authSig={signature[:-4]}AAAA",
        f"/api/axis_people_counter/push?{query_string}",
    ):
        response = await pusher.client.get(changed)
        assert response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.METHOD_NOT_ALLOWED), changed
        assert "Main entrance" not in await response.text()
    # What Home Assistant doesn't sign is refused here.
    assert (await pusher.client.get(f"{path}&width=1")).status == HTTPStatus.BAD_REQUEST


async def test_offsets_survive_the_link(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """An instant is the same in a URL, whose plus signs are spaces."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    data = {"start": "2026-09-16T14:30:00.5+05:30", "end": "9999-12-31T23:59:59-05:00", "period": "interval"}
    assert "start=2026-09-16T09:00:00Z&end=2026-09-16T10:00:00Z&" in (await link(hass, **data))["path"]
    assert len(cells(await download(hass, pusher.client, **data))) == 2


async def test_signed_in(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, hass_client: ClientSessionGenerator
) -> None:
    """A program with an access token needs no link; the token of the cameras isn't one."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    await pusher.push(at("2026-09-16T09:00:00Z", 4), sensor=SIDE_DOOR)
    client = await hass_client()
    response = await client.get(f"{EXPORT_PATH}?start=2026-09-16&period=interval")
    assert len(cells((await response.read()).decode())) == 3
    response = await client.get(f"{EXPORT_PATH}?start=2026-09-16&period=interval&cameras={SIDE_DOOR['serial']}")
    assert [row[0] for row in cells((await response.read()).decode())[1:]] == ["Side door"]
    headers = {"Authorization": "Bearer the-token-of-these-tests"}
    response = await pusher.client.get(f"{EXPORT_PATH}?start=2026-09-16", headers=headers)
    assert response.status == HTTPStatus.UNAUTHORIZED


async def test_too_many_cameras_for_a_link(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not become longer than what servers and proxies take."""
    for number in range(3):
        await pusher.push(at("2026-09-16T09:00:00Z", 5), sensor={"serial": f"{number:012x}", "name": f"Door {number}"})
    monkeypatch.setattr("custom_components.axis_people_counter.services.MAX_LINK_CAMERAS", 2)
    with pytest.raises(ServiceValidationError) as info:
        await link(hass)
    assert info.value.translation_key == "too_many_cameras"


async def test_longest_link(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """With as many cameras as there may be in one, the server takes it."""
    for number in range(150):
        await pusher.push(at("2026-09-16T09:00:00Z", 5), sensor={"serial": f"{number:012x}", "name": f"Door {number}"})
    path = (await link(hass))["path"]
    assert 5000 < len(path) < 6500
    response = await pusher.client.get(path)
    assert len(cells((await response.read()).decode())) == 151


async def test_refused_by_the_action(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """A link that would lead to an error isn't made."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    for key, data in {
        "start_in_future": {"start": "2026-09-17"},
        "start_too_early": {"start": "1970-01-01"},
        "end_before_start": {"start": "2026-09-15", "end": "2026-09-14"},
        "not_camera": {"start": "2026-09-15", "entity_id": "sun.sun"},
    }.items():
        with pytest.raises(ServiceValidationError) as info:
            await link(hass, **data)
        assert info.value.translation_key == key


@pytest.mark.parametrize(
    ("parameters", "status", "message"),
    [
        ("", 400, "start is missing."),
        ("start=yesterday", 400, "start isn't a date"),
        ("start=2026-13-01", 400, "start isn't a date"),
        ("start=", 400, "start isn't a date"),
        ("start=2026-09-16&end=2026-09-31T08:00", 400, "end isn't a date"),
        ("start=2026-09-15&end=2026-09-14", 400, "end must be after the start"),
        ("start=2026-09-17", 400, "is in the future"),
        ("start=9999-12-31", 400, "is in the future"),
        ("start=1999-12-31", 400, "before the year 2000"),
        ("start=2026-09-16&period=year", 400, "period isn't one of interval, 5minute,"),
        ("start=2026-09-16&format=xlsx", 400, "format isn't one of csv, jsonl."),
        ("start=2026-09-16&start=2026-09-15", 400, "twice"),
        ("start=2026-09-16&limit=5", 400, "no other parameters than cameras, start,"),
        ("start=2026-09-16&cameras=accc8e000009", 404, "no such camera"),
        (f"start=2026-09-16&cameras={SERIAL},", 404, "no such camera"),
        ("start=2026-09-16&cameras=", 404, "no such camera"),
    ],
)
async def test_wrong_parameters(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    hass_client: ClientSessionGenerator,
    parameters: str,
    status: int,
    message: str,
) -> None:
    """Each is refused with a sentence that says what is wrong."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    response = await (await hass_client()).get(f"{EXPORT_PATH}?{parameters}")
    assert response.status == status
    assert message in (await response.json())["message"]


# When things go wrong, and when there is much


async def test_not_ready(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Without an entry, and without a ledger, it is said that one may come again."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    path = (await link(hass))["path"]
    await entry.runtime_data.async_stop()
    response = await pusher.client.get(path)
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.headers["Retry-After"]
    await hass.config_entries.async_unload(entry.entry_id)
    response = await pusher.client.get(path)
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.headers["Retry-After"]


async def fill(hass: HomeAssistant, pusher: Pusher, count: int) -> None:
    """Have a camera with so many minutes before an hour ago, put into the ledger's file from outside."""
    await pusher.push(measurement(NOON - 30 * MINUTE, 1))
    path = Path(hass.config.path(LEDGER_FILE))
    end = int((NOON - 60 * MINUTE).timestamp())
    sql = (
        "INSERT INTO intervals (camera, start, stop, entered, exited, sent)"
        " WITH RECURSIVE minute(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM minute WHERE number < ?)"
        " SELECT id, ? - 60 * number, ? - 60 * number + 60, number % 3, number % 4, ? FROM cameras, minute"
    )
    await hass.async_add_executor_job(query, path, sql, count, end, end, end)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of the pages that are read from the ledger, as they are read."""
    sizes: list[int] = []
    ask = Ledger.intervals

    def listening(ledger: Ledger, serial: str, start: int, end: int, limit: int) -> Any:
        future = ask(ledger, serial, start, end, limit)
        if limit > 1:
            future.add_done_callback(lambda done: sizes.append(0 if done.exception() else len(done.result())))
        return future

    monkeypatch.setattr(Ledger, "intervals", listening)
    return sizes


async def until_quiet(pages: list[int]) -> None:
    """Wait until nothing has been read for a while."""
    before = -1
    while before != len(pages):
        before = len(pages)
        # For the event loop time stands still, but not for a lock.
        await asyncio.to_thread(Event().wait, 0.5)


async def test_long_file(hass: HomeAssistant, pusher: Pusher, noon: FrozenDateTimeFactory, pages: list[int]) -> None:
    """A file of many pages has all intervals, once each and in order, and never stands in the memory as a whole."""
    count = 100_000
    await fill(hass, pusher, count)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    tracemalloc.start()
    try:
        response = await pusher.client.get(path)
        assert response.status == HTTPStatus.OK
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        length = lines = people = 0
        rest = b""
        async for chunk in response.content.iter_any():
            length += len(chunk)
            *whole, rest = (rest + chunk).split(b"\r\n")
            lines += len(whole)
            people += sum(int(line.split(b",")[4]) for line in whole if b"T" in line)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rest == b""
    assert lines == count + 2
    assert people == sum(number % 3 for number in range(1, count + 1)) + 1
    assert length > 9_000_000
    assert peak - before < 5_000_000
    assert max(pages) == PAGE
    assert len(pages) == count // PAGE + 1


async def test_slow_client(hass: HomeAssistant, pusher: Pusher, noon: FrozenDateTimeFactory, pages: list[int]) -> None:
    """No more is read than somebody takes."""
    await fill(hass, pusher, 400_000)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    response = await pusher.client.get(path)
    await response.content.readany()
    await until_quiet(pages)
    assert len(pages) < 40
    response.close()
    # What is being read for it comes to its end before the test does.
    await until_quiet(pages)


async def test_downloads_are_bounded(hass: HomeAssistant, pusher: Pusher, pages: list[int]) -> None:
    """Downloads that nobody reads take no more than their share of the threads."""
    await fill(hass, pusher, 400_000)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    idle = [await pusher.client.get(path) for _ in range(export.MAX_DOWNLOADS)]
    refused = await pusher.client.get(path)
    assert refused.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert refused.headers["Retry-After"] == str(export.RETRY_SECONDS)
    for response in idle:
        response.close()
    await until_quiet(pages)
    response = await pusher.client.get(path)
    assert response.ok
    response.close()
    await until_quiet(pages)


async def test_download_that_nobody_reads(
    hass: HomeAssistant, pusher: Pusher, pages: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download ends when its client reads nothing for a while, and leaves its place to others."""
    monkeypatch.setattr(export, "SECONDS_WITHOUT_READING", 1)
    monkeypatch.setattr(export, "MAX_DOWNLOADS", 1)
    await fill(hass, pusher, 400_000)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    idle = await pusher.client.get(path)
    for _ in range(300):
        if (response := await pusher.client.get(path)).ok:
            break
        await asyncio.sleep(0.1)
    assert response.ok
    idle.close()
    response.close()
    await until_quiet(pages)


async def test_client_that_hangs_up(
    hass: HomeAssistant, pusher: Pusher, noon: FrozenDateTimeFactory, pages: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    """The work ends with it, and nobody is bothered."""
    await fill(hass, pusher, 400_000)
    path = (await link(hass, "2000-01-01", period="interval"))["path"]
    response = await pusher.client.get(path)
    await response.content.readany()
    response.close()
    await until_quiet(pages)
    assert len(pages) < 40
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
    # And others are served.
    await download(hass, pusher.client, period="day")


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
async def test_ledger_fails_in_mid_stream(
    hass: HomeAssistant,
    pusher: Pusher,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    file_format: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A file that isn't complete doesn't look as if it were."""
    await fill(hass, pusher, 400_000)
    path = (await link(hass, "2000-01-01", period="interval", format=file_format))["path"]
    response = await pusher.client.get(path)
    assert response.status == HTTPStatus.OK
    await entry.runtime_data.async_stop()
    with pytest.raises(ClientPayloadError):
        await response.read()
    assert "An export ended before its time: The ledger is closed." in caplog.text


async def test_pushes_between_pages(
    hass: HomeAssistant, pusher: Pusher, noon: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is counted twice when a long interval that has been read becomes short ones."""
    monkeypatch.setattr("custom_components.axis_people_counter.ledger.ledger.PAGE", 1)
    await pusher.push(at("2026-09-16T09:00:00Z", 15, minutes=15), at("2026-09-16T09:15:00Z", 1, minutes=15))
    asked = Ledger.intervals
    pushed: list[Any] = []

    def pushing(ledger: Ledger, *arguments: Any) -> Any:
        future = asked(ledger, *arguments)
        if not pushed:
            future.result()
            short = [at(f"2026-09-16T09:{minute:02}:00Z", 1) for minute in range(15)]
            pushed.append(asyncio.run_coroutine_threadsafe(pusher.push(*short), hass.loop))
            pushed[0].result()
        return future

    monkeypatch.setattr(Ledger, "intervals", pushing)
    rows = cells(await download(hass, pusher.client, period="interval"))[1:]
    assert [(row[2][11:16], row[4]) for row in rows] == [("11:00", "15"), ("11:15", "1")]

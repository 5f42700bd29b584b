"""The export of counts: the link, its parameters, and the content of the file."""

import csv
from datetime import datetime, timedelta
from http import HTTPStatus
import io
import json
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.exports.export import EXPORT_PATH
from custom_components.axis_people_counter.exports.formats import harmless
from homeassistant.core import HomeAssistant
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr

from .helpers.exports import COLUMNS, MINUTE, NOON, SIDE_DOOR, at, cells, download, link
from .helpers.pusher import SERIAL, Pusher, measurement


async def test_table(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Export the rows of all cameras as CSV, from the first count on."""
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
    """Export one JSON object a line, with the same keys in each."""
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
    """Export intervals as they are stored, in the direction of the entities."""
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
    """Export the same rows that get_counts returns."""
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
    """Export the heading without rows."""
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
    """Put an apostrophe before a formula, whatever precedes its sign."""
    shown = harmless(name)
    assert shown.startswith("'")
    assert shown.isprintable()


@pytest.mark.parametrize("name", ["Main entrance", "A-1", "a=b", "1+1", "Ö", "'", "", "入口", "🚪 door"])
def test_harmless_names_stay(name: str) -> None:
    """Leave a name that is no formula unchanged."""
    assert harmless(name) == name


@pytest.mark.parametrize("name", [*EVIL_NAMES, 'a";=1+1;"b', "a;=1+1", "a,=1+1", "a\r\n=1+1", '"=1+1"', "a\tb"])
async def test_names_in_a_table(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, name: str
) -> None:
    """Keep a name in its cell, also for spreadsheets that split at semicolons or tabs."""
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
    """Return a complete link with its expiry."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    await async_process_ha_core_config(hass, {"external_url": "https://ha.example.org"})
    answer = await link(hass)
    assert answer.keys() == {"url", "path", "expires"}
    assert answer["url"] == f"https://ha.example.org{answer['path']}"
    assert answer["path"].startswith(f"{EXPORT_PATH}?")
    assert datetime.fromisoformat(answer["expires"]) == NOON + timedelta(hours=1)
    assert datetime.fromisoformat(answer["expires"]).tzinfo


async def test_link_without_an_address(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Return only the path if Home Assistant has no address."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    hass.config.api = None
    answer = await link(hass)
    assert answer["url"] is None
    assert (await pusher.client.get(answer["path"])).status == HTTPStatus.OK


async def test_link_expires(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Reject a link after an hour."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    path = (await link(hass))["path"]
    noon.tick(timedelta(minutes=59, seconds=59))
    assert (await pusher.client.get(path)).status == HTTPStatus.OK
    noon.tick(timedelta(seconds=1))
    assert (await pusher.client.get(path)).status == HTTPStatus.UNAUTHORIZED


async def test_link_is_for_what_was_asked(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Reject a link with changed, added, missing or moved parameters."""
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
    """Keep offsets in a URL, where a plus sign means a space."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    data = {"start": "2026-09-16T14:30:00.5+05:30", "end": "9999-12-31T23:59:59-05:00", "period": "interval"}
    assert "start=2026-09-16T09:00:00Z&end=2026-09-16T10:00:00Z&" in (await link(hass, **data))["path"]
    assert len(cells(await download(hass, pusher.client, **data))) == 2


async def test_signed_in(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, hass_client: ClientSessionGenerator
) -> None:
    """Accept an access token instead of a link, but not the cameras' token."""
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
    """Refuse a link for more cameras than a URL can hold."""
    for number in range(3):
        await pusher.push(at("2026-09-16T09:00:00Z", 5), sensor={"serial": f"{number:012x}", "name": f"Door {number}"})
    monkeypatch.setattr("custom_components.axis_people_counter.services.MAX_LINK_CAMERAS", 2)
    with pytest.raises(ServiceValidationError) as info:
        await link(hass)
    assert info.value.translation_key == "too_many_cameras"


@pytest.mark.slow
async def test_longest_link(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Accept the longest link."""
    for number in range(150):
        await pusher.push(at("2026-09-16T09:00:00Z", 5), sensor={"serial": f"{number:012x}", "name": f"Door {number}"})
    path = (await link(hass))["path"]
    assert 5000 < len(path) < 6500
    response = await pusher.client.get(path)
    assert len(cells((await response.read()).decode())) == 151


async def test_refused_by_the_action(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Refuse a link that would lead to an error."""
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
        ("start=2026-09-16&limit=5", 400, "no other parameters than cameras, places, start,"),
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
    """Return 400 with a sentence for each wrong parameter."""
    await pusher.push(at("2026-09-16T09:00:00Z", 5))
    response = await (await hass_client()).get(f"{EXPORT_PATH}?{parameters}")
    assert response.status == status
    assert message in (await response.json())["message"]


# When things go wrong, and when there is much


async def test_not_ready(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher
) -> None:
    """Return 503 without a loaded entry or a ledger."""
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

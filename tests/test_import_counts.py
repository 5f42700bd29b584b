"""Old counts are imported from texts and files, checked first, and refused as a whole where something is wrong."""

import asyncio
from datetime import datetime, timedelta
import os
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.axis_people_counter import imports
from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.counting import Interval
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers.json import json_bytes

from .helpers.exports import download
from .helpers.get_counts import rows
from .helpers.importing import HOURS, MAIN, allowed_folder, call, check, do_import, undo
from .helpers.places import BACK_DOOR, NOON, add_place, entity_of, push_two_doors, shown
from .helpers.pusher import SERIAL, Pusher, measurement, state_of

MINUTE = timedelta(minutes=1)
JUNE = "2026-06-10"
BACK_ENTITY = "sensor.back_door_occupancy"
CALLS: dict[str, dict[str, Any]] = {
    "import_counts": {"content": HOURS},
    "undo_import": {"import_id": 1},
    "list_imports": {},
}


@pytest.fixture(autouse=True)
async def _pushed(noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Have one camera that has counted for a minute."""
    await pusher.push(measurement(NOON - MINUTE, 1, 2))


async def people(hass: HomeAssistant, day: str = JUNE, **data: Any) -> list[tuple[str, int, int]]:
    """Return the hours of a day in which somebody passed, and how many went in and out."""
    found = await rows(hass, f"{day} 00:00:00", end=f"{day} 23:59:59", **data)
    return [(row["start"][11:16], row["in"], row["out"]) for row in found if row["in"] or row["out"]]


async def test_dry_run_first(hass: HomeAssistant) -> None:
    """Explain what would be imported, and store nothing unless that is wanted."""
    expected: dict[str, Any] = {
        "dry_run": True,
        "import_id": None,
        "rows": 2,
        "intervals": 2,
        "in": 3,
        "out": 16,
        "first": "2026-06-10T08:00:00+02:00",
        "last": "2026-06-10T10:00:00+02:00",
        "skipped_already_counted": 0,
        "skipped_too_old": 0,
        "skipped_not_counted": 0,
        "skipped_other_cameras": 0,
        "skipped_places": 0,
        "advice": None,
        "number_of_faults": 0,
        "faults": [],
    }
    assert await check(hass) == expected
    assert await people(hass) == []
    assert await call(hass, "list_imports") == {"imports": []}
    answer = await do_import(hass)
    assert answer == expected | {"dry_run": False, "import_id": 1}
    assert await people(hass) == [("08:00", 3, 4), ("09:00", 0, 12)]
    # Once more, nothing is added, and there is nothing to undo.
    answer = await do_import(hass)
    assert (answer["import_id"], answer["intervals"], answer["skipped_already_counted"]) == (None, 0, 2)
    assert (answer["first"], answer["in"]) == (None, 0)
    assert await people(hass) == [("08:00", 3, 4), ("09:00", 0, 12)]


async def test_pushed_counts_stay(hass: HomeAssistant, pusher: Pusher) -> None:
    """Leave out rows whose time has pushed counts; a later push replaces what was imported, and undoing it nothing."""
    await pusher.push(measurement(NOON - timedelta(minutes=95), 7, minutes=5))
    content = "time,in,out\n" + "".join(f"2026-09-16 {hour:02}:00,10,0\n" for hour in range(8, 12))
    answer = await do_import(hass, content)
    assert (answer["intervals"], answer["skipped_already_counted"]) == (2, 2)
    assert await people(hass, "2026-09-16") == [("08:00", 10, 0), ("09:00", 10, 0), ("10:00", 7, 0), ("11:00", 1, 2)]
    await pusher.push(measurement(NOON - timedelta(minutes=180), 1, minutes=15))
    assert await people(hass, "2026-09-16") == [("08:00", 10, 0), ("09:00", 1, 0), ("10:00", 7, 0), ("11:00", 1, 2)]
    assert await undo(hass, answer["import_id"]) == {"import_id": 1, "intervals": 1, "in": 10, "out": 0}
    assert await people(hass, "2026-09-16") == [("09:00", 1, 0), ("10:00", 7, 0), ("11:00", 1, 2)]


async def test_counts_of_today(hass: HomeAssistant) -> None:
    """Show imported counts of today at once, on the camera and at its place, and no longer when they are undone."""
    content = "time,in,out\n2026-09-16 08:00,10,4\n2026-09-16 09:00,10,4\n"
    answer = await do_import(hass, content)
    assert (state_of(hass, "sensor.main_entrance_in_today"), state_of(hass, MAIN)) == ("21", "11")
    await undo(hass, answer["import_id"])
    assert (state_of(hass, "sensor.main_entrance_in_today"), state_of(hass, MAIN)) == ("1", "0")


@pytest.mark.parametrize("skips", [False, True])
async def test_faults(hass: HomeAssistant, skips: bool) -> None:
    """Name each fault with its row and column, and import nothing, or the other rows if that is wanted."""
    content = f"{HOURS}2026-06-10 10:00,x,-1\n2026-06-10 11:00,1,2.5\n2025-10-26 02:30,1,1\n"
    answer = await check(hass, content)
    assert (answer["number_of_faults"], answer["rows"]) == (4, 5)
    assert answer["faults"] == [
        {"row": 4, "column": "in", "value": "x", "message": "The cell is no number."},
        {"row": 4, "column": "out", "value": "-1", "message": "People can't be fewer than 0."},
        {"row": 5, "column": "out", "value": "2.5", "message": "People are whole numbers."},
        {
            "row": 6,
            "column": "time",
            "value": "2025-10-26 02:30",
            "message": "This time came twice when clocks were put back. Write it with an offset, like 02:30+01:00, or"
            " leave out the row.",
        },
    ]
    if skips:
        answer = await do_import(hass, content, skip_faults=True)
        assert (answer["intervals"], answer["number_of_faults"], answer["rows"]) == (2, 4, 5)
        assert len(await people(hass)) == 2
        return
    with pytest.raises(ServiceValidationError) as raised:
        await do_import(hass, content)
    assert "Faults: 4." in str(raised.value)
    assert "(4, in, x) The cell is no number. (4, out, -1)" in str(raised.value)
    assert await people(hass) == []
    assert await call(hass, "list_imports") == {"imports": []}


async def test_very_many_faults(hass: HomeAssistant) -> None:
    """List the first faults only."""
    answer = await check(hass, "time,in,out\n" + "x,1,1\n" * 500)
    assert (answer["number_of_faults"], len(answer["faults"]), answer["faults"][-1]["row"]) == (500, 100, 101)


async def test_half_a_character(hass: HomeAssistant) -> None:
    """A fault whose cell is no whole text can be answered, and read."""
    row = '{"serial": "\\ud800\\n7", "start": "2026-06-10T08:00", "end": "2026-06-10T09:00", "in": 1, "out": 1}\n'
    answer = await check(hass, row, None)
    assert json_bytes(answer)
    assert [(fault["column"], fault["value"]) for fault in answer["faults"]] == [("serial", "  7")]


async def test_zone_and_period(hass: HomeAssistant) -> None:
    """Read times in another zone, and rows of another length, if that is wanted."""
    answer = await do_import(hass, time_zone="Asia/Kolkata", period="15minute")
    assert (answer["first"], answer["last"]) == ("2026-06-10T08:00:00+05:30", "2026-06-10T09:15:00+05:30")
    assert await people(hass, period="15minute") == [("04:30", 3, 4), ("05:30", 0, 12)]
    with pytest.raises(ServiceValidationError, match="no time zone Mars/Base"):
        await check(hass, time_zone="Mars/Base")


async def test_reversed_camera(hass: HomeAssistant) -> None:
    """In and out of a table are those that Home Assistant shows; those of a camera's file are the camera's."""
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": "switch.main_entrance_reverse_direction"}, blocking=True
    )
    answer = await do_import(hass)
    assert (answer["in"], answer["out"]) == (3, 16)
    camera_file = "start,end,in,out\n2026-06-10 10:00,2026-06-10 11:00,5,6\n"
    answer = await do_import(hass, camera_file)
    assert (answer["in"], answer["out"]) == (5, 6)
    assert await people(hass) == [("08:00", 3, 4), ("09:00", 0, 12), ("10:00", 6, 5)]
    assert await undo(hass, 1) == {"import_id": 1, "intervals": 2, "in": 3, "out": 16}


async def test_place_as_target(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Import counts of a place with one door in the direction of the place; of several doors, nothing tells which."""
    await push_two_doors(pusher, back=[measurement(NOON - MINUTE, 0)])
    shop = await add_place(hass, entry)
    pub = await add_place(hass, entry, (SERIAL,), (SERIAL,), name="Pub")
    await do_import(hass, target=entity_of(hass, pub, "occupancy"))
    assert await people(hass) == [("08:00", 4, 3), ("09:00", 12, 0)]
    with pytest.raises(ServiceValidationError, match=r"Shop has several doors, .*: Main entrance, Back door"):
        await do_import(hass, target=entity_of(hass, shop, "occupancy"))
    with pytest.raises(ServiceValidationError, match="only one camera"):
        await call(hass, "import_counts", content=HOURS, entity_id="all")


async def test_place_without_a_reset(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The occupancy of a place that is never reset follows an import and its end."""
    shop = await add_place(hass, entry, (SERIAL,), daily_reset=False)
    assert shown(hass, shop, "occupancy") == "0"
    answer = await do_import(hass, "time,in,out\n2026-06-10 08:00,30,4\n2026-06-10 09:00,0,12\n")
    assert shown(hass, shop, "occupancy") == "13"
    await undo(hass, answer["import_id"])
    assert shown(hass, shop, "occupancy") == "0"


async def test_own_export(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, hass_client: Any, ledger_path: Path
) -> None:
    """After the ledger was lost, its export gives the same answers again, without a target."""
    camera = [
        measurement(NOON - number * MINUTE, number % 7, number % 3, adults=(1, 0)) for number in range(500, 400, -1)
    ]
    await pusher.push(*camera)
    await push_two_doors(pusher, back=[measurement(NOON - timedelta(days=9), 3, 4, minutes=15)])
    await add_place(hass, entry, (SERIAL,), name="Pub")
    client = await hass_client()
    # The file, and in which rows it gives the same answers.
    files = {
        period: await download(hass, client, start="2026-01-01", period=named, **more)
        for period, named, more in (
            ("5minute", "interval", {}),
            ("hour", "hour", {}),
            ("15minute", "15minute", {"format": "jsonl"}),
        )
    }

    async def answers(period: str) -> list[list[tuple[str, int, int]]]:
        main = await people(hass, "2026-09-16", period=period)
        return [main, await people(hass, "2026-09-07", target=BACK_ENTITY)]

    wanted = {period: await answers(period) for period in files}
    assert all(wanted["hour"])
    await hass.config_entries.async_unload(entry.entry_id)
    for lost in ledger_path.parent.glob("axis_people_counter.db*"):
        lost.unlink()
    await hass.config_entries.async_setup(entry.entry_id)
    for sensor in ({}, BACK_DOOR):
        await pusher.push(measurement(NOON, 0, adults=(0, 0)), sent=NOON + MINUTE, sensor=sensor)
    assert await answers("hour") == [[], []]
    for period, file in files.items():
        answer = await do_import(hass, file, target=None)
        assert answer["number_of_faults"] == 0
        assert bool(answer["skipped_places"]) is (period != "5minute")
        assert await answers(period) == wanted[period]
        await undo(hass, answer["import_id"])
        assert await answers("hour") == [[], []]


async def test_files(hass: HomeAssistant, tmp_path: Path) -> None:
    """Read files only from where Home Assistant may read."""
    folder = allowed_folder(hass, tmp_path)
    file = folder / "counts\u202e 1.csv"
    file.write_text(HOURS)
    answer = await call(hass, "import_counts", entity_id=MAIN, path=str(file), dry_run=False)
    assert answer["intervals"] == 2
    (listed,) = (await call(hass, "list_imports"))["imports"]
    assert listed == {
        "import_id": 1,
        "file": "counts  1.csv",
        "imported": "2026-09-16T03:00:00-07:00",
        "cameras": ["Main entrance"],
        "intervals": 2,
    }
    secret = tmp_path / "secret.csv"
    secret.write_text(HOURS)
    (folder / "link.csv").symlink_to(secret)
    os.mkfifo(folder / "pipe.csv")
    for path, sentence in {
        str(secret): "may not read this path",
        str(folder / ".." / "secret.csv"): "may not read this path",
        str(folder / "link.csv"): "may not read this path",
        "counts.csv": "may not read this path",
        str(folder): "no file",
        str(folder / "pipe.csv"): "no file",
        str(folder / "missing.csv"): "can't be read: No such file",
        f"{folder}/a\0b": "may not read this path",
        f"{folder}/\ud800.csv": "may not read this path",
    }.items():
        with pytest.raises(ServiceValidationError, match=sentence):
            await call(hass, "import_counts", entity_id=MAIN, path=path)


async def test_large_file(hass: HomeAssistant, tmp_path: Path) -> None:
    """Refuse a file beyond the limit without reading it."""
    file = allowed_folder(hass, tmp_path) / "large.csv"
    with file.open("wb") as opened:
        opened.truncate(imports.MAX_FILE + 1)
    with pytest.raises(ServiceValidationError, match="larger than 256 MiB"):
        await call(hass, "import_counts", entity_id=MAIN, path=str(file))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"content": ""}, "The file is empty"),
        ({"content": "a,b"}, "The first row has to name the columns"),
        ({}, "either the path of a file or its text"),
        ({"content": HOURS, "path": "/media/counts.csv"}, "either the path of a file or its text"),
    ],
)
async def test_unusable_fields(hass: HomeAssistant, data: dict[str, Any], sentence: str) -> None:
    """Explain what to enter."""
    with pytest.raises(ServiceValidationError, match=sentence):
        await call(hass, "import_counts", entity_id=MAIN, **data)


async def test_missing_target(hass: HomeAssistant) -> None:
    """Ask for the camera if the file names none."""
    with pytest.raises(ServiceValidationError, match="The file names no camera"):
        await check(hass, target=None)


async def test_file_that_changes(hass: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Import nothing of a file that is another one when it is read again."""
    file = allowed_folder(hass, tmp_path) / "counts.csv"
    file.write_text(HOURS)
    begin = imports.Imports._async_store  # noqa: SLF001 - between its two readings, nothing else could change the file

    async def after_a_change(self: Any, *arguments: Any) -> Any:
        file.write_text(HOURS.replace("12", "13"))
        return await begin(self, *arguments)

    monkeypatch.setattr(imports.Imports, "_async_store", after_a_change)
    with pytest.raises(ServiceValidationError, match="has changed while it was read"):
        await call(hass, "import_counts", entity_id=MAIN, path=str(file), dry_run=False)
    assert await people(hass) == []
    assert await call(hass, "list_imports") == {"imports": []}


async def test_unknown_import(hass: HomeAssistant) -> None:
    """Explain that there is no such import."""
    with pytest.raises(ServiceValidationError, match="There is no import 7"):
        await undo(hass, 7)


async def test_cut_off_by_a_restart(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """The stored part of an import that never ended is removed at the next start."""
    ledger = entry.runtime_data.ledger
    number = await ledger.begin_import("counts.csv", 0)
    found = [Interval(at, at + 60, 1, 1, None, None) for at in range(1_780_000_000, 1_780_006_000, 60)]
    await ledger.store_imported(number, SERIAL, found, 0)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await entry.runtime_data.ledger.counted_seconds(SERIAL, 0, 1_780_006_000) == 0
    assert "Import 1 was cut off, so its 100 intervals were removed" in caplog.text


async def test_import_after_one_that_failed(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The rest of an import that failed, and couldn't be undone then, is no part of the next one."""
    ledger = entry.runtime_data.ledger
    number = await ledger.begin_import("counts.csv", 0)
    start = int(datetime.fromisoformat(f"{JUNE}T08:00:00+02:00").timestamp())
    await ledger.store_imported(number, SERIAL, [Interval(start, start + 3600, 3, 4, None, None)], 0)
    assert (await check(hass))["skipped_already_counted"] == 0
    assert (await do_import(hass))["intervals"] == 2
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await people(hass) == [("08:00", 3, 4), ("09:00", 0, 12)]


async def test_undo_cut_off_by_a_restart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """The next start removes the rest of an import whose undoing was cut off; until then it is listed."""
    found = "time,in,out\n" + "".join(f"2026-06-{day:02} 08:00,3,4\n" for day in range(10, 13))
    number = (await do_import(hass, found, period="hour"))["import_id"]
    # The first of three steps.
    assert await entry.runtime_data.ledger.undo_import_step(number)
    (listed,) = (await call(hass, "list_imports"))["imports"]
    assert (listed["import_id"], listed["intervals"]) == (number, 2)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [await people(hass, f"2026-06-{day}") for day in range(10, 13)] == [[], [], []]
    assert await call(hass, "list_imports") == {"imports": []}


async def test_not_loaded(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Without the integration there is nothing to import into."""
    await hass.config_entries.async_unload(entry.entry_id)
    for action, data in CALLS.items():
        with pytest.raises(ServiceValidationError, match="isn't running"):
            await call(hass, action, **data)


async def test_administrators_only(hass: HomeAssistant, hass_read_only_user: MockUser) -> None:
    """Others may neither read files nor change the past."""
    context = Context(user_id=hass_read_only_user.id)
    for action, data in CALLS.items():
        with pytest.raises(Unauthorized):
            await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True, context=context)


async def test_two_imports_at_once(hass: HomeAssistant) -> None:
    """Two imports of the same file add its counts once."""
    answers = await asyncio.gather(do_import(hass), do_import(hass))
    assert sorted(answer["intervals"] for answer in answers) == [0, 2]
    assert await people(hass) == [("08:00", 3, 4), ("09:00", 0, 12)]

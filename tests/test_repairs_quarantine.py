"""The repair flow of quarantined intervals: show, retry, drop."""

from contextlib import closing
from datetime import datetime, timedelta
import json
from pathlib import Path
import sqlite3

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.axis_people_counter.ledger import file as ledger_file, retry
from homeassistant.core import HomeAssistant

from .helpers.bare_ledger import locked
from .helpers.pusher import SERIAL, Pusher, measurement, state_of
from .helpers.recorder_statistics import rows
from .helpers.repairs import IN_TODAY, IN_TOTAL, MINUTE, NOON, QUARANTINED, Repairs, bad, placeholders, remove_camera

pytestmark = pytest.mark.usefixtures("pages")


def keep(folder: Path, content: str, *, sent: datetime = NOON, serial: str = SERIAL) -> None:
    """Quarantine an interval as an earlier version did, which couldn't read it."""
    with closing(sqlite3.connect(folder / "axis_people_counter.db")) as db, db:
        db.execute(
            "INSERT INTO quarantine (camera, received, reason, content, sent)"
            " SELECT id, received, 'it is new', ?, ? FROM cameras WHERE serial = ?",
            (content, int(sent.timestamp()), serial),
        )


async def test_quarantine_is_shown(noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs) -> None:
    """Show a table in local time, with texts of senders escaped."""
    strange = {"utcFrom": "| [x](http://evil) |\n\n# <b>", "utcTo": 17, "items": [{"direction": "in", "count": "`1`"}]}
    await pusher.push(
        measurement(NOON - 15 * MINUTE, 20, minutes=15),
        bad(30),
        bad(40, utcTo="2026-09-16T09:20:00", items={}),
        {"kind": "people-counts", **strange},
        {"kind": "people-counts", "utcFrom": "0001-01-01T00:00:00Z", "items": [7, {"count": 1}, {"direction": []}]},
        "no object",
    )
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - 4 * MINUTE, 1, 2))
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "6"
    flow = await repairs.open(QUARANTINED)
    assert (flow["type"], flow["step_id"]) == ("form", "choose")
    no_time = "Start or end is missing"
    assert flow["description_placeholders"]["rows"].splitlines() == [
        "| 2026-09-16 11:56:00 → 11:57:00 | 1 | 2 | Overlaps a stored interval |",
        r"| ? → ? | ? | ? | Not a readable JSON object |",
        f"| 0001-01-01 01:12:12 → ? | ? | ? | {no_time} |",
        rf"| \| \[x\]\(http\:\/\/evil\) \|\# \<b\> → 17 | \`1\` | ? | {no_time} |",
        r"| 2026-09-16 11:20:00 → 11:20:00 | ? | ? | Ends before it begins |",
        r"| 2026-09-16 11:30:00 → 11:31:00 | \-1 | 3 | Impossible count |",
    ]
    assert "weren't counted: 6." in repairs.text(flow)


async def test_reasons_in_the_language_of_home_assistant(
    hass: HomeAssistant, tmp_path: Path, pusher: Pusher, repairs: Repairs, noon: FrozenDateTimeFactory
) -> None:
    """Show reasons in German, and a sentence that an older version stored as it is."""
    hass.config.language = "de"
    await pusher.push(bad(30))
    keep(tmp_path, "{}")
    flow = await repairs.open(QUARANTINED)
    assert flow["description_placeholders"]["rows"].splitlines() == [
        "| ? → ? | ? | ? | it is new |",
        r"| 2026-09-16 11:30:00 → 11:31:00 | \-1 | 3 | Unmögliche Zahl |",
    ]


async def test_quarantine_is_shown_in_part(pusher: Pusher, repairs: Repairs, noon: FrozenDateTimeFactory) -> None:
    """Show only the newest of many intervals."""
    await pusher.push(*(bad(100 - number) for number in range(12)), "x" * 10_000, "[" * 4000 + "]" * 4000)
    flow = await repairs.open(QUARANTINED)
    assert len(flow["description_placeholders"]["rows"].splitlines()) == 10
    assert len(repairs.text(flow)) < 4000
    assert flow["description_placeholders"]["count"] == "14"


@pytest.mark.usefixtures("all_entities_enabled")
async def test_retry_after_an_update(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, tmp_path: Path, pusher: Pusher, repairs: Repairs
) -> None:
    """Store once what can be read now; the rest stays in quarantine."""
    await pusher.push(
        measurement(NOON - 5 * MINUTE, 1), measurement(NOON - 4 * MINUTE, 2), bad(30), sent=NOON - 2 * MINUTE
    )
    taken = json.dumps(measurement(NOON - 20 * MINUTE, 10, adults=(4, 0)))
    keep(tmp_path, taken, sent=NOON - 10 * MINUTE)
    # The camera has sent another count since.
    keep(tmp_path, json.dumps(measurement(NOON - 5 * MINUTE, 100)), sent=NOON - 4 * MINUTE)
    # An unknown kind.
    keep(tmp_path, '{"kind": "cars"}')
    # Quarantine stores only the beginning of long ones.
    keep(tmp_path, '{"kind": "people-counts", "items": [')
    await pusher.push()
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "5"
    last_message = state_of(hass, "sensor.main_entrance_last_message")
    noon.tick(2 * MINUTE)

    flow = await repairs.submit(await repairs.open(QUARANTINED), choice="retry")
    assert (flow["type"], flow["reason"]) == ("abort", "retried")
    assert "Settled: 2." in repairs.text(flow)
    assert "Still set aside: 3." in repairs.text(flow)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "3"
    assert state_of(hass, IN_TOTAL) == state_of(hass, IN_TODAY) == "13"
    assert state_of(hass, "sensor.main_entrance_adults_in_today") == "4"
    # The counts are history, and the camera hasn't sent anything.
    assert state_of(hass, "event.main_entrance_passage") == "unknown"
    assert state_of(hass, "sensor.main_entrance_last_message") == last_message

    for _ in range(2):
        flow = await repairs.submit(await repairs.open(QUARANTINED), choice="retry")
        assert "Settled: 0." in repairs.text(flow)
    await pusher.push(measurement(NOON - 20 * MINUTE, 10, adults=(4, 0)))
    assert state_of(hass, IN_TOTAL) == "13"


async def test_retry_when_the_entry_starts(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    tmp_path: Path,
    pusher: Pusher,
    repairs: Repairs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Retry page by page when the entry is set up."""
    monkeypatch.setattr(retry, "RETRY_PAGE", 2)
    await pusher.push(measurement(NOON - MINUTE, 1), bad(30))
    await pusher.push(measurement(NOON - MINUTE, 1), sensor={"serial": "accc8ef3d92f", "name": "Back"})
    for minute in range(5, 12):
        keep(tmp_path, json.dumps(measurement(NOON - minute * MINUTE, 10)))
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, IN_TOTAL) == "71"
    assert state_of(hass, "sensor.back_in_total") == "1"
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"


async def test_retry_that_fails_when_the_entry_starts(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    tmp_path: Path,
    pusher: Pusher,
    repairs: Repairs,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Set the entry up although the retry fails, and retry at the next start."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    keep(tmp_path, json.dumps(measurement(NOON - 5 * MINUTE, 10)))
    for sql, count in (
        ("CREATE TRIGGER fails BEFORE DELETE ON quarantine BEGIN SELECT RAISE(ABORT, 'no disk'); END", 1),
        ("DROP TRIGGER fails", 11),
    ):
        with closing(sqlite3.connect(tmp_path / "axis_people_counter.db")) as db, db:
            db.execute(sql)
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert state_of(hass, IN_TOTAL) == str(count)
        assert bool(repairs.issues) is (count == 1)
    assert caplog.text.count("can't be retried now") == 1


async def test_quarantined_interval_is_sent_again(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """End the repair when the camera sends intervals again that came from the future before."""
    last = measurement(NOON - MINUTE, 3)
    await pusher.push(measurement(NOON - 3 * MINUTE, 1), last, sent=NOON - 2 * MINUTE)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"
    noon.tick(2 * MINUTE)
    await pusher.push(measurement(NOON - 3 * MINUTE, 1), last)
    assert state_of(hass, IN_TODAY) == "4"
    assert not repairs.issues
    # The first push arrives once more, late.
    await pusher.push(measurement(NOON - 3 * MINUTE, 1), last, sent=NOON - 2 * MINUTE)
    assert not repairs.issues


async def test_retry_of_all(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, tmp_path: Path, pusher: Pusher, repairs: Repairs
) -> None:
    """End the repair when the quarantine is empty, and fire events for people who passed just now."""
    await pusher.push(measurement(NOON - 5 * MINUTE, 1))
    keep(tmp_path, json.dumps(measurement(NOON - 2 * MINUTE, 3)))
    await pusher.push()
    flow = await repairs.submit(await repairs.open(QUARANTINED), choice="retry")
    assert flow["reason"] == "retried"
    assert not repairs.issues
    assert state_of(hass, IN_TOTAL) == "4"
    passage = hass.states.get("event.main_entrance_passage")
    assert passage
    assert passage.attributes["event_type"] == "entered"


@pytest.mark.usefixtures("recorder_mock")
async def test_retry_reaches_statistics(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, tmp_path: Path, pusher: Pusher, repairs: Repairs
) -> None:
    """Write retried intervals into the statistics of their hours."""
    await pusher.push(measurement(NOON - timedelta(hours=3), 1), measurement(NOON - MINUTE, 1))
    assert [row["state"] for row in await rows(hass, "in")] == [1, 0, 1]
    keep(tmp_path, json.dumps(measurement(NOON - timedelta(hours=2), 5)))
    await pusher.push()
    await repairs.submit(await repairs.open(QUARANTINED), choice="retry")
    assert [row["state"] for row in await rows(hass, "in")] == [1, 5, 1]


async def test_drop(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs) -> None:
    """Drop only the intervals that the question was about; check repeated ones again."""
    await pusher.push(measurement(NOON - 15 * MINUTE, 20, minutes=15), bad(30))
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - 4 * MINUTE, 1))
    flow = await repairs.submit(await repairs.open(QUARANTINED), choice="drop")
    assert flow["step_id"] == "drop"
    assert "deleted for good: 2." in repairs.text(flow)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "2"
    await pusher.push(bad(50))

    flow = await repairs.submit(flow)
    assert (flow["type"], flow["reason"]) == ("abort", "dropped")
    assert "Deleted: 2. Still set aside: 1." in repairs.text(flow)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"
    flow = await repairs.submit(await repairs.open(QUARANTINED), choice="drop")
    assert "Deleted: 1. Still set aside: 0." in repairs.text(await repairs.submit(flow))
    assert not repairs.issues
    assert state_of(hass, IN_TOTAL) == "20"

    # The waiting minutes replace the quarter of an hour once the camera has sent the dropped minute again.
    rest = [measurement(NOON - minute * MINUTE, 2) for minute in range(15, 0, -1) if minute != 4]
    await pusher.push(*rest, bad(30))
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "15"
    await pusher.push(measurement(NOON - 4 * MINUTE, 1))
    assert state_of(hass, IN_TOTAL) == "29"
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"


async def test_nothing_left(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs) -> None:
    """Abort flows whose repair has ended meanwhile."""
    await pusher.push(measurement(NOON - 15 * MINUTE, 20, minutes=15))
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - 15 * MINUTE, 7))
    opened = [await repairs.open(QUARANTINED) for _ in range(3)]
    asked = await repairs.submit(opened[0], choice="drop")
    await pusher.push(*(measurement(NOON - minute * MINUTE, 1) for minute in range(14, 0, -1)))
    assert not repairs.issues
    for flow in (
        await repairs.submit(asked),
        await repairs.submit(opened[1], choice="retry"),
        await repairs.submit(opened[2], choice="drop"),
    ):
        assert (flow["type"], flow["reason"]) == ("abort", "nothing_left")
    assert state_of(hass, IN_TOTAL) == "21"


async def test_quarantine_of_a_removed_camera(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Abort the flow of a removed camera; the repair returns with the camera."""
    await pusher.push(bad(30))
    flow = await repairs.open(QUARANTINED)
    noon.tick(timedelta(minutes=6))
    await remove_camera(hass, entry, hass_ws_client, repairs)
    assert not repairs.issues
    assert (await repairs.submit(flow, choice="retry"))["reason"] == "nothing_left"
    await pusher.push()
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"


async def test_quarantine_without_an_entry(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """Abort without a loaded entry."""
    await pusher.push(bad(30))
    opened = await repairs.open(QUARANTINED)
    await hass.config_entries.async_unload(entry.entry_id)
    for flow in (await repairs.submit(opened, choice="retry"), await repairs.open(QUARANTINED)):
        assert (flow["type"], flow["reason"]) == ("abort", "not_loaded")


async def test_quarantine_while_the_ledger_cannot_be_written(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    tmp_path: Path,
    pusher: Pusher,
    repairs: Repairs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Abort with the error, and change nothing."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.1)
    await hass.config_entries.async_reload(entry.entry_id)
    await pusher.push(bad(30))
    retry, asked = await repairs.open(QUARANTINED), await repairs.submit(await repairs.open(QUARANTINED), choice="drop")
    with locked(tmp_path / "axis_people_counter.db"):
        for flow in (await repairs.submit(retry, choice="retry"), await repairs.submit(asked)):
            assert (flow["type"], flow["reason"]) == ("abort", "ledger_error")
            assert "database is locked" in repairs.text(flow)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"


async def test_quarantine_while_the_ledger_cannot_be_read(
    noon: FrozenDateTimeFactory, tmp_path: Path, pusher: Pusher, repairs: Repairs
) -> None:
    """Abort with the error."""
    await pusher.push(bad(30))
    (tmp_path / "axis_people_counter.db").rename(tmp_path / "elsewhere.db")
    (tmp_path / "axis_people_counter.db").mkdir()
    flow = await repairs.open(QUARANTINED)
    assert (flow["type"], flow["reason"]) == ("abort", "ledger_error")

"""A ledger that is damaged, too new, unreachable, locked or deleted."""

from contextlib import closing
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
import sqlite3

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.ledger import file as ledger_file
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .helpers.instance import set_up, set_up_pages
from .helpers.pusher import Pusher, document, measurement, state_of

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
IN_TOTAL = "sensor.main_entrance_in_total"


@pytest.fixture(autouse=True)
async def _pages(hass: HomeAssistant) -> None:
    await set_up_pages(hass)


@pytest.mark.parametrize(
    "content", [b"not a database" * 500, b"SQLite format 3\0" + b"\xff" * 5000], ids=["text", "header"]
)
async def test_damaged_ledger(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    ledger_path: Path,
    content: bytes,
    issue_registry: ir.IssueRegistry,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A file that isn't a ledger is renamed; an issue names it until the user has confirmed."""
    ledger_path.write_bytes(content)
    assert await set_up(hass, entry) is ConfigEntryState.LOADED
    issue = issue_registry.async_get_issue(DOMAIN, "ledger_moved_aside")
    assert issue
    assert issue.is_persistent
    (aside,) = ledger_path.parent.glob("*.corrupt-*")
    assert aside.read_bytes() == content
    assert caplog.text.count(str(aside)) == 1
    pusher = Pusher(hass, await hass_client_no_auth())
    await pusher.push(measurement(NOON - MINUTE, 7))
    assert state_of(hass, IN_TOTAL) == "7"

    client = await hass_client()
    response = await client.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": "ledger_moved_aside"})
    flow = await response.json()
    assert flow["step_id"] == "confirm"
    # The name is escaped, so that none of it is Markdown.
    assert flow["description_placeholders"]["file"].replace("\\", "") == aside.name
    await client.post(f"/api/repairs/issues/fix/{flow['flow_id']}", json={})
    assert not issue_registry.async_get_issue(DOMAIN, "ledger_moved_aside")


async def test_ledger_of_a_later_version(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, ledger_path: Path
) -> None:
    """The integration doesn't change a ledger of a later version, and asks for an update."""
    await hass.config_entries.async_unload(entry.entry_id)
    with closing(sqlite3.connect(ledger_path)) as db:
        db.execute("PRAGMA user_version = 1000")
    content = ledger_path.read_bytes()
    assert await set_up(hass, entry) is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "ledger_too_new"
    assert ledger_path.read_bytes() == content
    assert (await pusher.post(document(measurement(NOON)))).status == HTTPStatus.SERVICE_UNAVAILABLE


async def test_ledger_out_of_reach(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    ledger_path: Path,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The set-up is retried until the ledger can be opened; an issue names the error, and the log once."""
    ledger_path.mkdir()
    assert await set_up(hass, entry) is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "ledger_error"
    freezer.tick(timedelta(minutes=10))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue_registry.async_get_issue(DOMAIN, "ledger_not_writable")
    assert caplog.text.count("Counts can't be stored in") == 1

    ledger_path.rmdir()
    freezer.tick(timedelta(minutes=10))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED
    assert not issue_registry.async_get_issue(DOMAIN, "ledger_not_writable")


async def test_ledger_locked_for_a_while(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    ledger_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    issue_registry: ir.IssueRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While the ledger is locked, a correction raises an error and a push gets 503; both work again after that."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.1)
    await pusher.push(measurement(NOON - 2 * MINUTE, 1))
    await hass.config_entries.async_reload(hass.config_entries.async_entries(DOMAIN)[0].entry_id)
    other = sqlite3.connect(ledger_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    button = {"entity_id": "button.main_entrance_reset_occupancy"}
    for _ in range(2):
        with pytest.raises(
            Exception, match="can't be read or stored at the moment: the database is locked by another program"
        ):
            await hass.services.async_call("button", "press", blocking=True, target=button)
        response = await pusher.post(document(measurement(NOON - MINUTE, 2)))
        assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert issue_registry.async_get_issue(DOMAIN, "ledger_not_writable")
    assert caplog.text.count("Counts can't be stored in") == 1
    other.close()

    await pusher.push(measurement(NOON - MINUTE, 2))
    assert state_of(hass, IN_TOTAL) == "3"
    assert not issue_registry.async_get_issue(DOMAIN, "ledger_not_writable")
    assert caplog.text.count("Counts are stored again in") == 1


async def test_ledger_deleted_while_running(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, ledger_path: Path
) -> None:
    """Counts are stored in a new file; a camera that isn't in it is unavailable until it pushes."""
    await pusher.push(measurement(NOON - 2 * MINUTE, 1))
    await pusher.push(measurement(NOON - 2 * MINUTE, 1), sensor={"serial": "00408cac512b", "name": "Garden"})
    for path in ledger_path.parent.glob("axis_people_counter.db*"):
        path.unlink()
    await pusher.push(measurement(NOON - MINUTE, 2))
    assert state_of(hass, IN_TOTAL) == "2"
    noon.move_to("2026-09-16T22:00:00Z")
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert state_of(hass, "sensor.garden_in_total") == "unavailable"
    await pusher.push(measurement(NOON - 2 * MINUTE, 1), sensor={"serial": "00408cac512b", "name": "Garden"})
    assert state_of(hass, "sensor.garden_in_total") == "1"

"""503: no loaded entry, Home Assistant stopping, a ledger that can't be written."""

import asyncio
from http import HTTPStatus

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.http import view as http
from custom_components.axis_people_counter.ledger import cameras as ledger_cameras, file as ledger_file
from custom_components.axis_people_counter.receiver import sender_problems
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component

from .helpers.push_view import (
    HEAD,
    again,
    arriving,
    connection_test,
    encoded,
    eventually,
    issues,
    locked,
    push,
    sentence,
    stored,
    warnings,
    wire,
)
from .helpers.pusher import Pusher

pytestmark = pytest.mark.usefixtures("ticking_noon", "sound_log")


# Not ready


async def see_not_ready(pusher: Pusher) -> None:
    """Assert that a push gets 503."""
    response = await pusher.post(push())
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.headers["Retry-After"] == str(http.RETRY_SECONDS)
    assert await sentence(response) == "AXIS People Counter isn't ready."


async def test_no_entry(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Return 503 without an entry, whatever the token."""
    assert await async_setup_component(hass, DOMAIN, {})
    pusher = Pusher(hass, await hass_client_no_auth())
    await see_not_ready(pusher)
    assert not issues(hass)


async def test_entry_is_unloaded(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry) -> None:
    """Return 503 while the entry isn't loaded."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await see_not_ready(pusher)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await again(pusher)
    assert await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await see_not_ready(pusher)
    assert await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await again(pusher)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await again(pusher)
    await hass.config_entries.async_remove(entry.entry_id)
    await see_not_ready(pusher)
    assert not issues(hass)


async def test_reload_while_a_body_arrives(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry) -> None:
    """Store a body that arrives during a reload."""
    async with wire(pusher) as connection:
        rest = await arriving(pusher, connection)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await connection.send(rest)
        assert await connection.status() == HTTPStatus.OK
    await hass.async_block_till_done()
    assert stored(hass) == 1


async def test_unload_while_a_body_arrives(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry) -> None:
    """Return 503 if the entry was unloaded meanwhile, without a repair about the ledger."""
    async with wire(pusher) as connection:
        rest = await arriving(pusher, connection)
        assert await hass.config_entries.async_unload(entry.entry_id)
        await connection.send(rest)
        assert await connection.status() == HTTPStatus.SERVICE_UNAVAILABLE
    assert not issues(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await again(pusher)


async def test_stopping(hass: HomeAssistant, pusher: Pusher) -> None:
    """Return 503 while Home Assistant stops, also for a body that is arriving."""
    async with wire(pusher) as connection:
        rest = await arriving(pusher, connection)
        hass.set_state(CoreState.stopping)
        assert (await pusher.post(push())).status == HTTPStatus.SERVICE_UNAVAILABLE
        await connection.send(rest)
        assert await connection.status() == HTTPStatus.SERVICE_UNAVAILABLE
    assert stored(hass) is None
    hass.set_state(CoreState.running)
    await again(pusher)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ledger wait briefly for a lock."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
async def test_locked_ledger(hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture) -> None:
    """Return 503, show a repair and log once while the ledger is locked."""
    with locked(hass):
        for _ in range(2):
            response = await pusher.post(push())
            assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
            assert response.headers["Retry-After"] == str(http.RETRY_SECONDS)
            assert await sentence(response) == "The counts can't be stored at the moment."
        (placeholders,) = issues(hass).values()
        assert placeholders
        assert placeholders["error"] == "the database is locked by another program"
        assert list(issues(hass)) == ["ledger_not_writable"]
        assert stored(hass) is None
    assert len(warnings(caplog)) == 1
    await again(pusher)
    assert not issues(hass)
    assert caplog.text.count("Counts are stored again") == 1


@pytest.mark.usefixtures("impatient")
async def test_camera_disconnects_before_the_ledger_fails(hass: HomeAssistant, pusher: Pusher) -> None:
    """Show the repair even if the camera has closed the connection."""
    body = encoded(push())
    with locked(hass):
        async with wire(pusher) as connection:
            await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await asyncio.sleep(0.02)
        await eventually(lambda: list(issues(hass)) == ["ledger_not_writable"])
        await hass.async_block_till_done()
    await again(pusher)
    assert not issues(hass)


async def test_too_many_cameras(
    hass: HomeAssistant, pusher: Pusher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Return 503 for a camera too many, and 200 for the others."""
    monkeypatch.setattr(ledger_cameras, "MAX_CAMERAS", 1)
    monkeypatch.setattr(sender_problems, "MAX_CAMERAS", 1)
    await again(pusher)
    other = push(sensor={"serial": "accc8ef3d92f", "name": "_Back_ door"})
    response = await pusher.post(other)
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.headers["Retry-After"] == str(http.RETRY_SECONDS)
    assert issues(hass) == {"too_many_cameras": {"name": "_Back_ door", "camera": r"\_Back\_ door", "limit": "1"}}
    assert (await pusher.post(connection_test(sensor={"serial": "accc8ef3d92f"}))).status == HTTPStatus.OK
    await again(pusher)
    third = push(sensor={"serial": "accc8ef3d930", "name": "Side door"})
    assert (await pusher.post(third)).status == HTTPStatus.SERVICE_UNAVAILABLE
    monkeypatch.setattr(ledger_cameras, "MAX_CAMERAS", 2)
    assert (await pusher.post(other)).status == HTTPStatus.OK
    assert stored(hass) == 2
    # There is room for one of two.
    assert list(issues(hass)) == ["too_many_cameras"]
    monkeypatch.setattr(ledger_cameras, "MAX_CAMERAS", 3)
    assert (await pusher.post(third)).status == HTTPStatus.OK
    assert not issues(hass)

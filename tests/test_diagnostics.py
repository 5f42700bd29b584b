"""What helps to find out what is wrong: diagnostics and system health, without secrets."""

from datetime import datetime, timedelta
from http import HTTPStatus
import json
from pathlib import Path
from typing import Any
from unittest.mock import ANY

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .listening import Listening
from .places import BACK, add_place, entity_of, push_two_doors
from .pusher import SERIAL, TOKEN, Pusher, document, measurement

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
async def _components(hass: HomeAssistant) -> None:
    for component in ("diagnostics", "system_health"):
        assert await async_setup_component(hass, component, {})


async def test_diagnostics(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_client: ClientSessionGenerator,
) -> None:
    """They show each camera as it stands and what couldn't be taken, but no token, address or serial."""
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "previous_token": "an-older-token", "previous_token_expires": "2026-09-17T10:00:00Z"}
    )
    bad = measurement(NOON - 2 * MINUTE, -1)
    await pusher.push(measurement(NOON - 15 * MINUTE, 3, minutes=15), bad)
    noon.tick(MINUTE)
    # What a camera is called until somebody gives it a name.
    await pusher.push(measurement(NOON - MINUTE, 1, adults=(1, 0)), sensor={"name": f"axis-{SERIAL}"})
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert diagnostics["ledger_writable"] is True
    (camera,) = diagnostics["cameras"]
    assert camera["today"] == {"entered": 3, "left": 0, "adults_entered": None, "adults_left": None}
    assert camera["camera"]["application"] == "AXIS 3D People Counter"
    assert camera["connected"] is True
    overlapping, rejected = camera["quarantined"]
    assert overlapping["interval"] == [1789552740, 1789552800, 1, 0, 1, 0]
    assert "overlaps" in overlapping["reason"]
    assert json.loads(rejected["content"]) == bad
    text = json.dumps(diagnostics)
    for secret in (TOKEN, "an-older-token", "ha.example.com", "192.168.1.106", SERIAL):
        assert secret not in text


async def test_diagnostics_of_places(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_client: ClientSessionGenerator,
) -> None:
    """They show each place as it stands, and what was said of its occupancy, but no serial."""
    await push_two_doors(pusher, main=[measurement(NOON - MINUTE, 3)], back=[measurement(NOON - MINUTE, 0, 1)])
    key = await add_place(hass, entry, limits={"capacity": 5}, time_zone="UTC")
    await hass.services.async_call(
        "number", "set_value", {"entity_id": entity_of(hass, key, "occupancy_correction"), "value": 9}, blocking=True
    )
    noon.tick(MINUTE)
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    (place,) = diagnostics["places"]
    assert place["doors"] == [{"key": "**REDACTED**", "is_reversed": False}] * 2
    assert (place["capacity"], place["schedule"]) == (5, "00:00:00 UTC")
    assert (place["data"]["occupancy"], place["data"]["is_full"]) == (9, True)
    assert (place["silent_cameras"], place["missing_cameras"]) == (0, 0)
    assert place["corrections"][-2:] == [
        {"at": "2026-09-16T00:00:00+00:00", "by": "daily_reset", "from": 0, "to": 0},
        {"at": "2026-09-16T10:00:00+00:00", "by": "number", "from": 2, "to": 9},
    ]
    text = json.dumps(diagnostics)
    assert SERIAL not in text
    assert BACK not in text


@pytest.mark.usefixtures("socket_enabled")
async def test_diagnostics_of_the_listener(
    hass: HomeAssistant, tmp_path: Path, hass_client: ClientSessionGenerator
) -> None:
    """They tell what is wrong with the port for cameras, but no key, no address, and no path that somebody chose."""
    files = {"certificate": "secret-folder/cert.pem", "private_key": "secret-folder/key.pem"}
    listening = Listening(hass, tmp_path, "127.0.0.1", **files)
    await listening.start()
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, listening.entry)
    assert diagnostics["listener"] == {
        "port": listening.port,
        "files_of_the_user": True,
        "problems": ["listener_certificate_unreadable"],
        "authority_ends": ANY,
    }
    text = json.dumps(diagnostics)
    (_, key), *_ = ((path, path.read_text()) for path in listening.folder.iterdir())
    for secret in (TOKEN, "secret-folder", "127.0.0.1", key.splitlines()[1], "PRIVATE KEY"):
        assert secret not in text


async def test_diagnostics_while_the_ledger_is_out_of_reach(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> None:
    """They are there when they are needed most."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    (tmp_path / "axis_people_counter.db").rename(tmp_path / "elsewhere.db")
    (tmp_path / "axis_people_counter.db").mkdir()
    response = await pusher.post(document(measurement(NOON - 2 * MINUTE, 1)))
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert diagnostics["ledger_writable"] is False
    (camera,) = diagnostics["cameras"]
    assert camera["camera"]["application"] == "AXIS 3D People Counter"
    assert camera["quarantined"] == []


async def test_system_health(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """The page tells how many cameras there are, how many are heard, and how large the ledger is."""
    await pusher.push(measurement(NOON - MINUTE))
    await pusher.push(measurement(NOON - MINUTE), sensor={"serial": "00408cac512b"})
    noon.tick(6 * MINUTE)
    assert (await pusher.post(document(data=None))).ok
    info = await get_system_health_info(hass, DOMAIN)
    assert info == {
        "cameras": 2,
        "cameras_connected": 1,
        "last_message": NOON + 6 * MINUTE,
        "ledger_size": "0.1 MiB",
        "ledger_writable": True,
    }


async def test_system_health_without_an_entry(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Nothing is said of what isn't loaded."""
    await hass.config_entries.async_unload(entry.entry_id)
    assert await get_system_health_info(hass, DOMAIN) == {}

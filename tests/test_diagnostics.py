"""Diagnostics and system health, which contain no secrets."""

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
import json
from pathlib import Path
import re
from time import thread_time
from typing import Any
from unittest.mock import ANY

from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    get_system_health_info,
)
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter import issues
from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.http import bodies
from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .helpers.issues import active_issues
from .helpers.listener_entry import ListenerEntry
from .helpers.places import BACK, add_place, entity_of, push_two_doors
from .helpers.pusher import SERIAL, TOKEN, Pusher, document, measurement

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
    """Show cameras and quarantined intervals, but no token, address or serial number."""
    hass.config_entries.async_update_entry(
        entry,
        data={**entry.data, "previous_tokens": [{"token": "an-older-token", "expires": "2026-09-17T10:00:00+00:00"}]},
    )
    bad = measurement(NOON - 2 * MINUTE, -1)
    await pusher.push(measurement(NOON - 15 * MINUTE, 3, minutes=15), bad)
    noon.tick(MINUTE)
    # The default name of a camera.
    await pusher.push(measurement(NOON - MINUTE, 1, adults=(1, 0)), sensor={"name": f"axis-{SERIAL}"})
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, entry)

    assert diagnostics["ledger_writable"] is True
    (camera,) = diagnostics["cameras"]
    assert camera["today"] == {"entered": 3, "exited": 0, "adults_entered": None, "adults_exited": None}
    assert camera["camera"]["application"] == "AXIS 3D People Counter"
    assert camera["connected"] is True
    overlapping, rejected = camera["quarantined"]
    assert overlapping["interval"] == [1789552740, 1789552800, 1, 0, 1, 0]
    assert overlapping["reason"] == "overlap"
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
    """Show places and their corrections, but no serial number."""
    await push_two_doors(pusher, main=[measurement(NOON - MINUTE, 3)], back=[measurement(NOON - MINUTE, 0, 1)])
    key = await add_place(hass, entry, limits={"capacity": 5}, time_zone="UTC")
    await hass.services.async_call(
        "number", "set_value", {"entity_id": entity_of(hass, key, "occupancy_correction"), "value": 9}, blocking=True
    )
    noon.tick(MINUTE)
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    (place,) = diagnostics["places"]
    assert place["doors"] == [
        {"key": "camera_1", "is_reversed": False},
        {"key": "camera_2", "is_reversed": False},
    ]
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
    """Show the problems of the listener, but no key, address or path."""
    files = {"certificate": "secret-folder/cert.pem", "private_key": "secret-folder/key.pem"}
    listener_entry = ListenerEntry(hass, tmp_path, "127.0.0.1", **files)
    await listener_entry.start()
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(hass, hass_client, listener_entry.entry)
    assert diagnostics["listener"] == {
        "port": listener_entry.port,
        "files_of_the_user": True,
        "problems": ["listener_certificate_unreadable"],
        "authority_ends": ANY,
    }
    text = json.dumps(diagnostics)
    (_, key), *_ = ((path, path.read_text()) for path in listener_entry.folder.iterdir())
    for secret in (TOKEN, "secret-folder", "127.0.0.1", key.splitlines()[1], "PRIVATE KEY"):
        assert secret not in text


async def test_diagnostics_without_the_ledger(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_client: ClientSessionGenerator,
    tmp_path: Path,
) -> None:
    """Show the rest if the ledger can't be read."""
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


async def test_diagnostics_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, hass_client: ClientSessionGenerator
) -> None:
    """Show the settings of an entry that was unloaded, without secrets."""
    client = await hass_client()
    assert await hass.config_entries.async_unload(entry.entry_id)
    found = (await download(client, entry))["data"]
    assert found == {
        "data": {"url": REDACTED, "token": REDACTED, "issue_secret": REDACTED},
        "options": {"reversed_cameras": REDACTED},
        "state": "not_loaded",
    }


# People may publish the download, so none of these may be in it.
SECRETS = {
    "token": "secret-token-4711",
    "previous token": "secret-token-0815",
    "host": "secret-host.example.com",
    "camera": "Kafé Zwölf",
    "place": "Apotheke Nord",
    "serial": "b8a44feeeee1",
    "second serial": "b8a44feeeee2",
    "address": "198.51.100.77",
    "address in IPv6": "2001:db8:77::77",
    "peer": "127.0.0.1",
    "file": "secret-folder",
    "text": "Geheimnis",
}
SENSOR = {"serial": SECRETS["serial"], "name": SECRETS["camera"], "ipAddress": SECRETS["address"]}
SECOND = {"serial": SECRETS["second serial"], "name": "Hof", "ipAddress": SECRETS["address in IPv6"]}


def spellings(secret: str) -> list[str]:
    """Return the spellings of a secret in JSON."""
    pairs = [secret[at : at + 2] for at in range(0, len(secret), 2)]
    return [secret, json.dumps(secret)[1:-1], *(mark.join(pairs) for mark in ":-.")]


async def download(client: TestClient[Any, Any], entry: MockConfigEntry) -> dict[str, Any]:
    """Download the diagnostics as a user does, and assert that no secret is in the file."""
    response = await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}")
    assert response.status == HTTPStatus.OK
    text = await response.text()
    for what, secret in SECRETS.items():
        for spelling in spellings(secret):
            assert spelling.lower() not in text.lower(), (what, spelling)
    whole: dict[str, Any] = json.loads(text)
    return whole


async def test_download_names_nobody(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_access_token: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Write no name, serial number, address or token into the file, whichever repairs are shown."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        data={
            "url": f"https://{SECRETS['host']}",
            "token": SECRETS["token"],
            "previous_tokens": [{"token": SECRETS["previous token"], "expires": "2026-09-17T10:00:00+00:00"}],
            "certificate": SECRETS["file"],
            # Later versions may store this.
            "directions": {SECRETS["serial"]: True},
        },
        options={"reset_time": "04:00:00", "names": [SECRETS["camera"]]},
    )
    entry.add_to_hass(hass)
    # The session lasts longer than the access token.
    session = hass.auth.async_validate_access_token(hass_access_token)
    assert session
    (tmp_path / "axis_people_counter.db").write_bytes(b"damaged" * 1000)
    monkeypatch.setattr(bodies, "MAX_BODY", 16_000)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    pusher = Pusher(hass, await hass_client_no_auth())

    async def post(body: Any, token: str = SECRETS["token"]) -> None:
        await pusher.post(body, token=token)

    marked = "-".join(SECRETS["serial"][at : at + 2] for at in range(0, 12, 2)).upper()
    about = {
        "application": f"Counter of {SECRETS['camera'].upper()}",
        "applicationVersion": f"1.0 ({SECRETS['address']})",
        "timeZone": f"zone of {marked}",
    }
    odd = {
        **measurement(NOON - 3 * MINUTE, -1),
        "more": [SECRETS["text"], {SECRETS["camera"]: marked, "kind": SECRETS["text"] + " 1", "at": "198.51.100.77"}],
        SECRETS["serial"]: {"direction": "in", "count": "3"},
    }
    cut = {**measurement(NOON - 2 * MINUTE, -1), "long": SECRETS["text"] * 500}
    await post(document(measurement(NOON - MINUTE, 3), odd, cut, sensor={**SENSOR, **about}))
    await post(document(measurement(NOON - MINUTE, 1), sensor=SECOND))
    await add_place(hass, entry, (SECRETS["serial"], SECRETS["second serial"]), name=SECRETS["place"])
    noon.tick(timedelta(days=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    await post(document(), token="wrong")  # noqa: S106
    await post(b" " * 20_000)
    await post(document(sensor=SENSOR, apiVersion="0.3"))
    await post({"apiName": "Axis Retail Data", "apiVersion": SECRETS["text"]})
    await post(document(sensor=SENSOR, sent=NOON))
    await entry.runtime_data.async_remove_camera(SECRETS["second serial"])
    await hass.async_block_till_done()
    # The kinds about cameras and places, and a persistent one.
    kinds = {
        "body_too_large",
        "camera_silent",
        "clock_differs",
        "door_missing",
        "ledger_moved_aside",
        "quarantined",
        "time_zone_unknown",
        "wrong_protocol",
        "wrong_token",
    }
    assert {issue.translation_key for issue in active_issues(hass).values()} == kinds

    client = await hass_client(hass.auth.async_create_access_token(session))
    whole = await download(client, entry)
    assert {issue["issue_id"] for issue in whole["issues"]} == {
        repair["issue_id"] for repair in whole["data"]["repairs"]
    }
    repairs = {(repair["key"], repair["about"]) for repair in whole["data"]["repairs"]}
    assert repairs == {
        ("body_too_large", "unknown"),
        ("camera_silent", "camera_1"),
        ("clock_differs", "camera_1"),
        ("door_missing", "place_1"),
        ("ledger_moved_aside", None),
        ("quarantined", "camera_1"),
        ("time_zone_unknown", "camera_1"),
        ("wrong_protocol", "camera_1"),
        ("wrong_protocol", "unknown"),
        ("wrong_token", "unknown"),
    }
    (camera,) = whole["data"]["cameras"]
    assert camera["camera"]["serial"] == "camera_1"
    (place,) = whole["data"]["places"]
    assert [door["key"] for door in place["doors"]] == ["camera_1", "camera_2"]
    contents = [interval["content"] for interval in camera["quarantined"]]
    assert contents[0] == "4096 characters that aren't JSON"
    redacted = "**REDACTED**"
    assert json.loads(contents[1]) == {
        **measurement(NOON - 3 * MINUTE, -1),
        "more": [redacted, {redacted: redacted, "kind": redacted, "at": redacted}],
        redacted: {"direction": "in", "count": "3"},
    }
    assert whole["data"]["data"] == dict.fromkeys(entry.data, redacted)
    assert whole["data"]["options"] == {"reset_time": "04:00:00", "names": redacted, "reversed_cameras": redacted}

    # Ignored repairs are in the file as well.
    for issue in active_issues(hass).values():
        ir.async_get(hass).async_ignore(DOMAIN, issue.issue_id, True)
    assert all(repair["is_ignored"] for repair in (await download(client, entry))["data"]["repairs"])


@pytest.mark.slow
async def test_the_event_loop_is_free_with_many_cameras(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, hass_client: ClientSessionGenerator
) -> None:
    """Names and addresses are looked for in a thread: with many cameras this takes long."""
    now = dt_util.utcnow().replace(second=0, microsecond=0)
    for number in range(120):
        sensor = {"serial": f"accc8e{number:06x}", "name": f"Door {number}", "ipAddress": f"10.0.0.{number}"}
        await pusher.push(measurement(now - 2 * MINUTE, 1), sensor=sensor)
    gaps = [0.0]

    async def watch() -> None:
        # Measure the time of this thread only, not that of other programs.
        last = thread_time()
        while True:
            await asyncio.sleep(0.005)
            gaps.append(thread_time() - last)
            last = thread_time()

    client = await hass_client()
    watching = asyncio.create_task(watch())
    text = json.dumps(await download(client, entry))
    watching.cancel()
    assert "Door" not in text
    assert max(gaps) < 0.15


def test_persistent_issue_names_nobody() -> None:
    """Fill only a file name of the ledger into the persistent issue, which the download contains unredacted."""
    texts = json.loads((Path(issues.__file__).parent / "translations" / "en.json").read_text())["issues"]
    assert set(re.findall(r"{(\w+)}", json.dumps(texts[issues.LEDGER_MOVED_ASIDE.key]))) == {"file"}


async def test_system_health(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> None:
    """Show the number of cameras, of connected ones, and the size of the ledger."""
    await pusher.push(measurement(NOON - MINUTE))
    await pusher.push(measurement(NOON - MINUTE), sensor={"serial": "00408cac512b"})
    noon.tick(6 * MINUTE)
    assert (await pusher.post(document(data=None))).ok
    info = await get_system_health_info(hass, DOMAIN)
    assert re.fullmatch(r"0\.\d MiB", info.pop("ledger_size"))
    assert info == {
        "cameras": 2,
        "cameras_connected": 1,
        "last_message": NOON + 6 * MINUTE,
        "ledger_writable": True,
    }


async def test_system_health_without_an_entry(hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Show nothing without a loaded entry."""
    await hass.config_entries.async_unload(entry.entry_id)
    assert await get_system_health_info(hass, DOMAIN) == {}

"""The dialogs of repairs, walked through as the frontend does; what was wrong before them, and isn't after."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
import json
from pathlib import Path
import sqlite3
from string import Formatter
import threading
from typing import Any, Final

from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.axis_people_counter import http
from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.ledger import file as ledger_file, ledger
from custom_components.axis_people_counter.ledger.ledger import OVERLAP
from custom_components.axis_people_counter.messages import link, plain
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component

from .helpers.clock import wait
from .helpers.problems import problems
from .helpers.pusher import SERIAL, TOKEN, Document, Pusher, document, measurement, state_of
from .helpers.recorded import rows
from .simulator import THREE_D, TWO_D, Device, Model

NOON: Final = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE: Final = timedelta(minutes=1)
HERE: Final = "127.0.0.1"
URL: Final = "https://ha.example.com/api/axis_people_counter/push"
IN_TOTAL: Final = "sensor.main_entrance_in_total"
IN_TODAY: Final = "sensor.main_entrance_in_today"
QUARANTINED: Final = f"quarantined_{SERIAL}"
PROTOCOL: Final = f"wrong_protocol_{SERIAL}"
WRONG: Final = "the token of another"
# What can't be told apart from the problem of another camera.
OF_THE_ADDRESS: Final = {f"wrong_protocol_{HERE}", f"wrong_token_{HERE}"}
PASSWORD: Final = "no one else may see this"
INTEGRATION: Final = Path(__file__).parents[1] / "custom_components" / DOMAIN
TEXTS: Final[dict[str, Any]] = json.loads((INTEGRATION / "translations" / "en.json").read_text())["issues"]

type Flow = dict[str, Any]


@pytest.fixture(autouse=True)
async def _ui(hass: HomeAssistant) -> None:
    """Have what Home Assistant's pages need; addresses can be added only before the first client comes."""
    await hass.config.async_set_time_zone("Europe/Stockholm")
    for component in ("config", "repairs", "websocket_api"):
        assert await async_setup_component(hass, component, {})


@pytest.fixture
def repairs(hass: HomeAssistant, pusher: Pusher, hass_access_token: str) -> Repairs:
    """Return an administrator's way to the repairs, once the integration is there."""
    return Repairs(hass, pusher.client, hass_access_token)


@pytest.fixture
async def device() -> AsyncIterator[Device]:
    """Switch the web server of the camera on."""
    async with Device(serial=SERIAL, password=PASSWORD) as device:
        device.faults.protocol_version = "0.3"
        yield device


class Repairs:
    """The page of repairs, where each dialog has a text for all it shows."""

    def __init__(self, hass: HomeAssistant, client: TestClient[Any, Any], token: str) -> None:
        """Take a way to Home Assistant, and the token of somebody who was signed in when the test began."""
        self.hass = hass
        self.client = client
        self._session = hass.auth.async_validate_access_token(token)
        self._shown: dict[str, str] = {}
        self._key = ""

    @property
    def token(self) -> str:
        """A token that is good now: they last for half an hour."""
        assert self._session
        return self.hass.auth.async_create_access_token(self._session)

    @property
    def issues(self) -> dict[str, ir.IssueEntry]:
        """What is shown, by its kind and what it is about."""
        return problems(self.hass)

    async def open(self, name: str) -> Flow:
        """Select a repair."""
        issue = self.issues[name]
        assert issue.is_fixable
        assert issue.translation_key
        self._key = issue.translation_key
        self._shown = issue.translation_placeholders or {}
        return await self._post("", {"handler": DOMAIN, "issue_id": issue.issue_id})

    async def choose(self, flow: Flow, option: str) -> Flow:
        """Select an option of a menu."""
        assert option in flow["menu_options"]
        return await self._post(f"/{flow['flow_id']}", {"next_step_id": option})

    async def submit(self, flow: Flow, **entered: Any) -> Flow:
        """Submit a form."""
        assert flow["type"] == "form"
        return await self._post(f"/{flow['flow_id']}", entered)

    async def _post(self, path: str, body: dict[str, Any]) -> Flow:
        headers = {"Authorization": f"Bearer {self.token}"}
        response = await self.client.post(f"/api/repairs/issues/fix{path}", json=body, headers=headers)
        assert response.status == HTTPStatus.OK, await response.text()
        flow: Flow = await response.json()
        await self.hass.async_block_till_done()
        assert set(self.texts(flow)), "this has to be said in words"
        return flow

    def texts(self, flow: Flow) -> Iterator[str]:
        """Yield what the frontend shows."""
        texts = TEXTS[self._key]["fix_flow"]
        placeholders = self._shown | (flow.get("description_placeholders") or {})
        match flow["type"]:
            case "create_entry":
                found = [texts["create_entry"]["default"]]
            case "abort":
                found = [texts["abort"][flow["reason"]]]
            case _:
                step = texts["step"][flow["step_id"]]
                found = [
                    step["title"],
                    step["description"],
                    *(step["menu_options"][key] for key in flow.get("menu_options", ())),
                ]
                found += [step["data"][one["name"]] for one in (flow["data_schema"] if flow["type"] == "form" else ())]
                found += [texts["error"][key] for key in (flow.get("errors") or {}).values()]
        for text in found:
            names = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert names <= set(placeholders), text
            yield text.format_map(placeholders)

    def text(self, flow: Flow) -> str:
        """Return all that the frontend shows."""
        return "\n".join(self.texts(flow))


def placeholders(issue: ir.IssueEntry) -> dict[str, str]:
    """Return what an issue fills into its texts, of which there has to be one for all."""
    assert issue.translation_key
    assert issue.translation_placeholders is not None
    for text in (TEXTS[issue.translation_key]["title"], TEXTS[issue.translation_key].get("description", "")):
        assert {name for _, name, _, _ in Formatter().parse(text) if name} <= set(issue.translation_placeholders)
    return issue.translation_placeholders


def suggested(flow: Flow) -> dict[str, Any]:
    """Return what is in the fields of a form already."""
    return {field["name"]: (field.get("description") or {}).get("suggested_value") for field in flow["data_schema"]}


def other_protocol(**members: Any) -> Document:
    """Return a push in an older version of the protocol."""
    return document(measurement(NOON - MINUTE, 1), **{"apiVersion": "0.3", **members})


async def push_other_protocol(pusher: Pusher, **members: Any) -> None:
    """See such a push refused."""
    assert (await pusher.post(other_protocol(**members))).status == HTTPStatus.UNPROCESSABLE_ENTITY


def credentials(device: Device, **entered: Any) -> dict[str, Any]:
    """Return what an administrator of the camera enters."""
    return {
        "host": device.address,
        "username": device.username,
        "password": device.password,
        "trust_certificate": False,
        **entered,
    }


# A wrong token


async def test_wrong_token(pusher: Pusher, repairs: Repairs) -> None:
    """URL and token are shown to be copied, and nowhere else; with the next wrong one the repair is back."""
    issue_id = f"wrong_token_{HERE}"
    for _ in range(2):
        assert (await pusher.post(document(), token=WRONG)).status == HTTPStatus.UNAUTHORIZED
        assert TOKEN not in repr(repairs.issues[issue_id])
        flow = await repairs.open(issue_id)
        assert f"`{TOKEN}`" in repairs.text(flow)
        assert f"`{URL}`" in repairs.text(flow)
        assert r"127\.0\.0\.1" in repairs.text(flow)
        flow = await repairs.submit(flow)
        assert flow["type"] == "create_entry"
        assert TOKEN not in json.dumps(flow)
        assert not repairs.issues


async def test_only_administrators_see_the_token(
    pusher: Pusher, repairs: Repairs, hass_client: ClientSessionGenerator, hass_read_only_access_token: str
) -> None:
    """A user who isn't one can neither begin the dialog nor look into that of another."""
    await pusher.post(document(), token=WRONG)
    flow = await repairs.open(f"wrong_token_{HERE}")
    client = await hass_client(hass_read_only_access_token)
    begun = {"handler": DOMAIN, "issue_id": repairs.issues[f"wrong_token_{HERE}"].issue_id}
    for response in (
        await client.post("/api/repairs/issues/fix", json=begun),
        await client.get(f"/api/repairs/issues/fix/{flow['flow_id']}"),
        await client.post(f"/api/repairs/issues/fix/{flow['flow_id']}", json={}),
    ):
        assert response.status == HTTPStatus.UNAUTHORIZED
        assert TOKEN not in await response.text()
    assert repairs.issues


async def test_wrong_token_ends_while_it_is_shown(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """The dialog can be finished although there is nothing left to repair."""
    await pusher.post(document(), token=WRONG)
    flow = await repairs.open(f"wrong_token_{HERE}")
    await wait(hass, noon, timedelta(hours=2))
    assert not repairs.issues
    assert (await repairs.submit(flow))["type"] == "create_entry"


async def test_body_too_large(monkeypatch: pytest.MonkeyPatch, pusher: Pusher, repairs: Repairs) -> None:
    """It ends when it has been read, and comes back when it happens again."""
    monkeypatch.setattr(http, "MAX_BODY", 100)
    for _ in range(2):
        assert (await pusher.post(document())).status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        flow = await repairs.open(f"body_too_large_{HERE}")
        assert HERE in repairs.text(flow)
        assert (await repairs.submit(flow))["type"] == "create_entry"
        assert not repairs.issues


async def test_no_token_without_an_entry(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """Where nothing runs, there is nothing to be copied."""
    await pusher.post(document(), token=WRONG)
    shown = await repairs.open(f"wrong_token_{HERE}")
    await hass.config_entries.async_unload(entry.entry_id)
    for flow in (await repairs.submit(shown), await repairs.open(f"wrong_token_{HERE}")):
        assert (flow["type"], flow["reason"]) == ("abort", "not_loaded")


# Another protocol version


@pytest.mark.parametrize("model", [THREE_D, TWO_D])
async def test_set_protocol_version(
    hass: HomeAssistant,
    pusher: Pusher,
    repairs: Repairs,
    device: Device,
    model: Model,
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The camera gets the right version from here; the repair ends when it sends that, and not before."""
    device.counter = model
    await push_other_protocol(pusher)
    flow = await repairs.open(PROTOCOL)
    assert suggested(flow) == {
        "host": "192.168.1.106",
        "username": None,
        "password": None,
        "trust_certificate": None,
    }
    assert "http://192.168.1.106/axis-cgi/param.cgi?action=update&root.Tvpc" in repairs.text(flow)
    assert "`http://192.168.1.106/a3dpc/api/settings`" in repairs.text(flow)
    (password,) = [field for field in flow["data_schema"] if field["name"] == "password"]
    assert password["selector"]["text"]["type"] == "password"

    flow = await repairs.submit(flow, **credentials(device))
    assert (flow["type"], flow["reason"]) == ("abort", "version_set")
    assert device.faults.protocol_version == "0.4"
    assert PROTOCOL in repairs.issues
    await push_other_protocol(pusher)
    assert PROTOCOL in repairs.issues
    await pusher.push(measurement(NOON - MINUTE, 1))
    assert not repairs.issues

    # Used once, kept nowhere.
    assert PASSWORD not in caplog.text
    assert not hass.config_entries.flow.async_progress()
    websocket = await hass_ws_client(hass)
    await websocket.send_json_auto_id({"type": "config_entries/get"})
    assert PASSWORD not in json.dumps(await websocket.receive_json())


async def test_wrong_password(pusher: Pusher, repairs: Repairs, device: Device) -> None:
    """What is wrong is said, and can be tried again without typing all of it; only the password is asked for anew."""
    await push_other_protocol(pusher)
    flow = await repairs.open(PROTOCOL)
    flow = await repairs.submit(flow, **credentials(device, password=WRONG))
    assert flow["errors"] == {"base": "problem"}
    assert f"The camera at {device.address} doesn't accept" in repairs.text(flow)
    assert "http://192.168.1.106/axis-cgi/" in repairs.text(flow)
    assert suggested(flow) == {
        "host": device.address,
        "username": "root",
        "password": None,
        "trust_certificate": False,
    }
    assert device.faults.protocol_version == "0.3"
    flow = await repairs.submit(flow, **credentials(device))
    assert flow["reason"] == "version_set"


async def test_nothing_there(pusher: Pusher, repairs: Repairs, device: Device) -> None:
    """An address at which there is nothing, or that is none."""
    await push_other_protocol(pusher)
    flow = await repairs.open(PROTOCOL)
    for host, problem in (("127.0.0.1:1", "Nothing answers at 127.0.0.1:1."), ("a b", "This isn't an address: a b.")):
        flow = await repairs.submit(flow, **credentials(device, host=host))
        assert flow["errors"] == {"base": "problem"}
        assert problem in repairs.text(flow)


async def test_camera_without_a_counter(pusher: Pusher, repairs: Repairs, device: Device) -> None:
    """What the camera says is shown as it is."""
    device.counter = None
    await push_other_protocol(pusher)
    flow = await repairs.submit(await repairs.open(PROTOCOL), **credentials(device))
    assert f"No people counter runs on the camera at {device.address}." in repairs.text(flow)


async def test_another_camera(pusher: Pusher, repairs: Repairs, device: Device) -> None:
    """Nothing is changed in a camera that isn't the one with the wrong version."""
    device.serial = "00408cac512b"
    await push_other_protocol(pusher)
    flow = await repairs.submit(await repairs.open(PROTOCOL), **credentials(device))
    assert f"its serial number is 00408cac512b, not {SERIAL}." in repairs.text(flow)
    assert device.faults.protocol_version == "0.3"


async def test_camera_that_does_not_say_who_it_is(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """It is known by its address only, and so any camera may be the one; it ends when that is quiet for a while."""
    device.serial = "00408cac512b"
    await push_other_protocol(pusher, sensor=None, data=None)
    response = await pusher.post({"apiName": "Axis Retail Data", "apiVersion": "0.3"})
    assert response.status == HTTPStatus.UNPROCESSABLE_ENTITY
    flow = await repairs.open(f"wrong_protocol_{HERE}")
    assert suggested(flow)["host"] == HERE
    assert (await repairs.submit(flow, **credentials(device)))["reason"] == "version_set"
    await pusher.push(sensor={"serial": "00408cac512b"})
    assert f"wrong_protocol_{HERE}" in repairs.issues
    await wait(hass, noon, timedelta(hours=2))
    assert f"wrong_protocol_{HERE}" not in repairs.issues


async def test_camera_has_the_right_version_meanwhile(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs, device: Device
) -> None:
    """The dialog goes on without its repair, and without the entry: only the camera is asked."""
    await push_other_protocol(pusher)
    flow = await repairs.open(PROTOCOL)
    await pusher.push()
    assert not repairs.issues
    await hass.config_entries.async_unload(entry.entry_id)
    assert (await repairs.submit(flow, **credentials(device)))["reason"] == "version_set"


async def test_hostile_name(pusher: Pusher, repairs: Repairs) -> None:
    """A sender's text is never markup, and its address never more than an address."""
    sensor = {"name": "[x](http://evil)|<b>", "ipAddress": "fe80::1%](http://evil)"}
    await push_other_protocol(pusher, apiVersion="<img>", sensor=sensor)
    flow = await repairs.open(PROTOCOL)
    assert "](http://evil" not in "".join(repairs.texts(flow)).replace(sensor["name"], "")
    assert r"\<img\>" in repairs.text(flow)
    assert suggested(flow)["host"] == HERE


# Clocks


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("192.168.1.106", r" ([192\.168\.1\.106](http://192.168.1.106))"),
        ("2001:db8::5", r" ([\[2001\:db8\:\:5\]](http://[2001:db8::5]))"),
        ("192.168.1.106/../evil", ""),
        ("evil.example.com", ""),
        ("fe80::1%](http://evil)", ""),
        (None, ""),
    ],
)
async def test_clocks(
    noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs, address: str | None, link: str
) -> None:
    """Both times are those on the wall, and the pages for setting them are a click away."""
    body = document(sent=NOON + timedelta(hours=1), sensor={"ipAddress": address})
    assert (await pusher.post(body)).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert placeholders(repairs.issues[f"clock_differs_{SERIAL}"]) == {
        "name": "Main entrance",
        "camera": f"Main entrance{link}",
        "camera_time": "2026-09-16 13:00:00",
        "home_assistant_time": "2026-09-16 12:00:00",
        "time_zone": r"Europe\/Stockholm",
        "settings": "/config/general",
    }
    await pusher.push()
    assert not repairs.issues


@pytest.mark.parametrize("sent", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_clock_at_the_end_of_time(pusher: Pusher, repairs: Repairs, sent: str) -> None:
    """There is no local time of the first and the last hours there are."""
    assert (await pusher.post(document(utcSent=sent))).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert sent[5:10] in placeholders(repairs.issues[f"clock_differs_{SERIAL}"])["camera_time"]


def test_scope_of_an_address_is_no_part_of_a_link() -> None:
    """It may be nearly any text, though addresses like that are left out long before."""
    assert link("fe80::1") == r"[\[fe80\:\:1\]](http://[fe80::1])"
    assert link("fe80::1%](evil)") == ""


# Silence


async def test_silent_camera(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """There are the camera's page and our URL to look at."""
    await pusher.push(measurement(NOON - MINUTE))
    await wait(hass, noon, timedelta(days=1))
    assert placeholders(repairs.issues[f"camera_silent_{SERIAL}"]) == {
        "name": "Main entrance",
        "camera": r"Main entrance ([192\.168\.1\.106](http://192.168.1.106))",
        "since": "2026-09-16 12:00",
        "url": URL,
    }


# Quarantine


def bad(minute: int, **members: Any) -> Document:
    """Return an interval that can't be taken, so many minutes before noon."""
    return {**measurement(NOON - minute * MINUTE, -1, 3), **members}


def keep(folder: Path, content: str, *, sent: datetime = NOON, serial: str = SERIAL) -> None:
    """Put an interval into quarantine as an earlier version of the integration did, which couldn't take it."""
    with closing(sqlite3.connect(folder / "axis_people_counter.db")) as db, db:
        db.execute(
            "INSERT INTO quarantine (camera, received, reason, content, sent)"
            " SELECT id, received, 'it is new', ?, ? FROM cameras WHERE serial = ?",
            (content, int(sent.timestamp()), serial),
        )


async def test_quarantine_is_shown(noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs) -> None:
    """From, to, in, out and why of each, in the time on the wall; sender's texts are never markup."""
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
    assert flow["type"] == "menu"
    no_time = "utcFrom or utcTo is missing or isn't a date and time"
    assert flow["description_placeholders"]["rows"].splitlines() == [
        f"| 2026-09-16 11:56:00 | 2026-09-16 11:57:00 | 1 | 2 | {plain(OVERLAP)} |",
        r"| ? | ? | ? | ? | it isn't a JSON object with unique keys |",
        f"| 0001-01-01 01:12:12 | ? | ? | ? | {no_time} |",
        rf"| \| \[x\]\(http\:\/\/evil\) \|\# \<b\> | 17 | \`1\` | ? | {no_time} |",
        r"| 2026-09-16 11:20:00 | 2026-09-16 11:20:00 | ? | ? | it ends before it begins |",
        r"| 2026-09-16 11:30:00 | 2026-09-16 11:31:00 | \-1 | 3 | a count isn't a whole number from 0 to 100000 |",
    ]
    assert "weren't counted: 6." in repairs.text(flow)


async def test_quarantine_is_shown_in_part(pusher: Pusher, repairs: Repairs, noon: FrozenDateTimeFactory) -> None:
    """There may be thousands; the newest are enough to see what it is about."""
    await pusher.push(*(bad(100 - number) for number in range(12)), "x" * 10_000, "[" * 4000 + "]" * 4000)
    flow = await repairs.open(QUARANTINED)
    assert len(flow["description_placeholders"]["rows"].splitlines()) == 10
    assert len(repairs.text(flow)) < 4000
    assert flow["description_placeholders"]["count"] == "14"


async def test_retry_after_an_update(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, tmp_path: Path, pusher: Pusher, repairs: Repairs
) -> None:
    """What can be taken now is counted once, as when it was sent; what can't stays, and so does the repair."""
    await pusher.push(
        measurement(NOON - 5 * MINUTE, 1), measurement(NOON - 4 * MINUTE, 2), bad(30), sent=NOON - 2 * MINUTE
    )
    taken = json.dumps(measurement(NOON - 20 * MINUTE, 10, adults=(4, 0)))
    keep(tmp_path, taken, sent=NOON - 10 * MINUTE)
    # The camera has told another number since then.
    keep(tmp_path, json.dumps(measurement(NOON - 5 * MINUTE, 100)), sent=NOON - 4 * MINUTE)
    # Nobody knows it yet.
    keep(tmp_path, '{"kind": "cars"}')
    # Only the beginning of it was kept.
    keep(tmp_path, '{"kind": "people-counts", "items": [')
    await pusher.push()
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "5"
    heard = state_of(hass, "sensor.main_entrance_last_message")
    noon.tick(2 * MINUTE)

    flow = await repairs.choose(await repairs.open(QUARANTINED), "retry")
    assert (flow["type"], flow["reason"]) == ("abort", "retried")
    assert "Settled: 2." in repairs.text(flow)
    assert "Still kept aside: 3." in repairs.text(flow)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "3"
    assert state_of(hass, IN_TOTAL) == state_of(hass, IN_TODAY) == "13"
    assert state_of(hass, "sensor.main_entrance_adults_in_today") == "4"
    # These people came long ago, and the camera said nothing now.
    assert state_of(hass, "event.main_entrance_passage") == "unknown"
    assert state_of(hass, "sensor.main_entrance_last_message") == heard

    for _ in range(2):
        flow = await repairs.choose(await repairs.open(QUARANTINED), "retry")
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
    """An update that knows what was set aside takes it by itself, page by page; what it doesn't know stays."""
    monkeypatch.setattr(ledger, "RETRY_PAGE", 2)
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
    """All else works, nothing is lost, and it is tried again at the next start."""
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
    assert caplog.text.count("can't be tried again now") == 1


async def test_what_was_counted_after_all_is_not_missing(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """The camera's clock was set back between counting and sending; when it tells all again, the repair ends."""
    last = measurement(NOON - MINUTE, 3)
    await pusher.push(measurement(NOON - 3 * MINUTE, 1), last, sent=NOON - 2 * MINUTE)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"
    noon.tick(2 * MINUTE)
    await pusher.push(measurement(NOON - 3 * MINUTE, 1), last)
    assert state_of(hass, IN_TODAY) == "4"
    assert not repairs.issues
    # Held up on its way, the first one comes once more.
    await pusher.push(measurement(NOON - 3 * MINUTE, 1), last, sent=NOON - 2 * MINUTE)
    assert not repairs.issues


async def test_retry_of_all(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, tmp_path: Path, pusher: Pusher, repairs: Repairs
) -> None:
    """The repair ends by itself when nothing is left; who came just now is told of, as with any push."""
    await pusher.push(measurement(NOON - 5 * MINUTE, 1))
    keep(tmp_path, json.dumps(measurement(NOON - 2 * MINUTE, 3)))
    await pusher.push()
    flow = await repairs.choose(await repairs.open(QUARANTINED), "retry")
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
    """Hours that have passed get what was counted in them."""
    await pusher.push(measurement(NOON - timedelta(hours=3), 1), measurement(NOON - MINUTE, 1))
    assert [row["state"] for row in await rows(hass, "in")] == [1, 0, 1]
    keep(tmp_path, json.dumps(measurement(NOON - timedelta(hours=2), 5)))
    await pusher.push()
    await repairs.choose(await repairs.open(QUARANTINED), "retry")
    assert [row["state"] for row in await rows(hass, "in")] == [1, 5, 1]


async def test_drop(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs) -> None:
    """Only what the question was about is dropped; what comes again is looked at again."""
    await pusher.push(measurement(NOON - 15 * MINUTE, 20, minutes=15), bad(30))
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - 4 * MINUTE, 1))
    flow = await repairs.choose(await repairs.open(QUARANTINED), "drop")
    assert flow["step_id"] == "drop"
    assert "dropped for good: 2." in repairs.text(flow)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "2"
    await pusher.push(bad(50))

    flow = await repairs.submit(flow)
    assert (flow["type"], flow["reason"]) == ("abort", "dropped")
    assert "Dropped: 2. Still kept aside: 1." in repairs.text(flow)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"
    flow = await repairs.choose(await repairs.open(QUARANTINED), "drop")
    assert "Dropped: 1. Still kept aside: 0." in repairs.text(await repairs.submit(flow))
    assert not repairs.issues
    assert state_of(hass, IN_TOTAL) == "20"

    # The minutes that wait replace the quarter without the one that was dropped, once the camera has sent that again.
    rest = [measurement(NOON - minute * MINUTE, 2) for minute in range(15, 0, -1) if minute != 4]
    await pusher.push(*rest, bad(30))
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "15"
    await pusher.push(measurement(NOON - 4 * MINUTE, 1))
    assert state_of(hass, IN_TOTAL) == "29"
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"


async def test_nothing_left(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs) -> None:
    """What is chosen or submitted after the repair has ended by itself does nothing."""
    await pusher.push(measurement(NOON - 15 * MINUTE, 20, minutes=15))
    noon.tick(MINUTE)
    await pusher.push(measurement(NOON - 15 * MINUTE, 7))
    opened = [await repairs.open(QUARANTINED) for _ in range(3)]
    asked = await repairs.choose(opened[0], "drop")
    await pusher.push(*(measurement(NOON - minute * MINUTE, 1) for minute in range(14, 0, -1)))
    assert not repairs.issues
    for flow in (
        await repairs.submit(asked),
        await repairs.choose(opened[1], "retry"),
        await repairs.choose(opened[2], "drop"),
    ):
        assert (flow["type"], flow["reason"]) == ("abort", "nothing_left")
    assert state_of(hass, IN_TOTAL) == "21"


async def remove_camera(
    hass: HomeAssistant, entry: MockConfigEntry, client: WebSocketGenerator, repairs: Repairs
) -> None:
    """Delete the camera's device as the UI does."""
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    websocket = await client(hass, repairs.token)
    await websocket.send_json_auto_id({"type": "config/device_registry/remove", "device_id": device.id})
    response = await websocket.receive_json()
    if not response["success"]:
        # Its name before 2026.9.
        command = {"type": "config/device_registry/remove_config_entry", "config_entry_id": entry.entry_id}
        await websocket.send_json_auto_id({**command, "device_id": device.id})
        response = await websocket.receive_json()
    await hass.async_block_till_done()
    assert response["success"]


async def test_quarantine_of_a_removed_camera(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """The repair goes with the camera and a dialog ends; both are back when the camera is."""
    await pusher.push(bad(30))
    flow = await repairs.open(QUARANTINED)
    noon.tick(timedelta(minutes=6))
    await remove_camera(hass, entry, hass_ws_client, repairs)
    assert not repairs.issues
    assert (await repairs.choose(flow, "retry"))["reason"] == "nothing_left"
    await pusher.push()
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"


async def test_quarantine_without_an_entry(
    hass: HomeAssistant, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """The ledger is closed where nothing runs."""
    await pusher.push(bad(30))
    opened = await repairs.open(QUARANTINED)
    await hass.config_entries.async_unload(entry.entry_id)
    for flow in (await repairs.choose(opened, "retry"), await repairs.open(QUARANTINED)):
        assert (flow["type"], flow["reason"]) == ("abort", "not_loaded")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others from writing to a ledger."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


async def test_quarantine_while_the_ledger_cannot_be_written(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    tmp_path: Path,
    pusher: Pusher,
    repairs: Repairs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is done then, and the dialog says so."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.1)
    await hass.config_entries.async_reload(entry.entry_id)
    await pusher.push(bad(30))
    retry, asked = await repairs.open(QUARANTINED), await repairs.choose(await repairs.open(QUARANTINED), "drop")
    with locked(tmp_path / "axis_people_counter.db"):
        for flow in (await repairs.choose(retry, "retry"), await repairs.submit(asked)):
            assert (flow["type"], flow["reason"]) == ("abort", "ledger_error")
            assert "database is locked" in repairs.text(flow)
    assert placeholders(repairs.issues[QUARANTINED])["count"] == "1"


async def test_quarantine_while_the_ledger_is_out_of_reach(
    noon: FrozenDateTimeFactory, tmp_path: Path, pusher: Pusher, repairs: Repairs
) -> None:
    """What can't be read can't be shown."""
    await pusher.push(bad(30))
    (tmp_path / "axis_people_counter.db").rename(tmp_path / "elsewhere.db")
    (tmp_path / "axis_people_counter.db").mkdir()
    flow = await repairs.open(QUARANTINED)
    assert (flow["type"], flow["reason"]) == ("abort", "ledger_error")


# The end of repairs


async def everything_wrong(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> set[str]:
    """Have all repairs about one camera; return their ids."""
    await pusher.push(bad(30), sensor={"ipAddress": HERE})
    await wait(hass, noon, timedelta(days=1))
    await pusher.post(document(), token=WRONG)
    await pusher.post(document(measurement(NOON), sent=NOON, sensor={"ipAddress": HERE}))
    await push_other_protocol(pusher)
    await pusher.post({"apiName": "Axis Retail Data", "apiVersion": "1.0"})
    return {
        f"camera_silent_{SERIAL}",
        f"clock_differs_{SERIAL}",
        QUARANTINED,
        PROTOCOL,
        *OF_THE_ADDRESS,
    }


async def test_repairs_end_with_their_camera(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    repairs: Repairs,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Nobody waits any more for the camera to do better; what is about its address may be another's."""
    wrong = await everything_wrong(hass, noon, pusher)
    assert {*repairs.issues} == wrong
    await remove_camera(hass, entry, hass_ws_client, repairs)
    assert {*repairs.issues} == OF_THE_ADDRESS


async def test_repairs_end_with_the_cameras_next_push(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """Where all is well again, nothing is left to be read but what another camera may have done."""
    assert await everything_wrong(hass, noon, pusher)
    await pusher.push(sensor={"ipAddress": HERE})
    assert {*repairs.issues} == {QUARANTINED, *OF_THE_ADDRESS}
    await wait(hass, noon, timedelta(hours=2))
    assert {*repairs.issues} == {QUARANTINED}


async def test_repairs_end_when_the_entry_is_disabled(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    tmp_path: Path,
    pusher: Pusher,
    repairs: Repairs,
) -> None:
    """What nobody looks after isn't shown; what has happened is, until it has been read. A reload keeps all."""
    wrong = await everything_wrong(hass, noon, pusher)
    ir.async_get(hass).async_ignore(DOMAIN, repairs.issues[QUARANTINED].issue_id, True)
    await hass.config_entries.async_reload(entry.entry_id)
    assert {*repairs.issues} == wrong
    assert repairs.issues[QUARANTINED].dismissed_version

    await hass.config_entries.async_unload(entry.entry_id)
    for path in tmp_path.glob("axis_people_counter.db*"):
        path.write_bytes(b"damaged" * 1000)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert {*repairs.issues} == {"ledger_moved_aside"}
    flow = await repairs.open("ledger_moved_aside")
    assert flow["step_id"] == "confirm"


async def test_what_is_read_when_a_camera_goes_says_nothing_any_more(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, entry: MockConfigEntry, pusher: Pusher, repairs: Repairs
) -> None:
    """A repair that ended isn't begun again by what was on the way."""
    await pusher.push(bad(30))
    receiver = entry.runtime_data
    # The ledger is busy; then it stores what is to be stored before it answers questions.
    free = threading.Event()
    receiver.ledger.submit(lambda _: free.wait(10))
    reading = asyncio.create_task(receiver.cameras[SERIAL].async_refresh())
    removing = asyncio.create_task(receiver.async_remove_camera(SERIAL))
    for _ in range(100):
        await asyncio.sleep(0)
    free.set()
    await asyncio.gather(reading, removing)
    assert not repairs.issues


async def test_repairs_have_no_secrets(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, repairs: Repairs
) -> None:
    """Whoever has an account can read what repairs are made of."""
    await everything_wrong(hass, noon, pusher)
    assert TOKEN not in repr(repairs.issues)

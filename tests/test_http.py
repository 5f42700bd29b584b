"""What a camera gets: each answer, what is stored behind it, and what the user is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
import gzip
from http import HTTPStatus
import json
import logging
import sqlite3
import threading
from typing import Any, cast
import zlib

from aiohttp import ClientResponse
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.axis_people_counter import http, issues as repair_issues, receiver
from custom_components.axis_people_counter.const import DOMAIN, LEDGER_FILE
from custom_components.axis_people_counter.ledger import file as ledger_file, ledger
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import CONF_TOKEN
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .helpers.flows import choose, enter
from .helpers.problems import problems
from .helpers.pusher import PATH, SERIAL, TOKEN, Document, Pusher, document, measurement, state_of

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
HERE = "127.0.0.1"
# Stands in bodies, and must not stand in the log.
CANARY = "text-of-a-body"
TOTAL = "sensor.main_entrance_in_total"
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: ha\r\nAuthorization: Bearer {TOKEN}\r\n"
# For what has to happen soon.
SOON = 10

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def noon(request: pytest.FixtureRequest) -> Iterator[FrozenDateTimeFactory]:
    """Let it be noon; the time goes on, for connections need it, unless the test asks for it to be stopped."""
    with freeze_time(NOON, tick="stopped" not in request.fixturenames) as clock:
        yield cast(FrozenDateTimeFactory, clock)


@pytest.fixture
def stopped(noon: FrozenDateTimeFactory) -> FrozenDateTimeFactory:
    """Stop the clock; nothing but the answer to a request can be waited for then."""
    return noon


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hang up soon on cameras that fall silent."""
    monkeypatch.setattr(http, "SECONDS_WITHOUT_A_BYTE", 0.3)


@pytest.fixture(autouse=True)
def _sound_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """See after each test that nothing was logged that mustn't be."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        message = record.getMessage()
        assert TOKEN not in message
        assert CANARY not in message
        assert record.exc_info is None
        assert record.levelno < logging.ERROR or message.startswith("Counts can't be stored in ")


def push(*measurements: Any, **members: Any) -> Document:
    """Return a push of one person, or of what is given, that was sent now."""
    return document(*(measurements or [measurement(NOON - MINUTE, 1)]), **{"sent": NOON, "more": CANARY, **members})


def connection_test(**members: Any) -> Document:
    """Return what Test connection sends."""
    return document(data=None, more=CANARY, **members)


def encoded(whole: Document) -> bytes:
    """Return a document as bytes."""
    return json.dumps(whole).encode()


def issues(hass: HomeAssistant) -> dict[str, dict[str, str] | None]:
    """Return the placeholders of each repair that is shown."""
    return {name: issue.translation_placeholders for name, issue in problems(hass).items()}


def stored(hass: HomeAssistant) -> int | None:
    """Return the people in according to the ledger, None before the first push."""
    with closing(sqlite3.connect(f"file:{hass.config.path(LEDGER_FILE)}?mode=ro", uri=True)) as db:
        (cameras,) = db.execute("SELECT count(*) FROM cameras").fetchone()
        (total,) = db.execute("SELECT coalesce(sum(entered), 0) FROM intervals").fetchone()
    return int(total) if cameras else None


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the integration warned of."""
    return [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING and record.name.startswith("custom_components.")
    ]


async def sentence(response: ClientResponse) -> str:
    """Return what an answer says."""
    text: str = (await response.json())["message"]
    return text


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something has happened that nobody tells of."""
    async with asyncio.timeout(SOON):
        while not condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


class Wire:
    """A connection on which bytes are sent as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take both ways of a connection."""
        self.reader = reader
        self.writer = writer

    async def send(self, data: str | bytes) -> None:
        """Send some bytes."""
        self.writer.write(data.encode() if isinstance(data, str) else data)
        await self.writer.drain()

    async def status(self) -> int:
        """Return the status of the answer, 0 where the connection ends without one."""
        async with asyncio.timeout(SOON):
            try:
                line = await self.reader.readline()
            except ConnectionResetError:
                return 0
        return int(line.split()[1]) if line else 0


@asynccontextmanager
async def wire(pusher: Pusher) -> AsyncIterator[Wire]:
    """Connect to the instance."""
    reader, writer = await asyncio.open_connection(HERE, pusher.client.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


async def again(pusher: Pusher, people: int = 1) -> None:
    """Send the same counts again, and later once more, as a camera does after a refusal: they are stored once."""
    for _ in range(2):
        response = await pusher.post(push())
        assert response.status == HTTPStatus.OK
        assert stored(pusher.hass) == people
    assert state_of(pusher.hass, TOTAL) == str(people)


# 200


async def test_stored(hass: HomeAssistant, pusher: Pusher) -> None:
    """Counts are in the ledger before the answer is there; the same counts again change nothing."""
    response = await pusher.client.post(PATH, json=push(), headers={"Authorization": f"Bearer {TOKEN}"})
    assert stored(hass) == 1
    assert response.status == HTTPStatus.OK
    assert await sentence(response) == "Thank you."
    await hass.async_block_till_done()
    await again(pusher)
    assert not issues(hass)


async def test_nothing_to_store(hass: HomeAssistant, pusher: Pusher) -> None:
    """A test message is answered 200, from cameras nobody knows and from others; so is a push of nothing."""
    for body in (connection_test(), push(), connection_test(), document(), document(data={"measurements": None})):
        assert (await pusher.post(body)).status == HTTPStatus.OK
    assert stored(hass) == 1
    assert not issues(hass)


async def test_unknown_things_beside_known_ones(
    hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture
) -> None:
    """What tells something else of people who are counted is left out; the log names it once."""
    counted = measurement(NOON - MINUTE, 1)
    counted["items"].append({"direction": "passing", "count": 9})
    for _ in range(3):
        response = await pusher.post(push(counted, {**counted, "kind": "queue-lengths"}))
        assert response.status == HTTPStatus.OK
    assert stored(hass) == 1
    assert not issues(hass)
    assert caplog.text.count("kind queue-lengths") == 1
    assert caplog.text.count("direction passing") == 1


UNKNOWN = [
    {**measurement(NOON - MINUTE, 3), "kind": "people-counts-v2"},
    {**measurement(NOON - MINUTE), "items": [{"direction": "enter", "count": 3}, {"direction": "exit", "count": 1}]},
    measurement(NOON - MINUTE, cast(int, "3"), cast(int, "1")),
]


@pytest.mark.parametrize("unknown", UNKNOWN, ids=["kind", "directions", "counts as text"])
async def test_unknown_things_alone(hass: HomeAssistant, pusher: Pusher, unknown: Document) -> None:
    """What may count people is kept until it is known; all else is counted, and the camera is done with it."""
    for _ in range(2):
        response = await pusher.post(push(unknown, measurement(NOON - 2 * MINUTE, 2)))
        assert response.status == HTTPStatus.OK
        assert list(issues(hass)) == [f"quarantined_{SERIAL}"]
        assert stored(hass) == 2


async def test_numbers_and_times_by_their_meaning(hass: HomeAssistant, pusher: Pusher) -> None:
    """3.0 is 3, and a fraction of a second makes no other interval: also when it is sent again."""
    told = measurement(NOON - MINUTE, cast(int, 3.0), 1)
    for start, end in (("09:58:00.123Z", "09:59:00.123Z"), ("09:57:00.123Z", "09:58:00.123Z")) * 2:
        times = {"utcFrom": f"2026-09-16T{start}", "utcTo": f"2026-09-16T{end}"}
        assert (await pusher.post(push({**told, **times}))).status == HTTPStatus.OK
    assert stored(hass) == 6
    assert not issues(hass)


@pytest.mark.parametrize("data", [{}, [], {"utcFrom": "2026-09-16T09:58:00Z", "utcTo": "2026-09-16T09:59:00Z"}])
async def test_data_without_measurements(hass: HomeAssistant, pusher: Pusher, data: Any) -> None:
    """There is nothing to keep: it is answered as Test connection is, also when a clock is wrong."""
    assert (await pusher.post(push(data=data))).status == HTTPStatus.OK
    assert stored(hass) is None
    assert not issues(hass)
    assert (await pusher.post(push(data=data, sent=NOON - 60 * MINUTE))).status == HTTPStatus.OK


async def test_more_than_can_be_set_aside(
    hass: HomeAssistant, pusher: Pusher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Only what is beyond is refused, and all that counts is counted; a repair says what to do, and ends by itself."""
    monkeypatch.setattr(ledger, "MAX_QUARANTINED", 2)
    bad = [measurement(NOON - minute * MINUTE, -1) for minute in (4, 3, 2)]
    for entered in (1, 2):
        response = await pusher.post(push(*bad, measurement(NOON - MINUTE, entered)))
        assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert response.headers["Retry-After"] == "60"
        assert "set aside" in await response.text()
        assert stored(hass) == entered
        assert state_of(hass, TOTAL) == str(entered)
        shown = issues(hass)
        assert shown[f"quarantined_{SERIAL}"] == {"name": "Main entrance", "camera": "Main entrance", "count": "2"}
        assert shown[f"quarantine_full_{SERIAL}"] == {
            "name": "Main entrance", "camera": "Main entrance", "limit": "150000", "size": "512",
        }  # fmt: skip
    # Another camera is well, and what was set aside doesn't count again.
    await pusher.push(measurement(NOON - MINUTE, 1), sensor={"serial": "accc8ef3d92f", "name": "Back"})
    assert f"quarantine_full_{SERIAL}" in issues(hass)
    # One was counted after all: that leaves room.
    await pusher.push(bad[1], bad[2], measurement(NOON - 4 * MINUTE, 1))
    assert list(issues(hass)) == [f"quarantined_{SERIAL}"]
    assert caplog.text.count("more that can't be taken than can be set aside") == 1
    assert caplog.text.count("is taken or set aside again") == 1


async def test_the_document_is_well_where_not_all_can_be_set_aside(
    hass: HomeAssistant, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Repairs about documents that can't be read end all the same."""
    monkeypatch.setattr(ledger, "MAX_QUARANTINED", 0)
    await pusher.post(push(apiVersion="0.3"))
    assert list(issues(hass)) == [f"wrong_protocol_{SERIAL}"]
    await pusher.post(push(measurement(NOON - MINUTE, -1)))
    assert list(issues(hass)) == [f"quarantine_full_{SERIAL}"]


async def test_rejected_intervals(hass: HomeAssistant, pusher: Pusher) -> None:
    """Intervals that can't be taken don't hold up others; a repair tells of them, and names no one twice."""
    bad = measurement(NOON - MINUTE, -1)
    for _ in range(2):
        response = await pusher.post(push(bad, sensor={"name": "[a](http://b) <b>*c*</b>"}))
        assert response.status == HTTPStatus.OK
        assert issues(hass) == {
            f"quarantined_{SERIAL}": {
                "count": "1",
                # A title is shown as it is, a description as Markdown.
                "name": "[a](http://b) <b>*c*</b>",
                "camera": r"\[a\]\(http\:\/\/b\) \<b\>\*c\*\<\/b\>",
            }
        }
    assert stored(hass) == 0
    await pusher.push(bad, measurement(NOON - 2 * MINUTE, 2))
    assert stored(hass) == 2


# 401

WRONG = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer other"},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Bearer {TOKEN[:-1]}"},
    {"Authorization": f"Bearer {TOKEN.upper()}"},
    {"Authorization": "Bearer tökén"},
    {"Authorization": "Bearer " + "x" * 4000},
    {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="},
    {"Authorization": TOKEN},
    {"X-Token": TOKEN},
]


@pytest.mark.parametrize("headers", WRONG)
async def test_wrong_token(hass: HomeAssistant, pusher: Pusher, headers: dict[str, str]) -> None:
    """Without the token nothing is stored; a repair names the address, from which others may come with the token."""
    response = await pusher.post(push(), token=None, headers=headers)
    assert response.status == HTTPStatus.UNAUTHORIZED
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert await sentence(response) == "The API token is missing or wrong."
    assert stored(hass) is None
    await again(pusher)
    assert issues(hass) == {f"wrong_token_{HERE}": {"address": HERE}}


async def test_token_in_the_address(hass: HomeAssistant, pusher: Pusher) -> None:
    """A token in the address, where logs would keep it, is none."""
    response = await pusher.client.post(f"{PATH}?token=x&Authorization=Bearer", json=push())
    assert response.status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
async def test_spelling_of_the_scheme(pusher: Pusher, scheme: str) -> None:
    """The name of the scheme is the same in capitals, as HTTP says."""
    response = await pusher.post(connection_test(), token=None, headers={"Authorization": f"{scheme} {TOKEN} "})
    assert response.status == HTTPStatus.OK


@pytest.mark.parametrize("length", ["Content-Length: 1000", "Transfer-Encoding: chunked", "Content-Length: 999999999"])
async def test_no_body_is_read_for_a_stranger(hass: HomeAssistant, pusher: Pusher, length: str) -> None:
    """The answer is there before a byte of the body is."""
    async with wire(pusher) as connection:
        await connection.send(f"POST {PATH} HTTP/1.1\r\nHost: ha\r\nAuthorization: Bearer x\r\n{length}\r\n\r\n")
        assert await connection.status() == HTTPStatus.UNAUTHORIZED
    assert stored(hass) is None


async def set_up_behind_proxy(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> Pusher:
    """Set up with bans, and a proxy in front that says who calls."""
    options = {
        "use_x_forwarded_for": True,
        "trusted_proxies": [HERE],
        "ip_ban_enabled": True,
        "login_attempts_threshold": 1,
    }
    assert await async_setup_component(hass, "http", {"http": options})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return Pusher(hass, await hass_client_no_auth())


async def test_no_ban(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A camera with an old token is refused, but it isn't a burglar."""
    pusher = await set_up_behind_proxy(hass, entry, hass_client_no_auth)
    for headers in WRONG:
        assert (await pusher.post(push(), token=None, headers=headers)).status == HTTPStatus.UNAUTHORIZED
    assert not [record for record in caplog.records if record.name.endswith(".ban") and record.levelno > logging.INFO]
    await again(pusher)


async def test_wrong_tokens_from_everywhere(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """However many addresses call with a wrong token, the user is told of a few, and of each only once."""
    pusher = await set_up_behind_proxy(hass, entry, hass_client_no_auth)
    addresses = [f"192.0.2.{number}" for number in range(30)] + ["2001:db8::1"]
    for address in addresses * 2:
        response = await pusher.post(b"", token=None, headers={"X-Forwarded-For": address})
        assert response.status == HTTPStatus.UNAUTHORIZED
    assert list(issues(hass)) == [f"wrong_token_{address}" for address in addresses[:20]]


async def test_previous_token(
    hass: HomeAssistant, stopped: FrozenDateTimeFactory, pusher: Pusher, entry: MockConfigEntry
) -> None:
    """After a new token was made, the one before is good for a day."""
    await enter(hass, await choose(hass, await entry.start_reconfigure_flow(hass), "new_token"))
    await hass.async_block_till_done()
    new = entry.data[CONF_TOKEN]
    assert new != TOKEN
    for token in (new, TOKEN):
        assert (await pusher.post(push(), token=token)).status == HTTPStatus.OK
    stopped.tick(timedelta(hours=24) - timedelta(seconds=1))
    assert (await pusher.post(connection_test())).status == HTTPStatus.OK
    stopped.tick(timedelta(seconds=1))
    assert (await pusher.post(connection_test())).status == HTTPStatus.UNAUTHORIZED
    assert (await pusher.post(connection_test(), token=new)).status == HTTPStatus.OK
    assert stored(hass) == 1


async def test_strangers_do_not_hide_a_camera(
    hass: HomeAssistant, stopped: FrozenDateTimeFactory, pusher: Pusher
) -> None:
    """The token of a known camera is told of however many strangers call."""
    await pusher.push(measurement(dt_util.utcnow() - timedelta(minutes=2)), sensor={"ipAddress": "127.0.0.1"})
    for number in range(30):
        repair_issues.async_begin(hass, repair_issues.WRONG_TOKEN, f"192.0.2.{number}", address=f"192.0.2.{number}")
    of_strangers = len(ir.async_get(hass).issues)
    assert of_strangers < 30
    assert (await pusher.post(push(), token="wrong")).status == HTTPStatus.UNAUTHORIZED  # noqa: S106
    assert f"wrong_token_{HERE}" in issues(hass)


# 405


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "PROPFIND"])
async def test_other_methods(hass: HomeAssistant, pusher: Pusher, method: str) -> None:
    """Only POST is a push."""
    response = await pusher.client.request(
        method, PATH, data=encoded(push()), headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert response.status == HTTPStatus.METHOD_NOT_ALLOWED
    assert stored(hass) is None


# 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The body is not JSON"),
        (b"\xff\xfe", "The body is not UTF-8 text"),
        (b"[" * 1_000_000, "The body is nested too deeply"),
        (encoded(push())[:-1], "The body is not JSON"),
        (encoded(push()) * 2, "there is more text after the document"),
        (encoded(push()).replace(b'"count": 1', b'"count": NaN'), "NaN"),
        (b"null", "not a JSON object"),
        (b"{}", "apiName or apiVersion is missing"),
        (b'{"a": 1, "a": 2}', "appears twice"),
        (encoded(push(sensor={"serial": None})), "sensor.serial is missing"),
        (encoded(push(utcSent=None)), "utcSent is missing"),
        (encoded(push(data={"measurements": {}})), "data has no list of measurements"),
        (b"a=1&b=2", "The body is not JSON"),
    ],
    ids=[
        "empty", "not UTF-8", "deep", "cut", "twice", "NaN", "null", "object", "key twice", "serial", "sent", "data",
        "form",
    ],
)  # fmt: skip
async def test_not_a_document(
    hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture, body: bytes, words: str
) -> None:
    """What isn't a document is refused with a reason; the log says it once of each sender, if it says who it is."""
    for _ in range(3):
        response = await pusher.post(body)
        assert response.status == HTTPStatus.BAD_REQUEST
        assert words in await sentence(response)
    assert stored(hass) is None
    sender = f"Main entrance ({SERIAL})" if SERIAL.encode() in body else HERE
    assert warnings(caplog) == [f"A document from {sender} was refused: {await sentence(response)}"]
    await again(pusher)
    assert caplog.text.count("can be read again") == (sender != HERE)
    assert len(warnings(caplog)) == 1
    assert not issues(hass)


async def test_type_of_content_does_not_matter(pusher: Pusher) -> None:
    """Nobody knows what cameras write there."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"):
        response = await pusher.post(connection_test(), headers={"Content-Type": kind})
        assert response.status == HTTPStatus.OK


# 422


async def test_other_protocol_version(hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture) -> None:
    """A repair names the camera, its version and where to change it, until the camera speaks the right one."""
    sensor = {"name": "Door <script>", "ipAddress": "2001:db8::5"}
    for _ in range(2):
        response = await pusher.post(push(apiVersion="0.3_**", sensor=sensor))
        assert response.status == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "Axis Retail Data 0.4" in await sentence(response)
    assert issues(hass) == {
        f"wrong_protocol_{SERIAL}": {
            "name": "Door <script>",
            "camera": r"Door \<script\>",
            "protocol": r"Axis Retail Data 0\.3\_\*\*",
            "address": "[2001:db8::5]",
        }
    }
    assert stored(hass) is None
    assert len(warnings(caplog)) == 1
    await again(pusher)
    assert not issues(hass)


async def test_other_protocol_version_of_invented_cameras(hass: HomeAssistant, pusher: Pusher) -> None:
    """Whoever has the token can fill the repairs only so far."""
    for number in range(270):
        sensor = {"serial": f"{number:012x}"}
        assert (await pusher.post(push(apiVersion="0.3", sensor=sensor))).status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert len(issues(hass)) == 256


async def test_other_protocol_version_without_a_sender(hass: HomeAssistant, pusher: Pusher) -> None:
    """Where the document doesn't say who sends it, the address does."""
    response = await pusher.post({"apiName": "Axis Retail Data", "apiVersion": "1.0"})
    assert response.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert issues(hass) == {
        f"wrong_protocol_{HERE}": {
            "name": HERE,
            "camera": r"127\.0\.0\.1",
            "protocol": r"Axis Retail Data 1\.0",
            "address": HERE,
        }
    }


# Clocks

APART = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("apart", [APART, -APART])
async def test_clocks_nearly_agree(hass: HomeAssistant, pusher: Pusher, apart: timedelta) -> None:
    """Up to ten minutes are forgiven."""
    response = await pusher.post(push(measurement(NOON - 60 * MINUTE, 1), sent=NOON + apart))
    assert response.status == HTTPStatus.OK
    assert stored(hass) == 1
    assert not issues(hass)


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize(
    ("apart", "camera_time"),
    [
        (APART + SECOND, "2026-09-16 10:10:01"),
        (-APART - SECOND, "2026-09-16 09:49:59"),
        (timedelta(days=-9000), "2002-01-25 10:00:00"),
        (timedelta(days=9000), "2051-05-08 10:00:00"),
    ],
)
async def test_clocks_differ(
    hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture, apart: timedelta, camera_time: str
) -> None:
    """Counts of a camera with another time wait in the camera; a repair tells both times until they agree."""
    for _ in range(2):
        response = await pusher.post(push(sent=NOON + apart))
        assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert response.headers["Retry-After"] == str(http.RETRY_SECONDS)
        assert f"clock says {camera_time[:-3]} UTC, here it is 2026-09-16 10:00 UTC" in await sentence(response)
    shown = {
        f"clock_differs_{SERIAL}": {
            "name": "Main entrance",
            "camera": r"Main entrance ([192\.168\.1\.106](http://192.168.1.106))",
            "camera_time": f"{dt_util.as_local(NOON + apart):%Y-%m-%d %H:%M:%S}",
            "home_assistant_time": "2026-09-16 03:00:00",
            "time_zone": r"US\/Pacific",
            "settings": "/config/general",
        }
    }
    assert issues(hass) == shown
    assert len(warnings(caplog)) == 1
    assert (await pusher.post(connection_test(sent=NOON + apart))).status == HTTPStatus.OK
    assert issues(hass) == shown
    assert stored(hass) is None
    await again(pusher)
    assert not issues(hass)


@pytest.mark.parametrize("sent", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_clock_of_another_age(pusher: Pusher, sent: str) -> None:
    """The first and the last second there is are only wrong."""
    response = await pusher.post(push(utcSent=sent))
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE


async def test_test_message_tells_of_the_clock(hass: HomeAssistant, pusher: Pusher) -> None:
    """Test connection succeeds with any clock, and shows that it is wrong at once."""
    assert (await pusher.post(connection_test(sent=NOON + 2 * APART))).status == HTTPStatus.OK
    assert list(issues(hass)) == [f"clock_differs_{SERIAL}"]
    assert (await pusher.post(connection_test())).status == HTTPStatus.OK
    assert not issues(hass)


# Size


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """Make the cap so small that a test is quick, but larger than what is read in one go."""
    monkeypatch.setattr(http, "MAX_BODY", 1024 * 1024)
    return http.MAX_BODY


async def see_too_large(pusher: Pusher) -> None:
    """See the repair of a body that is too large, which nobody knows the sender of."""
    shown = issues(pusher.hass)
    assert shown == {f"body_too_large_{HERE}": {"address": HERE, "limit": "1"}}
    assert stored(pusher.hass) is None
    await again(pusher)
    assert issues(pusher.hass) == shown


async def test_length_over_the_cap(pusher: Pusher, small: int) -> None:
    """A body that says it is too large isn't read at all."""
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Content-Length: {small + 1}\r\n\r\n")
        assert await connection.status() == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    await see_too_large(pusher)


async def test_body_at_the_cap(hass: HomeAssistant, pusher: Pusher, small: int) -> None:
    """The cap itself is not too large."""
    body = encoded(push())
    assert (await pusher.post(body + b" " * (small - len(body)))).status == HTTPStatus.OK
    assert stored(hass) == 1


async def test_chunks_over_the_cap(pusher: Pusher, small: int) -> None:
    """A body without a length is read up to the cap and no further."""
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(small // 0x10000 + 1):
            await connection.send(chunk)
        assert await connection.status() == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    await see_too_large(pusher)


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_compressed_over_the_cap(
    pusher: Pusher, small: int, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    """A small body that becomes a large one is refused as soon as it does, whatever would follow."""
    bomb = encode(b" " * 64 * small)
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Content-Encoding: {encoding}\r\nContent-Length: {len(bomb)}\r\n\r\n")
        await connection.send(bomb[:-100])
        assert await connection.status() == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    await see_too_large(pusher)


def _raw_deflate(data: bytes) -> bytes:
    compress = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compress.compress(data) + compress.flush()


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", _raw_deflate), ("identity", bytes)],
)
async def test_compressed(hass: HomeAssistant, pusher: Pusher, encoding: str, encode: Callable[[bytes], bytes]) -> None:
    """Compressed bodies are read."""
    response = await pusher.post(encode(encoded(push())), headers={"Content-Encoding": encoding})
    assert response.status == HTTPStatus.OK
    assert stored(hass) == 1


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", bytes),
        ("gzip", lambda body: gzip.compress(body)[:-20]),
        ("gzip", lambda body: gzip.compress(body)[:5]),
        ("gzip", lambda body: gzip.compress(body) + b"rest"),
        ("deflate", lambda body: zlib.compress(body)[:-20]),
        ("deflate", lambda body: b"\x78" + body),
        ("x-unknown", gzip.compress),
    ],
)
async def test_badly_compressed(
    hass: HomeAssistant, pusher: Pusher, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    """Bodies that can't be decompressed are refused, without a trace of an exception."""
    body = encode(encoded(push(measurement(NOON - MINUTE, -1))))
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n")
        await asyncio.sleep(0.05)
        await connection.send(body)
        # Of a stream that lacks its end, the server only notices that nothing more comes.
        assert await connection.status() in (0, HTTPStatus.BAD_REQUEST)
    assert stored(hass) is None
    await again(pusher)


async def test_many_bodies_at_once(pusher: Pusher, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What all bodies take together is bounded; who comes too late is asked to come again."""
    monkeypatch.setattr(http, "MAX_BODIES", 2 * small)
    async with wire(pusher) as first, wire(pusher) as second, wire(pusher) as third:
        for connection in (first, second):
            await connection.send(f"{HEAD}Content-Length: {small}\r\n\r\n".encode() + b" " * (small - 10))
        await asyncio.sleep(0.2)
        await third.send(f"{HEAD}Content-Length: {small}\r\n\r\n".encode() + b" " * 100_000)
        assert await third.status() == HTTPStatus.SERVICE_UNAVAILABLE
        await first.send(b" " * 10)
        assert await first.status() == HTTPStatus.BAD_REQUEST
    # The place of those that hung up is free as well.
    await asyncio.sleep(0.2)
    async with wire(pusher) as first, wire(pusher) as second:
        for connection in (first, second):
            await connection.send(f"{HEAD}Content-Length: {small}\r\n\r\n".encode() + b" " * small)
            assert await connection.status() == HTTPStatus.BAD_REQUEST
    await again(pusher)


# Bodies that don't come whole


async def test_chunked(hass: HomeAssistant, pusher: Pusher) -> None:
    """A body may come byte by byte."""
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n")
        body = encoded(push())
        await connection.send(b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
        assert await connection.status() == HTTPStatus.OK
    assert stored(hass) == 1


@pytest.mark.parametrize("framing", ["Content-Length: {}", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("end", ["half-closed", "closed", "reset"])
async def test_connection_ends(hass: HomeAssistant, pusher: Pusher, framing: str, end: str) -> None:
    """A body that stops half-way is forgotten."""
    body = encoded(push())
    half = body[:-10]
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}{framing.format(len(body))}\r\n\r\n")
        await connection.send(f"{len(body):x}\r\n".encode() + half if "chunked" in framing else half)
        await asyncio.sleep(0.05)
        if end == "half-closed":
            connection.writer.write_eof()
            assert await connection.status() in (0, HTTPStatus.BAD_REQUEST)
        elif end == "closed":
            connection.writer.close()
        else:
            connection.writer.transport.abort()
        await asyncio.sleep(0.05)
    await hass.async_block_till_done()
    assert stored(hass) is None
    await again(pusher)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("chunk", ["zz\r\n", "5\r\nabcdefgh\r\n", "-1\r\n", "fffffffffffffffffffff\r\n"])
async def test_broken_chunks(hass: HomeAssistant, pusher: Pusher, chunk: str) -> None:
    """Bytes that aren't HTTP any more end the connection."""
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.05)
        await connection.send(chunk)
        assert await connection.status() in (0, HTTPStatus.BAD_REQUEST)
    assert stored(hass) is None
    await again(pusher)


@pytest.mark.usefixtures("hasty")
async def test_silence(hass: HomeAssistant, pusher: Pusher) -> None:
    """A camera that falls silent in the middle of a body is hung up on; one that is slow isn't."""
    body = encoded(push())
    async with wire(pusher) as silent, wire(pusher) as slow:
        for connection in (silent, slow):
            await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-5])
        for byte in body[-5:]:
            await asyncio.sleep(0.1)
            await slow.send(bytes([byte]))
        assert await slow.status() == HTTPStatus.OK
        assert await silent.status() == 0
    assert stored(hass) == 1
    await again(pusher)


# Cameras that hang up early


async def test_hanging_up_during_the_commit(hass: HomeAssistant, pusher: Pusher) -> None:
    """What has arrived is stored, even if nobody waits for the answer any more."""
    body = encoded(push())
    with locked(hass) as lock:
        async with wire(pusher) as connection:
            await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.1)
        lock.rollback()
        await hass.async_block_till_done()
    assert stored(hass) == 1
    await again(pusher)


async def test_hanging_up_while_it_is_read(hass: HomeAssistant, pusher: Pusher) -> None:
    """A long document goes through a thread; that nobody waits for it is no reason to stop either."""
    release = threading.Event()
    busy = [hass.async_add_executor_job(release.wait, SOON) for _ in range(100)]
    body = encoded(push()) + b" " * http.SMALL_BODY
    async with wire(pusher) as connection:
        await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.1)
    assert stored(hass) is None
    release.set()
    await asyncio.gather(*busy)
    await hass.async_block_till_done()
    assert stored(hass) == 1
    await again(pusher)


@pytest.mark.parametrize("body", [b"?", encoded(push(apiVersion="0.3")), encoded(push(sent=NOON + 2 * APART))])
async def test_hanging_up_before_a_refusal(hass: HomeAssistant, pusher: Pusher, body: bytes) -> None:
    """A refusal that nobody hears is no error."""
    release = threading.Event()
    busy = [hass.async_add_executor_job(release.wait, SOON) for _ in range(100)]
    async with wire(pusher) as connection:
        body += b" " * http.SMALL_BODY
        await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.1)
    release.set()
    await asyncio.gather(*busy)
    await hass.async_block_till_done()
    assert stored(hass) is None
    await again(pusher)


# Not ready


async def see_not_ready(pusher: Pusher) -> None:
    """See a push refused for the moment."""
    response = await pusher.post(push())
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.headers["Retry-After"] == str(http.RETRY_SECONDS)
    assert await sentence(response) == "AXIS People Counter isn't ready."


async def test_no_entry(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Before the integration is set up there is nothing to push to, with any token."""
    assert await async_setup_component(hass, DOMAIN, {})
    pusher = Pusher(hass, await hass_client_no_auth())
    await see_not_ready(pusher)
    assert not issues(hass)


async def test_entry_comes_and_goes(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry) -> None:
    """While the entry isn't loaded, cameras keep their counts."""
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


async def arriving(pusher: Pusher, connection: Wire, sent: datetime = NOON) -> bytes:
    """Send a push but for its last byte, which is returned."""
    body = encoded(push(sent=sent))
    await connection.send(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    await asyncio.sleep(0.1)
    return body[-1:]


async def test_reload_while_a_body_arrives(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry) -> None:
    """A body that began to arrive before a reload and ends after it is stored."""
    async with wire(pusher) as connection:
        rest = await arriving(pusher, connection)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await connection.send(rest)
        assert await connection.status() == HTTPStatus.OK
    await hass.async_block_till_done()
    assert stored(hass) == 1


@pytest.mark.parametrize(
    ("is_replaced", "status"),
    [(True, HTTPStatus.SERVICE_UNAVAILABLE), (False, HTTPStatus.OK)],
    ids=["replaced", "expired"],
)
async def test_token_that_is_no_longer_good_when_the_body_has_come(
    hass: HomeAssistant,
    noon: FrozenDateTimeFactory,
    pusher: Pusher,
    entry: MockConfigEntry,
    is_replaced: bool,
    status: HTTPStatus,
) -> None:
    """With one that somebody took back nothing is taken; its 24 hours hold for each request that began in them."""
    if not is_replaced:
        await enter(hass, await choose(hass, await entry.start_reconfigure_flow(hass), "new_token"))
        await hass.async_block_till_done()
        noon.tick(timedelta(hours=24) - timedelta(seconds=20))
    async with wire(pusher) as connection:
        rest = await arriving(pusher, connection, dt_util.utcnow())
        if not is_replaced:
            noon.tick(timedelta(seconds=30))
        else:
            hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TOKEN: "new"})
        await connection.send(rest)
        assert await connection.status() == status
    await hass.async_block_till_done()
    assert stored(hass) == (None if is_replaced else 1)
    assert (await pusher.post(push(sent=dt_util.utcnow()), token=entry.data[CONF_TOKEN])).status == HTTPStatus.OK


async def test_unload_while_a_body_arrives(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry) -> None:
    """A body whose entry went away meanwhile is refused for the moment, and nothing is wrong with the ledger."""
    async with wire(pusher) as connection:
        rest = await arriving(pusher, connection)
        assert await hass.config_entries.async_unload(entry.entry_id)
        await connection.send(rest)
        assert await connection.status() == HTTPStatus.SERVICE_UNAVAILABLE
    assert not issues(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await again(pusher)


async def test_stopping(hass: HomeAssistant, pusher: Pusher) -> None:
    """While Home Assistant stops, cameras keep their counts, those whose body is just arriving too."""
    async with wire(pusher) as connection:
        rest = await arriving(pusher, connection)
        hass.set_state(CoreState.stopping)
        assert (await pusher.post(push())).status == HTTPStatus.SERVICE_UNAVAILABLE
        await connection.send(rest)
        assert await connection.status() == HTTPStatus.SERVICE_UNAVAILABLE
    assert stored(hass) is None
    hass.set_state(CoreState.running)
    await again(pusher)


# The ledger


def locked(hass: HomeAssistant) -> closing[sqlite3.Connection]:
    """Hold the ledger's lock, as a foreign program may."""
    db = sqlite3.connect(hass.config.path(LEDGER_FILE), isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    return closing(db)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ledger wait only shortly for a lock."""
    monkeypatch.setattr(ledger_file, "BUSY_SECONDS", 0.1)


@pytest.mark.usefixtures("impatient")
async def test_locked_ledger(hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture) -> None:
    """Counts that can't be stored wait in the camera; a repair and one line in the log say so until it works again."""
    with locked(hass):
        for _ in range(2):
            response = await pusher.post(push())
            assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
            assert response.headers["Retry-After"] == str(http.RETRY_SECONDS)
            assert await sentence(response) == "The counts can't be stored at the moment."
        (placeholders,) = issues(hass).values()
        assert placeholders
        assert placeholders["error"] == "database is locked"
        assert list(issues(hass)) == ["ledger_not_writable"]
        assert stored(hass) is None
    assert len(warnings(caplog)) == 1
    await again(pusher)
    assert not issues(hass)
    assert caplog.text.count("Counts are stored again") == 1


@pytest.mark.usefixtures("impatient")
async def test_hanging_up_before_the_ledger_fails(hass: HomeAssistant, pusher: Pusher) -> None:
    """A failure that nobody waits for is told to the user all the same."""
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
    """A camera too many keeps its counts, and the others go on."""
    monkeypatch.setattr(ledger, "MAX_CAMERAS", 1)
    monkeypatch.setattr(receiver, "MAX_CAMERAS", 1)
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
    monkeypatch.setattr(ledger, "MAX_CAMERAS", 2)
    assert (await pusher.post(other)).status == HTTPStatus.OK
    assert stored(hass) == 2
    # There is room for one of two.
    assert list(issues(hass)) == ["too_many_cameras"]
    monkeypatch.setattr(ledger, "MAX_CAMERAS", 3)
    assert (await pusher.post(third)).status == HTTPStatus.OK
    assert not issues(hass)

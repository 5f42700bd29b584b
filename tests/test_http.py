"""The answer that a camera gets for a document, with what is stored and the repair."""

from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.axis_people_counter import issues as repair_issues
from custom_components.axis_people_counter.http import view as http
from custom_components.axis_people_counter.ledger import quarantine
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .helpers.push_view import (
    APART,
    HERE,
    MINUTE,
    NOON,
    TOTAL,
    again,
    connection_test,
    encoded,
    issues,
    push,
    sentence,
    stored,
    warnings,
)
from .helpers.pusher import PATH, SERIAL, TOKEN, Document, Pusher, document, measurement, state_of

pytestmark = pytest.mark.usefixtures("ticking_noon", "sound_log")


# 200


async def test_stored_before_the_answer(hass: HomeAssistant, pusher: Pusher) -> None:
    """Store counts before the answer; the same counts again change nothing."""
    response = await pusher.client.post(PATH, json=push(), headers={"Authorization": f"Bearer {TOKEN}"})
    assert stored(hass) == 1
    assert response.status == HTTPStatus.OK
    assert await sentence(response) == "Thank you."
    await hass.async_block_till_done()
    await again(pusher)
    assert not issues(hass)


async def test_nothing_to_store(hass: HomeAssistant, pusher: Pusher) -> None:
    """Return 200 for test messages of known and unknown cameras, and for pushes without counts."""
    for body in (connection_test(), push(), connection_test(), document(), document(data={"measurements": None})):
        assert (await pusher.post(body)).status == HTTPStatus.OK
    assert stored(hass) == 1
    assert not issues(hass)


async def test_unknown_kinds_beside_known_ones(
    hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture
) -> None:
    """Skip unknown kinds and directions beside known ones, and log each once."""
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
async def test_only_unknown_kinds(hass: HomeAssistant, pusher: Pusher, unknown: Document) -> None:
    """Quarantine measurements that may count people; store the others, and return 200."""
    for _ in range(2):
        response = await pusher.post(push(unknown, measurement(NOON - 2 * MINUTE, 2)))
        assert response.status == HTTPStatus.OK
        assert list(issues(hass)) == [f"quarantined_{SERIAL}"]
        assert stored(hass) == 2


async def test_other_notations_of_numbers_and_times(hass: HomeAssistant, pusher: Pusher) -> None:
    """Read 3.0 as 3, and ignore fractions of a second, so that a repeated interval isn't stored twice."""
    told = measurement(NOON - MINUTE, cast(int, 3.0), 1)
    for start, end in (("09:58:00.123Z", "09:59:00.123Z"), ("09:57:00.123Z", "09:58:00.123Z")) * 2:
        times = {"utcFrom": f"2026-09-16T{start}", "utcTo": f"2026-09-16T{end}"}
        assert (await pusher.post(push({**told, **times}))).status == HTTPStatus.OK
    assert stored(hass) == 6
    assert not issues(hass)


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Entrée Süd".encode("latin-1"), "Entre Sd"),
        ("Entrée Süd".encode()[:-3], "Entrée S"),
        ("Entrée".encode()[:5], "Entr"),
        (b"\xff\xfe", f"axis-{SERIAL}"),
        (b"\xed\xa0\x80 Main", "Main"),
    ],
    ids=["another encoding", "cut", "cut within a letter", "no letter", "surrogate"],
)
async def test_name_that_is_not_utf_8(hass: HomeAssistant, pusher: Pusher, sent: bytes, name: str) -> None:
    """Store the counts of a camera whose name isn't UTF-8, and leave out what can't be read of the name."""
    body = encoded(push()).replace(b"Main entrance", sent)
    for _ in range(2):
        assert (await pusher.post(body)).status == HTTPStatus.OK
    assert stored(hass) == 1
    (camera,) = hass.config_entries.async_entries("axis_people_counter")[0].runtime_data.cameras.values()
    assert camera.camera.name == name
    assert not issues(hass)


async def test_byte_order_mark(hass: HomeAssistant, pusher: Pusher) -> None:
    """Read a document behind a byte order mark."""
    for body in (push(), document(*(measurement(NOON - minute * MINUTE, 1) for minute in range(1, 200)))):
        assert (await pusher.post(b"\xef\xbb\xbf" + encoded(body))).status == HTTPStatus.OK
    assert stored(hass) == 199


async def test_unusable_counts_that_are_not_utf_8(hass: HomeAssistant, pusher: Pusher) -> None:
    """Quarantine a measurement with bytes that aren't UTF-8, and store the others."""
    body = encoded(push({**measurement(NOON - MINUTE), "kind": "?"}, measurement(NOON - 2 * MINUTE, 2)))
    for _ in range(2):
        assert (await pusher.post(body.replace(b'"?"', b'"p\xe9ople"'))).status == HTTPStatus.OK
    assert list(issues(hass)) == [f"quarantined_{SERIAL}"]
    assert stored(hass) == 2


@pytest.mark.parametrize("data", [{}, [], {"utcFrom": "2026-09-16T09:58:00Z", "utcTo": "2026-09-16T09:59:00Z"}])
async def test_data_without_measurements(hass: HomeAssistant, pusher: Pusher, data: Any) -> None:
    """Return 200 for data without measurements, even with a wrong clock."""
    assert (await pusher.post(push(data=data))).status == HTTPStatus.OK
    assert stored(hass) is None
    assert not issues(hass)
    assert (await pusher.post(push(data=data, sent=NOON - 60 * MINUTE))).status == HTTPStatus.OK


async def test_quarantine_is_full(
    hass: HomeAssistant, pusher: Pusher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Return 503 if the quarantine is full, but store all valid intervals; the repair ends by itself."""
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", 2)
    bad = [measurement(NOON - minute * MINUTE, -1) for minute in (4, 3, 2)]
    for entered in (1, 2):
        response = await pusher.post(push(*bad, measurement(NOON - MINUTE, entered)))
        assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert response.headers["Retry-After"] == "60"
        assert "quarantine is full" in await response.text()
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
    assert caplog.text.count("more intervals that can't be stored than fit into quarantine") == 1
    assert caplog.text.count("are stored or quarantined again") == 1


async def test_quarantine_that_is_full_now_and_then(
    ticking_noon: FrozenDateTimeFactory,
    pusher: Pusher,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Log once an hour that the quarantine is full, and that it is over, although every other push is well."""
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", 0)

    async def alternate() -> None:
        for _ in range(4):
            response = await pusher.post(push(measurement(NOON - 2 * MINUTE, -1), sent=dt_util.utcnow()))
            assert response.status == HTTPStatus.SERVICE_UNAVAILABLE
            await pusher.push(measurement(NOON - MINUTE, 1), sent=dt_util.utcnow())

    for hour in range(2):
        await alternate()
        assert caplog.text.count("than fit into quarantine") == hour + 1
        assert caplog.text.count("are stored or quarantined again") == hour + 1
        # A clock that goes on is moved from where it began.
        ticking_noon.tick(61 * MINUTE)


async def test_protocol_repair_ends_with_a_full_quarantine(
    hass: HomeAssistant, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """End the repair about the protocol even if the quarantine is full."""
    monkeypatch.setattr(quarantine, "MAX_QUARANTINED", 0)
    await pusher.post(push(apiVersion="0.3"))
    assert list(issues(hass)) == [f"wrong_protocol_{SERIAL}"]
    await pusher.post(push(measurement(NOON - MINUTE, -1)))
    assert list(issues(hass)) == [f"quarantine_full_{SERIAL}"]


async def test_rejected_intervals(hass: HomeAssistant, pusher: Pusher) -> None:
    """Quarantine rejected intervals once, show a repair, and store the others."""
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


# 405


async def test_other_methods(hass: HomeAssistant, pusher: Pusher) -> None:
    """Return 405 for everything but POST."""
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "PROPFIND"):
        response = await pusher.client.request(
            method, PATH, data=encoded(push()), headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert response.status == HTTPStatus.METHOD_NOT_ALLOWED, method
    assert stored(hass) is None


# 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The body is not JSON"),
        (b"\xff\xfe", "The body is not JSON"),
        (encoded(push(apiName="")).replace(b'"apiName": ""', b'"apiN\xe9me": ""'), "apiName or apiVersion is missing"),
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
        "empty", "not UTF-8", "key", "deep", "cut", "twice", "NaN", "null", "object", "key twice", "serial", "sent",
        "data", "form",
    ],
)  # fmt: skip
async def test_not_a_document(
    hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture, body: bytes, words: str
) -> None:
    """Return 400 with a reason for anything but a document, and log each sender once."""
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


async def test_content_type_is_ignored(pusher: Pusher) -> None:
    """Ignore the content type, because cameras may send any."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"):
        response = await pusher.post(connection_test(), headers={"Content-Type": kind})
        assert response.status == HTTPStatus.OK


# 422


async def test_other_protocol_version(hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture) -> None:
    """Return 422 and show a repair until the camera sends the right version."""
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
    """Show no more than 256 repairs of a kind, because anybody with the token can invent cameras."""
    for number in range(250):
        repair_issues.async_begin(hass, repair_issues.WRONG_PROTOCOL, f"{number:012x}", protocol="0.3")
    for number in range(240, 260):
        sensor = {"serial": f"{number:012x}"}
        assert (await pusher.post(push(apiVersion="0.3", sensor=sensor))).status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert len(issues(hass)) == 256


async def test_other_protocol_version_without_a_sender(hass: HomeAssistant, pusher: Pusher) -> None:
    """Show the repair about the address if the document names no camera."""
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


SECOND = timedelta(seconds=1)


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("apart", [APART, -APART])
async def test_clocks_nearly_agree(hass: HomeAssistant, pusher: Pusher, apart: timedelta) -> None:
    """Accept clocks that differ by up to ten minutes."""
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
    """Return 503 and show a repair with both times until the clocks agree."""
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
async def test_clock_at_the_end_of_time(pusher: Pusher, sent: str) -> None:
    """Return 503 for the first and the last second of the calendar."""
    response = await pusher.post(push(utcSent=sent))
    assert response.status == HTTPStatus.SERVICE_UNAVAILABLE


async def test_wrong_clock_of_a_test_message(hass: HomeAssistant, pusher: Pusher) -> None:
    """Return 200 for a test message with a wrong clock, and show the repair."""
    assert (await pusher.post(connection_test(sent=NOON + 2 * APART))).status == HTTPStatus.OK
    assert list(issues(hass)) == [f"clock_differs_{SERIAL}"]
    assert (await pusher.post(connection_test())).status == HTTPStatus.OK
    assert not issues(hass)


# The table


def test_documented_refusals() -> None:
    """Document each refusal line by line."""
    page = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text()
    table = page.partition("## What the camera gets")[2].partition("\n## ")[0]
    documented = [line for line in table.splitlines() if line.startswith("| `")]
    assert documented == [
        f"| `{error.__name__}` | {refusal.status} | {refusal.sentence or "the error's own"}"
        f" | {f'`{refusal.issue.key}`' if refusal.issue else 'none'} |"
        for error, refusal in http.REFUSALS.items()
    ]

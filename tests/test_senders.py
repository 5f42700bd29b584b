"""Which sender a problem belongs to and when it ends: several cameras may share one address."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from http import HTTPStatus
import json
import logging
from typing import Any, Final, NamedTuple

from aiohttp import ClientTimeout
from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.axis_people_counter.http import bodies, refusal_log
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .helpers.clock import wait
from .helpers.issues import active_issues
from .helpers.pusher import PATH, SERIAL, TOKEN, Document, Pusher, document, measurement, state_of

NOON = datetime.fromisoformat("2026-09-16T10:00:00Z")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
HERE: Final = "127.0.0.1"
LIMIT: Final = 16_000
# Two cameras with one address, as behind a proxy or on separate networks: one causes problems, the other doesn't.
FAULTY: Final = {"ipAddress": HERE}
NEIGHBOUR: Final = {"serial": "b8a44f050001", "name": "Back door", "ipAddress": HERE}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the limit of a body small."""
    monkeypatch.setattr(bodies, "MAX_BODY", LIMIT)


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def now_measured(people: int = 1) -> Document:
    """Return the counts of the last minute."""
    return measurement(dt_util.utcnow() - MINUTE, people)


class Kind(NamedTuple):
    """A problem that a camera causes."""

    # The key of the repair issue, if one is shown.
    problem: str | None
    status: HTTPStatus
    # The name of the sender in the log, if the problem is logged.
    logged: str | None
    body: Callable[[], Any]
    token: str = TOKEN


CAMERA: Final = f"Main entrance ({SERIAL})"
ADDRESS_PROBLEMS: Final = {
    "token": Kind(
        f"wrong_token_{HERE}", HTTPStatus.UNAUTHORIZED, None, lambda: document(now_measured(), sensor=FAULTY), "wrong"
    ),
    "large": Kind(f"body_too_large_{HERE}", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HERE, lambda: b" " * (LIMIT + 1)),
    "protocol": Kind(
        f"wrong_protocol_{HERE}",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HERE,
        lambda: {"apiName": "Axis Retail Data", "apiVersion": "0.3"},
    ),
    "not JSON": Kind(None, HTTPStatus.BAD_REQUEST, HERE, lambda: b"people=1"),
}
CAMERA_PROBLEMS: Final = {
    "protocol of a camera": Kind(
        f"wrong_protocol_{SERIAL}",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        CAMERA,
        lambda: document(now_measured(), apiVersion="0.3", sensor=FAULTY),
    ),
    "clock": Kind(
        f"clock_differs_{SERIAL}",
        HTTPStatus.SERVICE_UNAVAILABLE,
        CAMERA,
        lambda: document(now_measured(), sent=dt_util.utcnow() - HOUR, sensor=FAULTY),
    ),
    "no time": Kind(
        None, HTTPStatus.BAD_REQUEST, CAMERA, lambda: document(now_measured(), utcSent=None, sensor=FAULTY)
    ),
    "syntax error in data": Kind(
        None,
        HTTPStatus.BAD_REQUEST,
        CAMERA,
        lambda: json.dumps(document(now_measured(), sensor=FAULTY)).replace('"count"', "count").encode(),
    ),
}
KINDS: Final = ADDRESS_PROBLEMS | CAMERA_PROBLEMS

with_all_problems = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
with_address_problems = pytest.mark.parametrize("kind", ADDRESS_PROBLEMS.values(), ids=ADDRESS_PROBLEMS)
with_camera_problems = pytest.mark.parametrize("kind", CAMERA_PROBLEMS.values(), ids=CAMERA_PROBLEMS)


class Senders:
    """Two cameras with one address."""

    def __init__(self, hass: HomeAssistant, pusher: Pusher, caplog: pytest.LogCaptureFixture) -> None:
        """Use one client for all of them."""
        self.hass = hass
        self._pusher = pusher
        self._caplog = caplog

    async def cause(self, kind: Kind) -> None:
        """Cause a problem."""
        response = await self._pusher.post(kind.body(), token=kind.token)
        assert response.status == kind.status, await response.text()

    async def push(self, sensor: Document) -> None:
        """Send a test message and a push, both valid."""
        await self._pusher.push(now_measured(), sensor=sensor)
        await self._pusher.push(data=None, sensor=sensor)

    def check(self, kind: Kind, *, gone: bool = False) -> None:
        """Assert that only the issue of this kind is shown, or none if it is `gone`."""
        # While one camera is silent, another issue asks whether the other camera replaces it.
        found = {key for key in active_issues(self.hass) if not key.startswith("new_camera_")}
        assert found == ({kind.problem} if kind.problem and not gone else set())

    def log(self, level: int, words: str) -> list[str]:
        """Return the log lines of a level that contain these words."""
        return [
            record.getMessage()
            for record in self._caplog.get_records("call")
            if record.levelno == level and words in record.getMessage()
        ]

    @property
    def warnings(self) -> list[str]:
        """The senders that the log names for refused documents."""
        return [
            line.split(" was refused: ")[0].removeprefix("A document from ")
            for line in self.log(logging.WARNING, "refused:")
        ]


@pytest.fixture
async def senders(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, caplog: pytest.LogCaptureFixture
) -> Senders:
    """Return two cameras with one address."""
    return Senders(hass, pusher, caplog)


@with_all_problems
async def test_neighbour_ends_nothing(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, senders: Senders, kind: Kind
) -> None:
    """Show one issue and log once while one camera has a problem and pushes of another are stored."""
    changes = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    for _ in range(5):
        await senders.cause(kind)
        senders.check(kind)
        await senders.push(NEIGHBOUR)
        senders.check(kind)
        await wait(hass, noon, MINUTE)
    assert [change.data["action"] for change in changes].count("create") == (kind.problem is not None)
    assert not [change for change in changes if change.data["action"] == "remove"]
    assert senders.warnings == ([kind.logged] if kind.logged else [])
    assert not senders.log(logging.INFO, "can be read again")


@with_all_problems
async def test_removing_the_neighbour_ends_nothing(
    noon: FrozenDateTimeFactory, entry: MockConfigEntry, senders: Senders, kind: Kind
) -> None:
    """Keep the issue when another camera with the address is removed."""
    await senders.push(NEIGHBOUR)
    await senders.cause(kind)
    await entry.runtime_data.async_remove_camera(NEIGHBOUR["serial"])
    senders.check(kind)


@with_address_problems
async def test_end_by_time(hass: HomeAssistant, noon: FrozenDateTimeFactory, senders: Senders, kind: Kind) -> None:
    """End the issue of an unknown sender an hour after the problem occurred last."""
    await senders.cause(kind)
    for _ in range(3):
        await wait(hass, noon, HOUR - MINUTE)
        senders.check(kind)
        await senders.cause(kind)
    for _ in range(6):
        senders.check(kind)
        await wait(hass, noon, 10 * MINUTE)
        await senders.push(NEIGHBOUR)
    senders.check(kind, gone=True)
    assert len(senders.log(logging.INFO, f"No document from {HERE}")) == (kind.logged is not None)
    await senders.cause(kind)
    senders.check(kind)
    assert senders.warnings == [kind.logged] * 2 if kind.logged else not senders.warnings


@with_camera_problems
async def test_issue_of_an_unknown_camera_expires(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, senders: Senders, kind: Kind
) -> None:
    """End the issue of a camera that was never added, an hour after the problem."""
    await senders.cause(kind)
    await wait(hass, noon, HOUR - MINUTE)
    senders.check(kind)
    await wait(hass, noon, 6 * MINUTE)
    senders.check(kind, gone=True)


@with_camera_problems
async def test_known_camera_recovers(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, senders: Senders, kind: Kind
) -> None:
    """Keep the issue of a known camera until a push of that camera is stored."""
    await senders.push(FAULTY)
    await senders.cause(kind)
    await wait(hass, noon, 2 * HOUR)
    await senders.push(NEIGHBOUR)
    senders.check(kind)
    await senders.cause(kind)
    await senders.push(FAULTY)
    senders.check(kind, gone=True)
    assert senders.log(logging.INFO, "can be read again") == [f"Documents from {CAMERA} can be read again"]


@with_camera_problems
async def test_removed_camera(
    noon: FrozenDateTimeFactory, entry: MockConfigEntry, senders: Senders, kind: Kind
) -> None:
    """End the issue of a removed camera."""
    await senders.push(FAULTY)
    await senders.cause(kind)
    await entry.runtime_data.async_remove_camera(SERIAL)
    senders.check(kind, gone=True)


async def test_two_refused_cameras(senders: Senders, pusher: Pusher) -> None:
    """Log both cameras that share an address, and the recovery of one."""
    for _ in range(2):
        for sensor in (FAULTY, NEIGHBOUR):
            response = await pusher.post(document(now_measured(), utcSent=None, sensor=sensor))
            assert response.status == HTTPStatus.BAD_REQUEST
    await senders.push(NEIGHBOUR)
    assert senders.warnings == [CAMERA, "Back door (b8a44f050001)"]
    assert senders.log(logging.INFO, "can be read again") == [
        "Documents from Back door (b8a44f050001) can be read again"
    ]


async def test_invented_cameras_in_the_log(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, senders: Senders, pusher: Pusher
) -> None:
    """Limit the senders in the log, but always log known cameras."""
    await senders.push(FAULTY)
    for number in range(30):
        await pusher.post(document(utcSent=None, sensor={"serial": f"{number:012x}"}))
    assert len(senders.warnings) == refusal_log.MAX_SENDERS
    await senders.cause(KINDS["no time"])
    assert senders.warnings[refusal_log.MAX_SENDERS :] == [CAMERA]
    await wait(hass, noon, HOUR)
    await senders.cause(KINDS["not JSON"])
    assert senders.warnings[refusal_log.MAX_SENDERS + 1 :] == [HERE]


# The id of an issue


async def test_ignored_problem_stays_ignored(hass: HomeAssistant, entry: MockConfigEntry, senders: Senders) -> None:
    """Keep the id of an issue after a restart, so that an ignored issue stays ignored."""
    await senders.push(FAULTY)
    kind = KINDS["clock"]
    assert kind.problem
    await senders.cause(kind)
    registry = ir.async_get(hass)
    registry.async_ignore("axis_people_counter", active_issues(hass)[kind.problem].issue_id, True)
    # After a restart only the data of the entry is known.
    hass.data.pop("axis_people_counter_issue_secret")
    await hass.config_entries.async_reload(entry.entry_id)
    await senders.cause(kind)
    assert active_issues(hass)[kind.problem].dismissed_version
    assert SERIAL not in active_issues(hass)[kind.problem].issue_id


async def test_ids_of_another_instance(hass: HomeAssistant, entry: MockConfigEntry, senders: Senders) -> None:
    """Make other ids in each instance, so that serial numbers can't be guessed from them."""
    kind = KINDS["clock"]
    assert kind.problem
    await senders.cause(kind)
    before = active_issues(hass)[kind.problem].issue_id
    hass.config_entries.async_update_entry(entry, data={**entry.data, "issue_secret": "of another instance"})
    await hass.config_entries.async_reload(entry.entry_id)
    await senders.cause(kind)
    assert active_issues(hass)[kind.problem].issue_id != before


# A body that arrives slowly


async def sent_slowly(noon: FrozenDateTimeFactory, whole: Document, minutes: int) -> AsyncIterator[bytes]:
    """Yield a body in chunks over some minutes."""
    body, steps = json.dumps(whole).encode(), 2 * minutes + 1
    # Each chunk needs at least one byte.
    body += b" " * (-len(body) % steps)
    size = len(body) // steps
    for step in range(steps):
        yield body[step * size : (step + 1) * size]
        # The server receives it before its timeout.
        for _ in range(20):
            await asyncio.sleep(0)
        if step:
            noon.tick(MINUTE / 2)


@pytest.fixture
def post_slowly(hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher) -> Callable[..., Awaitable[int]]:
    """Return a function that sends a document slowly and returns the status of the answer."""

    async def post(whole: Document, minutes: int, token: str = TOKEN) -> int:
        # The body begins when the server has received the head.
        response = await pusher.client.post(
            PATH,
            data=sent_slowly(noon, whole, minutes),
            headers={"Authorization": f"Bearer {token}"},
            expect100=True,
            timeout=ClientTimeout(),
        )
        await response.read()
        await hass.async_block_till_done()
        return response.status

    return post


async def test_slow_body_counts(
    hass: HomeAssistant, pusher: Pusher, post_slowly: Callable[..., Awaitable[int]]
) -> None:
    """Compare the clock when the request begins, because a first push may take half an hour."""
    history = [measurement(NOON - minutes * MINUTE, 1) for minutes in range(1, 20)]
    assert await post_slowly(document(*history), 30) == HTTPStatus.OK
    assert not active_issues(hass)
    assert state_of(hass, "sensor.main_entrance_in_today") == "19"
    # All counts are history when the body is complete, so no event fires.
    assert state_of(hass, "event.main_entrance_passage") == "unknown"
    assert state_of(hass, "binary_sensor.main_entrance_connectivity") == "on"
    await pusher.push(*(measurement(NOON + minutes * MINUTE, 1) for minutes in range(30)))
    assert state_of(hass, "sensor.main_entrance_in_today") == "49"
    assert state_of(hass, "sensor.main_entrance_in_total") == "49"
    assert state_of(hass, "event.main_entrance_passage") != "unknown"


async def test_slow_body_brings_history(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, post_slowly: Callable[..., Awaitable[int]]
) -> None:
    """Judge the age of counts when a push is shown, not when it was sent, so that totals have no spike."""
    assert await post_slowly(document(*(measurement(NOON - n * MINUTE, 1) for n in range(1, 20))), 90) == HTTPStatus.OK
    assert hass.states.get("sensor.main_entrance_in_total") is None
    await pusher.push(measurement(dt_util.utcnow() - MINUTE, 1))
    assert state_of(hass, "sensor.main_entrance_in_total") == "20"


@pytest.mark.parametrize("minutes", [0, 30])
async def test_wrong_clock_of_a_slow_body(
    hass: HomeAssistant, post_slowly: Callable[..., Awaitable[int]], minutes: int
) -> None:
    """Report a clock half an hour ahead although the push takes half an hour."""
    ahead = document(measurement(NOON - MINUTE, 1), sent=NOON + 30 * MINUTE)
    assert await post_slowly(ahead, minutes) == HTTPStatus.SERVICE_UNAVAILABLE
    (issue,) = active_issues(hass).values()
    assert issue.translation_placeholders
    assert issue.translation_placeholders["home_assistant_time"] == f"{dt_util.as_local(NOON):%Y-%m-%d %H:%M:%S}"


async def test_token_expires_during_a_slow_body(
    hass: HomeAssistant, entry: MockConfigEntry, post_slowly: Callable[..., Awaitable[int]]
) -> None:
    """Accept a request that began before its token expired."""
    ends = NOON + 10 * MINUTE
    hass.config_entries.async_update_entry(
        entry,
        data={**entry.data, "token": "new", "previous_tokens": [{"token": TOKEN, "expires": ends.isoformat()}]},
    )
    assert await post_slowly(document(measurement(NOON - MINUTE, 1)), 30) == HTTPStatus.OK
    assert await post_slowly(document(measurement(NOON - MINUTE, 1)), 0) == HTTPStatus.UNAUTHORIZED


async def test_alternating_camera_is_logged_once(pusher: Pusher, caplog: pytest.LogCaptureFixture) -> None:
    """Log a camera once although it alternates between two protocol versions."""
    for _ in range(4):
        await pusher.post(document(apiVersion="0.3"))
        await pusher.push()
    assert caplog.text.count("was refused") == 1
    assert caplog.text.count("can be read again") == 1

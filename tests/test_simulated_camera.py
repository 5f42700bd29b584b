"""The simulated camera sends what Axis' guide says, and knows what a receiver should hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
import json
from pathlib import Path
import ssl
import time
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
import pytest

from .simulator import OUTSIDE, THREE_D, TWO_D, Building, Camera, Counts, Door, Hours, Model, Source, Visits

STOCKHOLM = ZoneInfo("Europe/Stockholm")

NOON = datetime(2021, 4, 13, 12, 0, 24, tzinfo=UTC)

MINUTE = timedelta(minutes=1)


class Clock:
    """A clock that moves only when told to."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, minutes: float) -> None:
        """Move the clock."""
        self.now += timedelta(minutes=minutes)


class Receiver:
    """Stores what arrives, and answers with a status."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.broken = 0
        application = web.Application(client_max_size=2**27)
        application.router.add_post("/push", self._receive)
        self.server = TestServer(application, host="127.0.0.1")

    async def _receive(self, request: web.Request) -> web.Response:
        try:
            body = await request.read()
        except ConnectionError, asyncio.CancelledError, web.RequestPayloadError:
            self.broken += 1
            raise
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.bodies.append(json.loads(body))
        # Cameras aren't known to follow redirects.
        headers = {"Location": "/elsewhere"} if self.status == 302 else None
        return web.Response(status=self.status, text="heard", headers=headers)

    @property
    def measurements(self) -> list[dict[str, Any]]:
        """All measurements that arrived, in the order of arrival."""
        return [measurement for body in self.bodies for measurement in body["data"]["measurements"]]

    def held(self) -> dict[tuple[str, str], Counts]:
        """Return the counts by interval; a repetition replaces."""
        return {(found["utcFrom"], found["utcTo"]): _counts(found["items"]) for found in self.measurements}


def _counts(items: list[dict[str, Any]] | None) -> Counts:
    """Return the counts of a measurement's items."""
    by_direction = {item["direction"]: item for item in items or ()}
    come, gone = by_direction.get("in", {}), by_direction.get("out", {})
    return Counts(come.get("count", 0), gone.get("count", 0), come.get("adults", 0), gone.get("adults", 0))


@pytest.fixture
async def receiver(socket_enabled: None) -> AsyncIterator[Receiver]:
    """Start a receiver on the loopback."""
    found = Receiver()
    async with found.server:
        yield found


@pytest.fixture
def clock() -> Clock:
    """Return a clock at noon in spring."""
    return Clock()


def _camera(
    receiver: Receiver | None,
    clock: Callable[[], datetime],
    *,
    model: Model = THREE_D,
    installed: datetime | None = None,
    source: Source | None = None,
    **options: Any,
) -> Camera:
    """Return a camera over the shop's door that is three hours old."""
    return Camera(
        source or Visits("shop", STOCKHOLM),
        str(receiver.server.make_url("/push")) if receiver else "http://127.0.0.1:1/push",
        "secret",
        serial="accc8ef3d92e",
        name="Main entrance",
        model=model,
        installed=installed or clock() - timedelta(hours=3),
        clock=clock,
        **options,
    )


async def test_document_of_a_3d_camera(receiver: Receiver, clock: Clock) -> None:
    """Send every member of the guide's document, and nothing else."""
    camera = _camera(receiver, clock, installed=NOON - 2 * MINUTE)
    assert await camera.push()
    (body,) = receiver.bodies
    counts = [camera.counted(NOON - back * MINUTE, NOON - (back - 1) * MINUTE) for back in (2, 1)]
    assert body == {
        "apiName": "Axis Retail Data",
        "apiVersion": "0.4",
        "utcSent": "2021-04-13T12:00:24Z",
        "localSent": "2021-04-13T14:00:24",
        "data": {
            "utcFrom": "2021-04-13T11:58:00Z",
            "utcTo": "2021-04-13T12:00:00Z",
            "localFrom": "2021-04-13T13:58:00",
            "localTo": "2021-04-13T14:00:00",
            "measurements": [
                {
                    "kind": "people-counts",
                    "utcFrom": f"2021-04-13T{start}:00Z",
                    "utcTo": f"2021-04-13T{end}:00Z",
                    "localFrom": f"2021-04-13T{local_start}:00",
                    "localTo": f"2021-04-13T{local_end}:00",
                    "items": [
                        {"direction": "in", "count": counted.in_, "adults": counted.adults_in},
                        {"direction": "out", "count": counted.out, "adults": counted.adults_out},
                    ],
                }
                for start, end, local_start, local_end, counted in (
                    ("11:58", "11:59", "13:58", "13:59", counts[0]),
                    ("11:59", "12:00", "13:59", "14:00", counts[1]),
                )
            ],
        },
        "sensor": {
            "application": "AXIS 3D People Counter",
            "applicationVersion": "11.11.148",
            "timeZone": "Europe/Stockholm",
            "name": "Main entrance",
            "serial": "accc8ef3d92e",
            "ipAddress": "127.0.0.1",
        },
    }
    assert receiver.headers[0]["authorization"] == "Bearer secret"


async def test_document_of_a_2d_camera(receiver: Receiver, clock: Clock) -> None:
    """Send no adults, 15-minute intervals only, and null for empty items."""
    clock.now = datetime(2021, 4, 13, 8, tzinfo=UTC)
    camera = _camera(receiver, clock, model=TWO_D, zone_key="timezone")
    assert await camera.push()
    assert receiver.bodies[0]["sensor"]["timezone"] == "Europe/Stockholm"
    assert "timeZone" not in receiver.bodies[0]["sensor"]
    items = [measurement["items"] for measurement in receiver.measurements]
    assert len(items) == 12
    assert None in items
    filled = [item for both in items if both for item in both]
    assert filled
    assert all(set(item) == {"direction", "count"} for item in filled)
    assert camera.counted(clock.now - timedelta(hours=3), clock.now).adults_in == 0
    with pytest.raises(ValueError, match="every 1 minutes"):
        camera.width = 1


async def test_local_times(receiver: Receiver, clock: Clock) -> None:
    """Repeat an hour of local times when summer time ends."""
    clock.now = datetime(2021, 10, 31, 2, tzinfo=UTC)
    camera = _camera(receiver, clock, installed=clock.now - timedelta(hours=2), model=TWO_D)
    assert await camera.push()
    starts = [(found["utcFrom"][11:16], found["localFrom"][11:16]) for found in receiver.measurements]
    assert starts[0] == ("00:00", "02:00")
    assert starts[4] == ("01:00", "02:00")
    assert len(starts) == 8


async def test_test_message(receiver: Receiver, clock: Clock) -> None:
    """Send no data in a test message, and keep the cursor."""
    camera = _camera(receiver, clock)
    answer = await camera.test_connection()
    assert answer.delivered
    assert answer.text == "heard"
    assert set(receiver.bodies[0]) == {"apiName", "apiVersion", "utcSent", "localSent", "sensor"}
    assert camera.cursor is None
    assert camera.delivered(NOON - timedelta(days=1), NOON) == Counts()


async def test_next_push(receiver: Receiver, clock: Clock) -> None:
    """Continue where the last push ended."""
    camera = _camera(receiver, clock)
    for _ in range(3):
        assert await camera.push()
        clock.forward(1)
    starts = [found["utcFrom"] for found in receiver.measurements]
    assert len(starts) == len(set(starts)) == 182
    clock.forward(-1)
    assert await camera.push() is None


@pytest.mark.parametrize("status", [201, 204, 302, 401, 404, 500, 503])
async def test_only_200_is_delivered(receiver: Receiver, clock: Clock, status: int) -> None:
    """Send everything since the last 200 again after any other status."""
    camera = _camera(receiver, clock)
    assert await camera.push()
    before = camera.delivered(NOON - timedelta(days=1), NOON + timedelta(days=1))
    receiver.bodies.clear()
    receiver.status = status
    clock.forward(2)
    answer = await camera.push()
    assert answer
    assert (answer.status, answer.delivered) == (status, False)
    assert camera.delivered(NOON - timedelta(days=1), NOON + timedelta(days=1)) == before
    receiver.status = 200
    clock.forward(1)
    answer = await camera.push()
    assert answer
    assert answer.delivered
    assert [len(body["data"]["measurements"]) for body in receiver.bodies] == [2, 3]


async def test_lost_answer(receiver: Receiver, clock: Clock) -> None:
    """Send everything again after a lost answer."""
    camera = _camera(receiver, clock)
    camera.faults.lose_answer = True
    answer = await camera.push()
    assert answer
    assert answer.status is None
    assert camera.cursor is None
    assert len(receiver.measurements) == 180
    assert camera.delivered(NOON - timedelta(hours=3, minutes=1), NOON).in_ > 0
    camera.faults.lose_answer = False
    clock.forward(1)
    assert await camera.push()
    assert len(receiver.measurements) == 180 + 181
    assert len(receiver.held()) == 181


async def test_batches(receiver: Receiver, clock: Clock) -> None:
    """Stop at a body that fails, and continue with it in the next push."""
    camera = _camera(receiver, clock, batch=50)
    assert await camera.push()
    assert [len(body["data"]["measurements"]) for body in receiver.bodies] == [50, 50, 50, 30]
    receiver.bodies.clear()
    receiver.status = 503
    clock.forward(120)
    assert await camera.push()
    assert len(receiver.bodies) == 1
    receiver.status = 200
    assert await camera.push()
    assert len(receiver.held()) == 120


async def test_redelivery(receiver: Receiver, clock: Clock) -> None:
    """Send the same intervals again with a later time of sending."""
    camera = _camera(receiver, clock)
    with pytest.raises(RuntimeError):
        await camera.redeliver()
    assert await camera.push()
    clock.forward(1)
    assert (await camera.redeliver()).delivered
    first, second = receiver.bodies
    assert first["data"] == second["data"]
    assert first["utcSent"] < second["utcSent"]


async def test_memory(receiver: Receiver, clock: Clock) -> None:
    """Forget intervals after 90 days, which at one minute make the body that the guide promises."""
    camera = _camera(receiver, clock, installed=NOON - timedelta(days=100), source=Turnstile())
    waiting = camera.waiting()
    assert len(waiting) == 90 * 24 * 60 - 1
    assert waiting[0].start == datetime(2021, 1, 13, 12, 1, tzinfo=UTC)
    # The whole body takes seconds to make; its measurements are all of nearly the same size.
    day = len(camera.body(waiting[: 24 * 60]))
    assert 30_000_000 < 90 * day < 60_000_000
    # All of it goes into one body.
    camera.batch = None
    clock.now = NOON - timedelta(days=98)
    assert await camera.push()
    assert len(receiver.bodies) == 1


async def test_no_connection(receiver: Receiver, clock: Clock) -> None:
    """Keep everything while there is no connection."""
    camera = _camera(receiver, clock)
    camera.faults.cut_off = True
    answer = await camera.push()
    assert answer
    assert answer.status is None
    assert not receiver.bodies
    camera.faults.cut_off = False
    good, camera.url = camera.url, "http://127.0.0.1:1/push"
    answer = await camera.push()
    assert answer
    assert answer.status is None
    assert "refused" in answer.text or "connect" in answer.text.lower()
    camera.url = good
    assert await camera.push()
    assert len(receiver.held()) == 180


async def test_broken_upload(receiver: Receiver, clock: Clock) -> None:
    """Count a broken upload as not delivered."""
    camera = _camera(receiver, clock)
    camera.faults.break_after = 1000
    answer = await asyncio.wait_for(camera.push(), 10)
    assert answer
    assert answer.status is None
    for _ in range(100):
        if receiver.broken:
            break
        await asyncio.sleep(0.01)
    assert (receiver.broken, receiver.bodies) == (1, [])
    assert camera.cursor is None


async def test_slow_upload(receiver: Receiver, clock: Clock) -> None:
    """Upload at the network's speed."""
    camera = _camera(receiver, clock, installed=NOON - 3 * MINUTE)
    size = len(camera.body(camera.waiting()))
    camera.faults.bytes_per_second = size * 2
    started = time.monotonic()
    assert await camera.push()
    assert 0.4 < time.monotonic() - started < 5
    assert len(receiver.measurements) == 3


async def test_faults_of_clock_token_and_protocol(receiver: Receiver, clock: Clock) -> None:
    """Send the wrong clock, token and protocol version that were set."""
    camera = _camera(receiver, clock)
    camera.faults.clock_offset = timedelta(hours=1)
    camera.faults.protocol_version = "0.3"
    camera.token = "wrong"
    assert await camera.push()
    body = receiver.bodies[0]
    assert body["utcSent"] == "2021-04-13T13:00:24Z"
    assert body["data"]["utcTo"] == "2021-04-13T13:00:00Z"
    assert body["apiVersion"] == "0.3"
    assert receiver.headers[0]["authorization"] == "Bearer wrong"
    camera.token = None
    await camera.test_connection()
    assert "authorization" not in receiver.headers[1]


async def test_sum_of_intervals(receiver: Receiver, clock: Clock) -> None:
    """Send intervals whose sum is what was counted, at every width."""
    start = NOON - timedelta(hours=3)
    truth = _camera(receiver, clock).counted(start, NOON)
    assert truth.in_ > 0
    for width in (1, 5, 15):
        camera = _camera(receiver, clock)
        camera.width = width
        receiver.bodies.clear()
        assert await camera.push()
        assert sum(receiver.held().values(), Counts()) == truth
        assert camera.delivered(start - MINUTE, NOON) == truth
        assert len(camera.taken(start - MINUTE, NOON)) == 180 // width


async def test_counts_before_the_installation(receiver: Receiver, clock: Clock) -> None:
    """Leave out counts before the installation, though the first interval is whole."""
    camera = _camera(
        receiver, clock, installed=NOON - 7 * MINUTE, source=Visits(1, STOCKHOLM, Hours(0, 24, 9000, 9000))
    )
    camera.width = 15
    assert await camera.push()
    ((_, counts),) = receiver.held().items()
    assert receiver.measurements[0]["utcFrom"] == "2021-04-13T11:45:00Z"
    assert counts == camera.counted(NOON - timedelta(hours=1), NOON) == camera.counted(NOON - 7 * MINUTE, NOON)
    assert 0 < counts.in_ < camera.source.between(*(int(NOON.timestamp() // 60) + shift for shift in (-15, 0))).in_


class Turnstile:
    """A source in which one adult enters each minute."""

    zone = ZoneInfo("Asia/Kathmandu")

    def between(self, first: int, after: int) -> Counts:
        return Counts(in_=max(0, after - first), adults_in=max(0, after - first))


async def test_other_source(receiver: Receiver, clock: Clock) -> None:
    """Send the counts of any source."""
    camera = _camera(receiver, clock, source=Turnstile())
    camera.width = 15
    assert await camera.push()
    assert list(receiver.held().values()) == [Counts(in_=15, adults_in=15)] * 12
    assert receiver.bodies[0]["sensor"]["timeZone"] == "Asia/Kathmandu"
    assert receiver.measurements[0]["localFrom"] == "2021-04-13T14:45:00"


async def test_cameras_of_a_building(receiver: Receiver, clock: Clock) -> None:
    """Send the counts of a building's doors, errors included."""
    hall, stairs = Door("Hall", OUTSIDE, "Ground floor"), Door("Stairs", "Ground floor", "First floor")
    building = Building(1, STOCKHOLM, (hall, stairs), error_rate=0.1, double=True)
    models = {hall: THREE_D, stairs: TWO_D}
    clock.now = datetime(2021, 4, 13, 11, 0, 20, tzinfo=UTC)
    midnight = datetime(2021, 4, 12, 22, tzinfo=UTC)
    for door, model in models.items():
        camera = _camera(receiver, clock, source=building.seen(door), model=model, installed=midnight)
        clock.now = datetime(2021, 4, 13, 11, 0, 20, tzinfo=UTC)
        receiver.bodies.clear()
        assert await camera.push()
        camera.faults.lose_answer = True
        clock.forward(30)
        assert await camera.push()
        camera.faults.lose_answer = False
        assert await camera.push()
        assert (await camera.redeliver()).delivered
        clock.forward(24 * 60)
        assert await camera.push()
        counts, end = receiver.held(), datetime(2021, 4, 14, 11, 30, tzinfo=UTC)
        assert len(counts) == (37 * 60 + 30) // camera.width
        seen = building.seen(door).between(*(int(moment.timestamp() // 60) for moment in (midnight, end)))
        told = sum(counts.values(), Counts())
        assert (told.in_, told.out) == (seen.in_, seen.out)
        assert (told.adults_in, told.adults_out) == ((seen.adults_in, seen.adults_out) if model.adults else (0, 0))
        assert told == camera.delivered(midnight, end) == camera.counted(midnight, end)
        truth = building.passed(door, midnight, end)
        assert (truth.in_, truth.out) != (seen.in_, seen.out)


async def test_changed_width(receiver: Receiver, clock: Clock) -> None:
    """Expect a receiver to replace intervals that a push covers wholly, and no others."""
    clock.now += 7 * MINUTE
    camera = _camera(receiver, clock, installed=NOON)
    assert await camera.push()
    assert len(receiver.measurements) == 7
    camera.width = 15
    assert await camera.push() is None
    clock.forward(8)
    assert await camera.push()
    assert receiver.measurements[-1]["utcFrom"] == "2021-04-13T12:00:00Z"
    (only,) = camera.taken(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    assert only.counts == camera.counted(NOON - MINUTE, NOON + 15 * MINUTE)
    # Narrow intervals in several bodies can't replace a wide one that no body covers.
    camera.cursor = None
    camera.width = 1
    camera.batch = 4
    assert await camera.push()
    assert camera.taken(NOON - timedelta(hours=1), NOON + timedelta(hours=1)) == [only]
    # In one body they can.
    camera.cursor = None
    camera.batch = None
    assert await camera.push()
    assert len(camera.taken(NOON - timedelta(hours=1), NOON + timedelta(hours=1))) == 15


async def test_occupancy(receiver: Receiver, clock: Clock) -> None:
    """Clamp the occupancy at 0 after each interval."""
    clock.now = datetime(2021, 4, 13, 22, tzinfo=UTC)
    midnight = datetime(2021, 4, 12, 22, tzinfo=UTC)
    camera = _camera(receiver, clock, installed=midnight)
    assert await camera.push()
    lunch = datetime(2021, 4, 13, 11, tzinfo=UTC)
    assert camera.occupancy(midnight, clock.now) == 0
    held = camera.delivered(midnight, lunch)
    assert camera.occupancy(midnight, lunch) == held.in_ - held.out > 0
    later = camera.delivered(lunch, clock.now)
    assert later.out > later.in_
    assert camera.occupancy(lunch, clock.now) == 0
    # The occupancy is clamped on the way, so the afternoon's peak starts from 0.
    peak = datetime(2021, 4, 13, 15, 30, tzinfo=UTC)
    until_peak = camera.delivered(lunch, peak)
    assert camera.occupancy(lunch, peak) >= max(0, until_peak.in_ - until_peak.out)


async def test_run(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Push history at once, then after each interval, whatever the receiver answers."""
    monkeypatch.setattr("tests.simulator.camera.DELAY", (0.05, 0.1))
    started = time.monotonic()

    def now() -> datetime:
        # Each fifth of a second is the end of another minute, so the loop never waits long.
        return NOON.replace(second=59, microsecond=950_000) + int((time.monotonic() - started) * 5) * MINUTE

    camera = _camera(receiver, now, installed=NOON - 3 * MINUTE)
    receiver.status = 503
    running = asyncio.create_task(camera.run())
    try:
        await _until(lambda: len(receiver.bodies) >= 1)
        receiver.status = 200
        await _until(lambda: len(receiver.bodies) >= 4)
        camera.stop()
        await asyncio.wait_for(running, 5)
    finally:
        running.cancel()
    assert receiver.bodies[0]["data"]["utcFrom"] == receiver.bodies[1]["data"]["utcFrom"]
    assert receiver.bodies[2]["data"]["utcFrom"] == receiver.bodies[1]["data"]["utcTo"]


async def _until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, ten seconds at most."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail("The condition didn't hold in time.")


async def test_https(socket_enabled: None, clock: Clock, tmp_path: Path) -> None:
    """Send nothing to a server whose authority isn't installed."""
    # The server's side logs refused handshakes as errors.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    context, good, other = _certificates(tmp_path)
    receiver = Receiver()
    await receiver.server.start_server(ssl=context)
    try:
        assert (await _camera(receiver, clock, ca_file=good).test_connection()).delivered
        for ca_file in (other, None):
            answer = await _camera(receiver, clock, ca_file=ca_file).test_connection()
            assert answer.status is None
            assert "certificate" in answer.text.lower()
    finally:
        await receiver.server.close()
    assert len(receiver.bodies) == 1


def _certificates(folder: Path) -> tuple[ssl.SSLContext, Path, Path]:
    """Return a context for 127.0.0.1, and the files of its authority and of another one."""
    authority, authority_key = _certificate("Shop CA")
    stranger, _ = _certificate("Another CA")
    server, server_key = _certificate("127.0.0.1", (authority, authority_key))
    key = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for name, content in (
        ("server.pem", key + server.public_bytes(serialization.Encoding.PEM)),
        ("good.pem", authority.public_bytes(serialization.Encoding.PEM)),
        ("other.pem", stranger.public_bytes(serialization.Encoding.PEM)),
    ):
        (folder / name).write_bytes(content)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    return context, folder / "good.pem", folder / "other.pem"


def _certificate(
    name: str, issuer: tuple[x509.Certificate, rsa.RSAPrivateKey] | None = None
) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    """Return an authority, or a certificate that one has issued, and the key."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer, signing_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        address = x509.IPAddress(ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    else:
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signing_key, hashes.SHA256()), key

"""What is found out about the address cameras are given, with the servers and proxies that people have."""

import ast
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
import json
import logging
from pathlib import Path
import socket
import ssl
import string
from typing import Any, Final, Self, cast, override

from aiohttp import ClientError, ClientSession, DummyCookieJar, hdrs, web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID, NameOID
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from pytest_socket import socket_allow_hosts
from yarl import URL

from custom_components.axis_people_counter import address_check as check, http
from custom_components.axis_people_counter.address_check import async_check
from custom_components.axis_people_counter.connecting.authority import certificate_pem, new_authority, new_server
from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.messages import Message, plain
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import DATA_RESOLVER, async_get_clientsession
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .helpers.problems import problems
from .helpers.pusher import PATH, TOKEN, Pusher, document

HERE = "127.0.0.1"
NAME = "ha.example.com"
DAY = timedelta(days=1)
# No check takes longer in these tests.
SOON = 5
ENGLISH: Final = json.loads((Path(check.__file__).parent / "translations" / "en.json").read_text())["exceptions"]

pytestmark = pytest.mark.usefixtures("socket_enabled", "names", "hasty")

type Client = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


# Names, certificates and servers


class Names(AbstractResolver):
    """Knows a few names of this machine."""

    known: Final = (NAME, "localhost", "camera.localhost")

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self.known:
            raise OSError(None, "Domain name not found")
        # Who doesn't want to connect gets a public address: Home Assistant treats redirects from there differently.
        address = HERE if port else "192.0.2.1"
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    @override
    async def close(self) -> None:
        """Have nothing to close."""


@pytest.fixture
def names(hass: HomeAssistant) -> None:
    """Give Home Assistant names without the network."""
    hass.data[DATA_RESOLVER] = cast(Any, Names())


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing longer than for what happens on this very machine."""
    monkeypatch.setattr(check, "EARLY_SECONDS", 0.3)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon on servers that are silent."""
    monkeypatch.setattr(check, "ANSWER_SECONDS", 0.6)
    monkeypatch.setattr(check, "LOOK_SECONDS", 0.6)


@pytest.fixture(autouse=True)
def _sound_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """See after each test that a check leaves no trace in the log, and no token."""
    yield
    for record in caplog.get_records("call"):
        assert TOKEN not in record.getMessage()
        # asyncio warns of whatever takes long on a busy machine.
        assert record.levelno < (logging.ERROR if record.name == "asyncio" else logging.WARNING) or (
            not record.name.startswith(("aiohttp.server", "asyncio", "custom_components."))
        ), record


@dataclass
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()


def issue(
    subject: str,
    issuer: Pair | None = None,
    *names: str,
    begins: timedelta = -DAY,
    ends: timedelta = 90 * DAY,
    extension: x509.ExtensionType | None = None,
) -> Pair:
    """Make a certificate: of a server if there are names, else of an authority; without an issuer it is its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    signer = issuer.key if issuer else key
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=bool(names),
                key_cert_sign=not names,
                crl_sign=not names,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if names:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    if found := [x509.IPAddress(ip_address(one)) if one[-1].isdigit() else x509.DNSName(one) for one in names if one]:
        builder = builder.add_extension(x509.SubjectAlternativeName(found), critical=False)
    if extension:
        builder = builder.add_extension(extension, critical=False)
    return Pair(builder.sign(signer, hashes.SHA256()), key)


@dataclass
class Certificates:
    """What the certificates of a test come from."""

    folder: Path
    root: Pair

    def context(self, *chain: Pair | str, key: Pair | None = None) -> ssl.SSLContext:
        """Return a server's context that shows these certificates, the server's own first."""
        path = self.folder / "server.pem"
        first = key or chain[0]
        assert isinstance(first, Pair)
        path.write_text(first.key_pem + "".join(one.pem if isinstance(one, Pair) else one for one in chain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def good(self) -> ssl.SSLContext:
        """Return the context of a server with which all is well."""
        return self.context(issue("server", self.root, NAME))

    def trust(self, *roots: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the world know these authorities, and no others."""
        path = self.folder / "roots.pem"
        path.write_text("".join(one.pem for one in roots))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """Make a public authority."""
    made = Certificates(tmp_path, issue("Public root"))
    made.trust(made.root, monkeypatch=monkeypatch)
    return made


@dataclass
class Proxy:
    """A reverse proxy with its settings."""

    backend: URL
    limit: int | None = None
    # Reads a request to its end before it passes it on.
    buffers: bool = False
    drops: tuple[str, ...] = ()
    adds: dict[str, str] = field(default_factory=dict)
    # What it makes of each answer.
    status: int | None = None
    requests: list[web.BaseRequest] = field(default_factory=list)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass a request on."""
        self.requests.append(request)
        if self.limit is not None and (request.content_length or 0) > self.limit:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text="<html>too large</html>")
        headers = request.headers.copy()
        for name in self.drops:
            headers.popall(name, None)
        headers.update(self.adds)
        try:
            data = b"".join([chunk async for chunk in request.content.iter_any()]) if self.buffers else request.content
            async with (
                ClientSession(cookie_jar=DummyCookieJar(), auto_decompress=False) as session,
                session.request(
                    request.method, self.backend.with_path(request.path), data=data, headers=headers
                ) as response,
            ):
                return web.Response(
                    status=self.status or response.status,
                    body=await response.read(),
                    headers={hdrs.CONTENT_TYPE: response.headers[hdrs.CONTENT_TYPE], hdrs.SET_COOKIE: "stranger=1"},
                )
        except ClientError, ConnectionError, web.RequestPayloadError:
            return web.Response(status=HTTPStatus.BAD_GATEWAY)


@asynccontextmanager
async def accepting(
    protocol: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Take connections, and return the port; what goes wrong with one of them is no news."""
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []

    async def shake_hands(client: socket.socket) -> None:
        with suppress(OSError):
            await loop.connect_accepted_socket(protocol, client, ssl=context)

    async def accept() -> None:
        while True:
            client, _ = await loop.sock_accept(server)
            tasks.append(loop.create_task(shake_hands(client)))

    with socket.create_server((HERE, 0)) as server:
        server.setblocking(False)
        tasks.append(loop.create_task(accept()))
        try:
            yield server.getsockname()[1]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def serving(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], context: ssl.SSLContext | None = None
) -> AsyncIterator[URL]:
    """Serve HTTP, and return the address."""
    server = web.Server(handler, lingering_time=0.1)
    async with accepting(server, context) as port:
        yield URL.build(scheme="https" if context else "http", host=NAME, port=port)
    await server.shutdown(0.5)
    # It doesn't wait for what it cancels.
    await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(client: Client, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Do with each connection what is asked for, then close it."""
    tasks: list[asyncio.Task[Any]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.append(task)
        with suppress(OSError, asyncio.CancelledError):
            await client(reader, writer)
        writer.transport.abort()

    async with accepting(lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(), connected), context) as port:
        yield port
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def proxied(pusher: Pusher, context: ssl.SSLContext | None, **settings: Any) -> AsyncIterator[tuple[URL, Proxy]]:
    """Put a proxy in front of Home Assistant."""
    proxy = Proxy(URL.build(scheme="http", host=HERE, port=pusher.client.port), **settings)
    async with serving(proxy.handle, context) as url:
        yield url, proxy


async def closing_at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take a connection and close it."""


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Listen, and say nothing."""
    await reader.read(-1)


async def chatty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet as SSH does."""
    writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
    await reader.read(-1)


# What is seen of a finding in every test

SEEN: set[str] = set()


async def found(hass: HomeAssistant, url: URL | str, authority: str | None = None) -> list[Message]:
    """Return what is found; each finding has a sentence with just what is filled into it, and leaves nothing behind."""
    async with asyncio.timeout(SOON):
        findings = await async_check(hass, str(url).rstrip("/"), authority)
    for key, placeholders in findings:
        text = ENGLISH[key]["message"]
        assert {name for _, name, *_ in string.Formatter().parse(text) if name} == set(placeholders)
        assert all(placeholders.values())
        SEEN.add(key)
    await hass.async_block_till_done()
    assert not [issue_id for domain, issue_id in ir.async_get(hass).issues if domain == DOMAIN]
    return findings


async def keys(hass: HomeAssistant, url: URL | str, authority: str | None = None) -> list[str]:
    """Return what kinds of things are found."""
    return [finding.key for finding in await found(hass, url, authority)]


def at(port: int, scheme: str = "https", host: str = NAME) -> str:
    """Return the address of a port."""
    return f"{scheme}://{host}:{port}"


def moment(instant: datetime) -> str:
    """Return how a time is shown."""
    return plain(dt_util.as_local(instant).strftime("%Y-%m-%d %H:%M"))


# All is well


async def test_all_is_well(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """Through a proxy with a good certificate there is one finding, which says until when it is good."""
    server = issue("server", certificates.root, NAME)
    async with proxied(pusher, certificates.context(server)) as (url, _):
        findings = await found(hass, url)
    assert findings == [Message("check_ok", {"expires": moment(server.certificate.not_valid_after_utc), "days": "89"})]


async def test_nothing_is_set_up(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, certificates: Certificates
) -> None:
    """Before there is an entry the address can be checked already."""
    assert await async_setup_component(hass, DOMAIN, {})
    pusher = Pusher(hass, await hass_client_no_auth())
    async with proxied(pusher, certificates.good()) as (url, _):
        assert await keys(hass, url) == ["check_ok"]


@pytest.mark.parametrize("buffers", [False, True])
async def test_nothing_is_left(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, caplog: pytest.LogCaptureFixture, buffers: bool
) -> None:
    """A check isn't a push: nothing is stored, said or held, whether or not a proxy waits for the whole body."""
    caplog.set_level(logging.INFO)
    states = hass.states.async_all()
    async with proxied(pusher, certificates.good(), buffers=buffers) as (url, proxy):
        for _ in range(3):
            assert await keys(hass, url) == ["check_ok"]
        assert [one.content_length for one in proxy.requests] == [2, check.LARGE_BODY] * 3
    assert hass.states.async_all() == states
    assert not [record for record in caplog.get_records("call") if record.name.startswith("custom_components.")]


async def test_what_is_sent(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """Neither the cameras' token nor a cookie goes out; the one-time token is soon worthless."""
    async with proxied(pusher, certificates.good()) as (url, proxy):
        shared = async_get_clientsession(hass).cookie_jar
        shared.update_cookies({"mine": "1"}, url)
        for _ in range(2):
            assert await keys(hass, url) == ["check_ok"]
        assert {cookie.key for cookie in shared} == {"mine"}
    sent = [request.headers for request in proxy.requests]
    assert [str(request.rel_url) for request in proxy.requests] == [PATH] * 4
    assert not [headers for headers in sent if "Cookie" in headers or TOKEN in str(headers)]
    first, large, second, _ = [headers["Authorization"].removeprefix("Bearer ") for headers in sent]
    assert first == large != second
    assert len(first) >= 43
    assert first not in [headers[http.PROBE_HEADER] for headers in sent]
    response = await pusher.post(document(), token=first)
    assert response.status == HTTPStatus.UNAUTHORIZED


# The address


@pytest.mark.parametrize("host", ["localhost", "camera.localhost", HERE])
async def test_this_device(hass: HomeAssistant, pusher: Pusher, host: str) -> None:
    """An address that means something else on each device is no good, however well it works here."""
    port = pusher.client.port
    assert port
    assert await found(hass, at(port, "http", host)) == [
        Message("check_this_device", {"host": plain(host)}),
        Message("check_not_https", {}),
    ]


async def test_unspecified_address(hass: HomeAssistant, pusher: Pusher) -> None:
    """Where servers listen isn't where cameras find them."""
    socket_allow_hosts([HERE, "0.0.0.0"])  # noqa: S104 - this very machine, too
    assert (await keys(hass, f"http://0.0.0.0:{pusher.client.port}"))[0] == "check_this_device"


async def test_not_https(hass: HomeAssistant, pusher: Pusher) -> None:
    """Without encryption the rest is looked at all the same."""
    assert await keys(hass, at(pusher.client.port or 0, "http")) == ["check_not_https"]
    async with proxied(pusher, None, limit=1024 * 1024) as (url, _):
        assert await keys(hass, url) == ["check_not_https", "check_body_limit"]
    async with proxied(pusher, None, drops=("Authorization",)) as (url, _):
        assert await keys(hass, url) == ["check_not_https", "check_token_dropped"]


@pytest.mark.usefixtures("pusher")
async def test_name_is_not_found(hass: HomeAssistant) -> None:
    """A name that nobody knows is shown as it was entered, and without effect."""
    assert await found(hass, "https://no_such.example.com") == [
        Message("check_name_not_found", {"host": r"no\_such\.example\.com"})
    ]


@pytest.mark.usefixtures("pusher")
async def test_name_is_too_long(hass: HomeAssistant) -> None:
    """What is shown has a limit."""
    ((key, placeholders),) = await found(hass, f"https://{'a' * 63}.{'b' * 63}.example.com")
    assert key == "check_name_not_found"
    assert placeholders["host"].replace("\\", "") == f"{'a' * 63}.{'b' * 36}"


@pytest.mark.usefixtures("pusher")
async def test_address_that_is_none(hass: HomeAssistant) -> None:
    """Even what can't be asked for at all has its sentence."""
    ((key, placeholders),) = await found(hass, "https://127.1:8123")
    assert key == "check_failed"
    assert placeholders["address"] == r"127\.1\:8123"
    assert "canonical" in placeholders["error"]


# Nobody there


@pytest.mark.usefixtures("pusher")
async def test_refused(hass: HomeAssistant) -> None:
    """Nobody listens on the port."""
    with closing(socket.socket()) as taken:
        taken.bind((HERE, 0))
        port = taken.getsockname()[1]
        assert await found(hass, at(port)) == [Message("check_refused", {"address": plain(f"{NAME}:{port}")})]


@pytest.mark.usefixtures("pusher", "impatient")
async def test_no_answer(hass: HomeAssistant) -> None:
    """Connections aren't taken, as when a firewall throws away what comes."""
    with closing(socket.socket()) as full:
        full.bind((HERE, 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex((HERE, port))
        assert await keys(hass, at(port)) == ["check_no_answer"]
        for one in waiting:
            one.close()


@pytest.mark.usefixtures("pusher", "impatient")
async def test_unreachable(hass: HomeAssistant) -> None:
    """There is no way to the address: the system itself refuses."""
    socket_allow_hosts([HERE, "255.255.255.255"])
    assert await keys(hass, "https://255.255.255.255:8123") == ["check_no_answer"]


@pytest.mark.usefixtures("pusher", "impatient")
async def test_silence(hass: HomeAssistant, certificates: Certificates) -> None:
    """Somebody takes the connection and says nothing, before TLS or after it."""
    async with listening(silent) as port:
        assert await keys(hass, at(port)) == ["check_no_answer"]
        assert await keys(hass, at(port, "http")) == ["check_not_https", "check_no_answer"]
    async with listening(silent, certificates.good()) as port:
        assert await keys(hass, at(port)) == ["check_silent"]


@pytest.mark.usefixtures("pusher")
async def test_hanging_up(hass: HomeAssistant, certificates: Certificates) -> None:
    """Somebody takes the connection and closes it, before TLS or after it."""
    async with listening(closing_at_once) as port:
        assert await keys(hass, at(port)) == ["check_hung_up"]
        assert await keys(hass, at(port, "http")) == ["check_not_https", "check_hung_up"]
    async with listening(closing_at_once, certificates.good()) as port:
        assert await keys(hass, at(port)) == ["check_hung_up"]
        assert await keys(hass, at(port, "http")) == ["check_not_https", "check_hung_up"]


@pytest.mark.usefixtures("pusher")
async def test_something_else(hass: HomeAssistant, certificates: Certificates) -> None:
    """What answers speaks another language, inside of TLS or instead of it."""
    async with listening(chatty) as port:
        assert await keys(hass, at(port, "http")) == ["check_not_https", "check_not_http"]
        assert await keys(hass, at(port)) == ["check_not_tls"]
    async with listening(chatty, certificates.good()) as port:
        assert await keys(hass, at(port)) == ["check_not_http"]


async def test_home_assistant_without_certificate(hass: HomeAssistant, pusher: Pusher) -> None:
    """The usual mistake: https in front of the address of a Home Assistant that has no certificate."""
    assert await keys(hass, at(pusher.client.port or 0)) == ["check_not_tls"]


# Certificates


@dataclass
class Shop:
    """A server behind TLS that has yet to hear its first request."""

    hass: HomeAssistant
    requests: int = 0

    async def handle(self, _request: web.BaseRequest) -> web.StreamResponse:
        """Count a request."""
        self.requests += 1
        return web.Response()

    async def found(self, context: ssl.SSLContext, authority: str | None = None, host: str = NAME) -> Message:
        """Return what is found out about a certificate, without a request over a connection that isn't good."""
        async with serving(self.handle, context) as url:
            *others, finding = await found(self.hass, url.with_host(host), authority)
        assert [other.key for other in others] == (["check_this_device"] if host == HERE else [])
        assert not self.requests
        return finding


@pytest.fixture
def shop(hass: HomeAssistant, pusher: Pusher) -> Shop:
    """Return a server with a bad certificate."""
    assert pusher.hass is hass
    return Shop(hass)


async def test_expired(shop: Shop, certificates: Certificates) -> None:
    """A certificate that isn't good any more."""
    server = issue("server", certificates.root, NAME, begins=-90 * DAY, ends=-DAY)
    key, placeholders = await shop.found(certificates.context(server))
    assert key == "check_expired"
    assert placeholders["expires"] == moment(server.certificate.not_valid_after_utc)
    now = dt_util.utcnow()
    assert placeholders["now"] in (moment(now), moment(now - timedelta(minutes=1)))


async def test_not_yet_valid(shop: Shop, certificates: Certificates) -> None:
    """A certificate from the future, or a clock that is slow."""
    server = issue("server", certificates.root, NAME, begins=DAY)
    key, placeholders = await shop.found(certificates.context(server))
    assert key == "check_not_yet_valid"
    assert placeholders["begins"] == moment(server.certificate.not_valid_before_utc)
    now = dt_util.utcnow()
    assert placeholders["now"] in (moment(now), moment(now - timedelta(minutes=1)))


async def test_authority_in_between_has_expired(shop: Shop, certificates: Certificates) -> None:
    """The server's own certificate is good, but not what the server sends along."""
    between = issue("Between", certificates.root, begins=-90 * DAY, ends=-DAY)
    context = certificates.context(issue("server", between, NAME), between)
    assert await shop.found(context) == (
        "check_expired",
        {
            "expires": moment(between.certificate.not_valid_after_utc),
            "now": moment(dt_util.utcnow()),
        },
    )


@pytest.mark.parametrize("validity", [{"begins": -90 * DAY, "ends": -DAY}, {"begins": DAY}])
async def test_root_is_not_valid(
    shop: Shop, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, validity: dict[str, Any]
) -> None:
    """What isn't sent can't be described: then there is what OpenSSL says."""
    root = issue("Old root", **validity)
    certificates.trust(root, monkeypatch=monkeypatch)
    key, placeholders = await shop.found(certificates.context(issue("server", root, NAME)))
    assert key == "check_tls_failed"
    assert placeholders["error"].startswith("certificate ")


async def test_other_name(shop: Shop, certificates: Certificates) -> None:
    """The names that would do are shown, in an order, escaped."""
    context = certificates.context(issue("server", certificates.root, "shop.example.com", "*.example.net", "192.0.2.1"))
    assert await shop.found(context) == (
        "check_other_name",
        {"host": r"ha\.example\.com", "names": r"\*\.example\.net, 192\.0\.2\.1, shop\.example\.com"},
    )
    # The address of a machine is another name than its name.
    key, placeholders = await shop.found(certificates.good(), host=HERE)
    assert (key, placeholders["names"]) == ("check_other_name", r"ha\.example\.com")


async def test_many_names(shop: Shop, certificates: Certificates) -> None:
    """Of many names some are shown."""
    names = [f"host{number}.example.com" for number in range(100)]
    _, placeholders = await shop.found(certificates.context(issue("server", certificates.root, *names)))
    assert placeholders["names"] == ", ".join([*map(plain, sorted(names)[:5]), "…"])


async def test_no_name(shop: Shop, certificates: Certificates) -> None:
    """A certificate of old has only a subject, and that is somebody's own text."""
    context = certificates.context(issue("<b>\n[x](//y)", certificates.root, ""))
    key, placeholders = await shop.found(context)
    assert key == "check_other_name"
    assert placeholders["names"] == r"\<b\>\[x\]\(\/\/y\)"


async def test_self_signed(shop: Shop, certificates: Certificates) -> None:
    """Nobody has signed it but itself."""
    # That it has expired as well matters less.
    for server in (issue("server", None, NAME), issue("server", None, NAME, begins=-90 * DAY, ends=-DAY)):
        assert await shop.found(certificates.context(server)) == ("check_self_signed", {})


async def test_unknown_authority(shop: Shop, certificates: Certificates) -> None:
    """An authority that isn't public, whether it is sent along or not, perhaps with nothing to be called by."""
    root = issue("My *own* root")
    server = issue("server", root, NAME)
    expected = ("check_unknown_authority", {"issuer": r"My \*own\* root"})
    assert await shop.found(certificates.context(server)) == expected
    assert await shop.found(certificates.context(server, root)) == expected
    between = issue("Between", root)
    assert await shop.found(certificates.context(issue("server", between, NAME), between)) == expected


def where(method: x509.ObjectIdentifier) -> x509.AuthorityInformationAccess:
    """Return where an authority offers something."""
    place = x509.UniformResourceIdentifier("http://ca.example.com/x")
    return x509.AuthorityInformationAccess([x509.AccessDescription(method, place)])


async def test_incomplete_chain(hass: HomeAssistant, shop: Shop, pusher: Pusher, certificates: Certificates) -> None:
    """A public authority in between isn't sent along; with it all is well."""
    between = issue("Between", certificates.root)
    server = issue("server", between, NAME, extension=where(AuthorityInformationAccessOID.CA_ISSUERS))
    assert await shop.found(certificates.context(server)) == ("check_incomplete", {"issuer": "Between"})
    async with proxied(pusher, certificates.context(server, between)) as (url, _):
        assert await keys(hass, url) == ["check_ok"]
    other = issue("server", between, NAME, extension=where(AuthorityInformationAccessOID.OCSP))
    assert (await shop.found(certificates.context(other))).key == "check_unknown_authority"
    # Complete, but for a root that nobody has.
    between = issue("Between", issue("Other root"))
    server = issue("server", between, NAME, extension=where(AuthorityInformationAccessOID.CA_ISSUERS))
    context = certificates.context(server, between)
    assert await shop.found(context) == ("check_unknown_authority", {"issuer": "Other root"})


async def test_nameless_authority(shop: Shop, certificates: Certificates) -> None:
    """An authority without a name has a sign for it."""
    root = issue("x")
    root.certificate = x509.CertificateBuilder(
        root.certificate.issuer,
        x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "SE")]),
        root.key.public_key(),
        1,
        root.certificate.not_valid_before_utc,
        root.certificate.not_valid_after_utc,
    ).sign(root.key, hashes.SHA256())
    assert await shop.found(certificates.context(issue("server", root, NAME))) == (
        "check_unknown_authority",
        {"issuer": "?"},
    )


async def test_odd_certificates(shop: Shop, certificates: Certificates) -> None:
    """Of a certificate that can't be read there is what OpenSSL says."""
    oid = ExtensionOID.AUTHORITY_INFORMATION_ACCESS
    odd = issue("server", issue("?"), NAME, extension=x509.UnrecognizedExtension(oid, b"?"))
    key, placeholders = await shop.found(certificates.context(odd))
    assert key == "check_tls_failed"
    assert placeholders["error"] == "unable to get local issuer certificate"

    good = issue("server", issue("?"), NAME)
    time = good.certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ").encode()
    der = good.certificate.public_bytes(serialization.Encoding.DER).replace(time, time[:-1] + b"X")
    key, placeholders = await shop.found(certificates.context(ssl.DER_cert_to_PEM_cert(der), key=good))
    assert key == "check_tls_failed"
    assert placeholders["error"] == "unable to get local issuer certificate"


@pytest.mark.usefixtures("pusher")
async def test_no_second_look(hass: HomeAssistant, certificates: Certificates) -> None:
    """A server that is gone when the certificate is to be described."""
    key, placeholders = await found_once(hass, certificates.context(issue("server", None, NAME)))
    assert key == "check_tls_failed"
    assert placeholders["error"] == r"self\-signed certificate"


@pytest.mark.usefixtures("pusher")
async def test_tls_fails(hass: HomeAssistant, certificates: Certificates) -> None:
    """A server that has no certificate for this name says so in TLS' own words."""
    context = certificates.good()
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    key, placeholders = await found_once(hass, context)
    assert key == "check_tls_failed"
    assert placeholders["address"].startswith(plain(f"{NAME}:"))
    assert "UNRECOGNIZED" in placeholders["error"]


async def found_once(hass: HomeAssistant, context: ssl.SSLContext) -> Message:
    """Return what is found out about a server that takes one connection, and says what it doesn't like, as most do."""

    def serve() -> None:
        client, _ = server.accept()
        server.close()
        # asyncio would hang up without a word.
        with client, suppress(OSError):
            context.wrap_socket(client, server_side=True)

    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
        _, (finding,) = await asyncio.gather(asyncio.to_thread(serve), found(hass, at(port)))
    return finding


@pytest.mark.parametrize(
    ("begins", "ends", "soon"),
    [
        (-76 * DAY, 13.5 * DAY, True),
        (-76 * DAY, 14.5 * DAY, False),
        # One that is good for six days only.
        (-2 * DAY, 4 * DAY, False),
        (-5 * DAY, DAY, True),
    ],
)
async def test_expires_soon(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, begins: timedelta, ends: timedelta, soon: bool
) -> None:
    """A certificate that somebody should have renewed by now."""
    server = issue("server", certificates.root, NAME, begins=begins, ends=ends)
    async with proxied(pusher, certificates.context(server)) as (url, _):
        ((key, placeholders),) = await found(hass, url)
    assert key == ("check_expires_soon" if soon else "check_ok")
    assert placeholders == {
        "expires": moment(server.certificate.not_valid_after_utc),
        "days": str((server.certificate.not_valid_after_utc - dt_util.utcnow()).days),
    }


# An authority of our own


async def test_own_authority(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """Its certificates are good for those that know it, and are renewed by themselves."""
    own = issue("Own")
    async with proxied(pusher, certificates.context(issue("server", own, NAME, begins=-90 * DAY, ends=DAY))) as (
        url,
        _,
    ):
        assert await keys(hass, url, own.pem) == ["check_ok"]
        assert await keys(hass, url) == ["check_unknown_authority"]
        assert await found(hass, url, issue("Own").pem) == [Message("check_not_our_authority", {"issuer": "Own"})]


async def test_our_own_certificates(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """What we make for cameras passes, by name and by address."""
    own = new_authority(dt_util.utcnow())
    server = new_server(own, [NAME, HERE], dt_util.utcnow())
    path = certificates.folder / "own.pem"
    path.write_bytes(server.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    async with proxied(pusher, context) as (url, _):
        assert await found(hass, url, certificate_pem(own.certificate)) == [
            Message("check_ok", {"expires": moment(server.certificate.not_valid_after_utc), "days": "396"})
        ]
        assert await keys(hass, url.with_host(HERE), certificate_pem(own.certificate)) == ["check_this_device"]


async def test_nothing_but_own_authority(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """A camera that was given our authority takes no certificate of another one for it."""
    own = issue("Own")
    async with proxied(pusher, certificates.good()) as (url, _):
        assert await keys(hass, url) == ["check_ok"]
        assert await found(hass, url, own.pem) == [Message("check_not_our_authority", {"issuer": "Public root"})]
    async with proxied(pusher, certificates.context(issue("Self", None, NAME))) as (url, _):
        assert await found(hass, url, own.pem) == [Message("check_not_our_authority", {"issuer": "Self"})]
    async with proxied(pusher, certificates.context(issue("server", own, "other.example.com"))) as (url, _):
        assert await keys(hass, url, own.pem) == ["check_other_name"]


@pytest.mark.usefixtures("pusher")
async def test_no_authority(hass: HomeAssistant) -> None:
    """What isn't a certificate is no authority."""
    assert await keys(hass, f"https://{NAME}", "?") == ["check_failed"]


# Answers of others


def answering(status: int, text: str = "<html>Welcome</html>", **headers: str) -> Any:
    """Return a server that has one answer to everything."""

    async def handle(_request: web.BaseRequest) -> web.StreamResponse:
        response = web.Response(status=status, text=text, content_type="text/html", headers=headers)
        # For those who like it.
        response.enable_compression()
        return response

    return handle


@pytest.mark.usefixtures("pusher")
@pytest.mark.parametrize(
    ("status", "key"),
    [
        (200, "check_other_server"),
        (204, "check_other_server"),
        (302, "check_other_server"),
        (400, "check_other_server"),
        (401, "check_login"),
        (403, "check_forbidden"),
        (404, "check_not_found"),
        (405, "check_other_server"),
        (413, "check_body_limit"),
        (429, "check_other_server"),
        (500, "check_other_server"),
        (501, "check_other_server"),
        (502, "check_nobody_behind"),
        (503, "check_nobody_behind"),
        (504, "check_nobody_behind"),
        (505, "check_other_server"),
        (519, "check_other_server"),
        (520, "check_nobody_behind"),
        (530, "check_nobody_behind"),
        (531, "check_other_server"),
    ],
)
async def test_other_answers(hass: HomeAssistant, certificates: Certificates, status: int, key: str) -> None:
    """What others answer tells who they are."""
    async with serving(answering(status), certificates.good()) as url:
        ((found_key, placeholders),) = await found(hass, url)
    assert found_key == key
    assert placeholders.get("status", str(status)) == str(status)


REDIRECTS: Final = {
    "/login": NAME,
    "https://sso.example.com/?rd=x": "sso.example.com",
    "//sso.example.com:444/a": "sso.example.com:444",
    "http://127.0.0.1/": "http://127.0.0.1",
    "https://[": "https://[",
    "mailto:<b>@x": "mailto:<b>@x",
    "https://" + "a" * 5000 + ".com": "https://" + "a" * 92,
}


@pytest.mark.usefixtures("pusher")
@pytest.mark.parametrize("location", REDIRECTS)
@pytest.mark.parametrize("status", [301, 307])
async def test_redirects(hass: HomeAssistant, certificates: Certificates, location: str, status: int) -> None:
    """Where a redirect leads is said, but nobody goes there."""
    async with serving(answering(status, Location=location), certificates.good()) as url:
        ((key, placeholders),) = await found(hass, url)
    assert key == "check_redirect"
    shown = REDIRECTS[location]
    if shown == NAME:
        shown = str(url).rstrip("/")
    assert placeholders["address"] == plain(shown if ":/" in shown or "@" in shown else f"https://{shown}")


@pytest.mark.usefixtures("pusher")
@pytest.mark.parametrize(("status", "key"), [(200, "check_other_server"), (404, "check_not_found")])
async def test_no_redirect(hass: HomeAssistant, certificates: Certificates, status: int, key: str) -> None:
    """A place that is named without being asked to go there."""
    async with serving(answering(status, Location="https://sso.example.com"), certificates.good()) as url:
        assert await keys(hass, url) == [key]


@pytest.mark.usefixtures("pusher")
async def test_redirect_to_https(hass: HomeAssistant) -> None:
    """The usual redirect."""
    async with serving(answering(301, Location=f"https://{NAME}{PATH}")) as url:
        assert await found(hass, url) == [
            Message("check_not_https", {}),
            Message("check_redirect", {"address": plain(f"https://{NAME}")}),
        ]


@pytest.mark.usefixtures("pusher")
@pytest.mark.parametrize(
    ("status", "text", "key"),
    [
        (401, '{"message":"The API token is missing or wrong."}', "check_other_instance"),
        (503, '{"message":"AXIS People Counter isn\'t ready."}', "check_other_instance"),
        (401, '{"message":"Sign in."}', "check_login"),
        (401, "[" * 3000, "check_login"),
        (401, "[]", "check_login"),
        (401, "{}", "check_login"),
        (401, '{"message":[]}', "check_login"),
        (401, "\xff", "check_login"),
        (503, '"AXIS People Counter isn\'t ready."', "check_nobody_behind"),
        (400, "400: Bad Request", "check_untrusted_proxy"),
        (500, "400: Bad Request", "check_other_server"),
    ],
)
async def test_what_answers_say(
    hass: HomeAssistant, certificates: Certificates, status: int, text: str, key: str
) -> None:
    """Answers of Home Assistant are told from others, whatever stands in those."""
    async with serving(answering(status, text), certificates.good()) as url:
        assert await keys(hass, url) == [key]


@pytest.mark.usefixtures("pusher")
async def test_answer_breaks_off(hass: HomeAssistant, certificates: Certificates) -> None:
    """What is missing of an answer isn't needed."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\n")
        await writer.drain()

    async with listening(client, certificates.good()) as port:
        assert await keys(hass, at(port)) == ["check_not_found"]


@pytest.mark.usefixtures("pusher", "impatient")
async def test_answer_without_end(hass: HomeAssistant, certificates: Certificates) -> None:
    """An answer that never ends is read to a limit, one that never comes is waited for only so long."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
        while True:
            writer.write(b" " * 65536)
            await writer.drain()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\n")
        while True:
            writer.write(b"X-Slow: 1\r\n")
            await asyncio.sleep(0.05)

    async def bodiless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")
        await reader.read(-1)

    for client, key in ((endless, "check_not_found"), (slow, "check_silent"), (bodiless, "check_not_found")):
        async with listening(client, certificates.good()) as port:
            assert await keys(hass, at(port)) == [key]


# Proxies


async def test_token_is_dropped(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """A proxy takes out Authorization; nobody is told of a device with a wrong token."""
    async with proxied(pusher, certificates.good(), drops=("Authorization",)) as (url, _):
        assert await found(hass, url) == [Message("check_token_dropped", {})]


async def test_all_headers_are_dropped(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """Nothing is left by which we would know our own request: it is like any other without a token."""
    async with (
        proxied(pusher, certificates.good(), drops=("Authorization", http.PROBE_HEADER)) as (url, _),
        asyncio.timeout(SOON),
    ):
        assert await async_check(hass, str(url.origin())) == [Message("check_other_instance", {})]
    assert f"wrong_token_{HERE}" in problems(hass)


@pytest.mark.parametrize("status", [201, 302, 404, 500])
async def test_answer_is_changed(hass: HomeAssistant, pusher: Pusher, certificates: Certificates, status: int) -> None:
    """A request that reaches us and yet isn't answered 200 would be sent again for ever."""
    async with proxied(pusher, certificates.good(), status=status) as (url, _):
        assert await found(hass, url) == [Message("check_other_status", {"status": str(status)})]


FORWARDED: Final = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


async def test_untrusted_proxy(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy says for whom it asks, and Home Assistant hasn't been told of it; its log names the proxy."""
    async with proxied(pusher, certificates.good(), adds=FORWARDED) as (url, _):
        assert await found(hass, url) == [Message("check_untrusted_proxy", {})]
    assert HERE in caplog.text


async def test_trusted_proxy(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    certificates: Certificates,
) -> None:
    """Home Assistant has been told of the proxy, but has banned who asks."""
    options = {"use_x_forwarded_for": True, "trusted_proxies": [HERE], "ip_ban_enabled": True}
    Path(hass.config.path("ip_bans.yaml")).write_text("192.0.2.66:\n  banned_at: '2026-01-01T00:00:00'\n")
    assert await async_setup_component(hass, "http", {"http": options})
    assert await hass.config_entries.async_setup(entry.entry_id)
    pusher = Pusher(hass, await hass_client_no_auth())
    async with proxied(pusher, certificates.good(), adds=FORWARDED) as (url, proxy):
        assert await keys(hass, url) == ["check_ok"]
        proxy.adds = {"X-Forwarded-For": "192.0.2.66"}
        assert await keys(hass, url) == ["check_forbidden"]


async def test_nobody_behind(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """The proxy looks for Home Assistant in the wrong place."""
    with closing(socket.socket()) as taken:
        taken.bind((HERE, 0))
        async with proxied(pusher, certificates.good()) as (url, proxy):
            proxy.backend = URL(at(taken.getsockname()[1], "http", HERE))
            assert await found(hass, url) == [Message("check_nobody_behind", {"status": "502"})]


# Large bodies


@pytest.mark.parametrize(("limit", "refused"), [(0, True), (1024 * 1024, True), (2**26 - 1, True), (2**26, False)])
async def test_body_limit(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, limit: int, refused: bool
) -> None:
    """A proxy with a limit, as nginx has one of 1 MB."""
    async with proxied(pusher, certificates.good(), limit=limit) as (url, _):
        findings = await found(hass, url)
    if refused:
        assert findings == [Message("check_body_limit", {"limit": "128"})]
    else:
        assert [finding.key for finding in findings] == ["check_ok"]


@dataclass
class Hasty(Proxy):
    """A proxy that closes the connection on large bodies, so many times."""

    times: int = 1000
    stopping: HomeAssistant | None = None
    reads: bool = True

    @override
    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if (request.content_length or 0) > 1000 and self.times:
            self.times -= 1
            if self.reads:
                await request.content.readany()
            if self.stopping:
                self.stopping.set_state(CoreState.stopping)
            assert request.transport
            request.transport.abort()
        return await super().handle(request)


@pytest.mark.parametrize("reads", [False, True])
@pytest.mark.parametrize(("times", "expected"), [(2, ["check_body_limit"]), (1, ["check_ok"])])
async def test_closed_at_large_bodies(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, times: int, expected: list[str], reads: bool
) -> None:
    """A proxy that doesn't say why it closes the connection; once is chance."""
    proxy = Hasty(URL(at(pusher.client.port or 0, "http", HERE)), times=times, reads=reads)
    async with serving(proxy.handle, certificates.good()) as url:
        assert await keys(hass, url) == expected
    assert not proxy.times


async def test_closed_by_ourselves(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """When Home Assistant stops, that it closes connections says nothing about the proxy."""
    proxy = Hasty(URL(at(pusher.client.port or 0, "http", HERE)), stopping=hass)
    async with serving(proxy.handle, certificates.good()) as url:
        assert await keys(hass, url) == ["check_ok"]
    hass.set_state(CoreState.running)


async def test_gone_before_the_large_body(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """A server that can't be reached any more has no limit that we know of."""
    proxy = Proxy(URL(at(pusher.client.port or 0, "http", HERE)))

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        await site.stop()
        return await proxy.handle(request)

    runner = web.ServerRunner(web.Server(handle))
    await runner.setup()
    site = web.TCPSite(runner, HERE, 0, ssl_context=certificates.good())
    await site.start()
    assert await keys(hass, at(runner.addresses[0][1])) == ["check_ok"]
    await runner.cleanup()


async def test_other_answer_to_the_large_body(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is busy by then says nothing about sizes; one that doesn't read is waited for only so long."""
    monkeypatch.setattr(check, "SEND_SECONDS", 0.5)
    proxy = Proxy(URL(at(pusher.client.port or 0, "http", HERE)))
    busy = True

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.content_length == 2:
            return await proxy.handle(request)
        if busy:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        await asyncio.sleep(SOON)
        raise AssertionError

    async with serving(handle, certificates.good()) as url:
        assert await keys(hass, url) == ["check_ok"]
        busy = False
        assert await keys(hass, url) == ["check_ok"]


# The view's part


class Sender:
    """Sends bytes to Home Assistant as they are."""

    def __init__(self, pusher: Pusher) -> None:
        """Take the instance."""
        self._port = pusher.client.port
        self.hass = pusher.hass

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(HERE, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self, probe: http.Probe, framing: str, body: bytes = b"") -> None:
        """Send a request, perhaps without its end."""
        head = f"POST {PATH} HTTP/1.1\r\nHost: ha\r\nAuthorization: Bearer {probe.token}\r\n{framing}\r\n\r\n"
        await self.more(head.encode() + body)

    async def more(self, data: bytes) -> None:
        """Send some more bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def status(self, seconds: float = SOON) -> int:
        """Return the status of the answer, 0 where there is none and the connection ends."""
        async with asyncio.timeout(seconds):
            with suppress(ConnectionResetError):
                if line := await self._reader.readline():
                    return int(line.split()[1])
        return 0


def probing(hass: HomeAssistant) -> Any:
    """Return a probe's context."""
    return http.async_register_views(hass).async_probe()


async def test_probe_is_answered_at_its_end(pusher: Pusher) -> None:
    """As long as a body may go on, there is no answer."""
    with probing(pusher.hass) as probe:
        async with Sender(pusher) as sender:
            await sender.send(probe, "Content-Length: 1000000", b" " * 999_999)
            with pytest.raises(TimeoutError):
                await sender.status(0.3)
            assert probe.heard
        async with Sender(pusher) as sender:
            await sender.send(probe, "Content-Length: 1000000", b" " * 1_000_000)
            assert await sender.status() == HTTPStatus.OK


async def test_probe_too_large(pusher: Pusher, monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe is no way to send without end."""
    monkeypatch.setattr(http, "MAX_PROBE", 100_000)
    with probing(pusher.hass) as probe:
        for framing, body in (
            ("Content-Length: 200000", b" " * 150_000),
            ("Transfer-Encoding: chunked", b"%x\r\n%b\r\n" % (150_000, b" " * 150_000)),
        ):
            async with Sender(pusher) as sender:
                await sender.send(probe, framing, body)
                assert await sender.status() == HTTPStatus.BAD_REQUEST
    await pusher.push()


async def test_probe_takes_no_memory(pusher: Pusher, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is thrown away isn't counted to what all bodies may take."""
    monkeypatch.setattr(http, "MAX_BODIES", 1000)
    with probing(pusher.hass) as probe:
        async with Sender(pusher) as sender:
            await sender.send(probe, "Content-Length: 1000000", b" " * 999_999)
            await asyncio.sleep(0.1)
            await pusher.push()
            await sender.more(b" ")
            assert await sender.status() == HTTPStatus.OK


@pytest.mark.parametrize("body", [b"zz\r\n", b"5\r\nabcdefgh\r\n"])
async def test_broken_probe(pusher: Pusher, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe that isn't HTTP any more ends without a word."""
    monkeypatch.setattr(http, "SECONDS_WITHOUT_A_BYTE", 0.2)
    with probing(pusher.hass) as probe:
        async with Sender(pusher) as sender:
            await sender.send(probe, "Transfer-Encoding: chunked")
            await asyncio.sleep(0.05)
            await sender.more(body)
            assert await sender.status() in (0, HTTPStatus.BAD_REQUEST)
    await pusher.push()


async def test_silent_probe(pusher: Pusher, monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe whose end never comes isn't waited for."""
    monkeypatch.setattr(http, "SECONDS_WITHOUT_A_BYTE", 0.2)
    with probing(pusher.hass) as probe:
        async with Sender(pusher) as sender:
            await sender.send(probe, "Content-Length: 10", b" ")
            assert await sender.status() in (0, HTTPStatus.BAD_REQUEST)
    await pusher.push()


async def test_others_while_there_is_a_probe(hass: HomeAssistant, pusher: Pusher) -> None:
    """Cameras are answered as ever, with the right token and with a wrong one."""
    with probing(hass) as probe, probing(hass) as other:
        await pusher.push()
        for token in ("", "x", TOKEN + "x", probe.name, "tökén"):
            assert (await pusher.post(document(), token=token)).status == HTTPStatus.UNAUTHORIZED
        assert f"wrong_token_{HERE}" in problems(hass)
        assert not probe.heard
        assert not probe.without_token
        headers = {http.PROBE_HEADER: probe.name}
        assert (await pusher.post(document(), token=None, headers=headers)).status == HTTPStatus.UNAUTHORIZED
        assert probe.without_token
        assert not probe.heard
        assert (await pusher.post(b"", token=probe.token)).status == HTTPStatus.OK
        assert probe.heard
        assert not other.heard
        assert not other.without_token


# All together


def test_time() -> None:
    """A check ends while somebody still waits for it."""
    modules = ast.parse(Path(check.__file__).read_text())
    limits = {
        node.target.id: ast.literal_eval(node.value)
        for node in modules.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    after = max(limits["LOOK_SECONDS"], limits["_ATTEMPTS"] * (limits["SEND_SECONDS"] + limits["EARLY_SECONDS"]))
    assert limits["ANSWER_SECONDS"] + after <= 30
    assert limits["EARLY_SECONDS"] == 3


def test_sentences() -> None:
    """Each finding has a sentence, and each sentence a finding; all of them were seen above."""
    tree = ast.parse(Path(check.__file__).read_text())
    made = {
        constant.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Message" and call.args
        for constant in ast.walk(call.args[0])
        if isinstance(constant, ast.Constant)
    }
    assert made == {key for key in ENGLISH if key.startswith("check_")}
    assert not SEEN or made == SEEN

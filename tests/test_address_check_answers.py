"""The address check and answers: of other servers, through proxies, to large bodies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
import socket
from typing import Final, override

from aiohttp import web
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.axis_people_counter import address_check as check
from custom_components.axis_people_counter.address_check import async_check
from custom_components.axis_people_counter.http import probe as http_probe
from custom_components.axis_people_counter.texts.messages import Message, plain
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.setup import async_setup_component

from .helpers.address_checks import SOON, found, keys
from .helpers.issues import active_issues
from .helpers.pusher import PATH, Pusher
from .helpers.tls_servers import HERE, NAME, Certificates, Proxy, at, listening, proxied, serving

pytestmark = pytest.mark.usefixtures("socket_enabled", "local_names", "quick_probes", "clean_log")


# Other servers


@dataclass
class OtherServer:
    """A server that gives one answer to everything, which a test changes."""

    status: int = 200
    text: str = "<html>Welcome</html>"
    headers: dict[str, str] = field(default_factory=dict)

    async def handle(self, _request: web.BaseRequest) -> web.StreamResponse:
        """Return the answer."""
        response = web.Response(status=self.status, text=self.text, content_type="text/html", headers=self.headers)
        # Compresses if the request accepts it, which a probe doesn't.
        response.enable_compression()
        return response


@pytest.fixture
async def other_server(pusher: Pusher, certificates: Certificates) -> AsyncIterator[tuple[URL, OtherServer]]:
    """Serve, beside an instance that isn't asked."""
    server = OtherServer()
    async with serving(server.handle, certificates.good()) as url:
        yield url, server


STATUSES: Final = {
    200: "check_other_server",
    204: "check_other_server",
    302: "check_other_server",
    400: "check_other_server",
    401: "check_login",
    403: "check_forbidden",
    404: "check_not_found",
    405: "check_other_server",
    413: "check_body_limit",
    429: "check_other_server",
    500: "check_other_server",
    501: "check_other_server",
    502: "check_nobody_behind",
    503: "check_nobody_behind",
    504: "check_nobody_behind",
    505: "check_other_server",
    519: "check_other_server",
    520: "check_nobody_behind",
    530: "check_nobody_behind",
    531: "check_other_server",
}


async def test_status_of_other_servers(hass: HomeAssistant, other_server: tuple[URL, OtherServer]) -> None:
    """Derive the message from the status."""
    url, server = other_server
    keys_found = {}
    for server.status in STATUSES:
        ((keys_found[server.status], placeholders),) = await found(hass, url)
        assert placeholders.get("status", str(server.status)) == str(server.status)
    assert keys_found == STATUSES


REDIRECTS: Final = {
    "/login": NAME,
    "https://sso.example.com/?rd=x": "sso.example.com",
    "//sso.example.com:444/a": "sso.example.com:444",
    "http://127.0.0.1/": "http://127.0.0.1",
    "https://[": "https://[",
    "mailto:<b>@x": "mailto:<b>@x",
    "https://" + "a" * 5000 + ".com": "https://" + "a" * 92,
}


@pytest.mark.parametrize("status", [301, 307])
async def test_redirects(hass: HomeAssistant, other_server: tuple[URL, OtherServer], status: int) -> None:
    """Show the target of a redirect without following it."""
    url, server = other_server
    server.status = status
    for location, shown in REDIRECTS.items():
        server.headers = {"Location": location}
        ((key, placeholders),) = await found(hass, url)
        assert key == "check_redirect"
        target = str(url).rstrip("/") if shown == NAME else shown
        assert placeholders["address"] == plain(target if ":/" in target or "@" in target else f"https://{target}")


async def test_location_without_redirect(hass: HomeAssistant, other_server: tuple[URL, OtherServer]) -> None:
    """Ignore a Location header in other answers."""
    url, server = other_server
    server.headers = {"Location": "https://sso.example.com"}
    for server.status, key in ((200, "check_other_server"), (404, "check_not_found")):
        assert await keys(hass, url) == [key]


@pytest.mark.usefixtures("pusher")
async def test_redirect_to_https(hass: HomeAssistant) -> None:
    """Show the usual redirect from http to https."""
    server = OtherServer(301, headers={"Location": f"https://{NAME}{PATH}"})
    async with serving(server.handle) as url:
        assert await found(hass, url) == [
            Message("check_not_https", {}),
            Message("check_redirect", {"address": plain(f"https://{NAME}")}),
        ]


BODIES: Final = {
    (401, '{"message":"The API token is missing or wrong."}'): "check_other_instance",
    (503, '{"message":"AXIS People Counter isn\'t ready."}'): "check_other_instance",
    (401, '{"message":"Sign in."}'): "check_login",
    (401, "[" * 3000): "check_login",
    (401, "[]"): "check_login",
    (401, "{}"): "check_login",
    (401, '{"message":[]}'): "check_login",
    (401, "\xff"): "check_login",
    (503, '"AXIS People Counter isn\'t ready."'): "check_nobody_behind",
    (400, "400: Bad Request"): "check_untrusted_proxy",
    (500, "400: Bad Request"): "check_other_server",
}


async def test_body_of_other_servers(hass: HomeAssistant, other_server: tuple[URL, OtherServer]) -> None:
    """Recognize answers of Home Assistant by their body, whatever the body of others contains."""
    url, server = other_server
    for (server.status, server.text), key in BODIES.items():
        assert await keys(hass, url) == [key], server.text[:100]


@pytest.mark.usefixtures("pusher")
async def test_incomplete_answer(hass: HomeAssistant, certificates: Certificates) -> None:
    """Use the status of an answer whose body breaks off."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\n")
        await writer.drain()

    async with listening(client, certificates.good()) as port:
        assert await keys(hass, at(port)) == ["check_not_found"]


@pytest.mark.usefixtures("pusher", "impatient_checks")
async def test_endless_answer(hass: HomeAssistant, certificates: Certificates) -> None:
    """Read an endless answer up to a limit, and wait for a slow one up to a limit."""

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


async def test_proxy_drops_the_token(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """Report a proxy that drops Authorization, and show no repair about a wrong token."""
    async with proxied(pusher, certificates.good(), drops=("Authorization",)) as (url, _):
        assert await found(hass, url) == [Message("check_token_dropped", {})]


async def test_proxy_drops_all_headers(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """Take a probe without its headers for a request without a token."""
    async with (
        proxied(pusher, certificates.good(), drops=("Authorization", http_probe.PROBE_HEADER)) as (url, _),
        asyncio.timeout(SOON),
    ):
        assert await async_check(hass, str(url.origin())) == [Message("check_other_instance", {})]
    assert f"wrong_token_{HERE}" in active_issues(hass)


@pytest.mark.parametrize("status", [201, 302, 404, 500])
async def test_proxy_changes_the_status(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, status: int
) -> None:
    """Report a proxy that changes the status: cameras would repeat their pushes for ever."""
    async with proxied(pusher, certificates.good(), status=status) as (url, _):
        assert await found(hass, url) == [Message("check_other_status", {"status": str(status)})]


FORWARDED: Final = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


async def test_untrusted_proxy(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """Report a proxy that forwards addresses but isn't trusted; Home Assistant's log names it."""
    async with proxied(pusher, certificates.good(), adds=FORWARDED) as (url, _):
        assert await found(hass, url) == [Message("check_untrusted_proxy", {})]
    assert HERE in caplog.text


async def test_trusted_proxy(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    certificates: Certificates,
) -> None:
    """Accept a trusted proxy, and report an address that is banned."""
    options = {"use_x_forwarded_for": True, "trusted_proxies": [HERE], "ip_ban_enabled": True}
    Path(hass.config.path("ip_bans.yaml")).write_text("192.0.2.66:\n  banned_at: '2026-01-01T00:00:00'\n")
    assert await async_setup_component(hass, "http", {"http": options})
    assert await hass.config_entries.async_setup(entry.entry_id)
    pusher = Pusher(hass, await hass_client_no_auth())
    async with proxied(pusher, certificates.good(), adds=FORWARDED) as (url, proxy):
        assert await keys(hass, url) == ["check_ok"]
        proxy.adds = {"X-Forwarded-For": "192.0.2.66"}
        assert await keys(hass, url) == ["check_forbidden"]


async def test_proxy_cannot_reach_home_assistant(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates
) -> None:
    """Report a proxy that can't reach Home Assistant."""
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
    """Report a proxy with a limit, such as nginx's of 1 MB."""
    async with proxied(pusher, certificates.good(), limit=limit) as (url, _):
        findings = await found(hass, url)
    if refused:
        assert findings == [Message("check_body_limit", {"limit": "128"})]
    else:
        assert [finding.key for finding in findings] == ["check_ok"]


@dataclass
class Hasty(Proxy):
    """A proxy that closes the connection on large bodies, a number of times."""

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
async def test_proxy_closes_the_connection_at_large_bodies(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, times: int, expected: list[str], reads: bool
) -> None:
    """Report a proxy that closes the connection twice; once may be chance."""
    proxy = Hasty(URL(at(pusher.client.port or 0, "http", HERE)), times=times, reads=reads)
    async with serving(proxy.handle, certificates.good()) as url:
        assert await keys(hass, url) == expected
    assert not proxy.times


async def test_home_assistant_closes_the_connection(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates
) -> None:
    """Report no limit if Home Assistant stops and closes the connection itself."""
    proxy = Hasty(URL(at(pusher.client.port or 0, "http", HERE)), stopping=hass)
    async with serving(proxy.handle, certificates.good()) as url:
        assert await keys(hass, url) == ["check_ok"]
    hass.set_state(CoreState.running)


async def test_server_gone_before_the_large_body(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates
) -> None:
    """Report no limit if the server has gone."""
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
    """Report no limit if the server is busy or doesn't read."""
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

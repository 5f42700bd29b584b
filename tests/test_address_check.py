"""The address check: findings about addresses and connections, and nothing left behind."""

import ast
from contextlib import closing
from http import HTTPStatus
import logging
from pathlib import Path
import socket

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from pytest_socket import socket_allow_hosts

from custom_components.axis_people_counter import address_check as check
from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.http import probe as http_probe
from custom_components.axis_people_counter.texts.messages import Message, plain
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.setup import async_setup_component

from .helpers.address_checks import ENGLISH, found, keys, moment
from .helpers.pusher import PATH, TOKEN, Pusher, document
from .helpers.tls_servers import (
    HERE,
    NAME,
    Certificates,
    at,
    chatty,
    closing_at_once,
    issue,
    listening,
    proxied,
    silent,
)

pytestmark = pytest.mark.usefixtures("socket_enabled", "local_names", "quick_probes", "clean_log")


async def test_good_proxy(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """Report only the expiry of the certificate behind a good proxy."""
    server = issue("server", certificates.root, NAME)
    async with proxied(pusher, certificates.context(server)) as (url, _):
        findings = await found(hass, url)
    assert findings == [Message("check_ok", {"expires": moment(server.certificate.not_valid_after_utc), "days": "89"})]


async def test_check_without_an_entry(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, certificates: Certificates
) -> None:
    """Check the address before there is an entry."""
    assert await async_setup_component(hass, DOMAIN, {})
    pusher = Pusher(hass, await hass_client_no_auth())
    async with proxied(pusher, certificates.good()) as (url, _):
        assert await keys(hass, url) == ["check_ok"]


@pytest.mark.parametrize("buffers", [False, True])
async def test_nothing_is_stored_or_logged(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, caplog: pytest.LogCaptureFixture, buffers: bool
) -> None:
    """Store, log and keep nothing, whether or not a proxy buffers the body."""
    caplog.set_level(logging.INFO)
    states = hass.states.async_all()
    async with proxied(pusher, certificates.good(), buffers=buffers) as (url, proxy):
        for _ in range(3):
            assert await keys(hass, url) == ["check_ok"]
        assert [request.content_length for request in proxy.requests] == [2, check.ANNOUNCED_SIZE] * 3
    assert hass.states.async_all() == states
    assert not [record for record in caplog.get_records("call") if record.name.startswith("custom_components.")]


async def test_no_token_or_cookie_is_sent(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """Send neither the cameras' token nor a cookie; the token of a probe works once."""
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
    assert first not in [headers[http_probe.PROBE_HEADER] for headers in sent]
    response = await pusher.post(document(), token=first)
    assert response.status == HTTPStatus.UNAUTHORIZED


# The address


@pytest.mark.parametrize("host", ["localhost", "camera.localhost", HERE])
async def test_loopback_addresses(hass: HomeAssistant, pusher: Pusher, host: str) -> None:
    """Report an address that means another device on each device."""
    port = pusher.client.port
    assert port
    assert await found(hass, at(port, "http", host)) == [
        Message("check_this_device", {"host": plain(host)}),
        Message("check_not_https", {}),
    ]


async def test_unspecified_address(hass: HomeAssistant, pusher: Pusher) -> None:
    """Report the unspecified address."""
    socket_allow_hosts([HERE, "0.0.0.0"])  # noqa: S104 - this very machine, too
    assert (await keys(hass, f"http://0.0.0.0:{pusher.client.port}"))[0] == "check_this_device"


async def test_not_https(hass: HomeAssistant, pusher: Pusher) -> None:
    """Report a missing encryption, and check the rest."""
    assert await keys(hass, at(pusher.client.port or 0, "http")) == ["check_not_https"]
    async with proxied(pusher, None, limit=1024 * 1024) as (url, _):
        assert await keys(hass, url) == ["check_not_https", "check_body_limit"]
    async with proxied(pusher, None, drops=("Authorization",)) as (url, _):
        assert await keys(hass, url) == ["check_not_https", "check_token_dropped"]


@pytest.mark.usefixtures("pusher")
async def test_unknown_name(hass: HomeAssistant) -> None:
    """Show an unknown name as it was entered, escaped."""
    assert await found(hass, "https://no_such.example.com") == [
        Message("check_name_not_found", {"host": r"no\_such\.example\.com"})
    ]


@pytest.mark.usefixtures("pusher")
async def test_name_is_too_long(hass: HomeAssistant) -> None:
    """Shorten what is shown."""
    ((key, placeholders),) = await found(hass, f"https://{'a' * 63}.{'b' * 63}.example.com")
    assert key == "check_name_not_found"
    assert placeholders["host"].replace("\\", "") == f"{'a' * 63}.{'b' * 36}"


@pytest.mark.usefixtures("pusher")
async def test_unusable_address(hass: HomeAssistant) -> None:
    """Show the error of an address that can't be used."""
    ((key, placeholders),) = await found(hass, "https://127.1:8123")
    assert key == "check_failed"
    assert placeholders["address"] == r"127\.1\:8123"
    assert "canonical" in placeholders["error"]


# Nobody there


@pytest.mark.usefixtures("pusher")
async def test_refused(hass: HomeAssistant) -> None:
    """Report a closed port."""
    with closing(socket.socket()) as taken:
        taken.bind((HERE, 0))
        port = taken.getsockname()[1]
        assert await found(hass, at(port)) == [Message("check_refused", {"address": plain(f"{NAME}:{port}")})]


@pytest.mark.usefixtures("pusher", "impatient_checks")
async def test_no_answer(hass: HomeAssistant) -> None:
    """Report a port that doesn't accept connections, as behind a firewall."""
    with closing(socket.socket()) as full:
        full.bind((HERE, 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex((HERE, port))
        assert await keys(hass, at(port)) == ["check_no_answer"]
        for client in waiting:
            client.close()


@pytest.mark.usefixtures("pusher", "impatient_checks")
async def test_unreachable(hass: HomeAssistant) -> None:
    """Report an address without a route."""
    socket_allow_hosts([HERE, "255.255.255.255"])
    assert await keys(hass, "https://255.255.255.255:8123") == ["check_no_answer"]


@pytest.mark.usefixtures("pusher", "impatient_checks")
async def test_silent_server(hass: HomeAssistant, certificates: Certificates) -> None:
    """Report a server that is silent, before or after the TLS handshake."""
    async with listening(silent) as port:
        assert await keys(hass, at(port)) == ["check_no_answer"]
        assert await keys(hass, at(port, "http")) == ["check_not_https", "check_no_answer"]
    async with listening(silent, certificates.good()) as port:
        assert await keys(hass, at(port)) == ["check_silent"]


@pytest.mark.usefixtures("pusher")
async def test_server_closes_the_connection(hass: HomeAssistant, certificates: Certificates) -> None:
    """Report a server that closes the connection, before or after the TLS handshake."""
    async with listening(closing_at_once) as port:
        assert await keys(hass, at(port)) == ["check_hung_up"]
        assert await keys(hass, at(port, "http")) == ["check_not_https", "check_hung_up"]
    async with listening(closing_at_once, certificates.good()) as port:
        assert await keys(hass, at(port)) == ["check_hung_up"]
        assert await keys(hass, at(port, "http")) == ["check_not_https", "check_hung_up"]


@pytest.mark.usefixtures("pusher")
async def test_other_protocol(hass: HomeAssistant, certificates: Certificates) -> None:
    """Report another protocol, inside TLS or instead of it."""
    async with listening(chatty) as port:
        assert await keys(hass, at(port, "http")) == ["check_not_https", "check_not_http"]
        assert await keys(hass, at(port)) == ["check_not_tls"]
    async with listening(chatty, certificates.good()) as port:
        assert await keys(hass, at(port)) == ["check_not_http"]


async def test_home_assistant_without_certificate(hass: HomeAssistant, pusher: Pusher) -> None:
    """Report https for a Home Assistant without a certificate."""
    assert await keys(hass, at(pusher.client.port or 0)) == ["check_not_tls"]


# The code


def test_check_takes_at_most_half_a_minute() -> None:
    """Limit a check to half a minute."""
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


def test_messages_are_translated_and_tested() -> None:
    """Each message of the code has a translation, and a test that expects it."""
    made = {
        constant.value
        for call in ast.walk(ast.parse(Path(check.__file__).read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Message" and call.args
        for constant in ast.walk(call.args[0])
        if isinstance(constant, ast.Constant)
    }
    assert made == {key for key in ENGLISH if key.startswith("check_")}
    expected = {
        constant.value
        for path in Path(__file__).parent.glob("test_address_check*.py")
        for constant in ast.walk(ast.parse(path.read_text()))
        if isinstance(constant, ast.Constant) and constant.value in made
    }
    assert expected == made

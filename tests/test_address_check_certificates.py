"""The address check and certificates: public ones, and those of our own authority."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
import socket
import ssl
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID, NameOID
import pytest

from custom_components.axis_people_counter.connecting.authority import certificate_pem, new_authority, new_server
from custom_components.axis_people_counter.texts.messages import Message, plain
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .helpers.address_checks import found, keys, moment
from .helpers.pusher import Pusher
from .helpers.tls_servers import DAY, HERE, NAME, Certificates, at, issue, proxied, serving

pytestmark = pytest.mark.usefixtures("socket_enabled", "local_names", "quick_probes", "clean_log")


# Certificates


@dataclass
class Shop:
    """A server that counts requests."""

    hass: HomeAssistant
    requests: int = 0

    async def handle(self, _request: web.BaseRequest) -> web.StreamResponse:
        """Count a request."""
        self.requests += 1
        return web.Response()

    async def found(self, context: ssl.SSLContext, authority: str | None = None, host: str = NAME) -> Message:
        """Return the finding about a certificate; no request may arrive over an unverified connection."""
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
    """Report an expired certificate."""
    server = issue("server", certificates.root, NAME, begins=-90 * DAY, ends=-DAY)
    key, placeholders = await shop.found(certificates.context(server))
    assert key == "check_expired"
    assert placeholders["expires"] == moment(server.certificate.not_valid_after_utc)
    now = dt_util.utcnow()
    assert placeholders["now"] in (moment(now), moment(now - timedelta(minutes=1)))


async def test_not_yet_valid(shop: Shop, certificates: Certificates) -> None:
    """Report a certificate that isn't valid yet."""
    server = issue("server", certificates.root, NAME, begins=DAY)
    key, placeholders = await shop.found(certificates.context(server))
    assert key == "check_not_yet_valid"
    assert placeholders["begins"] == moment(server.certificate.not_valid_before_utc)
    now = dt_util.utcnow()
    assert placeholders["now"] in (moment(now), moment(now - timedelta(minutes=1)))


async def test_expired_intermediate_certificate(shop: Shop, certificates: Certificates) -> None:
    """Report an expired certificate that the server sends along."""
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
async def test_invalid_root(
    shop: Shop, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, validity: dict[str, Any]
) -> None:
    """Show the reason for a root, which isn't sent, in Home Assistant's language."""
    shop.hass.config.language = "de"
    root = issue("Old root", **validity)
    certificates.trust(root, monkeypatch=monkeypatch)
    key, placeholders = await shop.found(certificates.context(issue("server", root, NAME)))
    assert key == "check_tls_failed"
    assert placeholders["error"] == ("noch nicht gültig" if "ends" not in validity else "abgelaufen")


async def test_other_name(shop: Shop, certificates: Certificates) -> None:
    """Show the names of the certificate, sorted and escaped."""
    context = certificates.context(issue("server", certificates.root, "shop.example.com", "*.example.net", "192.0.2.1"))
    assert await shop.found(context) == (
        "check_other_name",
        {"host": r"ha\.example\.com", "names": r"\*\.example\.net, 192\.0\.2\.1, shop\.example\.com"},
    )
    # The address of a machine is another name than its name.
    key, placeholders = await shop.found(certificates.good(), host=HERE)
    assert (key, placeholders["names"]) == ("check_other_name", r"ha\.example\.com")


async def test_many_names(shop: Shop, certificates: Certificates) -> None:
    """Show the first of many names."""
    names = [f"host{number}.example.com" for number in range(100)]
    _, placeholders = await shop.found(certificates.context(issue("server", certificates.root, *names)))
    assert placeholders["names"] == ", ".join([*map(plain, sorted(names)[:5]), "…"])


async def test_no_name(shop: Shop, certificates: Certificates) -> None:
    """Show the subject, escaped, of a certificate without names."""
    context = certificates.context(issue("<b>\n[x](//y)", certificates.root, ""))
    key, placeholders = await shop.found(context)
    assert key == "check_other_name"
    assert placeholders["names"] == r"\<b\>\[x\]\(\/\/y\)"


async def test_self_signed(shop: Shop, certificates: Certificates) -> None:
    """Report a self-signed certificate."""
    # That it has expired as well matters less.
    for server in (issue("server", None, NAME), issue("server", None, NAME, begins=-90 * DAY, ends=-DAY)):
        assert await shop.found(certificates.context(server)) == ("check_self_signed", {})


async def test_unknown_authority(shop: Shop, certificates: Certificates) -> None:
    """Report an authority that isn't public, whether or not it is sent along."""
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
    """Report a missing intermediate certificate."""
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
    """Show a question mark for an authority without a name."""
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
    """Show the reason for a certificate that can't be parsed."""
    oid = ExtensionOID.AUTHORITY_INFORMATION_ACCESS
    odd = issue("server", issue("?"), NAME, extension=x509.UnrecognizedExtension(oid, b"?"))
    key, placeholders = await shop.found(certificates.context(odd))
    assert key == "check_tls_failed"
    assert placeholders["error"] == "unknown issuer"

    good = issue("server", issue("?"), NAME)
    time = good.certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ").encode()
    der = good.certificate.public_bytes(serialization.Encoding.DER).replace(time, time[:-1] + b"X")
    key, placeholders = await shop.found(certificates.context(ssl.DER_cert_to_PEM_cert(der), key=good))
    assert key == "check_tls_failed"
    assert placeholders["error"] == "unknown issuer"


@pytest.mark.usefixtures("pusher")
async def test_server_gone_before_the_certificate_is_read(hass: HomeAssistant, certificates: Certificates) -> None:
    """Show the reason if the server has gone before the second look."""
    key, placeholders = await found_once(hass, certificates.context(issue("server", None, NAME)))
    assert key == "check_tls_failed"
    assert placeholders["error"] == "self-signed certificate"


@pytest.mark.usefixtures("pusher")
async def test_tls_fails(hass: HomeAssistant, certificates: Certificates) -> None:
    """Show the TLS alert of a server without a certificate for this name."""
    context = certificates.good()
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    key, placeholders = await found_once(hass, context)
    assert key == "check_tls_failed"
    assert placeholders["address"].startswith(plain(f"{NAME}:"))
    assert "UNRECOGNIZED" in placeholders["error"]


async def found_once(hass: HomeAssistant, context: ssl.SSLContext) -> Message:
    """Return the finding about a server that accepts one connection and sends alerts."""

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
        # Valid for six days.
        (-2 * DAY, 4 * DAY, False),
        (-5 * DAY, DAY, True),
    ],
)
async def test_expires_soon(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates, begins: timedelta, ends: timedelta, soon: bool
) -> None:
    """Report a certificate that should have been renewed."""
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
    """Trust only the own authority, and don't report that its certificates expire soon."""
    own = issue("Own")
    async with proxied(pusher, certificates.context(issue("server", own, NAME, begins=-90 * DAY, ends=DAY))) as (
        url,
        _,
    ):
        assert await keys(hass, url, own.pem) == ["check_ok"]
        assert await keys(hass, url) == ["check_unknown_authority"]
        assert await found(hass, url, issue("Own").pem) == [Message("check_not_our_authority", {"issuer": "Own"})]


async def test_our_own_certificates(hass: HomeAssistant, pusher: Pusher, certificates: Certificates) -> None:
    """Accept the certificates made for cameras, by name and by address."""
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


async def test_only_the_own_authority_is_accepted(
    hass: HomeAssistant, pusher: Pusher, certificates: Certificates
) -> None:
    """Report certificates of other authorities if the own authority is expected."""
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
    """Report an authority that isn't a certificate."""
    assert await keys(hass, f"https://{NAME}", "?") == ["check_failed"]

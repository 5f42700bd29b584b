"""Certificate files of the user: which problem the config flow and the repair show for them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
import ssl
import subprocess
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
import pytest

from custom_components.axis_people_counter.connecting import listener
from custom_components.axis_people_counter.connecting.certificate_files import UserCertificates
from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .helpers.flows import begin, enter, shown
from .helpers.home_assistant import free_port
from .helpers.listener_entry import ListenerEntry, new_camera

pytestmark = pytest.mark.usefixtures("socket_enabled")

HOST: Final = "127.0.0.1"
PEM: Final = serialization.Encoding.PEM
DER: Final = serialization.Encoding.DER
PKCS8: Final = serialization.PrivateFormat.PKCS8
OLD: Final = serialization.PrivateFormat.TraditionalOpenSSL
CLEAR: Final = serialization.NoEncryption()
SECRET: Final = serialization.BestAvailableEncryption(b"secret")
DOMAIN_VALIDATED: Final = "2.23.140.1.2.1"


class Owner(NamedTuple):
    """A certificate and its private key."""

    certificate: x509.Certificate
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate in PEM format."""
        return self.certificate.public_bytes(PEM)

    @property
    def key(self) -> bytes:
        """The private key in PEM format."""
        return self.private.private_bytes(PEM, PKCS8, CLEAR)


def owner(
    name: str,
    issuer: Owner | None = None,
    *,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    valid: tuple[timedelta, timedelta] = (timedelta(days=-90), timedelta(days=90)),
    policy: str | None = None,
    is_authority: bool = False,
) -> Owner:
    """Return a certificate with its key, self-signed without an issuer."""
    now = dt_util.utcnow()
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + valid[0])
        .not_valid_after(now + valid[1])
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(usage(is_authority=is_authority), critical=True)
    )
    if issuer:
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.private.public_key())
        builder = builder.add_extension(authority, critical=False)
    if not is_authority:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
        builder = builder.add_extension(names, critical=False)
    if policy:
        policies = [x509.PolicyInformation(x509.ObjectIdentifier(policy), None)]
        builder = builder.add_extension(x509.CertificatePolicies(policies), critical=False)
    return Owner(builder.sign(issuer.private if issuer else key, hashes.SHA256()), key)


def usage(*, is_authority: bool) -> x509.KeyUsage:
    """Return the key usage of an authority or a server."""
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


@cache
def with_old_signature(signed_by_itself: bool) -> Owner:
    """Return a certificate with an SHA-1 signature, which only the OpenSSL program still makes."""
    signer = owners().root
    key = ec.generate_private_key(ec.SECP256R1())
    subject, names = (
        ("/CN=Root", "basicConstraints=critical,CA:TRUE")
        if signed_by_itself
        else ("/CN=Server", f"subjectAltName=IP:{HOST}")
    )
    with TemporaryDirectory() as folder:
        for name, content in (("key", Owner(signer.certificate, key).key), ("ca", signer.pem), ("ca_key", signer.key)):
            Path(folder, name).write_bytes(content)
        authority = [] if signed_by_itself else ["-CA", f"{folder}/ca", "-CAkey", f"{folder}/ca_key"]
        if signed_by_itself:
            Path(folder, "key").write_bytes(signer.key)
        program = ["openssl", "req", "-x509", "-new", "-sha1", "-days", "9", "-key", f"{folder}/key"]
        pem = subprocess.run(  # noqa: S603
            [*program, "-subj", subject, "-addext", names, *authority], check=True, capture_output=True
        ).stdout
    return Owner(x509.load_pem_x509_certificate(pem), signer.private if signed_by_itself else key)


PAST: Final = timedelta(days=-90), timedelta(days=-1)
FUTURE: Final = timedelta(days=1), timedelta(days=90)


class Owners(NamedTuple):
    """The certificates of most tests."""

    root: Owner
    middle: Owner
    server: Owner
    public: Owner
    other: Owner


@cache
def owners() -> Owners:
    """Return the same certificates for all tests, because keys are slow to make."""
    root = owner("Root", is_authority=True)
    middle = owner("Middle", root, is_authority=True)
    return Owners(
        root,
        middle,
        owner("Server", middle),
        owner("Server", middle, policy=DOMAIN_VALIDATED),
        owner("Other", is_authority=True),
    )


@cache
def short() -> Owner:
    """Return a server certificate with a key that is too short."""
    return owner("Server", owners().root, key=rsa.generate_private_key(65537, 1024))  # noqa: S505


def request() -> bytes:
    """Return a certificate request."""
    server = owners().server
    builder = x509.CertificateSigningRequestBuilder().subject_name(server.certificate.subject)
    return builder.sign(server.private, hashes.SHA256()).public_bytes(PEM)


def again(issuer: Owner, name: str, *, by: Owner | None = None, **rest: Any) -> Owner:
    """Return another certificate for the key of an authority."""
    return owner(name, by, key=issuer.private, is_authority=True, **rest)


type Content = tuple[bytes, bytes]

# By kind: the content of the two files, the problem, and some of its placeholders.
WRONG: Final[dict[str, tuple[Callable[[Owners], Content], str, dict[str, str]]]] = {
    "empty": (lambda owners: (b"", owners.server.key), "certificate_empty", {}),
    "blank": (lambda owners: (b" \r\n", owners.server.key), "certificate_empty", {}),
    "empty key": (lambda owners: (owners.server.pem, b""), "certificate_empty", {}),
    "DER": (lambda owners: (owners.server.certificate.public_bytes(DER), owners.server.key), "certificate_not_pem", {}),
    "DER key": (
        lambda owners: (owners.server.pem, owners.server.private.private_bytes(DER, PKCS8, CLEAR)),
        "certificate_not_pem",
        {},
    ),
    "another encoding": (
        lambda owners: (owners.server.pem.decode().encode("utf-16"), owners.server.key),
        "certificate_not_pem",
        {},
    ),
    "request": (lambda owners: (request(), owners.server.key), "certificate_request", {}),
    "key twice": (lambda owners: (owners.server.key, owners.server.key), "certificate_absent", {}),
    "swapped": (lambda owners: (owners.server.key, owners.server.pem), "certificate_absent", {}),
    "certificate twice": (lambda owners: (owners.server.pem, owners.server.pem), "key_absent", {}),
    "public key": (
        lambda owners: (
            owners.server.pem,
            owners.server.private.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        ),
        "key_absent",
        {},
    ),
    "password": (
        lambda owners: (owners.server.pem, owners.server.private.private_bytes(PEM, PKCS8, SECRET)),
        "key_encrypted",
        {},
    ),
    "password of old": (
        lambda owners: (owners.server.pem, owners.server.private.private_bytes(PEM, OLD, SECRET)),
        "key_encrypted",
        {},
    ),
    "other key": (lambda owners: (owners.server.pem + owners.middle.pem, owners.other.key), "key_other", {}),
    "authority first": (
        lambda owners: (owners.middle.pem + owners.server.pem, owners.server.key),
        "certificate_order",
        {"first": "Middle", "name": "Server"},
    ),
    "backwards": (
        lambda owners: (owners.root.pem + owners.middle.pem + owners.server.pem, owners.server.key),
        "certificate_order",
        {"first": "Root", "name": "Server"},
    ),
    "short key": (
        lambda owners: (short().pem + owners.root.pem, short().key),
        "certificate_weak",
        {"name": "Server", "weakness": "RSA 1024"},
    ),
    "short key of an authority": (
        lambda _: (
            (server := owner("Server", weak := owner("Weak", key=short().private, is_authority=True))).pem + weak.pem,
            server.key,
        ),
        "certificate_weak",
        {"name": "Weak", "weakness": "RSA 1024"},
    ),
    "short key on a curve": (
        lambda owners: (
            (server := owner("Server", owners.root, key=ec.generate_private_key(ec.SECP192R1()))).pem + owners.root.pem,
            server.key,
        ),
        "certificate_weak",
        {"name": "Server", "weakness": "EC 192"},
    ),
    "old signature": (
        lambda owners: (
            (server := with_old_signature(signed_by_itself=False)).pem + owners.root.pem,
            server.key,
        ),
        "certificate_weak",
        {"name": "Server", "weakness": "SHA1"},
    ),
    "expired issuer": (
        lambda owners: (
            (server := owner("Server", old := owner("Old", owners.root, valid=PAST, is_authority=True))).pem + old.pem,
            server.key,
        ),
        "issuer_expired",
        {"name": "Old", "end": f"{dt_util.utcnow() - timedelta(days=1):%Y-%m-%d}"},
    ),
    "expired root": (
        lambda owners: (
            owners.server.pem + owners.middle.pem + again(owners.root, "Root", valid=PAST).pem,
            owners.server.key,
        ),
        "issuer_expired",
        {"name": "Root"},
    ),
    "early issuer": (
        lambda owners: (
            (server := owner("Server", new := owner("New", owners.root, valid=FUTURE, is_authority=True))).pem
            + new.pem,
            server.key,
        ),
        "issuer_early",
        {"name": "New"},
    ),
    "public without issuer": (
        lambda owners: (owners.public.pem, owners.public.key),
        "issuer_missing",
        {"issuer": "Middle"},
    ),
    "server twice": (
        lambda owners: (owners.public.pem + owners.public.pem, owners.public.key),
        "issuer_missing",
        {"issuer": "Middle"},
    ),
    "wrong issuer": (
        lambda owners: (owners.server.pem + owners.other.pem, owners.server.key),
        "issuer_missing",
        {"issuer": "Middle"},
    ),
    "root without issuer": (
        lambda owners: (owners.server.pem + owners.root.pem, owners.server.key),
        "issuer_missing",
        {"issuer": "Middle"},
    ),
    "issuer of the same name": (
        lambda owners: (owners.server.pem + owner("Middle", owners.root, is_authority=True).pem, owners.server.key),
        "issuer_missing",
        {"issuer": "Middle"},
    ),
    "cut off": (lambda owners: (owners.server.pem[:200], owners.server.key), "certificate_damaged", {}),
    "not base64": (
        lambda owners: (b"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n", owners.server.key),
        "certificate_damaged",
        {},
    ),
    "key cut off": (lambda owners: (owners.server.pem, owners.server.key[:80]), "key_absent", {}),
    "key of zeros": (
        lambda owners: (owners.server.pem, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        "certificate_damaged",
        {},
    ),
}

# Odd files that cameras accept.
RIGHT: Final[dict[str, Callable[[Owners], Content]]] = {
    "chain": lambda owners: (owners.server.pem + owners.middle.pem, owners.server.key),
    "with root": lambda owners: (owners.server.pem + owners.middle.pem + owners.root.pem, owners.server.key),
    "authorities in another order": lambda owners: (
        owners.server.pem + owners.root.pem + owners.middle.pem,
        owners.server.key,
    ),
    "something more": lambda owners: (owners.server.pem + owners.middle.pem + owners.other.pem, owners.server.key),
    "all in one file": lambda owners: (both := owners.server.pem + owners.middle.pem + owners.server.key, both),
    "issued by a root": lambda owners: ((server := owner("Server", owners.root)).pem, server.key),
    "signed by itself": lambda _: ((server := owner("Server")).pem, server.key),
    "with a request": lambda owners: (request() + owners.server.pem + owners.middle.pem, owners.server.key),
    "lines of Windows": lambda owners: (
        (owners.server.pem + owners.middle.pem).replace(b"\n", b"\r\n"),
        owners.server.key.replace(b"\n", b"\r\n"),
    ),
    "words between": lambda owners: (
        b"Server:\n" + owners.server.pem + b"Middle:\n" + owners.middle.pem,
        owners.server.key,
    ),
    "key of old": lambda owners: (
        owners.server.pem + owners.middle.pem,
        b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        + owners.server.private.private_bytes(PEM, OLD, CLEAR),
    ),
    # An authority has renewed its own certificate, or two others have signed it.
    "issuer old and new": lambda owners: (
        owners.server.pem + again(owners.middle, "Middle", by=owners.root, valid=PAST).pem + owners.middle.pem,
        owners.server.key,
    ),
    "old signature of a root": lambda owners: (
        owners.server.pem + owners.middle.pem + with_old_signature(signed_by_itself=True).pem,
        owners.server.key,
    ),
}


class FilePaths:
    """The certificate file and the key file."""

    def __init__(self, folder: Path) -> None:
        """Take their folder."""
        self.certificate, self.key = folder / "fullchain.pem", folder / "privkey.pem"
        self.data = {"certificate": str(self.certificate), "private_key": str(self.key)}

    def write(self, content: Content) -> None:
        """Write both files."""
        certificate, key = content
        self.certificate.write_bytes(certificate)
        self.key.write_bytes(key)


@pytest.fixture
def files(tmp_path: Path) -> FilePaths:
    """Return the paths of the files."""
    return FilePaths(tmp_path)


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_files(files: FilePaths, kind: str) -> None:
    """Name the problem of each kind of wrong files."""
    content, key, placeholders = WRONG[kind]
    files.write(content(owners()))
    problem = UserCertificates(files.certificate, files.key).load([HOST], dt_util.utcnow()).problem
    assert problem
    assert problem.key == f"listener_{key}"
    assert problem.placeholders["path"] in {str(files.certificate), str(files.key)}
    assert problem.placeholders.items() >= placeholders.items()


@pytest.mark.parametrize("kind", RIGHT)
def test_right_files(files: FilePaths, kind: str) -> None:
    """Return no problem for files that cameras accept."""
    files.write(RIGHT[kind](owners()))
    context, problem = UserCertificates(files.certificate, files.key).load([HOST], dt_util.utcnow())
    assert problem is None
    assert isinstance(context, ssl.SSLContext)


def test_odd_name_of_an_authority(files: FilePaths) -> None:
    """Show the name of an authority on one line of limited length."""
    odd = owner("*bold*\n" + "x" * 50, owners().root, valid=PAST, is_authority=True)
    files.write(((server := owner("Server", odd)).pem + odd.pem, server.key))
    problem = UserCertificates(files.certificate, files.key).load([HOST], dt_util.utcnow()).problem
    assert problem
    assert problem.placeholders["name"] == "*bold*" + "x" * 50


async def test_in_the_form(hass: HomeAssistant, files: FilePaths) -> None:
    """Show the problem in the config flow, and accept valid files."""
    result = await begin(hass)
    for content, key, placeholders in WRONG.values():
        files.write(content(owners()))
        result = await enter(hass, result, host=HOST, port=free_port(), own_files=files.data, way="by_hand")
        assert result["errors"] == {"base": "problem"}, key
        problem = shown(result)["problem"]
        assert "listener_" not in problem
        assert "{" not in problem
        assert any(str(path) in problem for path in (files.certificate, files.key))
        assert all(value in problem for value in placeholders.values())
    files.write(RIGHT["chain"](owners()))
    result = await enter(hass, result, host=HOST, port=free_port(), own_files=files.data, way="by_hand")
    assert result["step_id"] == "by_hand"


async def test_in_the_repair(
    hass: HomeAssistant, tmp_path: Path, files: FilePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Show the problem in a repair, and serve with the last good files."""
    monkeypatch.setattr(listener, "CHECK_SECONDS", 0.02)
    files.write(RIGHT["chain"](owners()))
    listener_entry = ListenerEntry(hass, tmp_path, **files.data)
    listener_entry.ca_file.write_bytes(owners().root.pem)
    await listener_entry.start()
    for kind in ("authority first", "short key", "expired issuer", "public without issuer", "password", "request"):
        content, key, _ = WRONG[kind]
        files.write(content(owners()))
        await wait_for_only_issue(hass, f"listener_{key}")
    files.write(WRONG["authority first"][0](owners()))
    await wait_for_only_issue(hass, "listener_certificate_order")
    files.write(RIGHT["chain"](owners()))
    await wait_for_only_issue(hass, None)
    assert (await new_camera(listener_entry).test_connection()).delivered


async def wait_for_only_issue(hass: HomeAssistant, key: str | None) -> None:
    """Wait until one issue is shown and no other, or none at all."""
    for _ in range(500):
        found = {issue_id for domain, issue_id in ir.async_get(hass).issues if domain == DOMAIN}
        if found == {key} - {None}:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{found} instead of {key}")

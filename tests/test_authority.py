"""Our authority and its server certificates, checked with OpenSSL."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
import stat
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from custom_components.axis_people_counter.connecting.authority import (
    CertificateAndKey,
    certificate_names,
    certificate_pem,
    covers_host,
    fingerprint,
    is_usable,
    new_authority,
    new_server,
    read_certificate_and_key,
)
from custom_components.axis_people_counter.connecting.certificates import OwnCertificates

NOW = datetime(2026, 9, 16, 10, tzinfo=UTC)
NAMES = ["counter.example.com", "192.168.1.10", "fd00::10"]


@pytest.fixture(scope="module")
def authority() -> CertificateAndKey:
    """Return an authority."""
    return new_authority(NOW)


@pytest.fixture(scope="module")
def server(authority: CertificateAndKey) -> CertificateAndKey:
    """Return a server certificate."""
    return new_server(authority, NAMES, NOW)


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run OpenSSL."""
    return subprocess.run(  # noqa: S603
        ["openssl", *arguments],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def verify(
    folder: Path, authority: CertificateAndKey, server: CertificateAndKey, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Verify a server certificate with OpenSSL, as strictly as possible."""
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_text(certificate_pem(authority.certificate))
    server_file.write_bytes(server.pem)
    # Trust only this authority, not those of the machine.
    only = ("-no-CAfile", "-no-CApath", "-no-CAstore", "-CAfile", str(ca_file))
    return openssl("verify", *only, "-x509_strict", "-purpose", "sslserver", *arguments, str(server_file))


def at(instant: datetime) -> tuple[str, str]:
    """Return the arguments that make OpenSSL verify for another time."""
    return "-attime", str(int(instant.timestamp()))


@pytest.mark.parametrize(
    "name", [("-verify_hostname", NAMES[0]), ("-verify_ip", NAMES[1]), ("-verify_ip", NAMES[2])], ids=NAMES
)
@pytest.mark.parametrize("days", [-3649, 0, 396])
def test_verified(
    tmp_path: Path, authority: CertificateAndKey, server: CertificateAndKey, name: tuple[str, str], days: int
) -> None:
    """Pass OpenSSL's check for each name, from ten years ago to the end."""
    result = verify(tmp_path, authority, server, *name, *at(NOW + timedelta(days=days)))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("-verify_hostname", "other.example.com"), "hostname mismatch"),
        (("-verify_ip", "192.168.1.11"), "IP address mismatch"),
        (at(NOW + timedelta(days=398)), "certificate has expired"),
        (at(NOW - timedelta(days=3651)), "certificate is not yet valid"),
    ],
)
def test_not_verified(
    tmp_path: Path, authority: CertificateAndKey, server: CertificateAndKey, arguments: tuple[str, ...], reason: str
) -> None:
    """Fail OpenSSL's check for other names and times."""
    if arguments[0] != "-attime":
        arguments += at(NOW)
    result = verify(tmp_path, authority, server, *arguments)
    assert result.returncode
    assert reason in result.stderr


def test_other_authority(tmp_path: Path, server: CertificateAndKey) -> None:
    """Fail OpenSSL's check with another authority."""
    assert verify(tmp_path, new_authority(NOW), server, *at(NOW)).returncode


def test_server_cannot_sign(tmp_path: Path, authority: CertificateAndKey, server: CertificateAndKey) -> None:
    """Fail OpenSSL's check of a certificate that was signed with a server's key."""
    forged = new_server(server, ["forged.example.com"], NOW)
    (tmp_path / "chain.pem").write_text(certificate_pem(server.certificate))
    result = verify(tmp_path, authority, forged, "-untrusted", str(tmp_path / "chain.pem"), *at(NOW))
    assert result.returncode
    assert "invalid CA certificate" in result.stderr


def test_extensions(tmp_path: Path, authority: CertificateAndKey, server: CertificateAndKey) -> None:
    """Have the key, signature and extensions that cameras expect."""
    for owner, name in ((authority, "authority"), (server, "server")):
        (tmp_path / name).write_bytes(owner.pem)
    texts = {
        name: openssl("x509", "-in", tmp_path / name, "-noout", "-text", "-fingerprint", "-sha256").stdout
        for name in ("authority", "server")
    }
    for text in texts.values():
        assert "Public-Key: (2048 bit)" in text
        assert "Signature Algorithm: sha256WithRSAEncryption" in text
        assert "Version: 3" in text
    assert "CA:TRUE, pathlen:0" in texts["authority"]
    assert "Certificate Sign, CRL Sign" in texts["authority"]
    assert f"Fingerprint={fingerprint(authority.certificate)}" in texts["authority"]
    assert "CA:FALSE" in texts["server"]
    assert "TLS Web Server Authentication" in texts["server"]
    assert "DNS:counter.example.com, IP Address:192.168.1.10, IP Address:FD00:0:0:0:0:0:0:10" in texts["server"]
    assert "Subject: CN = counter.example.com" in texts["server"].replace("CN=", "CN = ")


def test_unique_names_of_authorities() -> None:
    """Give each authority another name."""
    assert new_authority(NOW).certificate.subject != new_authority(NOW).certificate.subject


def test_last_server_certificate(authority: CertificateAndKey) -> None:
    """Let a server certificate expire with its authority at the latest."""
    end = authority.certificate.not_valid_after_utc
    late = end - timedelta(days=10)
    server = new_server(authority, NAMES, late)
    assert server.certificate.not_valid_after_utc == end
    # A new certificate would expire at the same time.
    assert is_usable(server.certificate, authority.certificate, NAMES, late)
    assert not is_usable(server.certificate, authority.certificate, NAMES, end)


@pytest.mark.parametrize(
    ("names", "days", "usable"),
    [
        (NAMES, 0, True),
        (NAMES[:1], 0, True),
        ([*NAMES, "192.168.1.11"], 0, False),
        (NAMES, 366, True),
        (NAMES, 368, False),
        (NAMES, 500, False),
        (NAMES, -3651, False),
    ],
)
def test_is_usable(
    authority: CertificateAndKey, server: CertificateAndKey, names: list[str], days: int, usable: bool
) -> None:
    """Return True if all names are covered and the certificate doesn't expire soon."""
    assert is_usable(server.certificate, authority.certificate, names, NOW + timedelta(days=days)) is usable


def test_other_authority_is_not_usable(server: CertificateAndKey) -> None:
    """Return False for a certificate of another authority."""
    assert not is_usable(server.certificate, new_authority(NOW).certificate, NAMES, NOW)


def test_long_name(authority: CertificateAndKey) -> None:
    """Cover a name that is longer than a common name may be."""
    name = f"{'a' * 60}.{'b' * 60}.example.com"
    assert certificate_names(new_server(authority, [name, name], NOW).certificate) == {name}


def test_names(authority: CertificateAndKey, server: CertificateAndKey) -> None:
    """Return names and addresses as text."""
    assert certificate_names(server.certificate) == set(NAMES)
    assert certificate_names(authority.certificate) == set()


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("ha.example.com", True),
        ("HA.Example.com", True),
        ("other.example.com", True),
        ("a.b.example.com", False),
        ("example.com", False),
        ("example", False),
        ("192.168.1.10", True),
        ("192.168.1.11", False),
    ],
)
def test_wildcards(authority: CertificateAndKey, host: str, covered: bool) -> None:
    """Let a wildcard replace one part of a name, and no part of an address."""
    certificate = new_server(authority, ["*.example.com", "192.168.1.10", "*.168.1.11"], NOW).certificate
    assert covers_host(certificate, host) is covered


def test_read(server: CertificateAndKey) -> None:
    """Read the file of a certificate and its key."""
    assert read_certificate_and_key(server.pem).certificate == server.certificate


def test_read_damaged(authority: CertificateAndKey, server: CertificateAndKey) -> None:
    """Raise ValueError unless a file has an RSA key and its certificate."""
    other_key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = certificate_pem(server.certificate).encode()
    for damaged in (
        b"",
        b"nonsense",
        certificate,
        server.pem[: len(server.pem) // 2],
        server.pem[:-100],
        CertificateAndKey(authority.key, server.certificate).pem,
        other_key + certificate,
    ):
        with pytest.raises(ValueError, match=r"."):
            read_certificate_and_key(damaged)


def test_address_in_a_certificate(authority: CertificateAndKey) -> None:
    """Store addresses as addresses, not as names."""
    certificate = new_server(authority, ["192.168.1.10"], NOW).certificate
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("192.168.1.10")]
    assert not names.get_values_for_type(x509.DNSName)


def test_permissions(tmp_path: Path) -> None:
    """Let nobody else read the keys or their folder."""
    folder = tmp_path / "certificates"
    certificates = OwnCertificates(folder)
    certificates.create(NOW)
    assert certificates.load(NAMES, NOW).context
    assert {path.name for path in folder.iterdir()} == {"authority.pem", "server.pem"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

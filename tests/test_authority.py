"""The certificates that we make, as OpenSSL sees them."""

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
    """Return a server's certificate."""
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
    """Let OpenSSL verify a server's certificate, as strictly as it can."""
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_text(certificate_pem(authority.certificate))
    server_file.write_bytes(server.pem)
    # Nothing but our authority: neither the machine's own ones nor what it was told to look for.
    only = ("-no-CAfile", "-no-CApath", "-no-CAstore", "-CAfile", str(ca_file))
    return openssl("verify", *only, "-x509_strict", "-purpose", "sslserver", *arguments, str(server_file))


def at(instant: datetime) -> tuple[str, str]:
    """Return what makes OpenSSL verify for another time."""
    return "-attime", str(int(instant.timestamp()))


@pytest.mark.parametrize(
    "name", [("-verify_hostname", NAMES[0]), ("-verify_ip", NAMES[1]), ("-verify_ip", NAMES[2])], ids=NAMES
)
@pytest.mark.parametrize("days", [-3649, 0, 396])
def test_verified(
    tmp_path: Path, authority: CertificateAndKey, server: CertificateAndKey, name: tuple[str, str], days: int
) -> None:
    """It is good for each name, from long ago (a camera's clock may be wrong) to the end of a year."""
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
    """It is good for nothing else."""
    if arguments[0] != "-attime":
        arguments += at(NOW)
    result = verify(tmp_path, authority, server, *arguments)
    assert result.returncode
    assert reason in result.stderr


def test_other_authority(tmp_path: Path, server: CertificateAndKey) -> None:
    """Another authority, even of the same make, doesn't vouch for it."""
    assert verify(tmp_path, new_authority(NOW), server, *at(NOW)).returncode


def test_server_signs_nothing(tmp_path: Path, authority: CertificateAndKey, server: CertificateAndKey) -> None:
    """With the server's key nobody can make certificates that cameras would accept."""
    forged = new_server(server, ["forged.example.com"], NOW)
    (tmp_path / "chain.pem").write_text(certificate_pem(server.certificate))
    result = verify(tmp_path, authority, forged, "-untrusted", str(tmp_path / "chain.pem"), *at(NOW))
    assert result.returncode
    assert "invalid CA certificate" in result.stderr


def test_as_text(tmp_path: Path, authority: CertificateAndKey, server: CertificateAndKey) -> None:
    """Key, signature and marks are what old cameras understand and new ones ask for."""
    for pair, name in ((authority, "authority"), (server, "server")):
        (tmp_path / name).write_bytes(pair.pem)
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


def test_authorities_have_names_of_their_own() -> None:
    """Two of them can be told apart in a camera's list."""
    assert new_authority(NOW).certificate.subject != new_authority(NOW).certificate.subject


def test_server_ends_with_its_authority(authority: CertificateAndKey) -> None:
    """A server's certificate doesn't outlast the authority."""
    end = authority.certificate.not_valid_after_utc
    late = end - timedelta(days=10)
    server = new_server(authority, NAMES, late)
    assert server.certificate.not_valid_after_utc == end
    # There is nothing to be gained by making it again and again.
    assert is_usable(server.certificate, authority.certificate, NAMES, late)
    assert not is_usable(server.certificate, authority.certificate, NAMES, end)


@pytest.mark.parametrize(
    ("names", "days", "good"),
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
def test_when_it_is_made_anew(
    authority: CertificateAndKey, server: CertificateAndKey, names: list[str], days: int, good: bool
) -> None:
    """A certificate is used as long as it has all names and is not about to end."""
    assert is_usable(server.certificate, authority.certificate, names, NOW + timedelta(days=days)) is good


def test_of_other_authority_is_not_good(server: CertificateAndKey) -> None:
    """A certificate that hangs on another authority is made anew."""
    assert not is_usable(server.certificate, new_authority(NOW).certificate, NAMES, NOW)


def test_long_name(authority: CertificateAndKey) -> None:
    """A name may be longer than the old field for it."""
    name = f"{'a' * 60}.{'b' * 60}.example.com"
    assert certificate_names(new_server(authority, [name, name], NOW).certificate) == {name}


def test_names(authority: CertificateAndKey, server: CertificateAndKey) -> None:
    """Names and addresses are read as people write them."""
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
def test_stars(authority: CertificateAndKey, host: str, covered: bool) -> None:
    """A star stands for one part of a name, and for no part of an address."""
    certificate = new_server(authority, ["*.example.com", "192.168.1.10", "*.168.1.11"], NOW).certificate
    assert covers_host(certificate, host) is covered


def test_read_again(server: CertificateAndKey) -> None:
    """What was written is read again."""
    assert read_certificate_and_key(server.pem).certificate == server.certificate


def test_what_is_no_pair(authority: CertificateAndKey, server: CertificateAndKey) -> None:
    """Files that aren't a key and its certificate are told from those that are."""
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


def test_address_of_certificate(authority: CertificateAndKey) -> None:
    """Addresses are addresses in the certificate, not names that look like them."""
    certificate = new_server(authority, ["192.168.1.10"], NOW).certificate
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("192.168.1.10")]
    assert not names.get_values_for_type(x509.DNSName)


def test_keys_are_nobody_elses(tmp_path: Path) -> None:
    """Private keys can be read by Home Assistant alone, and so can their folder."""
    folder = tmp_path / "certificates"
    certificates = OwnCertificates(folder)
    certificates.create(NOW)
    assert certificates.load(NAMES, NOW).context
    assert {path.name for path in folder.iterdir()} == {"authority.pem", "server.pem"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

"""Makes a certificate authority and the server certificates it signs, and reads them: no files, no network.

Called by certificates.py and certificate_files.py; the face exports what pages and flows show of a certificate.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Old cameras accept this length, too.
KEY_BITS: Final = 2048
# Backdate certificates: a camera with a wrong clock still connects, and gets the clock repair.
BACKDATED: Final = timedelta(days=3650)
AUTHORITY_LIFETIME: Final = timedelta(days=20 * 365)
SERVER_LIFETIME: Final = timedelta(days=397)
RENEWED_BEFORE_END: Final = timedelta(days=30)
# The longest common name (RFC 5280).
_MAX_COMMON_NAME: Final = 64


class CertificateAndKey(NamedTuple):
    """A certificate and its private key."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The content of a file with both: key first, then certificate."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + certificate_pem(self.certificate).encode()


def certificate_pem(certificate: x509.Certificate) -> str:
    """Return a certificate in PEM format, which cameras import."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint of a certificate as cameras and browsers show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


# The same files are read every 30 seconds, and checking a key is slow.
@lru_cache(maxsize=4)
def read_certificate_and_key(pem: bytes) -> CertificateAndKey:
    """Return the content of a file; raises ValueError unless it is a private RSA key and its certificate."""
    try:
        key = serialization.load_pem_private_key(pem, None)
        certificate = x509.load_pem_x509_certificate(pem)
        # cryptography parses these only when they are read. Reading them here finds damage in them.
        _ = (
            certificate.subject,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            certificate_names(certificate),
        )
        belong_together = isinstance(key, rsa.RSAPrivateKey) and key.public_key() == certificate.public_key()
    except Exception as err:  # damaged files raise many exceptions, not all of them documented
        raise ValueError(f"Not a private key with a certificate: {err}") from err
    if not (belong_together and isinstance(key, rsa.RSAPrivateKey)):
        raise ValueError("The private key doesn't belong to the certificate.")
    return CertificateAndKey(key, certificate)


def new_authority(now: datetime) -> CertificateAndKey:
    """Return a new authority; its name is unique in a camera's list."""
    key = _new_key()
    number = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:8]
    name = _common_name(f"Home Assistant people counter {number}")
    builder = (
        _builder(key.public_key(), name, name, now, now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return CertificateAndKey(key, builder.sign(key, hashes.SHA256()))


def new_server(authority: CertificateAndKey, names: Iterable[str], now: datetime) -> CertificateAndKey:
    """Return a new server certificate for these names and addresses; the first one is the common name."""
    key = _new_key()
    names = list(dict.fromkeys(names))
    end = min(now + SERVER_LIFETIME, authority.certificate.not_valid_after_utc)
    builder = (
        _builder(key.public_key(), _common_name(names[0][:_MAX_COMMON_NAME]), authority.certificate.subject, now, end)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    return CertificateAndKey(key, builder.sign(authority.key, hashes.SHA256()))


def is_usable(server: x509.Certificate, authority: x509.Certificate, names: Iterable[str], now: datetime) -> bool:
    """Return True if a server certificate needs no replacement: right issuer, right names, not about to expire."""
    try:
        server.verify_directly_issued_by(authority)
    except ValueError, TypeError, InvalidSignature:
        return False
    end = server.not_valid_after_utc
    # A new certificate can't outlast the authority, so near its end replacing one gains nothing.
    replaced_at = end - RENEWED_BEFORE_END if end < authority.not_valid_after_utc else end
    is_current = server.not_valid_before_utc <= now < replaced_at
    return is_current and certificate_names(server).issuperset(names)


def certificate_names(certificate: x509.Certificate) -> frozenset[str]:
    """Return the names and addresses in a certificate."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound, ValueError:
        return frozenset()
    return frozenset(
        [*map(str.lower, names.get_values_for_type(x509.DNSName)), *map(str, names.get_values_for_type(x509.IPAddress))]
    )


def covers_host(certificate: x509.Certificate, host: str) -> bool:
    """Return True if a certificate is valid for a host; a star replaces the first part of a name (RFC 6125)."""
    host = host.lower()
    _, dot, domain = host.partition(".")
    return not certificate_names(certificate).isdisjoint(
        {host, f"*.{domain}"} if dot and not _is_address(host) else {host}
    )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    key: rsa.RSAPublicKey, subject: x509.Name, issuer: x509.Name, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_encipherment=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(name)) if _is_address(name) else x509.DNSName(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

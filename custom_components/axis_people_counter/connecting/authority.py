"""A certificate authority of one's own, and the server certificates it signs: no files, no network."""

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

# What old cameras understand, too.
KEY_BITS: Final = 2048
# A certificate begins long ago: so a camera whose clock is wrong gets as far as to be told so.
BACKDATED: Final = timedelta(days=3650)
AUTHORITY_LIFETIME: Final = timedelta(days=20 * 365)
SERVER_LIFETIME: Final = timedelta(days=397)
RENEWED_BEFORE_END: Final = timedelta(days=30)
# What a common name may hold.
_MAX_COMMON_NAME: Final = 64


class CertificateAndKey(NamedTuple):
    """A certificate and the private key to it."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """Key and certificate as they stand in one file."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + certificate_pem(self.certificate).encode()


def certificate_pem(certificate: x509.Certificate) -> str:
    """Return a certificate as cameras take it."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def fingerprint(certificate: x509.Certificate) -> str:
    """Return what people compare: the SHA-256 of a certificate, as cameras and browsers show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


# The same files are read again and again, and to check a key takes its time.
@lru_cache(maxsize=4)
def read_certificate_and_key(pem: bytes) -> CertificateAndKey:
    """Return what a file holds; raises ValueError if that isn't a private RSA key and the certificate to it."""
    try:
        key = serialization.load_pem_private_key(pem, None)
        certificate = x509.load_pem_x509_certificate(pem)
        # All of it is read now: damage may be anywhere.
        _ = (
            certificate.subject,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            certificate_names(certificate),
        )
        is_pair = isinstance(key, rsa.RSAPrivateKey) and key.public_key() == certificate.public_key()
    except Exception as err:  # damage has many names, and not all of them are documented
        raise ValueError(f"It can't be read: {err}") from err
    if not (is_pair and isinstance(key, rsa.RSAPrivateKey)):
        raise ValueError("The private key isn't the one of the certificate.")
    return CertificateAndKey(key, certificate)


def new_authority(now: datetime) -> CertificateAndKey:
    """Make an authority; its name tells it from others in a camera's list."""
    key = _new_key()
    number = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:8]
    name = _name(f"Home Assistant people counter {number}")
    builder = (
        _builder(key.public_key(), name, name, now, now + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return CertificateAndKey(key, builder.sign(key, hashes.SHA256()))


def new_server(authority: CertificateAndKey, names: Iterable[str], now: datetime) -> CertificateAndKey:
    """Make the certificate of a server that is reached by these names and addresses, the first being the usual one."""
    key = _new_key()
    names = list(dict.fromkeys(names))
    end = min(now + SERVER_LIFETIME, authority.certificate.not_valid_after_utc)
    builder = (
        _builder(key.public_key(), _name(names[0][:_MAX_COMMON_NAME]), authority.certificate.subject, now, end)
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


def is_good(server: x509.Certificate, authority: x509.Certificate, names: Iterable[str], now: datetime) -> bool:
    """Say whether a server certificate can be used on: of this authority, for these names, and for a while yet."""
    try:
        server.verify_directly_issued_by(authority)
    except ValueError, TypeError, InvalidSignature:
        return False
    end = server.not_valid_after_utc
    # A new one can't outlast the authority.
    renewable = end < authority.not_valid_after_utc
    return server.not_valid_before_utc <= now < (end - RENEWED_BEFORE_END if renewable else end) and certificate_names(
        server
    ).issuperset(names)


def certificate_names(certificate: x509.Certificate) -> frozenset[str]:
    """Return the names and addresses a certificate is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound, ValueError:
        return frozenset()
    return frozenset(
        [*map(str.lower, names.get_values_for_type(x509.DNSName)), *map(str, names.get_values_for_type(x509.IPAddress))]
    )


def is_for(certificate: x509.Certificate, host: str) -> bool:
    """Say whether a certificate is for a host; a star stands for the first part of a name (RFC 6125)."""
    host = host.lower()
    _, dot, domain = host.partition(".")
    return not certificate_names(certificate).isdisjoint(
        {host, f"*.{domain}"} if dot and not _is_address(host) else {host}
    )


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def _name(text: str) -> x509.Name:
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

"""The listener's certificate from files of the user, and the checks that find out why cameras wouldn't accept it.

Nothing is written: the user renews the files. Called by the listener, in a thread.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
import errno
import os
from pathlib import Path
import re
import ssl
from typing import Final, override

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from .. import issues
from ..texts import Message
from .authority import certificate_names, covers_host
from .certificates import CertificateSource, ContextCache, LoadedCertificate, clock_problem, is_expired

# The user, who has to renew the certificate, is warned this early.
ENDS_SOON: Final = timedelta(days=14)
MAX_FILE: Final = 1024 * 1024
_MAX_NAMES: Final = 5
_MAX_NAME: Final = 100
# OpenSSL rejects anything weaker, here and in cameras.
_MIN_RSA_BITS: Final = 2048
_MIN_EC_BITS: Final = 224
_WEAK_HASHES: Final = (hashes.MD5, hashes.SHA1)
# Public authorities put one of these policies into a certificate. They never sign with a root (CA/Browser Forum,
# Baseline Requirements), so there is always an intermediate certificate.
_PUBLIC_POLICIES: Final = "2.23.140.1.2."
# Reading a damaged or odd certificate or key raises one of these.
_DAMAGE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
# Labels in a PEM file.
_PEM: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----")
_CERTIFICATE: Final = re.compile(rb"-----BEGIN (X509 )?CERTIFICATE-----")
_REQUEST: Final = re.compile(rb"-----BEGIN (NEW )?CERTIFICATE REQUEST-----")
_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_ENCRYPTED: Final = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED", re.MULTILINE)


class UserCertificates(CertificateSource):
    """The user's files: the server's certificate with its issuers, and the private key."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Use two files, which are read at each load."""
        self._certificate = certificate
        self._key = key
        self._contexts = ContextCache()

    @override
    def load(self, names: list[str], now: datetime) -> LoadedCertificate:
        try:
            certificate, key = map(_read, (self._certificate, self._key))
        except OSError as err:
            return LoadedCertificate(
                None, Message(issues.LISTENER_CERTIFICATE_UNREADABLE.key, {"path": str(err.filename)})
            )
        context: ssl.SSLContext | None = None
        with suppress(OSError):
            context = self._contexts.get(self._certificate, self._key)
        damaged = Message(
            issues.LISTENER_CERTIFICATE_DAMAGED.key, {"path": str(self._certificate), "key_path": str(self._key)}
        )
        problem: Message | None
        try:
            problem = (
                next(self._content_problems(certificate, key), None)
                or next(self._key_problems(certificate, key, now), None if context else damaged)
                or next(self._certificate_problems(certificate, names[0], now), None)
            )
        except _DAMAGE:
            problem = damaged
        return LoadedCertificate(context, problem)

    def _content_problems(self, certificate: bytes, key: bytes) -> Iterator[Message]:
        """Yield why a file isn't the kind of file it has to be, the most important reason first."""
        about, about_key = {"path": str(self._certificate)}, {"path": str(self._key)}
        has_certificate = _CERTIFICATE.search(certificate)
        for is_wrong, problem in (
            (not certificate.strip(), Message(issues.LISTENER_CERTIFICATE_EMPTY.key, about)),
            (not key.strip(), Message(issues.LISTENER_CERTIFICATE_EMPTY.key, about_key)),
            (not _PEM.search(certificate), Message(issues.LISTENER_CERTIFICATE_NOT_PEM.key, about)),
            (not _PEM.search(key), Message(issues.LISTENER_CERTIFICATE_NOT_PEM.key, about_key)),
            (
                _REQUEST.search(certificate) and not has_certificate,
                Message(issues.LISTENER_CERTIFICATE_REQUEST.key, about),
            ),
            (not has_certificate, Message(issues.LISTENER_CERTIFICATE_ABSENT.key, about)),
            (_ENCRYPTED.search(key), Message(issues.LISTENER_KEY_ENCRYPTED.key, about_key)),
            (not _PRIVATE_KEY.search(key), Message(issues.LISTENER_KEY_ABSENT.key, about_key)),
        ):
            if is_wrong:
                yield problem

    def _key_problems(self, certificate: bytes, key: bytes, now: datetime) -> Iterator[Message]:
        """Yield why OpenSSL can't serve with the files, the most important reason first."""
        about = {"path": str(self._certificate)}
        certificates = x509.load_pem_x509_certificates(certificate)
        server = certificates[0]
        owners = [owner for owner in certificates if owner.public_key() == _public_key(key)]
        if not owners:
            yield Message(issues.LISTENER_KEY_OTHER.key, {**about, "key_path": str(self._key)})
        elif server not in owners:
            first, name = _display_name(server.subject), _display_name(owners[0].subject)
            yield Message(issues.LISTENER_CERTIFICATE_ORDER.key, {**about, "first": first, "name": name})
        for link in _chain(certificates, now):
            if weakness := _weakness(link):
                name = _display_name(link.subject)
                yield Message(issues.LISTENER_CERTIFICATE_WEAK.key, {**about, "name": name, "weakness": weakness})

    def _certificate_problems(self, certificate: bytes, host: str, now: datetime) -> Iterator[Message]:
        """Yield why cameras don't accept the certificate, or soon won't, the most important reason first."""
        about = {"path": str(self._certificate)}
        certificates = x509.load_pem_x509_certificates(certificate)
        chain = _chain(certificates, now)
        server = chain[0]
        end = server.not_valid_after_utc
        if now < server.not_valid_before_utc:
            yield clock_problem(server, now)
        if now >= end:
            yield Message(issues.LISTENER_CERTIFICATE_EXPIRED.key, {**about, "end": f"{end:%Y-%m-%d}"})
        if not covers_host(server, host):
            names = ", ".join(sorted(certificate_names(server))[:_MAX_NAMES])
            yield Message(issues.LISTENER_CERTIFICATE_NAMES.key, {**about, "host": host, "names": names or "-"})
        for issuer in chain[1:]:
            about_issuer = {**about, "name": _display_name(issuer.subject)}
            if is_expired(issuer, now):
                issuer_end = f"{issuer.not_valid_after_utc:%Y-%m-%d}"
                yield Message(issues.LISTENER_ISSUER_EXPIRED.key, {**about_issuer, "end": issuer_end})
            if now < issuer.not_valid_before_utc:
                begin = f"{issuer.not_valid_before_utc:%Y-%m-%d %H:%M}"
                clock = f"{now:%Y-%m-%d %H:%M}"
                yield Message(issues.LISTENER_ISSUER_EARLY.key, {**about_issuer, "begin": begin, "now": clock})
        if _lacks_issuer(chain, certificates):
            yield Message(issues.LISTENER_ISSUER_MISSING.key, {**about, "issuer": _display_name(server.issuer)})
        if now >= end - ENDS_SOON:
            yield Message(issues.LISTENER_CERTIFICATE_ENDS.key, {**about, "end": f"{end:%Y-%m-%d}"})


def _read(path: Path) -> bytes:
    """Return the content of a regular file of sensible size; raises OSError."""
    # Reading a pipe would wait for somebody to write into it.
    if not path.is_file() or path.stat().st_size > MAX_FILE:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return path.read_bytes()


def _public_key(pem: bytes) -> object:
    """Return the public key of the private key in a file, which may hold other things as well."""
    found = _PRIVATE_KEY.search(pem)
    return serialization.load_pem_private_key(found[0] if found else pem, None).public_key()


def _chain(certificates: list[x509.Certificate], now: datetime) -> list[x509.Certificate]:
    """Return the first certificate and its issuers, in whatever order they stand in the file."""
    chain = certificates[:1]
    while issuers := [issuer for issuer in certificates if issuer not in chain and _is_issuer(issuer, chain[-1])]:
        # An authority may have an old certificate and a new one.
        chain.append(max(issuers, key=lambda issuer: (now >= issuer.not_valid_before_utc, issuer.not_valid_after_utc)))
    return chain


def _is_issuer(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm:
        return False
    return True


def _lacks_issuer(chain: list[x509.Certificate], certificates: list[x509.Certificate]) -> bool:
    """Return True if an intermediate certificate is missing: even a camera that trusts the root needs it."""
    server = chain[0]
    if len(chain) > 1 or server.issuer == server.subject:
        return False
    # The file has an issuer, but not the right one.
    return any(certificate != server for certificate in certificates) or any(
        policy.policy_identifier.dotted_string.startswith(_PUBLIC_POLICIES)
        for extension in server.extensions
        if isinstance(extension.value, x509.CertificatePolicies)
        for policy in extension.value
    )


def _weakness(certificate: x509.Certificate) -> str | None:
    """Return the name of the key or hash for which OpenSSL rejects a certificate, None if it accepts it."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _MIN_EC_BITS:
        return f"EC {key.key_size}"
    # The signature of a self-signed certificate isn't checked.
    signature = certificate.signature_hash_algorithm
    if isinstance(signature, _WEAK_HASHES) and certificate.issuer != certificate.subject:
        return signature.name.upper()
    return None


def _display_name(name: x509.Name) -> str:
    """Return the common name of a subject or issuer, or else all of it, printable and of sensible length."""
    parts = [str(part.value) for part in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    text = ", ".join(parts) or name.rfc4514_string()
    return "".join(character for character in text if character.isprintable())[:_MAX_NAME] or "-"

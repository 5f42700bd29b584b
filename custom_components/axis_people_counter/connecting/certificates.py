"""Where the listener's certificate comes from: an authority of our own, or files of the user."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
import errno
import os
from pathlib import Path
import re
import ssl
from threading import Lock
from typing import Final, NamedTuple, Protocol, override

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from .. import issues
from ..messages import Message
from .authority import (
    CertificateAndKey,
    certificate_names,
    is_for,
    is_good,
    new_authority,
    new_server,
    read_certificate_and_key,
)

AUTHORITY_FILE: Final = "authority.pem"
SERVER_FILE: Final = "server.pem"
# A user's own certificate is renewed by somebody else, who is told that early.
ENDS_SOON: Final = timedelta(days=14)
# One listener may begin while another one ends.
_writing: Final = Lock()
MAX_FILE: Final = 1024 * 1024
_MAX_NAMES: Final = 5
_MAX_NAME: Final = 100
# OpenSSL refuses weaker ones, here and in cameras.
_MIN_RSA_BITS: Final = 2048
_MIN_EC_BITS: Final = 224
_WEAK_HASHES: Final = (hashes.MD5, hashes.SHA1)
# Public authorities say with one of these how they checked somebody. They never sign with a root (CA/Browser Forum,
# Baseline Requirements), so another certificate belongs between.
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
# The labels of a file in PEM format.
_ANYTHING: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]+-----")
_CERTIFICATE: Final = re.compile(rb"-----BEGIN (X509 )?CERTIFICATE-----")
_REQUEST: Final = re.compile(rb"-----BEGIN (NEW )?CERTIFICATE REQUEST-----")
_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_PASSWORD: Final = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED", re.MULTILINE)


class Loaded(NamedTuple):
    """What there is to serve with, and what is wrong with it, if anything."""

    context: ssl.SSLContext | None
    problem: Message | None = None


class Certificates(Protocol):
    """A source of certificates; all it does reads files, and belongs into a thread."""

    def load(self, names: list[str], now: datetime) -> Loaded:
        """Return a context for a server with these names, the first being that which cameras use."""


class _Contexts:
    """Makes a context of files, and another one only when they have changed: clients know it again."""

    def __init__(self) -> None:
        self._content: list[bytes] = []
        self._context: ssl.SSLContext | None = None

    def of(self, certificate: Path, key: Path) -> ssl.SSLContext:
        """Return the context of a certificate and its key; raises OSError, ssl.SSLError among them."""
        content = [path.read_bytes() for path in (certificate, key)]
        if self._context is None or content != self._content:
            # Python's own defaults are what is safe today: TLS 1.2 or later, forward secrecy, no compression.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # Nobody is asked for a password.
            context.load_cert_chain(certificate, key, password=lambda: "")
            self._context, self._content = context, content
        return self._context


class OwnCertificates(Certificates):
    """An authority of our own, and the server's certificate, which is made anew when it has to be."""

    def __init__(self, folder: Path) -> None:
        """Take a folder, which need not exist yet."""
        self._folder = folder
        self._authority_file = folder / AUTHORITY_FILE
        self._server_file = folder / SERVER_FILE
        self._contexts = _Contexts()

    def create(self, now: datetime) -> x509.Certificate:
        """Make an authority, unless there is one already; raises OSError if it can't be read or stored."""
        authority = _read_pair(self._authority_file)
        if authority is None or _is_over(authority.certificate, now):
            authority = new_authority(now)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._authority_file, authority)
        return authority.certificate

    def authority(self) -> x509.Certificate | None:
        """Return the certificate to be installed in cameras, None if there is none that can be read."""
        found = _pair_if_any(self._authority_file)
        return found and found.certificate

    @override
    def load(self, names: list[str], now: datetime) -> Loaded:
        server = _pair_if_any(self._server_file)
        # It goes on without the authority, as long as it lasts.
        context: ssl.SSLContext | None = None
        if server and not _is_over(server.certificate, now):
            # What OpenSSL doesn't take is made anew.
            with suppress(OSError):
                context = self._contexts.of(self._server_file, self._server_file)
        authority = _pair_if_any(self._authority_file)
        if authority is None or _is_over(authority.certificate, now):
            about = {"path": str(self._authority_file)}
            return Loaded(context, Message(issues.LISTENER_AUTHORITY_DAMAGED, about))
        if now < authority.certificate.not_valid_before_utc:
            return Loaded(context, _clock(authority.certificate, now))
        if server and context and is_good(server.certificate, authority.certificate, names, now):
            return Loaded(context)
        try:
            _write(self._server_file, new_server(authority, names, now))
        except OSError as err:
            about = {"path": str(self._server_file), "error": err.strerror or str(err)}
            return Loaded(context, Message(issues.LISTENER_CERTIFICATE_UNWRITABLE, about))
        return Loaded(self._contexts.of(self._server_file, self._server_file))


class UserCertificates(Certificates):
    """Files of the user, who sees to it that they are renewed."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Take the files' paths: the certificate with those that it hangs on, and the private key."""
        self._certificate = certificate
        self._key = key
        self._contexts = _Contexts()

    @override
    def load(self, names: list[str], now: datetime) -> Loaded:
        try:
            certificate, key = map(_read, (self._certificate, self._key))
        except OSError as err:
            return Loaded(None, Message(issues.LISTENER_CERTIFICATE_UNREADABLE, {"path": str(err.filename)}))
        context: ssl.SSLContext | None = None
        with suppress(OSError):
            context = self._contexts.of(self._certificate, self._key)
        damaged = Message(
            issues.LISTENER_CERTIFICATE_DAMAGED, {"path": str(self._certificate), "key_path": str(self._key)}
        )
        problem: Message | None
        try:
            problem = next(self._file_problems(certificate, key, now), None if context else damaged)
            problem = problem or next(self._certificate_problems(certificate, names[0], now), None)
        except _DAMAGE:
            problem = damaged
        return Loaded(context, problem)

    def _file_problems(self, certificate: bytes, key: bytes, now: datetime) -> Iterator[Message]:
        """Yield why the files can't be used at all, the most important reason first."""
        about, about_key = {"path": str(self._certificate)}, {"path": str(self._key)}
        for is_wrong, problem in (
            (not certificate.strip(), Message(issues.LISTENER_CERTIFICATE_EMPTY, about)),
            (not key.strip(), Message(issues.LISTENER_CERTIFICATE_EMPTY, about_key)),
            (not _ANYTHING.search(certificate), Message(issues.LISTENER_CERTIFICATE_NOT_PEM, about)),
            (not _ANYTHING.search(key), Message(issues.LISTENER_CERTIFICATE_NOT_PEM, about_key)),
            (_is_request(certificate), Message(issues.LISTENER_CERTIFICATE_REQUEST, about)),
            (not _CERTIFICATE.search(certificate), Message(issues.LISTENER_CERTIFICATE_ABSENT, about)),
            (_PASSWORD.search(key), Message(issues.LISTENER_KEY_ENCRYPTED, about_key)),
            (not _PRIVATE_KEY.search(key), Message(issues.LISTENER_KEY_ABSENT, about_key)),
        ):
            if is_wrong:
                yield problem
        certificates = x509.load_pem_x509_certificates(certificate)
        server = certificates[0]
        owners = [one for one in certificates if one.public_key() == _public_key(key)]
        if not owners:
            yield Message(issues.LISTENER_KEY_OTHER, {**about, "key_path": str(self._key)})
        elif server not in owners:
            first, name = _name(server.subject), _name(owners[0].subject)
            yield Message(issues.LISTENER_CERTIFICATE_ORDER, {**about, "first": first, "name": name})
        for one in _chain(certificates, now):
            if weakness := _weakness(one):
                name = _name(one.subject)
                yield Message(issues.LISTENER_CERTIFICATE_WEAK, {**about, "name": name, "weakness": weakness})

    def _certificate_problems(self, certificate: bytes, host: str, now: datetime) -> Iterator[Message]:
        """Yield what keeps cameras from accepting the certificate, or soon will, the most important first."""
        about = {"path": str(self._certificate)}
        certificates = x509.load_pem_x509_certificates(certificate)
        chain = _chain(certificates, now)
        server = chain[0]
        end = server.not_valid_after_utc
        if now < server.not_valid_before_utc:
            yield _clock(server, now)
        if now >= end:
            yield Message(issues.LISTENER_CERTIFICATE_EXPIRED, {**about, "end": f"{end:%Y-%m-%d}"})
        if not is_for(server, host):
            names = ", ".join(sorted(certificate_names(server))[:_MAX_NAMES])
            yield Message(issues.LISTENER_CERTIFICATE_NAMES, {**about, "host": host, "names": names or "-"})
        for issuer in chain[1:]:
            name = {"name": _name(issuer.subject)}
            if _is_over(issuer, now):
                last = f"{issuer.not_valid_after_utc:%Y-%m-%d}"
                yield Message(issues.LISTENER_ISSUER_EXPIRED, {**about, **name, "end": last})
            if now < issuer.not_valid_before_utc:
                begin = f"{issuer.not_valid_before_utc:%Y-%m-%d %H:%M}"
                moment = f"{now:%Y-%m-%d %H:%M}"
                yield Message(issues.LISTENER_ISSUER_EARLY, {**about, **name, "begin": begin, "now": moment})
        if _lacks_issuer(chain, certificates):
            yield Message(issues.LISTENER_ISSUER_MISSING, {**about, "issuer": _name(server.issuer)})
        if now >= end - ENDS_SOON:
            yield Message(issues.LISTENER_CERTIFICATE_ENDS, {**about, "end": f"{end:%Y-%m-%d}"})


def _read(path: Path) -> bytes:
    """Return what is in a file of the user. Raises OSError."""
    # Whatever else stands there: one would wait for a pipe.
    if not path.is_file() or path.stat().st_size > MAX_FILE:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return path.read_bytes()


def _is_request(pem: bytes) -> bool:
    return bool(_REQUEST.search(pem)) and not _CERTIFICATE.search(pem)


def _public_key(pem: bytes) -> object:
    """Return the public key to the private one in a file, which may hold other things as well."""
    found = _PRIVATE_KEY.search(pem)
    return serialization.load_pem_private_key(found[0] if found else pem, None).public_key()


def _chain(certificates: list[x509.Certificate], now: datetime) -> list[x509.Certificate]:
    """Return the first certificate and those that it hangs on, in whatever order they are."""
    chain = certificates[:1]
    while issuers := [one for one in certificates if one not in chain and _is_issuer(one, chain[-1])]:
        # An authority may have an old certificate and a new one.
        chain.append(max(issuers, key=lambda one: (now >= one.not_valid_before_utc, one.not_valid_after_utc)))
    return chain


def _is_issuer(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm:
        return False
    return True


def _lacks_issuer(chain: list[x509.Certificate], certificates: list[x509.Certificate]) -> bool:
    """Return True if another certificate is needed: not even a camera that trusts the authority can do without."""
    server = chain[0]
    if len(chain) > 1 or server.issuer == server.subject:
        return False
    # Somebody has put an authority there, but another one.
    return any(one != server for one in certificates) or any(
        policy.policy_identifier.dotted_string.startswith(_PUBLIC_POLICIES)
        for extension in server.extensions
        if isinstance(extension.value, x509.CertificatePolicies)
        for policy in extension.value
    )


def _weakness(certificate: x509.Certificate) -> str | None:
    """Return what makes OpenSSL refuse a certificate, None if it doesn't."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _MIN_EC_BITS:
        return f"EC {key.key_size}"
    # With its own signature an authority proves nothing.
    signature = certificate.signature_hash_algorithm
    if isinstance(signature, _WEAK_HASHES) and certificate.issuer != certificate.subject:
        return signature.name.upper()
    return None


def _name(name: x509.Name) -> str:
    """Return what somebody is called in a certificate."""
    parts = [str(part.value) for part in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    text = ", ".join(parts) or name.rfc4514_string()
    return "".join(character for character in text if character.isprintable())[:_MAX_NAME] or "-"


def _clock(certificate: x509.Certificate, now: datetime) -> Message:
    begin = certificate.not_valid_before_utc
    return Message(issues.LISTENER_CLOCK, {"now": f"{now:%Y-%m-%d %H:%M}", "begin": f"{begin:%Y-%m-%d %H:%M}"})


def _is_over(certificate: x509.Certificate, now: datetime) -> bool:
    return now >= certificate.not_valid_after_utc


def _read_pair(path: Path) -> CertificateAndKey | None:
    """Return what a file holds, None if there is no file or it is damaged; raises OSError if it can't be read."""
    try:
        return read_certificate_and_key(path.read_bytes())
    except FileNotFoundError, ValueError:
        return None


def _pair_if_any(path: Path) -> CertificateAndKey | None:
    """Return what a file holds, None if that can't be had for whatever reason."""
    try:
        return _read_pair(path)
    except OSError:
        return None


def _write(path: Path, pair: CertificateAndKey) -> None:
    """Store a key so that nobody else can read it at any time, and wholly or not at all; raises OSError."""
    new = path.with_suffix(".new")
    with _writing:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pair.pem)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

"""The listener's certificate from our own authority: both are made, stored and renewed here.

Knows nothing of the user's own files (certificate_files.py). Called in threads: by the listener, and for the
authority by the flow, its forms, the view that offers it and the diagnostics.
"""

from contextlib import suppress
from datetime import datetime
import os
from pathlib import Path
import ssl
from threading import Lock
from typing import Final, NamedTuple, Protocol, override

from cryptography import x509

from .. import issues
from ..texts import Message
from .authority import CertificateAndKey, is_usable, new_authority, new_server, read_certificate_and_key

AUTHORITY_FILE: Final = "authority.pem"
SERVER_FILE: Final = "server.pem"
# A listener may start while another listener stops.
_writing: Final = Lock()


class LoadedCertificate(NamedTuple):
    """The context to serve with, if there is one, and the problem, if there is one."""

    context: ssl.SSLContext | None
    problem: Message | None = None


class CertificateSource(Protocol):
    """A source of the listener's certificate. It reads files, so call it in a thread."""

    def load(self, names: list[str], now: datetime) -> LoadedCertificate:
        """Return a context for a server with these names; cameras use the first one."""


class ContextCache:
    """Keeps a context while its files don't change, so that clients can resume their TLS sessions."""

    def __init__(self) -> None:
        """Begin without a context."""
        self._content: list[bytes] = []
        self._context: ssl.SSLContext | None = None

    def get(self, certificate: Path, key: Path) -> ssl.SSLContext:
        """Return a context for a certificate and its key; raises OSError, of which ssl.SSLError is one."""
        content = [path.read_bytes() for path in (certificate, key)]
        if self._context is None or content != self._content:
            # Python's defaults are safe: TLS 1.2 or later, forward secrecy, no compression.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # Without this, OpenSSL would ask on the terminal for the password of an encrypted key.
            context.load_cert_chain(certificate, key, password=lambda: "")
            self._context, self._content = context, content
        return self._context


class OwnCertificates(CertificateSource):
    """Our own authority and the server's certificate, which is replaced before it expires."""

    def __init__(self, folder: Path) -> None:
        """Keep the certificates in a folder, which is created with the first one."""
        self._authority_file = folder / AUTHORITY_FILE
        self._server_file = folder / SERVER_FILE
        self._contexts = ContextCache()

    def create(self, now: datetime) -> x509.Certificate:
        """Return the authority's certificate, after making one if needed; raises OSError if it can't be stored."""
        authority = _read(self._authority_file)
        if authority is None or is_expired(authority.certificate, now):
            authority = new_authority(now)
            self._authority_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._authority_file, authority)
        return authority.certificate

    def authority(self) -> x509.Certificate | None:
        """Return the certificate to install in cameras, None if it can't be read."""
        authority = _read_if_possible(self._authority_file)
        return authority and authority.certificate

    @override
    def load(self, names: list[str], now: datetime) -> LoadedCertificate:
        server = _read_if_possible(self._server_file)
        # Without the authority, the server's certificate is used until it expires.
        context: ssl.SSLContext | None = None
        if server and not is_expired(server.certificate, now):
            # A certificate that OpenSSL rejects is replaced below.
            with suppress(OSError):
                context = self._contexts.get(self._server_file, self._server_file)
        authority = _read_if_possible(self._authority_file)
        if authority is None or is_expired(authority.certificate, now):
            about = {"path": str(self._authority_file)}
            return LoadedCertificate(context, Message(issues.LISTENER_AUTHORITY_DAMAGED.key, about))
        if now < authority.certificate.not_valid_before_utc:
            return LoadedCertificate(context, clock_problem(authority.certificate, now))
        if server and context and is_usable(server.certificate, authority.certificate, names, now):
            return LoadedCertificate(context)
        try:
            _write(self._server_file, new_server(authority, names, now))
        except OSError as err:
            about = {"path": str(self._server_file), "error": err.strerror or str(err)}
            return LoadedCertificate(context, Message(issues.LISTENER_CERTIFICATE_UNWRITABLE.key, about))
        return LoadedCertificate(self._contexts.get(self._server_file, self._server_file))


def is_expired(certificate: x509.Certificate, now: datetime) -> bool:
    """Return True if a certificate has expired."""
    return now >= certificate.not_valid_after_utc


def clock_problem(certificate: x509.Certificate, now: datetime) -> Message:
    """Return the problem of a certificate that isn't valid yet: most likely the clock is wrong."""
    begin = certificate.not_valid_before_utc
    return Message(issues.LISTENER_CLOCK.key, {"now": f"{now:%Y-%m-%d %H:%M}", "begin": f"{begin:%Y-%m-%d %H:%M}"})


def _read(path: Path) -> CertificateAndKey | None:
    """Return the content of a file, None if it is absent or damaged; raises OSError if it can't be read."""
    try:
        return read_certificate_and_key(path.read_bytes())
    except FileNotFoundError, ValueError:
        return None


def _read_if_possible(path: Path) -> CertificateAndKey | None:
    """Return the content of a file, None if it is absent, damaged or can't be read."""
    try:
        return _read(path)
    except OSError:
        return None


def _write(path: Path, content: CertificateAndKey) -> None:
    """Replace a file in one step; nobody else can read the key at any time. Raises OSError."""
    new = path.with_suffix(".new")
    with _writing:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content.pem)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

"""Where the listener's certificate comes from: an authority of our own, or files of the user."""

from contextlib import suppress
from datetime import datetime, timedelta
import errno
import os
from pathlib import Path
import ssl
from threading import Lock
from typing import Final, NamedTuple, Protocol, override

from cryptography import x509

from . import issues
from .authority import Pair, is_for, is_good, names_of, new_authority, new_server, read_pair

AUTHORITY_FILE: Final = "authority.pem"
SERVER_FILE: Final = "server.pem"
# A user's own certificate is renewed by somebody else, who is told that early.
ENDS_SOON: Final = timedelta(days=14)
# One listener may begin while another one ends.
_writing: Final = Lock()
MAX_FILE: Final = 1024 * 1024
_MAX_NAMES: Final = 5


class Problem(NamedTuple):
    """What is wrong: the key and the placeholders of a translated sentence."""

    key: str
    placeholders: dict[str, str]


class Loaded(NamedTuple):
    """What there is to serve with, and what is wrong with it, if anything."""

    context: ssl.SSLContext | None
    problem: Problem | None = None


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
            return Loaded(context, Problem(issues.LISTENER_AUTHORITY_DAMAGED, about))
        if now < authority.certificate.not_valid_before_utc:
            return Loaded(context, _clock(authority.certificate, now))
        if server and context and is_good(server.certificate, authority.certificate, names, now):
            return Loaded(context)
        try:
            _write(self._server_file, new_server(authority, names, now))
        except OSError as err:
            about = {"path": str(self._server_file), "error": err.strerror or str(err)}
            return Loaded(context, Problem(issues.LISTENER_CERTIFICATE_UNWRITABLE, about))
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
            for path in (self._certificate, self._key):
                # Whatever else stands there: one would wait for a pipe.
                if not path.is_file() or path.stat().st_size > MAX_FILE:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            context = self._contexts.of(self._certificate, self._key)
            certificate = x509.load_pem_x509_certificate(self._certificate.read_bytes())
        except ssl.SSLError, ValueError:
            about = {"path": str(self._certificate), "key_path": str(self._key)}
            return Loaded(None, Problem(issues.LISTENER_CERTIFICATE_DAMAGED, about))
        except OSError as err:
            return Loaded(None, Problem(issues.LISTENER_CERTIFICATE_UNREADABLE, {"path": str(err.filename)}))
        return Loaded(context, _problem_of(certificate, self._certificate, names[0], now))


def _problem_of(certificate: x509.Certificate, path: Path, host: str, now: datetime) -> Problem | None:
    """Return what keeps cameras from accepting a certificate of the user, or soon will."""
    end = certificate.not_valid_after_utc
    if now < certificate.not_valid_before_utc:
        return _clock(certificate, now)
    if now >= end:
        return Problem(issues.LISTENER_CERTIFICATE_EXPIRED, {"path": str(path), "end": f"{end:%Y-%m-%d}"})
    if not is_for(certificate, host):
        names = ", ".join(sorted(names_of(certificate))[:_MAX_NAMES])
        return Problem(issues.LISTENER_CERTIFICATE_NAMES, {"path": str(path), "host": host, "names": names or "-"})
    if now >= end - ENDS_SOON:
        return Problem(issues.LISTENER_CERTIFICATE_ENDS, {"path": str(path), "end": f"{end:%Y-%m-%d}"})
    return None


def _clock(certificate: x509.Certificate, now: datetime) -> Problem:
    begin = certificate.not_valid_before_utc
    return Problem(issues.LISTENER_CLOCK, {"now": f"{now:%Y-%m-%d %H:%M}", "begin": f"{begin:%Y-%m-%d %H:%M}"})


def _is_over(certificate: x509.Certificate, now: datetime) -> bool:
    return now >= certificate.not_valid_after_utc


def _read_pair(path: Path) -> Pair | None:
    """Return what a file holds, None if there is no file or it is damaged; raises OSError if it can't be read."""
    try:
        return read_pair(path.read_bytes())
    except FileNotFoundError, ValueError:
        return None


def _pair_if_any(path: Path) -> Pair | None:
    """Return what a file holds, None if that can't be had for whatever reason."""
    try:
        return _read_pair(path)
    except OSError:
        return None


def _write(path: Path, pair: Pair) -> None:
    """Store a key so that nobody else can read it at any time, and wholly or not at all; raises OSError."""
    new = path.with_suffix(".new")
    with _writing:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pair.pem)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

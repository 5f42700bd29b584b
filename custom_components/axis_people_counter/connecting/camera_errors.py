"""The errors of requests to cameras, with translated messages. Raised by vapix.py and what uses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from ssl import SSLCertVerificationError, SSLError
from typing import Final, cast

from aiohttp import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ServerFingerprintMismatch,
)

from ..texts import Message
from .certificate_reasons import certificate_reason

# OpenSSL's reasons for a response that isn't TLS.
_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})


class CameraError(Exception):
    """A request to a camera failed; has a translated message."""

    def __init__(self, key: str, **placeholders: str) -> None:
        """Create the message. Texts of the camera are one short line, not escaped for Markdown."""
        super().__init__(key)
        self.message = Message(key, placeholders)


class NotListeningError(CameraError):
    """Nothing listens at the address, or nothing that speaks TLS."""


class CertificateError(CameraError):
    """The certificate of a camera can't be verified."""

    def __init__(self, message: Message, reason: Message) -> None:
        """Keep why it can't."""
        super().__init__(message.key, **message.placeholders)
        self.reason = reason


class UnverifiedCertificateError(CertificateError):
    """The certificate of a camera can't be verified; nothing was sent."""

    def __init__(self, error: CertificateError, fingerprint: str) -> None:
        """Keep the SHA-256 of the certificate in hex digits: a person may accept it."""
        super().__init__(error.message, error.reason)
        self.fingerprint = fingerprint


@contextmanager
def translated_errors(address: str) -> Iterator[None]:
    """Translate errors of aiohttp, which may contain headers and so credentials, to CameraError."""
    try:
        yield
    except TimeoutError:
        raise CameraError("camera_timeout", address=address) from None
    except ClientConnectorCertificateError as err:
        error = cast(SSLCertVerificationError, err.certificate_error)
        message = Message("camera_certificate", {"address": address})
        raise CertificateError(message, certificate_reason(error)) from None
    except ClientConnectorSSLError as err:
        reason = err.os_error.reason if isinstance(err.os_error, SSLError) else None
        error_class = NotListeningError if reason in _NOT_TLS else CameraError
        raise error_class("camera_unreachable", address=address) from None
    except ServerFingerprintMismatch:
        raise CameraError("camera_other_certificate", address=address) from None
    except ClientConnectorDNSError:
        raise CameraError("camera_unreachable", address=address) from None
    except ClientConnectorError:
        raise NotListeningError("camera_unreachable", address=address) from None
    except ClientConnectionError, OSError:
        raise CameraError("camera_unreachable", address=address) from None
    except ClientError, ValueError:
        raise CameraError("camera_not_axis", address=address) from None

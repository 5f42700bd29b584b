"""How cameras get here: certificates, the HTTPS port of our own, and the set-up of a camera."""

from .authority import certificate_pem, fingerprint, names_of
from .camera_setup import CAMERA_SCHEMA, CONF_TRUST_CERTIFICATE, async_prepare
from .listener import DATA_LISTENER, Listener, ListenerSettings, async_is_own, own_certificates
from .pasted_text import is_one_word, trimmed
from .server import listening_sockets
from .vapix import CameraError, CameraWeb

__all__ = [
    "CAMERA_SCHEMA",
    "CONF_TRUST_CERTIFICATE",
    "DATA_LISTENER",
    "CameraError",
    "CameraWeb",
    "Listener",
    "ListenerSettings",
    "async_is_own",
    "async_prepare",
    "certificate_pem",
    "fingerprint",
    "is_one_word",
    "listening_sockets",
    "names_of",
    "own_certificates",
    "trimmed",
]

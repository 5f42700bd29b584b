"""How cameras reach Home Assistant: certificates, an HTTPS port for cameras only, and the set-up of a camera."""

from .authority import certificate_names, certificate_pem, fingerprint
from .camera_access import CameraAccess, async_checked_access
from .camera_errors import CameraError, UnverifiedCertificateError
from .camera_setup import (
    CAMERA_SCHEMA,
    CONF_CONNECTION,
    async_camera_problem,
    async_prepare_camera,
    camera_web,
    suggested_camera,
)
from .certificate_reasons import HAS_EXPIRED, NOT_TRUSTED, NOT_YET_VALID, OTHER_NAME, SELF_SIGNED, certificate_reason
from .counting_api import CountingApi, NoCountsError
from .event_stream import EventStream
from .listener import DATA_LISTENER, Listener, ListenerSettings, async_is_this_machine, own_certificates
from .pasted_text import is_all_visible, strip_invisible
from .sockets import listening_sockets
from .vapix import CameraIdentity, Connection, CountingApplication

__all__ = [
    "CAMERA_SCHEMA",
    "CONF_CONNECTION",
    "DATA_LISTENER",
    "HAS_EXPIRED",
    "NOT_TRUSTED",
    "NOT_YET_VALID",
    "OTHER_NAME",
    "SELF_SIGNED",
    "CameraAccess",
    "CameraError",
    "CameraIdentity",
    "Connection",
    "CountingApi",
    "CountingApplication",
    "EventStream",
    "Listener",
    "ListenerSettings",
    "NoCountsError",
    "UnverifiedCertificateError",
    "async_camera_problem",
    "async_checked_access",
    "async_is_this_machine",
    "async_prepare_camera",
    "camera_web",
    "certificate_names",
    "certificate_pem",
    "certificate_reason",
    "fingerprint",
    "is_all_visible",
    "listening_sockets",
    "own_certificates",
    "strip_invisible",
    "suggested_camera",
]

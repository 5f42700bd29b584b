"""The addresses that cameras call: HTTP only. The receiver stores what a push contains."""

from .bodies import MAX_BODY
from .probe import MAX_PROBE, PROBE_HEADER, Probe
from .tokens import async_remove_expired_tokens, new_token, with_new_token
from .view import REFUSALS, AuthorityView, ConnectionTest, NotReadyError, WrongTokenError, async_register_views

__all__ = [
    "MAX_BODY",
    "MAX_PROBE",
    "PROBE_HEADER",
    "REFUSALS",
    "AuthorityView",
    "ConnectionTest",
    "NotReadyError",
    "Probe",
    "WrongTokenError",
    "async_register_views",
    "async_remove_expired_tokens",
    "new_token",
    "with_new_token",
]

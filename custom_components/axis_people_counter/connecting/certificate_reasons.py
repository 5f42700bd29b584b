"""Why a server's certificate isn't trusted: OpenSSL's codes, and a translated reason for each."""

import ssl
from typing import Final

from ..texts import Message, plain

MAX_REASON: Final = 200

# OpenSSL's X509_V_ERR_….
NOT_YET_VALID: Final = 9
HAS_EXPIRED: Final = 10
SELF_SIGNED: Final = 18
NOT_TRUSTED: Final = (2, SELF_SIGNED, 19, 20, 21)
OTHER_NAME: Final = (62, 64)


def certificate_reason(err: ssl.SSLCertVerificationError) -> Message:
    """Return why a certificate can't be verified, to be shown after a colon."""
    code = err.verify_code
    if code == NOT_YET_VALID:
        return Message("certificate_not_yet_valid")
    if code == HAS_EXPIRED:
        return Message("certificate_expired")
    if code == SELF_SIGNED:
        return Message("certificate_self_signed")
    if code in NOT_TRUSTED:
        return Message("certificate_unknown_issuer")
    if code in OTHER_NAME:
        return Message("certificate_other_name")
    # OpenSSL has a hundred more, in English.
    error = " ".join(err.verify_message.split())[:MAX_REASON]
    return Message("certificate_invalid", {"error": plain(error)})

"""Each reason why a certificate isn't trusted is a sentence in the user's language."""

import ssl

import pytest

from custom_components.axis_people_counter.connecting import certificate_reason

from .helpers.translations import translation


@pytest.mark.parametrize(
    ("code", "german"),
    [
        (9, "noch nicht gültig"),
        (10, "abgelaufen"),
        (18, "selbst signiertes Zertifikat"),
        (19, "unbekannter Aussteller"),
        (20, "unbekannter Aussteller"),
        (62, "für einen anderen Namen ausgestellt"),
        (64, "für einen anderen Namen ausgestellt"),
        (66, r"ungültig (EE \*certificate\* key too weak)"),
    ],
)
def test_reasons(code: int, german: str) -> None:
    """Translate OpenSSL's codes; show its own text for the rare ones, on one line."""
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "EE *certificate*\nkey too weak"
    key, placeholders = certificate_reason(error)
    assert translation("de")["exceptions"][key]["message"].format_map(placeholders) == german

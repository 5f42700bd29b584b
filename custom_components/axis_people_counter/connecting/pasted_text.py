"""Text that people paste into forms, often with characters that can't be seen.

Knows no forms. Called by address_form, camera_address and vapix.
"""


def strip_invisible(text: str) -> str:
    """Return text without invisible characters at both ends: spaces, line breaks, characters of zero width."""
    visible = [index for index, character in enumerate(text) if _is_visible(character)]
    return text[visible[0] : visible[-1] + 1] if visible else ""


def is_all_visible(text: str) -> bool:
    """Return True if text isn't empty and has no invisible characters."""
    return bool(text) and all(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    return character.isprintable() and not character.isspace()

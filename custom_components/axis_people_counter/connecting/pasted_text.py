"""Text that people enter in forms, most often pasted from elsewhere."""


def strip_invisible(text: str) -> str:
    """Return text without what can't be seen at both ends: spaces, line ends, marks of zero width."""
    seen = [place for place, character in enumerate(text) if _is_visible(character)]
    return text[seen[0] : seen[-1] + 1] if seen else ""


def is_all_visible(text: str) -> bool:
    """Return True if there is something, and nothing in it that can't be seen."""
    return bool(text) and all(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    return character.isprintable() and not character.isspace()

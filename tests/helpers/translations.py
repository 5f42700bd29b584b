"""The translations of the integration."""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
from typing import Any, Final

from custom_components.axis_people_counter.const import DOMAIN

INTEGRATION: Final = Path(__file__).parents[2] / "custom_components" / DOMAIN

type Texts = dict[str, str]


def flat(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of a translation with its path."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def translation(language: str) -> dict[str, Any]:
    """Return a translation."""
    tree: dict[str, Any] = json.loads((INTEGRATION / "translations" / f"{language}.json").read_text())
    return tree


ENGLISH: Final = translation("en")
ENGLISH_TEXTS: Final[Texts] = dict(flat(ENGLISH))

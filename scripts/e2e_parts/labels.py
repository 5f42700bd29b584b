"""The labels of Home Assistant's own pages: the documentation must call them what the newest release calls them."""

from __future__ import annotations

from collections.abc import Iterator
import json
from pathlib import Path

import homeassistant.components
from scripts.e2e_parts.texts import flat
from tests.helpers.home_assistant import INTEGRATION

# Integrations of Home Assistant whose forms the documentation explains.
_EXPLAINED = ("utility_meter",)


def shown_labels() -> set[str]:
    """Return all English texts of Home Assistant's pages, and the name of the integration."""
    name: str = json.loads((INTEGRATION / "manifest.json").read_text())["name"]
    return {name} | {text for file in _files() for _, text in flat(json.loads(file.read_text()))}


def _files() -> Iterator[Path]:
    # Home Assistant's pages are installed while the script runs.
    import hass_frontend

    # British English has files of its own: en-GB-…
    yield from (hass_frontend.where() / "static" / "translations").rglob("en-[0-9a-f]*.json")
    for name in _EXPLAINED:
        yield Path(homeassistant.components.__path__[0]) / name / "translations" / "en.json"

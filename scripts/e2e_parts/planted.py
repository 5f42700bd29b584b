"""Faults in a copy of the integration, put there on purpose: the walks must find each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
from typing import Any

from scripts.e2e_parts.checks import NO_LABEL

# A missing text can be seen in every language but English.
KIND = "desktop-de"
WALKS = ("add", "places", "occupancy", "dashboards", "door")
_LONG = "Ein Name, der in keine Zeile passt, weil er alles sagt, was in der Dokumentation stehen sollte, und noch mehr"


@dataclass(frozen=True)
class Planted:
    """A fault: what it is, the file that has it, and a part of the sentence that reports it."""

    name: str
    file: str
    change: Callable[[str], str]
    found: str


def _translations(change: Callable[[dict[str, Any]], object]) -> Callable[[str], str]:
    """Return a change of a file of translations."""

    def changed(text: str) -> str:
        texts = json.loads(text)
        change(texts)
        return json.dumps(texts)

    return changed


_STEP = ("config_subentries", "place", "step", "user")


def _step(texts: dict[str, Any]) -> dict[str, Any]:
    """Return the texts of the form for a new place."""
    for key in _STEP:
        texts = texts[key]
    return texts


PLANTED = (
    Planted(
        "a missing translation",
        "translations/de.json",
        _translations(lambda texts: _step(texts)["data_description"].pop("doors")),
        f"({'.'.join(_STEP)}.data_description.doors)",
    ),
    Planted(
        "a cut label",
        "translations/de.json",
        _translations(lambda texts: texts["entity"]["sensor"]["peak_today"].update(name=_LONG)),
        f"Cut text: '{_LONG}'",
    ),
    Planted(
        "a wrong label of a button",
        "translations/de.json",
        _translations(lambda texts: _step(texts).update(submit=NO_LABEL["de"])),
        "The button doesn't say what it does: Ort",
    ),
    Planted(
        "an error in the console",
        "dashboards/frontend/dashboards.js",
        lambda text: f"{text}\nthrow new Error('Planted');\n",
        "Error: Planted",
    ),
    Planted(
        "a blank screen at the door",
        "dashboards/frontend/door.js",
        lambda text: text.replace(".screen {\n    display: grid", ".screen {\n    display: none"),
        "The screen is blank",
    ),
)


def plant(integration: Path, copy: Path) -> None:
    """Copy the integration, and put the faults into the copy."""
    shutil.copytree(integration, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for planted in PLANTED:
        file = copy / planted.file
        file.write_text(planted.change(file.read_text()))

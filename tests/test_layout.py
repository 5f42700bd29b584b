"""The rules for imports between modules and folders.

Each rule is also tested with a tree of files that breaks it.
"""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
import re
from typing import Final, NamedTuple

import pytest

from custom_components.axis_people_counter.const import DOMAIN

INTEGRATION: Final = Path(__file__).parents[1] / "custom_components" / DOMAIN
# From outside, only the __init__.py of these folders may be imported.
PACKAGES: Final = (
    "counting",
    "ledger",
    "old_counts",
    "connecting",
    "statistics",
    "receiver",
    "http",
    "dashboards",
    "reports",
    "flows",
    "checks",
    "opening",
    "comparison",
    "exports",
    "voice",
    "sensors",
    "texts",
)
# From top to bottom: a module imports only from lower lines, and from its own folder.
LAYERS: Final = (
    ("__init__",),
    ("config_flow", "repairs", "diagnostics", "system_health", "logbook"),
    ("flows", "services", "backup"),
    ("import_actions",),
    ("reports",),
    ("address_check", "action_targets"),
    ("http", "exports", "dashboards", "sensor", "binary_sensor", "button", "event", "number", "switch"),
    ("sensors",),
    ("voice",),
    ("renamed_entities",),
    ("entity",),
    ("receiver",),
    ("imports",),
    ("checks",),
    ("comparison",),
    ("history", "live_polling"),
    ("place_coordinator",),
    ("opening",),
    ("coordinator",),
    ("ledger_coordinator", "live_camera", "camera_problems"),
    ("statistics",),
    ("devices", "door_entities"),
    ("settings",),
    ("schedules",),
    ("connecting",),
    ("issues",),
    ("texts",),
    ("core_internals",),
    ("const",),
    ("ledger", "old_counts"),
    ("counting",),
)


def modules(root: Path) -> dict[str, Path]:
    """Return the files of an integration by module name; the name of an __init__.py is that of its folder."""
    found: dict[str, Path] = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)
        found[name] = path
    return found


class Import(NamedTuple):
    """An import of a module of the integration, by its name there, or of another package, by its name."""

    importer: str
    imported: str
    is_own: bool


def imports(root: Path) -> Iterator[Import]:
    """Yield all imports in an integration."""
    known = modules(root)
    for name, path in known.items():
        folder = list(path.relative_to(root).parts[:-1])
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (Import(name, alias.name.partition(".")[0], False) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield Import(name, (node.module or "").partition(".")[0], False)
            elif isinstance(node, ast.ImportFrom):
                start = folder[: len(folder) + 1 - node.level]
                base = ".".join([*start, *([node.module] if node.module else [])])
                for alias in node.names:
                    member = f"{base}.{alias.name}" if base else alias.name
                    yield Import(name, member if member in known else base or "__init__", True)


def folder_of(name: str) -> str:
    """Return the folder of a module, or the module itself if it is in none."""
    first = name.partition(".")[0]
    return first if first in PACKAGES else name


def violations(root: Path) -> list[str]:
    """Return a message for each import that breaks a rule."""
    known = modules(root)
    layer_of = {name: number for number, names in enumerate(LAYERS) for name in names}
    found: list[str] = []
    graph: dict[str, set[str]] = {name: set() for name in known}
    for importer, imported, is_own in imports(root):
        inside = folder_of(importer)
        if not is_own:
            if inside in ("counting", "ledger", "old_counts") and imported in (
                "homeassistant",
                "voluptuous",
                "aiohttp",
            ):
                found.append(f"{importer} imports {imported}")
            continue
        graph[importer].add(imported)
        target = folder_of(imported)
        if target == inside:
            continue
        if target in PACKAGES and imported != target:
            found.append(f"{importer} imports {imported} from inside {target}")
        if layer_of[target] <= layer_of[inside]:
            found.append(f"{importer} imports {imported} from above")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as err:
        found.append(f"cycle: {' -> '.join(err.args[1])}")
    return found


def test_only_two_modules_read_the_intervals() -> None:
    """Counts are read through functions of ledger/intervals.py, because they may be in rows or packed."""
    sql = re.compile(r"\b(FROM|JOIN|INTO|UPDATE|TABLE)\s+(intervals|packed_days)\b")
    naming = {
        name
        for name, path in modules(INTEGRATION).items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and sql.search(node.value)
    }
    assert naming == {"ledger.intervals", "ledger.packed_days", "ledger.schema"}


def test_rules() -> None:
    """Every module has a layer, and no import breaks a rule."""
    assert {folder_of(name) for name in modules(INTEGRATION)} == {name for names in LAYERS for name in names}
    assert violations(INTEGRATION) == []


@pytest.mark.parametrize(
    ("files", "violation"),
    [
        ({"counting/rows": "import homeassistant.core"}, "counting.rows imports homeassistant"),
        ({"ledger/file": "from homeassistant.core import HomeAssistant"}, "ledger.file imports homeassistant"),
        ({"counting/rows": "from ..ledger import Ledger"}, "counting.rows imports ledger from above"),
        ({"ledger/file": "from ..const import DOMAIN"}, "ledger.file imports const from above"),
        ({"statistics": "from .receiver import Receiver"}, "statistics imports receiver from above"),
        ({"receiver": "from . import http"}, "receiver imports http from above"),
        ({"sensor": "from .button import Button"}, "sensor imports button from above"),
        ({"receiver": "from .ledger.file import LedgerFile"}, "receiver imports ledger.file from inside ledger"),
        (
            {"counting/rows": "from .overlap import a", "counting/overlap": "from .rows import b"},
            "cycle: counting.overlap -> counting.rows -> counting.overlap",
        ),
    ],
)
def test_rules_are_noticed(tmp_path: Path, files: dict[str, str], violation: str) -> None:
    """An import that breaks a rule is found."""
    for name in ("counting/__init__", "ledger/__init__", "const", "receiver", "http", "button"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").touch()
    for name in ("ledger/file", *files):
        (tmp_path / f"{name}.py").write_text(files.get(name, ""))
    assert violations(tmp_path) == [violation]

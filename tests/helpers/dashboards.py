"""The dashboards of the documentation: read them, install them in Home Assistant, compare them with what it has.

The demo installs and checks them. The tests read them without Home Assistant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from homeassistant.util.yaml import parse_yaml

DOCS = Path(__file__).parents[2] / "docs"
# By URL path in the demo: the file, and the icon in the sidebar.
DASHBOARDS = {
    "people-counter": (DOCS / "dashboard.yaml", "mdi:account-group"),
    "people-counter-door": (DOCS / "dashboard-door.yaml", "mdi:traffic-light"),
    "people-counter-office": (DOCS / "dashboard-office.yaml", "mdi:storefront"),
}
# The key of the place in these files. Each real place has another one.
DOCUMENTED_KEY = "01k0a1b2c3d4e5f6g7h8j9kmnp"

# Keys of entities that both cameras and places have, and of those that only places have.
OF_BOTH = {"in_today", "occupancy", "occupied", "out_today", "reset_occupancy"}
OF_PLACES = {
    "complete_until",
    "drift_today",
    "free_places",
    "full",
    "incomplete",
    "nearly_full",
    "occupancy_correction",
    "occupancy_percentage",
    "peak_today",
    "threshold",
}


class Commands(Protocol):
    """A Home Assistant that takes commands of the websocket API."""

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send one command and return its result."""


def read_dashboard(path: str, key: str = DOCUMENTED_KEY) -> dict[str, Any]:
    """Return a dashboard of the documentation, for the place with this key."""
    file, _ = DASHBOARDS[path]
    config = parse_yaml(file.read_text().replace(DOCUMENTED_KEY, key.lower()))
    assert isinstance(config, dict)
    return config


def referenced(config: Any) -> Iterator[str]:
    """Yield the ids of the entities and statistics in a dashboard."""
    if isinstance(config, list):
        for item in config:
            yield from referenced(item)
    elif isinstance(config, dict):
        for key, item in config.items():
            if key in ("entity", "entity_id"):
                yield from [item] if isinstance(item, str) else item
            else:
                yield from referenced(item)


async def install_dashboards(home: Commands, key: str) -> None:
    """Create the dashboards as a user who pastes them, with the key of the place in them."""
    for path, (_, icon) in DASHBOARDS.items():
        config = read_dashboard(path, key)
        await home.command(
            "lovelace/dashboards/create",
            url_path=path,
            title=config["title"],
            icon=icon,
            show_in_sidebar=True,
            require_admin=False,
            mode="storage",
        )
        await home.command("lovelace/config/save", url_path=path, config=config)


async def dashboard_differences(home: Commands, states: Mapping[str, Mapping[str, Any]], key: str) -> list[str]:
    """Return what is wrong with the installed dashboards."""
    installed = [dashboard["url_path"] for dashboard in await home.command("lovelace/dashboards/list")]
    known = {state["entity_id"] for state in states.values()}
    known |= {statistic["statistic_id"] for statistic in await home.command("recorder/list_statistic_ids")}
    wrong: list[str] = []
    for path in DASHBOARDS:
        if path not in installed:
            wrong.append(f"The dashboard {path} doesn't exist")
            continue
        config = await home.command("lovelace/config", url_path=path)
        missing = sorted(set(referenced(config)) - known)
        wrong += [f"The dashboard {path} names {name}, which doesn't exist" for name in missing]
        if config != read_dashboard(path, key):
            wrong.append(f"The dashboard {path} differs from the documentation")
    return wrong

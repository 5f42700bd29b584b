"""Dashboards that build themselves: install them in Home Assistant, and compare what they show with what it has.

The demo and scripts/e2e use this. The tests read the ids in a dashboard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from custom_components.axis_people_counter.const import DOMAIN


class Dashboard(NamedTuple):
    """A kind of dashboard, as a person adds it."""

    kind: str
    type: str
    title: str
    icon: str


# By URL path in the demo.
DASHBOARDS = {
    "people-counter": Dashboard("overview", "custom:people-counter", "People counter", "mdi:account-group"),
    "people-counter-door": Dashboard("door", "custom:people-counter-door", "Door", "mdi:door"),
    "people-counter-office": Dashboard("office", "custom:people-counter-office", "Office", "mdi:storefront"),
}


class Commands(Protocol):
    """A Home Assistant that takes commands of the websocket API."""

    async def command(self, kind: str, /, **fields: Any) -> Any:
        """Send one command and return its result."""


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


async def install_dashboards(home: Commands) -> None:
    """Create the dashboards, as the dialog of Home Assistant does."""
    for path, dashboard in DASHBOARDS.items():
        await home.command(
            "lovelace/dashboards/create",
            url_path=path,
            title=dashboard.title,
            icon=dashboard.icon,
            show_in_sidebar=True,
            require_admin=False,
            mode="storage",
        )
        await home.command("lovelace/config/save", url_path=path, config={"strategy": {"type": dashboard.type}})


async def dashboard_differences(home: Commands, states: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with the dashboards, by what the integration answers."""
    installed = [dashboard["url_path"] for dashboard in await home.command("lovelace/dashboards/list")]
    entities = {state["entity_id"] for state in states.values()}
    known = entities | {statistic["statistic_id"] for statistic in await home.command("recorder/list_statistic_ids")}
    wrong: list[str] = []
    for path, dashboard in DASHBOARDS.items():
        if path not in installed:
            wrong.append(f"The dashboard {path} doesn't exist")
            continue
        shown = set(referenced(await home.command(f"{DOMAIN}/dashboard", kind=dashboard.kind)))
        wrong += [f"The dashboard {path} names {name}, which doesn't exist" for name in sorted(shown - known)]
        if not shown & entities:
            wrong.append(f"The dashboard {path} shows nothing")
    return wrong

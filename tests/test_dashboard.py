"""The dashboard of the documentation: only Home Assistant's own cards, and only what the demo's cameras have."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final
from zoneinfo import ZoneInfo

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.statistics import statistic_ids
from homeassistant.util import slugify
from scripts.demo import DASHBOARD, DASHBOARD_PATH, cameras, dashboard, dashboard_differences, install_dashboard, named

INTEGRATION: Final = Path(__file__).parents[1] / "custom_components" / DOMAIN
ENTITIES: Final = json.loads((INTEGRATION / "translations" / "en.json").read_text())["entity"]
# What the supported versions of Home Assistant have; another one may be added once it is known to look well in both.
CARDS: Final = {"heading", "statistic", "statistics-graph", "tile"}
MOUNTED: Final = cameras("http://127.0.0.1", "", ZoneInfo("UTC"))


class Home:
    """What the demo asks of Home Assistant's websocket API."""

    def __init__(self) -> None:
        """Have no dashboard."""
        self.created: list[dict[str, Any]] = []
        self.saved: dict[str, Any] = {}

    async def command(self, kind: str, **fields: Any) -> Any:
        """Answer a command."""
        match kind:
            case "lovelace/dashboards/create":
                self.created.append(fields)
            case "lovelace/config/save":
                # As it comes over the wire.
                self.saved[fields["url_path"]] = json.loads(json.dumps(fields["config"]))
            case "lovelace/dashboards/list":
                return self.created
            case "lovelace/config":
                return self.saved[fields["url_path"]]
            case "recorder/list_statistic_ids":
                return [{"statistic_id": name} for name in possible_statistics()]
        return None


def possible_entities() -> set[str]:
    """Return the ids of all entities that the demo's cameras can have."""
    return {
        f"{platform}.{slugify(f'{camera.name} {entity["name"]}')}"
        for camera in MOUNTED
        for platform, entities in ENTITIES.items()
        for key, entity in entities.items()
        if camera.model.adults or not key.startswith("adults_")
    }


def possible_statistics() -> set[str]:
    """Return the ids of all statistics that the demo's cameras have."""
    return {
        name
        for camera in MOUNTED
        for key, name in statistic_ids(camera.serial).items()
        if camera.model.adults or not key.startswith("adults_")
    }


def parts(config: Any) -> Iterator[dict[str, Any]]:
    """Yield everything of a dashboard that has a type."""
    if isinstance(config, list):
        for one in config:
            yield from parts(one)
    elif isinstance(config, dict):
        if "type" in config:
            yield config
        for one in config.values():
            yield from parts(one)


def states(entities: set[str]) -> dict[str, dict[str, str]]:
    """Return states as the demo asks for them."""
    return {entity: {"entity_id": entity} for entity in entities}


def test_only_own_cards() -> None:
    """Views and sections are of the usual kinds, and no card has to be installed."""
    views = dashboard()["views"]
    assert [view["title"] for view in views] == ["Today", "History"]
    for view in views:
        assert view["type"] == "sections"
        for section in view["sections"]:
            assert section["type"] == "grid"
            assert section.get("column_span", 1) <= view["max_columns"]
            assert {card["type"] for card in section["cards"]} <= CARDS
    assert {part["type"] for part in parts(views)} <= {*CARDS, "sections", "grid", "entity"}


def test_names_only_what_is_there() -> None:
    """Each entity and each statistic is one of the demo's cameras, and each camera is there."""
    found = set(named(dashboard()))
    text = re.sub("^ *#.*$", "", DASHBOARD.read_text(), flags=re.MULTILINE)
    assert found == set(re.findall(rf"(?:{'|'.join(ENTITIES)})\.\w+|{DOMAIN}:\w+", text))
    assert found <= possible_entities() | possible_statistics()
    for camera in MOUNTED:
        assert {name.partition(".")[2] for name in found} >= {
            f"{slugify(camera.name)}_{key}" for key in ("in_today", "out_today", "occupancy", "connectivity", "passage")
        }
        ids = statistic_ids(camera.serial)
        assert found >= {ids["in"], ids["out"], ids["occupancy"]}


def test_charts_show_what_series_have() -> None:
    """Counts are shown as what was added, occupancy as what it was; all by the hour or longer."""
    charts = [part for part in parts(dashboard()) if part["type"] in ("statistic", "statistics-graph")]
    assert charts
    for chart in charts:
        shown = {name.rpartition("_")[2] for name in named(chart)}
        wanted = ["mean", "min", "max"] if shown == {"occupancy"} else "change"
        assert "occupancy" not in shown or shown == {"occupancy"}
        assert chart.get("stat_types", chart.get("stat_type")) == wanted
        assert chart["period"] in ("hour", "day", "week") or chart["period"].keys() == {"calendar"}


def test_comments_name_what_to_replace() -> None:
    """What stands above the dashboard names each camera as it is in there."""
    text = DASHBOARD.read_text()
    comment = text.partition("\ntitle:")[0]
    for camera in MOUNTED:
        for name in (camera.name, slugify(camera.name), camera.serial):
            assert name in comment
            assert name in text.removeprefix(comment)


async def test_demo_installs_it() -> None:
    """It is in the sidebar, and exactly as it is documented."""
    home = Home()
    assert await dashboard_differences(home, {}) == ["The dashboard isn't there"]
    await install_dashboard(home)
    (created,) = home.created
    assert created["url_path"] == DASHBOARD_PATH
    assert created["title"] == dashboard()["title"]
    assert created["show_in_sidebar"]
    assert home.saved == {DASHBOARD_PATH: dashboard()}
    assert await dashboard_differences(home, states(possible_entities())) == []


async def test_demo_finds_what_is_wrong() -> None:
    """An entity that isn't there, and a dashboard that somebody has changed, are told."""
    home = Home()
    await install_dashboard(home)
    missing = "sensor.car_park_occupancy"
    assert await dashboard_differences(home, states(possible_entities() - {missing})) == [
        f"The dashboard names {missing}, which isn't there"
    ]
    home.saved[DASHBOARD_PATH]["views"].pop()
    assert await dashboard_differences(home, states(possible_entities())) == ["The dashboard isn't what is documented"]

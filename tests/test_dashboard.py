"""The dashboards of the documentation: only Home Assistant's own cards, and only what the demo has."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.statistics import statistic_ids
from homeassistant.util import slugify
from scripts.demo import (
    DASHBOARDS,
    DOCUMENTED_KEY,
    SHOP,
    build,
    cameras,
    dashboard,
    dashboard_differences,
    install_dashboards,
    named,
)

from .helpers.home_assistant import Shown

INTEGRATION: Final = Path(__file__).parents[1] / "custom_components" / DOMAIN
ENTITIES: Final = json.loads((INTEGRATION / "translations" / "en.json").read_text())["entity"]
# What the supported versions of Home Assistant have; another one may be added once it is known to look well in both.
CARDS: Final = {"button", "gauge", "heading", "history-graph", "logbook", "statistic", "statistics-graph", "tile"}
MOUNTED: Final = cameras(Shown("http://127.0.0.1", "", None), build(ZoneInfo("UTC")))
CAMERAS_BOARD, DOOR_BOARD, OFFICE_BOARD = DASHBOARDS
# Entities that cameras and places have, those of cameras only, and those of places only.
OF_BOTH: Final = {"in_today", "occupancy", "occupied", "out_today", "reset_occupancy"}
OF_PLACES: Final = {
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
# A key as Home Assistant makes them.
KEY: Final = "01KC3V8Q0ZB1N7XG5T2M9RWHJD"


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
                return [{"statistic_id": name} for name in possible_statistics(KEY)]
        return None


def possible_entities() -> set[str]:
    """Return the ids of all entities that the demo's cameras and its place can have."""
    return {
        f"{platform}.{slugify(f'{owner} {entity["name"]}')}"
        for platform, entities in ENTITIES.items()
        for key, entity in entities.items()
        for owner in owners(key)
    }


def owners(key: str) -> set[str]:
    """Return the names of those that can have an entity."""
    found = {camera.name for camera in MOUNTED if camera.model.adults or not key.startswith("adults_")}
    if key in OF_BOTH:
        return {*found, SHOP}
    return {SHOP} if key in OF_PLACES else found


def possible_statistics(key: str = DOCUMENTED_KEY) -> set[str]:
    """Return the ids of all statistics that the demo's cameras and its place have, which has this key."""
    of_cameras = {
        name
        for camera in MOUNTED
        for series, name in statistic_ids(camera.serial).items()
        if camera.model.adults or not series.startswith("adults_")
    }
    of_place = statistic_ids(key.lower())
    return of_cameras | {of_place[series] for series in ("in", "out", "occupancy")}


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


@pytest.mark.parametrize(("path", "titles"), [(CAMERAS_BOARD, ["Today", "History"]), (OFFICE_BOARD, ["Office"])])
def test_only_own_cards(path: str, titles: list[str]) -> None:
    """Views and sections are of the usual kinds, and no card has to be installed."""
    views = dashboard(path)["views"]
    assert [view["title"] for view in views] == titles
    for view in views:
        assert view["type"] == "sections"
        for section in view["sections"]:
            assert section["type"] == "grid"
            assert section.get("column_span", 1) <= view["max_columns"]
            assert {card["type"] for card in section["cards"]} <= CARDS
    assert {part["type"] for part in parts(views)} <= {*CARDS, "sections", "grid", "entity", "numeric-input"}


def test_door_shows_one_picture() -> None:
    """Whatever is known of the place, and however the screen is turned, there is one picture, and it is well-formed."""
    (view,) = dashboard(DOOR_BOARD)["views"]
    assert view["type"] == "panel"
    (stack,) = view["cards"]
    assert stack["type"] == "vertical-stack"
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for card in stack["cards"]:
        assert card["type"] == "picture-elements"
        state, screen = card["visibility"]
        assert (state["condition"], state["entity"]) == ("state", "binary_sensor.shop_full")
        assert screen["condition"] == "screen"
        for full in ("on", "off", "unknown", "unavailable"):
            if full == state.get("state") or full not in state.get("state_not", (full,)):
                shape = full, screen["media_query"]
                assert shape not in shown
                shown[shape] = card
    ways = ("(orientation: landscape)", "(orientation: portrait)")
    assert shown.keys() == {(full, way) for full in ("on", "off", "unknown", "unavailable") for way in ways}
    for (full, way), card in shown.items():
        kind, _, picture = card["image"].partition(",")
        assert kind == "data:image/svg+xml"
        svg = ET.fromstring(unquote(picture))  # noqa: S314
        width, height = map(int, svg.attrib["viewBox"].split()[2:])
        assert (width > height) == (way == ways[0])
        # While it is full, its hysteresis may leave some places free; who waits needn't know.
        assert [element["entity"] for element in card["elements"]] == ["sensor.shop_free_places"] * (full == "off")
    assert len({card["image"] for card in shown.values()}) == 6
    assert all(shown["unknown", way] is shown["unavailable", way] for way in ways)


@pytest.mark.parametrize("path", DASHBOARDS)
def test_names_only_what_is_there(path: str) -> None:
    """Each entity and each statistic is one of the demo's cameras or of its place."""
    found = set(named(dashboard(path)))
    text = re.sub("^ *#.*$", "", DASHBOARDS[path][0].read_text(), flags=re.MULTILINE).replace("button.press", "")
    assert found == set(re.findall(rf"(?:{'|'.join(ENTITIES)})\.\w+|{DOMAIN}:\w+", text))
    assert found <= possible_entities() | possible_statistics()


def test_each_camera_is_there() -> None:
    """The dashboard of cameras has them all."""
    found = set(named(dashboard(CAMERAS_BOARD)))
    for camera in MOUNTED:
        assert {name.partition(".")[2] for name in found} >= {
            f"{slugify(camera.name)}_{key}" for key in ("in_today", "out_today", "occupancy", "connectivity", "passage")
        }
        ids = statistic_ids(camera.serial)
        assert found >= {ids["in"], ids["out"], ids["occupancy"]}


def test_all_of_a_place_is_there() -> None:
    """The office has all entities of a place but the one that tells nothing more, and whether its doors are heard."""
    found = set(named(dashboard(OFFICE_BOARD)))
    keys = {name.partition(".")[2].removeprefix(f"{slugify(SHOP)}_") for name in found}
    assert keys >= (OF_BOTH | OF_PLACES) - {"occupied"}
    for door in build(ZoneInfo("UTC")).doors:
        assert f"binary_sensor.{slugify(door.name)}_connectivity" in found
    ids = statistic_ids(DOCUMENTED_KEY)
    assert found >= {ids["in"], ids["out"], ids["occupancy"]}


def test_nobody_resets_by_mistake() -> None:
    """The button asks first."""
    (button,) = (part for part in parts(dashboard(OFFICE_BOARD)) if part["type"] == "button")
    action = button["tap_action"]
    assert (action["action"], action["perform_action"]) == ("perform-action", "button.press")
    assert action["target"] == {"entity_id": button["entity"]}
    assert action["confirmation"]["text"]


@pytest.mark.parametrize("path", [CAMERAS_BOARD, OFFICE_BOARD])
def test_charts_show_what_series_have(path: str) -> None:
    """Counts are shown as what was added, occupancy as what it was; all by the hour or longer."""
    charts = [part for part in parts(dashboard(path)) if part["type"] in ("statistic", "statistics-graph")]
    assert charts
    for chart in charts:
        shown = {name.rpartition("_")[2] for name in named(chart)}
        wanted = ["mean", "min", "max"] if shown == {"occupancy"} else "change"
        assert "occupancy" not in shown or shown == {"occupancy"}
        assert chart.get("stat_types", chart.get("stat_type")) == wanted
        assert chart["period"] in ("hour", "day", "week") or chart["period"].keys() == {"calendar"}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (CAMERAS_BOARD, [name for camera in MOUNTED for name in (camera.name, slugify(camera.name), camera.serial)]),
        (DOOR_BOARD, ["shop"]),
        (
            OFFICE_BOARD,
            ["Shop", "shop", "Main entrance", "main_entrance", "Garden door", "garden_door", DOCUMENTED_KEY],
        ),
    ],
)
def test_comments_name_what_to_replace(path: str, names: list[str]) -> None:
    """What stands above a dashboard names each camera and each place as it is in there."""
    text = DASHBOARDS[path][0].read_text()
    comment = text.partition("\ntitle:")[0]
    for name in names:
        assert re.search(rf"^#   .*\b{name}\b", comment, flags=re.MULTILINE)
        assert name in text.removeprefix(comment)


async def test_demo_installs_them() -> None:
    """They are in the sidebar, and exactly as they are documented, but for the key of the place."""
    home = Home()
    missing = [f"The dashboard {path} isn't there" for path in DASHBOARDS]
    assert await dashboard_differences(home, {}, KEY) == missing
    await install_dashboards(home, KEY)
    assert [created["url_path"] for created in home.created] == list(DASHBOARDS)
    titles = [created["title"] for created in home.created]
    assert titles == [dashboard(path)["title"] for path in DASHBOARDS]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) < 20
    assert all(created["show_in_sidebar"] for created in home.created)
    assert home.saved.keys() == DASHBOARDS.keys()
    for path in (CAMERAS_BOARD, DOOR_BOARD):
        assert home.saved[path] == dashboard(path)
    pasted = json.dumps(home.saved[OFFICE_BOARD])
    assert json.loads(pasted.replace(KEY.lower(), DOCUMENTED_KEY)) == dashboard(OFFICE_BOARD)
    assert f"{DOMAIN}:{KEY.lower()}_in" in pasted
    assert await dashboard_differences(home, states(possible_entities()), KEY) == []


async def test_demo_finds_what_is_wrong() -> None:
    """An entity that isn't there, and a dashboard that somebody has changed, are told."""
    home = Home()
    await install_dashboards(home, KEY)
    missing = {"sensor.car_park_occupancy", "event.shop_threshold"}
    assert await dashboard_differences(home, states(possible_entities() - missing), KEY) == [
        f"The dashboard {CAMERAS_BOARD} names sensor.car_park_occupancy, which isn't there",
        f"The dashboard {OFFICE_BOARD} names event.shop_threshold, which isn't there",
    ]
    for path in DASHBOARDS:
        home.saved[path]["views"].pop()
    assert await dashboard_differences(home, states(possible_entities()), KEY) == [
        f"The dashboard {path} isn't what is documented" for path in DASHBOARDS
    ]

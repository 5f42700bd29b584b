"""Check the dashboards of the documentation: Home Assistant's own cards, and entities that the demo has."""

from itertools import product
import json
from pathlib import Path
import re
from typing import Any, Final
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.statistics.recorder_rows import statistic_ids
from homeassistant.util import slugify

from .helpers.dashboards import (
    DASHBOARDS,
    DOCUMENTED_KEY,
    OF_BOTH,
    OF_PLACES,
    dashboard_differences,
    install_dashboards,
    read_dashboard,
    referenced,
)
from .helpers.documentation import mappings_with
from .helpers.home_assistant import Shown
from .helpers.shop import SHOP, build_shop, mount_cameras

INTEGRATION: Final = Path(__file__).parents[1] / "custom_components" / DOMAIN
ENTITIES: Final = json.loads((INTEGRATION / "translations" / "en.json").read_text())["entity"]
# All supported releases have these cards. Add another one after looking at it in the oldest and the newest.
CARDS: Final = {
    "button",
    "entities",
    "gauge",
    "heading",
    "history-graph",
    "logbook",
    "statistic",
    "statistics-graph",
    "tile",
}
CAMERAS: Final = mount_cameras(Shown("http://127.0.0.1", "", None), build_shop(ZoneInfo("UTC")))
CAMERAS_BOARD, DOOR_BOARD, OFFICE_BOARD = DASHBOARDS
# A key of a place, as Home Assistant makes them.
KEY: Final = "01KC3V8Q0ZB1N7XG5T2M9RWHJD"


class Home:
    """A fake of the part of the websocket API that the demo uses."""

    def __init__(self) -> None:
        """Start without dashboards."""
        self.created: list[dict[str, Any]] = []
        self.saved: dict[str, Any] = {}

    async def command(self, kind: str, **fields: Any) -> Any:
        """Return the result of a command."""
        match kind:
            case "lovelace/dashboards/create":
                self.created.append(fields)
            case "lovelace/config/save":
                # JSON changes tuples and keys, as the real API does.
                self.saved[fields["url_path"]] = json.loads(json.dumps(fields["config"]))
            case "lovelace/dashboards/list":
                return self.created
            case "lovelace/config":
                return self.saved[fields["url_path"]]
            case "recorder/list_statistic_ids":
                return [{"statistic_id": name} for name in possible_statistics(KEY)]
        return None


def possible_entities() -> set[str]:
    """Return the ids of all entities that the cameras and the place of the demo can have."""
    return {
        f"{platform}.{slugify(f'{owner} {entity["name"]}')}"
        for platform, entities in ENTITIES.items()
        for key, entity in entities.items()
        for owner in owners(key)
    }


def owners(key: str) -> set[str]:
    """Return the names of the devices that can have an entity."""
    found = {camera.name for camera in CAMERAS if camera.model.adults or not key.startswith("adults_")}
    if key in OF_BOTH:
        return {*found, SHOP}
    return {SHOP} if key in OF_PLACES else found


def possible_statistics(key: str = DOCUMENTED_KEY) -> set[str]:
    """Return the ids of all statistics of the demo's cameras, and of its place with this key."""
    of_cameras = {
        name
        for camera in CAMERAS
        for series, name in statistic_ids(camera.serial).items()
        if camera.model.adults or not series.startswith("adults_")
    }
    of_place = statistic_ids(key.lower())
    return of_cameras | {of_place[series] for series in ("in", "out", "occupancy")}


def states(entities: set[str]) -> dict[str, dict[str, str]]:
    """Return states in the shape of HomeAssistant.states()."""
    return {entity: {"entity_id": entity} for entity in entities}


@pytest.mark.parametrize(("path", "titles"), [(CAMERAS_BOARD, ["Today", "History"]), (OFFICE_BOARD, ["Office"])])
def test_only_own_cards(path: str, titles: list[str]) -> None:
    """Use only views, sections and cards that come with Home Assistant."""
    views = read_dashboard(path)["views"]
    assert [view["title"] for view in views] == titles
    for view in views:
        assert view["type"] == "sections"
        for section in view["sections"]:
            assert section["type"] == "grid"
            assert section.get("column_span", 1) <= view["max_columns"]
            assert {card["type"] for card in section["cards"]} <= CARDS
    assert {part["type"] for part in mappings_with("type", views)} <= {*CARDS, "sections", "grid", "entity"}


def test_door_shows_one_picture() -> None:
    """Show exactly one well-formed picture for each state of the place and each orientation of the screen."""
    (view,) = read_dashboard(DOOR_BOARD)["views"]
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
    orientations = ("(orientation: landscape)", "(orientation: portrait)")
    assert shown.keys() == set(product(("on", "off", "unknown", "unavailable"), orientations))
    for (full, orientation), card in shown.items():
        kind, _, picture = card["image"].partition(",")
        assert kind == "data:image/svg+xml"
        svg = ET.fromstring(unquote(picture))  # noqa: S314
        width, height = map(int, svg.attrib["viewBox"].split()[2:])
        assert (width > height) == (orientation == orientations[0])
        # A full place may have free places below its hysteresis, so a number would confuse those who wait.
        assert [element["entity"] for element in card["elements"]] == ["sensor.shop_free_places"] * (full == "off")
    assert len({card["image"] for card in shown.values()}) == 6
    assert all(shown["unknown", orientation] is shown["unavailable", orientation] for orientation in orientations)


@pytest.mark.parametrize("path", DASHBOARDS)
def test_refers_only_to_existing_entities(path: str) -> None:
    """Refer only to entities and statistics of the demo's cameras and its place."""
    found = set(referenced(read_dashboard(path)))
    text = re.sub("^ *#.*$", "", DASHBOARDS[path][0].read_text(), flags=re.MULTILINE).replace("button.press", "")
    assert found == set(re.findall(rf"(?:{'|'.join(ENTITIES)})\.\w+|{DOMAIN}:\w+", text))
    assert found <= possible_entities() | possible_statistics()


def test_shows_each_camera() -> None:
    """Show the main entities and statistics of each camera."""
    found = set(referenced(read_dashboard(CAMERAS_BOARD)))
    for camera in CAMERAS:
        assert {name.partition(".")[2] for name in found} >= {
            f"{slugify(camera.name)}_{key}" for key in ("in_today", "out_today", "occupancy", "connectivity", "passage")
        }
        ids = statistic_ids(camera.serial)
        assert found >= {ids["in"], ids["out"], ids["occupancy"]}


def test_office_shows_all_of_a_place() -> None:
    """Show all entities of a place in the office, except "Occupied" and "Complete until"; and how its doors connect."""
    found = set(referenced(read_dashboard(OFFICE_BOARD)))
    keys = {name.partition(".")[2].removeprefix(f"{slugify(SHOP)}_") for name in found}
    assert keys >= (OF_BOTH | OF_PLACES) - {"occupied", "complete_until"}
    for door in build_shop(ZoneInfo("UTC")).doors:
        assert f"binary_sensor.{slugify(door.name)}_connectivity" in found
    ids = statistic_ids(DOCUMENTED_KEY)
    assert found >= {ids["in"], ids["out"], ids["occupancy"]}


def test_reset_asks_for_confirmation() -> None:
    """Ask for a confirmation before a reset."""
    (button,) = (part for part in mappings_with("type", read_dashboard(OFFICE_BOARD)) if part["type"] == "button")
    action = button["tap_action"]
    assert (action["action"], action["perform_action"]) == ("perform-action", "button.press")
    assert action["target"] == {"entity_id": button["entity"]}
    assert action["confirmation"]["text"]


@pytest.mark.parametrize("path", [CAMERAS_BOARD, OFFICE_BOARD])
def test_charts_use_right_statistics(path: str) -> None:
    """Chart counts as change and occupancy as mean, min and max, in periods of an hour or more."""
    charts = [
        part
        for part in mappings_with("type", read_dashboard(path))
        if part["type"] in ("statistic", "statistics-graph")
    ]
    assert charts
    for chart in charts:
        shown = {name.rpartition("_")[2] for name in referenced(chart)}
        wanted = ["mean", "min", "max"] if shown == {"occupancy"} else "change"
        assert "occupancy" not in shown or shown == {"occupancy"}
        assert chart.get("stat_types", chart.get("stat_type")) == wanted
        assert chart["period"] in ("hour", "day", "week") or chart["period"].keys() == {"calendar"}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (CAMERAS_BOARD, [name for camera in CAMERAS for name in (camera.name, slugify(camera.name), camera.serial)]),
        (DOOR_BOARD, ["shop"]),
        (
            OFFICE_BOARD,
            ["Shop", "shop", "Main entrance", "main_entrance", "Garden door", "garden_door", DOCUMENTED_KEY],
        ),
    ],
)
def test_comments_list_names_to_replace(path: str, names: list[str]) -> None:
    """List every name that a user has to replace in the comment at the top."""
    text = DASHBOARDS[path][0].read_text()
    comment = text.partition("\ntitle:")[0]
    for name in names:
        assert re.search(rf"^#   .*\b{name}\b", comment, flags=re.MULTILINE)
        assert name in text.removeprefix(comment)


async def test_demo_installs_dashboards() -> None:
    """Install the documented dashboards in the sidebar, with the key of the place replaced."""
    home = Home()
    missing = [f"The dashboard {path} doesn't exist" for path in DASHBOARDS]
    assert await dashboard_differences(home, {}, KEY) == missing
    await install_dashboards(home, KEY)
    assert [created["url_path"] for created in home.created] == list(DASHBOARDS)
    titles = [created["title"] for created in home.created]
    assert titles == [read_dashboard(path)["title"] for path in DASHBOARDS]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) < 20
    assert all(created["show_in_sidebar"] for created in home.created)
    assert home.saved.keys() == DASHBOARDS.keys()
    for path in (CAMERAS_BOARD, DOOR_BOARD):
        assert home.saved[path] == read_dashboard(path)
    pasted = json.dumps(home.saved[OFFICE_BOARD])
    assert json.loads(pasted.replace(KEY.lower(), DOCUMENTED_KEY)) == read_dashboard(OFFICE_BOARD)
    assert f"{DOMAIN}:{KEY.lower()}_in" in pasted
    assert await dashboard_differences(home, states(possible_entities()), KEY) == []


async def test_demo_reports_differences() -> None:
    """Report entities that don't exist, and dashboards that were changed."""
    home = Home()
    await install_dashboards(home, KEY)
    missing = {"sensor.car_park_occupancy", "event.shop_threshold"}
    assert await dashboard_differences(home, states(possible_entities() - missing), KEY) == [
        f"The dashboard {CAMERAS_BOARD} names sensor.car_park_occupancy, which doesn't exist",
        f"The dashboard {OFFICE_BOARD} names event.shop_threshold, which doesn't exist",
    ]
    for path in DASHBOARDS:
        home.saved[path]["views"].pop()
    assert await dashboard_differences(home, states(possible_entities()), KEY) == [
        f"The dashboard {path} differs from the documentation" for path in DASHBOARDS
    ]

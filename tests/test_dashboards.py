"""Dashboards, asked for as a page of Home Assistant does."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
import json
from pathlib import Path
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator
import voluptuous as vol

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.dashboards.module import FILES
from custom_components.axis_people_counter.dashboards.overview import MAX_CHARTS
from custom_components.axis_people_counter.statistics import statistic_ids
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, UrlManager
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, selector
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component

from .helpers.dashboards import referenced
from .helpers.documentation import mappings_with
from .helpers.pages import SendCommand
from .helpers.places import BACK, NOON, add_place, both
from .helpers.pusher import SERIAL, Pusher, measurement
from .helpers.translations import translation

KINDS = ("overview", "door", "office")
# Both the lowest and the newest supported release have these cards. Look at a new one in both before it is added.
CARDS = {
    "button",
    "custom:people-counter-door",
    "entities",
    "gauge",
    "heading",
    "history-graph",
    "logbook",
    "statistic",
    "statistics-graph",
    "tile",
}
OWN_CARDS = {
    "custom:people-counter-comparison",
    "custom:people-counter-day",
    "custom:people-counter-inside",
    "custom:people-counter-usual-week",
}

MINUTE = timedelta(minutes=1)

type Ask = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("noon", "send_command")


@pytest.fixture
async def ask(hass: HomeAssistant, send_command: SendCommand) -> Ask:
    """Return a function that asks for a dashboard, with the integration set up."""
    assert await async_setup_component(hass, DOMAIN, {})

    async def ask(kind: str, command: str = "dashboard", **fields: Any) -> Any:
        return await send_command(command, kind=kind, **fields)

    return ask


def views(dashboard: dict[str, Any]) -> list[str]:
    """Return the titles of a dashboard's views."""
    return [view["title"] for view in dashboard["views"]]


def cards(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all cards of a dashboard."""
    found: list[dict[str, Any]] = []
    for view in dashboard["views"]:
        for section in view.get("sections", [view]):
            found += section["cards"]
    return found


def known(hass: HomeAssistant) -> set[str]:
    """Return the ids of all entities that have a state."""
    return set(hass.states.async_entity_ids())


@pytest.mark.parametrize("kind", ["overview", "office"])
async def test_nothing_to_show(hass: HomeAssistant, ask: Ask, kind: str) -> None:
    """Show why there is nothing yet, and lead to the integration's page."""
    (card,) = cards(await ask(kind))
    assert card["tap_action"]["navigation_path"] == f"/config/integrations/integration/{DOMAIN}"
    assert card["name"] == translation("en")["common"]["no_cameras" if kind == "overview" else "no_places"]


@pytest.mark.parametrize("kind", KINDS)
async def test_shows_existing_entities(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask, kind: str
) -> None:
    """Show only cards that Home Assistant has, with entities that exist."""
    await both(pusher)
    await add_place(hass, entry, limits={"capacity": 50, "warning_level": 40})
    dashboard = await ask(kind)
    shown = {name for name in referenced(dashboard) if not name.startswith(f"{DOMAIN}:")}
    assert shown
    assert shown <= known(hass)
    assert {card["type"] for card in cards(dashboard)} <= CARDS | OWN_CARDS
    assert {view["type"] for view in dashboard["views"]} <= {"sections", "panel"}


async def test_finds_renamed_entities(hass: HomeAssistant, pusher: Pusher, ask: Ask) -> None:
    """Find entities whatever they are called, and leave out those that are hidden or disabled."""
    await both(pusher)
    registry = er.async_get(hass)
    for number, entity in enumerate(list(registry.entities.values())):
        registry.async_update_entity(entity.entity_id, new_entity_id=f"{entity.domain}.renamed_{number}")
    hidden = registry.async_get_entity_id("sensor", DOMAIN, f"{SERIAL}_out_today")
    assert hidden
    registry.async_update_entity(hidden, hidden_by=er.RegistryEntryHider.USER)
    await hass.async_block_till_done()
    shown = {name for name in referenced(await ask("overview")) if not name.startswith(f"{DOMAIN}:")}
    assert registry.async_get_entity_id("sensor", DOMAIN, f"{SERIAL}_in_today") in shown
    assert hidden not in shown
    assert shown <= known(hass)


@pytest.mark.parametrize(
    ("language", "title"),
    [("de", "Heute"), ("fr", "Aujourd'hui"), ("sv", "I dag"), ("tlh", "Today"), ("../en", "Today")],
)
async def test_languages(pusher: Pusher, ask: Ask, language: str, title: str) -> None:
    """Use the language that is asked for, and English instead of one that there isn't."""
    await both(pusher)
    assert views(await ask("overview", language=language))[0] == title


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"places": None},
        {"places": "nowhere"},
        {"places": ["nowhere", 1, {}]},
        {"views": {"a": 1}, "other": [[]]},
    ],
)
@pytest.mark.parametrize("kind", KINDS)
async def test_senseless_options(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask, kind: str, options: dict[str, Any]
) -> None:
    """Show everything if the options make no sense."""
    await both(pusher)
    await add_place(hass, entry)
    dashboard = await ask(kind, options=options)
    assert dashboard == await ask(kind)


async def test_views(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show the chosen views in their usual order; without a place, that of doors would repeat the first."""
    await both(pusher)
    assert views(await ask("overview")) == ["Today", "History", "Counting"]
    assert views(await ask("overview", options={"views": ["doors"]})) == ["Today", "History", "Counting"]
    await add_place(hass, entry)
    assert views(await ask("overview")) == ["Today", "Doors", "History", "Counting"]
    assert views(await ask("overview", options={"views": ["counting", "today", "no"]})) == ["Today", "Counting"]


async def test_places_come_first(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show places in the order in which they were added, then the cameras that belong to none."""
    await both(pusher)
    await pusher.push(measurement(NOON - MINUTE), sensor={"serial": "accc8e000002", "name": "A gate"})
    for name in ("Shop", "Café", "Hall"):
        await add_place(hass, entry, name=name)
    today, doors, *_ = (await ask("overview"))["views"]
    assert [section["cards"][0]["heading"] for section in today["sections"]] == ["Shop", "Café", "Hall", "A gate"]
    assert [section["cards"][0]["heading"] for section in doors["sections"]] == ["A gate", "Back door", "Main entrance"]


async def test_chosen_places_of_overview(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show only the chosen place and its doors."""
    await both(pusher)
    await add_place(hass, entry, name="Shop")
    hall = await add_place(hass, entry, (SERIAL,), name="Hall")
    shown = json.dumps(await ask("overview", options={"places": [hall]}))
    assert "Hall" in shown
    assert "Main entrance" in shown
    assert "Shop" not in shown
    assert "Back door" not in shown


async def test_one_camera(pusher: Pusher, ask: Ask) -> None:
    """Show a single camera with everything that a place has, as far as it has it."""
    await pusher.push(measurement(NOON - MINUTE, 1))
    today, history, _ = (await ask("overview"))["views"]
    (section,) = today["sections"]
    assert {card["type"] for card in section["cards"]} == {
        "custom:people-counter-comparison",
        "heading",
        "statistics-graph",
        "tile",
    }
    assert [card["heading"] for part in history["sections"] for card in part["cards"][:1]] == ["Main entrance"] * 3


async def test_forty_cameras(hass: HomeAssistant, pusher: Pusher, ask: Ask) -> None:
    """Show all of forty cameras, but charts of few: a tablet draws them slowly."""
    for number in range(40):
        sensor = {"serial": f"accc8e0001{number:02x}", "name": f"Door {number}"}
        await pusher.push(measurement(NOON - MINUTE, 1), sensor=sensor)
    dashboard = await ask("overview")
    today = dashboard["views"][0]["sections"]
    assert [section["cards"][0]["heading"] for section in today] == [f"Door {number}" for number in range(40)]
    for view in dashboard["views"]:
        assert len([card for card in cards({"views": [view]}) if card["type"] == "statistics-graph"]) <= 3 * MAX_CHARTS
    assert len(json.dumps(dashboard)) < 150_000


async def test_nothing_is_cut(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Give long names a whole row, and show large numbers without a unit, which would cut them on a tablet."""
    await both(pusher)
    await add_place(hass, entry, (SERIAL,), name="Shop")
    shown = [card for kind in ("overview", "office") for card in cards(await ask(kind))]
    rows = {translation("en")["common"]["last_passage"], "Main entrance", "Back door"}
    tiles = [card for card in shown if card["type"] == "tile" and card["name"] in rows]
    assert {tile["name"] for tile in tiles} >= {"Main entrance", translation("en")["common"]["last_passage"]}
    assert all(tile["grid_options"] == {"columns": 12} for tile in tiles)
    statistics = [card for card in shown if card["type"] == "statistic"]
    assert statistics
    assert all(not card["unit"].strip() for card in statistics)


async def test_weeks_of_a_place_with_opening_hours(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask
) -> None:
    """Call no people visitors who came at other times: weeks and months count all."""
    await both(pusher)
    await add_place(hass, entry, name="Shop", opening_hours="schedule.missing")
    await add_place(hass, entry, name="Hall")
    texts = translation("en")["common"]
    headings = [card.get("heading") for card in cards(await ask("overview", options={"views": ["history"]}))]
    assert headings.count(texts["weeks_and_months"]) == 1
    assert headings.count(texts["in_weeks_and_months"]) == 1


@pytest.mark.parametrize("kind", ["overview", "office"])
async def test_long_name_of_visitors_at_other_times(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask, kind: str
) -> None:
    """Give the people who come outside opening hours a row of their own: half of one cuts the name on a phone."""
    await both(pusher)
    key = await add_place(hass, entry, opening_hours="schedule.missing")
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{key}_visitors_outside_today")
    assert entity_id
    registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    (shown,) = (card for card in cards(await ask(kind)) if card.get("entity") == entity_id)
    assert shown["grid_options"] == {"columns": 12}


@pytest.mark.parametrize("limits", [{}, {"capacity": 50}, {"capacity": 50, "warning_level": 40}])
@pytest.mark.parametrize("kind", ["overview", "office"])
async def test_no_tile_stands_alone(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask, kind: str, limits: dict[str, int]
) -> None:
    """Show tiles two to a row, and one that would stand alone in a row of its own."""
    await both(pusher)
    await add_place(hass, entry, limits=limits)
    for view in (await ask(kind))["views"]:
        for section in view["sections"]:
            narrow = [card for card in section["cards"] if card["type"] == "tile" and "grid_options" not in card]
            assert len(narrow) % 2 == 0, [card["name"] for card in narrow]


async def test_office_shows_all_of_a_place(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask
) -> None:
    """Show all entities of a place in the office, and how its doors connect; a reset asks for a confirmation."""
    await both(pusher)
    key = await add_place(hass, entry, limits={"capacity": 50, "warning_level": 40})
    office = await ask("office")
    registry = er.async_get(hass)
    of_place = {
        entity.entity_id
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        if entity.config_subentry_id == key and not entity.disabled and not entity.unique_id.endswith("_occupied")
    }
    doors = {f"binary_sensor.{name}_connectivity" for name in ("main_entrance", "back_door")}
    assert set(referenced(office)) >= of_place | doors
    (button,) = (card for card in cards(office) if card["type"] == "button")
    assert button["tap_action"]["perform_action"] == "button.press"
    assert button["tap_action"]["target"] == {"entity_id": button["entity"]}
    assert button["tap_action"]["confirmation"]["text"]


@pytest.mark.parametrize("kind", ["overview", "office"])
async def test_charts_use_right_statistics(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask, kind: str
) -> None:
    """Chart counts as change and occupancy as mean, min and max, in periods of an hour or more."""
    await both(pusher)
    key = await add_place(hass, entry)
    known_ids = {*statistic_ids(SERIAL).values(), *statistic_ids(BACK).values(), *statistic_ids(key).values()}
    charts = [card for card in cards(await ask(kind)) if card["type"] in ("statistic", "statistics-graph")]
    assert charts
    for chart in charts:
        shown = set(referenced(chart))
        assert shown <= known_ids
        is_occupancy = {name.endswith("_occupancy") for name in shown}
        assert chart.get("stat_types", [chart.get("stat_type")]) == (
            ["mean", "min", "max"] if is_occupancy == {True} else ["change"]
        )
        assert len(is_occupancy) == 1
        assert chart["period"] in ("hour", "day", "week") or chart["period"].keys() == {"calendar"}


async def test_chosen_places(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show only the places that a person has chosen."""
    await both(pusher)
    for name in ("Shop", "Café", "Hall"):
        await add_place(hass, entry, name=name)
    cafe = next(key for key, place in entry.subentries.items() if place.title == "Café")
    assert views(await ask("office", options={"places": [cafe]})) == ["Café"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [("overview", ["places", "views"]), ("office", ["places"]), ("door", ["place", "show_name", "show_number"])],
)
async def test_form(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask, kind: str, names: list[str]
) -> None:
    """Offer the places, with values that change nothing, and with labels in the language of the person."""
    await both(pusher)
    keys = [await add_place(hass, entry, name=name) for name in ("Shop", "Café")]
    form = await ask(kind, "dashboard_form", language="de")
    assert [field["name"] for field in form["schema"]] == names == list(form["labels"])
    assert form["labels"][names[0]] in ("Ort", "Orte")
    choices = form["schema"][0]["selector"]["select"]["options"]
    assert choices == [{"value": keys[0], "label": "Shop"}, {"value": keys[1], "label": "Café"}]
    assert await ask(kind, options=form["values"]) == await ask(kind)
    for field in form["schema"]:
        validate = vol.Schema(selector.selector(field["selector"]))
        assert validate(form["values"][field["name"]]) == form["values"][field["name"]]


@pytest.mark.parametrize("kind", KINDS)
async def test_form_without_places(ask: Ask, kind: str) -> None:
    """Offer nothing where there is nothing."""
    form = await ask(kind, "dashboard_form")
    assert form["schema"][0]["selector"]["select"]["options"] == []
    assert not form["values"].get("places")
    assert "place" not in form["values"]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "other"},
        {"kind": "door", "command": "dashboard_form", "options": {}},
        {"kind": "other", "command": "dashboard_form"},
        {"kind": "overview", "options": []},
        {"kind": "overview", "language": "e" * 21},
        {"kind": "overview", "language": None},
        {"kind": "overview", "more": 1},
    ],
)
async def test_wrong_commands(ask: Ask, fields: dict[str, Any]) -> None:
    """Refuse commands of another form."""
    assert await ask(**fields) == "invalid_format"


async def test_names_with_markup(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Put names only where they stay text: in no Markdown, template, HTML or link."""
    name = "<img src=x onerror=alert(1)> {{ states('sun.sun') }} [a](javascript:b)"
    await both(pusher)
    await add_place(hass, entry)
    registry = dr.async_get(hass)
    for device in list(dr.async_entries_for_config_entry(registry, entry.entry_id)):
        registry.async_update_device(device.id, name_by_user=name)
    for kind in KINDS:
        dashboard = await ask(kind)
        assert name in json.dumps(dashboard)
        assert not list(mappings_with("content", dashboard))
        for part in (part for card in cards(dashboard) for part in (card, *card.get("entities", ()))):
            named = {field for field, value in part.items() if name in json.dumps(value)}
            assert named <= {"heading", "name", "entities", "place"}


async def test_before_the_entry_is_loaded(
    hass: HomeAssistant, pusher: Pusher, ask: Ask, entry: MockConfigEntry
) -> None:
    """Answer the same while the entry isn't loaded: a tablet may ask first."""
    await both(pusher)
    await add_place(hass, entry)
    before = await ask("overview")
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await ask("overview") == before


@pytest.mark.parametrize("kind", ["overview", "office"])
async def test_disabled_integration(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask, kind: str
) -> None:
    """Show that the integration is disabled, instead of showing places and cameras without entities."""
    await both(pusher)
    await add_place(hass, entry)
    before = await ask(kind)
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    (card,) = cards(await ask(kind))
    assert card["name"] == translation("en")["common"]["disabled"]
    await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    assert await ask(kind) == before


async def test_disabled_devices(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Leave out a camera and a place whose devices are disabled."""
    await both(pusher)
    await add_place(hass, entry, (SERIAL,))
    key = await add_place(hass, entry, (SERIAL,), name="Hall")
    registry = dr.async_get(hass)
    for name in (BACK, key):
        device = registry.async_get_device_by_identifier((DOMAIN, name), entry.entry_id)
        assert device
        registry.async_update_device(device.id, disabled_by=dr.DeviceEntryDisabler.USER)
    await hass.async_block_till_done()
    shown = json.dumps([await ask("overview"), await ask("office"), await ask("door", "dashboard_form")])
    assert "Shop" in shown
    assert "Main entrance" in shown
    assert "Hall" not in shown
    assert "Back door" not in shown
    assert BACK not in shown


async def test_every_user_may_ask(
    hass: HomeAssistant, ask: Ask, hass_ws_client: WebSocketGenerator, hass_read_only_access_token: str
) -> None:
    """Answer a person who isn't an administrator: tablets are signed in as one."""
    client = await hass_ws_client(hass, hass_read_only_access_token)
    await client.send_json_auto_id({"type": f"{DOMAIN}/dashboard", "kind": "overview"})
    assert (await client.receive_json())["success"]


async def test_module(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Load the module into Home Assistant's pages, and serve all files that it imports."""
    hass.data[DATA_EXTRA_MODULE_URL] = modules = UrlManager(lambda *_: None, [])
    assert await async_setup_component(hass, DOMAIN, {})
    (url,) = modules.urls
    assert str((await async_get_integration(hass, DOMAIN)).version) in url
    client = await hass_client_no_auth()
    response = await client.get(url)
    assert response.status == HTTPStatus.OK
    assert response.content_type in ("text/javascript", "application/javascript")
    names = [
        line.partition('"./')[2].partition('"')[0] for line in (await response.text()).splitlines() if '"./' in line
    ]
    assert names
    for name in names:
        assert (await client.get(f"{url.rpartition('/')[0]}/{name}")).status == HTTPStatus.OK


@pytest.mark.parametrize("path", sorted(FILES.glob("*.js")), ids=lambda path: path.name)
def test_texts_never_become_markup(path: Path) -> None:
    """Use nothing that turns text into markup or code; names come from cameras and people."""
    # A constant of the file may be markup.
    text = path.read_text().replace("innerHTML = TEMPLATE;", "")
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function)\b", text)
    assert "${" not in text.partition("const TEMPLATE = `")[2].partition("`;")[0]


async def test_without_frontend(hass: HomeAssistant) -> None:
    """Work in a Home Assistant that has no pages."""
    assert await async_setup_component(hass, DOMAIN, {})


@pytest.mark.parametrize(("kind", "days"), [("overview", [1, 7]), ("office", [1])])
async def test_hours_of_a_place(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask, kind: str, days: list[int]
) -> None:
    """Leave the night out of all charts of a place with opening hours, and show the last 24 hours of others."""
    await both(pusher)
    shop = await add_place(hass, entry, opening_hours="schedule.shop")
    hall = await add_place(hass, entry, name="Hall")
    found = await ask(kind)
    inside = [card for card in cards(found) if card["type"] == "custom:people-counter-inside"]
    assert [card["key"] for card in inside] == [shop] * len(days)
    assert [card["days"] for card in inside] == days
    by_hour = [card for card in cards(found) if card.get("period") == "hour"]
    occupancies = [card for card in by_hour if card["stat_types"] == ["mean", "min", "max"]]
    assert [card["entities"][0]["entity"] for card in occupancies] == [statistic_ids(hall)["occupancy"]] * len(days)
    assert [card["days_to_show"] for card in occupancies] == days
    if kind == "overview":
        # The first view shows today.
        found["views"] = found["views"][:1]
    of_days = [card["key"] for card in cards(found) if card["type"] == "custom:people-counter-day"]
    in_out = {card["entities"][0]["entity"] for card in cards(found) if card.get("chart_type") == "bar"}
    assert of_days == [shop]
    assert in_out == {statistic_ids(hall)["in"]}


@pytest.mark.parametrize("kind", ["overview", "office"])
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, set()),
        ({"sales": "sensor.till"}, {"conversion_rate"}),
        ({"goal": 100}, {"goal_reached"}),
        ({"sales": "sensor.till", "goal": 100, "opening_hours": "schedule.shop"}, {"conversion_rate", "goal_reached"}),
    ],
)
async def test_sales_and_goal(
    hass: HomeAssistant,
    pusher: Pusher,
    entry: MockConfigEntry,
    ask: Ask,
    kind: str,
    options: dict[str, Any],
    shown: set[str],
) -> None:
    """Show the conversion rate of a place with sales, the reached share of a goal, and nothing of others."""
    await both(pusher)
    await add_place(hass, entry, name="Hall")
    await add_place(hass, entry, **options)
    texts = translation("en")["common"]
    found = await ask(kind)
    if kind == "overview":
        found["views"] = found["views"][:1]
    names = {
        key: [card["entity"] for card in cards(found) if card.get("name") == texts[key]]
        for key in ("conversion_rate", "goal_reached", "visitors_outside_today")
    }
    # Visitors outside opening hours are off at first.
    assert names == {key: [f"sensor.shop_{key}"] if key in shown else [] for key in names}
    # In French and Swedish, half a row would cut this name on a phone.
    assert all("grid_options" in card for card in cards(found) if card.get("name") == texts["conversion_rate"])
    for view in found["views"]:
        for section in view["sections"]:
            narrow = [card for card in section["cards"] if card["type"] == "tile" and "grid_options" not in card]
            assert len(narrow) % 2 == 0

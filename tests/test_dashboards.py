"""What the dashboards show, asked for as a page of Home Assistant does."""

from collections.abc import Callable
from http import HTTPStatus
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, UrlManager
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component

from .helpers.dashboards import referenced
from .helpers.documentation import mappings_with
from .helpers.places import add_place, both
from .helpers.pusher import SERIAL, Pusher
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
    "statistics-graph",
    "tile",
}


type Ask = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture(autouse=True)
async def _websocket(hass: HomeAssistant) -> None:
    """Set up the websocket API before the server starts."""
    assert await async_setup_component(hass, "websocket_api", {})


@pytest.fixture
async def ask(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Ask:
    """Return a function that asks for a dashboard, with the integration set up."""
    assert await async_setup_component(hass, DOMAIN, {})

    async def ask(kind: str, **fields: Any) -> Any:
        client = await hass_ws_client()
        await client.send_json_auto_id({"type": f"{DOMAIN}/dashboard", "kind": kind, **fields})
        answer = await client.receive_json()
        await client.close()
        return answer["result"] if answer["success"] else answer["error"]["code"]

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
    """Say why there is nothing yet, and lead to the integration's page."""
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
    assert {card["type"] for card in cards(dashboard)} <= CARDS
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
    ("language", "title"), [("de", "Heute"), ("fr", "Aujourd'hui"), ("tlh", "Today"), ("../en", "Today")]
)
async def test_languages(pusher: Pusher, ask: Ask, language: str, title: str) -> None:
    """Use the language that is asked for, and English instead of one that there isn't."""
    await both(pusher)
    assert views(await ask("overview", language=language)) == [title]


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


async def test_chosen_places(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show only the places that a person has chosen."""
    await both(pusher)
    for name in ("Shop", "Café", "Hall"):
        await add_place(hass, entry, name=name)
    cafe = next(key for key, place in entry.subentries.items() if place.title == "Café")
    assert views(await ask("office", options={"places": [cafe]})) == ["Café"]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "other"},
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
        for card in cards(dashboard):
            named = {field for field, value in card.items() if name in json.dumps(value)}
            assert named <= {"heading", "name", "place"}


async def test_before_the_entry_is_loaded(
    hass: HomeAssistant, pusher: Pusher, ask: Ask, entry: MockConfigEntry
) -> None:
    """Answer the same while the entry isn't loaded: a tablet may ask first."""
    await both(pusher)
    await add_place(hass, entry)
    before = await ask("overview")
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await ask("overview") == before


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


async def test_without_frontend(hass: HomeAssistant) -> None:
    """Work in a Home Assistant that has no pages."""
    assert await async_setup_component(hass, DOMAIN, {})

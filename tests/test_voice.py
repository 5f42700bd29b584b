"""Questions by voice, asked to Home Assistant's own conversation agent."""

from datetime import timedelta
import re
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.axis_people_counter.const import DOMAIN
from custom_components.axis_people_counter.voice.sentences import MAX_NAMES
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component

from .helpers.assist import ask, expose
from .helpers.clock import wait
from .helpers.devices import remove_device
from .helpers.documentation import PAGES
from .helpers.places import BACK, BACK_DOOR, NOON, add_place, both, entity_of
from .helpers.pusher import SERIAL, Pusher, measurement

# Home Assistant's answer to a question about a place that it doesn't know: how many persons are in that zone.
PERSONS: Final = "0"


@pytest.fixture
async def assist(hass: HomeAssistant, noon: FrozenDateTimeFactory) -> None:
    """Set up the conversation agent before the integration."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})


@pytest.fixture
async def shop(hass: HomeAssistant, assist: None, entry: MockConfigEntry, pusher: Pusher) -> str:
    """Return the key of a shop with two doors and five people inside; seven came today. Both numbers are exposed."""
    await both(pusher, main=(6, 1), back=(1, 1))
    key = await add_place(hass, entry)
    expose(hass, entity_of(hass, key, "occupancy"), entity_of(hass, key, "visitors_today"))
    return key


@pytest.mark.parametrize(
    ("language", "question", "answer"),
    [
        ("en", "How many people are in the shop?", "5 people are in the Shop."),
        ("en", "how many customers are there right now in the shop", "5 people are in the Shop."),
        ("en", "How busy is the shop?", "5 people are inside."),
        ("en", "How many people are inside?", "5 people are inside."),
        ("en", "How many visitors today?", "7 visitors today."),
        ("en", "How many visitors have been here today?", "7 visitors today."),
        ("en-GB", "How many guests did we have today?", "7 visitors today."),
        ("en", "How many visitors does the shop have today?", "7 visitors today."),
        ("en", "How many people came into the shop today?", "7 visitors into the Shop today."),
        ("de", "Wie viele Personen sind im Shop?", "5 Personen sind im Shop."),
        ("en", "Wie viele Personen sind im Shop?", "5 people are inside."),
        ("de-CH", "Wie voll ist es gerade im Shop?", "5 Personen sind im Shop."),
        ("de", "Wieviele Leute sind drinnen?", "5 Personen sind drinnen."),
        ("de", "Wie viele Besucher heute?", "Heute 7 Besucher."),
        ("de", "Wie viele Besucher waren heute schon im Shop?", "Heute 7 Besucher im Shop."),
        ("de", "Wie viele Kunden hatte der Shop heute?", "Heute 7 Besucher."),
        ("fr", "Combien de personnes y a-t-il dans le shop ?", "Il y a 5 personnes dans le Shop."),
        (
            "fr",
            "Il y a combien de personnes à l\N{RIGHT SINGLE QUOTATION MARK}intérieur ?",
            "Il y a 5 personnes à l'intérieur.",
        ),
        ("fr", "Combien de visiteurs aujourd'hui ?", "7 visiteurs aujourd'hui."),
        (
            "fr",
            "Combien de clients sont venus aujourd\N{RIGHT SINGLE QUOTATION MARK}hui au shop ?",
            "7 visiteurs au Shop aujourd'hui.",
        ),
        ("sv", "Hur många personer är det i shopen just nu?", "5 personer är i Shopen."),
        ("sv", "Hur många besökare finns här inne?", "5 personer är inne."),
        ("sv", "Hur många besökare i dag?", "7 besökare i dag."),
        ("sv", "Hur många besökare har shopen haft idag?", "7 besökare i dag."),
    ],
)
@pytest.mark.usefixtures("shop")
async def test_questions(hass: HomeAssistant, language: str, question: str, answer: str) -> None:
    """Ask about the shop in four languages."""
    assert await ask(hass, question, language) == answer


async def test_documented_questions(hass: HomeAssistant, shop: str) -> None:
    """Answer each question of the documentation, in a shop that is called so in all languages."""
    aliases: list[Any] = ["Laden", "Magasin", "Butik"]
    for name in ("occupancy", "in_today"):
        er.async_get(hass).async_update_entity(entity_of(hass, shop, name), aliases=aliases)
    await hass.async_block_till_done()
    rows = [line.split("|")[1:-1] for line in PAGES["docs/voice.md"].splitlines() if line.startswith("|")][2:]
    languages = {"English": "en", "German": "de", "French": "fr", "Swedish": "sv"}
    assert [row[0].strip() for row in rows] == list(languages)
    for name, inside, visitors in rows:
        for questions, number in ((inside, "5"), (visitors, "7")):
            found = re.findall(r"\*(.+?)\*", questions)
            assert found
            for question in found:
                assert number in await ask(hass, question, languages[name.strip()]), question


@pytest.mark.usefixtures("shop")
async def test_other_languages(hass: HomeAssistant) -> None:
    """Answer in English if an assistant of another language hears a sentence that is known."""
    assert await ask(hass, "how many visitors today", "fi") == "7 visitors today."


@pytest.mark.usefixtures("shop")
async def test_other_questions_stay_with_home_assistant(hass: HomeAssistant) -> None:
    """Leave a question about anything else to Home Assistant."""
    assert await ask(hass, "How many people are in the workshop?") == PERSONS
    assert await ask(hass, "How many people are in the kitchen?") == PERSONS
    assert "people" not in await ask(hass, "How many lights are on?")


@pytest.mark.parametrize(
    ("entered", "inside", "visitors"),
    [
        (0, "Nobody is in the Shop.", "No visitors today."),
        (1, "1 person is in the Shop.", "1 visitor today."),
        (1234, "1234 people are in the Shop.", "1234 visitors today."),
    ],
)
async def test_numbers(
    hass: HomeAssistant,
    assist: None,
    entry: MockConfigEntry,
    pusher: Pusher,
    entered: int,
    inside: str,
    visitors: str,
) -> None:
    """Write none, one and many as people do."""
    await both(pusher, main=(entered, 0))
    key = await add_place(hass, entry)
    expose(hass, entity_of(hass, key, "occupancy"), entity_of(hass, key, "in_today"))
    assert await ask(hass, "how many people are in the shop") == inside
    assert await ask(hass, "how many visitors today") == visitors


async def test_the_entity_as_it_is_named(hass: HomeAssistant, shop: str) -> None:
    """Answer Home Assistant's own question for the state of an entity by its name."""
    assert await ask(hass, "What is the shop occupancy?") == "Shop occupancy is 5 inside"
    er.async_get(hass).async_update_entity(entity_of(hass, shop, "occupancy"), aliases=["crowd"])
    assert await ask(hass, "What is the crowd?") == "Crowd is 5 inside"


async def test_not_exposed(hass: HomeAssistant, shop: str) -> None:
    """Return no number of an entity that isn't exposed, but what to do."""
    occupancy = entity_of(hass, shop, "occupancy")
    expose(hass, occupancy, is_exposed=False)
    refusal = "First expose Shop Occupancy to Assist: Settings > Voice assistants."
    assert await ask(hass, "how many people are in the shop") == refusal
    assert await ask(hass, "how many people are inside") == refusal
    assert await ask(hass, "how many visitors today") == "7 visitors today."
    # Either of the two sensors with this number is enough.
    expose(hass, entity_of(hass, shop, "visitors_today"), is_exposed=False)
    expose(hass, entity_of(hass, shop, "in_today"))
    assert await ask(hass, "how many visitors today") == "7 visitors today."
    expose(hass, entity_of(hass, shop, "in_today"), is_exposed=False)
    refusal = "First expose Shop Visitors today to Assist: Settings > Voice assistants."
    assert await ask(hass, "how many visitors today") == refusal
    er.async_get(hass).async_update_entity(occupancy, disabled_by=er.RegistryEntryDisabler.USER)
    assert await ask(hass, "how many people are inside") == "First enable the entity Shop Occupancy."
    er.async_get(hass).async_remove(occupancy)
    assert await ask(hass, "how many people are inside") == "I don't know at the moment."


async def test_silent_doors(hass: HomeAssistant, shop: str, pusher: Pusher, noon: FrozenDateTimeFactory) -> None:
    """Name the silent door, and give no number when all doors are silent."""
    noon.tick(timedelta(minutes=10))
    await pusher.push(measurement(NOON + timedelta(minutes=9)))
    await wait(hass, noon, timedelta())
    assert await ask(hass, "how many people are inside") == "5 people are inside. No data from: Back door."
    await wait(hass, noon, timedelta(hours=1))
    answer = "I don't know at the moment. No data from: Back door, Main entrance."
    assert await ask(hass, "how many people are inside") == answer


async def test_several_places(hass: HomeAssistant, shop: str, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Give the number of each place that is exposed, and of one place if it is named."""
    cafe = await add_place(hass, entry, (BACK,), name="Café (1st floor)")
    assert await ask(hass, "how many people are inside") == "5 people are inside."
    expose(hass, entity_of(hass, cafe, "occupancy"), entity_of(hass, cafe, "in_today"))
    assert await ask(hass, "how many people are inside") == "People inside: Shop 5, Café 1st floor 0."
    assert await ask(hass, "how many visitors today") == "Visitors today: Shop 7, Café 1st floor 1."
    assert await ask(hass, "how many people are in the café 1st floor") == "Nobody is in the Café 1st floor."
    assert await ask(hass, "how many people are in the shop") == "5 people are in the Shop."
    hass.states.async_set(entity_of(hass, cafe, "occupancy"), "unknown")
    assert await ask(hass, "how many people are inside") == "People inside: Shop 5, Café 1st floor unknown."


async def test_names(hass: HomeAssistant, shop: str, entry: MockConfigEntry) -> None:
    """Know a place by the name of its device, an alias of its sensor, and its area, as they are now."""
    devices, areas = dr.async_get(hass), ar.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, shop), entry.entry_id)
    assert device
    devices.async_update_device(device.id, name_by_user="Flagship store")
    await hass.async_block_till_done()
    assert await ask(hass, "how many people are in the flagship store") == "5 people are in the Flagship store."
    assert await ask(hass, "how many people are in the shop") == PERSONS

    er.async_get(hass).async_update_entity(entity_of(hass, shop, "occupancy"), aliases=[er.COMPUTED_NAME, "Bookshop"])
    await hass.async_block_till_done()
    assert await ask(hass, "how many people are in the bookshop") == "5 people are in the Bookshop."

    area = areas.async_create("Ground floor", aliases={"Downstairs"})
    devices.async_update_device(device.id, area_id=area.id)
    await hass.async_block_till_done()
    assert await ask(hass, "how many people are at the ground floor") == "5 people are at the Ground floor."
    areas.async_update(area.id, name="Basement")
    await hass.async_block_till_done()
    assert await ask(hass, "how many people are in the basement") == "5 people are in the Basement."
    assert await ask(hass, "how many visitors were in downstairs today") == "7 visitors in Downstairs today."


async def test_doors(hass: HomeAssistant, shop: str) -> None:
    """Return how many came through a door, but not how many are inside there."""
    refusal = "First expose Back door In today to Assist: Settings > Voice assistants."
    question = "how many people came through the back door today"
    assert await ask(hass, question) == refusal
    expose(hass, entity_of(hass, BACK, "in_today"))
    assert await ask(hass, question) == "1 visitor through the Back door today."
    assert await ask(hass, "how many people are in the back door") == PERSONS
    assert await ask(hass, "how many visitors today") == "7 visitors today."


async def test_name_within_a_name(hass: HomeAssistant, shop: str, entry: MockConfigEntry) -> None:
    """Take the longest name in a question, and whole words only."""
    cafe = await add_place(hass, entry, (BACK,), name="Shop café")
    expose(hass, entity_of(hass, cafe, "occupancy"))
    assert await ask(hass, "how many people are in the shop café") == "Nobody is in the Shop café."
    assert await ask(hass, "how many people are in the shop") == "5 people are in the Shop."
    assert await ask(hass, "how many people are in the workshop") == PERSONS


async def test_many_names(hass: HomeAssistant, shop: str) -> None:
    """Know a limited number of names: sentences with many would take Home Assistant long to match."""
    aliases: list[Any] = [f"House {number}" for number in range(2 * MAX_NAMES)]
    er.async_get(hass).async_update_entity(entity_of(hass, shop, "occupancy"), aliases=aliases)
    await hass.async_block_till_done()
    assert await ask(hass, "how many people are in house 1") == "5 people are in House 1."
    assert await ask(hass, f"how many people are in house {MAX_NAMES}") == PERSONS
    assert await ask(hass, "how many people are inside") == "5 people are inside."


async def test_names_with_very_many_words(hass: HomeAssistant, shop: str, entry: MockConfigEntry) -> None:
    """Names with very many words together would hold up Home Assistant: those that are too much aren't known."""
    long, longer = "a " * 80, "b " * 80
    for name in (f"{long}1", f"{longer}2", "Kiosk"):
        expose(hass, entity_of(hass, await add_place(hass, entry, name=name), "occupancy"))
    await hass.async_block_till_done()
    assert (await ask(hass, f"How many people are in {long}1")).startswith("5 people are in ")
    assert not (await ask(hass, f"How many people are in {longer}2")).startswith("5 people")
    assert await ask(hass, "How many people are in the kiosk?") == "5 people are in the Kiosk."


async def test_area_of_a_door(hass: HomeAssistant, shop: str, entry: MockConfigEntry) -> None:
    """Answer for the place of an area, not for its doors there."""
    area = ar.async_get(hass).async_create("Ground floor")
    devices = dr.async_get(hass)
    for key in (shop, BACK):
        device = devices.async_get_device_by_identifier((DOMAIN, key), entry.entry_id)
        assert device
        devices.async_update_device(device.id, area_id=area.id)
    await hass.async_block_till_done()
    expose(hass, entity_of(hass, BACK, "in_today"))
    question = "how many visitors were in the ground floor today"
    assert await ask(hass, question) == "7 visitors in the Ground floor today."
    place = devices.async_get_device_by_identifier((DOMAIN, shop), entry.entry_id)
    assert place
    devices.async_update_device(place.id, area_id=None)
    await hass.async_block_till_done()
    assert "in the Ground floor today" not in await ask(hass, question)


async def test_place_with_the_name_of_a_camera(hass: HomeAssistant, shop: str, entry: MockConfigEntry) -> None:
    """Answer for the place if a camera has the same name."""
    place = await add_place(hass, entry, name="Back door")
    expose(hass, entity_of(hass, place, "in_today"), entity_of(hass, BACK, "in_today"))
    assert await ask(hass, "how many visitors were at the back door today") == "7 visitors at the Back door today."


async def test_cameras_without_places(hass: HomeAssistant, assist: None, pusher: Pusher) -> None:
    """Answer for cameras where there is no place, also for one that has just appeared."""
    await pusher.push(measurement(NOON - timedelta(minutes=1), 3, 1))
    expose(hass, entity_of(hass, SERIAL, "occupancy"))
    assert await ask(hass, "how many people are inside") == "2 people are inside."
    assert await ask(hass, "how many people are in the main entrance") == "2 people are in the Main entrance."
    await pusher.push(measurement(NOON - timedelta(minutes=1), 1), sensor=BACK_DOOR)
    expose(hass, entity_of(hass, BACK, "occupancy"))
    assert await ask(hass, "how many people are inside") == "People inside: Main entrance 2, Back door 1."
    assert await ask(hass, "how many people are at the back door") == "1 person is at the Back door."


@pytest.mark.usefixtures("pages")
async def test_removed_camera(
    hass: HomeAssistant,
    assist: None,
    noon: FrozenDateTimeFactory,
    entry: MockConfigEntry,
    pusher: Pusher,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Leave a question about a camera that was removed to Home Assistant: no other camera has its name."""
    await both(pusher, main=(3, 1), back=(1, 0))
    expose(hass, entity_of(hass, SERIAL, "occupancy"), entity_of(hass, BACK, "occupancy"))
    noon.tick(timedelta(minutes=6))
    await pusher.push(measurement(NOON + timedelta(minutes=5), 0))
    assert await remove_device(hass, hass_ws_client, entry, BACK)
    assert await ask(hass, "how many people are inside") == "2 people are inside."
    assert await ask(hass, "how many people are at the back door") == PERSONS


@pytest.mark.parametrize("said", ["& café", "and café", "und café", "et café", "och café", "café"])
async def test_name_with_the_sign_for_and(
    hass: HomeAssistant, assist: None, entry: MockConfigEntry, pusher: Pusher, said: str
) -> None:
    """Understand a name with "&" as it is written, with the word in each language, and without it."""
    await both(pusher, main=(2, 0))
    key = await add_place(hass, entry, name="Boutique & Café (2)")
    expose(hass, entity_of(hass, key, "occupancy"))
    assert await ask(hass, f"How many people are in the boutique {said} 2?") == "2 people are in the Boutique & Café 2."


@pytest.mark.parametrize(
    ("name", "said", "written"),
    [
        ("Shop (a|b) [c] {d} <e> \\ : ;", "shop a b c d e", "Shop a b c d e"),
        ("**Shop** <script>", "shop script", "Shop script"),
        ("St. Mary's_shop", "st mary's shop", "St Mary's shop"),
        ("L\N{RIGHT SINGLE QUOTATION MARK}Épicerie", "l'épicerie", "L'Épicerie"),
        ("売店", "売店", "売店"),
    ],
)
async def test_names_with_syntax(
    hass: HomeAssistant, assist: None, entry: MockConfigEntry, pusher: Pusher, name: str, said: str, written: str
) -> None:
    """Take no character of a name for syntax: cameras send their names, and people type any."""
    await both(pusher, main=(2, 0))
    key = await add_place(hass, entry, name=name)
    expose(hass, entity_of(hass, key, "occupancy"))
    assert await ask(hass, f"How many people are in {said}?") == f"2 people are in {written}."


async def test_name_without_a_word(hass: HomeAssistant, assist: None, entry: MockConfigEntry, pusher: Pusher) -> None:
    """Answer questions without a name where nobody could say the name."""
    await both(pusher, main=(2, 0))
    key = await add_place(hass, entry, name="***")
    expose(hass, entity_of(hass, key, "occupancy"))
    assert await ask(hass, "how many people are inside") == "2 people are inside."
    assert await ask(hass, "how many people are in") != "2 people are in."


async def test_unloaded(hass: HomeAssistant, shop: str, entry: MockConfigEntry) -> None:
    """Leave everything to Home Assistant while the integration is disabled, and answer once after a reload."""
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert await ask(hass, "how many people are in the shop") == PERSONS
    ar.async_get(hass).async_create("Kitchen")
    await hass.async_block_till_done()
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert await ask(hass, "how many people are in the shop") == "5 people are in the Shop."


async def test_conversation_is_set_up_later(
    hass: HomeAssistant, noon: FrozenDateTimeFactory, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answer as soon as the conversation agent is there; Home Assistant sets up both in any order."""
    await both(pusher, main=(6, 1))
    occupancy = entity_of(hass, SERIAL, "occupancy")
    # The server of the test already runs. Home Assistant starts its own after the set-up.
    monkeypatch.setattr(hass.http.app.router, "_frozen", False)
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    await hass.async_block_till_done()
    expose(hass, occupancy)
    assert await ask(hass, "how many people are in the main entrance") == "5 people are in the Main entrance."

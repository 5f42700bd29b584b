"""The screen at the door of a place, asked for as a page of Home Assistant does."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.axis_people_counter.const import DOMAIN
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component

from .helpers.pages import SendCommand
from .helpers.places import add_place, both, entity_of
from .helpers.pusher import Pusher
from .helpers.translations import translation

TEXTS = translation("en")["common"]

type Ask = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("noon", "send_command")


@pytest.fixture
async def ask(hass: HomeAssistant, send_command: SendCommand) -> Ask:
    """Return a function that asks for the card on the screen, with the integration set up."""
    assert await async_setup_component(hass, DOMAIN, {})

    async def ask(options: dict[str, Any] | None = None, language: str = "en") -> dict[str, Any]:
        (view,) = (await send_command("dashboard", kind="door", options=options or {}, language=language))["views"]
        # A panel is a view with a single card over all of it.
        assert view["type"] == "panel"
        (card,) = view["cards"]
        return dict(card)

    return ask


async def test_first_place(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show the first place, with its name and the number of free places."""
    await both(pusher)
    key = await add_place(hass, entry, limits={"capacity": 50, "warning_level": 40})
    await add_place(hass, entry, name="Hall", limits={"capacity": 10})
    card = await ask()
    assert card.pop("words")["go"] == "Come in"
    assert card == {
        "type": "custom:people-counter-door",
        "place": "Shop",
        "show_name": True,
        "entity": entity_of(hass, key, "full"),
        "nearly_full": entity_of(hass, key, "nearly_full"),
        "free_places": entity_of(hass, key, "free_places"),
    }


async def test_chosen_place(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show another place, without its name and without a number."""
    await both(pusher)
    await add_place(hass, entry, limits={"capacity": 50})
    key = await add_place(hass, entry, name="Hall", limits={"capacity": 10})
    card = await ask({"place": key, "show_name": False, "show_number": False})
    assert card["entity"] == entity_of(hass, key, "full")
    assert card["show_name"] is False
    assert "free_places" not in card


@pytest.mark.parametrize(
    "options", [{"place": None}, {"place": ["a"]}, {"place": ""}, {"show_name": "no"}, {"show_number": 0}]
)
async def test_senseless_options(
    hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask, options: dict[str, Any]
) -> None:
    """Show the same as without options if they make no sense."""
    await both(pusher)
    await add_place(hass, entry, limits={"capacity": 50})
    assert await ask(options) == await ask()


async def test_no_place(ask: Ask) -> None:
    """Show that there is no place yet."""
    card = await ask()
    assert card["problem"] == TEXTS["no_places"]
    assert "entity" not in card


async def test_place_gone(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show nothing of another place in the stead of one that was removed."""
    await both(pusher)
    await add_place(hass, entry, limits={"capacity": 50})
    key = await add_place(hass, entry, name="Hall", limits={"capacity": 10})
    hass.config_entries.async_remove_subentry(entry, key)
    await hass.async_block_till_done()
    card = await ask({"place": key})
    assert card["problem"] == TEXTS["door_place_gone"]
    assert "entity" not in card
    assert "Shop" not in str(card)


async def test_disabled_integration(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show that the integration is disabled."""
    await both(pusher)
    await add_place(hass, entry, limits={"capacity": 50})
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    card = await ask()
    assert card["problem"] == TEXTS["disabled"]
    assert "entity" not in card


async def test_place_without_capacity(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show that a place needs a capacity."""
    await both(pusher)
    await add_place(hass, entry)
    card = await ask()
    assert card["place"] == "Shop"
    assert card["problem"] == TEXTS["door_no_capacity"]


async def test_disabled_entity(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Show that an entity is missing on which the screen depends."""
    await both(pusher)
    key = await add_place(hass, entry, limits={"capacity": 50})
    er.async_get(hass).async_update_entity(entity_of(hass, key, "full"), disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    assert (await ask())["problem"] == TEXTS["door_full_disabled"]


async def test_renamed(hass: HomeAssistant, pusher: Pusher, entry: MockConfigEntry, ask: Ask) -> None:
    """Follow new names of the entity and of the place; a name is plain text."""
    name = "<b>Shop</b> {{ 1 }}"
    await both(pusher)
    key = await add_place(hass, entry, limits={"capacity": 50})
    er.async_get(hass).async_update_entity(entity_of(hass, key, "full"), new_entity_id="binary_sensor.renamed")
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    device = next(device for device in devices if (DOMAIN, key) in device.identifiers)
    dr.async_get(hass).async_update_device(device.id, name_by_user=name)
    await hass.async_block_till_done()
    card = await ask()
    assert card["entity"] == "binary_sensor.renamed"
    assert [field for field, value in card.items() if name in str(value)] == ["place"]


@pytest.mark.parametrize("language", ["en", "de", "fr", "sv"])
async def test_words(ask: Ask, language: str) -> None:
    """Use the words of the language, with the number in one and in many free places."""
    texts = translation(language)["common"]
    words = (await ask(language=language))["words"]
    assert words["stop"] == texts["door_stop"]
    for key in ("free", "free_one"):
        assert "{number}" in words[key]
    assert {words["go"], words["stop"], words["unknown"]} == {
        texts["door_go"],
        texts["door_stop"],
        texts["door_unknown"],
    }

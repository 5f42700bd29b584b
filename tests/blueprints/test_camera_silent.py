"""The blueprint camera_silent, run by Home Assistant."""

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant

from ..helpers.blueprints import (
    BACK_CONNECTIVITY,
    MAIN_CONNECTIVITY,
    Calls,
    Passing,
    automate,
    boot,
    done,
    reload,
    run_by_hand,
    sent_messages,
    wait,
)
from ..helpers.places import entity_of


async def test_camera_silent(
    hass: HomeAssistant, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """Send a message when a camera is silent, and one when it is back."""
    await automate(hass, "camera_silent", cameras=[MAIN_CONNECTIVITY, BACK_CONNECTIVITY])
    await passing(minutes=14, back=False)
    assert hass.states.is_state(BACK_CONNECTIVITY, "off")
    assert not done(calls)
    await passing(minutes=2, back=False)
    assert sent_messages(calls) == ["Back door has stopped reporting. Check power and network."]
    await passing(minutes=60, back=False)
    assert not done(calls)
    await run_by_hand(hass)
    assert len(sent_messages(calls)) == 1
    await passing()
    assert sent_messages(calls) == ["Back door reports again."]
    await wait(hass, noon, 60)
    await wait(hass, noon, 10)
    assert len(sent_messages(calls)) == 2


async def test_short_silence(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """Send nothing after a short silence or a reload."""
    places = [entity_of(hass, shop, "incomplete")]
    await automate(hass, "camera_silent", cameras=[BACK_CONNECTIVITY], places=places)
    await passing(minutes=12, back=False)
    assert hass.states.is_state(BACK_CONNECTIVITY, "off")
    await passing(minutes=12)
    await reload(hass, entry)
    await passing(minutes=12)
    assert not done(calls)


async def test_integration_is_not_loaded(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """Send nothing while the integration isn't loaded, or when it is again."""
    places = [entity_of(hass, shop, "incomplete")]
    await automate(hass, "camera_silent", cameras=[BACK_CONNECTIVITY], places=places)
    await hass.config_entries.async_unload(entry.entry_id)
    await wait(hass, noon, 60)
    assert hass.states.is_state(BACK_CONNECTIVITY, "unavailable")
    await hass.config_entries.async_setup(entry.entry_id)
    await passing(minutes=3)
    assert not done(calls)


async def test_place_is_incomplete(hass: HomeAssistant, shop: str, calls: Calls, passing: Passing) -> None:
    """Name the place and its cameras; use custom texts and actions."""
    action = {"action": "notify.phone", "data": {"message": "{{ message }}"}}
    await automate(
        hass,
        "camera_silent",
        places=[entity_of(hass, shop, "incomplete")],
        minutes=2,
        silent_text="Where is {{ name }}?",
        silent_actions=[action],
        back_text="Here is {{ name }}.",
        back_actions=[action],
    )
    await passing(minutes=8, back=False)
    assert sent_messages(calls, "notify.phone") == ["Where is Shop (Back door)?"]
    await passing()
    assert sent_messages(calls, "notify.phone") == ["Here is Shop."]
    assert not done(calls)


async def test_silent_after_a_start(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, calls: Calls, passing: Passing
) -> None:
    """Send one message about a camera that is silent after a start, and one when it is back."""
    await passing(minutes=30, back=False)
    cameras = [MAIN_CONNECTIVITY, BACK_CONNECTIVITY]
    await boot(hass, entry, "camera_silent", cameras=cameras, places=[entity_of(hass, shop, "incomplete")])
    await passing(minutes=14, back=False)
    assert not done(calls)
    await passing(minutes=30, back=False)
    assert sorted(message.partition(" has stopped")[0] for message in sent_messages(calls)) == [
        "Back door",
        "Shop (Back door)",
    ]
    await passing()
    assert sorted(sent_messages(calls)) == ["Back door reports again.", "Shop reports again."]


async def test_silent_for_a_day_before_a_start(
    hass: HomeAssistant, entry: MockConfigEntry, shop: str, noon: FrozenDateTimeFactory, calls: Calls, passing: Passing
) -> None:
    """Send a message after a start about a camera that has been silent for a day."""
    await wait(hass, noon, 26 * 60)
    cameras = [MAIN_CONNECTIVITY, BACK_CONNECTIVITY]
    await boot(hass, entry, "camera_silent", cameras=cameras, places=[entity_of(hass, shop, "incomplete")])
    assert hass.states.is_state(BACK_CONNECTIVITY, "off")
    await passing(minutes=9, back=False)
    assert not done(calls)
    await passing(minutes=30, back=False)
    assert [message.partition(" has stopped")[0] for message in sent_messages(calls)] == [
        "Back door",
        "Shop (Back door)",
    ]
    await passing()
    assert sorted(sent_messages(calls)) == ["Back door reports again.", "Shop reports again."]
